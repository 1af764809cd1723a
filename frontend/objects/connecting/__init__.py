"""`connect`: from its arguments to the ends of synapses."""
