"""The arguments of the stimulus functions: their units, and what of them is known before a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from neurodsl.units import Unit


@dataclass(frozen=True)
class Argument:
    """An argument of a stimulus.

    Parameters
    ----------
    name : str
        What messages call it.
    power : int
        Its unit is that of the time to this power.
    known : bool
        Whether it has to be known before a run, because it says when the stimulus changes its form.
    domain : str
        ``positive``, ``not negative``, or empty where it may be any number.
    """

    name: str
    power: int = 1
    known: bool = True
    domain: str = ""


TIME = Argument("time", known=False)

STIMULI: dict[str, tuple[Argument, ...]] = {
    "pulse": (TIME, Argument("start"), Argument("stop")),
    "step": (TIME, Argument("start")),
    "ramp": (TIME, Argument("start"), Argument("stop")),
    "sine": (TIME, Argument("frequency", -1, known=False), Argument("phase", 0, known=False)),
    "chirp": (TIME, Argument("first frequency", -1), Argument("last frequency", -1), Argument("duration", domain="positive")),
    "train": (
        TIME,
        Argument("period", domain="positive"),
        Argument("width", domain="not negative"),
        Argument("start"),
        Argument("count", 0, domain="not negative"),
    ),
}
"""The stimuli that the time determines."""

PROCESS = "ou"
"""The stimulus that is random in time."""

PROCESS_ARGUMENTS = (Argument("mean"), Argument("standard deviation", domain="not negative"), Argument("correlation time", domain="positive"))


def unit_of_time(name: str, units: Sequence[Unit | None]) -> Unit | None:
    """Return the unit that the arguments of a stimulus are powers of, from the first that is known; None where there is none.

    Parameters
    ----------
    name : str
        The stimulus.
    units : sequence of Unit or None
        Those of its arguments; None where one is not known, or fits any.
    """
    for argument, unit in zip(STIMULI[name], units, strict=False):
        if unit is not None and argument.power:
            return unit ** Fraction(1, argument.power)
    return None
