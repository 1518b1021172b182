"""Explicit scheme of Platen without derivatives, for diagonal noise."""

from neurodsl.integrators.method import Stochastic

PLATEN = Stochastic(
    name="platen",
    title="explicit scheme of Platen without derivatives, for diagonal noise",
    reference="10.1007/978-3-662-12616-5",
    order=1,
    scheme="platen",
    diagonal=True,
)
