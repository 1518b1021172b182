"""What a run returns, the files it is kept in, and what it says in words."""

from neurodsl.solution.reading import load_result
from neurodsl.solution.result import Result, Spikes
from neurodsl.solution.viewing import stored_in, view
from neurodsl.solution.words import summary
from neurodsl.solution.writing import WRITERS, require_destination

__all__ = ["WRITERS", "Result", "Spikes", "load_result", "require_destination", "stored_in", "summary", "view"]
