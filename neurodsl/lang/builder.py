"""From the rules of the grammar to nodes: one method for each rule, called by the parser as it goes.

Nothing here raises or reports. A leading minus travels as a :class:`_Negative` until it is known whether it belongs to a sum, so that
``-a*b + c`` is a sum of two terms, the first with sign -1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from neurodsl.lang.nodes import (
    Array,
    Call,
    Comparison,
    Conditional,
    Derivative,
    Dot,
    Expression,
    Index,
    Load,
    Logic,
    Name,
    Number,
    Power,
    Product,
    Reduction,
    Sum,
)
from neurodsl.lang.tree import (
    ActionTree,
    Assignment,
    Block,
    Clause,
    ConnectTree,
    Contribution,
    Draw,
    Entries,
    Entry,
    Import,
    Imported,
    Labelled,
    Listing,
    PartTree,
    PathTree,
    PopulationTree,
    RecordedTree,
    SettingTree,
    Token,
)
from neurodsl.source import Span

Part = Any
"""A node, a token, or a :class:`_Negative`, as the rules pass them on."""


@dataclass(frozen=True, slots=True)
class _Negative:
    operand: Expression
    span: Span


def _settle(part: Part) -> Any:
    """Return a node, where a minus that no sum has taken becomes a sum of one term."""
    return Sum(part.span, ((-1, part.operand),)) if isinstance(part, _Negative) else part


def _product(factors: list[tuple[str, Any]], span: Span) -> Any:
    return factors[0][1] if len(factors) == 1 else Product(span, tuple(factors))


@dataclass(frozen=True, slots=True)
class _Brackets:
    """What stands in the brackets of one index."""

    parts: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class _Range:
    """What stands in the brackets of a slice; None for what is not written."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class _Target:
    """What gets a value: a name or a derivative, and the indices behind it; ``span`` covers both."""

    node: Name | Derivative
    indices: tuple[Expression, ...]
    span: Span


def _joined(parts: list[Part]) -> tuple[Expression, ...]:
    """Return the indices of all brackets: ``W[i][j]`` is ``W[i, j]``."""
    return tuple(index for part in parts if isinstance(part, _Brackets) for index in part.parts)


