"""A perceptron finds the line between two clouds of points.

The points, on which side of a hidden line each lies, and the rule of learning are one model, whose text is below: a map, `next w = ...`, with one step for
each point that is shown. The points are drawn once (`~`), and moved off the line by a margin, so that a line separates them for certain.

Rosenblatt's rule (1958, doi:10.1037/h0042519) corrects the weights at mistakes alone. Novikoff's theorem (1963) bounds how many there can be: (R/gamma)^2,
where R is the length of the longest point and gamma the margin of the best line that is known, both with the constant input 1 of the offset counted in.

Run it as ``python 02_perceptron_boundary.py``, with ``--plot boundary.png`` for a figure, with ``--seed 3`` for other points.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd

MODEL = """\
# Perceptron that learns on which side of a hidden line a point lies
param P = 100 "points", margin = 0.1 "distance that the points keep from the line"
param n[2] = (0.6, 0.8) "normal of the line", offset = 0.3 "its distance from the origin"
param z[P, 2] ~ normal(0, 1) "points before they are moved off the line"
init w[2] = 0 "weights", c = 0 "offset", mistakes = 0 "mistakes so far"

d[j] = 1 if sum(z[j, i]*n[i] for i) > offset else 0 "the side of the line"
X[j, i] = z[j, i] + margin*(2*d[j] - 1)*n[i] "points"
k = t mod P "which point is shown"
y[j] = 1 if sum(X[j, i]*w[i] for i) + c > 0 else 0 "answers"
wrong = sum(abs(d - y)) "points on the wrong side"

next w[i] = w[i] + sum((d[j] - y[j])*X[j, i] if j == k else 0 for j)
next c = c + sum(d[j] - y[j] if j == k else 0 for j)
next mistakes = mistakes + sum(abs(d[j] - y[j]) if j == k else 0 for j)

simulate: duration 4000; record X, d, w, c, mistakes, wrong
"""
NORMAL, OFFSET = (0.6, 0.8), 0.3


@dataclass(frozen=True)
class Learning:
    """A run: the points of shape (P, 2), their sides, and over the steps the weights, mistakes and points on the wrong side."""

    points: NDArray[np.float64]
    sides: NDArray[np.float64]
    weights: NDArray[np.float64]
    offsets: NDArray[np.float64]
    mistakes: NDArray[np.float64]
    wrong: NDArray[np.float64]

    @property
    def bound(self) -> float:
        """Return how many mistakes there can be at most."""
        inputs = np.column_stack([self.points, np.ones(len(self.points))])
        known = np.array([*NORMAL, -OFFSET])
        margin = np.min((2 * self.sides - 1) * (inputs @ known)) / np.linalg.norm(known)
        return float((np.linalg.norm(inputs, axis=1).max() / margin) ** 2)

    @property
    def steps(self) -> int:
        """Return after how many steps no point was on the wrong side any more."""
        return int(np.flatnonzero(self.wrong)[-1]) + 1


def learn(seed: int) -> Learning:
    """Run the model on the points of a seed."""
    run = nd.loads(MODEL, "perceptron").simulate(seed=seed)
    return Learning(run["X"][0], run["d"][0], run["w"], run["c"], run["mistakes"], run["wrong"])


def draw(learning: Learning, path: str) -> None:
    """Draw the points, the line that was found, and the lines on the way to it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.2), layout="constrained")
    plane, course = figure.subplots(1, 2)
    for side, colour in ((0, "C0"), (1, "C1")):
        plane.scatter(*learning.points[learning.sides == side].T, s=14, color=colour)
    changes = np.flatnonzero(np.diff(learning.mistakes))[:: max(1, int(learning.mistakes[-1] / 12))] + 1
    for k in [*changes, -1]:
        (a, b), c = learning.weights[k], learning.offsets[k]
        if b != 0:
            last = k == -1
            plane.axline((0, -c / b), slope=-a / b, color="black" if last else "0.8", linewidth=1.5 if last else 0.7, zorder=0)
    plane.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="$x_0$", ylabel="$x_1$", title="points and the line found (grey: on the way)")
    course.plot(learning.wrong, drawstyle="steps-post")
    course.set(
        xlabel="points shown", ylabel="points on the wrong side", title=f"{learning.mistakes[-1]:.0f} mistakes", xlim=(0, 1.2 * learning.steps)
    )
    figure.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print what was learnt, and draw it where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of the points")
    parser.add_argument("--plot", metavar="FILE", help="draw the figure")
    asked = parser.parse_args(arguments)

    learning = learn(asked.seed)
    (a, b), c = learning.weights[-1], learning.offsets[-1]
    angle = np.degrees(np.arccos((a * NORMAL[0] + b * NORMAL[1]) / np.hypot(a, b)))
    print(f"points           {len(learning.points)}, {learning.sides.sum():.0f} above the line")
    print(f"line found       {a:.3f}*x_0 + {b:.3f}*x_1 + {c:.3f} = 0, {angle:.2f} degrees from the hidden one")
    print(f"on wrong side    {learning.wrong[-1]:.0f}, none after {learning.steps} steps")
    print(f"mistakes         {learning.mistakes[-1]:.0f}, at most {learning.bound:.1f} by Novikoff's theorem")
    if asked.plot:
        draw(learning, asked.plot)


if __name__ == "__main__":
    main()
