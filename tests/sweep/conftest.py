"""What the tests of sweeps share."""

from __future__ import annotations

import pytest


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run kernels as plain Python, in the processes that a test starts too."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
