"""What depends on what: circles, the order of definitions, and which of them change during a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from itertools import chain

from neurodsl import rules
from neurodsl.lang.nodes import Call, Derivative, Expression, Index, Name
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import Draw, parts
from neurodsl.source import Span


class Reach(Flag):
    """What an expression depends on, besides parameters."""

    NOTHING = 0
    STATE = auto()
    INPUT = auto()
    TIME = auto()
    NOISE = auto()


WORDS = {Reach.STATE: "the state", Reach.INPUT: "an input", Reach.TIME: "the time", Reach.NOISE: "noise"}

Body = tuple[Expression | Draw, tuple[str, ...]]
"""A value, and the names in it that are arguments."""

Key = str | tuple[str, int]
"""A name, or the derivative of a state of an order."""

MOST_NESTED = 60
"""Functions and definitions that use one another form chains of at most this length."""


def mentioned(root: Expression | Draw, arguments: Iterable[str] = ()) -> dict[str, Span]:
    """Return the names and functions that stand in a value, each with its first place."""
    local = set(arguments)
    found: dict[str, Span] = {}
    for node in chain.from_iterable(part.walk() for part in parts(root)):
        if isinstance(node, Name | Index) and node.id not in local:
            found.setdefault(node.id, node.span)
        elif isinstance(node, Call):
            found.setdefault(node.function, node.span)
        elif isinstance(node, Derivative):
            found.setdefault(node.name, node.span)
    return found


def derivatives(root: Expression | Draw) -> list[Derivative]:
    """Return the derivatives that stand in a value."""
    return [node for part in parts(root) for node in part.walk() if isinstance(node, Derivative)]


@dataclass(slots=True)
class Dependencies:
    """The definitions of a model, those before that others use.

    ``order`` holds parameters, inputs, derived quantities and functions; ``reach`` says of each what it depends on. ``noisy`` holds the
    derivatives, as (state, order), in whose equations a noise stands.
    """

    order: list[str] = field(default_factory=list)
    reach: dict[str, Reach] = field(default_factory=dict)
    noisy: set[tuple[str, int]] = field(default_factory=set)

    def of(self, root: Expression | Draw, arguments: Iterable[str] = ()) -> Reach:
        """Return what a value depends on, besides parameters."""
        result = Reach.NOTHING
        for name in mentioned(root, arguments):
            result |= self.reach.get(name, Reach.NOTHING)
        for node in derivatives(root):
            result |= Reach.NOISE | Reach.STATE if (node.name, node.order) in self.noisy else Reach.STATE
        return result


def find_dependencies(declarations: Declarations) -> Dependencies:
    """Return the dependencies of a model; circles are reported, and their names are unclear from then on."""
    bodies: dict[str, Body] = {}
    for name, entry in (*declarations.parameters.items(), *declarations.inputs.items()):
        bodies[name] = entry.value, ()
    for name, definition in declarations.definitions.items():
        bodies[name] = definition.right, ()
    for name, function in declarations.functions.items():
        bodies[name] = function.body, function.arguments
    edges = {name: {n: s for n, s in mentioned(*body).items() if n in bodies} for name, body in bodies.items()}
    result = Dependencies(_sorted(edges, declarations))
    result.reach = dict.fromkeys(declarations.orders, Reach.STATE) | {"t": Reach.TIME, "dt": Reach.TIME}
    result.reach |= dict.fromkeys(declarations.noises, Reach.NOISE)
    result.noisy = _noisy_derivatives(declarations, bodies)
    length: dict[str, int] = {}
    for name in result.order:
        reach = result.of(*bodies[name])
        result.reach[name] = reach | (Reach.INPUT if name in declarations.inputs else Reach.NOTHING)
        length[name] = 1 + max((length.get(n, 0) for n in edges[name]), default=0)
        if length[name] > MOST_NESTED:
            message = f"definitions use one another more than {MOST_NESTED} levels deep"
            declarations.report.add(rules.TOO_LARGE, message, declarations.names[name].span, "join some of them")
            declarations.unclear.add(name)
            length[name] = 0
    return result


def _noisy_derivatives(declarations: Declarations, bodies: Mapping[str, Body]) -> set[tuple[str, int]]:
    """Return the derivatives whose equations use a noise, directly or through derived quantities and other derivatives."""
    users: dict[Key, list[Key]] = {}

    def note(root: Expression | Draw, arguments: tuple[str, ...], made: Iterable[Key]) -> None:
        keys: list[Key] = [*mentioned(root, arguments), *((node.name, node.order) for node in derivatives(root))]
        for used in keys:
            users.setdefault(used, []).extend(made)

    for name, body in bodies.items():
        note(*body, [name])
    for equation, defines in zip(declarations.equations, declarations.defines, strict=True):
        note(equation.left, (), defines)
        note(equation.right, (), defines)
    found: set[Key] = set(declarations.noises)
    waiting = list(found)
    while waiting:
        new = [user for user in users.get(waiting.pop(), ()) if user not in found]
        found.update(new)
        waiting.extend(new)
    return {key for key in found if isinstance(key, tuple)}


def _sorted(edges: Mapping[str, Mapping[str, Span]], declarations: Declarations) -> list[str]:
    """Return the names so that each stands after those it uses; the text decides where nothing else does."""
    order: list[str] = []
    state: dict[str, int] = {}
    for root in edges:
        if root in state:
            continue
        state[root] = 1
        path, waiting = [root], [iter(edges[root])]
        while path:
            name = next(waiting[-1], None)
            if name is None:
                state[path[-1]] = 2
                order.append(path.pop())
                waiting.pop()
            elif name not in state:
                state[name] = 1
                path.append(name)
                waiting.append(iter(edges[name]))
            elif state[name] == 1:
                circle = path[path.index(name) :]
                _report_circle(circle, edges, declarations)
    return order


def _report_circle(circle: list[str], edges: Mapping[str, Mapping[str, Span]], declarations: Declarations) -> None:
    if all(name in declarations.unclear for name in circle):
        return
    first = min(circle, key=lambda name: declarations.names[name].span.start)
    at = circle.index(first)
    circle = [*circle[at:], *circle[:at], first]
    shown = circle if len(circle) <= 12 else [*circle[:6], "...", *circle[-5:]]
    declarations.unclear.update(circle)
    help = "a quantity that depends on its own past is a state: give it an equation"
    if len(circle) == 2 and first in declarations.functions:
        message, help = f"the function `{first}` calls itself", "write it without recursion"
    else:
        message = f"these definitions depend on each other in a circle: {' -> '.join(shown)}"
    declarations.report.add(rules.CYCLE, message, edges[circle[0]][circle[1]], help)
