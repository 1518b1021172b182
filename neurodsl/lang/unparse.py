"""From nodes back to text: ``parse(unparse(x)) == x``."""

from __future__ import annotations

from fractions import Fraction

from neurodsl.lang.distributions import law_of
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
from neurodsl.lang.tree import derivative_text
from neurodsl.model import Distribution
from neurodsl.units import ONE, Unit, describe

CONDITIONAL, OR, AND, NOT, COMPARE, SUM, PRODUCT, FACTOR, POWER, ATOM = range(10)


def unparse(node: Expression | Distribution) -> str:
    """Return an expression, or a distribution without its ``~``, as the language writes it."""
    if not isinstance(node, Distribution):
        return _write(node)[0]
    arguments = bare_arguments(node)
    carried = any(law_of(node.name, node.inner).carries(i) for i in range(len(node.arguments)))
    bracket = "" if node.unit == ONE or (carried and arguments == node.arguments) else f" [{describe(node.unit)}]"
    texts = [unparse(argument) for argument in arguments]
    inside = ", ".join(texts) if node.inner is None else f"{texts[0]}, {node.inner}({', '.join(texts[1:])})"
    return f"{node.name}({inside}){bracket}"


def bare_arguments(node: Distribution) -> tuple[Expression, ...]:
    """Return the arguments of a distribution as they stand before a bracket, where all that have its unit are numbers of it."""
    law = law_of(node.name, node.inner)
    shown = tuple(bare(argument, node.unit) if law.carries(i) else argument for i, argument in enumerate(node.arguments))
    same = (argument is made for i, (argument, made) in enumerate(zip(node.arguments, shown, strict=True)) if law.carries(i))
    return node.arguments if any(same) else shown


def bare(value: Expression, unit: Unit) -> Expression:
    """Return a number, or an array of numbers, of a unit without it; any other expression as it is."""
    match value:
        case Number(unit=own) if own == unit:
            return Number(value.span, value.value)
        case Sum(terms=((-1, Number(unit=own) as number),)) if own == unit:
            return Sum(value.span, ((-1, Number(number.span, number.value)),))
        case Product(factors=(("*", (Array() | Load()) as numbers), ("*", Number(value=1, unit=own)))) if own == unit:
            return numbers
    return value


def _inside(node: Expression, least: int) -> str:
    """Return the text of a part, in parentheses where it binds less tightly than its place asks for."""
    text, level = _write(node)
    return text if level >= least else f"({text})"


def _write(node: Expression) -> tuple[str, int]:
    """Return the text of an expression and how tightly it binds."""
    match node:
        case Number():
            return _number(node), ATOM
        case Name():
            return node.id, ATOM
        case Index():
            return f"{node.id}[{_listed(node.indices)}]", ATOM
        case Derivative():
            element = f"{node.name}[{_listed(node.indices)}]" if node.indices else node.name
            return derivative_text(element, node.order, node.variable), ATOM
        case Call():
            return f"{node.function}({_listed(node.arguments)})", ATOM
        case Array():
            return f"({_listed(node.items)}{',' * (len(node.items) == 1)})", ATOM
        case Load():
            return f'{"samples" if node.sampled else "load"}("{node.path}")', ATOM
        case Dot():
            return f"{_inside(node.left, PRODUCT)} @ {_inside(node.right, POWER)}", PRODUCT
        case Reduction():
            return f"{node.function}({unparse(node.body)} for {', '.join(node.variables)})", ATOM
        case Power():
            return f"{_inside(node.base, ATOM)}^{_inside(node.exponent, POWER)}", POWER
        case Product():
            return _product(node), PRODUCT
        case Sum():
            return _sum(node), SUM
        case Comparison():
            return f"{_inside(node.left, SUM)} {node.operator} {_inside(node.right, SUM)}", COMPARE
        case Logic():
            return _logic(node)
        case Conditional():
            parts = _inside(node.value, OR), _inside(node.condition, OR), _inside(node.otherwise, CONDITIONAL)
            return "{} if {} else {}".format(*parts), CONDITIONAL


def _listed(nodes: tuple[Expression, ...]) -> str:
    return ", ".join(unparse(node) for node in nodes)


def _number(node: Number) -> str:
    return decimal(node.value) if node.unit is None else f"{decimal(node.value)} [{describe(node.unit)}]"


def decimal(value: Fraction) -> str:
    """Return an exact number as a decimal literal; as a quotient in parentheses where there is none."""
    if value.denominator == 1:
        text = str(value.numerator)
        stripped = text.rstrip("0")
        return f"{stripped}e{len(text) - len(stripped)}" if len(text) - len(stripped) > 6 else text
    places, rest = 0, value.denominator
    while rest % 10 == 0:
        places, rest = places + 1, rest // 10
    for prime in (2, 5):
        while rest % prime == 0:
            places, rest = places + 1, rest // prime
    if rest != 1:
        return f"({value.numerator}/{value.denominator})"
    digits = str(value.numerator * 10**places // value.denominator)
    stripped = digits.rstrip("0")
    places -= len(digits) - len(stripped)
    if places > len(stripped) + 4:
        return f"{stripped}e-{places}"
    return f"{stripped.rjust(places + 1, '0')[:-places]}.{stripped.rjust(places + 1, '0')[-places:]}"


def _product(node: Product) -> str:
    pieces = []
    for i, (operator, factor) in enumerate(node.factors):
        if i and isinstance(factor, Number) and factor.unit is not None and factor.value == 1:
            text = f"[{describe(factor.unit)}]"
        else:
            text = _inside(factor, POWER)
        pieces.append(operator + text if i else text)
    return "".join(pieces)


def _sum(node: Sum) -> str:
    pieces = []
    for i, (sign, term) in enumerate(node.terms):
        text = _inside(term, PRODUCT)
        mark = "-" if sign < 0 else "+"
        pieces.append(f" {mark} {text}" if i else text if sign > 0 else f"-{text}")
    return "".join(pieces)


def _logic(node: Logic) -> tuple[str, int]:
    if node.operator == "not":
        return f"not {_inside(node.operands[0], NOT)}", NOT
    level = OR if node.operator == "or" else AND
    return f" {node.operator} ".join(_inside(operand, level + 1) for operand in node.operands), level
