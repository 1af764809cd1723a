"""The ends of synapses: stored, numbered, named, listed by row."""
