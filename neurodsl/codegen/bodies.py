"""Lines of generated functions: what they load, what they compute, in the author's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Basic, Symbol

from neurodsl.codegen.names import identifiers
from neurodsl.codegen.pages import Body
from neurodsl.codegen.printer import Printer
from neurodsl.system import STEP, Definition, Draw, System


class Writer:
    """Writes functions over the constants, the state and the definitions of one system.

    Attributes
    ----------
    names : dict
        The identifier of each name.
    constants : tuple of str
        The names of the entries of ``_c``: parameters, the step, derived constants.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        order = [*(p.name for p in system.parameters), *(s.name for s in system.states), *(d.name for d in system.definitions)]
        self.names = identifiers(["t", "dt", *order, *(f"_flow {s.name}" for s in system.states), *(f"d{s.name}/dt" for s in system.states)])
        self.print = Printer(self.names)
        self.constants = (*(p.name for p in system.parameters), STEP.name, *(d.name for d in system.constants))
        self.states = tuple(s.name for s in system.states)
        self.objects = 0

    def name(self, name: str) -> str:
        """Return the identifier of a name."""
        return self.names[name]

    def assign(self, definition: Definition) -> str:
        """Return the line that computes a definition, with the line of the model it comes from."""
        text = f"{self.names[definition.name]} = {self.print(definition.expression)}"
        return text + comment(definition.span.line if definition.span else None)

    def draw(self, made: Draw) -> str:
        """Return the call that draws a value; each call is an object of its own to the generator."""
        self.objects += 1
        return f"_draw({made.name!a}, {self.objects}, _seed, _element, [{', '.join(self.print(a) for a in made.arguments)}])"

    def loads(self, used: set[Symbol], state: str | None = "_y", constants: str | None = "_c") -> list[str]:
        """Return the lines that give constants and states their names, where they are used."""
        names = {s.name for s in used}
        lines = []
        if constants:
            lines += [f"{self.names[n]} = {constants}[{i}]" for i, n in enumerate(self.constants) if n in names]
        if state:
            lines += [f"{self.names[n]} = {state}[{i}]" for i, n in enumerate(self.states) if n in names]
        return lines

    def used(self, expressions: Iterable[Basic]) -> set[Symbol]:
        """Return all symbols that the expressions use, through varying definitions."""
        expressions = list(expressions)
        symbols = set().union(*(e.free_symbols for e in expressions)) if expressions else set()
        for definition in self.system.needed(*expressions):
            symbols |= definition.expression.free_symbols
        return symbols

    def body(self, expressions: Sequence[Basic], state: str | None = "_y") -> Body:
        """Return a function body that loads what the expressions need, computes the definitions and ends in the expressions."""
        lines = self.loads(self.used(expressions), state)
        lines += [self.assign(definition) for definition in self.system.needed(*expressions)]
        return Body(tuple(lines), tuple(self.print(e) for e in expressions))

    def rates_loads(self, expressions: Sequence[Basic]) -> list[str]:
        """Return the lines that give the derivatives of the states their names, where the expressions use them."""
        used = {s.name for e in expressions for s in e.free_symbols}
        lines = []
        for i, state in enumerate(self.system.states):
            label = f"d{state.name}/dt" if "/" not in state.name else f"_flow {state.name}"
            if label in used and label not in self.states:
                lines.append(f"{self.names[label]} = _d[{i}]")
        return lines


def comment(line: int | None) -> str:
    """Return a comment that points to a line of the model."""
    return f"  # line {line}" if line is not None else ""


def plain(text: str) -> str:
    """Return a text that can stand in a docstring or a comment: printable ASCII without quotes and backslashes."""
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "'" if c == '"' else "?" for c in text)
