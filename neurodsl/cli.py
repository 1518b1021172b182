"""The command line: a thin reader of what the other modules offer.

It answers ``--help`` at once: commands import what they need when they run, and those that stand in files of their own are listed without
being imported.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

import click

from neurodsl import __version__

FOLDER = os.path.join(os.path.dirname(__file__), "commands")
DOCSTRING = re.compile(r'^def command\(.*?^    """(.*?)"""', re.MULTILINE | re.DOTALL)
"""What a command of :mod:`neurodsl.commands` says of itself, in its file."""

COMPLETION = 'run `eval "$(_NEURODSL_COMPLETE=bash_source neurodsl)"` (or zsh_source, fish_source) to complete commands and options with TAB'


class PipeClosed(Exception):
    """The reader of the output has gone, as `head` does; click would take a BrokenPipeError for a failure and exit with 1."""


@contextmanager
def as_closed_pipe() -> Iterator[None]:
    """Turn a BrokenPipeError into PipeClosed."""
    try:
        yield
    except BrokenPipeError as error:
        raise PipeClosed from error


class Commands(click.Group):
    """Finds commands in :mod:`neurodsl.commands`, one in a file, beside its own, and proposes what was probably meant where there is none."""

    def list_commands(self, context: click.Context) -> list[str]:
        found = [name[:-3] for name in os.listdir(FOLDER) if name.endswith(".py") and not name.startswith("_")]
        return sorted([*super().list_commands(context), *found])

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands; of one in a file of its own the docstring is read, and nothing is imported."""
        listed = {name: self.commands.get(name) or click.Command(name, help=summary(name)) for name in self.list_commands(context)}
        click.Group(commands=listed).format_commands(context, formatter)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        own = super().get_command(context, name)
        if own is not None or name not in self.list_commands(context):
            return own
        found: click.Command = import_module(f"neurodsl.commands.{name}").command
        return found

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with as_closed_pipe():
            return super().make_context(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        with as_closed_pipe():
            return super().invoke(context)

    def resolve_command(self, context: click.Context, arguments: list[str]) -> Any:
        if arguments and not arguments[0].startswith("-") and self.get_command(context, arguments[0]) is None:
            known = self.list_commands(context)
            diagnostics = import_module("neurodsl.diagnostics")
            near = diagnostics.nearest(arguments[0], known)
            shipped = import_module("neurodsl.resources").shipped_models()
            models = [name for name in arguments[:2] if name in shipped or name.endswith(".neuro")]
            meant = f"neurodsl {near}" if near else f"neurodsl simulate {models[0]}" if models else None
            hint = f"did you mean `{meant}`?" if meant else f"commands: {', '.join(known)}."
            raise click.UsageError(diagnostics.printable(f"there is no command `{arguments[0]}`; {hint}"), context)
        return super().resolve_command(context, arguments)


def summary(name: str) -> str:
    """Return the docstring of a command that stands in a file of its own, without importing it."""
    with open(os.path.join(FOLDER, f"{name}.py"), encoding="utf-8") as file:
        found = DOCSTRING.search(file.read())
    return found[1] if found else ""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=f"To complete in the shell, {COMPLETION}.")
@click.version_option(__version__, prog_name="neurodsl")
@click.option("--debug", is_flag=True, expose_value=False, help="Show where in the program an error arose.")
def commands() -> None:
    """Write the equations of a neuron; check them, simulate them, look at them.

    FILE is a .neuro file, the name of a shipped model (see `neurodsl models`), or - for standard input.
    """


@commands.command()
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--set", "sets", multiple=True, metavar="P=VALUE", help="The value of a parameter, with or without its unit.")
@click.option("--init", "inits", multiple=True, metavar="X=VALUE", help="The initial value of a state.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="I=EXPR|FILE",
    help="An input: an expression of t, or a .csv or .npy file of times and values (FILE:step holds each value). In a network E.I or cell.I.",
)
@click.option("--duration", metavar="T", help="How long, in the time unit of the file or with a unit.")
@click.option("--dt", metavar="DT", help="The step, and that of the output of an adaptive method.")
@click.option("--method", metavar="M", help="auto, exact, rk45, rosenbrock, rk4, heun, midpoint, euler or exponential_euler.")
@click.option("--events", metavar="grid|exact", help="Whether events act on the grid or where they fall; in networks with linear neurons too.")
@click.option("--rtol", type=float, metavar="R", help="Relative tolerance of an adaptive method, 1e-8 by default.")
@click.option("--atol", type=float, metavar="A", help="Absolute tolerance of an adaptive method, 1e-10 by default.")
@click.option("--seed", type=int, metavar="N", help="Seed of the random numbers; the same seed gives the same run.")
@click.option("--copies", type=int, metavar="N", help="So many independent copies, each with its own noise and draws.")
@click.option("--threads", type=int, metavar="N", help="How many threads share the copies, or the neurons of a network.")
@click.option(
    "--record",
    "records",
    multiple=True,
    metavar="A,B",
    help="What to record: states, derived quantities, elements x[3]; `spikes` for the spikes alone.",
)
@click.option("--out", metavar="F.npz|.h5|.csv", help="Where to write the result; an .h5 file is written while the run goes on.")
@click.option("--checkpoint", metavar="C.npz", help="A file for the state of the run, which --resume goes on from.")
@click.option("--every", metavar="T", help="The time between two checkpoints, such as 10min; 60s by default.")
@click.option("--resume", metavar="C.npz", help="Go on from a checkpoint; it holds all other options.")
@click.option(
    "--plot", is_flag=False, flag_value="", metavar="[F.png]", help="Draw what was recorded, to MODEL.png or the file named (.png, .svg, .pdf)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--summary", is_flag=True, help="Leave long lists out of the JSON object.")
