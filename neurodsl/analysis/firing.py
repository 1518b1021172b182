"""Firing rates: the rheobase, the f-I curve, and what a reset does to the state from spike to spike.

References
----------
Gerstner, Kistler, Naud, Paninski, 2014, Neuronal Dynamics, sections 1.3, 4.4 and 6.2. doi:10.1017/CBO9781107447615
Touboul, Brette, 2009, SIAM J. Appl. Dyn. Syst. 8:1462-1506. doi:10.1137/080742762
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.integrate_and_fire import IntegrateAndFire, recognised
from neurodsl.analysis.spiking import Spiking
from neurodsl.analysis.wording import text_of
from neurodsl.diagnostics import fail, nearest
from neurodsl.files import write_atomically, write_bytes
from neurodsl.solution.writing import write_arrays
from neurodsl.units import ONE, Unit, describe, parse_unit

Floats = NDArray[np.float64]

MOST_POINTS = 10_000
HALVINGS = 40
PRECISE = 1e-8
"""How near, relatively, bisection comes to where a model begins to fire."""
DOUBLINGS, SETTLED = 4, 1e-4
"""Runs are made longer so often at most, to see whether a train goes on, until the answer changes by less than the second, relatively."""
SECONDS = 120.0
"""How long all simulations of a curve may take."""


@dataclass(frozen=True)
class Rheobase:
    """A value of the input above which a model fires.

    Attributes
    ----------
    value : float or None
        None where it was not found in the range that was looked at.
    expression : str or None
        In terms of the parameters, where a closed form was found.
    how : str
        How it was found, or why not.
    """

    value: float | None
    expression: str | None
    how: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {"value": self.value, "expression": self.expression, "how": self.how}


@dataclass(frozen=True, eq=False)
class FiringCurve:
    """The rate of a model as a function of a constant input.

    Attributes
    ----------
    values : array of shape (n,)
        Of the input, in its declared unit.
    rates : array of shape (n,)
        After the transient, in ``rate_unit``: Hz, or per unit of time of a model without units.
    onset : Rheobase
        Of the first spike from the initial state.
    repetitive : Rheobase
        Of a train of spikes that does not end.
    period : str or None
        The time between spikes as an expression of the parameters.
    how : str
        Where the rates come from: ``closed form``, ``quadrature`` or ``simulation``.
    """

    model: str
    title: str
    input: str
    label: str | None
    unit: str
    values: Floats
    rates: Floats
    rate_unit: str
    onset: Rheobase
    repetitive: Rheobase
    period: str | None
    how: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values; a rate that was not found is None."""
        return {
            "model": self.model,
            "input": self.input,
            "unit": self.unit,
            "rate_unit": self.rate_unit,
            "values": self.values.tolist(),
            "rates": [float(r) if math.isfinite(r) else None for r in self.rates],
            "rheobase": {"first_spike": self.onset.to_dict(), "repetitive": self.repetitive.to_dict()},
            "period": self.period,
            "how": self.how,
            "notes": list(self.notes),
        }

    def save(self, path: str | Path) -> None:
        """Write the curve to a `.csv` or `.npz` file."""
        target = Path(path)
        if target.suffix.lower() == ".csv":
            head = f"{self.input} [{self.unit}],rate [{self.rate_unit}]"
            rows = [head, *(f"{float(v)!r},{float(r)!r}" for v, r in zip(self.values, self.rates, strict=True))]
            write_bytes(target, ("\n".join(rows) + "\n").encode())
        elif target.suffix.lower() == ".npz":
            write_atomically(target, lambda file: write_arrays({"values": self.values, "rates": self.rates}, file))
        else:
            raise fail(rules.BAD_VALUE, f"a curve is written to a .csv or .npz file, not to `{target.name}`")


def firing_curve(frozen: Frozen, name: str, low: float, high: float, points: int = 50, seconds: float = SECONDS) -> FiringCurve:
    """Return the rate of a model over a range of a constant input.

    Parameters
    ----------
    frozen : Frozen
        With any constant value for the input.
    name : str
        The input, or a parameter.
    low, high : float
        The range, in the declared unit.
    points : int
    seconds : float
        How long all simulations together may take.

    Raises
    ------
    NeuroError
        V102 for an unknown input, V101 for a range that is none, M115 for a model without spikes.
    """
    parameter = {p.name: p for p in frozen.system.parameters}.get(name)
    _require_range(frozen, name, low, high, points)
    assert parameter is not None
    values = np.linspace(low, high, points)
    unit, scale = _rate_unit(frozen.system.time_unit)
    system = frozen.system
    common: dict[str, Any] = {
        "model": system.name,
        "title": system.doc or system.name,
        "input": name,
        "label": parameter.doc,
        "unit": describe(parameter.unit),
        "values": values,
        "rate_unit": unit,
    }
    model = recognised(frozen, name)
    if model is not None:
        return _of_one_variable(model, values, scale, common)
    spiking = Spiking(frozen, name, time.monotonic() + seconds)
    rates = np.array([spiking.rate(v) for v in values]) * scale
    if system.stochastic:
        onset = repetitive = Rheobase(None, None, "the model is random: no value is the first at which it fires")
    else:
        onset = _smallest(values, lambda v: len(spiking.times(v)) > 0, "a first spike", spiking.duration)
        repetitive = _lasting(spiking, values)
    notes = [n for n in frozen.notes if "noise" not in n]
    if np.any(np.isnan(rates)):
        notes.append("some rates were not found: the simulation failed there, or the time for all of them was up")
    return FiringCurve(**common, rates=rates, onset=onset, repetitive=repetitive, period=None, how="simulation", notes=tuple(notes))


