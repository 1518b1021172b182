"""Long runs, copies and sweeps of networks on the command line."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Command

from neurodsl.console import Bar
from neurodsl.run import network as network_module

NETWORK = """
model cell:
    param tau = 10 [ms], I = 1.3
    init v = 0
    tau*dv/dt = -v + I
    on v >= 1: v = 0
synapse exc:
    param w = 0.1
    on pre: post.v += w
network ring:
    param J = 0.05 "weight"
    population E = cell[6] with v ~ uniform(0, 1)
    connect E -> E with exc, indegree 2, delay 1 [ms], w = J
    simulate:
        duration 40 [ms]
        dt 0.1 [ms]
"""


@pytest.fixture(autouse=True)
def _network(here: Path) -> None:
    (here / "ring.neuro").write_text(NETWORK)


def test_an_interrupted_run_goes_on_from_its_checkpoint(here: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("simulate", "ring.neuro", "--seed", "1", "--out", "whole.npz").code == 0
    monkeypatch.setattr(network_module, "CHUNK_SECONDS", 1e-9)

    def stop(bar: Bar, done: float) -> None:
        if done >= 0.5:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Bar, "__call__", stop)
        ended = command("simulate", "ring.neuro", "--seed", "1", "--checkpoint", "c.npz", "--every", "10s")
    assert (ended.code, "  kept      checkpoint `c.npz` at 20 ms; `--resume c.npz` goes on from there" in ended.out.splitlines()) == (130, True)
    assert command("simulate", "ring.neuro", "--resume", "c.npz", "--out", "resumed.npz").code == 0
    with np.load(here / "whole.npz") as whole, np.load(here / "resumed.npz") as resumed:
        assert {name: whole[name].tobytes() for name in whole if name != "meta"} == {
            name: resumed[name].tobytes() for name in resumed if name != "meta"
        }


def test_copies_are_told_together_and_written_to_a_file(here: Path, command: Command) -> None:
    ended = command("simulate", "ring.neuro", "--seed", "1", "--copies", "3", "--out", "copies.npz")
    lines = ended.out.splitlines()
    assert (ended.code, lines[0]) == (0, "ring")
    assert lines[1:3] == ["  copies    3, each with synapses, draws and noise of its own", "  steps     400 of 0.1 ms"]
    with np.load(here / "copies.npz") as file:
        rates = file["E.rates"].mean(axis=1) * 1000
    assert f"mean rate {rates.mean():.4g} Hz (from {rates.min():.4g} to {rates.max():.4g})" in ended.out


def test_a_sweep_of_a_network_is_printed_as_a_table(command: Command) -> None:
    ended = command(
        "sweep", "ring.neuro", "--over", "J=0..0.2:3", "--over", "cell.tau=8,12 [ms]", "--measure", "rate(E),mean(E.v)", "--seed", "1", "--json"
    )
    found = json.loads(ended.out)
    assert [(axis["name"], axis["unit"], axis["values"]) for axis in found["axes"]] == [("J", "1", [0, 0.1, 0.2]), ("cell.tau", "ms", [8, 12])]
    assert [(measure["name"], measure["unit"]) for measure in found["measures"]] == [("rate(E)", "Hz"), ("mean(E.v)", "1")]
    assert (ended.code, found["complete"], np.shape(found["values"]["rate(E)"])) == (0, True, (3, 2))
    assert (
        "rate(E) [Hz], cell.tau from left to right"
        in command("sweep", "ring.neuro", "--over", "J=0,0.1", "--over", "cell.tau=8,12", "--seed", "1").out
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("simulate", "--copies", "2", "--plot"), "error[V101]: a figure is of one run, and not of copies"),
        (("simulate", "--copies", "2", "--out", "x.h5"), "error[V101]: cannot save to `x.h5`: `.h5` is no format for copies of a network"),
        (("simulate", "--out", "a.npz", "--checkpoint", "a.npz"), "error[V101]: `a.npz` cannot be both the result and the checkpoint"),
        (("simulate", "--checkpoint", "none/a.npz"), "error[F102]: cannot write `none/a.npz`: there is no directory `none`"),
        (("simulate", "--resume", "ring.neuro"), "error[F110]: `ring.neuro` is no checkpoint of a run: it is another kind of file, or is damaged"),
        (("simulate", "--input", "E.I=x.csv"), "error[V102]: the model `cell` has no input `I`"),
        (("simulate", "--record", "E.v every -1 [ms]"), "error[V101]: the interval of `E.v` is -1"),
        (("simulate", "--record", "E.v every 0 [ms]"), "error[V101]: the interval of `E.v` is 0"),
        (("simulate", "--record", "E.v every 1e308 [ms]"), "error[V101]: the interval of `E.v` is 1e+308, more than 9007199254740992 steps of 0.1"),
        (("simulate", "--record", "E[0:2:0].v"), "error[V101]: `E[0:2:0].v` goes from neuron to neuron in steps of 0"),
        (("sweep", "--over", "excc.w=0,1"), "error[V102]: the network `ring` has no population, model or synapse `excc`"),
        (("sweep", "--over", "J=0,1", "--events", "off"), "error[V101]: the events of `ring` cannot be `off`"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(arguments: tuple[str, ...], told: str, command: Command) -> None:
    ended = command(arguments[0], "ring.neuro", *arguments[1:])
    assert (ended.code, ended.out, ended.err.splitlines()[0]) == (4 if "F102" in told else 2, "", told)
