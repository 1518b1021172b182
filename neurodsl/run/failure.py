"""Numerics that fail: what went wrong, at the state, the time and the place in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from neurodsl import rules
from neurodsl.diagnostics import Diagnostic, NeuroError, Report
from neurodsl.plan import Plan
from neurodsl.run.copies import BAD_CHANCE, BAD_TIME, CASCADE, NOT_FINITE, Work
from neurodsl.run.start import place_of
from neurodsl.solution import NetworkResult, Result
from neurodsl.source import Source, Span


class Failure(NeuroError):
    """A run that ended before its time; ``result`` holds what was good until then, None where nothing was."""

    def __init__(self, diagnostic: Diagnostic, result: Result | NetworkResult | None) -> None:
        super().__init__(diagnostic, 3)
        self.result = result


def placed(error: NeuroError, source: Source | None, place: Sequence[int] | None) -> NeuroError:
    """Return an error with a place in the text, where it has none and one is known."""
    if source is None or place is None or any(d.span is not None for d in error.report.found):
        return error
    found = [replace(d, span=Span(source, *place)) for d in error.report.found]
    return NeuroError(Report(found), error.exit_code)


def diagnosis(plan: Plan, plain: ModuleType, work: Work, source: Source, copies: bool) -> Diagnostic:
    """Return what went wrong in the first copy that failed."""
    copy = min(work.failed)
    failed = work.failed[copy]
    found = failed.report.found[0] if isinstance(failed, NeuroError) else diagnosis_of(plan, plain, failed, source)
    return replace(found, message=f"copy {copy}: {found.message}") if copies else found


def diagnosis_of(plan: Plan, plain: ModuleType, arguments: list[Any], source: Source) -> Diagnostic:
    """Return what went wrong, from the arguments that a kernel left behind."""
    flags, t = arguments[20], float(arguments[19][0])
    status, number = int(flags[2]), int(flags[5])
    at = f"t = {t:.6g}" + ("" if plan.time_unit == "1" else f" {plan.time_unit}")
    if status == BAD_CHANCE:
        if plan.triggers[number].startswith("on rate"):
            unit = "" if plan.time_unit == "1" else f" per {plan.time_unit}"
            told = f"the hazard of `{plan.triggers[number]}` is {float(arguments[25][7, 0]):.6g}{unit} in the step at {at}; it must not be negative"
            return Diagnostic(rules.BAD_CHANCE, told, place_of(plan, f"event {number}", source), "bound it from below: `max(..., 0)`")
        told = f"the probability of `{plan.triggers[number]}` is {float(arguments[25][7, 0]):.6g} at {at}, outside [0, 1]"
        return Diagnostic(rules.BAD_CHANCE, told, place_of(plan, f"event {number}", source), "clip it, or use `on rate` for a hazard per time")
    if status == BAD_TIME:
        told = f"a time in `{plan.triggers[number]}` is {float(arguments[25][7, 0]):g} at {at}; "
        told += "it has to be a finite number, not negative, and a period is positive"
        help = "look at what the time of the event, or of its `hold` or `wait`, is computed from"
        return Diagnostic(rules.BAD_TIME, told, place_of(plan, f"event {number}", source), help)
    if status == CASCADE:
        told = f"`{plan.triggers[number]}` fires again and again without progress in time at {at}"
        if plan.events == "exact":
            told += "; its firings accumulate there"
        return Diagnostic(rules.CASCADE, told, place_of(plan, f"event {number}", source), "give the event a `wait`, or end the run with `stop`")
    return _lost_state(plan, plain, arguments, source, status == NOT_FINITE, at)


def _lost_state(plan: Plan, plain: ModuleType, arguments: list[Any], source: Source, infinite: bool, at: str) -> Diagnostic:
    """Return which state became infinite, or what keeps the step from meeting its tolerance."""
    t, y = float(arguments[19][0]), arguments[10]
    moved, slopes, dt = arguments[25][1][: len(y)], arguments[25][0][: len(y)], arguments[2]
    with np.errstate(all="ignore"):
        along = (np.where(np.isfinite(y), y, np.nan), y + 0.5 * dt * slopes, y + dt * slopes, moved)
        terms = [plain.terms(t, t, trial, arguments[7], np.full(len(y), -np.inf)) for trial in along]
    bad = next((name for found in terms for name, value in found.items() if not np.all(np.isfinite(value))), None)
    lost = np.flatnonzero(~np.isfinite(moved))
    state = plan.element(int(lost[0]) if len(lost) else 0)
    values = ", ".join(f"{plan.element(i)} = {v:.6g}" for i, v in enumerate(y[:6].tolist()))
    where = place_of(plan, state, source)
    part = f"; the first part that is not finite is `{bad}`" if bad else ""
    if infinite:
        told = f"state `{state}` became infinite or not a number in the step after {at}{part}; the last good state is {values}"
        help = "a shorter `--dt`, an adaptive method (`--method rk45`), or a look at that part of the equation"
        return Diagnostic(rules.NOT_FINITE, told, where, help)
    told = f"`{plan.method}` cannot meet its tolerance with any step at {at}{part}; the state is {values}"
    help = "a solution that is singular there, or a larger `--rtol` and `--atol`; `--method rosenbrock` for a stiff model"
    return Diagnostic(rules.STEP_UNDERFLOW, told, where, help)
