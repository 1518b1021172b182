"""What synapses do at exact times: on one spike before or behind them, with the neuron that it reaches brought to that very time before."""

from __future__ import annotations

from sympy import Symbol

from neurodsl.codegen.network.placement import SOURCE, TARGET
from neurodsl.codegen.network.synapse import COMMON, function_text, indented
from neurodsl.codegen.network.synapse_events import SynapseWriter
from neurodsl.network import POST, PRE
from neurodsl.system import Event

REACHED = ("_t0", "_post_c", "_post_p", "_post_b", "_orders", "_work", "_post_who", "_post_when", "_tops")
"""What has to be known of the neurons behind to bring one of them to a time."""


def beside(number: int) -> str:
    """Return what stands, until all of it is known, for what the spikes of a population do at once to the synapses that lead to it."""
    return f", _beside{number}"


class PreciseSynapse(SynapseWriter):
    """Writes the functions of one projection for spikes at exact times."""

    @property
    def parameters(self) -> str:
        """Return what all functions take behind what is their own."""
        return f"{super().parameters}, _rates, _at"

    def head(self, used: set[Symbol]) -> list[str]:
        """Return the lines before the loops; what decays has done so up to the very time."""
        lines = [line for line in super().head(used) if "= _s[_slot + " not in line]
        decaying = [(k, self.name(n)) for k, n in enumerate(self.scales) if Symbol(n) in used]
        return lines + [f"_s_{n} = _s[_slot + {k}]*math.exp(-_rates[_slot + {k}]*_at)" for k, n in decaying]

    def _on_pre(self, event: Event, number: int) -> str:
        actions, stores, alone, used = self._parts(event, number)
        sourced = [n for n, place in self.placement.places.items() if place == SOURCE and Symbol(n) in used]
        source, target = self.sides[PRE], self.sides[POST]
        assert source is not None
        assert target is not None
        more = beside(target.number)
        given = "_k, _at, _t0, _dt, _post, _post_size, _post_c, _post_p, _post_b, _orders, _work, _post_who, _post_when, _tops, True"
        body = ["_k = np.uint64(_tgt[_e])", f"_reach{target.number}({given}{more})", *self._third(), *self.loads(used, sourced), *actions, *stores]
        row = ["_e = np.int64(_begins[_n])", "while _e < _ends[_n]:"]
        arguments = [*COMMON, "_i", "_first", "_begins", "_ends", "_tgt"]
        if self.delayed:
            arguments += ["_delays", "_lag"]
            row = ["_e = _from_delay(_delays, np.int64(_begins[_n]), np.int64(_ends[_n]), _lag)", "while _e < _ends[_n] and _delays[_e] == _lag:"]
        lines = [
            *self.head(used), f"_o = np.uint64(_i//{source.width}*_pre_size + _i%{source.width})", "_n = np.uint64(_i - _first)",
            *(f"_0_{self.name(n)} = {self.load(n)}" for n in sourced),
            *row, *indented([*body, "_e += 1"], 1), *self._closing(alone, sourced, SOURCE, event, used),
        ]  # fmt: skip
        return function_text([*arguments, self.parameters, *REACHED[:-1], f"_tops{more}"], lines, f"Do `{event.text}` for a spike that arrives.")

    def _on_post(self, event: Event, number: int) -> str:
        actions, stores, alone, used = self._parts(event, number)
        targeted = [n for n, place in self.placement.places.items() if place == TARGET and Symbol(n) in used]
        target = self.sides[POST]
        assert target is not None
        body = ["_e = _column[_z]", "_n = np.uint64(_src[_z])", *self._third(), *self.loads(used, targeted), *actions, *stores]
        lines = [
            *self.head(used), f"_k = np.uint64(_i//{target.width}*_post_size + _i%{target.width})", "_i -= _first_target",
            *(f"_0_{self.name(n)} = {self.load(n)}" for n in targeted),
            "for _z in range(_columns[_i], _columns[_i + 1]):", *indented(body, 1), *self._closing(alone, targeted, TARGET, event, used),
        ]  # fmt: skip
        arguments = [*COMMON, "_i", "_columns", "_column", "_src"]
        return function_text([*arguments, self.parameters], lines, f"Do `{event.text}` for a neuron behind that fires.")
