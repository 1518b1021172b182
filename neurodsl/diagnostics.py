"""Messages: what was found, where, what was wanted, how to mend it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from neurodsl.source import Span

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Rule:
    """A kind of finding.

    Parameters
    ----------
    code : str
        A letter and three digits; it never changes its meaning.
    severity : str
        ``error``, ``warning`` or ``note``.
    title : str
        A sentence without its subject's names.
    explanation : str
        What ``neurodsl explain CODE`` prints: why it matters and how to mend it, with an example.
    """

    code: str
    severity: str
    title: str
    explanation: str = field(repr=False)


@dataclass(frozen=True)
class Diagnostic:
    """One finding: its rule, a sentence, the place, a remedy."""

    rule: Rule
    message: str
    span: Span | None = None
    help: str | None = None
    also: tuple[tuple[Span, str], ...] = ()

    @property
    def file(self) -> str | None:
        """Return the name of the text in which the place is."""
        return None if self.span is None else self.span.source.name

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values."""
        place: dict[str, Any] = {"file": None, "line": None, "column": None, "stop": None}
        if self.span is not None:
            stop = self.span.source.position(self.span.stop)
            place = {"file": self.span.source.name, "line": self.span.line, "column": self.span.column, "stop": list(stop)}
        return {"code": self.rule.code, "severity": self.rule.severity, "message": self.message, **place, "help": self.help}


class Report:
    """The findings of a pass, in the order in which they were made."""

    def __init__(self, found: Iterable[Diagnostic] = ()) -> None:
        self.found: list[Diagnostic] = list(found)

    def add(self, rule: Rule, message: str, span: Span | None = None, help: str | None = None, also: tuple[tuple[Span, str], ...] = ()) -> None:
        """Add a finding; one that stands already, at the same place, is not repeated."""
        diagnostic = Diagnostic(rule, message, span, help, also)
        if not any(known == diagnostic and known.file == diagnostic.file for known in self.found):
            self.found.append(diagnostic)

    @property
    def ok(self) -> bool:
        """Return whether there is no error."""
        return not any(d.rule.severity == "error" for d in self.found)

    def sorted(self) -> list[Diagnostic]:
        """Return the findings, errors first, then file by file in the order of the text."""
        files = list(dict.fromkeys(d.file for d in self.found))
        return sorted(self.found, key=lambda d: (SEVERITIES.index(d.rule.severity), files.index(d.file), d.span.start if d.span else -1))


class NeuroError(Exception):
    """An error that the command line shows as messages.

    Attributes
    ----------
    report : Report
        The findings.
    exit_code : int
        2 the input is at fault, 3 the numerics failed, 4 the surroundings.
    """

    def __init__(self, report: Report | Diagnostic, exit_code: int = 2) -> None:
        self.report = report if isinstance(report, Report) else Report([report])
        self.exit_code = exit_code
        super().__init__("\n".join(render(d) for d in self.report.sorted()))


def fail(rule: Rule, message: str, span: Span | None = None, help: str | None = None, exit_code: int = 2) -> NeuroError:
    """Return, to be raised, the error of a single finding."""
    return NeuroError(Diagnostic(rule, message, span, help), exit_code)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that is most likely meant, or None where none is near."""
    candidates = sorted(set(names))
    folded = {candidate.casefold().replace("_", ""): candidate for candidate in candidates}
    same = folded.get(name.casefold().replace("_", ""))
    if same is not None:
        return same
    found = difflib.get_close_matches(name, candidates, n=1, cutoff=0.6 if len(name) > 2 else 0.5)
    return found[0] if found else None


def printable(text: str) -> str:
    """Return a text with everything that a terminal could obey replaced by an escape that shows it."""
    return "".join(c if c == "\t" or unicodedata.category(c)[0] != "C" else f"\\x{ord(c):02x}" for c in text)


COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m", "gutter": "\x1b[1;34m", "off": "\x1b[0m"}


def render(diagnostic: Diagnostic, colour: bool = False) -> str:
    """Return a finding as text: the sentence, the place, the line with a caret, the remedy."""
    paint = COLOURS if colour else dict.fromkeys(COLOURS, "")
    rule, span = diagnostic.rule, diagnostic.span
    head = f"{paint[rule.severity]}{rule.severity}[{rule.code}]{paint['off']}: {printable(diagnostic.message)}"
    lines = [head]
    width = len(str(span.line)) if span is not None else 1
    bar = f"{paint['gutter']}{' ' * width} |{paint['off']}"
    if span is not None:
        lines += [f"{paint['gutter']}{' ' * width}-->{paint['off']} {printable(str(span))}", *_excerpt(span, width, bar, paint)]
    for other, text in diagnostic.also:
        lines.append(f"{paint['gutter']}{' ' * width} ={paint['off']} note: {printable(text)} ({printable(str(other))})")
    if diagnostic.help:
        lines.append(f"{paint['gutter']}{' ' * width} ={paint['off']} help: {printable(diagnostic.help)}")
    return "\n".join(lines)


def _excerpt(span: Span, width: int, bar: str, paint: dict[str, str]) -> list[str]:
    """Return the line of a span between two bars, at most 120 columns of it, with carets below."""
    text = span.source.line(span.line)
    first = span.column - 1
    count = max(1, min(span.stop - span.start, len(text) - first))
    cut = max(0, first - 80)
    shown = text[cut : cut + 120]
    before = "".join("\t" if c == "\t" else " " * len(printable(c)) for c in text[cut:first])
    carets = "^" * max(1, len(printable(text[first : min(first + count, cut + 120)])))
    number = f"{paint['gutter']}{span.line} |{paint['off']}"
    return [bar, f"{number} {printable(shown)}", f"{bar} {before}{paint['error']}{carets}{paint['off']}"]
