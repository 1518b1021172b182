"""What other languages write, recognized in the tokens of a statement that this one cannot read, each with how it is written here."""

from __future__ import annotations

from collections.abc import Iterator

from neurodsl import rules
from neurodsl.lang.brackets import OPERAND_ENDS, READERS
from neurodsl.lang.distributions import DISTRIBUTIONS
from neurodsl.lang.functions import BUILTINS, CONSTANTS
from neurodsl.lang.idioms import FINITE, INFINITE
from neurodsl.lang.scope import ROLES
from neurodsl.lang.tree import Item, Token
from neurodsl.lang.wanted import Reason
from neurodsl.units import lookup

MODULES = frozenset(("np", "numpy", "math", "scipy", "sp", "jnp", "jax", "torch", "tf", "random"))
RESERVED = frozenset(("AND", "OR", "NOT", "IF", "ELSE", "FOR"))
NAMING = frozenset(("param", "input", "init", "noise", "variant", "model", "synapse", "network", "population"))
DRAWN = {**{name: name for name in DISTRIBUTIONS}, "randn": "normal", "standard_normal": "normal", "rand": "uniform", "random": "uniform"}
FILLED = {"zeros": "0", "zeros_like": "0", "ones": "1", "ones_like": "1", "full": "1"}
SPELLED_OUT = {"volt": "mV", "second": "ms", "amp": "nA", "ampere": "nA", "siemens": "nS", "farad": "pF", "ohm": "MOhm", "meter": "um", "hertz": "Hz"}
"""Units as Brian names them, each with one that is usual for it."""
LONGEST_TEXT, LOOK_BACK = 60, 200
"""The characters of the author's text that a remedy repeats, and the tokens among which the beginning of a sum is looked for."""


def explain_foreign(item: Item) -> Reason | None:
    """Return what is said about a statement or a piece of a block that is written as in another language; None for any other."""
    tokens = item.tokens
    return _reserved(tokens) or _loop(tokens) or _unit_behind_colon(item) or _initial(tokens) or _within(tokens)


def _text(tokens: list[Token]) -> str:
    """Return a stretch of the author's text, dots where it is long."""
    text = tokens[0].span.to(tokens[-1].span).text if tokens else "..."
    return text if len(text) <= LONGEST_TEXT and "\n" not in text else "..."


def _reserved(tokens: list[Token]) -> Reason | None:
    """Explain ``variant and: ...``: a word that can name nothing."""
    if len(tokens) < 2 or tokens[0].text not in NAMING or tokens[1].type not in RESERVED:
        return None
    word = tokens[1].text
    return Reason(rules.RESERVED, f"`{word}` is a reserved word", tokens[1].span, f"choose another name, such as `{word}_0`")


def _loop(tokens: list[Token]) -> Reason | None:
    """Explain statements that steer a program: ``if``, ``else``, ``for``, ``while``, ``def``."""
    first = tokens[0]
    word = first.text
    if tokens[-1].type != "COLON" or len(tokens) < 2 or tokens[1].type in ("ASSIGN", "CHANGE", "LSQB"):
        return None
    condition = _text(tokens[1:-1])
    if first.type in ("IF", "ELSE") or word == "elif":
        help = f"what a condition sets off is an event, `on {condition}: ...`" if first.type == "IF" else "an event is written for each condition"
        return Reason(rules.FOREIGN, "there are no `if` statements", first.span, f"{help}; a choice between values is `a if condition else b`")
    if first.type == "FOR":
        variable = tokens[1].text if tokens[1].type == "NAME" else "i"
        help = f"an equation with an index holds for every element: `dx[{variable}]/dt = ...`"
        return Reason(rules.FOREIGN, "there are no `for` loops", first.span, help)
    if word == "while":
        return Reason(rules.FOREIGN, "there are no `while` loops", first.span, f"what a condition sets off is an event, `on {condition}: ...`")
    if word == "def" and tokens[1].type == "NAME":
        return Reason(rules.FOREIGN, "a function is written differently here", first.span, f"write `{condition} = ...`")
    return None


def _unit_behind_colon(item: Item) -> Reason | None:
    """Explain ``dv/dt = -v/tau : volt`` and ``tau : second``, as Brian writes units."""
    tokens = item.tokens
    if tokens[-1].type != "COLON" or not item.block or tokens[0].type not in ("NAME", "DERIVATIVE"):
        return None
    named = item.block[0].tokens[0]
    known = named.text in SPELLED_OUT or named.text == "1" or lookup(named.text) is not None
    equation = any(token.type == "ASSIGN" for token in tokens)
    if not known or not (equation or len(tokens) == 2):
        return None
    unit = "" if named.text == "1" else f" [{SPELLED_OUT.get(named.text, named.text)}]"
    derivative = next((t.text for t in _until(tokens, ("ASSIGN",)) if t.type == "DERIVATIVE"), "")
    name = derivative.partition("/")[0].strip()[1:].lstrip("0123456789")
    declared = f"`init {name} = 0{unit}`" if name else f"`param {tokens[0].text} = 1{unit}`"
    help = f"units stand in brackets behind numbers: {declared}" if unit else "what has no unit needs no bracket: remove `: 1`"
    return Reason(rules.FOREIGN, "a unit is written differently here", tokens[-1].span.to(named.span), help)


