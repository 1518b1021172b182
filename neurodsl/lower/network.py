"""From what an author said of a network to its mathematics: NetworkModel -> Network."""

from __future__ import annotations

from dataclasses import replace

from sympy import Basic, Expr, Symbol

from neurodsl.diagnostics import NeuroError, Report
from neurodsl.lang.distributions import law_of
from neurodsl.lang.networks.figures import Figures, find_figures
from neurodsl.lang.networks.populations import EMITTERS, emission_unit
from neurodsl.lang.networks.spread import is_written_out, shape_of_value
from neurodsl.lang.nodes import Array, Expression, Load, Name
from neurodsl.lang.shapes import find_shapes
from neurodsl.lower.elements import Arrays
from neurodsl.lower.expressions import Translator, time_symbols
from neurodsl.lower.followed import followed, samples_of
from neurodsl.lower.model import lower
from neurodsl.lower.starts import parameters_of, unit_of_file
from neurodsl.lower.values import Value as Translated
from neurodsl.model import Distribution, Model, NetworkModel
from neurodsl.model import Part as PartModel
from neurodsl.model import Population as PopulationModel
from neurodsl.model import Projection as ProjectionModel
from neurodsl.model import Recorded as RecordedModel
from neurodsl.network import Emitter, I, J, Network, Part, Population, Projection, Recorded, Rule, Value
from neurodsl.system import Definition, Draw, Items, Loaded, System
from neurodsl.units import ONE, Unit

NUMBERS = {"i": Translated(I, ONE), "j": Translated(J, ONE)}


def lower_network(model: NetworkModel) -> Network:
    """Return a network with its populations and synapses as systems.

    Sizes and the ends of parts become numbers; rules, delays and values stay expressions of the constants of the network, of ``i`` and of ``j``.

    Raises
    ------
    NeuroError
        Where a size, a degree or a probability cannot be, or a system cannot be made.
    """
    report = Report()
    figures = find_figures(model, report)
    if figures is None:
        raise NeuroError(report)
    return _Lowering(model, figures).network()


