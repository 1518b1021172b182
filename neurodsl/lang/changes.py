"""A model with other values: those of a variant, and those that a run gives by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report, nearest
from neurodsl.lang.agreement import Complaints
from neurodsl.lang.building import expand
from neurodsl.lang.check import require
from neurodsl.lang.dependencies import Reach, find_dependencies
from neurodsl.lang.dimensions import Algebra
from neurodsl.lang.names import check_expression
from neurodsl.lang.nodes import Call, Derivative, Expression, Name, Number, Product
from neurodsl.lang.rewrite import replace_names
from neurodsl.lang.scope import Declarations, Declared
from neurodsl.lang.tree import Assignment, Draw, Entry, Labelled, derivative_text
from neurodsl.model import STEADY, Distribution, Input, Model, Parameter, Quantity
from neurodsl.units import ONE, Unit

KINDS = {"set": "parameter", "input": "input", "init": "initial value"}


def with_variant(model: Model, name: str, report: Report) -> Model:
    """Return a model with the values of one of its variants; unchanged where an error was reported."""
    variant = model.variants.get(name)
    if variant is None:
        near = nearest(name, model.variants)
        known = ", ".join(f"`{other}`" for other in model.variants)
        help = f"did you mean `{near}`?" if near else f"its variants are {known}" if known else "it has no variants"
        report.add(rules.UNKNOWN_OPTION_NAME, f"the model `{model.name}` has no variant `{name}`", None, help)
        return model
    changed = model
    for target, value in variant.values:
        kind = "set" if target in model.parameters else "input" if target in model.inputs else "init"
        changed = _changed(changed, kind, target, value, report)
    return changed if report.ok else model


def override(model: Model, kind: str, name: str, expression: Expression, report: Report) -> Model:
    """Return a model with another value for a parameter, an input or an initial value.

    Parameters
    ----------
    model : Model
        The model.
    kind : str
        ``set`` for a parameter, ``input``, or ``init``; then the name may be that of a derivative, as ``dx/dt``.
    name : str
        What gets the value.
    expression : Expression
        The value. In a model with units, one without any unit is read in the declared units.
    report : Report
        Takes the findings.

    Returns
    -------
    Model
        The changed model; the same one where an error was reported.
    """
    before = len(report.found)
    target = _target_unit(model, kind, name, report)
    if target is None:
        return model
    declarations = _declarations(model, report)
    if isinstance(expression, Name) and expression.id == "steady" and kind == "init" and "steady" not in declarations.names:
        if model.discrete:
            report.add(rules.NOT_SUPPORTED, "a steady state of a map is not supported yet", expression.span, "give it a number")
            return model
        if model.states[_state_of(model, name)[0]].order == 0:
            message = f"`{name}` has no equation, so there is no value at which it is steady"
            report.add(rules.BAD_VALUE, message, expression.span, "give it a number")
            return model
        return _changed(model, kind, name, expression, report)
    check_expression(declarations, expression)
    if len(report.found) > before:
        return model
    value = _in_declared_units(model, expression, target, report)
    if len(report.found) > before:
        return model
    algebra = Algebra({n: q.unit for n, q in _quantities(model).items()}, model.time_unit, model.functions)
    complaints = Complaints(report, {}, algebra)
    if not model.dimensionless:
        complaints.expect(expression, algebra.unit_of(value, complaints), target, f"`{name}`")
    changed = _changed(model, kind, name, value, report) if len(report.found) == before else model
    return changed if len(report.found) == before else model


def _quantities(model: Model) -> dict[str, Quantity]:
    return {**model.parameters, **model.inputs, **model.noises, **model.definitions, **model.states}


def _labels(model: Model) -> dict[str, tuple[str, int]]:
    """Return the names of all initial values with their states and orders."""
    return {derivative_text(name, k): (name, k) for name, state in model.states.items() for k in range(max(state.order, 1))}


def _state_of(model: Model, name: str) -> tuple[str, int]:
    return _labels(model)["".join(name.split())]


def _target_unit(model: Model, kind: str, name: str, report: Report) -> Unit | None:
    """Return the unit of what gets a value; None where there is nothing of that name and kind."""
    if kind == "init":
        found = _labels(model).get("".join(name.split()))
        if found is not None:
            return model.states[found[0]].unit / model.time_unit ** found[1]
    elif name in (table := model.parameters if kind == "set" else model.inputs):
        return table[name].unit
    options = {"set": model.parameters, "input": model.inputs, "init": _labels(model)}
    for other, names in options.items():
        if name in names:
            kind_of = "state" if other == "init" else KINDS[other]
            message = f"`{name}` is {'an' if kind_of[0] == 'i' else 'a'} {kind_of}"
            report.add(rules.UNKNOWN_OPTION_NAME, f"{message} of `{model.name}` and no {KINDS[kind]}", None, f"use `--{other} {name}=...`")
            return None
    help = f"`{name}` is a derived quantity; it follows from its definition" if name in model.definitions else None
    near = nearest(name, options[kind])
    help = f"did you mean `{near}`?" if near and help is None else help
    known = ", ".join(f"`{option}`" for option in list(options[kind])[:12])
    help = help or (f"there are {known}" if known else f"it has no {KINDS[kind]}s")
    report.add(rules.UNKNOWN_OPTION_NAME, f"the model `{model.name}` has no {KINDS[kind]} `{name}`", None, help)
    return None


def _in_declared_units(model: Model, expression: Expression, target: Unit, report: Report) -> Expression:
    """Return an expression without units with each name in it taken as a number of its declared unit."""
    literal = next((node for node in expression.walk() if isinstance(node, Number) and node.unit is not None), None)
    if model.dimensionless and literal is not None:
        report.add(rules.BAD_VALUE, f"the model `{model.name}` has no units", literal.span, "write the number alone")
    if model.dimensionless or literal is not None or any(isinstance(n, Call) and n.function in model.functions for n in expression.walk()):
        return expression
    if isinstance(expression, Number):
        return expression if target == ONE else Number(expression.span, expression.value, target)
    quantities = _quantities(model)

    def number(node: Name | Derivative) -> Expression:
        if isinstance(node, Derivative):
            unit = quantities[node.name].unit / model.time_unit**node.order
        else:
            unit = model.time_unit if node.id in ("t", "dt") else quantities[node.id].unit if node.id in quantities else ONE
        return node if unit == ONE else Product(node.span, (("*", node), ("/", Number(node.span, Fraction(1), unit))))

    value = replace_names(expression, number)
    return value if target == ONE else Product(expression.span, (("*", value), ("*", Number(expression.span, Fraction(1), target))))


def _declarations(model: Model, report: Report) -> Declarations:
    """Return the declarations of a model, as if its text had just been read."""
    found = Declarations(report, set())
    tables: dict[str, Mapping[str, Quantity]]

    def entry(quantity: Parameter | Input) -> Entry:
        value = quantity.value
        made = Draw(Call(value.span, value.name, value.arguments), None) if isinstance(value, Distribution) else value
        return Entry(Name(quantity.span, quantity.name), made, quantity.doc, quantity.span)

    found.parameters = {name: entry(parameter) for name, parameter in model.parameters.items()}
    found.inputs = {name: entry(made) for name, made in model.inputs.items()}
    for name, d in model.definitions.items():
        found.definitions[name] = Assignment(Name(d.span, name), d.value, d.doc, d.span)
    found.functions = dict(model.functions)
    found.noises = {name: Labelled(Name(noise.span, name), noise.doc) for name, noise in model.noises.items()}
    found.orders = {name: state.order for name, state in model.states.items()}
    tables = {"param": model.parameters, "input": model.inputs, "noise": model.noises, "derived": model.definitions, "state": model.states}
    if model.discrete:
        found.maps = {name: Entry(Name(s.span, name), Name(s.span, name), s.doc, s.span) for name, s in model.states.items() if s.order}
    for kind, table in tables.items():
        found.names |= {name: Declared(name, kind, made.span) for name, made in table.items()}
    found.names |= {name: Declared(name, "function", function.span) for name, function in model.functions.items()}
    return found


def _changed(model: Model, kind: str, name: str, value: Expression, report: Report) -> Model:
    """Return a model with one value replaced; what the value depends on is checked."""
    declarations = _declarations(model, report)
    table = {"set": declarations.parameters, "input": declarations.inputs}.get(kind)
    if table is not None:
        table[name] = replace(table[name], value=value)
    dependencies = find_dependencies(declarations)
    allowed = Reach.TIME | Reach.INPUT if kind == "input" else Reach.NOTHING
    require(declarations, value, dependencies.of(value), f"this value of `{name}`", allowed)
    if not report.ok:
        return model
    if kind == "input":
        return replace(model, inputs={**model.inputs, name: replace(model.inputs[name], value=value)})
    if kind == "init":
        state, order = _state_of(model, name)
        initials = list(model.states[state].initials)
        initials[order] = STEADY if isinstance(value, Name) and value.id == "steady" and "steady" not in declarations.names else value
        return replace(model, states={**model.states, state: replace(model.states[state], initials=tuple(initials))})
    constants = {n: d.value for n, d in model.definitions.items() if d.constant}
    changed = {**model.parameters, name: replace(model.parameters[name], value=expand(report, value, constants))}
    return replace(model, parameters={n: changed[n] for n in dependencies.order if n in changed})
