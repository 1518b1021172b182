"""The shapes of everything in a model: numbers have ``()``, vectors ``(3,)``, matrices ``(3, 4)``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.functions import BUILTINS
from neurodsl.lang.geometry import Geometry, Shape, too_large
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Array, Call, Derivative, Dot, Expression, Index, Load, Name, Number, Reduction
from neurodsl.lang.shaping import NOWHERE, check_shapes
from neurodsl.lang.sizes import Constants
from neurodsl.lang.uses import Uses
from neurodsl.model import Definition, Distribution, Equation, Input, Model, Noise, Parameter, Quantity, State, Steady
from neurodsl.source import Span

__all__ = ["Shape", "Shapes", "find_shapes"]


@dataclass(frozen=True)
class Shapes:
    """The shapes of a model in which they agree.

    Attributes
    ----------
    names : mapping
        The shape of every parameter, input, noise, derived quantity and state; ``()`` for a number.
    sizes : frozenset of str
        The parameters that a size depends on.
    """

    names: Mapping[str, Shape]
    sizes: frozenset[str]
    geometry: Geometry = field(repr=False, compare=False)

    def of(self, node: Expression, local: Mapping[str, Shape] | None = None) -> Shape:
        """Return the shape of an expression; index variables are numbers, ``local`` holds the shapes of a function's arguments."""
        return self.geometry.shape_of(node, local=local) or ()

    def ranges(self, node: Expression, variables: Iterable[str], local: Mapping[str, Shape] | None = None) -> dict[str, int]:
        """Return how far each index variable runs in an expression, through the dimensions that it stands for."""
        return self.geometry.ranges(node, variables, local=local)


def find_shapes(model: Model, report: Report, places: Mapping[str, Span] = NOWHERE) -> Shapes | None:
    """Return the shapes of a model, with the values that its parameters have; None where an error was reported.

    Parameters
    ----------
    model : Model
        The model.
    report : Report
        Takes the findings.
    places : mapping
        Where ``record x[7]`` and ``init x`` stand, by these words, as far as the text is at hand.
    """
    before = len(report.found)
    quantities = _quantities(model)
    constants = Constants(model)
    constant = frozenset((*model.parameters, *(name for name, d in model.definitions.items() if d.constant)))
    geometry = Geometry(dict.fromkeys(quantities, ()), model.functions, model.source, constants, constant)
    if not _has_arrays(model):
        return Shapes(geometry.names, frozenset(), geometry)
    declared = _declared(quantities, constants, report)
    if len(report.found) == before:
        _Search(model, geometry, declared).run()
        geometry.names = {name: geometry.names[name] for name in quantities if name in geometry.names}
        check_shapes(model, geometry, declared, report, places)
    if len(report.found) > before:
        return None
    return Shapes(geometry.names, _sizes(model, quantities), geometry)


def _quantities(model: Model) -> dict[str, Quantity]:
    return {**model.parameters, **model.inputs, **model.noises, **model.definitions, **model.states}


def _values(model: Model) -> list[Expression | Distribution]:
    """Return the values of parameters, inputs and states."""
    found = [*(p.value for p in model.parameters.values()), *(drive.value for drive in model.inputs.values())]
    initials = (value for state in model.states.values() for value in state.initials)
    return found + [value for value in initials if value is not None and not isinstance(value, Steady)]


def _expressions(model: Model) -> Iterator[Expression]:
    """Yield every expression of a model, sizes apart."""
    for value in _values(model):
        yield from value.arguments if isinstance(value, Distribution) else (value,)
    yield from (definition.value for definition in model.definitions.values())
    yield from (function.body for function in model.functions.values())
    for equation in model.equations:
        yield from (equation.left, equation.right)
    for event in model.events:
        yield from () if event.trigger is None else (event.trigger,)
        for action in event.actions:
            yield from action.indices if action.value is None else (*action.indices, action.value)
    yield from (value for variant in model.variants.values() for _, value in variant.values)


def _has_arrays(model: Model) -> bool:
    """Return whether anything in a model has, or asks for, a shape."""
    if any(quantity.shape for quantity in _quantities(model).values()):
        return True
    if any(isinstance(value, Distribution) and value.inner is not None for value in _values(model)):
        return True
    if any(event.indices or any(action.indices for action in event.actions) for event in model.events):
        return True
    return any(_concerns_arrays(node, model) for expression in _expressions(model) for node in expression.walk())


