"""From the blocks of a text that join neurons to networks: synapses, populations, connections, and what changes them."""
