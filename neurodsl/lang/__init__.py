"""From text to models: everything that can be wrong in a text is found here, on its tree."""

from neurodsl.lang.changes import with_given
from neurodsl.lang.choice import read_model
from neurodsl.lang.networks.changes import override, with_samples, with_variant
from neurodsl.lang.networks.varied import varied
from neurodsl.lang.reading import parse_expression, read, read_all
from neurodsl.lang.unparse import unparse

__all__ = ["override", "parse_expression", "read", "read_all", "read_model", "unparse", "varied", "with_given", "with_samples", "with_variant"]
