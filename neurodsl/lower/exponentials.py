"""Exponentials whose rates are commensurate share one ``exp`` and powers of it.

With y = exp(b x + s) every exp(k b x + s_k) is y^k times the constant exp(s_k - k s). The relative error of y is about 2 units in the last place
for the function and |b x| for its argument, and a power multiplies it by k: for |k| <= 16 it stays below 1e-14 + |k b x| 1e-16, where
the last term is that of a direct ``exp`` too. Where such a power stands in a difference that vanishes, as in x/(exp(x) - 1), a short
polynomial takes over at |x| < 0.02; outside the error grows 50 times at most, to less than 1e-12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, Pow, Rational, Symbol

from neurodsl.lower.functions import Expm1, Growth, InversePhi, Logistic, Phi, Tanh
from neurodsl.lower.program import ONE, OPAQUE, Program, near_zero, rebuilt, select, walk
from neurodsl.system import LEVEL_TIME, TIME

HIGHEST = 16
"""The highest power of a shared exponential."""
PARTS = 4
"""The rate of a shared exponential is that of one that is wanted over 1, ... 4."""
MOST = 200
"""Exponentials in a system up to which their rates are compared."""
FARTHEST = 50
"""How far, in exponents, a shared exponential may be from one that is wanted: their ratio must not overflow where they do not."""
LARGEST_RATE = 40
"""Operations in a rate up to which it is compared with others."""
NEAR = Rational(1, 50)
"""Nearer to 0 than this in the exponent, a polynomial replaces a difference that vanishes; it is wrong by 6e-14 at most."""
NEAREST = Rational(1, 4096)
"""The same where 6e-13 are good enough, as in the increment of a state."""
EITHER_SIGN = (InversePhi, Logistic, Tanh, sympy.tanh, sympy.sinh, sympy.cosh)
"""Functions that are as good in exp(x) as in exp(-x)."""
QUOTIENTS = (InversePhi, Logistic, Tanh, sympy.tanh, Phi)
"""Functions that divide."""


@dataclass(frozen=True)
class Exponential:
    """A function that needs an exponential: of an exponent that is ``rate`` times a direction, plus ``shift``."""

    node: Expr
    exponent: Expr
    direction: tuple[tuple[Expr, Expr], ...]
    rate: Expr
    shift: Expr


@dataclass(frozen=True)
class Cluster:
    """Exponentials that share one, ``base`` of the direction, with the power that each of them is."""

    members: tuple[Exponential, ...]
    powers: tuple[int, ...]
    shift: Expr


def share_exponentials(program: Program) -> None:
    """Rewrite a program so that exponentials share one where they can, and so that quotients show their denominators."""
    _normalise(program)
    found = _collect(program)
    made: dict[Basic, Basic] = {}
    for cluster in _clusters(found):
        made |= _replaced(cluster, program)
    opened = [e for e in found if e.node not in made and isinstance(e.node, QUOTIENTS)]
    if len(opened) + len(made) + _denominators(program) > 1:
        for e in opened:
            y = program.temporary(sympy.exp(-e.exponent if isinstance(e.node, Logistic) else e.exponent))
            made[e.node] = _in_powers(e.node, e.exponent, y, -1 if isinstance(e.node, Logistic) else 1, Integer(0), program)
    _put_in(made, program)


def _put_in(made: dict[Basic, Basic], program: Program) -> None:
    """Replace functions by what they are in terms of shared exponentials, and give every exponential that is left a line of its own."""
    memory = dict(made)

    def replaced(e: Basic) -> Basic:
        if e not in memory:
            arguments = e.args if isinstance(e, OPAQUE) else tuple(replaced(a) for a in e.args)
            new = e if arguments == e.args else e.func(*arguments)
            memory[e] = program.temporary(new) if isinstance(new, sympy.exp) and program.moves(new) else new
        return memory[e]

    shared = {s: e.args[0] for s, e in program.lines.items() if s not in program.own and isinstance(e, sympy.exp)}
    program.rewrite(lambda e: replaced(e))
    program.lines |= {s: sympy.exp(replaced(exponent)) for s, exponent in shared.items()}


def _normalise(program: Program) -> None:
    """Write reciprocals of phi_1 as one function, powers of numbers as exponentials, and 1 + tanh(x) as a logistic function."""
    memory: dict[Basic, Basic] = {}

    def change(e: Basic) -> Basic | None:
        if isinstance(e, Pow) and isinstance(e.base, Phi) and e.base.args[0] == 1 and e.exp.is_Integer and e.exp.is_negative:
            return InversePhi(e.base.args[1]) ** (-e.exp)
        if isinstance(e, Pow) and e.base.is_Rational and e.base.is_positive and e.base != 1 and program.moves(e.exp):
            return sympy.exp(program.constant(sympy.log(e.base)) * e.exp)
        if isinstance(e, Add):
            return _half_tanh(e)
        return None

    program.rewrite(lambda e: rebuilt(e, change, memory))


def _half_tanh(e: Add) -> Expr | None:
    """Return a sum with c + c tanh(x) written as 2 c sigmoid(2 x), which is accurate where tanh(x) is near -1."""
    for term in e.args:
        c, rest = term.as_coeff_Mul()
        if isinstance(rest, Tanh) and c in e.args and c.is_Rational:
            return Add(*(t for t in e.args if t not in (c, term)), 2 * c * Logistic(2 * rest.args[0]))
        if isinstance(rest, Tanh) and -c in e.args and c.is_Rational:
            return Add(*(t for t in e.args if t not in (-c, term)), -2 * c * Logistic(-2 * rest.args[0]))
    return None


def _denominators(program: Program) -> int:
    """Return how many different denominators there are."""
    nodes = {n for e in program.rewritable() for n in walk(e)}
    return len({n.base for n in nodes if isinstance(n, Pow) and n.exp.is_Rational and n.exp.is_negative and program.moves(n.base)})


def _collect(program: Program) -> list[Exponential]:
    """Return the functions that need an exponential, each once, in a fixed order."""
    nodes: dict[Expr, None] = {}
    for e in program.rewritable():
        for node in sorted((n for n in walk(e) if _is_exponential(n) and program.moves(n)), key=sympy.default_sort_key):
            nodes[node] = None
    found = []
    linear = Linear(program)
    for node in list(nodes)[:MOST]:
        exponent = 2 * node.args[0] if isinstance(node, Tanh | sympy.tanh) else node.args[-1]
        terms = linear(exponent)
        shift = terms.pop(ONE, Integer(0))
        moving = sorted(((g, c) for g, c in terms.items() if c != 0), key=lambda term: sympy.default_sort_key(term[0]))
        rate = moving[0][1] if moving else ONE
        direction = tuple((g, _ratio(c, rate)) for g, c in moving)
        found.append(Exponential(node, exponent, direction, rate, shift))
    return found


def _is_exponential(e: Basic) -> bool:
    return isinstance(e, (sympy.exp, Expm1, *EITHER_SIGN)) or (isinstance(e, Phi) and e.args[0] == 1)


def _ratio(a: Expr, b: Expr) -> Expr:
    """Return a/b, in lowest terms where that is quick."""
    if (a.is_Rational and b.is_Rational) or a.count_ops() + b.count_ops() > LARGEST_RATE:
        return a / b
    return sympy.cancel(a / b)


class Linear:
    """Finds the linear form of an expression in what varies, through definitions that are linear themselves."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.memory: dict[Expr, dict[Expr, Expr]] = {}

    def __call__(self, e: Expr) -> dict[Expr, Expr]:
        """Return the constant coefficient of each varying part; that of 1 is the constant term."""
        if e not in self.memory:
            self.memory[e] = self._form(e)
        return dict(self.memory[e])

    def _form(self, e: Expr) -> dict[Expr, Expr]:
        program = self.program
        if not program.moves(e):
            return {ONE: e}
        if isinstance(e, Symbol) and e in program.own:
            form = self(program.lines[e])
            return form if all(isinstance(g, Symbol) or g is ONE for g in form) else {e: ONE}
        if isinstance(e, Add):
            total: dict[Expr, Expr] = {}
            for term in e.args:
                for g, c in self(term).items():
                    total[g] = total.get(g, Integer(0)) + c
            return total
        if isinstance(e, Mul):
            constant = Mul(*(f for f in e.args if not program.moves(f)))
            moving = [f for f in e.args if program.moves(f)]
            if len(moving) == 1:
                return {g: constant * c for g, c in self(moving[0]).items()}
            return {Mul(*moving): constant}
        return {e: ONE}


