"""`Synapses`: connections between groups, with a model of their own."""
