"""The samples that inputs of a network follow: those that a caller gives by the name of a population or of a model, or those of files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurodsl import rules
from neurodsl.arrays import locate
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.network_plan import FollowedPlan, NetworkPlan, PopulationPlan
from neurodsl.run.failure import placed
from neurodsl.samples import Samples, read_samples, samples_of
from neurodsl.source import Source
from neurodsl.units import parse_unit

Followed = Mapping[str, tuple[Samples, ...]]
"""Of each population, its samples in the order of its plan."""


def followed(plan: NetworkPlan, given: Mapping[str, Any], folder: Path | None, source: Source | None = None) -> Followed:
    """Return the samples of all populations of a plan.

    Parameters
    ----------
    given : mapping
        Files, values, or times and values by names as ``E.I`` of a population or ``cell.I`` of a model; else the files of the text are read.
    folder : Path or None
        Where these lie.
    source : Source or None
        The text, for the places of messages.

    Raises
    ------
    NeuroError
        F106 where samples cannot be used, F105 where a file of the text is not there.
    """
    found = {}
    for p in plan.populations:
        if p.samples:
            found[p.name] = tuple(_samples(p, made, given, folder, plan.time_unit, source) for made in p.samples)
    return found


def _samples(p: PopulationPlan, made: FollowedPlan, given: Mapping[str, Any], folder: Path | None, time_unit: str, source: Source | None) -> Samples:
    called = next((name for name in (f"{p.name}.{made.name}", f"{p.model}.{made.name}") if name in given), None)
    if called is None:
        try:
            return _of_text(p, made, folder, time_unit)
        except NeuroError as error:
            raise placed(error, source, p.place) from None
    value = given[called]
    if isinstance(value, str):
        return read_samples(value, made.name, made.unit, time_unit, neurons=(p.name, p.size))
    return samples_of(value, called, neurons=(p.name, p.size))


def _of_text(p: PopulationPlan, made: FollowedPlan, folder: Path | None, time_unit: str) -> Samples:
    """Return the samples of a file that the text names."""
    if made.path is None:
        told = f"`{p.name}.{made.name}` follows samples, and none are given"
        raise fail(rules.BAD_SAMPLES, told, help=f"`--input {p.name}.{made.name}=FILE`")
    own = made.unit if made.own is None else made.own
    found = read_samples(str(locate(folder, made.path)[0]), made.name, own, time_unit, neurons=(p.name, p.size))
    return Samples(found.times, found.values * float(parse_unit(own).factor_to(parse_unit(made.unit))), made.held)
