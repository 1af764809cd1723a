"""All passes by name: ours, the useful ones of xDSL, and those of others."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from xdsl.passes import ModulePass

from ranvier.passes.own import find_own, own_names
from ranvier.passes.places import PLACES


def load_pass(name: str) -> type[ModulePass]:
    """Returns the class of a pass.

    Raises:
        KeyError: There is no pass of that name.
        PipelineError: An installed package offers it, but it cannot be loaded.
    """
    own = find_own(name)
    if own is not None:
        return own.cls
    module, cls = PLACES[name]
    return cast("type[ModulePass]", getattr(import_module(module), cls))


def pass_names() -> list[str]:
    """Returns the names of all passes: the built-in ones, then those of others."""
    return [*PLACES, *(name for name in own_names() if name not in PLACES)]


def available_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Returns, by name, functions that give the class of a pass."""
    return {name: lambda name=name: load_pass(name) for name in pass_names()}


__all__ = ["PLACES", "available_passes", "load_pass", "pass_names"]
