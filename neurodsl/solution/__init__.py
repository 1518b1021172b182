"""What a run returns, the files it is kept in, and what it says in words."""

from neurodsl.solution.network import NetworkResult, PopulationRate, SynapseTrace, Trace
from neurodsl.solution.network_reading import load_result
from neurodsl.solution.network_words import network_summary
from neurodsl.solution.network_writing import require_network_destination
from neurodsl.solution.result import Result, Spikes
from neurodsl.solution.viewing import stored_in, view
from neurodsl.solution.words import summary
from neurodsl.solution.writing import WRITERS, require_destination

__all__ = [
    "WRITERS",
    "NetworkResult",
    "PopulationRate",
    "Result",
    "Spikes",
    "SynapseTrace",
    "Trace",
    "load_result",
    "network_summary",
    "require_destination",
    "require_network_destination",
    "stored_in",
    "summary",
    "view",
]
