"""What files bring to the synapses of a network: values and delays by the titles of columns, and units."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError

NETWORK = """\
model cell:
    param tau = 10 [ms]
    input I = 0 [mV]
    init v = 0 [mV], g = 0 [nS]
    tau*dv/dt = 12 [mV] - v + I
    dg/dt = 0 [nS/ms]
    on v > 10 [mV]: v = 0 [mV]
synapse s:
    param w = 1 [nS]
    init x = 0
    dx/dt = -x/tau_x
    param tau_x = 20 [ms]
    on pre: post.g += w; x += 1
synapse gap:
    param g = 0.1
    post.I += g*(pre.v - post.v)
network net:
    {block}
    population A = cell[2]
    population B = cell[3] with v = -100 [mV]
    connect A -> B with s, {rule}
    simulate:
        duration 25 [ms]
        record B.g, s.w
"""

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the network with a rule, beside files of texts and arrays."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")

    def made(rule: str, block: str = "param N = 1", text: str = NETWORK, **files: Any) -> Any:
        for name, content in files.items():
            if isinstance(content, str):
                (tmp_path / f"{name}.csv").write_text(content)
            else:
                np.save(tmp_path / f"{name}.npy", content)
        (tmp_path / "net.neuro").write_text(text.replace("{rule}", rule).replace("{block}", block))
        return nd.load(tmp_path / "net.neuro").simulate(seed=1)

    return made


def weights(result: Any) -> dict[tuple[int, int], float]:
    trace = result.synapses["A -> B.w"]
    return {(int(i), int(j)): float(w) for i, j, w in zip(trace.source, trace.target, trace.values[0], strict=True)}


def arrivals(result: Any) -> list[float]:
    """Return when the first spike arrives at each neuron of B, nan where none does."""
    trace = result.traces["B.g"]
    return [float(trace.t[np.argmax(column > 0)]) if column[-1] > 0 else np.nan for column in trace.values.T]


def refusal(call: Callable[[], Any]) -> tuple[str, str, str | None]:
    with pytest.raises(NeuroError) as caught:
        call()
    (found,) = caught.value.report.found
    assert caught.value.exit_code == 2
    return found.rule.code, found.message, found.help


@pytest.mark.parametrize(
    ("title", "factor"),
    [("w", 1.0), ("w [nS]", 1.0), ("w [pS]", 1e-3), ("w [uS]", 1e3), ("w [1/MOhm]", 1e3)],
    ids=["bare", "own", "pS", "uS", "1/MOhm"],
)
def test_a_column_of_pairs_is_in_the_unit_of_its_title_or_that_of_the_synapse(run: Run, title: str, factor: float) -> None:
    found = weights(run('pairs "p.csv"', p=f"i,j,{title}\n0,1,2\n1,2,3\n"))
    assert found == pytest.approx({(0, 1): 2 * factor, (1, 2): 3 * factor}, rel=1e-15)


def test_fields_of_an_array_have_units_too(run: Run) -> None:
    pairs = np.array([(0, 1, 500.0), (1, 0, 250.0)], dtype=[("i", "u4"), ("j", "u4"), ("w [pS]", "f8")])
    assert weights(run('pairs "p.npy"', p=pairs)) == {(0, 1): 0.5, (1, 0): 0.25}


@pytest.mark.parametrize(("title", "factor"), [("delay", 1.0), ("delay [us]", 1e3), ("delay [s]", 1e-3)])
def test_a_file_of_pairs_may_bring_the_delays(run: Run, title: str, factor: float) -> None:
    found = run('pairs "p.csv"', p=f"i,j,{title}\n0,0,{0.5 * factor}\n0,1,{2 * factor}\n1,2,{3 * factor}\n")
    first = float(found.spikes["A"].times[0])
    assert arrivals(found) == pytest.approx([first + 0.5, first + 2, first + 3], abs=1e-9)


def test_a_file_that_brings_other_columns_than_before_is_compiled_anew(run: Run) -> None:
    texts = ("i,j\n0,1\n", "i,j,w\n0,1,7\n", "i,j,delay\n0,1,2\n", "i,j,delay,w\n0,1,3,5\n", "0,1\n")
    found = [run('pairs "p.csv"', p=text) for text in texts]
    first = float(found[0].spikes["A"].times[0])
    assert [weights(result)[0, 1] for result in found] == [1, 7, 1, 5, 1]
    assert [arrivals(result)[1] - first for result in found] == pytest.approx([0, 0, 2, 3, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "text", "message", "help"),
    [
        ("", "i,j,ww\n0,1,1\n", "has the column `ww`, and `s` has no such parameter or state", "did you mean `w`?"),
        ("", "i,j,V_th\n0,1,1\n", "has the column `V_th`, and `s` has no such parameter or state", "a column is one of `delay`, `w`, `tau_x`, `x`"),
        ("", "i,j,w [mV]\n0,1,1\n", "gives `w` in `[mV]`, and it is in `[nS]` here", "a unit of the same dimension"),
        ("", "i,j,w [mx]\n0,1,1\n", "has the title `w [mx]`: unknown unit `mx`", "`w` is in `[nS]`"),
        ("", "i,j,w,w [pS]\n0,1,1,2\n", "brings `w`, which has a value already", "remove one of them"),
        (", w = 2 [nS]", "i,j,w\n0,1,1\n", "brings `w`, which has a value already", "remove one of them"),
        (", delay 1 [ms]", "i,j,delay\n0,1,1\n", "brings `delay`, which has a value already", "remove one of them"),
    ],
)
def test_a_column_that_would_not_be_used_as_it_is_meant_is_refused(run: Run, rule: str, text: str, message: str, help: str) -> None:
    assert refusal(lambda: run(f'pairs "p.csv"{rule}', p=text)) == ("F112", f"`A -> B`: `p.csv` {message}", help)


def test_a_file_that_is_not_there_or_no_text_is_told_at_its_place(run: Run) -> None:
    assert refusal(lambda: run('pairs "p.csv"'))[:2] == ("F105", "there is no file `p.csv` beside the model")
    pairs = np.array([(0, 1)], dtype=[("i", "u4"), ("j", "u4")])
    assert weights(run('pairs "p.npy"', p=pairs)) == {(0, 1): 1.0}
    assert refusal(lambda: run('pairs "p.npy"', p=np.array([1.0])))[1] == "`p.npy` has the shape (1,); wanted are rows and columns"


@pytest.mark.parametrize(
    ("rule", "block", "factor"),
    [
        ('matrix "w.npy"', "", 1.0),
        ('matrix "w.npy" [pS]', "", 1e-3),
        ("matrix W", 'param W[2, 3] = load("w.npy") [uS]', 1e3),
        ("matrix W", "param W[2, 3] = ((0, 1, 0), (2, 0, 3)) [pS]", 1e-3),
    ],
)
def test_the_elements_of_a_matrix_are_in_the_unit_of_a_bracket_or_that_of_the_synapse(run: Run, rule: str, block: str, factor: float) -> None:
    found = weights(run(rule, block or "param N = 1", w=np.array([[0.0, 1, 0], [2, 0, 3]])))
    assert found == pytest.approx({(0, 1): factor, (1, 0): 2 * factor, (1, 2): 3 * factor}, rel=1e-15)


@pytest.mark.parametrize(("rule", "shown"), [('matrix "w.npy"', 'matrix "w.npy" [nS]'), ('matrix "w.npy" [pS]', 'matrix "w.npy" [pS]')])
def test_the_page_of_a_network_shows_the_unit_of_a_matrix(rule: str, shown: str) -> None:
    text = nd.loads(NETWORK.replace("{rule}", rule).replace("{block}", "param N = 1")).show()
    assert f"A  ->  B  with s  {shown}\n" in text


def test_a_column_of_delays_of_synapses_that_act_all_the_time_is_refused(run: Run) -> None:
    told = "brings a delay, and `gap` has no `on pre`", "leave the column out: what acts all the time acts at once"
    found = refusal(lambda: run('pairs "p.csv"', text=NETWORK.replace("with s,", "with gap,").replace(", s.w", ""), p="i,j,delay\n0,1,1\n"))
    assert found == ("F112", f"`A -> B`: `p.csv` {told[0]}", told[1])
