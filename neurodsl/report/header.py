"""What the comment at the head of a model file says: its title and its sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neurodsl.exporters.page import Block, Cell, Paragraph, Reference

DOI = re.compile(r"\bdoi:\s*(10\.\d{4,9}/[-._;()/:A-Za-z0-9<>]+)", re.IGNORECASE)
TRAILING = ".,;:"


@dataclass(frozen=True)
class Header:
    """The comment lines that a file starts with: the first, the sources, and what else is said in words.

    Claims of numbers and expected findings are for tests, and are left out.
    """

    title: str
    references: tuple[str, ...]
    remarks: tuple[str, ...]


def header_of(text: str) -> Header:
    """Return the header of a file."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    told = [line for line in lines[1:] if line and not re.match(r"claim\b|expects\b", line)]
    references = tuple(line.partition(":")[2].strip() for line in told if line.startswith("reference:"))
    return Header(lines[0] if lines else "", references, tuple(line for line in told if not line.startswith("reference:")))


def with_links(text: str) -> Cell:
    """Return a text in which each DOI leads to its publication."""
    parts: list[str | Reference] = []
    last = 0
    for found in DOI.finditer(text):
        doi = found[1].rstrip(TRAILING)
        while doi.endswith(")") and doi.count(")") > doi.count("("):
            doi = doi[:-1]
        parts += [text[last : found.start()], Reference(doi)]
        last = found.start(1) + len(doi)
    return tuple(part for part in (*parts, text[last:]) if part)


def header_blocks(header: Header) -> list[Block]:
    """Return the remarks and the sources as sentences."""
    found: list[Block] = [Paragraph(with_links(remark)) for remark in header.remarks]
    return found + [Paragraph(("Source: ", *with_links(reference))) for reference in header.references]
