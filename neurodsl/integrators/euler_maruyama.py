"""Euler-Maruyama."""

from neurodsl.integrators.method import Stochastic

EULER_MARUYAMA = Stochastic(
    name="euler_maruyama",
    title="Euler-Maruyama",
    reference="10.1137/S0036144500378302",
    order=0.5,
    scheme="euler",
    diagonal=False,
)
