"""What the compiler finds out about synapses: which states neurons keep for them, which only decay, which have to be advanced in every step."""

from __future__ import annotations

import re

import pytest

import neurodsl as nd
from neurodsl.networking import plan_of

STDP = """
synapse stdp:
    param A = 0.01, tau = 20 [ms], tau_2 = 50 [ms]
    init w = 0.5
    tau*dx/dt = -x
    tau*dy/dt = -y
    on pre: post.g += w; x += {jump}; w -= A*y
    on post: y += 1; w += A*x

model cell:
    param tau = 10 [ms]
    input I = 0
    init V = 0, g = 0
    tau*dV/dt = -V + g + I
    tau*dg/dt = -g
    on V >= 1: V = 0

network n:
    population P = poisson[20] with rate = 20 [Hz]
    population E = cell[10]
    connect P -> E with stdp, all to all{clauses}
    simulate: duration 10 [ms]; dt 0.1 [ms]
"""


def notes(text: str, every_step: bool = False) -> list[str]:
    """Return what the compiler says it did."""
    return list(plan_of(nd.loads(text), None, None, (), every_step=every_step).notes)


def told(text: str, state: str, every_step: bool = False) -> list[str]:
    """Return what it says of a state, the projection left out."""
    return [note.partition(": ")[2] for note in notes(text, every_step) if f"`{state}`" in note]


ONCE_BEFORE = "is the same for all synapses of the neuron before them, and is kept once for it"
ONCE_BEHIND = "is the same for all synapses of the neuron behind them, and is kept once for it"
DECAYS = "only decays between spikes, and is advanced by a factor that all share"


def test_traces_of_pairs_live_with_their_neurons_and_cost_nothing_between_spikes() -> None:
    text = STDP.format(jump="1", clauses="")
    assert told(text, "x") == [f"`x` {ONCE_BEFORE}", f"`x` {DECAYS}"]
    assert told(text, "y") == [f"`y` {ONCE_BEHIND}", f"`y` {DECAYS}"]
    assert told(text, "w") == []


@pytest.mark.parametrize(
    ("jump", "clauses"),
    [
        ("1", ", delay uniform(1, 5) [ms]"),
        ("w", ""),
        ("rand()", ""),
        ("post.V", ""),
        ("1", ", x = 0.1*j"),
    ],
    ids=["delays that differ", "a weight of its own", "a random number", "the neuron behind", "an initial value of its own"],
)
def test_a_trace_stays_with_its_synapse_where_something_tells_synapses_apart(jump: str, clauses: str) -> None:
    text = STDP.format(jump=jump, clauses=clauses)
    assert told(text, "x") == [f"`x` {DECAYS}"]
    assert told(text, "y") == [f"`y` {ONCE_BEHIND}", f"`y` {DECAYS}"]


def test_a_time_constant_of_its_own_makes_a_trace_one_that_every_step_advances() -> None:
    text = STDP.format(jump="1", clauses=", tau ~ uniform(10, 20) [ms]")
    assert told(text, "x") == ["`x`, `y` of every synapse is advanced in every step, with exponential_euler"]


def test_coupled_traces_are_advanced_exactly_in_every_step() -> None:
    text = STDP.format(jump="1", clauses="").replace("tau*dy/dt = -y", "tau_2*dy/dt = x - y")
    assert told(text, "y") == ["`y` of every synapse is advanced in every step, with exact"]


def test_the_plain_way_advances_all_states_at_every_synapse() -> None:
    text = STDP.format(jump="1", clauses="")
    assert told(text, "x", every_step=True) == ["`x`, `y` of every synapse is advanced in every step, with exact"]


def test_an_event_whose_actions_undo_its_condition_needs_no_memory() -> None:
    def remembered(text: str) -> bool:
        model = nd.loads(text)
        plan = plan_of(model, None, None, ())
        kernel = (model.cache.folder / f"{plan.kernel}.py").read_text(encoding="ascii")
        return re.search(r"_was0 = _w\[", kernel) is not None

    text = STDP.format(jump="1", clauses="")
    assert not remembered(text)
    assert remembered(text.replace("on V >= 1: V = 0", "on V >= 1: V = 2"))
    assert remembered(text.replace("on V >= 1: V = 0", "on V >= 1: V = 0; wait 1 [ms]"))
