"""What others bring: by entry points of installed packages, or in modules that register it when they are loaded."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PASSES, REWRITES, DIALECTS, BACKENDS = "ranvier.passes", "ranvier.rewrites", "ranvier.dialects", "ranvier.backends"
"""The groups of entry points."""

BUILT_IN = ("builtin", "arith", "math", "func", "cf", "scf", "memref", "vector", "gpu", "snn", "llvm", "rv")
"""The names that dialects of others cannot have."""


_bringers: set[str] = set()


def note_bringer(function: object) -> None:
    """Notes that the module of a function has registered something, and so was worth loading."""
    _bringers.add(getattr(function, "__module__", None) or "")


def has_brought(module: str) -> bool:
    """Tells whether a module has registered something, as far as it was noted."""
    return module in _bringers


class OfferError(ValueError):
    """What a package offers cannot be had, or two packages offer different things under one name."""


@cache
def offers(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Returns the entry points of a group by name; several, where packages offer different things under one name."""
    from importlib.metadata import entry_points  # takes longer to import than a small program to load

    found: dict[str, dict[str, EntryPoint]] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, {}).setdefault(point.value, point)
    return {name: tuple(points.values()) for name, points in found.items()}


def load_offer(group: str, name: str) -> tuple[object, str]:
    """Returns what a package offers under a name, and a phrase that says which entry point it is.

    Args:
        group: The group.
        name: A name of `offers(group)`.

    Raises:
        OfferError: It cannot be loaded, or packages offer different things under the name.
    """
    first, *others = offers(group)[name]
    if others:
        packages = ", ".join(f"{point.value} of {_package(point)}" for point in (first, *others))
        raise OfferError(
            f"the name {name!r} of {group} is taken by several installed packages ({packages}): uninstall all but one"
        )
    where = f"the entry point {name!r} of {group} ({first.value})"
    try:
        return first.load(), where
    except Exception as error:
        raise OfferError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package without a name"
