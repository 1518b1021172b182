"""One model of a text."""

from __future__ import annotations

from collections.abc import Iterable

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, Report, fail, nearest
from neurodsl.lang.reading import only, read_all
from neurodsl.model import Model, NetworkModel
from neurodsl.source import Source


def read_model(source: Source, name: str | None, report: Report) -> Model | NetworkModel:
    """Return a model, or a network, of a text; of the findings those of the file that it stands in.

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
    if not models:
        raise fail(rules.NO_MODEL, f"`{source.name}` holds synapses alone", help="a `network` joins neurons by them")
    if model is None:
        networks = [known for known, made in models.items() if isinstance(made, NetworkModel) and made.source is source]
        listed, kind = ", ".join(f"`{known}`" for known in networks or models), "networks" if networks else "models"
        told = f"`{source.name}` holds {len(networks or models)} {kind}: {listed}"
        raise fail(rules.UNKNOWN_OPTION_NAME, told, help="name one with `--model`")
    report.found = [finding for finding in report.found if finding.span is None or finding.span.source is model.source]
    return model


def read_single(source: Source, name: str | None, report: Report) -> Model:
    """Return a model of a text for what a network cannot be asked.

    Raises
    ------
    NeuroError
        With every finding, where there is an error, and S108 where it is a network.
    """
    model = read_model(source, name, report)
    if isinstance(model, NetworkModel):
        kinds = ", ".join(dict.fromkeys(f"`{p.kind}`" for p in model.populations.values() if p.model is not None))
        raise fail(
            rules.NOT_SUPPORTED, f"`{model.name}` is a network, which this does not take yet", help=f"name one of its models with `--model`: {kinds}"
        )
    return model


def unknown_name(kind: str, name: str, known: Iterable[str], where: str) -> NeuroError:
    """Return the error of an option that names what is not there."""
    near = nearest(name, known)
    listed = ", ".join(f"`{k}`" for k in known) or "none"
    return fail(rules.UNKNOWN_OPTION_NAME, f"`{where}` has no {kind} `{name}`", help=f"did you mean `{near}`?" if near else f"it has: {listed}")
