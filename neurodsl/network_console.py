"""What `neurodsl simulate` prints and writes of a network."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from neurodsl import rules
from neurodsl.console import Bar, Stop, names, pairs, show_report
from neurodsl.diagnostics import NeuroError, Report, fail, printable

HANDED_ON = ("duration", "dt", "method", "events", "rtol", "atol", "seed", "copies", "threads", "checkpoint", "every", "resume")
"""The options that a run takes as they are."""


def simulate_network(loaded: Any, figure: str | None, variant: str | None, as_json: bool, summary: bool, options: Mapping[str, Any]) -> None:
    """Run a network and print a summary; write only what is asked for."""
    solution = import_module("neurodsl.solution")
    records = options["records"]
    recorded = names(",".join(records)) if records else None
    _require_places(figure, options)
    if figure is not None:
        import_module("neurodsl.plotting").require_figure_destination(figure)
    report, bar = Report(), Bar("simulating", hidden=as_json)
    failure: Exception | None = None
    try:
        result = loaded.simulate(
            **{name: options[name] for name in HANDED_ON}, variant=variant,
            set=pairs("--set", options["sets"]), init=pairs("--init", options["inits"]), input=pairs("--input", options["inputs"]), record=recorded,
            progress=bar, report=report,
        )  # fmt: skip
    except NeuroError as error:
        result = getattr(error, "result", None)
        if result is None:
            raise
        failure = error
    finally:
        bar.close()
    show_report(report)
    written = [str(path) for path in result.save(options["out"])] if options["out"] is not None else []
    if figure is not None:
        written += _drawn(result, Path(figure))
    if as_json:
        print(json.dumps(result.to_dict(summary=summary), allow_nan=False))
    else:
        if failure is None:
            tell = solution.network_summary if options["copies"] is None else import_module("neurodsl.solution.network_copies").copies_summary
            print(tell(result))
        for path in written:
            print(f"  written {printable(path)}", file=sys.stdout if failure is None else sys.stderr)
    if failure is not None:
        raise failure
    if result.meta["interrupted"]:
        raise Stop(130)


def _require_places(figure: str | None, options: Mapping[str, Any]) -> None:
    """Raise for files that cannot be written, before anything runs."""
    out, copies = options["out"], options["copies"] is not None
    if copies and figure is not None:
        raise fail(rules.BAD_VALUE, "a figure is of one run, and not of copies", help="leave out `--plot` or `--copies`")
    if out is None:
        return
    if copies:
        import_module("neurodsl.solution.network_copies").require_copies_destination(out)
    else:
        import_module("neurodsl.solution").require_network_destination(out)
    if any(name is not None and Path(name).resolve() == Path(out).resolve() for name in (options["checkpoint"], options["resume"])):
        raise fail(rules.BAD_VALUE, f"`{out}` cannot be both the result and the checkpoint", help="name two files")


def _drawn(result: Any, figure: Path) -> list[str]:
    """Draw a network; what was recorded of its synapses has a figure of its own."""
    result.plot(figure)
    written = [str(figure)]
    if result.synapses:
        beside = figure.with_stem(f"{figure.stem}_synapses")
        result.plot_synapses(beside)
        written.append(str(beside))
    return written