def _clusters(found: Sequence[Exponential]) -> list[Cluster]:
    """Return the exponentials that share one."""
    classes: list[list[tuple[Exponential, Fraction]]] = []
    for e in found:
        for members in classes:
            first = members[0][0]
            ratio = _ratio(e.rate, first.rate) if e.direction == first.direction else None
            if ratio is not None and ratio.is_Rational and ratio != 0:
                members.append((e, Fraction(int(ratio.p), int(ratio.q))))
                break
        else:
            classes.append([(e, Fraction(1))])
    return [cluster for members in classes for cluster in _split(members)]


def _split(members: list[tuple[Exponential, Fraction]]) -> list[Cluster]:
    """Return the clusters of exponentials of one direction whose rates are known multiples of one rate: the largest first."""
    clusters = []
    while len(members) > 1:
        bases = sorted({abs(ratio) / n for _, ratio in members for n in range(1, PARTS + 1)}, reverse=True)
        sharing = [_sharing(members, base) for base in bases]
        best = max(sharing, key=lambda cluster: len(cluster.members) if cluster is not None else 0)
        if best is None or len(best.members) < 2:
            break
        clusters.append(best)
        members = [m for m in members if m[0] not in best.members]
    return clusters


def _sharing(members: list[tuple[Exponential, Fraction]], base: Fraction) -> Cluster | None:
    """Return which exponentials an exponential of a rate can serve, with the sign that makes the fewest powers negative."""
    served = [(e, int(ratio / base)) for e, ratio in members if (ratio / base).denominator == 1 and abs(ratio / base) <= HIGHEST]
    if not served:
        return None
    fixed = [k for e, k in served if not isinstance(e.node, EITHER_SIGN)] or [k for _, k in served]
    sign = 1 if sum(k > 0 for k in fixed) >= sum(k < 0 for k in fixed) else -1
    served = [(e, sign * k) for e, k in served]
    middle, power = min(served, key=lambda s: (isinstance(s[0].node, EITHER_SIGN), abs(s[1])))
    shift = middle.shift / power
    near = [(e, k) for e, k in served if _is_near(e, k, shift)]
    return Cluster(tuple(e for e, _ in near), tuple(k for _, k in near), shift)


