"""Define a derived quantity, a function or an equation: what stands on the left of ``=`` tells which.

``tau = C/g_L "time constant"`` names a quantity: a constant if it depends on parameters alone, else a quantity of the state, which can
be recorded. ``S(x) = 1/(1 + exp(-a*(x - theta)))`` defines a function; what is not an argument keeps its meaning in the model.
``C*dV/dt = ...`` and ``d2x/dt2 = ...`` are differential equations, with the left side as the paper prints it. The order of these
statements does not matter.

All of them hold for arrays: as a whole, ``dx/dt = (-x + W @ tanh(x))/tau``, where arithmetic and functions act element by element and ``@``
is the matrix product; or for each element, ``dtheta[i]/dt = omega[i] + K/N*sum(sin(theta[j] - theta[i]) for j)``. An index variable is a
name that nothing declares. It runs over the dimension in whose place it stands, counted from 0, and is a number elsewhere. That of
``theta[i] = 2*pi*i/N``, whose right side holds no array, runs as far as the uses of ``theta`` say, as in ``x + cos(theta)``. ``sum``,
``prod``, ``mean``, ``min`` and ``max`` take index variables behind ``for``, or one array as a whole.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.nodes import Call, Derivative, Index, Name
from neurodsl.lang.scope import MEANINGS, Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Assignment
from neurodsl.model import Function


def declare(tree: Assignment, declarations: Declarations) -> None:
    """Add the definition, the function or the equation."""
    left = tree.left
    if declarations.kind == "network" and any(isinstance(node, Derivative) for node in left.walk()):
        help = "equations stand in a block `model NAME:`, or in a synapse"
        declarations.report.add(rules.SYNTAX, "an equation cannot stand in a network", tree.span, help)
        return
    if isinstance(left, Call) and not any(isinstance(node, Derivative) for node in left.walk()):
        _function(left, tree, declarations)
    elif isinstance(left, Name | Index):
        if declarations.define(left.id, "derived", left.span):
            declarations.definitions[left.id] = tree
        else:
            declarations.unclear.add(left.id)
    elif any(isinstance(node, Derivative) for node in left.walk()):
        declarations.equations.append(tree)
    else:
        help = "the left side is a name, a function `f(x)`, or contains the derivative that the equation defines"
        declarations.report.add(rules.BAD_EQUATION, "this left side defines nothing", left.span, help)


def _function(left: Call, tree: Assignment, declarations: Declarations) -> None:
    arguments = tuple(node.id for node in left.arguments if isinstance(node, Name))
    report = declarations.report
    declarations.unclear.add(left.function)
    if len(arguments) < len(left.arguments) or not arguments:
        report.add(rules.SYNTAX, "the arguments of a function are names, at least one", left.span, f"write `{left.function}(x) = ...`")
        return
    for i, name in enumerate(arguments):
        if name in arguments[:i]:
            report.add(rules.DUPLICATE, f"the function `{left.function}` has two arguments `{name}`", left.arguments[i].span)
            return
        if name == "pi":
            report.add(rules.RESERVED, f"`{name}` is {MEANINGS[name]} and cannot be an argument", left.arguments[i].span, "choose another name")
            return
    if tree.doc is not None:
        report.add(rules.LABEL, "a function has no label", tree.span, "describe it in a comment")
    if declarations.define(left.function, "function", left.span):
        declarations.functions[left.function] = Function(left.function, arguments, tree.right, left.span)
        declarations.unclear.discard(left.function)


ASSIGNMENT = Statement("assignment", "never", declare, homes=("model", "synapse", "network"))
