"""The pipeline in one screen: text -> Model -> System -> kernel -> Result.

What was read and compiled is found again by digest, so that a warm run loads neither the language nor the mathematics.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodsl import __version__, resources, rules
from neurodsl.cache import Cache, open_cache, private, sealed, temporary_cache, trusted, unsealed
from neurodsl.diagnostics import Diagnostic, NeuroError, Report
from neurodsl.files import write_atomically
from neurodsl.findings import diagnostics_of, finding
from neurodsl.given import EXACT, Values, as_text, options_of, sorted_out
from neurodsl.mathematics import Mathematics
from neurodsl.options import Options, count_of
from neurodsl.plan import Plan
from neurodsl.source import Source
from neurodsl.texts import read_source, source_of, with_imports

if TYPE_CHECKING:
    from neurodsl import planning as planning_module
    from neurodsl import run as run_module
    from neurodsl.analysis.frozen import Frozen
    from neurodsl.solution import Result

SURROUNDINGS = 4
"""The exit code of what is the fault of neither the model nor its numbers."""


def _planning() -> planning_module:  # type: ignore[valid-type]
    """Return the cold road: the language, sympy and the templates."""
    return import_module("neurodsl.planning")


def _run() -> run_module:  # type: ignore[valid-type]
    """Return the warm road: numpy and the kernels."""
    return import_module("neurodsl.run")


class Model(Mathematics):
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
        report, planning = Report(), _planning()
        model = import_module("neurodsl.lang").read_model(self.source, self.name, report)
        given = {**(set or {}), **(input or {}), **values}
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
            [text.digest for text in with_imports(self.source)],
            self.name,
            method,
            events,
            variant,
            sorted(expressions),
        ]
        path = self.cache.folder / f"{_digest(wanted)}.plan"
        kept = _read(path)
        if kept is not None:
            try:
                plan = Plan.from_json(kept)
                if _is_intact(self.cache.folder, plan):
                    return plan
            except (ValueError, KeyError, TypeError):
                pass
        report, planning = Report(), _planning()
        model = import_module("neurodsl.lang").read_model(self.source, self.name, report)
        kinds = tuple(("input" if kind == "set" and name in model.inputs else kind, name, text) for kind, name, text in expressions)
        model = planning.apply_options(model, variant, kinds, report)  # type: ignore[attr-defined]
        try:
            made: Plan = planning.make_plan(model, method, events, report, self.cache.folder)  # type: ignore[attr-defined]
        except NeuroError as error:
            if error.exit_code != SURROUNDINGS or self.cache.reason is not None:
                raise
            self.cache = temporary_cache(error.report.found[0].message)
            made = planning.make_plan(model, method, events, report, self.cache.folder)  # type: ignore[attr-defined]
        made = replace(made, text=model.source.digest)
        _write(path, made.to_json())
        return made

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
        threads: int = 1,
        progress: Callable[[float], None] | None = None,
        report: Report | None = None,
        **values: Any,
    ) -> Result:
        """Run the model.

        Parameters
        ----------
        duration, dt : float or str
            In the time unit of the model, or with a unit, ``"1 [s]"``; default: what the file says.
        method : str
            ``auto`` (default), ``exact``, ``rk45``, ``rosenbrock``, ``rk4``, ``heun``, ``midpoint``, ``euler``, ``exponential_euler``.
        events : str
            ``grid`` or ``exact``.
        rtol, atol : float
            The tolerances of an adaptive method; default 1e-8 and 1e-10.
        seed : int
            Of the random numbers, from 0 to 2**64 - 1; the same seed gives the same run. Default: one at random, which the result tells.
        variant : str
            A named set of values of the file.
        set, init, input : mapping of str to float or str
            Values of parameters (and constant inputs), of initial states, and expressions for inputs; numbers are in the declared units.
        record : sequence of str
            What to record at every ``dt``: states, derived quantities, and elements of arrays such as ``x[3]``; ``"spikes"``, which are there in
            any case, for nothing else. Default: what the file says, else every state.
        copies : int
            So many independent copies of the model, each with its own noise and its own draws of ``~``: one more axis in the result, behind
            the time. Copy 0 is the run without copies with the same seed.
        threads : int
            How many threads share the copies; the numbers do not depend on it.
        progress : callable
            Called with the fraction of the run, of all its copies, that is done.
        report : Report
            Takes the warnings and notes.
        **values
            Parameters, inputs and nothing else, by name.

        Returns
        -------
        Result

        Raises
        ------
        NeuroError
            For a wrong text or value (exit code 2), failed numerics (3) or surroundings (4).
        """
        began = time.perf_counter()
        run = _run()
        given = sorted_out(set, input, init, values)
        plan = self.plan(method, events, variant, given.expressions)
        if given.settle(plan):
            plan = self.plan(method, events, variant, given.expressions)
        if self.cache.reason is not None and report is not None:
            report.add(rules.NO_CACHE, f"the cache cannot be used: {self.cache.reason}; kernels of this run are not kept")
        options = given.within(plan, options_of(plan, duration, dt, rtol, atol, record, seed))
        options = replace(options, copies=None if copies is None else count_of(copies, "copies"), threads=count_of(threads, "threads"))
        options = run.with_files(plan, options, self._text(plan))  # type: ignore[attr-defined]
        if plan.probe:
            plan = self._without_stiffness(run, plan, options, events, variant, given.expressions)
        source = self._text(plan)
        if report is not None:
            report.found += [d for d in diagnostics_of(plan.findings, source) if d.rule.severity != "note"]
            report.found += run.advise(plan, self.cache.folder, options, source)  # type: ignore[attr-defined]
        build_s = time.perf_counter() - began
        result: Result = run.execute(plan, self.cache.folder, options, source, build_s, progress)  # type: ignore[attr-defined]
        if report is not None:
            report.found += run.unsound(plan, result, source)  # type: ignore[attr-defined]
        return result

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


def _is_intact(folder: Path, plan: Plan) -> bool:
    """Return whether the kernel of a plan stands in a folder as it was written; its name ends in its digest."""
    path = folder / f"{plan.kernel}.py"
    try:
        return trusted(path) and plan.kernel.endswith(f"_{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}")
    except OSError:
        return False


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def _read(path: Path) -> str | None:
    """Return a text that was kept, None where there is none or it is damaged."""
    try:
        return unsealed(path.read_bytes()) if trusted(path) else None
    except OSError:
        return None


def _write(path: Path, text: str) -> None:
    """Keep a text; where that cannot be done it is made again next time."""
    with suppress(NeuroError):
        write_atomically(path, private(sealed(text)))


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
    path = folder / f"{_digest(['check', __version__, resources.stamp(), source.digest, [model.name for model in models]])}.findings"
    kept = _read(path)
    if kept is not None:
        try:
            return diagnostics_of(json.loads(kept), source)
        except (ValueError, KeyError, TypeError):
            pass
    planning, found = _planning(), Report()
    for model in models:
        try:
            system = planning.compile_system(model, found)  # type: ignore[attr-defined]
            method = planning.method_of(system, system.settings.method or "auto")[0]  # type: ignore[attr-defined]
            planning.events_of(system, method, system.settings.events)  # type: ignore[attr-defined]
            found.found += _proved(model, system, method)
        except NeuroError as error:
            found.found += error.report.found
    _write(path, json.dumps([finding(d) for d in found.found]))
    return found.found


def _proved(model: Any, system: Any, method: Any) -> list[Diagnostic]:
    """Return what is proved to be wrong with a model at the values of its file."""
    planning: Any = _planning()

    def variants() -> Iterator[Any]:
        for name in model.variants:
            with suppress(NeuroError):
                yield planning.compile_system(planning.apply_options(model, name, (), Report()), Report())

    places = {state: equation.span for equation in model.equations for state, _ in equation.defines}
    dt = system.settings.dt or planning.default_dt(model)
    found: list[Diagnostic] = import_module("neurodsl.analysis.prove").prove(system, method, dt, places, variants)
    return found


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
