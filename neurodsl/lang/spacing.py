"""Where spaces stand in a line: round sums, comparisons and `=`, but not round products and powers.

A product is spaced where it is a whole side and goes on behind a unit, ``0.01 [1/ms] * (10 - V/[mV])``, and not as a term of a sum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from neurodsl.lang.clauses import PHRASES
from neurodsl.lang.tree import Token

SIGNS = {
    "(": "open", ")": "close", "]": "close", ",": "comma", ";": "comma", ":": "colon",
    ".": "tight", "^": "tight", "**": "tight", "*": "product", "/": "product",
}  # fmt: skip
TYPES = {
    "NAME": "name", "DIFFERENTIAL": "name", "LOAD": "name", "NUMBER": "value", "DERIVATIVE": "value", "MOD": "factor", "DOT": "factor",
    "COMPARE": "loose", "AND": "loose", "OR": "loose", "NOT": "loose", "IF": "loose", "ELSE": "loose",
}  # fmt: skip
OPERANDS = frozenset(("name", "value", "unit", "close", "element"))
"""What a sign behind it joins to what follows; anywhere else it belongs to what follows alone."""

NO_SPACE_BEFORE = frozenset(("close", "element", "comma", "colon", "slice", "tight", "index"))
NO_SPACE_BEHIND = frozenset(("open", "index", "slice", "tight", "sign"))
CLAUSES = frozenset(words for words, phrase in PHRASES.items() if phrase.operands and " " not in words)
BELOW = re.compile(r"d[a-z][0-9]*")


@dataclass(slots=True)
class Word:
    """A stretch of text that is written without a space inside.

    Parameters
    ----------
    kind : str
        ``name``; ``value``, of which ``unit`` is a bracket behind a value; ``open`` and ``close``; ``index`` and ``element``, the brackets
        of an index; ``comma``; ``colon``, and ``slice`` within an index; ``tight``, a sign without spaces; ``sign``, before its operand;
        ``sum``, ``product``, ``factor`` (spaced, but part of a product) and ``loose``, which bind less and less; ``word``.
    text : str
        What is written.
    start : int
        Its offset in the text of the author.
    space : bool
        Whether a space stands before it.
    apart : bool
        Of a parenthesis, whether it opens no call: that of ``delay (1 + i) [ms]``.
    """

    kind: str
    text: str
    start: int
    space: bool = True
    apart: bool = False


def words(tokens: Sequence[Token]) -> list[Word]:
    """Return the words of a logical line with their spaces, without semicolons that separate nothing."""
    found = _without_stray_semicolons(_words(tokens))
    _mark_clauses(found)
    spaced = _spaced_products(found)
    for before, word in pairwise(found):
        product = word if word.kind == "product" else before if before.kind == "product" else None
        word.space = product.start in spaced if product is not None and before.kind != "sign" else _apart(before, word)
    return found


def _mark_clauses(found: Sequence[Word]) -> None:
    """Mark the parentheses of a connection that follow the word of a clause: they open no call."""
    connects = bool(found) and found[0].text == "connect"
    for first, second, third in zip([Word("comma", ",", -1), *found], found, found[1:], strict=False):
        opens = third.kind == "open" and second.text in CLAUSES
        third.apart = opens and (first.text == "," if connects else first.start < 0 and not any(word.text == "=" for word in found))


def _apart(before: Word, word: Word) -> bool:
    """Return whether a space stands between two words, neither of which is the sign of a product."""
    if word.kind == "open" and before.kind == "name":
        return word.apart
    return word.kind not in NO_SPACE_BEFORE and before.kind not in NO_SPACE_BEHIND


def _words(tokens: Sequence[Token]) -> list[Word]:
    """Return the tokens of a line as words; a unit with its brackets is one."""
    found: list[Word] = []
    open_brackets: list[str] = []
    for token in tokens:
        text = token.span.text
        if open_brackets[-1:] == ["unit"]:
            found[-1].text += re.sub(r"\s", "", text)
            if text == "]":
                open_brackets.pop()
            continue
        kind = _kind(token, text, found[-1].kind if found else "", open_brackets)
        if kind in ("open", "index"):
            open_brackets.append(kind)
        elif text == "[":
            open_brackets.append("unit")
        elif kind == "close" and open_brackets and open_brackets.pop() == "index":
            kind = "element"
        if kind == "name" and BELOW.fullmatch(text) and [w.kind for w in found[-2:]] == ["element", "product"]:
            found[-1].kind = "tight"
        found.append(Word(kind, re.sub(r"\s", "", text) if token.type == "DERIVATIVE" else text, token.span.start))
    return found


def _kind(token: Token, text: str, before: str, open_brackets: Sequence[str]) -> str:
    """Return what a token is, given what stands before it and in which brackets."""
    if text == "[":
        return "index" if before in ("name", "element") else "unit" if before in OPERANDS else "value"
    if text in ("+", "-"):
        return "sum" if before in OPERANDS else "sign"
    if text == ":" and open_brackets[-1:] == ["index"]:
        return "slice"
    return SIGNS.get(text) or TYPES.get(token.type, "word")


def _without_stray_semicolons(found: list[Word]) -> list[Word]:
    kept: list[Word] = []
    for word, behind in zip(found, [*found[1:], None], strict=True):
        if word.text == ";" and (behind is None or behind.text == ";" or not kept or kept[-1].kind == "colon"):
            continue
        kept.append(word)
    return kept or found[:1]


@dataclass(slots=True)
class _Side:
    """What stands between two brackets, commas, colons or `=`: the places of its products, and what decides whether they are spaced."""

    products: list[int] = field(default_factory=list)
    is_sum: bool = False
    goes_on: bool = False


def _spaced_products(found: Sequence[Word]) -> set[int]:
    """Return the places of the signs of products that are spaced."""
    sides, open_sides = [_Side()], [0]
    for before, word in pairwise([Word("word", "", -1), *found]):
        side = sides[open_sides[-1]]
        match word.kind:
            case "open" | "index":
                open_sides.append(len(sides))
                sides.append(_Side())
            case "close" | "element":
                if len(open_sides) > 1:
                    open_sides.pop()
            case "product":
                side.products.append(word.start)
                side.goes_on = side.goes_on or before.kind == "unit"
            case "sum" | "loose":
                side.is_sum = True
            case "comma" | "colon" | "slice" | "word":
                open_sides[-1] = len(sides)
                sides.append(_Side())
    return {place for side in sides if side.goes_on and not side.is_sum for place in side.products}
