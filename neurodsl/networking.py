"""Networks from Python: what the options of a run mean for one, and the road from its text to its result."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodsl import __version__, resources, rules
from neurodsl.diagnostics import NeuroError, Report, fail
from neurodsl.findings import diagnostics_of
from neurodsl.given import PLAIN_NUMBER, Values, as_text, is_sampled, manner, seed_of
from neurodsl.kept import digest_of, is_intact, keep_text, kept_text
from neurodsl.network_plan import NetworkPlan
from neurodsl.options import count_of, idle_processors, number_in
from neurodsl.progress import Progress, begin

if TYPE_CHECKING:
    from neurodsl.api import Model
    from neurodsl.solution.network import NetworkResult
    from neurodsl.solution.network_copies import NetworkCopies

MENTIONED = re.compile(r"^[ \t]*(network|import)\b", re.MULTILINE)
"""Where a text may mean a network."""
FILE = re.compile(r".*\.(csv|npy)(:\w+)?\s*", re.IGNORECASE)
"""What `--input` names a file of samples with."""
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def is_network(model: Model) -> bool:
    """Return whether a text means a network; what was found is kept."""
    if MENTIONED.search(model.source.text) is None:
        return False
    path = model.cache.folder / f"{digest_of(['kind', __version__, resources.stamp(), model._digests(), model.name])}.kind"
    kept = kept_text(path)
    if kept is None:
        found = import_module("neurodsl.lang").read_model(model.source, model.name, Report())
        kept = "network" if type(found).__name__ == "NetworkModel" else "model"
        keep_text(path, kept)
    return kept == "network"


def plan_of(
    model: Model,
    method: str | None,
    variant: str | None,
    expressions: Sequence[tuple[str, str, str]],
    record: Sequence[str] | None = None,
    every_step: bool = False,
    armed: bool = False,
    events: str | None = None,
) -> NetworkPlan:
    """Return the plan of a run of a network, from the cache where it is known.

    Parameters
    ----------
    expressions : sequence of (str, str, str)
        What changes its text: set, init or input; the name; the value.
    record : sequence of str
        What is recorded in place of what the file says.
    every_step : bool
        Advance the states of synapses in every step and at every synapse.
    armed : bool
        Remember of every neuron whether the conditions of its events hold.
    events : str or None
        Whether events act on the ``grid`` or at ``exact`` times; None for what the file says.
    """
    wanted = [
        "network", __version__, resources.stamp(), sys.version_info[:2], model.source.name, model._digests(), model.name, method, variant,
        sorted(expressions), None if record is None else list(record), every_step, armed, events,
    ]  # fmt: skip
    folder = model.cache.folder
    path = folder / f"{digest_of(wanted)}.plan"
    kept = kept_text(path)
    if kept is not None:
        try:
            plan = NetworkPlan.from_json(kept)
            if is_intact(folder, plan.kernel) and _as_planned(plan, _folder(model)):
                return plan
        except (ValueError, KeyError, TypeError):
            pass
    report = Report()
    found = import_module("neurodsl.lang").read_model(model.source, model.name, report)
    found = import_module("neurodsl.planning").apply_options(found, variant, tuple(expressions), report)
    network = import_module("neurodsl.lower").lower_network(found)
    planning = import_module("neurodsl.network_planning")
    if record is not None:
        network = planning.recording(network, record)
    titles = _titles(network, _folder(model))
    brought = _brought(network, titles)
    made: NetworkPlan = planning.make_network_plan(network, method, events, every_step, armed, brought, report, folder)
    made = replace(made, text=found.source.digest, titles=titles)
    keep_text(path, made.to_json())
    return made


def compiled(model: Model, method: str | None, events: str | None, variant: str | None) -> str:
    """Return the generated file of a network and a method."""
    plan = plan_of(model, method, variant, (), events=events)
    return (model.cache.folder / f"{plan.kernel}.py").read_text(encoding="ascii")


def described(model: Model, name: str) -> tuple[str, str, str | None] | None:
    """Return how a run of a network takes a value for a name, ``set`` or ``init``, its unit and its label; None where it stands for nothing."""
    language = import_module("neurodsl.lang")
    found = language.varied(language.read_model(model.source, model.name, Report()), name)
    return None if found is None else (found[0], import_module("neurodsl.units").describe(found[1]), found[2])


def simulate(
    model: Model,
    *,
    duration: float | str | None,
    dt: float | str | None,
    method: str | None,
    events: str | None,
    seed: int | None,
    variant: str | None,
    set: Values,
    init: Values,
    input: Values,
    record: Sequence[str] | None,
    copies: int | None,
    threads: int | None,
    checkpoint: str | Path | None,
    every: float | str | None,
    resume: str | Path | None,
    every_step: bool,
    progress: Progress | None,
    report: Report | None,
    values: Mapping[str, Any],
) -> NetworkResult | NetworkCopies:
    """Run a network; see :meth:`neurodsl.api.Model.simulate`."""
    began = time.perf_counter()
    expressions = expressions_of({"set": {**(set or {}), **values}, "init": init or {}, "input": input or {}})
    lasting = None
    if not (checkpoint is None and every is None and resume is None):
        lasting = import_module("neurodsl.run.network_lasting").lasting(checkpoint, every, resume, copies)
    if lasting is not None and lasting.kept is not None:
        given = {
            "duration": duration, "dt": dt, "method": method, "events": events, "seed": seed, "variant": variant, "record": record, "every_step": every_step,
        }  # fmt: skip
        return _resumed(model, lasting, {**given, "threads": threads, "input": input or {}}, expressions, began, progress, report)
    count, asked_for = None if copies is None else count_of(copies, "copies"), None if threads is None else count_of(threads, "threads")
    plan = plan_of(model, method, variant, expressions, record, every_step, events=events)
    if report is not None:
        report.found += [d for d in diagnostics_of(plan.findings, model.source) if d.rule.severity != "note"]
    run = import_module("neurodsl.run.network")
    samples = import_module("neurodsl.run.followed").followed(plan, input or {}, _folder(model), _source(model, plan))
    request = replace(_request(model, plan, duration, dt, seed), threads=_threads(plan, asked_for), samples=samples)
    begin(progress, request.duration, plan.time_unit, count)

    def executed(plan: NetworkPlan, armed: bool) -> NetworkResult | NetworkCopies:
        """Run the network in one of the ways; its conditions are remembered or not."""
        before, found = time.perf_counter() - began, model.cache.folder
        if count is not None:
            copies: NetworkCopies = import_module("neurodsl.run.network_copies").execute(
                plan, found, request, count, asked_for or 1, before, progress
            )
            return copies
        if lasting is None:
            kind = import_module("neurodsl.run.network_precise").PreciseWork if plan.events == "exact" else None
            single: NetworkResult = run.execute(plan, found, request, before, progress, kind)
            return single
        asked = (model.name, model._digests(), method, variant, expressions, record, every_step, armed, events)
        return _kept(lasting, plan, found, request, asked, before, progress, report)

    try:
        return executed(plan, False)
    except run.StartsTrue:
        return executed(plan_of(model, method, variant, expressions, record, every_step, armed=True, events=events), True)


def _threads(plan: NetworkPlan, threads: int | None) -> int:
    """Return how many threads share a run: those that are asked for, else as many as have enough to do and a processor each."""
    if threads is not None or not plan.shared:
        return threads or 1
    return max(1, min(idle_processors(), plan.threads))


def _request(model: Model, plan: NetworkPlan, duration: float | str | None, dt: float | str | None, seed: int | None) -> Any:
    """Return what a run is asked for, in the units of its plan."""
    times = [None if v is None else number_in(v, plan.time_unit, what) for v, what in ((duration, "duration"), (dt, "dt"))]
    return import_module("neurodsl.run.network").Request(
        plan.duration if times[0] is None else times[0], plan.dt if times[1] is None else times[1], seed_of(seed), plan.recorded, _folder(model),
        source=_source(model, plan),
    )  # fmt: skip


def _source(model: Model, plan: NetworkPlan) -> Any:
    """Return the text for places in messages; None where the network stands in one that is imported."""
    return model.source if plan.text == model.source.digest else None


def _kept(lasting: Any, plan: NetworkPlan, folder: Path, request: Any, asked: tuple[Any, ...], *more: Any) -> NetworkResult:
    """Run a network whose state is kept, from the beginning."""
    name, texts, method, variant, expressions, record, every_step, armed, events = asked
    made_from = import_module("neurodsl.run.network_checkpoint").Asked(
        name, tuple(texts), method, variant, tuple(expressions), None if record is None else tuple(record), every_step, armed, events
    )
    *numbers, report = more
    result: NetworkResult = import_module("neurodsl.run.network_lasting").execute(plan, folder, request, lasting, made_from, *numbers)
    if report is not None:
        report.found += lasting.notes
    return result


def _resumed(
    model: Model,
    lasting: Any,
    given: Mapping[str, Any],
    expressions: Sequence[tuple[str, str, str]],
    began: float,
    progress: Progress | None,
    report: Report | None,
) -> NetworkResult:
    """Go on from a checkpoint; what the caller gives beside it has to be as it was."""
    kept = lasting.kept
    kept.require_model(model.name, model.source.name, model._digests())
    asked = kept.asked
    own = model if asked.name == model.name else type(model)(model.source, asked.name)
    plan = plan_of(own, asked.method, asked.variant, asked.expressions, asked.record, asked.every_step, asked.armed, asked.events)
    kept.require_kernel(plan.kernel)
    threads = None if given["threads"] is None else count_of(given["threads"], "threads")
    times = {what: None if given[what] is None else number_in(given[what], plan.time_unit, what) for what in ("duration", "dt")}
    agreed = kept.agreed(plan, {**given, **times}, expressions, _folder(model))
    kept.require_samples(given["input"])
    samples = import_module("neurodsl.run.followed").followed(plan, given["input"], _folder(model), _source(model, plan))
    request = replace(agreed, source=_source(model, plan), threads=_threads(plan, threads), samples=samples)
    begin(progress, request.duration, plan.time_unit)
    if report is not None:
        report.found += [d for d in diagnostics_of(plan.findings, model.source) if d.rule.severity != "note"]
    before = time.perf_counter() - began
    result: NetworkResult = import_module("neurodsl.run.network_lasting").execute(plan, model.cache.folder, request, lasting, asked, before, progress)
    if report is not None:
        report.found += lasting.notes
    return result


def _titles(network: Any, folder: Path | None) -> dict[str, list[str] | None]:
    """Return the titles of the columns of the files of pairs, by path; None for a file that has none."""
    read = import_module("neurodsl.tables").read_titles
    paths = {p.rule.path: p.span for p in network.projections if p.rule.kind == "pairs" and p.rule.path is not None}
    return {path: read(folder, path, rules.BAD_CONNECTIONS, span) for path, span in paths.items()}


def _brought(network: Any, titles: Mapping[str, list[str] | None]) -> dict[str, list[str]]:
    """Return the values of synapses that the files of connections bring, by projection."""
    split = import_module("neurodsl.units").split_title
    listed = {p.name: titles.get(p.rule.path) or () for p in network.projections if p.rule.kind == "pairs"}
    return {owner: [name for name in (split(title)[0] for title in found) if name not in ("i", "j")] for owner, found in listed.items()}


def _as_planned(plan: NetworkPlan, folder: Path | None) -> bool:
    """Return whether the files of pairs bring what they did when a plan was made; what is wrong with them the run will tell."""
    if not plan.titles:
        return True
    read = import_module("neurodsl.tables").read_titles
    try:
        return all(read(folder, path, rules.BAD_CONNECTIONS) == titles for path, titles in plan.titles.items())
    except NeuroError:
        return True


def _folder(model: Model) -> Path | None:
    """Return where the files of a network lie."""
    return None if model.source.path is None else model.source.path.parent


def refuse(options: Mapping[str, Any]) -> None:
    """Raise for an option of a run that networks do not have.

    Raises
    ------
    NeuroError
        V101 for the first one that is given.
    """
    for name, value in options.items():
        if value is not None:
            raise fail(rules.BAD_VALUE, f"a network has no `{name}`", help="leave it out")


def expressions_of(given: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return values as changes of the text: (set, init or input; the name; the value), or how samples are joined; the name; nothing."""
    found = []
    for kind, values in given.items():
        for name, value in values.items():
            if kind == "input" and is_sampled(value):
                found.append((manner(value), name, ""))
                continue
            if hasattr(value, "__len__") and not isinstance(value, str):
                raise fail(rules.BAD_VALUE, f"`{name}` of a network takes a number or an expression", help='arrays come from files: `load("v.npy")`')
            text = str(value)
            if kind == "input" and FILE.fullmatch(text):
                help = "give an expression of t, `5*pulse(t, 10, 20)`; spikes come from files: `population S = spikes[100] from ...`"
                raise fail(rules.BAD_VALUE, f"`{name}` of a network takes no file of samples yet, `{text}`", help=help)
            found.append((kind, name, as_text(value) if PLAIN_NUMBER.fullmatch(text) and not NUMBER.fullmatch(text) else text))
    return found
