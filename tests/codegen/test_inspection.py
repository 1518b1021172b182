"""Nothing is loaded that a template would not write."""

from __future__ import annotations

from pathlib import Path

import pytest

import neurodsl as nd
from neurodsl import resources
from neurodsl.codegen.kernel import Suspicious, inspect, store


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "from subprocess import run",
        "x = __import__('os')",
        "x = ().__class__",
        "eval('1')",
        "open('f')",
        "f = lambda: 0",
        "class A: pass",
        "with a: pass",
        "x.system('ls')",
        "raise ValueError",
        "(lambda: 0)()",
        "print.__globals__",
    ],
)
def test_a_file_with_more_than_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(Suspicious):
        inspect(text)


def test_a_suspicious_file_is_not_even_written(tmp_path: Path) -> None:
    with pytest.raises(Suspicious):
        store(tmp_path, "bad", "import os")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["lambda", "class", "print", "import_", "np", "math", "E", "_ts"[1:], "τ_m", "range", "abs", "V_rest", "y", "t_end"])
def test_any_name_of_a_paper_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    result = nd.loads(f"param {name} = 2\ninit x = 1\ndx/dt = -{name}*x\n").simulate(duration=1, method="exact")
    assert result.final["x"] == pytest.approx(0.1353352832366127, rel=1e-12)


@pytest.mark.parametrize("name", sorted(resources.shipped_models()))
def test_no_text_of_the_author_enters_the_code(name: str) -> None:
    inspect(nd.load(name).compile())
    hostile = 'param a = 1 "\\n__import__(\'os\')", b = 2 "{{7*7}}"\ndx/dt = -a*b*x\n'
    text = nd.loads(hostile).compile("rk4")
    assert "__import__" not in text
