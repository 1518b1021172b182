"""The whole report as blocks, with what could not be done said in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from neurodsl import __version__
from neurodsl.analysis.equations import moving
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.stability import stability
from neurodsl.api import Model as Loaded
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.exporters.model_page import equations_of, tables_of
from neurodsl.exporters.page import Block, Cell, Code, Heading, Items, Paragraph, Strong, with_commas
from neurodsl.given import EXACT, as_text
from neurodsl.lang.choice import read_single, unknown_name
from neurodsl.model import Model
from neurodsl.planning import apply_options
from neurodsl.report.bifurcations import bifurcation_blocks
from neurodsl.report.header import header_blocks, header_of
from neurodsl.report.motion import portrait_blocks, simulation_blocks
from neurodsl.report.numbers import prose
from neurodsl.report.points import fixed_point_blocks
from neurodsl.report.request import Request
from neurodsl.report.stability import stability_blocks
from neurodsl.solution import Result
from neurodsl.units import describe

MOST_DIMENSIONS = 6
"""States of a flow of which a portrait of two still tells something."""
NUMERICS = 3
"""The exit code of a run that failed."""
ASKED = ("V", "U", "N")
"""The letters of errors in what a user asks for; all others are told in the document."""


@dataclass
class Document:
    """A report.

    Attributes
    ----------
    model : Model
        With the values that were asked for.
    title : str
    blocks : list of Block
    failure : NeuroError or None
        Why the run ended early.
    left_out : tuple of str
        What it lacks, a sentence each.
    """

    model: Model
    title: str
    blocks: list[Block] = field(default_factory=list)
    failure: NeuroError | None = None
    left_out: tuple[str, ...] = ()


@dataclass
class _Writer:
    """Makes one section after the other."""

    loaded: Loaded
    request: Request
    document: Document
    lacking: list[str] = field(default_factory=list)

    def section(self, title: str, work: Callable[[], list[Block]]) -> list[Block]:
        """Return a section; where it cannot be made, a sentence that says why."""
        try:
            return work()
        except NeuroError as error:
            if is_asked_for(error):
                raise
            return self.leave_out(title, error.report.found[0].message)

    def leave_out(self, title: str, reason: str) -> list[Block]:
        """Return why a section is missing."""
        self.lacking.append(f"{title.lower()}: {reason}")
        return [Heading(title), Paragraph(prose(reason))]


def is_asked_for(error: NeuroError) -> bool:
    """Return whether an error is in what was asked for, or in the surroundings, and not a limit of what can be done."""
    return error.report.found[0].rule.code.startswith(ASKED) or error.exit_code not in (2, 3)


def document_of(loaded: Loaded, request: Request) -> Document:
    """Return the report of a model.

    Raises
    ------
    NeuroError
        For a wrong text, name or value (exit code 2).
    """
    checked = loaded.check()
    if not checked.ok:
        raise NeuroError(checked)
    model = _with_values(loaded, request)
    if request.over is not None:
        _require_known(model, request.over[0])
    writer = _Writer(loaded, request, Document(model, model.doc or model.name))
    # The run comes first, so that what is wrong with its values is told before the long work.
    run = writer.section("Simulation", lambda: _simulation(writer))
    writer.document.blocks += [
        Heading(writer.document.title, 1),
        Paragraph(_lead(model)),
        *header_blocks(header_of(loaded.source.text)),
        *equations_of(model),
        *tables_of(model),
        *_changed(request),
        *_mathematics(writer),
        *run,
        Heading("Findings of the check"),
        *_findings(checked),
        Paragraph(_origin(loaded)),
    ]
    writer.document.left_out = tuple(writer.lacking)
    return writer.document


def _origin(loaded: Loaded) -> Cell:
    """Return what made the document, and from which text."""
    return (f"Made with neurodsl {__version__} from ", Code(Path(loaded.source.name).name), f" (SHA-256 {loaded.source.digest[:16]}…).")


def _with_values(loaded: Loaded, request: Request) -> Model:
    """Return the model with the values that were asked for, so that tables and formulas show them."""
    report = Report()
    model = read_single(loaded.source, loaded.name, report)
    given = [(name, str(v) if EXACT.fullmatch(str(v)) else as_text(v)) for name, v in {**request.set, **request.input}.items()]
    kinds = tuple(("input" if name in model.inputs else "set", name, text) for name, text in given)
    return apply_options(model, request.variant, kinds, report)


def _lead(model: Model) -> Cell:
    """Return what kind of model it is, in a sentence."""
    states, parameters = len(model.states), len(model.parameters)
    kind = (
        "map in discrete time"
        if model.discrete
        else "system of stochastic differential equations"
        if model.noises
        else "system of ordinary differential equations"
    )
    if not model.equations:
        kind = "process whose states events alone change"
    parts = [f"{states} state variable{'s' if states != 1 else ''}", f"{parameters} parameter{'s' if parameters != 1 else ''}"]
    parts += [f"{len(model.inputs)} input{'s' if len(model.inputs) != 1 else ''}"] if model.inputs else []
    events = " with events" if model.events and model.equations else ""
    return ("The model ", Strong(model.name), f" is a {kind}{events}: {', '.join(parts[:-1])} and {parts[-1]}.")


def _changed(request: Request) -> list[Block]:
    """Return which values are not those of the file."""
    told: list[Cell] = [("the variant ", Code(request.variant))] if request.variant is not None else []
    told += [(Code(f"{name} = {value}"),) for name, value in {**request.set, **request.input}.items()]
    return [Paragraph(("These values are not the defaults of the file: ", *with_commas(told), "."))] if told else []


def _require_known(model: Model, name: str) -> None:
    """Refuse a name to go over that is no parameter and no input, before the work begins."""
    known = [*model.parameters, *model.inputs]
    if name not in known:
        raise unknown_name("parameter", name, known, model.name)


def _mathematics(writer: _Writer) -> list[Block]:
    """Return what the mathematics says: where the model rests, and how it moves."""
    loaded, request, model = writer.loaded, writer.request, writer.document.model
    unit = describe(model.time_unit)
    rate = "1" if model.discrete or unit == "1" else f"1/{unit}"
    try:
        frozen = loaded.frozen(**request.values)
    except NeuroError as error:
        if is_asked_for(error):
            raise
        return writer.leave_out("Fixed points, stability and phase portrait", error.report.found[0].message)

    def rest() -> list[Block]:
        found = stability(frozen)
        return [*fixed_point_blocks(found.fixed_points, rate), *stability_blocks(found, rate)]

    blocks = writer.section("Fixed points", rest)
    if request.over is not None:
        name, low, high = request.over
        blocks += writer.section("Bifurcations", lambda: bifurcation_blocks(loaded.bifurcation_diagram(name, low, high, **request.values), rate))
    reason = _no_portrait(frozen)
    if reason is not None:
        return [*blocks, *writer.leave_out("Phase portrait", reason)]
    return [*blocks, *writer.section("Phase portrait", lambda: portrait_blocks(loaded.phase_portrait(**request.values)))]


def _no_portrait(frozen: Frozen) -> str | None:
    """Return why there is no portrait of a system, None where there is one."""
    count = len(moving(frozen))
    if count == 0:
        return "no state has an equation: events alone change them, so there is no flow to draw"
    if frozen.discrete and count > 2:
        return f"a picture of a map shows all of its states, and this one has {count}"
    if count > MOST_DIMENSIONS:
        return f"a plane of two of {count} states would tell little of their motion, so none is drawn"
    return None


def _simulation(writer: _Writer) -> list[Block]:
    """Return the run of the report; of one that fails, what was good until then."""
    request = writer.request
    try:
        run = writer.loaded.simulate(duration=request.duration, seed=request.seed, **request.values)
    except NeuroError as error:
        kept: Result | None = getattr(error, "result", None)
        if error.exit_code == NUMERICS:
            writer.document.failure = error
        if kept is None:
            raise
        run = kept
    if run.meta.get("interrupted"):
        raise KeyboardInterrupt
    return simulation_blocks(run)


def _findings(found: Report) -> list[Block]:
    """Return what ``check`` says, each with its place and remedy."""
    if not found.found:
        return [Paragraph(("The check of the text, its units and its mathematics found nothing to remark.",))]
    items: list[Cell] = []
    for diagnostic in found.sorted():
        place = "" if diagnostic.span is None else f" (line {diagnostic.span.line})"
        remedy = prose(diagnostic.help) if diagnostic.help else ()
        items.append(
            (Strong(f"{diagnostic.rule.severity} {diagnostic.rule.code}"), f"{place}: ", *prose(diagnostic.message), " " * bool(remedy), *remedy)
        )
    return [Items(tuple(items))]
