"""`neurodsl report` and `neurodsl bifurcate`: documents and diagrams through the real command."""

from __future__ import annotations

import base64
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from cli.conftest import Command

from neurodsl.analysis import diagram

FLOW = """\
# A flow in the plane
# reference: Author, 2001, Journal 1:2-3. doi:10.1000/abc(1)2
# It turns.
# claim: simulate | spikes = 0 ± 0 | nowhere
param mu = -0.5 "growth", omega = 2
init x = 0.5 "east", y = 0
dx/dt = mu*x - omega*y - x*(x^2 + y^2)
dy/dt = omega*x + mu*y - y*(x^2 + y^2)
variant turning: mu = 1
simulate: duration 5; dt 0.05
"""
HEADINGS = ["Equations", "Parameters and variables", "Fixed points", "Linear stability", "Phase portrait", "Simulation", "Findings of the check"]


def page(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_text(encoding="utf-8"))


def words(root: ElementTree.Element) -> str:
    return " ".join("".join(root.itertext()).split())


def all_of(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == tag]


@pytest.fixture
def flow(here: Path) -> Path:
    (here / "flow.neuro").write_text(FLOW, encoding="utf-8")
    return here


def test_a_report_holds_its_sections_and_everything_in_one_file(flow: Path, command: Command) -> None:
    ended = command("report", "flow.neuro", "-o", "r.html")
    assert (ended.code, ended.out, ended.err) == (0, "flow.neuro: report written\n  written r.html\n", "")
    root = page(flow / "r.html")
    assert [h.text for h in all_of(root, "h2")] == HEADINGS
    assert [h.text for h in all_of(root, "h1")] == ["A flow in the plane"]
    assert all_of(root, "script") == []
    sources = [image.get("src", "") for image in all_of(root, "img")]
    assert len(sources) == 3
    assert all(re.match(r"data:image/(svg\+xml|png);base64,", source) for source in sources)
    assert all(base64.b64decode(source.partition(",")[2], validate=True) for source in sources)
    assert next(a.get("href") for a in all_of(root, "a")) == "https://doi.org/10.1000/abc(1)2"
    text = words(root)
    assert "Source: Author, 2001, Journal 1:2-3. doi:10.1000/abc(1)2" in text
    assert "It turns." in text
    assert "claim" not in text
    assert "stable focus" in text
    assert "found nothing to remark" in text
    assert sorted(p.name for p in flow.iterdir()) == ["cell.neuro", "flow.neuro", "r.html"]


def test_the_numbers_of_the_fixed_point_are_those_of_the_eigenvalues_mu_and_omega(flow: Path, command: Command) -> None:
    command("report", "flow.neuro", "-o", "r.html")
    rows = [words(row).replace(" ", "") for row in all_of(page(flow / "r.html"), "tr")]
    assert "100−0.5±2istablefocus" in rows


def test_the_same_model_gives_the_same_bytes(here: Path, command: Command) -> None:
    for name in ("a", "b"):
        command("report", "cell.neuro", "-o", f"{name}.html", "--over", "I=0..30")
    assert (here / "a.html").read_bytes() == (here / "b.html").read_bytes()


def test_markdown_has_its_pictures_beside_it(flow: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram, "VALUES", 3)
    ended = command("report", "flow.neuro", "-o", "my report.md", "--over", "mu=-1..1")
    assert ended.code == 0
    text = (flow / "my report.md").read_text(encoding="utf-8")
    linked = re.findall(r"!\[[^\n]*\]\(([^)]*)\)", text)
    assert linked == [f"my%20report_files/{name}.png" for name in ("trace_determinant", "bifurcations", "phase", "simulation")]
    for link in linked:
        assert (flow / link.replace("%20", " ")).read_bytes().startswith(b"\x89PNG")
    assert r"\frac{dx}{dt} &= \mu\,x - \omega\,y - x\,(x^{2} + y^{2})" in text
    # The Hopf point of the normal form is at mu = 0 with the frequency omega, and supercritical.
    assert re.search(r"\| \$0\$ \| supercritical Hopf \| .* \| \$2\$ \| \$-\d[\d.]*\$ \|", text)


