"""Names are set as papers set them; what an author wrote freely never becomes mathematics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from neurodsl.typesetting import TEX, after_space, in_parentheses, number, plain, symbol


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("V", "$V$"),
        ("V_th", r"$V_{\mathrm{th}}$"),
        ("tau_m", r"$\tau_{m}$"),
        ("τ_m", "$τ_{m}$"),
        ("g_Na_max", r"$g_{\mathrm{Na},\mathrm{max}}$"),
        ("g_L", r"$g_{\mathrm{L}}$"),
        ("alpha", r"$\alpha$"),
        ("V1", "$V_{1}$"),
        ("x_1", "$x_{1}$"),
        ("beta2", r"$\beta_{2}$"),
        ("taum", r"$\mathit{taum}$"),
        ("ge", r"$\mathit{ge}$"),
        ("w_tau", r"$w_{\tau}$"),
        ("dx/dt", r"$\mathrm{d}x/\mathrm{d}t$"),
        ("dtheta_1/dt", r"$\mathrm{d}\theta_{1}/\mathrm{d}t$"),
        ("x__y_", "$x_{y}$"),
        ("a$b", r"a\$b"),
        ("d$/dt", r"d\$/dt"),
        (r"\frac", r"\frac"),
    ],
)
def test_a_name_is_set_as_a_paper_sets_it(name: str, expected: str) -> None:
    assert symbol(name) == expected


@given(st.one_of(st.sampled_from(sorted(TEX)), st.from_regex(r"[A-Za-zα-ωΑ-Ω][A-Za-z0-9_α-ωϑϕϵ]{0,12}", fullmatch=True)))
def test_every_name_of_the_language_is_mathematics_that_parses(name: str) -> None:
    assert MathTextParser("path").parse(symbol(name)).width > 0


@given(st.text(), st.integers(2, 80))
def test_a_free_text_next_to_a_symbol_parses_and_holds_no_mathematics(text: str, longest: int) -> None:
    escaped = plain(text, longest)
    assert escaped.count("$") == escaped.count(r"\$")
    assert MathTextParser("path").parse(f"{escaped} {symbol('V_th')}").width > 0


def test_a_free_text_is_one_line_of_bounded_length() -> None:
    assert (plain(" a\n\tb\u2028c\x1b ", 40), plain("abcdef", 4), plain("abcd", 4)) == (r"a b c\x1b", "abc…", "abcd")


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("1", ""),
        ("mV", " (mV)"),
        ("uA/cm^2", " (µA/cm²)"),
        ("MOhm", " (MΩ)"),
        ("mV*ms^-1", " (mV·ms⁻¹)"),
        ("ms^(-12)", " (ms⁻¹²)"),
        ("degC", " (°C)"),
        ("1/um", " (1/µm)"),
        ("ms^(1/2)", " (ms^(1/2))"),
    ],
)
def test_a_unit_is_printed_as_a_paper_prints_it_and_a_number_has_none(unit: str, expected: str) -> None:
    assert in_parentheses(unit) == expected


def test_numbers_have_a_true_minus_sign() -> None:
    assert (number(-50.0), number(1 / 3), number(-1e-7), after_space("mV"), after_space("1")) == ("−50", "0.333333", "−1e−07", " mV", "")
