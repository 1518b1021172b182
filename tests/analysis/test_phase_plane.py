"""Phase planes hold what the mathematics says: nullclines, fixed points, separatrices, cycles, resets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neurodsl as nd
from neurodsl.analysis.closed_orbits import LimitCycle
from neurodsl.analysis.contours import zeros
from neurodsl.analysis.phase_line import PhaseLine
from neurodsl.analysis.portrait import Portrait, portrait
from neurodsl.diagnostics import NeuroError

SADDLE = "init x = 0.5, y = 0.5\ndx/dt = x\ndy/dt = -y"
TOGGLE = "param a = 3\ninit u = 0.1, v = 2\ndu/dt = a/(1 + v^2) - u\ndv/dt = a/(1 + u^2) - v"
PREY = "init x = 1, y = 0.5\ndx/dt = x*(1 - y)\ndy/dt = -y*(1 - x)"


def portrait_of(model: nd.Model, *axes: str, **options: object) -> Portrait:
    """A portrait, which the models of these tests have."""
    found = model.phase_portrait(*axes, **options)  # type: ignore[arg-type]
    assert isinstance(found, Portrait)
    return found


def line_of(model: nd.Model, **options: object) -> PhaseLine:
    """A phase line, which the models of these tests have."""
    found = model.phase_portrait(**options)  # type: ignore[arg-type]
    assert isinstance(found, PhaseLine)
    return found


@pytest.fixture(scope="module")
def oscillating() -> Portrait:
    """FitzHugh-Nagumo at I = 0.5, above the lower Hopf point."""
    return portrait_of(nd.load("fitzhugh_nagumo"), "v", "w", I_ext=0.5)


@pytest.fixture(scope="module")
def bistable() -> Portrait:
    """FitzHugh-Nagumo at I = 0.325, just below the lower, subcritical Hopf point 0.33128."""
    return portrait_of(nd.load("fitzhugh_nagumo"), "v", "w", I_ext="0.325")


def line_wide(model: nd.Model) -> float:
    """Return how wide the default range of the first axis is."""
    x = portrait_of(model).x
    return x.high - x.low


def fitzhugh_nagumo(current: float, sense: float = 1.0):  # type: ignore[no-untyped-def]
    """Its right-hand side, written here once more."""
    return lambda t, y: [sense * (y[0] - y[0] ** 3 / 3 - y[1] + current), sense * 0.08 * (y[0] + 0.7 - 0.8 * y[1])]


def returns(cycle: LimitCycle, current: float, sense: float) -> float:
    """How far scipy's DOP853 ends from where it began after one period along a cycle."""
    start = cycle.orbit.y[0]
    done = solve_ivp(fitzhugh_nagumo(current, sense), (0, cycle.period), start, method="DOP853", rtol=1e-12, atol=1e-13)
    return float(np.max(np.abs(done.y[:, -1] - start)))


def test_both_nullclines_of_fitzhugh_nagumo_are_their_closed_forms_along_the_whole_contour(oscillating: Portrait) -> None:
    of_v, of_w = (np.concatenate(n.curves) for n in oscillating.nullclines)
    assert np.max(np.abs(of_v[:, 1] - (of_v[:, 0] - of_v[:, 0] ** 3 / 3 + 0.5))) < 1e-12
    assert np.max(np.abs(of_w[:, 1] - (of_w[:, 0] + 0.7) / 0.8)) < 1e-12
    assert [n.how for n in oscillating.nullclines] == ["y = g(x)", "y = g(x)"]


def test_between_the_points_of_a_nullcline_the_curve_is_near(oscillating: Portrait) -> None:
    curve = oscillating.nullclines[0].curves[0]
    middle = (curve[1:] + curve[:-1]) / 2
    inside = np.abs(middle[:, 0]) < 2.2
    assert np.max(np.abs(middle[inside, 1] - (middle[inside, 0] - middle[inside, 0] ** 3 / 3 + 0.5))) < 3e-4


