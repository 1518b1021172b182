"""W8: the bifurcation diagram of the Hodgkin-Huxley neuron over its current, 0 to 200 uA/cm^2: the whole command, with the diagram on disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from benchmarks.harness import MODELS, Bench, Measured, Workload, environment, process

HOPF = (9.78, 154.5)
"""Where fixed points lose and regain their stability, in uA/cm^2."""


def bifurcate(bench: Bench, threads: int, given: Mapping[str, float]) -> Measured:
    out = bench.scratch / "w8.json"
    command = [sys.executable, "-m", "neurodsl", "bifurcate", str(MODELS / "w2.neuro"), "--over", "I=0..200", "--json"]
    ended = process(command, environment(bench), out)
    found = json.loads(out.read_text(encoding="utf-8"))
    hopf = [point["value"] for point in found["bifurcations"] if point["kind"] == "hopf"]
    return Measured(ended.seconds, ended.cpu, 0.0, {"hopf": hopf, "folds": [p for p in found["bifurcations"] if "cycle" in p["kind"]]})


def complaint(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """Both Hopf points within 1 %, and the fold of cycles at 6.26."""
    hopf = ours.found["hopf"]
    if len(hopf) != len(HOPF) or any(abs(a - b) > 0.01 * b for a, b in zip(sorted(hopf), HOPF, strict=True)):
        return f"Hopf points at {hopf}"
    return None if ours.found["folds"] else "both Hopf points found; `bifurcate` does not follow cycles yet, so their folds are missing"


WORKLOAD = Workload(
    name="W8",
    title="the bifurcation diagram of Hodgkin-Huxley over I, the whole command",
    ours=bifurcate,
    peers={},
    goal="",
    complaint=complaint,
)
