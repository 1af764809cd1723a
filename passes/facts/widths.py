"""Which form several instances of a network take: what `choose-width` asks, and sweeps. Nothing of xDSL is imported."""

from __future__ import annotations

WIDTHS = ("auto", "lanes", "turns")
"""The forms that can be asked for: side by side in vectors, or each from beginning to end."""

LANE_BYTES = 32 * 1024
"""Instances whose own arrays take more than this run one after another: then these stay in the processor's cache."""


def best_width(own_bytes: int, instances: int) -> tuple[str, str]:
    """Returns the form that is the fastest, "lanes" or "turns", and why.

    A step of a small network costs what it costs to begin its loops; side by side, instances share that. A step of a
    large one costs its memory traffic; alone, its arrays stay in the cache between steps.

    Args:
        own_bytes: Bytes of the arrays of which each instance has its own.
        instances: How many there are.
    """
    if instances < 2:
        return "turns", "there is one instance"
    if own_bytes <= LANE_BYTES:
        return "lanes", f"an instance has {in_kib(own_bytes)} of its own: vectors compute several at once"
    return "turns", f"an instance has {in_kib(own_bytes)} of its own, which stays in the cache while it runs alone"


def device_width(instances: int) -> tuple[str, str]:
    """Returns the form that is the best on a GPU, and why; see `best_width`."""
    if instances < 2:
        return "turns", "there is one instance"
    return "lanes", "the GPU computes instances side by side, in threads of their own"


def coarse(own_bytes: int, instances: int) -> tuple[int, int]:
    """Returns sizes that are the same for many sweeps, so that they share a program: they decide as the exact ones."""
    return LANE_BYTES * (1 if own_bytes <= LANE_BYTES else 2), min(instances, 2)


def in_kib(size: int) -> str:
    """Returns a number of bytes for people."""
    return f"{size} bytes" if size < 1024 else f"{size / 1024:.3g} KiB"
