"""What the tree of a model shows to be wrong: names, kinds, circles, events."""

from __future__ import annotations

from collections.abc import Iterator

from neurodsl import rules
from neurodsl.lang.dependencies import Dependencies, Reach, find_dependencies
from neurodsl.lang.draws import check_draw, outside
from neurodsl.lang.inference import is_steady
from neurodsl.lang.known import check_processes, check_stimuli, refuse_processes, require
from neurodsl.lang.names import EQUATIONS, STEPS, check_expression, check_left, free_indices, short
from neurodsl.lang.nodes import Comparison, Derivative, Expression, Index, Logic, Name
from neurodsl.lang.noise import check_noise
from neurodsl.lang.scope import KINDS, Declarations
from neurodsl.lang.tree import ActionTree, Assignment, Block, Draw, Entries, Entry, derivative_text, parts

DRAWN_FROM = "the arguments of a distribution are numbers and parameters"


def check(declarations: Declarations, complete: bool, changed: frozenset[str] = frozenset()) -> Dependencies:
    """Report what is wrong with a model, units apart, and return what depends on what.

    Parameters
    ----------
    declarations : Declarations
        The model, closed.
    complete : bool
        Whether every statement could be read; where one could not, nothing is said about what is not used.
    changed : frozenset of str
        The states that synapses change.
    """
    _check_names(declarations)
    _check_quotients(declarations)
    dependencies = find_dependencies(declarations)
    _check_reach(declarations, dependencies)
    _check_sizes(declarations, dependencies)
    for event in declarations.events:
        _check_event(declarations, event, dependencies)
    for contribution in declarations.contributions:
        check_expression(declarations, contribution.value, special=EQUATIONS)
        refuse_processes(declarations, contribution.value)
    check_noise(declarations, dependencies)
    _check_spikes(declarations)
    if complete and declarations.kind != "network":
        check_unused(declarations, dependencies, changed)
    return dependencies


def _check_names(declarations: Declarations) -> None:
    for entry in (*declarations.parameters.values(), *declarations.inputs.values()):
        _check_value(declarations, entry.value)
    for entry in declarations.initials.values():
        _check_initial(declarations, entry)
    for name, definition in declarations.definitions.items():
        left = definition.left
        indices = check_left(declarations, name, left.indices) if isinstance(left, Index) else ()
        check_expression(declarations, definition.right, indices=indices, special=EQUATIONS)
    for function in declarations.functions.values():
        check_expression(declarations, function.body, arguments=function.arguments)
    for equation in declarations.equations:
        _check_equation(declarations, equation)
    for variant in declarations.variants.values() if declarations.kind == "model" else ():
        for entry in variant_entries(variant):
            _check_variant_entry(declarations, variant, entry)


def _check_equation(declarations: Declarations, equation: Assignment) -> None:
    left = equation.left
    if isinstance(left, Name | Index):
        indices = check_left(declarations, left.id, left.indices) if isinstance(left, Index) else ()
        check_expression(declarations, Name(left.span, left.id))
        check_expression(declarations, equation.right, indices=indices, special=STEPS)
        return
    indices = ()
    for node in left.walk():
        if isinstance(node, Derivative) and node.indices:
            found = check_left(declarations, node.name, node.indices)
            indices = tuple(dict.fromkeys((*indices, *found)))
    check_expression(declarations, left, indices=indices)
    check_expression(declarations, equation.right, indices=indices, special=EQUATIONS)


def _check_sizes(declarations: Declarations, dependencies: Dependencies) -> None:
    """Report sizes that hold names without a meaning, or that change."""
    for name, size in declared_sizes(declarations):
        check_expression(declarations, size)
        remedy = "a size is made of numbers and parameters"
        require(declarations, size, dependencies.of(size), f"a size of `{name}`", Reach.NOTHING, remedy)


