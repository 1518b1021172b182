"""Units of measurement: exact factors to SI, their dimensions, the texts they are written in.

The degree Celsius has a dimension of its own. It differs from the kelvin by an offset, which no factor can express, so mixing the two is
an error and never a silent mistake.
"""

from neurodsl.units.description import describe, dimension_text, proposals
from neurodsl.units.parsing import UnitError, parse_quantity, parse_unit, split_title
from neurodsl.units.symbols import lookup, nearest_symbol
from neurodsl.units.unit import ONE, Unit

__all__ = [
    "ONE",
    "Unit",
    "UnitError",
    "describe",
    "dimension_text",
    "lookup",
    "nearest_symbol",
    "parse_quantity",
    "parse_unit",
    "proposals",
    "split_title",
]
