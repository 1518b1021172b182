"""``neurodsl models``: what is shipped."""

from __future__ import annotations

import json

import click

from neurodsl import resources


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the shipped models, a line each."""
    rows = [(name, resources.title(path)) for name, path in resources.shipped_models().items()]
    if as_json:
        print(json.dumps([{"name": name, "title": title} for name, title in rows]))
        return
    width = max(len(name) for name, _ in rows)
    for name, title in rows:
        print(f"{name:<{width}}  {title}")
