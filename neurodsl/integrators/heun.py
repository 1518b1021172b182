"""Heun's method, the explicit trapezoidal rule."""

from neurodsl.integrators.method import ExplicitRungeKutta, row, rows

HEUN = ExplicitRungeKutta(
    name="heun",
    title="Heun's method, the explicit trapezoidal rule",
    reference="10.1007/978-3-540-78862-1",
    order=2,
    a=rows("", "1"),
    b=row("1/2 1/2"),
    c=row("0 1"),
    dense=rows("1 -1/2", "0 1/2"),
    dense_order=2,
)
