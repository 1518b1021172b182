"""The public names: a change here is a change for everybody."""

import subprocess
import sys

import neurodsl as nd


def test_the_public_names_are_these() -> None:
    assert nd.__all__ == [
        "Diagnostic", "Model", "NeuroError", "Report", "Result", "Rule", "Source", "Span", "Spikes", "__version__",
        "load", "load_result", "loads", "plot", "save_figure",
    ]  # fmt: skip


def test_every_public_name_is_there() -> None:
    assert [name for name in nd.__all__ if getattr(nd, name, None) is None] == []
    assert (dir(nd), hasattr(nd, "lods")) == (nd.__all__, False)


def test_importing_the_package_costs_nothing() -> None:
    script = "import sys, neurodsl; print(*sorted(m for m in sys.modules if m.split('.')[0] in ('numpy', 'sympy', 'lark', 'numba', 'click')))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout == "\n"
