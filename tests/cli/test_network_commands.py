"""What the commands beside `simulate` make of a network."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from cli.conftest import Command

PLASTIC = """\
model cell:
    init V = 0
    dV/dt = 2 - V
    on V >= 1: V = 0
synapse stdp:
    init w = 0.1, x = 0
    5*dx/dt = -x
    on pre: x += 1; post.V += w
    on post: w += 0.01*x
network net:
    population P = poisson[3] with rate = 0.1
    population E = cell[2]
    connect P -> E with stdp, all to all
    variant many: P.rate = 1
"""


@pytest.fixture
def net(here: Path) -> str:
    (here / "net.neuro").write_text(PLASTIC)
    return "net.neuro"


def test_compile_writes_the_kernel_of_a_network(command: Command, net: str, here: Path) -> None:
    ended = command("compile", net, "-o", "kernel.py")
    assert (ended.code, ended.out) == (0, "")
    text = (here / "kernel.py").read_text(encoding="ascii")
    assert command("compile", net).out == text
    imported = {
        n.names[0].name if isinstance(n, ast.Import) else n.module for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)
    }
    assert imported == {"math", "numpy", "numba", "neurodsl.codegen.meeting"}


def test_compile_explains_what_it_derived_of_a_network(command: Command, net: str) -> None:
    assert command("compile", net, "--explain").out.splitlines() == [
        "net",
        "  100 in steps of 0.01",
        "Populations",
        "  P, 3 neurons: a source of spikes, `poisson`, made some steps ahead",
        "  E, 2 neurons of `cell`: `exact` (auto: the equations are linear)",
        "    the exponential of the matrix of its linear equations is computed before the first step, one for all its neurons",
        "    kept for each neuron: `V`",
        "Projections",
        "  P -> E with stdp: acts at spikes; kept for each synapse: `w`",
        "    `x` is the same for all synapses of the neuron before them, and is kept once for it",
        "    `x` only decays between spikes, and is advanced by a factor that all share",
    ]


def test_compile_explains_a_model_and_writes_the_kernel_only_where_it_is_told_to(command: Command, here: Path) -> None:
    lines = ["cell", "  method `exact` (auto: the equations are linear)", "  events on exact"]
    assert command("compile", "cell.neuro", "--explain").out.splitlines() == lines
    assert command("compile", "cell.neuro", "--explain", "-o", "k.py").out.splitlines() == lines
    assert (here / "k.py").read_text() == command("compile", "cell.neuro").out


def test_compile_refuses_what_networks_do_not_have(command: Command, net: str) -> None:
    ended = command("compile", net, "--events", "exact", "--method", "euler")
    assert (ended.code, ended.out) == (2, "")
    assert "error[M103]: exact spike times come from the exact solution of linear equations, not from `euler`" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze",), ("phase",), ("fi", "--over", "cell.V=0..1"), ("bifurcate", "--over", "cell.V=0..1"), ("lyapunov",), ("prc",),
    ],
)  # fmt: skip
def test_the_mathematics_of_a_network_with_spikes_is_refused_with_the_reason(command: Command, net: str, arguments: tuple[str, ...]) -> None:
    ended = command(arguments[0], net, *arguments[1:])
    assert (ended.code, ended.out) == (2, "")
    assert "error[M117]: `P` is a source of spikes, `poisson`, so the network is not one system of equations" in ended.err
    assert "--> net.neuro:11:5" in ended.err


def test_analyze_tells_the_fixed_points_of_a_rate_network(command: Command) -> None:
    found = json.loads(command("analyze", "gap_junction_pair", "--json").out)
    (point,) = found["fixed_points"]
    assert point["state"] == {"N.V[0]": pytest.approx(-53.75), "N.V[1]": pytest.approx(-61.25)}
    assert sorted(e[0] for e in point["eigenvalues"]) == pytest.approx([-0.2, -0.1])


def test_values_of_a_network_are_given_to_the_analysis(command: Command) -> None:
    found = json.loads(command("analyze", "gap_junction_pair", "--set", "gap.g=0 [nS]", "--json").out)
    assert found["fixed_points"][0]["state"] == {"N.V[0]": pytest.approx(-50.0), "N.V[1]": pytest.approx(-65.0)}
    ended = command("analyze", "gap_junction_pair", "--set", "gap.h=1")
    assert (ended.code, ended.out) == (2, "")
    assert "error[V102]" in ended.err


def test_the_phase_portrait_of_a_network_is_drawn(command: Command, here: Path) -> None:
    ended = command("phase", "gap_junction_pair", "--out", "pair.svg")
    assert "stable node at N.V[0] = -53.75 mV, N.V[1] = -61.25 mV" in ended.out
    assert (ended.code, (here / "pair.svg").stat().st_size > 5000) == (0, True)


def test_networks_and_synapses_are_among_the_shipped_models(command: Command) -> None:
    listed = {entry["name"]: entry["title"] for entry in json.loads(command("models", "--json").out)}
    assert [listed[name].partition(" ")[0] for name in ("brunel", "stdp_window", "tsodyks_markram")] == ["Sparse", "The", "Short-term"]


def test_check_finds_that_the_printed_network_never_fires_and_says_which_variants_do(command: Command) -> None:
    ended = command("check", "small_lif_network")
    assert ended.code == 0
    assert "warning[M201]: no neuron of `N` ever spikes: V_th = -50 mV is never reached: sup V = -65 mV" in ended.out
    assert "variants `driven`, `strong`, `uneven` spike" in ended.out
    assert command("check", "small_lif_network").out == ended.out