def test_values_that_are_given_are_those_of_the_document(flow: Path, command: Command) -> None:
    command("report", "flow.neuro", "-o", "r.html", "--variant", "turning", "--set", "omega=3", "--duration", "2")
    text = words(page(flow / "r.html"))
    assert "These values are not the defaults of the file: the variant turning, omega = 3." in text
    assert "unstable focus" in text
    assert "over a time of 2 by" in text.replace("\u2009", "")


def test_spikes_are_counted_with_the_method_and_its_source(here: Path, command: Command) -> None:
    ended = command("report", "cell.neuro", "-o", "r.html")
    assert ended.code == 0
    text = words(page(here / "r.html"))
    # The closed form of the first spike is tau ln 4 = 13.86 ms, so there is one in 20 ms, which is 50 Hz.
    assert "1 spike, mean rate 50Hz." in text
    assert "by the method exact (" in text
    assert "events act at the instant at which they fall" in text


def test_a_stochastic_model_tells_its_seed(here: Path, command: Command) -> None:
    (here / "n.neuro").write_text("noise xi\ndx/dt = -x + xi\nsimulate: duration 1; dt 0.01\n")
    command("report", "n.neuro", "-o", "a.html", "--seed", "7")
    command("report", "n.neuro", "-o", "b.html", "--seed", "8")
    text = words(page(here / "a.html"))
    assert "Random numbers were drawn with the seed 7." in text
    assert "system of stochastic differential equations" in text
    assert "The noise is left out" in text
    assert (here / "a.html").read_bytes() != (here / "b.html").read_bytes()


def test_what_cannot_be_drawn_is_said(here: Path, command: Command) -> None:
    (here / "many.neuro").write_text("param N = 8\ninit x[N] = 1\ndx[i]/dt = -x[i]\nsimulate: duration 1; dt 0.1\n")
    ended = command("report", "many.neuro", "-o", "r.html")
    assert ended.code == 0
    told = "a plane of two of 8 states would tell little of their motion, so none is drawn"
    assert f"  left out: phase portrait: {told}\n" in ended.out
    assert f"{told[0].upper()}{told[1:]}." in words(page(here / "r.html"))


def test_a_model_of_events_alone_has_a_report(here: Path, command: Command) -> None:
    (here / "p.neuro").write_text("param r = 50 [Hz]\ninit n = 0\non rate r: n += 1; emit spike\nsimulate: duration 100 [ms]\n")
    ended = command("report", "p.neuro", "-o", "r.html")
    assert ended.code == 0
    assert "a process whose states events alone change" in words(page(here / "r.html"))


def test_a_run_that_fails_is_in_the_document_and_in_the_exit_code(here: Path, command: Command) -> None:
    (here / "up.neuro").write_text("init x = 1\ndx/dt = x^2\nsimulate: duration 5; dt 0.01\n")
    ended = command("report", "up.neuro", "-o", "r.html")
    assert ended.code == 3
    assert ended.err.startswith("error[R10")
    assert "The run is incomplete" in words(page(here / "r.html"))


def test_findings_are_listed_with_their_line(here: Path, command: Command) -> None:
    (here / "w.neuro").write_text("param a = 1, unused = 2\ndx/dt = -a*x\n")
    command("report", "w.neuro", "-o", "r.html")
    (item,) = (words(li) for li in all_of(page(here / "r.html"), "li") if "unused" in words(li))
    assert re.match(r"(warning|note) N\d{3} \(line 1\): ", item)


