"""``neurodsl prc``: the phase response curve of a model's limit cycle."""

from __future__ import annotations

import json
import math
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from neurodsl.console import pairs
from neurodsl.diagnostics import printable


@click.command()
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR", help="An input as an expression of t.")
@click.option("--of", metavar="X", help="The state that is pushed for the direct measurement; the first that moves by default.")
@click.option("--seed", type=int, default=0, metavar="N", help="Seed of what is drawn for the initial state.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--out", metavar="F.csv", help="Where to write the curves.")
def command(
    file: str, model: str | None, variant: str | None, sets: tuple[str, ...], inputs: tuple[str, ...], of: str | None, seed: int, as_json: bool,
    out: str | None,
) -> None:  # fmt: skip
    """Print the limit cycle and its phase response curve: by how much a small push at each phase advances it."""
    if out is not None:
        import_module("neurodsl.files").require_writable(Path(out))
        if Path(out).suffix.lower() != ".csv":
            raise click.UsageError(printable(f"--out takes a .csv file, not `{out}`."))
    loaded = import_module("neurodsl.api").load(file, model)
    found = loaded.prc(of, seed=seed, variant=variant, set=pairs("--set", sets), input=pairs("--input", inputs))
    if out is not None:
        found.save(out)
    print(json.dumps(found.to_dict(), allow_nan=False) if as_json else _summary(found, out))


def _summary(found: Any, out: str | None) -> str:
    """Return the cycle, the curve of the state that was pushed, and how the two ways agree."""
    told = found.to_dict()
    unit = "" if told["unit"] == "1" else f" {told['unit']}"
    per = f"{told['unit']} per {told['units'][found.of]}"
    multipliers = ", ".join(f"{re:.6g}" if im == 0 else f"{re:.6g} {'-' if im < 0 else '+'} {abs(im):.6g}i" for re, im in told["multipliers"])
    lines = [f"{told['model']}: a limit cycle of period {told['period']:.9g}{unit}", f"  multipliers  {multipliers}"]
    lines.append(f"  advance by a small push of {found.of}, in {per}:")
    lines.append("     phase        adjoint         direct")
    for phase, adjoint, direct in zip(told["direct"]["phase"], found.adjoint_there, found.direct, strict=True):
        lines.append(f"  {phase:8.5f} {adjoint: 14.7g} " + (f"{direct: 14.7g}" if math.isfinite(direct) else "-"))
    if told["largest_difference"] is not None:
        lines.append(f"  the two differ by {told['largest_difference']:.1e} of the largest value at most")
    return "\n".join([*lines, *(f"  note: {note}" for note in found.notes), *([] if out is None else [f"  written {printable(out)}"])])
