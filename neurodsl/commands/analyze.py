"""``neurodsl analyze``: fixed points, Jacobian, eigenvalues, stability, bifurcations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from neurodsl.console import names, pairs
from neurodsl.diagnostics import printable

LONGEST = 1000
"""Characters of a condition that is still printed."""
UNIT = re.compile(r"(.*?)(\s*\[[^\[\]]*\])?")


@click.command()
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR", help="An input; where it depends on t, its value at t = 0 is taken.")
@click.option("--free", metavar="P,...", help="The parameters that stay symbols in the conditions; all by default.")
@click.option("--box", "boxes", multiple=True, metavar="X=A..B", help="Where fixed points are looked for, in the unit of the state.")
@click.option("--over", metavar="I=A..B", help="Look for bifurcations over an interval of a parameter or an input.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--latex", "as_latex", is_flag=True, help="Print a fragment of LaTeX.")
def command(
    file: str, model: str | None, variant: str | None, sets: tuple[str, ...], inputs: tuple[str, ...], free: str | None, boxes: tuple[str, ...],
    over: str | None, as_json: bool, as_latex: bool,
) -> None:  # fmt: skip
    """Print where a model rests, whether that is stable, and under which conditions."""
    if as_json and as_latex:
        raise click.UsageError("--json and --latex exclude one another.")
    loaded = import_module("neurodsl.api").load(file, model)
    given = {"variant": variant, "set": pairs("--set", sets), "input": pairs("--input", inputs)}
    box = {name: ends("--box", text) for name, text in pairs("--box", boxes).items()}
    found = loaded.stability(free=names(free), box=box, **given)
    told, how = ([], None) if over is None else _bifurcations(loaded, over, box, given)
    if as_json:
        print(json.dumps(_object(found, told, how), allow_nan=False))
    elif as_latex:
        print(_latex(found, told))
    else:
        print("\n".join(map(printable, _text(found, told, over, how))))


def ends(option: str, text: str) -> tuple[str, str]:
    """Return the two ends of ``A..B``, each with the unit that may stand behind."""
    bare, unit = UNIT.fullmatch(text.strip()).groups()  # type: ignore[union-attr]
    low, dots, high = bare.partition("..")
    if not dots or not low.strip() or not high.strip():
        raise click.UsageError(printable(f"{option} takes NAME=FROM..TO, not `{text}`, for example {option} V=-100..50."))
    return f"{low.strip()}{unit or ''}", f"{high.strip()}{unit or ''}"


def _bifurcations(loaded: Any, over: str, box: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the bifurcations over ``I=A..B`` as JSON-ready values, and how complete they are."""
    ((name, text),) = pairs("--over", [over]).items()
    if name in given["set"] or name in given["input"]:
        raise click.UsageError(printable(f"`{name}` is given a value and a range."))
    low, high = ends("--over", text)
    wording = import_module("neurodsl.analysis.wording")
    found = loaded.bifurcations(name, low, high, box=box, **given)
    told = [
        {
            "parameter": b.parameter, "value": b.value, "kind": b.kind, "criticality": b.criticality, "first_lyapunov": b.first_lyapunov,
            "omega": b.omega, "state": dict(b.state), "closed_form": None if b.closed_form is None else wording.text_of(b.closed_form), "how": b.how,
        }
        for b in found
    ]  # fmt: skip
    return told, found.how


def _object(found: Any, bifurcations: Sequence[Mapping[str, Any]], how: str | None) -> dict[str, Any]:
    """Return everything as one object."""
    text_of = import_module("neurodsl.analysis.wording").text_of
    texts = {c.name: text_of(c.expression) for c in found.conditions}
    return {
        **found.fixed_points.to_dict(),
        "bifurcations": list(bifurcations),
        "bifurcations_guarantee": how,
        "jacobian": {"states": list(found.jacobian.states), "entries": [[text_of(e) for e in row] for row in found.jacobian.entries]},
        "conditions": [{"name": name, "expression": text if len(text) <= LONGEST else None} for name, text in texts.items()],
    }


def _text(found: Any, bifurcations: Sequence[Mapping[str, Any]], over: str | None, how: str | None) -> list[str]:
    """Return everything as lines."""
    points = found.fixed_points
    values = [f"{name} = {value:.6g} {points.units.get(name, '')}".rstrip() for name, value in points.parameters.items()]
    lines = [points.model, *([f"  at {', '.join(values)}"] if values else []), "", *found.lines(), "", *points.text().split("\n")]
    lines = [line for block in lines for line in block.split("\n")]
    if over is not None:
        lines += ["", f"Bifurcations over {over}: {len(bifurcations)}", f"  {how}"]
        lines += [f"  {line}" for b in bifurcations for line in _bifurcation(b, points.units)]
    return lines


def _bifurcation(b: Mapping[str, Any], units: Mapping[str, str]) -> list[str]:
    """Return a bifurcation as lines."""
    kind = " ".join(word for word in (b["criticality"], b["kind"]) if word)
    numbers = [f"{word} {b[key]:.7g}" for key, word in (("omega", "omega"), ("first_lyapunov", "first Lyapunov coefficient")) if b[key] is not None]
    state = ", ".join(f"{name} = {value:.7g} {units.get(name, '')}".rstrip() for name, value in list(b["state"].items())[:12])
    head = f"{b['parameter']} = {b['value']:.10g} {units.get(b['parameter'], '')}".rstrip()
    lines = [", ".join([f"{head}: {kind}", *numbers]), f"  at {state} ({b['how']})"]
    return [*lines, f"  {b['parameter']} = {b['closed_form']}"] if b["closed_form"] and len(b["closed_form"]) <= 300 else lines


def _latex(found: Any, bifurcations: Sequence[Mapping[str, Any]]) -> str:
    """Return everything as LaTeX."""
    spelling, formula = import_module("neurodsl.exporters.spelling"), import_module("neurodsl.exporters.tex_formula")
    one = import_module("neurodsl.units").ONE
    units = {s.name: formula.tex_unit(s.unit) for s in found.jacobian.frozen.states if s.unit != one}
    fragment = import_module("neurodsl.analysis.latex").Fragment(spelling.tex_name, spelling.tex_text, units)
    return str(fragment.render(found, bifurcations))