def _require_range(frozen: Frozen, name: str, low: float, high: float, points: int) -> None:
    system = frozen.system
    known = [p.name for p in system.parameters if not p.shape]
    if name not in known:
        near = nearest(name, known)
        raise fail(
            rules.UNKNOWN_OPTION_NAME,
            f"`{system.name}` has no input or parameter `{name}`",
            help=f"did you mean `{near}`?" if near else f"it has: {', '.join(f'`{k}`' for k in known)}",
        )
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise fail(rules.BAD_VALUE, f"the range of `{name}` goes from a smaller number to a larger one, not from {low:g} to {high:g}")
    if not 2 <= points <= MOST_POINTS:
        raise fail(rules.BAD_VALUE, f"a curve has from 2 to {MOST_POINTS} points, not {points}")
    if not any(e.spikes or any(a.kind == "emit" for a in e.actions) for e in system.events):
        raise fail(
            rules.NOT_SERVED, f"`{system.name}` has no event that is a spike, and so no firing rate", help="`on V >= V_th: emit spike` marks one"
        )


def _rate_unit(time_unit: Unit) -> tuple[str, float]:
    """Return the unit of rates, and the factor that brings numbers per unit of time into it."""
    if time_unit.same_dimension(ONE):
        return "1", 1.0
    return "Hz", 1 / float(time_unit.factor_to(parse_unit("s")))


def _of_one_variable(model: IntegrateAndFire, values: Floats, scale: float, common: dict[str, Any]) -> FiringCurve:
    rates = np.array([scale / model.time_between(v) for v in values])
    period = None if model.period is None else text_of(model.period)
    found = model.rheobase
    if found is not None:
        how = "closed form" if found[1] is not None else "largest value that the equation needs between reset and threshold"
        rheobase = Rheobase(found[0], None if found[1] is None else text_of(found[1]), how)
    else:
        rheobase = _smallest(values, model.fires, "a positive slope all the way from the reset to the threshold", None)
    how = "closed form" if period is not None else "quadrature"
    return FiringCurve(
        **common, rates=rates, onset=rheobase, repetitive=rheobase, period=period, how=how, notes=(*model.frozen.notes, *_unreached(model, values))
    )


def _lasting(spiking: Spiking, values: Floats) -> Rheobase:
    """Return from which value on a train of spikes goes on, in runs that are made longer until the answer settles: near it, long trains end."""
    found = _smallest(values, spiking.fires, "a train of spikes", spiking.duration)
    spacing = float(values[1] - values[0])
    for _ in range(DOUBLINGS):
        if found.value is None:
            break
        longer = replace(spiking, longer=2 * spiking.longer, known={})
        nearby = np.array([found.value - 1e-3 * spacing, found.value, found.value + 0.05 * spacing, found.value + spacing])
        better = _smallest(nearby, longer.fires, "a train of spikes", longer.duration)
        if better.value is None or time.monotonic() > spiking.deadline:
            break
        settled = abs(better.value - found.value) <= SETTLED * max(abs(better.value), spacing)
        spiking, found = longer, better
        if settled:
            break
    return found


def _unreached(model: IntegrateAndFire, values: Floats) -> list[str]:
    """Return a note that the threshold is not reached at the smallest value, and where the variable stays instead."""
    stays = model.settles(float(values[0]))
    if stays is None:
        return []
    threshold = model.number(model.threshold, float(values[0])).real
    return [f"at {model.drive.name} = {values[0]:g} the threshold {threshold:g} is not reached: `{model.voltage.name}` stays at {stays:.6g}"]


def _smallest(values: Sequence[float] | Floats, holds: Callable[[float], bool], what: str, duration: float | None) -> Rheobase:
    """Return the smallest value from which on something holds, by bisection between neighbours in a row of values."""
    during = "" if duration is None else f" in a simulation of {duration:g}"
    last = None
    for value in values:
        if holds(float(value)):
            break
        last = float(value)
    else:
        return Rheobase(None, None, f"there is not {what}{during} up to {float(values[-1]):g}")
    if last is None:
        return Rheobase(None, None, f"there is {what}{during} at the smallest value already")
    low, high = last, float(value)
    for _ in range(HALVINGS):
        if high - low <= PRECISE * (abs(low) + abs(high)):
            break
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return Rheobase(high, None, f"bisection: {what}{during}")
