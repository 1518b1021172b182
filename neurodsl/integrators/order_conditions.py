"""The order conditions of one-step methods, generated from rooted trees, in exact arithmetic.

A tree is the tuple of the subtrees of its root, so a single vertex is ``()``. A method has order p when, for every tree t with at most
p vertices, the elementary weight of t equals 1/density(t).

References
----------
E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, section II.2, doi:10.1007/978-3-540-78862-1
E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, section IV.7, doi:10.1007/978-3-642-05221-7
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod
from typing import TypeAlias

Row: TypeAlias = tuple[Fraction, ...]
Rows: TypeAlias = tuple[Row, ...]
Tree: TypeAlias = tuple["Tree", ...]


def dot(left: Row, right: Row) -> Fraction:
    """Return the sum of the products; the row of a triangular matrix may end early."""
    return sum((x * y for x, y in zip(left, right, strict=False)), Fraction(0))


def _grafts(tree: Tree) -> Iterator[Tree]:
    """Yield the trees that come from hanging one more leaf on each vertex."""
    yield tuple(sorted((*tree, ())))
    for i, child in enumerate(tree):
        for grown in _grafts(child):
            yield tuple(sorted((*tree[:i], *tree[i + 1 :], grown)))


@cache
def trees(vertices: int) -> tuple[Tree, ...]:
    """Return every rooted tree with that many vertices, once."""
    if vertices == 1:
        return ((),)
    return tuple(sorted({grown for tree in trees(vertices - 1) for grown in _grafts(tree)}))


def size(tree: Tree) -> int:
    """Return the number of vertices."""
    return 1 + sum(size(child) for child in tree)


def density(tree: Tree) -> int:
    """Return the product, over all vertices, of the sizes of the subtrees that they carry."""
    return size(tree) * prod(density(child) for child in tree)


@dataclass(frozen=True)
class Stages:
    """How the stages of a method hang together, as the order conditions see it.

    Attributes
    ----------
    branching, single : Rows
        The matrix that leads from a vertex to its children where it has several, and where it has exactly one. They are the same for
        a Runge-Kutta method; for a Rosenbrock method they are alpha and beta = alpha + gamma.
    symbols : tuple of str
        For messages: the letters of ``branching``, of its row sums, of ``single``, of its row sums.
    """

    branching: Rows
    single: Rows
    symbols: tuple[str, str, str, str]

    def weights(self, tree: Tree) -> Row:
        """Return the elementary weight of each stage for the tree."""
        matrix = self.single if len(tree) == 1 else self.branching
        children = [self.weights(child) for child in tree]
        return tuple(prod((dot(row, child) for child in children), start=Fraction(1)) for row in matrix)

    def formula(self, tree: Tree, weight: str) -> str:
        """Return the left side of the order condition as it is printed in books, such as ``sum b_i c_i a_ij c_j``."""
        letters = iter("ijklmnopqrs")

        def factors(vertex: Tree, letter: str) -> Iterator[str]:
            matrix, row_sum = self.symbols[2:] if len(vertex) == 1 else self.symbols[:2]
            leaves = sum(1 for child in vertex if not child)
            if leaves:
                yield f"{row_sum}_{letter}" + (f"^{leaves}" if leaves > 1 else "")
            for child in filter(None, vertex):
                below = next(letters)
                yield f"{matrix}_{letter}{below}"
                yield from factors(child, below)

        root = next(letters)
        return " ".join(["sum", f"{weight}_{root}", *factors(tree, root)])

    def check(self, weights: Row, order: int, symbol: str, tolerance: Fraction = Fraction(0)) -> None:
        """Raise ValueError, naming the first condition that fails, unless the weights have the order."""
        for tree in (tree for vertices in range(1, order + 1) for tree in trees(vertices)):
            found, wanted = dot(weights, self.weights(tree)), Fraction(1, density(tree))
            if abs(found - wanted) > tolerance:
                raise ValueError(f"order {size(tree)} needs {self.formula(tree, symbol)} = {wanted}, found {_shown(found)}")

    def check_dense(self, dense: Rows, order: int, tolerance: Fraction = Fraction(0)) -> None:
        """Raise ValueError unless the weights ``sum_k dense[i][k-1] theta^k`` have the order at every theta.

        The condition of a tree t is then the identity of polynomials: elementary weight = theta^size(t) / density(t).
        """
        powers = tuple(zip(*dense, strict=True))
        for tree in (tree for vertices in range(1, order + 1) for tree in trees(vertices)):
            stages = self.weights(tree)
            for power, weights in enumerate(powers, start=1):
                found, wanted = dot(weights, stages), Fraction(int(power == size(tree)), density(tree))
                if abs(found - wanted) > tolerance:
                    condition = f"{self.formula(tree, 'b')} = theta^{size(tree)}/{density(tree)}"
                    raise ValueError(f"dense output of order {order} needs {condition}, found {_shown(found)} theta^{power} in it")


def _shown(number: Fraction) -> str:
    return str(number) if number.denominator < 10**9 else repr(float(number))
