"""All roots of a system of equations in a box: subdivision with a proof for each part, by interval arithmetic.

A part in which an enclosure of an equation excludes 0 holds no root. One that the Krawczyk operator maps into itself holds exactly one.

References
----------
Moore, Kearfott, Cloud, 2009, Introduction to Interval Analysis, SIAM, chapter 8. doi:10.1137/1.9780898717716
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Symbol

from neurodsl.analysis.box_arithmetic import Booleans, Floats, Interval
from neurodsl.analysis.enclosure import Enclosure

BATCH = 2048
"""Boxes that are looked at together."""
MOST_BOXES = 400_000
"""Boxes after which the subdivision is given up."""
NARROW = 1e-7
"""The width, relative to the place or to a thousandth of the whole, below which a box is not divided any more."""
TRIES = 32
"""Boxes from whose middle Newton's method starts."""
ROUNDS_BETWEEN = 4
"""Rounds of the subdivision between two such attempts."""
CONTRACTIONS = 100
"""Images of a box that holds one root, until they do not become narrower."""
RADII = 0.5 ** np.arange(1, 46)
"""Sizes of the neighbourhoods of a root in which its uniqueness is tried, as fractions of the whole box."""


@dataclass(frozen=True)
class Isolation:
    """What is known of the roots in a box.

    Attributes
    ----------
    points : tuple of arrays of shape (n,)
        Roots, each the only one in a neighbourhood that is known.
    doubtful : tuple of arrays of shape (n,)
        Places so near to a root or to a jump that neither existence nor absence was proved; one for each cluster of boxes.
    complete : bool
        Whether the whole box was looked at, so that there is no root but these.
    """

    points: tuple[Floats, ...]
    doubtful: tuple[Floats, ...]
    complete: bool


class Equations:
    """Equations in as many unknowns, with enclosures of their values and of their derivatives.

    Raises
    ------
    Unsupported
        Where a part of them cannot be enclosed.
    """

    def __init__(self, expressions: Sequence[Expr], symbols: Sequence[Symbol]) -> None:
        self.size = len(symbols)
        self.values = Enclosure(expressions, symbols)
        self.slopes = Enclosure([e.diff(s) for e in expressions for s in symbols], symbols)

    def jacobian(self, low: Floats, high: Floats) -> tuple[Interval, Booleans]:
        """Return enclosures of the Jacobian, of shape (k, n, n), and where they hold."""
        found, _ = self.slopes(low, high)
        shape = (len(low), self.size, self.size)
        bounds = Interval(found.low.reshape(shape), found.high.reshape(shape))
        return bounds, np.all(np.isfinite(bounds.low) & np.isfinite(bounds.high), axis=(1, 2))

    def newton(self, start: Floats, rounds: int = 30) -> Floats:
        """Return where Newton's method leads from points of shape (k, n); NaN where it fails."""
        point = start.copy()
        with np.errstate(all="ignore"):
            for _ in range(rounds):
                step = self.step(point)
                point = point - step
                if not np.any(np.abs(step) > 1e-14 * np.abs(point)):
                    break
        return point

    def step(self, point: Floats) -> Floats:
        """Return Newton's step from points of shape (k, n)."""
        values = self.values(point, point)[0].mid
        slopes, sound = self.jacobian(point, point)
        sound &= np.all(np.isfinite(values), axis=1)
        step = np.full_like(point, np.nan)
        regular = np.flatnonzero(sound)
        matrices = slopes.mid[regular]
        solvable = np.abs(np.linalg.det(matrices)) > 0
        regular, matrices = regular[solvable], matrices[solvable]
        step[regular] = np.linalg.solve(matrices, values[regular][:, :, None])[:, :, 0]
        return step

    def krawczyk(self, low: Floats, high: Floats) -> tuple[Interval, Booleans]:
        """Return the image of boxes under the Krawczyk operator, which holds all their roots, and which are mapped into themselves."""
        n, middle = self.size, low + 0.5 * (high - low)
        radius = np.maximum(high - middle, middle - low)
        _, rough = self.values(low, high)
        value = self.values(middle, middle)[0]
        slopes, sound = self.jacobian(low, high)
        sound &= ~rough & np.all(np.isfinite(value.low) & np.isfinite(value.high), axis=1)
        centre = np.where(sound[:, None, None], slopes.mid, np.eye(n))
        regular = np.abs(np.linalg.det(centre)) > 1e-300
        sound &= regular
        inverse = np.linalg.inv(np.where(regular[:, None, None], centre, np.eye(n)))
        spread = np.where(sound[:, None, None], 0.5 * (slopes.high - slopes.low), 0.0)
        rest = np.abs(np.eye(n) - inverse @ centre) + np.abs(inverse) @ (spread + 1e-15 * np.abs(centre)) + 1e-15
        shift = (inverse @ np.where(sound[:, None], value.mid, 0.0)[:, :, None])[:, :, 0]
        error = (np.abs(inverse) @ np.where(sound[:, None], 0.5 * (value.high - value.low), 0.0)[:, :, None])[:, :, 0]
        reach = 1.0000001 * (error + (rest @ radius[:, :, None])[:, :, 0]) + 4e-16 * (np.abs(middle) + np.abs(shift) * n)
        image = Interval(middle - shift - reach, middle - shift + reach)
        inside = sound & np.all((image.low > low) & (image.high < high), axis=1)
        everything = ~sound[:, None]
        return Interval(np.where(everything, -np.inf, image.low), np.where(everything, np.inf, image.high)), inside


