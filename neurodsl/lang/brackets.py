"""What the tokens of one item stand for: units and indices, names, numbers, labels; and signs that have no meaning here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report, printable
from neurodsl.lang.characters import LONGEST_LABEL, MARKS, check_name
from neurodsl.lang.nodes import Derivative
from neurodsl.lang.tree import Token
from neurodsl.source import Span
from neurodsl.units import Unit, UnitError, parse_unit

OPERAND_ENDS = frozenset(("NAME", "NUMBER", "UNIT", "RPAR", "RSQB", "DERIVATIVE", "OVER", "DOTTED"))
READERS = ("load", "samples")
"""What reads a file, whose name stands in quotes."""
LONGEST_NUMBER = 400
HIGHEST_ORDER = 9
LARGEST, SMALLEST = Fraction(10) ** 308, Fraction(1, 10**308)

ABOVE = re.compile(r"d([0-9]*)([^\W\d]\w*)$")
BELOW = re.compile(r"d([a-z])([0-9]*)$")

INDEX = re.compile(r"\s*(\d+|[^\W\d])(\s*,\s*(\d+|[^\W\d]))*\s*")
"""What is rather an index than a unit: numbers and single letters."""

SPACE = "xyzrs"
"""What usually stands for a place."""


def resolve(tokens: list[Token], report: Report, words: Collection[str] = ()) -> list[Token] | None:
    """Return the tokens of an item with each unit as one UNIT and all values filled in; None where an error was reported.

    ``words`` holds the words of the text that stand outside brackets: what stands in them only is no index but a misplaced unit.
    """
    found: list[Token] = []
    good = True
    tokens = _join_dotted(_join_derivatives(tokens))
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.type == "LSQB":
            before = found[-1] if found else None
            stop = _closing(tokens, position)
            if stop is None:
                return None
            inside = tokens[position:stop]
            if before is not None and before.type == "DIFFERENTIAL":
                words = {*words, *(other.text for other in inside)}
            if before is not None and before.type in ("NAME", "DIFFERENTIAL", "RSQB", "DOTTED") and not _is_unit(inside, words):
                found.append(token)
                continue
            unit = _unit(before, token.span.to(tokens[stop].span), report)
            good = unit is not None and good
            found.append(unit or token)
            position = stop + 1
            continue
        if token.type == "NAME" and token.text == "mod" and found and found[-1].type in OPERAND_ENDS:
            token.type = "MOD"
        if token.text in READERS and [t.type for t in tokens[position : position + 2]] == ["LPAR", "STRING"]:
            token.type = "LOAD"
        if token.type in ("OTHER", "FOREIGN"):
            _other(token, report)
            return None
        good = _fill(token, report) and good
        found.append(token)
    return found if good else None


def outside_brackets(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens that stand outside square brackets."""
    depth = 0
    for token in tokens:
        depth += (token.type == "LSQB") - (token.type == "RSQB")
        if depth <= 0:
            yield token


def _closing(tokens: list[Token], start: int) -> int | None:
    """Return where the bracket is closed in which a token stands."""
    depth = 1
    for i in range(start, len(tokens)):
        depth += (tokens[i].type == "LSQB") - (tokens[i].type == "RSQB")
        if depth == 0:
            return i
    return None


def _join_derivatives(tokens: list[Token]) -> list[Token]:
    """Return the tokens with the ``dx`` and the ``/dt`` of each ``dx[i]/dt`` as DIFFERENTIAL and OVER."""
    found: list[Token] = []
    over: dict[int, Token] = {}
    for i, token in enumerate(tokens):
        if i in over:
            found.append(over[i])
        elif i - 1 not in over:
            found.append(token)
        if token.type != "NAME" or not ABOVE.match(token.text):
            continue
        stop: int | None = i
        while stop is not None and stop + 1 < len(tokens) and tokens[stop + 1].type == "LSQB":
            stop = _closing(tokens, stop + 2)
        if stop is None or stop == i or [t.type for t in tokens[stop + 1 : stop + 3]] != ["DIVIDE", "NAME"]:
            continue
        divide, below = tokens[stop + 1 : stop + 3]
        if BELOW.match(below.text):
            token.type = "DIFFERENTIAL"
            over[stop + 1] = Token("OVER", f"/{below.text}", divide.span.to(below.span))
            token.value = over[stop + 1]
    return found


