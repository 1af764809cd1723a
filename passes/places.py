"""Where the built-in passes are; nothing of xDSL is imported to know it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_OURS = "ranvier.passes"

PLACES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
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
        "defer-events": (f"{_OURS}.optimise.defer_events", "DeferEvents"),
        "choose-layout": (f"{_OURS}.optimise.choose_layout", "ChooseLayout"),
        "pack-rows": (f"{_OURS}.optimise.pack_rows", "PackRows"),
        "batch": (f"{_OURS}.widen.batch", "Batch"),
        "choose-width": (f"{_OURS}.widen.choose_width", "ChooseWidth"),
        "partition": (f"{_OURS}.widen.partition", "Partition"),
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
)
"""The module and class of each pass; they are imported when they are used."""


OURS = ("ranvier", "xdsl")
"""Packages that the key of each program knows already."""


def is_ours(name: str) -> bool:
    """Tells whether a module belongs to Ranvier or xDSL."""
    return name.partition(".")[0] in OURS
