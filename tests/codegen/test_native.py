"""Our own compiler: what it makes of a generated file is what Python and numba make of it, and what it does not know it leaves to numba."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network.test_threads import DRAWN

import neurodsl as nd
from neurodsl.codegen import kernel, native
from neurodsl.codegen.llvm_values import Unknown
from neurodsl.codegen.machine import PACKED
from neurodsl.networking import plan_of

SIGNATURE = "void(i8, f8, f8[::1], i8[::1], f8[:, ::1], u4[::1])"
HEAD = "import math\n\nimport numpy as np\nfrom numba import njit\n"
LOOP = f"""

@njit("{SIGNATURE}", error_model="numpy", nogil=True, cache=True, no_cfunc_wrapper=True, _nrt=False)
def _run(n, x, _f, _i, _m, _u):
"""
COUNTER = itertools.count()


def source(body: str, functions: str = "") -> str:
    """A generated file whose step loop has a body."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"{HEAD}{functions}{LOOP}{lines}"


def arguments(n: int, x: float) -> list[Any]:
    random = np.random.default_rng(1)
    return [n, x, random.normal(size=12), np.arange(-3, 9), random.normal(size=(3, 4)), np.arange(12, dtype=np.uint32)[::-1].copy()]


def results(folder: Path, text: str, n: int, x: float, plain: bool) -> list[Any]:
    """What a step loop leaves in its arrays, natively or as plain Python."""
    folder.chmod(0o700)
    path = kernel.store(folder, f"native_{next(COUNTER)}_{abs(hash(text)):016x}"[:40], text)
    given = arguments(n, x)
    if plain:
        kernel.load(path, plain=True)._run(*given)
    else:
        native.build(kernel._stem(path), text, SIGNATURE)
        module = kernel.kept(path)
        assert module is not None
        module._run(*given)
    return [array.tolist() for array in given[2:]]


def agrees(folder: Path, text: str, n: int = 5, x: float = 0.7) -> None:
    found, expected = (results(folder, text, n, x, plain) for plain in (False, True))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


BODIES = {
    "floors and rests": "for k in range(12):\n    _i[k] = (_i[k]*7 - 11)//n + (_i[k]*5 - 13)%n*100 + _i[k]//4*1000 + _i[k]%4*10000",
    "bits": "for k in range(12):\n    _i[k] = ((_i[k] & 6) | (k ^ 5)) + (_i[k] >> 1) + (k << 3)",
    "comparisons in a chain": "for k in range(12):\n    _f[k] = 1.0 if -1 < _i[k] <= n else 0.5 if _i[k] != -2 else x",
    "conditions that guard others": "for k in range(20):\n    if k < _f.size and _f[k] > 0.0 or k == 19:\n        _i[0] += 1\n    elif not k > 3:\n        _i[1] += k",
    "counting down, and leaving out": "for k in range(11, 2, -2):\n    if k == 7:\n        continue\n    _i[k] = k\n_i[0] = 77",
    "loops in loops": "k = 0\nwhile k < n:\n    for j in range(k, 4):\n        if j == 2:\n            continue\n        _m[0, j] += k*j\n    k += 1",
    "a loop that never ends but by a return": "k = 0\nwhile True:\n    _f[k] = x\n    k += 1\n    if k > n:\n        return",
    "rows": "_w = _m[1]\n_w[2] = x\n_m[2, 1] = _w[3] + _m.shape[0] + _m.size\n_v = _m[2, :]\n_v[0] *= 3.0",
    "from the end": "_f[-1] = x\nk = 2 - n\n_f[k] = 2.0*x\n_m[-1, k] = 5.0",
    "numbers without a sign": "_k = np.uint64(_u[3])\nfor j in range(_u[11], _u[8]):\n    _f[j] += _u[j] + 1\n_f[_k] = 4.0\n_i[0] = np.int64(_k)",
    "one name for numbers of two kinds": "if n > 3:\n    for k in range(np.uint64(_u[8])):\n        _f[k] = 1.0\nelse:\n    for k in range(3):\n        _f[k] = 2.0"
    "\nfor k in range(2):\n    _i[k + 2] = k",
    "wider on the way": "s = 0\nfor k in range(n):\n    s = s + _f[k]\n_f[0] = s",
    "powers": "_f[0], _f[1], _f[2], _f[3] = x**3, x**-2, x**0.3, (x + 1.0)**7",
    "extremes": "_f[0], _f[1] = max(x, math.nan), min(math.nan, x)\n_i[0], _i[1] = max(n, _i[3]), min(_i[2], n)\n_f[2] = max(n, x)",
    "the mathematical library": "_f[0] = math.exp(x) + math.log(x) + math.sin(x)*math.cos(x)\n_f[1] = math.tanh(x) + math.expm1(x) + math.log1p(x) + math.sqrt(x)"
    "\n_f[2] = math.atan2(x, 2.0) + math.tan(x) + math.sinh(x) + math.cosh(x)",
    "rounding": "for k in range(12):\n    _f[k] = np.rint(10.0*_f[k]) + np.floor(_f[k]) + np.ceil(_f[k]) + abs(_f[k]) + int(10.0*_f[k]) + k/4",
    "bits of numbers": "_i[0] = np.float64(x).view(np.int64) >> 3\n_f[0] = np.int64(_i[0] << 3).view(np.float64)",
    "several at once": "_f[0], _f[1] = _f[1], _f[0]\na = b = x\n_f[2] = a + b\na, c = b*2.0, a\n_f[3] = a - c",
    "truth as a number": "late = x > 0.5\n_i[0] = late\n_f[0] = 1.0 if late & (n > 3) | (x < -1.0) else 0.0\nif not late:\n    _f[1] = 9.0",
    "chosen numbers": "for k in (1, 3, 5):\n    _f[k] = _i[k] if k > 1 else _f[k]*2.0",
}  # fmt: skip