def declared_sizes(declarations: Declarations) -> Iterator[tuple[str, Expression]]:
    """Yield the sizes in brackets behind what is declared, each with its name."""
    for entry in (*declarations.parameters.values(), *declarations.inputs.values(), *declarations.initials.values()):
        yield from ((short_target(entry), size) for size in entry.indices)
    for labelled in declarations.noises.values():
        yield from ((labelled.name.id, size) for size in labelled.indices)


def _check_value(declarations: Declarations, value: Expression | Draw) -> None:
    if isinstance(value, Draw):
        check_draw(declarations, value)
    else:
        check_expression(declarations, value)


def _check_quotients(declarations: Declarations) -> None:
    """Report an equation for a state that nothing else mentions, where what is differentiated is the beginning of another name."""
    for name, order in declarations.orders.items():
        other = declarations.names.get(f"d{name}")
        if order and other is not None and name not in declarations.used and (name, 0) not in declarations.initials:
            place = declarations.names[name].span
            message = f"`{place.text}` is the derivative of `{name}`, which nothing else mentions"
            help = f"for the quotient of `{other.name}` and `dt` write `({other.name})/dt`"
            declarations.report.add(rules.NO_DERIVATIVE, message, place, help, ((other.span, f"`{other.name}` is defined here"),))


def variant_entries(variant: Block) -> tuple[Entry, ...]:
    """Return the entries of all lines of a variant."""
    return tuple(entry for line in variant.body if isinstance(line, Entries) for entry in line.entries)


def _check_initial(declarations: Declarations, entry: Entry) -> None:
    if not (is_steady(entry.value) and "steady" not in declarations.names):
        _check_value(declarations, entry.value)
        return
    name = entry.target.name if isinstance(entry.target, Derivative) else entry.target.id
    if name in declarations.maps:
        declarations.report.add(rules.NOT_SUPPORTED, "a steady state of a map is not supported yet", entry.value.span, "give it a number")
    elif declarations.orders.get(name) == 0 and name not in declarations.unclear:
        message = f"`{name}` has no equation, so there is no value at which it is steady"
        declarations.report.add(rules.WRONG_KIND, message, entry.value.span, "give it a number")


def _check_variant_entry(declarations: Declarations, variant: Block, entry: Entry) -> None:
    target = entry.target
    name, order = (target.name, target.order) if isinstance(target, Derivative) else (target.id, 0)
    _check_initial(declarations, entry)
    if entry.indices:
        remedy = f"write `{name} = ...` with the values of all elements, or one number for all"
        declarations.report.add(rules.SYNTAX, "a variant gives a value to a whole array", target.span, remedy)
    known = declarations.names.get(name)
    if name in declarations.unclear or (known is not None and known.kind in ("param", "input") and order == 0):
        return
    if known is not None and known.kind == "state" and order < max(declarations.orders.get(name, 0), 1):
        return
    if known is None:
        help = declarations.suggestion(name, ("param", "input", "state"))
        message = f"the variant `{variant.head}` sets `{derivative_text(name, order)}`, which is not declared"
        declarations.report.add(rules.UNKNOWN_NAME, message, target.span, help)
        return
    kind = KINDS[known.kind] if order == 0 else "derivative"
    message = f"`{derivative_text(name, order)}` is a {kind}; a variant sets parameters, inputs and initial values"
    declarations.report.add(rules.WRONG_KIND, message, target.span, None, ((known.span, "defined here"),))


