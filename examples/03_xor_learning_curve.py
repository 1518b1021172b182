"""Two layers learn XOR, which no single unit can.

The shipped model ``xor_network`` has two hidden units and one output. Its text states the loss and says ``next W = W - eta*diff(L, W)``; the compiler derives
the gradient, which is back-propagation (Rumelhart, Hinton, Williams 1986, doi:10.1038/323533a0), and nobody writes it by hand.

The script shows the learning curve for three rates of learning, checks the derived gradient against finite differences of the loss, and trains the network
from many random weights: with two hidden units some of them end in a local minimum.

Run it as ``python 03_xor_learning_curve.py``, with ``--plot xor.png`` for a figure, with ``--trials 500`` for more beginnings.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd

Floats = NDArray[np.float64]
RATES = (0.3, 1.0, 3.0)
STEPS = 1000
LEARNT = 0.1
"""Below this loss every answer is on the right side of 1/2."""
INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
WANTED = np.array([0, 1, 1, 0])


def curve(eta: float) -> Floats:
    """Return the loss over the steps for a rate of learning."""
    return np.asarray(nd.load("xor_network").simulate(duration=STEPS, eta=eta, record=["L"])["L"])


def loss(w: Floats, b: Floats, v: Floats, c: float) -> float:
    """Return the loss of the network, written by hand."""
    answers = 1 / (1 + np.exp(-(np.tanh(INPUTS @ w.T + b) @ v + c)))
    return float(((answers - WANTED) ** 2).sum())


def gradients() -> tuple[Floats, Floats]:
    """Return the gradient over W that the first step of the model takes, and the same by central differences."""
    run = nd.load("xor_network").simulate(duration=1, eta=1, record=["W", "b", "v", "c"])
    w, b, v, c = (np.asarray(run[name][0]) for name in ("W", "b", "v", "c"))
    taken = w - run["W"][1]
    differences, h = np.zeros_like(w), 1e-6
    for index in np.ndindex(*w.shape):
        apart = np.zeros_like(w)
        apart[index] = h
        differences[index] = (loss(w + apart, b, v, float(c)) - loss(w - apart, b, v, float(c))) / (2 * h)
    return taken, differences


def from_random_weights(trials: int) -> Floats:
    """Return the loss over the steps of trials that start from random weights, of shape (trials, STEPS + 1)."""
    model, random = nd.load("xor_network"), np.random.default_rng(1)
    runs = []
    for _ in range(trials):
        weights = {"W": random.uniform(-1, 1, (2, 2)), "v": random.uniform(-1, 1, 2)}
        runs.append(model.simulate(duration=STEPS, init=weights, record=["L"])["L"])
    return np.array(runs)


def draw(curves: dict[float, Floats], trials: Floats, path: str) -> None:
    """Draw the learning curves."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    rates, beginnings = figure.subplots(1, 2, sharey=True)
    for eta, course in curves.items():
        rates.plot(course, label=f"rate {eta:g}")
    rates.legend(frameon=False)
    rates.set(xlabel="step", ylabel="loss", yscale="log", title="rates of learning")
    for course in trials:
        beginnings.plot(course, color="C0" if course[-1] < LEARNT else "C1", linewidth=0.6, alpha=0.6)
    beginnings.set(xlabel="step", title="random weights (orange: not learnt)")
    figure.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print the losses, and draw the curves where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=30, help="random beginnings")
    parser.add_argument("--plot", metavar="FILE", help="draw the figure")
    asked = parser.parse_args(arguments)

    curves = {eta: curve(eta) for eta in RATES}
    print("rate of learning   loss at the start   after 100 steps   after 1000")
    for eta, course in curves.items():
        print(f"{eta:<18g} {course[0]:<19.5f} {course[100]:<17.5f} {course[-1]:.5f}")
    taken, differences = gradients()
    print(f"\nderived gradient and finite differences differ by {np.abs(taken - differences).max():.1e}")
    trials = from_random_weights(asked.trials)
    stuck = trials[trials[:, -1] >= LEARNT, -1]
    print(f"learnt from {len(trials) - len(stuck)} of {len(trials)} random beginnings; losses of the others: {np.unique(stuck.round(2))}")
    if asked.plot:
        draw(curves, trials, asked.plot)


if __name__ == "__main__":
    main()
