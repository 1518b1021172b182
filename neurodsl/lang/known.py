"""What has to be known before a run: constants, the times of stimuli, the numbers of a random input."""

from __future__ import annotations

from collections.abc import Container, Iterator

from neurodsl import rules
from neurodsl.lang.dependencies import WORDS, Dependencies, Reach
from neurodsl.lang.dimensions import exact
from neurodsl.lang.draws import descends, outside
from neurodsl.lang.functions import BUILTINS
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Call, Expression
from neurodsl.lang.scope import Declarations
from neurodsl.lang.stimuli import PROCESS, PROCESS_ARGUMENTS, STIMULI
from neurodsl.lang.tree import Draw


def require(declarations: Declarations, root: Expression | Draw, reach: Reach, what: str, allowed: Reach, help: str | None = None) -> None:
    """Report an expression that depends on more than is allowed."""
    surplus = reach & ~allowed
    if not surplus:
        return
    words = " and ".join(WORDS[part] for part in Reach if part & surplus)
    needed = "the time and parameters" if Reach.TIME & allowed else "parameters alone"
    declarations.report.add(rules.NOT_CONSTANT, f"{what} depends on {words}; it may depend on {needed}", root.span, help)


def check_stimuli(declarations: Declarations, root: Expression, dependencies: Dependencies, arguments: tuple[str, ...] = ()) -> None:
    """Report stimuli in an expression whose times are not known beforehand, or are out of range.

    Parameters
    ----------
    declarations : Declarations
        What the names stand for.
    root : Expression
        The expression.
    dependencies : Dependencies
        What the names depend on.
    arguments : tuple of str
        The names that are arguments, in the body of a function.
    """
    for node in _calls(root, STIMULI):
        for argument, value in zip(STIMULI[node.function], node.arguments, strict=False):
            what = f"the {argument.name} of `{node.function}`"
            if argument.known:
                help = "write an event for what the state triggers"
                require(declarations, value, dependencies.of(value, arguments), what, Reach.INPUT, help)
            _check_domain(declarations, node, value, what, argument.domain)
        if node.function == "train":
            _check_train(declarations, node)


def check_processes(declarations: Declarations, root: Expression, dependencies: Dependencies) -> None:
    """Report the random processes in the value of an input whose numbers are not known beforehand, or are out of range."""
    for node in _calls(root, (PROCESS,)):
        if declarations.maps:
            message = f"`{PROCESS}` moves in continuous time, and this model is a map"
            declarations.report.add(rules.MIXED_TIME, message, node.span, "a map may draw a number in each step")
        for argument, value in zip(PROCESS_ARGUMENTS, node.arguments, strict=False):
            what = f"the {argument.name} of `{PROCESS}`"
            help = f"add what changes in time: `2*pulse(t, a, b) + {PROCESS}(...)`"
            require(declarations, value, dependencies.of(value), what, Reach.NOTHING, help)
            _check_domain(declarations, node, value, what, argument.domain)
            refuse_processes(declarations, value)


def refuse_processes(declarations: Declarations, root: Expression) -> None:
    """Report the random processes in an expression that is not the value of an input."""
    for node in _calls(root, (PROCESS,)):
        message = f"`{PROCESS}` is random in time and stands in the value of an input alone"
        help = f"write `input I = {short(node)}`, and use `I` here"
        declarations.report.add(rules.WRONG_KIND, message, node.span, help)


def _calls(root: Expression, functions: Container[str]) -> Iterator[Call]:
    return (node for node in root.walk() if isinstance(node, Call) and node.function in functions)


def _check_domain(declarations: Declarations, node: Call, value: Expression, what: str, domain: str) -> None:
    """Report an argument that is a number and out of range."""
    if words := outside(value, domain):
        message = f"{what} {words}, not `{short(value)}`"
        declarations.report.add(rules.BAD_VALUE, message, value.span, f"`{node.function}`: {BUILTINS[node.function].doc}")


def _check_train(declarations: Declarations, node: Call) -> None:
    """Report a train that is never off, and a count that is none."""
    period, width = node.arguments[1:3] if len(node.arguments) > 2 else (node, node)
    if descends(width, period) and not outside(period, "positive"):
        message = f"the width of `train`, `{short(width)}`, is longer than its period, `{short(period)}`"
        help = f"the period comes first: `train(t, {short(width)}, {short(period)})`"
        declarations.report.add(rules.BAD_VALUE, message, node.span, help)
    count = exact(node.arguments[4]) if len(node.arguments) > 4 else None
    if count is not None and count.denominator != 1:
        message = f"the count of `train` is a whole number, not `{short(node.arguments[4])}`"
        declarations.report.add(rules.BAD_VALUE, message, node.arguments[4].span, f"`train`: {BUILTINS['train'].doc}")
