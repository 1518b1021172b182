"""The exact step of linear neurons: the exponential of their matrix, computed once, and which of its entries can differ from 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.codegen.lane_writer import LaneWriter, hold
from neurodsl.codegen.steps import held_states, linear_part
from neurodsl.diagnostics import fail


@dataclass(frozen=True)
class Propagator:
    """What a run has to compute before its first step: entries of exp(A dt) and of its integral over the step.

    Attributes
    ----------
    matrix : dict of (int, int) to Expr
        The entries of A that are not 0.
    size : int
        How many states there are.
    entries : tuple of str
        The names of the entries that the step uses, in order: ``_P0_1`` of the propagator, ``_F0_1`` of its integral, ``_R0_1`` of the response to a drive
        that grows from 0 to 1; ``_Q0_1``, ``_G0_1`` and ``_S0_1`` are those of the flow in which a state is held, ``_A0_1`` those of the matrix itself.
    held : int
        The state that is held there, -1 for none.
    shared : bool
        All neurons have the same.
    """

    matrix: dict[tuple[int, int], Expr]
    size: int
    entries: tuple[str, ...]
    held: int
    shared: bool


def propagated(writer: LaneWriter, holding: bool = True) -> tuple[Propagator, list[str]]:
    """Return the propagator of a linear system and the lines of a step; without ``holding``, of one in which no state is held."""
    system, names = writer.system, writer.states
    parts = linear_part(system)
    assert parts is not None
    rows, drive = parts
    size = len(names)
    matrix = {(i, j): rows[i][j] for i in range(size) for j in range(size) if rows[i][j] != 0}
    free = _closure(size, matrix)
    held = sorted(held_states(system)) if holding else []
    moved = {(i, h) for h in held for i in range(size) if i != h and (i, h) in free}
    if moved and len(held) > 1:
        raise fail(rules.METHOD_REFUSED, f"several states of `{system.name}` are held and move others", help="name a method: exponential_euler, rk4")
    still = _closure(size, {k: e for k, e in matrix.items() if k[0] not in held}) if moved else set()
    writer.constants_of(*drive)
    lines, growing = _driven(writer, drive)
    entries: list[str] = []

    def sum_of(i: int, closure: set[tuple[int, int]], letters: str, without: Sequence[int] = ()) -> str:
        terms = []
        for j in range(size):
            if (i, j) in closure:
                terms.append(f"_{letters[0]}{i}_{j}*{names[j]}")
                if drive[j] != 0 and j not in without:
                    terms.append(f"_{letters[1]}{i}_{j}*_b{j}")
                    terms += [f"_{letters[2]}{i}_{j}*_d{j}"] if j in growing else []
        entries.extend(term.partition("*")[0] for term in terms)
        return " + ".join(terms)

    for i, state in enumerate(system.states):
        if state.derivative == 0:
            continue
        text = sum_of(i, free, "PFR")
        if i in held:
            text = f"{names[i]} if {hold(names[i])} > _ts else {text}"
        elif any((i, h) in moved for h in held):
            text = f"({sum_of(i, still, 'QGS', held)}) if {hold(names[held[0]])} > _ts else {text}"
        lines.append(f"_z_{names[i]} = {text}")
    shared = not any(writer.system.bases(e) & writer.differing for e in matrix.values())
    entries = list(dict.fromkeys(entries))
    for number, name in enumerate(entries):
        if shared:
            writer.shared[name] = f"_p[{number}]"
        else:
            writer.row(name)
    return Propagator(matrix, size, tuple(entries), held[0] if moved else -1, shared), lines


def _driven(writer: LaneWriter, drive: Sequence[Expr]) -> tuple[list[str], set[int]]:
    """Return the lines of the drives at the beginning of a step, and of what those grow by that follow samples on straight lines; and which these are."""
    samples = writer.samples(*drive)
    lines = [f"{name} = {text}" for name, text in zip(samples.names, samples.at("t"), strict=True)]
    lines += [f"_b{j} = {writer.print(b)}" for j, b in enumerate(drive) if b != 0]
    moving = {Symbol(table) for table in writer.system.tables if table not in writer.held}
    growing = {j for j, b in enumerate(drive) if b.free_symbols & moving}
    if growing:
        lines += [f"{name} = {text}" for name, text in zip(samples.names, samples.at("t + _h"), strict=True)]
        lines += [f"_d{j} = {writer.print(drive[j])} - _b{j}" for j in sorted(growing)]
    return lines, growing


def _closure(size: int, matrix: dict[tuple[int, int], Expr]) -> set[tuple[int, int]]:
    """Return where the exponential of a matrix can differ from 0: along every path, and on the diagonal."""
    found = {(i, i) for i in range(size)} | set(matrix)
    for k in range(size):
        found |= {(i, j) for i in range(size) if (i, k) in found for j in range(size) if (k, j) in found}
    return found
