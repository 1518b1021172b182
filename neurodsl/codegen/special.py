"""Functions that a generated file defines where it uses them: what Python's ``math`` lacks, accurate where the plain formula is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from math import factorial

SHORT = 0.02
"""Up to here phi_1 and its reciprocal are taken from short polynomials, which cost a hot loop little; the plain formula loses two digits there."""
LONG = 0.5
"""Up to here phi_2, phi_3 and phi_4 are: they lose digits twice, three and four times as fast."""
DECORATOR = '@njit(error_model="numpy", forceinline=True)\n'


def horner(coefficients: Sequence[Fraction], variable: str) -> str:
    """Return a polynomial, given from the constant on, in Horner's form."""
    text = repr(float(coefficients[-1]))
    for coefficient in reversed(coefficients[:-1]):
        text = f"{float(coefficient)!r} + {variable}*({text})"
    return text


def phi_series(order: int, degree: int) -> str:
    """Return the Taylor polynomial of phi_order."""
    return horner([Fraction(1, factorial(order + k)) for k in range(degree + 1)], "x")


INVERSE_SERIES = f"1.0 + x*(-0.5 + x*({horner([Fraction(1, 12), Fraction(-1, 720), Fraction(1, 30240)], 'x*x')}))"
"""The Taylor polynomial of x/(exp(x) - 1) of degree 6: its coefficients are the Bernoulli numbers over factorials."""


def pick(dimensions: int) -> tuple[str, str]:
    """Return the head and the body of the function that looks up an element of an array by computed indices, the first dimension first."""
    sizes, indices = ([f"{letter}{k}" for k in range(dimensions)] for letter in "ni")
    head = f"_pick{dimensions}({', '.join(['a', 'start', *sizes, *indices])})"
    place = " + ".join(["start", "*".join(["int(np.rint(i0))", *sizes[1:]])])
    rest = ", ".join(["a", place, *sizes[1:], *indices[1:]])
    element = f"_pick{dimensions - 1}({rest})" if dimensions > 1 else f"a[{place}]"
    return head, f"{element} if 0.0 <= np.rint(i0) < n0 else math.nan"


def definitions(text: str) -> tuple[str, ...]:
    """Return the definitions of the functions that a text calls, each after those it uses."""
    bodies = {
        "_phi1(x)": f"(math.exp(x) - 1.0)/x if abs(x) > {SHORT} else {phi_series(1, 6)}",
        "_phi2(x)": f"(_phi1(x) - 1.0)/x if abs(x) > {LONG} else {phi_series(2, 14)}",
        "_phi3(x)": f"(_phi2(x) - 0.5)/x if abs(x) > {LONG} else {phi_series(3, 14)}",
        "_phi4(x)": f"(_phi3(x) - {1 / 6!r})/x if abs(x) > {LONG} else {phi_series(4, 14)}",
        "_inverse_phi1(x)": f"x/(math.exp(x) - 1.0) if abs(x) > {SHORT} else {INVERSE_SERIES}",
        "_sigmoid(x)": "1.0/(1.0 + math.exp(-x)) if x >= 0.0 else math.exp(x)/(1.0 + math.exp(x))",
        "_sign(x)": "1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0*x",
        "_heaviside(x)": "1.0 if x >= 0.0 else 0.0*x",
        "_round(x)": "np.rint(x)",
        "_min(x, y)": "x if x < y or x != x else y",
        "_max(x, y)": "x if x > y or x != x else y",
        "_at_most(x, y)": "y if x > y else x",
        "_at_least(x, y)": "y if x < y else x",
        **dict(pick(k + 1) for k in range(max((int(number) for number in re.findall(r"\b_pick(\d+)\(", text)), default=0))),
        "_mod(x, y)": "x - np.floor(x/y)*y if y != 0.0 else math.nan",
    }
    wanted: list[str] = []
    for head in reversed(bodies):
        call = re.compile(rf"\b{head.split('(')[0]}\(")
        if call.search(text) or any(call.search(bodies[other]) for other in wanted):
            wanted.append(head)
    return tuple(f"{DECORATOR}def {head}:\n    return {bodies[head]}" for head in reversed(wanted))
