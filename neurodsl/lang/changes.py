"""A model with other values: those of a variant, and those that a run gives by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report, fail, nearest
from neurodsl.lang.agreement import Complaints
from neurodsl.lang.building import expand
from neurodsl.lang.dependencies import Reach, find_dependencies
from neurodsl.lang.dimensions import Algebra
from neurodsl.lang.geometry import told
from neurodsl.lang.known import check_processes, check_stimuli, refuse_processes, require
from neurodsl.lang.names import check_expression, short
from neurodsl.lang.nodes import Call, Derivative, Expression, Index, Name, Number, Product
from neurodsl.lang.rewrite import replace_calls, replace_names
from neurodsl.lang.scope import Declarations, Declared
from neurodsl.lang.shapes import find_shapes
from neurodsl.lang.stimuli import PROCESS
from neurodsl.lang.tree import Assignment, Draw, Entry, Labelled, derivative_text
from neurodsl.model import STEADY, Distribution, Input, Model, Parameter, Quantity, Steady
from neurodsl.units import ONE, Unit

TABLE = "samples of {}"
"""The name of what an input follows in time."""
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


def with_given(model: Model, kind: str, name: str) -> Model:
    """Return a model in which the numbers of an array are given by a run, so that what the text says of them no longer matters."""
    if kind == "init" and name in model.states:
        state = model.states[name]
        zero = Number(state.span, Fraction(0), None if model.dimensionless else state.unit)
        return replace(model, states={**model.states, name: replace(state, initials=(zero, *state.initials[1:]))})
    if kind == "set" and name in model.parameters:
        made = model.parameters[name]
        zero = Number(made.span, Fraction(0), None if model.dimensionless else made.unit)
        return replace(model, parameters={**model.parameters, name: replace(made, value=zero)})
    return model


def with_samples(model: Model, name: str, held: bool) -> Model:
    """Return a model in which an input follows samples that a run gives.

    Raises
    ------
    NeuroError
        O101 where it has no such input.
    """
    made = model.inputs.get(name)
    if made is None:
        near = nearest(name, model.inputs)
        listed = ", ".join(f"`{known}`" for known in model.inputs) or "none"
        help = f"did you mean `{near}`?" if near else f"it has: {listed}"
        raise fail(rules.UNKNOWN_OPTION_NAME, f"the model `{model.name}` has no input `{name}`", help=help)
    table = TABLE.format(name)
    value = Number(made.span, Fraction(0), None if model.dimensionless else made.unit)
    parameters = {**model.parameters, table: Parameter(table, made.unit, None, made.span, value, shape=made.shape)}
    inputs = {**model.inputs, name: replace(made, value=Name(made.span, table))}
    return replace(model, parameters=parameters, inputs=inputs, tables={**model.tables, table: held})


def override(model: Model, kind: str, name: str, expression: Expression, report: Report, bare: bool = True) -> Model:
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
    bare : bool
        Whether a value without any unit is read in the declared units; else it is dimensionless, as in a text.

    Returns
    -------
    Model
        The changed model; the same one where an error was reported.
    """
    before = len(report.found)
    target = target_unit(model, kind, name, report)
    if target is None:
        return model
    declarations = declarations_of(model, report)
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
    value = in_declared_units(model, expression, target, report) if bare else expression
    if len(report.found) > before:
        return model
    algebra = Algebra({n: q.unit for n, q in _quantities(model).items()}, model.time_unit, model.functions, declarations.indices)
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


def target_unit(model: Model, kind: str, name: str, report: Report) -> Unit | None:
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
    known = ", ".join(f"`{option}`" for option in [name for name in options[kind] if " " not in name][:12])
    help = help or (f"there are {known}" if known else f"it has no {KINDS[kind]}s")
    report.add(rules.UNKNOWN_OPTION_NAME, f"the model `{model.name}` has no {KINDS[kind]} `{name}`", None, help)
    return None


def in_declared_units(model: Model, expression: Expression, target: Unit, report: Report) -> Expression:
    """Return an expression without units with each name in it taken as a number of its declared unit."""
    literal = next((node for node in expression.walk() if isinstance(node, Number) and node.unit is not None), None)
    if model.dimensionless and literal is not None:
        report.add(rules.BAD_VALUE, f"the model `{model.name}` has no units", literal.span, "write the number alone")
    if model.dimensionless or literal is not None or any(isinstance(n, Call) and n.function in model.functions for n in expression.walk()):
        return expression
    if isinstance(expression, Number):
        return expression if target == ONE else Number(expression.span, expression.value, target)
    quantities = _quantities(model)

    def number(node: Name | Index | Derivative) -> Expression:
        if isinstance(node, Derivative):
            unit = quantities[node.name].unit / model.time_unit**node.order
        else:
            unit = model.time_unit if node.id in ("t", "dt") else quantities[node.id].unit if node.id in quantities else ONE
        return node if unit == ONE else Product(node.span, (("*", node), ("/", Number(node.span, Fraction(1), unit))))

    def timed(call: Call) -> Call | None:
        if call.function != PROCESS or len(call.arguments) < 3:
            return None
        *others, time = call.arguments
        scaled = Product(time.span, (("*", time), ("*", Number(time.span, Fraction(1), model.time_unit))))
        return replace(call, arguments=(*others, scaled))

    value = replace_names(expression, number)
    if model.time_unit != ONE:
        value = replace_calls(value, timed)
    return value if target == ONE else Product(expression.span, (("*", value), ("*", Number(expression.span, Fraction(1), target))))


