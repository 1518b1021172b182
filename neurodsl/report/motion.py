"""The sections on how a model moves: its phase portrait, and a run with its method and its spikes."""

from __future__ import annotations

import numpy as np

from neurodsl.analysis.phase_line import PhaseLine
from neurodsl.analysis.portrait import Portrait
from neurodsl.exporters.page import Block, Cell, Code, Figure, Heading, Items, Paragraph, Reference, Strong
from neurodsl.integrators import methods
from neurodsl.plotting import plot as plot_run
from neurodsl.plotting.pictures import pictures
from neurodsl.plotting.portrait import plot as plot_portrait
from neurodsl.report.numbers import assignments, quantity, symbol
from neurodsl.solution import Result
from neurodsl.solution.words import SECONDS

TOLERANCES = (1e-8, 1e-10)
"""What an adaptive method is held to, relative and absolute, where nobody asks for others."""
EVENTS = {"grid": "events act at the end of the step in which they fall", "exact": "events act at the instant at which they fall"}
FEWEST_INTERVALS = 2
REGULAR = 1e-9
"""A variation below this is rounding."""


def portrait_blocks(found: Portrait | PhaseLine) -> list[Block]:
    """Return the phase portrait, or the phase line or cobweb of a model with one state."""
    png, svg = pictures(plot_portrait(found))
    if isinstance(found, PhaseLine):
        line: Cell = ("Cobweb of " if found.discrete else "Phase line of ", symbol(found.x.name))
        drawn = ": its next value over its value." if found.discrete else ": its derivative, with the direction of motion as arrows."
        return [Heading("Phase line"), Figure("phase", (*line, drawn), found.title, png, svg)]
    plane: Cell = ("Phase portrait of ", symbol(found.x.name), " and ", symbol(found.y.name))
    steady = f", with {', '.join(found.steady)} at the steady state in the field and the nullclines" if found.steady else ""
    held = f", with {', '.join(found.held)} held at the initial value" if found.held else ""
    return [Heading("Phase portrait"), Figure("phase", (*plane, f"{steady}{held}."), found.text().replace("\n", ";"), png, svg)]


def simulation_blocks(run: Result) -> list[Block]:
    """Return what was run and how, what fired, and the picture."""
    blocks: list[Block] = [Heading("Simulation"), Paragraph(_method(run)), Items(tuple(_facts(run)))]
    if len(run.t) > 1 and (len(run) or run.spikes.count):
        png, svg = pictures(plot_run(run))
        what = (
            "The run: " + ", ".join(list(run)[:8]) + (" and more" if len(run) > 8 else "") + " over the time."
            if len(run)
            else "The spikes of the run."
        )
        blocks.append(Figure("simulation", (what,), f"Figure of the run; {run.spikes.count} spikes", png, svg))
    return blocks


def _method(run: Result) -> Cell:
    """Return how the run was made, as a methods section tells it."""
    meta, unit = run.meta, run.units.get("t", "1")
    method = methods()[str(meta["method"])]
    if meta.get("discrete"):
        return (f"The map was iterated {meta['steps']} times.", *_seed(run))
    adaptive = (", with the relative tolerance ", quantity(TOLERANCES[0]), " and the absolute tolerance ", quantity(TOLERANCES[1]))
    step: Cell = adaptive if meta.get("adaptive") else (" in steps of ", quantity(float(meta["dt"]), unit))
    named: Cell = ("the method ", Code(method.name), f" ({method.title}; ", Reference(method.reference), ")")
    events = f"; {EVENTS[str(meta['events'])]}" if meta.get("events") in EVENTS and run.meta.get("elements") and run.spikes.count else ""
    start: Cell = ("The equations were integrated over a time of ", quantity(run.elapsed, unit), " by ", *named, *step)
    return (*start, f"{events}.", *_seed(run))


def _seed(run: Result) -> Cell:
    seed = run.meta.get("seed")
    return () if seed is None else (f" Random numbers were drawn with the seed {seed}.",)


def _facts(run: Result) -> list[Cell]:
    """Return what came of the run: steps, spikes, the final state."""
    meta, unit = run.meta, run.units.get("t", "1")
    found: list[Cell] = []
    if not meta.get("complete", True):
        found.append((Strong(f"The run is incomplete: {meta.get('stopped') or 'it ended early'}."),))
    rejected = f", {meta['rejected']} rejected" if meta.get("rejected") else ""
    found.append((f"Steps: {meta['steps']}{rejected}.",))
    found.append(_spikes(run, unit))
    numbers = [(name, value) for name, value in run.final.items() if isinstance(value, float)]
    if numbers:
        found.append(("Final state: ", *assignments(dict(numbers), run.units, 8), "."))
    return found


def _spikes(run: Result, unit: str) -> Cell:
    """Return how many spikes there are, their rate, and the mean and the variation of the intervals between those of one element."""
    count = run.spikes.count
    if not count:
        return ("No spikes.",)
    elements = int(run.meta.get("elements", 1))
    factor, rate_unit = (SECONDS[unit], "Hz") if unit in SECONDS else (1.0, "1" if unit == "1" else f"1/{unit}")
    per = " per unit of time" if unit == "1" else ""
    of = f" of each of {elements} elements" if elements > 1 else ""
    rate: Cell = ("mean rate ", quantity(run.spikes.rate(run.elapsed) / factor / elements, rate_unit), f"{per}{of}")
    intervals = np.concatenate([np.diff(run.spikes.times[run.spikes.index == k]) for k in np.unique(run.spikes.index)])
    told: Cell = (f"{count} spike{'s' if count > 1 else ''}, ", *rate)
    if len(intervals) >= FEWEST_INTERVALS:
        mean = float(intervals.mean())
        spread = float(intervals.std(ddof=1)) / mean if mean > 0 else 0.0
        shown = spread if spread > REGULAR else 0.0
        told = (*told, "; intervals between spikes: mean ", quantity(mean, unit), ", coefficient of variation ", quantity(shown, digits=4))
    return (*told, ".")
