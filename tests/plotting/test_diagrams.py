"""Bifurcation diagrams and the trace-determinant plane show what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurodsl.analysis.bifurcations import Bifurcation
from neurodsl.analysis.branches import Branch
from neurodsl.analysis.diagram import Coordinate, Diagram
from neurodsl.analysis.linear_stability import classify
from neurodsl.analysis.points import FixedPoint
from neurodsl.diagnostics import NeuroError
from neurodsl.plotting.diagram import plot, runs
from neurodsl.plotting.pictures import pictures
from neurodsl.plotting.trace_determinant import plot_trace_determinant

P = np.linspace(-1.0, 1.0, 21)
HOPF = Bifurcation("I", 0.0, "hopf", "supercritical", -1.0, 2.0, {"V": 0.0}, None, "closed form")


def diagram(*points: Bifurcation) -> Diagram:
    made = Branch("I", ("V",), P, P[:, None], P < 0)
    cycles = np.array([[0.5, -0.7, 0.7]])
    axes = Coordinate("I", "injected <current> $x$", "nA"), Coordinate("V", None, "mV")
    return Diagram("m", "A title with $ and <b>", *axes, -1.0, 1.0, (made,), points, cycles, False, ("a note",))


def test_stability_changes_where_it_says_and_neighbours_share_a_point() -> None:
    assert list(runs(np.array([True, True, False, True]))) == [(0, 1, True), (1, 2, False), (2, 3, True)]
    assert list(runs(np.array([False]))) == [(0, 0, False)]


def test_stable_branches_are_solid_and_unstable_ones_broken() -> None:
    (ax,) = plot(diagram(HOPF)).axes
    drawn = [line for line in ax.lines if line.get_label() == "_branch"]
    assert [line.get_linestyle() for line in drawn] == ["-", "--"]
    assert [(float(x[0]), float(x[-1])) for x in (np.asarray(line.get_xdata()) for line in drawn)] == [(-1.0, P[9]), (P[9], 1.0)]


def test_bifurcations_and_cycles_are_marked_and_named() -> None:
    (ax,) = plot(diagram(HOPF)).axes
    assert [text.get_text() for text in ax.texts] == ["H"]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "stable fixed points",
        "unstable fixed points",
        "smallest and largest $V$\non the stable cycle",
        "supercritical Hopf\n$I$ = 0 nA",
    ]
    assert ax.get_xlabel() == r"injected <current> \$x\$ $I$ (nA)"


def test_many_bifurcations_are_counted() -> None:
    (ax,) = plot(diagram(*[HOPF] * 9)).axes
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_texts()[-1].get_text() == "9 × Hopf"


def test_a_branch_that_runs_far_out_over_a_small_part_is_cut_off() -> None:
    values = np.linspace(-1.0, 1.0, 201)
    whole = diagram(HOPF)
    far = replace(whole, branches=(Branch("I", ("V",), values, np.where(values > 0.98, -1e7, values)[:, None], values < 0),))
    assert plot(far).axes[0].get_ylim()[0] > -2
    assert plot(whole).axes[0].get_ylim() == pytest.approx((-1.16, 1.16))


def test_the_same_diagram_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        plot(diagram(HOPF), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert pictures(plot(diagram(HOPF))) == pictures(plot(diagram(HOPF)))


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NeuroError, match="is no format for figures"):
        plot(diagram(), tmp_path / "a.bmp")


def point(*eigenvalues: complex, discrete: bool = False) -> FixedPoint:
    kind, stable = classify(eigenvalues, discrete)
    return FixedPoint({"x": 0.0, "y": 0.0}, 0.0, eigenvalues, stable, kind)


@pytest.mark.parametrize("pair", [(-1 + 2j, -1 - 2j), (3.0, -1.0), (-4.0, -0.1), (1e-6, 2e-6), (0.0, 0.0)])
def test_a_fixed_point_lies_at_its_trace_and_determinant_within_the_axes(pair: tuple[complex, complex]) -> None:
    (ax,) = plot_trace_determinant([point(*pair)], discrete=False, rate_unit="1/ms").axes
    (mark,) = (line for line in ax.lines if line.get_label() == "_fixed point")
    ((x, y),) = np.asarray(mark.get_xydata()).tolist()
    assert (x, y) == pytest.approx(((pair[0] + pair[1]).real, (pair[0] * pair[1]).real))
    assert ax.get_xlim()[0] <= x <= ax.get_xlim()[1]
    assert ax.get_ylim()[0] <= y <= ax.get_ylim()[1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Trace of the Jacobian (1/ms)", "Determinant (1/ms²)")


def test_the_regions_are_named_and_no_name_lies_on_a_fixed_point() -> None:
    (ax,) = plot_trace_determinant([point(0.3 + 1.2j, 0.3 - 1.2j), point(0.57, -0.79)], discrete=False).axes
    words = {text.get_text().replace("\n", " "): text.get_position() for text in ax.texts}
    assert set(words) == {"stable foci", "unstable foci", "stable nodes", "unstable nodes", "saddles", "centres", "trace² = 4 determinant"}
    trace, determinant = words["unstable nodes"]
    assert 0 < determinant < trace**2 / 4
    trace, determinant = words["stable foci"]
    assert trace < 0
    assert determinant > trace**2 / 4
    assert words["saddles"][1] < 0


def test_the_triangle_of_a_map_holds_its_stable_points() -> None:
    (ax,) = plot_trace_determinant([point(0.5, -0.5, discrete=True)], discrete=True).axes
    assert "Neimark–Sacker" in [text.get_text() for text in ax.texts]
    assert sorted(map(tuple, ax.patches[0].get_xy().tolist()))[0] == (-2.0, 1.0)  # type: ignore[attr-defined]
