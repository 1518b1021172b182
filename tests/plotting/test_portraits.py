"""Figures of phase portraits: what is drawn, with which marks and words, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

import neurodsl as nd
from neurodsl.analysis.phase_line import PhaseLine
from neurodsl.analysis.portrait import Portrait
from neurodsl.diagnostics import NeuroError
from neurodsl.plotting import animation

TOGGLE = "# Switch\nparam a = 3 [1/s]\ninput b = 1 [1/s]\ninit u = 0.1, v = 2\ndu/dt = a/(1 + v^2) - b*u\ndv/dt = a/(1 + u^2) - b*v"


@pytest.fixture(scope="module")
def bistable() -> Portrait:
    """FitzHugh-Nagumo with a stable focus inside an unstable cycle inside a stable one."""
    found = nd.load("fitzhugh_nagumo").phase_portrait("v", "w", I_ext="0.325")
    assert isinstance(found, Portrait)
    return found


@pytest.fixture(scope="module")
def line() -> PhaseLine:
    """The phase line of the leaky integrate-and-fire neuron."""
    found = nd.load("lif").phase_portrait()
    assert isinstance(found, PhaseLine)
    return found


def legend(ax: Axes) -> list[str]:
    """The entries of the legend."""
    found = ax.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def test_the_legend_names_everything_that_is_drawn(bistable: Portrait) -> None:
    (ax,) = bistable.plot().axes
    assert legend(ax) == [
        r"$\mathrm{d}v/\mathrm{d}t$ = 0",
        r"$\mathrm{d}w/\mathrm{d}t$ = 0",
        "threshold $v$ = 1",
        "trajectories",
        "stable cycle\nperiod 51.801",
        "unstable cycle\nperiod 30.09",
        "stable focus\n(−0.9727, −0.3409)",
    ]


def test_the_axes_have_labels_with_symbols_and_the_title_what_was_changed(bistable: Portrait) -> None:
    (ax,) = bistable.plot().axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("membrane potential $v$", "recovery $w$")
    assert ax.get_title(loc="left") == "FitzHugh-Nagumo neuron\n$I_{\\mathrm{ext}}$ = 0.325"
    assert ax.get_xlim() == (bistable.x.low, bistable.x.high)


def test_the_unstable_cycle_is_dashed_and_the_stable_one_is_not(bistable: Portrait) -> None:
    (ax,) = bistable.plot().axes
    styles = {c.stable: next(li.get_linestyle() for li in ax.lines if np.array_equal(li.get_ydata(), c.orbit.y[:, 1])) for c in bistable.cycles}
    assert styles == {True: "-", False: "--"}


def test_fixed_points_are_filled_where_stable_half_filled_at_saddles_and_open_elsewhere() -> None:
    found = nd.load("wilson_cowan").phase_portrait(I_e=4)
    (ax,) = found.plot().axes
    marks = {li.get_xdata()[0]: (li.get_fillstyle(), li.get_markerfacecolor()) for li in ax.lines if li.get_label() == "_fixed point"}
    kinds = {p["E"]: p.type for p in found.fixed_points}
    looks = {kinds[x]: look for x, look in marks.items()}
    assert looks == {"unstable focus": ("full", "white"), "saddle": ("left", "#262626"), "stable node": ("full", "#262626")}


def test_a_projection_says_what_the_other_states_are() -> None:
    found = nd.load("hodgkin_huxley").phase_portrait("V", "n", box={"V": (-20, 120), "n": (0, 1)}, duration=20)
    (ax,) = found.plot().axes
    assert ax.get_title(loc="left").endswith("\n$m$, $h$ at their steady state")
    assert ax.get_xlabel() == "membrane potential $V$ (mV)"


def test_a_model_of_second_order_has_the_second_derivative_in_its_legend() -> None:
    (ax,) = nd.load("oscillator").phase_portrait().plot().axes
    assert legend(ax)[:2] == [r"$\mathrm{d}x/\mathrm{d}t$ = 0", r"$\mathrm{d}^2x/\mathrm{d}t^2$ = 0"]


def test_a_changed_parameter_is_shown_with_its_unit() -> None:
    (ax,) = nd.loads(TOGGLE).phase_portrait(a="-3.5", b=1.25).plot().axes
    assert ax.get_title(loc="left") == "Switch\n$a$ = −3.5 Hz, $b$ = 1.25 Hz"


def test_a_phase_line_has_arrows_on_its_zero_line_and_marks_its_threshold_and_reset(line: PhaseLine) -> None:
    (ax,) = line.plot().axes
    arrows = {(li.get_marker(), bool(li.get_xdata()[0] < -45)) for li in ax.lines if li.get_label() == "_arrow"}
    assert arrows == {(">", True), ("<", False)}
    assert legend(ax) == [
        r"$\mathrm{d}V/\mathrm{d}t$",
        "threshold $V$ = −50 mV",
        "reset $V$ = −70 mV",
        "stable node, not reached\n(−45)",
    ]
    assert ax.get_ylabel() == r"$\mathrm{d}V/\mathrm{d}t$ (mV/ms)"


def test_a_threshold_outside_of_the_picture_stands_in_the_legend_alone() -> None:
    (ax,) = nd.load("quadratic_if").phase_portrait(box={"V": (-10, 10)}).plot().axes
    assert [entry for entry in legend(ax) if "outside" in entry] == ["threshold $V$ = 100\n(outside)", "reset $V$ = −100\n(outside)"]


def test_a_cobweb_goes_between_the_map_and_the_diagonal() -> None:
    found = nd.load("logistic_map").phase_portrait(r=3.2, starts=[{"x": 0.1}])
    (ax,) = found.plot().axes
    (web,) = [li for li in ax.lines if li.get_label() == "_cobweb"]
    x, y = np.asarray(web.get_xdata()), np.asarray(web.get_ydata())
    assert np.allclose(y[1::2], 3.2 * x[1::2] * (1 - x[1::2]))
    assert np.array_equal(x[::2], y[::2])


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_portrait_gives_the_same_bytes(line: PhaseLine, tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    line.save(first)
    line.save(second)
    assert first.read_bytes() == second.read_bytes()


def test_streamlines_too_are_the_same_every_time(bistable: Portrait, tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    bistable.save(first)
    bistable.save(second)
    assert first.read_bytes() == second.read_bytes()


def test_another_format_is_refused(line: PhaseLine, tmp_path: Path) -> None:
    with pytest.raises(NeuroError) as caught:
        line.save(tmp_path / "a.jpg")
    assert "`.jpg` is no format for figures" in str(caught.value)


def test_a_film_follows_the_first_trajectory(bistable: Portrait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animation, "FRAMES", 4)
    bistable.animate(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 4


def test_a_film_as_mp4_needs_ffmpeg(bistable: Portrait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animation.FFMpegWriter, "isAvailable", lambda: False)
    with pytest.raises(NeuroError) as caught:
        bistable.animate(tmp_path / "a.mp4")
    assert ("ffmpeg, which makes `.mp4` files, is not installed" in str(caught.value), caught.value.exit_code) == (True, 4)


def test_a_film_in_another_format_is_refused(bistable: Portrait, tmp_path: Path) -> None:
    with pytest.raises(NeuroError) as caught:
        bistable.animate(tmp_path / "a.avi")
    assert "use `.gif` or `.mp4`" in str(caught.value)
