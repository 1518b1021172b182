"""Ranges of a sweep: from ``I=0..20:201``, ``30,36,42 [mS/cm^2]``, tuples and arrays to the values of axes."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail, nearest
from neurodsl.options import number_in
from neurodsl.plan import Described, Plan

Floats = NDArray[np.float64]

MOST_POINTS = 10_000_000
UNIT = re.compile(r"(.*\S)\s*(\[[^\[\]]*\])\s*", re.DOTALL)
SPAN = re.compile(r"(?P<low>.*?)\.\.(?P<high>[^:]*)(?P<rest>(?::[^:]*)*)", re.DOTALL)
EXAMPLES = "`0..20:201` are 201 values from 0 to 20, `1e-3..10:50:log` 50 in equal ratios, `30,36,42` these three"


@dataclass(frozen=True, eq=False)
class Axis:
    """What varies along an axis of the table.

    Attributes
    ----------
    name : str
    kind : str
        ``set`` for a parameter or an input, ``init`` for an initial value, ``copy`` and ``point`` for numbers that only count.
    values : array of shape (n,)
    unit : str
    label : str or None
        What the author of the model calls it.
    log : bool
        The values stand in equal ratios.
    """

    name: str
    kind: str
    values: Floats
    unit: str = "1"
    label: str | None = None
    log: bool = False

    @property
    def counts(self) -> bool:
        """Return whether its values are no more than numbers of points or copies."""
        return self.kind in ("copy", "point")


@dataclass(frozen=True)
class Range:
    """From a number to a number, both included: ``count`` values, None for a box in which points are drawn."""

    low: float
    high: float
    count: int | None
    log: bool = False

    def values(self) -> Floats:
        """Return the values, of shape (count,)."""
        assert self.count is not None
        spaced: Floats = (np.geomspace if self.log else np.linspace)(self.low, self.high, self.count)
        return spaced

    def drawn(self, uniform: Floats) -> Floats:
        """Return numbers that are uniform in (0, 1) as values of the box; of one in equal ratios the logarithms are uniform."""
        if self.log:
            return np.clip(self.low * (self.high / self.low) ** uniform, min(self.low, self.high), max(self.low, self.high))
        return self.low + (self.high - self.low) * uniform


def named(texts: Sequence[str]) -> dict[str, str]:
    """Return ``NAME=RANGE`` arguments as a mapping.

    Raises
    ------
    NeuroError
        V101 where one is of another form, V102 for a name that is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name or not values:
            raise fail(rules.BAD_VALUE, f"`{text}` is no range of a parameter", help=f"`--over NAME=RANGE`: {EXAMPLES}")
        if name in found:
            raise fail(rules.UNKNOWN_OPTION_NAME, f"`{name}` is given two ranges", help="give it one, with all its values: `30,36,42`")
        found[name] = values
    return found


def lengths_of(over: Mapping[str, str]) -> list[int]:
    """Return how many values ranges have, as far as their texts tell without a model; what is wrong with a range is told by `read`."""
    found = []
    for text in over.values():
        span = SPAN.fullmatch(text)
        counts = re.findall(r":\s*(\d{1,15})\b", span["rest"], re.ASCII) if span else [text.count(",") + 1]
        found.append(int(counts[0]) if counts else 1)
    return found


def swept(plan: Plan, name: str) -> tuple[str, Described]:
    """Return how a run takes a value for a name, ``set`` or ``init``, and what the name stands for.

    Raises
    ------
    NeuroError
        V102 for a name that the model does not have, or that no sweep can vary.
    """
    parameters, states = {p.name: p for p in plan.parameters}, {s.name: s for s in plan.states if s.role == "state"}
    if name in plan.sizes:
        told = f"`{name}` is the size of an array, and each size makes a kernel of its own"
        raise fail(rules.UNKNOWN_OPTION_NAME, told, help=f"run a sweep for each: `--set {name}=...`")
    if name in parameters:
        return "set", parameters[name]
    if name in states:
        return "init", states[name]
    base = name.partition("[")[0]
    if base != name and (base in parameters or base in states):
        raise fail(rules.UNKNOWN_OPTION_NAME, f"an element such as `{name}` cannot be swept", help="make it a parameter of its own in the model")
    near = nearest(name, [*parameters, *states])
    listed = ", ".join(f"`{known}`" for known in [*parameters, *states])
    help = f"did you mean `{near}`?" if near else f"a sweep can vary {listed}"
    raise fail(rules.UNKNOWN_OPTION_NAME, f"`{plan.model}` has no parameter, input or initial value `{name}`", help=help)


def axis(wanted: Described, kind: str, given: Any) -> Axis:
    """Return the axis of a name and a range or list of values.

    Raises
    ------
    NeuroError
        V101 where that is none.
    """
    found = read(given, wanted)
    if isinstance(found, Range):
        if found.count is None:
            raise _bad(
                wanted, given, "does not say how many values", f"`{wanted.name}={_ends(found)}:21` for 21 of them, or draw points: `--random N`"
            )
        values = found.values()
    else:
        values = found
    return Axis(wanted.name, kind, values, wanted.unit, wanted.doc, isinstance(found, Range) and found.log)


def box(wanted: Described, given: Any) -> Range:
    """Return the range in which points are drawn.

    Raises
    ------
    NeuroError
        V101 where that is none.
    """
    found = read(given, wanted)
    if not isinstance(found, Range):
        raise _bad(wanted, given, "is no range to draw from", f"`{wanted.name}=0..20`")
    if found.count is not None:
        help = f"leave out the number, `{wanted.name}={_ends(found)}`, or leave out `--random`"
        raise _bad(wanted, given, "says how many values, and points are drawn at random", help)
    return found