def _is_near(e: Exponential, power: int, shift: Expr) -> bool:
    """Return whether the constant between an exponential and a power of a shared one is of ordinary size."""
    distance = e.shift - power * shift
    if distance.is_Rational or not distance.free_symbols:
        return bool(abs(distance) <= FARTHEST)
    timed = any({TIME, LEVEL_TIME} & g.free_symbols for g, _ in e.direction)
    return not timed or sympy.expand(distance) == 0


def _replaced(cluster: Cluster, program: Program) -> dict[Basic, Basic]:
    """Return what the functions of a cluster are in terms of the shared exponential."""
    first, power = cluster.members[0], cluster.powers[0]
    exponent = Add(*(first.rate / power * ratio * g for g, ratio in first.direction), cluster.shift)
    y = program.temporary(sympy.exp(exponent))
    made: dict[Basic, Basic] = {}
    for e, k in zip(cluster.members, cluster.powers, strict=True):
        made[e.node] = _in_powers(e.node, e.exponent, y, k, sympy.expand(e.shift - k * cluster.shift), program)
    return made


def _in_powers(node: Expr, w: Expr, y: Expr, k: int, distance: Expr, program: Program) -> Expr:
    """Return a function of exp(w) = exp(distance) y^k."""
    if isinstance(node, sympy.exp):
        return program.constant(sympy.exp(distance)) * y**k
    w = program.temporary(w)
    if k < 0 and isinstance(node, EITHER_SIGN):
        return _by_inverse(node, w, program.constant(sympy.exp(-distance)) * y**-k, program, y)
    p = program.constant(sympy.exp(distance)) * y**k
    if isinstance(node, sympy.cosh):
        return (p + 1 / p) / 2
    if isinstance(node, Logistic):
        program.growing.add(y)
        return p / (1 + p)
    if isinstance(node, Growth):
        nearest = near_zero(w, NEAREST)
        return select(nearest, 1 + w / 2 + w**2 / 6, p - 1) / program.temporary(select(nearest, ONE, w))
    near = near_zero(w, NEAR)
    if isinstance(node, InversePhi):
        return select(near, inverse_phi_series(w), w) / program.temporary(select(near, ONE, p - 1))
    if isinstance(node, Phi):
        return select(near, phi_series(w), p - 1) / program.temporary(select(near, ONE, w))
    if isinstance(node, Expm1):
        return select(near, w * phi_series(w), p - 1)
    if isinstance(node, sympy.sinh):
        return select(near, sinh_series(w), (p - 1 / p) / 2)
    return select(near, tanh_series(w / 2), 1 - 2 * program.temporary(1 / (1 + p)))


def _by_inverse(node: Expr, w: Expr, q: Expr, program: Program, y: Expr) -> Expr:
    """Return a function of exp(-w) = q."""
    if isinstance(node, sympy.cosh):
        return (q + 1 / q) / 2
    if isinstance(node, Logistic):
        return 1 / (1 + q)
    near = near_zero(w, NEAR)
    if isinstance(node, InversePhi):
        program.growing.add(y)
        return select(near, inverse_phi_series(w), w * q) / program.temporary(select(near, ONE, 1 - q))
    if isinstance(node, sympy.sinh):
        return select(near, sinh_series(w), (1 / q - q) / 2)
    return select(near, tanh_series(w / 2), 2 * program.temporary(1 / (1 + q)) - 1)


def inverse_phi_series(w: Expr) -> Expr:
    """Return x/(exp(x) - 1) near 0: the next term is x^6/30240."""
    return 1 - w / 2 + w**2 * (Rational(1, 12) - w**2 / 720)


def phi_series(w: Expr) -> Expr:
    """Return (exp(x) - 1)/x near 0: the next term is x^6/5040."""
    series: Expr = Rational(1, factorial(6))
    for order in range(5, 0, -1):
        series = Rational(1, factorial(order)) + w * series
    return series


def sinh_series(w: Expr) -> Expr:
    """Return sinh(x) near 0: the next term is x^7/5040."""
    return w * (1 + w**2 * (Rational(1, 6) + w**2 / 120))


def tanh_series(w: Expr) -> Expr:
    """Return tanh(x) near 0, where |2 x| < 0.02: the next term is 17 x^7/315."""
    return w * (1 + w**2 * (Rational(-1, 3) + 2 * w**2 / 15))
