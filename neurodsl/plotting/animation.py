"""Films of a trajectory in its phase portrait."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neurodsl.analysis.portrait import Portrait
from neurodsl.diagnostics import fail
from neurodsl.files import require_writable, write_bytes
from neurodsl.plotting.marks import draw_notes
from neurodsl.plotting.portrait import INCHES, draw_portrait
from neurodsl.plotting.style import COLOURS, INK, style, without_word_of_missing_glyphs
from neurodsl.rules import BAD_VALUE, UNWRITABLE
from neurodsl.typesetting import after_space, number

FRAMES, RATE, DOTS = 100, 25, 90
"""Frames of a film, frames in a second, dots in an inch."""
TRAIL = 30
"""Frames for which the point leaves a trail."""
FINE = 20
"""Points of the trail in each frame."""


def require_film_destination(path: str | Path) -> None:
    """Raise what writing a film would raise afterwards.

    Raises
    ------
    NeuroError
        V101 for a suffix other than .gif and .mp4, F102 where the file cannot be written or ffmpeg is missing.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".gif", ".mp4"):
        named = f"`{suffix}` is no format for films" if suffix else "the name has no suffix that tells the format"
        raise fail(BAD_VALUE, f"cannot write the film to `{path}`: {named}", help="use `.gif` or `.mp4`")
    if suffix == ".mp4" and not FFMpegWriter.isAvailable():
        raise fail(UNWRITABLE, f"cannot write `{path}`: ffmpeg, which makes `.mp4` files, is not installed", help="use `.gif`", exit_code=4)
    require_writable(Path(path))


def animate(portrait: Portrait, path: str | Path) -> None:
    """Write a film of the first trajectory of a portrait; as a `.gif`, the same portrait gives the same bytes.

    The portrait is drawn once; in each frame only the point and its trail are drawn upon it.
    """
    require_film_destination(path)
    path = Path(path)
    orbit, axes = portrait.orbits[0], [portrait.x.number, portrait.y.number]
    with style(), without_word_of_missing_glyphs(), tempfile.TemporaryDirectory() as folder:
        figure, place = _background(portrait)
        ax = figure.add_axes(
            place, xlim=(portrait.x.low, portrait.x.high), ylim=(portrait.y.low, portrait.y.high), frameon=False, xticks=[], yticks=[], zorder=1
        )
        (trail,) = ax.plot([], [], color=COLOURS[5], linewidth=2.6, solid_capstyle="round")
        (point,) = ax.plot([], [], marker="o", markersize=8, color=INK, markeredgecolor="white", linestyle="none")
        clock = ax.text(0.99, 1.01, "", transform=ax.transAxes, ha="right", va="bottom", color=INK)
        writer: AbstractMovieWriter = PillowWriter(fps=RATE) if path.suffix.lower() == ".gif" else FFMpegWriter(fps=RATE)
        film = Path(folder) / f"film{path.suffix.lower()}"
        moments = np.linspace(0.0, float(orbit.t[-1]), FRAMES * FINE)
        states = np.column_stack([np.interp(moments, orbit.t, orbit.y[:, k]) for k in axes])
        for k in orbit.jumps:
            states[np.searchsorted(moments, orbit.t[k]) - 1] = np.nan
        digits = max(0, 2 - int(np.floor(np.log10(max(float(orbit.t[-1]), 1e-12)))))
        with writer.saving(figure, str(film), DOTS):
            for frame in range(FRAMES):
                now = (frame + 1) * FINE
                trail.set_data(*states[max(0, now - TRAIL * FINE) : now].T)
                point.set_data(*states[now - 1 : now].T)
                clock.set_text(f"$t$ = {number(round(float(moments[now - 1]), digits))}{after_space(portrait.time_unit)}")
                writer.grab_frame()
        write_bytes(path, film.read_bytes())


def _background(portrait: Portrait) -> tuple[Figure, tuple[float, float, float, float]]:
    """Return a figure that shows a portrait as an image, and where its axes are."""
    drawn = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
    canvas = FigureCanvasAgg(drawn)
    ax = drawn.add_subplot()
    draw_portrait(ax, portrait)
    draw_notes(drawn, portrait.notes)
    canvas.draw()  # type: ignore[no-untyped-call]
    figure = Figure(figsize=INCHES, dpi=DOTS)
    FigureCanvasAgg(figure)
    figure.figimage(np.asarray(canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
    return figure, ax.get_position().bounds
