"""Whether the names in an expression mean something, and numbers and conditions stand where they belong."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from string import ascii_lowercase

from neurodsl import rules
from neurodsl.lang.brackets import READERS
from neurodsl.lang.distributions import DISTRIBUTIONS
from neurodsl.lang.functions import BUILTINS, CONSTANTS, LATER, REDUCTIONS
from neurodsl.lang.idioms import call_meant, differentials, name_meant, units_without_brackets
from neurodsl.lang.nodes import Call, Comparison, Conditional, Derivative, Expression, Index, Load, Logic, Name, Power, Product, Reduction
from neurodsl.lang.scope import KINDS, MEANINGS, Declarations
from neurodsl.lang.tree import derivative_text
from neurodsl.source import Span
from neurodsl.units import lookup

QUANTITIES = ("param", "input", "noise", "derived", "state")


EQUATIONS = frozenset(("diff",))
STEPS = frozenset(("diff", "rand", "randn"))
"""The functions that stand in special places only: in equations and definitions, and in maps and actions."""

NOWHERE = frozenset[str]()
ELSEWHERE = {
    "diff": ("a derivative `diff(L, w)` stands in equations, derived quantities and the actions of events", None),
    **dict.fromkeys(
        ("rand", "randn"),
        (
            "a random number of each step stands in a map or in the action of an event",
            "what is drawn once is `param x ~ uniform(0, 1)`; what is random in continuous time is `noise xi`",
        ),
    ),
}
"""What is said about those functions elsewhere, and how to mend it."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an expression stands: the arguments and the index variables that it may use, the special functions, and whether in brackets."""

    arguments: Collection[str]
    indices: frozenset[str]
    special: frozenset[str]
    inside: bool = False


