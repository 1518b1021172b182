"""Functions of the language that sympy lacks, or has in a form that asks too many questions.

None of them evaluates itself, simplifies itself or looks at assumptions: building an expression stays linear in its size.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Function, Integer, Rational


class Select(Function):  # type: ignore[misc]
    """``Select(condition, a, b)`` is a where the condition holds, else b; the branch not taken does not matter."""

    nargs = 3

    def _eval_derivative(self, symbol: Any) -> Expr:
        condition, taken, other = self.args
        first, second = taken.diff(symbol), other.diff(symbol)
        return first if first == second else Select(condition, first, second)


class Phi(Function):  # type: ignore[misc]
    """``Phi(k, x)``: the entire functions of exponential integrators, phi_1(x) = (exp(x) - 1)/x, phi_(k+1) = (phi_k - 1/k!)/x."""

    nargs = 2

    def fdiff(self, argindex: int = 2) -> Expr:
        order, x = self.args
        return Phi(order, x) - order * Phi(order + 1, x)


class Growth(Phi):
    """``Growth(1, x)``: phi_1(x) where it scales the increment of a state, whose rounding hides its own: short of digits near 0, and cheaper."""


class InversePhi(Function):  # type: ignore[misc]
    """x/(exp(x) - 1), the reciprocal of phi_1: how it is printed, since it takes one division and not two."""

    nargs = 1


class Repeated(Function):  # type: ignore[misc]
    """``Repeated(first, period, count)``: known times in a row, as many as the count; among the edges of a system alone."""

    nargs = 3


class Absolute(Function):  # type: ignore[misc]
    """``abs(x)``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return Signum(self.args[0])


class _Stepwise(Function):  # type: ignore[misc]
    """A function whose derivative is 0 wherever it has one."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(0)


class Signum(_Stepwise):
    """``sign(x)``."""

    nargs = 1


class UnitStep(_Stepwise):
    """``heaviside(x)``: 0 below 0, 1 from 0 on."""

    nargs = 1


class Floor(_Stepwise):
    """``floor(x)``."""

    nargs = 1


class Ceil(_Stepwise):
    """``ceil(x)``."""

    nargs = 1


class Round(_Stepwise):
    """``round(x)``, halves to even."""

    nargs = 1


class Modulo(Function):  # type: ignore[misc]
    """``mod(a, b)``: the remainder with the sign of b."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(1) if argindex == 1 else -Floor(self.args[0] / self.args[1])


class Minimum(Function):  # type: ignore[misc]
    """``min(a, b)``."""

    nargs = 2

    def _eval_derivative(self, symbol: Any) -> Expr:
        a, b = self.args
        return Select(sympy.Le(a, b, evaluate=False), a, b)._eval_derivative(symbol)


class Maximum(Function):  # type: ignore[misc]
    """``max(a, b)``."""

    nargs = 2

    def _eval_derivative(self, symbol: Any) -> Expr:
        a, b = self.args
        return Select(sympy.Ge(a, b, evaluate=False), a, b)._eval_derivative(symbol)


class Logistic(Function):  # type: ignore[misc]
    """``sigmoid(x)``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return Logistic(self.args[0]) * (1 - Logistic(self.args[0]))


class Expm1(Function):  # type: ignore[misc]
    """``expm1(x)``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.exp(self.args[0])


class Log1p(Function):  # type: ignore[misc]
    """``log1p(x)``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (1 + self.args[0])


class Log10(Function):  # type: ignore[misc]
    """``log10(x)``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (self.args[0] * sympy.log(10))


class Log2(Function):  # type: ignore[misc]
    """``log2(x)``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (self.args[0] * sympy.log(2))


class Tanh(Function):  # type: ignore[misc]
    """``tanh(x)``; sympy's own looks through its argument at every level of nesting."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 - Tanh(self.args[0]) ** 2


ONE_ARGUMENT: dict[str, Any] = {
    "exp": sympy.exp, "expm1": Expm1, "log": sympy.log, "ln": sympy.log, "log10": Log10, "log2": Log2, "log1p": Log1p,
    "sqrt": sympy.sqrt, "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "asin": sympy.asin, "acos": sympy.acos, "atan": sympy.atan,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": Tanh, "asinh": sympy.asinh, "acosh": sympy.acosh, "atanh": sympy.atanh,
    "sigmoid": Logistic, "erf": sympy.erf, "abs": Absolute, "floor": Floor, "ceil": Ceil, "round": Round, "sign": Signum, "heaviside": UnitStep,
}  # fmt: skip
"""The mathematics of each function of the language that takes one argument."""


def apply_builtin(name: str, arguments: list[Expr]) -> Expr:
    """Return a function of the language applied to arguments that are in one unit."""
    if name in ONE_ARGUMENT:
        return ONE_ARGUMENT[name](arguments[0])
    if name == "exprel":
        return Phi(Integer(1), arguments[0])
    if name == "mod":
        return Modulo(*arguments)
    if name == "atan2":
        return sympy.atan2(*arguments)
    if name == "clip":
        value, low, high = arguments
        return Minimum(Maximum(value, low), high)
    pair = {"min": Minimum, "max": Maximum}[name]
    result = arguments[0]
    for argument in arguments[1:]:
        result = pair(result, argument)
    return result


def nesting(expression: sympy.Basic) -> int:
    """Return how many applications of functions stand inside one another."""
    depth = max((nesting(argument) for argument in expression.args), default=0)
    return depth + 1 if isinstance(expression, Function) else depth


def rational(value: Any) -> Rational:
    """Return an exact number of Python as one of sympy."""
    return Rational(value.numerator, value.denominator)
