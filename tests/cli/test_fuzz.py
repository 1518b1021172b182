"""Whatever is typed, the only thing that comes out is a NeuroError; and a run that is complete holds finite numbers only."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from single_models import SINGLE

from neurodsl import api
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.solution import Result

TEXTS = {name: path.read_text(encoding="utf-8") for name, path in SINGLE.items()}
SPOKEN = "param input init on at every simulate variant model hold emit spike stop start wait if else and or not mod steady noise next rate"
WRITTEN = "dV/dt d2x/dt2 V t dt I x 1 0 1e9 -3 0.5 [mV] [ms] [1/ms] f(x) exp( tanh( pulse(t,1,2) pi τ é 9^9^9 {{ }} ~ normal(0,1)"
SIGNS = "[ ] ( ) + - * / ^ ** = == >= < : ; , \" # $ ' \\"
WORDS = [*SPOKEN.split(), *WRITTEN.split(), *SIGNS.split(), "\n", "\n    ", "\t", "\r", "\0", "\x1b", " "]


@pytest.fixture(autouse=True, scope="module")
def _plain_python() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        yield


def checked(text: str) -> Report:
    """Return the findings on a text, or those that kept it from being read."""
    try:
        return api.loads(text).check()
    except NeuroError as error:
        return error.report


def outcome(name: str, **options: Any) -> Result | NeuroError:
    """Return what a run of a shipped model came to; it is interrupted where it takes long."""
    try:
        return api.load(name).simulate(progress=patience(0.3), **options)
    except NeuroError as error:
        return error


def is_sound(result: Result) -> bool:
    """Return whether a result tells truly whether it is complete, and is finite where it is."""
    numbers = [*(result[name] for name in result), result.t, result.spikes.times, np.array(list(result.final.values()))]
    finite = all(bool(np.isfinite(array).all()) for array in numbers)
    complete: bool = result.meta["complete"]
    return complete == result.to_dict()["complete"] and (finite or not complete)


def patience(seconds: float) -> Callable[[float], None]:
    """Return a progress that interrupts the run after a while."""
    began = time.monotonic()

    def progress(done: float) -> None:
        assert 0 <= done <= 1.0 + 1e-9
        if time.monotonic() - began > seconds:
            raise KeyboardInterrupt

    return progress


@given(st.one_of(st.text(st.characters(codec=None), max_size=60), st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)))
@example("\ud800")
@example("\ufeff\ufeff")
def test_any_text_is_checked(text: str) -> None:
    report = checked(text)
    assert report.ok == (not [d for d in report.found if d.rule.severity == "error"])
    assert all(d.message and (d.span is None or 0 <= d.span.start <= d.span.stop <= len(text) + 1) for d in report.found)


@st.composite
def mutants(draw: Callable[..., Any]) -> str:
    """A shipped model after a few slips: something left out, repeated, replaced, put in or moved."""
    text: str = TEXTS[draw(st.sampled_from(sorted(TEXTS)))]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["delete", "repeat", "insert", "replace", "line"])):
            case "delete":
                text = text[:start] + text[stop:]
            case "repeat":
                text = text[:stop] + text[start:stop] + text[stop:]
            case "insert":
                text = text[:start] + draw(st.sampled_from(WORDS)) + text[start:]
            case "replace":
                text = text[:start] + draw(st.sampled_from(WORDS)) + text[stop:]
            case "line":
                lines = text.split("\n")
                text = "\n".join(line for number, line in enumerate(lines) if number != start % len(lines))
    return text


@given(mutants())
def test_a_model_with_slips_is_checked(text: str) -> None:
    report = checked(text)
    assert report.ok == (not [d for d in report.found if d.rule.severity == "error"])


EXTREME = [0.0, -0.0, 1.0, -1.0, 1e-300, 5e-324, 1e300, -1e300, 1.7e308, 1e12, -1e12, 1e-12, math.inf, -math.inf, math.nan]
VALUES = st.one_of(st.sampled_from(EXTREME), st.floats(-100, 100))


@pytest.mark.parametrize(("name", "method"), [("lif", "auto"), ("lif", "euler"), ("fitzhugh_nagumo", "auto"), ("morris_lecar", "euler")])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_values_of_parameters_give_a_finite_run_or_an_error(name: str, method: str, data: st.DataObject) -> None:
    model = api.load(name)
    plan = model.plan(method, None, None, ())
    chosen = data.draw(st.dictionaries(st.sampled_from([p.name for p in plan.parameters]), VALUES, max_size=3))
    initial = data.draw(st.dictionaries(st.sampled_from([s.name for s in plan.states]), VALUES, max_size=1))
    ended = outcome(name, method=method, duration=2.0, dt=0.1, set=chosen, init=initial)
    if isinstance(ended, NeuroError):
        kept = getattr(ended, "result", None)
        assert (ended.exit_code in (2, 3), kept is not None and kept.meta["complete"]) == (True, False)
    else:
        assert is_sound(ended)


@given(st.text(max_size=12), st.sampled_from(["duration", "dt", "method", "events", "variant"]))
def test_any_text_for_an_option_is_read_or_refused(text: str, option: str) -> None:
    ended = outcome("decay", **{"duration": "2", "dt": "1", option: text})
    assert ended.exit_code == 2 if isinstance(ended, NeuroError) else is_sound(ended)


@given(st.one_of(st.text(max_size=12), st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)), st.sampled_from(["set", "input", "init"]))
def test_any_text_for_a_value_is_read_or_refused(text: str, kind: str) -> None:
    target = {"set": "C", "input": "I", "init": "V"}[kind]
    ended = outcome("lif", duration=1, dt=0.5, method="euler", **{kind: {target: text}})
    assert ended.exit_code in (2, 3) if isinstance(ended, NeuroError) else is_sound(ended)
