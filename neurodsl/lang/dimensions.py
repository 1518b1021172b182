"""What unit an expression has, from the units of its names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from neurodsl.lang.functions import BUILTINS, Builtin
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
from neurodsl.lang.stimuli import STIMULI, unit_of_time
from neurodsl.model import Function
from neurodsl.units import ONE, Unit


class Open(Enum):
    """What stands for the unit of an expression where there is none: it is not known, or it is a literal 0, which fits every unit."""

    UNKNOWN = "unknown"
    ZERO = "zero"


UNKNOWN, ZERO = Open.UNKNOWN, Open.ZERO
Measure = Unit | Open
Local = Mapping[str, Measure]

LARGEST_POWER = 100
LARGEST_SCALE = 900
LARGEST_ROOT = 64
"""Units with larger exponents, or with larger denominators in them, measure nothing."""


def result_unit(builtin: Builtin, units: Sequence[Unit]) -> Unit:
    """Return the unit of a call from those of its arguments, which fit; a literal 0 counts as dimensionless."""
    match builtin.units:
        case "same" | "process":
            return next((unit for unit in units if not unit.is_dimensionless), units[0])
        case "root":
            return units[0] ** Fraction(1, 2)
        case "inverse":
            return ONE / units[0]
        case "product":
            return units[0] * units[1]
        case "quotient":
            return units[0] / units[1]
    return ONE


def exact(node: Expression) -> Fraction | None:
    """Return the number that an expression of bare numbers comes to, None for any other."""
    match node:
        case Number(unit=None):
            return node.value
        case Sum():
            total = Fraction(0)
            for sign, term in node.terms:
                value = exact(term)
                if value is None:
                    return None
                total += sign * value
            return total
        case Product():
            result = Fraction(1)
            for operator, factor in node.factors:
                value = exact(factor)
                if value is None or (operator == "/" and value == 0):
                    return None
                result = result * value if operator == "*" else result / value
            return result
    return None


class Problems:
    """What the algebra tells about expressions that do not fit; this one keeps silent."""

    def mismatch(self, node: Expression, first: Expression, second: Expression, units: tuple[Unit, Unit]) -> None:
        """Take note that two parts of a node measure different things."""

    def not_dimensionless(self, node: Expression, part: Expression, unit: Unit) -> None:
        """Take note that a part of a node is no pure number."""

    def argument(self, call: Call, number: int, unit: Unit, wanted: Unit) -> None:
        """Take note that an argument of a stimulus does not measure what it has to."""

    def power(self, node: Power, unit: Unit) -> None:
        """Take note that the exponent of a quantity with a unit is not known, or out of range."""

    def within(self, call: Call) -> Problems:
        """Return who is told about the body of a function that is called."""
        return self


SILENT = Problems()


@dataclass(slots=True)
class Algebra:
    """The units of the names of a model, and what follows from them.

    Attributes
    ----------
    names : dict
        The unit of each quantity. What is missing is unknown.
    time : Unit
        The unit of ``t`` and ``dt``.
    functions : mapping
        The functions of the author's.
    indices : collection of str
        The index variables, which are numbers.
    """

    names: dict[str, Measure]
    time: Unit
    functions: Mapping[str, Function]
    indices: Collection[str] = ()
    calls: dict[tuple[str, tuple[Measure, ...], bool], Measure] = field(default_factory=dict)

    def unit_of(self, root: Expression, problems: Problems = SILENT, local: Local | None = None) -> Measure:
        """Return the unit of an expression."""
        return self.measures(root, problems, local)[id(root)]

    def measures(self, root: Expression, problems: Problems = SILENT, local: Local | None = None) -> dict[int, Measure]:
        """Return the unit of an expression and of everything in it, by the identity of the nodes."""
        found: dict[int, Measure] = {}
        for node in reversed(list(root.walk())):
            found[id(node)] = self._measure(node, [found[id(child)] for child in node.children()], problems, local or {})
        return found

    def _measure(self, node: Expression, parts: list[Measure], problems: Problems, local: Local) -> Measure:
        match node:
            case Number():
                return (ZERO if node.value == 0 else ONE) if node.unit is None else node.unit
            case Name():
                return self._name(node.id, local)
            case Index():
                self._indices(node, parts, problems)
                return self._name(node.id, local)
            case Derivative():
                self._indices(node, parts, problems)
                unit = self.names.get(node.name, UNKNOWN)
                return unit / self.time**node.order if isinstance(unit, Unit) else UNKNOWN
            case Array():
                return agreed(node, node.items, parts, problems)
            case Load():
                return ONE
            case Dot():
                return _product(("*", "*"), parts)
            case Reduction():
                return self._reduction(node, parts[0], problems)
            case Sum():
                return agreed(node, tuple(term for _, term in node.terms), parts, problems)
            case Product():
                return _product(tuple(operator for operator, _ in node.factors), parts)
            case Power():
                return _power(node, parts, problems)
            case Comparison():
                agreed(node, (node.left, node.right), parts, problems)
                return ONE
            case Conditional():
                return agreed(node, (node.value, node.otherwise), [parts[0], parts[2]], problems)
            case Call():
                return self._call(node, parts, problems)
            case Logic():
                return ONE

    def _indices(self, node: Index | Derivative, parts: list[Measure], problems: Problems) -> None:
        for index, part in zip(node.indices, parts, strict=True):
            if isinstance(part, Unit) and not part.is_dimensionless:
                problems.not_dimensionless(node, index, part)

    def _reduction(self, node: Reduction, part: Measure, problems: Problems) -> Measure:
        if node.function != "prod":
            return part
        if isinstance(part, Unit) and not part.is_dimensionless:
            problems.not_dimensionless(node, node.body, part)
        return ONE

    def _name(self, name: str, local: Local) -> Measure:
        if name in local:
            return local[name]
        if name in ("t", "dt"):
            return self.time
        return ONE if name == "pi" or name in self.indices else self.names.get(name, UNKNOWN)

    def _call(self, node: Call, parts: list[Measure], problems: Problems) -> Measure:
        function = self.functions.get(node.function)
        if function is not None:
            return self._author_call(function, node, parts, problems)
        builtin = BUILTINS.get(node.function)
        if builtin is None or len(parts) < builtin.least:
            return UNKNOWN
        if builtin.units == "plain":
            for argument, part in zip(node.arguments, parts, strict=True):
                if isinstance(part, Unit) and not part.is_dimensionless:
                    problems.not_dimensionless(node, argument, part)
            return ONE
        if builtin.units in ("product", "quotient"):
            return _product("**" if builtin.units == "product" else "*/", parts)
        if builtin.units == "stimulus":
            _check_stimulus(node, parts, problems)
            return ONE
        if builtin.units == "process":
            if isinstance(parts[2], Unit) and not parts[2].same_dimension(self.time):
                problems.argument(node, 2, parts[2], self.time)
            return agreed(node, node.arguments[:2], parts[:2], problems)
        shared = parts[0] if builtin.units in ("root", "any", "inverse") else agreed(node, node.arguments, parts, problems)
        if builtin.units in ("any", "ratio"):
            return ONE
        return _bounded(result_unit(builtin, [shared])) if isinstance(shared, Unit) else shared

    def _author_call(self, function: Function, node: Call, parts: list[Measure], problems: Problems) -> Measure:
        if len(parts) != len(function.arguments):
            return UNKNOWN
        key = (function.name, tuple(parts), problems is SILENT)
        if key not in self.calls:
            local = dict(zip(function.arguments, parts, strict=True))
            self.calls[key] = self.unit_of(function.body, problems.within(node), local)
        return self.calls[key]


def _check_stimulus(node: Call, parts: Sequence[Measure], problems: Problems) -> None:
    """Report the arguments of a stimulus that are not the powers of the unit of its time that they have to be."""
    time = unit_of_time(node.function, _known(parts))
    for number, (argument, part) in enumerate(zip(STIMULI[node.function], parts, strict=False)):
        if isinstance(part, Unit) and time is not None and not part.same_dimension(time**argument.power):
            problems.argument(node, number, part, time**argument.power)


def _known(parts: Sequence[Measure]) -> list[Unit | None]:
    return [part if isinstance(part, Unit) else None for part in parts]


def agreed(node: Expression, nodes: Sequence[Expression], parts: Sequence[Measure], problems: Problems) -> Measure:
    """Return the unit that several parts of a node have in common: that of the first; unknown where they differ."""
    known = [(part, unit) for part, unit in zip(nodes, parts, strict=True) if isinstance(unit, Unit)]
    for part, unit in known[1:]:
        if not unit.same_dimension(known[0][1]):
            problems.mismatch(node, known[0][0], part, (known[0][1], unit))
            return UNKNOWN
    if known:
        return known[0][1]
    return ZERO if all(part is ZERO for part in parts) else UNKNOWN


def _product(operators: Sequence[str], parts: list[Measure]) -> Measure:
    """Return the unit of a product of parts, each with ``*`` or ``/`` before it."""
    result = ONE
    if parts and parts[0] is ZERO:
        return ZERO
    for operator, part in zip(operators, parts, strict=True):
        if part is ZERO and operator == "*":
            return ZERO
        if not isinstance(part, Unit):
            return UNKNOWN
        result = result * part if operator == "*" else result / part
    return _bounded(result)


def _power(node: Power, parts: list[Measure], problems: Problems) -> Measure:
    base, exponent = parts
    if isinstance(exponent, Unit) and not exponent.is_dimensionless:
        problems.not_dimensionless(node, node.exponent, exponent)
        return UNKNOWN
    if not isinstance(base, Unit):
        return base
    number = exact(node.exponent)
    if number is not None:
        result = _bounded(base**number) if number.denominator <= LARGEST_ROOT and abs(number) <= LARGEST_POWER else UNKNOWN
        if result is not UNKNOWN or base == ONE:
            return result if base != ONE else ONE
    elif base.is_dimensionless:
        return ONE
    problems.power(node, base)
    return UNKNOWN


def _bounded(unit: Unit) -> Measure:
    """Return a unit, or that it is unknown where its exponents are out of all proportion."""
    scale = [e for _, e in unit.scale]
    small = all(abs(e) <= LARGEST_POWER for e in unit.dimension) and all(abs(e) <= LARGEST_SCALE for e in scale)
    return unit if small and all(e.denominator <= LARGEST_ROOT for e in (*unit.dimension, *scale)) else UNKNOWN


Solve = Callable[[str, Unit], None]


def push(algebra: Algebra, root: Expression, expected: Measure, found: Mapping[int, Measure], solve: Solve, direct: bool) -> None:
    """Carry the unit that an expression has to have down to the names in it whose unit is not known, and give them to ``solve``.

    With ``direct`` only what is added to, or compared with, something else gets its unit, so that it has the same scale; without, also
    what is differentiated or multiplied, whose scale follows from that of the rest.
    """
    stack: list[tuple[Expression, Measure]] = [(root, expected)]
    while stack:
        node, wanted = stack.pop()
        own = found[id(node)]
        if isinstance(own, Unit):
            wanted = own
        if isinstance(wanted, Unit) and own is UNKNOWN:
            if isinstance(node, Name | Index):
                solve(node.id, wanted)
            elif isinstance(node, Derivative) and not direct:
                solve(node.name, wanted * algebra.time**node.order)
        stack.extend(_expectations(node, UNKNOWN if direct and isinstance(node, Product | Dot | Power) else wanted, found))


def _expectations(node: Expression, wanted: Measure, found: Mapping[int, Measure]) -> list[tuple[Expression, Measure]]:
    """Return the children of a node with the unit that each has to have, as far as it is known."""
    children = node.children()
    units = [found[id(child)] for child in children]
    known = next((unit for unit in units if isinstance(unit, Unit)), UNKNOWN)
    shared = known if known is not UNKNOWN else wanted
    match node:
        case Sum() | Array():
            return [(child, shared) for child in children]
        case Reduction():
            return [(node.body, ONE if node.function == "prod" else wanted)]
        case Dot():
            return _missing_factor((("*", node.left), ("*", node.right)), wanted, units)
        case Index() | Derivative():
            return [(child, ONE) for child in children]
        case Comparison():
            return [(child, known) for child in children]
        case Conditional():
            branches = agreed(node, (node.value, node.otherwise), [units[0], units[2]], SILENT)
            expected = branches if isinstance(branches, Unit) else wanted
            return [(node.value, expected), (node.condition, UNKNOWN), (node.otherwise, expected)]
        case Product():
            return _missing_factor(node.factors, wanted, units)
        case Power():
            number = exact(node.exponent)
            base = _bounded(wanted ** (1 / number)) if isinstance(wanted, Unit) and number else UNKNOWN
            return [(node.base, base), (node.exponent, ONE)]
        case Call():
            builtin = BUILTINS.get(node.function)
            kind = builtin.units if builtin is not None else ""
            if kind == "stimulus" and (time := unit_of_time(node.function, _known(units))) is not None:
                powers = [time**argument.power for argument in STIMULI[node.function]]
                return list(zip(children, powers, strict=False))
            if kind == "process":
                return [(children[0], shared), (children[1], shared), *((child, UNKNOWN) for child in children[2:])]
            expected = {"plain": ONE, "same": shared, "ratio": known}.get(kind, UNKNOWN)
            if kind in ("product", "quotient") and len(children) == 2:
                return _missing_factor((("*", children[0]), ("*" if kind == "product" else "/", children[1])), wanted, units)
            if kind in ("root", "inverse") and isinstance(wanted, Unit):
                expected = wanted**2 if kind == "root" else ONE / wanted
            return [(child, expected) for child in children]
    return [(child, UNKNOWN) for child in children]


def _missing_factor(factors: Sequence[tuple[str, Expression]], wanted: Measure, units: Sequence[Measure]) -> list[tuple[Expression, Measure]]:
    """Return the factors of a product; where one alone is unknown, with the unit that makes the product what is wanted."""
    unknown = [i for i, unit in enumerate(units) if unit is UNKNOWN]
    children: list[tuple[Expression, Measure]] = [(factor, UNKNOWN) for _, factor in factors]
    if len(unknown) != 1 or not isinstance(wanted, Unit) or ZERO in units:
        return children
    rest = wanted
    for (operator, _), unit in zip(factors, units, strict=True):
        if isinstance(unit, Unit):
            rest = rest / unit if operator == "*" else rest * unit
    i = unknown[0]
    operator, factor = factors[i]
    children[i] = (factor, rest if operator == "*" else ONE / rest)
    return children
