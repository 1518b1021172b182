"""What ``simulate:`` says, in the units of the file's time."""

from __future__ import annotations

import math
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import nearest
from neurodsl.lang.agreement import phrase
from neurodsl.lang.dimensions import exact
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Derivative, Expression, Index, Name, Number, Power, Product, Sum
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import PartTree, RecordedTree, SettingTree, derivative_text
from neurodsl.lang.unparse import unparse
from neurodsl.model import Settings
from neurodsl.units import ONE, Unit, lookup

MILLISECOND = lookup("ms") or ONE
EVENTS = ("grid", "exact")

Magnitude = tuple[Fraction | float, Unit]


def time_unit(declarations: Declarations, brackets: list[Unit]) -> Unit:
    """Return the unit of bare times: that of ``duration``, else the first time in the text, else ms.

    It is 1 for a file without units, and for a map without ``step``, whose time counts steps.
    """
    if not brackets or (declarations.discrete and "step" not in declarations.settings):
        return ONE
    setting = declarations.settings.get("duration")
    duration = None if setting is None else evaluate(setting.values[0])
    units = ([duration[1]] if duration is not None else []) + brackets
    return next((unit for unit in units if unit.same_dimension(MILLISECOND)), MILLISECOND)


def evaluate(node: Expression) -> Magnitude | None:
    """Return the number that an expression without names comes to, with its unit; None for any other, or where it has none."""
    match node:
        case Number():
            return node.value, node.unit or ONE
        case Sum():
            parts = [evaluate(term) for _, term in node.terms]
            if None in parts or parts[0] is None:
                return None
            unit = parts[0][1]
            total: Fraction | float = Fraction(0)
            for (sign, _), part in zip(node.terms, parts, strict=True):
                if part is None or not part[1].same_dimension(unit):
                    return None
                total = total + sign * part[0] * part[1].factor_to(unit)
            return total, unit
        case Product():
            value, unit = Fraction(1), ONE
            for operator, factor in node.factors:
                part = evaluate(factor)
                if part is None or (operator == "/" and part[0] == 0):
                    return None
                value = value * part[0] if operator == "*" else value / part[0]  # type: ignore[assignment]
                unit = unit * part[1] if operator == "*" else unit / part[1]
            return value, unit
        case Power():
            base, exponent = evaluate(node.base), exact(node.exponent)
            if base is None or exponent is None or exponent.denominator != 1 or base[0] == 0:
                return None
            return base[0] ** int(exponent), base[1] ** exponent
    return None


def read_settings(declarations: Declarations, unit: Unit) -> Settings:
    """Return the settings of a model; what is wrong with them is reported."""
    settings = declarations.settings
    times = {name: time_in(declarations, settings[name], unit) for name in ("duration", "dt", "step") if name in settings}
    for name in ("dt", "step"):
        if times.get(name) and times.get("duration") and times[name] > times["duration"]:  # type: ignore[operator]
            declarations.report.add(rules.BAD_DURATION, f"`{name}` is longer than `duration`", settings[name].span)
    _check_step(declarations)
    events = _word(declarations, settings.get("events"))
    if events is not None and events not in EVENTS and settings["events"].values:
        near = nearest(events, EVENTS)
        place = settings["events"].values[0].span
        help = f"write `events {near}`" if near else "write `events grid` or `events exact`"
        declarations.report.add(rules.BAD_SETTING, f"`events {events}` is not known", place, help)
    method, record = _word(declarations, settings.get("method")), _record(declarations)
    return Settings(times.get("duration"), times.get("dt"), method, events, record, times.get("step"))


def _check_step(declarations: Declarations) -> None:
    """Report the step of the other kind of model: ``dt`` is that of differential equations, ``step`` that of maps."""
    wrong, right = ("dt", "step") if declarations.discrete else ("step", "dt")
    if wrong in declarations.settings:
        setting = declarations.settings[wrong]
        message = "a map has no `dt`: it moves in steps" if declarations.discrete else "`step` is that of a map, and this model has none"
        help = f"write `{right} {short(setting.values[0])}`"
        declarations.report.add(rules.BAD_SETTING, message, setting.name_span, help)


