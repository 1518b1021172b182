"""From what an author said to mathematics: Model -> System, NetworkModel -> Network."""

from neurodsl.lower.model import lower, shapes_of
from neurodsl.lower.network import lower_network

__all__ = ["lower", "lower_network", "shapes_of"]
