"""The clauses of ``connect``: which words open one, and where each begins."""

from __future__ import annotations

from dataclasses import dataclass

from neurodsl.lang.tree import Token


@dataclass(frozen=True)
class Phrase:
    """What opens a clause: its words, and how many operands follow."""

    words: str
    operands: int
    doc: str


def _table(*rows: Phrase) -> dict[str, Phrase]:
    return {row.words: row for row in rows}


PHRASES = _table(
    Phrase("all to all", 0, "every neuron to every neuron; the default"),
    Phrase("one to one", 0, "the k-th neuron to the k-th"),
    Phrase("probability", 1, "each pair by itself with this probability, which may depend on i and j: `probability 0.02`"),
    Phrase("indegree", 1, "so many sources for each target, drawn at random: `indegree 100`"),
    Phrase("outdegree", 1, "so many targets for each source, drawn at random: `outdegree 100`"),
    Phrase("pairs", 1, 'the columns i and j of a file: `pairs "pairs.csv"`'),
    Phrase("matrix", 1, 'the elements that are not 0 of a matrix, rows for sources: `matrix "w.npy"`, `matrix "g.npy" as g`, `matrix W`'),
    Phrase("where", 1, "only pairs for which a condition of i and j holds: `where abs(i - j) <= 2`"),
    Phrase("small world", 2, "k neighbours on a ring, each link rewired with probability p: `small world 10, 0.1`"),
    Phrase("scale free", 1, "each neuron joins m that are there, the more likely the more links they have: `scale free 3`"),
    Phrase("no self", 0, "no neuron to itself"),
    Phrase("no multiple", 0, "no two synapses for one pair"),
    Phrase("delay", 1, "the time from the spike to its action: `delay 1.5 [ms]`, `delay uniform(1, 5) [ms]`"),
    Phrase("third", 1, "the neurons whose quantities the synapse knows as `third.x`: `third DA`"),
)
"""Every clause by its words."""
LONGEST = max(len(words.split()) for words in PHRASES)


def tag_clauses(tokens: list[Token]) -> list[Token]:
    """Return the tokens of clauses with the words that open one as a CLAUSE and the commas between two as SEPARATOR."""
    found: list[Token] = []
    position, depth, left = 0, 0, -1 if tokens and tokens[0].type == "COMMA" else 0
    if tokens and tokens[0].type == "NAME":
        position = _open(tokens, 0, found)
        left = _operands(found)
    while position < len(tokens):
        token = tokens[position]
        depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        position += 1
        found.append(token)
        if token.type != "COMMA" or depth:
            if token.type == "NAME" and token.text == "as" and len(found) > 1 and found[-2].type in ("STRING", "NAME", "RSQB"):
                token.type = "AS"
            continue
        if left > 1 and _phrase(tokens, position) is None and not _is_value(tokens, position):
            left -= 1
            continue
        token.type = "SEPARATOR"
        position = _open(tokens, position, found)
        left = _operands(found)
    return found


def _operands(found: list[Token]) -> int:
    """Return how many operands the clause takes that has just been opened."""
    words = found[-1].text if found and found[-1].type == "CLAUSE" else ""
    return PHRASES[words].operands if words in PHRASES else 0


def _open(tokens: list[Token], position: int, found: list[Token]) -> int:
    """Add the words that open a clause as one token, and return where what follows begins; a value has no such words."""
    if position >= len(tokens) or tokens[position].type != "NAME" or _is_value(tokens, position):
        return position
    words = _phrase(tokens, position) or _names(tokens, position)
    stop = position + len(words.split())
    found.append(Token("CLAUSE", words, tokens[position].span.to(tokens[stop - 1].span)))
    return stop


def _names(tokens: list[Token], position: int) -> str:
    """Return the words from a token on that no clause begins with: together they are what was meant as one."""
    found = []
    for token in tokens[position : position + LONGEST]:
        if token.type != "NAME":
            break
        found.append(token.text)
    return " ".join(found)


def _phrase(tokens: list[Token], position: int) -> str | None:
    """Return the words of the clause that opens at a token, None where none does."""
    if _is_value(tokens, position):
        return None
    for count in range(LONGEST, 0, -1):
        words = " ".join(token.text for token in tokens[position : position + count])
        if words in PHRASES:
            return words
    return None


def _is_value(tokens: list[Token], position: int) -> bool:
    """Return whether what begins at a token gives a quantity its value: ``w = 1``, ``w ~ normal(1, 0.1)``."""
    following = tokens[position + 1].type if position + 1 < len(tokens) else ""
    return following in ("ASSIGN", "DRAWN")