def _check_reach(declarations: Declarations, dependencies: Dependencies) -> None:
    """Report values that depend on what they must not depend on."""
    drives = Reach.TIME | Reach.INPUT
    for kind, table, allowed in (("param", declarations.parameters, Reach.NOTHING), ("input", declarations.inputs, drives)):
        for name, entry in table.items():
            drawn = isinstance(entry.value, Draw)
            help = DRAWN_FROM if drawn else f"write `{name} = ...` without `{kind}`"
            reach = dependencies.of(entry.value)
            require(declarations, entry.value, reach, f"the {KINDS[kind]} `{name}`", Reach.NOTHING if drawn else allowed, help)
    help = "make the initial value a parameter: `param V_0 = -65 [mV]`, `init V = V_0, u = b*V_0`"
    own = declarations.variants.values() if declarations.kind == "model" else ()
    variants = [entry for variant in own for entry in variant_entries(variant)]
    for entry in (*declarations.initials.values(), *variants):
        known = declarations.names.get(entry.target.id) if isinstance(entry.target, Name) else None
        allowed = drives if known is not None and known.kind == "input" else Reach.NOTHING
        remedy = DRAWN_FROM if isinstance(entry.value, Draw) else help
        require(declarations, entry.value, dependencies.of(entry.value), f"this value of `{short_target(entry)}`", allowed, remedy)
    _check_drives(declarations, dependencies)


def _check_drives(declarations: Declarations, dependencies: Dependencies) -> None:
    """Report stimuli whose times are not known, and random processes outside of inputs."""
    entries = [*declarations.parameters.values(), *declarations.inputs.values(), *declarations.initials.values()]
    if declarations.kind == "model":
        entries += [entry for variant in declarations.variants.values() for entry in variant_entries(variant)]
    for entry in entries:
        name = entry.target.id if isinstance(entry.target, Name) else ""
        for part in parts(entry.value):
            check_stimuli(declarations, part, dependencies)
            if name in declarations.inputs and not isinstance(entry.value, Draw):
                check_processes(declarations, part, dependencies)
            else:
                refuse_processes(declarations, part)
    bodies = [(definition.right, ()) for definition in declarations.definitions.values()]
    bodies += [(side, ()) for equation in declarations.equations for side in (equation.left, equation.right)]
    for body, arguments in (*bodies, *((f.body, f.arguments) for f in declarations.functions.values())):
        check_stimuli(declarations, body, dependencies, arguments)
        refuse_processes(declarations, body)


def short_target(entry: Entry) -> str:
    """Return the name that an entry gives a value to."""
    target = entry.target
    return target.id if isinstance(target, Name) else derivative_text(target.name, target.order)


def _check_event(declarations: Declarations, event: Block, dependencies: Dependencies) -> None:
    indices: tuple[str, ...] = ()
    if event.head is not None:
        assert not isinstance(event.head, str)
        if event.is_pathway:
            check_expression(declarations, event.head)
            remedy = "a delay that differs between synapses is the `delay` of the connection"
            require(declarations, event.head, dependencies.of(event.head), f"the delay of `on {event.sort} after`", Reach.NOTHING, remedy)
            drawn = [n.id for n in event.head.walk() if isinstance(n, Name) and _is_drawn(declarations, n.id)]
            if drawn:
                message = f"`{drawn[0]}` is drawn for each synapse, and what `on {event.sort} after` waits is the same for all"
                declarations.report.add(rules.NOT_SUPPORTED, message, event.head.span, remedy)
            if words := outside(event.head, "not negative"):
                declarations.report.add(rules.BAD_VALUE, f"the delay of `on {event.sort} after` {words}, not `{short(event.head)}`", event.head.span)
            return _check_actions(declarations, event, dependencies, indices)
        compared = event.kind == "on" and isinstance(event.head, Comparison | Logic)
        if compared and event.sort != "condition":
            text = short(event.head)
            message = f"`on {event.sort}` takes a number, and `{text}` is a condition"
            declarations.report.add(rules.NOT_A_CONDITION, message, event.head.span, f"an event with a condition is `on {text}: ...`")
        if event.kind == "on":
            indices = free_indices(declarations, event.head)
            declarations.indices.update(indices)
        check_expression(declarations, event.head, condition=compared or event.sort == "condition", indices=indices)
        refuse_processes(declarations, event.head)
        if event.kind != "on":
            what = "the time of `at`" if event.kind == "at" else "the period of `every`"
            help = "an event that the state triggers is `on <condition>: ...`"
            require(declarations, event.head, dependencies.of(event.head), what, Reach.NOTHING, help)
        else:
            check_stimuli(declarations, event.head, dependencies)
        if event.sort in ("rate", "chance"):
            _check_random(declarations, event, event.head)
    _check_actions(declarations, event, dependencies, indices)


