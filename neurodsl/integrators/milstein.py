"""Milstein, for diagonal noise, with the derivative by sympy."""

from neurodsl.integrators.method import Stochastic

MILSTEIN = Stochastic(
    name="milstein",
    title="Milstein, for diagonal noise, with the derivative by sympy",
    reference="10.1137/S0036144500378302",
    order=1,
    scheme="milstein",
    diagonal=True,
)