class _Lowering:
    """Makes a network; models that are one object become systems that are one object."""

    def __init__(self, model: NetworkModel, figures: Figures) -> None:
        self.model = model
        self.figures = figures
        self.systems: dict[int, System] = {}
        block = model.block
        self.translator = _translator(block)
        self.parameters = parameters_of(block, self.translator, ())
        for name in block.definitions:
            self.translator.add_named(name)
        self.constants = tuple(self.translator.definitions)
        self.again: dict[str, Definition] = {}

    def network(self) -> Network:
        """Return the whole network."""
        model = self.model
        populations = tuple(self._population(population) for population in model.populations.values())
        projections = tuple(self._projection(projection) for projection in model.projections)
        return Network(
            model.name,
            model.doc,
            model.dimensionless,
            model.time_unit,
            self.parameters,
            (*self.constants, *self.again.values()),
            populations,
            projections,
            tuple(self._recorded(recorded) for recorded in model.recorded),
            model.settings,
        )

    def _system(self, model: Model) -> System:
        if id(model) not in self.systems:
            self.systems[id(model)] = followed(lower(model))
        return self.systems[id(model)]

    def _population(self, made: PopulationModel) -> Population:
        size, model = self.figures.sizes[made.name], made.model
        if model is not None:
            values = {name: self._apart(self._value(value, _unit_of(model, name)), model) for name, value in made.values.items()}
            system = self._system(model)
            samples = samples_of(model, system, made.samples)
            return Population(made.name, size, made.kind, system, None, values, made.span, made.doc, samples)
        units = {name: emission_unit(EMITTERS[made.kind], name, self.model.time_unit) or ONE for name in made.values}
        rates = {name: self._value(value, units[name]) for name, value in made.values.items()}
        path, unit = (None, None) if made.file is None else (made.file.path, made.file.unit)
        emitter = Emitter(made.kind, rates, path, unit)
        return Population(made.name, size, made.kind, None, emitter, {}, made.span, made.doc)

    def _projection(self, made: ProjectionModel) -> Projection:
        values = {name: self._apart(self._value(value, _unit_of(made.synapse, name)), made.synapse) for name, value in made.values.items()}
        delay = None if made.delay is None else self._value(made.delay, self.model.time_unit)
        third = None if made.third is None else self._part(made.third)
        source, target = self._part(made.source), self._part(made.target)
        synapse = self._system(made.synapse)
        return Projection(made.name, source, target, made.kind, synapse, self._rule(made), delay, values, made.span, third)

    def _rule(self, made: ProjectionModel) -> Rule:
        rule = made.rule
        arguments: tuple[Expr, ...]
        path, factor = None if rule.file is None else rule.file.path, 1.0
        unit = _unit_of(made.synapse, rule.target or "w") if rule.kind == "matrix" else ONE
        if rule.file is not None and rule.file.unit is not None:
            factor = float(rule.file.unit.factor_to(unit))
        if rule.kind == "matrix" and rule.arguments:
            matrix = self._matrix(rule.arguments[0], unit, self.figures.count(made.source) * self.figures.count(made.target))
            path, arguments = (matrix.path, ()) if isinstance(matrix, Loaded) else (None, matrix)
            factor = matrix.factor if isinstance(matrix, Loaded) else 1.0
        else:
            arguments = tuple(self._number(argument, ONE) for argument in rule.arguments)
        condition = None if rule.condition is None else self._condition(rule.condition)
        return Rule(rule.kind, arguments, path, condition, rule.no_self, rule.multiple, rule.target, factor)

    def _matrix(self, node: Expression, unit: Unit, size: int) -> Loaded | tuple[Expr, ...]:
        """Return the elements of a matrix that stands in the text, row by row, or the file that it is read from; a number fills it."""
        if isinstance(node, Name):
            made = self.model.block.parameters[node.id]
            assert not isinstance(made.value, Distribution)
            node = made.value
        found = self._value(node, unit)
        assert not isinstance(found, Draw)
        if isinstance(found, Loaded):
            return found
        return found.values if isinstance(found, Items) else (found,) * size

    def _part(self, part: PartModel) -> Part:
        start, stop, _ = self.figures.bounds(part)
        return Part(part.population, start, stop)

    def _recorded(self, made: RecordedModel) -> Recorded:
        if made.part is not None:
            return Recorded(made.owner, made.quantity, *self.figures.bounds(made.part), made.every)
        size = self.figures.sizes.get(made.owner, -1)
        return Recorded(made.owner, made.quantity, 0, size, 1, made.every)

    def _value(self, given: Expression | Distribution, unit: Unit) -> Value:
        """Return a value in a unit."""
        if isinstance(given, Distribution):
            law = law_of(given.name, given.inner)
            arguments = (self._number(argument, unit if law.carries(i) else ONE) for i, argument in enumerate(given.arguments))
            return Draw(given.name, tuple(arguments), given.inner)
        loaded = next((node for node in given.walk() if isinstance(node, Load)), None)
        if loaded is not None:
            return Loaded(loaded.path, float(unit_of_file(given).factor_to(unit)))
        items = is_written_out(given)
        if items is not None:
            scale = unit_of_file(given)
            return Items(tuple(self._number(item, unit, scale) for item in _flat(items)))
        return self._number(given, unit, at=(I,) * len(shape_of_value(given, self.model.block)))

    def _apart(self, value: Value, model: Model) -> Value:
        """Return a value in which a constant of the network is not taken for what the model calls by the same name."""
        if isinstance(value, Loaded):
            return value
        parts = value.arguments if isinstance(value, Draw) else value.values if isinstance(value, Items) else (value,)
        used = {symbol for part in parts for symbol in part.free_symbols}
        table: dict[Basic, Basic] = {}
        for made in (*self.parameters, *self.constants):
            if made.symbol in used and model.quantity(made.name) is not None:
                called = f"{made.name} of the network"
                table[made.symbol] = Symbol(called)
                self.again[called] = Definition(called, Symbol(called), made.unit, None, made.span, made.symbol, constant=True, shown=False)
        told = tuple(part.xreplace(table) for part in parts)
        return replace(value, arguments=told) if isinstance(value, Draw) else Items(told) if isinstance(value, Items) else told[0]

    def _number(self, node: Expression, unit: Unit, scale: Unit = ONE, at: tuple[Symbol, ...] = ()) -> Expr:
        """Return an expression in a unit, without the definitions that calls of functions made; of an array the element of the neuron."""
        value = self.translator.translate(node, NUMBERS, at)
        return self._closed(Translated(value.expression, value.unit * scale if value.unit == ONE else value.unit).within(unit))

    def _condition(self, node: Expression) -> Basic:
        return self._closed(self.translator.condition(node, NUMBERS))

    def _closed(self, expression: Basic) -> Expr:
        """Return an expression with the definitions that are not constants of the author put in."""
        known = {d.symbol for d in self.constants}
        table = {d.symbol: d.expression for d in self.translator.definitions if d.symbol not in known}
        while used := {symbol: table[symbol] for symbol in expression.free_symbols if symbol in table}:
            expression = expression.xreplace(used)
        return expression


def _translator(block: Model) -> Translator:
    """Return what turns the expressions of a network into mathematics."""
    report = Report()
    shapes = find_shapes(block, report)
    if shapes is None:
        raise NeuroError(report)
    translator = Translator(block, time_symbols(block.time_unit), set(), set(), Arrays(shapes, any(shapes.names.values())))
    translator.taken.update((*block.parameters, *block.definitions))
    return translator


def _unit_of(model: Model, name: str) -> Unit:
    """Return the unit of a parameter, an input, a state, or a derivative whose initial value is given."""
    made = model.quantity(name)
    if made is not None:
        return made.unit
    return next(
        state.unit / model.time_unit**order
        for known, state in model.states.items()
        for order in range(1, state.order)
        if name == (f"d{known}/dt" if order == 1 else f"d{order}{known}/dt{order}")
    )


def _flat(array: Array) -> list[Expression]:
    """Return the elements of an array, row by row."""
    return [element for item in array.items for element in (_flat(item) if isinstance(item, Array) else [item])]
