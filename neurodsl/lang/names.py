"""Whether the names in an expression mean something, and numbers and conditions stand where they belong."""

from __future__ import annotations

from collections.abc import Collection
from string import ascii_lowercase

from neurodsl import rules
from neurodsl.lang.distributions import DISTRIBUTIONS
from neurodsl.lang.functions import BUILTINS, CONSTANTS, LATER
from neurodsl.lang.nodes import Call, Comparison, Conditional, Derivative, Expression, Logic, Name
from neurodsl.lang.scope import KINDS, Declarations
from neurodsl.lang.tree import derivative_text

QUANTITIES = ("param", "input", "noise", "derived", "state")


def check_expression(declarations: Declarations, root: Expression, condition: bool = False, arguments: Collection[str] = ()) -> None:
    """Report what is wrong with the names of an expression, and note which it uses.

    Parameters
    ----------
    declarations : Declarations
        What the names stand for.
    root : Expression
        The expression.
    condition : bool
        Whether it has to be a condition; else it has to be a number.
    arguments : collection of str
        The names that are arguments, in the body of a function.
    """
    stack: list[tuple[Expression, bool]] = [(root, condition)]
    while stack:
        node, wanted = stack.pop()
        if isinstance(node, Comparison | Logic) != wanted:
            _wrong_sort(declarations, node, wanted)
            wanted = isinstance(node, Comparison | Logic)
        match node:
            case Name():
                _name(declarations, node, arguments)
            case Derivative():
                _derivative(declarations, node)
            case Call():
                _call(declarations, node, arguments)
        stack.extend((child, sort) for child, sort in reversed(_children(node)))


def _children(node: Expression) -> list[tuple[Expression, bool]]:
    """Return the children of a node, each with whether it has to be a condition."""
    if isinstance(node, Conditional):
        return [(node.value, False), (node.condition, True), (node.otherwise, False)]
    return [(child, isinstance(node, Logic)) for child in node.children()]


def _wrong_sort(declarations: Declarations, node: Expression, wanted: bool) -> None:
    text = short(node)
    if wanted:
        message = f"`{text}` is a number where a condition belongs"
        help = f"compare it: `{text} != 0`"
    else:
        message = f"`{text}` is a condition where a number belongs"
        help = f"write `1 if {text} else 0`"
    declarations.report.add(rules.NOT_A_CONDITION, message, node.span, help)


def _name(declarations: Declarations, node: Name, arguments: Collection[str]) -> None:
    name = node.id
    if name in arguments or name in CONSTANTS or name in declarations.unclear:
        declarations.used.add(name)
        return
    known = declarations.names.get(name)
    if known is not None and known.kind != "function":
        declarations.used.add(name)
    elif known is not None or name in BUILTINS:
        declarations.used.add(name)
        message = f"the function `{name}` stands without its arguments"
        declarations.report.add(rules.NOT_A_FUNCTION, message, node.span, f"call it: `{name}(...)`")
    else:
        declarations.unclear.add(name)
        help = declarations.suggestion(name, QUANTITIES)
        local = declarations.near(name, arguments)
        if local is not None:
            help = f"did you mean the argument `{local}`?"
        declarations.report.add(rules.UNKNOWN_NAME, f"unknown name `{name}`", node.span, help or f"declare it: `param {name} = ...`")


def _derivative(declarations: Declarations, node: Derivative) -> None:
    text = derivative_text(node.name, node.order)
    order = 0 if node.name in declarations.maps else declarations.orders.get(node.name, 0)
    if node.name in declarations.unclear or node.order <= order:
        return
    declarations.used.add(node.name)
    whole = node.span.text.partition("/")[0].rstrip()
    if node.name in declarations.maps:
        message = f"`{text}` is a derivative, but `{node.name}` moves in steps"
        help: str | None = "a map has values alone; a difference needs a state that keeps the value before, `next x_0 = x`"
    elif order:
        message = f"`{text}` is not known: the equation of `{node.name}` is of order {order}"
        help = None
    else:
        message = f"`{text}` is the derivative of `{node.name}`, which has no equation"
        near = declarations.near(node.name, (name for name, order in declarations.orders.items() if order))
        help = f"did you mean `{derivative_text(near, node.order)}`?" if near else f"give `{node.name}` an equation"
    if whole in declarations.names:
        help = f"for the quotient of `{whole}` and `dt` write `({whole})/dt`"
        declarations.used.add(whole)
    declarations.unclear.add(node.name)
    declarations.report.add(rules.NO_DERIVATIVE, message, node.span, help)


def _call(declarations: Declarations, node: Call, arguments: Collection[str]) -> None:
    name, count = node.function, len(node.arguments)
    declarations.used.add(name)
    function = declarations.functions.get(name)
    if function is not None and name not in arguments:
        _count(declarations, node, len(function.arguments), len(function.arguments), f"declared at {function.span}")
    elif name in BUILTINS:
        builtin = BUILTINS[name]
        _count(declarations, node, builtin.least, builtin.most, builtin.doc)
    elif name in declarations.unclear:
        return
    elif name in arguments or name in CONSTANTS or name in declarations.names:
        what = "argument" if name in arguments else KINDS[declarations.names[name].kind] if name in declarations.names else "number"
        inside = ", ".join(short(argument) for argument in node.arguments) if count else "..."
        help = f"for a product write `{name}*({inside})`"
        declarations.report.add(rules.NOT_A_FUNCTION, f"`{name}` is a {what} and no function", node.span, help)
    elif name in LATER or name == "d":
        what = "a derivative in space" if name == "d" else f"the function `{name}`"
        if name == "d":
            declarations.unclear |= {f"d{variable}" for variable in ascii_lowercase}
        declarations.report.add(rules.NOT_SUPPORTED, f"{what} is not supported yet", node.span)
    elif name in DISTRIBUTIONS:
        help = f"draw a parameter or an initial value: `param x ~ {short(node)}`; what is random in time is `noise xi`"
        declarations.report.add(rules.NOT_A_FUNCTION, f"`{name}` is a distribution and no function", node.span, help)
    else:
        near = declarations.near(name, (*declarations.functions, *BUILTINS))
        help = f"did you mean `{near}`?" if near else f"define it: `{name}({', '.join('xyzuvw'[:count]) or 'x'}) = ...`"
        declarations.unclear.add(name)
        declarations.report.add(rules.UNKNOWN_NAME, f"unknown function `{name}`", node.span, help)


def _count(declarations: Declarations, node: Call, least: int, most: int | None, help: str) -> None:
    """Report a call whose number of arguments is not the function's."""
    count = len(node.arguments)
    if count >= least and (most is None or count <= most):
        return
    wanted = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
    message = f"`{node.function}` takes {wanted} argument{'s' if wanted != '1' else ''}, not {count}"
    declarations.report.add(rules.ARGUMENTS, message, node.span, f"`{node.function}`: {help}" if node.function in BUILTINS else help)


def short(node: Expression, most: int = 60) -> str:
    """Return the text of an expression on one line, cut where it is long."""
    text = " ".join(node.span.text.split())
    if text.startswith("(") and text.endswith(")") and node.span.text.count("(") == 1:
        text = text[1:-1].strip()
    return text if len(text) <= most else text[: most - 3] + "..."
