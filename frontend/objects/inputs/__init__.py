"""Spikes and values from outside."""
