"""``neurodsl bifurcate``: the fixed points of a model over a parameter, as a picture."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import click

from neurodsl.commands.analyze import ends
from neurodsl.console import pairs
from neurodsl.diagnostics import printable


@click.command()
@click.argument("file")
@click.option("--over", required=True, metavar="I=A..B", help="The parameter or constant input, and its range in the declared unit.")
@click.option("--of", metavar="V", help="The state that is drawn; the first with an equation by default.")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR", help="An input as an expression of t.")
@click.option("--box", "boxes", multiple=True, metavar="X=A..B", help="Between which values of a state fixed points are looked for.")
@click.option("--out", metavar="F.png|.svg|.pdf", help="Where to draw; MODEL_bifurcations.png by default.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else; draw only where --out says so.")
def command(
    file: str, over: str, of: str | None, model: str | None, variant: str | None, sets: tuple[str, ...], inputs: tuple[str, ...], boxes: tuple[str, ...],
    out: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Draw the fixed points of a model over a parameter: stable and unstable ones, and where they bifurcate."""
    path = out or (None if as_json else f"{model or ('model' if file == '-' else Path(file).stem)}_bifurcations.png")
    ((name, text),) = pairs("--over", [over]).items()
    low, high = ends("--over", text)
    numbers, drives = pairs("--set", sets), pairs("--input", inputs)
    if name in numbers or name in drives:
        raise click.UsageError(printable(f"`{name}` is given a value and a range."))
    loaded = import_module("neurodsl.api").load(file, model)
    if path is not None:
        import_module("neurodsl.plotting").require_figure_destination(path)
    box = {state: ends("--box", range_) for state, range_ in pairs("--box", boxes).items()}
    found = loaded.bifurcation_diagram(name, low, high, of=of, box=box, variant=variant, set=numbers, input=drives)
    if path is not None:
        found.plot(path)
    if as_json:
        print(json.dumps(found.to_dict(), allow_nan=False))
        return
    unit = "" if found.parameter.unit == "1" else f" {found.parameter.unit}"
    lines = [f"{found.model}: {len(found.branches)} branches of fixed points, {len(found.bifurcations)} bifurcations over {over}"]
    for point in found.bifurcations:
        kind = " ".join(word for word in (point.criticality, point.kind) if word)
        state = f"{found.state.name} = {point.state[found.state.name]:.7g}"
        lines.append(f"  {name} = {point.value:.10g}{unit}: {kind}, {state}")
    lines += [f"  note: {note}" for note in found.notes] + [f"  written {path}"]
    print("\n".join(map(printable, lines)))
