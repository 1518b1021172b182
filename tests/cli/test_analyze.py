"""`neurodsl analyze`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.conftest import Command

PROMISED = {"model", "parameters", "fixed_points", "guarantee", "bifurcations", "notes"}
"""The fields that the manual names."""


def test_the_json_has_the_fields_of_the_manual(command: Command) -> None:
    ended = command("analyze", "lorenz", "--json", "--set", "rho=17")
    told = json.loads(ended.out)
    assert (ended.code, ended.err, PROMISED - told.keys(), ended.out.count("\n")) == (0, "", set(), 1)
    assert (told["model"], told["parameters"], told["bifurcations"]) == ("lorenz", {"sigma": 10.0, "rho": 17.0, "beta": 8 / 3}, [])
    point = told["fixed_points"][2]
    assert {"state", "eigenvalues", "stable", "type", "closed_form"} <= point.keys()
    assert (point["closed_form"], point["stable"]) == ({"x": "sqrt(beta*(rho - 1))", "y": "sqrt(beta*(rho - 1))", "z": "rho - 1"}, True)
    assert [list(map(len, (point["eigenvalues"], point["eigenvalues"][0]))), list(point["state"].values())] == [
        [3, 2],
        [6.531972647421808] * 2 + [16.0],
    ]


def test_the_text_tells_the_values_their_units_and_what_is_proved(command: Command) -> None:
    ended = command("analyze", "lif", "--set", "I=1")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "lif",
        "  at C = 1 uF/cm^2, g_L = 0.1 mS/cm^2, V_rest = -65 mV, V_th = -50 mV, V_reset = -70 mV, I = 1 uA/cm^2",
        "",
        "Jacobian: J[X, Y] is the derivative of dX/dt by Y",
        "  J[V, V] = -g_L/C",
        "",
        "trace = -g_L/C",
        "determinant = -g_L/C",
        "",
        "Stable where (Routh and Hurwitz)",
        "  g_L/C > 0",
        "  at fixed point 1: -eigenvalue = 0.1",
        "    g_L/C > 0",
        "",
        "Fixed points of lif: 1",
        "  the only real fixed point, proved: linear equations, solved exactly",
        "",
        "  1. stable node",
        "     V = -55 mV   = I/g_L + V_rest",
        "     eigenvalues -0.1",
    ]


def test_bifurcations_over_an_input_are_part_of_the_answer(command: Command) -> None:
    # The closed form of FitzHugh and Nagumo's Hopf points: (a -+ (1 - b delta)^(1/2) (1 - b (2 + b delta)/3))/b.
    told = json.loads(command("analyze", "fitzhugh_nagumo", "--over", "I_ext=0..2", "--json").out)["bifurcations"]
    assert [(b["parameter"], b["kind"], b["criticality"]) for b in told] == [("I_ext", "hopf", "subcritical"), ("I_ext", "hopf", "subcritical")]
    assert pytest.approx([b["value"] for b in told], abs=1e-9) == [0.3312813375, 1.4187186625]
    assert pytest.approx([b["omega"] for b in told], abs=1e-6) == [0.2755068] * 2


def test_bifurcations_are_printed_as_text_too(command: Command) -> None:
    out = command("analyze", "fitzhugh_nagumo", "--over", "I_ext=0..1").out
    assert "Bifurcations over I_ext=0..1: 1" in out
    assert "I_ext = 0.3312813375: subcritical hopf, omega 0.2755068" in out


def test_latex_is_a_fragment_with_all_parts(command: Command) -> None:
    ended = command("analyze", "lorenz", "--latex")
    begun = [line for line in ended.out.splitlines() if "\\begin" in line]
    assert (ended.code, begun) == (0, ["  J(x, y, z) = \\begin{pmatrix}", "\\begin{tabular}{lllll}", "\\begin{align*}"])
    assert ended.out.count("\\begin") == ended.out.count("\\end")
    assert "  \\rho - z & -1 & - x \\\\" in ended.out


def test_latex_sets_units_derivatives_and_indices(command: Command, here: Path) -> None:
    (here / "two.neuro").write_text("param k_1 = 2\ninit x = 1, dx/dt = 0\nd2x/dt2 = -k_1*x - dx/dt\n")
    assert ("\\dot{x}" in (out := command("analyze", "two.neuro", "--latex").out), "k_{1}" in out) == (True, True)
    assert "$V$ ($\\mathrm{mV}$)" in command("analyze", "cell.neuro", "--latex").out


def test_a_box_narrows_where_is_looked(command: Command) -> None:
    told = json.loads(command("analyze", "hodgkin_huxley", "--box", "V=-0.1..0 [V]", "--json").out)
    assert (told["fixed_points"], told["guarantee"]) == ([], "no fixed point in the box V = -100..0 mV, proved: interval arithmetic")


def test_a_parameter_left_free_is_the_only_symbol(command: Command) -> None:
    assert "  J[w, w] = -2*b/25" in command("analyze", "fitzhugh_nagumo", "--free", "b").out.splitlines()


def test_a_variant_changes_the_answer(command: Command) -> None:
    told = json.loads(command("analyze", "hh_reduced_as_printed", "--variant", "sodium_dropped", "--set", "I_ext=0", "--json").out)
    assert pytest.approx(told["fixed_points"][0]["state"]["V"], abs=1e-9) == -12.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lif", "--box", "V=5"), "--box takes NAME=FROM..TO, not `5`"),
        (("lif", "--box", "V=..5"), "--box takes NAME=FROM..TO"),
        (("lif", "--box", "V"), "--box takes NAME=VALUE, not `V`"),
        (("lif", "--box", "V=5..1"), "the box V = 5..1 has no interior"),
        (("lif", "--box", "V=a..b"), "`a` for V"),
        (("lif", "--box", "U=1..5"), "`lif` has no state `U`"),
        (("lif", "--set", "I_=1"), "has no parameter `I_`"),
        (("lif", "--free", "q"), "`lif` has no parameter `q`"),
        (("lif", "--over", "I=3"), "--over takes NAME=FROM..TO, not `3`"),
        (("lif", "--over", "q=0..3"), "q"),
        (("lif", "--over", "I=0..3", "--set", "I=2"), "`I` is given a value and a range."),
        (("lif", "--json", "--latex"), "--json and --latex exclude one another."),
        (("lif", "--variant", "none"), "has no variant `none`"),
        (("nowhere", ), "nowhere"),
    ],
)  # fmt: skip
def test_a_slip_is_explained(command: Command, arguments: tuple[str, ...], message: str) -> None:
    ended = command("analyze", *arguments)
    assert (ended.code, ended.out, message in ended.err) == (2, "", True)


def test_a_model_without_states_is_refused(command: Command, here: Path) -> None:
    (here / "none.neuro").write_text("param a = 1\n")
    ended = command("analyze", "none.neuro")
    assert (ended.code, ended.out, "state" in ended.err) == (2, "", True)


def test_the_answer_over_a_parameter_says_how_complete_it_is(command: Command) -> None:
    how = "every fixed point is an explicit function of `v`, which was looked at from -1e+07 to 1e+07"
    assert json.loads(command("analyze", "fitzhugh_nagumo", "--over", "I_ext=0..2", "--json").out)["bifurcations_guarantee"] == how
    assert f"  {how}" in command("analyze", "fitzhugh_nagumo", "--over", "I_ext=0..2").out.splitlines()