def test_nothing_of_a_stranger_is_obeyed(here: Path, command: Command) -> None:
    attack = "</math><script>alert(1)</script> <img src=x onerror=y> | $z$"
    text = f'# {attack}\n# reference: {attack} doi:10.1000/x"><script>\n# {attack}\nparam a = 1 "{attack}"\ninit x = 1 "{attack}"\ndx/dt = -a*x\n'
    (here / "bad.neuro").write_text(text)
    for name in ("r.html", "r.md"):
        assert command("report", "bad.neuro", "-o", name).code == 0
    root = page(here / "r.html")
    assert all_of(root, "script") == []
    assert {image.get("onerror") for image in all_of(root, "img")} == {None}
    assert words(root).count("<script>") >= 5
    assert "default-src 'none'" in [meta.get("content", "")[:18] for meta in all_of(root, "meta")]
    assert "<" not in (here / "r.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-o", "r.pdf"), 2, "`.pdf` is no format for reports"),
        (("-o", "r"), 2, "no suffix that tells the format"),
        (("-o", "gone/r.html"), 4, "there is no directory `gone`"),
        (("--set", "q=1"), 2, "no parameter `q`"),
        (("--variant", "q"), 2, "no variant `q`"),
        (("--over", "q=0..1"), 2, "no parameter `q`"),
        (("--over", "I=3"), 2, "--over takes NAME=FROM..TO"),
        (("--over", "I=0..1", "--set", "I=1"), 2, "`I` is given a value and a range"),
        (("--duration", "-1"), 2, "duration has to be positive"),
        (("--seed", "-1"), 2, "a seed is a whole number"),
    ],
)
def test_a_mistake_is_told_and_leaves_nothing_behind(here: Path, command: Command, arguments: tuple[str, ...], code: int, message: str) -> None:
    ended = command("report", "cell.neuro", *arguments)
    assert (ended.code, message in ended.err) == (code, True), ended.err
    assert [p.name for p in here.iterdir()] == ["cell.neuro"]


def test_a_wrong_text_is_reported_and_no_document_written(here: Path, command: Command) -> None:
    (here / "w.neuro").write_text("dx/dt = -y\n")
    ended = command("report", "w.neuro")
    assert (ended.code, "unknown name `y`" in ended.err) == (2, True)
    assert not (here / "w_report.html").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(here: Path, command: Command) -> None:
    (here / "locked").mkdir(mode=0o500)
    assert command("report", "cell.neuro", "-o", "locked/r.md").code == 4


def test_a_file_in_the_place_of_the_folder_of_pictures_is_told(here: Path, command: Command) -> None:
    (here / "r_files").write_text("")
    ended = command("report", "cell.neuro", "-o", "r.md")
    assert (ended.code, "cannot make the folder `r_files`" in ended.err) == (4, True)
    assert not (here / "r.md").exists()


def test_a_bifurcation_diagram_is_drawn_and_told(flow: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram, "VALUES", 3)
    ended = command("bifurcate", "flow.neuro", "--over", "mu=-1..1", "--of", "y")
    assert ended.code == 0
    assert "  mu = 0: supercritical hopf, y = 0\n" in ended.out
    assert (flow / "flow_bifurcations.png").read_bytes().startswith(b"\x89PNG")


def test_the_data_of_a_diagram_are_one_json_object(flow: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram, "VALUES", 9)
    ended = command("bifurcate", "flow.neuro", "--over", "mu=-1..1", "--json")
    found = json.loads(ended.out)
    assert [b["kind"] for b in found["bifurcations"]] == ["hopf"]
    # The cycle of the normal form has the radius sqrt(mu).
    assert [(c["high"], c["low"]) for c in found["cycles"]] == [
        pytest.approx((c["value"] ** 0.5, -(c["value"] ** 0.5)), abs=1e-6) for c in found["cycles"]
    ]
    assert [c["value"] for c in found["cycles"]] == [0.25, 0.5, 0.75, 1.0]
    assert sorted(p.name for p in flow.iterdir()) == ["cell.neuro", "flow.neuro"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--over", "q=0..1"), "no parameter `q`"),
        (("--over", "I=1..0"), "is empty"),
        (("--over", "I=0..1", "--of", "q"), "no state with an equation `q`"),
        (("--over", "I=0..1", "--out", "f.bmp"), "is no format for figures"),
        (("--over", "I=0..1", "--set", "I=2"), "`I` is given a value and a range"),
    ],
)
def test_a_mistake_in_a_diagram_is_told(here: Path, command: Command, arguments: tuple[str, ...], message: str) -> None:
    ended = command("bifurcate", "cell.neuro", *arguments)
    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert [p.name for p in here.iterdir()] == ["cell.neuro"]
