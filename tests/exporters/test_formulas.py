"""Expressions are set as a paper sets them, and read as the author meant them."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from matplotlib.mathtext import MathTextParser

from neurodsl.diagnostics import Report
from neurodsl.exporters.plain_formula import PlainFormula
from neurodsl.exporters.spelling import plain_name, tex_name
from neurodsl.exporters.tex_formula import TexFormula, tex_unit
from neurodsl.lang import parse_expression
from neurodsl.lang.nodes import Expression, Number, Power, Product
from neurodsl.source import Source, Span
from neurodsl.units import parse_unit

NAMES = ("a", "b", "c", "x", "y", "V", "I", "t", "dt", "pi", "C", "g_L", "E_L", "V_th", "tau_m", "alpha_n", "beta2", "rate", "S")
PLAIN = PlainFormula({name: plain_name(name) for name in NAMES})
TEX = TexFormula({name: tex_name(name) for name in NAMES})
NOWHERE = Span(Source("<test>", ""), 0, 0)


def read(text: str) -> Expression:
    node = parse_expression(Source("<test>", text), Report())
    assert node is not None, text
    return node


FORMULAS = [
    # numbers and units
    ("0.01", "0.01", "0.01"),
    ("1.5e-9", "15e-10", r"1.5 \cdot 10^{-9}"),
    ("1e9", "1e9", "10^{9}"),
    ("10 [mV]", "10 [mV]", r"10\,\mathrm{mV}"),
    ("V/[mV]", "V/[mV]", r"\frac{V}{\mathrm{mV}}"),
    ("V*[1/mV]", "V·[1/mV]", r"V\,\mathrm{mV^{-1}}"),
    ("[mV]*V", "1 [mV] V", r"1\,\mathrm{mV}\,V"),
    ("exp(x) [mV]", "exp(x) [mV]", r"\exp(x)\,\mathrm{mV}"),
    ("10*exp(x) [mV]", "10 exp(x) [mV]", r"10\,\exp(x)\,\mathrm{mV}"),
    ("1/(a + b) [mV]", "1/(a + b) [mV]", r"\frac{1}{(a + b)\,\mathrm{mV}}"),
    ("(exp(x) [mV])^2", "(exp(x) [mV])²", r"(\exp(x)\,\mathrm{mV})^{2}"),
    ("a/(V*[1/mV])", "a/(V·[1/mV])", r"\frac{a}{V\,\mathrm{mV^{-1}}}"),
    ("-V/80 [mV]", "-V/80 [mV]", r"-\frac{V}{80\,\mathrm{mV}}"),
    ("(2 [mV])^2", "(2 [mV])²", r"(2\,\mathrm{mV})^{2}"),
    # names
    ("tau_m", "τ_m", r"\tau_{m}"),
    ("beta2", "β2", r"\beta_{2}"),
    ("rate", "rate", r"\mathit{rate}"),
    ("2*pi*dt", "2 π dt", r"2\,\pi\,\Delta t"),
    # derivatives
    ("C*dV/dt", "C dV/dt", r"C\,\frac{dV}{dt}"),
    ("dV/dt*C", "dV/dt·C", r"\frac{dV}{dt}\,C"),
    ("1/(dV/dt)", "1/(dV/dt)", r"\frac{1}{\frac{dV}{dt}}"),
    ("(dV/dt)^2", "(dV/dt)²", r"\left(\frac{dV}{dt}\right)^{2}"),
    ("d2x/dt2", "d2x/dt2", r"\frac{d^{2}x}{dt^{2}}"),
    ("tau_m*dtau_m/dt", "τ_m dτ_m/dt", r"\tau_{m}\,\frac{d\tau_{m}}{dt}"),
    # calls
    ("alpha_n(V)", "α_n(V)", r"\alpha_{n}(V)"),
    ("S(a, b/c)", "S(a, b/c)", r"S\left(a, \frac{b}{c}\right)"),
    ("exp(-a/b)", "exp(-a/b)", r"\exp\left(-\frac{a}{b}\right)"),
    ("ln(x) + log(x) + log10(x)", "ln(x) + log(x) + log10(x)", r"\ln(x) + \log(x) + \log_{10}(x)"),
    ("sqrt(a + b)", "sqrt(a + b)", r"\sqrt{a + b}"),
    ("abs(x)^2", "abs(x)²", r"\left|x\right|^{2}"),
    ("floor(x) + ceil(x)", "floor(x) + ceil(x)", r"\left\lfloor x\right\rfloor + \left\lceil x\right\rceil"),
    ("max(a, b, 0)", "max(a, b, 0)", r"\max(a, b, 0)"),
    ("asin(sign(x))", "asin(sign(x))", r"\arcsin(\operatorname{sgn}(x))"),
    ("a mod b", "mod(a, b)", r"\operatorname{mod}(a, b)"),
    ("heaviside(x)", "heaviside(x)", r"\operatorname{heaviside}(x)"),
    # sums
    ("a - b + c", "a - b + c", "a - b + c"),
    ("a - (b + c)", "a - (b + c)", "a - (b + c)"),
    ("-x", "-x", "-x"),
    ("-(a + b)", "-(a + b)", "-(a + b)"),
    ("a*(-b)", "a (-b)", r"a\,(-b)"),
    # products and quotients
    ("a*b*c", "a b c", r"a\,b\,c"),
    ("2*3", "2·3", r"2 \cdot 3"),
    ("a*2^b", "a·2^b", r"a \cdot 2^{b}"),
    ("a/b/c", "a/b/c", r"\frac{a}{b\,c}"),
    ("a/b*c", "a/b·c", r"\frac{a}{b}\,c"),
    ("a*b/c*x/y", "a b/c·x/y", r"\frac{a\,b}{c}\,\frac{x}{y}"),
    ("a/(b*c)", "a/(b c)", r"\frac{a}{b\,c}"),
    ("a*(b/c)", "a (b/c)", r"a\,\frac{b}{c}"),
    ("a/(b/c)", "a/(b/c)", r"\frac{a}{\frac{b}{c}}"),
    ("(a + b)*(a - b)/2", "(a + b) (a - b)/2", r"\frac{(a + b)\,(a - b)}{2}"),
    ("(a + b)/(a - b)", "(a + b)/(a - b)", r"\frac{a + b}{a - b}"),
    ("g_L*(V/2 - E_L)", "g_L (V/2 - E_L)", r"g_{L} \left(\frac{V}{2} - E_{L}\right)"),
    # powers
    ("x^3", "x³", "x^{3}"),
    ("x^-2", "x⁻²", "x^{-2}"),
    ("x^0.5", "x^0.5", "x^{0.5}"),
    ("x^(a + b)", "x^(a + b)", "x^{a + b}"),
    ("(a*b)^2", "(a b)²", r"(a\,b)^{2}"),
    ("(a/b)^2", "(a/b)²", r"\left(\frac{a}{b}\right)^{2}"),
    ("(-x)^2", "(-x)²", "(-x)^{2}"),
    ("-x^2", "-x²", "-x^{2}"),
    ("(x^a)^b", "(x^a)^b", "(x^{a})^{b}"),
    ("x^a^b", "x^a^b", "x^{a^{b}}"),
    # conditions
    ("V >= V_th", "V ≥ V_th", r"V \ge V_{th}"),
    ("a <= b", "a ≤ b", r"a \le b"),
    ("a == b", "a == b", "a = b"),
    ("a != b", "a ≠ b", r"a \ne b"),
    ("not (a > b or a < c) and x > y", "not (a > b or a < c) and x > y", r"\text{not } (a > b \text{ or } a < c) \text{ and } x > y"),
    ("1 if x > 0 else 0", "1 if x > 0 else 0", r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}"),
    (
        "1 if x > 0 else 0 if x == 0 else -1",
        "1 if x > 0 else 0 if x == 0 else -1",
        r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{if } x = 0 \\ -1 & \text{otherwise} \end{cases}",
    ),
    (
        "a + (b if x > 0 else c)",
        "a + (b if x > 0 else c)",
        r"a + \left(\begin{cases} b & \text{if } x > 0 \\ c & \text{otherwise} \end{cases}\right)",
    ),
]


@pytest.mark.parametrize(("text", "plain", "tex"), FORMULAS)
def test_an_expression_is_written_as_a_paper_prints_it(text: str, plain: str, tex: str) -> None:
    assert (PLAIN(read(text)), TEX(read(text))) == (plain, tex)


@pytest.mark.parametrize("text", [text for text, _, tex in FORMULAS if "cases" not in tex])
def test_the_formulas_are_read_by_another_reader_of_tex(text: str) -> None:
    formula = re.sub(r"\\([lg])e\b", r"\\\1eq", TEX(read(text)))
    assert MathTextParser("path").parse(f"${formula}$").width > 0


def test_a_negative_number_that_no_text_wrote_is_put_in_parentheses() -> None:
    minus = Number(NOWHERE, Fraction(-2))
    product = Product(NOWHERE, (("*", Power(NOWHERE, minus, minus)), ("*", minus)))
    assert (PLAIN(product), TEX(product)) == ("(-2)⁻² (-2)", r"(-2)^{-2}\,(-2)")


def test_a_number_without_a_decimal_form_is_a_quotient() -> None:
    assert TEX(Power(NOWHERE, Number(NOWHERE, Fraction(1, 3)), Number(NOWHERE, Fraction(2)))) == r"\left(\frac{1}{3}\right)^{2}"


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("mV", "mV"),
        ("uA/cm^2", r"\mu A/cm^{2}"),
        ("um", r"\mu m"),
        ("1/ms", "ms^{-1}"),
        ("1/ms/mV", r"ms^{-1}\,mV^{-1}"),
        ("mS/cm^2/ms", r"mS\,cm^{-2}\,ms^{-1}"),
        ("MOhm", r"M\Omega"),
        ("Ohm*cm", r"\Omega\,cm"),
        ("1/ms^(1/2)", "ms^{-1/2}"),
        ("mV*ms^(1/2)", r"mV\,ms^{1/2}"),
        ("%", r"\%"),
        ("degC", r"{}^{\circ}C"),
    ],
)
def test_a_unit_stands_upright(unit: str, expected: str) -> None:
    assert tex_unit(parse_unit(unit)) == rf"\mathrm{{{expected}}}"
