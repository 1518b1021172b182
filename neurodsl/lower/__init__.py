"""From what an author said to mathematics: Model -> System."""

from neurodsl.lower.model import lower

__all__ = ["lower"]
