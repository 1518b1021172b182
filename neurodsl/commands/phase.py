"""``neurodsl phase``: phase portraits, phase lines and cobwebs."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click

from neurodsl.commands.analyze import ends
from neurodsl.console import pairs
from neurodsl.diagnostics import printable

COMMA = re.compile(r",(?![^\[\]]*\])")
"""A comma between values, not between the indices of ``W[0,2]``."""


@click.command()
@click.argument("file")
@click.argument("x", required=False)
@click.argument("y", required=False)
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR", help="An input as an expression of t.")
@click.option("--box", "boxes", multiple=True, metavar="X=A..B", help="The range of an axis, in the unit of the state.")
@click.option("--from", "starts", multiple=True, metavar="X=A,Y=B", help="Where a trajectory begins; once for each.")
@click.option("--time", type=float, default=0.0, metavar="T", help="When drives that depend on the time stand still; 0 by default.")
@click.option("--duration", metavar="T", help="How long trajectories are followed; the duration of the file by default.")
@click.option("--out", metavar="F.png|.svg|.pdf", help="Where to draw; MODEL_phase.png by default.")
@click.option("--animate", "film", metavar="F.gif|.mp4", help="Also make a film of the first trajectory.")
def command(
    file: str, x: str | None, y: str | None, model: str | None, variant: str | None, sets: tuple[str, ...], inputs: tuple[str, ...],
    boxes: tuple[str, ...], starts: tuple[str, ...], time: float, duration: str | None, out: str | None, film: str | None,
) -> None:  # fmt: skip
    """Draw the phase portrait of two states, X against Y, or the phase line of a model with one state."""
    path = out or f"{model or ('model' if file == '-' else Path(file).stem)}_phase.png"
    loaded = import_module("neurodsl.api").load(file, model)
    import_module("neurodsl.plotting").require_figure_destination(path)
    if film is not None:
        import_module("neurodsl.plotting.animation").require_film_destination(film)
    found = loaded.phase_portrait(
        x, y, box={name: ends("--box", text) for name, text in pairs("--box", boxes).items()}, starts=[pairs("--from", COMMA.split(text)) for text in starts],
        duration=duration, time=time, variant=variant, set=pairs("--set", sets), input=pairs("--input", inputs),
    )  # fmt: skip
    if film is not None and not hasattr(found, "animate"):
        raise click.UsageError(printable(f"--animate follows a trajectory in a plane, and `{found.x.name}` is the only state with an equation."))
    found.save(path)
    written = [path]
    if film is not None:
        found.animate(film)
        written.append(film)
    print("\n".join(map(printable, found.text().split("\n"))))
    for name in written:
        print(f"  written {printable(name)}")
