"""The exponential Euler method with the diagonal of the Jacobian, after Rush and Larsen."""

from neurodsl.integrators.method import ExponentialEuler

EXPONENTIAL_EULER = ExponentialEuler(
    name="exponential_euler",
    title="exponential Euler, each state linearised on its own",
    reference="10.1109/TBME.1978.326270",
    order=1,
)
