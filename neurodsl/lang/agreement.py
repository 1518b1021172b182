"""Messages about units that do not fit: both sides with their dimensions, and the unit that would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neurodsl import rules
from neurodsl.diagnostics import Report, Rule
from neurodsl.lang.dimensions import UNKNOWN, Algebra, Measure, Problems, exact
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Call, Comparison, Conditional, Derivative, Expression, Index, Name, Number, Power, Product, Reduction, Sum
from neurodsl.lang.stimuli import PROCESS, PROCESS_ARGUMENTS, STIMULI
from neurodsl.lang.tree import Draw, Entry
from neurodsl.lang.unparse import decimal
from neurodsl.source import Span
from neurodsl.units import ONE, Unit, UnitError, describe, dimension_text, lookup, proposals

DIFFERENCE = (lookup("degC") or ONE) / (lookup("K") or ONE)


def shown(unit: Unit) -> str:
    """Return a unit as text; dots where it is a monster that no text describes."""
    try:
        return describe(unit)
    except UnitError:
        return "..."


def phrase(unit: Unit) -> str:
    """Return what a unit measures, as in ``a voltage (mV)``, ``dimensionless``."""
    if unit.is_dimensionless:
        return "dimensionless" if unit == ONE else f"dimensionless ({shown(unit)})"
    words = dimension_text(unit)
    if any(sign in words for sign in "/^*"):
        return f"of dimension {words} ({shown(unit)})"
    article = "an" if words[0] in "aeiou" else "a"
    return f"{article} {words} ({shown(unit)})"


def usual(unit: Unit) -> str:
    """Return the symbol to propose for a unit: itself where a text of the field describes it, else the usual one of its dimension."""
    text = shown(unit)
    return proposals(unit) or text if "^(" in text or len(text) > 15 or "10" in text else text


@dataclass(slots=True)
class Complaints(Problems):
    """Puts what the algebra finds into a report, each place once.

    ``entries`` holds the declarations of parameters and inputs, for proposals; ``caller`` is the call in whose function we are.
    """

    report: Report
    entries: Mapping[str, Entry]
    algebra: Algebra
    caller: Call | None = None
    local: frozenset[str] = frozenset()
    places: set[tuple[int, int]] = field(default_factory=set)

    def within(self, call: Call) -> Complaints:
        """Return a teller for the body of a function, which names the call."""
        arguments = frozenset(self.algebra.functions[call.function].arguments)
        return Complaints(self.report, self.entries, self.algebra, self.caller or call, arguments, self.places)

    def say(self, rule: Rule, message: str, span: Span, help: str | None) -> None:
        """Report a finding, unless something has been said about its place."""
        if (span.start, span.stop) in self.places:
            return
        self.places.add((span.start, span.stop))
        also = () if self.caller is None else ((self.caller.span, f"in the call `{short(self.caller)}`"),)
        self.report.add(rule, message, span, help, also)

    def mismatch(self, node: Expression, first: Expression, second: Expression, units: tuple[Unit, Unit]) -> None:
        """Report two parts that measure different things."""
        if self._offset(node, first, second, units):
            return
        start = {Sum: "", Comparison: "", Conditional: "the branches differ: ", Call: "the arguments differ: "}.get(type(node), "")
        message = f"{start}`{short(first)}` is {phrase(units[0])} but `{short(second)}` is {phrase(units[1])}"
        help, place = self.mend(second, units[1], units[0]), second
        if help is None and (help := self.mend(first, units[0], units[1])):
            place = first
        self.say(rules.DIMENSIONS, message, place.span, help or _missing_factor(first, units))

    def _offset(self, node: Expression, first: Expression, second: Expression, units: tuple[Unit, Unit]) -> bool:
        ratio = units[0] / units[1]
        if ratio.dimension not in (DIFFERENCE.dimension, (ONE / DIFFERENCE).dimension):
            return False
        message = f"`{short(first)}` is {phrase(units[0])} but `{short(second)}` is {phrase(units[1])}: they differ by an offset of 273.15"
        self.say(rules.OFFSET, message, node.span, "state both in one of the two; a difference of 1 degC is one of 1 K")
        return True

    def not_dimensionless(self, node: Expression, part: Expression, unit: Unit) -> None:
        """Report an argument or an exponent that is no pure number."""
        what = (
            "an exponent" if isinstance(node, Power) else f"the argument of `{node.function}`" if isinstance(node, Call | Reduction) else "an index"
        )
        help = f"divide by a unit: `{divided(part, unit)}`"
        if isinstance(node, Power) and isinstance(part, Number):
            help = f"a unit binds tighter than `^`: write `({short(node.base)}^{decimal(part.value)}) [{shown(unit)}]`"
        self.say(rules.NOT_DIMENSIONLESS, f"{what} is a pure number, but `{short(part)}` is {phrase(unit)}", part.span, help)

    def argument(self, call: Call, number: int, unit: Unit, wanted: Unit) -> None:
        """Report an argument of a stimulus that does not measure what it has to."""
        names = PROCESS_ARGUMENTS if call.function == PROCESS else STIMULI[call.function]
        self.expect(call.arguments[number], unit, wanted, f"the {names[number].name} of `{call.function}`")

    def power(self, node: Power, unit: Unit) -> None:
        """Report a power of a quantity with a unit whose exponent is not a number."""
        help = f"divide by a unit first: `({divided(node.base, unit)})^{short(node.exponent)}`"
        message = f"`{short(node.base)}` is {phrase(unit)}; its exponent has to be a number, written out and not too large"
        self.say(rules.ROOT, message, node.span, help)

    def expect(self, part: Expression, actual: Measure, wanted: Unit, what: str, span: Span | None = None) -> None:
        """Report an expression that does not measure what its place asks for; ``what`` describes the place."""
        if not isinstance(actual, Unit) or actual.same_dimension(wanted):
            return
        message = f"{what} is {phrase(wanted)} but `{short(part)}` is {phrase(actual)}"
        self.say(rules.DIMENSIONS, message, span or part.span, self.mend(part, actual, wanted))

    def mend(self, part: Expression, actual: Unit, wanted: Unit) -> str | None:
        """Return how to give an expression the unit it should have, where a bare number in it is the likely reason."""
        missing = wanted / actual
        if missing.is_dimensionless:
            return None
        for node, inverted in _bare_candidates(part):
            unit = ONE / missing if inverted else missing
            if isinstance(node, Number):
                sign = "-" if isinstance(part, Sum) else ""
                return f"a bare number is dimensionless: write `{sign}{decimal(node.value)} [{usual(unit)}]`"
            entry = self.entries.get(node.id) if isinstance(node, Name) and node.id not in self.local else None
            value = None if entry is None or isinstance(entry.value, Draw) else exact(entry.value)
            if isinstance(node, Name) and value is not None:
                # One message is enough: what follows from the missing unit is not said again.
                self.algebra.names[node.id] = UNKNOWN
                return f"give `{node.id}` a unit where it is declared: `{node.id} = {decimal(value)} [{usual(unit)}]`"
        return None


def _missing_factor(left: Expression, units: tuple[Unit, Unit]) -> str | None:
    """Return how to mend an equation whose left side is a bare derivative: by the factor that texts leave out where they set it to 1."""
    if not isinstance(left, Derivative):
        return None
    words = dimension_text(units[1] / units[0])
    name = {"time": "tau", "capacitance": "C", "capacitance per area": "C"}.get(words)
    if name is None:
        return None
    return f"a {words} is missing on the left side: `{name}*{short(left)} = ...`; a model that sets it to 1 has no units at all"


def divided(part: Expression, unit: Unit) -> str:
    """Return the text of an expression divided by its unit."""
    text = short(part)
    return f"{text}/[{shown(unit)}]" if isinstance(part, Name | Index | Call | Power) else f"({text})/[{shown(unit)}]"


def _bare_candidates(part: Expression) -> list[tuple[Expression, bool]]:
    """Return the numbers and names in which a unit may be missing, each with whether it stands below a fraction bar."""
    if isinstance(part, Sum) and len(part.terms) == 1:
        part = part.terms[0][1]
    if isinstance(part, Number):
        return [(part, False)] if part.unit is None else []
    if isinstance(part, Name):
        return [(part, False)]
    if isinstance(part, Product):
        found = [(factor, operator == "/") for operator, factor in part.factors]
        names = [item for item in found if isinstance(item[0], Name)]
        return names + [item for item in found if isinstance(item[0], Number) and item[0].unit is None]
    return []
