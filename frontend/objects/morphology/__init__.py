"""Cells with compartments."""