def _is_drawn(declarations: Declarations, name: str) -> bool:
    return name in declarations.parameters and isinstance(declarations.parameters[name].value, Draw)


def _check_actions(declarations: Declarations, event: Block, dependencies: Dependencies, indices: tuple[str, ...]) -> None:
    for action in event.body:
        assert isinstance(action, ActionTree)
        _check_action(declarations, action, indices)
        if action.kind == "wait" and event.sort in ("at", "every", "start"):
            declarations.report.add(
                rules.BAD_ACTION, "`wait` is for events that a state sets off", action.span, "an event at known times has nothing to wait for"
            )
        if action.value is not None:
            check_stimuli(declarations, action.value, dependencies)
            refuse_processes(declarations, action.value)


def _check_random(declarations: Declarations, event: Block, head: Expression) -> None:
    """Report a hazard or a probability that is a number and out of range."""
    if words := outside(head, "not negative" if event.sort == "rate" else "probability"):
        what = "the hazard of `on rate`" if event.sort == "rate" else "the probability of `on chance`"
        declarations.report.add(rules.BAD_VALUE, f"{what} {words}, not `{head.span.text}`", head.span)


def _check_action(declarations: Declarations, action: ActionTree, indices: tuple[str, ...]) -> None:
    if action.value is not None:
        check_expression(declarations, action.value, indices=indices, special=STEPS)
    target = action.target
    if action.indices and target is not None:
        _check_element(declarations, action, target, indices)
    if action.kind == "emit":
        assert isinstance(target, Name)
        if target.id != "spike":
            declarations.report.add(rules.BAD_ACTION, f"`emit {target.id}` is not known", target.span, "write `emit spike`")
    elif isinstance(target, Derivative):
        _check_derivative_target(declarations, action, target)
    elif target is not None:
        _check_target(declarations, action, target)


def _check_element(declarations: Declarations, action: ActionTree, target: Name | Derivative, indices: tuple[str, ...]) -> None:
    """Report what is wrong with the indices of what an action changes."""
    name = target.id if isinstance(target, Name) else target.name
    if name in declarations.names:
        used = name in declarations.used
        check_expression(declarations, Index(target.span, name, action.indices), indices=indices)
        if not used:
            declarations.used.discard(name)


def _check_derivative_target(declarations: Declarations, action: ActionTree, target: Derivative) -> None:
    order = declarations.orders.get(target.name, 0)
    declarations.used.add(target.name)
    if target.name in declarations.unclear or (target.order < order and action.kind == "set"):
        return
    text = derivative_text(target.name, target.order)
    if action.kind == "hold":
        message = "`hold` holds a state and not a derivative"
        help: str | None = f"write `hold {target.name} for ...`"
    elif target.name in declarations.maps:
        message, help = f"`{target.name}` moves in steps and has no derivative", f"set `{target.name}`"
    elif order:
        message = f"`{text}` follows from the equation of `{target.name}` and cannot be set"
        help = f"set `{derivative_text(target.name, order - 1)}`, or change the equation"
    else:
        message, help = f"`{target.name}` has no equation, so `{text}` cannot be set", declarations.suggestion(target.name, ("state",))
    declarations.report.add(rules.WRONG_KIND, message, target.span, help)