@pytest.mark.parametrize("what", BODIES)
def test_a_step_loop_does_what_python_does(what: str, tmp_path: Path) -> None:
    text = source(BODIES[what])
    assert results(tmp_path, text, 5, 0.7, True) != [array.tolist() for array in arguments(5, 0.7)[2:]]
    for n, x in ((5, 0.7), (1, 2.5), (3, 0.01)):
        agrees(tmp_path, text, n, x)


FUNCTIONS = """
LIMITS = np.array([[1, 2], [3, 4]])
SLOPE, STEPS = 0.25, 3


@njit(error_model="numpy", forceinline=True, fastmath={"contract"})
def _pair(x, y):
    \"\"\"Return two numbers.\"\"\"
    x = x*SLOPE
    return x + y, x - y


@njit(error_model="numpy")
def _fill(_f, n):
    for k in range(n):
        _f[k] = LIMITS[k % 2, 1]


@njit(error_model="numpy")
def _sign(x):
    if x > 0:
        return 1.0
    return -x
"""


def test_functions_return_several_numbers_and_are_made_for_the_kinds_they_are_given(tmp_path: Path) -> None:
    body = "a, b = _pair(x, _f[0])\nc, d = _pair(n, 2)\n_f[3], _f[4], _f[5], _f[6] = a, b, c, d\n_fill(_f, STEPS)\n_f[7], _f[8] = _sign(-n), _sign(x)"
    agrees(tmp_path, source(body, FUNCTIONS))


