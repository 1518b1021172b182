"""Conditions as surfaces in the state space, and the actions of events."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.lang import unparse
from neurodsl.lang.nodes import Comparison, Expression, Logic
from neurodsl.lower.derivatives import derivative_name, total_derivative
from neurodsl.lower.expressions import Translator
from neurodsl.lower.order import ordered
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

    def event(self, event: ModelEvent) -> Event:
        """Return an event with its trigger and its actions as mathematics."""
        condition, time, text = None, None, f"on {event.kind}"
        if event.kind == "condition":
            assert event.trigger is not None
            condition, text = self._boolean(event.trigger), f"on {unparse(event.trigger)}"
        elif event.kind in ("at", "every"):
            assert event.trigger is not None
            time, text = self._time(event.trigger), f"{event.kind} {unparse(event.trigger)}"
        chance = None
        if event.kind in ("rate", "chance"):
            assert event.trigger is not None
            unit = ONE / self.model.time_unit if event.kind == "rate" else ONE
            chance = self.translator.translate(event.trigger).within(unit)
            condition, time, text = None, None, f"on {event.kind} {unparse(event.trigger)}"
        actions = tuple(part for action in event.actions for part in self._actions(action))
        return Event(event.kind, condition, time, actions, event.spikes, text, event.span, chance)

    def _time(self, node: Expression) -> Expr:
        return self.translator.translate(node).within(self.model.time_unit)

    def _boolean(self, node: Expression) -> sympy.Basic:
        if isinstance(node, Logic):
            join = {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[node.operator]
            return join(*(self._boolean(operand) for operand in node.operands), evaluate=False)
        assert isinstance(node, Comparison)
        return self._surface(node)

    def _surface(self, node: Comparison) -> sympy.Basic:
        left, right = self.translator.compared(node, {})
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
        definitions = [d for d in ordered(self.translator.definitions, self.model) if not d.constant]
        terms = [total_derivative(expression, TIME, definitions)]
        for state in self.states:
            if state.derivative != 0:
                terms.append(total_derivative(expression, state.symbol, definitions) * flow_symbol(state))
        return sympy.Add(*terms)

    def _note_threshold(self, left: Expr, right: Expr) -> None:
        for quantity, level in ((left, right), (right, left)):
            if quantity in self.translator.states and level.free_symbols <= self.translator.constants:
                known = self.thresholds.get(quantity.name, ())
                self.thresholds[quantity.name] = known if level in known else (*known, level)

    def _actions(self, action: ModelAction) -> list[Action]:
        text = action.span.text.strip() if action.kind in ("emit", "stop") else self._action_text(action)
        if action.kind in ("emit", "stop", "wait"):
            value = None if action.value is None else self._time(action.value)
            return [Action(action.kind, -1, value, text, action.span)]
        assert action.target is not None
        assert action.value is not None
        label = derivative_name(action.target, action.order)
        if action.kind == "hold":
            return [Action("hold", self.index[label], self._time(action.value), text, action.span)]
        hidden = f"{label} after events" in self.index
        target = self.index[f"{label} after events" if hidden else label]
        value = self.translator.translate(action.value).within(self.states[target].unit)
        parts = [Action("set", target, value, text, action.span)]
        if hidden:
            parts.append(Action("set", self.index[f"{label} is set"], Integer(1), text, action.span))
        return parts

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
