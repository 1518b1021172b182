"""The values with which a run begins: parameters and initial states, arrays as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from sympy import Expr, Integer, Symbol

from neurodsl.lang.distributions import law_of
from neurodsl.lang.nodes import Array, Expression, Index, Load, Name
from neurodsl.lang.shapes import Shape
from neurodsl.lower.elements import At
from neurodsl.lower.expressions import Translator
from neurodsl.lower.values import Value
from neurodsl.model import STEADY, Distribution, Model, Steady
from neurodsl.system import Draw, Items, Loaded, Parameter
from neurodsl.units import ONE, Unit


def parameters_of(model: Model, translator: Translator, replaced: Sequence[str]) -> tuple[Parameter, ...]:
    """Return the parameters and the constant inputs, each after those its default uses; ``replaced`` are inputs that events set."""
    found: dict[str, Parameter] = {}

    def add(name: str) -> bool:
        """Add a parameter, or an input that turns out to be constant; tell whether the name is a constant."""
        if name in found or name == "pi":
            return True
        is_input = name in model.inputs
        if is_input and name in model.settings.record:
            return False
        made = model.inputs.get(name) or model.parameters.get(name)
        if made is None or name in replaced or name in model.tables or False in {add(other) for other in sorted(names_of(made.value))}:
            return False
        shape = translator.arrays.shape(name)
        default, at = initial_value(made.value, made.unit, shape, translator)
        assert not isinstance(default, Steady)
        found[name] = Parameter(name, Symbol(name), made.unit, made.doc, made.span, default, is_input, shape=shape, indices=at)
        translator.symbols[name] = Value(Symbol(name), made.unit)
        translator.constants.add(Symbol(name))
        return True

    for name in (*model.parameters, *model.inputs):
        add(name)
    return tuple(found.values())


def names_of(value: Expression | Distribution) -> set[str]:
    """Return the names in a value."""
    parts = value.arguments if isinstance(value, Distribution) else (value,)
    return {node.id for part in parts for node in part.walk() if isinstance(node, Name | Index)}


def initial_value(
    given: Expression | Distribution | Steady | None, unit: Unit, shape: Shape, translator: Translator, letters: Sequence[str] = ()
) -> tuple[Expr | Draw | Items | Loaded | Steady, At]:
    """Return a value in a unit, and the index symbols that the value of an array is an expression of."""
    with translator.arrays.kept_rolled(translator.arrays.present):
        (at,) = translator.arrays.instances(shape, letters)
        if given is None:
            return Integer(0), at
        if given is STEADY:
            return STEADY, at
        with translator.arrays.within(*(k for k in at if isinstance(k, Symbol))):
            if isinstance(given, Distribution):
                return _draw(given, unit, translator), at
            assert not isinstance(given, Steady)
            loaded = next((node for node in given.walk() if isinstance(node, Load)), None)
            if loaded is not None:
                return Loaded(loaded.path, float(unit_of_file(given).factor_to(unit))), at
            if any(isinstance(node, Array) for node in given.walk()):
                places = product(*(range(size) for size in shape))
                return Items(tuple(translator.translate(given, {}, tuple(map(Integer, k))).within(unit) for k in places)), at
            return translator.translate(given, {}, at).within(unit), at


def unit_of_file(node: Expression) -> Unit:
    """Return the unit behind ``load("w.npy")``."""
    return next((unit for part in node.walk() if (unit := getattr(part, "unit", None)) is not None), ONE)


def _draw(made: Distribution, unit: Unit, translator: Translator) -> Draw:
    """Return a distribution with those of its arguments that are in the unit of the draw as numbers of the declared unit."""
    law = law_of(made.name, made.inner)
    values = [translator.translate(argument) for argument in made.arguments]
    arguments = tuple(value.within(unit if law.carries(i) else ONE) for i, value in enumerate(values))
    return Draw(made.name, arguments, made.inner)
