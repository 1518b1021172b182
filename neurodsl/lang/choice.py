"""One model of a text."""

from __future__ import annotations

from collections.abc import Iterable

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, Report, fail, nearest
from neurodsl.lang.reading import only, read_all
from neurodsl.model import Model
from neurodsl.source import Source


def read_model(source: Source, name: str | None, report: Report) -> Model:
    """Return a model of a text; of the findings those of the file that it stands in.

    Raises
    ------
    NeuroError
        With every finding, where there is an error.
    """
    models = read_all(source, report)
    if not report.ok:
        raise NeuroError(report)
    if name is not None and name not in models:
        raise unknown_name("model", name, models, source.name)
    model = only(models, source) if name is None else models[name]
    if model is None:
        listed = ", ".join(f"`{known}`" for known in models)
        raise fail(rules.UNKNOWN_OPTION_NAME, f"`{source.name}` holds {len(models)} models: {listed}", help="name one with `--model`")
    report.found = [finding for finding in report.found if finding.span is None or finding.span.source is model.source]
    return model


def unknown_name(kind: str, name: str, known: Iterable[str], where: str) -> NeuroError:
    """Return the error of an option that names what is not there."""
    near = nearest(name, known)
    listed = ", ".join(f"`{k}`" for k in known) or "none"
    return fail(rules.UNKNOWN_OPTION_NAME, f"`{where}` has no {kind} `{name}`", help=f"did you mean `{near}`?" if near else f"it has: {listed}")
