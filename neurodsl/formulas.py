"""Expressions as data: what a plan keeps of them, and their values for numbers and arrays.

A formula is a number, the name of a quantity, or a list: the name of an operation, then its operands, formulas too. The text of a model never
becomes code here; a formula that holds anything else has no value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Formula = float | str | list[Any]
"""JSON-ready."""


def _phi(order: Any, x: Any) -> Any:
    """Return phi_order(x): phi_0 = exp, phi_(k+1) = (phi_k - 1/k!)/x, by its series where that loses digits."""
    x = np.asarray(x, dtype=np.float64)
    small = np.abs(x) < 0.5
    safe = np.where(small, 1.0, x)
    value = np.exp(safe)
    for k in range(int(order)):
        value = (value - 1.0 / math.factorial(k)) / safe
    series = sum(np.where(small, x, 0.0) ** n / math.factorial(int(order) + n) for n in range(16))
    return np.where(small, series, value)


def _remainder(a: Any, b: Any) -> Any:
    """Return the remainder with the sign of b."""
    return np.where(np.asarray(b) != 0.0, a - np.floor(a / b) * b, np.nan)


def _pick(array: Any, *indices: Any) -> Any:
    """Return elements of an array, nan where there is none."""
    array, places = np.asarray(array), [np.rint(np.asarray(k)).astype(np.int64) for k in indices]
    inside = np.logical_and.reduce([(k >= 0) & (k < size) for k, size in zip(places, array.shape, strict=True)])
    found = array[tuple(np.clip(k, 0, size - 1) for k, size in zip(places, array.shape, strict=True))]
    return np.where(inside, found, np.nan)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": np.add, "*": np.multiply, "/": np.divide, "^": np.float_power, "where": np.where, "pick": _pick, "phi": _phi, "mod": _remainder,
    ">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal, "==": np.equal, "!=": np.not_equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
    "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "expm1": np.expm1, "log1p": np.log1p, "log10": np.log10, "log2": np.log2, "abs": np.abs, "floor": np.floor, "ceil": np.ceil,
    "round": np.rint, "sign": np.sign, "heaviside": lambda x: np.heaviside(x, 1.0), "min": np.minimum, "max": np.maximum,
    "sigmoid": lambda x: 0.5 * (1.0 + np.tanh(0.5 * np.asarray(x))), "inverse phi1": lambda x: 1.0 / _phi(1, x),
}  # fmt: skip
"""The operations of formulas; all take numbers and arrays of shapes that fit together."""


def evaluate(formula: Formula, values: Mapping[str, Any]) -> Any:
    """Return the value of a formula.

    Parameters
    ----------
    formula : Formula
    values : mapping of str to float or array
        What its names stand for.

    Raises
    ------
    KeyError
        For a name or an operation that is not known.
    """
    with np.errstate(all="ignore"):
        return _value(formula, values)


def _value(formula: Formula, values: Mapping[str, Any]) -> Any:
    if isinstance(formula, str):
        return values[formula]
    if not isinstance(formula, list):
        return float(formula)
    name, *operands = formula
    return FUNCTIONS[name](*(_value(operand, values) for operand in operands))


def names_in(formula: Formula) -> set[str]:
    """Return the names that a formula uses."""
    if isinstance(formula, str):
        return {formula}
    return set().union(*(names_in(operand) for operand in formula[1:])) if isinstance(formula, list) else set()
