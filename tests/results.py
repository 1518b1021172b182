"""Results for the tests of what is done with them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodsl.solution import Result, Spikes


def a_result(
    values: Mapping[str, ArrayLike],
    spikes: Sequence[float] = (),
    units: Mapping[str, str] | None = None,
    states: Sequence[str] | None = None,
    index: Sequence[int] | None = None,
    **meta: Any,
) -> Result:
    """Return a result on a grid of 0.1 ms whose quantities are states unless `states` names those that are."""
    traces = {name: np.asarray(trace, dtype=float) for name, trace in values.items()}
    count = len(next(iter(traces.values()))) if traces else 2
    final = {name: float(trace[-1]) for name, trace in traces.items() if states is None or name in states}
    fired = Spikes(np.asarray(spikes, dtype=float), np.asarray(index if index is not None else [0] * len(spikes), dtype=np.int64))
    told = units if units is not None else {"t": "ms", **dict.fromkeys(traces, "mV")}
    return Result(np.arange(count) * 0.1, traces, fired, final, told, meta)
