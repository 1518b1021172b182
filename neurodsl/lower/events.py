"""Conditions as surfaces in the state space, and the actions of events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.lang import unparse
from neurodsl.lang.nodes import Comparison, Expression, Logic
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.elements import At
from neurodsl.lower.elements import label as element_name
from neurodsl.lower.expressions import Translator
from neurodsl.lower.indexing import derivative_name
from neurodsl.lower.order import ordered
from neurodsl.lower.values import Local, Value
from neurodsl.model import Action as ModelAction
from neurodsl.model import Event as ModelEvent
from neurodsl.model import Model
from neurodsl.system import TIME, Action, Event, State, Surface
from neurodsl.units import ONE


class Conditions:
    """Collects the comparisons of all conditions of a model, each once, and what the plots call thresholds."""

    def __init__(self, model: Model, translator: Translator, states: Sequence[State]) -> None:
        self.model = model
        self.translator = translator
        self.states = states
        self.index = {s.name: i for i, s in enumerate(states)}
        self.surfaces: list[Surface] = []
        self.thresholds: dict[str, tuple[Expr, ...]] = {}

    def events(self, event: ModelEvent) -> list[Event]:
        """Return an event as mathematics; one with index variables as an event of each element."""
        if not event.indices:
            return [self._event(event, {}, 0)]
        assert event.trigger is not None
        sizes = self.translator.arrays.shapes.ranges(event.trigger, event.indices)
        places = product(*(range(sizes[name]) for name in event.indices))
        locals_ = [{name: Value(Integer(k), ONE) for name, k in zip(event.indices, at, strict=True)} for at in places]
        return [self._event(event, local, number) for number, local in enumerate(locals_)]

    def _event(self, event: ModelEvent, local: Local, element: int) -> Event:
        condition, time, text = None, None, f"on {event.kind}"
        if event.kind == "condition":
            assert event.trigger is not None
            condition, text = self._boolean(event.trigger, local), f"on {unparse(event.trigger)}"
        elif event.kind in ("at", "every"):
            assert event.trigger is not None
            time, text = self._time(event.trigger, local), f"{event.kind} {unparse(event.trigger)}"
        elif event.kind in ("pre", "post"):
            time = None if event.trigger is None else self._time(event.trigger, local)
            text += "" if event.trigger is None else f" after {unparse(event.trigger)}"
        chance = None
        if event.kind in ("rate", "chance"):
            assert event.trigger is not None
            unit = ONE / self.model.time_unit if event.kind == "rate" else ONE
            chance = self.translator.translate(event.trigger, local).within(unit)
            condition, time, text = None, None, f"on {event.kind} {unparse(event.trigger)}"
        if local:
            text += " for " + ", ".join(f"{name} = {value.expression}" for name, value in local.items() if isinstance(value, Value))
        self.translator.drawn = []
        actions = tuple(part for action in event.actions for part in self._actions(action, local))
        self.translator.drawn = None
        return Event(event.kind, condition, time, actions, event.spikes, text, event.span, chance, element=element)

    def _time(self, node: Expression, local: Local) -> Expr:
        return self.translator.translate(node, local).within(self.model.time_unit)

    def _boolean(self, node: Expression, local: Local) -> sympy.Basic:
        if isinstance(node, Logic):
            join = {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[node.operator]
            return join(*(self._boolean(operand, local) for operand in node.operands), evaluate=False)
        assert isinstance(node, Comparison)
        return self._surface(node, local)

    def _surface(self, node: Comparison, local: Local) -> sympy.Basic:
        left, right = self.translator.compared(node, local)
        self._note_threshold(left, right)
        upward = node.operator in (">", ">=", "==", "!=")
        level = self.translator.level(left, right)
        if level is not None and node.operator in ("==", "!=") and not self.model.discrete:
            message = f"`{unparse(node)}` compares the time for equality, which holds at an instant alone"
            raise fail(rules.BAD_TRIGGER, message, node.span, f"write `at {unparse(node.right)}:`")
        if level is not None:
            left, right = level
        expression = left - right if upward else right - left
        strict = node.operator in ("<", ">")
        equality = node.operator in ("==", "!=")
        symbol = next((s.symbol for s in self.surfaces if (s.expression, s.strict, s.equality) == (expression, strict, equality)), None)
        if symbol is None:
            symbol = Symbol(f"_side{len(self.surfaces)}")
            rate = Integer(0) if level is not None or self.model.discrete else self._rate(expression)
            if equality and level is None and not self.model.discrete and self._kind(expression)[0]:
                raise fail(
                    rules.BAD_TRIGGER,
                    f"`{unparse(node)}` compares a quantity that moves continuously for equality, which holds at instants alone",
                    node.span,
                    f"write `{unparse(node.left)} >= {unparse(node.right)}` for the crossing from below, `<=` for that from above",
                )
            moves, affine = self._kind(expression)
            self.surfaces.append(Surface(symbol, expression, rate, strict, level is not None, equality, moves and not equality, affine))
        return sympy.Not(symbol, evaluate=False) if node.operator == "!=" else symbol

    def _kind(self, expression: Expr) -> tuple[bool, bool]:
        """Return whether a comparison changes between events, and whether it is affine in the state without holding the time."""
        whole = self.translator.expand(expression)
        moving = {s.symbol for s in self.states if s.derivative != 0} | {TIME}
        used = whole.free_symbols & moving
        varying = moving | {d.symbol for d in self.translator.definitions if not d.constant}
        affine = TIME not in used and all(not whole.diff(s).free_symbols & varying for s in used) and not whole.free_symbols & (varying - moving)
        return bool(used), affine and not _stepped(whole, used)

    def _rate(self, expression: Expr) -> Expr:
        """Return the derivative along the flow, with the symbols ``dV/dt`` for the derivatives of the states."""
        definitions = [d for d in ordered(self.translator.definitions, self.model, self.translator.arrays.table) if not d.constant]
        terms = [total_derivative(expression, TIME, definitions)]
        for state in self.states:
            if state.derivative != 0:
                terms.append(total_derivative(expression, state.symbol, definitions) * flow_symbol(state))
        return sympy.Add(*terms)

    def _note_threshold(self, left: Expr, right: Expr) -> None:
        for quantity, level in ((left, right), (right, left)):
            if quantity in self.translator.states and level.free_symbols <= self.translator.constants:
                name = self.translator.arrays.table.get(quantity, (quantity.name,))[0]
                known = self.thresholds.get(name, ())
                self.thresholds[name] = known if level in known else (*known, level)

    def _actions(self, action: ModelAction, local: Local) -> list[Action]:
        text = action.span.text.strip() if action.kind in ("emit", "stop") else self._action_text(action)
        if action.kind in ("emit", "stop", "wait"):
            value = None if action.value is None else self._time(action.value, local)
            return [Action(action.kind, -1, value, text, action.span)]
        assert action.target is not None
        assert action.value is not None
        targets = self._targets(action, local)
        if action.kind == "hold":
            return [Action("hold", self.index[name], self._time(action.value, local), text, action.span) for name, _ in targets]
        label = targets[0][0]
        hidden = f"{label} after events" in self.index
        numbers = [self.index[f"{name} after events" if hidden else name] for name, _ in targets]
        unit = self.states[numbers[0]].unit
        values = [self.translator.translate(action.value, local, at).within(unit) for _, at in targets]
        also = tuple(zip(numbers[1:], values[1:], strict=True))
        parts = [Action("set", numbers[0], values[0], text, action.span, also)]
        if hidden:
            parts.append(Action("set", self.index[f"{label} is set"], Integer(1), text, action.span))
        return parts

    def _targets(self, action: ModelAction, local: Local) -> list[tuple[str, At]]:
        """Return the states that an action is about, each with the indices for which its value is wanted."""
        assert action.target is not None
        arrays = self.translator.arrays
        shape = arrays.shape(action.target)
        given = tuple(self.translator.translate(k, local).within(ONE) for k in action.indices)
        for k, size in zip(given, shape, strict=False):
            if not isinstance(k, Integer):
                told = f"the index `{k}` of `{action.target}` changes during a run"
                raise fail(rules.BAD_ACTION, told, action.span, "an action sets an element with a fixed index, or the whole array")
            if not 0 <= k < size:
                raise fail(rules.BAD_ACTION, f"`{action.target}` has no element {k}: its size is {size}", action.span, "indices count from 0")
        rest = arrays.instances(shape[len(given) :])
        return [(derivative_name(element_name(action.target, (*given, *at)), action.order), at) for at in rest]

    def _action_text(self, action: ModelAction) -> str:
        value = "" if action.value is None else unparse(action.value)
        label = derivative_name(action.target, action.order) if action.target else ""
        return {"set": f"{label} = {value}", "hold": f"hold {label} for {value}", "wait": f"wait {value}"}[action.kind]


def _stepped(expression: Expr, used: set[Symbol]) -> bool:
    """Return whether a function of what moves hides, behind a derivative of 0, that the expression is not affine."""
    return any(f.free_symbols & used for f in expression.atoms(sympy.Function))


def flow_symbol(state: State) -> Symbol:
    """Return the symbol that stands for the derivative of a state in the rate of a surface."""
    return Symbol(f"d{state.name}/dt" if "/" not in state.name else f"_flow {state.name}")
