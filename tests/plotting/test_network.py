"""Figures of networks show the spikes, rates, states and synapses that there are, say what they leave out, and stay small."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.text import Text
from network_results import a_network_result, spikes_of, voltage, weights

from neurodsl.diagnostics import NeuroError
from neurodsl.plotting.network import figure_of, rate_figure, save
from neurodsl.plotting.network_panels import nice_window, tones
from neurodsl.plotting.network_raster import MOST_MARKS
from neurodsl.plotting.network_synapses import stdp_figure, synapses_figure
from neurodsl.plotting.style import COLOURS
from neurodsl.solution import NetworkResult, Spikes, SynapseTrace, Trace


def poisson(sizes: dict[str, int], rate: float = 0.01, elapsed: float = 1000.0, **more: Any) -> NetworkResult:
    """Return a run whose neurons fire at random."""
    rng = np.random.default_rng(1)
    spikes = {}
    for name, size in sizes.items():
        times = np.sort(rng.uniform(0, elapsed, rng.poisson(size * rate * elapsed)))
        spikes[name] = Spikes(times, rng.integers(0, max(1, size), len(times)))
    return a_network_result(sizes, spikes, elapsed=elapsed, **more)


def words(figure: Figure) -> list[str]:
    """All texts of a figure, those of the ticks of the first axes among them."""
    figure.draw_without_rendering()
    axes = [text for ax in figure.axes for text in (*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title)]  # type: ignore[attr-defined]
    notes = [text for part in (figure, *figure.subfigs) for text in part.texts]
    return [text.get_text() for text in (*axes, *notes, *figure.axes[0].get_yticklabels()) if text.get_text()]


def marks(ax: Axes) -> int:
    """The number of spikes that are drawn."""
    dots = sum(len(np.atleast_1d(line.get_xdata())) for line in ax.lines if line.get_linestyle() == "None")
    return dots + sum(len(found.get_segments()) for found in ax.collections if isinstance(found, LineCollection))


# --- raster, rates and traces -----------------------------------------------------------------------------------------------


def test_a_run_has_a_raster_the_rates_below_and_the_recorded_states_on_one_axis_of_time() -> None:
    many = {"E": spikes_of(np.arange(1.0, 61.0), [0, 1, 2] * 20)}
    figure = figure_of(a_network_result(spikes=many, title="a test"))
    raster, rate, trace = figure.axes
    assert [ax.get_xlim() for ax in figure.axes] == [(0.0, 100.0)] * 3
    assert (raster.get_title(loc="left"), trace.get_xlabel()) == ("a test", "Time (ms)")
    assert (rate.get_ylabel(), trace.get_ylabel()) == ("rate (Hz)", "E: $v$ (mV)")
    assert [text.get_text() for text in trace.get_legend().get_texts()] == ["E[0]", "E[2]"]


def test_each_spike_of_a_small_network_is_a_line_in_the_row_of_its_neuron() -> None:
    raster = figure_of(a_network_result({"E": 4}, {"E": spikes_of([10.0, 20.0, 30.0], [0, 3, 1])})).axes[0]
    (lines,) = [found for found in raster.collections if isinstance(found, LineCollection)]
    places = [(float(segment[0, 0]), float(segment[:, 1].mean())) for segment in lines.get_segments()]
    assert places == [(10.0, 0.125), (20.0, 0.875), (30.0, 0.375)]
    assert [label.get_text() for label in raster.get_yticklabels()] == ["0", "1", "2", "3"]
    assert raster.get_ylabel() == "neuron of E"


def test_populations_are_stacked_in_the_order_of_the_file_in_colours_of_their_own() -> None:
    raster = figure_of(poisson({"E": 800, "I": 200})).axes[0]
    labels = [(label.get_text(), label.get_color()) for label in raster.get_yticklabels()]
    assert labels == [("E\n800 neurons", COLOURS[0]), ("I\n200 neurons", COLOURS[1])]
    dots = {line.get_label(): line for line in raster.lines if str(line.get_label()).startswith("_E") or str(line.get_label()).startswith("_I")}
    assert max(dots["_E"].get_ydata()) < min(dots["_I"].get_ydata())
    assert (dots["_E"].get_color(), dots["_I"].get_color()) == (COLOURS[0], COLOURS[1])


def test_the_rate_of_each_population_is_told_beside_its_spikes_and_a_silent_one_has_none() -> None:
    found = words(figure_of(poisson({"E": 100, "P": 0, "I": 50}, rate=0.02)))
    result = poisson({"E": 100, "P": 0, "I": 50}, rate=0.02)
    assert f"{1000 * result.rates('E').mean():.3g} Hz" in found
    assert "no spikes" in found


def test_small_populations_beside_large_ones_are_seen() -> None:
    raster = figure_of(poisson({"E": 20_000, "one": 1})).axes[0]
    bars = [line.get_ydata() for line in raster.lines if line.get_linewidth() == 3]
    assert [round(float(top - bottom), 2) for bottom, top in bars] == [0.9, 0.08]


def test_of_many_spikes_some_neurons_are_drawn_and_the_axis_says_which_part() -> None:
    result = poisson({"E": 16_000, "I": 4000}, rate=0.01)
    figure = figure_of(result)
    assert (result.count > 5 * MOST_MARKS, 0.8 * MOST_MARKS < marks(figure.axes[0]) <= 1.05 * MOST_MARKS) == (True, True)
    assert any("1 in 7 shown" in text for text in words(figure))


def test_of_few_neurons_all_are_drawn_however_long_they_fire() -> None:
    figure = figure_of(poisson({"E": 5}, rate=0.03, elapsed=1e6))
    assert marks(figure.axes[0]) <= 5 * 2501
    assert not any("shown" in text for text in words(figure))


def test_the_drawn_rate_is_that_of_the_result() -> None:
    result = poisson({"E": 400})
    rate = figure_of(result).axes[1]
    (steps,) = rate.patches
    values, edges, _ = steps.get_data()  # type: ignore[attr-defined]
    expected = result.rate("E", edges[1])
    assert (edges.tolist(), values.tolist()) == (expected.edges.tolist(), (expected.values * 1000).tolist())


@pytest.mark.parametrize(
    ("elapsed", "spikes", "width"), [(1000.0, 20_000, 2.0), (1000.0, 4000, 5.0), (200.0, 30, 20.0), (1e5, 0, 1e4), (0.3, 10**6, 5e-4)]
)
def test_bins_of_a_rate_have_a_round_width_in_which_enough_spikes_fall(elapsed: float, spikes: int, width: float) -> None:
    assert nice_window(elapsed, spikes) == pytest.approx(width)


def test_a_last_bin_that_is_far_too_short_is_part_of_the_one_before_it() -> None:
    result = a_network_result({"E": 1}, {"E": spikes_of(np.arange(10.0, 1001.0, 10.0), [0] * 100)}, elapsed=1005.0)
    (steps,) = figure_of(result).axes[1].patches
    values, edges, _ = steps.get_data()  # type: ignore[attr-defined]
    assert (edges[-3:].tolist(), values[-1]) == ([800.0, 900.0, 1005.0], pytest.approx(1000 * 10 / 105))


def test_a_silent_population_takes_little_room_beside_one_that_fires() -> None:
    raster = figure_of(a_network_result({"a": 1, "b": 200}, {"a": spikes_of([1.0], [0])})).axes[0]
    bars = [line.get_ydata() for line in raster.lines if line.get_linewidth() == 3]
    assert [round(float(top - bottom), 2) for bottom, top in bars] == [0.83, 0.15]


def test_where_nothing_fired_what_was_recorded_is_drawn_alone_and_a_note_says_so() -> None:
    figure = figure_of(a_network_result({"E": 3}, traces={"E.v": voltage([0])}))
    assert (len(figure.axes), figure.axes[0].get_ylabel(), "no spikes" in words(figure)) == (1, "E[0]: $v$ (mV)", True)
    assert len(figure_of(a_network_result({"E": 3})).axes) == 1


def test_thresholds_are_dashed_and_one_that_is_far_away_is_told() -> None:
    result = a_network_result({"E": 1}, {"E": spikes_of([1.0], [0])}, {"E.v": voltage([0])}, thresholds={"E.v": [-40.0, 5000.0]})
    trace = figure_of(result).axes[-1]
    assert [line.get_ydata()[0] for line in trace.lines if line.get_linestyle() == "--"] == [-40.0]
    assert [text.get_text() for text in trace.get_legend().get_texts()] == ["threshold\n−40 mV", "threshold\n5000 mV\n(above)"]


def test_many_recorded_neurons_are_a_heat_map_with_their_numbers() -> None:
    result = a_network_result({"E": 300}, {"E": spikes_of([1.0], [0])}, {"E.v": voltage(range(0, 300, 10))})
    trace = figure_of(result).axes[1]
    (image,) = trace.images
    assert image.get_array().shape == (30, 1001)  # type: ignore[union-attr]
    assert [label.get_text() for label in trace.get_yticklabels()] == ["0", "80", "160", "240"]


def test_the_states_of_a_map_are_points() -> None:
    trace = Trace(np.arange(8.0), np.array([0]), np.arange(8.0)[:, None] % 2, "1")
    figure = figure_of(a_network_result({"X": 1}, traces={"X.y": trace}, populations={"X": {"method": "map"}}, time_unit="1", elapsed=7.0))
    (line,) = figure.axes[0].lines
    assert (line.get_marker(), figure.axes[0].get_ylabel()) == ("o", "X: $y$")


def test_lines_of_one_population_have_colours_of_their_own() -> None:
    assert tones(COLOURS[0], 1) == ["#0072b2"]
    assert [len(set(tones(COLOURS[1], count))) for count in (2, 3, 5)] == [2, 3, 5]


def test_what_is_left_out_and_what_went_wrong_is_told_below() -> None:
    traces = {f"E.x{k}": voltage([0], 11) for k in range(8)}
    figure = figure_of(a_network_result({"E": 1}, {"E": spikes_of([1.0], [0])}, traces, complete=False, stopped="a state is not finite"))
    assert len(figure.axes) == 7
    assert "incomplete: a state is not finite\nnot shown: E.x6, E.x7" in words(figure)


def test_changed_parameters_stand_below_the_title() -> None:
    result = a_network_result(title="a test", parameters={"cell.tau": 5.0, "g": 2.0}, defaults={"cell.tau": 10.0, "g": 2.0})
    assert figure_of(result).axes[0].get_title(loc="left") == "a test\ncell.tau = 5"


def test_a_run_without_length_is_nothing_to_draw() -> None:
    with pytest.raises(NeuroError, match="nothing to draw"):
        figure_of(a_network_result(elapsed=0.0))


def test_the_rates_alone_have_a_legend_and_the_window_that_was_asked_for() -> None:
    figure = rate_figure(poisson({"E": 100, "I": 50}), window=25.0)
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["E", "I"]
    assert [len(steps.get_data()[0]) for steps in ax.patches] == [40, 40]  # type: ignore[attr-defined]
    assert "bins of\n25 ms" in words(figure)


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_a_figure_of_many_spikes_is_a_small_file_and_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    result = poisson({"E": 8000, "I": 2000}, rate=0.02)
    for name in ("a", "b"):
        save(figure_of(result), tmp_path / f"{name}.{suffix}")
    assert os.path.getsize(tmp_path / f"a.{suffix}") < 1_000_000
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_result_draws_itself(tmp_path: Path) -> None:
    result = a_network_result()
    assert len(result.plot(tmp_path / "r.png").axes) == 2
    assert len(result.plot_synapses(tmp_path / "w.png").axes) == 3
    assert [(tmp_path / name).read_bytes()[1:4] for name in ("r.png", "w.png")] == [b"PNG"] * 2
    with pytest.raises(NeuroError, match="is no format for figures"):
        result.plot(tmp_path / "r.jpg")


def test_labels_do_not_cover_one_another() -> None:
    for sizes in ({"E": 3200, "I": 800}, {"E": 20_000, "I": 1, "P": 1}, {f"p{k}": 10 + 40 * k for k in range(20)}):
        figure = figure_of(poisson(sizes))
        figure.draw_without_rendering()
        boxes = sorted((label.get_window_extent() for label in figure.axes[0].get_yticklabels()), key=lambda box: box.y0)
        assert [low.y1 <= high.y0 + 1 for low, high in pairwise(boxes)] == [True] * (len(boxes) - 1)


# --- synapses -----------------------------------------------------------------------------------------------------------------


def test_a_matrix_has_the_weights_at_the_place_of_their_neurons_before_and_after() -> None:
    figure = synapses_figure(a_network_result())
    before, after, histogram = (ax for ax in figure.axes if ax.get_xlabel())
    found = [np.asarray(ax.images[0].get_array().filled(np.nan)).tolist() for ax in (before, after)]  # type: ignore[union-attr]
    nan = float("nan")
    assert found[0] == pytest.approx(np.array([[0.1, 0.2], [nan, 0.3], [0.4, nan]]), nan_ok=True)
    assert found[1] == pytest.approx(np.array([[0.2, 0.4], [nan, 0.6], [0.8, nan]]), nan_ok=True)
    assert (before.get_title(loc="left"), after.get_title(loc="left")) == ("E → I.w at $t$ = 0 ms", "$t$ = 100 ms")
    assert (before.get_ylabel(), before.get_xlabel(), histogram.get_xlabel()) == ("source in E", "target in I", "$w$ (nS)")
    assert before.images[0].get_clim() == after.images[0].get_clim()


def test_the_histograms_hold_all_synapses() -> None:
    figure = synapses_figure(a_network_result())
    steps = [patch for ax in figure.axes for patch in ax.patches if hasattr(patch, "get_data")]
    assert [int(patch.get_data()[0].sum()) for patch in steps] == [4, 4]


def test_cells_of_large_matrices_are_means_over_blocks_and_the_label_says_so() -> None:
    rng = np.random.default_rng(2)
    source, target = rng.integers(0, 1000, 20_000).astype(np.uint32), rng.integers(0, 1000, 20_000).astype(np.uint32)
    values = rng.uniform(0, 1, (1, 20_000))
    figure = synapses_figure(a_network_result({"E": 1000}, synapses={"E -> E.w": SynapseTrace(np.zeros(1), source, target, values, "1")}))
    (image,) = [ax.images[0] for ax in figure.axes if ax.images and "source" in ax.get_ylabel()]
    drawn = np.asarray(image.get_array().filled(np.nan))  # type: ignore[union-attr]
    inside = (source // 5 == 7) & (target // 5 == 30)
    assert (drawn.shape, drawn[7, 30]) == ((200, 200), pytest.approx(values[0, inside].mean() if inside.any() else float("nan"), nan_ok=True))
    assert "$w$\nmean over 5 × 5 neurons" in [text.get_text() for text in figure.findobj(Text)]  # type: ignore[attr-defined]


def test_weights_that_are_all_equal_at_first_are_a_line_and_not_a_bar() -> None:
    trace = weights()
    trace.values[0] = 0.5
    figure = synapses_figure(a_network_result({"E": 3, "I": 2}, synapses={"E -> I.w": trace}))
    labels = [text.get_text() for ax in figure.axes if ax.get_legend() for text in ax.get_legend().get_texts()]
    assert labels == ["$t$ = 0 ms: all 0.5", "$t$ = 100 ms"]


def test_synapses_to_a_single_neuron_are_points_over_their_sources() -> None:
    trace = SynapseTrace(np.array([0.0, 9.0]), np.arange(5, dtype=np.uint32), np.zeros(5, np.uint32), np.arange(10.0).reshape(2, 5), "nS")
    points = synapses_figure(a_network_result({"in": 5, "out": 1}, synapses={"in -> out.w": trace})).axes[0]
    assert points.get_xlabel() == "source in in"
    assert [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in points.lines] == [
        ([0, 1, 2, 3, 4], [0.0, 1.0, 2.0, 3.0, 4.0]),
        ([0, 1, 2, 3, 4], [5.0, 6.0, 7.0, 8.0, 9.0]),
    ]


def test_weights_at_many_times_are_also_drawn_over_time() -> None:
    figure = synapses_figure(a_network_result(synapses={"E -> I.w": weights([0.0, 50.0, 100.0])}))
    over_time = next(ax for ax in figure.axes if ax.get_xlabel() == "Time (ms)")
    assert over_time.lines[0].get_ydata().tolist() == pytest.approx([0.25, 0.5, 0.75])


def test_more_projections_than_fit_are_named_below() -> None:
    synapses = {f"E -> I with s{k}.w": weights() for k in range(6)}
    found = words(synapses_figure(a_network_result({"E": 3, "I": 2}, {"E": spikes_of([1.0], [0])}, synapses=synapses)))
    assert "not shown: E -> I with s4.w, E -> I with s5.w" in found
    assert len(synapses_figure(a_network_result({"E": 3, "I": 2}, synapses=synapses), "E -> I with s5.w").axes) == 3


def test_a_run_that_recorded_no_synapses_is_nothing_to_draw() -> None:
    with pytest.raises(NeuroError, match="nothing was recorded of synapses"):
        synapses_figure(a_network_result({"E": 1}))
    with pytest.raises(KeyError, match="was not recorded of synapses"):
        synapses_figure(a_network_result(), "E -> I.x")


def test_a_window_of_plasticity_has_two_sides_that_are_not_joined() -> None:
    x = np.array([10.0, -10.0, -5.0, 0.0, 5.0])
    (ax,) = stdp_figure(x, np.sign(x) * np.exp(-np.abs(x) / 20), title="a pair").axes
    sides = [(line.get_xdata().tolist(), line.get_label()) for line in ax.lines if len(np.atleast_1d(line.get_xdata())) and line.get_marker() == "o"]
    assert sides == [([-10.0, -5.0], "post before pre"), ([0.0], "_same time"), ([5.0, 10.0], "pre before post")]
    assert ax.get_xlabel() == r"$\Delta t = t_\mathrm{post} - t_\mathrm{pre}$ (ms)"
    with pytest.raises(NeuroError, match="are no window"):
        stdp_figure([1.0], [1.0, 2.0])