def time_in(declarations: Declarations, setting: SettingTree, unit: Unit) -> float | None:
    """Return the time that a setting gives in a unit; None where an error was reported."""
    node = setting.values[0]
    found = evaluate(node)
    report = declarations.report
    if found is None:
        message = f"`{setting.name}` is a number with its unit, not `{short(node)}`"
        report.add(rules.BAD_VALUE, message, node.span, f"write `{setting.name} 0.1 [ms]`")
        return None
    value, own = found
    if own != ONE and not own.same_dimension(unit):
        if unit == ONE and declarations.discrete and own.same_dimension(MILLISECOND):
            help = "say how long a step takes, `step 1 [ms]`, or give the number of steps"
            report.add(rules.DIMENSIONS, f"the time of this map counts steps, but `{short(node)}` is {phrase(own)}", node.span, help)
            return None
        report.add(rules.DIMENSIONS, f"`{setting.name}` is a time, but `{short(node)}` is {phrase(own)}", node.span)
        return None
    try:
        number = float(value * own.factor_to(unit) if own != ONE else value)
    except OverflowError:
        number = math.inf
    if not (math.isfinite(number) and number > 0):
        report.add(rules.BAD_VALUE, f"`{setting.name}` is positive and finite, not `{short(node)}`", node.span)
        return None
    return number


def _word(declarations: Declarations, setting: SettingTree | None) -> str | None:
    """Return the word that a setting names."""
    if setting is None:
        return None
    node = setting.values[0]
    if isinstance(node, Name):
        return node.id
    declarations.report.add(rules.BAD_SETTING, f"`{setting.name}` names one of its choices, not `{short(node)}`", node.span)
    return None


def _record(declarations: Declarations) -> tuple[str, ...]:
    """Return the names to record, each once; ``spikes`` are recorded in any case."""
    setting = declarations.settings.get("record")
    found: dict[str, None] = {}
    for node in setting.values if setting is not None else ():
        if isinstance(node, PartTree | RecordedTree):
            _ranged(declarations, node)
            continue
        name = node.id if isinstance(node, Name | Index) else derivative_text(node.name, node.order) if isinstance(node, Derivative) else ""
        if isinstance(node, Index | Derivative) and not _are_counts(node.indices):
            message = f"`{short(node)}` cannot be recorded: the index of an element is a whole number"
            declarations.report.add(rules.BAD_SETTING, message, node.span, f"write `record {name}[0]`, or `record {name}` for all")
            continue
        if isinstance(node, Derivative):
            known = node.order < declarations.orders.get(node.name, 0)
        else:
            known = name in declarations.names and declarations.names[name].kind not in ("function", "noise")
        if known:
            declarations.used.add(name)
            found[unparse(node)] = None
        elif name in declarations.noises:
            declarations.used.add(name)
        elif not name:
            help: str | None = f"name it first: `x = {short(node)}`, `record x`"
            declarations.report.add(rules.BAD_SETTING, f"`{short(node)}` cannot be recorded", node.span, help)
        elif name not in declarations.unclear and name != "spikes":
            help = declarations.suggestion(name, ("state", "derived", "input", "param"))
            declarations.report.add(rules.UNKNOWN_NAME, f"unknown name `{name}`", node.span, help)
    return tuple(found)


def _ranged(declarations: Declarations, node: PartTree | RecordedTree) -> None:
    """Report what is recorded of a network, and not of a model."""
    part = node if isinstance(node, PartTree) else node.part
    if part is not None and part.single is None:
        name = part.name.id
        help = f"name the elements, `{name}[0], {name}[1]`, or the whole array, `{name}`"
        declarations.report.add(rules.NOT_SUPPORTED, "ranges of elements (`x[0:3]`) are not read", part.span, help)
    else:
        help = "a model records what it has in each step; `every` and `E[0].v` are for networks"
        declarations.report.add(rules.BAD_SETTING, f"`{node.span.text}` cannot be recorded", node.span, help)


def _are_counts(indices: tuple[Expression, ...]) -> bool:
    """Return whether indices are whole numbers."""
    return all(isinstance(index, Number) and index.unit is None and index.value.denominator == 1 for index in indices)
