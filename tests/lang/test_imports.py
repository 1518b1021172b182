"""What a file takes from others, and what it cannot take."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from neurodsl.api import load
from neurodsl.diagnostics import NeuroError, Report, render
from neurodsl.lang import read, read_all, read_model
from neurodsl.lang.imports import DEEPEST_IMPORTS
from neurodsl.model import NetworkModel
from neurodsl.resources import shipped_models, shipped_synapses
from neurodsl.source import Source
from neurodsl.texts import MOST_FILES, read_source, with_imports

LIF = "# my cell\nparam tau = 10 [ms]\ninit V = -65 [mV]\ntau*dV/dt = -V\n"
TWO = "model fast:\n    dx/dt = -2*x\nmodel slow:\n    dx/dt = -x/2\n"
OWN = "dx/dt = -x\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `cells/lif.neuro` and `two.neuro`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "lif.neuro").write_text(LIF)
    (tmp_path / "two.neuro").write_text(TWO)
    return tmp_path


def said(text: str, name: str = "net.neuro") -> list[str]:
    """Write a file and return what is said about it, as ``CODE file:line:column message | help``; its models where it is all right."""
    Path(name).write_text(text)
    report = Report()
    models = read_all(read_source(name), report)
    errors = [d for d in report.sorted() if d.rule.severity == "error"]
    assert bool(models) == (not errors)
    return [f"{d.rule.code} {d.span} {d.message} | {d.help}" for d in errors] or [f"{n} of {m.source.name}" for n, m in models.items()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('import lif from "cells/lif.neuro"\n' + OWN, ["net of net.neuro", "lif of cells/lif.neuro"]),
        (OWN + 'import lif from "./cells/../cells/lif.neuro"', ["net of net.neuro", "lif of cells/lif.neuro"]),
        ('import lif as cell from "cells/lif.neuro"', ["cell of cells/lif.neuro"]),
        ('import fast, slow as late from "two.neuro"', ["fast of two.neuro", "late of two.neuro"]),
        ("import lif, hodgkin_huxley as hh", ["lif of lif.neuro", "hh of hodgkin_huxley.neuro"]),
        ('import lif; import lif as own from "cells/lif.neuro"', ["lif of lif.neuro", "own of cells/lif.neuro"]),
        (TWO + "import lif", ["fast of net.neuro", "slow of net.neuro", "lif of lif.neuro"]),
        ("# only a title\n\nimport lif  # from the library", ["lif of lif.neuro"]),
        ('import as as from from "as.neuro"', ["from of as.neuro"]),
        ("import = 3\nfrom = 2\nas = from*import\ndx/dt = -as*x", ["net of net.neuro"]),
    ],
)
def test_an_imported_model_is_one_more_model_of_the_file(here: Path, text: str, expected: list[str]) -> None:
    (here / "as.neuro").write_text(OWN)
    assert said(text) == expected


def test_a_model_keeps_its_text_its_title_and_its_units(here: Path) -> None:
    said('import lif as cell from "cells/lif.neuro"\n' + OWN)
    models = read_all(read_source("net.neuro"), Report())
    assert [(m.name, m.doc, m.dimensionless, m.source.text) for m in models.values()] == [
        ("net", None, True, 'import lif as cell from "cells/lif.neuro"\n' + OWN),
        ("cell", "my cell", False, LIF),
    ]


def test_what_a_file_imports_can_be_imported_from_it(here: Path) -> None:
    (here / "cells" / "all.neuro").write_text('import lif from "lif.neuro"\nimport izhikevich\n')
    assert said('import lif, izhikevich from "cells/all.neuro"') == ["lif of cells/lif.neuro", "izhikevich of izhikevich.neuro"]


def test_a_path_is_relative_to_the_file_that_imports(here: Path) -> None:
    Path("deep").mkdir()
    (here / "cells" / "net.neuro").write_text('import lif from "lif.neuro"')
    os.chdir(here / "deep")
    report = Report()
    models = read_all(read_source("../cells/net.neuro"), report)
    assert [(name, model.source.name) for name, model in models.items()] == [("lif", "../cells/lif.neuro")]


@pytest.mark.parametrize(
    ("text", "code", "column", "message", "help"),
    [
        ('import lif from "cells/lif"', "F101", 17, "there is no file `cells/lif`", "did you mean `cells/lif.neuro`?"),
        ('import lif from "cells/lfi.neuro"', "F101", 17, "there is no file `cells/lfi.neuro`", "did you mean `cells/lif.neuro`?"),
        ('import lif from "cell/lif.neuro"', "F101", 17, "there is no file `cell/lif.neuro`", "there is no folder `cell`"),
        ('import lif from "lif.neuro"', "F101", 17, "there is no file", "the shipped model is imported without a path: `import lif`"),
        ('import lif from "cells\\lif.neuro"', "F101", 17, "there is no file", "folders are separated by `/`"),
        ('import lif from "two.neuro/x.neuro"', "F101", 17, "there is no file `two.neuro/x.neuro`", "there is no folder `two.neuro`"),
        ('import lif from "https://a.b/c.neuro"', "F101", 17, "there is no file", "there is no folder"),
        ('import lif from "cells"', "F101", 17, "`cells` is a directory", "name a .neuro file in it"),
        ('import lif from "."', "F101", 17, "`.` is a directory", "name a .neuro file in it"),
        (f'import lif from "{"x" * 150}/{"y" * 40}"', "F101", 17, "there is no file", "there is no folder"),
        ('import lif from "pipe"', "F101", 17, "`pipe` is no plain file", "models are imported from plain files"),
        ('import lif from "circle"', "F101", 17, "`circle` cannot be read: too many levels of symbolic links", None),
        ('import lif from "latin.neuro"', "F101", 17, "`latin.neuro` is not a UTF-8 text: byte 0 is 0xe9", "binary"),
        ('import lif from "large.neuro"', "F101", 17, "`large.neuro` is larger than 1024 KiB", "a model is a short text"),
        ('import lif from "../lif.neuro"', "F104", 17, "`../lif.neuro` leads out of the folder of `net.neuro`", "stay in its folder"),
        ('import lif from "cells/../../lif.neuro"', "F104", 17, "leads out of the folder", "stay in its folder"),
        ('import lif from "/etc/passwd"', "F104", 17, "`/etc/passwd` is an absolute path", "paths are relative to `net.neuro`"),
        ('import lif from "C:/lif.neuro"', "F104", 17, "is an absolute path", "paths are relative"),
        ('import lif from "\\\\host\\lif.neuro"', "F104", 17, "is an absolute path", "paths are relative"),
        ('import lif from ""', "F104", 17, "is no path", "paths are relative"),
        ('import lif from "out/lif.neuro"', "F104", 17, "leads, by a symbolic link, out of the folder of `net.neuro`", "stay in its folder"),
        ('import lif from "net.neuro"', "N117", 17, "`net.neuro` imports itself", "remove the import"),
        ('import lfi from "cells/lif.neuro"', "N116", 8, "`cells/lif.neuro` holds no model `lfi`", "did you mean `lif`?"),
        ('import cell from "cells/lif.neuro"', "N116", 8, "holds no model `cell`", '`import lif as cell from "cells/lif.neuro"`'),
        ('import two from "two.neuro"', "N116", 8, "`two.neuro` holds no model `two`", "it holds `fast`, `slow`"),
        ('import a from "2 cells.neuro"', "N116", 8, "holds no model `a`", "it holds `2 cells`, which is no name of the language: rename the file"),
        ("import izikevich", "N116", 8, "there is no shipped model `izikevich`", "did you mean `izhikevich`?"),
        ("import tripplet", "N116", 8, "there is no shipped model or synapse `tripplet`", "did you mean `triplet`?"),
        (
            "import excitatory",
            "N116",
            8,
            "several shipped files hold a synapse `excitatory`: `coba`, `cobahh`",
            "copy the one that is meant into this file",
        ),
        ("import zzz", "N116", 8, "there is no shipped model `zzz`", '`import zzz from "zzz.neuro"`'),
        ("import lif as a, hodgkin_huxley as a", "N102", 36, "there are two models `a`", "`import hodgkin_huxley as hodgkin_huxley_2`"),
        (OWN + "import lif as net", "N102", 15, "there are two models `net`", "`import lif as lif_2`"),
        (TWO + 'import slow from "two.neuro"', "N102", 8, "there are two models `slow`", '`import slow as slow_2 from "two.neuro"`'),
        ("model a:\n    import lif\n    dx/dt = -x", "S101", 5, "an import cannot stand within a model", "put it at the top of the file"),
        (f'import lif from "{"x" * 201}"', "S105", 17, "201 characters", None),
    ],
)
def test_what_cannot_be_imported_is_one_error_at_its_place(here: Path, text: str, code: str, column: int, message: str, help: str | None) -> None:
    os.mkfifo("pipe")
    (here / "out").symlink_to(here.parent)
    (here / "circle").symlink_to(here / "circle")
    (here / "latin.neuro").write_bytes(b"\xe9")
    (here / "large.neuro").write_text("# " + "x" * 2**20)
    (here / "2 cells.neuro").write_text(OWN)
    (told,) = said(text)
    line = 1 + next(i for i, row in enumerate(text.split("\n")) if "import" in row)
    assert (told.startswith(f"{code} net.neuro:{line}:{column} "), message in told, str(help) in told) == (True, True, True), told


@pytest.mark.parametrize(
    ("text", "code", "help"),
    [
        ('import "cells/lif.neuro"', "S101", '`import lif from "cells/lif.neuro"`'),
        ("import cells/lif", "S101", '`import lif from "cells/lif.neuro"`'),
        ("import cells.lif", "S101", '`import lif from "cells/lif.neuro"`'),
        ("import lif.neuro", "S101", '`import lif from "lif.neuro"`'),
        ("import lif from cells/lif.neuro", "S101", '`import lif from "cells/lif.neuro"`'),
        ("import lif from 'cells/lif.neuro'", "S101", '`import lif from "cells/lif.neuro"`'),
        ("import lif from “cells/lif.neuro”", "S101", '`import lif from "cells/lif.neuro"`'),
        ('from "cells/lif.neuro" import lif', "S110", '`import lif from "cells/lif.neuro"`'),
        ("from cells.lif import lif", "S110", '`import lif from "cells/lif.neuro"`'),
        ('import * from "cells/lif.neuro"', "S110", '`import lif from "cells/lif.neuro"`'),
        ('import lif from "cells/lif.neuro" as cell', "S101", "`import lif as cell`"),
        ("import lif izhikevich", "S101", "several are separated by commas"),
        ("import lif as", "S101", "`import lif from"),
        ("import lif from", "S101", "`import lif from"),
        ("import lif,", "S101", "`import lif from"),
        ("import lif = 3", "S101", "`import lif from"),
        ('import lif from "cells/lif.neuro', "S105", 'end it with `"`'),
        ("import lif:", "S111", "write it on the same line"),
        ("import", "S101", "None"),
        ('imoprt lif from "cells/lif.neuro"', "S101", "did you mean `import`?"),
    ],
)
def test_an_import_that_is_written_as_elsewhere_is_told_how_it_is_written_here(here: Path, text: str, code: str, help: str) -> None:
    (told,) = said(text + "\n" + OWN)
    assert (told.startswith(f"{code} net.neuro:1:"), help in told) == (True, True), told


@pytest.mark.parametrize("source", [Source("<stdin>", 'import a from "a.neuro"'), Source("model.neuro", 'import a from "../a.neuro"')])
def test_a_text_that_is_no_file_imports_from_the_library_alone(here: Path, source: Source) -> None:
    report = Report()
    assert (read_all(source, report), [d.rule.code for d in report.found]) == ({}, ["F104"])
    assert list(read_all(Source(source.name, "import lif"), Report())) == ["lif"]


def test_a_circle_is_shown_once_and_where_it_closes(here: Path) -> None:
    (here / "b.neuro").write_text('import a from "a.neuro"\n' + OWN)
    assert said('import b from "b.neuro"\n' + OWN, "a.neuro") == [
        "N117 b.neuro:1:15 files import each other in a circle: a.neuro -> b.neuro -> a.neuro | remove one of these imports"
    ]
    assert said('import a from "a.neuro"')[0].startswith("N117 b.neuro:1:15 files import each other in a circle: a.neuro -> b.neuro -> a.neuro")


def test_a_file_that_two_others_import_is_read_once(here: Path) -> None:
    for name in ("a", "b"):
        (here / f"{name}.neuro").write_text(f'import {name}_1 from "wrong.neuro"\n')
    (here / "wrong.neuro").write_text("model a_1:\n    dx/dt = -y\nmodel b_1:\n    dx/dt = -x\n")
    assert said('import a_1 from "a.neuro"\nimport b_1 from "b.neuro"') == ["N101 wrong.neuro:2:14 unknown name `y` | declare it: `param y = ...`"]


def test_every_file_reports_what_is_wrong_in_it_and_no_more_follows(here: Path) -> None:
    (here / "a.neuro").write_text("dx/dt = -k*x\n")
    (here / "b.neuro").write_text("dx/dt = -k*x\n")
    told = said('dx/dt = -k*x\nimport a from "a.neuro"\nimport b from "b.neuro"\nimport c from "b.neuro"')
    assert [line.split(" |")[0] for line in told] == [f"N101 {name}.neuro:1:10 unknown name `k`" for name in ("net", "a", "b")]


def test_imports_are_bounded_in_depth_and_number(here: Path) -> None:
    for i in range(DEEPEST_IMPORTS + 2):
        (here / f"d{i}.neuro").write_text(f'import d{i + 1} from "d{i + 1}.neuro"\n' + OWN)
    (here / f"d{DEEPEST_IMPORTS + 1}.neuro").write_text(OWN)
    assert said('import d1 from "d1.neuro"')[0].startswith(f"S107 d{DEEPEST_IMPORTS}.neuro:1:17 imports nested more than {DEEPEST_IMPORTS} deep")
    for i in range(MOST_FILES):
        (here / f"n{i}.neuro").write_text(OWN)
    text = "".join(f'import n{i} from "n{i}.neuro"\n' for i in range(MOST_FILES))
    assert said(text) == [
        f"S107 net.neuro:{MOST_FILES}:17 a text made of more than {MOST_FILES} files | put several models into one file, each in a `model` block"
    ]
    assert len(said(text.rpartition("import")[0])) == MOST_FILES - 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import lif\n" + OWN, "net"),
        ("import lif", "lif"),
        ("import lif\nmodel own:\n    dx/dt = -x", "own"),
        ("import lif, izhikevich", None),
        ("import lif\n" + TWO, None),
    ],
)
def test_the_only_own_model_is_meant_or_else_the_only_one_that_is_imported(here: Path, text: str, expected: str | None) -> None:
    said(text)
    source, report = read_source("net.neuro"), Report()
    model = read(source, report)
    assert (model.name if model else None, [d.rule.code for d in report.found]) == (expected, [] if expected else ["N114"])
    if expected is None:
        with pytest.raises(NeuroError, match=r"V102.* holds \d models: "):
            read_model(source, None, Report())
    else:
        assert read_model(source, None, Report()).name == expected


def test_one_model_comes_with_the_findings_of_its_own_file(here: Path) -> None:
    (here / "cells" / "lif.neuro").write_text("param unused = 1\n" + LIF)
    said('param mine = 1\nimport lif from "cells/lif.neuro"\n' + OWN)
    source, told = read_source("net.neuro"), {}
    for name in (None, "net", "lif"):
        report = Report()
        read_model(source, name, report)
        told[name] = [d.message for d in report.found]
    own = ["the parameter `mine` is never used"]
    assert told == {None: own, "net": own, "lif": ["the parameter `unused` is never used"]}
    with pytest.raises(NeuroError, match="did you mean `lif`"):
        read_model(source, "lfi", Report())


def test_a_file_that_may_have_been_meant_instead_of_a_shipped_model_is_pointed_out(here: Path) -> None:
    told = {}
    for name in ("net", "lif"):
        Path(f"{name}.neuro").write_text("import lif as base, izhikevich\n" + OWN)
    for name in ("net", "lif"):
        report = Report()
        assert len(read_all(read_source(f"{name}.neuro"), report)) == 3
        told[name] = [f"{d.rule.code} {d.span} {d.help}" for d in report.found]
    assert told == {"net": ['N302 net.neuro:1:8 if the file is meant, write `import lif from "lif.neuro"`'], "lif": []}


def test_findings_stand_file_by_file(here: Path) -> None:
    (here / "a.neuro").write_text("param p = 1, q = 1\n" + OWN)
    report = Report()
    Path("net.neuro").write_text('import a from "a.neuro"\nparam p = 1, q = 1\n' + OWN)
    read_all(read_source("net.neuro"), report)
    assert [str(d.span) for d in report.sorted()] == ["net.neuro:2:7", "net.neuro:2:14", "a.neuro:1:7", "a.neuro:1:14"]
    assert "--> a.neuro:1:14\n  |\n1 | param p = 1, q = 1\n" in render(report.sorted()[-1])


def test_all_texts_that_a_file_may_import_are_known_without_the_language(here: Path) -> None:
    (here / "cells" / "net.neuro").write_text('import lif from "lif.neuro"; import izhikevich')
    Path("net.neuro").write_text(
        'import lif from "cells/net.neuro"\nparam a = 1; import fast from "two.neuro" # import adex\nimport x from "none.neuro"\nimport y from "cells"\n'
    )
    names = [text.name for text in with_imports(read_source("net.neuro"))]
    assert names == ["net.neuro", "cells/net.neuro", "two.neuro", "adex.neuro", "lif.neuro", "cells/lif.neuro", "izhikevich.neuro"]
    assert [text.name for text in with_imports(Source("<stdin>", 'import lif from "two.neuro"'))] == ["<stdin>", "lif.neuro"]


def test_a_socket_is_no_plain_file(here: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        (told,) = said('import lif from "s"')
    assert "`s` is no plain file" in told


# --- synapses of the library --------------------------------------------------------------------------------------------------

NETWORK = """\
model cell:
    param tau = 10 [ms]
    input I = 0 [pA]
    init v = -60 [mV], g = 0 [nS], V = 0 [mV]
    tau*dv/dt = -60 [mV] - v + 100 [MOhm]*I
    on v > -50 [mV]: v = -60 [mV]
