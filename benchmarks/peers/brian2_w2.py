"""W2 in Brian2, C++ standalone: 10 000 Hodgkin-Huxley neurons, rk4 at dt = 0.01 ms, 100 ms.

Run: ``python brian2_w2.py FOLDER``; what is compiled stays in the folder, and runs again from there.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import brian2 as b2
import numpy as np

folder = Path(sys.argv[1])
N = 10_000
EQUATIONS = """
dv/dt = (I - g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K) - g_L*(v - E_L))/C : 1
dm/dt = (0.1*(v + 40)/(1 - exp(-(v + 40)/10))*(1 - m) - 4*exp(-(v + 65)/18)*m)/ms : 1
dh/dt = (0.07*exp(-(v + 65)/20)*(1 - h) - 1/(1 + exp(-(v + 35)/10))*h)/ms : 1
dn/dt = (0.01*(v + 55)/(1 - exp(-(v + 55)/10))*(1 - n) - 0.125*exp(-(v + 65)/80)*n)/ms : 1
I : 1
"""
b2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11"]
b2.defaultclock.dt = 0.01 * b2.ms
namespace = {"C": 1 * b2.ms, "g_Na": 120, "g_K": 36, "g_L": 0.3, "E_Na": 50, "E_K": -77, "E_L": -54.387}
group = b2.NeuronGroup(N, EQUATIONS, threshold="v >= 0", refractory="v >= 0", method="rk4", namespace=namespace)
group.v, group.m, group.h, group.n = -65, 0.0529, 0.5961, 0.3177
group.I = 20 * np.arange(N) / (N - 1)
spikes = b2.SpikeMonitor(group)
b2.run(100 * b2.ms)
compile_s = 0.0
if not (folder / "main").is_file():
    began = time.perf_counter()
    b2.device.build(directory=str(folder), run=False)
    compile_s = time.perf_counter() - began
before = resource.getrusage(resource.RUSAGE_CHILDREN)
subprocess.run([str(folder / "main")], cwd=folder, check=True, stdout=subprocess.DEVNULL)
after = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = float((folder / "results" / "last_run_info.txt").read_text().split()[0])
found = next((folder / "results").glob("_dynamic_array_spikemonitor_i_*"))
check = {"spikes": found.stat().st_size // 4}
cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
print("RESULT", json.dumps({"run_s": seconds, "run_cpu_s": cpu, "compile_s": compile_s, "check": check}))
