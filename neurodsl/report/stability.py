"""The section on the Jacobian and the conditions under which a fixed point is stable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import factorial

from neurodsl.analysis.notation import NOWHERE, PHI, name, named
from neurodsl.analysis.stability import Condition, Stability
from neurodsl.diagnostics import Report
from neurodsl.exporters.page import (
    Block,
    Cell,
    Equations,
    Figure,
    Formula,
    Function,
    Heading,
    Line,
    Paragraph,
    Part,
    Sign,
    Table,
    formula,
    on_lines,
    with_commas,
)
from neurodsl.lang import parse_expression
from neurodsl.lang.nodes import Array, Call, Expression, Index, Node, Number, Product, Sum
from neurodsl.lang.rewrite import replace_names
from neurodsl.lang.unparse import unparse
from neurodsl.plotting.pictures import pictures
from neurodsl.plotting.trace_determinant import plot_trace_determinant
from neurodsl.report.numbers import quantity, written
from neurodsl.source import Source

LARGEST_MATRIX, LONGEST_ENTRY = 3, 40
"""A Jacobian of at most so many rows, and entries of so many letters, is printed as a matrix."""
MOST_ENTRIES = 30
JACOBIAN, TRACE, DETERMINANT, EIGENVALUE, COEFFICIENT = "_J", "_trace", "_determinant", "_eigenvalue", "_a"
"""What conditions speak of; such names belong to the compiler, so none of an author's is one of them."""
SYMBOLS = {
    JACOBIAN: ("<mi>J</mi>", "J"),
    TRACE: ('<mrow><mi>tr</mi><mo>&#x2061;</mo><mspace width="0.17em"/><mi>J</mi></mrow>', r"\operatorname{tr} J"),
    DETERMINANT: ('<mrow><mi>det</mi><mo>&#x2061;</mo><mspace width="0.17em"/><mi>J</mi></mrow>', r"\det J"),
    EIGENVALUE: ("<mi>λ</mi>", r"\lambda"),
    COEFFICIENT: ("<mi>a</mi>", "a"),
    **{f"{PHI}{k}": (f"<msub><mi>φ</mi><mn>{k}</mn></msub>", rf"\varphi_{k}") for k in range(1, 5)},
}
"""How each is set in MathML and in LaTeX."""
SPOKEN = {"trace": TRACE, "determinant": DETERMINANT, "eigenvalue": EIGENVALUE, "lambda": EIGENVALUE}


def stability_blocks(found: Stability, rate_unit: str) -> list[Block]:
    """Return the Jacobian and the conditions for stability."""
    made = found.jacobian
    if not made.states:
        return []
    blocks: list[Block] = [Heading("Linear stability")]
    if not made.entries:
        return [*blocks, Paragraph((f"The Jacobian of {len(made.states)} states is not written out.",))]
    what = "the next value of" if made.frozen.discrete else "the right-hand side of"
    entries = _jacobian(found)
    told = f"The Jacobian holds the derivatives of {what} each state (rows) by each state (columns)"
    blocks += [Paragraph((f"{told}{':' if isinstance(entries[0], Equations) else '.'}",)), *entries]
    invariants = [
        Line(formula(name(key)), on_lines(node))
        for key, e in ((TRACE, found.trace), (DETERMINANT, found.determinant))
        if len(made.states) > 1 and e is not None and (node := written(e)) is not None
    ]
    blocks += [Equations(tuple(invariants))] if invariants else []
    if found.conditions:
        blocks += _conditions(found)
    return [*blocks, *_entire_functions(blocks), *_plane(found, rate_unit)]


def _entire_functions(blocks: Sequence[Block]) -> list[Block]:
    """Return what the functions are that stand for removable singularities, where formulas use them."""
    parts = [part for block in blocks if isinstance(block, Equations) for line in block.lines for f in line.right for part in f.parts]
    used = {node.function for part in parts if isinstance(part, Node) for node in part.walk() if isinstance(node, Call)}
    known = [k for k in range(1, 5) if any(f"{PHI}{n}" in used for n in range(k, 5))]
    if not known:
        return []
    x = name("x")
    lines = []
    for k in known:
        before = Call(NOWHERE, "exp", (x,)) if k == 1 else Call(NOWHERE, f"{PHI}{k - 1}", (x,))
        top = Sum(NOWHERE, ((1, before), (-1, Number(NOWHERE, Fraction(1, factorial(k - 1))))))
        lines.append(Line(formula(Function(f"{PHI}{k}", ("x",))), (formula(Product(NOWHERE, (("*", top), ("/", x)))),)))
    return [Paragraph(("Here, with their limits at 0,",)), Equations(tuple(lines))]


