"""A report that stays readable, however broken the text is."""

from __future__ import annotations

from collections import Counter

from neurodsl import rules
from neurodsl.diagnostics import Report, Rule
from neurodsl.source import Span

MOST = 100
"""So many errors, warnings and notes are reported, each."""


class Findings(Report):
    """A report that takes a bounded number of findings of each severity, and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    @property
    def full(self) -> bool:
        """Return whether no more errors are taken, so that there is no use in looking for them."""
        return self.counts["error"] > MOST

    def add(self, rule: Rule, message: str, span: Span | None = None, help: str | None = None, also: tuple[tuple[Span, str], ...] = ()) -> None:
        """Add a finding, unless there are enough of its severity."""
        self.counts[rule.severity] += 1
        if self.counts[rule.severity] <= MOST:
            super().add(rule, message, span, help, also)
        elif self.counts["error"] == MOST + 1 and rule.severity == "error":
            super().add(rules.TOO_LARGE, f"more than {MOST} errors; the others are not shown", span)
