"""What `check` says of a text: the findings of the language, then those of the mathematics, which are kept by digest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
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
    for text in {id(model.source): model.source for model in models.values()}.values():
        report.found += check_models(text, [model for model in models.values() if model.source is text], folder)
    return report


def check_models(source: Source, models: Sequence[Any], folder: Path) -> list[Diagnostic]:
    """Return what the mathematics of models that stand in one text has to say, kept by digest."""
    path = folder / f"{digest_of(['check', __version__, resources.stamp(), source.digest, [model.name for model in models]])}.findings"
    kept = kept_text(path)
    if kept is not None:
        try:
            return diagnostics_of(json.loads(kept), source)
        except (ValueError, KeyError, TypeError):
            pass
    planning: Any = import_module("neurodsl.planning")
    found = Report()
    for model in models:
        try:
            if hasattr(model, "populations"):
                found.found += _proved_silent(import_module("neurodsl.lower").lower_network(model))
                continue
            system = planning.compile_system(model, found)
            method = planning.method_of(system, system.settings.method or "auto")[0]
            planning.events_of(system, method, system.settings.events)
            found.found += _proved(model, system, method)
        except NeuroError as error:
            found.found += error.report.found
    keep_text(path, json.dumps([finding(d) for d in found.found]))
    return found.found


def _proved_silent(network: Any) -> list[Diagnostic]:
    """Return that no neuron of a network ever spikes, where that is proved."""
    planning: Any = import_module("neurodsl.planning")
    dt = network.settings.dt or import_module("neurodsl.network_planning").default_dt(network)
    found: list[Diagnostic] = import_module("neurodsl.analysis.silence").prove_silence(
        network, lambda system: planning.method_of(system, network.settings.method or "auto")[0], dt
    )
    return found


def _proved(model: Any, system: Any, method: Any) -> list[Diagnostic]:
    """Return what is proved to be wrong with a model at the values of its file."""
    planning: Any = import_module("neurodsl.planning")

    def variants() -> Iterator[Any]:
        for name in model.variants:
            with suppress(NeuroError):
                yield planning.compile_system(planning.apply_options(model, name, (), Report()), Report())

    places = {state: equation.span for equation in model.equations for state, _ in equation.defines}
    dt = system.settings.dt or planning.default_dt(model)
    found: list[Diagnostic] = import_module("neurodsl.analysis.prove").prove(system, method, dt, places, variants)
    return found
