"""`simulate --out F.h5`, `--checkpoint`, `--every` and `--resume`: long runs from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.conftest import Command

import neurodsl as nd
from neurodsl.run import copies, lasting

DIVERGES = "init x = 1\ndx/dt = x^2\nsimulate: duration 3; dt 0.05; method euler\n"


def test_a_result_goes_to_an_h5_file_with_its_figure(command: Command, here: Path) -> None:
    ended = command("simulate", "cell.neuro", "--out", "r.h5", "--plot", "r.png")
    assert (ended.code, ended.err, ended.out.splitlines()[-2:]) == (0, "", ["  written r.h5", "  written r.png"])
    told = json.loads(command("simulate", "cell.neuro", "--out", "s.npz", "--json").out)
    one, other = nd.load_result("r.h5"), nd.load_result("s.npz")
    assert (one["V"].tolist(), one.spikes.times.tolist()) == (other["V"].tolist(), told["spikes"]["times"])
    streamed = json.loads(command("simulate", "cell.neuro", "--out", "r.h5", "--json").out)
    assert {**streamed, "timing": 0} == {**told, "timing": 0}


def test_the_copies_of_a_run_go_to_an_h5_file_too(command: Command, here: Path) -> None:
    ended = command("simulate", "cell.neuro", "--copies", "3", "--out", "r.h5")
    assert (ended.code, ended.out.splitlines()[-1], nd.load_result("r.h5")["V"].shape) == (0, "  written r.h5", (201, 3))


def test_a_checkpoint_is_told_and_resumed(command: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "CHUNK_SECONDS", 1e-9)
    monkeypatch.setattr(lasting, "SHARE", 1e9)
    first = command("simulate", "cell.neuro", "--set", "I=30", "--checkpoint", "c.npz", "--every", "1us", "--out", "a.npz")
    assert (first.code, first.err) == (0, "")
    assert "  kept    checkpoint `c.npz` at 20 ms; `--resume c.npz --out FILE` writes the result of the complete run again" in first.out.splitlines()
    for more, duration in (((), 20), (("--duration", "30"), 30)):
        resumed = command("simulate", "cell.neuro", "--resume", "c.npz", "--out", "b.npz", *more)
        if duration == 20:
            assert (resumed.code, nd.load_result("b.npz")["V"].tolist()) == (0, nd.load_result("a.npz")["V"].tolist())
    assert (resumed.code, "F111" in resumed.err) == (2, True)


def test_what_was_good_of_a_run_that_fails_is_in_its_file(command: Command, here: Path) -> None:
    (here / "m.neuro").write_text(DIVERGES)
    ended = command("simulate", "m.neuro", "--out", "r.h5")
    assert (ended.code, ended.out, ended.err.splitlines()[0]) == (3, "", "  written r.h5")
    assert 1 < len(nd.load_result("r.h5").t) < 61


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--every", "5s"), 2, "error[V101]: `every` is the time between two checkpoints, and there is no file for them"),
        (("--checkpoint", "c.npz", "--every", "0"), 2, "error[V101]: the time between two checkpoints has to be positive, not `0`"),
        (("--checkpoint", "c.npz", "--every", "often"), 2, "error[V101]: `often` for every: a number is missing"),
        (("--checkpoint", "none/c.npz"), 4, "error[F102]: cannot write `none/c.npz`: there is no directory `none`"),
        (("--checkpoint", "c.npz", "--copies", "2"), 2, "error[V101]: a checkpoint is of a single run, and not of copies"),
        (("--checkpoint", "r.h5", "--out", "r.h5"), 2, "error[V101]: `r.h5` cannot be both the result and the checkpoint"),
        (("--checkpoint", "r.npz", "--out", "r.npz"), 2, "error[V101]: `r.npz` cannot be both the result and the checkpoint"),
        (("--resume", "cell.neuro"), 2, "error[F110]: `cell.neuro` is no checkpoint of a run: it is another kind of file, or is damaged"),
        (("--resume", "none.npz"), 2, "error[F101]: cannot read `none.npz`: there is no such file"),
        (("--out", "none/r.h5"), 4, "error[F102]: cannot write `none/r.h5`: there is no directory `none`"),
        (("--out", "r.hdf"), 2, "error[V101]: cannot save to `r.hdf`: `.hdf` is no format for results"),
    ],
)
def test_wrong_input_is_refused_before_the_run(command: Command, here: Path, options: tuple[str, ...], code: int, message: str) -> None:
    ended = command("simulate", "cell.neuro", *options)
    assert (ended.code, ended.out, ended.err.splitlines()[0]) == (code, "", message)
    assert [path.name for path in here.iterdir()] == ["cell.neuro"]
