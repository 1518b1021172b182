"""Fixed points as results: values by name, eigenvalues, type, and how much is known of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sympy import Expr

from neurodsl.analysis.wording import complex_text, number_text, text_of


@dataclass(frozen=True)
class Shared:
    """What a fixed point is to changes that neurons which are alike share: the eigenvalues of the network of the kinds, and what they say."""

    eigenvalues: tuple[complex, ...]
    type: str
    stable: bool
    unstable: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {"eigenvalues": [[v.real, v.imag] for v in self.eigenvalues], "type": self.type, "stable": self.stable}


@dataclass(frozen=True)
class FixedPoint:
    """A state at which nothing changes.

    Attributes
    ----------
    state : mapping of str to float
        In the declared units.
    residual : float
        The largest derivative there; of a map, the largest difference between the next value and this one.
    eigenvalues : tuple of complex
        Of the Jacobian, the largest real part first. Where neurons that are alike stand for one another, of the Jacobian of all of them.
    stable : bool
        Whether all of them lie on the stable side.
    type : str
        Node, focus, saddle, ...
    formulas : mapping of str to Expr, or None
        The state in terms of the parameters, where there are short formulas.
    reached : bool
        False where an event resets the state before it gets there.
    shared : Shared or None
        Where neurons that are alike stand for one another, what holds of changes that they share.
    unstable : int
        How many eigenvalues are on the unstable side.
    remark : str
        What sets its stability against shared changes and against differences apart, in words.
    """

    state: Mapping[str, float]
    residual: float
    eigenvalues: tuple[complex, ...]
    stable: bool
    type: str
    formulas: Mapping[str, Expr] | None = None
    reached: bool = True
    shared: Shared | None = None
    unstable: int = 0
    remark: str = ""

    def __getitem__(self, name: str) -> float:
        return self.state[name]

    @property
    def written_eigenvalues(self) -> tuple[complex, ...]:
        """Return the eigenvalues of the Jacobian that is written out: where neurons stand for others, those of what they share."""
        return self.eigenvalues if self.shared is None else self.shared.eigenvalues

    @property
    def attracts(self) -> bool:
        """Return whether it attracts states in which neurons that are alike do the same: those that are drawn."""
        return self.stable if self.shared is None else self.shared.stable

    @property
    def parts(self) -> bool:
        """Return whether differences among neurons that are alike grow there."""
        return self.shared is not None and self.unstable > self.shared.unstable

    @property
    def closed_form(self) -> dict[str, str] | None:
        """Return the formulas in the notation of the language."""
        return None if self.formulas is None else {name: text_of(e) for name, e in self.formulas.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the point as JSON-ready values."""
        return {
            "state": dict(self.state),
            "eigenvalues": [[v.real, v.imag] for v in self.eigenvalues],
            "stable": self.stable,
            "type": self.type,
            "closed_form": self.closed_form,
            "residual": self.residual,
            "reached": self.reached,
            "unstable_directions": self.unstable,
            "remark": self.remark or None,
            "shared": None if self.shared is None else self.shared.to_dict(),
        }


