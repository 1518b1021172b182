"""What synapses do on a spike before or behind them, as functions over the rows of a sparse matrix."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.codegen.network.placement import SOURCE, TARGET, own_states
from neurodsl.codegen.network.synapse import COMMON, SynapseText, function_text, indented
from neurodsl.codegen.network.weave import added, collected
from neurodsl.diagnostics import fail
from neurodsl.network import POST, PRE, THIRD
from neurodsl.system import RANDOM, Action, Event


class SynapseWriter(SynapseText):
    """Writes the functions of one projection."""

    def event(self, number: int) -> str:
        """Return the function of an event, under the name ``{name}``."""
        event = self.synapse.events[number]
        return self._on_pre(event, number) if event.kind == "pre" else self._on_post(event, number)

    def _parts(self, event: Event, number: int) -> tuple[list[str], list[str], list[str], set[Symbol]]:
        """Return the lines of the actions of an event, those that store what it changed, those of the neuron alone, and what it uses."""
        own, actions, stores = SOURCE if event.kind == "pre" else TARGET, [], []
        used: set[Symbol] = set()
        alone: list[str] = []
        changed: dict[str, None] = {}
        for action in event.actions:
            name, value, extra = self._target(action)
            random = sorted({str(s) for s in self.synapse.bases(value) if str(s).startswith(RANDOM)})
            lines = [line for r in random for line in self._random(r, number)]
            lines += [*self.definitions([value]), self._changed(name, value)]
            actions += lines
            if not name.startswith("_in_") and self.placement.places.get(name) == own:
                alone += lines
            used |= self.used([value]) | extra
            changed[name] = None
        for name in changed:
            stores += [] if self.placement.places.get(name) == own else self._store(name)
        entered = [f"{name} = 0.0" for name in changed if name.startswith("_in_")]
        return [*entered, *actions], stores, alone, used

    def _target(self, action: Action) -> tuple[str, Expr, set[Symbol]]:
        """Return the name that an action changes, its value, and what it has to know beforehand."""
        state = self.synapse.states[action.target]
        assert action.value is not None
        target = self.sides[POST]
        assert target is not None
        inner = state.name.removeprefix(POST)
        if state.name.startswith(POST) and inner in target.inputs and state.symbol in action.value.free_symbols:
            amount = added(action.value, state.symbol)
            if amount is None:
                told = f"`{action.text}` does more than add to the input `{inner}`"
                raise fail(rules.BAD_ACTION, told, action.span, f"write `{state.name} += ...`")
            name = f"_in_{self.name(state.name)}"
            return name, Symbol(name) + amount, set()
        if state.name.startswith((PRE, THIRD)):
            raise fail(rules.BAD_ACTION, f"`{action.text}` changes a neuron that the synapse does not lead to", action.span, "change `post.`")
        return state.name, action.value, {state.symbol}

    def _store(self, name: str) -> list[str]:
        """Return the lines that store what an action changed: a held state of the neuron stays as it is, and one that jumped has no past."""
        target = self.sides[POST]
        assert target is not None
        if name.startswith("_in_"):
            named = [s.name.removeprefix(POST) for s in self.synapse.states if s.name.startswith(POST)]
            inner = next(i for i in named if f"_in_{self.name(POST + i)}" == name)
            return [f"_post[_k + np.uint64({target.rows[collected(inner)] * target.width})] += {name}"]
        if not name.startswith(POST):
            return [self.store(name, self.name(name))]
        past = [self._row(name, row * target.width) for inner, row in target.past.items() if POST + inner == name]
        return [f"{place} = {self.name(name)}" for place in (self.outside(name), *past)]

    def _changed(self, name: str, value: Expr) -> str:
        """Return the line in which an action changes something; a held state of the neuron stays as it is."""
        target = self.sides[POST]
        assert target is not None
        if name.startswith("_in_"):
            return f"{name} = {self.print(value)}"
        identifier, inner = self.name(name), name.removeprefix(POST)
        if not name.startswith(POST) or inner not in target.holds:
            return f"{identifier} = {self.print(value)}"
        free = f"_post[_k + np.uint64({target.holds[inner] * target.width})] <= _us"
        return f"{identifier} = ({self.print(value)}) if {free} else {identifier}"

    def _random(self, name: str, number: int) -> list[str]:
        k = int(re.sub(r"\D", "", name))
        draw = f"_uniform(_index, {2000000 + 100 * number + k}, np.int64(_e), _k0, _k1)"
        if name.startswith(f"{RANDOM}n"):
            return [f"_one, _two = {draw}", f"{name} = math.sqrt(-2.0*math.log(_one))*math.cos(6.283185307179586*_two)"]
        return [f"{name}, _two = {draw}"]

    def _on_pre(self, event: Event, number: int) -> str:
        actions, stores, alone, used = self._parts(event, number)
        sourced = [n for n, place in self.placement.places.items() if place == SOURCE and Symbol(n) in used]
        outer = [f"_0_{self.name(n)} = {self.load(n)}" for n in sourced]
        body = [*self._third(), *self.loads(used, sourced), *actions, *stores]
        closing = self._closing(alone, sourced, SOURCE, event, used)
        source = self.sides[PRE]
        assert source is not None
        span = ["_marks", "_mask", "_least", "_most"] if self.delayed else ["_from", "_to"]
        arguments = [*COMMON, "_who", *span, "_first", "_behind", "_begins", "_ends", "_tgt"]
        find = ["_i = np.int64(_who[_q])", "if _i < _first or _i >= _behind:", "    continue"]
        find.append(f"_o = np.uint64(_i//{source.width}*_pre_size + _i%{source.width})")
        opening = [*find, "_i -= _first", "_n = np.uint64(_i)", *outer]
        head = self.head(used)
        if not self.delayed:
            loop = ["for _e in range(_begins[_i], _ends[_i]):", *indented(["_k = np.uint64(_tgt[_e])", *body], 1)]
            if self.dense:
                arguments += ["_first_run", "_last_run", "_runs"]
                loop = ["if _runs.size < 2:", *indented(loop, 1), "else:", *indented(_in_runs(body), 1)]
            each = [*opening, *loop, *closing]
            lines = [*head, "for _q in range(_from, _to):", *indented(each, 1)]
            return function_text([*arguments, self.parameters], lines, f"Do `{event.text}` for the spikes that arrive.")
        arguments += ["_delays", "_cursor", "_after"]
        each = [*opening, "_e = np.int64(_begins[_i]) if _lag == _least else np.int64(_cursor[_q])"]
        each += [
            "while _e < _ends[_i] and _delays[_e] + _after == _lag:",
            *indented(["_k = np.uint64(_tgt[_e])", *self._mine(body), "_e += 1"], 1),
            "_cursor[_q] = _e",
            *closing,
        ]
        lag = [
            "if _index < _lag:",
            "    continue",
            "for _list in range(0, _marks.size, _mask + 1):",
            "    for _q in range(_marks[_list + ((_index - _lag) & _mask)], _marks[_list + ((_index - _lag + 1) & _mask)]):",
            *indented(each, 2),
        ]
        lines = [*head, "for _lag in range(_most, _least - 1, -1):", *indented(lag, 1)]
        return function_text([*arguments, self.parameters], lines, f"Do `{event.text}` for the spikes that arrive.")

    def _on_post(self, event: Event, number: int) -> str:
        actions, stores, alone, used = self._parts(event, number)
        targeted = [n for n, place in self.placement.places.items() if place == TARGET and Symbol(n) in used]
        outer = [f"_0_{self.name(n)} = {self.load(n)}" for n in targeted]
        source = self.sides[PRE]
        assert source is not None
        find = ["_e = _column[_z]", "_n = np.uint64(_src[_z])"]
        if any(s.name.startswith(PRE) and s.name not in self.constants for s in used):
            before = "(np.int64(_n) + _first_source)"
            find.append(f"_o = np.uint64({before}//{source.width}*_pre_size + {before}%{source.width})")
        body = [*find, *self._third(), *self.loads(used, targeted), *actions, *stores]
        closing = self._closing(alone, targeted, TARGET, event, used)
        target = self.sides[POST]
        assert target is not None
        arguments = [*COMMON, "_who", "_from", "_to", "_first", "_behind", "_first_source", "_columns", "_column", "_src"]
        opening = ["_i = np.int64(_who[_q])", "if _i < _first or _i >= _behind:", "    continue"]
        opening += [f"_k = np.uint64(_i//{target.width}*_post_size + _i%{target.width})", "_i -= _first_target", *outer]
        lines = [*self.head(used), "for _q in range(_from, _to):", *indented(opening, 1)]
        lines += indented(["for _z in range(_columns[_i], _columns[_i + 1]):", *indented(body, 1), *closing], 1)
        return function_text([*arguments, self.parameters], lines, f"Do `{event.text}` for the neurons behind that have fired.")

    def _closing(self, alone: Sequence[str], shared: Sequence[str], side: str, event: Event, used: set[Symbol]) -> list[str]:
        """Return the lines that change, once, what lives with the neuron that has fired."""
        changed = dict.fromkeys(self.synapse.states[a.target].name for a in event.actions if a.kind == "set")
        mine = [n for n in changed if self.placement.places.get(n) == side]
        if not mine:
            return []
        seen = [s.name for s in self.synapse.states if s.name.startswith(PRE if side == SOURCE else POST) and s.symbol in used]
        names = [s for s in seen if s not in changed and s not in self.constants]
        return [
            *(f"{self.name(n)} = _0_{self.name(n)}" for n in shared),
            *(f"{self.name(n)} = {self.outside(n)}" for n in names),
            *alone,
            *(self.store(n, self.name(n)) for n in mine),
        ]

    def looked_at(self) -> tuple[set[str], set[str]]:
        """Return what varies and is seen of neurons other than those behind, ``pre.V``: on spikes, and all the time."""
        on_spikes = set().union(*(self._parts(event, k)[3] for k, event in enumerate(self.synapse.events)))
        always = self.used([*(v for _, v in self.synapse.contributions), *(s.derivative for s in own_states(self.synapse) if s.derivative != 0)])
        names = {s.name for s in self.synapse.states if s.name.startswith((PRE, THIRD))} - set(self.constants)
        return {s.name for s in on_spikes} & names, {s.name for s in always} & names


def _in_runs(body: Sequence[str]) -> list[str]:
    """Return the loop over the synapses of a neuron, where their targets follow one another in long runs: what it does to a run needs no table."""
    return [
        "for _r in range(_first_run[_i], _last_run[_i]):",
        "    _run = np.uint64(_runs[_r])",
        "    _base = np.uint64(_tgt[_run])",
        "    for _l in range(np.uint64(_runs[_r + 1]) - _run):",
        "        _e = _run + _l",
        "        _k = _base + _l",
        *indented(body, 2),
    ]
