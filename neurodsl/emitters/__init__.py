"""Populations that are sources of spikes: Poisson processes, correlated ones, given trains.

Time runs in steps: step k leads from k*dt to (k + 1)*dt, and a spike belongs to the step that ends with it or at whose end it is seen. A neuron has at most one
spike in a step.
"""

from neurodsl.emitters.blocks import Blocks, Emitter, Spikes
from neurodsl.emitters.correlated import correlated_poisson
from neurodsl.emitters.poisson import poisson
from neurodsl.emitters.trains import Trains, read_trains, trains

__all__ = ["Blocks", "Emitter", "Spikes", "Trains", "correlated_poisson", "poisson", "read_trains", "trains"]
