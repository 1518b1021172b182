"""``neurodsl compile``: the generated kernel of a model."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from neurodsl import files


@click.command()
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--method", help="The method, `auto` by default.")
@click.option("--events", help="`grid` or `exact`.")
@click.option("-o", "--out", help="Where to write the kernel; default: standard output.")
def command(file: str, model: str | None, variant: str | None, method: str | None, events: str | None, out: str | None) -> None:
    """Write the generated kernel: readable, and it runs with numpy and numba alone."""
    api = import_module("neurodsl.api")
    text = api.load(file, model).compile(method, events, variant)
    if out is None:
        print(text, end="")
    else:
        files.write_bytes(Path(out), text.encode("ascii"))
