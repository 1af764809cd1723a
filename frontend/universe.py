"""Dialect and passes for xDSL's own tools: `xdsl-opt` and its GUI find them by the entry point `xdsl.universe`.

xDSL refuses all its work when two universes have one name, so that passes of its own are left out here.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import XDSL_UNIVERSE, Universe

from ranvier.passes.registry import available_passes


def _snn() -> Dialect:
    from ranvier.ir.dialect import SNN  # xDSL's tools load a dialect only when a file has it

    return SNN


def _passes() -> dict[str, Callable[[], type[ModulePass]]]:
    return {name: load for name, load in available_passes().items() if name not in XDSL_UNIVERSE.all_passes}


UNIVERSE = Universe(all_dialects={"snn": _snn}, all_passes=_passes())
"""The dialect `snn`, Ranvier's passes, and those of installed packages."""
