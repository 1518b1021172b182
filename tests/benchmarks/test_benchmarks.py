"""The benchmarks run when they are wanted: their scripts import, their models are what they say, their table is written where it belongs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from datetime import date
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neurodsl as nd
from benchmarks import figures, networks, workloads
from benchmarks.harness import MODELS, Bench, Measured, Missing, Row, Workload, compare
from benchmarks.workloads.w6 import reference
from neurodsl.registry import collect

SCRIPTS = sorted((MODELS.parent).rglob("*.py"))


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path.parent.name != "peers"], ids=lambda path: path.stem)
def test_every_script_imports(path: Path, root: Path) -> None:
    name = ".".join(path.relative_to(root).with_suffix("").parts)
    assert import_module(name).__doc__ is not None


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path.parent.name == "peers"], ids=lambda path: path.stem)
def test_every_script_of_a_peer_is_python_and_says_how_it_is_run(path: Path) -> None:
    assert f"Run: ``python {path.name} FOLDER" in str(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))))


def test_the_workloads_are_found_by_scanning() -> None:
    assert {name.split()[0] for name in collect(workloads, Workload)} >= {"W1", "W2", "W6", "W8", "copies", "kernel"}


# --- models ---------------------------------------------------------------------------------------------------------------


def test_the_neuron_of_w1_fires_when_the_closed_form_says() -> None:
    spikes = nd.load(MODELS / "w1.neuro").simulate(duration="200 [ms]", events="exact").spikes.times
    assert spikes == pytest.approx(1e-3 * (20 * np.log(4) + (2 + 20 * np.log(4)) * np.arange(6)), abs=1e-12)


def hodgkin_huxley(t: float, y: np.ndarray) -> list[float]:
    """The equations of W2 with I = 10 uA/cm^2."""
    V, m, h, n = y
    rates = [
        (0.1 * (V + 40) / (1 - np.exp(-(V + 40) / 10)), 4 * np.exp(-(V + 65) / 18)),
        (0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))),
        (0.01 * (V + 55) / (1 - np.exp(-(V + 55) / 10)), 0.125 * np.exp(-(V + 65) / 80)),
    ]
    slope = 10 - 120 * m**3 * h * (V - 50) - 36 * n**4 * (V + 77) - 0.3 * (V + 54.387)
    return [slope, *(a * (1 - x) - b * x for x, (a, b) in zip((m, h, n), rates, strict=True))]


def test_the_model_of_w2_is_the_hodgkin_huxley_neuron_that_scipy_integrates() -> None:
    result = nd.load(MODELS / "w2.neuro").simulate(method="rk4", events="grid", duration=20, I=10)
    solved = solve_ivp(hodgkin_huxley, (0, 20), [-65, 0.0529, 0.5961, 0.3177], method="DOP853", rtol=1e-11, atol=1e-12)
    assert [result.final[name] for name in ("V", "m", "h", "n")] == pytest.approx(solved.y[:, -1].tolist(), rel=1e-7)
    assert result.spikes.count == int(((solved.y[0, :-1] < 0) & (solved.y[0, 1:] >= 0)).sum())


def test_the_model_of_w6_is_the_fitzhugh_nagumo_neuron_of_the_reference() -> None:
    points = [(0.3, 0.6), (0.5, 0.8), (1.2, 0.95)]
    v, crossings = reference(*np.array(points).T, 0.7, 12.5)
    runs = [nd.load(MODELS / "w6.neuro").simulate(method="rk4", I=I, b=b) for I, b in points]
    assert [run.final["v"] for run in runs] == pytest.approx(v.tolist(), abs=1e-10)
    assert [int(((run["v"][:-1] < 0) & (run["v"][1:] >= 0)).sum()) for run in runs] == crossings.tolist()


# --- comparing ------------------------------------------------------------------------------------------------------------


def absent(bench: Bench, threads: int) -> Measured:
    raise Missing("not here")


def ours(bench: Bench, threads: int, given: Mapping[str, float]) -> Measured:
    return Measured(3.0, compile_s=0.25, found=dict(given))


def moved_far(run: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    assert (peer, dict(given)) == (Measured(2.0), run.found)
    return None if all(value == G or 0.0 < abs(value - G) <= 0.02 * G for value in given.values()) else f"g = {given['g']}"


G = 10.0
PEERS = {"C": lambda bench, threads: Measured(2.0), "D": absent}
WORKLOAD = Workload("X1", "a test", ours, PEERS, "1.3 x C", moved_far, {"g": G}, (1,))


def test_runs_are_compared_with_those_of_peers_and_what_is_missing_is_told(tmp_path: Path) -> None:
    told = compare(WORKLOAD, 1, Bench(tmp_path), 3)
    assert told == Row("X1", "a test", 1, 3.0, 0.25, {"C": (2.0, 1.5)}, {"D": "not here"}, "1.3 x C", "correct")


def test_constants_are_moved_within_bounds_and_what_is_wrong_is_told(tmp_path: Path) -> None:
    verdicts = [compare(WORKLOAD, 1, Bench(tmp_path, perturbation=bound), 4).verdict for bound in (0.02, 0.5)]
    assert (verdicts[0], verdicts[1].startswith("g = ")) == ("correct", True)


def test_a_bench_without_peers_says_what_to_give(tmp_path: Path) -> None:
    empty = Bench(tmp_path)
    with pytest.raises(Missing, match="--limits DIR"):
        empty.limit("w2_hh")
    with pytest.raises(Missing, match="--brian2 PYTHON"):
        empty.brian("brian2_w2", 1)


# --- the table ------------------------------------------------------------------------------------------------------------

ROWS = [
    Row("W2", "neurons", 1, 0.75, 1.5, {"C": (0.6, 1.25)}, {}, "1.3 x C", "correct"),
    Row("W8", "diagram", 1, 2.0, 0.0, {}, {}, "", "no folds", 1.5),
]


def test_the_table_has_a_row_for_each_and_says_on_what_it_was_measured() -> None:
    lines = figures.table(ROWS, 5, 0.02, date(2030, 1, 2)).splitlines()
    assert lines[2:4] == [
        "| W2 | neurons | 1 | 0.75 s | 1.5 s | 0.6 s (1.25 x) | 1.3 x C | correct |",
        "| W8 | diagram | 1 | 2 s, 1.5 s of the processor |  |  |  | no folds |",
    ]
    assert {line.count("|") for line in lines[:4]} == {9}
    assert (figures.processor() in lines[-1], "moved by up to 2 %" in lines[-1], lines[-1].endswith("January 2030.")) == (True, True, True)


def test_the_writer_replaces_what_stands_between_the_marks_and_nothing_else(root: Path) -> None:
    text = f"before\n{figures.BEGIN}\nold\n{figures.END}\nafter {figures.BEGIN[:5]}\n"
    assert figures.written(text, "new | table") == f"before\n{figures.BEGIN}\nnew | table\n{figures.END}\nafter {figures.BEGIN[:5]}\n"
    readme = (root / "README.md").read_text(encoding="utf-8")
    for marks in ((figures.BEGIN, figures.END), (networks.BEGIN, networks.END)):
        assert figures.written(figures.written(readme, "x", *marks), "y", *marks) == figures.written(readme, "y", *marks)


@pytest.mark.parametrize("text", ["", figures.BEGIN, f"{figures.END}{figures.BEGIN}", f"{figures.BEGIN}{figures.END}" * 2])
def test_a_text_without_the_marks_is_not_touched(text: str) -> None:
    with pytest.raises(ValueError, match="once each, in this order"):
        figures.written(text, "new")
