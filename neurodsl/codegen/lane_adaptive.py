"""The steps of an adaptive Runge-Kutta method for a point among many: each point has its own time, its own step, and its own samples inside of it.

In one round every point of a block attempts a step, by the formulas of a run by itself; a step that is not accepted, and a point that is at its
end, leave everything as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from neurodsl.codegen.build import is_restless
from neurodsl.codegen.lane_located import POWERS, Located, Locator, base, inside, part, refused_surfaces
from neurodsl.codegen.lane_measures import Gauges, gauges
from neurodsl.codegen.lane_steps import Call, rates_of, targets
from neurodsl.codegen.lane_writer import LaneWriter, hold
from neurodsl.codegen.steps import held_states, weighted
from neurodsl.integrators.method import ExplicitRungeKutta, Method
from neurodsl.measures import OF_SAMPLES, OF_SPIKES, Column
from neurodsl.system import System

GRID = "{0}*_dt if {0} < _points else _end"
"""The time of a sample."""
TAKEN = {"_steps": "_on", "_rejected": "_on & (not _good)"}
"""What counts the steps of a point, and when."""


@dataclass(frozen=True)
class Adaptive:
    """The lines of a block.

    Attributes
    ----------
    gauges : Gauges
    start : tuple of str
        What follows the constants and the state at the start.
    attempt : tuple of str
        A step of each point.
    happen : tuple of str
        What is done at a point where an event may have happened.
    sample : tuple of str
        What is done with the next sample of each point; empty where samples do not matter.
    recorded : tuple of (int, str)
        The columns that are recorded at each sample, with the texts of their numbers.
    """

    gauges: Gauges
    start: tuple[str, ...]
    attempt: tuple[str, ...]
    happen: tuple[str, ...]
    sample: tuple[str, ...]
    recorded: tuple[tuple[int, str], ...]


def refused_steps(system: System, method: Method) -> str | None:
    """Return why points of a system cannot each take steps of their own in lanes, or None."""
    if not (isinstance(method, ExplicitRungeKutta) and method.fsal and len(method.dense[0]) == len(POWERS)):
        return f"`{method.name}` is no explicit method with a continuous extension of the fourth order"
    if system.edges or is_restless(system):
        return "its steps stop at known times"
    return refused_surfaces(system)


def adaptive(writer: LaneWriter, method: Method, columns: Sequence[Column], recorded: Sequence[int] | None) -> Adaptive:
    """Return the lines of a block of points."""
    assert isinstance(method, ExplicitRungeKutta)
    names, rates, size = writer.states, rates_of(writer), len(writer.states)
    looked = {c.number for c in columns if (c.kind in OF_SAMPLES and c.kind != "samples") or (c.kind == "final" and c.number >= size)}
    looked |= set(recorded or ())
    locator = Locator(writer, rates, {c.kind for c in columns} & set(OF_SPIKES), recorded is not None) if writer.system.events else None
    located = Located((), (), (), (), ()) if locator is None else locator.located()
    measured = gauges(writer, columns, recorded or (), (), apart=True)
    wanted = names if locator or any(k >= size for k in looked) else [n for k, n in enumerate(names) if k in looked]
    first = "_from" if any(c.kind in OF_SAMPLES for c in columns) or recorded else "_n"
    held = [hold(names[i]) for i in sorted(held_states(writer.system))]
    return Adaptive(
        measured,
        (*_start(writer, rates, held), *measured.count, *located.start, f"{writer.at('_number')} = {first}"),
        (
            *_attempt(writer, method, rates, located, wanted, bool(looked), held, [] if locator is None else locator.waits),
            *(f"{writer.at(n)} += 1.0 if {when} else 0.0" for n, when in (TAKEN.items() if recorded is not None else ())),
        ),
        (*_base(writer, wanted), *writer.load([*names, *held]), *located.happen) if locator else (),
        _sample(writer, measured, wanted, first) if looked else (),
        tuple((j, f"_w[{row * writer.lanes} + _l]") for j, row in enumerate(measured.recorded)),
    )


def _start(writer: LaneWriter, rates: Call, held: Sequence[str]) -> list[str]:
    """Return the lines that set the clock of a point."""
    slopes = [f"_k1_{n}" for n in writer.states]
    clock = {"_t": "0.0", "_next_h": "_h", "_memory": "0.0", "_attempts": "0.0"}
    return [
        "t, _h = 0.0, 0.1*_dt",
        "_ts = 0.5*_h",
        *(f"{h} = -np.inf" for h in held),
        f"{targets('_k1_', writer.states)} = {rates('t', writer.states)}",
        *(f"{writer.at(n)} = {n}" for n in slopes),
        *(f"{writer.at(n)} = {value}" for n, value in clock.items()),
    ]


def _base(writer: LaneWriter, wanted: Sequence[str]) -> list[str]:
    """Return the lines that load the last step."""
    return writer.load(["_t", "_began", "_long", "_flag", *(base(n) for n in wanted), *(part(p, n) for p in POWERS for n in wanted)])


def _attempt(
    writer: LaneWriter, method: ExplicitRungeKutta, rates: Call, located: Located, wanted: Sequence[str], sampled: bool, held: Sequence[str],
    waits: Sequence[str],
) -> tuple[str, ...]:  # fmt: skip
    """Return the lines of a step of each point, from loading its numbers to storing them."""
    names = writer.states
    k1 = [f"_k1_{n}" for n in names]
    lines = [*writer.load(["_t", "_next_h", "_memory", *names, *k1, *held]), *located.loads, "_stop, _known = _end, 0.0"]
    for time in (*held, *waits):
        lines += [f"_sooner = ({time} > _t) & ({time} <= _stop)", f"_stop = {time} if _sooner else _stop", "_known = 1.0 if _sooner else _known"]
    lines += ["_h = _stop - _t", "_reach = _next_h >= 0.99*_h", "_h = _h if _reach else _next_h", "_ts = _t + 0.5*_h"]
    lines += [*_stages(method, names, rates), *_control(method, names)]
    if wanted:
        lines += ["_began, _long = _t, _h", *(f"{base(n)} = {n}" for n in wanted)]
        lines += [f"{part(p, n)} = {_power(method, p, n)}" for p in POWERS for n in wanted]
        lines += [f"{writer.at(n)} = {n}" for n in ("_began", "_long", *map(base, wanted), *(part(p, n) for p in POWERS for n in wanted))]
    if located.happen:
        known = "2.0 if (_known > 0.0) & _reach else " if held or waits else ""
        lines += [*located.look, f"_flag = ({known}1.0 - _quiet) if _good else 0.0", f"{writer.at('_flag')} = _flag", "_fired += _flag"]
        lines += [f"{writer.at(n)} = {n} if (not _good) | (_flag > 0.0) else 0.0" for n in located.near]
    lost = writer.at("_lost")
    lines += [
        "_t = (_stop if _reach else _t + _h) if _good else _t",
        f"{lost} = {lost} + ({' + '.join(f'0.0*_z_{n}' for n in names)} if _good else 0.0)",
        f"{lost} = np.nan if _stuck else {lost}",
        f"_t = _t if {lost} == 0.0 else _end",
        *(f"{writer.at(n)} = _z_{n} if _good else {n}" for n in names),
        *(f"{writer.at(f'_k1_{n}')} = _k{method.stages}_{n} if _good else _k1_{n}" for n in names),
        *(f"{writer.at(n)} = {n}" for n in ("_t", "_next_h", "_memory")),
        "_left += 1.0 if _t < _end else 0.0",
    ]
    if sampled:
        lines += [*writer.load(["_number"]), f"_grid = {GRID.format('_number')}", "_waiting += 1.0 if (_grid <= _t) & (_number <= _points) else 0.0"]
    return tuple(lines)


def _power(method: ExplicitRungeKutta, power: int, name: str) -> str:
    """Return the text of the coefficient of a power of the fraction of a step."""
    return f"_h*({weighted([row[power - 1] for row in method.dense], [f'_k{s + 1}_{name}' for s in range(method.stages)])})"


def _stages(method: ExplicitRungeKutta, names: Sequence[str], rates: Call) -> list[str]:
    """Return the lines of the stages, the last of which starts the next step, and of the new state."""
    lines = []
    for s in range(1, method.stages):
        time = f"_t + {weighted([method.c[s]], ['_h'])}"
        ahead = [f"{n} + _h*({weighted(method.a[s], [f'_k{j + 1}_{n}' for j in range(s)])})" for n in names]
        if s == method.stages - 1:
            lines += [f"_z_{n} = {text}" for n, text in zip(names, ahead, strict=True)]
            ahead = [f"_z_{n}" for n in names]
        lines.append(f"{targets(f'_k{s + 1}_', names)} = {rates(time, ahead)}")
    return lines


def _control(method: ExplicitRungeKutta, names: Sequence[str]) -> list[str]:
    """Return the lines of the control of the step: ``_s`` is the square of the error, and ``_memory`` the logarithm of the last one."""
    assert method.embedded is not None
    difference, order = [b - e for b, e in zip(method.b, method.embedded, strict=True)], method.order
    lines = []
    for n in names:
        error = weighted(difference, [f"_k{s + 1}_{n}" for s in range(method.stages)])
        lines.append(f"_e_{n} = _h*({error})/(_atol + _rtol*(abs({n}) if abs({n}) > abs(_z_{n}) else abs(_z_{n})))")
    return [
        *lines,
        f"_s = ({' + '.join(f'_e_{n}*_e_{n}' for n in names)})/{float(len(names))!r}",
        "_on = _t < _end",
        "_good = (_s <= 1.0) & _on",
        "_size = _log(1e-20 if _s < 1e-20 else _s)",
        f"_growth = 0.9*_exp({0.4 / order!r}*_memory - {0.35 / order!r}*_size if _s <= 1.0 else -{0.5 / order!r}*_size)",
        "_growth = _growth if _growth > 0.2 else 0.2",
        "_growth = _h*(_growth if _growth < 5.0 else 5.0)",
        "_next_h = _next_h if _good & _reach & (_next_h > _growth) else _growth",
        f"_memory = (0.5*_size if _size > {2 * log(1e-4)!r} else {log(1e-4)!r}) if _good else 0.0",
        "_stuck = (not _good) & _on & (_t + 2.0*_next_h <= _t)",
    ]


def _sample(writer: LaneWriter, measured: Gauges, wanted: Sequence[str], first: str) -> tuple[str, ...]:
    """Return the lines that look at the next sample of each point, where its last step has come to it."""
    lines = [
        *writer.load(["_number", "_lost"]),
        *(line for line in _base(writer, wanted) if "_flag" not in line),
        *writer.load(wanted),
        *measured.loads,
        f"_grid = {GRID.format('_number')}",
        "_on = (_grid <= _t) & (_number <= _points) & (_lost == 0.0)",
        "_inner = _grid < _t",
        "_theta = (_grid - _began)/_long",
        *(f"_z_{n} = {inside(n)} if _inner else {n}" for n in wanted),
        "_u, _us, _h = _grid, _grid + 1e-9*_dt, _grid - (_number - 1.0)*_dt",
        f"_first = _number == {first}",
        *measured.observed,
    ]
    if measured.doubt:
        lines.append(f"{writer.at('_lost')} = _lost + ({measured.doubt} if _on else 0.0)")
    lines += _kept(measured.begins, measured.updates)
    return (
        *lines,
        *([f"{writer.at('_on')} = 1.0 if _on else 0.0"] if measured.recorded else []),
        "_number = _number + 1.0 if _on else _number",
        f"{writer.at('_number')} = _number",
        f"_grid = {GRID.format('_number')}",
        "_waiting += 1.0 if (_grid <= _t) & (_number <= _points) & (_lost == 0.0) else 0.0",
    )


def _kept(begins: Mapping[str, str], updates: Mapping[str, str]) -> list[str]:
    """Return the lines that bring rows up to date where there is a sample."""
    lines = []
    for row in dict.fromkeys([*begins, *updates]):
        begin, update = begins.get(row, updates.get(row, row)), updates.get(row, row)
        value = update if begin == update else f"(({begin}) if _first else ({update}))"
        lines.append(f"{row} = {value} if _on else {row}")
    return lines
