"""The function ``meet`` of :mod:`neurodsl.codegen.meeting` as LLVM's text, for kernels that are compiled without numba."""

from __future__ import annotations

import platform

from neurodsl.codegen.waiting import ARRIVED, ENDED, PAUSES, SPINS, TURN, YIELD

SYMBOL = "@meet"


def definition() -> str:
    """Return the function, and what it declares: it takes the data and the size of a meeting, and how many threads come."""
    name, given = PAUSES.get(platform.machine(), ("", ()))
    pause = f"  call void @{name}({', '.join(f'i32 {value}' for value in given)})\n" if name else ""
    declared = f"declare void @{name}({', '.join('i32' for _ in given)})\n" if name else ""
    return f"""{declared}
define internal i64 {SYMBOL}(ptr %met, i64 %size, i64 %count) nounwind {{
  %arrived = getelementptr i64, ptr %met, i64 {ARRIVED}
  %turn = getelementptr i64, ptr %met, i64 {TURN}
  %ended = getelementptr i64, ptr %met, i64 {ENDED}
  %yield = getelementptr i64, ptr %met, i64 {YIELD}
  %now = load atomic i64, ptr %turn seq_cst, align 8
  %before = atomicrmw add ptr %arrived, i64 1 seq_cst
  %others = sub i64 %count, 1
  %last = icmp eq i64 %before, %others
  br i1 %last, label %open, label %look
open:
  %none = sub i64 0, %count
  %emptied = atomicrmw add ptr %arrived, i64 %none seq_cst
  %turned = atomicrmw add ptr %turn, i64 1 seq_cst
  ret i64 0
look:
  %spins = phi i64 [ 0, %0 ], [ %more, %again ]
  %seen = load atomic i64, ptr %turn seq_cst, align 8
  %waiting = icmp eq i64 %seen, %now
  br i1 %waiting, label %wait, label %come
come:
  ret i64 0
wait:
  %over = load atomic i64, ptr %ended seq_cst, align 8
  %left = icmp ne i64 %over, 0
  br i1 %left, label %alone, label %stay
alone:
  ret i64 1
stay:
  %more = add i64 %spins, 1
  %soon = icmp slt i64 %more, {SPINS}
  br i1 %soon, label %spin, label %rest
spin:
{pause}  br label %again
rest:
  %address = load i64, ptr %yield
  %let = inttoptr i64 %address to ptr
  %done = call i32 %let()
  br label %again
again:
  br label %look
}}
"""