def test_the_fixed_point_lies_on_the_crossing_of_the_nullclines(oscillating: Portrait) -> None:
    (point,) = oscillating.fixed_points
    assert (point.type, round(point["v"], 7), round(point["w"], 7)) == ("unstable focus", -0.8048477, -0.1310597)
    for nullcline in oscillating.nullclines:
        curve = nullcline.curves[0]
        assert np.interp(point["v"], curve[:, 0], curve[:, 1]) == pytest.approx(point["w"], abs=2e-4)


def test_the_cycle_of_fitzhugh_nagumo_has_the_known_period_and_extrema(oscillating: Portrait) -> None:
    (cycle,) = oscillating.cycles
    assert cycle.stable
    assert cycle.period == pytest.approx(39.474415, abs=1e-6)
    done = solve_ivp(fitzhugh_nagumo(0.5), (0, 300), [1, 0], method="DOP853", rtol=1e-12, atol=1e-13, dense_output=True)
    assert done.sol is not None
    v = done.sol(np.linspace(200, 300, 400_001))[0]
    assert cycle.extrema(0) == pytest.approx((v.min(), v.max()), abs=1e-7)
    assert cycle.extrema(0) == pytest.approx((-1.970399, 1.852103), abs=2e-5)


def test_below_the_subcritical_hopf_point_an_unstable_cycle_lies_inside_the_stable_one(bistable: Portrait) -> None:
    stable, unstable = sorted(bistable.cycles, key=lambda c: not c.stable)
    assert (stable.stable, unstable.stable) == (True, False)
    assert [p.type for p in bistable.fixed_points] == ["stable focus"]
    for state in (0, 1):
        outer, inner = stable.extrema(state), unstable.extrema(state)
        assert outer[0] < inner[0] < inner[1] < outer[1]
    (point,) = bistable.fixed_points
    assert unstable.extrema(0)[0] < point["v"] < unstable.extrema(0)[1]


def test_scipy_confirms_the_unstable_cycle_and_its_multiplier(bistable: Portrait) -> None:
    (unstable,) = [c for c in bistable.cycles if not c.stable]
    assert returns(unstable, 0.325, 1.0) < 1e-6
    assert unstable.multiplier is not None
    start, field = unstable.orbit.y[0], fitzhugh_nagumo(0.325)
    normal = np.array([-field(0, start)[1], field(0, start)[0]])
    normal /= np.linalg.norm(normal)

    def section(t: float, y: np.ndarray) -> float:
        return float((y - start) @ np.array(field(0, start))) if t > 27 else -1.0

    section.terminal, section.direction = True, 1  # type: ignore[attr-defined]
    landed = []
    for aside in (1e-4, -1e-4):
        done = solve_ivp(field, (0, 45), start + aside * normal, method="DOP853", rtol=1e-12, atol=1e-13, events=section)
        landed.append((done.y[:, -1] - start) @ normal)
    assert (landed[0] - landed[1]) / 2e-4 == pytest.approx(unstable.multiplier, rel=1e-3)


def test_van_der_pol_has_the_published_period_and_amplitude() -> None:
    # Krogdahl's and Andersen and Geer's series for mu = 1: period 6.6632868593231, amplitude 2.0086198608.
    (cycle,) = portrait_of(nd.load("van_der_pol")).cycles
    assert cycle.period == pytest.approx(6.66328685932, abs=1e-7)
    assert cycle.extrema(0) == pytest.approx((-2.00861986087, 2.00861986087), abs=1e-6)


