"""The explicit midpoint rule."""

from neurodsl.integrators.method import ExplicitRungeKutta, row, rows

MIDPOINT = ExplicitRungeKutta(
    name="midpoint",
    title="explicit midpoint rule",
    reference="10.1007/978-3-540-78862-1",
    order=2,
    a=rows("", "1/2"),
    b=row("0 1"),
    c=row("0 1/2"),
    dense=rows("1 -1", "0 1"),
    dense_order=2,
)
