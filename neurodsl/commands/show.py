"""``neurodsl show``: a model as text, LaTeX or JSON."""

from __future__ import annotations

from importlib import import_module

import click


@click.command()
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--latex", "form", flag_value="latex", help="Print LaTeX.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
def command(file: str, model: str | None, form: str | None) -> None:
    """Print the equations, parameters and units of a model."""
    api = import_module("neurodsl.api")
    print(api.load(file, model).show(form or "text").rstrip("\n"))