class Search:
    """A subdivision of one box, with what has been found so far."""

    def __init__(self, equations: Equations, low: Floats, high: Floats) -> None:
        self.equations, self.low, self.high = equations, low, high
        self.width = high - low
        self.points: list[Floats] = []
        self.lows, self.highs = np.empty((0, len(low))), np.empty((0, len(low)))
        self.doubtful: list[Floats] = []
        self.rounds = 0

    def run(self, seconds: float) -> bool:
        """Divide until nothing is left, and return whether that was reached."""
        deadline, looked_at = time.monotonic() + seconds, 0
        lows, highs = self.low[None, :], self.high[None, :]
        while len(lows):
            if looked_at > MOST_BOXES or time.monotonic() > deadline:
                return False
            now, later = slice(None, BATCH), slice(BATCH, None)
            looked_at += len(lows[now])
            kept = self.prune(lows[now], highs[now])
            lows, highs = (np.concatenate(pair) for pair in zip((lows[later], highs[later]), kept, strict=True))
        return True

    def prune(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the halves of those boxes that may still hold a root that is not known."""
        values, _ = self.equations.values(low, high)
        kept = np.all((values.low <= 0) & (values.high >= 0), axis=1)
        low, high = low[kept], high[kept]
        image, inside = self.equations.krawczyk(low, high)
        for i in np.flatnonzero(inside):
            self.accept(low[i], high[i])
        low, high = np.maximum(low, image.low), np.minimum(high, image.high)
        kept = ~inside & np.all(low <= high, axis=1)
        low, high = self.without_known(low[kept], high[kept])
        self.rounds += 1
        if self.rounds % ROUNDS_BETWEEN == 0:
            self.try_newton(low, high)
            low, high = self.without_known(low, high)
        small = np.all(high - low <= NARROW * np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-3 * self.width), axis=1)
        self.doubtful += list(0.5 * (low + high)[small])
        return self.halved(low[~small], high[~small])

    def halved(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return both halves of each box, cut across its longest side relative to the whole, a little beside the middle."""
        rows, side = np.arange(len(low)), np.argmax((high - low) / self.width, axis=1)
        cut = low[rows, side] + 0.4921875 * (high - low)[rows, side]
        first, second = high.copy(), low.copy()
        first[rows, side], second[rows, side] = cut, cut
        return np.concatenate([low, second]), np.concatenate([first, high])

    def without_known(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the boxes that do not lie in the neighbourhood of a known root, where there is no other."""
        kept = np.ones(len(low), dtype=np.bool_)
        for known_low, known_high in zip(self.lows, self.highs, strict=True):
            kept &= ~np.all((low >= known_low) & (high <= known_high), axis=1)
        return low[kept], high[kept]

    def try_newton(self, low: Floats, high: Floats) -> None:
        """Look for roots from the middle of some boxes, and prove that each is the only one around."""
        if not len(low):
            return
        chosen = np.unique(np.linspace(0, len(low) - 1, min(TRIES, len(low))).astype(int))
        found = self.equations.newton(0.5 * (low + high)[chosen], rounds=12)
        for point in found[np.all(np.isfinite(found), axis=1)]:
            known = np.all((self.lows <= point) & (point <= self.highs), axis=1)
            if not known.any() and np.all((point >= self.low - self.width) & (point <= self.high + self.width)):
                self.surround(point)

    def surround(self, point: Floats) -> None:
        """Accept a point as a root if it is the only one in some neighbourhood, and keep the largest."""
        radius = RADII[:, None] * self.width
        _, inside = self.equations.krawczyk(point - radius, point + radius)
        if inside.any():
            largest = radius[np.flatnonzero(inside)[0]]
            self.accept(point - largest, point + largest)

    def accept(self, low: Floats, high: Floats) -> None:
        """Add the only root of a box that is mapped into itself, unless it is known already."""
        self.lows, self.highs = np.concatenate([self.lows, low[None, :]]), np.concatenate([self.highs, high[None, :]])
        low, high = self.contracted(low, high)
        point = self.equations.newton(0.5 * (low + high)[None, :], rounds=8)[0]
        if not np.all((point >= low) & (point <= high)):
            point = 0.5 * (low + high)
        if not any(np.all(np.abs(p - point) <= 1e-9 * np.maximum(np.abs(p), 1e-6 * self.width)) for p in self.points):
            self.points.append(point)

    def contracted(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return a box around the root of one that is mapped into itself: its image again and again, since Newton's method may leave a wide one."""
        for _ in range(CONTRACTIONS):
            image, _ = self.equations.krawczyk(low[None, :], high[None, :])
            narrow = np.maximum(low, image.low[0]), np.minimum(high, image.high[0])
            if not np.all(narrow[0] <= narrow[1]) or not np.any(narrow[1] - narrow[0] < 0.99 * (high - low)):
                break
            low, high = narrow
        return low, high


def isolate(equations: Equations, low: Floats, high: Floats, seconds: float) -> Isolation:
    """Return all roots in a box with bounds of shape (n,).

    Parameters
    ----------
    seconds : float
        After this time the subdivision is given up; what was found by then is returned.
    """
    search = Search(equations, low, high)
    complete = search.run(seconds)
    slack = 1e-9 * search.width
    inside = [p for p in search.points if np.all((p >= low - slack) & (p <= high + slack))]
    clusters: list[Floats] = []
    for place in search.doubtful:
        if not any(np.all(np.abs(c - place) <= 1e-4 * np.maximum(np.abs(c), 1e-2 * search.width)) for c in clusters):
            clusters.append(place)
    return Isolation(tuple(sorted(inside, key=tuple)), tuple(clusters), complete)
