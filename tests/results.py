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
    copy: Sequence[int] | None = None,
    **meta: Any,
) -> Result:
    """Return a result on a grid of 0.1 ms whose quantities are states unless `states` names those that are.

    With ``copies`` in the meta data the spikes belong to copies: those of ``copy``, or else of ``index``.
    """
    traces = {name: np.asarray(trace, dtype=float) for name, trace in values.items()}
    count = len(next(iter(traces.values()))) if traces else 2
    final = {name: trace[-1].tolist() for name, trace in traces.items() if states is None or name in states}
    elements = np.asarray(index if index is not None else [0] * len(spikes), dtype=np.int64)
    owners = elements if copy is None else np.asarray(copy, dtype=np.int64)
    fired = Spikes(np.asarray(spikes, dtype=float), elements, owners if "copies" in meta else None)
    told = units if units is not None else {"t": "ms", **dict.fromkeys(traces, "mV")}
    return Result(np.arange(count) * 0.1, traces, fired, final, told, meta)
