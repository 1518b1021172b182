"""Synapses from connection rules, in numbers: which neurons are joined, sorted as a kernel reads them."""

from neurodsl.connectivity.build import wire
from neurodsl.connectivity.demand import Demand
from neurodsl.connectivity.values import draw
from neurodsl.connectivity.wiring import Wiring, by_delay, cuts, transpose

__all__ = ["Demand", "Wiring", "by_delay", "cuts", "draw", "transpose", "wire"]