class Builder:
    """The methods carry the names of the grammar's rules; each takes the list of what the rule consists of."""

    # --- expressions ---

    def number(self, parts: list[Token]) -> Number:
        unit = parts[1].value if len(parts) > 1 else None
        return Number(parts[0].span.to(parts[-1].span), parts[0].value, unit)

    def unit(self, parts: list[Token]) -> Number:
        return Number(parts[0].span, Fraction(1), parts[0].value)

    def name(self, parts: list[Token]) -> Name:
        return Name(parts[0].span, parts[0].text)

    def derivative(self, parts: list[Token]) -> Derivative:
        found: Derivative = parts[0].value
        return found

    def index(self, parts: list[Part]) -> _Brackets:
        return _Brackets(tuple(parts[1:-1]), parts[0].span.to(parts[-1].span))

    def element(self, parts: list[Part]) -> Index:
        return Index(parts[0].span.to(parts[-1].span), parts[0].text, _joined(parts))

    def differential(self, parts: list[Part]) -> Derivative:
        found: Derivative = parts[0].value
        return replace(found, indices=_joined(parts))

    def array(self, parts: list[Part]) -> Array:
        return Array(parts[0].span.to(parts[-1].span), tuple(parts[1:-1]))

    def load(self, parts: list[Token]) -> Load:
        return Load(parts[0].span.to(parts[-1].span), parts[2].value, parts[0].text == "samples")

    def reduction(self, parts: list[Part]) -> Reduction:
        variables = tuple(token.text for token in parts[4:-1])
        return Reduction(parts[0].span.to(parts[-1].span), parts[0].text, parts[2], variables)

    def call(self, parts: list[Part]) -> Call:
        return Call(parts[0].span.to(parts[-1].span), parts[0].text, tuple(parts[2:-1]))

    def group(self, parts: list[Part]) -> Any:
        return replace(parts[1], span=parts[0].span.to(parts[2].span))

    def scaled(self, parts: list[Part]) -> Product:
        value, unit = parts
        return Product(value.span.to(unit.span), (("*", value), ("*", Number(unit.span, Fraction(1), unit.value))))

    def power(self, parts: list[Part]) -> Power:
        base, exponent = parts[0], _settle(parts[2])
        return Power(base.span.to(exponent.span), base, exponent)

    def minus(self, parts: list[Part]) -> _Negative:
        operand = _settle(parts[1])
        return _Negative(operand, parts[0].span.to(operand.span))

    def plus(self, parts: list[Part]) -> Part:
        return parts[1]

    def product(self, parts: list[Part]) -> Part:
        span = parts[0].span.to(parts[-1].span)
        remainders = any(token.type == "MOD" for token in parts[1::2])
        negative = isinstance(parts[0], _Negative) and not remainders
        factors: list[tuple[str, Any]] = [("*", parts[0].operand if negative else _settle(parts[0]))]
        for token, part in zip(parts[1::2], parts[2::2], strict=True):
            factor = _settle(part)
            if token.type in ("MOD", "DOT"):
                reach, before = parts[0].span.to(factor.span), _product(factors, parts[0].span.to(token.span))
                factors = [("*", Call(reach, "mod", (before, factor)) if token.type == "MOD" else Dot(reach, before, factor))]
            else:
                factors.append(("*" if token.type == "TIMES" else "/", factor))
        if negative:
            return _Negative(_product(factors, parts[0].operand.span.to(parts[-1].span)), span)
        return _product(factors, span)

    def sum(self, parts: list[Part]) -> Any:
        first = parts[0]
        negative = isinstance(first, _Negative)
        if len(parts) == 1 and not negative:
            return first
        terms = [(-1, first.operand) if negative else (1, first)]
        terms += [(1 if token.type == "PLUS" else -1, _settle(part)) for token, part in zip(parts[1::2], parts[2::2], strict=True)]
        return Sum(first.span.to(parts[-1].span), tuple(terms))

    def comparison(self, parts: list[Part]) -> Comparison:
        left, operator, right = parts
        return Comparison(left.span.to(right.span), operator.text, left, right)

    def inversion(self, parts: list[Part]) -> Logic:
        return Logic(parts[0].span.to(parts[1].span), "not", (parts[1],))

    def conjunction(self, parts: list[Part]) -> Logic:
        return Logic(parts[0].span.to(parts[-1].span), "and", tuple(parts[::2]))

    def disjunction(self, parts: list[Part]) -> Logic:
        return Logic(parts[0].span.to(parts[-1].span), "or", tuple(parts[::2]))

    def conditional(self, parts: list[Part]) -> Conditional:
        value, _, condition, _, otherwise = parts
        return Conditional(value.span.to(otherwise.span), value, condition, otherwise)

    # --- statements ---

    def target(self, parts: list[Part]) -> _Target:
        first, span = parts[0], parts[0].span.to(parts[-1].span)
        node = first.value if isinstance(first.value, Derivative) else Name(first.span, first.text)
        return _Target(node, _joined(parts), span)

    def entry(self, parts: list[Part]) -> Entry:
        doc = parts[2].value if len(parts) > 2 else None
        return Entry(parts[0].node, parts[1], doc, parts[0].span.to(parts[-1].span), parts[0].indices)

    def drawn(self, parts: list[Part]) -> Entry:
        units = [Number(p.span, Fraction(1), p.value) for p in parts[2:] if p.type == "UNIT"]
        doc = next((p.value for p in parts[2:] if p.type == "STRING"), None)
        drawn = Draw(parts[1], units[0] if units else None)
        return Entry(parts[0].node, drawn, doc, parts[0].span.to(parts[-1].span), parts[0].indices)

    def _entries(self, parts: list[Part]) -> Entries:
        return Entries(parts[0].text, tuple(parts[1:]))

    param = input = init = next = _entries

    def labelled(self, parts: list[Part]) -> Labelled:
        doc = parts[-1].value if isinstance(parts[-1], Token) and len(parts) > 1 else None
        return Labelled(Name(parts[0].span, parts[0].text), doc, _joined(parts))

    def noise(self, parts: list[Part]) -> Listing:
        return Listing("noise", tuple(parts[1:]))

    def values(self, parts: list[Entry]) -> Entries:
        return Entries("values", tuple(parts))

    def assignment(self, parts: list[Part]) -> Assignment:
        doc = parts[2].value if len(parts) > 2 else None
        return Assignment(parts[0], parts[1], doc, parts[0].span.to(parts[1].span))

    def _event(self, parts: list[Part]) -> Block:
        word, *trigger, block = parts
        head = trigger[-1]
        sort = trigger[0].text if isinstance(trigger[0], Token) else "condition" if word.text == "on" else word.text
        known = None if isinstance(head, Token) else head
        return Block(word.text, known, None, word.span.to(head.span), head.span, block.value, sort)

    on = at = every = _event

    def pathway(self, parts: list[Part]) -> Block:
        word, side, *after, block = parts
        head = after[1] if after else None
        end = after[1].span if after else side.span
        return Block(word.text, head, None, word.span.to(end), side.span, block.value, side.text)

    def contribution(self, parts: list[Part]) -> Contribution:
        target, operator, value = parts
        return Contribution(Name(target.span, target.text), operator.text, value, target.span.to(value.span))

    def simulate(self, parts: list[Token]) -> Block:
        return Block("simulate", None, None, parts[0].span, parts[0].span, parts[1].value)

    def _named(self, parts: list[Token]) -> Block:
        doc = parts[2].value if len(parts) > 3 else None
        return Block(parts[0].text, parts[1].text, doc, parts[0].span.to(parts[1].span), parts[1].span, parts[-1].value)

    variant = model = synapse = network = _named

    # --- networks ---

    def bound(self, parts: list[Part]) -> list[Part]:
        return parts

    def range(self, parts: list[Part]) -> _Range:
        bounds = [part[0] if part else None for part in parts if isinstance(part, list)]
        step = parts[-2] if not isinstance(parts[-2], list) else None
        return _Range(bounds[0], bounds[1], step, parts[0].span.to(parts[-1].span))

    def part(self, parts: list[Part]) -> PartTree:
        name, brackets = Name(parts[0].span, parts[0].text), parts[1] if len(parts) > 1 else None
        span = parts[0].span.to(parts[-1].span)
        if isinstance(brackets, _Range):
            return PartTree(name, None, brackets.start, brackets.stop, brackets.step, span)
        numbers = brackets.parts if brackets is not None else ()
        single = Array(span, numbers) if len(numbers) > 1 else numbers[0] if numbers else None
        return PartTree(name, single, None, None, None, span)

    ranged = part

    def file(self, parts: list[Token]) -> PathTree:
        return self.path(parts[1:])

    def path(self, parts: list[Token]) -> PathTree:
        unit = Number(parts[1].span, Fraction(1), parts[1].value) if len(parts) > 1 else None
        return PathTree(parts[0].value, unit, parts[0].span.to(parts[-1].span))

    def population(self, parts: list[Part]) -> PopulationTree:
        name, model = (Name(token.span, token.text) for token in parts[1:3])
        sizes = next((part.parts for part in parts if isinstance(part, _Brackets)), ())
        doc = next((part.value for part in parts if isinstance(part, Token) and part.type == "STRING"), None)
        path = next((part for part in parts if isinstance(part, PathTree)), None)
        blocks = [part.value for part in parts if isinstance(part, Token) and part.type == "BLOCK"]
        lines = [part for part in (*parts, *(line for block in blocks for line in block)) if isinstance(part, Entries)]
        entries = tuple(entry for line in lines for entry in line.entries)
        last = parts[-1].entries[-1] if isinstance(parts[-1], Entries) else parts[-1]
        return PopulationTree(name, model, sizes, doc, path, entries, parts[0].span.to(last.span))

    def clauses(self, parts: list[Part]) -> tuple[Clause | Entry, ...]:
        return tuple(part for part in parts if isinstance(part, Clause | Entry))

    def rule(self, parts: list[Part]) -> Clause:
        named = len(parts) > 1 and isinstance(parts[-1], Token)
        operands = tuple(parts[1:-2] if named else parts[1:])
        target = Name(parts[-1].span, parts[-1].text) if named else None
        return Clause(parts[0].text, operands, target, parts[0].span.to(parts[-1].span), parts[0].span)

    def connect(self, parts: list[Part]) -> ConnectTree:
        arrow = next(i for i, part in enumerate(parts) if isinstance(part, Token) and part.type == "ARROW")
        sources, targets = ([part for part in side if isinstance(part, PartTree)] for side in (parts[:arrow], parts[arrow:]))
        start = next(i for i, part in enumerate(parts) if isinstance(part, Token) and part.type == "WITH") + 1
        synapse, rest = parts[start], parts[start + 1 :]
        blocks = [part.value for part in rest if isinstance(part, Token) and part.type == "BLOCK"]
        clauses = [clause for part in (*rest, *(line for block in blocks for line in block)) if isinstance(part, tuple) for clause in part]
        span = parts[0].span.to(synapse.span)
        return ConnectTree(tuple(sources), tuple(targets), Name(synapse.span, synapse.text), tuple(clauses), span)

    def imported(self, parts: list[Token]) -> Imported:
        name, *alias = (Name(token.span, token.text) for token in parts[::2])
        return Imported(name, alias[0] if alias else None)

    def imports(self, parts: list[Part]) -> Import:
        models = tuple(part for part in parts if isinstance(part, Imported))
        path = parts[-1] if isinstance(parts[-1], Token) else None
        end = models[-1].own.span if path is None else path.span
        return Import(models, None if path is None else path.value, parts[0].span.to(end), end)

    # --- the pieces of blocks ---

    def change(self, parts: list[Part]) -> ActionTree:
        target, operator, value = parts
        return ActionTree("set", target.node, operator.text, value, target.span.to(value.span), target.indices)

    def hold(self, parts: list[Part]) -> ActionTree:
        target = parts[1]
        return ActionTree("hold", target.node, None, parts[3], parts[0].span.to(parts[3].span), target.indices)

    def wait(self, parts: list[Part]) -> ActionTree:
        return ActionTree("wait", None, None, parts[1], parts[0].span.to(parts[1].span))

    def emit(self, parts: list[Token]) -> ActionTree:
        return ActionTree("emit", Name(parts[1].span, parts[1].text), None, None, parts[0].span.to(parts[1].span))

    def stop(self, parts: list[Token]) -> ActionTree:
        return ActionTree("stop", None, None, None, parts[0].span)

    def sampled(self, parts: list[Part]) -> RecordedTree:
        return RecordedTree(None, parts[0], parts[2], parts[0].span.to(parts[2].span))

    def recorded(self, parts: list[Part]) -> RecordedTree:
        quantity = Name(parts[3].span, parts[3].text)
        every = parts[5] if len(parts) > 4 else None
        return RecordedTree(self.part(parts[:2]), quantity, every, parts[0].span.to(parts[-1].span))

    def setting(self, parts: list[Part]) -> SettingTree:
        return SettingTree(parts[0].text, tuple(parts[1:]), parts[0].span.to(parts[-1].span), parts[0].span)
