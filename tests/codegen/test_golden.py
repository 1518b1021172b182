"""The generated files of some shipped models, to the letter: a change of theirs is seen in review."""

from __future__ import annotations

from pathlib import Path

import pytest

import neurodsl as nd

CASES = [("lif", "euler", "grid"), ("lif", "exact", "exact"), ("hodgkin_huxley", "rk4", "exact"), ("van_der_pol", "rosenbrock", "exact")]


@pytest.mark.parametrize(("model", "method", "events"), CASES, ids=lambda value: value)
def test_the_generated_file_is_the_golden_one(model: str, method: str, events: str, root: Path, update_golden: bool) -> None:
    golden = root / "tests" / "codegen" / "golden" / f"{model}_{method}_{events}.txt"
    text = nd.load(model).compile(method, events)
    if update_golden:
        golden.write_text(text, encoding="ascii")
    assert text == golden.read_text(encoding="ascii")


def test_the_same_model_gives_the_same_file() -> None:
    assert nd.load("lif").compile("rk4") == nd.load("lif").compile("rk4")
