"""What the file of a connection brings beside the neurons that it joins: values of quantities of the synapse, in its units."""

from __future__ import annotations

import numpy as np

from neurodsl import rules
from neurodsl.connectivity import Wiring
from neurodsl.diagnostics import NeuroError, fail, nearest
from neurodsl.network_plan import ProjectionPlan
from neurodsl.units import UnitError, parse_unit, split_title

DELAY = "delay"


def with_columns(wiring: Wiring, plan: ProjectionPlan) -> Wiring:
    """Return a wiring whose columns are quantities of the synapse, and the delay, by name and in the units of the network.

    Raises
    ------
    NeuroError
        F112 where a column is none of them, has a unit of another dimension, or stands beside a value that the connection gives.
    """
    if plan.rule["kind"] == "matrix":
        (name, values), factor = next(iter(wiring.columns.items())), plan.rule["factor"]
        return Wiring(wiring.pointers, wiring.targets, {name: values if factor == 1.0 else values * factor})
    units = {DELAY: plan.rule["time_unit"], **plan.units}
    columns = {}
    for title, values in wiring.columns.items():
        name, text = split_title(title)
        if name not in units:
            raise _unknown(plan, name, units)
        if name in columns or name in plan.rule["given"] or (name == DELAY and DELAY not in plan.units and plan.delay is not None):
            raise _refuse(plan, f"brings `{name}`, which has a value already", "remove one of them")
        if name == DELAY and DELAY not in plan.units and not any(kind == "pre" for kind, _ in plan.events):
            raise _refuse(plan, f"brings a delay, and `{plan.synapse}` has no `on pre`", "leave the column out: what acts all the time acts at once")
        factor = _factor(plan, name, text, units[name])
        columns[name] = values if factor == 1.0 else np.asarray(values * factor, dtype=np.float64)
    return Wiring(wiring.pointers, wiring.targets, columns)


def _unknown(plan: ProjectionPlan, name: str, known: dict[str, str]) -> NeuroError:
    near, listed = nearest(name, known), ", ".join(f"`{other}`" for other in known)
    told = f"has the column `{name}`, and `{plan.synapse}` has no such parameter or state"
    return _refuse(plan, told, f"did you mean `{near}`?" if near else f"a column is one of {listed}")


def _factor(plan: ProjectionPlan, name: str, text: str | None, wanted: str) -> float:
    """Return what brings a column into a unit, where its title names another."""
    if text is None:
        return 1.0
    try:
        unit, own = parse_unit(wanted), parse_unit(text)
    except UnitError as error:
        raise _refuse(plan, f"has the title `{name} [{text}]`: {error.message}", f"`{name}` is in `[{wanted}]`") from error
    if not own.same_dimension(unit):
        raise _refuse(plan, f"gives `{name}` in `[{text}]`, and it is in `[{wanted}]` here", "a unit of the same dimension")
    return float(own.factor_to(unit))


def _refuse(plan: ProjectionPlan, told: str, help: str) -> NeuroError:
    return fail(rules.BAD_CONNECTIONS, f"`{plan.name}`: `{plan.rule['path']}` {told}", help=help)
