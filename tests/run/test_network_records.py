"""What can be recorded of neurons and synapses, and what is refused because it never changes."""

from __future__ import annotations

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError

TEXT = """\
model cell:
    param tau = 10 [ms], g_L = 1 [nS]
    input I = 2 [mV], K = 1*sin(t/[ms]) [mV], G = 0 [mV]
    init v ~ uniform(0, 3) [mV]
    R = tau*g_L
    J = 2*I
    Z = v*g_L
    tau*dv/dt = -v + I + K + G
    at 3 [ms]: G = 2 [mV]
    on v > 4 [mV]: v = 0 [mV]
synapse gap:
    param g = 0.1
    q = 2*g
    post.I += q*(pre.v - post.v)
synapse spike:
    param w = 3 [mV]
    on pre: post.I += w
network net:
    population A = cell[2]
    connect A -> A with {synapse}
    simulate:
        duration 8 [ms]
        record {record}
"""


def written(record: str, synapse: str = "gap") -> nd.Model:
    """Return the network that records something, as its text says."""
    text = TEXT.format(record=record, synapse=synapse)
    unused = "gap" if synapse != "gap" else "spike"
    start = text.index(f"synapse {unused}")
    return nd.loads(text[:start] + text[text.index("synapse spike" if unused == "gap" else "network") :])


def refusal(model: nd.Model, **options: object) -> tuple[str, str, str | None]:
    with pytest.raises(NeuroError) as caught:
        model.simulate(seed=1, **options)
    found = next(d for d in caught.value.report.found if d.rule.severity == "error")
    assert caught.value.exit_code == 2
    return found.rule.code, found.message, found.help


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def test_what_changes_is_recorded_as_it_is_computed() -> None:
    result = written("A.v, A.K, A.G, A.Z, A.J").simulate(seed=1)
    t = result.traces["A.v"].t
    v, other = result["A.v"].T
    assert result["A.Z"] == pytest.approx(result["A.v"], rel=1e-15)
    assert result["A.K"][1:, 0] == pytest.approx(np.sin(t[1:]), abs=0.06)
    assert result["A.G"][:, 0].tolist() == [0.0 if time < 3 - 1e-9 else 2.0 for time in t]
    # J is twice the drive of the step that has ended, with what flows through the gap junction at its beginning.
    assert result["A.J"][1:, 0] == pytest.approx(2 * (2 + 0.2 * (other - v))[:-1], abs=0.06)


def test_what_synapses_add_on_spikes_is_seen_for_one_step_in_a_derived_quantity() -> None:
    result = written("A.J", "spike").simulate(seed=1, duration=30, set={"cell.I": "5 [mV]"})
    steps = np.rint(result.spikes["A"].times / result.meta["dt"]).astype(int)
    expected = np.full(301, 10.0)
    np.add.at(expected, steps[steps < 300] + 1, 6.0)
    assert len(steps) > 2
    assert result["A.J"][:, 0].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("record", "message", "help"),
    [
        (
            "A.tau",
            "`tau` of `cell` is a parameter, which is not recorded",
            "what changes is recorded: states, and quantities that are derived of them",
        ),
        ("A.R", "`R` of `cell` is a constant, which is not recorded", "what changes is recorded: states, and quantities that are derived of them"),
        ("gap.q", "`q` of `gap` is a derived quantity of a synapse, which is not recorded", "record its states and parameters"),
    ],
)
def test_what_never_changes_is_refused_at_its_place(record: str, message: str, help: str) -> None:
    assert refusal(written(record)) == ("N113", message, help)


@pytest.mark.parametrize("record", ["A.tau", "A.R", "gap.q", "A.vv"])
def test_what_never_changes_is_refused_as_an_option_too(record: str) -> None:
    code, message, _ = refusal(written("A.v"), record=[record])
    assert (code, message) == ("V102", f"`{record}` cannot be recorded")


def test_an_input_that_does_not_change_is_recorded_as_it_is_without_synapses() -> None:
    given = {"input": {"A.I": 3}, "seed": 1, "duration": 1}
    for result in (written("A.I").simulate(**given), written("A.v").simulate(**given, record=["A.I"])):
        assert set(result["A.I"].ravel()) == {3}


def test_a_quantity_of_a_drive_without_synapses_is_a_constant() -> None:
    model = nd.loads(TEXT[: TEXT.index("synapse gap")] + "network net:\n    population A = cell[2]\n    simulate:\n        record A.J\n")
    assert refusal(model)[:2] == ("V102", "`A.J` cannot be recorded")
