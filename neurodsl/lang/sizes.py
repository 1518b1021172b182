"""The numbers that expressions of parameters come to: the sizes of arrays, and indices that are known beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from neurodsl.lang.dimensions import exact
from neurodsl.lang.nodes import Call, Expression, Name, Number, Power, Product, Sum
from neurodsl.model import Distribution, Model
from neurodsl.units import ONE, Unit

LARGEST_EXPONENT = 64
LONGEST = 4096
"""Bits that the numerator and the denominator of a number have at most."""

Magnitude = tuple[Fraction, Unit]

WHOLE: dict[str, Callable[[Fraction], Fraction]] = {
    "floor": lambda x: Fraction(math.floor(x)),
    "ceil": lambda x: Fraction(math.ceil(x)),
    "round": lambda x: Fraction(round(x)),
    "abs": abs,
}
SEVERAL: dict[str, Callable[[Sequence[Fraction]], Fraction]] = {"min": min, "max": max}


@dataclass(slots=True)
class Constants:
    """The parameters of a model whose values are numbers."""

    model: Model
    values: dict[str, Magnitude | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The parameters of a model stand in an order in which each uses only those before it.
        for name, parameter in self.model.parameters.items():
            value = None if isinstance(parameter.value, Distribution) else self.magnitude(parameter.value)
            self.values[name] = value

    def number(self, node: Expression) -> Fraction | None:
        """Return the pure number that an expression comes to; None where it is not known, or has a unit."""
        found = self.magnitude(node)
        if found is None or not found[1].is_dimensionless:
            return None
        factor = found[1].factor_to(ONE)
        return found[0] * factor if isinstance(factor, Fraction) else None

    def magnitude(self, node: Expression) -> Magnitude | None:
        """Return the number that an expression comes to, with its unit; None where it is not known."""
        match node:
            case Number():
                return node.value, node.unit or ONE
            case Name():
                return self.values.get(node.id)
        parts = [self.magnitude(child) for child in node.children()]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts) or not known:
            return None
        found = self._combined(node, known)
        return found if found is not None and max(found[0].numerator.bit_length(), found[0].denominator.bit_length()) <= LONGEST else None

    def _combined(self, node: Expression, parts: list[Magnitude]) -> Magnitude | None:
        match node:
            case Sum():
                values = _alike(parts)
                signs = (sign for sign, _ in node.terms)
                return None if values is None else (sum((s * v for s, v in zip(signs, values, strict=True)), Fraction(0)), parts[0][1])
            case Product():
                return _product(node, parts)
            case Power():
                return _power(node, parts)
            case Call():
                return self._call(node, parts)
        return None

    def _call(self, node: Call, parts: list[Magnitude]) -> Magnitude | None:
        values = _alike(parts)
        if values is None or node.function in self.model.functions:
            return None
        if node.function in WHOLE and len(values) == 1:
            return WHOLE[node.function](values[0]), parts[0][1]
        if node.function in SEVERAL:
            return SEVERAL[node.function](values), parts[0][1]
        return (values[0] % values[1], parts[0][1]) if node.function == "mod" and len(values) == 2 and values[1] else None


def _alike(parts: list[Magnitude]) -> list[Fraction] | None:
    """Return numbers of one dimension in the unit of the first."""
    unit = parts[0][1]
    values = []
    for value, own in parts:
        factor = own.factor_to(unit) if own.same_dimension(unit) else None
        if not isinstance(factor, Fraction):
            return None
        values.append(value * factor)
    return values


def _product(node: Product, parts: list[Magnitude]) -> Magnitude | None:
    value, unit = Fraction(1), ONE
    for (operator, _), (factor, own) in zip(node.factors, parts, strict=True):
        if operator == "/" and factor == 0:
            return None
        value, unit = (value * factor, unit * own) if operator == "*" else (value / factor, unit / own)
    return value, unit


def _power(node: Power, parts: list[Magnitude]) -> Magnitude | None:
    (base, unit), (exponent, own) = parts
    if exponent.denominator != 1 or abs(exponent) > LARGEST_EXPONENT or own != ONE or (base == 0 and exponent < 0):
        return None
    if unit != ONE and exact(node.exponent) is None:
        return None
    return base ** int(exponent), unit ** int(exponent)
