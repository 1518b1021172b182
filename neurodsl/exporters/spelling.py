"""How names are spelled on a page: with Greek letters, with subscripts, and no two alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from neurodsl.diagnostics import printable
from neurodsl.lang.functions import CONSTANTS
from neurodsl.lang.nodes import Reduction
from neurodsl.model import Distribution, Model
from neurodsl.typesetting import CAPITALS, GREEK, NAME, TEX

LETTERS = dict(zip(f"{GREEK} {CAPITALS}".split(), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))
"""The Greek letter of each word."""

COMMANDS = {letter: TEX[word] for word, letter in LETTERS.items()} | {
    **{"ε": r"\varepsilon", "φ": r"\varphi", "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta", "ς": r"\varsigma", "ο": "o"},
    **{letter: rf"\mathrm{{{latin}}}" for letter, latin in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", "ABEZHIKMNOPTX", strict=True)},
}
"""What LaTeX calls each Greek letter; `phi` and `φ` are the two forms of one letter, as most fonts show them."""

SPECIAL = {
    **{char: f"\\{char}" for char in "{}$&#%_"},
    **{"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}"},
}
"""What LaTeX would obey or print as something else in text, and how it is written to stand for itself."""


def spellings(model: Model, spell: Callable[[str], str], verbatim: Callable[[str], str]) -> dict[str, str]:
    """Return the spelling of each name that the expressions of a model may use.

    Where two names would be spelled alike, such as ``tau`` and ``τ``, each is written as it stands.
    """
    names = dict.fromkeys((*CONSTANTS, *_names(model)))
    found = {name: spell(name) for name in names}
    count = Counter(found.values())
    return {name: text if count[text] == 1 else verbatim(name) for name, text in found.items()}


def _names(model: Model) -> Iterable[str]:
    for table in (model.parameters, model.inputs, model.noises, model.definitions, model.states, model.functions):
        yield from table
    for function in model.functions.values():
        yield from function.arguments
    yield from index_variables(model)


def index_variables(model: Model) -> Iterator[str]:
    """Yield the index variables of a model."""
    for indices in (*(e.indices for e in model.equations), *(d.indices for d in model.definitions.values()), *(e.indices for e in model.events)):
        yield from indices
    roots = [d.value for d in model.definitions.values()] + [f.body for f in model.functions.values()]
    roots += [side for equation in model.equations for side in (equation.left, equation.right)]
    roots += [event.trigger for event in model.events if event.trigger is not None]
    roots += [action.value for event in model.events for action in event.actions if action.value is not None]
    values = (*(p.value for p in model.parameters.values()), *(drive.value for drive in model.inputs.values()))
    roots += [value for value in values if not isinstance(value, Distribution)]
    for root in roots:
        for node in root.walk():
            if isinstance(node, Reduction):
                yield from node.variables


def plain_name(name: str) -> str:
    """Return a name with Greek letters for the words that stand for them: ``τ_m`` for ``tau_m``."""
    return "_".join(_greek(part) for part in name.split("_"))


def _greek(part: str) -> str:
    """Return ``β2`` for ``beta2``."""
    word = part.rstrip("0123456789")
    return LETTERS[word] + part[len(word) :] if word in LETTERS else part


def tex_name(name: str) -> str:
    r"""Return a name as a formula of LaTeX: ``\tau_{m}`` for ``tau_m``."""
    if name == "dt":
        return r"\Delta t"
    role, dot, own = name.partition(".")
    if dot:
        owner = role.replace(" -> ", r" \to ").replace("_", r"\_")
        owner = owner.replace(" with ", r"\ with\ ")
        return rf"{{{tex_name(own)}^{{\mathrm{{{owner}}}}}}}"
    base, *rest = name.split("_")
    if not NAME.fullmatch(name) or "" in (base, *rest):
        return tex_verbatim(name)
    numbered = re.fullmatch(r"(.*?\D)(\d+)", base)
    if numbered and (len(numbered[1]) == 1 or numbered[1] in TEX):
        base, rest = numbered[1], [numbered[2], *rest]
    stem = _tex_word(base)
    if len(base) > 1 and base not in TEX:
        stem = rf"\mathit{{{stem}}}"
    return f"{stem}_{{{','.join(map(_tex_word, rest))}}}" if rest else stem


def _tex_word(word: str) -> str:
    """Return a part of a name: a word for a Greek letter, or letters and digits."""
    return TEX.get(word) or COMMANDS.get(word) or _letter_by_letter(word)


def tex_verbatim(name: str) -> str:
    """Return a name as a formula of LaTeX, letter by letter."""
    if not NAME.fullmatch(name):
        return rf"\text{{{tex_text(name)}}}"
    return rf"\mathit{{{_letter_by_letter(name)}}}"


def _letter_by_letter(word: str) -> str:
    # Without the braces, a letter after the command of a Greek one would become a part of that command.
    return "".join(f"{{{COMMANDS[char]}}}" if char in COMMANDS else char for char in word).replace("_", r"\_")


def line(text: str) -> str:
    """Return a text of the author's on one line, with nothing that a terminal could obey."""
    return printable(" ".join(text.split()))


def tex_text(text: str) -> str:
    """Return a text of the author's as text of LaTeX, with nothing that LaTeX could obey."""
    return "".join(SPECIAL.get(char, char) for char in line(text))