def _join_dotted(tokens: list[Token]) -> list[Token]:
    """Return the tokens with ``post.g_e`` as one DOTTED, and the dot of ``E[0:3].v`` as PERIOD."""
    found: list[Token] = []
    for i, token in enumerate(tokens):
        before, behind = found[-1] if found else None, tokens[i + 1] if i + 1 < len(tokens) else None
        tight = before is not None and behind is not None and before.span.stop == token.span.start and behind.span.start == token.span.stop
        if token.text == "." and token.type == "OTHER" and tight and behind is not None and behind.type == "NAME":
            if before is not None and before.type == "NAME":
                found[-1] = Token("DOTTED", f"{before.text}.", before.span.to(token.span))
                continue
            if before is not None and before.type == "RSQB":
                token.type = "PERIOD"
        if before is not None and before.type == "DOTTED" and before.text.endswith("."):
            found[-1] = Token("DOTTED", before.text + token.text, before.span.to(token.span))
            continue
        found.append(token)
    return found


def _fill(token: Token, report: Report) -> bool:
    """Give a token its value; report and return False where it has none."""
    match token.type:
        case "NAME":
            token.text = unicodedata.normalize("NFC", token.text)
            return check_name(token.text, token.span, report)
        case "DOTTED":
            token.text = unicodedata.normalize("NFC", token.text)
            return all(check_name(name.text, name, report) for name in _names_of(token.span))
        case "NUMBER":
            return _number(token, report)
        case "STRING":
            token.value = token.text[1:-1]
            if len(token.value) > LONGEST_LABEL:
                report.add(rules.LABEL, f"a label of {len(token.value)} characters; at most {LONGEST_LABEL} are read", token.span)
                return False
        case "DERIVATIVE":
            above, _, below = token.text.partition("/")
            return _derivative(token, above.rstrip(), below.lstrip(), token.span, report)
        case "DIFFERENTIAL":
            return _derivative(token, token.text, token.value.text[1:], token.span.to(token.value.span), report)
    return True


def _names_of(span: Span) -> tuple[Span, Span]:
    """Return the places of the two names that a dot joins."""
    middle = span.start + span.text.index(".")
    return Span(span.source, span.start, middle), Span(span.source, middle + 1, span.stop)


def _number(token: Token, report: Report) -> bool:
    _, _, exponent = token.text.lower().partition("e")
    if len(token.text) <= LONGEST_NUMBER and abs(int(exponent or 0)) <= 2 * LONGEST_NUMBER:
        token.value = Fraction(token.text)
        if token.value == 0 or SMALLEST <= token.value <= LARGEST:
            return True
    report.add(rules.NUMBER_RANGE, f"the number `{token.text[:30]}` is out of range", token.span, "sizes from 1e-308 to 1e308 are read")
    return False


def _derivative(token: Token, numerator: str, denominator: str, span: Span, report: Report) -> bool:
    """Give a token its derivative, of which ``span`` is the place; report and return False where it is none."""
    numbers, divisor = ABOVE.match(numerator), BELOW.match(denominator)
    assert numbers is not None
    assert divisor is not None
    (above, name), (variable, below) = numbers.groups(), divisor.groups()
    start = token.span.start + numbers.start(2)
    if not check_name(unicodedata.normalize("NFC", name), Span(span.source, start, start + len(name)), report):
        return False
    name = unicodedata.normalize("NFC", name)
    if variable != "t":
        help = f"for the derivative by a parameter or a state write `diff({name}, {variable})`, for a quotient `({numerator})/d{variable}{below}`"
        if variable in SPACE:
            report.add(rules.NOT_SUPPORTED, f"`{span.text}` is a derivative in space: not supported yet", span, help)
        else:
            report.add(rules.FOREIGN, f"`{span.text}` is no derivative by the time `t`", span, help)
        return False
    order = int(above[:9] or 1)
    if above != below or not 1 <= order <= HIGHEST_ORDER:
        help = f"write `d{above}{name}/dt{above}` or `d{name}/dt`" if order <= HIGHEST_ORDER else f"orders up to {HIGHEST_ORDER} are read"
        report.add(rules.NO_DERIVATIVE, f"`{span.text}` is no derivative: the orders above and below differ or are out of range", span, help)
        return False
    token.value = Derivative(span, name, order)
    return True


