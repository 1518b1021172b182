"""Pages as Markdown with formulas in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from neurodsl.exporters.exporter import Exporter
from neurodsl.exporters.mathml import EMPTY, line_with_ends
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
from neurodsl.exporters.spelling import line, spellings, tex_name, tex_text, tex_verbatim
from neurodsl.exporters.tex_formula import TexFormula, in_parentheses, tex_unit
from neurodsl.lang.unparse import ATOM
from neurodsl.model import Distribution, Model, NetworkModel
from neurodsl.units import Unit

SIGNS = {"±": r"\pm", "∼": r"\sim", "←": r"\leftarrow", ":": r"\colon", ",": r",\;", "i": r"\,\mathrm{i}", "…": r"\dots"}
SPECIAL = re.compile(r"([\\`*_\[\]#|~$!{}])")
"""What Markdown, or an extension of it, takes for more than itself."""
FIRST = re.compile(r"^(\d*)([-+=.)])")
"""What makes a list or a heading at the start of a line."""
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(content: str) -> str:
    """Return a text of anybody's as text of Markdown."""
    marked = SPECIAL.sub(r"\\\1", line_with_ends(content))
    return "".join(ENTITIES.get(char, char) for char in marked)


class MarkdownPage:
    """Writes blocks as Markdown, figures and tables numbered.

    Parameters
    ----------
    formula : TexFormula
        With the spellings of the names that occur.
    folder : str
        Where the pictures lie, relative to the page.
    """

    def __init__(self, formula: TexFormula, folder: str = "") -> None:
        self.formula = formula
        self.folder = folder
        self.numbers = {"Figure": 0, "Table": 0}

    def __call__(self, blocks: Iterable[Block]) -> str:
        """Return blocks one below the other."""
        return "\n\n".join(self._block(block) for block in blocks)

    def _block(self, block: Block) -> str:
        match block:
            case Heading():
                return f"{'#' * block.level} {escaped(line(block.text))}"
            case Paragraph():
                return _at_start(self.cell(block.content))
            case Items():
                return "\n".join(f"- {_at_start(self.cell(item))}" for item in block.items)
            case Equations():
                return self._equations(block)
            case Table():
                return self._table(block)
            case Figure():
                path = f"{quote(self.folder)}/{quote(block.name)}.png"
                return f"![{escaped(line(block.alternative))}]({path})\n\n{self._numbered('Figure', block.caption)}"

    def cell(self, content: Cell) -> str:
        """Return what stands in a line."""
        return "".join(map(self._inline, content))

    def _inline(self, part: Inline) -> str:
        match part:
            case Formula():
                return f"${self.math(part)}$"
            case Code():
                return _code(line(part.text))
            case Strong():
                return f"**{escaped(line(part.text))}**"
            case Reference():
                return f"[doi:{escaped(part.doi)}](https://doi.org/{quote(part.doi)})"
        return escaped(part)

    def math(self, formula: Formula) -> str:
        """Return a formula as LaTeX."""
        return " ".join(rf"\,{self._part(part)}" if k and isinstance(part, Unit) else self._part(part) for k, part in enumerate(formula.parts))

    def _part(self, part: Part) -> str:
        match part:
            case Sign():
                return SIGNS.get(part.text, part.text)
            case Word():
                return rf"\text{{{' ' * part.text.startswith(' ')}{tex_text(part.text)}{' ' * part.text.endswith(' ')}}}"
            case Unit():
                return tex_unit(part)
            case Next():
                return f"{self.formula.inside(part.state, ATOM)}^{{+}}"
            case Function():
                return self.formula.call(part.name, [self.formula.name(argument) for argument in part.arguments])
            case Space():
                sizes = r" \times ".join(self.formula.inside(size, ATOM) for size in part.sizes)
                return rf"\in \mathbb{{R}}^{{{sizes}}}"
            case Distribution():
                return self._distribution(part)
        return self.formula(part)

    def _distribution(self, drawn: Distribution) -> str:
        arguments = [self.formula(argument) for argument in drawn.arguments]
        if drawn.inner is not None:
            arguments = [arguments[0], rf"\mathrm{{{drawn.inner}}}{in_parentheses(', '.join(arguments[1:]))}"]
        return rf"\mathrm{{{drawn.name}}}{in_parentheses(', '.join(arguments))}"

    def _equations(self, block: Equations) -> str:
        """Return aligned formulas, and below them what their left sides mean."""
        rows = [row for item in block.lines for row in self._rows(item)]
        shown = " \\\\\n".join(rows)
        notes = [f"${self.math(item.left)}$: {self.cell(item.note)}" for item in block.lines if item.note]
        told = f"\n\nHere {'; '.join(notes)}." if notes else ""
        return f"$$\n\\begin{{aligned}}\n{shown}\n\\end{{aligned}}\n$$" + told

    def _rows(self, item: Line) -> list[str]:
        sign, indent = (f"&{item.sign}", r"&\quad") if item.sign else (r"\colon\;&", "&")
        tag = rf" && \text{{({tex_text(item.tag)})}}" if item.tag else ""
        first = f"{self.math(item.left)} {sign} {self.math(item.right[0])}{tag}"
        return [first, *(f"{indent} {self.math(part)}" for part in item.right[1:])]

    def _numbered(self, word: str, caption: Cell) -> str:
        self.numbers[word] += 1
        return f"**{word} {self.numbers[word]}.** {self.cell(caption)}"

    def _table(self, table: Table) -> str:
        rows = [[table.head[k] for k in table.columns], *([cells[k] for k in table.columns] for cells in table.rows)]
        written = [f"| {' | '.join(_in_table(self.cell(cell)) for cell in cells)} |" for cells in rows]
        return "\n".join([self._numbered("Table", table.caption), "", written[0], f"|{' --- |' * len(table.columns)}", *written[1:]])


def _at_start(content: str) -> str:
    """Return a line whose first letters make no list of it."""
    return FIRST.sub(r"\1\\\2", content)


def _in_table(content: str) -> str:
    """Return a cell in which no bar ends it; one that is escaped already stays so."""
    return re.sub(r"(?<!\\)\|", r"\\|", content)


def _code(content: str) -> str:
    """Return a text as it is typed, between as many backticks as it takes."""
    longest = max(map(len, re.findall(r"`+", content)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{content}{space}{fence}"


def markdown_page(model: Model, folder: str = "", more: Mapping[str, str] = EMPTY) -> MarkdownPage:
    """Return what writes pages with the names of a model, and with those of ``more``, which has their spellings."""
    return MarkdownPage(TexFormula({**spellings(model, tex_name, tex_verbatim), **more}), folder)


def render(model: Model | NetworkModel) -> str:
    """Return a model as Markdown; of a network its parts, then its models."""
    if isinstance(model, NetworkModel):
        page = markdown_page(model.block)
        title = Heading(f"{model.name}: {model.doc}" if model.doc else model.name, 2)
        written = [page([title, *network_page(model, 3)])]
        for made, (name, blocks) in zip(models_of(model), parts_of(model, 4), strict=True):
            page.formula = TexFormula(spellings(made, tex_name, tex_verbatim))
            written.append(page([Heading(name, 3), *blocks]))
        return "\n\n".join(written)
    title = Heading(f"{model.name}: {model.doc}" if model.doc else model.name, 2)
    return markdown_page(model)([title, *model_page(model, 3)])


MARKDOWN = Exporter("markdown", "Markdown with LaTeX in $$, for notebooks and repositories", render)
