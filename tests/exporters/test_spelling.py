"""Names get their Greek letters and subscripts, no two of them alike; what an author wrote freely stays text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from exporters.reading import model_of
from hypothesis import given
from hypothesis import strategies as st

from neurodsl.exporters import exporters
from neurodsl.exporters.spelling import COMMANDS, line, plain_name, spellings, tex_name, tex_text, tex_verbatim
from neurodsl.lang.characters import GREEK


@pytest.mark.parametrize(
    ("name", "plain", "tex"),
    [
        ("V", "V", "V"),
        ("g_L", "g_L", "g_{L}"),
        ("V_th", "V_th", "V_{th}"),
        ("tau_m", "τ_m", r"\tau_{m}"),
        ("τ_m", "τ_m", r"\tau_{m}"),
        ("Delta_T", "Δ_T", r"\Delta_{T}"),
        ("g_Na_max", "g_Na_max", "g_{Na,max}"),
        ("w_alpha", "w_α", r"w_{\alpha}"),
        ("V1", "V1", "V_{1}"),
        ("lambda2_x", "λ2_x", r"\lambda_{2,x}"),
        ("taum", "taum", r"\mathit{taum}"),
        ("τm", "τm", r"\mathit{{\tau}m}"),
        ("φ", "φ", r"\varphi"),
        ("phi", "φ", r"\phi"),
        ("Α", "Α", r"\mathrm{A}"),
        ("a__b", "a__b", r"\mathit{a\_\_b}"),
        ("x_", "x_", r"\mathit{x\_}"),
        ("my_pop.r", "my_pop.r", r"{r^{\mathrm{my\_pop}}}"),
        ("E -> I with s 2.w", "E -> I with s 2.w", r"{w^{\mathrm{E \to I\ with\ s 2}}}"),
    ],
)
def test_a_name_gets_its_greek_letter_and_its_subscript(name: str, plain: str, tex: str) -> None:
    assert (plain_name(name), tex_name(name)) == (plain, tex)


def test_every_greek_letter_of_the_language_has_a_command() -> None:
    assert GREEK - COMMANDS.keys() == set()


def test_names_that_would_be_spelled_alike_are_written_as_they_stand() -> None:
    model = model_of("param tau = 1, τ = 2, V1 = 3, V_1 = 4, g_L = 5\ndx/dt = -x/tau/τ*V1*V_1*g_L")
    plain, tex = spellings(model, plain_name, str), spellings(model, tex_name, tex_verbatim)
    assert {name: (plain[name], tex[name]) for name in model.parameters} == {
        "tau": ("tau", r"\mathit{tau}"),
        "τ": ("τ", r"\mathit{{\tau}}"),
        "V1": ("V1", r"\mathit{V1}"),
        "V_1": ("V_1", r"\mathit{V\_1}"),
        "g_L": ("g_L", "g_{L}"),
    }


def test_each_character_that_latex_obeys_is_escaped() -> None:
    assert tex_text(r"\{}$&#%_^~<>") == (r"\textbackslash{}\{\}\$\&\#\%\_\textasciicircum{}\textasciitilde{}\textless{}\textgreater{}")


def test_a_free_text_stays_on_one_line_and_loses_what_a_terminal_obeys() -> None:
    assert line("a\nb\t\x1b[31mc\u202e\u2028d") == r"a b \x1b[31mc\x202e d"


ATTACK = "}\\input{/etc/passwd}$^^5cwrite18{x}% \\end{align*}\r\n\\\\[1cm] \x1b]0;x\x07"
ESCAPED = (
    r"\}\textbackslash{}input\{/etc/passwd\}\$\textasciicircum{}\textasciicircum{}5cwrite18\{x\}\% "
    r"\textbackslash{}end\{align*\} \textbackslash{}\textbackslash{}[1cm] \textbackslash{}x1b]0;x\textbackslash{}x07"
)


def test_an_injection_in_a_title_or_a_label_stays_text() -> None:
    model = model_of('param a = 1 "label"\ny = a "label"\ndx/dt = -x*y\nvariant v "label": a = 2')
    parameter, derived, variant = model.parameters["a"], model.definitions["y"], model.variants["v"]
    attacked = replace(
        model,
        doc=ATTACK,
        parameters={"a": replace(parameter, doc=ATTACK)},
        definitions={"y": replace(derived, doc=ATTACK)},
        variants={"v": replace(variant, doc=ATTACK)},
    )
    latex = exporters()["latex"].render(attacked)
    assert latex.replace(ESCAPED, "label") == exporters()["latex"].render(model).replace("{test}", "{test: label}")
    text = exporters()["text"].render(attacked)
    safe = r"}\input{/etc/passwd}$^^5cwrite18{x}% \end{align*} \\[1cm] \x1b]0;x\x07"
    assert text.replace(safe, "label") == exporters()["text"].render(model).replace("test\n", "test: label\n", 1)


@given(st.text())
def test_no_free_text_reaches_a_terminal_with_a_control_character(text: str) -> None:
    model = replace(model_of("dx/dt = -x"), doc=text, name=text)
    pages = "".join(exporter.render(model) for exporter in exporters().values())
    assert re.sub(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", pages) == ""


@given(st.text())
def test_no_free_text_of_latex_holds_an_unescaped_special_character(text: str) -> None:
    assert re.sub(r"\\(text(backslash|asciicircum|asciitilde|less|greater)\{\}|[{}$&#%_])|[^\\{}$&#%_^~]", "", tex_text(text)) == ""
