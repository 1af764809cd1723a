"""Whether a GPU is there, and what stands in for its driver where none is."""
