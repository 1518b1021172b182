"""``neurodsl fi``: the firing rate of a model over a constant input, and the rheobase."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from neurodsl.console import pairs
from neurodsl.diagnostics import NeuroError, printable

SHOWN = 21
"""Rows of the table that is printed."""


@click.command()
@click.argument("file")
@click.option("--over", required=True, metavar="I=0..5", help="The input, or a parameter, and its range in the declared unit.")
@click.option("--points", type=int, default=50, metavar="N", help="Values of the input; 50 by default.")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR", help="Another input as an expression of t.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--out", metavar="F.csv|.npz", help="Where to write the curve.")
@click.option("--plot", is_flag=False, flag_value="", metavar="[F.png]", help="Draw the curve, to MODEL_fi.png or the file named (.png, .svg, .pdf).")
def command(
    file: str, over: str, points: int, model: str | None, variant: str | None, sets: tuple[str, ...], inputs: tuple[str, ...], as_json: bool,
    out: str | None, plot: str | None,
) -> None:  # fmt: skip
    """Print the firing rate over a constant input, and from which value on the model fires."""
    name, low, high = _range(over)
    if out is not None:
        import_module("neurodsl.files").require_writable(Path(out))
        if Path(out).suffix.lower() not in (".csv", ".npz"):
            raise click.UsageError(printable(f"--out takes a .csv or .npz file, not `{out}`."))
    if plot is not None:
        plot = plot or f"{model or ('model' if file == '-' else Path(file).stem)}_fi.png"
        import_module("neurodsl.plotting").require_figure_destination(plot)
    loaded, numbers, drives = import_module("neurodsl.api").load(file, model), pairs("--set", sets), pairs("--input", inputs)
    if name in numbers or name in drives:
        raise click.UsageError(printable(f"`{name}` is given a value and a range."))
    given = {"variant": variant, "set": numbers, "input": drives}
    found = loaded.fi(name, low, high, points, **given)
    if out is not None:
        found.save(out)
    if plot is not None:
        import_module("neurodsl.plotting.firing").save_firing(found, plot)
    trains = _trains(loaded, given)
    if as_json:
        print(json.dumps({**found.to_dict(), "return_map": trains}, allow_nan=False))
        return
    print(_summary(found, trains))
    for path in (out, plot):
        if path is not None:
            print(f"  written {printable(path)}")


def _range(text: str) -> tuple[str, float, float]:
    """Return the name and the ends of ``I=0..5``."""
    name, _, ends = text.partition("=")
    low, dots, high = ends.partition("..")
    try:
        if not dots or not name.strip():
            raise ValueError
        return name.strip(), float(low), float(high)
    except ValueError:
        raise click.UsageError(printable(f"--over takes NAME=FROM..TO, not `{text}`, for example --over I=0..5.")) from None


def _trains(loaded: Any, given: dict[str, Any]) -> dict[str, Any] | None:
    """Return the periodic trains of a model with resets at the values of its file, None where it is of another kind."""
    try:
        found: dict[str, Any] = loaded.return_map(points=21, **given).to_dict()
    except NeuroError:
        return None
    return found


def _summary(found: Any, trains: dict[str, Any] | None) -> str:
    """Return the curve as text."""
    unit, rate_unit = ("" if u == "1" else f" [{u}]" for u in (found.unit, found.rate_unit))
    lines = [f"{found.model}: firing rate over {found.input} ({found.how})"]
    known = [("fires from", found.onset), ("goes on firing from", found.repetitive)]
    if found.onset == found.repetitive:
        known = [("rheobase", found.repetitive)]
    for what, rheobase in known:
        if rheobase.value is None:
            lines.append(f"  {what}: {rheobase.how}")
            continue
        expression = "" if rheobase.expression is None else f"{rheobase.expression} = "
        lines.append(f"  {what}: {found.input} = {expression}{rheobase.value:.9g}{unit}  ({rheobase.how})")
    if found.period is not None:
        lines.append(f"  period: {found.period}")
    lines.append(f"  {found.input + unit:>16} {'rate' + rate_unit:>16}")
    step = max(1, -(-len(found.values) // SHOWN))
    lines += [f"  {value:16.7g} {rate:16.7g}" for value, rate in zip(found.values[::step], found.rates[::step], strict=True)]
    for point in [] if trains is None else trains["fixed_points"]:
        state = ", ".join(f"{name} = {value:.7g}" for name, value in point["state"].items())
        kind = "attracting" if point["stable"] else "repelling"
        lines.append(
            f"  at the values of the file: a periodic train, {kind}: after each spike {state}; period {point['period']:.9g}, multiplier {point['multiplier']:.6g}"
        )
    return "\n".join([*lines, *(f"  note: {note}" for note in found.notes)])
