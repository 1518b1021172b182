"""Models as HTML with MathML and as Markdown: well-formed, whole, and with nothing of an author's that is obeyed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from exporters.reading import model_of
from hypothesis import given
from hypothesis import strategies as st
from single_models import SINGLE

from neurodsl.diagnostics import Report
from neurodsl.exporters import exporters
from neurodsl.exporters.markdown import escaped
from neurodsl.exporters.mathml_formula import MathFormula, math_name, math_unit
from neurodsl.exporters.page import on_lines, width_of
from neurodsl.lang import parse_expression
from neurodsl.lang.nodes import Expression, Sum
from neurodsl.source import Source
from neurodsl.units import parse_unit

NAMES = ("a", "b", "x", "V", "t", "dt", "g_L", "tau_m", "rate", "W")
FORMULA = MathFormula({name: math_name(name) for name in NAMES})
PIECES = {"&#x2062;": " ", "&#x2061;": "", "\u00a0": " "}


def read(text: str) -> Expression:
    node = parse_expression(Source("<test>", text), Report())
    assert node is not None, text
    return node


def told(element: ElementTree.Element) -> str:
    """Return a formula as a line of text, with fractions, roots and indices spelt out."""
    tag, inner = element.tag.rpartition("}")[2], [told(child) for child in element]
    match tag:
        case "mfrac":
            return f"[{inner[0]}]/[{inner[1]}]"
        case "msup":
            return f"{inner[0]}^{inner[1]}"
        case "msub":
            return f"{inner[0]}_{inner[1]}"
        case "msqrt":
            return f"√[{''.join(inner)}]"
        case "munder":
            return f"{inner[0]}_{inner[1]}"
        case "mtr":
            return f"{' & '.join(inner)};"
    return (element.text or "").replace("\u2062", " ").replace("\u2061", "").replace("\u00a0", " ") + "".join(inner)


def line_of(text: str) -> str:
    return told(ElementTree.fromstring(FORMULA(read(text))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.01", "0.01"),
        ("1.5e-9", "1.5⋅10^−9"),
        ("1e9", "10^9"),
        ("10 [mV]", "10mV"),
        ("-V/80 [mV]", "−[V]/[80mV]"),
        ("0.1 [1/ms]*x", "0.1ms⁻¹ x"),
        ("tau_m", "τ_m"),
        ("g_L*(V - a)", "g_L (V−a)"),
        ("rate*dt", "rate Δt"),
        ("dV/dt", "[dV]/[dt]"),
        ("d2x/dt2", "[d^2x]/[dt^2]"),
        ("x*2", "x⋅2"),
        ("a/b*x", "[a]/[b] x"),
        ("(a + b)^2", "(a+b)^2"),
        ("2^(-x)", "2^−x"),
        ("exp(-x)", "exp(−x)"),
        ("sqrt(a + b)", "√[a+b]"),
        ("abs(x)", "|x|"),
        ("log10(x)", "log_10(x)"),
        ("asin(x)", "arcsin(x)"),
        ("V >= 2 and not x != 1", "V≥2 and not x≠1"),
        ("a if V < 0 else b", "{a & if V<0;b & otherwise;"),
        ("sum(W[a, b]*x[b] for b)", "∑_bW_ab x_b"),
        ("x[2]", "x_2"),
        ("tau_m[2, 3]", "τ_m,2,3"),
        ("(1, 2)", "(1,2)"),
        ("((1, 2), (3, 4))", "(1 & 2;3 & 4;)"),
    ],
)
def test_an_expression_is_set_as_mathml(text: str, expected: str) -> None:
    assert line_of(text) == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("mV/ms", "mV/ms"), ("uA/cm^2", "µA/cm²"), ("1/ms", "ms⁻¹"), ("1/ms/mV", "ms⁻¹·mV⁻¹"), ("MOhm", "MΩ"), ("nC/cm^2", "nC/cm²")],
)
def test_a_unit_is_set_upright_with_its_powers(unit: str, expected: str) -> None:
    assert math_unit(parse_unit(unit)) == f'<mi mathvariant="normal">{expected}</mi>'


def test_parentheses_grow_only_around_what_is_high() -> None:
    assert 'stretchy="false"' in FORMULA(read("exp(-x)"))
    assert 'stretchy="false"' not in FORMULA(read("exp(-x/a)"))


def test_a_long_sum_goes_onto_several_lines_and_loses_no_term() -> None:
    terms = [f"g_L*x^{k}" for k in range(2, 30)]
    lines = on_lines(read(" - ".join(terms)))
    texts = ["".join(ElementTree.fromstring(FORMULA(part)).itertext()) for f in lines for part in f.parts if isinstance(part, Sum)]
    assert (len(lines) > 1, len(texts)) == (True, len(lines))
    assert sum(text.count("L") for text in texts) == len(terms)
    assert [text[0] for text in texts] == ["g", *"−" * (len(texts) - 1)]


def test_a_quotient_is_as_wide_as_its_wider_half() -> None:
    assert width_of(read("a*b*x/(a + b)")) == width_of(read("a + b"))


@pytest.mark.parametrize("path", SINGLE.values(), ids=lambda path: path.stem)
def test_the_mathml_of_a_shipped_model_is_well_formed_and_holds_every_label(path: Path) -> None:
    model = model_of(path.read_text(encoding="utf-8"), path.name)
    page = ElementTree.fromstring(exporters()["mathml"].render(model))
    shown = " ".join("".join(page.itertext()).split())
    tables = (model.parameters, model.inputs, model.noises, model.definitions, model.states)
    labels = [quantity.doc for table in tables for quantity in table.values() if quantity.doc]
    assert [label for label in labels if label not in shown] == []
    rows = sum(len(table.findall(".//tbody/tr")) for table in page.findall(".//table[@class='values']"))
    states = sum(max(1, len(state.initials)) for state in model.states.values())
    assert rows == len(model.parameters) + len(model.inputs) + len(model.noises) + states + len(model.variants)


@pytest.mark.parametrize("path", SINGLE.values(), ids=lambda path: path.stem)
def test_the_markdown_of_a_shipped_model_has_a_row_for_every_quantity_and_closes_its_formulas(path: Path) -> None:
    model = model_of(path.read_text(encoding="utf-8"), path.name)
    page = exporters()["markdown"].render(model)
    assert page.count("\n$$\n") % 2 == 0
    rows = [line for line in page.splitlines() if line.startswith("| ") and " --- " not in line]
    states = sum(max(1, len(state.initials)) for state in model.states.values())
    tables = page.count("**Table ")
    assert len(rows) - tables == len(model.parameters) + len(model.inputs) + len(model.noises) + states + len(model.variants)
    assert {len(re.findall(r"(?<!\\)\$", line)) % 2 for line in rows} <= {0}


ATTACK = '</math><script>alert(1)</script> & "x" <img src=x onerror=y> | $z$ `c` ]]>'


def test_an_injection_in_a_title_or_a_label_stays_text() -> None:
    model = model_of('param a = 1 "label"\ny = a "label"\ndx/dt = -x*y\nvariant v "label": a = 2')
    attacked = replace(
        model,
        doc=ATTACK,
        parameters={"a": replace(model.parameters["a"], doc=ATTACK)},
        definitions={"y": replace(model.definitions["y"], doc=ATTACK)},
        variants={"v": replace(model.variants["v"], doc=ATTACK)},
    )
    page = ElementTree.fromstring(exporters()["mathml"].render(attacked))
    assert "".join(page.itertext()).count(ATTACK) == 4
    assert [e.tag for e in page.iter() if e.tag.rpartition("}")[2] in ("script", "img")] == []
    markdown = exporters()["markdown"].render(attacked)
    assert "<" not in markdown
    assert markdown.count(escaped(ATTACK)) == 4


@given(st.text())
def test_no_free_text_breaks_the_page(text: str) -> None:
    model = replace(model_of("dx/dt = -x"), doc=text, name=text)
    page = ElementTree.fromstring(exporters()["mathml"].render(model))
    assert [e.tag for e in page] == [e.tag for e in ElementTree.fromstring(exporters()["mathml"].render(model_of("dx/dt = -x")))]


@given(st.text())
def test_no_free_text_of_markdown_holds_an_unescaped_special_character(text: str) -> None:
    assert re.sub(r"\\[\\`*_\[\]#|~$!{}]|&(amp|lt|gt);|[^\\`*_\[\]#|~$!{}<>&]", "", escaped(text)) == ""
