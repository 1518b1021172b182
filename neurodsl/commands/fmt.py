"""``neurodsl fmt``: files in one layout."""

from __future__ import annotations

from importlib import import_module

import click

from neurodsl.console import Stop, show_report
from neurodsl.diagnostics import NeuroError, printable


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing, and exit with 2 where a file would change.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing, and print what would change.")
def command(files: tuple[str, ...], only_check: bool, as_diff: bool) -> None:
    """Write files in one layout: spaces, indents and blank lines, nothing else.

    A file that cannot be read is reported and left as it is. With - the text is read from standard input and printed.
    """
    formatting = import_module("neurodsl.lang.formatting")
    code = 0
    for name in files:
        try:
            done = formatting.format_file(name, write=not only_check and not as_diff)
        except NeuroError as error:
            show_report(error.report)
            code = max(code, error.exit_code)
            continue
        if only_check and done.changed:
            code = max(code, 2)
        if as_diff:
            click.echo(done.diff if done.changed else "", nl=False)
        elif name == "-" and not only_check:
            click.echo(done.after.encode(), nl=False)
        elif done.changed:
            print(f"{printable(done.name)}: {'would be formatted' if only_check else 'formatted'}")
    if code:
        raise Stop(code)