def test_the_separatrices_of_a_linear_saddle_are_the_axes() -> None:
    found = portrait_of(nd.loads(SADDLE), box={"x": (-2, 2), "y": (-2, 2)})
    assert [p.type for p in found.fixed_points] == ["saddle"]
    stable = np.concatenate([s.orbit.y for s in found.separatrices if s.stable])
    unstable = np.concatenate([s.orbit.y for s in found.separatrices if not s.stable])
    assert (np.max(np.abs(stable[:, 0])), np.max(np.abs(unstable[:, 1]))) == (0.0, 0.0)
    assert (stable[:, 1].min() < -2, stable[:, 1].max() > 2, unstable[:, 0].min() < -2, unstable[:, 0].max() > 2) == (True,) * 4


def test_the_separatrix_of_a_symmetric_switch_is_the_diagonal_and_parts_what_its_sides_lead_to() -> None:
    found = portrait_of(nd.loads(TOGGLE))
    assert sorted(p.type for p in found.fixed_points) == ["saddle", "stable node", "stable node"]
    stable = np.concatenate([s.orbit.y for s in found.separatrices if s.stable])
    assert np.max(np.abs(stable[:, 0] - stable[:, 1])) < 1e-6
    ends = sorted(float(s.orbit.y[-1, 0]) for s in found.separatrices if not s.stable)
    nodes = sorted(p["u"] for p in found.fixed_points if p.type == "stable node")
    assert ends == pytest.approx(nodes, abs=1e-3)
    assert nodes == pytest.approx([(3 - 5**0.5) / 2, (3 + 5**0.5) / 2], abs=1e-12)


def test_a_product_has_flat_and_vertical_nullclines_and_orbits_around_a_centre_are_no_cycles() -> None:
    found = portrait_of(nd.loads(PREY), box={"x": (0, 3), "y": (0, 3)}, duration=20)
    of_x, of_y = ([np.ptp(c, axis=0).tolist() for c in n.curves] for n in found.nullclines)
    assert sorted(of_x) == [[0.0, 3.0], [3.0, 0.0]]
    assert sorted(of_y) == [[0.0, 3.0], [3.0, 0.0]]
    assert found.cycles == ()
    first = found.orbits[0].y
    conserved = first[:, 0] - np.log(first[:, 0]) + first[:, 1] - np.log(first[:, 1])
    assert np.ptp(conserved) < 1e-4


def test_a_nullcline_that_only_touches_zero_is_found() -> None:
    found = portrait_of(nd.loads("init x = 1, y = 1\ndx/dt = (x - y)^2\ndy/dt = 1 - x"), box={"x": (-1, 3), "y": (-1, 3)})
    (curve,) = found.nullclines[0].curves
    assert np.array_equal(curve[:, 0], curve[:, 1])


def test_a_pole_is_no_zero() -> None:
    xs = np.linspace(-2.02, 2, 80)
    values = 1 / (xs[None, :] * xs[:, None] - 1.003)
    with np.errstate(divide="ignore"):
        assert zeros(lambda x, y: float(np.divide(1.0, x * y - 1.003)), xs, xs, values) == ()


def test_an_implicit_nullcline_is_a_contour_of_zeros() -> None:
    found = portrait_of(nd.loads("init x = 0.4, y = 0\ndx/dt = x^2 + y^2 + x^2*y^2 - 1\ndy/dt = x - y^3"), box={"x": (-2, 2), "y": (-2, 2)})
    (curve,) = found.nullclines[0].curves
    x, y = curve.T
    assert np.max(np.abs(x**2 + y**2 + x**2 * y**2 - 1)) < 1e-13
    assert (np.array_equal(curve[0], curve[-1]), found.nullclines[0].how) == (True, "contour")


