"""A figure shows what was recorded, with labels, thresholds and spikes, and nothing that was not computed."""

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from results import a_result

from neurodsl.diagnostics import NeuroError
from neurodsl.plotting import arrange, plot, require_figure_destination, save_figure, thin
from neurodsl.solution import Result

WAVE = np.sin(np.arange(2001) / 60)
GATE = 0.5 + 0.4 * WAVE


def lif(**meta: object) -> Result:
    return a_result(
        {"V": -60 + 10 * WAVE},
        spikes=[13.8, 29.9, 46.0],
        **{"title": "leaky integrate-and-fire neuron", "labels": {"V": "membrane potential"}, "thresholds": {"V": [-50.0]}} | meta,
    )


def hodgkin_huxley() -> Result:
    currents = {"I_Na": -800 * GATE, "I_K": 700 * GATE, "I_L": 30 * GATE}
    units = {"t": "ms", "V": "mV", **dict.fromkeys("mhn", "1"), **dict.fromkeys(currents, "uA/cm^2")}
    values = {"m": GATE, "V": 100 * WAVE, "h": 1 - GATE, "n": GATE**2, **currents}
    return a_result(values, units=units, states=["V", "m", "h", "n"], labels={"m": "sodium activation"})


def traces(ax: Axes) -> list[Line2D]:
    """The lines that stand for recorded quantities."""
    return [line for line in ax.lines if line.get_linestyle() == "-"]


def words(figure: Figure) -> list[str]:
    """All texts of a figure, without those of the ticks."""
    axes = [text for ax in figure.axes for text in (*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title)]  # type: ignore[attr-defined]
    return [text.get_text() for text in (*axes, *figure.texts) if text.get_text()]


def test_a_single_trace_is_labelled_from_the_docs_and_the_units() -> None:
    figure = plot(lif())
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time (ms)", "membrane potential $V$ (mV)")
    assert ax.get_title(loc="left") == "leaky integrate-and-fire neuron"
    assert (tuple(figure.get_size_inches()), ax.get_xlim()) == ((10.0, 4.0), (0.0, 200.0))
    assert (traces(ax)[0].get_xdata()[-1], traces(ax)[0].get_ydata().tolist()) == (200.0, lif()["V"].tolist())


