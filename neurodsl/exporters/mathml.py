"""Pages as HTML with MathML, which a browser sets without any script.

What is written is HTML and well-formed XML at once.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

from neurodsl.exporters.exporter import Exporter
from neurodsl.exporters.mathml_formula import THIN, MathFormula, math_name, math_unit, math_verbatim, mo, row, words
from neurodsl.exporters.model_page import model_page
from neurodsl.exporters.network_contents import models_of
from neurodsl.exporters.network_page import network_page, parts_of
from neurodsl.exporters.page import (
    Block,
    Cell,
    Code,
    Equations,
    Figure,
    Formula,
    Function,
    Heading,
    Inline,
    Items,
    Line,
    Next,
    Paragraph,
    Part,
    Reference,
    Sign,
    Space,
    Strong,
    Table,
    Word,
)
from neurodsl.exporters.spelling import line, spellings
from neurodsl.lang.unparse import ATOM
from neurodsl.model import Distribution, Model, NetworkModel
from neurodsl.units import Unit

EMPTY: Mapping[str, str] = {}
LARGEST_SVG = 600_000
"""Bytes of a vector picture; a larger one is shown as pixels."""


class HtmlPage:
    """Writes blocks as HTML, figures and tables numbered.

    Parameters
    ----------
    formula : MathFormula
        With the spellings of the names that occur.
    """

    def __init__(self, formula: MathFormula) -> None:
        self.formula = formula
        self.numbers = {"Figure": 0, "Table": 0}

    def __call__(self, blocks: Iterable[Block]) -> str:
        """Return blocks one below the other."""
        return "\n".join(self._block(block) for block in blocks)

    def _block(self, block: Block) -> str:
        match block:
            case Heading():
                return f"<h{block.level}>{text(block.text)}</h{block.level}>"
            case Paragraph():
                return f"<p>{self.cell(block.content)}</p>"
            case Items():
                return f"<ul>{''.join(f'<li>{self.cell(item)}</li>' for item in block.items)}</ul>"
            case Equations():
                return f'<table class="equations">{"".join(map(self._line, block.lines))}</table>'
            case Table():
                return self._table(block)
            case Figure():
                return self._figure(block)

    def cell(self, content: Cell) -> str:
        """Return what stands in a line."""
        return "".join(map(self._inline, content))

    def _inline(self, part: Inline) -> str:
        match part:
            case Formula():
                return self.math(part)
            case Code():
                return f"<code>{text(part.text)}</code>"
            case Strong():
                return f"<strong>{text(part.text)}</strong>"
            case Reference():
                return f'<a href="https://doi.org/{escape(part.doi)}">doi:{escape(part.doi)}</a>'
        return escape(line_with_ends(part))

    def math(self, formula: Formula, *before: str, display: bool = False) -> str:
        """Return a formula, behind finished parts."""
        style = ' displaystyle="true"' if display else ""
        parts = [f"{THIN if k and isinstance(part, Unit) else ''}{self._part(part)}" for k, part in enumerate(formula.parts)]
        return f'<math xmlns="http://www.w3.org/1998/Math/MathML"{style}>{row(*before, *parts)}</math>'

    def _part(self, part: Part) -> str:
        match part:
            case Sign(text="i"):
                return '<mi mathvariant="normal">i</mi>'
            case Sign():
                return mo(part.text)
            case Word():
                return words(part.text)
            case Unit():
                return math_unit(part)
            case Next():
                return f"<msup>{self.formula.inside(part.state, ATOM)}{mo('+')}</msup>"
            case Function():
                return self.formula.call(part.name, [self.formula.name(argument) for argument in part.arguments])
            case Space():
                sizes = [self.formula.inside(size, ATOM) for size in part.sizes]
                return f"{mo('∈')}<msup><mi>ℝ</mi>{row(*(p for k, size in enumerate(sizes) for p in ([mo('×')] if k else []) + [size]))}</msup>"
            case Distribution():
                return self._distribution(part)
        return self.formula(part)

    def _distribution(self, drawn: Distribution) -> str:
        arguments = [self.formula(argument) for argument in drawn.arguments]
        if drawn.inner is not None:
            arguments = [arguments[0], self.formula.call(drawn.inner, arguments[1:])]
        return self.formula.call(drawn.name, arguments)

    def _line(self, line: Line) -> str:
        """Return a formula as a row of a table, and what is left of its right side as further rows."""
        rows = []
        for k, part in enumerate(line.right):
            left = self.math(line.left if line.sign else Formula((*line.left.parts, Sign(":"))), display=True) if k == 0 else ""
            before = [] if not line.sign else [mo(line.sign)] if k == 0 else ['<mspace width="1.6em"/>']
            told = (*line.note, *((f"({line.tag})",) if line.tag else ()))
            note = f'<td class="note">{self.cell(told)}</td>' if k == 0 and told else ""
            rows.append(f"<tr><td>{left}</td><td>{self.math(part, *before, display=True)}</td>{note}</tr>")
        return "".join(rows)

    def _numbered(self, word: str, caption: Cell) -> str:
        self.numbers[word] += 1
        return f"<strong>{word} {self.numbers[word]}.</strong> {self.cell(caption)}"

    def _table(self, table: Table) -> str:
        head = "".join(f'<th scope="col">{self.cell(table.head[k])}</th>' for k in table.columns)
        body = "".join(f"<tr>{''.join(f'<td>{self.cell(cells[k])}</td>' for k in table.columns)}</tr>" for cells in table.rows)
        caption = f"<figcaption>{self._numbered('Table', table.caption)}</figcaption>"
        return f'<figure>{caption}<table class="values"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></figure>'

    def _figure(self, figure: Figure) -> str:
        kind, data = ("svg+xml", figure.svg) if len(figure.svg) <= LARGEST_SVG else ("png", figure.png)
        source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
        caption = self._numbered("Figure", figure.caption)
        return f'<figure><img src="{source}" alt="{escape(line(figure.alternative))}"/><figcaption>{caption}</figcaption></figure>'


def text(content: str) -> str:
    """Return a text of anybody's as text of HTML."""
    return escape(line(content))


def line_with_ends(content: str) -> str:
    """Return a text on one line with nothing to obey in it; a space at either end stays."""
    kept = line(content)
    return f"{' ' * content[:1].isspace()}{kept}{' ' * (bool(kept) and content[-1:].isspace())}"


def html_page(model: Model, more: Mapping[str, str] = EMPTY) -> HtmlPage:
    """Return what writes pages with the names of a model, and with those of ``more``, which has their spellings."""
    return HtmlPage(MathFormula({**spellings(model, math_name, math_verbatim), **more}))


def render(model: Model | NetworkModel) -> str:
    """Return a model as a section of HTML with MathML; of a network its parts, then its models."""
    if isinstance(model, NetworkModel):
        page = html_page(model.block)
        title = Heading(f"{model.name}: {model.doc}" if model.doc else model.name, 2)
        written = [page([title, *network_page(model, 3)])]
        for made, (name, blocks) in zip(models_of(model), parts_of(model, 4), strict=True):
            page.formula = MathFormula(spellings(made, math_name, math_verbatim))
            written.append(page([Heading(name, 3), *blocks]))
        return "<section>\n" + "\n".join(written) + "\n</section>"
    title = Heading(f"{model.name}: {model.doc}" if model.doc else model.name, 2)
    return f"<section>\n{html_page(model)([title, *model_page(model, 3)])}\n</section>"


MATHML = Exporter("mathml", "HTML with MathML, for web pages", render)