def test_the_field_of_a_projection_has_the_other_states_at_their_steady_state() -> None:
    found = portrait_of(nd.load("hodgkin_huxley"), "V", "n", box={"V": (-20, 120), "n": (0, 1)})
    assert (found.steady, found.held) == (("m", "h"), ())
    row, column = 40, 100
    voltage, n = found.grid.xs[column], found.grid.ys[row]

    def gate(alpha: float, beta: float) -> float:
        return alpha / (alpha + beta)

    m = gate(0.1 * (25 - voltage) / (np.exp((25 - voltage) / 10) - 1), 4 * np.exp(-voltage / 18))
    h = gate(0.07 * np.exp(-voltage / 20), 1 / (np.exp((30 - voltage) / 10) + 1))
    current = 10 - 120 * m**3 * h * (voltage - 115) - 36 * n**4 * (voltage + 12) - 0.3 * (voltage - 10.613)
    assert found.grid.u[row, column] == pytest.approx(current, rel=1e-10)
    (cycle,) = found.cycles
    assert cycle.period == pytest.approx(14.63621, abs=1e-5)


def test_steady_values_that_no_expression_gives_are_found_by_numbers() -> None:
    text = "init x = 0.5, y = 0.5, z = 0.1\ndx/dt = z - x\ndy/dt = x - y\ndz/dt = x - z - z^3"
    found = portrait_of(nd.loads(text), "x", "y", box={"x": (-2, 2), "y": (-2, 2)})
    x = found.grid.xs[-5]
    z = max(r.real for r in np.roots([1, 0, 1, -x]) if abs(r.imag) < 1e-12)
    assert found.grid.u[7, -5] == pytest.approx(z - x, abs=1e-9)


def test_a_reset_is_drawn_from_the_threshold_to_where_it_leads() -> None:
    found = portrait_of(nd.load("izhikevich"))
    assert [(line.kind, line.value) for line in found.lines] == [("threshold", 30.0), ("reset", -65.0)]
    assert {tuple(j[0, :1]) + tuple(j[1, :1]) for j in found.jumps} == {(30.0, -65.0)}
    assert np.allclose(found.jumps[:, 1, 1] - found.jumps[:, 0, 1], 8.0)


def test_the_periodic_firing_of_a_cell_with_a_reset_is_a_cycle_with_the_period_of_its_spikes() -> None:
    (cycle,) = portrait_of(nd.load("izhikevich")).cycles
    assert cycle.period == pytest.approx(nd.load("izhikevich").cycle().period, abs=1e-6)


def test_a_phase_line_has_the_fixed_points_of_a_cubic_with_arrows_between_them() -> None:
    found = line_of(nd.loads("init x = 0.5\ndx/dt = x - x^3"))
    assert [(p.type, p["x"]) for p in found.fixed_points] == [("stable node", -1.0), ("unstable node", 0.0), ("stable node", 1.0)]
    assert np.max(np.abs(found.values - (found.points - found.points**3))) < 1e-15
    assert {(np.sign(x - x**3), d) for x, d in found.arrows} == {(1.0, 1), (-1.0, -1)}


def test_a_phase_line_shows_threshold_and_reset_and_a_rest_that_is_not_reached() -> None:
    found = line_of(nd.load("lif"))
    assert [(line.kind, line.value) for line in found.lines] == [("threshold", -50.0), ("reset", -70.0)]
    assert [(p.type, p["V"], p.reached) for p in found.fixed_points] == [("stable node", -45.0, False)]
    assert found.slope_unit == "mV/ms"


def test_a_default_range_shows_what_matters_and_not_a_peak_far_away() -> None:
    found = line_of(nd.load("quadratic_if"), I=-1)
    assert (-2 < found.x.low < -1, 1 < found.x.high < 2) == (True, True)
    assert sorted(round(p["V"], 12) for p in found.fixed_points) == [-1.0, 1.0]


def test_the_default_box_of_a_cell_at_rest_shows_its_response() -> None:
    found = portrait_of(nd.load("fitzhugh_nagumo"), I_ext=0)
    assert (found.x.low < -2, found.x.high > 1.5, found.y.low < -2 / 3, found.y.high > 2 / 3) == (True,) * 4


def test_a_cell_at_rest_without_a_threshold_is_shown_as_wide_as_a_push() -> None:
    text = "init V = -68 [mV], u = 0 [mV]\ndV/dt = (-(V + 67.9 [mV]) - u)/5 [ms]\ndu/dt = (V + 67.9 [mV] - u)/20 [ms]\n"
    assert line_wide(nd.loads(text)) > 50


