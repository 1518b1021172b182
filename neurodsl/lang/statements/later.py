"""Statements that have their place in the language and are not built yet: each is refused where it stands."""

from __future__ import annotations

from typing import Any

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement


def declare(tree: Any, declarations: Declarations) -> None:
    """Never happens: the statement is refused before it is read."""
    raise AssertionError(tree)


SPACE = Statement("space", "name", declare, later="partial differential equations")
BOUNDARY = Statement("boundary", "name", declare, later="partial differential equations")
