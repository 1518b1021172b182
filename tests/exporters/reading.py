"""Models from texts."""

from __future__ import annotations

from neurodsl.diagnostics import Report, render
from neurodsl.lang import read
from neurodsl.model import Model
from neurodsl.source import Source


def model_of(text: str, name: str = "test.neuro") -> Model:
    """Return the model of a text that is right."""
    report = Report()
    model = read(Source(name, text), report)
    assert model is not None, "\n".join(map(render, report.found))
    return model
