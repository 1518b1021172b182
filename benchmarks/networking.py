"""What the workloads of networks have in common: how ours is run, and what is asked of its spikes."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks.connectivity import data, files
from benchmarks.harness import HERE, Bench, Measured, Missing, Peer, environment, result_of

APART = 0.05
"""How far the number of spikes may be from that of others, relatively: rounding keeps two runs of a chaotic network apart."""


def simulate(bench: Bench, threads: int, name: str, model: str, pairs: str | None = None, weights: str | None = None) -> Measured:
    """Run a network of ours in a process of its own."""
    command = [sys.executable, str(HERE / "ours.py"), str(files(bench, name, model, pairs)), name, "--threads", str(threads)]
    return result_of([*command, *(["--weights", weights] if weights else [])], environment(bench))


def brian2(script: str, *names: str) -> Peer:
    """Return what runs a script of Brian2's with the numbers of some networks."""
    return alone(lambda bench: bench.brian(script, *(data(bench, name) for name in names)), "Brian2 warns that its threads are not well tested")


def nest(kind: str, *names: str) -> Peer:
    """Return what runs a network in NEST with the numbers of some networks."""
    return alone(lambda bench: bench.nest_networks(kind, *(data(bench, name) for name in names)), "NEST runs on one thread here")


def alone(run: Callable[[Bench], Measured], reason: str) -> Peer:
    """Return what runs a program on one thread, and says why there is none on more."""

    def peer(bench: Bench, threads: int) -> Measured:
        if threads > 1:
            raise Missing(reason)
        return run(bench)

    return peer


def spikes_like(ours: Measured, peer: Measured | None, expected: int) -> str | None:
    """Return what is wrong with the number of spikes, given a run of a peer, or else what others have counted."""
    found, wanted = ours.found["spikes"], expected if peer is None else peer.found["spikes"]
    return None if abs(found - wanted) <= APART * wanted else f"{found} spikes, others have {wanted}"
