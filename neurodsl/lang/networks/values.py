"""Values in a network: numbers, distributions, and expressions of its constants and of the numbers of neurons."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.agreement import Complaints, phrase, usual
from neurodsl.lang.building import expand
from neurodsl.lang.dependencies import Dependencies, Reach
from neurodsl.lang.dimensions import Algebra
from neurodsl.lang.distributions import DISTRIBUTIONS
from neurodsl.lang.draws import check_draw, distribution, value_unit
from neurodsl.lang.known import check_stimuli, refuse_processes, require
from neurodsl.lang.names import check_expression, short
from neurodsl.lang.nodes import Call, Expression, Number, Product
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import Draw, Entry
from neurodsl.model import Distribution
from neurodsl.units import ONE, Unit

Given = Expression | Distribution


@dataclass
class Surroundings:
    """What the expressions of a network may use: its parameters, derived constants and functions, with their units."""

    declarations: Declarations
    dependencies: Dependencies
    algebra: Algebra
    dimensionless: bool

    @property
    def report(self) -> Report:
        """Return where findings go."""
        return self.declarations.report

    def value(
        self,
        value: Expression | Draw,
        wanted: Unit,
        what: str,
        numbers: Collection[str] = (),
        allowed: Reach = Reach.NOTHING,
    ) -> Given | None:
        """Return a value once it is checked; None where it is wrong, which is reported.

        Parameters
        ----------
        wanted : Unit
            The unit that it has to have.
        what : str
            What messages call its place.
        numbers : collection of str
            Which of ``i`` and ``j`` it may use.
        allowed : Reach
            What else it may depend on.
        """
        before = len(self.report.found)
        drawn = value if isinstance(value, Draw) else as_draw(value, self.declarations)
        complaints = Complaints(self.report, self.declarations.parameters, self.algebra)
        if drawn is not None:
            check_draw(self.declarations, drawn)
            require(self.declarations, drawn, self.dependencies.of(drawn), what, Reach.NOTHING)
            if len(self.report.found) == before:
                self._agrees(drawn, value_unit(self.algebra, drawn, complaints), wanted, what, complaints)
            return distribution(self.algebra, drawn) if len(self.report.found) == before else None
        assert not isinstance(value, Draw)
        check_expression(self.declarations, value, arguments=numbers)
        require(self.declarations, value, self.dependencies.of(value, numbers), what, allowed)
        check_stimuli(self.declarations, value, self.dependencies, tuple(numbers))
        refuse_processes(self.declarations, value)
        if len(self.report.found) == before and not self.dimensionless:
            local = dict.fromkeys(numbers, ONE)
            complaints.expect(value, self.algebra.unit_of(value, complaints, local), wanted, what)
        return value if len(self.report.found) == before else None

    def condition(self, value: Expression, numbers: Collection[str]) -> Expression | None:
        """Return a condition of ``i`` and ``j`` once it is checked; None where it is wrong."""
        before = len(self.report.found)
        check_expression(self.declarations, value, condition=True, arguments=numbers)
        require(self.declarations, value, self.dependencies.of(value, numbers), "the condition of `where`", Reach.NOTHING)
        if len(self.report.found) == before and not self.dimensionless:
            complaints = Complaints(self.report, self.declarations.parameters, self.algebra)
            self.algebra.unit_of(value, complaints, dict.fromkeys(numbers, ONE))
        return value if len(self.report.found) == before else None

    def number(self, value: Expression, what: str) -> Expression | None:
        """Return an expression that comes to a number, with the derived constants in it put in; None where it is wrong."""
        found = self.value(value, ONE, what)
        if found is None or isinstance(found, Distribution):
            if found is not None:
                self.report.add(rules.BAD_VALUE, f"{what} is a number, not drawn", value.span)
            return None
        constants = {name: d.right for name, d in self.declarations.definitions.items()}
        return expand(self.report, found, constants)

    def _agrees(self, drawn: Draw, unit: object, wanted: Unit, what: str, complaints: Complaints) -> None:
        if self.dimensionless or not isinstance(unit, Unit) or wanted.same_dimension(unit):
            return
        help = f"write `{short(drawn.call)} [{usual(wanted)}]`" if unit.is_dimensionless and drawn.unit is None else None
        complaints.say(rules.DIMENSIONS, f"{what} is {phrase(wanted)} but a draw of `{short(drawn.call)}` is {phrase(unit)}", drawn.span, help)


def check_entry(entry: Entry, report: Report) -> None:
    """Report what stands beside the name of a value and would be ignored: indices and a label."""
    if entry.indices:
        message = "a value is given to a whole array, not to an element"
        report.add(rules.SYNTAX, message, entry.target.span, f"write `{entry.target.span.text} = ...`")
    if entry.doc is not None:
        report.add(rules.LABEL, "a value has no label here", entry.span, "labels stand where a quantity is declared")


def as_draw(value: Expression, declarations: Declarations) -> Draw | None:
    """Return a value that names a distribution, ``uniform(1, 5) [ms]``, as it would stand behind ``~``; None for any other."""
    match value:
        case Call() if value.function in DISTRIBUTIONS and value.function not in declarations.functions:
            return Draw(value, None)
        case Product(factors=(("*", Call() as call), ("*", Number(value=1, unit=unit) as bracket))) if unit is not None:
            return Draw(call, bracket) if call.function in DISTRIBUTIONS and call.function not in declarations.functions else None
    return None
