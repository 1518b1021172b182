"""What a name stands for while an expression is translated: a number with its unit, or an argument that may be an array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Expr

from neurodsl.lang.nodes import Expression
from neurodsl.lang.shapes import Shape
from neurodsl.lower.functions import rational
from neurodsl.units import Unit


@dataclass(frozen=True)
class Value:
    """A sympy expression that is a number of ``unit``."""

    expression: Expr
    unit: Unit

    def within(self, unit: Unit) -> Expr:
        """Return the number of another unit of the same dimension; a 0 has any."""
        if self.expression == 0 or self.unit == unit:
            return self.expression
        factor = self.unit.factor_to(unit)
        return self.expression * (rational(factor) if isinstance(factor, Fraction) else sympy.Float(factor))


@dataclass(frozen=True)
class Argument:
    """An argument of a function that looks at it as a whole: the expression, and what the names in it stand for."""

    node: Expression
    local: Local
    shape: Shape


Local = Mapping[str, Value | Argument]
