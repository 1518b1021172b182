"""Neurons and runs that tests of exact spike times share."""

from __future__ import annotations

from typing import Any

import neurodsl as nd

CELL = """
model cell:
    param tau = 10 [ms], theta = 1, E = 0, refractory = 2.03 [ms]
    init V = 0
    tau*dV/dt = -V + E
    on V >= theta: V = 0; hold V for refractory

synapse jump:
    param w = 0.5
    on pre: post.V += w
"""


def run(text: str, **options: Any) -> Any:
    return nd.loads(text).simulate(**{"events": "exact", "seed": 1, **options})


def trains(result: Any, *names: str) -> list[tuple[float, str, int]]:
    """Return the spikes of populations, by their times."""
    found = [(float(t), name, int(k)) for name in names for t, k in zip(result.spikes[name].times, result.spikes[name].index, strict=True)]
    return sorted(found)
