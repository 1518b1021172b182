"""Lines and blocks: from the tokens of a text to items, each of which is parsed by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.tree import Item, Token
from neurodsl.source import Span

MOST_TOKENS = 60_000
MOST_STATEMENTS = 5000
DEEPEST_BRACKETS = 100
DEEPEST_BLOCKS = 4
MOST_UNCLOSED = 10
"""So many brackets that are never closed are reported; each costs a look at the rest of the text."""

CLOSING = {"RPAR": "LPAR", "RSQB": "LSQB"}
PARTNER = {"(": ")", "[": "]", ")": "(", "]": "["}
BLOCK_WORDS = frozenset(("on", "at", "every", "simulate", "variant", "model", "synapse", "network"))


@dataclass(slots=True)
class Line:
    """A logical line: its indentation and its tokens, without line ends."""

    indent: str
    tokens: list[Token]
    broken: bool = False


def items(tokens: Iterable[Token], report: Report) -> list[Item]:
    """Return the statements of a text, with their blocks, in the order of the text."""
    found: list[Token] = []
    for token in tokens:
        found.append(token)
        if len(found) > MOST_TOKENS:
            report.add(rules.TOO_LARGE, f"a text of more than {MOST_TOKENS} words and signs", token.span)
            break
    return _Blocks(report).build(_lines(found, report))


def _lines(tokens: list[Token], report: Report) -> Iterator[Line]:
    """Yield the logical lines: a line goes on while a parenthesis is open."""
    start, unclosed = 0, 0
    while start < len(tokens):
        line, stop = _line(tokens, start, report, last=unclosed >= MOST_UNCLOSED)
        unclosed += line is None
        if line is not None and line.tokens:
            yield line
        start = stop


def _line(tokens: list[Token], start: int, report: Report, last: bool) -> tuple[Line | None, int]:
    """Return the logical line that begins at a token, and where the next one begins; None for one whose bracket is never closed."""
    open_brackets: list[Token] = []
    found: list[Token] = []
    broken = False
    for i in range(start, len(tokens)):
        token = tokens[i]
        if token.type == "NEWLINE":
            if open_brackets and open_brackets[-1].type == "LSQB":
                _unclosed(open_brackets.pop(), report)
                broken = True
            if not open_brackets:
                return Line(_indent(found), found, broken), i + 1
            continue
        found.append(token)
        if token.type in CLOSING.values():
            open_brackets.append(token)
            if len(open_brackets) == DEEPEST_BRACKETS + 1:
                report.add(rules.TOO_LARGE, f"brackets nested more than {DEEPEST_BRACKETS} deep", token.span, "name parts of the expression")
                broken = True
        elif token.type in CLOSING:
            broken = not _close(token, open_brackets, report) or broken
    if not open_brackets:
        return Line(_indent(found), found, broken), len(tokens)
    _unclosed(open_brackets[0], report)
    following = next((i + 1 for i in range(start, len(tokens)) if tokens[i].type == "NEWLINE"), len(tokens))
    return None, len(tokens) if last else following


def _unclosed(token: Token, report: Report) -> None:
    report.add(rules.BRACKETS, f"this `{token.text}` is never closed", token.span, f"add `{PARTNER[token.text]}`")


def _close(token: Token, open_brackets: list[Token], report: Report) -> bool:
    """Take the bracket that a closing one belongs to from the open ones; report and return False where there is none."""
    if not open_brackets:
        report.add(rules.BRACKETS, f"this `{token.text}` closes nothing", token.span, f"remove it, or add `{PARTNER[token.text]}` before it")
        return False
    opening = open_brackets.pop()
    if opening.type == CLOSING[token.type]:
        return True
    also = ((opening.span, "opened here"),)
    report.add(rules.BRACKETS, f"`{opening.text}` is closed by `{token.text}`", token.span, f"write `{PARTNER[opening.text]}`", also)
    return False


def _indent(tokens: list[Token]) -> str:
    """Return what stands before the first token on its line."""
    if not tokens:
        return ""
    span = tokens[0].span
    return span.source.text[span.start - span.column + 1 : span.start].removeprefix("\ufeff")


@dataclass(slots=True)
class _Blocks:
    """Puts lines into blocks by their indentation."""

    report: Report
    roots: list[Item] = field(default_factory=list)
    count: int = 0

    def build(self, lines: Iterable[Line]) -> list[Item]:
        levels: list[tuple[str, list[Item]]] = [("", self.roots)]
        waiting: Item | None = None
        for line in lines:
            first = line.tokens[0]
            levels, placed = self._level(levels, waiting, line)
            if not placed and waiting is not None:
                self._missing_block(waiting)
            made = self._split(line)
            levels[-1][1].extend(made)
            waiting = made[-1] if made and self._opens(made[-1]) else None
            if self.count > MOST_STATEMENTS:
                self.report.add(rules.TOO_LARGE, f"more than {MOST_STATEMENTS} statements", first.span, "split the model")
                return self.roots
        if waiting is not None:
            self._missing_block(waiting)
        return self.roots

    def _level(self, levels: list[tuple[str, list[Item]]], waiting: Item | None, line: Line) -> tuple[list[tuple[str, list[Item]]], bool]:
        """Return the open levels at a line, and whether it begins the block that was waited for."""
        first, indent = line.tokens[0], line.indent
        current = levels[-1][0]
        if indent == current:
            return levels, False
        if not (indent.startswith(current) or current.startswith(indent)):
            self.report.add(rules.INDENTATION, "tabs and spaces are mixed", first.span, "indent every line in the same way, best with spaces")
            line.broken = True
            return levels, waiting is not None
        if len(indent) > len(current):
            return self._deeper(levels, waiting, line)
        while len(levels) > 1 and len(levels[-1][0]) > len(indent):
            levels = levels[:-1]
        if levels[-1][0] != indent:
            help = f"the outer lines start in columns {', '.join(str(len(level) + 1) for level, _ in levels)}"
            self.report.add(rules.INDENTATION, "this line matches no outer indentation", first.span, help)
            line.broken = True
        return levels, False

    def _deeper(self, levels: list[tuple[str, list[Item]]], waiting: Item | None, line: Line) -> tuple[list[tuple[str, list[Item]]], bool]:
        """Return the levels at a line that is indented more than the one before it."""
        first = line.tokens[0]
        if waiting is not None and len(levels) <= DEEPEST_BLOCKS:
            waiting.block = []
            return [*levels, (line.indent, waiting.block)], True
        previous = levels[-1][1][-1] if levels[-1][1] else None
        if previous is not None and previous.block is None and previous.tokens[0].text in BLOCK_WORDS:
            if not previous.broken:
                word, end = previous.tokens[0].text, previous.tokens[-1].span
                place = Span(end.source, end.stop, end.stop + 1)
                self.report.add(rules.MISSING_BLOCK, f"`:` is missing at the end of `{word}`", place, "the indented lines below are its block")
                previous.broken = True
            previous.block = []
            return [*levels, (line.indent, previous.block)], True
        if waiting is not None:
            self.report.add(rules.TOO_LARGE, f"blocks nested more than {DEEPEST_BLOCKS} deep", first.span)
        else:
            help = "a line goes on inside parentheses only; a block follows a `:`"
            self.report.add(rules.INDENTATION, "this line is indented, but no block begins here", first.span, help)
        line.broken = True
        return [*levels, (line.indent, levels[-1][1])], True

    def _opens(self, item: Item) -> bool:
        return item.block is None and item.tokens[-1].type == "COLON"

    def _missing_block(self, item: Item) -> None:
        if not item.broken:
            help = "write it on the same line, or on the lines below, indented"
            self.report.add(rules.MISSING_BLOCK, f"the block of `{item.tokens[0].text}` is missing", item.tokens[-1].span, help)
            item.broken = True

    def _split(self, line: Line) -> list[Item]:
        """Return the items of a line: pieces between ``;``, where a ``:`` makes what follows on the line a block."""
        found: list[Item] = []
        target, piece, depth = found, Item([], None, line.broken), 0
        for token in line.tokens:
            depth += (token.type in CLOSING.values()) - (token.type in CLOSING)
            if token.type == "SEMICOLON" and depth <= 0:
                self._keep(target, piece)
                piece = Item([], None, line.broken)
                continue
            piece.tokens.append(token)
            if token.type == "COLON" and depth <= 0 and target is found and piece.tokens[0].type != "COLON":
                self._keep(target, piece)
                opener, piece = piece, Item([], None, line.broken)
                target = []
        self._keep(target, piece)
        if target is not found and target:
            opener.block = target
        return found

    def _keep(self, target: list[Item], piece: Item) -> None:
        if piece.tokens:
            target.append(piece)
            self.count += 1
