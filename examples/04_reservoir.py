"""A reservoir of random units foretells a chaotic trace.

An echo-state network (Jaeger 2001, doi:10.24406/publica-fhg-291111) is a random recurrent network that is left as it is; only a linear read-out of its states
is fitted, by ridge regression. The reservoir is the shipped model ``echo_state``; what drives it, given as an array for its input ``u``, is the first variable
of the shipped model ``lorenz``. The read-out is numpy: the language describes the system, and the statistics stay outside.

The script prints the error of the prediction over the horizon, as the root of the mean squared error over the standard deviation of the trace, beside the
error of taking the present value, and the memory capacity of the reservoir: the sum over all delays of the squared correlation between a random input and its
best linear reconstruction, which cannot exceed the number of units (same reference, and Jaeger 2001, doi:10.24406/publica-fhg-291107).

Run it as ``python 04_reservoir.py``, with ``--plot reservoir.png`` for a figure, with ``--units 300`` for another size.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd

Floats = NDArray[np.float64]
STEP = 0.02
"""Of the trace, in the time unit of the Lorenz system; one step of the reservoir."""
HORIZONS = (1, 5, 10, 15, 25, 50)
WASHOUT, TRAINING, TEST = 200, 3000, 1000


def trace(count: int) -> Floats:
    """Return the first variable of the Lorenz system at so many steps, with mean 0 and standard deviation 1."""
    x = nd.load("lorenz").simulate(duration=STEP * (count + 400), dt=STEP, method="rk45", record=["x"])["x"][400 : 400 + count]
    return np.asarray((x - x.mean()) / x.std())


def states(drive: Floats, units: int, seed: int) -> Floats:
    """Return the states of a reservoir, row k + 1 being the first that knows element k of the drive; of shape (len(drive) + 1, units)."""
    run = nd.load("echo_state").simulate(duration=len(drive), seed=seed, input={"u": drive}, set={"N": units}, record=["x"])
    return np.asarray(run["x"])


def ridge(features: Floats, targets: Floats, penalty: float = 1e-6) -> Floats:
    """Return the weights of the read-out, an offset last, that minimise the squared error and penalty times their squared length."""
    design = np.column_stack([features, np.ones(len(features))])
    gram = design.T @ design + penalty * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(gram, design.T @ targets))


def read_out(features: Floats, weights: Floats) -> Floats:
    """Return what a read-out says."""
    return np.asarray(features @ weights[:-1] + weights[-1])


def predictions(units: int, seed: int = 1) -> tuple[Floats, Floats]:
    """Return targets and predictions of the test part, of shape (TEST, len(HORIZONS)); the network has seen neither."""
    x = trace(WASHOUT + TRAINING + TEST + max(HORIZONS))
    last = WASHOUT + TRAINING + TEST
    features = states(x[:last], units, seed)[1:][WASHOUT:]
    targets = np.column_stack([x[WASHOUT + h : last + h] for h in HORIZONS])
    weights = ridge(features[:TRAINING], targets[:TRAINING])
    return targets[TRAINING:], read_out(features[TRAINING:], weights)


def present(targets: Floats) -> Floats:
    """Return the value at the time of each prediction, for the horizons one after the other."""
    x = trace(WASHOUT + TRAINING + TEST + max(HORIZONS))
    return np.repeat(x[WASHOUT + TRAINING : WASHOUT + TRAINING + TEST, np.newaxis], targets.shape[1], axis=1)


def relative_errors(targets: Floats, predicted: Floats) -> Floats:
    """Return the root of the mean squared error over the standard deviation of the targets, for each horizon."""
    return np.asarray(np.sqrt(np.mean((targets - predicted) ** 2, axis=0)) / targets.std(axis=0))


def memory(units: int, seed: int = 1, count: int = 4000) -> Floats:
    """Return the squared correlation of a random input with its reconstruction, for the delays from 1 to twice the number of units."""
    drive = np.random.default_rng(seed).uniform(-0.05, 0.05, count)
    features, delays = states(drive, units, seed)[1:], range(1, 2 * units + 1)
    start, middle = WASHOUT + 2 * units, count // 2
    delayed = np.column_stack([np.roll(drive, d) for d in delays])
    weights = ridge(features[start:middle], delayed[start:middle], penalty=1e-8)
    said = read_out(features[middle:], weights)
    return np.array([np.corrcoef(said[:, i], delayed[middle:, i])[0, 1] ** 2 for i in range(len(delays))])


def draw(targets: Floats, predicted: Floats, errors: Floats, curve: Floats, path: str) -> None:
    """Draw a prediction, its error over the horizon, and the memory curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    grid = figure.add_gridspec(2, 2)
    course, growth, remembered = (figure.add_subplot(part) for part in (grid[0, :], grid[1, 0], grid[1, 1]))
    shown, which = slice(0, 600), HORIZONS.index(15)
    time = STEP * np.arange(TEST)[shown]
    course.plot(time, targets[shown, which], color="black", linewidth=1, label="Lorenz, x")
    course.plot(time, predicted[shown, which], "--", color="C1", label=f"foretold {15 * STEP:g} ahead")
    course.set(xlabel="time", ylabel="x (standard deviations)", ylim=(-2.8, 3.3))
    course.legend(frameon=False, loc="upper right", ncols=2)
    growth.plot(STEP * np.array(HORIZONS), errors, "o-")
    growth.set(xlabel="horizon", ylabel="relative error", yscale="log")
    remembered.plot(np.arange(1, len(curve) + 1), curve)
    remembered.set(xlabel="delay (steps)", ylabel="squared correlation", title=f"memory capacity {curve.sum():.1f} of {len(curve) // 2}")
    figure.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print the errors and the capacity, and draw them where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=200, help="of the reservoir")
    parser.add_argument("--plot", metavar="FILE", help="draw the figure")
    asked = parser.parse_args(arguments)

    targets, predicted = predictions(asked.units)
    errors, naive = relative_errors(targets, predicted), relative_errors(targets, present(targets))
    print("horizon   relative error   of the present value")
    for horizon, error, other in zip(HORIZONS, errors, naive, strict=True):
        print(f"{horizon * STEP:<9g} {error:<16.4f} {other:.4f}")
    curve = memory(50)
    print(f"\nmemory capacity of 50 units: {curve.sum():.2f}, at most 50")
    if asked.plot:
        draw(targets, predicted, errors, curve, asked.plot)


if __name__ == "__main__":
    main()
