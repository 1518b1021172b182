"""What was found of a model as a fragment of LaTeX: Jacobian, fixed points, conditions for stability."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr

from neurodsl.analysis.points import FixedPoint, listed, remarks
from neurodsl.analysis.stability import Stability
from neurodsl.analysis.wording import latex_of

DERIVATIVE = re.compile(r"d(.+)/dt")
ELEMENT = re.compile(r"(.+)\[(.+)\]")
WIDEST = 2500
"""Characters of a formula beyond which it is left out."""


@dataclass(frozen=True)
class Fragment:
    """Writes LaTeX; amsmath is needed.

    Attributes
    ----------
    name : callable
        Returns a name as a formula.
    words : callable
        Returns a text with nothing that LaTeX could obey.
    units : mapping of str to str
        The unit of each state as a formula.
    """

    name: Callable[[str], str]
    words: Callable[[str], str]
    units: Mapping[str, str]

    def symbol(self, name: str) -> str:
        """Return a name, that of a derivative with a dot and that of an element with its index."""
        if found := DERIVATIVE.fullmatch(name):
            return rf"\dot{{{self.symbol(found[1])}}}"
        if found := ELEMENT.fullmatch(name):
            return rf"{{{self.name(found[1])}}}_{{{self.words(found[2])}}}"
        return self.name(name)

    def formula(self, expression: Expr) -> str:
        """Return an expression, or dots where it is too long to print."""
        found = latex_of(expression, self.symbol)
        return found if len(found) <= WIDEST else r"\dots"

    def render(self, found: Stability, bifurcations: Sequence[Mapping[str, object]]) -> str:
        """Return everything that was found."""
        blocks = [
            "% needs \\usepackage{amsmath}",
            self._jacobian(found),
            self._points(found),
            self._conditions(found),
            self._bifurcations(bifurcations),
        ]
        points = found.fixed_points
        parted = f"States in which neurons that are alike differ: {points.others_told}" if points.others_told else ""
        notes = [self.words(note) for note in (points.guarantee, *remarks(points), parted, *points.notes) if note]
        return "\n\n".join([*filter(None, blocks), "\\par\n".join(f"{note[:1].upper()}{note[1:]}." for note in notes)])

    def _jacobian(self, found: Stability) -> str:
        if not found.jacobian.entries:
            return ""
        names = ", ".join(map(self.symbol, found.jacobian.states))
        body = " \\\\\n  ".join(" & ".join(map(self.formula, row)) for row in found.jacobian.entries)
        return f"\\[\n  J({names}) = \\begin{{pmatrix}}\n  {body}\n  \\end{{pmatrix}}\n\\]"

    def _points(self, found: Stability) -> str:
        if not len(found.fixed_points):
            return ""
        names = list(found.fixed_points[0].state)
        heads = [f"${self.symbol(name)}$" + (f" (${self.units[name]}$)" if self.units.get(name) else "") for name in names]
        lines = [" & ".join([*heads, "Eigenvalues", "Type"]), *(self._row(point) for point in found.fixed_points)]
        body = "".join(f"  {line} \\\\\n" for line in lines[1:])
        return f"\\begin{{tabular}}{{{'l' * (len(names) + 2)}}}\n  \\hline\n  {lines[0]} \\\\\n  \\hline\n{body}  \\hline\n\\end{{tabular}}"

    def _row(self, point: FixedPoint) -> str:
        formulas = point.formulas or {}
        cells = [f"${self.formula(formulas[n]) if n in formulas else number(v)}$" for n, v in point.state.items()]
        values = ", ".join(listed(point.eigenvalues, lambda v: f"${number(v.real)}{f'{v.imag:+.6g}' + chr(92) + 'mathrm{i}' if v.imag else ''}$"))
        return " & ".join([*cells, values, self.words(point.type)])

    def _conditions(self, found: Stability) -> str:
        rows = [f"a_{{{k}}} &= {self.formula(a)}" for k, a in enumerate(found.coefficients, start=1)] if len(found.coefficients) > 2 else []
        short = [self.formula(c.expression) for c in found.conditions]
        rows += [f"{text} &> 0" for text in short if text != r"\dots"]
        lines = " \\\\\n  ".join(rows)
        return f"\\begin{{align*}}\n  {lines}\n\\end{{align*}}" if rows else ""

    def _bifurcations(self, found: Sequence[Mapping[str, object]]) -> str:
        if not found:
            return ""
        lines = [f"  ${self.symbol(str(b['parameter']))} = {number(b['value'])}$ & {self.words(_kind(b))} \\\\\n" for b in found]
        return f"\\begin{{tabular}}{{ll}}\n{''.join(lines)}\\end{{tabular}}"


def _kind(found: Mapping[str, object]) -> str:
    return ", ".join(str(found[key]) for key in ("kind", "criticality") if found[key] is not None)


def number(value: object) -> str:
    """Return a number as LaTeX."""
    text = f"{value:.6g}" if isinstance(value, int | float) else str(value)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa} \\cdot 10^{{{int(exponent)}}}" if e else text
