"""Reports as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from neurodsl.diagnostics import fail
from neurodsl.exporters.markdown import markdown_page
from neurodsl.exporters.mathml import html_page, text
from neurodsl.exporters.page import Figure
from neurodsl.files import write_bytes
from neurodsl.report.document import Document
from neurodsl.report.stability import SYMBOLS
from neurodsl.rules import UNWRITABLE

STYLE = """
:root { color-scheme: light; }
html { font: 17px/1.55 Georgia, "Times New Roman", "Noto Serif", serif; color: #1f2328; background: #fff; }
body { margin: 0; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1, h2, th, figcaption { font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid #d8dee4; }
p, ul { margin: .6rem 0; }
a { color: #0b5394; }
code { font: .86em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; background: #f3f4f6; padding: .05em .3em; border-radius: 3px; }
math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", "Libertinus Math", math; }
mi[mathvariant="italic"] { font-style: italic; }
table { border-collapse: collapse; }
table.equations { display: block; overflow-x: auto; margin: .6rem 0 .6rem 1.2rem; }
table.equations td { padding: .3rem .25rem; vertical-align: baseline; white-space: nowrap; }
table.equations td:first-child { text-align: right; }
table.equations td.note { padding-left: 1.6rem; color: #57606a; font-size: .9rem; white-space: normal; }
table.values { display: block; overflow-x: auto; font-size: .92rem; }
table.values thead { border-top: 1.5px solid #1f2328; border-bottom: 1px solid #1f2328; }
table.values tbody { border-bottom: 1.5px solid #1f2328; }
table.values th, table.values td { text-align: left; vertical-align: baseline; padding: .28rem .9rem .28rem 0; }
table.values th { font-size: .84rem; font-weight: 600; }
figure { margin: 1.4rem 0; }
figure img { width: 100%; height: auto; }
figcaption { font-size: .88rem; margin: .4rem 0; }
main > p:last-child { margin-top: 2.5rem; font-size: .82rem; color: #57606a; }
@page { margin: 2cm; }
@media print {
  html { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  figure, table.values tr, table.equations tr { break-inside: avoid; }
  table.equations, table.values { display: table; overflow: visible; }
  a { color: inherit; text-decoration: none; }
}
""".strip()
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser lets the page do: show its own pictures, and nothing else."""


def write_html(document: Document, path: Path) -> tuple[Path, ...]:
    """Write a report as one file that holds its pictures and needs nothing else."""
    page = html_page(document.model, {name: spelled for name, (spelled, _) in SYMBOLS.items()})
    head = (
        '<meta charset="utf-8"/>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{text(document.title)}</title>\n<style>\n{STYLE}\n</style>"
    )
    whole = f'<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en">\n<head>\n{head}\n</head>\n<body>\n<main>\n{page(document.blocks)}\n</main>\n</body>\n</html>\n'
    write_bytes(path, whole.encode("utf-8"))
    return (path,)


def write_markdown(document: Document, path: Path) -> tuple[Path, ...]:
    """Write a report as Markdown, with its pictures as PNG in a folder beside it: ``report_files`` of ``report.md``."""
    folder = path.with_name(f"{path.stem}_files")
    page = markdown_page(document.model, folder.name, {name: spelled for name, (_, spelled) in SYMBOLS.items()})
    figures = [block for block in document.blocks if isinstance(block, Figure)]
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise fail(UNWRITABLE, f"cannot make the folder `{folder}` for pictures: {(error.strerror or str(error)).lower()}", exit_code=4) from error
    pictures = [folder / f"{figure.name}.png" for figure in figures]
    for picture, figure in zip(pictures, figures, strict=True):
        write_bytes(picture, figure.png)
    write_bytes(path, f"{page(document.blocks)}\n".encode())
    return path, *pictures


FORMS: Mapping[str, Callable[[Document, Path], tuple[Path, ...]]] = {".html": write_html, ".md": write_markdown}
"""What writes each kind of file."""
