"""Where white noise cannot stand: it has no value at an instant, only an integral over a step."""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.dependencies import Dependencies, Reach
from neurodsl.lang.nodes import Expression, Index, Name
from neurodsl.lang.scope import Declarations

COLOURED = "give it a state that follows the noise, as `tau*dn/dt = -n + sigma*sqrt(2*tau)*xi`, and use `n`"


def check_noise(declarations: Declarations, dependencies: Dependencies) -> None:
    """Report triggers, actions and records that use a noise, directly or through a derived quantity."""
    for event in declarations.events:
        if event.kind == "on" and event.head is not None and not isinstance(event.head, str):
            _refuse(declarations, dependencies, event.head, {"condition": "a condition"}.get(event.sort, f"the value of `on {event.sort}`"))
        for action in event.body:
            if action.value is not None:
                _refuse(declarations, dependencies, action.value, "the action of an event")
    record = declarations.settings.get("record")
    for node in record.values if record is not None else ():
        if isinstance(node, Name | Index) and Reach.NOISE & dependencies.reach.get(node.id, Reach.NOTHING):
            message = f"`{node.id}` holds white noise and has no value at an instant: it cannot be recorded"
            declarations.report.add(rules.BAD_SETTING, message, node.span, COLOURED)


def _refuse(declarations: Declarations, dependencies: Dependencies, root: Expression, what: str) -> None:
    if Reach.NOISE & dependencies.of(root):
        message = f"{what} depends on noise: white noise has no value at an instant"
        declarations.report.add(rules.NOT_CONSTANT, message, root.span, COLOURED)
