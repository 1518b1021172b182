"""From what an author said to mathematics: Model -> System."""

from neurodsl.lower.model import lower, shapes_of

__all__ = ["lower", "shapes_of"]
