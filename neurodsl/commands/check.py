"""``neurodsl check``: every finding on a model."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import click

from neurodsl.console import Stop, show_report
from neurodsl.diagnostics import NeuroError, printable


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(files: tuple[str, ...], as_json: bool) -> None:
    """Find every problem of a model, each with its place and remedy."""
    api = import_module("neurodsl.api")
    failed, told = False, []
    for name in files:
        try:
            report = api.load(name).check()
        except NeuroError as error:
            report = error.report
        failed = failed or not report.ok
        if as_json:
            told.append({"file": name, "ok": report.ok, "findings": [d.to_dict() for d in report.sorted()]})
            continue
        show_report(report, sys.stdout)
        if report.ok:
            notes = sum(d.rule.severity == "note" for d in report.found)
            warnings = len(report.found) - notes
            counts = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((warnings, "warning"), (notes, "note")) if n]
            print(f"{printable(name)}: ok" + (f", {' and '.join(counts)}" if counts else ""))
    if as_json:
        print(json.dumps({"files": told}))
    if failed:
        raise Stop(2)
