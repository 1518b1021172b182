"""W5b in Brian2, C++ standalone: 1000 integrate-and-fire neurons with plastic synapses among the excitatory ones, dt = 0.1 ms, 10 s.

Run: ``python brian2_w5b.py FOLDER DATA``; DATA is an ``.npz`` file with ``pre``, ``post``, ``v0`` and the matrix ``w0``.
"""

import sys
from pathlib import Path

import brian2 as b2
import numpy as np
from standalone import FLAGS, spikes, told

folder, data = Path(sys.argv[1]), np.load(sys.argv[2])
EQUATIONS = """
dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
dge/dt = -ge/taue : volt
dgi/dt = -gi/taui : volt
"""
TRACES = """
w : volt
dApre/dt = -Apre/tau : volt (event-driven)
dApost/dt = -Apost/tau : volt (event-driven)
"""
b2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
b2.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS
b2.defaultclock.dt = 0.1 * b2.ms
constants = {"taum": 20 * b2.ms, "taue": 5 * b2.ms, "taui": 10 * b2.ms, "El": -49 * b2.mV, "Vt": -50 * b2.mV, "Vr": -60 * b2.mV}
plastic = {"tau": 20 * b2.ms, "wmax": 0.2 * b2.mV, "dApre": 0.002 * b2.mV, "dApost": -0.0021 * b2.mV}
NE, N = len(data["w0"]), len(data["v0"])
group = b2.NeuronGroup(N, EQUATIONS, threshold="v > Vt", reset="v = Vr", refractory=5 * b2.ms, method="exact", namespace=constants)
group.v = data["v0"] * b2.mV
E = group[:NE]
on_pre, on_post = "ge += w\nApre += dApre\nw = clip(w + Apost, 0*mV, wmax)", "Apost += dApost\nw = clip(w + Apre, 0*mV, wmax)"
stdp = b2.Synapses(E, E, TRACES, on_pre=on_pre, on_post=on_post, namespace=plastic)
i, j = (axis.ravel() for axis in np.meshgrid(np.arange(NE), np.arange(NE), indexing="ij"))
stdp.connect(i=i[i != j], j=j[i != j])
stdp.w = data["w0"][i[i != j], j[i != j]] * b2.mV
exc, inh = b2.Synapses(group, group, on_pre="ge += 0.3*mV"), b2.Synapses(group, group, on_pre="gi -= 1.2*mV")
excitatory = data["pre"] < NE
exc.connect(i=data["pre"][excitatory], j=data["post"][excitatory])
inh.connect(i=data["pre"][~excitatory], j=data["post"][~excitatory])
monitor = b2.SpikeMonitor(group)
b2.run(10 * b2.second)


def check() -> dict[str, float]:
    w = np.fromfile(next((folder / "results").glob("_dynamic_array_synapses*_w_*")))
    return {"spikes": spikes(folder), "mean_w": 1e3 * w.mean()}


told(folder, lambda: b2.device.build(directory=str(folder), run=False), check)