def _other(token: Token, report: Report) -> None:
    text = token.text
    if text == ".":
        help = "what belongs to a neuron is written without spaces: `post.g_e`, `E[0:3].v`"
        report.add(rules.CHARACTER, "`.` has no meaning here", token.span, help)
    elif text == '"':
        report.add(rules.LABEL, "this label is not closed on its line", token.span, 'end it with `"`')
    elif text in MARKS:
        report.add(rules.FOREIGN, f"`{text}` has no meaning here", token.span, MARKS[text])
    elif unicodedata.category(text) == "Mn":
        report.add(rules.SPELLING, f"a name cannot hold the accent U+{ord(text):04X}", token.span, "names have no accents and ornaments")
    elif text.isspace():
        report.add(rules.CHARACTER, f"found a space of another kind (U+{ord(text):04X})", token.span, "replace it by an ordinary space")
    else:
        report.add(rules.CHARACTER, f"`{printable(text)}` has no meaning here", token.span)


def _unit(before: Token | None, span: Span, report: Report) -> Token | None:
    """Return a bracket as a token with its unit; report and return None where it is none."""
    text = span.text[1:-1]
    if before is not None and before.type in ("NAME", "DERIVATIVE", "RSQB", "DOTTED"):
        message, owner = f"`{span.text}` follows a name, where a bracket is an index", before.text
        help = f"a unit follows a number, a call or a parenthesis; to multiply by it write `{owner}*{span.text}`"
        if before.type == "RSQB":
            message, help = f"`{span.text}` follows an index, where a bracket is an index", f"to multiply by a unit write `*{span.text}`"
        elif before.type == "DERIVATIVE":
            above, _, below = owner.partition("/")
            message = f"`{span.text}` follows a derivative"
            help = f"the index of a derivative follows its name, `{above.rstrip()}{span.text}/{below.lstrip()}`; to multiply by a unit write `*`"
        report.add(rules.UNIT_PLACE, message, span, help)
        return None
    if before is not None and before.type == "UNIT":
        report.add(rules.UNIT_PLACE, "a unit follows a unit", span, f"write one bracket: `[{before.text[1:-1]}*{text}]`")
        return None
    try:
        unit: Unit = parse_unit(text)
    except UnitError as error:
        place = Span(span.source, span.start + 1 + error.start, span.start + 1 + max(error.stop, error.start + 1))
        remedy = f"did you mean `{error.nearest}`?" if error.nearest else None
        if INDEX.fullmatch(text):
            remedy = f"a bracket behind a call or a parenthesis is a unit; to index a result give it a name: `y = ...`, `y{span.text}`"
        report.add(rules.UNKNOWN_UNIT, error.message, place, remedy)
        return None
    return Token("UNIT", span.text, span, unit)


def _is_unit(inside: list[Token], words: Collection[str]) -> bool:
    """Return whether what stands in brackets behind a name is rather a unit than an index.

    A single letter is an index, and so is what holds a word of the text: one that stands outside of brackets somewhere.
    """
    text = "".join(token.text for token in inside)
    names = [token.text for token in inside if token.type == "NAME"]
    if len(text) < 2 or not names or any(name in words for name in names):
        return False
    try:
        parse_unit(text)
    except UnitError:
        return False
    return True
