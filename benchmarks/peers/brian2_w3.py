"""W3 in Brian2, C++ standalone: integrate-and-fire neurons with synaptic currents, exact at dt = 0.1 ms, 1 s.

Run: ``python brian2_w3.py FOLDER DATA``; DATA is an ``.npz`` file with ``pre``, ``post`` and ``v0``.
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
b2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
b2.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS
b2.defaultclock.dt = 0.1 * b2.ms
constants = {"taum": 20 * b2.ms, "taue": 5 * b2.ms, "taui": 10 * b2.ms, "El": -49 * b2.mV, "Vt": -50 * b2.mV, "Vr": -60 * b2.mV}
N = len(data["v0"])
group = b2.NeuronGroup(N, EQUATIONS, threshold="v > Vt", reset="v = Vr", refractory=5 * b2.ms, method="exact", namespace=constants)
group.v = data["v0"] * b2.mV
excitatory = data["pre"] < N * 4 // 5
exc, inh = b2.Synapses(group, group, on_pre="ge += 1.62*mV"), b2.Synapses(group, group, on_pre="gi -= 9*mV")
exc.connect(i=data["pre"][excitatory], j=data["post"][excitatory])
inh.connect(i=data["pre"][~excitatory], j=data["post"][~excitatory])
monitor = b2.SpikeMonitor(group)
b2.run(1 * b2.second)
told(folder, lambda: b2.device.build(directory=str(folder), run=False), lambda: {"spikes": spikes(folder)})