def _initial(tokens: list[Token]) -> Reason | None:
    """Explain ``x(0) = 1`` and ``init x(0) = 1``."""
    start = 1 if tokens[0].text == "init" else 0
    for i in [start, *(i + 1 for i, token in enumerate(tokens) if token.type == "COMMA" and start)]:
        if [t.type for t in tokens[i : i + 5]] == ["NAME", "LPAR", "NUMBER", "RPAR", "ASSIGN"] and tokens[i + 2].text.strip("0.") == "":
            name, value = tokens[i].text, _text(_until(tokens[i + 5 :], ("COMMA", "STRING")))
            place = tokens[i].span.to(tokens[i + 3].span)
            return Reason(rules.FOREIGN, "an initial value is written differently here", place, f"write `init {name} = {value}`")
    return None


def _until(tokens: list[Token], types: tuple[str, ...]) -> list[Token]:
    """Return the tokens before the first of some types that stands in no bracket of theirs, or before the one that closes the bracket they are in."""
    depth = 0
    for i, token in enumerate(tokens):
        depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        if depth < 0 or (depth == 0 and token.type in types):
            return tokens[:i]
    return tokens


def _within(tokens: list[Token]) -> Reason | None:
    """Explain what stands somewhere in an expression."""
    for i, token in enumerate(tokens):
        if token.type == "FOR" and i:
            reason = _generator(tokens, i)
        elif token.type == "LSQB" and (i == 0 or tokens[i - 1].type not in OPERAND_ENDS):
            reason = _list(tokens, i)
        elif token.text in READERS and i + 1 < len(tokens) and tokens[i + 1].type == "LPAR":
            reason = _file(tokens, i)
        elif token.type == "OTHER" and token.text == "." and i and tokens[i - 1].type in ("NAME", "RPAR"):
            reason = _attribute(tokens, i)
        elif token.type == "OTHER" and token.text == "'" and i and tokens[i - 1].type == "NAME":
            reason = _prime(tokens, i)
        else:
            continue
        if reason is not None:
            return reason
    return None


def _generator(tokens: list[Token], i: int) -> Reason | None:
    """Explain ``sum(x[j] for j in range(N))`` and ``sum(x[j] for j if j != i)``."""
    function, body = _opening(tokens, i)
    if [t.type for t in tokens[i + 1 : i + 2]] != ["NAME"] or i + 2 >= len(tokens) or not function:
        return None
    variable, rest = tokens[i + 1].text, _until(tokens[i + 2 :], ())
    choice = _until(rest, ("IF",))
    if len(choice) < len(rest):
        condition = _text(rest[len(choice) + 1 :])
        rule = f"{function}({body} if {condition} else {'1' if function == 'prod' else '0'} for {variable})"
        help = f"write `{rule}`" if function in ("sum", "prod") else "write a choice before `for`: `a if condition else b`"
        return Reason(rules.FOREIGN, "a condition behind `for` is written differently here", rest[len(choice)].span, help)
    if not rest or rest[0].text != "in":
        return None
    help = f"drop `{_text(rest)}`: `{variable}` runs over what it indexes"
    return Reason(rules.FOREIGN, f"the range of `{variable}` is not written", rest[0].span.to(rest[-1].span), help)


def _opening(tokens: list[Token], i: int) -> tuple[str, str]:
    """Return the function in whose parentheses a token stands, and what stands in them before it."""
    depth = 0
    for start in range(i - 1, max(i - LOOK_BACK, 0) - 1, -1):
        depth += (tokens[start].type in ("RPAR", "RSQB")) - (tokens[start].type in ("LPAR", "LSQB"))
        if depth < 0:
            return (tokens[start - 1].text if start else ""), _text(tokens[start + 1 : i])
    return "", "..."


def _list(tokens: list[Token], i: int) -> Reason | None:
    """Explain ``[1, 2, 3]``: an array in square brackets."""
    inside = _until(tokens[i + 1 :], ())
    if not any(token.type in ("COMMA", "LSQB") for token in inside) or i + 1 + len(inside) >= len(tokens):
        return None
    whole = tokens[i : i + 2 + len(inside)]
    text = "".join(_rounded(whole, tokens[i - 1].type if i else ""))
    help = f"write `{text}`" if len(text) <= LONGEST_TEXT and "\n" not in text else "write `(1, 2, 3)`, a matrix as `((1, 2), (3, 4))`"
    return Reason(rules.FOREIGN, "an array stands in round parentheses", whole[0].span.to(whole[-1].span), help)


