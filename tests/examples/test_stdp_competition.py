"""Plastic weights part and keep the rate of the neuron in bounds; fixed ones do not."""

from __future__ import annotations

from examples.scripts import script

EXAMPLE = script("07")


def test_the_rate_of_the_neuron_follows_that_of_its_inputs_less_where_synapses_are_plastic() -> None:
    plastic, fixed = ([EXAMPLE.outcome(rate, 40, plastic=learns) for rate in (15.0, 30.0)] for learns in (True, False))
    assert plastic[1].rate / plastic[0].rate < 0.5 * fixed[1].rate / fixed[0].rate
    assert plastic[1].after.mean() < plastic[0].after.mean()
    assert (fixed[0].after == fixed[0].before).all()
