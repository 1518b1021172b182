"""W3, W4 and W5b in NEST, with its own models of neurons and synapses; a spike acts one step later than in the other programs.

Run: ``python nest_networks.py FOLDER w3|w4|w5b DATA [START]``; the arguments behind are ``.npz`` files, as the scripts of Brian2 take them.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import nest
import numpy as np

nest.verbosity = nest.VerbosityLevel.ERROR
workload, data = sys.argv[2], np.load(sys.argv[3])
Check = Callable[[], Mapping[str, float]]
CUBA = {"E_L": -49.0, "V_th": -50.0, "V_reset": -60.0, "tau_m": 20.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "t_ref": 5.0, "C_m": 200.0}
PICOAMPERES = CUBA["C_m"] / CUBA["tau_m"]
"""What a drive of 1 mV is as a current."""


def connect(group: Any, dt: float, weights: tuple[float, float], excitatory: int) -> None:
    """Join the pairs of the data with one weight for excitatory and one for inhibitory sources."""
    first = int(group[0].global_id)
    weight = np.where(data["pre"] < excitatory, *weights)
    ends = ((first + data[name].astype(np.int64)) for name in ("pre", "post"))
    nest.Connect(*ends, "one_to_one", {"weight": weight, "delay": np.full(len(weight), dt)})


def recorder(group: Any) -> Check:
    """Record the spikes of a group; return what counts them."""
    device = nest.Create("spike_recorder")
    nest.Connect(group, device)
    return lambda: {"spikes": int(device.n_events)}


def w3() -> tuple[float, Check]:
    """Set up integrate-and-fire neurons with synaptic currents."""
    nest.resolution = 0.1
    group = nest.Create("iaf_psc_exp", len(data["v0"]), CUBA)
    group.V_m = data["v0"]
    connect(group, 0.1, (1.62 * PICOAMPERES, -9.0 * PICOAMPERES), len(group) * 4 // 5)
    return 1000.0, recorder(group)


def w4() -> tuple[float, Check]:
    """Set up neurons of the Hodgkin-Huxley type, which NEST integrates with adaptive steps."""
    start = np.load(sys.argv[4])
    nest.resolution = 0.05
    constants = {"C_m": 200.0, "g_L": 10.0, "g_Na": 20000.0, "g_K": 6000.0, "E_L": -60.0, "E_K": -90.0, "E_Na": 50.0, "E_ex": 0.0, "E_in": -80.0}
    constants |= {"V_T": -63.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "Act_m": 0.0, "Inact_h": 0.0, "Act_n": 0.0, "t_ref": 3.0}
    group = nest.Create("hh_cond_exp_traub", len(start["v0"]), constants)
    group.V_m = start["v0"]
    # Conductances cannot be given at the start: a spike in the first step brings them, where they are not negative.
    kick = nest.Create("spike_generator", 1, {"spike_times": [0.05]})
    for sign, name in ((1.0, "ge0"), (-1.0, "gi0")):
        nest.Connect(kick, group, "all_to_all", {"weight": sign * np.maximum(start[name], 0.0)[:, None], "delay": 0.05})
    connect(group, 0.05, (6.0, -67.0), len(group) * 4 // 5)
    return 1000.0, recorder(group)


def w5b() -> tuple[float, Check]:
    """Set up integrate-and-fire neurons with plastic synapses among the excitatory ones."""
    nest.resolution, w0 = 0.1, data["w0"]
    group = nest.Create("iaf_psc_exp", len(data["v0"]), CUBA | {"tau_minus": 20.0})
    group.V_m = data["v0"]
    i, j = np.nonzero(~np.eye(len(w0), dtype=bool))
    largest = 0.2 * PICOAMPERES
    plastic = {"synapse_model": "stdp_synapse", "tau_plus": 20.0, "lambda": 0.01, "alpha": 1.05, "mu_plus": 0.0, "mu_minus": 0.0, "Wmax": largest}
    first = int(group[0].global_id)
    each = {"weight": w0[i, j] * PICOAMPERES, "delay": np.full(len(i), 0.1)}
    constant = {name: np.full(len(i), value) if isinstance(value, float) else value for name, value in plastic.items()}
    nest.Connect(first + i, first + j, "one_to_one", constant | each)
    connect(group, 0.1, (0.3 * PICOAMPERES, -1.2 * PICOAMPERES), len(w0))
    count = recorder(group)

    def check() -> Mapping[str, float]:
        w = np.array(nest.GetConnections(synapse_model="stdp_synapse").weight)
        return {**count(), "mean_w": w.mean() / PICOAMPERES}

    return 10_000.0, check


duration, found = {"w3": w3, "w4": w4, "w5b": w5b}[workload]()
nest.Prepare()
began, cpu = time.perf_counter(), time.process_time()
nest.Run(duration)
seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
nest.Cleanup()
print("RESULT", json.dumps({"run_s": seconds, "run_cpu_s": cpu, "check": found()}))
