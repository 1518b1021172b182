"""The numbers of a network, before anything is allocated: sizes, slices, degrees, probabilities, synapses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.names import short
from neurodsl.lang.networks.spread import check_spread
from neurodsl.lang.nodes import Expression, Name
from neurodsl.lang.settings import MILLISECOND
from neurodsl.lang.shapes import find_shapes
from neurodsl.lang.sizes import Constants
from neurodsl.model import Distribution, NetworkModel, Part, Population, Projection
from neurodsl.units import ONE, describe

MOST_NEURONS = 50_000_000
"""Neurons in a population at most."""
MOST_SYNAPSES = 2_000_000_000
"""Synapses in a network at most, as far as their number is known before they are made."""

DEFAULT_STEP = Fraction(1, 10)
"""The step of a network in ms where its text says nothing."""
ROUNDING = Fraction(1, 10**6)
"""How far, of itself, a delay may lie beside a whole number of steps."""

Bounds = tuple[int, int, int]
"""The first neuron of a part, the one behind its last, and the step between two."""


@dataclass(frozen=True)
class Figures:
    """The sizes of the populations of a network, and where its parts begin and end."""

    sizes: Mapping[str, int]
    constants: Constants

    def bounds(self, part: Part) -> Bounds:
        """Return the first neuron of a part, the one behind its last, and the step between two."""
        size = self.sizes[part.population]
        start = 0 if part.start is None else self._whole(part.start)
        if part.single:
            return start, start + 1, 1
        stop = size if part.stop is None else self._whole(part.stop)
        return start, stop, 1 if part.step is None else self._whole(part.step)

    def count(self, part: Part) -> int:
        """Return how many neurons a part has."""
        start, stop, _ = self.bounds(part)
        return stop - start

    def number(self, node: Expression) -> Fraction | None:
        """Return the pure number that an expression comes to; None where it is not known beforehand."""
        return self.constants.number(node)

    def _whole(self, node: Expression) -> int:
        return int(self.constants.number(node) or 0)


def find_figures(network: NetworkModel, report: Report) -> Figures | None:
    """Return the numbers of a network; None where one of them cannot be, which is reported."""
    found = Report()
    figures = _find(network, found)
    report.found += [finding for finding in found.found if finding not in report.found]
    return figures if found.ok else None


def _find(network: NetworkModel, report: Report) -> Figures | None:
    constants = Constants(network.block)
    sizes = {name: _size(population, constants, report) for name, population in network.populations.items()}
    figures = Figures({name: size for name, size in sizes.items() if size is not None}, constants)
    if not report.ok:
        return None
    for projection in network.projections:
        parts = [part for part in (projection.source, projection.target, projection.third) if part is not None]
        fitting = [part for part in parts if _part_fits(part, figures, report)]
        if len(fitting) == len(parts):
            _check_rule(projection, figures, report)
            _check_matrix(projection, network, figures, report)
            _check_delays(projection, network, figures, report)
    for recorded in network.recorded:
        if recorded.part is not None:
            _part_fits(recorded.part, figures, report)
    if not report.ok:
        return None
    _check_total(network, figures, report)
    check_spread(network, dict(figures.sizes), report)
    return figures


def _size(population: Population, constants: Constants, report: Report) -> int | None:
    node = population.size
    number = _number(node, constants, f"the size of `{population.name}`", report)
    if number is None:
        return None
    if number.denominator != 1 or number < 1:
        message = f"the size of `{population.name}` is a whole number from 1 on, not {_shown(node, number)}"
        help = f"write `{population.kind}[round({short(node)})]`" if number > 1 else None
        report.add(rules.BAD_SIZE, message, node.span, help)
        return None
    if number > MOST_NEURONS:
        message = f"`{population.name}` has {figure(number)} neurons; at most {figure(MOST_NEURONS)} are made"
        report.add(rules.TOO_LARGE, message, node.span, "make it smaller")
        return None
    return int(number)


def _shown(node: Expression, number: Fraction | None) -> str:
    """Return an expression as text, with the number that it comes to where it does not show it."""
    named = any(isinstance(part, Name) for part in node.walk())
    return f"`{short(node)}`, which is {float(number):.6g}" if named and number is not None else f"`{short(node)}`"


def _number(node: Expression, constants: Constants, what: str, report: Report) -> Fraction | None:
    """Return the number that an expression of parameters comes to; one that is not known is reported."""
    number = constants.number(node)
    if number is not None:
        return number
    drawn = [n.id for n in node.walk() if isinstance(n, Name) and n.id in constants.values and _is_drawn(constants, n.id)]
    if drawn:
        message, help = f"`{drawn[0]}` is drawn, so that {what} is not known before a run", f"give `{drawn[0]}` a number"
    else:
        message = f"{what}, `{short(node)}`, does not come out as a number"
        help = "it is made of numbers, parameters, `+ - * / ^`, `min`, `max`, `mod`, `floor`, `ceil`, `round` and `abs`"
    report.add(rules.BAD_SIZE, message, node.span, help)
    return None


def _is_drawn(constants: Constants, name: str) -> bool:
    return isinstance(constants.model.parameters[name].value, Distribution)


def _part_fits(part: Part, figures: Figures, report: Report) -> bool:
    """Return whether a part lies within its population; report what does not."""
    size, name = figures.sizes[part.population], part.population
    for bound, least in ((part.start, 0), (part.stop, 0), (part.step, 1)):
        if bound is None:
            continue
        number = _number(bound, figures.constants, f"a number of a neuron of `{name}`", report)
        if number is None:
            return False
        if number.denominator != 1 or number < least:
            report.add(rules.INDEX_RANGE, f"`{short(bound)}` is no number of a neuron of `{name}`", bound.span, "neurons are counted from 0")
            return False
    start, stop, _ = figures.bounds(part)
    if stop > size:
        message = f"`{name}` has {figure(size)} neurons, and `{part.span.text}` asks for neuron {figure(stop - 1)}"
        report.add(rules.INDEX_RANGE, message, part.span, f"the last one is {figure(size - 1)}: neurons are counted from 0, and the end is left out")
        return False
    if start >= stop:
        report.add(rules.INDEX_RANGE, f"`{part.span.text}` holds no neuron", part.span, "`E[0:100]` are the neurons 0 to 99")
        return False
    return True


def _check_rule(projection: Projection, figures: Figures, report: Report) -> None:
    """Report a rule that does not go with the sizes that it joins."""
    rule, span = projection.rule, projection.rule.span or projection.span
    sources, targets = figures.count(projection.source), figures.count(projection.target)
    third = None if projection.third is None else figures.count(projection.third)
    if third not in (None, 1, targets):
        message = f"`third {projection.third.span.text if projection.third else ''}` has {third} neurons, and there are {targets} targets"
        report.add(rules.BAD_WIRING, message, span, "a third population has one neuron for all, or one for each target")
    numbers = [figures.number(argument) for argument in rule.arguments]
    if rule.kind == "one to one" and sources != targets:
        message = (
            f"`one to one` joins parts of one size; `{projection.source.span.text}` has {sources} neurons, `{projection.target.span.text}` {targets}"
        )
        report.add(rules.BAD_WIRING, message, span, "name parts of one size, as `E[0:100]`")
    if rule.kind in ("small world", "scale free") and sources != targets:
        report.add(
            rules.BAD_WIRING, f"`{rule.kind}` joins parts of one size, not {sources} and {targets} neurons", span, "join a population with itself"
        )
    for argument, number, domain in zip(rule.arguments, numbers, _domains(projection, sources, targets), strict=False):
        _check_argument(argument, number, domain, rule.kind, report)


def step_of(network: NetworkModel) -> Fraction | None:
    """Return the step of a network as its text says it, else 0.1 ms, 0.01 where it has no units, 1 for maps."""
    settings = network.settings
    given = settings.step if network.block.discrete else settings.dt
    if given is not None:
        return Fraction(str(given))
    if network.block.discrete:
        return Fraction(1)
    if network.dimensionless:
        return Fraction(1, 100)
    factor = MILLISECOND.factor_to(network.time_unit) if network.time_unit.same_dimension(MILLISECOND) else None
    return DEFAULT_STEP * factor if isinstance(factor, Fraction) else None


def _check_delays(projection: Projection, network: NetworkModel, figures: Figures, report: Report) -> None:
    """Point out delays that are no whole number of steps, as far as they are known."""
    dt = step_of(network)
    nodes = [(projection.delay, figures.constants)] if projection.delay is not None and not isinstance(projection.delay, Distribution) else []
    own = Constants(projection.synapse)
    nodes += [(event.trigger, own) for event in projection.synapse.events if event.trigger is not None]
    for node, constants in nodes:
        found = constants.magnitude(node)
        factor = None if found is None or not found[1].same_dimension(network.time_unit) else found[1].factor_to(network.time_unit)
        if dt is None or found is None or not isinstance(factor, Fraction):
            continue
        steps = found[0] * factor / dt
        if steps < 0:
            bracket = "" if found[1] == ONE else f" [{describe(found[1])}]"
            report.add(rules.BAD_VALUE, f"a delay is not negative, not `{short(node)}`, which is {float(found[0]):.6g}{bracket}", node.span)
        elif steps and abs(steps - max(round(steps), 1)) > ROUNDING * steps:
            near = dict.fromkeys(max(k, 1) * dt / factor for k in (math.floor(steps), math.ceil(steps)))
            bracket = "" if found[1] == ONE else f" [{describe(found[1])}]"
            words = " or ".join(f"`{float(value):.6g}{bracket}`" for value in near)
            told = f"the delay `{short(node)}` is no whole number of steps of {float(dt / factor):.6g}{bracket}"
            report.add(rules.OFF_STEP, told, node.span, f"write {words}, or another `dt` in `simulate:`")


def _check_matrix(projection: Projection, network: NetworkModel, figures: Figures, report: Report) -> None:
    """Report a matrix of the text whose shape is not that of the two parts."""
    rule = projection.rule
    shapes = find_shapes(network.block, Report()) if rule.kind == "matrix" and rule.arguments else None
    if shapes is None:
        return
    found, wanted = shapes.of(rule.arguments[0]), (figures.count(projection.source), figures.count(projection.target))
    if found != wanted:
        told_of = f"of shape {found}" if found else "a number"
        message = f"the matrix `{short(rule.arguments[0])}` is {told_of}, and {wanted[0]} neurons are joined to {wanted[1]}"
        report.add(rules.SHAPES, message, rule.arguments[0].span, "it has a row for each source and a column for each target")


def _domains(projection: Projection, sources: int, targets: int) -> list[tuple[bool, int, str] | None]:
    """Return of each argument of a rule whether it is a whole number, how large it is at most, and why; None for what is checked elsewhere."""
    rule, part = projection.rule, projection.source.population == projection.target.population
    own = int(rule.no_self and part)
    match rule.kind:
        case "indegree" | "outdegree":
            size, side = (sources, "source") if rule.kind == "indegree" else (targets, "target")
            limit = size - own if not rule.multiple else MOST_SYNAPSES
            words = f"there are {size - own} {side}s" + (" beside itself" if own else "") + ", and `no multiple` joins each once"
            return [(True, limit, words)]
        case "probability":
            return [(False, 1, "")]
        case "small world":
            return [(True, sources - 1, f"a neuron has at most {sources - 1} neighbours"), (False, 1, "")]
        case "scale free":
            return [(True, sources - 1, f"there are {sources} neurons")]
    return []


def _check_argument(argument: Expression, number: Fraction | None, domain: tuple[bool, int, str] | None, kind: str, report: Report) -> None:
    if domain is None or (number is None and not domain[0]):
        return
    whole, most, words = domain
    shown = _shown(argument, number)
    if whole and (number is None or number.denominator != 1 or number < 0):
        report.add(rules.BAD_WIRING, f"the number of `{kind}` is a whole one from 0 on, not {shown}", argument.span)
    elif whole and number is not None and number > most:
        report.add(rules.BAD_WIRING, f"`{kind}` asks for {figure(number)}: {words}", argument.span, "take fewer")
    elif not whole and number is not None and not 0 <= number <= 1:
        report.add(rules.BAD_WIRING, f"a probability lies between 0 and 1, not {shown}", argument.span)


def synapses_of(projection: Projection, figures: Figures) -> Fraction:
    """Return about how many synapses a projection has; where a rule draws or looks at each pair, as many as are expected, or may be."""
    rule = projection.rule
    sources, targets = Fraction(figures.count(projection.source)), Fraction(figures.count(projection.target))
    number = figures.number(rule.arguments[0]) if rule.arguments else None
    match rule.kind:
        case "one to one":
            return min(sources, targets)
        case "probability":
            return sources * targets * (number if number is not None else 1)
        case "indegree":
            return targets * (number or 0)
        case "outdegree" | "small world":
            return sources * (number or 0)
        case "scale free":
            return 2 * sources * (number or 0)
        case "pairs":
            return Fraction(0)
    return sources * targets


def _check_total(network: NetworkModel, figures: Figures, report: Report) -> None:
    """Report a network of more synapses than can be made, at the connection that has most of them."""
    counts = [synapses_of(projection, figures) for projection in network.projections]
    known = [_is_known(projection, figures) for projection in network.projections]
    total = sum((count for count, certain in zip(counts, known, strict=True) if certain), Fraction(0))
    if total <= MOST_SYNAPSES:
        return
    number = max((k for k in range(len(counts)) if known[k]), key=lambda k: counts[k])
    largest = network.projections[number]
    share = "" if len(counts) == 1 else f", {figure(counts[number])} of them in `{largest.name}`"
    message = f"the network has about {figure(total)} synapses{share}; at most {figure(MOST_SYNAPSES)} are made"
    report.add(rules.TOO_MANY_SYNAPSES, message, largest.span, "lower the probability or the degree, or make the populations smaller")


def _is_known(projection: Projection, figures: Figures) -> bool:
    """Return whether the number of synapses does not depend on what holds for each pair."""
    rule = projection.rule
    return rule.condition is None and not (rule.kind == "probability" and figures.number(rule.arguments[0]) is None)


def figure(number: Fraction | int) -> str:
    """Return a count as text: with digits where they are few, else rounded."""
    return str(int(number)) if number < 1_000_000 else f"{float(number):.3g}".replace("e+0", "e").replace("e+", "e")
