"""Compiled code computes what the same file computes as plain Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.codegen import kernel
from neurodsl.run import copies


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("hodgkin_huxley", {"method": "rk45", "duration": 30.0, "dt": 0.1}),
        ("lif", {"method": "exact", "duration": 100.0, "dt": 0.1}),
    ],
)
def test_compiled_and_plain_runs_agree_to_the_last_bit(
    model: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(tmp_path))
    plain = nd.load(model).simulate(**options)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    monkeypatch.setattr(copies, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(copies, "SECONDS_OF_A_LINE", 0.0)
    assert kernel.compiled()
    compiled = nd.load(model).simulate(**options)
    assert compiled.meta["timing"]["compile_s"] > 0
    assert compiled.spikes.count == plain.spikes.count >= 2
    assert np.array_equal(compiled.spikes.times, plain.spikes.times)
    assert np.array_equal(compiled["V"], plain["V"])
