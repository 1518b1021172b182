"""W4 in Brian2, C++ standalone: neurons of the Hodgkin-Huxley type, exponential Euler at dt = 0.05 ms, 1 s.

Run: ``python brian2_w4.py FOLDER DATA START``; DATA holds ``pre`` and ``post``, START ``v0``, ``ge0`` and ``gi0``, both ``.npz`` files.
"""

import sys
from pathlib import Path

import brian2 as b2
import numpy as np
from standalone import FLAGS, spikes, told

folder, data, start = Path(sys.argv[1]), np.load(sys.argv[2]), np.load(sys.argv[3])
EQUATIONS = """
dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v) - g_na*m**3*h*(v - ENa) - g_kd*n**4*(v - EK))/Cm : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dge/dt = -ge/taue : siemens
dgi/dt = -gi/taui : siemens
alpha_m = 0.32*4/exprel((13*mV - v + VT)/(4*mV))/ms : Hz
beta_m = 0.28*5/exprel((v - VT - 40*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
beta_h = 4/(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
alpha_n = 0.032*5/exprel((15*mV - v + VT)/(5*mV))/ms : Hz
beta_n = 0.5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
"""
b2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
b2.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS
b2.defaultclock.dt = 0.05 * b2.ms
constants = {"Cm": 200 * b2.pF, "gl": 10 * b2.nS, "g_na": 20000 * b2.nS, "g_kd": 6000 * b2.nS, "taue": 5 * b2.ms, "taui": 10 * b2.ms}
constants |= {"El": -60 * b2.mV, "EK": -90 * b2.mV, "ENa": 50 * b2.mV, "Ee": 0 * b2.mV, "Ei": -80 * b2.mV, "VT": -63 * b2.mV}
N = len(start["v0"])
group = b2.NeuronGroup(N, EQUATIONS, threshold="v > -20*mV", refractory=3 * b2.ms, method="exponential_euler", namespace=constants)
group.v, group.ge, group.gi = start["v0"] * b2.mV, start["ge0"] * b2.nS, start["gi0"] * b2.nS
excitatory = data["pre"] < N * 4 // 5
exc, inh = b2.Synapses(group, group, on_pre="ge += 6*nS"), b2.Synapses(group, group, on_pre="gi += 67*nS")
exc.connect(i=data["pre"][excitatory], j=data["post"][excitatory])
inh.connect(i=data["pre"][~excitatory], j=data["post"][~excitatory])
monitor = b2.SpikeMonitor(group)
b2.run(1 * b2.second)
told(folder, lambda: b2.device.build(directory=str(folder), run=False), lambda: {"spikes": spikes(folder)})