@settings(max_examples=20, deadline=None)
@given(st.integers(-(2**40), 2**40), st.integers(-50, 50).filter(bool))
def test_integers_are_divided_as_python_divides_them(a: int, b: int) -> None:
    assert (a // b, a % b) == divided(a, b)


_DIVIDED: list[Any] = []


def divided(a: int, b: int) -> tuple[int, int]:
    """The quotient and the rest by one compiled step loop."""
    if not _DIVIDED:
        folder = Path(tempfile.mkdtemp())
        text = source("_i[2] = _i[0]//_i[1]\n_i[3] = _i[0] % _i[1]")
        path = kernel.store(folder, "native_division", text)
        native.build(kernel._stem(path), text, SIGNATURE)
        _DIVIDED.append(kernel.kept(path))
    given = arguments(1, 0.0)
    given[3][:2] = a, b
    _DIVIDED[0]._run(*given)
    return int(given[3][2]), int(given[3][3])


def test_what_is_no_number_or_infinite_goes_on_as_such(tmp_path: Path) -> None:
    body = "_f[0], _f[1], _f[2] = x/0.0, -x/0.0, math.sqrt(-x)\n_f[3] = 1.0 if _f[2] != _f[2] else 0.0\n_f[4] = 1.0 if _f[2] <= x else 2.0\n_i[0], _i[1] = n//0, n % 0"
    found, whole, *_ = results(tmp_path, source(body), 5, 0.7, False)
    np.testing.assert_array_equal(found[:5], [np.inf, -np.inf, np.nan, 1.0, 2.0])
    assert whole[:2] == [0, 0]


def test_products_beyond_64_bits_keep_their_low_ones(tmp_path: Path) -> None:
    """As in the making of random numbers: nothing may be concluded from that the factors are positive."""
    text = source("k = n & 0xFFFFFFFF | 0xF0000000\n_i[0] = 0xD2511F53*k\n_i[1] = 1 if _i[0] < 0 else 2\n_i[2] = 1 if 0xD2511F53*k < 0 else 2")
    product = 0xD2511F53 * 0xF0000005
    assert results(tmp_path, text, 5, 0.7, False)[1][:3] == [product - 2**64, 1, 1]


@pytest.mark.parametrize("delay", ["0.5", "uniform(0.1, 3)"])
def test_it_knows_networks_that_threads_share(delay: str) -> None:
    model = nd.loads(DRAWN.format(delay=delay))
    path = model.cache.folder / f"{plan_of(model, None, None, ()).kernel}.py"
    assert f"@{PACKED}(" in native.translated(path.read_text(encoding="ascii"), kernel.signature_of(path))


UNKNOWN = {
    "a name that has no value": "_f[0] = y",
    "a function of numpy's that it does not know": "_f[0] = np.max(_f)",
    "a part of a row": "_w = _m[0, :n]\n_w[0] = x",
    "numbers with and without a sign": "_f[0] = np.uint64(_u[0]) + n",
    "a condition that is a number": "if n and x > 0.0:\n    _f[0] = x",
    "a name that is one of two things": "if n > 3:\n    k = np.uint64(_u[8])\nelse:\n    k = n\n_i[k] = 1",
    "powers of integers": "_i[0] = n**2",
    "a number of 64 bits without a sign": "_i[0] = n & 0xFFFFFFFFFFFFFFFF",
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_it_does_not_know_with_certainty_it_refuses(what: str) -> None:
    with pytest.raises(Unknown):
        native.translated(source(UNKNOWN[what]), SIGNATURE)


def test_numba_takes_a_file_that_it_refuses(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    text = source(UNKNOWN["powers of integers"])
    given = arguments(5, 0.7)
    kernel.load(kernel.store(tmp_path, "native_refused", text))._run(*given)
    assert given[3][0] == 25


def run(name: str, cache: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    cache.mkdir(mode=0o700)
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(cache))
    return nd.load(name).simulate(seed=1, **options)


@pytest.mark.parametrize(
    ("name", "options"), [("hodgkin_huxley", {"duration": 3000, "method": "rk45"}), ("izhikevich", {"duration": 1000, "copies": 40})]
)
def test_shipped_models_run_as_numba_runs_them(name: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Path] = []
    build = native.build
    monkeypatch.setattr(native, "build", lambda stem, *more: (build(stem, *more), taken.append(stem)))
    own = run(name, tmp_path / "own", monkeypatch, **options)
    assert taken

    def refuse(*given: Any) -> None:
        raise Unknown("everything")

    monkeypatch.setattr(native, "build", refuse)
    other = run(name, tmp_path / "numba", monkeypatch, **options)
    assert own.spikes.count == other.spikes.count > 0
    np.testing.assert_allclose(own.spikes.times, other.spikes.times, rtol=1e-7)
