"""What a file takes from others: each is read once, and the circles among them are found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, nearest
from neurodsl.lang.findings import Findings
from neurodsl.lang.nodes import Name
from neurodsl.lang.tree import Import, Imported
from neurodsl.source import Source, Span
from neurodsl.texts import MOST_FILES, read_beside, read_library

DEEPEST_IMPORTS = 20
"""So many files may import one another in a row."""

Models = dict[str, Any]
"""What a file holds by name: models, synapses and networks."""


@dataclass
class Imports:
    """The files of one reading.

    Parameters
    ----------
    read : callable
        Returns the models of a text, None where an error was reported.
    chain : list of Source
        The texts that are being read, each imported by the one before it.
    known : dict of str to Models or None
        What was found in the files that have been read, by their real paths.
    """

    read: Callable[[Source, Imports, Findings], Models | None]
    chain: list[Source] = field(default_factory=list)
    known: dict[str, Models | None] = field(default_factory=dict)

    def add(self, trees: list[Import], models: Models, places: dict[str, Span], found: Findings) -> bool:
        """Add what the innermost text imports to its own models, and return whether all of it could be had.

        ``places`` are those of the names that it has. What is wrong in a file is told once, though several import it.
        """
        complete = True
        for tree in trees:
            for imported in tree.models:
                complete = self._add(tree, imported, models, places, found) and complete
        return complete

    def _add(self, tree: Import, imported: Imported, models: Models, places: dict[str, Span], found: Findings) -> bool:
        own = imported.own
        span = tree.path_span if tree.path is not None else imported.name.span
        try:
            source = read_library(imported.name.id) if tree.path is None else read_beside(self.chain[-1], tree.path)
        except NeuroError as error:
            for finding in error.report.found:
                found.add(finding.rule, finding.message, span, finding.help)
            return False
        if tree.path is None:
            self._note_file(imported.name, source, found)
        theirs = self._models(source, span, found)
        if theirs is None:
            return False
        model = theirs.get(imported.name.id)
        if own.id in places:
            help = f"give it another name: `{_statement(imported.name.id, _free(imported.name.id, places), tree.path)}`"
            found.add(rules.DUPLICATE, f"there are two models `{own.id}`", own.span, help, ((places[own.id], "the first"),))
        elif model is None:
            told = f"`{source.name}` holds no model `{imported.name.id}`"
            found.add(rules.NOT_IMPORTED, told, imported.name.span, _held(theirs, imported, tree.path))
        else:
            models[own.id] = replace(model, name=own.id)
        return places.setdefault(own.id, own.span) is own.span

    def _note_file(self, name: Name, shipped: Source, found: Findings) -> None:
        """Point out a file that may have been meant, and not the shipped model of its name."""
        text, file = self.chain[-1], f"{name.id}.neuro"
        if text.path is None or not (text.path.parent / file).is_file():
            return
        beside = os.path.realpath(text.path.parent / file)
        if beside not in (_real(text), _real(shipped)):
            help = f'if the file is meant, write `import {name.id} from "{file}"`'
            found.add(rules.SHIPPED_INSTEAD, f"`{name.id}` is the shipped model, and not that of the file `{file}` beside this one", name.span, help)

    def _models(self, source: Source, span: Span, found: Findings) -> Models | None:
        """Return the models of a file, None where it has none because of an error that was reported."""
        place = _real(source)
        reading = [_real(text) for text in self.chain]
        if place in reading:
            circle = [text.name for text in self.chain[reading.index(place) :]]
            told = (
                f"`{source.name}` imports itself" if len(circle) == 1 else f"files import each other in a circle: {' -> '.join([*circle, circle[0]])}"
            )
            found.add(rules.IMPORT_CYCLE, told, span, "remove one of these imports" if len(circle) > 1 else "remove the import")
            return None
        if place in self.known:
            return self.known[place]
        if len(self.chain) > DEEPEST_IMPORTS:
            found.add(rules.TOO_LARGE, f"imports nested more than {DEEPEST_IMPORTS} deep", span, "import the file where it is needed")
            return None
        if len(self.known) + len(self.chain) >= MOST_FILES:
            found.add(
                rules.TOO_LARGE, f"a text made of more than {MOST_FILES} files", span, "put several models into one file, each in a `model` block"
            )
            return None
        theirs = Findings()
        self.known[place] = self.read(source, self, theirs)
        for finding in theirs.found:
            found.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
        return self.known[place]


def _real(source: Source) -> str:
    return source.name if source.path is None else os.path.realpath(source.path)


def _statement(name: str, alias: str, path: str | None) -> str:
    """Return the statement that imports a model under another name."""
    return f"import {name} as {alias}" + ("" if path is None else f' from "{path}"')


def _free(name: str, taken: Iterable[str]) -> str:
    """Return a name like another one that is not taken."""
    known = set(taken)
    return next(free for i in range(2, len(known) + 3) if (free := f"{name}_{i}") not in known)


def _held(models: Models, imported: Imported, path: str | None) -> str:
    """Return what can be taken from a file instead of what it does not hold."""
    near = nearest(imported.name.id, models)
    if near is not None:
        return f"did you mean `{near}`?"
    listed = ", ".join(f"`{name}`" for name in models)
    if len(models) > 1 or path is None:
        return f"it holds {listed}"
    (name,) = models
    if not name.isidentifier():
        return f"it holds {listed}, which is no name of the language: rename the file"
    return f"it holds {listed}: `{_statement(name, imported.own.id, path)}`"
