"""All passes by name: ours and the useful ones of xDSL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from xdsl.passes import ModulePass

_OURS = "ranvier.passes"

PLACES: Mapping[str, tuple[str, str]] = {
    "fold-constants": (f"{_OURS}.optimise.fold_constants", "FoldConstants"),
    "eliminate-common-subexpressions": (
        f"{_OURS}.optimise.eliminate_common_subexpressions",
        "EliminateCommonSubexpressions",
    ),
    "eliminate-dead-code": (f"{_OURS}.optimise.eliminate_dead_code", "EliminateDeadCode"),
    "hoist-uniform": (f"{_OURS}.optimise.hoist_uniform", "HoistUniform"),
    "merge-reciprocals": (f"{_OURS}.optimise.merge_reciprocals", "MergeReciprocals"),
    "approximate-functions": (f"{_OURS}.optimise.approximate_functions", "ApproximateFunctions"),
    "fuse-maps": (f"{_OURS}.optimise.fuse_maps", "FuseMaps"),
    "convert-resets": (f"{_OURS}.optimise.convert_resets", "ConvertResets"),
    "contract-products": (f"{_OURS}.optimise.contract_products", "ContractProducts"),
    "choose-layout": (f"{_OURS}.optimise.choose_layout", "ChooseLayout"),
    "batch": (f"{_OURS}.widen.batch", "Batch"),
    "choose-width": (f"{_OURS}.widen.choose_width", "ChooseWidth"),
    "lower-to-loops": (f"{_OURS}.lower.lower_to_loops", "LowerToLoops"),
    "sort-rows": (f"{_OURS}.kernels.sort_rows", "SortRows"),
    "lower-to-kernels": (f"{_OURS}.kernels.lower_to_kernels", "LowerToKernels"),
    "emulate-kernels": (f"{_OURS}.kernels.emulate", "EmulateKernels"),
    "merge-equal-functions": (f"{_OURS}.lower.merge_equal_functions", "MergeEqualFunctions"),
    "canonicalize": ("xdsl.transforms.canonicalize", "CanonicalizePass"),
    "cse": ("xdsl.transforms.common_subexpression_elimination", "CommonSubexpressionElimination"),
    "licm": ("xdsl.transforms.loop_invariant_code_motion", "LoopInvariantCodeMotionPass"),
    "convert-scf-to-cf": ("xdsl.transforms.convert_scf_to_cf", "ConvertScfToCf"),
}
"""The module and class of each pass; they are imported when they are used."""


def load_pass(name: str) -> type[ModulePass]:
    """Returns the class of a pass.

    Raises:
        KeyError: There is no pass of that name.
    """
    module, cls = PLACES[name]
    return cast("type[ModulePass]", getattr(import_module(module), cls))


def available_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Returns, by name, functions that give the class of a pass."""
    return {name: lambda name=name: load_pass(name) for name in PLACES}
