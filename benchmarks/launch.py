"""Run a program and tell what its whole process took: a small parent, whose own memory does not count as that of the program.

Run: ``python -IS launch.py PROGRAM [ARGUMENT ...]``.
"""

import json
import os
import sys
import time


def main() -> None:
    """Run the program, and print a line behind what it prints."""
    began = time.perf_counter()
    _, status, usage = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0)
    seconds = time.perf_counter() - began
    # Linux tells the memory in KiB.
    print("PROCESS", json.dumps({"whole_s": seconds, "whole_cpu_s": usage.ru_utime + usage.ru_stime, "memory_mb": usage.ru_maxrss / 1024}))
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
