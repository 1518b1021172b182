"""W1 in Brian2: one leaky integrate-and-fire neuron, 10 s at dt = 0.1 ms, V and spikes on disk.

Run: ``python brian2_w1.py FOLDER cpp_standalone|cython``.
"""

import sys
from pathlib import Path

import brian2 as b2
import numpy as np

folder, target = Path(sys.argv[1]), sys.argv[2]
if target == "cpp_standalone":
    b2.set_device("cpp_standalone", directory=str(folder))
else:
    b2.prefs.codegen.target = target
b2.defaultclock.dt = 0.1 * b2.ms
tau, rest, threshold, drive = 20 * b2.ms, -65 * b2.mV, -50 * b2.mV, 20 * b2.mV
neuron = b2.NeuronGroup(
    1, "dv/dt = (rest - v + drive)/tau : volt (unless refractory)", threshold="v >= threshold", reset="v = rest", refractory=2 * b2.ms, method="exact"
)
neuron.v = rest
trace, spikes = b2.StateMonitor(neuron, "v", record=True), b2.SpikeMonitor(neuron)
b2.run(10 * b2.second)
folder.mkdir(parents=True, exist_ok=True)
np.savez(folder / "w1.npz", v=np.asarray(trace.v[0]), spikes=np.asarray(spikes.t))
