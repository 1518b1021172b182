"""What stands behind ``~``: whether it is a distribution, what it may hold, and the unit of the draw."""

from __future__ import annotations

import math
from fractions import Fraction

from neurodsl import rules
from neurodsl.lang.agreement import Complaints, phrase
from neurodsl.lang.dimensions import SILENT, Algebra, Measure, agreed
from neurodsl.lang.distributions import DISTRIBUTIONS, SPARSE, Law, law_of
from neurodsl.lang.names import check_expression, short
from neurodsl.lang.nodes import Expression, Number, Product, Sum
from neurodsl.lang.scope import Declarations
from neurodsl.lang.settings import Magnitude, evaluate
from neurodsl.lang.tree import Draw
from neurodsl.model import Distribution
from neurodsl.units import ONE, Unit

DOMAINS = {"positive": "is above 0", "not negative": "is not negative", "probability": "lies between 0 and 1"}


def check_draw(declarations: Declarations, draw: Draw) -> None:
    """Report an unknown distribution, a wrong number of arguments, and arguments that are no numbers, or out of range."""
    call, report = draw.call, declarations.report
    for argument in draw.arguments:
        check_expression(declarations, argument)
    if call.function == SPARSE.name and not _check_sparse(declarations, draw):
        return
    law = law_of_draw(draw)
    name = call.function if draw.inner is None else draw.inner.function
    if law is None:
        near = declarations.near(name, DISTRIBUTIONS)
        help = f"did you mean `{near}`?" if near else f"the distributions are {', '.join(f'`{name}`' for name in DISTRIBUTIONS)}"
        report.add(rules.UNKNOWN_NAME, f"unknown distribution `{name}`", (draw.inner or call).span, help)
        return
    own = DISTRIBUTIONS[name]
    count = len((draw.inner or call).arguments)
    if count < own.least or (own.most is not None and count > own.most):
        wanted = f"{own.least}{'' if own.most else ' or more'} argument{'s' if own.least > 1 else ''}"
        report.add(rules.ARGUMENTS, f"`{own.name}` takes {wanted}, not {count}", (draw.inner or call).span, f"`{own.name}`: {own.doc}")
        return
    for i, argument in enumerate(draw.arguments):
        if words := outside(argument, law.argument(i).domain):
            owner = law if i == 0 else own
            what = f"`{law.argument(i).name}` of `{owner.name}`"
            report.add(rules.BAD_VALUE, f"{what} {words}, not `{short(argument)}`", argument.span, f"`{owner.name}`: {owner.doc}")
    if own.name == "uniform" and descends(*(draw.inner or call).arguments):
        low, high = map(short, (draw.inner or call).arguments)
        report.add(rules.BAD_VALUE, f"`low` of `uniform` is above `high`: `{low}`, `{high}`", call.span, f"write `uniform({high}, {low})`")


def _check_sparse(declarations: Declarations, draw: Draw) -> bool:
    """Report a sparse draw that is not made of a probability and a distribution; return whether it is."""
    call = draw.call
    if len(call.arguments) == 2 and draw.inner is not None:
        return True
    message = "`sparse` takes a probability and a distribution"
    declarations.report.add(rules.ARGUMENTS, message, call.span, f"`{SPARSE.name}`: {SPARSE.doc}")
    return False


def law_of_draw(draw: Draw) -> Law | None:
    """Return the distribution that stands behind ``~``; None for one that is not known."""
    name = draw.call.function if draw.inner is None else draw.inner.function
    return law_of(draw.call.function, None if draw.inner is None else name) if name in DISTRIBUTIONS else None


def outside(argument: Expression, domain: str) -> str | None:
    """Return what is asked of an argument, where it is a number that does not have it; names are not looked at."""
    found = evaluate(argument) if domain else None
    if found is None:
        return None
    if domain == "probability" and not found[1].is_dimensionless:
        return None  # The units say it.
    value = _within(found, ONE) if found[1].is_dimensionless else found[0]
    good = {"positive": value > 0, "not negative": value >= 0, "probability": 0 <= value <= 1}[domain]
    return None if good else DOMAINS[domain]


def descends(low: Expression, high: Expression) -> bool:
    """Return whether two numbers of one dimension stand in the wrong order: the first is above the second."""
    one, other = evaluate(low), evaluate(high)
    if one is None or other is None or not one[1].same_dimension(other[1]):
        return False
    return _within(one, other[1]) > other[0]


def _within(magnitude: Magnitude, unit: Unit) -> Fraction | float:
    """Return a number in another unit of its dimension."""
    value, own = magnitude
    try:
        return value * own.factor_to(unit)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def value_unit(algebra: Algebra, value: Expression | Draw, complaints: Complaints | None = None) -> Measure:
    """Return the unit of a value, or that of a draw; what does not fit is reported."""
    if not isinstance(value, Draw):
        return algebra.unit_of(value, complaints or SILENT)
    law = law_of_draw(value)
    arguments = value.arguments
    units = [algebra.unit_of(argument, complaints or SILENT) for argument in arguments]
    carried = [i for i in range(len(arguments)) if law is not None and law.carries(i)]
    for i, (argument, unit) in enumerate(zip(arguments, units, strict=True)):
        if complaints is None or not isinstance(unit, Unit) or unit.is_dimensionless:
            continue
        if i not in carried:
            complaints.not_dimensionless(value.call, argument, unit)
        elif value.unit is not None:
            bracket = value.unit.span.text
            message = f"`{short(argument)}` is {phrase(unit)}, and the bracket `{bracket}` gives it a second unit"
            help = f"write `{short(value.call)}` without the bracket, each argument with its unit, or numbers and the bracket"
            complaints.say(rules.UNIT_PLACE, message, argument.span, help)
            break
    if value.unit is not None:
        return value.unit.unit or ONE
    if not carried:
        return ONE
    return agreed(value.call, [arguments[i] for i in carried], [units[i] for i in carried], complaints or SILENT)


def distribution(algebra: Algebra, draw: Draw) -> Distribution:
    """Return a draw as a distribution, the bracket behind it put into the arguments that have the unit of the draw."""
    found = value_unit(algebra, draw)
    law, arguments = law_of_draw(draw), draw.arguments
    assert law is not None
    if draw.unit is not None:
        bracket = draw.unit
        arguments = tuple(_scaled(argument, bracket) if law.carries(i) else argument for i, argument in enumerate(arguments))
    inner = None if draw.inner is None else draw.inner.function
    return Distribution(law.name, arguments, draw.span, found if isinstance(found, Unit) else ONE, inner)


def _scaled(argument: Expression, bracket: Number) -> Expression:
    """Return a number with the unit of a bracket; of anything else the product with it."""
    match argument:
        case Number(unit=None):
            return Number(argument.span, argument.value, bracket.unit)
        case Sum(terms=((-1, Number(unit=None) as number),)):
            return Sum(argument.span, ((-1, Number(number.span, number.value, bracket.unit)),))
    return Product(argument.span, (("*", argument), ("*", Number(bracket.span, Fraction(1), bracket.unit))))
