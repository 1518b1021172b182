"""A unit: a dimension with an exact factor to SI."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

BASES = ("length", "mass", "time", "current", "temperature", "amount", "Celsius temperature")
SI_SYMBOLS = ("m", "kg", "s", "A", "K", "mol", "degC")
LARGEST_INTEGER = 10**9

Scale = tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Unit:
    """A dimension and an exact factor to SI; equal however it was written.

    Parameters
    ----------
    dimension : tuple of Fraction
        The exponents of `BASES`.
    scale : tuple of (int, Fraction)
        The factor to SI as primes with exponents, sorted and without zeros, so that the root of a millisecond is exact too.
    """

    dimension: tuple[Fraction, ...]
    scale: Scale

    def __mul__(self, other: Unit) -> Unit:
        return Unit(tuple(a + b for a, b in zip(self.dimension, other.dimension, strict=True)), _merge(self.scale, other.scale, 1))

    def __truediv__(self, other: Unit) -> Unit:
        return Unit(tuple(a - b for a, b in zip(self.dimension, other.dimension, strict=True)), _merge(self.scale, other.scale, -1))

    def __pow__(self, exponent: Fraction | int) -> Unit:
        power = Fraction(exponent)
        scale = tuple((prime, e * power) for prime, e in self.scale) if power else ()
        return Unit(tuple(e * power for e in self.dimension), scale)

    def __repr__(self) -> str:
        return f"parse_unit({write(SI_SYMBOLS, self.dimension, front(self.scale))!r})"

    @property
    def is_dimensionless(self) -> bool:
        """Return whether the unit is a mere number, such as 1 or a percent."""
        return not any(self.dimension)

    def same_dimension(self, other: Unit) -> bool:
        """Return whether one unit converts to the other by a factor."""
        return self.dimension == other.dimension

    def ratio(self, other: Unit) -> Scale:
        """Return how many of the other unit this one is, as primes with exponents; the dimensions are not compared."""
        return _merge(self.scale, other.scale, -1)

    def factor_to(self, other: Unit) -> Fraction | float:
        """Return how many of the other unit this one is.

        Returns
        -------
        Fraction or float
            Exact where no root is involved; 0.0 or infinity where it leaves the range of a float.
        """
        ratio = self.ratio(other)
        magnitude = sum(float(e) * math.log10(prime) for prime, e in ratio)
        if abs(magnitude) > 307:
            return math.inf if magnitude > 0 else 0.0
        exact = math.prod((Fraction(prime) ** int(e) for prime, e in ratio if e.denominator == 1), start=Fraction(1))
        roots = [prime ** float(e) for prime, e in ratio if e.denominator != 1]
        return float(exact) * math.prod(roots) if roots else exact


def _merge(left: Scale, right: Scale, sign: int) -> Scale:
    """Return the product (``sign`` 1) or the quotient (-1) of two scales."""
    if not right:
        return left
    exponents = dict(left)
    for prime, exponent in right:
        exponents[prime] = exponents.get(prime, Fraction(0)) + sign * exponent
    return tuple(sorted((prime, e) for prime, e in exponents.items() if e))


def integer_unit(value: int) -> Unit:
    """Return the dimensionless unit of a positive integer."""
    exponents: dict[int, Fraction] = {}
    divisor = 2
    while divisor * divisor <= value:
        while value % divisor == 0:
            exponents[divisor] = exponents.get(divisor, Fraction(0)) + 1
            value //= divisor
        divisor += 1
    if value > 1:
        exponents[value] = exponents.get(value, Fraction(0)) + 1
    return Unit((Fraction(0),) * len(BASES), tuple(sorted(exponents.items())))


def si_unit(*exponents: int, ten: int = 0) -> Unit:
    """Return the unit with these exponents of the base quantities and this power of ten."""
    filled = exponents + (0,) * (len(BASES) - len(exponents))
    return Unit(tuple(Fraction(e) for e in filled), ((2, Fraction(ten)), (5, Fraction(ten))) if ten else ())


ONE = si_unit()


def write(names: Iterable[str], exponents: Iterable[Fraction], factor: str = "") -> str:
    """Return a product of powers as text: ``mV*ms/cm^2``."""
    above = [factor] if factor else []
    below: list[str] = []
    for name, exponent in zip(names, exponents, strict=True):
        if exponent:
            size = abs(exponent)
            power = "" if size == 1 else f"^{size}" if size.denominator == 1 else f"^({size})"
            (above if exponent > 0 else below).append(name + power)
    return "/".join(["*".join(above) or "1", *below])


def front(scale: Scale) -> str:
    """Return a factor as text that `parse_unit` reads: nothing for 1, ``10^-5``, ``60``, ``1/60`` or a product of powers of primes."""
    if not scale:
        return ""
    exponents = dict(scale)
    if set(exponents) == {2, 5} and exponents[2] == exponents[5]:
        return "10" if exponents[2] == 1 else f"10^{exponents[2]}" if exponents[2].denominator == 1 else f"10^({exponents[2]})"
    if all(e.denominator == 1 and abs(e) < 30 for e in exponents.values()):
        exact = math.prod((Fraction(prime) ** int(e) for prime, e in scale), start=Fraction(1))
        if max(exact.numerator, exact.denominator) <= LARGEST_INTEGER:
            return str(exact)
    return "*".join(f"{prime}^({e})" for prime, e in scale)