network net:
    population A = cell[3]
    connect A -> A with {}, no self
    simulate: duration 2 [ms]
"""


@pytest.mark.parametrize(
    ("text", "synapse", "file"),
    [
        ("import stdp", "stdp", "stdp_window.neuro"),
        ("import stdp as plastic", "plastic", "stdp_window.neuro"),
        ("import triplet, dynamic", "triplet", "triplet_stdp.neuro"),
        ("import dynamic", "dynamic", "tsodyks_markram.neuro"),
    ],
)
def test_a_shipped_synapse_is_imported_by_its_name(here: Path, text: str, synapse: str, file: str) -> None:
    Path("net.neuro").write_text(f"{text}\n{NETWORK.format(synapse)}")
    report = Report()
    network = read_all(read_source("net.neuro"), report)["net"]
    assert isinstance(network, NetworkModel)
    (projection,) = network.projections
    assert (report.ok, projection.kind, projection.synapse.source.name) == (True, synapse, file)
    assert file in [source.name for source in with_imports(read_source("net.neuro"))]


def test_a_network_runs_with_a_shipped_synapse_as_with_one_of_its_own(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairs of the window of plasticity, in a file that has no synapse of its own."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    shipped = shipped_models()["stdp_window"].read_text()
    alone = shipped[: shipped.index("synapse stdp")] + shipped[shipped.index("network stdp_window") :]
    Path("own.neuro").write_text(f"import stdp\n{alone}")
    wanted, found = (load(name).simulate(duration=120) for name in ("stdp_window", "own.neuro"))
    (name,) = wanted.synapses
    assert found[name].tobytes() == wanted[name].tobytes()
    assert abs(found[name][-1]).max() > 0.005


def test_a_synapse_that_is_shipped_and_not_imported_is_told_with_the_import(here: Path) -> None:
    told = said(NETWORK.format("stdp"))
    help = "`import stdp` at the top of the file takes the shipped one; `synapse stdp:` makes one"
    assert told == [f"N101 net.neuro:9:25 unknown synapse `stdp` | {help}"]


def test_every_synapse_in_the_folder_of_synapses_can_be_imported() -> None:
    folder = shipped_models()["stdp_window"].parent
    held = {name: paths for name, paths in shipped_synapses().items() if paths[0].parent == folder}
    assert {"stdp", "triplet", "dynamic", "unreliable", "reward_stdp", "all_three"} <= set(held)
    assert [name for name, paths in held.items() if len(paths) > 1 or name in shipped_models()] == []
