"""The classical Runge-Kutta method."""

from neurodsl.integrators.method import ExplicitRungeKutta, row, rows

RK4 = ExplicitRungeKutta(
    name="rk4",
    title="the classical Runge-Kutta method",
    reference="10.1007/978-3-540-78862-1",
    order=4,
    a=rows("", "1/2", "0 1/2", "0 0 1"),
    b=row("1/6 1/3 1/3 1/6"),
    c=row("0 1/2 1/2 1"),
    dense=rows("1 -3/2 2/3", "0 1 -2/3", "0 1 -2/3", "0 -1/2 2/3"),
    dense_order=3,
)
