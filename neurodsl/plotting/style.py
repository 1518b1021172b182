"""How figures look: the same everywhere, whatever the user's settings are."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F6A00")
"""Okabe and Ito's palette, which colour-blind readers can tell apart, with its yellow darkened."""
INK, MUTED, ALERT, MISSING = "#262626", "#6B6B6B", "#B3261E", "#D9D9D9"
STYLE: dict[Any, object] = {
    "axes.edgecolor": INK,
    "axes.formatter.useoffset": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.unicode_minus": True,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "mathtext.fontset": "dejavusans",
    "path.simplify_threshold": 0.05,
    "savefig.dpi": 150,
    "svg.hashsalt": "neurodsl",
    "text.color": INK,
    "text.parse_math": True,
    "text.usetex": False,
    "xtick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.color": INK,
    "ytick.major.width": 0.7,
}


@contextmanager
def style() -> Iterator[None]:
    """Let the settings above hold, and none of the user's."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


@contextmanager
def without_word_of_missing_glyphs() -> Iterator[None]:
    """Let a character that the font lacks be drawn as a box, without a warning for the writer of a Chinese label."""
    logger = logging.getLogger("matplotlib.mathtext")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
            yield
    finally:
        logger.setLevel(level)
