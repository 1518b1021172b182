"""``neurodsl explain``: what a code of a message means."""

from __future__ import annotations

import click

from neurodsl.diagnostics import printable
from neurodsl.rules import all_rules


@click.command()
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain a code of a message, such as N101; without one, list them all."""
    rules = all_rules()
    if code is None:
        for rule in sorted(rules.values(), key=lambda rule: str(rule.code)):
            print(f"{rule.code}  {rule.severity:<8} {rule.title}")
        return
    found = rules.get(code.upper())
    if found is None:
        raise click.UsageError(printable(f"there is no code `{code}`; `neurodsl explain` lists them."))
    print(f"{found.severity}[{found.code}]: {found.title}\n\n{found.explanation}")
