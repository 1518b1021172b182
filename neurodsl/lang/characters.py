"""Which characters a text and a name may hold."""

from __future__ import annotations

import unicodedata

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.source import Source, Span

LARGEST_TEXT = 1 << 20
LONGEST_NAME = 100
LONGEST_LABEL = 200

GREEK = frozenset("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψωϑϕϵ")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") | GREEK

LOOKS = str.maketrans("ϑϕϵςΑΒΕΖΗΙΚΜΝΟΡΤΥΧνου", "θφεσABEZHIKMNOPTYXvou")
"""What a reader takes each Greek letter for."""

INVISIBLE = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Line ends that editors do not show as such, and marks that reverse the order in which text is shown."""

SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))

MARKS = {
    "'": "a derivative is written `dx/dt`",
    "{": "blocks are indented, without braces",
    "}": "blocks are indented, without braces",
    "!": "write `not`",
    "&": "write `and`",
    "|": "write `or`; an absolute value is `abs(x)`",
    "&&": "write `and`",
    "||": "write `or`",
    ":=": "write `=`",
    "^=": "write `x = x^...`",
    "**=": "write `x = x^...`",
    "%": "the remainder is `a mod b`; a percentage is a unit, `5 [%]`",
    "?": "a choice is written `a if condition else b`",
    "$": "formulas are written without TeX",
    "\\": "a long line is broken inside parentheses",
    "∞": "write a large number, or leave the bound out",
    "·": "write `*`",
    "×": "write `*`",
    "÷": "write `/`",
    "−": "write `-`, the minus of the keyboard",
    "–": "write `-`, the minus of the keyboard",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "√": "write `sqrt(x)`",
    "∂": "write `dV/dt`",
    "…": "what stands for `...` has to be written out",
    "°": "degrees Celsius are the unit `[degC]`",
    "“": "labels stand in plain double quotes",
    "”": "labels stand in plain double quotes",
    "„": "labels stand in plain double quotes",
}
"""Signs of other languages, and what is written here instead."""


def check_text(source: Source, report: Report) -> bool:
    """Report what makes a whole text unreadable: its size, control characters, a lone carriage return. Return whether there is none."""
    text = source.text
    if len(text) > LARGEST_TEXT or len(text.encode(errors="replace")) > LARGEST_TEXT:
        report.add(rules.TOO_LARGE, "the text is larger than 1 MiB", None, "split the model, or move data into files")
        return False
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return True
    good = True
    for i, char in enumerate(text):
        if char in "\n\t" or char.isprintable() or (char == "\ufeff" and i == 0):
            continue
        if char == "\r" and text[i + 1 : i + 2] == "\n":
            continue
        category = unicodedata.category(char)
        if category in ("Cc", "Cs") or char in INVISIBLE or char == "\ufeff":
            name = "carriage return without a line feed" if char == "\r" else f"control character U+{ord(char):04X}"
            report.add(rules.CHARACTER, f"found a {name}", Span(source, i, i + 1), "remove it")
            good = False
            if len(report.found) >= 20:
                break
    return good


def check_name(text: str, span: Span, report: Report) -> bool:
    """Report the first character that a name cannot hold, with what to write instead; return whether there is none."""
    if text[0] == "_":
        report.add(rules.SPELLING, f"the name `{text[:40]}` starts with `_`", span, "names that start with `_` belong to the compiler")
        return False
    if len(text) > LONGEST_NAME:
        report.add(rules.SPELLING, f"a name of {len(text)} characters; at most {LONGEST_NAME} are read", span)
        return False
    for i, char in enumerate(span.text):
        if char not in LETTERS and unicodedata.normalize("NFC", char) not in LETTERS:
            place = Span(span.source, span.start + i, span.start + i + 1)
            report.add(rules.SPELLING, f"a name cannot hold `{char}` (U+{ord(char):04X})", place, _spelling(char, span.text[:i]))
            return False
    return True


def _spelling(char: str, before: str) -> str:
    """Return what to write instead of a letter that no name can hold."""
    if char in SUPERSCRIPTS:
        return f"a power is written `{before or 'x'}^{SUPERSCRIPTS[char]}`"
    if char in SUBSCRIPTS:
        return f"an index is written `{before or 'x'}_{SUBSCRIPTS[char]}`"
    if char == "\u00b5":
        return "the micro sign is read in units only; as a name write the Greek letter `μ`, or `mu`"
    plain = unicodedata.normalize("NFKD", char)[0]
    if plain in LETTERS and plain != char:
        return f"names have no accents and ornaments: write `{plain}`"
    return "names consist of ASCII letters, digits, `_` and Greek letters"


def look(name: str) -> str:
    """Return what a name looks like, so that two names that a reader cannot tell apart give the same text."""
    return name.translate(LOOKS)