@dataclass(frozen=True, repr=False)
class FixedPoints:
    """The fixed points of a model at values of its parameters.

    Attributes
    ----------
    model : str
    parameters : mapping of str to float
        The values, in the declared units.
    units : mapping of str to str
        The units of parameters and states, the empty text for 1.
    points : tuple of FixedPoint
    guarantee : str
        Whether these are all, where, and how that is known.
    proved : bool
        Whether it is a proof.
    notes : tuple of str
        What was assumed, left out or not decided.
    others : tuple of FixedPoint
        Of a network whose neurons were analysed by their kinds, states in which neurons that are alike differ, by the names of all neurons.
    others_told : str
        How these were looked for; empty where they were not.
    """

    model: str
    parameters: Mapping[str, float]
    units: Mapping[str, str] = field(repr=False)
    points: tuple[FixedPoint, ...]
    guarantee: str
    proved: bool
    notes: tuple[str, ...] = ()
    others: tuple[FixedPoint, ...] = ()
    others_told: str = ""

    def __iter__(self) -> Iterator[FixedPoint]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, number: int) -> FixedPoint:
        return self.points[number]

    def __repr__(self) -> str:
        return self.text()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "model": self.model,
            "parameters": dict(self.parameters),
            "fixed_points": [p.to_dict() for p in self.points],
            "guarantee": self.guarantee,
            "proved": self.proved,
            "notes": list(self.notes),
            "others": [p.to_dict() for p in self.others],
            "others_told": self.others_told or None,
        }

    def text(self) -> str:
        """Return the result as lines to read."""
        lines = [f"Fixed points of {self.model}: {len(self.points)}", f"  {self.guarantee}"]
        for number, point in enumerate(self.points, start=1):
            many = f", {directions(point.unstable)}" if point.unstable and len(point.eigenvalues) > 2 else ""
            lines += ["", f"  {number}. {point.type}{many}" + ("" if point.reached else ", not reached")]
            lines += [f"     {row}" for row in self._rows(point)]
        if self.others_told:
            lines += ["", "States in which neurons that are alike differ", f"  {self.others_told}"]
            for point in self.others[:MOST_OTHERS]:
                many = f", {directions(point.unstable)}" if point.unstable else ""
                lines += ["", f"  {point.type}{many}", *(f"     {row}" for row in rows_of(point, self.units))]
                lines.append(f"     eigenvalues {', '.join(listed(point.eigenvalues))}")
            lines += [f"  and {len(self.others) - MOST_OTHERS} more"] if len(self.others) > MOST_OTHERS else []
        if self.notes:
            lines += ["", "Notes", *(f"  {note}" for note in self.notes)]
        return "\n".join(lines)

    def _rows(self, point: FixedPoint) -> list[str]:
        """Return the values and the eigenvalues of a point as lines."""
        names = list(point.state)
        shown, rest = names[:MOST_SHOWN], len(names) - MOST_SHOWN
        width = max(map(len, shown))
        forms = {name: text_of(e) for name, e in (point.formulas or {}).items() if not e.is_number}
        rows = [
            f"{name:<{width}} = {number_text(point.state[name])} {self.units.get(name, '')}".rstrip()
            + (f"   = {forms[name]}" if name in forms else "")
            for name in shown
        ]
        rows += [f"and {rest} more states"] if rest > 0 else []
        rows.append(f"eigenvalues {', '.join(listed(point.eigenvalues))}")
        return [*rows, point.remark] if point.remark else rows


def remarks(points: Iterable[FixedPoint]) -> tuple[str, ...]:
    """Return the remarks on some points, with their places where these differ."""
    places: dict[str, list[str]] = {}
    for point in points:
        if point.remark:
            place = ", ".join(f"{name} = {value:.4g}" for name, value in list(point.state.items())[:2])
            places.setdefault(point.remark, []).append(place)
    return tuple(remark if len(places) == 1 else f"at {' and at '.join(where)}: {remark}" for remark, where in places.items())


def directions(count: int) -> str:
    """Return a number of unstable directions in words."""
    return f"{count} unstable direction{'' if count == 1 else 's'}"


def listed(values: Sequence[complex], text_of: Callable[[complex], str] = complex_text) -> list[str]:
    """Return eigenvalues as texts, equal ones once, no more of them than one reads."""
    noise = NOISE * max((abs(v) for v in values), default=0.0)
    plain = [complex(*(0.0 if abs(x) < noise else x for x in (v.real, v.imag))) for v in values]
    runs = [(text, len(list(run))) for text, run in groupby(map(text_of, plain))]
    shown, rest = runs[:MOST_SHOWN], sum(count for _, count in runs[MOST_SHOWN:])
    found = [text if count == 1 else f"{text} ({count} times)" for text, count in shown]
    return [*found[:-1], f"{found[-1]} and {rest} more"] if rest else found


def rows_of(point: FixedPoint, units: Mapping[str, str]) -> list[str]:
    """Return the values of a state of many neurons as lines: those of a quantity side by side, or their range."""
    grouped: dict[str, list[float]] = {}
    for name, value in point.state.items():
        grouped.setdefault(name.partition("[")[0], []).append(value)
    found = []
    for name, values in grouped.items():
        unit = next((u for n, u in units.items() if n.partition("[")[0] == name and u), "")
        noise = NOISE * max(map(abs, values))
        shown = (
            ", ".join(f"{v if abs(v) > noise else 0.0:.4g}" for v in values)
            if len(values) <= MOST_VALUES
            else f"{min(values):.4g} to {max(values):.4g}"
        )
        found.append(f"{name} = {shown} {unit}".rstrip())
    return found


MOST_OTHERS, MOST_VALUES = 6, 40
"""States that are printed, and values of each in a row."""
NOISE = 1e-10
"""Parts of the largest eigenvalue below which one is printed as 0."""
MOST_SHOWN = 12
"""States and eigenvalues of a point that are printed."""
