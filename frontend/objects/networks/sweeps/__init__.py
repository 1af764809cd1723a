"""Sweeps over parameters: many runs of one network, or of one function, with other values."""
