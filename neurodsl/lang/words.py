"""Which words of a text are statement words: every word is a name until it stands where no name can."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from neurodsl.lang.clauses import tag_clauses
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Token

NO_CONTINUATION = frozenset(("NAME", "NUMBER", "STRING", "DERIVATIVE"))
"""What cannot follow a name in an expression or an assignment."""
CHANGES = frozenset(("ASSIGN", "CHANGE"))
FOREIGN_QUOTES = ("'", "`", "“", "”", "„", ".", "\\")
"""What may stand in an import as other languages write it, and has another explanation elsewhere."""


def tag_statement(tokens: list[Token], statements: Mapping[str, Statement]) -> Statement | None:
    """Turn the first word of an item into a statement word where it is one, and return the statement."""
    first = tokens[0]
    statement = statements.get(first.text) if first.type == "NAME" else None
    following = tokens[1].type if len(tokens) > 1 else ""
    if first.text == "from" and any(token.text == "import" for token in tokens):
        _tag_import(tokens)
    if statement is None or not _opens(statement, tokens, following):
        return None
    first.type = first.text.upper()
    if first.text == "on" and len(tokens) == 3 and tokens[1].text == "start":
        tokens[1].type = "START"
    if first.text == "on" and tokens[1].text in ("rate", "chance") and _takes_a_number(tokens[2:]):
        tokens[1].type = tokens[1].text.upper()
    if first.text == "on" and tokens[1].text in ("pre", "post") and (tokens[2].type == "COLON" or tokens[2].text == "after"):
        tokens[1].type = tokens[1].text.upper()
        tokens[2].type = "AFTER" if tokens[2].text == "after" else tokens[2].type
    if first.text == "import":
        _tag_import(tokens)
    if first.text == "population":
        _tag_population(tokens)
    if first.text == "connect":
        _tag_connect(tokens)
    return statement


def _tag_population(tokens: list[Token]) -> None:
    """Turn ``with`` and ``from`` into what they are: ``population E = cell[100] with v = 0``, ``spikes[10] from "trains.npy"``."""
    for before, token, behind in zip(tokens[3:], tokens[4:], tokens[5:], strict=False):
        if token.text == "from" and behind.type == "STRING":
            token.type = "FROM"
        elif token.text == "with" and token.type == "NAME" and before.type in ("NAME", "RSQB", "STRING") and behind.type in ("NAME", "DERIVATIVE"):
            token.type = "WITH"
            return


def _tag_connect(tokens: list[Token]) -> None:
    """Turn ``with`` into what it is, and the words of the clauses behind it: ``connect E -> I with exc, indegree 10``."""
    for i in range(2, len(tokens) - 1):
        if tokens[i].text == "with" and tokens[i - 1].type in ("NAME", "RSQB") and tokens[i + 1].type == "NAME":
            tokens[i].type = "WITH"
            if i + 2 < len(tokens):
                tokens[i + 2 :] = tag_clauses(tokens[i + 2 :])
            return


def _tag_import(tokens: list[Token]) -> None:
    """Turn the words behind names into what they are: ``import lif as cell from "lif.neuro"``; keep signs for the message about them."""
    for before, token in pairwise(tokens):
        if token.type == "NAME" and before.type == "NAME" and token.text in ("as", "from"):
            token.type = token.text.upper()
        elif token.type == "OTHER" and token.text in FOREIGN_QUOTES:
            token.type = "SIGN"


def _takes_a_number(following: list[Token]) -> bool:
    """Return whether what follows ``on rate`` is a hazard, and not the rest of a condition on a quantity of that name."""
    first = following[0]
    if first.type in ("NAME", "NUMBER", "DERIVATIVE", "COLON") and first.text != "mod":
        return True
    depth, outside = 0, set()
    for token in following:
        depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        if depth == 0:
            outside.add(token.type)
    return "IF" in outside or not outside & {"COMPARE", "AND", "OR"}


def _opens(statement: Statement, tokens: list[Token], following: str) -> bool:
    match statement.opens:
        case "name":
            return following in NO_CONTINUATION
        case "trigger":
            return tokens[-1].type == "COLON" and following not in CHANGES
        case "colon":
            return following == "COLON"
    return False


def tag_action(tokens: list[Token]) -> None:
    """Turn the words of an action into what they are: ``hold V for T``, ``wait T``, ``emit spike``, ``stop``."""
    first = tokens[0]
    following = tokens[1].type if len(tokens) > 1 else ""
    if first.type == "NAME" and first.text in ("hold", "wait", "emit", "stop") and following not in (*CHANGES, "LSQB"):
        first.type = first.text.upper()


def tag_setting(tokens: list[Token]) -> None:
    """Turn the word that names a setting into what it is, and ``every`` behind what is recorded."""
    if tokens[0].type == "NAME":
        tokens[0].type = "SETTING"
    for before, token in pairwise(tokens[1:]):
        if token.text == "every" and token.type == "NAME" and before.type in ("NAME", "RSQB"):
            token.type = "EVERY"
