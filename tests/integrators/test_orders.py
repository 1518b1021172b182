"""Every method has the order that it claims, on several kinds of model; the table of the README is what was measured."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from integrators.orders import PROBLEMS, Problem, measured_order

from neurodsl.integrators import methods
from neurodsl.integrators.method import Discrete, Exact, Stochastic

DETERMINISTIC = {name: method for name, method in methods().items() if not isinstance(method, Stochastic | Discrete)}
CASES = [(problem, name) for problem in PROBLEMS for name, method in DETERMINISTIC.items() if problem.linear or not isinstance(method, Exact)]


@pytest.mark.parametrize(("problem", "name"), CASES, ids=[f"{p.name}-{n}" for p, n in CASES])
def test_a_method_has_the_order_it_claims(problem: Problem, name: str) -> None:
    claimed = methods()[name].order
    order = measured_order(problem, name)
    if claimed == 0:
        assert order == math.inf
    else:
        assert claimed - 0.25 < order < claimed + 1.2


def table() -> str:
    """Return the measured orders as a table of Markdown."""
    rows = ["| method | | order | " + " | ".join(p.name for p in PROBLEMS) + " |", "|---|---|---|" + "---|" * len(PROBLEMS)]
    for name, method in DETERMINISTIC.items():
        cells = []
        for problem in PROBLEMS:
            if isinstance(method, Exact) and not problem.linear:
                cells.append("refused")
                continue
            order = measured_order(problem, name)
            cells.append("exact" if order == math.inf else f"{order:.1f}")
        claimed = "exact" if method.order == 0 else f"{method.order}({method.embedded_order})" if method.adaptive else str(method.order)
        rows.append(f"| `{name}` | {method.title} | {claimed} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def test_the_readme_shows_the_measured_orders(root: Path, update_golden: bool) -> None:
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- orders:begin -->")
    shown, _, after = rest.partition("<!-- orders:end -->")
    measured = f"\n{table()}\n"
    if update_golden:
        readme.write_text(f"{before}<!-- orders:begin -->{measured}<!-- orders:end -->{after}", encoding="utf-8")
        shown = measured
    assert shown == measured
