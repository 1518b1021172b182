"""Statements over whole arrays as nested loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Basic, Function, Symbol

from neurodsl.codegen.printer import Printer
from neurodsl.lower.elements import At, Reduce, index_symbols, outermost

BEGIN = {"_sum": "0.0", "_prod": "1.0", "_min": "math.inf", "_max": "-math.inf"}
LANES = 8
"""So many partial sums are kept where a sum is of products of numbers in a row: a processor adds them side by side."""
JOIN = {"_sum": "{0} += {1}", "_prod": "{0} *= {1}", "_min": "{0} = _min({0}, {1})", "_max": "{0} = _max({0}, {1})"}
"""How each reduction starts, and takes in one more value."""


class Loops:
    """Writes statements as loops; a sum becomes a loop of its own, in front of the innermost loop that it depends on.

    Parameters
    ----------
    text : Printer
        Prints an expression without sums, and knows the identifiers of index symbols.
    table, sizes : mapping
        What the symbols of elements stand for, and how far index symbols run.
    """

    def __init__(self, text: Printer, table: Mapping[Symbol, tuple[str, At]], sizes: Mapping[Symbol, int]) -> None:
        self.text = text
        self.table = table
        self.sizes = sizes
        self.count = 0

    def statement(self, target: str, expression: Basic, indices: Sequence[Symbol] = (), comment: str = "") -> list[str]:
        """Return the lines of ``target = expression`` for all values of the index symbols."""
        placed: dict[int, list[str]] = {}
        rest = self._hoist(expression, list(indices), placed)
        lines = list(placed.get(0, ()))
        for depth, index in enumerate(indices):
            lines.append(f"{'    ' * depth}for {self.text.names[index.name]} in range({self.sizes[index]}):")
            lines += ["    " * (depth + 1) + line for line in placed.get(depth + 1, ())]
        return [*lines, f"{'    ' * len(indices)}{target} = {self.text(rest)}{comment}"]

    def _hoist(self, expression: Basic, nest: list[Symbol], placed: dict[int, list[str]]) -> Basic:
        """Return an expression with its sums replaced by the names of their values, and put their loops where they belong."""
        found = {part: self._sum(part, nest, placed) for part in outermost(expression, Reduce)}
        return expression.xreplace(found)

    def _sum(self, part: Reduce, nest: list[Symbol], placed: dict[int, list[str]]) -> Symbol:
        kind, body, index, size = part.args
        inner: dict[int, list[str]] = {}
        rest = self._hoist(body, [*nest, index], inner)
        for depth in range(len(nest) + 1):
            placed.setdefault(depth, []).extend(inner.get(depth, ()))
        used = index_symbols(part, self.table, self.sizes)
        depth = 1 + max((nest.index(symbol) for symbol in used), default=-1)
        value = Symbol(f"_s{self.count}")
        self.count += 1
        if kind.name == "_sum" and size >= 4 * LANES and not inner.get(len(nest) + 1) and not rest.atoms(Function):
            placed.setdefault(depth, []).extend(self._lanes(value.name, rest, index, int(size)))
            return value
        placed.setdefault(depth, []).extend(
            [
                f"{value.name} = {BEGIN[kind.name]}",
                f"for {self.text.names[index.name]} in range({int(size)}):",
                *("    " + line for line in inner.get(len(nest) + 1, ())),
                "    " + JOIN[kind.name].format(value.name, self.text(rest)),
            ]
        )
        return value

    def _lanes(self, value: str, body: Basic, index: Symbol, size: int) -> list[str]:
        """Return the lines of a long sum in partial sums, joined two by two."""
        name = self.text.names[index.name]
        parts = [f"{value}_{k}" for k in range(LANES)]
        lines = [f"{' = '.join(parts)} = 0.0", f"for {name} in range({size // LANES}):"]
        for k, part in enumerate(parts):
            self.text.names[index.name] = f"({LANES}*{name} + {k})"
            lines.append(f"    {part} += {self.text(body)}")
        joined = parts
        while len(joined) > 1:
            half = len(joined) // 2
            joined = [f"({a} + {b})" for a, b in zip(joined[:half], joined[half:], strict=True)]
        lines.append(f"{value} = {joined[0]}")
        if size % LANES:
            self.text.names[index.name] = f"({size - size % LANES} + {name})"
            lines += [f"for {name} in range({size % LANES}):", f"    {value} += {self.text(body)}"]
        self.text.names[index.name] = name
        return lines
