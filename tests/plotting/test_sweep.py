"""Figures of sweeps: what is drawn for how many axes, and that nothing is left out without a word."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.plotting.sweep import plot
from neurodsl.sweep.table import Table

LINEAR = """
model linear "a leaky cell":
    param tau = 1 "time constant", g = 1, h = 1
    noise xi
    init x = 1
    dx/dt = -(g + h)*x/tau + 0*xi
    simulate: duration 1; dt 0.25
"""
POLE = "param a = 1\ninit x = 1\ndx/dt = a*x^2 - x\nsimulate: duration 5; dt 0.01; method rk4"
TRAIN = "param I = 2 [mV], tau = 1 [ms]\ninit V = 0 [mV]\ntau*dV/dt = I - V\non V >= 1 [mV]: V = 0 [mV]\nsimulate: duration 20 [ms]; dt 1 [ms]"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def swept(over: dict[str, Any], text: str = LINEAR, **options: Any) -> Table:
    return nd.loads(text).sweep_table(over, seed=1, **options)


def panels(figure: Figure) -> list[Axes]:
    """Return the axes of a figure without its colour bars."""
    return [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]


def curves(ax: Axes) -> list[list[float]]:
    return [line.get_ydata().tolist() for line in ax.lines if not str(line.get_label()).startswith(("_failed", "_alone"))]


def test_one_axis_is_a_curve_in_a_panel_for_each_measure() -> None:
    table = swept({"tau": (1, 3, 5)}, measure=["final(x)", "mean(x)"])
    first, second = panels(plot(table))
    assert curves(first) == [table["final(x)"].tolist()]
    assert curves(second) == [table["mean(x)"].tolist()]
    assert (first.get_ylabel(), second.get_ylabel()) == ("Final $x$", "Mean of $x$")
    assert (first.get_xlabel(), second.get_xlabel()) == ("", "time constant $\\tau$")
    assert first.get_title(loc="left") == "a leaky cell"


def test_values_that_stand_in_no_order_are_drawn_in_that_of_their_size() -> None:
    table = swept({"tau": [3, 1, 2]}, measure=["final(x)"])
    (line,) = panels(plot(table))[0].lines
    assert line.get_xdata().tolist() == [1, 2, 3]
    assert line.get_ydata().tolist() == table["final(x)"][[1, 2, 0]].tolist()


@pytest.mark.parametrize("over", [{"tau": (1, 3, 9), "g": [1, 2]}, {"g": [1, 2], "tau": (1, 3, 9)}])
def test_a_second_axis_of_few_values_is_a_curve_for_each(over: dict[str, Any]) -> None:
    table = swept(over, measure=["final(x)"])
    values = table["final(x)"] if table.axes[0].name == "tau" else table["final(x)"].T
    (ax,) = panels(plot(table))
    assert curves(ax) == values.T.tolist()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["$g$ = 1", "$g$ = 2"]
    assert ax.get_xlabel() == "time constant $\\tau$"


def test_two_axes_are_a_heat_map_with_a_cell_for_each_point() -> None:
    table = swept({"tau": (1, 3, 9), "g": "1..100:7:log"}, measure=["final(x)"])
    figure = plot(table)
    (ax,) = panels(figure)
    (mesh,) = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    assert mesh.get_array().reshape(7, 9).tolist() == table["final(x)"].T.tolist()
    assert ax.get_yscale() == "log"
    corners = np.asarray(mesh.get_coordinates())
    assert corners[0, 0] == pytest.approx([0.875, 10 ** (-1 / 6)])
    assert corners[-1, -1] == pytest.approx([3.125, 10 ** (2 + 1 / 6)])
    assert [bar.get_ylabel() for bar in figure.axes if bar not in panels(figure)] == ["Final $x$"]


def test_a_third_axis_of_few_values_is_a_column_for_each() -> None:
    table = swept({"tau": (1, 3, 8), "h": [0, 1], "g": (1, 2, 7)}, measure=["final(x)", "max(x)"])
    shown = panels(plot(table))
    assert [ax.get_title() for ax in shown] == ["$h$ = 0", "$h$ = 1", "", ""]
    meshes = [next(a for a in ax.collections if isinstance(a, QuadMesh)) for ax in shown]
    assert meshes[1].get_array().reshape(7, 8).tolist() == table["final(x)"][:, 1].T.tolist()
    assert meshes[0].get_clim() == meshes[1].get_clim()


def test_more_axes_than_a_figure_has_are_refused() -> None:
    for over in ({"tau": (1, 2, 7), "g": (1, 2, 7), "h": (0, 1, 7)}, {"tau": [1, 2], "g": [1, 2], "h": [0, 1], "x": [1, 2]}):
        with pytest.raises(NeuroError, match="a figure shows one axis, two, or three of which one has at most 6 values"):
            plot(swept(over, measure=["final(x)"]))


def test_of_copies_the_mean_and_the_spread_are_drawn() -> None:
    table = swept({"tau": (1, 3, 5)}, text=LINEAR.replace("0*xi", "xi"), measure=["final(x)"], copies=7)
    figure = plot(table)
    (ax,) = panels(figure)
    assert curves(ax) == [pytest.approx(table["final(x)"].mean(axis=1).tolist())]
    low, high = np.quantile(table["final(x)"], (0.05, 0.95), axis=1)
    band = ax.collections[0].get_paths()[0].vertices
    assert {round(v, 9) for v in band[:, 1]} >= {round(v, 9) for v in (*low, *high)}
    assert ax.get_title(loc="left") == "a leaky cell\nmean of 7 copies and 5–95 %"


def test_points_that_were_drawn_are_dots_in_their_plane() -> None:
    table = swept({"tau": (1, 3), "g": (1, 2)}, measure=["final(x)"], random=20)
    (ax,) = panels(plot(table))
    (dots,) = [artist for artist in ax.collections if isinstance(artist, PathCollection)]
    assert np.asarray(dots.get_offsets()).tolist() == np.stack([axis.values for axis in table.drawn], axis=1).tolist()
    assert dots.get_array().tolist() == table["final(x)"].tolist()


def test_points_that_were_drawn_in_more_dimensions_have_a_panel_for_each() -> None:
    table = swept({"tau": (1, 3), "g": (1, 2), "h": (0, 1)}, measure=["final(x)"], random=9)
    shown = panels(plot(table))
    assert [ax.lines[0].get_xdata().tolist() for ax in shown] == [axis.values.tolist() for axis in table.drawn]
    assert [ax.lines[0].get_linestyle() for ax in shown] == ["None"] * 3


def test_points_that_failed_are_marked_and_told() -> None:
    table = swept({"a": [0.5, 0.9, 1.5]}, text=POLE)
    figure = plot(table)
    marks = [line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_label() == "_failed"]
    assert marks == [[1.5]]
    assert figure.get_supxlabel() == "× 1 of 3 points failed"
    heat = plot(swept({"a": (0.5, 1.5, 9), "x": (0.5, 1, 8)}, text=POLE))
    (failed,) = [line for line in heat.axes[0].lines if line.get_label() == "_failed"]
    assert len(failed.get_xdata()) == int(heat.get_supxlabel().split()[1])


def test_what_is_not_defined_is_left_out_with_a_note() -> None:
    table = swept({"I": (0.5, 3.0, 6)}, text=TRAIN, measure=["period", "rate"])
    figure = plot(table)
    assert np.isnan(table["period"]).tolist() == [True, True, False, False, False, False]
    assert np.isnan(curves(figure.axes[0])[0]).tolist() == np.isnan(table["period"]).tolist()
    assert figure.axes[0].get_ylabel() == "Mean interval between\nspikes (ms)"
    assert figure.axes[1].get_ylabel() == "Firing rate (Hz)"
    assert figure.get_supxlabel() == "left out, or grey: where a measure is not defined"


def test_measures_that_find_no_room_are_named() -> None:
    measures = ["final(x)", "min(x)", "max(x)", "mean(x)", "std(x)", "amplitude(x)", "crossings(x, 0)", "crossings(x, 1)", "crossings(x, 2)"]
    figure = plot(swept({"tau": [1, 2]}, measure=measures))
    assert len(panels(figure)) == 8
    assert "not shown: crossings(x, 2)" in figure.get_supxlabel()


@pytest.mark.parametrize(
    ("over", "options"),
    [
        ({"tau": (1, 3, 101)}, {}),
        ({"tau": [2]}, {}),
        ({"tau": [2], "g": [1]}, {}),
        ({"tau": "1..10:40:log", "g": [1, 2, 3]}, {}),
        ({"tau": (1, 3, 8), "g": (1, 2, 9), "h": [0, 1, 2]}, {}),
        ({}, {"copies": 5}),
        ({"tau": (1, 3, 8), "g": (1, 2, 9)}, {"copies": 3}),
        ({"tau": (1, 3)}, {"random": 5}),
        ({"tau": (1, 3), "g": (1, 2)}, {"random": 5, "copies": 2}),
    ],
)
def test_every_kind_of_sweep_is_drawn_without_a_warning_and_the_same_each_time(over: dict[str, Any], options: dict[str, Any], tmp_path: Path) -> None:
    table = swept(over, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("a.png", "b.png"):
            plot(table, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_figure_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NeuroError, match="is no format for figures"):
        plot(swept({"tau": [1, 2]}), tmp_path / "a.gif")


def test_a_point_whose_worker_died_has_failed_and_is_not_said_to_be_missing() -> None:
    table = swept({"tau": [1, 2, 3]}, measure=["final(x)"])
    lost = replace(table, failed={1: "its worker died"}, done=np.array([True, False, True]))
    unrun = replace(table, done=np.array([True, False, True]))
    notes = [note.get_text() for figure in (plot(lost), plot(unrun)) if (note := figure._supxlabel) is not None]  # type: ignore[attr-defined]
    assert notes == ["× 1 of 3 points failed", "1 of 3 points have not been run"]
