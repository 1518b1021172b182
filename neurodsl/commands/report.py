"""``neurodsl report``: a model as a document, from its equations to a run."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from neurodsl.commands.analyze import ends
from neurodsl.console import pairs
from neurodsl.diagnostics import printable


@click.command()
@click.argument("file")
@click.option("-o", "--out", metavar="F.html|.md", help="Where to write; MODEL_report.html by default.")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR", help="An input as an expression of t.")
@click.option("--over", metavar="I=A..B", help="Look for bifurcations over an interval of a parameter or an input.")
@click.option("--duration", metavar="T", help="How long the run takes, in the time unit of the file or with a unit.")
@click.option("--seed", type=int, default=0, metavar="N", help="Seed of the random numbers of the run; 0 by default.")
def command(
    file: str, out: str | None, model: str | None, variant: str | None, sets: tuple[str, ...], inputs: tuple[str, ...], over: str | None,
    duration: str | None, seed: int,
) -> None:  # fmt: skip
    """Write equations, values, fixed points, stability, portrait, a run and findings as one document."""
    numbers, drives = pairs("--set", sets), pairs("--input", inputs)
    swept = None
    if over is not None:
        ((name, text),) = pairs("--over", [over]).items()
        if name in numbers or name in drives:
            raise click.UsageError(printable(f"`{name}` is given a value and a range."))
        swept = (name, *ends("--over", text))
    path = out or f"{model or ('model' if file == '-' else Path(file).stem)}_report.html"
    loaded = import_module("neurodsl.api").load(file, model)
    report = import_module("neurodsl.report")
    request = report.Request(variant, numbers, drives, swept, duration, seed)
    written = report.write_report(loaded, path, request)
    print(printable(f"{file}: report written"))
    for left_out in written.left_out:
        print(printable(f"  left out: {left_out}"))
    for place in written.paths:
        print(f"  written {printable(str(place))}")
    if written.failure is not None:
        raise written.failure
