"""Bifurcation diagrams: branches, points and cycles of shipped models."""

from __future__ import annotations

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.analysis import diagram
from neurodsl.diagnostics import NeuroError


def test_the_cycle_of_fitzhugh_and_nagumo_has_the_extremes_that_scipy_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram, "VALUES", 5)
    found = nd.load("fitzhugh_nagumo").bifurcation_diagram("I_ext", 0, 1)
    # scipy DOP853, rtol 1e-12: the extremes at I_ext = 0.5, as the header of the model has them.
    (middle,) = (row for row in found.cycles.tolist() if row[0] == 0.5)
    assert middle[1:] == pytest.approx([-1.970406748, 1.852117473], abs=1e-7)
    assert found.cycles[:, 0].tolist() == [0.5, 0.75, 1.0]


def test_the_diagram_of_the_logistic_map_has_both_branches_and_its_closed_form() -> None:
    found = nd.load("logistic_map").bifurcation_diagram("r", 0.5, 4)
    assert [(b.kind, b.value) for b in found.bifurcations] == [("transcritical", 1.0), ("flip", pytest.approx(3.0, abs=1e-12))]
    assert len(found.cycles) == 0
    for branch in found.branches:
        x, r = found.values_of(branch), branch.values
        assert np.all((np.abs(x) < 1e-9) | (np.abs(x - (1 - 1 / r)) < 1e-9))
        # |r (1 - 2 x)| < 1 is the condition for stability.
        assert np.array_equal(branch.stable, np.abs(r * (1 - 2 * x)) < 1)


def test_the_state_that_is_drawn_can_be_named() -> None:
    found = nd.load("hodgkin_huxley").bifurcation_diagram("I", 5, 20, of="n")
    (hopf,) = found.bifurcations
    assert (found.state.name, found.state.doc, found.parameter.unit) == ("n", "potassium activation", "uA/cm^2")
    # Hassard, 1978, J. Theor. Biol. 71:401-420, doi:10.1016/0022-5193(78)90168-6: 9.78.
    assert hopf.value == pytest.approx(9.775438, abs=1e-6)
    assert min(found.values_of(found.branches[0])) < hopf.state["n"] < max(found.values_of(found.branches[0]))


def test_the_dictionary_of_a_diagram_holds_its_branches() -> None:
    found = nd.load("decay").bifurcation_diagram("k", 0.5, 2).to_dict()
    (branch,) = found["branches"]
    assert (found["bifurcations"], found["cycles"], set(branch["stable"])) == ([], [], {True})


@pytest.mark.parametrize(
    ("model", "name", "of", "message"),
    [
        ("lif", "q", None, "has no parameter `q`"),
        ("lif", "I", "q", "has no state with an equation `q`"),
        ("poisson", "r", None, "no state of `poisson` has an equation"),
    ],
)
def test_what_cannot_be_drawn_is_told(model: str, name: str, of: str | None, message: str) -> None:
    with pytest.raises(NeuroError, match=message):
        nd.load(model).bifurcation_diagram(name, 0, 1, of=of)
