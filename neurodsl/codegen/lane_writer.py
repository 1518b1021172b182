"""Names, rows and functions of a kernel in lanes: what all its parts write with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from sympy import Basic, Expr, Symbol

from neurodsl.codegen.bodies import Writer, expressions_of, starts_of
from neurodsl.codegen.pages import LaneFunction
from neurodsl.lower.economy import economise
from neurodsl.system import LEVEL_TIME, TIME, Draw, System


def hold(name: str) -> str:
    """Return the identifier of the time up to which a state is held."""
    return f"_hold_{name}"


def call(name: str, time: str, states: Sequence[str], more: Sequence[str]) -> str:
    """Return the text of a call of a function of the state; at the end of a step the time is ``_u``, and known times are compared with ``_us``."""
    return f"{name}({', '.join([time, '_us' if time == '_u' else '_ts', *states, *more])})"


def unlike(system: System, varied: Collection[str], given: Collection[str]) -> set[Symbol]:
    """Return the constants that differ from point to point: those that vary, those that are drawn, and what depends on either.

    Parameters
    ----------
    varied : collection of str
        What each point is given.
    given : collection of str
        The parameters that all points are given, whatever their defaults depend on.
    """
    found = {p.symbol for p in system.parameters if p.name in varied or (isinstance(p.default, Draw) and p.name not in given)}
    values = [(p.symbol, expressions_of(p.default)) for p in system.parameters if p.name not in given]
    values += [(d.symbol, (d.expression,)) for d in system.constants]
    size = -1
    while len(found) > size:
        size = len(found)
        found |= {symbol for symbol, used in values if system.bases(*used) & found}
    return found


@dataclass(frozen=True)
class Samples:
    """The identifiers of samples that a function takes, and the texts of what they are ``at`` the time of a call."""

    names: list[str]
    at: Callable[[str], list[str]]


class LaneWriter:
    """Writes over blocks of points: a number that differs from point to point is a row of ``_w``, every other one a name of its own.

    Parameters
    ----------
    system : System
    varied : sequence of str
        The parameters and the states that are given for each point.
    given : collection of str
        The parameters that all points are given.
    lanes : int
        Points of a block.
    held : collection of str
        The samples each value of which holds until the next.

    Attributes
    ----------
    rows : dict of str to int
        The row of each number of a point.
    functions : list of LaneFunction
        The functions written so far.
    own : dict of str to Expr
        The constants of each point that are computed from those that are given, in order.
    shared : dict of str to str
        The constants that all points share, with the text of their values.
    moments : dict of str to (int, str)
        The rows in which samples stand, with the number of the samples and the text of the time.
    """

    def __init__(self, system: System, varied: Sequence[str], given: Collection[str], lanes: int, held: Collection[str] = ()) -> None:
        self.system, self.lanes, self.held = system, lanes, held
        self.writer = Writer(system, lanes=True)
        self.print, self.name = self.writer.print, self.writer.name
        self.states = [self.name(s.name) for s in system.states]
        self.rows: dict[str, int] = {}
        for text in self.states:
            self.row(text)
        states = {s.name for s in system.states}
        self.given = tuple(name for name in varied if name not in states)
        self.started = frozenset(varied) & states
        self.differing = unlike(system, varied, given)
        for name in self.given:
            self.row(self.name(name))
        self.own: dict[str, Expr] = {}
        self.shared: dict[str, str] = {}
        self.functions: list[LaneFunction] = []
        self._places = starts_of(self.writer.constants)
        self._values: dict[Symbol, Expr] = {p.symbol: p.default for p in system.parameters if isinstance(p.default, Expr)}
        self._values |= {d.symbol: d.expression for d in system.constants}
        self._made: set[Symbol] = set()
        self.moments: dict[str, tuple[int, str]] = {}
        moving = map(Symbol, (*system.noises, *system.tables))
        self.varying = frozenset({*(s.symbol for s in system.states), TIME, LEVEL_TIME, Symbol("_h"), *moving})

    def row(self, name: str) -> int:
        """Return the row of a number of a point, a new one where it has none yet."""
        return self.rows.setdefault(name, len(self.rows))

    def at(self, name: str) -> str:
        """Return the text of a number of a point in its row."""
        row = self.row(name)
        return f"_w[{row * self.lanes} + _l]" if row else "_w[_l]"

    def load(self, names: Iterable[str]) -> list[str]:
        """Return the lines that load numbers of a point from their rows."""
        return [f"{name} = {self.at(name)}" for name in names]

    def samples(self, *expressions: Basic) -> Samples:
        """Return what inputs follow in time, as far as expressions use it."""
        used = self.system.bases(*expressions, *(d.expression for d in self.system.needed(*expressions)))
        tables = [table for table in self.system.tables if Symbol(table) in used]
        return Samples([self.name(table) for table in tables], lambda time: [self._sample(table, time) for table in tables])

    def _sample(self, table: str, time: str) -> str:
        """Return the text of what samples are at a time, a number of the point in a row."""
        moment = time if table not in self.held else "_us" if time == "_u" else "_ts"
        name = f"{table} at {moment}"
        self.moments[name] = self.system.tables.index(table), moment
        return self.at(name)

    def constant(self, symbol: Symbol) -> str:
        """Return the identifier of a constant, which stands in a row where it differs from point to point."""
        name: str = self.writer.names.get(symbol.name, symbol.name)
        if symbol.name in self.given or name in self.shared or name in self.own:
            return name
        if symbol not in self.differing and symbol not in self._made:
            self.shared[name] = f"_c[{self._places[symbol.name]}]"
            return name
        value = self._values[symbol]
        self.constants_of(value)
        if symbol in self.differing:
            self.own[name] = value
        else:
            self.shared[name] = self.print(value)
        return name

    def value_of(self, name: str) -> Expr:
        """Return what a constant that the compiler made stands for."""
        return self._values[Symbol(name)]

    def _needed(self, *expressions: Basic) -> set[Symbol]:
        """Return the constants that expressions use and that have a name of their own."""
        known = {name for name, _ in self.writer.constants if name not in self.system.tables} & self.print.names.keys()
        return {s for s in self.system.bases(*expressions) if s.name in known or s in self._made}

    def constants_of(self, *expressions: Basic) -> list[str]:
        """Return the identifiers of the constants that expressions use; elements of arrays stand in ``_c``."""
        names = [self.constant(s) for s in sorted(self._needed(*expressions), key=str)]
        used: set[Basic] = set().union(*(e.free_symbols for e in expressions))
        return [*names, "_c"] if any(s in self.system.elements and s.name not in self.print.names for s in used) else names

    def economy(self, expressions: Sequence[Expr], prefix: str) -> tuple[list[str], list[str], list[str]]:
        """Return the constants that expressions need, the lines that compute, and the texts of their values."""
        definitions = [(d.symbol, d.expression) for d in self.system.needed(*expressions)]
        made = economise(definitions, list(expressions), self.varying)
        table = {s: Symbol(f"_{prefix}{s.name[1:]}") for s, _ in (*made.constants, *made.lines) if s.name.startswith("_")}
        for symbol, value in made.constants:
            made_symbol, used = table[symbol], value.xreplace(table)
            self._values[made_symbol] = used
            self._made.add(made_symbol)
            if self.system.bases(used) & self.differing:
                self.differing.add(made_symbol)
        lines = [(table.get(s, s), e.xreplace(table)) for s, e in made.lines]
        results = [e.xreplace(table) for e in made.results]
        constants = self.constants_of(*(e for _, e in lines), *results)
        spans = {d.symbol: d.span.line for d in self.system.varying if d.span is not None}
        texts = [f"{self.writer.names.get(s.name, s.name)} = {self.print(e)}" + (f"  # line {spans[s]}" if s in spans else "") for s, e in lines]
        return constants, texts, [self.print(e) for e in results]

    def function(self, name: str, arguments: Sequence[str], lines: Sequence[str], results: Sequence[str], doc: str) -> None:
        """Add a function that is written into the place of its calls."""
        self.functions.append(LaneFunction(name, ", ".join(arguments), doc, tuple(lines), ", ".join(results) + ("," if len(results) == 1 else "")))