def _rounded(tokens: list[Token], before: str) -> Iterator[str]:
    """Yield the pieces of a text in which the brackets of arrays are round."""
    made: list[bool] = []
    for token in tokens:
        text = token.text
        if token.type == "LSQB":
            made.append(before not in OPERAND_ENDS)
            text = "(" if made[-1] else "["
        elif token.type == "RSQB":
            text = ")" if made and made.pop() else "]"
        yield ", " if token.type == "COMMA" else text
        before = token.type


def _file(tokens: list[Token], i: int) -> Reason | None:
    """Explain ``load(w.npy)``: the name of a file without double quotes."""
    reader = tokens[i].text
    inside = _until(tokens[i + 2 :], ())
    if not inside or not any(token.text in (".", "'") for token in inside):
        return None
    name = _text(inside).strip("'")
    return Reason(
        rules.ARGUMENTS, f"`{reader}` takes the name of a file in quotes", inside[0].span.to(inside[-1].span), f'write `{reader}("{name}")`'
    )


def _attribute(tokens: list[Token], i: int) -> Reason | None:
    """Explain ``W.T``, ``np.dot(W, x)``, ``np.random.normal(0, 1)``, ``np.exp(x)``, ``x.sum()``."""
    owner, stop = tokens[i - 1], i
    if (i > 1 and tokens[i - 2].text == ".") or owner.text in ROLES or tokens[0].text == "record":
        return None
    while stop + 2 < len(tokens) and tokens[stop].text == "." and tokens[stop + 1].type == "NAME" and tokens[stop + 2].text == ".":
        stop += 2
    if stop + 1 >= len(tokens) or tokens[stop + 1].type != "NAME":
        return None
    last = tokens[stop + 1]
    first = owner if owner.type == "NAME" else tokens[i]
    place, name, module = first.span.to(last.span), last.text, owner.text in MODULES
    called = stop + 2 < len(tokens) and tokens[stop + 2].type == "LPAR"
    arguments = _arguments(tokens[stop + 3 :]) if called else []
    whole = [] if module else [owner.text if owner.type == "NAME" else "x"]
    message = f"`{place.text}` is written differently here" if len(place.text) <= LONGEST_TEXT else "this is written differently here"
    help = _counterpart(name, [*whole, *arguments], module, called)
    if help is None and module:
        help = "the functions of the language are written without a module: `exp(x)`, `W @ x`, `sum(x)`"
    return None if help is None else Reason(rules.FOREIGN, message, place, help)


def _arguments(tokens: list[Token]) -> list[str]:
    """Return the texts of the arguments of a call, from what follows its opening parenthesis."""
    found, rest = [], _until(tokens, ())
    while rest:
        argument = _until(rest, ("COMMA",))
        found.append(_text(argument))
        rest = rest[len(argument) + 1 :]
    return found


def _counterpart(name: str, arguments: list[str], module: bool, called: bool) -> str | None:
    """Return how a function of a module, or of an array, is written here."""
    inside = ", ".join(arguments) if arguments else "..."
    if name in ("T", "transpose") and arguments:
        return f"write `transpose({arguments[0]})`"
    if name in ("dot", "matmul") and len(arguments) == 2:
        return f"write `{arguments[0]} @ {arguments[1]}`"
    if called and name in BUILTINS and (name not in DRAWN or not module):
        return f"write `{name}({inside})`"
    if not module:
        return None
    if name in DRAWN:
        return f"what is drawn stands behind `~`: `param w ~ {DRAWN[name]}(...)`"
    if name in INFINITE:
        return FINITE
    if name in CONSTANTS:
        return f"write `{name}`"
    if name in FILLED:
        return f"an array is declared with its size, and a number fills it: `init x[N] = {FILLED[name]}`"
    if name in ("array", "asarray"):
        return "write `(1, 2, 3)`, a matrix as `((1, 2), (3, 4))`"
    if name in ("arange", "linspace"):
        return "an array of positions is a definition with an index: `x[i] = i`"
    return {"inv": f"write `inverse({inside})`", "power": "write `x^y`", "where": "write `a if condition else b`"}.get(name)


def _prime(tokens: list[Token], i: int) -> Reason | None:
    """Explain ``W'``: the transposed matrix, or a derivative."""
    name, place = tokens[i - 1].text, tokens[i].span
    if any(token.text == "'" for token in tokens[i + 1 :]):
        return None
    on_left = i == 1 and len(tokens) > 2 and tokens[2].type == "ASSIGN"
    help = f"a derivative is written `d{name}/dt`" if on_left else f"the transposed matrix is `transpose({name})`, a derivative `d{name}/dt`"
    return Reason(rules.FOREIGN, "`'` has no meaning here", place, help)
