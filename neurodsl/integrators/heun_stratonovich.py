"""Heun in the sense of Stratonovich, with the drift corrected from Ito."""

from neurodsl.integrators.method import Stochastic

HEUN_STRATONOVICH = Stochastic(
    name="heun_stratonovich",
    title="Heun in the sense of Stratonovich, with the drift corrected from Ito",
    reference="10.1137/0719041",
    order=1,
    scheme="heun",
    diagonal=False,
)
