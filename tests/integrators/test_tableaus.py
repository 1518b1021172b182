"""The methods are what they claim: order conditions in exact arithmetic, and measured orders of plain steppers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from neurodsl.integrators import methods
from neurodsl.integrators.method import ExplicitRungeKutta, ExponentialEuler, Method, Rosenbrock, row, rows
from neurodsl.integrators.order_conditions import density, size, trees

MEMBERS = list(methods().values())
RUNGE_KUTTA = [method for method in MEMBERS if isinstance(method, ExplicitRungeKutta)]
ROSENBROCK = [method for method in MEMBERS if isinstance(method, Rosenbrock)]
RK4 = next(method for method in RUNGE_KUTTA if method.name == "rk4")
RK45 = next(method for method in RUNGE_KUTTA if method.name == "rk45")


def named(member: Method) -> str:
    return member.name


def complaint(method: Method) -> str:
    try:
        method.verify()
    except ValueError as failure:
        return str(failure)
    return ""


every_method = pytest.mark.parametrize("method", MEMBERS, ids=named)
every_runge_kutta = pytest.mark.parametrize("method", RUNGE_KUTTA, ids=named)
every_rosenbrock = pytest.mark.parametrize("method", ROSENBROCK, ids=named)

# --- the family ---------------------------------------------------------------------------------------------------------


def test_the_package_finds_its_methods_by_itself() -> None:
    assert {"euler", "heun", "midpoint", "rk4", "rk45", "exponential_euler", "exact", "rosenbrock"} <= methods().keys()


def test_every_method_is_listed_under_its_own_name() -> None:
    assert list(methods()) == [method.name for method in MEMBERS]


@every_method
def test_every_method_names_its_reference_and_its_family(method: Method) -> None:
    assert (method.reference[:3], method.family.isidentifier()) == ("10.", True)


@every_method
def test_every_method_meets_its_own_order_conditions(method: Method) -> None:
    assert complaint(method) == ""


def test_only_methods_with_an_embedded_solution_are_adaptive() -> None:
    assert {method.name for method in MEMBERS if method.adaptive} >= {"rk45", "rosenbrock"}
    assert not any(methods()[name].adaptive for name in ("euler", "heun", "midpoint", "rk4", "exponential_euler", "exact"))


def test_the_last_stage_of_dormand_prince_alone_is_the_first_of_the_next_step() -> None:
    assert [(method.name, method.fsal) for method in (RK4, RK45)] == [("rk4", False), ("rk45", True)]


# --- the trees ----------------------------------------------------------------------------------------------------------


def test_the_number_of_rooted_trees_is_the_known_one() -> None:
    assert [len(trees(vertices)) for vertices in range(1, 9)] == [1, 1, 2, 4, 9, 20, 48, 115]


def test_the_densities_of_the_trees_of_order_four_are_those_of_the_book() -> None:
    assert sorted((size(tree), density(tree)) for tree in trees(4)) == [(4, 4), (4, 8), (4, 12), (4, 24)]


# --- a wrong tableau is refused -----------------------------------------------------------------------------------------


def test_a_wrong_coefficient_is_refused_with_the_row_that_does_not_add_up() -> None:
    with pytest.raises(ValueError, match=r"^method rk4: row 3 of a adds up to c_3 = 1/2, found 1/3$"):
        replace(RK4, a=rows("", "1/2", "0 1/3", "0 0 1"))


def test_wrong_weights_are_refused_with_their_sum() -> None:
    with pytest.raises(ValueError, match=r"^method rk4: sum b_i = 1, found 7/6$"):
        replace(RK4, b=row("1/6 1/3 1/3 1/3"))


def test_a_stage_that_uses_itself_is_refused_as_not_explicit() -> None:
    with pytest.raises(ValueError, match=r"^method rk4: row 2 of a has 1 entries, so that the method is explicit$"):
        replace(RK4, a=rows("", "1/2 0", "0 1/2", "0 0 1"))


def test_a_coefficient_that_keeps_the_row_sums_is_refused_with_the_order_condition_it_breaks() -> None:
    wrong = replace(RK4, a=rows("", "1/2", "1/4 1/4", "0 0 1"))
    with pytest.raises(ValueError, match=r"^method rk4: order 3 needs sum b_i a_ij c_j = 1/6, found 1/8$"):
        wrong.verify()


def test_an_order_that_is_claimed_and_not_reached_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^method rk4: order 5 needs sum b_i .* = 1/\d+, found "):
        replace(RK4, order=5).verify()


def test_a_continuous_weight_that_misses_the_end_of_the_step_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^method rk4: b_1\(theta\) is b_1 = 1/6 at theta = 1, found 1$"):
        replace(RK4, dense=rows("1 0 0", "0 1 -2/3", "0 1 -2/3", "0 -1/2 2/3"))


def test_a_continuous_solution_of_too_low_an_order_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^method rk4: dense output of order 4 needs sum b_i .* = theta\^4/\d+, found "):
        replace(RK4, dense_order=4).verify()


def test_a_wrong_embedded_weight_is_refused_with_the_condition_it_breaks() -> None:
    assert RK45.embedded is not None
    wrong = replace(RK45, embedded=(*RK45.embedded[:-1], Fraction(1, 20)))
    with pytest.raises(ValueError, match=r"^method rk45: order 1 needs sum embedded_i = 1, found 41/40$"):
        wrong.verify()


@every_rosenbrock
def test_a_wrong_digit_in_the_thirteenth_place_of_a_rosenbrock_method_is_refused(method: Rosenbrock) -> None:
    wrong = replace(method, m=(method.m[0] + Fraction(1, 10**12), *method.m[1:]))
    with pytest.raises(ValueError, match=rf"^method {method.name}: order 1 needs sum b_i = 1, found "):
        wrong.verify()


@every_rosenbrock
def test_a_wrong_continuous_weight_of_a_rosenbrock_method_is_refused(method: Rosenbrock) -> None:
    first, second = method.dense_rows
    wrong = replace(method, dense_rows=(first, (second[0] + Fraction(1, 10**12), *second[1:])))
    assert complaint(wrong).startswith(f"method {method.name}: dense output of order {method.dense_order} needs sum b_i = theta^1/1, found ")


@every_rosenbrock
def test_a_wrong_embedded_weight_of_a_rosenbrock_method_is_refused(method: Rosenbrock) -> None:
    wrong = replace(method, e=(Fraction(1, 10**12), *method.e[1:]))
    assert complaint(wrong).startswith(f"method {method.name}: order 1 needs sum embedded_i = 1, found ")


@every_rosenbrock
def test_a_wrong_node_of_a_rosenbrock_method_is_refused(method: Rosenbrock) -> None:
    wrong = replace(method, alpha=(method.alpha[0], method.alpha[1] + 1, *method.alpha[2:]))
    with pytest.raises(ValueError, match=rf"^method {method.name}: row 2 of alpha adds up to alpha_2$"):
        wrong.verify()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("reference", "Kutta 1901", "the reference is a DOI"),
        ("name", "rk 4", "the name is one word"),
        ("title", "", "the title is one line"),
    ],
)
def test_a_method_without_a_proper_card_is_refused(field: str, value: str, sentence: str) -> None:
    card = {"name": "some", "title": "some method", "reference": "10.1000/1", "order": 1, field: value}
    with pytest.raises(ValueError, match=sentence):
        ExponentialEuler(**card)  # type: ignore[arg-type]


# --- measured orders ----------------------------------------------------------------------------------------------------

Vector = np.ndarray
Field = Callable[[float, Vector], Vector]


def by_runge_kutta(method: ExplicitRungeKutta, f: Field, t: float, y: Vector, h: float) -> tuple[Vector, Vector, Callable[[float], Vector]]:
    """One step: the solution, the embedded one, and the continuous one as a function of theta."""
    a, c, dense = ([[float(x) for x in line] for line in part] for part in (method.a, [method.c], method.dense))
    k: list[Vector] = []
    for i in range(method.stages):
        k.append(f(t + c[0][i] * h, y + h * sum((a[i][j] * k[j] for j in range(i)), np.zeros_like(y))))

    def combined(weights: list[float]) -> Vector:
        return y + h * sum((w * slope for w, slope in zip(weights, k, strict=True)), np.zeros_like(y))

    def between(theta: float) -> Vector:
        return combined([sum(x * theta**p for p, x in enumerate(line, start=1)) for line in dense])

    return combined([float(x) for x in method.b]), combined([float(x) for x in method.embedded or method.b]), between


def by_rosenbrock(
    method: Rosenbrock, f: Field, jacobian: Field, slope: Field, t: float, y: Vector, h: float
) -> tuple[Vector, Vector, Callable[[float], Vector]]:
    """One step, written from the formulas in the docstring of the class."""
    a, c, (k1, k2), (alpha, d, m, e) = (
        [[float(x) for x in line] for line in part] for part in (method.a, method.c, method.dense_rows, (method.alpha, method.d, method.m, method.e))
    )
    matrix = np.eye(len(y)) / (h * float(method.gamma)) - jacobian(t, y)
    U: list[Vector] = []
    for i in range(method.stages):
        inside = y + sum((a[i][j] * U[j] for j in range(i)), np.zeros_like(y))
        right = f(t + alpha[i] * h, inside) + sum((c[i][j] / h * U[j] for j in range(i)), np.zeros_like(y)) + h * d[i] * slope(t, y)
        U.append(np.linalg.solve(matrix, right))
    K1, K2, change, error = (np.sum([w * u for w, u in zip(weights, U, strict=True)], axis=0) for weights in (k1, k2, m, e))
    y1 = y + change
    return y1, y1 - error, lambda theta: (1 - theta) * y + theta * (y1 + (1 - theta) * (K1 + theta * K2))


def shown_by(errors: list[float]) -> float:
    """The order that the errors at h and h/2 show."""
    return math.log2(errors[0] / errors[1])


def y_cos_t(t: float, y: Vector) -> Vector:
    return y * math.cos(t)


def solution_of_y_cos_t(t: float) -> float:
    return math.exp(math.sin(t))


TURNING = np.array([[-0.5, -2.0], [2.0, -0.5]])


def turned(t: float) -> Vector:
    return math.exp(-0.5 * t) * np.array([math.cos(2 * t), math.sin(2 * t)])


def error_at_the_end(step: Callable[[float, Vector, float], Vector], y0: Vector, wanted: Vector, steps: int, end: float) -> float:
    y, h = y0, end / steps
    for i in range(steps):
        y = step(i * h, y, h)
    return float(np.abs(y - wanted).max())


@every_runge_kutta
def test_the_measured_order_on_a_driven_equation_is_the_stated_one(method: ExplicitRungeKutta) -> None:
    def step(t: float, y: Vector, h: float) -> Vector:
        return by_runge_kutta(method, y_cos_t, t, y, h)[0]

    errors = [error_at_the_end(step, np.ones(1), np.array([solution_of_y_cos_t(2.0)]), n, 2.0) for n in (64, 128)]
    assert shown_by(errors) == pytest.approx(method.order, abs=0.25)


@every_runge_kutta
def test_the_measured_order_on_a_linear_system_is_the_stated_one(method: ExplicitRungeKutta) -> None:
    def step(t: float, y: Vector, h: float) -> Vector:
        return by_runge_kutta(method, lambda t, y: TURNING @ y, t, y, h)[0]

    errors = [error_at_the_end(step, np.array([1.0, 0.0]), turned(2.0), n, 2.0) for n in (64, 128)]
    assert shown_by(errors) == pytest.approx(method.order, abs=0.25)


@every_runge_kutta
@pytest.mark.parametrize("theta", [0.3, 0.8])
def test_the_error_inside_one_step_shrinks_with_the_order_of_the_dense_output_plus_one(method: ExplicitRungeKutta, theta: float) -> None:
    start = np.array([solution_of_y_cos_t(2.0)])
    errors = [abs(by_runge_kutta(method, y_cos_t, 2.0, start, h)[2](theta)[0] - solution_of_y_cos_t(2.0 + theta * h)) for h in (0.1, 0.05)]
    assert shown_by(errors) == pytest.approx(method.dense_order + 1, abs=0.25)


def test_the_embedded_solution_of_dormand_prince_has_local_order_five() -> None:
    start = np.array([solution_of_y_cos_t(2.0)])
    errors = [abs(by_runge_kutta(RK45, y_cos_t, 2.0, start, h)[1][0] - solution_of_y_cos_t(2.0 + h)) for h in (0.1, 0.05)]
    assert shown_by(errors) == pytest.approx(5, abs=0.25)


# A nonlinear, driven pair with a known solution: x = sin t, y = 1/(1 + t).


def driven(t: float, y: Vector) -> Vector:
    return np.array([math.cos(t) + y[0] * (y[1] - 1 / (1 + t)), -(y[1] ** 2) + math.sin(t) ** 2 - y[0] ** 2])


def driven_jacobian(t: float, y: Vector) -> Vector:
    return np.array([[y[1] - 1 / (1 + t), y[0]], [-2 * y[0], -2 * y[1]]])


def driven_slope(t: float, y: Vector) -> Vector:
    return np.array([-math.sin(t) + y[0] / (1 + t) ** 2, math.sin(2 * t)])


def driven_solution(t: float) -> Vector:
    return np.array([math.sin(t), 1 / (1 + t)])


def driven_step(method: Rosenbrock, t: float, y: Vector, h: float) -> tuple[Vector, Vector, Callable[[float], Vector]]:
    return by_rosenbrock(method, driven, driven_jacobian, driven_slope, t, y, h)


@every_rosenbrock
def test_a_rosenbrock_method_has_its_order_on_a_nonlinear_driven_system(method: Rosenbrock) -> None:
    def step(t: float, y: Vector, h: float) -> Vector:
        return driven_step(method, t, y, h)[0]

    errors = [error_at_the_end(step, driven_solution(0.0), driven_solution(2.0), n, 2.0) for n in (160, 320)]
    assert shown_by(errors) == pytest.approx(method.order, abs=0.25)


@every_rosenbrock
def test_the_embedded_solution_of_a_rosenbrock_method_has_its_order(method: Rosenbrock) -> None:
    def step(t: float, y: Vector, h: float) -> Vector:
        return driven_step(method, t, y, h)[1]

    errors = [error_at_the_end(step, driven_solution(0.0), driven_solution(2.0), n, 2.0) for n in (160, 320)]
    assert shown_by(errors) == pytest.approx(method.embedded_order, abs=0.25)


@every_rosenbrock
@pytest.mark.parametrize("theta", [0.3, 0.8])
def test_the_dense_output_of_a_rosenbrock_method_has_its_order(method: Rosenbrock, theta: float) -> None:
    errors = [
        float(np.abs(driven_step(method, 0.4, driven_solution(0.4), h)[2](theta) - driven_solution(0.4 + theta * h)).max()) for h in (0.05, 0.025)
    ]
    assert shown_by(errors) == pytest.approx(method.dense_order + 1, abs=0.35)


@every_rosenbrock
def test_the_weights_of_the_dense_output_give_what_its_formula_gives(method: Rosenbrock) -> None:
    theta, (k1, k2) = Fraction(2, 7), method.dense_rows
    by_formula = [theta * (m + (1 - theta) * (x + theta * y)) for m, x, y in zip(method.m, k1, k2, strict=True)]
    assert [sum(x * theta**p for p, x in enumerate(line, start=1)) for line in method.dense] == by_formula


def stability(method: Rosenbrock, z: complex) -> complex:
    """One step of length 1 on y' = z y from 1, written as a real pair."""
    spiral = np.array([[z.real, -z.imag], [z.imag, z.real]])
    still = np.zeros(2)
    end = by_rosenbrock(method, lambda t, y: spiral @ y, lambda t, y: spiral, lambda t, y: still, 0.0, np.array([1.0, 0.0]), 1.0)[0]
    return complex(end[0], end[1])


