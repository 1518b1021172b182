"""Figures as bytes, for documents that hold them."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

from neurodsl.plotting import SUFFIXES
from neurodsl.plotting.style import style, without_word_of_missing_glyphs

DOTS_PER_INCH = 170


def pictures(figure: Figure) -> tuple[bytes, bytes]:
    """Return a figure as PNG and as SVG; the same figure gives the same bytes."""
    found = []
    with style(), without_word_of_missing_glyphs():
        for form in ("png", "svg"):
            file = io.BytesIO()
            figure.savefig(file, format=form, dpi=DOTS_PER_INCH, metadata=SUFFIXES[f".{form}"])
            found.append(file.getvalue())
    return found[0], found[1]
