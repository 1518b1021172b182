"""A network in which nothing ever happens is told so, with the reason, and no other."""

from __future__ import annotations

import pytest

from neurodsl.api import Model
from neurodsl.diagnostics import Diagnostic
from neurodsl.resources import shipped_models
from neurodsl.source import Source
from neurodsl.texts import read_source

TEXT = """\
model lif:
    param R = 10 [MOhm], V_th = -50 [mV]
    input I = 0 [nA]
    init V = -65 [mV]
    10 [ms] * dV/dt = -(V + 65 [mV]) + R*I
    on V >= V_th: V = -70 [mV]

model clock:
    init n = 0
    dn/dt = 1 [1/s]
    on n > 1: n = 0

synapse pulse:
    param w = 1 [nA]
    on pre: post.I += w

network net:
    param I_0 = 0 [nA]
    population N = lif[5]{values}
    {more}
    connect N -> N with pulse, no self
"""


def silence(values: str = "", more: str = "") -> list[Diagnostic]:
    """Return what `check` says of neurons that never spike, in the network with other values and further statements."""
    found = Model(Source("net.neuro", TEXT.format(values=values, more=more))).check().found
    return [d for d in found if d.rule.code == "M201"]


def test_neurons_that_rest_below_their_threshold_never_spike() -> None:
    (found,) = silence()
    assert "V_th = -50 mV is never reached: sup V = -65 mV" in found.message
    assert found.span is not None
    assert found.span.text == "population N = lif[5]"


@pytest.mark.parametrize(
    "values",
    [
        " with I = I_0 + 0.3*i*[nA]",
        " with I = (0, 0.1, 0.2, 1.4, 1.49) [nA]",
        " with V ~ uniform(-70, -51) [mV]",
        " with V_th = -30 [mV], I = 3 [nA]",
    ],
)
def test_values_of_their_own_are_looked_at_neuron_by_neuron(values: str) -> None:
    assert len(silence(values)) == 1


@pytest.mark.parametrize(
    ("values", "more"),
    [
        (" with I = I_0 + 0.4*i*[nA]", ""),
        (" with I = (0, 0.1, 0.2, 1.4, 1.6) [nA]", ""),
        (" with I = 1.6 [nA]", ""),
        (" with V_th = -70 [mV], V = -75 [mV]", ""),
        ("", "population P = poisson[3] with rate = 1 [Hz]\n    connect P -> N with pulse"),
        ("", "population C = clock\n    connect C -> N with pulse"),
    ],
)
def test_a_network_that_may_spike_is_not_called_silent(values: str, more: str) -> None:
    assert silence(values, more) == []


def test_a_current_that_flows_all_the_time_is_no_silence() -> None:
    text = TEXT.format(values="", more="").replace("    on pre: post.I += w\n", "    post.I += w\n    on pre: post.I += w\n")
    assert [d.message for d in Model(Source("net.neuro", text)).check().found if d.rule.code == "M201"] == []


def test_the_printed_network_of_five_neurons_is_found_by_check() -> None:
    (found,) = Model(read_source(str(shipped_models()["small_lif_network"]))).check().found
    assert (found.rule.code, "`driven`" in (found.help or "")) == ("M201", True)
