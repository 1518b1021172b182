"""W6 in Brian2, C++ standalone: 100 000 FitzHugh-Nagumo neurons over I and b, rk4 at dt = 0.05, 200 units of time.

Run: ``python brian2_w6.py FOLDER``; what is compiled stays in the folder, and runs again from there.
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
EQUATIONS = """
dv/dt = (v - v**3/3 - w + I)/ms : 1
dw/dt = (v + a - b*w)/tau/ms : 1
I : 1 (constant)
b : 1 (constant)
crossings : 1
"""
b2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11"]
b2.defaultclock.dt = 0.05 * b2.ms
I, b = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 1.5, 400), np.linspace(0.5, 1.0, 250), indexing="ij"))
# The refractory period ends when v is below 0 again, so that each upward crossing counts once.
options = {"threshold": "v >= 0", "reset": "crossings += 1", "refractory": "v >= 0", "method": "rk4", "namespace": {"a": 0.7, "tau": 12.5}}
group = b2.NeuronGroup(len(I), EQUATIONS, **options)
group.v, group.w, group.I, group.b = -1, -0.5, I, b
b2.run(200 * b2.ms)
compile_s = 0.0
if not (folder / "main").is_file():
    began = time.perf_counter()
    b2.device.build(directory=str(folder), run=False)
    compile_s = time.perf_counter() - began
before = resource.getrusage(resource.RUSAGE_CHILDREN)
subprocess.run([str(folder / "main")], cwd=folder, check=True, stdout=subprocess.DEVNULL)
after = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = float((folder / "results" / "last_run_info.txt").read_text().split()[0])
found = {name: np.fromfile(next((folder / "results").glob(f"_array_neurongroup_{name}_*"))) for name in ("crossings", "v", "w")}
check = {"crossings": found["crossings"].sum(), "sum_v": found["v"].sum(), "sum_w": found["w"].sum()}
cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
print("RESULT", json.dumps({"run_s": seconds, "run_cpu_s": cpu, "compile_s": compile_s, "check": check}))
