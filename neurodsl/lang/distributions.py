"""What a parameter or an initial value can be drawn from: names, arguments, which of them have the unit of the draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """An argument of a distribution.

    Parameters
    ----------
    name : str
        What messages call it.
    carries : bool
        Whether it has the unit of the draw; else it is a pure number.
    domain : str
        ``positive``, ``not negative``, ``probability``, or empty where it may be any number.
    """

    name: str
    carries: bool = False
    domain: str = ""


@dataclass(frozen=True)
class Law:
    """A distribution of the language; with ``more`` it takes any number of arguments like its last one."""

    name: str
    arguments: tuple[Argument, ...]
    doc: str
    more: bool = False

    @property
    def least(self) -> int:
        """Return the number of arguments that it takes at least."""
        return len(self.arguments)

    @property
    def most(self) -> int | None:
        """Return the number of arguments that it takes at most; None where there is no limit."""
        return None if self.more else len(self.arguments)

    def argument(self, index: int) -> Argument:
        """Return what is known about an argument, counted from 0."""
        return self.arguments[min(index, len(self.arguments) - 1)]

    def carries(self, index: int) -> bool:
        """Return whether an argument, counted from 0, has the unit of the draw."""
        return self.argument(index).carries


def _table(*rows: Law) -> dict[str, Law]:
    return {row.name: row for row in rows}


DISTRIBUTIONS = _table(
    Law("uniform", (Argument("low", True), Argument("high", True)), "any value from low to high: uniform(low, high)"),
    Law("normal", (Argument("mean", True), Argument("sd", True, "not negative")), "Gaussian: normal(mean, sd)"),
    Law("lognormal", (Argument("mu"), Argument("sigma", False, "not negative")), "exp of normal(mu, sigma), in the unit behind it"),
    Law("exponential", (Argument("mean", True, "positive"),), "exponential(mean)"),
    Law("gamma", (Argument("shape", False, "positive"), Argument("scale", True, "positive")), "of mean shape*scale: gamma(shape, scale)"),
    Law("beta", (Argument("a", False, "positive"), Argument("b", False, "positive")), "from 0 to 1, of mean a/(a + b): beta(a, b)"),
    Law("bernoulli", (Argument("p", False, "probability"),), "1 with probability p, else 0: bernoulli(p)"),
    Law("poisson", (Argument("mean", False, "not negative"),), "a count: poisson(mean)"),
    Law("choice", (Argument("value", True), Argument("value", True)), "one of the arguments, each as likely: choice(a, b, ...)", more=True),
)
"""Every distribution by its name."""

SPARSE = Law("sparse", (Argument("p", False, "probability"),), "with probability p drawn from another distribution, else 0: sparse(p, normal(0, 1))")
"""What an array can be drawn from beside them; what ``law_of`` returns has the arguments of the inner distribution too."""


def law_of(name: str, inner: str | None = None) -> Law:
    """Return a distribution by its name; that of ``sparse`` has p and the arguments of its ``inner`` one."""
    if inner is None:
        return DISTRIBUTIONS[name]
    law = DISTRIBUTIONS[inner]
    return Law(SPARSE.name, (*SPARSE.arguments, *law.arguments), SPARSE.doc, law.more)
