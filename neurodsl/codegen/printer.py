"""sympy expressions as Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, Symbol
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from neurodsl.lower.elements import Pick, Sampled
from neurodsl.lower.functions import (
    Absolute,
    Ceil,
    Expm1,
    Floor,
    InversePhi,
    Log1p,
    Log2,
    Log10,
    Logistic,
    Maximum,
    Minimum,
    Modulo,
    Phi,
    Round,
    Select,
    Signum,
    Tanh,
    UnitStep,
)  # fmt: skip

CONDITION, OR, AND, NOT, COMPARE, ADD, MUL, UNARY, POWER, ATOM = range(10)

MATH: dict[Any, str] = {
    sympy.exp: "math.exp",
    sympy.log: "math.log",
    sympy.sin: "math.sin",
    sympy.cos: "math.cos",
    sympy.tan: "math.tan",
    sympy.asin: "math.asin",
    sympy.acos: "math.acos",
    sympy.atan: "math.atan",
    sympy.atan2: "math.atan2",
    sympy.sinh: "math.sinh",
    sympy.cosh: "math.cosh",
    Tanh: "math.tanh",
    sympy.tanh: "math.tanh",
    sympy.asinh: "math.asinh",
    sympy.acosh: "math.acosh",
    sympy.atanh: "math.atanh",
    sympy.erf: "math.erf",
    Expm1: "math.expm1",
    Log1p: "math.log1p",
    Log10: "math.log10",
    Log2: "math.log2",
    Absolute: "abs",
    Floor: "np.floor",
    Ceil: "np.ceil",
    Round: "_round",
    Signum: "_sign",
    UnitStep: "_heaviside",
    Logistic: "_sigmoid",
    Modulo: "_mod",
    InversePhi: "_inverse_phi1",
    Minimum: "_min",
    Maximum: "_max",
}
IN_LANES: dict[Any, str] = {
    sympy.exp: "_exp",
    sympy.log: "_log",
    sympy.sin: "_sin",
    sympy.cos: "_cos",
    sympy.tan: "_tan",
    sympy.sinh: "_sinh",
    sympy.cosh: "_cosh",
    sympy.asin: "_asin",
    sympy.acos: "_acos",
    sympy.atan: "_atan",
    Tanh: "_tanh",
    sympy.tanh: "_tanh",
    Expm1: "_expm1",
    Log1p: "_log1p",
    Log10: "_log10",
    Log2: "_log2",
    Pow: "_pow",
}
"""The functions that :mod:`neurodsl.codegen.elementary` has; the others are those of ``math`` also in lanes, one after the other."""
RELATION = {sympy.Gt: ">", sympy.Ge: ">=", sympy.Lt: "<", sympy.Le: "<=", sympy.Eq: "==", sympy.Ne: "!="}


Elements = Mapping[Symbol, tuple[str, tuple[Expr, ...]]]


@dataclass(frozen=True)
class Storage:
    """Where an array lies: as a whole under a name of its own, or row by row in a longer one from ``start`` on."""

    array: str
    shape: tuple[int, ...]
    start: int = 0
    whole: bool = False

    @property
    def flat(self) -> str:
        """Return the name of an array of one dimension that holds it."""
        return f"np.ravel({self.array})" if self.whole else self.array

    def element(self, indices: Sequence[str]) -> str:
        """Return the text of an element; ``indices`` are numbers or names."""
        if self.whole:
            return f"{self.array}[{', '.join(indices)}]"
        constant, terms = self.start, []
        for k, index in enumerate(indices):
            stride = prod(self.shape[k + 1 :])
            if index.isdigit():
                constant += int(index) * stride
            else:
                terms.append(index if stride == 1 else f"{index}*{stride}")
        parts = [str(constant)] if constant or not terms else []
        return f"{self.array}[{' + '.join([*parts, *terms])}]"


class Printer:
    """Prints expressions with the identifiers of one file.

    Parameters
    ----------
    names : mapping of str to str
        What each symbol is called in the file; the compiler's own symbols, which start with ``_``, stand for themselves.
    elements : mapping
        What the symbols of elements of arrays are elements of.
    storage : mapping of str to Storage
        Where the arrays lie.
    lanes : bool
        Print what runs in lanes side by side: functions of our own that vectorise, and conditions that are all evaluated.
    """

    def __init__(
        self, names: Mapping[str, str], elements: Elements | None = None, storage: Mapping[str, Storage] | None = None, lanes: bool = False
    ) -> None:
        self.names = dict(names)
        self.elements = elements or {}
        self.storage = storage or {}
        self.functions = MATH | IN_LANES if lanes else MATH
        self.finite: frozenset[str] = frozenset()
        self.both, self.either = ((" & ", ATOM), (" | ", ATOM)) if lanes else ((" and ", NOT), (" or ", AND))

    def __call__(self, expression: Basic, level: int = CONDITION) -> str:
        """Return an expression as text, in parentheses where it binds less than ``level``."""
        text, own = self._print(expression)
        return text if own >= level else f"({text})"

    def _print(self, e: Any) -> tuple[str, int]:
        if isinstance(e, Symbol):
            return self._symbol(e), ATOM
        if (isinstance(e, Expr) and e.is_Number) or e in (sympy.pi, sympy.E):
            return _number(e)
        if isinstance(e, Add):
            return self._sum(e)
        if isinstance(e, Mul):
            return self._product(e)
        if isinstance(e, Pow):
            return self._power(e)
        if isinstance(e, Select):
            condition, taken, other = e.args
            return f"{self(taken, OR)} if {self(condition, OR)} else {self(other, CONDITION)}", CONDITION
        if isinstance(e, Pick):
            place, sizes = self.storage[e.args[0].name], self.storage[e.args[0].name].shape
            given = (place.flat, str(place.start), *map(str, sizes), *(self(k) for k in e.args[1:]))
            return f"_pick{len(sizes)}({', '.join(given)})", ATOM
        if isinstance(e, Sampled):
            time, table, element, size, held = e.args
            return f"_sampled(_c, {self(table)}, {self(time)}, {self._index(element)}, {size}, {held})", ATOM
        if isinstance(e, Phi):
            return f"_phi{int(e.args[0])}({self(e.args[1])})", ATOM
        if type(e) in RELATION:
            return f"{self(e.args[0], ADD)} {RELATION[type(e)]} {self(e.args[1], ADD)}", COMPARE
        if isinstance(e, And):
            return self.both[0].join(self(a, self.both[1]) for a in e.args), AND
        if isinstance(e, Or):
            return self.either[0].join(self(a, self.either[1]) for a in e.args), OR
        if isinstance(e, Not):
            return f"not {self(e.args[0], NOT)}", NOT
        if isinstance(e, BooleanTrue | BooleanFalse):
            return str(bool(e)), ATOM
        if isinstance(e, Minimum | Maximum) and self._is_finite(e.args[1]):
            return f"{'_at_most' if isinstance(e, Minimum) else '_at_least'}({self(e.args[0])}, {self(e.args[1])})", ATOM
        return f"{self.functions[type(e)]}({', '.join(self(a) for a in e.args)})", ATOM

    def _is_finite(self, e: Basic) -> bool:
        """Return whether a bound is known to be a finite number, so that only what it bounds is looked at."""
        return bool(self.finite) and (isinstance(e, sympy.Number) or (isinstance(e, Symbol) and e.name in self.finite))

    def _symbol(self, e: Symbol) -> str:
        if e.name in self.names:
            return self.names[e.name]
        if e in self.elements:
            name, at = self.elements[e]
            return self.storage[name].element([self._index(k) for k in at])
        return str(e.name)

    def _index(self, e: Basic) -> str:
        """Return an index: a sum of whole numbers and index symbols."""
        if isinstance(e, sympy.Integer):
            return str(e)
        if isinstance(e, Add | Mul):
            return (" + " if isinstance(e, Add) else "*").join(self._index(part) for part in e.args)
        return self(e)

    def _sum(self, e: Add) -> tuple[str, int]:
        terms = [self._signed(term) for term in e.as_ordered_terms()]
        terms.sort(key=lambda term: term[0] == "-")
        first = terms[0][1] if terms[0][0] == "+" else f"-{terms[0][1]}"
        return first + "".join(f" {sign} {text}" for sign, text in terms[1:]), ADD

    def _signed(self, term: Expr) -> tuple[str, str]:
        coefficient, _ = term.as_coeff_Mul()
        if coefficient.is_Number and coefficient.is_negative:
            return "-", self(-term, MUL)
        return "+", self(term, MUL)

    def _product(self, e: Mul) -> tuple[str, int]:
        coefficient, rest = e.as_coeff_Mul()
        if coefficient.is_negative:
            return f"-{self(-e, MUL)}", UNARY
        above, below = [], []
        for factor in Mul.make_args(rest):
            base, power = factor.as_base_exp() if isinstance(factor, Pow) else (factor, sympy.Integer(1))
            if power == -1 and isinstance(base, Phi) and base.args[0] == 1:
                above.append(InversePhi(base.args[1]))
            elif power.is_Rational and power.is_negative:
                below.append(base if power == -1 else Pow(base, -power))
            else:
                above.append(factor)
        parts = [] if coefficient == 1 and above else [_number(coefficient)[0]]
        parts += [self(factor, UNARY) for factor in above]
        text = "*".join(parts)
        if below:
            text += f"/{self(below[0], POWER)}" if len(below) == 1 else f"/({'*'.join(self(f, UNARY) for f in below)})"
        return text, MUL

    def _power(self, e: Pow) -> tuple[str, int]:
        base, power = e.args
        if power == -1 and isinstance(base, Phi) and base.args[0] == 1:
            return f"_inverse_phi1({self(base.args[1])})", ATOM
        if power.is_Rational and power.is_negative:
            return f"1.0/{self(Pow(base, -power), POWER)}", MUL
        if power == sympy.Rational(1, 2):
            return f"math.sqrt({self(base)})", ATOM
        if isinstance(base, Symbol) and power.is_Integer and 2 <= power <= 4:
            return "*".join([self(base, ATOM)] * int(power)), MUL
        if power.is_Integer:
            return f"{self(base, ATOM)}**{int(power)}", POWER
        if Pow in self.functions:
            return f"{self.functions[Pow]}({self(base)}, {self(power)})", ATOM
        return f"{self(base, ATOM)}**{self(power, ATOM)}", POWER


def _number(value: Expr) -> tuple[str, int]:
    if value is sympy.nan:
        return "math.nan", ATOM
    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else -float("inf")
    if number in (float("inf"), -float("inf")):
        return ("math.inf", ATOM) if number > 0 else ("-math.inf", UNARY)
    text = repr(abs(number))
    return (text, ATOM) if number >= 0 else (f"-{text}", UNARY)