def _concerns_arrays(node: Expression, model: Model) -> bool:
    if isinstance(node, Derivative):
        return bool(node.indices)
    if isinstance(node, Call) and node.function not in model.functions:
        builtin = BUILTINS.get(node.function)
        return builtin is not None and builtin.arrays != "each" and (builtin.arrays != "either" or len(node.arguments) == 1)
    return isinstance(node, Index | Array | Load | Dot | Reduction)


def _declared(quantities: Mapping[str, Quantity], constants: Constants, report: Report) -> dict[str, Shape]:
    """Return the shapes of what is declared with its sizes; a size that cannot be used is reported."""
    found: dict[str, Shape] = {}
    for name, quantity in quantities.items():
        sizes = [_size(node, name, constants, report) for node in quantity.shape]
        known = tuple(size for size in sizes if size is not None)
        if not quantity.shape or len(known) < len(sizes):
            continue
        if too_large(known):
            place = quantity.shape[0].span.to(quantity.shape[-1].span)
            report.add(rules.BAD_SIZE, f"`{name}` of shape {known} has more than 10 million elements", place)
        found[name] = known
    return found


def _size(node: Expression, owner: str, constants: Constants, report: Report) -> int | None:
    value = constants.number(node)
    if value is not None and value.denominator == 1 and value >= 1:
        return int(value)
    if value is not None:
        told = "" if isinstance(node, Number) else f", which is {float(value):.6g}"
        report.add(rules.BAD_SIZE, f"a size of `{owner}` is a whole number from 1 on, not `{short(node)}`{told}", node.span)
        return None
    drawn = [n.id for n in node.walk() if isinstance(n, Name) and n.id in constants.values and _is_drawn(constants.model, n.id)]
    if drawn:
        message, help = f"`{drawn[0]}` is drawn, so that the size of `{owner}` is not known before a run", f"give `{drawn[0]}` a number"
    else:
        message = f"the size `{short(node)}` of `{owner}` does not come out as a number"
        help = "sizes are made of numbers, parameters, `+ - * / ^`, `min`, `max`, `mod`, `floor`, `ceil`, `round` and `abs`"
    report.add(rules.BAD_SIZE, message, node.span, help)
    return None


def _is_drawn(model: Model, name: str) -> bool:
    return isinstance(model.parameters[name].value, Distribution)


def _sizes(model: Model, quantities: Mapping[str, Quantity]) -> frozenset[str]:
    """Return the parameters that sizes depend on, also through the values of others."""
    found: set[str] = set()
    waiting = [n.id for quantity in quantities.values() for size in quantity.shape for n in size.walk() if isinstance(n, Name)]
    while waiting:
        name = waiting.pop()
        if name in model.parameters and name not in found:
            found.add(name)
            value = model.parameters[name].value
            roots = value.arguments if isinstance(value, Distribution) else (value,)
            waiting += [n.id for root in roots for n in root.walk() if isinstance(n, Name)]
    return frozenset(found)


def _mentioned(root: Expression, model: Model) -> set[str]:
    """Return the quantities that an expression depends on, also through functions."""
    found: set[str] = set()
    functions: set[str] = set()
    waiting = [root]
    while waiting:
        for node in waiting.pop().walk():
            if isinstance(node, Name | Index):
                found.add(node.id)
            elif isinstance(node, Derivative):
                found.add(node.name)
            elif isinstance(node, Call) and node.function in model.functions and node.function not in functions:
                functions.add(node.function)
                waiting.append(model.functions[node.function].body)
    return found


