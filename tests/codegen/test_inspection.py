"""Nothing is loaded that a template would not write."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from single_models import SINGLE

import neurodsl as nd
from neurodsl.codegen import kernel
from neurodsl.codegen.kernel import Suspicious, inspect, store
from neurodsl.codegen.printer import MATH
from neurodsl.diagnostics import NeuroError
from neurodsl.integrators import methods


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
        "import numpy",
        "import numba as np",
        "import math as np",
        "import math, os",
        "from numba import cuda",
        "from numba import njit as print",
        "from math import *",
        "from . import math",
        "x = np.load('x')",
        "np.save('x', np.array([1.0]))",
        "x = np.lib.npyio.os",
        "x = np.random",
        "x = np.random.Generator.random",
        "x = np.zeros(1).tofile('x')",
        "x = np.array.tofile",
        "x = math.exp",
        "x = np",
        "x = math",
        "x = njit",
        "x = eval",
        "x = print.self",
        "np.array = 1",
        "np = 1",
        "def math(): pass",
        "def f(np): pass",
        "def f(eval): pass",
        "def __getattr__(name): pass",
        "def f():\n    def g(): pass",
        "x = y",
        "x = {}\nx.get('a', 0)",
        "x = np.get('a', 0)",
        "_given = {}\nx = _given.get",
        "x = _generator.uniform(0, 1)",
        "x = _generator = 1\n_generator.bytes(3)",
        "print(1, file=1)",
        "x = 1\n@x\ndef f(): pass",
        "@print\ndef f(): pass",
        "njit(print)",
        "@print()\ndef f(): pass",
        "@njit('f8(f8)')\ndef f(): pass",
        "@njit(\"__import__('os').system('id')\")\ndef f(): pass",
        "@njit(*[])\ndef f(): pass",
        "@njit(**{})\ndef f(): pass",
        "x = [1.0]\nx[0]()",
        "x = 1\nx()",
        "x = 'a{}'.format(1)",
        "x = f'{1}'",
        "del x",
        "global x",
        "match 1:\n    case np: pass",
        "x: int = 1",
        "x = (np := 1)",
        "x = {1 for y in (1,)}",
        "x = {1}",
        "x = abs({'contract'})",
        'x = np.int64(1).view("O")',
        "x = np.int64(1).view(object)",
        "x = np.int64(1).view(np.zeros)",
        "x = np.int64(1).view()",
        "x = np.int64(1).view(np.float64, np.int64)",
        "x = np.int64(1).view(dtype=np.float64)",
        "x = np.int64(1).view(*[np.float64])",
        "x = np.zeros(1).view(np.int64)",
        "x = np.int64(1).view",
        '@njit(fastmath=["contract"])\ndef f(): pass',
        "@njit(fastmath=True)\ndef f(): pass",
        "@njit(fastmath={1})\ndef f(): pass",
        "@njit(fastmath={'contract', (1).real})\ndef f(): pass",
        "@njit(nogil={'contract'})\ndef f(): pass",
    ],
)
def test_a_file_with_more_than_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(Suspicious):
        inspect(text)


def test_bits_are_read_as_the_other_number_and_products_are_contracted() -> None:
    bits = "    return np.int64(np.float64(x).view(np.int64)).view(np.float64)"
    text = f"import numpy as np\nfrom numba import njit\n@njit(fastmath={{'contract'}})\ndef f(x):\n{bits}"
    assert [inspect(text)] == [None]


def test_the_lists_of_the_inspection_hold_what_is_written_and_nothing_else(root: Path) -> None:
    files = [*(root / "templates/numba").glob("*.j2"), *(root / "neurodsl/codegen").rglob("*.py")]
    written = "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "kernel.py")
    chains = set(re.findall(r"\b(?:np|math|_generator|_given)(?:\.[A-Za-z_]\w*)+", written))
    assert chains >= kernel.FUNCTIONS | kernel.VALUES
    assert {name for name in MATH.values() if not name.startswith("_")} <= kernel.BUILTINS | kernel.FUNCTIONS
    assert {f"math.{name}" for name in vars(kernel.PLAIN_MATH)} == {name for name in kernel.FUNCTIONS | kernel.VALUES if name.startswith("math.")}


def test_a_suspicious_file_is_not_even_written(tmp_path: Path) -> None:
    with pytest.raises(Suspicious):
        store(tmp_path, "bad", "import os")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["lambda", "class", "print", "import_", "np", "math", "E", "_ts"[1:], "τ_m", "range", "abs", "V_rest", "y", "t_end"])
def test_any_name_of_a_paper_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    result = nd.loads(f"param {name} = 2\ninit x = 1\ndx/dt = -{name}*x\n").simulate(duration=1, method="exact")
    assert result.final["x"] == pytest.approx(0.1353352832366127, rel=1e-12)


@pytest.mark.parametrize("name", sorted(SINGLE))
def test_no_text_of_the_author_enters_the_code(name: str) -> None:
    inspect(nd.load(name).compile())
    hostile = 'param a = 1 "\\n__import__(\'os\')", b = 2 "{{7*7}}"\ndx/dt = -a*b*x\n'
    text = nd.loads(hostile).compile("rk4")
    assert "__import__" not in text


@pytest.mark.parametrize("name", sorted(SINGLE))
def test_what_every_method_makes_of_a_shipped_model_passes(name: str) -> None:
    written = []
    for method in methods():
        try:
            written.append(nd.load(name).compile(method))
        except NeuroError as refused:
            assert refused.report.found[0].rule.code.startswith("M")  # noqa: PT017
    assert [inspect(text) for text in written] == [None] * len(written) != []


HOSTILE = [
    "τ", 'a"""b', 'a"""+__import__("os").system("id")+"""', "a\nimport os\nb", "a\x1b[31mb", "a\\", "a\\u0022\\u0022\\u0022", "'\"'", "\r", "\u2028x",
    "{{ page }}", "{% raw %}", "#", "0" * 16, "from numba import njit", "import math", "nogil=True, cache=True",
    "SURFACES, EVENTS", "x" * 200, "\U0001f9e0",
]  # fmt: skip
MODEL = "# a model\ninit x = 1\ndx/dt = -x\n"


