"""Passes over the `snn` graph, the pipeline that orders them, and `ranvier-opt`."""
