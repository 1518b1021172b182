"""What a statement of the language is: the word that opens it, what its block consists of, what it declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurodsl.lang.scope import Declarations


@dataclass(frozen=True)
class Statement:
    """A member of the family of statements; the docstring of its module is its manual page.

    Parameters
    ----------
    name : str
        The word that opens it, and its rule in the grammar; ``assignment`` has no word.
    opens : str
        Where the word opens a statement: ``name``, before a name, a number or a label; ``trigger``, before anything on a line with a
        ``:`` behind; ``colon``, before a ``:``; ``never``. Anywhere else the word is an ordinary name.
    declare : callable
        Puts its tree into the declarations of a model.
    pieces : str
        The rule of the grammar for each piece of its block; empty where it has none.
    later : str
        What it will be good for, where it is not built yet.
    homes : tuple of str
        The blocks that it stands in: ``model``, ``synapse``, ``network``.
    """

    name: str
    opens: str
    declare: Callable[[Any, Declarations], None]
    pieces: str = ""
    later: str = ""
    homes: tuple[str, ...] = ("model",)