def simulate(file: str, model: str | None, variant: str | None, as_json: bool, summary: bool, **options: Any) -> None:
    """Run a model and print a summary; write only what is asked for."""
    import json
    from pathlib import Path

    api, solution, console = import_module("neurodsl.api"), import_module("neurodsl.solution"), import_module("neurodsl.console")
    diagnostics = import_module("neurodsl.diagnostics")
    out, figure = options["out"], options["plot"]
    streamed = out if out is not None and out.lower().endswith((".h5", ".hdf5")) and options["copies"] is None else None
    loaded = api.load(file, model)
    if figure == "":
        figure = f"{model or ('model' if file == '-' else Path(file).stem)}.png"
    if loaded.network:
        import_module("neurodsl.network_console").simulate_network(loaded, figure, variant, as_json, summary, options)
        return
    if out is not None:
        solution.require_destination(out)
        if any(name is not None and Path(name).resolve() == Path(out).resolve() for name in (options["checkpoint"], options["resume"])):
            told = f"`{out}` cannot be both the result and the checkpoint"
            raise diagnostics.fail(import_module("neurodsl.rules").BAD_VALUE, told, help="name two files")
    if figure is not None:
        import_module("neurodsl.files").require_writable(Path(figure))
        if Path(figure).suffix.lower() not in (".png", ".svg", ".pdf"):
            import_module("neurodsl.plotting").require_figure_destination(figure)
    report, bar = diagnostics.Report(), console.Bar("simulating", hidden=as_json)
    failure: Exception | None = None
    try:
        result = loaded.simulate(
            duration=options["duration"], dt=options["dt"], method=options["method"], events=options["events"], rtol=options["rtol"], atol=options["atol"],
            seed=options["seed"], copies=options["copies"], threads=options["threads"],
            out=streamed, checkpoint=options["checkpoint"], every=options["every"], resume=options["resume"],
            variant=variant, set=console.pairs("--set", options["sets"]), init=console.pairs("--init", options["inits"]), input=console.pairs("--input", options["inputs"]),
            record=console.names(",".join(options["records"]) if options["records"] else None), progress=bar, report=report,
        )  # fmt: skip
    except diagnostics.NeuroError as error:
        result = getattr(error, "result", None)
        if result is None:
            raise
        failure = error
    finally:
        bar.close()
    console.show_report(report)
    written = [str(place) for place in [solution.stored_in(result)] if place is not None]
    if out is not None and streamed is None:
        result.save(out)
    if out is not None and (streamed is None or not written):
        written.append(out)
    if figure is not None and len(result.t) > 1 and (len(result) or result.spikes.count):
        import_module("neurodsl.plotting").save_figure(solution.view(result), figure)
        written.append(figure)
    if as_json:
        print(json.dumps(result.to_dict(summary=summary), allow_nan=False))
    else:
        if failure is None:
            print(solution.summary(result))
        for path in written:
            print(f"  written {diagnostics.printable(path)}", file=sys.stdout if failure is None else sys.stderr)
    if failure is not None:
        raise failure
    if result.meta["interrupted"]:
        raise console.Stop(130)


def prepare_streams() -> None:
    """Make sure that whatever is printed can be: where a stream is closed, and where its encoding lacks a character."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def prepare_libraries() -> None:
    """Let the libraries that a command loads start faster.

    The threads of OpenBLAS take longer to start than the rest of numpy, and the small matrices of models gain nothing from them. The collector
    of garbage finds none while modules are imported, and looks through all of them again and again.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(100_000, 20, 100)


def discard_output() -> None:
    """Drop what standard output could not take, so that it is not tried again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(arguments: Sequence[str], debug: bool) -> int:
    """Run a command, show its errors, and return its exit code."""
    try:
        code = commands.main(args=list(arguments), prog_name="neurodsl", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return 130
    except (BrokenPipeError, PipeClosed):
        discard_output()
        return 0
    except Exception as error:
        return tell(error, debug)


def tell(error: Exception, debug: bool) -> int:
    """Show an error that ended a command, and return the exit code that goes with it."""
    console, diagnostics = import_module("neurodsl.console"), import_module("neurodsl.diagnostics")
    if isinstance(error, console.Stop):
        return int(error.code)
    if debug:
        import_module("traceback").print_exception(error)
    if isinstance(error, diagnostics.NeuroError):
        console.show_report(error.report)
        return int(error.exit_code)
    if isinstance(error, MemoryError):
        print("error: out of memory", file=sys.stderr)
        return 4
    if isinstance(error, OSError):
        discard_output()
        place = f"`{error.filename}`: " if error.filename else ""
        print(diagnostics.printable(f"error: {place}{(error.strerror or str(error)).lower()}"), file=sys.stderr)
        return 4
    print(diagnostics.printable(f"error: internal error: {type(error).__name__}: {error}"), file=sys.stderr)
    print("  = help: this is a defect of neurodsl, not of your model; please report it with what `--debug` shows", file=sys.stderr)
    return 1


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 2 the input, 3 the numerics, 4 the surroundings, 130 interrupted; 1 is a defect."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    prepare_streams()
    if arguments is None:
        prepare_libraries()
    code = run([argument for argument in given if argument != "--debug"], "--debug" in given)
    if arguments is None:
        # Modules live until the process ends; looking for cycles among them once more would take longer than a command that prints its help.
        gc.freeze()
    sys.exit(code)
