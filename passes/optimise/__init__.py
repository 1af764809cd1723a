"""Optimisations of the `snn` graph: one pass a file."""
