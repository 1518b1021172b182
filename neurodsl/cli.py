"""The command line: a thin reader of what the other modules offer.

It answers ``--help`` at once, so the commands import what they need when they run.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NoReturn

import click

from neurodsl import __version__
from neurodsl.console import Stop, names, pairs, show_report
from neurodsl.diagnostics import NeuroError, Report, nearest, printable

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
        found = [module.name for module in iter_modules([str(Path(__file__).parent / "commands")])]
        return sorted([*super().list_commands(context), *found])

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
            near = nearest(arguments[0], known)
            shipped = import_module("neurodsl.resources").shipped_models()
            models = [name for name in arguments[:2] if name in shipped or name.endswith(".neuro")]
            meant = f"neurodsl {near}" if near else f"neurodsl simulate {models[0]}" if models else None
            hint = f"did you mean `{meant}`?" if meant else f"commands: {', '.join(known)}."
            raise click.UsageError(printable(f"there is no command `{arguments[0]}`; {hint}"), context)
        return super().resolve_command(context, arguments)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=f"To complete in the shell, {COMPLETION}.")
@click.version_option(__version__, prog_name="neurodsl")
@click.option("--debug", is_flag=True, expose_value=False, help="Show where in the program an error arose.")
def commands() -> None:
    """Write the equations of a neuron; check them, simulate them, look at them.

    FILE is a .neuro file, the name of a shipped model (see `neurodsl models`), or - for standard input.
    """


@commands.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(files: tuple[str, ...], as_json: bool) -> None:
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


@commands.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing, and exit with 2 where a file would change.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing, and print what would change.")
def fmt(files: tuple[str, ...], only_check: bool, as_diff: bool) -> None:
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


@commands.command()
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--latex", "form", flag_value="latex", help="Print LaTeX.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
def show(file: str, model: str | None, form: str | None) -> None:
    """Print the equations, parameters and units of a model."""
    api = import_module("neurodsl.api")
    print(api.load(file, model).show(form or "text").rstrip("\n"))


@commands.command(name="compile")
@click.argument("file")
@click.option("--model", help="Which model, where the file holds several.")
@click.option("--variant", help="A named set of values of the file.")
@click.option("--method", help="The method, `auto` by default.")
@click.option("--events", help="`grid` or `exact`.")
@click.option("-o", "--out", help="Where to write the kernel; default: standard output.")
def compile_command(file: str, model: str | None, variant: str | None, method: str | None, events: str | None, out: str | None) -> None:
    """Write the generated kernel: readable, and it runs with numpy and numba alone."""
    api, files = import_module("neurodsl.api"), import_module("neurodsl.files")
    text = api.load(file, model).compile(method, events, variant)
    if out is None:
        print(text, end="")
    else:
        files.write_bytes(Path(out), text.encode("ascii"))


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
    help="An input: an expression of t, or a .csv or .npy file of times and values (FILE:step holds each value).",
)
@click.option("--duration", metavar="T", help="How long, in the time unit of the file or with a unit.")
@click.option("--dt", metavar="DT", help="The step, and that of the output of an adaptive method.")
@click.option("--method", metavar="M", help="auto, exact, rk45, rosenbrock, rk4, heun, midpoint, euler or exponential_euler.")
@click.option("--events", metavar="grid|exact", help="Whether events act on the grid or where they fall.")
@click.option("--rtol", type=float, metavar="R", help="Relative tolerance of an adaptive method, 1e-8 by default.")
@click.option("--atol", type=float, metavar="A", help="Absolute tolerance of an adaptive method, 1e-10 by default.")
@click.option("--seed", type=int, metavar="N", help="Seed of the random numbers; the same seed gives the same run.")
@click.option("--copies", type=int, metavar="N", help="So many independent copies, each with its own noise and draws.")
@click.option("--threads", type=int, default=1, metavar="N", help="How many threads share the copies; 1 by default.")
@click.option("--record", metavar="A,B", help="What to record: states, derived quantities, elements x[3]; `spikes` for the spikes alone.")
@click.option("--out", metavar="F.npz|.csv", help="Where to write the result.")
@click.option(
    "--plot", is_flag=False, flag_value="", metavar="[F.png]", help="Draw what was recorded, to MODEL.png or the file named (.png, .svg, .pdf)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--summary", is_flag=True, help="Leave long lists out of the JSON object.")
def simulate(file: str, model: str | None, variant: str | None, as_json: bool, summary: bool, **options: Any) -> None:
    """Run a model and print a summary; write only what is asked for."""
    api, solution = import_module("neurodsl.api"), import_module("neurodsl.solution")
    out, figure = options["out"], options["plot"]
    loaded = api.load(file, model)
    if figure == "":
        figure = f"{model or ('model' if file == '-' else Path(file).stem)}.png"
    if out is not None:
        solution.require_destination(out)
    if figure is not None:
        import_module("neurodsl.files").require_writable(Path(figure))
        if Path(figure).suffix.lower() not in (".png", ".svg", ".pdf"):
            import_module("neurodsl.plotting").require_figure_destination(figure)
    report, bar = Report(), Bar(hidden=as_json)
    failure: NeuroError | None = None
    try:
        result = loaded.simulate(
            duration=options["duration"], dt=options["dt"], method=options["method"], events=options["events"], rtol=options["rtol"], atol=options["atol"],
            seed=options["seed"], copies=options["copies"], threads=options["threads"],
            variant=variant, set=pairs("--set", options["sets"]), init=pairs("--init", options["inits"]), input=pairs("--input", options["inputs"]),
            record=names(options["record"]), progress=bar, report=report,
        )  # fmt: skip
    except NeuroError as error:
        result = getattr(error, "result", None)
        if result is None:
            raise
        failure = error
    finally:
        bar.close()
    show_report(report)
    written = []
    if out is not None:
        result.save(out)
        written.append(out)
    if figure is not None and len(result.t) > 1 and (len(result) or result.spikes.count):
        import_module("neurodsl.plotting").save_figure(result, figure)
        written.append(figure)
    if as_json:
        print(json.dumps(result.to_dict(summary=summary), allow_nan=False))
    else:
        if failure is None:
            print(solution.summary(result))
        for path in written:
            print(f"  written {printable(path)}", file=sys.stdout if failure is None else sys.stderr)
    if failure is not None:
        raise failure
    if result.meta["interrupted"]:
        raise Stop(130)


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def models(as_json: bool) -> None:
    """List the shipped models, a line each."""
    resources = import_module("neurodsl.resources")
    rows = [(name, resources.title(path)) for name, path in resources.shipped_models().items()]
    if as_json:
        print(json.dumps([{"name": name, "title": title} for name, title in rows]))
        return
    width = max(len(name) for name, _ in rows)
    for name, title in rows:
        print(f"{name:<{width}}  {title}")


@commands.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain a code of a message, such as N101; without one, list them all."""
    rules = import_module("neurodsl.rules").all_rules()
    if code is None:
        for rule in sorted(rules.values(), key=lambda rule: str(rule.code)):
            print(f"{rule.code}  {rule.severity:<8} {rule.title}")
        return
    found = rules.get(code.upper())
    if found is None:
        raise click.UsageError(printable(f"there is no code `{code}`; `neurodsl explain` lists them."))
    print(f"{found.severity}[{found.code}]: {found.title}\n\n{found.explanation}")


