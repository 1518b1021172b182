"""What is said about texts, held in Markdown beside this file."""

from __future__ import annotations

from pathlib import Path

import pytest
from lang.mdcases import Case, cases

from neurodsl.diagnostics import Report
from neurodsl.lang import read_all
from neurodsl.source import Source

CASES = cases(Path(__file__).parent / "cases")


def findings(text: str) -> list[str]:
    """Return the codes and places of what is said about a text, in its order; ``ok`` where nothing is."""
    report = Report()
    models = read_all(Source("case.neuro", text), report)
    assert report.ok or not models
    found = sorted(report.found, key=lambda d: (d.span.start if d.span else -1, d.rule.code))
    return [f"{d.rule.code} {d.span.line}:{d.span.column}" if d.span else f"{d.rule.code} -" for d in found] or ["ok"]


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_the_findings_of_a_text_are_those_of_its_case(case: Case) -> None:
    assert findings(case.text) == list(case.expected)