@every_rosenbrock
def test_a_rosenbrock_method_damps_infinitely_fast_modes_at_once(method: Rosenbrock) -> None:
    assert method.stiffly_accurate
    assert [abs(stability(method, complex(-(10.0**power), 0))) < 10 ** (1 - power) for power in (6, 8, 10)] == [True] * 3


@every_rosenbrock
def test_a_rosenbrock_method_never_grows_along_the_imaginary_axis(method: Rosenbrock) -> None:
    assert max(abs(stability(method, complex(0, y))) for y in np.logspace(-2, 5, 200)) <= 1 + 1e-13


@every_rosenbrock
def test_a_rosenbrock_method_loses_one_order_at_most_on_a_stiff_equation_with_a_drive(method: Rosenbrock) -> None:
    stiff = 1e6

    def step(t: float, y: Vector, h: float) -> Vector:
        return by_rosenbrock(
            method,
            lambda t, y: -stiff * (y - math.sin(t)) + math.cos(t),
            lambda t, y: np.array([[-stiff]]),
            lambda t, y: np.array([stiff * math.cos(t) - math.sin(t)]),
            t,
            y,
            h,
        )[0]

    errors = [error_at_the_end(step, np.zeros(1), np.array([math.sin(2.0)]), n, 2.0) for n in (10, 20)]
    assert shown_by(errors) > method.order - 1.25
