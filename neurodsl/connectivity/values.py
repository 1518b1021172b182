"""Values that are drawn for each neuron or synapse, all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.source import Span
from neurodsl.streams import VALUES, generator

Floats = NDArray[np.float64]
Law = Callable[[np.random.Generator, Sequence[Any], int], Any]

BLOCK = 2**18
"""Values that are drawn from one generator."""


def _choice(random: np.random.Generator, values: Sequence[Any], size: int) -> Floats:
    pick = (random.random(size) * len(values)).astype(np.int64)
    if all(np.ndim(value) == 0 for value in values):
        return np.asarray(values, dtype=np.float64)[pick]
    return np.stack([np.broadcast_to(value, size) for value in values])[pick, np.arange(size)]


LAWS: dict[str, tuple[Law, tuple[tuple[str, str], ...]]] = {
    "uniform": (lambda random, a, size: a[0] + (a[1] - a[0]) * random.random(size), (("low", ""), ("high", ""))),
    "normal": (lambda random, a, size: a[0] + a[1] * random.standard_normal(size), (("mean", ""), ("sd", "not negative"))),
    "lognormal": (lambda random, a, size: np.exp(a[0] + a[1] * random.standard_normal(size)), (("mu", ""), ("sigma", "not negative"))),
    "exponential": (lambda random, a, size: a[0] * random.standard_exponential(size), (("mean", "positive"),)),
    "gamma": (lambda random, a, size: a[1] * random.standard_gamma(a[0], size), (("shape", "positive"), ("scale", "positive"))),
    "beta": (lambda random, a, size: random.beta(a[0], a[1], size), (("a", "positive"), ("b", "positive"))),
    "bernoulli": (lambda random, a, size: random.random(size) < a[0], (("p", "probability"),)),
    "poisson": (lambda random, a, size: random.poisson(a[0], size), (("mean", "not negative"),)),
    "choice": (_choice, (("value", ""),)),
}
"""How each distribution of the language is drawn, and what its arguments are called and have to be; those behind the last are like it."""

CHECKS: dict[str, Callable[[Floats], NDArray[np.bool_]]] = {
    "": lambda a: np.isfinite(a),
    "positive": lambda a: np.isfinite(a) & (a > 0),
    "not negative": lambda a: np.isfinite(a) & (a >= 0),
    "probability": lambda a: (a >= 0) & (a <= 1),
}


def draw(
    name: str,
    arguments: Sequence[float | Floats],
    count: int,
    seed: int,
    number: int,
    inner: str | None = None,
    owner: str = "",
    span: Span | None = None,
) -> Floats:
    """Return values of a distribution.

    Parameters
    ----------
    name : str
        A distribution of the language, or ``sparse``, whose first argument is the probability that a value is not 0.
    arguments : sequence of float or ndarray of shape (count,)
        As the language orders them; an array has one for each value.
    count : int
        How many values.
    seed : int
        From 0 to 2^64 - 1.
    number : int
        Of what is drawn, from 0 to 2^32 - 1: each has random numbers of its own.
    inner : str or None
        Of ``sparse``: the distribution that its further arguments belong to.
    owner, span : str and Span or None
        What messages call what is drawn, and where it stands.

    Returns
    -------
    ndarray of shape (count,)
        In the unit of the arguments.

    Raises
    ------
    NeuroError
        V101 where an argument is outside of the bounds that it has.
    """
    given = [np.asarray(a, dtype=np.float64) for a in arguments]
    law, known = LAWS[name if inner is None else inner]
    wanted = known if inner is None else (("p", "probability"), *known)
    for k, values in enumerate(given):
        _check(name, *wanted[min(k, len(wanted) - 1)], values, owner, span)
    found = np.empty(count)
    for block, first in enumerate(range(0, count, BLOCK)):
        random, size = generator(seed, VALUES, number, block), min(BLOCK, count - first)
        mine = [a[first : first + size] if a.ndim else a for a in given]
        if inner is None:
            found[first : first + size] = law(random, mine, size)
        else:
            there = random.random(size) < mine[0]
            found[first : first + size] = np.where(there, law(random, mine[1:], size), 0.0)
    return found


def _check(name: str, what: str, domain: str, values: Floats, owner: str, span: Span | None) -> None:
    wrong = np.flatnonzero(~CHECKS[domain](np.atleast_1d(values)))
    if len(wrong):
        value = np.atleast_1d(values)[wrong[0]]
        wanted = {"": "finite", "probability": "a probability"}.get(domain, domain)
        which = f" for number {wrong[0]}" if values.ndim else ""
        begin = f"`{owner}`: " if owner else ""
        raise fail(rules.BAD_VALUE, f"{begin}the {what} of `{name}` is {wanted}, not {value:g}{which}", span)
