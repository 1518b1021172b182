"""Findings as plain values, so that they can be kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neurodsl.diagnostics import Diagnostic
from neurodsl.rules import all_rules
from neurodsl.source import Source, Span


def finding(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a finding as JSON-ready values."""
    span = diagnostic.span
    place = None if span is None else [span.start, span.stop]
    return {"code": diagnostic.rule.code, "message": diagnostic.message, "place": place, "help": diagnostic.help}


def diagnostics_of(entries: Iterable[dict[str, Any]], source: Source) -> list[Diagnostic]:
    """Return kept findings as diagnostics of a text."""
    table = all_rules()
    return [
        Diagnostic(table[e["code"]], e["message"], None if e["place"] is None else Span(source, *e["place"]), e["help"])
        for e in entries
    ]  # fmt: skip
