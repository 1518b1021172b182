"""Cases in Markdown: a title, a model, and the findings that are expected in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """A model and what is said about it, as ``CODE line:column`` in the order of the text."""

    title: str
    text: str
    expected: tuple[str, ...]


def cases(folder: Path) -> list[Case]:
    """Return the cases of all Markdown files in a folder: a ``##`` title, a ``neuro`` block and a list, each."""
    found = []
    for path in sorted(folder.glob("*.md")):
        for section in path.read_bytes().decode().split("\n## ")[1:]:
            title, _, rest = section.partition("\n")
            text, _, after = rest.partition("```neuro\n")[2].partition("```\n")
            expected = tuple(line[2:].strip() for line in after.split("\n") if line.startswith("- "))
            found.append(Case(f"{path.stem}: {title}", text, expected))
    return found