class Bar:
    """A progress bar on standard error that appears on a terminal when a run takes longer than a second."""

    def __init__(self, hidden: bool) -> None:
        self.hidden = hidden or not sys.stderr.isatty()
        self.shown: Any = None
        self.task: Any = None
        self.began: float | None = None

    def __call__(self, done: float) -> None:
        """Take the fraction that is done."""
        if self.hidden:
            return
        import time

        self.began = self.began if self.began is not None else time.monotonic()
        if self.shown is None and time.monotonic() - self.began > 1.0:
            from rich.console import Console
            from rich.progress import Progress

            self.shown = Progress(console=Console(stderr=True), transient=True)
            self.task = self.shown.add_task("simulating", total=1.0)
            self.shown.start()
        if self.shown is not None:
            self.shown.update(self.task, completed=done)

    def close(self) -> None:
        """Remove the bar."""
        if self.shown is not None:
            self.shown.stop()


def prepare_streams() -> None:
    """Make sure that whatever is printed can be: where a stream is closed, and where its encoding lacks a character."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


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
    except Stop as stop:
        return stop.code
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
        if debug:
            traceback.print_exception(error)
        return tell(error)


def tell(error: Exception) -> int:
    """Show an error that ended a command, and return the exit code that goes with it."""
    if isinstance(error, NeuroError):
        show_report(error.report)
        return error.exit_code
    if isinstance(error, MemoryError):
        print("error: out of memory", file=sys.stderr)
        return 4
    if isinstance(error, OSError):
        discard_output()
        place = f"`{error.filename}`: " if error.filename else ""
        print(printable(f"error: {place}{(error.strerror or str(error)).lower()}"), file=sys.stderr)
        return 4
    print(printable(f"error: internal error: {type(error).__name__}: {error}"), file=sys.stderr)
    print("  = help: this is a defect of neurodsl, not of your model; please report it with what `--debug` shows", file=sys.stderr)
    return 1


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 2 the input, 3 the numerics, 4 the surroundings, 130 interrupted; 1 is a defect."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    prepare_streams()
    sys.exit(run([argument for argument in given if argument != "--debug"], "--debug" in given))
