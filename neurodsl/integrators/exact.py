"""The propagator of linear systems, after Rotter and Diesmann."""

from neurodsl.integrators.method import Exact

EXACT = Exact(
    name="exact",
    title="exact propagator of linear equations",
    reference="10.1007/s004220050570",
    order=0,
)