def test_a_threshold_is_a_dashed_line_at_its_height_with_its_value() -> None:
    (ax,) = plot(lif()).axes
    (dashed,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed.get_ydata() == [-50.0, -50.0]
    assert "threshold\n−50 mV" in words(ax.figure)


def test_a_threshold_that_is_never_reached_is_in_view_and_one_out_of_all_proportion_is_told() -> None:
    result = a_result({"V": -65 + WAVE}, thresholds={"V": [-50.0, 20000.0]})
    (ax,) = plot(result).axes
    assert [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"] == [-50.0]
    assert -50.0 < ax.get_ylim()[1] < 0.0
    assert "threshold 20000 mV\n(above the axis)" in words(ax.figure)


def test_spikes_are_marked_above_the_axes_and_no_voltage_is_made_up_for_them() -> None:
    (ax,) = plot(lif()).axes
    (marks,) = [line for line in ax.lines if line.get_marker() == "v"]
    assert (marks.get_xdata().tolist(), marks.get_ydata().tolist()) == ([13.8, 29.9, 46.0], [1.045] * 3)
    assert "3 spikes" in words(ax.figure)
    assert max(traces(ax)[0].get_ydata()) == max(lif()["V"])


def test_many_spikes_have_a_strip_of_their_own_with_a_row_for_each_element() -> None:
    times = np.linspace(0.5, 199.5, 1000)
    strip, ax = plot(a_result({"V": WAVE}, spikes=times, index=[k % 3 for k in range(1000)])).axes
    segments = np.array(strip.collections[0].get_segments())
    assert sorted(segments[:, 0, 0].tolist()) == times.tolist()
    assert sorted(set(segments.mean(axis=1)[:, 1].tolist())) == [0.0, 1.0, 2.0]
    assert len(traces(ax)) == 1


def test_what_belongs_together_shares_a_panel_below_the_voltage() -> None:
    figure = plot(hodgkin_huxley())
    assert [ax.get_ylabel() for ax in figure.axes] == [
        "$V$ (mV)",
        "$m$, $h$, $n$",
        r"$I_{\mathrm{Na}}$, $I_{\mathrm{K}}$, $I_{\mathrm{L}}$ (µA/cm²)",
    ]
    assert [len(traces(ax)) for ax in figure.axes] == [1, 3, 3]
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == ["$m$  sodium activation", "$h$", "$n$"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "Time (ms)"]


@pytest.mark.parametrize(
    ("values", "units", "panels"),
    [
        ({"V1": WAVE, "V2": WAVE, "w_1": WAVE, "w_2": WAVE}, dict.fromkeys(["V1", "V2"], "mV"), [("V1", "V2"), ("w_1",), ("w_2",)]),
        ({"x": 20 * WAVE, "y": 20 * WAVE, "z": 40 * GATE}, {}, [("x",), ("y",), ("z",)]),
        ({"E": GATE, "I": GATE}, {}, [("E", "I")]),
        ({"V": WAVE, "E_eff": WAVE}, {"V": "mV", "E_eff": "mV"}, [("V",), ("E_eff",)]),
    ],
)
def test_unlike_quantities_have_panels_of_their_own(values: dict[str, np.ndarray], units: dict[str, str], panels: list[tuple[str, ...]]) -> None:
    result = a_result(values, units={"t": "ms"} | units)
    assert arrange(result, list(values)) == panels


def test_names_that_are_asked_for_are_drawn_in_their_order() -> None:
    assert [ax.get_ylabel() for ax in plot(hodgkin_huxley(), ["n", "V"]).axes] == ["$n$", "$V$ (mV)"]
    with pytest.raises(KeyError, match="`u` was not recorded"):
        plot(hodgkin_huxley(), ["u"])


def test_more_than_eight_panels_are_left_out_with_a_note() -> None:
    figure = plot(a_result({f"x{k}": 5 * WAVE for k in range(10)}, units={"t": "1"}))
    assert (len(figure.axes), figure.axes[-1].get_xlabel(), "not shown: x8, x9" in words(figure)) == (8, "Time", True)


def test_an_incomplete_run_says_so() -> None:
    assert "incomplete: V is not finite at t = 12.3 ms" in words(plot(lif(complete=False, stopped="V is not finite at t = 12.3 ms")))


def test_the_title_names_the_parameters_that_were_changed() -> None:
    result = lif(parameters={"I": 2.5, "tau_m": 10.0}, defaults={"I": 2.0, "tau_m": 10.0})
    assert plot(result).axes[0].get_title(loc="left") == "leaky integrate-and-fire neuron\n$I$ = 2.5"


def test_a_run_in_which_nothing_was_recorded_shows_its_spikes_or_is_refused() -> None:
    (strip,) = plot(a_result({}, spikes=[0.05])).axes
    assert len(strip.collections[0].get_segments()) == 1
    with pytest.raises(NeuroError, match="nothing was recorded and nothing spiked"):
        plot(a_result({}))


@pytest.mark.parametrize("trace", [[1.0], [1.0, np.nan, np.inf], [-1e308, 1e308], 3 * [np.nan], [5e-324, 0.0]])
def test_numbers_at_the_edge_are_drawn_without_a_warning(tmp_path: Path, trace: list[float]) -> None:
    save_figure(a_result({"V": trace}, thresholds={"V": [np.inf, 1e308, 0.0]}), tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes()[:4] == b"\x89PNG"


# --- long runs ---------------------------------------------------------------------------------------------------------


def test_a_short_trace_is_drawn_point_by_point() -> None:
    t = np.arange(8000.0)
    assert thin(t, t)[0] is t


def test_no_spike_of_a_long_trace_is_lost() -> None:
    t = np.arange(1_000_003) * 0.01
    trace = np.zeros(len(t))
    spikes = np.random.default_rng(1).choice(len(t), 500, replace=False)
    trace[spikes[:250]], trace[spikes[250:]] = 100.0 + np.arange(250), -100.0 - np.arange(250)
    trace[-1] = 500.0
    few_t, few = thin(t, trace)
    width = 1.1 * t[-1] / 2000
    lost = [k for k in spikes if not np.any((np.abs(few_t - t[k]) <= width) & (np.abs(few) >= abs(trace[k])) & (few * trace[k] > 0))]
    assert (lost, len(few) <= 4 * 2000 + 2000, few_t[0], few_t[-1]) == ([], True, t[0], t[-1])
    assert np.all(np.diff(few_t) > 0)
    assert np.isin(few, trace).all()


def test_a_trace_with_gaps_keeps_its_extremes() -> None:
    trace = np.full(100_000, np.nan)
    trace[50_000:60_000:7] = 1.0
    trace[55_000] = 9.0
    assert np.nanmax(thin(np.arange(100_000.0), trace)[1]) == 9.0


# --- texts of the user's -----------------------------------------------------------------------------------------------

NASTY = [
    r"$\frac{$",
    r"cost $5 and $6",
    r"\input{/etc/passwd}",
    r"\$ \\$ $$",
    "a\nb\x1b[31m\x00",
    "{}^_%&#~",
    "日本語 🧠",
    300 * "long ",
    "$" * 999,
]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_no_text_of_the_user_breaks_a_figure_or_becomes_mathematics(tmp_path: Path, text: str, suffix: str) -> None:
    result = lif(title=text, labels={"V": text, "w": text}, complete=False, stopped=text)
    save_figure(a_result({"V": WAVE, "w": GATE, "u": GATE}, units={"t": text, "V": text}, **result.meta), tmp_path / f"f{suffix}")
    assert (tmp_path / f"f{suffix}").stat().st_size > 5000


def test_the_settings_of_the_user_neither_change_a_figure_nor_are_changed(tmp_path: Path) -> None:
    save_figure(lif(), tmp_path / "a.png")
    with matplotlib.rc_context({"text.usetex": True, "axes.facecolor": "red", "savefig.dpi": 20, "font.size": 30}):
        save_figure(lif(), tmp_path / "b.png")
        assert (matplotlib.rcParams["text.usetex"], matplotlib.rcParams["font.size"]) == (True, 30)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


# --- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".PNG", b"\x89PNG")])
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, suffix: str, start: bytes) -> None:
    save_figure(lif(), tmp_path / f"a{suffix}")
    save_figure(lif(), tmp_path / f"b{suffix}")
    whole = (tmp_path / f"a{suffix}").read_bytes()
    assert (whole[: len(start)], whole == (tmp_path / f"b{suffix}").read_bytes()) == (start, True)


def test_a_format_that_is_not_supported_is_refused_before_and_after_the_run(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "f.gif", "`.gif` is no format for figures"),
        (tmp_path / "f", "the name has no suffix that tells the format"),
    ):
        for act in (lambda path=path: save_figure(lif(), path), lambda path=path: require_figure_destination(path)):
            with pytest.raises(NeuroError) as caught:
                act()
            found = caught.value.report.found[0]
            assert (found.rule.code, found.message) == ("V101", f"cannot save the figure to `{path}`: {reason}")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NeuroError) as caught:
        save_figure(lif(), tmp_path / "none" / "f.png")
    assert (caught.value.report.found[0].rule.code, caught.value.exit_code) == ("F102", 4)


def test_drawing_does_not_load_the_interactive_part_of_matplotlib(tmp_path: Path) -> None:
    code = "import sys, neurodsl.plotting; print('matplotlib.pyplot' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root).stdout == "False\n"