def read(given: Any, wanted: Described) -> Range | Floats:
    """Return a range, or the values of a list, in the unit of what varies.

    Parameters
    ----------
    given : str, tuple, or sequence
        A text as on the command line; a tuple ``(low, high, count)``, or ``(low, high)`` for a box; a list or array of values. Numbers are in
        the declared unit, texts may have their own.
    """
    if isinstance(given, str):
        found = _from_text(given, wanted)
    elif isinstance(given, tuple):
        found = _from_tuple(given, wanted)
    else:
        found = _from_sequence(given, wanted)
    if isinstance(found, Range):
        return _checked(found, given, wanted)
    if len(found) == 0:
        raise _bad(wanted, given, "is empty", EXAMPLES)
    _require_few_values(wanted, len(found))
    once, counts = np.unique(found, return_counts=True)
    if len(once) < len(found):
        raise _bad(wanted, given, f"holds {once[counts > 1][0]:g} more than once", "name each value once")
    return found


def _from_text(text: str, wanted: Described) -> Range | Floats:
    """Return what ``0..20:201 [nA]`` or ``30,36,42`` stands for; a unit at the end is that of all numbers without one."""
    bare, unit = (match[1], match[2]) if (match := UNIT.fullmatch(text)) else (text, "")
    span = SPAN.fullmatch(bare)
    if span is None:
        parts = [part.strip() for part in bare.split(",")]
        if not all(parts):
            raise _bad(wanted, text, "has a comma too many", EXAMPLES) if any(parts) else _bad(wanted, text, "is empty", EXAMPLES)
        return np.array([number_in(part if "[" in part else f"{part} {unit}".strip(), wanted.unit, wanted.name) for part in parts])
    high, inner = (match[1], match[2]) if (match := UNIT.fullmatch(span["high"])) else (span["high"], unit)
    low, high = (number_in(_with_unit(end, inner), wanted.unit, wanted.name) for end in (span["low"], high))
    rest = [part.strip() for part in span["rest"].split(":")[1:]]
    log = bool(rest) and rest[-1] == "log"
    counts = rest[:-1] if log else rest
    if len(counts) > 1:
        raise _bad(wanted, text, "has a colon too many", EXAMPLES)
    if counts and re.fullmatch(r"\d{1,15}", counts[0], re.ASCII) is None:
        raise _bad(wanted, text, f"has `{counts[0]}` where the number of values belongs", EXAMPLES)
    return Range(low, high, int(counts[0]) if counts else None, log)


def _with_unit(text: str, unit: str) -> str:
    text = text.strip()
    return text if "[" in text or not text else f"{text} {unit}".strip()


def _from_tuple(given: tuple[Any, ...], wanted: Described) -> Range:
    if not 2 <= len(given) <= 3:
        told = f"is a tuple of {len(given)}, and a range is `(low, high, count)`"
        raise _bad(wanted, given, told, "values go in a list: `[30, 36, 42]`")
    low, high = (number_in(end, wanted.unit, wanted.name) for end in given[:2])
    try:
        count = operator.index(given[2]) if len(given) == 3 else None
    except TypeError:
        raise _bad(wanted, given, "has no whole number of values as its third number", "values go in a list: `[30, 36, 42]`") from None
    return Range(low, high, count)


def _from_sequence(given: Any, wanted: Described) -> Floats:
    values = given.tolist() if isinstance(given, np.ndarray) else given
    if not isinstance(values, Sequence):
        values = [values]
    _require_few_values(wanted, len(values))
    return np.array([number_in(value, wanted.unit, wanted.name) for value in values], dtype=np.float64)


def _checked(found: Range, given: Any, wanted: Described) -> Range:
    """Return a range that has values."""
    if found.count is not None and found.count < 1:
        raise _bad(wanted, given, f"has {found.count} values", "at least 1")
    _require_few_values(wanted, found.count or 0)
    if found.low == found.high and found.count != 1:
        raise _bad(wanted, given, "starts where it ends", f"a single value: `{wanted.name}={found.low:g}`")
    if found.count == 1 and found.low != found.high:
        raise _bad(wanted, given, "has two ends and one value", f"`{wanted.name}={_ends(found)}:2`, or one value: `{wanted.name}={found.low:g}`")
    if found.log and not found.low * found.high > 0:
        raise _bad(wanted, given, "reaches 0, and equal ratios do not", "two ends of one sign, without `:log` equal differences")
    if not math.isfinite(found.high - found.low):
        raise _bad(wanted, given, "is wider than numbers are", EXAMPLES)
    return found


def _require_few_values(wanted: Described, count: int) -> None:
    """Raise V101 where there are more values than a sweep has points, before they are made."""
    if count > MOST_POINTS:
        told = f"`{wanted.name}` has {count} values, and a sweep at most {MOST_POINTS} points"
        raise fail(rules.BAD_VALUE, told, help="take fewer values, or points at random: `--random N`")


def _ends(found: Range) -> str:
    return f"{found.low:g}..{found.high:g}"


def _bad(wanted: Described, given: Any, told: str, help: str) -> NeuroError:
    """Return V101 for a range that is none."""
    return fail(rules.BAD_VALUE, f"the range `{given!s:.80}` of `{wanted.name}` {told}", help=help)


def require_few(lengths: Mapping[str, int]) -> int:
    """Return the number of points that axes of some lengths span.

    Raises
    ------
    NeuroError
        V101 where they are too many.
    """
    points = math.prod(lengths.values())
    if points > MOST_POINTS:
        listed = " x ".join(f"{length} of `{name}`" for name, length in lengths.items())
        told = f"{listed} are {points} points, and a sweep has at most {MOST_POINTS}"
        raise fail(rules.BAD_VALUE, told, help="take fewer values, or points at random: `--random N`")
    return points