@dataclass
class _Search:
    """Finds the shapes that are not declared; each is looked for again when one that it depends on is found."""

    model: Model
    geometry: Geometry
    declared: Mapping[str, Shape]
    users: dict[str, list[str]] = field(default_factory=dict)
    equations: dict[str, Equation] = field(default_factory=dict)

    def run(self) -> None:
        """Fill in the shapes; what stays unknown is left to the check, which says why."""
        model = self.model
        self.equations = {name: equation for equation in model.equations for name, _ in equation.defines}
        quantities = _quantities(model)
        self.geometry.names = dict(self.declared)
        self.geometry.unknown = set(quantities) - self.declared.keys()
        for name in self.geometry.unknown:
            for used in self._basis(quantities[name]):
                self.users.setdefault(used, []).append(name)
        waiting = [name for name in quantities if name in self.geometry.unknown]
        uses = Uses(model, self.geometry, lambda name, shape: waiting.extend(self._know(name, shape)))
        while waiting:
            while waiting:
                name = waiting.pop()
                shape = self._find(quantities[name]) if name in self.geometry.unknown else None
                if shape is not None:
                    waiting += self._know(name, shape)
            if any(definition.indices and name in self.geometry.unknown for name, definition in model.definitions.items()):
                uses.look()

    def _know(self, name: str, shape: Shape) -> list[str]:
        """Take note of a shape, and return the names whose shapes may follow from it."""
        self.geometry.names[name] = shape
        self.geometry.unknown.discard(name)
        self.geometry.calls.clear()
        return [name, *self.users.get(name, ())]

    def _basis(self, quantity: Quantity) -> set[str]:
        """Return the names that the shape of a quantity follows from."""
        if isinstance(quantity, State):
            equation = self.equations.get(quantity.name)
            sides = [equation.right, equation.left] if equation is not None else []
            values = [value for value in quantity.initials if value is not None and not isinstance(value, Distribution | Steady)]
            return set().union(*(_mentioned(root, self.model) for root in (*sides, *values)))
        if isinstance(quantity, Noise):
            return {name for equation in self._equations_with(quantity.name) for name, _ in equation.defines}
        assert isinstance(quantity, Parameter | Input | Definition)
        return set() if isinstance(quantity.value, Distribution) else _mentioned(quantity.value, self.model)

    def _find(self, quantity: Quantity) -> Shape | None:
        if isinstance(quantity, State):
            return self._state(quantity)
        if isinstance(quantity, Noise):
            return self._noise(quantity)
        if isinstance(quantity, Definition) and quantity.indices:
            return self._indexed(quantity.value, quantity.indices)
        assert isinstance(quantity, Parameter | Input | Definition)
        return () if isinstance(quantity.value, Distribution) else self.geometry.shape_of(quantity.value)

    def _indexed(self, root: Expression, indices: tuple[str, ...], *others: Expression) -> Shape | None:
        """Return the shape of what is given for index variables, from the dimensions that they stand for."""
        found: dict[str, int] = {}
        for side in (root, *others):
            found = {**self.geometry.ranges(side, indices), **found}
        return tuple(found[name] for name in indices) if all(name in found for name in indices) else None

    def _state(self, state: State) -> Shape | None:
        """Return the shape of a state whose size is not declared: that of its initial value, else what its equation says."""
        for value in state.initials:
            if value is not None and not isinstance(value, Distribution | Steady):
                shape = self.geometry.shape_of(value)
                if shape or shape is None:
                    return shape
        equation = self.equations.get(state.name)
        if equation is None or not equation.indices:
            return ()
        return self._indexed(equation.right, equation.indices, equation.left)

    def _equations_with(self, noise: str) -> list[Equation]:
        """Return the equations that use a noise, directly or through derived quantities."""
        carriers = {noise}
        grown = True
        while grown:
            new = {n for n, d in self.model.definitions.items() if n not in carriers and not d.indices and _mentioned(d.value, self.model) & carriers}
            carriers |= new
            grown = bool(new)
        return [equation for equation in self.model.equations if _mentioned(equation.right, self.model) & carriers]

    def _noise(self, noise: Noise) -> Shape | None:
        """Return the shape of a noise: that of the first equation that uses it, or of the indices behind it."""
        for definition in self.model.definitions.values():
            found = self._element(noise.name, definition.value, {})
            if found is not None:
                return found
        for equation in self._equations_with(noise.name):
            shapes = [self.geometry.names.get(name) for name, _ in equation.defines]
            shape = next((shape for shape in shapes if shape is not None), None)
            if shape is None:
                return None
            found = self._element(noise.name, equation.right, dict(zip(equation.indices, shape, strict=False)))
            return shape if found is None else found
        return ()

    def _element(self, noise: str, root: Expression, sizes: Mapping[str, int]) -> Shape | None:
        """Return the shape that the indices behind a noise in an expression say it has."""
        node = next((n for n in root.walk() if isinstance(n, Index) and n.id == noise), None)
        if node is None:
            return None
        names = [index.id for index in node.indices if isinstance(index, Name)]
        found = {**self.geometry.ranges(root, names), **sizes}
        return tuple(found[name] for name in names) if len(names) == len(node.indices) and all(n in found for n in names) else None
