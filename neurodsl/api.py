"""The pipeline in one screen: text -> Model -> System -> kernel -> Result.

What was read and compiled is found again by digest, so that a warm run loads neither the language nor the mathematics.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodsl import __version__, resources, rules
from neurodsl.cache import Cache, open_cache, private, sealed, temporary_cache, trusted, unsealed
from neurodsl.diagnostics import NeuroError, Report, fail, nearest
from neurodsl.files import write_atomically
from neurodsl.findings import diagnostics_of, finding
from neurodsl.options import Options, number_in
from neurodsl.plan import Plan
from neurodsl.source import Source
from neurodsl.texts import read_source, source_of
from neurodsl.units import UnitError, describe, parse_quantity

if TYPE_CHECKING:
    from neurodsl import planning as planning_module
    from neurodsl import run as run_module
    from neurodsl.solution import Result

SURROUNDINGS = 4
"""The exit code of what is the fault of neither the model nor its numbers."""
Values = Mapping[str, str | float] | None
PLAIN_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*(\[[^\[\]]*\]?|[^\W\d_][^\s()\[\]]*)?\s*")
"""A number, perhaps with what may be meant as its unit; any other text is an expression."""


def _planning() -> planning_module:  # type: ignore[valid-type]
    """Return the cold road: the language, sympy and the templates."""
    return import_module("neurodsl.planning")


def _run() -> run_module:  # type: ignore[valid-type]
    """Return the warm road: numpy and the kernels."""
    return import_module("neurodsl.run")


class Model:
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
            plan = self._without_stiffness(run, plan, Options(), events, variant, ())
        return (self.cache.folder / f"{plan.kernel}.py").read_text(encoding="ascii")

    def plan(self, method: str | None, events: str | None, variant: str | None, expressions: Sequence[tuple[str, str, str]]) -> Plan:
        """Return the plan of a run, from the cache where it is known."""
        wanted = [
            "plan",
            __version__,
            resources.stamp(),
            sys.version_info[:2],
            self.source.name,
            self.source.digest,
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
        _write(path, made.to_json())
        return made

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
        progress: Callable[[float], None] | None = None,
        report: Report | None = None,
        **values: str | float,
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
            What to record at every ``dt``; default: what the file says, else every state.
        progress : callable
            Called with the fraction of the duration that is done.
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
        numbers: dict[str, dict[str, str | float]] = {"set": {}, "input": {}, "init": {}}
        expressions: list[tuple[str, str, str]] = []
        seen: list[tuple[str, bool]] = []
        for kind, given in (("set", set or {}), ("set", values), ("input", input or {}), ("init", init or {})):
            for name, value in given.items():
                if (name, kind == "init") in seen:
                    raise fail(rules.UNKNOWN_OPTION_NAME, f"`{name}` is given twice", help="give it once")
                seen.append((name, kind == "init"))
                if _is_number(value):
                    numbers[kind][name] = value
                else:
                    expressions.append((kind, name, str(value)))
        plan = self.plan(method, events, variant, expressions)
        taken = {"set": {p.name for p in plan.parameters}, "input": {p.name for p in plan.parameters if p.role == "input"}}
        changing = [(kind, name) for kind, known in taken.items() for name in numbers[kind] if name not in known]
        if changing:
            expressions += [(kind, name, _as_text(numbers[kind].pop(name))) for kind, name in changing]
            plan = self.plan(method, events, variant, expressions)
        if self.cache.reason is not None and report is not None:
            report.add(rules.NO_CACHE, f"the cache cannot be used: {self.cache.reason}; kernels of this run are not kept")
        options = self._options(plan, duration, dt, rtol, atol, record, numbers, seed)
        if plan.probe:
            plan = self._without_stiffness(run, plan, options, events, variant, expressions)
        if report is not None:
            report.found += [d for d in diagnostics_of(plan.findings, self.source) if d.rule.severity != "note"]
            report.found += run.advise(plan, self.cache.folder, options, self.source)  # type: ignore[attr-defined]
        build_s = time.perf_counter() - began
        result: Result = run.execute(plan, self.cache.folder, options, self.source, build_s, progress)  # type: ignore[attr-defined]
        if report is not None:
            report.found += run.unsound(plan, result, self.source)  # type: ignore[attr-defined]
        return result

    def _options(
        self,
        plan: Plan,
        duration: Any,
        dt: Any,
        rtol: Any,
        atol: Any,
        record: Sequence[str] | None,
        numbers: dict[str, dict[str, str | float]],
        seed: int | None,
    ) -> Any:
        parameters = {p.name: p.unit for p in plan.parameters}
        states = {s.name: s.unit for s in plan.states}
        found: dict[str, dict[str, float]] = {"set": {}, "init": {}}
        for kind, known in (("set", parameters), ("init", states)):
            for name, value in ({**numbers["set"], **numbers["input"]} if kind == "set" else numbers["init"]).items():
                if name not in known:
                    raise _unknown_initial(name, known, plan)
                found[kind][name] = number_in(value, known[name], name)
        times = [None if v is None else number_in(v, plan.time_unit, what) for v, what in ((duration, "duration"), (dt, "dt"))]
        recorded = None if record is None else (record,) if isinstance(record, str) else tuple(record)
        return Options(times[0], times[1], rtol, atol, recorded, found["set"], found["init"], seed_of(seed))

    def _without_stiffness(
        self, run: Any, plan: Plan, options: Any, events: str | None, variant: str | None, expressions: Sequence[tuple[str, str, str]]
    ) -> Plan:
        """Return the plan for the method that ``auto`` takes for these numbers."""
        plain = import_module("neurodsl.codegen.kernel").load(self.cache.folder / f"{plan.kernel}.py", plain=True)
        ratio = run.stiffness(plan, plain, options, self.source)
        if ratio <= run.STIFFNESS:
            return plan
        stiff = self.plan("rosenbrock", events, variant, expressions)
        reason = f"auto: stiff, the fastest time constant at the start is {1 / ratio:.2g} of dt"
        return Plan(**{**stiff.__dict__, "reason": reason})


def _unknown_initial(name: str, known: Mapping[str, str], plan: Plan) -> NeuroError:
    near = nearest(name, known)
    hint = f"did you mean `{near}`?" if near else f"it has: {', '.join(f'`{k}`' for k in known)}"
    if name in {p.name for p in plan.parameters}:
        hint = f"`{name}` is a parameter or an input: `--set {name}=...`"
    return fail(rules.UNKNOWN_OPTION_NAME, f"`{plan.model}` has no initial value `{name}`", help=hint)


def _is_number(value: str | float) -> bool:
    return not isinstance(value, str) or PLAIN_NUMBER.fullmatch(value) is not None


def _as_text(value: str | float) -> str:
    """Return a value as the language writes it: a number with its unit in brackets."""
    if not isinstance(value, str):
        return str(value)
    try:
        number, unit = parse_quantity(value)
    except UnitError:
        return value
    return repr(number) if unit is None else f"{number!r} [{describe(unit)}]"


def _is_intact(folder: Path, plan: Plan) -> bool:
    """Return whether the kernel of a plan stands in a folder as it was written; its name ends in its digest."""
    path = folder / f"{plan.kernel}.py"
    try:
        return trusted(path) and plan.kernel.endswith(f"_{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}")
    except OSError:
        return False


def seed_of(seed: int | None) -> int:
    """Return a seed as given, or one at random."""
    if seed is None:
        return secrets.randbits(32)
    if not 0 <= seed < 2**64:
        raise fail(rules.BAD_VALUE, f"a seed is a whole number from 0 to 2^64 - 1, not {seed}")
    return seed


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
    path = folder / f"{_digest(['check', __version__, resources.stamp(), source.digest])}.findings"
    kept = _read(path)
    if kept is not None:
        try:
            report.found += diagnostics_of(json.loads(kept), source)
            return report
        except (ValueError, KeyError, TypeError):
            pass
    planning, found = _planning(), Report()
    for model in models.values():
        try:
            system = planning.compile_system(model, found)  # type: ignore[attr-defined]
            method = planning.method_of(system, system.settings.method or "auto")[0]  # type: ignore[attr-defined]
            planning.events_of(system, method, system.settings.events)  # type: ignore[attr-defined]
        except NeuroError as error:
            found.found += error.report.found
    _write(path, json.dumps([finding(d) for d in found.found]))
    report.found += found.found
    return report


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
