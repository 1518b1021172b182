"""How the values of a network are spread over its neurons: a number for all, or an array with one for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Array, Conditional, Dot, Expression, Index, Load, Name, Number, Product, Reduction
from neurodsl.lang.shapes import Shape, find_shapes
from neurodsl.model import Definition, Distribution, Model, NetworkModel, Parameter
from neurodsl.units import ONE

CONCERNING = (Array, Dot, Reduction, Index)


@dataclass(frozen=True)
class _Place:
    """An expression of a network, what it is, and how many neurons have a value each; 0 where it is one for all."""

    value: Expression
    what: str
    count: int = 0


def is_written_out(value: Expression) -> Array | None:
    """Return the array where a value consists of one, perhaps with a unit behind it; None for any other."""
    if isinstance(value, Array):
        return value
    match value:
        case Product(factors=(("*", Array() as items), ("*", Number(value=1)))):
            return items
    return None


def shape_of_value(value: Expression, block: Model) -> Shape:
    """Return the shape of an expression of a network, in which ``i`` and ``j`` are numbers."""
    if not _concerns_arrays(value, block):
        return ()
    made = _with_values(block, [value])
    shapes = find_shapes(made, Report())
    return () if shapes is None else shapes.names.get(_name(0), ())


def check_spread(network: NetworkModel, sizes: dict[str, int], report: Report) -> None:
    """Report arrays among the values of a network that are not as long as the population, or stand where one number belongs."""
    places = [place for place in _places(network, sizes) if _concerns_arrays(place.value, network.block)]
    if not places:
        return
    shapes = find_shapes(_with_values(network.block, [place.value for place in places]), report)
    if shapes is None:
        return
    for number, place in enumerate(places):
        shape = shapes.names.get(_name(number), ())
        if shape in ((), (place.count,)):
            continue
        if place.count and len(shape) == 1:
            message = f"{place.what} has {shape[0]} values, and there are {place.count} neurons"
            report.add(rules.SHAPES, message, place.value.span, "give one for each, or a number for all")
        else:
            wanted = "a number, or an array with one for each neuron," if place.count else "a number"
            message = f"{place.what} is {wanted} and `{short(place.value)}` has the shape {shape}"
            report.add(rules.SHAPES, message, place.value.span, "an element of an array is `W[i]`")


def _places(network: NetworkModel, sizes: dict[str, int]) -> Iterator[_Place]:
    """Yield the expressions of a network that have to be a number, or one for each neuron."""
    for population in network.populations.values():
        for name, value in population.values.items():
            yield from _of_value(value, f"`{name}` of `{population.name}`", sizes[population.name])
    for projection in network.projections:
        for name, value in projection.values.items():
            if isinstance(value, Distribution) or is_written_out(value) is None:
                yield from _of_value(value, f"`{name}` of `{projection.kind}`", 0)
        if projection.delay is not None:
            yield from _of_value(projection.delay, "the delay", 0)
        rule = projection.rule
        for argument in rule.arguments if rule.kind != "matrix" else ():
            yield _Place(argument, f"the {rule.kind}")
        if rule.condition is not None:
            span = rule.condition.span
            yield _Place(Conditional(span, Number(span, Fraction(1)), rule.condition, Number(span, Fraction(0))), "the condition of `where`")


def _of_value(value: Expression | Distribution, what: str, count: int) -> Iterator[_Place]:
    if isinstance(value, Distribution):
        yield from (_Place(argument, what) for argument in value.arguments)
    elif not any(isinstance(node, Load) for node in value.walk()):
        yield _Place(value, what, count)


def _concerns_arrays(value: Expression, block: Model) -> bool:
    """Return whether an expression may be, or use, an array."""
    names = {*block.parameters, *block.definitions}
    sized = any(p.shape or not isinstance(p.value, Number) for p in block.parameters.values()) or bool(block.definitions)
    return any(isinstance(node, CONCERNING) or (sized and isinstance(node, Name) and node.id in names) for node in value.walk())


def _with_values(block: Model, values: list[Expression]) -> Model:
    """Return the block of a network with expressions as derived quantities, in which ``i`` and ``j`` are numbers."""
    parameters = dict(block.parameters)
    for name in ("i", "j"):
        span = values[0].span
        parameters[name] = Parameter(name, ONE, None, span, Number(span, Fraction(0)))
    made = {_name(k): Definition(_name(k), ONE, None, value.span, value, False) for k, value in enumerate(values)}
    return replace(block, parameters=parameters, definitions={**block.definitions, **made})


def _name(number: int) -> str:
    return f"value {number}"
