"""Why a token cannot stand where it stands, in a plain sentence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from neurodsl import rules
from neurodsl.diagnostics import Rule, nearest
from neurodsl.lang.brackets import OPERAND_ENDS
from neurodsl.lang.layout import BLOCK_WORDS
from neurodsl.lang.tree import Token
from neurodsl.source import Span
from neurodsl.units import lookup

ACTION_WORDS = frozenset(("hold", "wait", "emit", "stop"))
STATEMENT_WORDS = BLOCK_WORDS | {"param", "input", "init", "noise", "next", "import", "population", "connect"}
JOINING = {
    "CONNECT": "write `connect E -> I with exc, indegree 10`",
    "POPULATION": "write `population E = cell[100] with V ~ uniform(-70, -50) [mV]`",
}
"""How the statements are written that make a network."""
OPERAND_STARTS = frozenset(("NAME", "NUMBER", "DERIVATIVE", "LPAR", "UNIT"))


@dataclass(frozen=True)
class Reason:
    """What is reported about a token."""

    rule: Rule
    message: str
    span: Span
    help: str | None = None


def explain(tokens: list[Token], index: int, start: str, accepted: Collection[str]) -> Reason:
    """Return why the parser stopped at a token.

    Parameters
    ----------
    tokens : list of Token
        The item; the last one is its end.
    index : int
        Where the parser stopped.
    start : str
        The rule that was read: ``statement``, ``action``, ``setting``, ``values`` or ``expression``.
    accepted : collection of str
        The types of tokens that could have stood there.
    """
    token = tokens[index]
    previous = tokens[index - 1] if index else None
    if start == "statement" and _imports(tokens):
        return _import(tokens, index)
    if (start == "statement" and tokens[0].type in JOINING) or start == "clauses":
        return _joining(tokens, index, accepted)
    if token.type != "$END" and _behind_tilde(tokens, index):
        help = "write `g ~ normal(1, 0.1)`, with a unit and a label behind it; what is computed from a draw gets a name of its own"
        return Reason(rules.SYNTAX, f"found `{_shown(token)}`: behind `~` stands one distribution", token.span, help)
    if token.type == "ASSIGN":
        return _assign(tokens, index, start)
    if token.type == "CHANGE":
        return _change(token, start)
    if token.type == "DRAWN":
        help = "a parameter and an initial value can be drawn: `param g ~ normal(1, 0.1)`, `init V ~ uniform(0, 1)`"
        return Reason(rules.SYNTAX, "`~` cannot stand here", token.span, help)
    if token.type == "COMPARE" and _compared_before(tokens, index):
        return Reason(rules.CHAINED, "comparisons are chained", token.span, "write `a < b and b < c`")
    if token.type == "FOR" and tokens[0].type != "HOLD":
        help = "a sum over an index is `sum(W[i, j]*x[j] for j)`; so are `prod`, `mean`, `min` and `max`"
        return Reason(rules.SYNTAX, "`for` stands in the parentheses of a sum, behind what is added up", token.span, help)
    if token.type == "COLON" and _inside_index(tokens, index):
        name = next((t.text for t in reversed(tokens[:index]) if t.type in ("NAME", "DIFFERENTIAL") and t.text != "mod"), "x")
        help = (
            f"name the elements, `{name}[0], {name}[1]`, or the whole array, `{name}`" if start == "setting" else "use elements, `x[0]`, or the array"
        )
        return Reason(rules.NOT_SUPPORTED, "ranges of elements (`x[0:3]`) are not read", token.span, help)
    if token.type == "IF" and index == 0:
        help = "write `x = a if condition else b`, or an event `on condition: ...`"
        return Reason(rules.FOREIGN, "there are no `if` statements", token.span, help)
    if token.type in OPERAND_STARTS and previous is not None and previous.type in OPERAND_ENDS:
        return _adjacent(tokens, index, start)
    return _plain(tokens, index, accepted)


def _joining(tokens: list[Token], index: int, accepted: Collection[str]) -> Reason:
    """Return what is wrong with a connection or a population, with how it is written."""
    token, previous = tokens[index], tokens[index - 1] if index else tokens[index]
    kind = tokens[0].type if tokens[0].type in JOINING else "CONNECT"
    help = JOINING[kind]
    if kind == "CONNECT" and any(t.type == "WITH" for t in tokens[:index]):
        help = "clauses are separated by commas: `... with exc, indegree 10, delay 1 [ms]`"
        if token.type in ("COMPARE", "IF"):
            help = "a condition is a clause: `where abs(i - j) <= 2`; a neuron is not joined to itself with `no self`"
    if token.type == "$END":
        place = Span(previous.span.source, previous.span.stop, previous.span.stop + 1)
        return Reason(rules.SYNTAX, f"the line ends where {_wanted(accepted)} was expected", place, help)
    if token.type in OPERAND_STARTS and previous.type in OPERAND_ENDS:
        return Reason(rules.SYNTAX, f"found `{_shown(token)}` after `{_shown(previous)}`", token.span, help)
    return Reason(rules.SYNTAX, f"found `{_shown(token)}` where {_wanted(accepted)} was expected", token.span, help)


def _imports(tokens: list[Token]) -> bool:
    """Return whether a statement is, or was meant as, an import."""
    words = [token.text for token in tokens if token.type == "NAME"]
    return tokens[0].type == "IMPORT" or (words[:1] == ["from"] and "import" in words) or words[:2] == ["import", "from"]


def _import(tokens: list[Token], index: int) -> Reason:
    """Return what is wrong with an import, with how it is written."""
    token = tokens[index]
    name, path = _meant(tokens)
    help = f'write `import {name} from "{path}"`; a shipped model needs no path: `import lif`'
    if tokens[0].type != "IMPORT" or token.type == "TIMES":
        return Reason(rules.FOREIGN, "this import is written differently here", tokens[0].span.to(tokens[index - 1].span), help)
    if token.type == "STRING" and index == 1:
        return Reason(rules.SYNTAX, "an import names the model that it takes from a file", token.span, help)
    if tokens[index - 1].type == "FROM":
        return Reason(rules.SYNTAX, "the path of a file, in double quotes, is missing behind `from`", tokens[index - 1].span, help)
    if token.type == "$END":
        return Reason(rules.SYNTAX, "the import is not complete", tokens[0].span.to(tokens[index - 1].span), help)
    if token.text == "as":
        help = 'the other name follows the model: `import lif as cell`, or `import lif as cell from "cells/lif.neuro"`'
    elif token.type == "NAME":
        help = f"several are separated by commas; {help}"
    return Reason(rules.SYNTAX, f"found `{_shown(token)}` in an import where it has no meaning", token.span, help)


def _meant(tokens: list[Token]) -> tuple[str, str]:
    """Return the model and the path that an import probably names, `lif` and `cells/lif.neuro` where there is no telling."""
    quoted = [str(t.value) for t in tokens if t.type == "STRING"]
    words = [t.text for t in tokens]
    start = words.index("from") + 1 if "from" in words else 1
    stop = words.index("import") if "import" in words[start:] else len(tokens) - 1
    bare = "".join(words[start:stop]).strip("'`“”„")
    path = quoted[0] if quoted else bare.removesuffix(".neuro").replace(".", "/") if "/" in bare or "." in bare else "cells/lif"
    named = next((t.text for t in tokens[words.index("import") + 1 :] if t.type == "NAME" and t.text != "from"), "") if "from" in words else ""
    path = path if path.endswith(".neuro") else f"{path}.neuro"
    return named or PurePosixPath(path).stem or "lif", path


def _assign(tokens: list[Token], index: int, start: str) -> Reason:
    token, first = tokens[index], tokens[0]
    if first.type == "NOISE":
        return Reason(rules.SYNTAX, "a noise has no value", token.span, "its strength is a factor in an equation: `sigma*xi`")
    if start == "setting":
        return Reason(rules.FOREIGN, "a setting has no `=`", token.span, f"write `{first.text} {tokens[index + 1].text or '...'}`")
    if start in ("action", "values") or any(t.type == "ASSIGN" for t in tokens[:index]):
        if any(t.type == "IF" for t in tokens[:index]):
            return Reason(rules.FOREIGN, "`=` is no comparison", token.span, "equality is written `==`")
        help = "one `=` in each; equality is written `==`; items are separated by `,`, statements by `;`"
        return Reason(rules.SYNTAX, "found a second `=`", token.span, help)
    return Reason(rules.FOREIGN, "`=` is no comparison", token.span, "equality is written `==`")


def _change(token: Token, start: str) -> Reason:
    if start in ("statement", "values"):
        help = "an event changes a state: `on V >= V_th: u += d`; a definition is written with `=`"
        return Reason(rules.SYNTAX, f"`{token.text}` outside the actions of an event", token.span, help)
    return Reason(rules.SYNTAX, f"`{token.text}` cannot stand in an expression", token.span, "it changes a state: `u += d`")


def _compared_before(tokens: list[Token], index: int) -> bool:
    """Return whether a comparison stands before a token, with nothing between them that would separate the two."""
    depth = 0
    for token in reversed(tokens[:index]):
        depth += (token.type == "RPAR") - (token.type == "LPAR")
        if depth < 0 or (depth == 0 and token.type in ("AND", "OR", "NOT", "IF", "ELSE", "COMMA", "ASSIGN")):
            return False
        if depth == 0 and token.type == "COMPARE":
            return True
    return False


def _behind_tilde(tokens: list[Token], index: int) -> bool:
    """Return whether a token follows ``~``, outside the parentheses of the distribution."""
    depth = 0
    for token in reversed(tokens[:index]):
        depth += (token.type == "RPAR") - (token.type == "LPAR")
        if depth < 0 or (depth == 0 and token.type == "COMMA"):
            return False
        if token.type == "DRAWN":
            return True
    return False


def _inside_index(tokens: list[Token], index: int) -> bool:
    """Return whether a token stands in the brackets of an index."""
    return sum((token.type == "LSQB") - (token.type == "RSQB") for token in tokens[:index]) > 0


def _adjacent(tokens: list[Token], index: int, start: str) -> Reason:
    token, previous = tokens[index], tokens[index - 1]
    if index == 1 and previous.text in BLOCK_WORDS and not any(t.type == "COLON" for t in tokens):
        word = previous.text
        return Reason(rules.MISSING_BLOCK, f"the `:` of `{word}` is missing", previous.span, f"write `{word} ...: ...`")
    if token.type == "UNIT":
        return Reason(rules.UNIT_PLACE, f"the unit `{token.text}` follows `{previous.text}`", token.span, "write `*` or `/` between them")
    message = f"found `{token.text}` after `{previous.text}`: an operator is missing between them"
    return Reason(rules.SYNTAX, message, token.span, _between(tokens, index, start))


def _between(tokens: list[Token], index: int, start: str) -> str | None:
    """Return what was probably meant where two values stand side by side."""
    token, previous = tokens[index], tokens[index - 1]
    if index == 1 and start == "statement":
        if previous.text in ACTION_WORDS:
            return f"`{previous.text}` is an action and stands in the block of an event"
        near = nearest(previous.text, STATEMENT_WORDS)
        if near is not None:
            return f"did you mean `{near}`?"
    if start == "setting":
        return f"several values are separated by `,`: `{previous.text}, {token.text}`"
    if start == "values" and index == 1:
        return f"write `{previous.text} = {token.text}`"
    if token.type not in ("NAME", "NUMBER", "LPAR"):
        return None
    product = f"for a product write `{previous.text}*{token.text}`"
    if previous.type == "NUMBER" and token.type == "NAME" and len(token.text) > 1 and lookup(token.text) is not None:
        return f"a unit is written `{previous.text} [{token.text}]`"
    if previous.type == "NUMBER" and token.type == "NAME":
        return f"{product}; a unit stands in square brackets: `{previous.text} [{token.text}]`"
    return product


def _plain(tokens: list[Token], index: int, accepted: Collection[str]) -> Reason:
    token = tokens[index]
    wanted = _wanted(accepted)
    if token.type == "ARROW":
        return Reason(rules.SYNTAX, "found `->` outside of a connection", token.span, JOINING["CONNECT"])
    if token.type != "$END":
        return Reason(rules.SYNTAX, f"found `{_shown(token)}` where {wanted} was expected", token.span)
    last = tokens[index - 1].span
    place = Span(last.source, last.stop, last.stop + 1)
    if index == 1 and tokens[0].type == "NAME" and tokens[0].text in STATEMENT_WORDS:
        return Reason(rules.SYNTAX, f"the statement `{tokens[0].text}` is not complete", tokens[0].span)
    if "COLON" in accepted and tokens[0].type in ("ON", "AT", "EVERY", "VARIANT", "MODEL", "SYNAPSE", "NETWORK"):
        return Reason(rules.MISSING_BLOCK, f"`:` is missing at the end of `{tokens[0].text}`", place)
    return Reason(rules.SYNTAX, f"the {'line' if index > 1 else 'statement'} ends where {wanted} was expected", place)


def _shown(token: Token) -> str:
    return token.text if len(token.text) <= 40 else token.text[:37] + "..."


def _wanted(accepted: Collection[str]) -> str:
    """Return in words what could have stood in a place."""
    if "NUMBER" in accepted:
        return "a value (a name, a number, a call or a parenthesis)"
    if "NAME" in accepted:
        return "a name" if "DERIVATIVE" not in accepted else "a name or a derivative"
    for type, words in (
        ("WITH", "`with`"),
        ("ARROW", "`->`"),
        ("ELSE", "`else`"),
        ("FOR", "`for`"),
        ("ASSIGN", "`=`"),
        ("COLON", "`:`"),
        ("LPAR", "`(`"),
        ("RPAR", "an operator or `)`"),
        ("RSQB", "an operator or `]`"),
    ):
        if type in accepted:
            return words
    if "BLOCK" in accepted:
        return "a block"
    return "an operator or the end of the statement" if "PLUS" in accepted else "the end of the statement"
