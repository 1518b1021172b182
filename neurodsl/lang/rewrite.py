"""Expressions with their names replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

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
    Node,
    Number,
    Power,
    Product,
    Reduction,
    Sum,
)

Replacement = Callable[[Name | Index | Derivative], Expression]


def replace_names(node: Expression, replacement: Replacement) -> Expression:
    """Return an expression in which each name, element and derivative is what ``replacement`` returns for it.

    The indices of elements and derivatives are replaced before.
    """
    match node:
        case Number() | Load():
            return node
        case Name():
            return replacement(node)
        case Index() | Derivative():
            return replacement(replace(node, indices=_each(node.indices, replacement)))
        case Call():
            return replace(node, arguments=_each(node.arguments, replacement))
        case Array():
            return replace(node, items=_each(node.items, replacement))
        case Dot():
            return replace(node, left=replace_names(node.left, replacement), right=replace_names(node.right, replacement))
        case Reduction():
            return replace(node, body=replace_names(node.body, replacement))
        case Sum():
            return replace(node, terms=tuple((sign, replace_names(term, replacement)) for sign, term in node.terms))
        case Product():
            return replace(node, factors=tuple((operator, replace_names(factor, replacement)) for operator, factor in node.factors))
        case Power():
            return replace(node, base=replace_names(node.base, replacement), exponent=replace_names(node.exponent, replacement))
        case Comparison():
            return replace(node, left=replace_names(node.left, replacement), right=replace_names(node.right, replacement))
        case Logic():
            return replace(node, operands=_each(node.operands, replacement))
        case Conditional():
            value, condition, otherwise = (replace_names(child, replacement) for child in node.children())
            return replace(node, value=value, condition=condition, otherwise=otherwise)


def _each(nodes: tuple[Expression, ...], replacement: Replacement) -> tuple[Expression, ...]:
    return tuple(replace_names(node, replacement) for node in nodes)


def replace_calls(node: Expression, replacement: Callable[[Call], Expression | None]) -> Expression:
    """Return an expression in which each call is what ``replacement`` returns for it; None keeps the call and goes through its arguments."""
    found = replacement(node) if isinstance(node, Call) else None
    if found is not None:
        return found

    def rebuilt(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(rebuilt, part))
        return replace_calls(part, replacement) if isinstance(part, Node) else part  # type: ignore[arg-type]

    return replace(node, **{f.name: rebuilt(getattr(node, f.name)) for f in fields(node) if f.init and f.name != "span"})
