"""The semantics of a run are tested on the generated files as plain Python: the same text, nothing to compile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import neurodsl as nd
from neurodsl import planning
from neurodsl.solution import Result


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


@pytest.fixture(params=["loops", "written out"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a text with its arrays in one of the two forms."""
    monkeypatch.setattr(planning, "SMALL", 0 if request.param == "loops" else 10**9)

    def simulate(text: str, **options: object) -> Result:
        return nd.loads(f"# {request.param}\n{text}").simulate(**options)

    return simulate
