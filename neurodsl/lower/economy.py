"""Right-hand sides in a form that is cheap to evaluate many times: algebra before printing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Basic, Expr, Symbol

from neurodsl.lower.arithmetic import fold, share_powers, share_subexpressions
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.exponentials import share_exponentials
from neurodsl.lower.program import Cost, Program, cost_of, substituted
from neurodsl.lower.reciprocals import cancel_reciprocals, share_reciprocals

LARGEST_SYSTEM = 5000
"""Operations in a system up to which it is rewritten."""
SECONDS = 2.0
"""The limit of the work on it; that on a model of the literature takes a twentieth of a second."""


@dataclass(frozen=True)
class Economy:
    """A straight-line program.

    Attributes
    ----------
    constants : tuple of (Symbol, Expr)
        What depends on parameters alone and is computed once per run, each after those it uses.
    lines : tuple of (Symbol, Expr)
        Temporaries and the author's definitions, each after those it uses.
    results : tuple of Expr
        In terms of states, constants and lines.
    """

    constants: tuple[tuple[Symbol, Expr], ...]
    lines: tuple[tuple[Symbol, Expr], ...]
    results: tuple[Expr, ...]


def economise(definitions: Sequence[tuple[Symbol, Expr]], results: Sequence[Expr], varying: frozenset[Symbol]) -> Economy:
    """Return the same values by a program that costs less.

    Each value stays within about 1e-12 of the size of the terms that it is the sum of. Where a shared product of denominators or a power
    of a shared exponential overflows, far from ordinary values, a result is not a number, and only then.

    Parameters
    ----------
    definitions : sequence of (Symbol, Expr)
        What the results use, each after what it uses.
    results : sequence of Expr
    varying : frozenset of Symbol
        What changes during a run: states, the time, random numbers. A definition varies where it depends on them.

    Returns
    -------
    Economy
        With new symbols ``_x0``, ``_x1``, ... for what varies and ``_r0``, ... for what does not.
    """
    plain = _ordered(Program(definitions, results, varying))
    if cost(plain).operations > LARGEST_SYSTEM:
        return plain
    try:
        return bounded(SECONDS, lambda: _cheapest(Program(definitions, results, varying), Program(definitions, results, varying), plain))
    except Exceeded:
        return plain


def _cheapest(first: Program, second: Program, plain: Economy) -> Economy:
    """Return the cheapest of a program with all rewritings, one with its arithmetic alone rewritten, and the one as it was."""
    share_exponentials(first)
    cancel_reciprocals(first)
    first.prune()
    share_reciprocals(first)
    made = _with_arithmetic(first)
    if cost(made).total < cost(plain).total:
        return made
    made = _with_arithmetic(second)
    return made if cost(made).total < cost(plain).total else plain


def _with_arithmetic(program: Program) -> Economy:
    fold(program)
    share_powers(program)
    share_subexpressions(program)
    return _ordered(program)


def cost(economy: Economy) -> Cost:
    """Return what one evaluation of a program costs."""
    return cost_of((*(e for _, e in economy.lines), *economy.results))


def _ordered(program: Program) -> Economy:
    """Return a program with what the results need, each line after those it uses, and its own symbols numbered in that order."""
    aliases = _aliases(program)
    lines = {aliases.get(s, s): substituted(e, aliases) for s, e in program.lines.items() if aliases.get(s, s) != substituted(e, aliases)}
    results = [substituted(e, aliases) for e in program.results]
    order = _sorted(lines, results)
    used = set().union(*(lines[s].free_symbols for s in order), *(e.free_symbols for e in results))
    constants = _sorted(program.constants, [s for s in program.constants if s in used])
    names: dict[Basic, Basic] = {}
    for letter, symbols, fixed in (("x", order, program.own), ("r", constants, program.given)):
        fresh = [s for s in symbols if s not in fixed]
        names |= {s: Symbol(f"_{letter}{k}") for k, s in enumerate(fresh)}
    return Economy(
        tuple((names.get(s, s), substituted(program.constants[s], names)) for s in constants),
        tuple((names.get(s, s), substituted(lines[s], names)) for s in order),
        tuple(substituted(e, names) for e in results),
    )


def _aliases(program: Program) -> dict[Basic, Basic]:
    """Return which symbols stand for others: a temporary that is a definition takes its name."""
    aliases: dict[Basic, Basic] = {}
    for symbol, e in program.lines.items():
        if isinstance(e, Symbol) and symbol in program.own and e in program.lines and e not in program.own and e not in aliases:
            aliases[e] = symbol
        elif isinstance(e, Symbol):
            aliases[symbol] = e
    return {symbol: _end(e, aliases) for symbol, e in aliases.items()}


def _end(e: Basic, aliases: dict[Basic, Basic]) -> Basic:
    while e in aliases:
        e = aliases[e]
    return e


def _sorted(lines: dict[Symbol, Expr], results: Sequence[Expr]) -> list[Symbol]:
    """Return the symbols of the lines that results need, each after those it uses, else in the order given."""
    place = {symbol: k for k, symbol in enumerate(lines)}
    order: dict[Symbol, None] = {}
    wanted = sorted({s for e in results for s in e.free_symbols if s in lines}, key=place.__getitem__, reverse=True)
    stack: list[tuple[Symbol, bool]] = [(s, False) for s in wanted]
    while stack:
        symbol, ready = stack.pop()
        if ready:
            order[symbol] = None
        elif symbol not in order:
            stack.append((symbol, True))
            inside = sorted((s for s in lines[symbol].free_symbols if s in lines and s not in order), key=place.__getitem__, reverse=True)
            stack.extend((s, False) for s in inside)
    return list(order)