def skeleton(text: str) -> str:
    """Return the code of a generated file: all but the text at its head."""
    tree = ast.parse(text)
    assert isinstance(tree.body[0], ast.Expr)
    return ast.unparse(tree.body[1:])  # type: ignore[arg-type]


@pytest.mark.parametrize("stem", HOSTILE)
def test_no_name_of_a_model_enters_the_code(stem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    file = tmp_path / f"{stem}.neuro"
    file.write_text(MODEL, encoding="utf-8")
    plain = nd.loads(MODEL).compile("rk4")
    for model in (nd.loads(MODEL, stem), nd.load(file)):
        text = model.compile("rk4")
        head = ast.get_docstring(ast.parse(text))
        assert head is not None
        assert (skeleton(text), text.count("\n"), text.isascii(), "\x1b" in text) == (skeleton(plain), plain.count("\n"), True, False)
        assert re.search(r"^Digest (?!0{16})[0-9a-f]{16}\.", head, re.MULTILINE)
        assert model.simulate(duration=1, method="exact").final["x"] == pytest.approx(0.36787944117144233, rel=1e-12)


@pytest.mark.parametrize("stem", ["from numba import njit", "import math", "nogil=True, cache=True"])
def test_a_name_like_a_line_of_the_file_does_not_stand_in_for_it(stem: str, tmp_path: Path) -> None:
    text = nd.loads(MODEL.replace("a model", stem), stem).compile("euler")
    path = store(tmp_path, "kernel_of_a_name", text)
    for replacements in (kernel.AS_PYTHON, kernel.WITHOUT_WRAPPER):
        changed = kernel._Changed(path, replacements).get_source("")
        assert ast.get_docstring(ast.parse(changed)) == ast.get_docstring(ast.parse(text))
        assert skeleton(changed) != skeleton(text)


@pytest.mark.parametrize("signature", ["void(i8, f8[::1], u4[::1])", "void(i8, f8[:, ::1])"])
def test_the_types_of_a_network_may_be_numbers_and_arrays_of_any_count(signature: str) -> None:
    text = f'from numba import njit\n@njit("{signature}", nogil=True)\ndef f(x): pass'
    assert [inspect(text)] == [None]


@pytest.mark.parametrize("signature", ["void(i8)()", "__import__('os')", "void(i8, o8)", "void(f8[::1]) ", "void(f8[:])", "void()"])
def test_a_text_in_place_of_types_is_refused(signature: str) -> None:
    with pytest.raises(Suspicious):
        inspect(f'from numba import njit\n@njit("{signature}")\ndef f(x): pass')
