"""``neurodsl compile``: the generated kernel of a model or a network."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from neurodsl import files
from neurodsl.diagnostics import printable


@click.command()
@click.argument("file")
@click.option("--model", help="Which model or network, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--method", help="The method, `auto` by default.")
@click.option("--events", help="`grid` or `exact`.")
@click.option("--explain", is_flag=True, help="Print what the compiler derived; the kernel itself only with --out.")
@click.option("-o", "--out", help="Where to write the kernel; default: standard output.")
def command(file: str, model: str | None, variant: str | None, method: str | None, events: str | None, explain: bool, out: str | None) -> None:
    """Write the generated kernel: readable, and it runs with numpy and numba alone."""
    loaded = import_module("neurodsl.api").load(file, model)
    text = loaded.compile(method, events, variant)
    if explain:
        lines = import_module("neurodsl.explaining").explained(loaded, method, events, variant)
        print("\n".join(map(printable, lines)))
    elif out is None:
        print(text, end="")
    if out is not None:
        files.write_bytes(Path(out), text.encode("ascii"))
