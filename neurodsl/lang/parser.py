"""From text to trees, one statement at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import lark

from neurodsl import rules
from neurodsl.lang.brackets import outside_brackets, resolve
from neurodsl.lang.builder import Builder
from neurodsl.lang.characters import check_text
from neurodsl.lang.clauses import tag_clauses
from neurodsl.lang.findings import Findings
from neurodsl.lang.foreign import explain_foreign
from neurodsl.lang.layout import items
from neurodsl.lang.limits import within_limits
from neurodsl.lang.nodes import Expression
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Item, Token
from neurodsl.lang.wanted import explain
from neurodsl.lang.words import tag_action, tag_setting, tag_statement
from neurodsl.source import Source, Span
from neurodsl.units import ONE, Unit

BEHIND_RESULT = re.compile(r"\)[ \t]*\Z")
MOST_SPACES = 20
"""So many spaces at most stand between a result and the brackets of its element."""


class _Layout:
    """Tells lark which terminals are used outside the grammar; the layout itself comes after lexing."""

    always_accept = ("SEMICOLON", "NEWLINE", "FOREIGN", "OTHER")

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        return stream


@cache
def _lark() -> lark.Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    start = ["statement", "action", "setting", "values", "clauses", "expression"]
    options: dict[str, Any] = {"postlex": _Layout(), "transformer": Builder()}
    return lark.Lark(grammar, start=start, parser="lalr", lexer="basic", maybe_placeholders=False, **options)


def _tokens(source: Source, words: set[str]) -> Iterator[Token]:
    """Yield the tokens of a text, and note the words that stand outside square brackets."""
    inside = False
    for token in _lark().lex(source.text):
        start, stop = token.start_pos, token.end_pos
        assert start is not None
        assert stop is not None
        inside = token.type == "LSQB" or (inside and token.type not in ("RSQB", "NEWLINE"))
        if not inside and token.type == "NAME":
            words.add(str(token))
        yield Token(token.type, str(token), Span(source, start, stop))


def _kept(tokens: Iterable[Token], kept: list[Token]) -> Iterator[Token]:
    """Yield tokens, and put each into a list too."""
    for token in tokens:
        kept.append(token)
        yield token


@dataclass(slots=True)
class Parsed:
    """The trees of a text, and the units in it in the order of the text.

    ``unclear`` holds the names that statements with errors may have defined: nothing is said about them. ``tokens`` are those of the text.
    """

    trees: list[Any] = field(default_factory=list)
    unclear: set[str] = field(default_factory=set)
    brackets: list[Unit] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)


@dataclass(slots=True)
class _Parser:
    """Parses the items of one text; ``words`` are those that stand outside brackets somewhere in it."""

    report: Findings
    statements: Mapping[str, Statement]
    words: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    brackets: dict[int, Unit] = field(default_factory=dict)

    def parse(self, item: Item, start: str) -> Any:
        """Return the tree of an item, or None where an error was reported."""
        statement = None
        match start:
            case "statement":
                statement = tag_statement(item.tokens, self.statements)
            case "action":
                tag_action(item.tokens)
            case "setting":
                tag_setting(item.tokens)
            case "clauses":
                item.tokens = tag_clauses(item.tokens)
        tree = self._statement(item, start, statement)
        if tree is None:
            self.unclear |= _defined(item.tokens)
            for piece in (item.block or ()) if statement is None else ():
                self.unclear |= _defined(piece.tokens)
        return tree

    def _statement(self, item: Item, start: str, statement: Statement | None) -> Any:
        if statement is not None and statement.later:
            span = item.tokens[0].span.to(item.tokens[min(1, len(item.tokens) - 1)].span)
            self.report.add(rules.NOT_SUPPORTED, f"`{statement.name}` ({statement.later}) is not supported yet", span)
            self.unclear |= {token.text for token in item.tokens if token.type == "NAME"}
            return None
        reason = None if item.broken else explain_foreign(item)
        if reason is not None:
            self.report.add(reason.rule, reason.message, reason.span, reason.help)
            item.broken = True
            self.unclear |= {item.tokens[0].text} if statement is None else set()
        body = self._body(item, statement)
        if item.broken:
            return None
        tokens = resolve(item.tokens, self.report, self.words)
        if tokens is None:
            return None
        self.brackets |= {token.span.start: token.value for token in tokens if token.type == "UNIT"}
        last = item.tokens[-1].span
        if item.block is not None:
            tokens.append(Token("BLOCK", "", last, body))
        return self.tree(tokens, start)

    def _body(self, item: Item, statement: Statement | None) -> tuple[Any, ...]:
        """Return the trees of the block of an item; where it cannot have one, report it."""
        if statement is not None and statement.pieces:
            trees = []
            for piece in item.block or ():
                if self.report.full:
                    break
                trees.append(self.parse(piece, statement.pieces))
            return tuple(tree for tree in trees if tree is not None)
        colon = next((token for token in outside_brackets(item.tokens) if token.type == "COLON"), None)
        if not item.broken and colon is not None:
            help = "`on`, `at`, `every`, `simulate` and `variant` open a block; a one-line block holds no further block"
            self.report.add(rules.SYNTAX, "no block can begin here", colon.span, help)
            item.broken = True
        return ()

    def tree(self, tokens: list[Token], start: str) -> Any:
        """Return the tree of the tokens of one item, or None where an error was reported."""
        state = _lark().parse_interactive(start=start)
        last = tokens[-1].span
        tokens = [*tokens, Token("$END", "", Span(last.source, last.stop, last.stop + 1))]
        result = None
        for index, token in enumerate(tokens):
            try:
                result = state.feed_token(cast(lark.Token, token))
            except lark.UnexpectedToken:
                accepted: set[str] = state.accepts()  # type: ignore[no-untyped-call]
                reason = explain(tokens, index, start, accepted)
                self.report.add(reason.rule, reason.message, reason.span, reason.help)
                return None
        return result if within_limits(result, self.report) else None


def _defined(tokens: list[Token]) -> set[str]:
    """Return the names that an item that could not be read may define."""
    found = set()
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "DERIVATIVE":
            found.add(token.text.partition("/")[0].rstrip().lstrip("d0123456789") or token.text)
            found.add(token.text.partition("/")[0].rstrip()[1:])
        elif token.type == "DIFFERENTIAL" or (token.type == "NAME" and following is not None and following.type == "LSQB"):
            found |= {token.text, token.text.lstrip("d0123456789"), token.text[1:]}
        elif token.type == "NAME" and (following is None or following.type in ("ASSIGN", "DRAWN", "OTHER", "COMMA", "LPAR", "STRING")):
            found.add(token.text)
    return found


def parse_statements(source: Source, statements: Mapping[str, Statement], report: Findings) -> Parsed:
    """Return the trees of a text; errors are in the report, and what follows them is read all the same."""
    if not check_text(source, report):
        return Parsed()
    parser = _Parser(report, statements)
    parsed = Parsed(unclear=parser.unclear)
    for item in items(_kept(_tokens(source, parser.words), parsed.tokens), report):
        if report.full:
            break
        tree = parser.parse(item, "statement")
        if tree is not None:
            parsed.trees.append(tree)
    parsed.brackets = [] if _elements_of_results(source, parser) else [parser.brackets[start] for start in sorted(parser.brackets)]
    return parsed


def _elements_of_results(source: Source, parser: _Parser) -> bool:
    """Report brackets as in ``f(x)[1]`` in a text that has no units, and return whether there are any."""
    starts = sorted(parser.brackets)
    if any(parser.brackets[start] != ONE or not source.text[start + 1 : start + 2].isdigit() for start in starts):
        return False
    found = [start for start in starts if BEHIND_RESULT.search(source.text, max(start - MOST_SPACES, 0), start)]
    for start in found:
        place = Span(source, start, source.text.index("]", start) + 1)
        help = f"to take an element of a result name it first: `y = ...`, `y{place.text}`"
        parser.report.add(rules.UNKNOWN_UNIT, f"`{place.text}` behind a call or a parenthesis is no index but a unit", place, help)
    return bool(found)


def parse_one(source: Source, report: Findings) -> Expression | None:
    """Return the expression that a text consists of, or None where an error was reported."""
    if not check_text(source, report):
        return None
    before = len(report.found)
    parser = _Parser(report, {})
    found = items(_tokens(source, parser.words), report)
    if not found and len(report.found) == before:
        report.add(rules.SYNTAX, "a value is missing", Span(source, 0, 1))
    if len(report.found) > before:
        return None
    if len(found) > 1 or found[0].block is not None or found[0].tokens[-1].type == "COLON":
        place = found[1].span if len(found) > 1 else found[0].span
        report.add(rules.SYNTAX, "one expression was expected", place)
        return None
    return cast(Expression | None, parser.parse(found[0], "expression"))
