"""Euler's method."""

from neurodsl.integrators.method import ExplicitRungeKutta, row, rows

EULER = ExplicitRungeKutta(
    name="euler",
    title="explicit Euler",
    reference="10.1007/978-3-540-78862-1",
    order=1,
    a=rows(""),
    b=row("1"),
    c=row("0"),
    dense=rows("1"),
    dense_order=1,
)
