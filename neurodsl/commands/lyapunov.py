"""``neurodsl lyapunov``: the Lyapunov exponents of a model."""

from __future__ import annotations

import json
from importlib import import_module

import click

from neurodsl.console import pairs


@click.command()
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR", help="An input as an expression of t.")
@click.option("--duration", metavar="T", help="Over how long to average; 50 times the duration of the file by default.")
@click.option("--transient", metavar="T", help="What to leave out before; a tenth of the duration by default.")
@click.option("--dt", metavar="DT", help="Fixed steps of the classical Runge-Kutta method; an adaptive method by default.")
@click.option("--seed", type=int, default=0, metavar="N", help="Seed of what is drawn for the initial state.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(
    file: str, model: str | None, variant: str | None, sets: tuple[str, ...], inputs: tuple[str, ...], duration: str | None, transient: str | None,
    dt: str | None, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Print the Lyapunov exponents: how fast small deviations grow."""
    loaded = import_module("neurodsl.api").load(file, model)
    found = loaded.lyapunov(
        duration=duration, dt=dt, transient=transient, seed=seed, variant=variant, set=pairs("--set", sets), input=pairs("--input", inputs)
    )
    if as_json:
        print(json.dumps(found.to_dict(), allow_nan=False))
        return
    unit = "" if found.unit == "1" else f" {found.unit}"
    print(f"{found.model}: Lyapunov exponents ({found.method}, mean over {found.duration:.6g} after a transient of {found.transient:.6g})")
    for number, (exponent, error) in enumerate(zip(found.exponents, found.errors, strict=True), start=1):
        print(f"  {number:>3}  {exponent: .6g} ± {error:.2g}{unit}")
    print(f"  sum  {found.sum: .8g}{unit}")
    print(f"  {found.verdict}")
    for note in found.notes:
        print(f"  note: {note}")
