"""One model of a text."""

from __future__ import annotations

from collections.abc import Iterable

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, Report, fail, nearest
from neurodsl.lang.reading import read_all
from neurodsl.model import Model
from neurodsl.source import Source


def read_model(source: Source, name: str | None, report: Report) -> Model:
    """Return a model of a text.

    Raises
    ------
    NeuroError
        With every finding, where there is an error.
    """
    models = read_all(source, report)
    if not report.ok:
        raise NeuroError(report)
    if name is None:
        if len(models) != 1:
            listed = ", ".join(f"`{known}`" for known in models) or "none"
            raise fail(rules.UNKNOWN_OPTION_NAME, f"`{source.name}` holds {len(models)} models: {listed}", help="name one with `--model`")
        return next(iter(models.values()))
    if name not in models:
        raise unknown_name("model", name, models, source.name)
    return models[name]


def unknown_name(kind: str, name: str, known: Iterable[str], where: str) -> NeuroError:
    """Return the error of an option that names what is not there."""
    near = nearest(name, known)
    listed = ", ".join(f"`{k}`" for k in known) or "none"
    return fail(rules.UNKNOWN_OPTION_NAME, f"`{where}` has no {kind} `{name}`", help=f"did you mean `{near}`?" if near else f"it has: {listed}")
