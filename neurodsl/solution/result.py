"""What a run returns: traces, spikes, the final state, and how they came about."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import nearest
from neurodsl.files import write_atomically
from neurodsl.solution.writing import WRITERS, finite, require_suffix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONG = 100
"""A list of more numbers than this is left out of the short form of a result."""

Floats = NDArray[np.float64]
Value = float | list[Any]
"""A number, or the numbers of an array row by row in nested lists; with copies, a list of these."""


@dataclass(frozen=True, eq=False)
class Spikes:
    """The spikes of a run, in the order in which they fell.

    Attributes
    ----------
    times : array of shape (count,)
        In the unit of the time of the run.
    index : array of shape (count,)
        The element that fired; 0 where there is one. With copies of a model that has one, the number of the copy.
    copy : array of shape (count,), optional
        The number of the copy; None where the run has no copies.
    """

    times: Floats
    index: NDArray[np.int64]
    copy: NDArray[np.int64] | None = None

    @property
    def count(self) -> int:
        """Return the number of spikes."""
        return len(self.times)

    def rate(self, duration: float) -> float:
        """Return the mean number of spikes per unit of time over a duration; nan where that is 0."""
        return self.count / duration if duration > 0 else math.nan


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A run: ``r["V"]`` is the trace of V at the times ``r.t``.

    What was written to an `.h5` file while the run went on stays there: ``r["V"]`` reads it, as a slice of ``r.t`` and of ``r.values["V"]`` reads
    what it needs.

    The axes of a trace are the time, then the copies where the run has copies, then those of the quantity where it is an array: with 50
    copies of a model with a vector x of 3 elements, ``r["x"]`` has the shape (n, 50, 3), and ``r["x"][:, 7, 0]`` is that of the first element
    in copy 7.

    Attributes
    ----------
    t : array of shape (n,)
        The times at which was recorded, in the unit ``units["t"]``.
    values : mapping of name to array of shape (n, ...)
        The recorded quantities, in the order asked for, each in the unit ``units[name]``. Where a copy ended before the others, it is nan.
    spikes : Spikes
        When which element, of which copy, fired.
    final : mapping of name to float or list
        The state at the end, or at the last time that was good: a number, or nested lists with the copies first.
    units : mapping of name to str
        The unit of each quantity and of ``t``; ``1`` where it is dimensionless.
    meta : mapping
        JSON-ready: model, method and why, step, seed, parameters, labels, timing and the like. ``copies`` is their number, None where the run
        has none, and ``copies_complete`` how many came to their end.
    """

    t: Floats
    values: Mapping[str, Floats]
    spikes: Spikes
    final: Mapping[str, Value]
    units: Mapping[str, str]
    meta: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        unit = {name: "" if self.units.get(name, "1") == "1" else f" {self.units[name]}" for name in ("t", *self.values)}
        axes = {name: "" if trace.ndim == 1 else f" of shape {trace.shape}" for name, trace in self.values.items()}
        copies = "" if self.copies is None else f", copies: {self.copies}"
        recorded = ", ".join(f"{name}{f' [{unit[name][1:]}]' if unit[name] else ''}{axes[name]}" for name in self.values) or "nothing"
        return (
            f"<neurodsl result of {self.meta.get('model')}: {self.elapsed:g}{unit['t']}{copies}, spikes: {self.spikes.count}, recorded: {recorded}>"
        )

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self._trace(name))

    def _trace(self, name: str) -> Any:
        """Return a trace as it is held, in memory or in its file."""
        if name not in self.values:
            near = nearest(name, self.values)
            recorded = ", ".join(f"`{known}`" for known in self.values) or "nothing"
            raise KeyError(f"`{name}` was not recorded; " + (f"did you mean `{near}`?" if near else f"recorded: {recorded}"))
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def elapsed(self) -> float:
        """Return the time that was simulated, in the unit of the time."""
        return float(self.t[-1] - self.t[0]) if len(self.t) else 0.0

    @property
    def copies(self) -> int | None:
        """Return the number of copies, None where the run has none."""
        count: int | None = self.meta.get("copies")
        return count

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a recorded quantity itself, without the time and the copies: empty for a number."""
        shape: tuple[int, ...] = self._trace(name).shape[1 if self.copies is None else 2 :]
        return shape

    def rates(self) -> Floats:
        """Return the mean number of spikes per unit of time of each copy over the time that it ran, or of the run; nan where that is 0."""
        if self.copies is None or self.spikes.copy is None:
            return np.array([self.spikes.rate(self.elapsed)])
        counts = np.bincount(self.spikes.copy, minlength=self.copies).astype(np.float64)
        reached = np.broadcast_to(np.asarray(self.meta.get("reached", self.elapsed), dtype=np.float64), counts.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(reached > 0, counts / reached, np.nan)

    def save(self, path: str | Path) -> None:
        """Write the result to a `.npz`, `.h5` or `.csv` file.

        An `.npz` holds `t`, one array for each recorded name, `spike_times`, `spike_index` (and `spike_copy` with copies of an array model) and
        `meta` (JSON text), and loads with `allow_pickle=False`. A name that cannot be that of a member is changed (`dx/dt` becomes `dx_dt`);
        `meta["recorded"]` maps each recorded name, in order, to its member. An `.h5` holds the same: `t`, a dataset for each recorded name with
        its `units` and its `label`, `spikes/times`, `spikes/index` (and `spikes/copy` with copies), a dataset for each state in `final`, and `meta`
        as an attribute, whose `final` maps each state to its dataset. It takes h5py: `pip install "neurodsl[sweep]"`. A `.csv` holds the traces,
        an element of an array in a column, `x[0]`, and a copy, `V copy 3`; what ran and the spikes stand in lines that start with `#`.

        Raises
        ------
        NeuroError
            V101 for another suffix, F102 where the file cannot be written, F109 where h5py is not installed and needed.
        """
        path = Path(path)
        writer = WRITERS[require_suffix(path)]
        write_atomically(path, lambda file: writer(self, file))

    def plot(self, path: str | Path | None = None, names: Sequence[str] | None = None) -> Figure:
        """Draw the recorded quantities, or those named, and write the figure where a path is given.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        NeuroError
            V101 for a suffix other than .png, .svg and .pdf, F102 where the file cannot be written.
        """
        plotting, shown = import_module("neurodsl.plotting"), import_module("neurodsl.solution.viewing").view(self)
        if path is not None:
            plotting.save_figure(shown, path, names)
        figure: Figure = plotting.plot(shown, names)
        return figure

    def to_dict(self, summary: bool = False) -> dict[str, Any]:
        """Return the run as JSON-ready values, without its traces, and with `summary` also without the list of spikes and other long lists.

        With copies ``ensemble`` tells the mean and the standard deviation over them, of the rate of the spikes and of the final state. A
        number that is not finite becomes None, and then ``complete`` is false.
        """
        spikes: dict[str, Any] = {"count": self.spikes.count}
        if not summary:
            spikes |= {"times": np.asarray(self.spikes.times).tolist(), "index": np.asarray(self.spikes.index).tolist()}
            spikes |= {"copy": self.spikes.copy.tolist()} if self.spikes.copy is not None else {}
        told = {**self.meta, "final": dict(self.final), "spikes": spikes, "units": dict(self.units)}
        lost: list[float] = []
        plain: dict[str, Any] = finite(told, lost)
        if self.copies is not None:
            final = {name: over_copies(value) for name, value in self.final.items()}
            plain["ensemble"] = finite({"rate": over_copies(self.rates().tolist()), "final": final}, [])
        shown = without_long_lists(plain) if summary else plain
        return {**shown, "complete": False} if lost else shown


def over_copies(values: Value) -> dict[str, Value]:
    """Return the mean and the standard deviation over copies, element by element, of those copies whose value is finite.

    The standard deviation is that of a sample, with one less than the number of copies below; it is nan where there is one copy.
    """
    table = np.asarray(values, dtype=np.float64)
    good = np.isfinite(table)
    count = good.sum(axis=0)
    with np.errstate(all="ignore"):
        mean = np.where(good, table, 0.0).sum(axis=0) / count
        squares = np.where(good, (table - mean) ** 2, 0.0).sum(axis=0)
        deviation = np.sqrt(squares / np.where(count > 1, count - 1.0, np.nan))
    return {"mean": mean.tolist(), "sd": deviation.tolist()}


def without_long_lists(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested tables without the lists of more than a hundred numbers."""
    shown = {}
    for name, value in told.items():
        if isinstance(value, Mapping):
            shown[name] = without_long_lists(value)
        elif not isinstance(value, list) or _count(value) <= LONG:
            shown[name] = value
    return shown


def _count(value: Any) -> int:
    """Return how many values nested lists hold."""
    return sum(_count(item) for item in value) if isinstance(value, list) else 1