def declarations_of(model: Model, report: Report) -> Declarations:
    """Return the declarations of a model, as if its text had just been read."""
    found = Declarations(report, set())
    tables: dict[str, Mapping[str, Quantity]]

    def entry(quantity: Parameter | Input) -> Entry:
        made = _drawn(quantity.value) if isinstance(quantity.value, Distribution) else quantity.value
        return Entry(Name(quantity.span, quantity.name), made, quantity.doc, quantity.span, quantity.shape)

    found.parameters = {name: entry(parameter) for name, parameter in model.parameters.items()}
    found.inputs = {name: entry(made) for name, made in model.inputs.items()}
    for name, d in model.definitions.items():
        indices = tuple(Name(d.span, index) for index in d.indices)
        left = Index(d.span, name, indices) if indices else Name(d.span, name)
        found.definitions[name] = Assignment(left, d.value, d.doc, d.span)
    found.functions = dict(model.functions)
    found.noises = {name: Labelled(Name(noise.span, name), noise.doc, noise.shape) for name, noise in model.noises.items()}
    found.orders = {name: state.order for name, state in model.states.items()}
    tables = {"param": model.parameters, "input": model.inputs, "noise": model.noises, "derived": model.definitions, "state": model.states}
    if model.discrete:
        found.maps = {name: Entry(Name(s.span, name), Name(s.span, name), s.doc, s.span) for name, s in model.states.items() if s.order}
    for kind, table in tables.items():
        found.names |= {name: Declared(name, kind, made.span) for name, made in table.items()}
    found.names |= {name: Declared(name, "function", function.span) for name, function in model.functions.items()}
    return found


def _drawn(value: Distribution) -> Draw:
    """Return a distribution as it stands behind ``~``."""
    arguments: tuple[Expression, ...] = value.arguments
    if value.inner is not None:
        arguments = (arguments[0], Call(value.span, value.inner, arguments[1:]))
    return Draw(Call(value.span, value.name, arguments), None)


def _changed(model: Model, kind: str, name: str, value: Expression, report: Report) -> Model:
    """Return a model with one value replaced; what the value depends on is checked."""
    declarations = declarations_of(model, report)
    table = {"set": declarations.parameters, "input": declarations.inputs}.get(kind)
    if table is not None:
        table[name] = replace(table[name], value=value)
    dependencies = find_dependencies(declarations)
    allowed = Reach.TIME | Reach.INPUT if kind == "input" else Reach.NOTHING
    require(declarations, value, dependencies.of(value), f"this value of `{name}`", allowed)
    if report.ok:
        check_stimuli(declarations, value, dependencies)
        if kind == "input":
            check_processes(declarations, value, dependencies)
        else:
            refuse_processes(declarations, value)
    if not report.ok:
        return model
    if kind == "input":
        drive = model.inputs[name]
        shape = _shape(model, drive, drive.value, value, report)
        return replace(model, inputs={**model.inputs, name: replace(drive, value=value, shape=shape)})
    if kind == "init":
        label, order = _state_of(model, name)
        state = model.states[label]
        initials = list(state.initials)
        steady = isinstance(value, Name) and value.id == "steady" and "steady" not in declarations.names
        shape = state.shape if steady else _shape(model, state, initials[order], value, report)
        initials[order] = STEADY if steady else value
        return replace(model, states={**model.states, label: replace(state, initials=tuple(initials), shape=shape)})
    constants = {n: None if d.indices else d.value for n, d in model.definitions.items() if d.constant}
    parameter = model.parameters[name]
    shape = _shape(model, parameter, parameter.value, value, report)
    changed = {**model.parameters, name: replace(parameter, value=expand(report, value, constants), shape=shape)}
    return replace(model, parameters={n: changed[n] for n in dependencies.order if n in changed})


def _shape(
    model: Model, quantity: Quantity, before: Expression | Distribution | Steady | None, value: Expression, report: Report
) -> tuple[Expression, ...]:
    """Return the sizes that a quantity is declared with once it has a new value; a number fills an array whose value said its size.

    A value with another number of dimensions than the one before is reported.
    """
    shapes = None if quantity.shape else find_shapes(model, Report())
    if shapes is None:
        return quantity.shape
    old = shapes.of(before) if before is not None and not isinstance(before, Distribution | Steady) else ()
    new, own = shapes.of(value), shapes.names[quantity.name]
    if old and not new:
        return tuple(Number(value.span, Fraction(size)) for size in old)
    if new and len(new) != len(own):
        message = f"`{quantity.name}` is {told(own)}, and its value `{short(value)}` {told(new)}"
        report.add(rules.SHAPES, message, value.span, "declare its size in the model" if not own else None)
    return quantity.shape