def check_expression(
    declarations: Declarations,
    root: Expression,
    condition: bool = False,
    arguments: Collection[str] = (),
    indices: Collection[str] = (),
    special: frozenset[str] = NOWHERE,
) -> None:
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
    indices : collection of str
        The index variables that its place gives it.
    special : frozenset of str
        Which of the functions that stand in special places only may stand here.
    """
    stack: list[tuple[Expression, bool, _Place]] = [(root, condition, _Place(arguments, frozenset(indices), special))]
    while stack:
        node, wanted, place = stack.pop()
        if isinstance(node, Comparison | Logic) != wanted:
            _wrong_sort(declarations, node, wanted)
            wanted = isinstance(node, Comparison | Logic)
        match node:
            case Name():
                _name(declarations, node, place)
            case Index():
                _element(declarations, node, place)
                place = replace(place, inside=True)
            case Derivative():
                _derivative(declarations, node)
                place = replace(place, inside=True)
            case Call():
                _call(declarations, node, place)
            case Load(sampled=True):
                _samples(declarations, node)
            case Product():
                _product(declarations, node, place)
            case Power(exponent=Name(id="T") as exponent):
                _unknown(declarations, exponent, place, f"the transposed matrix is `transpose({short(node.base)})`")
            case Reduction():
                _reduction(declarations, node, place)
                place = replace(place, indices=place.indices | set(node.variables), inside=False)
        stack.extend((child, sort, place) for child, sort in reversed(_children(node)))


def _samples(declarations: Declarations, node: Load) -> None:
    """Report a file of samples within an expression, or where no population follows it."""
    help = 'behind `with` of a population: `with I = samples("stimulus.csv") [nA]`; of a model `--input I=stimulus.csv`'
    declarations.report.add(rules.WRONG_KIND, "`samples` is the whole value of an input of a population", node.span, help)


def _unknown(declarations: Declarations, node: Name, place: _Place, help: str) -> None:
    """Report a name with what is meant by it, if nothing else gives it a meaning."""
    known = (declarations.names, declarations.unclear, place.arguments, place.indices, CONSTANTS)
    if not any(node.id in names for names in known):
        declarations.unclear.add(node.id)
        declarations.report.add(rules.UNKNOWN_NAME, f"unknown name `{node.id}`", node.span, help)


def _product(declarations: Declarations, node: Product, place: _Place) -> None:
    """Report names in a product that are not known, and mean something together: ``10*ms``, ``dL/dW``."""
    for name, help in units_without_brackets(node):
        _unknown(declarations, name, place, help)
    for above, below in differentials(node, declarations.names):
        _unknown(declarations, above, place, f"the derivative is `diff({above.id[1:]}, {below.id[1:]})`")
        declarations.unclear.add(below.id)


def free_indices(declarations: Declarations, root: Expression) -> tuple[str, ...]:
    """Return the names in the brackets of elements that nothing declares and no sum binds, in the order of the text."""
    return tuple(dict.fromkeys(_free(declarations, root, frozenset(), inside=False)))


def _free(declarations: Declarations, node: Expression, bound: frozenset[str], inside: bool) -> Iterator[str]:
    if isinstance(node, Name) and inside and node.id not in bound and node.id not in CONSTANTS and node.id not in declarations.names:
        yield node.id
    if isinstance(node, Reduction):
        bound = bound | set(node.variables)
    inside = (inside or isinstance(node, Index | Derivative)) and not isinstance(node, Reduction)
    for child in node.children():
        yield from _free(declarations, child, bound, inside)


def check_left(declarations: Declarations, owner: str, indices: Collection[Expression]) -> tuple[str, ...]:
    """Return the index variables in brackets on a left side; what is none is reported."""
    found: list[str] = []
    for node in indices:
        if not isinstance(node, Name):
            message = f"`{short(node)}` is no index variable: the equation of `{owner}` holds for all of its elements"
            help = f"write `{owner}[i]`, and `... if i == 0 else ...` for what differs between elements"
            declarations.report.add(rules.BAD_INDEX, message, node.span, help)
        elif node.id in found:
            declarations.report.add(rules.BAD_INDEX, f"the index variable `{node.id}` stands twice on this left side", node.span)
        elif _is_free(declarations, node.id, (), node):
            found.append(node.id)
    declarations.indices.update(found)
    return tuple(found)


def _is_free(declarations: Declarations, name: str, arguments: Collection[str], node: Expression) -> bool:
    """Return whether a name may be an index variable; report what else it is."""
    known = declarations.names.get(name)
    also: tuple[tuple[Span, str], ...] = ()
    if name in arguments:
        what = "an argument"
    elif name in CONSTANTS:
        what = MEANINGS[name]
    elif known is not None and known.kind != "function":
        kind = KINDS[known.kind]
        what, also = f"{'an' if kind[0] == 'i' else 'a'} {kind}", ((known.span, "declared here"),)
    else:
        return True
    help = "an index variable is a name that nothing else has; sizes stand in `param`, `input`, `init` and `noise`"
    declarations.report.add(rules.BAD_INDEX, f"`{name}` is {what} and cannot be an index variable", node.span, help, also)
    return False


def _reduction(declarations: Declarations, node: Reduction, place: _Place) -> None:
    for i, name in enumerate(node.variables):
        if name in place.indices or name in node.variables[:i]:
            message = f"the index variable `{name}` is bound twice"
            declarations.report.add(rules.BAD_INDEX, message, node.span, "give one of the two another name")
        elif _is_free(declarations, name, place.arguments, node):
            declarations.indices.add(name)
    if node.function in REDUCTIONS:
        return
    near = declarations.near(node.function, REDUCTIONS)
    listed = ", ".join(f"`{name}`" for name in REDUCTIONS)
    help = f"did you mean `{near}`?" if near else f"over index variables there are {listed}"
    declarations.used.add(node.function)
    declarations.report.add(rules.BAD_INDEX, f"`{node.function}` is not computed over an index variable", node.span, help)


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


def _name(declarations: Declarations, node: Name, place: _Place) -> None:
    name = node.id
    if name in place.indices:
        return
    if place.inside and name not in (*place.arguments, *CONSTANTS, *declarations.names, *declarations.unclear):
        _unbound(declarations, node)
        return
    _quantity(declarations, node, name, place.arguments)


def _unbound(declarations: Declarations, node: Name) -> None:
    """Report an index that nothing binds."""
    declarations.unclear.add(node.id)
    candidates = (*declarations.indices, *(name for name, known in declarations.names.items() if known.kind == "param"))
    near = declarations.near(node.id, (name for name in candidates if name != node.id))
    help = f"did you mean `{near}`?" if near else f"sum over it, `sum(... for {node.id})`, or write it on the left side, in an event in the trigger"
    help = f"a unit does not follow a name; to multiply by it write `*[{node.id}]`" if lookup(node.id) is not None and not near else help
    declarations.report.add(rules.BAD_INDEX, f"the index `{node.id}` is not bound: nothing says what it runs over", node.span, help)


def _element(declarations: Declarations, node: Index, place: _Place) -> None:
    if node.id in place.indices:
        declarations.report.add(rules.BAD_INDEX, f"`{node.id}` is an index variable, a number without elements", node.span)
    else:
        _quantity(declarations, node, node.id, place.arguments)


def _quantity(declarations: Declarations, node: Name | Index, name: str, arguments: Collection[str]) -> None:
    if name in arguments or name in CONSTANTS or name in declarations.unclear:
        declarations.used.add(name)
        return
    known = declarations.names.get(name)
    if known is not None and known.kind == "population":
        declarations.report.add(rules.WRONG_KIND, f"`{name}` is a population, and a number belongs here", node.span)
    elif known is not None and known.kind != "function":
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
        help = help or name_meant(name, declarations.names)
        if declarations.kind == "synapse" and help is None:
            help = f"those of the neurons are `pre.{name}` and `post.{name}`; one of the synapse is declared: `param {name} = ...`"
        if "." in name:
            help = "`pre.x` and `post.x` stand in a `synapse`, `E.v` of a population in `record` and in a variant of its network"
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
    if node.name in declarations.noises:
        help = "white noise has no derivative"
    if whole in declarations.names:
        help = f"for the quotient of `{whole}` and `dt` write `({whole})/dt`"
        declarations.used.add(whole)
    declarations.unclear.add(node.name)
    declarations.report.add(rules.NO_DERIVATIVE, message, node.span, help)


def _call(declarations: Declarations, node: Call, place: _Place) -> None:
    name, count, arguments = node.function, len(node.arguments), place.arguments
    declarations.used.add(name)
    function = declarations.functions.get(name)
    if function is not None and name not in arguments:
        _count(declarations, node, len(function.arguments), len(function.arguments), f"declared at {function.span}")
    elif name in BUILTINS:
        builtin = BUILTINS[name]
        whole = builtin.arrays == "either" and count == 1 and declarations.has_arrays
        _count(declarations, node, 1 if whole else builtin.least, builtin.most, builtin.doc)
        _special(declarations, node, place)
    elif name in declarations.unclear:
        return
    elif name in arguments or name in CONSTANTS or name in declarations.names:
        what = "argument" if name in arguments else KINDS[declarations.names[name].kind] if name in declarations.names else "number"
        inside = ", ".join(short(argument) for argument in node.arguments) if count else "..."
        help = f"for a product write `{name}*({inside})`"
        if declarations.has_arrays and count:
            help += f", for an element `{name}[{inside}]`"
        declarations.report.add(rules.NOT_A_FUNCTION, f"`{name}` is a {what} and no function", node.span, help)
    elif name in READERS:
        example = "w.npy" if name == "load" else "stimulus.csv"
        declarations.report.add(rules.ARGUMENTS, f"`{name}` takes the name of a file in quotes", node.span, f'write `{name}("{example}")`')
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
        help = call_meant(name, [short(argument) for argument in node.arguments]) or help
        declarations.unclear.add(name)
        declarations.report.add(rules.UNKNOWN_NAME, f"unknown function `{name}`", node.span, help)


def _special(declarations: Declarations, node: Call, place: _Place) -> None:
    """Report a function that stands where it cannot, and a derivative by what nothing can be differentiated by."""
    name = node.function
    if name in ELSEWHERE and name not in place.special:
        message, help = ELSEWHERE[name]
        declarations.report.add(rules.WRONG_KIND, message, node.span, help)
    elif name == "diff" and len(node.arguments) == 2:
        by = node.arguments[1]
        known = declarations.names.get(by.id) if isinstance(by, Name | Index) else None
        unclear = isinstance(by, Name | Index) and by.id in declarations.unclear
        if not unclear and (known is None or known.kind not in ("state", "param", "input")):
            what = f"the {KINDS[known.kind]} `{known.name}`" if known is not None else f"`{short(by)}`"
            message = f"`diff` differentiates by a state, a parameter or an input, and not by {what}"
            declarations.report.add(rules.WRONG_KIND, message, by.span, "the derivative of a state in time is `dx/dt`")


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
    if "," not in text and text.startswith("(") and text.endswith(")") and node.span.text.count("(") == 1:
        text = text[1:-1].strip()
    return text if len(text) <= most else text[: most - 3] + "..."
