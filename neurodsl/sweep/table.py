"""What a sweep returns: numbers over axes, where they come from, and which points failed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail, nearest
from neurodsl.files import require_writable
from neurodsl.measures import Measure
from neurodsl.rules import BAD_VALUE
from neurodsl.solution.writing import finite
from neurodsl.sweep.dataset import dataset_of, require_libraries, write_dataset
from neurodsl.sweep.ranges import Axis
from neurodsl.sweep.writing import write_csv

if TYPE_CHECKING:
    import xarray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """The table of a sweep: ``table["rate"]`` has an axis for each thing that varies.

    Attributes
    ----------
    axes : tuple of Axis
        What spans the table: parameters, inputs and initial values, or ``point`` where points were drawn at random; ``copy`` last.
    drawn : tuple of Axis
        What was drawn along ``point``.
    measures : tuple of Measure
    values : mapping of str to array
        Of each measure by its name; nan where it is not defined, where the point failed, and where it has not been run.
    seeds : array of uint64 or None
        With which ``simulate`` repeats a point; None where nothing is random.
    failed : mapping of int to str
        Why points failed, by their number, which counts the last axis fastest.
    done : array of bool
        Which points have been run; not those whose workers died, which are only among the failed.
    meta : mapping
        JSON-ready: model, method, step, window, parameters, seed, timing and the like.
    """

    axes: tuple[Axis, ...]
    drawn: tuple[Axis, ...]
    measures: tuple[Measure, ...]
    values: Mapping[str, Floats]
    seeds: NDArray[np.uint64] | None
    failed: Mapping[int, str]
    done: NDArray[np.bool_]
    meta: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        axes = ", ".join(f"{axis.name}: {len(axis.values)}" for axis in self.axes)
        return f"<neurodsl sweep of {self.meta.get('model')}: {axes}, measured: {', '.join(self.values)}>"

    def __getitem__(self, name: str) -> Floats:
        if name not in self.values:
            near = nearest(name, self.values)
            known = ", ".join(f"`{known}`" for known in self.values)
            raise KeyError(f"`{name}` was not measured; " + (f"did you mean `{near}`?" if near else f"measured: {known}"))
        return self.values[name]

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the lengths of the axes."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def complete(self) -> bool:
        """Return whether all points have been run."""
        return bool(self.done.all())

    @property
    def lost(self) -> list[int]:
        """Return the points whose workers died: they failed, and are run again where the sweep is repeated."""
        return [number for number in self.failed if not self.done[number]]

    def at(self, point: int) -> dict[str, float]:
        """Return the values at a point by their names, those that were drawn instead of its number."""
        place = np.unravel_index(point, self.shape)
        found = {axis.name: float(axis.values[k]) for axis, k in zip(self.axes, place, strict=True) if axis.kind != "point"}
        return {**{axis.name: float(axis.values[place[0]]) for axis in self.drawn}, **found}

    def save(self, path: str | Path) -> None:
        """Write the table to a ``.csv`` file, a row for each point, or with xarray to a ``.nc`` or ``.h5`` file (NetCDF in HDF5).

        Raises
        ------
        NeuroError
            V101 for another suffix, F102 where the file cannot be written, F109 where a library is missing.
        """
        path = Path(path)
        WRITERS[suffix_of(path)](self, path)

    def to_dataset(self) -> xarray.Dataset:
        """Return the table as an xarray Dataset.

        Raises
        ------
        NeuroError
            F109 (exit code 4) where xarray is missing.
        """
        return dataset_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values: nested lists with the last axis innermost; a number that is not finite is None."""
        told = {
            **self.meta,
            "axes": [{"name": a.name, "kind": a.kind, "unit": a.unit, "values": _numbers(a)} for a in self.axes],
            "drawn": [{"name": a.name, "kind": a.kind, "unit": a.unit, "values": a.values.tolist()} for a in self.drawn],
            "measures": [{"name": m.name, "unit": m.unit, "label": m.label} for m in self.measures],
            "values": {name: values.tolist() for name, values in self.values.items()},
            "seeds": None if self.seeds is None else self.seeds.tolist(),
            "failed": [{"point": number, "at": self.at(number), "reason": reason} for number, reason in self.failed.items()],
            "points": math.prod(self.shape),
            "points_done": int(self.done.sum()),
            "complete": self.complete,
        }
        plain: dict[str, Any] = finite(told, [])
        return plain


def _numbers(axis: Axis) -> list[Any]:
    """Return the values of an axis; those that only count as whole numbers."""
    numbers: list[Any] = (axis.values.astype(np.int64) if axis.counts else axis.values).tolist()
    return numbers


def suffix_of(path: Path) -> str:
    """Return the suffix, in small letters, of a file that a table can be saved to.

    Raises
    ------
    NeuroError
        V101 where it is another.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        named = f"`{suffix}` is no format for the results of a sweep" if suffix else "the name has no suffix that tells the format"
        raise fail(BAD_VALUE, f"cannot save to `{path}`: {named}", help="use `.nc` or `.h5` (NetCDF, with xarray), or `.csv`")
    return suffix


def require_destination(path: str | Path) -> None:
    """Raise, before a sweep, what saving its table would raise afterwards.

    Raises
    ------
    NeuroError
        V101, F102 or F109, as :meth:`Table.save`.
    """
    if suffix_of(Path(path)) != ".csv":
        require_libraries()
    require_writable(Path(path))


WRITERS: dict[str, Callable[[Table, Path], None]] = {".nc": write_dataset, ".h5": write_dataset, ".csv": write_csv}
