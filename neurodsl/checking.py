"""What `check` says of a text: the findings of the language, then those of the mathematics, which are kept by digest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from neurodsl import __version__, resources
from neurodsl.diagnostics import Diagnostic, NeuroError, Report
from neurodsl.findings import diagnostics_of, finding
from neurodsl.kept import digest_of, keep_text, kept_text
from neurodsl.source import Source


def check_source(source: Source, folder: Path) -> Report:
    """Return every finding on a text; those of the mathematics are kept by digest."""
    report = Report()
    lang = import_module("neurodsl.lang")
    models = lang.read_all(source, report)
    if not report.ok:
        return report
    texts = {id(model.source): model.source for model in models.values()}
    placed = {named for model in models.values() for named in _placed(model)}
    for text in texts.values():
        here = [model for model in models.values() if model.source is text]
        report.found += check_models(text, here, folder, placed, [other.digest for other in texts.values()])
    return report


def check_models(
    source: Source, models: Sequence[Any], folder: Path, placed: Set[tuple[str, str]] = frozenset(), texts: Sequence[str] = ()
) -> list[Diagnostic]:  # fmt: skip
    """Return what the mathematics of models that stand in one text has to say, kept by digest.

    Parameters
    ----------
    placed : set of (str, str)
        Digest of the text and name of each model that is a neuron of a network: what is proved of it is proved in its place there.
    texts : sequence of str
        The digests of all texts that were read, on which what is found of a network depends.
    """
    shaped = [[model.name, (source.digest, model.name) in placed, hasattr(model, "populations")] for model in models]
    wanted = ["check", __version__, resources.stamp(), source.digest, shaped, *(texts if any(entry[2] for entry in shaped) else ())]
    path = folder / f"{digest_of(wanted)}.findings"
    kept = kept_text(path)
    if kept is not None:
        try:
            return diagnostics_of(json.loads(kept), source)
        except (ValueError, KeyError, TypeError):
            pass
    found = Report()
    for model in models:
        try:
            if hasattr(model, "populations"):
                found.found += _proved_network(model)
            else:
                _check_model(model, (source.digest, model.name) in placed, found)
        except NeuroError as error:
            found.found += error.report.found
    keep_text(path, json.dumps([finding(d) for d in found.found]))
    return found.found


def _placed(model: Any) -> Iterator[tuple[str, str]]:
    """Yield the digest of the text and the name of each model that is a neuron of a network."""
    for population in model.populations.values() if hasattr(model, "populations") else ():
        if population.model is not None:
            yield population.model.source.digest, population.model.name


def _check_model(model: Any, placed: bool, found: Report) -> None:
    """Add what is found on a model; where it is a neuron of a network that is only what its equations say by themselves."""
    planning: Any = import_module("neurodsl.planning")
    system = planning.compile_system(model, found)
    if not placed:
        method = planning.method_of(system, system.settings.method or "auto")[0]
        planning.events_of(system, method, system.settings.events)
        found.found += _proved(model, system, method)


def _proved(model: Any, system: Any, method: Any) -> list[Diagnostic]:
    """Return what is proved to be wrong with a model at the values of its file."""
    planning: Any = import_module("neurodsl.planning")

    def variants() -> Iterator[Any]:
        for name in model.variants:
            with suppress(NeuroError):
                yield planning.compile_system(planning.apply_options(model, name, (), Report()), Report())

    dt = system.settings.dt or planning.default_dt(model)
    found: list[Diagnostic] = import_module("neurodsl.analysis.prove").prove(system, method, dt, _places(model), variants)
    return found


def _proved_network(model: Any) -> list[Diagnostic]:
    """Return what is proved to be wrong with a network at the values of its file."""
    planning, lower = import_module("neurodsl.network_planning"), import_module("neurodsl.lower").lower_network
    apply_options = import_module("neurodsl.planning").apply_options
    network = lower(model)
    name = network.settings.method or "auto"
    planning.require_exact(network)
    served = {p.name: planning.method_of(p.system, name, p)[0] for p in network.populations if p.system is not None}

    def variants() -> Iterator[tuple[str, Any]]:
        for variant in model.variants:
            with suppress(NeuroError):
                yield variant, lower(apply_options(model, variant, (), Report()))

    places = {p.name: _places(p.model) for p in model.populations.values() if p.model is not None}
    places |= {c.name: _places(c.synapse) for c in model.projections}
    dt = network.settings.dt or planning.default_dt(network)
    found: list[Diagnostic] = import_module("neurodsl.analysis.network_proofs").prove_network(network, served, dt, places, variants)
    return found


def _places(model: Any) -> dict[str, Any]:
    """Return where the equation of each state stands, and what a synapse adds to each input."""
    places = {state: equation.span for equation in model.equations for state, _ in equation.defines}
    return places | {contribution.target: contribution.span for contribution in model.contributions}
