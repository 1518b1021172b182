"""Figures of firing rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neurodsl.analysis.firing import FiringCurve
from neurodsl.files import write_atomically
from neurodsl.plotting import SUFFIXES, require_figure_destination
from neurodsl.plotting.style import COLOURS, MUTED, style, without_word_of_missing_glyphs
from neurodsl.typesetting import in_parentheses, plain, symbol


def plot_firing(curve: FiringCurve) -> Figure:
    """Return the figure of a firing rate over a constant input, the rheobase dashed."""
    with style():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        marker = "." if len(curve.values) <= 60 else ""
        rheobase = curve.repetitive.value
        values, rates = curve.values, np.asarray(curve.rates)
        if rheobase is not None and values[0] <= rheobase <= values[-1]:
            at = int(np.searchsorted(values, rheobase))
            values, rates = np.insert(values, at, rheobase), np.insert(rates, at, 0.0)
            axes.axvline(rheobase, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
            axes.annotate(
                f"{rheobase:.6g}",
                (rheobase, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(4, -2),
                textcoords="offset points",
                va="top",
                color=MUTED,
            )
        axes.plot(values, rates, color=COLOURS[0], linewidth=1.6, clip_on=False, label="_rate")
        axes.plot(curve.values, curve.rates, marker=marker, linestyle="none", color=COLOURS[0], clip_on=False, label="_points")
        axes.set_xlim(float(curve.values[0]), float(curve.values[-1]))
        axes.set_ylim(bottom=0.0)
        label = f"{plain(curve.label, 40)} " if curve.label else ""
        axes.set_xlabel(f"{label}{symbol(curve.input)}{in_parentheses(curve.unit)}")
        axes.set_ylabel(f"Firing rate{in_parentheses(curve.rate_unit)}")
        axes.set_title(plain(curve.title, 70), loc="left")
        return figure


def save_firing(curve: FiringCurve, path: str | Path) -> None:
    """Write the figure of a firing rate to a `.png`, `.svg` or `.pdf` file.

    Raises
    ------
    NeuroError
        V101 for another suffix, F102 where the file cannot be written.
    """
    require_figure_destination(path)
    suffix = Path(path).suffix.lower()
    figure = plot_firing(curve)
    with style(), without_word_of_missing_glyphs():
        write_atomically(Path(path), lambda file: figure.savefig(file, format=suffix[1:], metadata=SUFFIXES[suffix]))
