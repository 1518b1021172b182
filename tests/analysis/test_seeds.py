"""`check` finds what is wrong with models that texts print, also under other names and in other units, and nothing in the mended ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.variants import RENAMINGS, renamed, rescaled
from models.claims import read_expected

import neurodsl as nd
from neurodsl.diagnostics import Diagnostic, NeuroError

SEEDS = Path(__file__).parent / "seeds"
AS_PRINTED = {path.stem: path for path in sorted((SEEDS / "as_printed").glob("*.neuro"))}
MENDED = {path.stem: path for path in sorted((SEEDS / "mended").glob("*.neuro"))}
COMMON = "M301"
"""The note on a removable singularity, which correct models give too."""


def findings(text: str, name: str = "model") -> list[Diagnostic]:
    """Return what `check` finds in a text."""
    try:
        return nd.loads(text, name).check().sorted()
    except NeuroError as error:
        return error.report.sorted()


def codes(text: str, expected: set[str]) -> set[str]:
    """Return the codes of what `check` finds in a text; that of the common note only where it is expected."""
    return {d.rule.code for d in findings(text)} - ({COMMON} - expected)


@pytest.mark.parametrize("name", AS_PRINTED)
def test_the_mistake_of_a_printed_model_is_found(name: str) -> None:
    expected = read_expected(AS_PRINTED[name])
    assert expected == codes(AS_PRINTED[name].read_text(encoding="utf-8"), expected)


@pytest.mark.parametrize("how", RENAMINGS)
@pytest.mark.parametrize("name", AS_PRINTED)
def test_the_mistake_is_found_under_other_names_and_in_other_units(name: str, how: str) -> None:
    expected = read_expected(AS_PRINTED[name])
    text = AS_PRINTED[name].read_text(encoding="utf-8")
    changed = renamed(rescaled(text), RENAMINGS[how])
    assert changed != text
    assert expected == codes(changed, expected)


@pytest.mark.parametrize("how", ["as it is", *RENAMINGS])
@pytest.mark.parametrize("name", MENDED)
def test_nothing_is_found_in_a_mended_model(name: str, how: str) -> None:
    text = MENDED[name].read_text(encoding="utf-8")
    changed = text if how == "as it is" else renamed(rescaled(text), RENAMINGS[how])
    assert set() == codes(changed, set())


@pytest.mark.parametrize(
    ("name", "place", "message", "help"),
    [
        ("e1_no_drive", (9, 1), "V_th = -50 mV is never reached: sup V = -65 mV; proof: at V = -65 mV the flow points back", "`I_syn` has to pass 1.5 uA/cm^2"),
        ("e1_weak_pulse", (9, 1), "V_th = -50 mV is never reached: sup V = -52.3576 mV; proof: solved from edge to edge", "raise the drive"),
        ("e1_network", (15, 5), "no neuron of `N` ever spikes: V_th = -50 mV is never reached: sup V = -65 mV", "raise the drive"),
        ("e2_no_leak", (14, 1), "`V` has no leak: nothing draws it back while the gates are closed; proof: with `h`, `m`, `n` at 0", "a leak `g_L*(E_L - V)`"),
        ("e3_reduced", (13, 1), "cannot fire repeatedly: it has no cycle and comes to rest; proof: the trace of the Jacobian", "was cancelled"),
        ("e4_fitzhugh_nagumo", (8, 16), "unknown name `V`", "did you mean `v`"),
        ("e6_stdp_window", (7, 1), "where `t_pre > t_post` its exponent is 0.05 times (-t_post + t_pre)", "turn the sign"),
        ("e6_other_sign", (7, 1), "where `t_pre <= t_post` its exponent is 0.05 times (t_post - t_pre)", "turn the sign"),
        ("e6_sign_of_depression", (9, 27), "`w` can leave [w_min, w_max]; proof: from w = w_max", "takes the factor (w_max - w)"),
        ("e7_traces_and_exponentials", (11, 5), "counts the interval since `t_post` twice: in `y` and in `exp((t - t_post)/tau_plus)`", "leave out the exponential"),
        ("e6_network", (14, 5), "where `t_pre > t_post` its exponent is 0.04 times (-t_post + t_pre)", "turn the sign"),
        ("e7_network", (18, 9), "counts the interval since `t_post` twice: in `y` and in `exp((t - t_post)/tau_plus)`", "leave out the exponential"),
        ("e8_index", (5, 23), "the range of the index `j` is not determined", "use it as the index of an array"),
        ("e8_network", (13, 5), "`post.I` is a sum over the synapses `N -> N` of what does not depend on the neuron before them", "read the neuron before"),
        ("e9_wilson_cowan", (7, 14), "unknown function `S`", "define it: `S(x) = ...`"),
        ("e9_two_meanings", (9, 1), "`I` is defined twice", "give one of the two another name"),
        ("e9_no_time_constant", (8, 9), "`dE/dt` is of dimension 1/time (1/ms) but", ""),
        ("e10_integrate_and_fire", (7, 9), "`dV/dt` is of dimension voltage/time (mV/ms) but `I - V/R` is a current (nA)", ""),
        ("e11_rates", (5, 11), "is 0/0 at V = 10", ""),
        ("e12_tie", (6, 108), "the line ends where `else` was expected", ""),
        ("e13_trace_jumps", (11, 10), "`w` is dimensionless but `A_minus*(w - w_min)*y` is of dimension 1/time (1/ms)", ""),
    ],
)  # fmt: skip
def test_a_finding_has_a_place_a_reason_and_a_remedy(name: str, place: tuple[int, int], message: str, help: str) -> None:
    path = AS_PRINTED[name]
    found = [d for d in findings(path.read_text(encoding="utf-8"), name) if message in d.message]
    assert [place] == [(d.span.line, d.span.column) for d in found if d.span is not None]
    assert help in (found[0].help or "")


def test_the_trace_of_the_printed_reduction_is_proved_negative_for_every_potential() -> None:
    (found,) = (d for d in findings(AS_PRINTED["e3_reduced"].read_text(encoding="utf-8")) if d.rule.code == "M202")
    assert "is negative for every V, n in [0, 1], so there is no closed orbit (Bendixson)" in found.message
