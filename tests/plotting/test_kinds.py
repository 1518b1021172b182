"""Figures of copies, arrays and maps hold the numbers of the result, and say what they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from results import a_result

from neurodsl.plotting import plot, save_figure
from neurodsl.plotting.panels import over_copies, panels_of, sampled
from neurodsl.solution import Result

RANDOM = np.random.default_rng(1)
STEPS, COPIES = 201, 40
NOISE = RANDOM.normal(size=(STEPS, COPIES)) - 60
VECTOR = np.sin(np.outer(np.arange(STEPS) / 20, np.arange(1, 13)))
ORBIT = np.array([0.3])
while len(ORBIT) < STEPS:
    ORBIT = np.append(ORBIT, 3.9 * ORBIT[-1] * (1 - ORBIT[-1]))


def ensemble(**meta: Any) -> Result:
    return a_result({"V": NOISE}, spikes=[5.0, 5.0, 7.5], index=[3, 20, 39], copies=COPIES, **{"thresholds": {"V": [-50.0]}} | meta)


def a_map(values: dict[str, Any], **options: Any) -> Result:
    result = a_result(values, units={"t": "1"}, discrete=True, **options)
    return Result(np.arange(len(result.t)) * 1.0, result.values, result.spikes, result.final, result.units, result.meta)


def lines(ax: Axes) -> dict[str, np.ndarray]:
    """The lines of a panel by their labels, as arrays of shape (2, n)."""
    return {str(line.get_label()): np.array(line.get_data()) for line in ax.lines}


def image(ax: Axes) -> AxesImage:
    (found,) = ax.images
    return found


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts] + [text.get_text() for text in figure.texts]


# --- copies -------------------------------------------------------------------------------------------------------------


def test_copies_are_drawn_as_their_mean_the_band_of_nine_in_ten_and_the_first_three() -> None:
    result = ensemble()
    _, ax = plot(result).axes
    drawn = lines(ax)
    assert drawn["mean of 40"][1] == pytest.approx(NOISE.mean(axis=1))
    assert drawn["copies 0–2"][1].tolist() == NOISE[:, 0].tolist()
    assert [line.get_ydata().tolist() for line in ax.lines[:3]] == NOISE[:, :3].T.tolist()
    (band,) = (c for c in ax.collections if isinstance(c, PolyCollection))
    corners = band.get_paths()[0].vertices
    low, high = np.quantile(NOISE, (0.05, 0.95), axis=1)
    for t, bottom, top in zip(result.t[1:-1], low[1:-1], high[1:-1], strict=True):
        heights = corners[np.isclose(corners[:, 0], t), 1]
        assert (heights.min(), heights.max()) == pytest.approx((bottom, top))
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["copies 0–2", "5–95 % of copies", "mean of 40", "threshold −50 mV"]


def test_spikes_of_copies_are_a_raster_with_a_row_for_each_copy() -> None:
    figure = plot(ensemble())
    raster = figure.axes[0]
    (marks,) = (c for c in raster.collections if isinstance(c, LineCollection))
    assert [(float(s[0, 0]), float(s[:, 1].mean())) for s in marks.get_segments()] == [(5.0, 3.0), (5.0, 20.0), (7.5, 39.0)]
    assert (raster.get_ylabel(), raster.get_ylim()) == ("copy", (-0.6, 39.6))
    assert "3 spikes of\n40 copies" in texts(figure)


def test_the_raster_of_many_copies_shows_the_first_sixty_and_says_so() -> None:
    times, owners = np.sort(RANDOM.uniform(0, 20, 500)), RANDOM.integers(0, 1000, 500)
    figure = plot(a_result({"V": RANDOM.normal(size=(STEPS, 1000))}, spikes=times, index=owners, copies=1000))
    (marks,) = (c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    assert sorted(float(s[0, 0]) for s in marks.get_segments()) == times[owners < 60].tolist()
    assert "500 spikes of\n1000 copies,\n60 of them\nshown" in texts(figure)


def test_where_only_spikes_were_recorded_the_rate_of_all_copies_is_drawn_below() -> None:
    times, owners = np.sort(RANDOM.uniform(0, 0.1, 5000)), RANDOM.integers(0, 1000, 5000)
    _, rate = plot(a_result({}, spikes=times, index=owners, copies=1000)).axes
    stairs = rate.patches[0].get_data()  # type: ignore[attr-defined]
    counts, edges = np.histogram(times, 100, (0, 0.1))
    assert (stairs.edges.tolist(), rate.get_ylabel()) == (edges.tolist(), "rate of a copy (Hz)")
    assert stairs.values == pytest.approx(counts / 1000 / 1e-6)


def test_quantities_that_share_a_panel_have_a_mean_and_a_band_each() -> None:
    gates = {name: RANDOM.uniform(0, 1, (STEPS, COPIES)) for name in "mh"}
    (ax,) = plot(a_result(gates, units={"t": "ms"}, copies=COPIES)).axes
    drawn = lines(ax)
    assert [drawn["$m$"][1].tolist(), drawn["$h$"][1].tolist()] == [over_copies(gates[name])[0].tolist() for name in "mh"]
    assert sum(isinstance(c, PolyCollection) for c in ax.collections) == 2
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_title().get_text() == "mean of copies\nand 5–95 %"


def test_a_single_copy_is_drawn_as_a_trace() -> None:
    (ax,) = plot(a_result({"V": NOISE[:, :1]}, copies=1)).axes
    assert (lines(ax)["copy 0"][1].tolist(), len(ax.collections)) == (NOISE[:, 0].tolist(), 0)


def test_a_copy_that_has_ended_does_not_count_for_the_mean() -> None:
    values = np.array([[1.0, 3.0], [2.0, np.nan], [np.nan, np.nan]])
    mean, low, high = over_copies(values)
    assert (mean[:2].tolist(), low[1], high[1], np.isnan([mean[2], low[2], high[2]]).all()) == ([2.0, 2.0], 2.0, 2.0, True)


def test_a_long_ensemble_is_drawn_at_two_thousand_times() -> None:
    values = RANDOM.normal(size=(10_000, 5))
    (ax,) = plot(a_result({"V": values}, copies=5)).axes
    kept = sampled(10_000)
    assert (len(kept), kept[0], kept[-1]) == (2000, 0, 9999)
    assert lines(ax)["mean of 5"][1] == pytest.approx(values[kept].mean(axis=1))


def test_an_ensemble_that_is_incomplete_says_how_many_copies_are_whole() -> None:
    figure = plot(ensemble(complete=False, stopped="a state is not finite", copies_complete=17))
    assert "incomplete: a state is not finite (17 of 40 copies complete)" in texts(figure)


# --- arrays -------------------------------------------------------------------------------------------------------------


def test_up_to_eight_elements_share_a_panel_as_lines() -> None:
    result = a_result({"x": VECTOR[:, :3]}, labels={"x": "rate"})
    (ax,) = plot(result).axes
    assert [(label, data[1].tolist()) for label, data in lines(ax).items()] == [(f"$x_{{{k}}}$", VECTOR[:, k].tolist()) for k in range(3)]
    assert ax.get_ylabel() == "rate $x$ (mV)"


def test_more_elements_are_a_heat_map_over_time() -> None:
    result = a_result({"x": VECTOR}, labels={"x": "rate"})
    figure = plot(result)
    ax = figure.axes[0]
    found = image(ax)
    assert np.asarray(found.get_array()).tolist() == VECTOR.T.tolist()
    assert found.get_extent() == pytest.approx((-0.05, 20.05, -0.5, 11.5))
    assert (found.get_clim(), found.get_cmap().name) == ((-np.abs(VECTOR).max(), np.abs(VECTOR).max()), "RdBu_r")
    (bar,) = ax.child_axes
    assert (ax.get_ylabel(), bar.get_ylabel(), ax.get_xlabel()) == ("element", "rate $x$ (mV)", "Time (ms)")


def test_values_of_one_sign_have_colours_from_their_smallest_to_their_largest() -> None:
    found = image(plot(a_result({"x": VECTOR - 60})).axes[0])
    assert (found.get_clim(), found.get_cmap().name) == (((VECTOR - 60).min(), (VECTOR - 60).max()), "viridis")


def test_copies_of_a_vector_are_drawn_as_their_mean() -> None:
    copies = VECTOR[:, np.newaxis, :] + np.arange(3.0)[:, np.newaxis]
    figure = plot(a_result({"x": copies}, copies=3))
    assert np.asarray(image(figure.axes[0]).get_array()) == pytest.approx(VECTOR.T + 1)
    assert figure.axes[0].child_axes[0].get_ylabel() == "$x$ (mV)\nmean of 3 copies"
    (few,) = plot(a_result({"x": copies[:, :, :2]}, copies=3)).axes
    assert lines(few)["$x_{1}$"][1] == pytest.approx(VECTOR[:, 1] + 1)


def test_a_matrix_is_drawn_at_the_first_and_the_last_time_in_the_same_colours() -> None:
    values = RANDOM.normal(size=(STEPS, 3, 4))
    figure = plot(a_result({"W": values, "V": VECTOR[:, 0]}, labels={"W": "weights"}))
    over_time, before, after, bar = figure.axes
    assert len(lines(over_time)) == 1
    assert [np.asarray(image(ax).get_array()).tolist() for ax in (before, after)] == [values[0].tolist(), values[-1].tolist()]
    assert image(before).get_clim() == image(after).get_clim()
    assert [ax.get_title() for ax in (before, after)] == ["$W$ at $t$ = 0 ms", "$W$ at $t$ = 20 ms"]
    assert bar.get_ylabel() == "weights $W$ (mV)"


def test_a_matrix_alone_has_its_title_above_both() -> None:
    figure = plot(a_result({"W": RANDOM.normal(size=(5, 2, 2, 2))}, title="a network"))
    assert [np.asarray(image(ax).get_array()).shape for ax in figure.axes[:2]] == [(2, 4), (2, 4)]
    assert figure.get_suptitle() == "a network"


def test_elements_that_were_recorded_by_name_share_a_panel() -> None:
    result = a_result({"x[0]": VECTOR[:, 0], "x[7]": VECTOR[:, 6], "W[0,2]": VECTOR[:, 1]}, states=["x", "W"])
    assert [panel.names for panel in panels_of(result, list(result))] == [("x[0]", "x[7]"), ("W[0,2]",)]
    assert [ax.get_ylabel() for ax in plot(result).axes] == ["$x_{0}$, $x_{7}$ (mV)", "$W_{0,2}$ (mV)"]


def test_spikes_of_elements_are_a_raster_over_the_elements() -> None:
    raster = plot(a_result({"x": VECTOR}, spikes=[1.0, 2.0], index=[4, 11])).axes[0]
    assert (raster.get_ylabel(), raster.get_ylim()) == ("element", (-0.6, 11.6))


def test_spikes_of_copies_of_arrays_are_those_of_the_first_copy() -> None:
    result = a_result({"x": VECTOR[:, np.newaxis, :]}, spikes=[1.0, 2.0, 3.0], index=[4, 11, 2], copy=[0, 1, 0], copies=2)
    figure = plot(a_result({}, spikes=[1.0, 2.0, 3.0], index=[4, 11, 2], copy=[0, 1, 0], copies=2))
    assert (panels_of(result, ["x"])[0].kind, figure.axes[0].get_ylabel()) == ("heat", "element of copy 0")
    (marks,) = (c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    assert [(float(s[0, 0]), float(s[:, 1].mean())) for s in marks.get_segments()] == [(3.0, 2.0), (1.0, 4.0)]


def test_an_array_without_elements_is_not_drawn() -> None:
    assert panels_of(a_result({"x": np.zeros((3, 0)), "y": [0.0, 1.0, 2.0]}), ["x", "y"])[0].names == ("y",)


# --- maps ---------------------------------------------------------------------------------------------------------------


def test_a_map_in_one_dimension_is_drawn_as_points_and_against_its_last_value() -> None:
    over_time, returns = plot(a_map({"x": ORBIT})).axes
    (points,) = over_time.lines
    assert (points.get_marker(), points.get_ydata().tolist(), over_time.get_xlabel()) == ("o", ORBIT.tolist(), "Step")
    drawn = lines(returns)
    assert (drawn["_returns"][0].tolist(), drawn["_returns"][1].tolist()) == (ORBIT[:-1].tolist(), ORBIT[1:].tolist())
    assert drawn["_diagonal"][0].tolist() == drawn["_diagonal"][1].tolist() == list(returns.get_xlim()) == list(returns.get_ylim())
    assert (returns.get_xlabel(), returns.get_ylabel()) == ("$x$ at step $n$", "$x$ at step $n+1$")
    assert over_time.get_xlim() == (-0.5, STEPS - 0.5)


def test_the_points_of_a_long_map_are_not_joined() -> None:
    joined = [plot(a_map({"x": np.resize(ORBIT, n)})).axes[0].lines[0].get_linewidth() > 0 for n in (300, 301)]
    assert joined == [True, False]


def test_a_map_of_several_states_or_of_two_values_has_no_return_map() -> None:
    for values in ({"x": ORBIT, "y": ORBIT**2}, {"x": np.round(ORBIT)}, {"x": VECTOR}):
        assert [ax.get_xlabel() for ax in plot(a_map(values)).axes][-1] == "Step"


def test_a_map_of_copies_returns_with_the_points_of_all() -> None:
    both = np.column_stack([ORBIT, 1 - ORBIT])
    returns = plot(a_map({"x": both}, copies=2)).axes[1]
    assert lines(returns)["_returns"].shape == (2, 2 * (STEPS - 1))


@pytest.mark.parametrize(("low", "count"), [(0.0, 12), (-1.0, 12), (0.0, 3)])
def test_an_array_of_two_values_is_drawn_in_black_and_white(low: float, count: int) -> None:
    values = np.where(VECTOR[:, :count] > 0.2, 1.0, low)
    found = image(plot(a_map({"x": values})).axes[0])
    assert (np.asarray(found.get_array()).tolist(), found.get_clim()) == (values.T.tolist(), (low, 1.0))
    assert found.get_cmap()(0.0)[:3] == (1.0, 1.0, 1.0)
    bar = found.axes.child_axes[0]
    assert [text.get_text() for text in bar.get_yticklabels()] == ["0" if low == 0 else "−1", "1"]


def test_the_steps_of_a_map_may_have_a_unit_of_time() -> None:
    result = a_result({"x": ORBIT[:50]}, units={"t": "ms"}, discrete=True)
    assert plot(result).axes[0].get_xlabel() == "Time (ms)"


# --- files --------------------------------------------------------------------------------------------------------------

KINDS = {
    "copies": ensemble(),
    "heat": a_result({"x": VECTOR}, spikes=[1.0], index=[3]),
    "matrix": a_result({"W": RANDOM.normal(size=(5, 3, 4))}),
    "map": a_map({"x": ORBIT}),
    "binary": a_map({"x": np.round(np.abs(VECTOR))}),
    "not finite": a_result({"x": np.full((5, 12), np.nan), "W": np.full((5, 2, 2), np.inf), "V": [1e308, np.nan, 0.0, 1.0, 2.0]}),
    "copies that are not finite": a_result({"V": np.full((5, 3), np.nan), "x": np.full((5, 3, 9), np.nan)}, copies=3),
    "one time": a_result({"x": VECTOR[:1], "V": VECTOR[:1, 0]}),
    "one time of copies": a_result({"V": NOISE[:1]}, copies=COPIES),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_every_kind_is_written_without_a_warning_and_the_same_each_time(tmp_path: Path, kind: str, suffix: str) -> None:
    for name in ("a", "b"):
        save_figure(KINDS[kind], tmp_path / f"{name}{suffix}")
    written = [(tmp_path / f"{name}{suffix}").read_bytes() for name in ("a", "b")]
    assert (written[0] == written[1], len(written[0]) > 3000) == (True, True)