def _check_target(declarations: Declarations, action: ActionTree, target: Name) -> None:
    name = target.id
    known = declarations.names.get(name)
    if name in declarations.unclear or (known is not None and known.kind == "state"):
        return
    if known is None:
        if name in ("t", "dt", "pi"):
            declarations.report.add(rules.WRONG_KIND, f"`{name}` cannot be set", target.span)
            return
        help = declarations.suggestion(name, ("state",)) or f"declare it as a state: `init {name} = ...`"
        if "." in name:
            help = "a neuron changes its own quantities; what its spikes do to others stands in a block `synapse NAME:`"
        elif declarations.kind == "synapse":
            help = f"that of the neuron behind the synapse is `post.{name}`; one of its own is declared: `init {name} = ...`"
        declarations.report.add(rules.UNKNOWN_NAME, f"unknown state `{name}`", target.span, help)
        return
    also = ((known.span, f"declared as a {KINDS[known.kind]} here"),)
    if action.kind == "hold":
        declarations.report.add(rules.WRONG_KIND, f"`hold` holds a state, but `{name}` is a {KINDS[known.kind]}", target.span, None, also)
    elif known.kind != "input":
        help = f"make it a state with `init {name} = ...`, or an input with `input {name} = ...`"
        message = f"`{name}` is a {KINDS[known.kind]} and cannot be set by an event"
        declarations.report.add(rules.WRONG_KIND, message, target.span, help, also)
    elif action.operator != "=":
        message = f"`{action.operator}` on an input is not supported yet"
        help = "an event may set an input with `=`; what adds up is a state"
        declarations.report.add(rules.NOT_SUPPORTED, message, target.span, help, also)


def _check_spikes(declarations: Declarations) -> None:
    """Report several conditions of which none emits a spike."""
    conditions = conditions_of(declarations)
    if len(conditions) > 1 and not any(emits(event) for event in declarations.events):
        also = tuple((event.span, "another one") for event in conditions[1:4])
        message = f"{len(conditions)} `on` events, and none says `emit spike`"
        help = "add `emit spike` to the actions of those that are spikes"
        declarations.report.add(rules.NO_SPIKE, message, conditions[0].span, help, also)


def conditions_of(declarations: Declarations) -> list[Block]:
    """Return the events of a neuron that its state or chance sets off: one that is alone is a spike by itself."""
    return [event for event in declarations.events if event.kind == "on" and event.head is not None and not event.is_pathway]


def emits(event: Block) -> bool:
    """Return whether an event says ``emit spike``."""
    return any(action.kind == "emit" for action in event.body)


def check_unused(declarations: Declarations, dependencies: Dependencies, elsewhere: frozenset[str] = frozenset()) -> None:
    """Point out what is declared and never used, and states that never change, here or ``elsewhere``."""
    changed = elsewhere | {action.target.id for event in declarations.events for action in event.body if isinstance(action.target, Name)}
    for name, known in declarations.names.items():
        if name in declarations.unclear or "." in name or known.kind == "population":
            continue
        if known.kind == "state":
            if declarations.orders.get(name) == 0 and name not in changed:
                near = declarations.near(name, (n for n, order in declarations.orders.items() if order))
                help = f"is the equation of `{near}` meant?" if near else f"a constant is a parameter: `param {name} = ...`"
                message = f"`{name}` has no equation and no event changes it: it keeps its initial value"
                declarations.report.add(rules.STANDS_STILL, message, known.span, help)
            continue
        reach = dependencies.reach.get(name, Reach.NOTHING)
        derived = known.kind == "derived" and reach != Reach.NOTHING and not reach & Reach.NOISE
        if name not in declarations.used and not derived:
            help = f"is `{declared}` meant?" if (declared := _misspelled(declarations, name)) else "use it, or remove it"
            declarations.report.add(rules.UNUSED, f"the {KINDS[known.kind]} `{name}` is never used", known.span, help)


def _misspelled(declarations: Declarations, name: str) -> str | None:
    """Return a name that is used but not declared and is near to one that is declared but not used."""
    return declarations.near(name, (other for other in declarations.unclear & declarations.used if other not in declarations.names))
