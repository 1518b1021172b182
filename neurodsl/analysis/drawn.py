"""What can be looked at: the door from a result of the analysis to its figure."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawn:
    """A result that ``plot`` and ``save`` draw; ``drawing`` is the module of :mod:`neurodsl.plotting` that does."""

    drawing: ClassVar[str]

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw it, and write the figure where a path is given.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        NeuroError
            V101 for a suffix other than .png, .svg and .pdf, F102 where the file cannot be written.
        """
        figure: Figure = import_module(f"neurodsl.plotting.{self.drawing}").plot(self, path)
        return figure

    def save(self, path: str | Path) -> None:
        """Write the figure to a `.png`, `.svg` or `.pdf` file."""
        self.plot(path)
