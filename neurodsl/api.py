"""The pipeline in one screen: text -> Model -> System -> kernel -> Result.

What was read and compiled is found again by digest, so that a warm run loads neither the language nor the mathematics.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodsl import __version__, resources, rules
from neurodsl.cache import Cache, open_cache, temporary_cache
from neurodsl.checking import check_source
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.findings import diagnostics_of
from neurodsl.given import EXACT, Given, Values, as_text, options_of, sorted_out
from neurodsl.kept import digest_of, is_intact, keep_text, kept_text
from neurodsl.mathematics import Mathematics
from neurodsl.options import Options, count_of, recorded_of, threads_of
from neurodsl.plan import Plan
from neurodsl.source import Source
from neurodsl.sweeping import Sweeping
from neurodsl.texts import read_source, source_of, with_imports

if TYPE_CHECKING:
    from neurodsl import planning as planning_module
    from neurodsl import run as run_module
    from neurodsl.analysis.frozen import Frozen
    from neurodsl.solution import Result

MANY = 64
"""From so many copies on they run side by side where they can."""
SURROUNDINGS = 4
"""The exit code of what is the fault of neither the model nor its numbers."""


def _planning() -> planning_module:  # type: ignore[valid-type]
    """Return the cold road: the language, sympy and the templates."""
    return import_module("neurodsl.planning")


def _run() -> run_module:  # type: ignore[valid-type]
    """Return the warm road: numpy and the kernels."""
    return import_module("neurodsl.run")


class Model(Mathematics, Sweeping):
    """A model file and what can be asked of it.

    Parameters
    ----------
    source : Source
        The text.
    name : str or None
        Which of its models, where it holds several.
    """

    def __init__(self, source: Source, name: str | None = None) -> None:
        self.source = source
        self.name = name

    def __repr__(self) -> str:
        return f"<neurodsl model {self.name or Path(self.source.name).stem}>"

    @cached_property
    def cache(self) -> Cache:
        """Return the folder in which plans and kernels are kept."""
        return open_cache()

    @cached_property
    def network(self) -> bool:
        """Return whether the text means a network."""
        return bool(import_module("neurodsl.networking").is_network(self))

    def check(self) -> Report:
        """Return every finding: of the text, and of the mathematics, whose findings are kept from one check to the next."""
        return check_source(self.source, self.cache.folder)

    def show(self, form: str = "text") -> str:
        """Return the equations as ``text``, ``latex`` or ``json``."""
        report = Report()
        model = import_module("neurodsl.lang").read_model(self.source, self.name, report)
        return str(import_module("neurodsl.exporters").exporters()[form].render(model))

    def compile(self, method: str | None = None, events: str | None = None, variant: str | None = None) -> str:
        """Return the generated file of the model and a method."""
        if self.network:
            return str(import_module("neurodsl.networking").compiled(self, method, events, variant))
        plan = self.plan(method, events, variant, ())
        if plan.probe:
            run = _run()
            options = run.with_files(plan, Options(), self._text(plan))  # type: ignore[attr-defined]
            plan = self._without_stiffness(run, plan, options, events, variant, ())
        return (self.cache.folder / f"{plan.kernel}.py").read_text(encoding="ascii")

    def frozen(self, *, variant: str | None = None, set: Values = None, input: Values = None, time: float = 0.0, **values: Any) -> Frozen:
        """Return the mathematics of the model at given values of its parameters: what the analysis works on.

        Parameters
        ----------
        variant : str
            A named set of values of the file.
        set, input : mapping of str to float or str
            Values of parameters and of inputs; a number is in the declared unit, a text may be an expression.
        time : float
            Where drives that depend on the time stand still.
        **values
            Parameters and inputs by name.
        """
        given = {**(set or {}), **(input or {}), **values}
        if self.network:
            flat: Frozen = import_module("neurodsl.network_mathematics").frozen(self, variant, given, time)
            return flat
        report, planning = Report(), _planning()
        model = import_module("neurodsl.lang").read_model(self.source, self.name, report)
        known = {*model.parameters, *model.inputs} - planning.sizes_of(model)  # type: ignore[attr-defined]
        exact = {name: str(value) for name, value in given.items() if name in known and EXACT.fullmatch(str(value))}
        rest = {name: as_text(value) for name, value in given.items() if name not in exact}
        kinds = tuple(("input" if name in model.inputs else "set", name, text) for name, text in rest.items())
        inputs = tuple(("input", name, text) for name, text in exact.items() if name in model.inputs)
        model = planning.apply_options(model, variant, (*kinds, *inputs), report)  # type: ignore[attr-defined]
        system = planning.compile_system(model, report, written_out=True)  # type: ignore[attr-defined]
        numbers = {name: text for name, text in exact.items() if name in model.parameters}
        frozen: Frozen = import_module("neurodsl.analysis.frozen").freeze(system, self.cache.folder, numbers, time, model.source.path)
        return frozen

    def plan(self, method: str | None, events: str | None, variant: str | None, expressions: Sequence[tuple[str, str, str]]) -> Plan:
        """Return the plan of a run, from the cache where it is known."""
        wanted = [
            "plan",
            __version__,
            resources.stamp(),
            sys.version_info[:2],
            self.source.name,
            self._digests(),
            self.name,
            method,
            events,
            variant,
            sorted(expressions),
        ]
        path = self.cache.folder / f"{digest_of(wanted)}.plan"
        kept = kept_text(path)
        if kept is not None:
            try:
                plan = Plan.from_json(kept)
                if is_intact(self.cache.folder, plan.kernel):
                    return plan
            except (ValueError, KeyError, TypeError):
                pass
        report, planning = Report(), _planning()
        model = self._given(variant, expressions, report)
        try:
            made: Plan = planning.make_plan(model, method, events, report, self.cache.folder)  # type: ignore[attr-defined]
        except NeuroError as error:
            if error.exit_code != SURROUNDINGS or self.cache.reason is not None:
                raise
            self.cache = temporary_cache(error.report.found[0].message)
            made = planning.make_plan(model, method, events, report, self.cache.folder)  # type: ignore[attr-defined]
        made = replace(made, text=model.source.digest)
        keep_text(path, made.to_json())
        return made

    def _given(self, variant: str | None, expressions: Sequence[tuple[str, str, str]], report: Report) -> Any:
        """Return the model as the language reads it, with a variant chosen and values replaced by expressions."""
        model = import_module("neurodsl.lang").read_model(self.source, self.name, report)
        kinds = tuple(("input" if kind == "set" and name in model.inputs else kind, name, text) for kind, name, text in expressions)
        return _planning().apply_options(model, variant, kinds, report)  # type: ignore[attr-defined]

    def lanes(
        self,
        plan: Plan,
        variant: str | None,
        expressions: Sequence[tuple[str, str, str]],
        varied: Sequence[str],
        given: Sequence[str],
        columns: Sequence[Sequence[Any]],
        recorded: Sequence[int] | None = None,
    ) -> str | None:
        """Return the generated file that runs points of a sweep or copies side by side, from the cache where it is known.

        None where they have to run one after the other: see :func:`neurodsl.planning.make_lanes`.
        """
        path = self.cache.folder / f"{digest_of(['lanes', __version__, resources.stamp(), plan.kernel, varied, given, columns, recorded])}.lanes"
        kept = kept_text(path)
        if kept is not None:
            return kept or None
        report, planning = Report(), _planning()
        model = self._given(variant, expressions, report)
        text: str | None = planning.make_lanes(model, plan, varied, given, columns, recorded)  # type: ignore[attr-defined]
        keep_text(path, text or "")
        return text

    def _text(self, plan: Plan) -> Source:
        """Return the text that the model of a plan stands in: that of the file, or one that it imports."""
        return next((text for text in with_imports(self.source) if text.digest == plan.text), self.source)

    def simulate(
        self,
        *,
        duration: float | str | None = None,
        dt: float | str | None = None,
        method: str | None = None,
        events: str | None = None,
        rtol: float | None = None,
        atol: float | None = None,
        seed: int | None = None,
        variant: str | None = None,
        set: Values = None,
        init: Values = None,
        input: Values = None,
        record: Sequence[str] | None = None,
        copies: int | None = None,
        threads: int | None = None,
        out: str | Path | None = None,
        checkpoint: str | Path | None = None,
        every: float | str | None = None,
        resume: str | Path | None = None,
        progress: Callable[[float], None] | None = None,
        report: Report | None = None,
        every_step: bool = False,
        **values: Any,
    ) -> Any:
        """Run the model, or the network that the text means.

        Parameters
        ----------
        duration, dt : float or str
            In the time unit of the model, or with a unit, ``"1 [s]"``; default: what the file says.
        method : str
            ``auto`` (default), ``exact``, ``rk45``, ``rosenbrock``, ``rk4``, ``heun``, ``midpoint``, ``euler``, ``exponential_euler``.
        events : str
            ``grid`` or ``exact``. In networks ``exact`` is for populations whose equations are linear between spikes: these fall, and arrive after their
            delays, between the points of the grid.
        rtol, atol : float
            The tolerances of an adaptive method; default 1e-8 and 1e-10.
        seed : int
            Of the random numbers, from 0 to 2**64 - 1; the same seed gives the same run. Default: one at random, which the result tells.
        variant : str
            A named set of values of the file.
        set, init, input : mapping of str to float or str
            Values of parameters (and constant inputs), of initial states, and expressions for inputs; numbers are in the declared units. An input
            may also follow the file ``"stimulus.csv"``, or ``(times, values)``, joined by straight lines or held, ``(times, values, "step")``;
            that of a population, ``"E.I"``, takes values of shape (times,), or (times, neurons) with a column for each neuron.
        record : sequence of str
            What to record at every ``dt``: states, derived quantities, and elements of arrays such as ``x[3]``; ``"spikes"``, which are there in
            any case, for nothing else. Default: what the file says, else every state.
        copies : int
            So many independent copies of the model, each with its own noise and its own draws of ``~``: one more axis in the result, behind
            the time. Copy 0 is the run without copies with the same seed.
        threads : int
            How many threads share the copies, 1 by default, or the neurons of a network, by default as many as have enough to do. The numbers do not
            depend on it.
        out : str or Path
            An ``.h5`` file that takes what is recorded while the run goes on, so that memory does not grow with the run; the traces of the
            result stay there until they are asked for. Other formats are written from memory: ``result.save(...)``.
        checkpoint : str or Path
            A file that takes the whole state of the run from time to time, so that ``resume`` can go on if the process dies. It is replaced as
            a whole, and the last one stays there when the run is complete.
        every : float or str
            The time between two checkpoints, in seconds or with a unit, ``"10min"``; default 60 s, or what the resumed run had.
        resume : str or Path
            A checkpoint to go on from: the result equals that of the undisturbed run bit for bit. It holds all options, ``out`` and ``checkpoint``
            too; what is given beside it has to be as it was, but that ``duration`` may be longer as long as no step was chosen for the end.
        progress : callable
            Called with the fraction of the run, of all its copies, that is done. One with a method ``begin`` is first told the duration, the unit
            of its time, ``"1"`` for none, and the number of copies or None: ``progress.begin(1000.0, "ms", None)``.
        report : Report
            Takes the warnings and notes.
        every_step : bool
            Of a network: advance the states of synapses in every step and at every synapse, and not where only spikes change them.
        **values
            Parameters, inputs and nothing else, by name.

        Returns
        -------
        Result, NetworkResult or NetworkCopies
            The second of a network, the third of copies of one, each of which has synapses, draws and a seed of its own. A network has no ``rtol``,
            ``atol`` and ``out``; its result is written when it is there: ``result.save(...)``.

        Raises
        ------
        NeuroError
            For a wrong text or value (exit code 2), failed numerics (3) or surroundings (4).
        """
        if self.network:
            networking = import_module("neurodsl.networking")
            networking.refuse({"rtol": rtol, "atol": atol, "out": out})
            return networking.simulate(
                self, duration=duration, dt=dt, method=method, events=events, seed=seed, variant=variant, set=set, init=init, input=input,
                record=(record,) if isinstance(record, str) else record, copies=copies, threads=threads, checkpoint=checkpoint, every=every,
                resume=resume, every_step=every_step, progress=progress, report=report, values=values,
            )  # fmt: skip
        began = time.perf_counter()
        run = _run()
        given = sorted_out(set, input, init, values)
        lasting = None
        if not (out is None and checkpoint is None and every is None and resume is None):
            lasting = import_module("neurodsl.run.lasting").lasting(out, checkpoint, every, resume, copies)
        chosen = {"method": method, "events": events, "variant": variant}
        if lasting is not None and lasting.kept is not None:
            plan, options = self._resumed(lasting.kept, given, chosen, duration, dt, rtol, atol, record, seed)
        else:
            plan = self.plan(method, events, variant, given.expressions)
            if given.settle(plan):
                plan = self.plan(method, events, variant, given.expressions)
            options = given.within(plan, options_of(plan, duration, dt, rtol, atol, record, seed))
            options = replace(options, copies=None if copies is None else count_of(copies, "copies"), threads=threads_of(threads, copies))
            options = replace(options, streamed=lasting is not None and lasting.streamed)
            options = run.with_files(plan, options, self._text(plan))  # type: ignore[attr-defined]
            if plan.probe:
                plan = self._without_stiffness(run, plan, options, events, variant, given.expressions)
                chosen["method"] = method if plan.probe else plan.method
        if lasting is not None:
            lasting = lasting.asked_for(self.name, self._digests(), chosen, tuple(given.expressions))
        if self.cache.reason is not None and report is not None:
            report.add(rules.NO_CACHE, f"the cache cannot be used: {self.cache.reason}; kernels of this run are not kept")
        source = self._text(plan)
        if report is not None:
            report.found += [d for d in diagnostics_of(plan.findings, source) if d.rule.severity != "note"]
            report.found += run.advise(plan, self.cache.folder, options, source)  # type: ignore[attr-defined]
        lanes = None
        if lasting is None and options.copies is not None and options.copies >= MANY:
            numbers = [number for recorded in recorded_of(plan, options.record) for number in recorded.numbers]
            lanes = self.lanes(plan, variant, given.expressions, (), sorted(options.given), (), numbers)
        build_s = time.perf_counter() - began
        result: Result = run.execute(plan, self.cache.folder, options, source, build_s, progress, lasting, lanes)  # type: ignore[attr-defined]
        if report is not None:
            report.found += run.unsound(plan, result, source)  # type: ignore[attr-defined]
            report.found += lasting.notes if lasting is not None else []
        return result

    def _resumed(self, kept: Any, given: Given, chosen: dict[str, str | None], *numbers: Any) -> tuple[Plan, Options]:
        """Return the plan and the options of a run that goes on from a checkpoint; what the caller gives beside it has to be as it was."""
        kept.require_model(self.name, self.source.name, self._digests())
        request = kept.request
        plan = Model(self.source, request.name).plan(request.method, request.events, request.variant, request.expressions)
        kept.require_kernel(plan.kernel)
        given.settle(plan)
        asked = options_of(plan, *numbers)
        asked = given.within(plan, replace(asked, dt=kept.options.dt if asked.dt is None else asked.dt))
        options: Options = kept.agreed(plan, asked, numbers[-1], chosen, given.expressions)
        return replace(plan, reason=kept.reason), options

    def _digests(self) -> list[str]:
        """Return the digests of the text and of all that it imports."""
        return [text.digest for text in with_imports(self.source)]

    def _without_stiffness(
        self, run: Any, plan: Plan, options: Any, events: str | None, variant: str | None, expressions: Sequence[tuple[str, str, str]]
    ) -> Plan:
        """Return the plan for the method that ``auto`` takes for these numbers."""
        plain = import_module("neurodsl.codegen.kernel").load(self.cache.folder / f"{plan.kernel}.py", plain=True)
        ratio = run.stiffness(plan, plain, options, self._text(plan))
        if ratio <= run.STIFFNESS:
            return plan
        stiff = self.plan("rosenbrock", events, variant, expressions)
        reason = f"auto: stiff, the fastest time constant at the start is {1 / ratio:.2g} of dt"
        return Plan(**{**stiff.__dict__, "reason": reason})


def load(path: str | Path, name: str | None = None) -> Model:
    """Return the model of a file, or a shipped model by its name.

    Parameters
    ----------
    path : str or Path
        A ``.neuro`` file, the name of a shipped model, or ``-`` for standard input.
    name : str
        Which model, where the file holds several.

    Raises
    ------
    NeuroError
        Where the file cannot be read. What is wrong with its text is found when the model is used, or by ``check``.
    """
    return Model(read_source(path), name)


def loads(text: str, name: str = "model") -> Model:
    """Return the model of a text."""
    return Model(source_of(text.encode("utf-8", "surrogatepass"), f"{name}.neuro"))
