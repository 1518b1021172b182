"""What the tokens of one item stand for: units, names, numbers, labels; and signs that have no meaning here."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report, printable
from neurodsl.lang.characters import LONGEST_LABEL, MARKS, check_name
from neurodsl.lang.nodes import Derivative
from neurodsl.lang.tree import Token
from neurodsl.source import Span
from neurodsl.units import Unit, UnitError, parse_unit

OPERAND_ENDS = frozenset(("NAME", "NUMBER", "UNIT", "RPAR", "DERIVATIVE"))
LONGEST_NUMBER = 400
HIGHEST_ORDER = 9
LARGEST, SMALLEST = Fraction(10) ** 308, Fraction(1, 10**308)

DERIVATIVE = re.compile(r"d([0-9]*)(\w+?)[ \t]*/[ \t]*d([a-z])([0-9]*)$")

LATER_SIGNS = {"@": "arrays (`@`)", ".": "networks (`post.x`, `E[0:3].v`)"}
"""Signs of the language that are not built yet."""


def resolve(tokens: list[Token], report: Report) -> list[Token] | None:
    """Return the tokens of an item with each bracket as one UNIT and all values filled in; None where an error was reported."""
    found: list[Token] = []
    good = True
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.type == "LSQB":
            stop = next((i for i in range(position, len(tokens)) if tokens[i].type == "RSQB"), None)
            if stop is None:
                return None
            unit = _unit(found[-1] if found else None, token.span.to(tokens[stop].span), report)
            good = unit is not None and good
            found.append(unit or token)
            position = stop + 1
            continue
        if token.type == "NAME" and token.text == "mod" and found and found[-1].type in OPERAND_ENDS:
            token.type = "MOD"
        if token.type in ("OTHER", "FOREIGN"):
            _other(token, report)
            return None
        good = _fill(token, report) and good
        found.append(token)
    return found if good else None


def _fill(token: Token, report: Report) -> bool:
    """Give a token its value; report and return False where it has none."""
    match token.type:
        case "NAME":
            token.text = unicodedata.normalize("NFC", token.text)
            return check_name(token.text, token.span, report)
        case "NUMBER":
            return _number(token, report)
        case "STRING":
            token.value = token.text[1:-1]
            if len(token.value) > LONGEST_LABEL:
                report.add(rules.LABEL, f"a label of {len(token.value)} characters; at most {LONGEST_LABEL} are read", token.span)
                return False
        case "DERIVATIVE":
            return _derivative(token, report)
    return True


def _number(token: Token, report: Report) -> bool:
    _, _, exponent = token.text.lower().partition("e")
    if len(token.text) <= LONGEST_NUMBER and abs(int(exponent or 0)) <= 2 * LONGEST_NUMBER:
        token.value = Fraction(token.text)
        if token.value == 0 or SMALLEST <= token.value <= LARGEST:
            return True
    report.add(rules.NUMBER_RANGE, f"the number `{token.text[:30]}` is out of range", token.span, "sizes from 1e-308 to 1e308 are read")
    return False


def _derivative(token: Token, report: Report) -> bool:
    match = DERIVATIVE.match(token.text)
    assert match is not None
    above, name, variable, below = match.groups()
    name = unicodedata.normalize("NFC", name)
    start = token.span.start + match.start(2)
    if not check_name(name, Span(token.span.source, start, start + len(match[2])), report):
        return False
    numerator = token.text.partition("/")[0].rstrip()
    if variable != "t":
        help = f"for a quotient write `({numerator})/d{variable}{below}`"
        report.add(rules.NOT_SUPPORTED, f"`{token.text}` is a derivative in space: not supported yet", token.span, help)
        return False
    order = int(above[:9] or 1)
    if above != below or not 1 <= order <= HIGHEST_ORDER:
        help = f"write `d{above}{name}/dt{above}` or `d{name}/dt`" if order <= HIGHEST_ORDER else f"orders up to {HIGHEST_ORDER} are read"
        report.add(rules.NO_DERIVATIVE, f"`{token.text}` is no derivative: the orders above and below differ or are out of range", token.span, help)
        return False
    token.value = Derivative(token.span, name, order)
    return True


def _other(token: Token, report: Report) -> None:
    text = token.text
    if text in LATER_SIGNS:
        report.add(rules.NOT_SUPPORTED, f"{LATER_SIGNS[text]} are not supported yet", token.span)
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
    if before is not None and before.type in ("NAME", "DERIVATIVE"):
        if _is_unit(text):
            message = f"`{span.text}` follows a name, where a bracket is an index"
            help = f"a unit follows a number, a call or a parenthesis; to multiply by it write `{before.text}*{span.text}`"
            report.add(rules.UNIT_PLACE, message, span, help)
        else:
            help = "a unit follows a number, a call or a parenthesis"
            report.add(rules.NOT_SUPPORTED, f"`{before.text}{span.text}` is an element of an array: not supported yet", span, help)
        return None
    if before is not None and before.type == "UNIT":
        report.add(rules.UNIT_PLACE, "a unit follows a unit", span, f"write one bracket: `[{before.text[1:-1]}*{text}]`")
        return None
    try:
        unit: Unit = parse_unit(text)
    except UnitError as error:
        place = Span(span.source, span.start + 1 + error.start, span.start + 1 + max(error.stop, error.start + 1))
        report.add(rules.UNKNOWN_UNIT, error.message, place, f"did you mean `{error.nearest}`?" if error.nearest else None)
        return None
    return Token("UNIT", span.text, span, unit)


def _is_unit(text: str) -> bool:
    """Return whether a text is rather a unit than an index; a single letter or number is an index."""
    if len(text.strip()) < 2 or text.strip().isdigit():
        return False
    try:
        parse_unit(text)
    except UnitError:
        return False
    return True
