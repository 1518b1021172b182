"""Methods as data: the families of integrators, each a frozen record that asserts its own consistency.

A member of a family is one constant in one file of this package; the package finds it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from neurodsl.integrators.order_conditions import Row, Rows, Stages, dot

ROUNDED = Fraction(1, 10**13)
"""How far order conditions may miss for coefficients that were published as decimals of 16 digits."""


def row(text: str) -> Row:
    """Return the numbers of a text, exactly: ``row("1/2 0.25 -3")``."""
    return tuple(Fraction(number) for number in text.split())


def rows(*texts: str) -> Rows:
    """Return a table of numbers, one text for each row."""
    return tuple(row(text) for text in texts)


@dataclass(frozen=True, kw_only=True)
class Method:
    """What every method says of itself.

    Attributes
    ----------
    family : str
        The family, which is also the name of the template that makes code of it.
    name : str
        What ``--method`` takes.
    title : str
        One line for tables and help.
    order : int
        The global error shrinks as the step to this power; 0 where the step makes no error.
    reference : str
        The DOI.
    """

    family: ClassVar[str]

    name: str
    title: str
    order: float
    reference: str

    def __post_init__(self) -> None:
        self._require(self.name.isidentifier(), "the name is one word")
        self._require(bool(self.title) and "\n" not in self.title, "the title is one line")
        self._require(self.reference.startswith("10.") and "/" in self.reference, "the reference is a DOI")

    @property
    def adaptive(self) -> bool:
        """Return whether the method estimates its error and chooses its step."""
        return False

    def verify(self) -> None:
        """Raise ValueError, naming what fails, unless the coefficients have the orders they claim; too slow for every import."""

    def _require(self, holds: bool, sentence: str) -> None:
        if not holds:
            raise ValueError(f"method {self.name}: {sentence}")


@dataclass(frozen=True, kw_only=True)
class ExplicitRungeKutta(Method):
    """An explicit Runge-Kutta method: a Butcher tableau with continuous weights.

    A step is ``k_i = f(t + c_i h, y + h sum_{j<i} a_ij k_j)``, ``y1 = y + h sum_i b_i k_i``, and between the two
    ``y(t + theta h) = y + h sum_i b_i(theta) k_i`` with ``b_i(theta) = sum_k dense[i][k-1] theta^k``.
    The error of an adaptive method is ``h sum_i (b_i - embedded_i) k_i``.

    Attributes
    ----------
    a : Rows
        Strictly lower triangular: row i has i entries.
    b, c : Row
        The weights and the nodes.
    embedded : Row or None
        The weights of the second solution; with ``embedded_order`` its order.
    dense : Rows
        For each stage the coefficients of theta, theta^2, ...; with ``dense_order`` the order of the continuous solution.
    """

    family: ClassVar[str] = "explicit_rk"

    a: Rows
    b: Row
    c: Row
    embedded: Row | None = None
    embedded_order: int = 0
    dense: Rows
    dense_order: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(len(self.a) == len(self.c) == len(self.dense) == self.stages, "a, b, c and dense have one entry for each stage")
        for i, (coefficients, node) in enumerate(zip(self.a, self.c, strict=True), start=1):
            self._require(len(coefficients) == i - 1, f"row {i} of a has {i - 1} entries, so that the method is explicit")
            self._require(sum(coefficients) == node, f"row {i} of a adds up to c_{i} = {node}, found {sum(coefficients)}")
        self._require(sum(self.b) == 1, f"sum b_i = 1, found {sum(self.b)}")
        self._require(len({len(coefficients) for coefficients in self.dense}) == 1, "the rows of dense are of one length")
        for i, (coefficients, weight) in enumerate(zip(self.dense, self.b, strict=True), start=1):
            self._require(sum(coefficients) == weight, f"b_{i}(theta) is b_{i} = {weight} at theta = 1, found {sum(coefficients)}")
        if self.embedded is not None:
            self._require(len(self.embedded) == self.stages, "embedded has one entry for each stage")
            self._require(self.embedded != self.b, "the embedded solution differs from the solution")
            self._require(0 < self.embedded_order < self.order, "the embedded order lies below the order")

    @property
    def stages(self) -> int:
        """Return the number of stages."""
        return len(self.b)

    @property
    def adaptive(self) -> bool:
        """Return whether there is an embedded solution to estimate the error by."""
        return self.embedded is not None

    @property
    def fsal(self) -> bool:
        """Return whether the last stage is the first of the next step: it is evaluated at ``t + h`` and ``y1``."""
        return self.stages > 1 and (*self.a[-1], Fraction(0)) == self.b

    def verify(self) -> None:
        """Raise ValueError, naming the condition, unless every order condition holds exactly."""
        stages = Stages(branching=self.a, single=self.a, symbols=("a", "c", "a", "c"))
        try:
            stages.check(self.b, int(self.order), "b")
            if self.embedded is not None:
                stages.check(self.embedded, self.embedded_order, "embedded")
            stages.check_dense(self.dense, self.dense_order)
        except ValueError as failure:
            raise ValueError(f"method {self.name}: {failure}") from None


@dataclass(frozen=True, kw_only=True)
class Rosenbrock(Method):
    """A linearly implicit Runge-Kutta method, in the form that needs no product with the Jacobian.

    With ``J = df/dy`` and ``f_t = df/dt`` at ``(t, y)``, the stages solve one after another, with one matrix::

        (1/(h gamma) I - J) U_i = f(t + alpha_i h, y + sum_{j<i} a_ij U_j) + sum_{j<i} (c_ij/h) U_j + h d_i f_t

    ``y1 = y + sum_i m_i U_i``, the error estimate is ``sum_i e_i U_i``, and between the two, with ``K_r = sum_i dense_rows[r][i] U_i``::

        y(t + theta h) = (1 - theta) y + theta (y1 + (1 - theta) (K_1 + theta K_2))

    which is ``y + sum_i b_i(theta) U_i`` with ``b_i(theta) = sum_k dense[i][k-1] theta^k``. The ``U_i`` already hold the factor h.

    Attributes
    ----------
    gamma : Fraction
        The diagonal.
    alpha, d : Row
        The nodes, and the factors of the derivative by the time.
    a, c : Rows
        Strictly lower triangular: row i has i entries.
    m, e : Row
        The weights of the solution and of its error estimate; the embedded solution ``m - e`` has ``embedded_order``.
    dense_rows : Rows
        Two rows, one entry for each stage; the continuous solution has ``dense_order``.
    """

    family: ClassVar[str] = "rosenbrock"

    gamma: Fraction
    alpha: Row
    d: Row
    a: Rows
    c: Rows
    m: Row
    e: Row
    embedded_order: int
    dense_rows: Rows
    dense_order: int

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = {len(part) for part in (self.alpha, self.d, self.a, self.c, self.m, self.e, *self.dense_rows)}
        self._require(lengths == {self.stages}, "alpha, d, a, c, m, e and the rows for dense output have one entry for each stage")
        self._require(len(self.dense_rows) == 2, "dense output has two rows")
        for i, (left, right) in enumerate(zip(self.a, self.c, strict=True), start=1):
            self._require(len(left) == len(right) == i - 1, f"row {i} of a and of c has {i - 1} entries")
        self._require(any(self.e), "the embedded solution differs from the solution")
        self._require(0 < self.embedded_order < self.order, "the embedded order lies below the order")

    @property
    def stages(self) -> int:
        """Return the number of stages."""
        return len(self.m)

    @property
    def adaptive(self) -> bool:
        """Return True: the method has an embedded solution."""
        return True

    @property
    def dense(self) -> Rows:
        """Return for each stage the coefficients of theta, theta^2, theta^3 in the weight of ``U_i``."""
        return tuple((m + k1, k2 - k1, -k2) for m, k1, k2 in zip(self.m, *self.dense_rows, strict=True))

    @property
    def stiffly_accurate(self) -> bool:
        """Return whether the solution is the last stage's value plus the last stage, so that its stability function is 0 at infinity."""
        return self.m == (*self.a[-1], Fraction(1)) and self.alpha[-1] == 1

    def verify(self) -> None:
        """Raise ValueError, naming the condition, unless every order condition holds to 1e-13.

        With ``U = Gamma k`` the coefficients are turned into those of the classical form, for which the conditions are stated:
        ``Gamma = (diag(1/gamma) - c)^-1``, ``alpha = a Gamma``, ``b = m Gamma``.
        """
        gammas = self._gammas()
        alphas = tuple(_times(coefficients, gammas) for coefficients in self.a)
        betas = tuple(tuple(x + y for x, y in zip(*pair, strict=True)) for pair in zip(alphas, gammas, strict=True))
        for i in range(self.stages):
            self._require(abs(sum(alphas[i]) - self.alpha[i]) <= ROUNDED, f"row {i + 1} of alpha adds up to alpha_{i + 1}")
            self._require(abs(sum(gammas[i]) - self.d[i]) <= ROUNDED, f"row {i + 1} of gamma adds up to d_{i + 1}")
        stages = Stages(branching=alphas, single=betas, symbols=("alpha", "alpha", "beta", "beta"))
        powers = (_times(weights, gammas) for weights in zip(*self.dense, strict=True))
        embedded = tuple(m - e for m, e in zip(self.m, self.e, strict=True))
        try:
            stages.check(_times(self.m, gammas), int(self.order), "b", ROUNDED)
            stages.check(_times(embedded, gammas), self.embedded_order, "embedded", ROUNDED)
            stages.check_dense(tuple(zip(*powers, strict=True)), self.dense_order, ROUNDED)
        except ValueError as failure:
            raise ValueError(f"method {self.name}: {failure}") from None

    def _gammas(self) -> Rows:
        """Return the inverse of the lower triangular matrix ``diag(1/gamma) - c``, row by row."""
        found: list[Row] = []
        for i, coefficients in enumerate(self.c):
            known = tuple(dot(coefficients, tuple(above[j] for above in found)) for j in range(self.stages))
            found.append(tuple(self.gamma * (value + (i == j)) for j, value in enumerate(known)))
        return tuple(found)


