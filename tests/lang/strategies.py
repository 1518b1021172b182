"""Random expressions, as the parser builds them, and random changes to texts."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from neurodsl.lang.nodes import (
    Array,
    Call,
    Comparison,
    Conditional,
    Derivative,
    Dot,
    Expression,
    Index,
    Load,
    Logic,
    Name,
    Number,
    Power,
    Product,
    Reduction,
    Sum,
)
from neurodsl.source import Source, Span
from neurodsl.units import parse_unit

NOWHERE = Span(Source("<made>", ""), 0, 0)
UNITS = [parse_unit(text) for text in ("mV", "1/ms", "uA/cm^2", "mS/cm^2", "MOhm", "ms^(1/2)", "degC", "%", "mV^3/s", "kg*m")]

names = st.sampled_from(["x", "V", "τ_m", "lambda", "on", "d", "rate", "mod_1"]).map(lambda name: Name(NOWHERE, name))
values = st.one_of(
    st.integers(0, 10**9).map(Fraction),
    st.builds(lambda n, p: Fraction(n, 10**p), st.integers(0, 10**6), st.integers(0, 30)),
    st.builds(lambda n, p: Fraction(n * 10**p), st.integers(0, 100), st.integers(0, 40)),
)
numbers = st.builds(lambda value, unit: Number(NOWHERE, value, unit), values, st.one_of(st.none(), st.sampled_from(UNITS)))
derivatives = st.builds(lambda name, order: Derivative(NOWHERE, name, order), st.sampled_from(["V", "x_1", "τ"]), st.integers(1, 3))
files = st.sampled_from(["w.npy", "data/w 1.csv"]).map(lambda path: Load(NOWHERE, path))


def _sums(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Return sums: a single term has the sign -1, the only one for which the parser makes a sum of one."""
    signed = st.tuples(st.sampled_from([1, -1]), parts)
    several = st.lists(signed, min_size=2, max_size=4).map(lambda terms: Sum(NOWHERE, tuple(terms)))
    return st.one_of(several, parts.map(lambda part: Sum(NOWHERE, ((-1, part),))))


def _products(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    factors = st.lists(st.tuples(st.sampled_from("*/"), parts), min_size=1, max_size=3)
    return st.builds(lambda first, rest: Product(NOWHERE, (("*", first), *rest)), parts, factors)


def _extended(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        _sums(parts),
        _products(parts),
        st.builds(lambda base, exponent: Power(NOWHERE, base, exponent), parts, st.one_of(names, parts)),
        st.builds(lambda name, args: Call(NOWHERE, name, tuple(args)), st.sampled_from(["f", "exp", "mod", "max"]), st.lists(parts, max_size=3)),
        st.builds(
            lambda operator, left, right: Comparison(NOWHERE, operator, left, right),
            st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
            parts,
            parts,
        ),
        st.builds(
            lambda operator, operands: Logic(NOWHERE, operator, tuple(operands)),
            st.sampled_from(["and", "or"]),
            st.lists(parts, min_size=2, max_size=3),
        ),
        parts.map(lambda part: Logic(NOWHERE, "not", (part,))),
        st.builds(lambda name, at: Index(NOWHERE, name, tuple(at)), st.sampled_from(["W", "x_1", "for_"]), st.lists(parts, min_size=1, max_size=2)),
        st.builds(
            lambda name, order, at: Derivative(NOWHERE, name, order, indices=tuple(at)),
            st.sampled_from(["V", "x_1", "τ"]),
            st.integers(1, 3),
            st.lists(parts, min_size=1, max_size=2),
        ),
        st.lists(parts, min_size=1, max_size=3).map(lambda items: Array(NOWHERE, tuple(items))),
        st.builds(lambda left, right: Dot(NOWHERE, left, right), parts, parts),
        st.builds(
            lambda function, body, variables: Reduction(NOWHERE, function, body, tuple(variables)),
            st.sampled_from(["sum", "min", "g"]),
            parts,
            st.lists(st.sampled_from("ijk"), min_size=1, max_size=2),
        ),
        st.builds(lambda a, b, c: Conditional(NOWHERE, a, b, c), parts, parts, parts),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(st.one_of(names, numbers, derivatives, files), _extended, max_leaves=12)

FRAGMENTS = [
    "param", "input", "init", "on", "at", "every", "simulate:", "variant", "model", "next", "a", "V", "dV/dt",
    "d2x/dt2", "=", "+=", "==", "<", "(", ")", "[", "]", "[mV]", "[ms]", ":", ";", ",", "+", "-", "*", "/", "^", "mod",
    "if", "else", "for", "and", "not", "1", "2.5", "1e3", '"label"', '"', "#", "\n", "\n    ", "\n\t", " ", "exp",
    "f(x)", "hold V for", "wait", "emit spike", "stop", "start", "steady", "~", "@", ".", "{", "'", "µ", "é", "θ",
    "\x00", "\x1b[31m", "9^9^9", "duration 3", "record V", "\r", "\ufeff", "if V > 2 else", "t", "pi", "pulse(t, 1, 2)",
    "[i]", "[N, N]", "x[i]", "dx[i]/dt", "W @ x", "sum(x[j] for j)", "for j", "(1, 2, 3)", 'load("w.npy")', "x[0]", "init x[N] =",
    "sparse(0.1, normal(0, 1))", "diff(V, V)", "rand()", "norm(x)", "transpose(", "d2x[i]/dt2", "[i][j]", "1.5]", "i",
    "mod(a, b)", "noise xi", "xi", "on rate", "on chance", "next x =", "~ normal(0, 1)", "uniform(", "step 1", "dV/dt = xi",
    "import lif", 'import a from "a.neuro"', "as", "from", "synapse s:", "network n:", "population E = a[3]", "connect E -> E with s", "->", "with",
    "on pre:", "on post after", "post.V += 1", "pre.V", "third.x", "E[0:3]", "E[:2].V every 1 [ms]", "probability 0.1", "no self", "delay", "indegree",
    'matrix "w.npy"', "small world 4, 0.1", "poisson[3]", "rate = 1",
]  # fmt: skip
"""What a broken model is made of."""


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """Return a text in which some stretches are removed, repeated or replaced by fragments."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 12)))
        middle = draw(st.one_of(st.just(""), st.sampled_from(FRAGMENTS), st.just(text[start:stop] * 2)))
        text = text[:start] + middle + text[stop:]
    return text
