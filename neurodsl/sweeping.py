"""How a model is swept: the door from a model to its sweeps, which are loaded when the first is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from neurodsl.diagnostics import Report
from neurodsl.given import Values, sorted_out

if TYPE_CHECKING:
    import xarray

    from neurodsl.sweep import Table


class SweepOptions(TypedDict, total=False):
    """What :meth:`Sweeping.sweep` hands on to :meth:`Sweeping.sweep_table`, which says what each is."""

    measure: Sequence[str] | str | None
    where: float | str | None
    random: int | None
    copies: int | None
    set: Values
    init: Values
    input: Values
    variant: str | None
    method: str | None
    events: str | None
    dt: float | str | None
    duration: float | str | None
    rtol: float | None
    atol: float | None
    seed: int | None
    threads: int
    executor: str
    out: str | Path | None
    shard: str | tuple[int, int] | None
    progress: Callable[[float], None] | None
    report: Report | None


class Sweeping:
    """What runs a model many times."""

    def sweep(self, over: Mapping[str, Any] | None = None, **options: Unpack[SweepOptions]) -> xarray.Dataset:
        """Run the model at many values of its parameters, and return numbers of each run.

        Parameters
        ----------
        over : mapping of str to range
            What varies, parameters, inputs or initial values, of a network also ``cell.tau``, ``E.v`` and ``synapse.w``, and how: ``(0, 20, 201)``
            for 201 values from 0 to 20, ``[30, 36, 42]`` or an array for these values, ``"1e-3..10:50:log"`` or any other text of the command line.
            Numbers are in the declared units.
        **options
            As in :meth:`sweep_table`.

        Returns
        -------
        xarray.Dataset
            With an axis for each thing that varies, then ``copy``; or ``point`` for points drawn at random. A variable for each measure, with its
            unit and label, nan where it is not defined; ``failed`` and, where a point failed, ``reason``; ``seed`` where the model is random.

        Raises
        ------
        NeuroError
            For wrong names and values (exit code 2) and for surroundings (4), such as xarray missing. Points whose run fails are
            recorded, and told in the ``report``.
        """
        import_module("neurodsl.sweep.dataset").require_libraries(("xarray",))
        return self.sweep_table(over, **options).to_dataset()

    def sweep_table(
        self,
        over: Mapping[str, Any] | None = None,
        *,
        measure: Sequence[str] | str | None = None,
        where: float | str | None = None,
        random: int | None = None,
        copies: int | None = None,
        set: Values = None,
        init: Values = None,
        input: Values = None,
        variant: str | None = None,
        method: str | None = None,
        events: str | None = None,
        dt: float | str | None = None,
        duration: float | str | None = None,
        rtol: float | None = None,
        atol: float | None = None,
        seed: int | None = None,
        threads: int = 1,
        executor: str = "threads",
        out: str | Path | None = None,
        shard: str | tuple[int, int] | None = None,
        progress: Callable[[float], None] | None = None,
        report: Report | None = None,
    ) -> Table:
        """Run a sweep and return its table, which needs numpy alone.

        Parameters
        ----------
        over : mapping of str to range
            As in :meth:`sweep`.
        measure : sequence of str
            ``spikes``, ``rate``, ``period``, ``cv`` and ``latency``; ``final``, ``min``, ``max``, ``mean``, ``std`` and ``amplitude`` of all that is
            recorded or, as ``max(V)``, of one quantity; ``crossings(V, -20)`` and ``period(V, -20)`` of upward crossings. Default: the first
            two of a model that fires, and ``final`` where the states are few. Of a network: ``spikes(E)``, ``rate(E)``, ``cv(E)`` and
            ``synchrony(E)`` of a population, the last of spikes in bins of 5 ms, with ``synchrony(E, 2)`` of 2; ``mean``, ``std``, ``min``, ``max`` and
            ``synchrony`` of a state of its neurons, as ``mean(E.v)``; ``final(E.v)`` and ``final(synapse.w)``, means at the end. Default: the rates of
            all populations.
        where : float or str
            From which time on is measured; ``"steady"``: the second half of the run. Default: from the start.
        random : int
            So many points drawn at random in the ranges, which are then ``(0, 20)``.
        copies : int
            So many independent copies at each point, one more axis.
        seed : int
            Of the whole sweep; each point has a seed of its own that follows from it and from the values of the point alone.
        threads : int
            How many threads or processes share the points; the numbers do not depend on it.
        executor : str
            ``threads``, ``processes`` or ``dask://HOST:PORT``.
        out : str or Path
            A ``.nc``, ``.h5`` or ``.csv`` file for the results. What is finished is kept beside it, and a sweep that is repeated goes on from there.
        shard : str or (int, int)
            ``i/n``: run every n-th point from the i-th on.
        progress : callable
            Called with the fraction of the points that is done.
        report : Report
            Takes the warnings and notes, and that points failed.
        set, init, input, variant, method, events, dt, duration, rtol, atol
            As in :meth:`simulate`.

        Raises
        ------
        NeuroError
            As :meth:`sweep`.
        """
        sweeps: Any = import_module("neurodsl.sweep")
        given = sorted_out(set, input, init, {})
        request = sweeps.Request(
            over or {}, measure, where, random, copies, given, variant, method, events, dt, duration, rtol, atol, seed,
        )  # fmt: skip
        table: Table = sweeps.sweep(
            self, request, threads=threads, executor=executor, out=out, shard=shard, progress=progress, report=report,
        )  # fmt: skip
        return table