def _times(weights: Row, matrix: Rows) -> Row:
    return tuple(dot(weights, column) for column in zip(*matrix, strict=True))


@dataclass(frozen=True, kw_only=True)
class ExponentialEuler(Method):
    """Each state follows its own linearisation exactly, the others held: ``x1 = x + h phi(h J_xx) f_x(t, y)``, ``phi(z) = (e^z - 1)/z``.

    ``J_xx`` is the diagonal of the Jacobian at ``(t, y)``. A step of length ``theta h`` with the same ``f`` and ``J`` is the dense output.
    """

    family: ClassVar[str] = "exponential_euler"


@dataclass(frozen=True, kw_only=True)
class Stochastic(Method):
    """A method of fixed step for Ito equations ``dX = f dt + sum_j g_j dW_j``; ``order`` is its strong order.

    Attributes
    ----------
    scheme : str
        What is added to ``X + f h + sum_j g_j dW_j``: ``euler`` nothing; ``milstein`` ``g g' (dW^2 - h)/2``; ``platen`` the same with g' by a
        difference; ``heun`` takes the mean of f and g at both ends, with the drift in the sense of Stratonovich.
    diagonal : bool
        Whether each noise may enter one equation alone, with a factor that depends on no other state that has noise.
    """

    family: ClassVar[str] = "sde"

    scheme: str
    diagonal: bool


@dataclass(frozen=True, kw_only=True)
class Discrete(Method):
    """The steps of a map: they make no error."""

    family: ClassVar[str] = "map"


@dataclass(frozen=True, kw_only=True)
class Exact(Method):
    """A linear system with constant coefficients, ``dy/dt = A y + b``, advanced by its propagator ``exp(h A)``; the step makes no error."""

    family: ClassVar[str] = "exact"
