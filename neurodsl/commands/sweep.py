"""``neurodsl sweep``: a model at many values of its parameters, and of each run some numbers."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from neurodsl.console import Bar, Stop, pairs, show_report
from neurodsl.diagnostics import Report, printable


@click.command()
@click.argument("file")
@click.option(
    "--over", "overs", multiple=True, metavar="NAME=RANGE", help="What varies: `I=0..20:201`, `tau=1e-3..10:50:log`, `g_K=30,36,42 [mS/cm^2]`."
)
@click.option("--random", type=int, metavar="N", help="N points drawn at random in the ranges, which are then written `I=0..20`.")
@click.option("--copies", type=int, metavar="N", help="So many independent copies at each point, each with its own noise and draws.")
@click.option(
    "--measure",
    "measures",
    multiple=True,
    metavar="A,B",
    help="spikes, rate, period, cv, latency; final(x), min, max, mean, std, amplitude; crossings(x,LEVEL); of a network rate(E), cv(E), synchrony(E), mean(E.v), final(E.v).",
)
@click.option("--where", metavar="steady|T", help="From which time on is measured: the second half of the run, or a time; default: all of it.")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--init", "inits", multiple=True, metavar="X=VALUE", help="The initial value of a state.")
@click.option("--input", "inputs", multiple=True, metavar="I=EXPR|FILE", help="Another input: an expression of t, or a file of samples.")
@click.option("--duration", metavar="T", help="How long each run is, in the time unit of the file or with a unit.")
@click.option("--dt", metavar="DT", help="The step, and that of the samples of an adaptive method.")
@click.option("--method", metavar="M", help="auto, exact, rk45, rosenbrock, rk4, heun, midpoint, euler or exponential_euler.")
@click.option("--events", metavar="grid|exact", help="Whether events act on the grid or where they fall; in networks with linear neurons too.")
@click.option("--rtol", type=float, metavar="R", help="Relative tolerance of an adaptive method, 1e-8 by default.")
@click.option("--atol", type=float, metavar="A", help="Absolute tolerance of an adaptive method, 1e-10 by default.")
@click.option("--seed", type=int, metavar="N", help="Seed of the random numbers, of which each point has its own.")
@click.option("--threads", type=int, default=1, metavar="N", help="How many threads or processes share the points; 1 by default.")
@click.option("--executor", default="threads", metavar="E", help="threads (default), processes, or dask://HOST:PORT.")
@click.option("--shard", metavar="I/N", help="Run the I-th of N parts of the points; they are put together in the file of the results.")
@click.option(
    "-o", "--out", metavar="F.nc|.h5|.csv", help="Where to write the results; a sweep that was interrupted goes on from what is kept there."
)
@click.option("--plot", is_flag=False, flag_value="", metavar="[F.png]", help="Draw them, to MODEL_sweep.png or the file named (.png, .svg, .pdf).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(file: str, model: str | None, as_json: bool, out: str | None, plot: str | None, **options: Any) -> None:
    """Run a model over ranges of its parameters, and tell numbers of each run."""
    sweeps, words = import_module("neurodsl.sweep"), import_module("neurodsl.sweep.words")
    over = sweeps.named(options.pop("overs"))
    if plot is not None:
        plot = plot or f"{model or ('model' if file == '-' else Path(file).stem)}_sweep.png"
        import_module("neurodsl.plotting").require_figure_destination(plot)
        if options["random"] is None:
            import_module("neurodsl.plotting.sweep").require_drawable(sweeps.lengths_of(over))
    loaded, report, bar = import_module("neurodsl.api").load(file, model), Report(), Bar("sweeping", hidden=as_json)
    given = {kind: pairs(f"--{kind}", options.pop(f"{kind}s")) for kind in ("set", "init", "input")}
    measures = options.pop("measures")
    try:
        table = loaded.sweep_table(over, measure=",".join(measures) if measures else None, **given, **options, out=out, progress=bar, report=report)
    finally:
        bar.close()
    show_report(report)
    if as_json:
        print(json.dumps(table.to_dict(), allow_nan=False))
    else:
        print(words.summary(table))
    written = [out] if out is not None and table.complete else []
    if plot is not None:
        import_module("neurodsl.plotting.sweep").plot(table, plot)
        written.append(plot)
    for path in written:
        print(f"  written {printable(path)}", file=sys.stderr if as_json else sys.stdout)
    if not table.complete:
        _tell_what_is_missing(table, None if out is None else f"{out}{sweeps.SUFFIX}")
    if table.meta["interrupted"]:
        raise Stop(130)
    if not report.ok:
        raise Stop(3)


def _tell_what_is_missing(table: Any, folder: str | None) -> None:
    """Say on standard error how far a sweep is that is not complete, and how it goes on."""
    done, interrupted = f"{int(table.done.sum())} of {table.done.size} points are finished", table.meta["interrupted"]
    kept = f"{done}; with `-o FILE` they are kept, and" if folder is None else f"{done} and kept in `{folder}`;"
    if interrupted:
        told = f"interrupted: {kept} the same command goes on from there"
    elif table.lost:
        told = f"{kept} the same command tries the others again"
    else:
        told = f"{kept} the shard that finds all of them writes the results"
    print(printable(told), file=sys.stderr)
