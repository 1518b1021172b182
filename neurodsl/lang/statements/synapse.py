"""Say what a connection does: ``synapse ampa "fast excitation":`` with its statements indented below.

::

    synapse stdp "pair-based, soft bounds":
        param eta = 1, A_plus = 0.01, A_minus = 0.012, tau_plus = 20 [ms], tau_minus = 20 [ms], w_min = 0, w_max = 1
        init w ~ uniform(0, 1)
        tau_plus * dx/dt = -x
        tau_minus * dy/dt = -y
        on pre:
            post.I_syn += w
            x += 1
            w -= eta*A_minus*(w - w_min)*y
        on post:
            y += 1
            w += eta*A_plus*(w_max - w)*x

``on pre:`` acts when a spike of the neuron before it arrives, after the delay of the connection, ``on post:`` when the neuron behind it spikes;
``on pre after 2 [ms]:`` waits for a constant time more. A synapse may have several of each. ``pre.x`` and ``post.x`` are the quantities of the two
neurons, ``third.x`` those of the population that a connection names with ``third``. An action changes a state or an input of a neuron: ``+=`` on
a state is a jump, on an input it acts through the next step. ``post.g += w if rand() < p else 0`` draws a number for each spike and synapse.

Outside of an event ``post.I += g*(pre.V - post.V)`` is a current that flows all the time; an input of the neuron adds up what all of its synapses
contribute. Parameters (also ``param w ~ normal(1, 0.1)``, drawn for each synapse), initial values, equations, derived quantities and functions
are those of a model. The units of ``pre.x`` and ``post.x`` are those of the models that are connected, and are checked for each connection.
"""

from __future__ import annotations

from neurodsl.lang.statement import Statement
from neurodsl.lang.statements.model import declare

SYNAPSE = Statement("synapse", "name", declare, pieces="statement", homes=("model", "synapse", "network"))
