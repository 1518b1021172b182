"""W5a in Brian2, C++ standalone: one neuron behind 1000 plastic synapses with Poisson inputs, Euler at dt = 0.1 ms, 100 s.

Run: ``python brian2_w5a.py FOLDER DATA``; DATA is an ``.npz`` file with ``w0``.
"""

import sys
from pathlib import Path

import brian2 as b2
import numpy as np
from standalone import FLAGS, spikes, told

folder, data = Path(sys.argv[1]), np.load(sys.argv[2])
EQUATIONS = """
dv/dt = (ge*(Ee - v) + El - v)/taum : volt
dge/dt = -ge/taue : 1
"""
TRACES = """
w : 1
dApre/dt = -Apre/taupre : 1 (event-driven)
dApost/dt = -Apost/taupost : 1 (event-driven)
"""
b2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
b2.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS
b2.defaultclock.dt = 0.1 * b2.ms
constants = {"taum": 10 * b2.ms, "taue": 5 * b2.ms, "taupre": 20 * b2.ms, "taupost": 20 * b2.ms, "gmax": 0.01}
constants |= {"El": -74 * b2.mV, "Ee": 0 * b2.mV, "Vt": -54 * b2.mV, "Vr": -60 * b2.mV}
inputs = b2.PoissonGroup(1000, rates=15 * b2.Hz)
neuron = b2.NeuronGroup(1, EQUATIONS, threshold="v > Vt", reset="v = Vr", method="euler", namespace=constants)
neuron.v = constants["Vr"]
on_pre = "ge += w\nApre += 0.01*gmax\nw = clip(w + Apost, 0, gmax)"
on_post = "Apost -= 0.0105*gmax\nw = clip(w + Apre, 0, gmax)"
synapses = b2.Synapses(inputs, neuron, TRACES, on_pre=on_pre, on_post=on_post, namespace=constants)
synapses.connect()
synapses.w = data["w0"]
monitor = b2.SpikeMonitor(neuron)
b2.run(100 * b2.second)


def check() -> dict[str, float]:
    w = np.fromfile(next((folder / "results").glob("_dynamic_array_synapses_w_*")))
    return {"spikes": spikes(folder), "mean_w": w.mean() / 0.01, "low": float((w < 0.002).mean())}


told(folder, lambda: b2.device.build(directory=str(folder), run=False), check)
