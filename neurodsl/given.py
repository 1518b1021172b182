"""What a caller gives a model: numbers that a kernel takes as they are, expressions that make another model, samples that an input follows."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail, nearest
from neurodsl.manners import split_manner
from neurodsl.options import Options, number_in, values_in
from neurodsl.plan import Plan
from neurodsl.units import UnitError, describe, parse_quantity

Values = Mapping[str, Any] | None
Expressions = list[tuple[str, str, str]]
"""What changes the text of a model: (what it changes, the name, the text of the value)."""

EXACT = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
"""A number without a unit."""
PLAIN_NUMBER = re.compile(rf"{EXACT.pattern}(\[[^\[\]]*\]?|[^\W\d_][^\s()\[\]]*)?\s*")
"""A number, perhaps with what may be meant as its unit; any other text is an expression."""


@dataclass
class Given:
    """Values by name, sorted by what they need.

    Attributes
    ----------
    numbers : dict
        Of each kind, ``set``, ``input`` and ``init``, the numbers by name; they need no other plan.
    expressions : list
        What needs a plan of its own.
    sampled : dict
        The inputs that follow samples.
    """

    numbers: dict[str, dict[str, Any]] = field(default_factory=lambda: {"set": {}, "input": {}, "init": {}})
    expressions: Expressions = field(default_factory=list)
    sampled: dict[str, Any] = field(default_factory=dict)

    def settle(self, plan: Plan) -> bool:
        """Make expressions of the numbers that a plan does not take; tell whether there were any."""
        fixed = [p for p in plan.parameters if p.name not in plan.sizes]
        taken = {"set": {p.name for p in fixed}, "input": {p.name for p in fixed if p.role == "input"}}
        changing = [(kind, name) for kind, known in taken.items() for name in self.numbers[kind] if name not in known]
        self.expressions += [(kind, name, as_text(self.numbers[kind].pop(name))) for kind, name in changing]
        return bool(changing)

    def within(self, plan: Plan, options: Options) -> Options:
        """Return options with the values in the units of a plan."""
        given = self._known({**self.numbers["set"], **self.numbers["input"]}, plan, {p.name: p for p in plan.parameters})
        initial = self._known(self.numbers["init"], plan, {s.name: s for s in plan.states})
        return replace(options, given={**given, **self._samples(plan, options)}, initial=initial)

    def _known(self, values: Mapping[str, Any], plan: Plan, known: Mapping[str, Any]) -> dict[str, Any]:
        for name in values:
            if name not in known:
                raise _unknown_initial(name, known, plan)
        return {name: values_in(value, known[name]) for name, value in values.items()}

    def _samples(self, plan: Plan, options: Options) -> dict[str, Any]:
        """Return the samples of inputs as a kernel has them."""
        found = {}
        for name, value in self.sampled.items():
            wanted, samples = plan.recordable[name], import_module("neurodsl.samples")
            if isinstance(value, str):
                made = samples.read_samples(value, name, wanted.unit, plan.time_unit, wanted.size)
            else:
                made = samples.samples_of(value, name, wanted.size)
            found[f"samples of {name}"] = made.packed(plan.dt if options.dt is None else options.dt)
        return found


def sorted_out(parameters: Values, inputs: Values, initials: Values, by_name: Mapping[str, Any]) -> Given:
    """Return values sorted by what they need.

    Raises
    ------
    NeuroError
        V102 for a name that is given twice.
    """
    found = Given()
    seen: set[tuple[str, bool]] = set()
    for kind, given in (("set", parameters or {}), ("set", by_name), ("input", inputs or {}), ("init", initials or {})):
        for name, value in given.items():
            if (name, kind == "init") in seen:
                raise fail(rules.UNKNOWN_OPTION_NAME, f"`{name}` is given twice", help="give it once")
            seen.add((name, kind == "init"))
            if kind == "input" and is_sampled(value):
                found.sampled[name] = value
                found.expressions.append((manner(value), name, ""))
            elif isinstance(value, str) and PLAIN_NUMBER.fullmatch(value) is None:
                found.expressions.append((kind, name, value))
            else:
                found.numbers[kind][name] = value
                if hasattr(value, "__len__") and not isinstance(value, str):
                    found.expressions.append((f"given {kind}", name, ""))
    return found


def options_of(
    plan: Plan, duration: Any, dt: Any, rtol: float | None, atol: float | None, record: Sequence[str] | str | None, seed: int | None
) -> Options:
    """Return the numbers of a run in the units of a plan."""
    times = [None if v is None else number_in(v, plan.time_unit, what) for v, what in ((duration, "duration"), (dt, "dt"))]
    recorded = None if record is None else (record,) if isinstance(record, str) else tuple(record)
    return Options(times[0], times[1], rtol, atol, recorded, seed=seed_of(seed))


def seed_of(seed: int | None) -> int:
    """Return a seed as given, or one at random."""
    if seed is None:
        return int.from_bytes(os.urandom(4))
    if not 0 <= seed < 2**64:
        raise fail(rules.BAD_VALUE, f"a seed is a whole number from 0 to 2^64 - 1, not {seed}")
    return seed


def as_text(value: Any) -> str:
    """Return a value as the language writes it: a number with its unit in brackets."""
    if not isinstance(value, str):
        return str(value)
    try:
        number, unit = parse_quantity(value)
    except UnitError:
        return value
    return repr(number) if unit is None else f"{number!r} [{describe(unit)}]"


def _unknown_initial(name: str, known: Mapping[str, object], plan: Plan) -> NeuroError:
    near = nearest(name, known)
    hint = f"did you mean `{near}`?" if near else f"it has: {', '.join(f'`{k}`' for k in known)}"
    if name in {p.name for p in plan.parameters}:
        hint = f"`{name}` is a parameter or an input: `--set {name}=...`"
    return fail(rules.UNKNOWN_OPTION_NAME, f"`{plan.model}` has no initial value `{name}`", help=hint)


def is_sampled(value: Any) -> bool:
    """Return whether what is given for an input is a file of samples, or samples themselves."""
    if not isinstance(value, str):
        return hasattr(value, "__len__")
    likely = value.rstrip().lower().endswith((".csv", ".npy", ":step", ":linear"))
    return likely and bool(import_module("neurodsl.samples").names_a_file(value))


def manner(value: Any) -> str:
    """Return whether samples are joined by lines or held, ``linear`` or ``step``."""
    if isinstance(value, str):
        return "step" if split_manner(value)[1] else "linear"
    return "step" if isinstance(value, tuple) and isinstance(value[-1], str) and value[-1] == "step" else "linear"
