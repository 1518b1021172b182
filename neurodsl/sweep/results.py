"""Results of a sweep that stand in their file: looked at before the sweep is planned, and held against the plan before they are taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from neurodsl.diagnostics import NeuroError, fail
from neurodsl.rules import BAD_RESULT, OTHER_SWEEP
from neurodsl.solution.reading import DamageError
from neurodsl.sweep.dataset import read_dataset, read_dataset_about
from neurodsl.sweep.planned import Planned
from neurodsl.sweep.writing import Stored, read_csv, read_csv_about

T = TypeVar("T")

READERS: dict[str, tuple[Callable[[Path], dict[str, Any]], Callable[[Path, int], Stored]]] = {
    ".nc": (read_dataset_about, read_dataset),
    ".h5": (read_dataset_about, read_dataset),
    ".csv": (read_csv_about, read_csv),
}
"""How the description and the numbers are read from the files that a table is saved to."""


@dataclass(frozen=True)
class Results:
    """A results file, of which only the description has been read.

    Attributes
    ----------
    path : Path
    digest : str
        By what its sweep is recognised.
    model : str
    seed : int or None
        With which it was run, where something is random.
    """

    path: Path
    digest: str
    model: str
    seed: int | None

    def contents(self, plan: Planned) -> Stored:
        """Return the numbers, if they are those of a sweep.

        Raises
        ------
        NeuroError
            F107 where they are those of another sweep, F103 where they are not as they were written.
        """
        if self.digest != plan.meta["digest"]:
            told = f"`{self.path}` holds the results of another sweep, of `{self.model}`"
            help = "name another file, or remove that one; another model, value, option or version makes another sweep"
            raise fail(OTHER_SWEEP, told, help=help)
        return _read(self.path, lambda: self._held_against(plan))

    def _held_against(self, plan: Planned) -> Stored:
        """Return the numbers, of which there are as many as the sweep has points, for each of its measures."""
        points = len(plan.values)
        stored = READERS[self.path.suffix.lower()][1](self.path, points)
        for measure in plan.measures:
            if measure.name not in stored.values or stored.values[measure.name].shape != (points,):
                raise DamageError(f"`{measure.name}` is not in it for each of {points} points")
        return stored


def look(path: Path | None) -> Results | None:
    """Return what a results file says of itself, None where there is none.

    Raises
    ------
    NeuroError
        F103 where it is something else, F109 where a library is missing that reads it.
    """
    if path is None or not path.is_file() or not path.stat().st_size:
        return None
    about = _read(path, lambda: READERS[path.suffix.lower()][0](path))
    digest, seed = about.get("digest"), about.get("seed")
    if not isinstance(digest, str) or "table" not in about:
        raise _foreign(path, "it was written by another program or another version")
    if not about.get("complete"):
        raise _foreign(path, "the sweep in it did not come to its end")
    if seed is not None and (re.fullmatch(r"\d{1,20}", str(seed), re.ASCII) is None or int(seed) >= 2**64):
        raise _foreign(path, f"its seed is {str(seed)!r:.80}")
    return Results(path, digest, str(about.get("model")), None if seed is None else int(seed))


def _read(path: Path, read: Callable[[], T]) -> T:
    """Return what is read from a file; whatever goes wrong is told in a sentence.

    Raises
    ------
    NeuroError
        F103.
    """
    try:
        return read()
    except NeuroError:
        raise
    except DamageError as error:
        raise _foreign(path, str(error)) from error
    except Exception as error:
        # What json, csv and HDF5 raise for a damaged file is of many kinds, RecursionError and MemoryError among them.
        raise _foreign(path, "it is damaged") from error


def _foreign(path: Path, reason: str) -> NeuroError:
    """Return the error for a file that holds no results of a sweep."""
    return fail(BAD_RESULT, f"`{path}` holds no results of a sweep: {reason}", help="name another file, or remove that one and run the sweep again")
