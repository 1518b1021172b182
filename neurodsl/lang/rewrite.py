"""Expressions with their names replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from neurodsl.lang.nodes import Call, Comparison, Conditional, Derivative, Expression, Logic, Name, Number, Power, Product, Sum

Replacement = Callable[[Name | Derivative], Expression]


def replace_names(node: Expression, replacement: Replacement) -> Expression:
    """Return an expression in which each name and each derivative is what ``replacement`` returns for it."""
    match node:
        case Number():
            return node
        case Name() | Derivative():
            return replacement(node)
        case Call():
            return replace(node, arguments=tuple(replace_names(argument, replacement) for argument in node.arguments))
        case Sum():
            return replace(node, terms=tuple((sign, replace_names(term, replacement)) for sign, term in node.terms))
        case Product():
            return replace(node, factors=tuple((operator, replace_names(factor, replacement)) for operator, factor in node.factors))
        case Power():
            return replace(node, base=replace_names(node.base, replacement), exponent=replace_names(node.exponent, replacement))
        case Comparison():
            return replace(node, left=replace_names(node.left, replacement), right=replace_names(node.right, replacement))
        case Logic():
            return replace(node, operands=tuple(replace_names(operand, replacement) for operand in node.operands))
        case Conditional():
            value, condition, otherwise = (replace_names(child, replacement) for child in node.children())
            return replace(node, value=value, condition=condition, otherwise=otherwise)