def _jacobian(found: Stability) -> list[Block]:
    """Return the Jacobian as a matrix, or where that is too wide, its entries that are not 0 below each other."""
    made, head = found.jacobian, formula(name(JACOBIAN))
    nodes = [[written(entry) for entry in row] for row in made.entries]
    if len(nodes) <= LARGEST_MATRIX and all(node is not None and len(unparse(node)) <= LONGEST_ENTRY for row in nodes for node in row):
        rows = tuple(Array(NOWHERE, tuple(row)) for row in nodes)
        return [Equations((Line(head, (formula(Array(NOWHERE, rows) if len(rows) > 1 else nodes[0][0]),)),))]
    lines: list[Line] = []
    long = 0
    for row, entries, whole in zip(made.states, nodes, made.entries, strict=True):
        for column, node, entry in zip(made.states, entries, whole, strict=True):
            if entry != 0 and node is not None and len(lines) < MOST_ENTRIES:
                lines.append(Line(formula(Index(NOWHERE, JACOBIAN, (named(row), named(column)))), on_lines(node)))
            else:
                long += entry != 0
    told = [f"{long} entries that are long, or beyond the first {MOST_ENTRIES}, are left out."] if long else []
    told += [f"All {'other ' if lines or long else ''}entries are 0."] if any(entry == 0 for row in made.entries for entry in row) else []
    return [*([Equations(tuple(lines))] if lines else []), *([Paragraph((" ".join(told),))] if told else [])]


def _conditions(found: Stability) -> list[Block]:
    """Return the conditions for stability, in general and at each fixed point."""
    discrete = found.jacobian.frozen.discrete
    rule = "Jury's conditions" if discrete else "the conditions of Routh and Hurwitz"
    lines: list[Line] = []
    long: list[Cell] = []
    if len(found.coefficients) > 2:
        for k, coefficient in enumerate(found.coefficients, start=1):
            node = written(coefficient)
            if node is None:
                long.append((formula(spoken(f"a_{k}")),))
            else:
                lines.append(Line(formula(spoken(f"a_{k}")), on_lines(node)))
    lines += [Line(formula(spoken(condition.name)), (formula(Number(NOWHERE, Fraction(0))),), sign=">") for condition in found.conditions]
    where = ", with the characteristic polynomial λⁿ + a₁λⁿ⁻¹ + … + aₙ" if len(found.coefficients) > 2 else ""
    blocks: list[Block] = [Paragraph((f"A fixed point is asymptotically stable where {rule} hold{where}:",)), Equations(tuple(lines))]
    if long:
        blocks.append(Paragraph((*with_commas(long), f" {'is' if len(long) == 1 else 'are'} too long to print.")))
    closed = [line for number, e in enumerate(found.closed, start=1) for line in _closed(number, found.conditions, e or (), len(found.closed))]
    if closed:
        blocks += [Paragraph(("In closed form, as conditions on the parameters, these are:",)), Equations(tuple(closed))]
    if len(found.conditions) > 1 and any(found.margins):
        head: tuple[Cell, ...] = (("Fixed point",), *((formula(spoken(c.name)),) for c in found.conditions))
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            ((str(k),), *((quantity(v),) for v in values)) for k, values in enumerate(found.margins, start=1) if values
        )
        blocks.append(Table(("The conditions at the fixed points; all are positive where a point is stable.",), head, rows))
    return blocks


def _closed(number: int, conditions: Sequence[Condition], expressions: Sequence[object], count: int) -> Iterator[Line]:
    """Yield the conditions at a fixed point that are formulas of the parameters."""
    for condition, expression in zip(conditions, expressions, strict=False):
        node = written(expression) if expression.free_symbols else None  # type: ignore[attr-defined]
        if node is not None:
            left = formula(spoken(condition.name))
            parts: tuple[Part, ...] = (node, Sign(">"), Number(NOWHERE, Fraction(0)))
            yield Line(left, (Formula(parts),), tag=f"fixed point {number}" if count > 1 else "")


def spoken(text: str) -> Expression:
    """Return the name of a condition as an expression of trace, determinant and coefficients."""
    node = parse_expression(Source("<condition>", text), Report())
    assert node is not None

    def replacement(part: Expression) -> Expression:
        found = re.fullmatch(r"a_(\d)", part.id) if hasattr(part, "id") else None
        if found is not None:
            return Index(NOWHERE, COEFFICIENT, (Number(NOWHERE, Fraction(found[1])),))
        return name(SPOKEN.get(part.id, part.id)) if hasattr(part, "id") else part

    return replace_names(node, replacement)


def _plane(found: Stability, rate_unit: str) -> list[Block]:
    """Return the trace-determinant plane of a two-dimensional system."""
    points = [point for point in found.fixed_points if len(point.written_eigenvalues) == 2]
    if len(found.jacobian.states) != 2 or not points:
        return []
    discrete = found.jacobian.frozen.discrete
    png, svg = pictures(plot_trace_determinant(points, discrete, rate_unit))
    region = "inside of the shaded triangle" if discrete else "in the shaded quadrant, of negative trace and positive determinant"
    caption = f"The trace-determinant plane. A fixed point is stable {region}; above the parabola its eigenvalues are complex."
    told = "; ".join(
        f"{p.type} at trace {sum(p.written_eigenvalues).real:.6g}, determinant {(p.written_eigenvalues[0] * p.written_eigenvalues[1]).real:.6g}"
        for p in points
    )
    return [Figure("trace_determinant", (caption,), f"Trace-determinant plane: {told}", png, svg)]
