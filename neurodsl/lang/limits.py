"""Limits on the size of an expression, checked before anything recurses into it."""

from __future__ import annotations

import math
from typing import Any

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.nodes import Expression, Node, Number, Power, Product, Sum
from neurodsl.lang.tree import (
    ActionTree,
    Assignment,
    Block,
    Clause,
    ConnectTree,
    Contribution,
    Draw,
    Entries,
    Entry,
    Listing,
    PartTree,
    PopulationTree,
    RecordedTree,
    SettingTree,
)

DEEPEST = 100
MOST_TERMS = 1000
LARGEST_EXPONENT = 1000


def expressions(tree: Any) -> tuple[Expression, ...]:
    """Return the expressions that stand in the tree of a statement, without those of its block."""
    match tree:
        case Entries():
            return tuple(part for entry in tree.entries for part in expressions(entry))
        case Entry():
            return (tree.value.call if isinstance(tree.value, Draw) else tree.value, *tree.indices)
        case PopulationTree():
            return *tree.sizes, *(part for entry in tree.entries for part in expressions(entry))
        case ConnectTree():
            return tuple(part for piece in (*tree.sources, *tree.targets, *tree.clauses) for part in expressions(piece))
        case Clause():
            return tuple(part for operand in tree.operands for part in expressions(operand))
        case PartTree():
            return tuple(part for part in (tree.single, tree.start, tree.stop, tree.step) if part is not None)
        case Contribution():
            return (tree.value,)
        case RecordedTree():
            return tuple(part for piece in (tree.part, tree.quantity, tree.every) if piece is not None for part in expressions(piece))
        case tuple():
            return tuple(part for piece in tree for part in expressions(piece))
        case Listing():
            return tuple(index for labelled in tree.names for index in labelled.indices)
        case Assignment():
            return tree.left, tree.right
        case ActionTree():
            return tree.indices if tree.value is None else (tree.value, *tree.indices)
        case SettingTree():
            return tuple(part for value in tree.values for part in expressions(value))
        case Block():
            return (tree.head,) if isinstance(tree.head, Node) else ()
    return (tree,) if isinstance(tree, Node) else ()  # type: ignore[return-value]


def within_limits(tree: Any, report: Report) -> bool:
    """Report an expression that is too deep, too long, or an exponent that is too large; return whether there is none."""
    return all(_within(expression, report) for expression in expressions(tree))


def _within(root: Expression, report: Report) -> bool:
    help = "split the expression into derived quantities"
    if root.depth > DEEPEST:
        report.add(rules.TOO_LARGE, f"an expression of {root.depth} levels; at most {DEEPEST} are read", root.span, help)
        return False
    values: dict[int, float | None] = {}
    for node in reversed(list(root.walk())):
        children = node.children()
        if len(children) > MOST_TERMS:
            report.add(rules.TOO_LARGE, f"an expression of {len(children)} terms; at most {MOST_TERMS} are read", node.span, help)
            return False
        value = values[id(node)] = _constant(node, [values[id(child)] for child in children])
        if not isinstance(node, Power):
            continue
        exponent = values[id(node.exponent)]
        if exponent is not None and not abs(exponent) <= LARGEST_EXPONENT:
            report.add(rules.NUMBER_RANGE, f"the exponent `{node.exponent.span.text[:40]}` is out of range", node.exponent.span)
            return False
        if value is not None and (not math.isfinite(value) or (value == 0 and values[id(node.base)] != 0)):
            report.add(rules.NUMBER_RANGE, f"the power `{node.span.text[:40]}` is out of range", node.span)
            return False
    return True


def _constant(node: Expression, values: list[float | None]) -> float | None:
    """Return the number that an expression without names comes to, None for any other; infinite where it is out of range."""
    if isinstance(node, Number):
        return float(node.value)
    if not isinstance(node, Sum | Product | Power):
        return None
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values):
        return None
    try:
        match node:
            case Sum():
                return math.fsum(sign * value for (sign, _), value in zip(node.terms, numbers, strict=True))
            case Product():
                factors = zip(node.factors, numbers, strict=True)
                return math.prod(value if operator == "*" else 1 / value for (operator, _), value in factors)
            case Power():
                return math.pow(*numbers)
    except OverflowError:
        return math.inf
    except (ZeroDivisionError, ValueError):
        return None