def test_the_way_to_a_rest_is_shown_however_long_the_rest_lasts() -> None:
    text = "init x = 1\nd2x/dt2 = -x - 0.3*dx/dt\nsimulate: duration {}\n"
    short, long = (portrait_of(nd.loads(text.format(duration))).y for duration in (30, 300))
    assert pytest.approx([short.low, short.high], rel=0.01) == [long.low, long.high]


def test_fractions_are_shown_from_0_to_1() -> None:
    found = portrait_of(nd.load("wilson_cowan"), I_e=4)
    assert (found.x.low, found.x.high, found.y.low, found.y.high) == (0.0, 1.0, 0.0, 1.0)
    assert [p.type for p in found.fixed_points] == ["unstable focus", "saddle", "stable node"]


def test_a_cobweb_steps_from_value_to_value() -> None:
    found = line_of(nd.load("logistic_map"), r=3.2, starts=[{"x": 0.1}])
    (orbit,) = found.orbits
    assert orbit[:3] == pytest.approx([0.1, 3.2 * 0.1 * 0.9, 3.2 * 0.288 * 0.712], abs=1e-15)
    assert [round(p["x"], 12) for p in found.fixed_points] == [0.0, 0.6875]


def test_trajectories_begin_where_they_are_asked_to_and_last_as_long() -> None:
    found = portrait_of(nd.load("fitzhugh_nagumo"), starts=[{"v": 1.0, "w": 0.2}, {"v": "-1"}], duration=12)
    assert [o.y[0].tolist() for o in found.orbits] == [[1.0, 0.2], [-1.0, -0.62]]
    assert [o.t[-1] for o in found.orbits] == [12.0, 12.0]
    done = solve_ivp(fitzhugh_nagumo(0.5), (0, 12), [1.0, 0.2], method="DOP853", rtol=1e-12, atol=1e-13)
    assert found.orbits[0].y[-1] == pytest.approx(done.y[:, -1], abs=1e-5)


def test_what_there_was_no_time_for_is_told() -> None:
    found = portrait(nd.load("fitzhugh_nagumo").frozen(), 0, 1, seconds=1e-3)
    assert "left out after 0.001 s: fixed points" in found.notes


@pytest.mark.parametrize(
    ("model", "axes", "options", "told"),
    [
        ("fitzhugh_nagumo", ("v", "V"), {}, "has no state `V`\n  = help: did you mean `v`?"),
        ("fitzhugh_nagumo", ("v", "v"), {}, "both axes are `v`\n  = help: name another: `w`"),
        ("fitzhugh_nagumo", ("v",), {}, "a portrait has two axes, and only `v` is named"),
        ("fitzhugh_nagumo", (), {"box": {"v": (1, 1)}}, "the box v = 1..1 has no interior"),
        ("fitzhugh_nagumo", (), {"starts": [{"q": 1}]}, "has no state `q`"),
        ("fitzhugh_nagumo", (), {"duration": -1}, "the duration has to be positive"),
        ("hodgkin_huxley", ("V", "n"), {"box": {"m": (0, 1)}}, "the box gives a range of `m`, which is on no axis\n  = help: the axes are `V`, `n`"),
        ("lif", ("V", "V"), {}, "has one state with an equation, `V`, and a plane needs two"),
        ("poisson", (), {}, "no state of `poisson` has an equation"),
        ("layer", (), {}, "is a map of 3 states"),
    ],
)
def test_bad_input_is_told(model: str, axes: tuple[str, ...], options: dict[str, object], told: str) -> None:
    with pytest.raises(NeuroError) as caught:
        nd.load(model).phase_portrait(*axes, **options)  # type: ignore[arg-type]
    assert told in str(caught.value)
    assert caught.value.exit_code == 2
