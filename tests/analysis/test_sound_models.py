"""`check` raises no false alarm."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.sound_models import KINDS, sound_model
from models.claims import read_expected

import neurodsl as nd
from neurodsl.diagnostics import Diagnostic, NeuroError, render
from neurodsl.resources import shipped_models

SOUND = 200
MODELS = shipped_models()


def alarms(model: nd.Model) -> list[Diagnostic]:
    """Return the warnings and errors of `check`."""
    try:
        report = model.check()
    except NeuroError as error:
        report = error.report
    return [d for d in report.sorted() if d.rule.severity != "note"]


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=[kind.__name__ for kind in KINDS])
def test_a_sound_model_raises_no_alarm(kind: int) -> None:
    texts = [sound_model(number) for number in range(kind, SOUND, len(KINDS))]
    assert [f"{text}\n{render(d)}" for text in texts for d in alarms(nd.loads(text))] == []


@pytest.mark.parametrize("path", MODELS.values(), ids=list(MODELS))
def test_a_shipped_model_raises_the_alarms_that_its_header_expects(path: Path) -> None:
    assert read_expected(path) == {d.rule.code for d in alarms(nd.load(path))}


def test_an_expectation_that_is_no_list_of_codes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "wrong.neuro").write_text("# A model\n# expects trouble\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not a list of codes"):
        read_expected(tmp_path / "wrong.neuro")


def test_expected_codes_are_read_from_the_header(tmp_path: Path) -> None:
    (tmp_path / "shown.neuro").write_text("# A model\n# expects M202 M205\ninit x = 1\n# expects M201\n", encoding="utf-8")
    assert {"M202", "M205"} == read_expected(tmp_path / "shown.neuro")
