"""The pipeline that programs are optimised with unless asked otherwise, as text.

The key of the cache is made of it: nothing of xDSL is imported here.
"""

from __future__ import annotations

CONTRACTING = "contract-products"
"""The pass that chooses which products are contracted: where it has run, the code generator must not choose."""

DEFAULT_PIPELINE = (
    "fold-constants,eliminate-common-subexpressions,hoist-uniform,merge-reciprocals,fold-constants,hoist-uniform,"
    "approximate-functions,choose-layout,eliminate-common-subexpressions,fuse-maps,convert-resets,"
    "eliminate-common-subexpressions,eliminate-dead-code,contract-products"
)
"""What programs are optimised with unless asked otherwise. `lower-to-loops` comes after it."""

LOWERING = "lower-to-loops,merge-equal-functions"
"""What comes after the pipeline: loops, and one function for all sweeps that do the same."""

PREPARING = "sort-rows"
"""What the lowering to kernels begins with: the rest of the graph's passes, and what decides which arrays there are."""

_WITH_FAST_MATH = ("fold-constants", "merge-reciprocals", "approximate-functions", "choose-layout", CONTRACTING)


def lowering_to_kernels(block: int = 128) -> str:
    """Returns the passes that make kernels of an optimised graph, for blocks of so many threads."""
    return f"{PREPARING},lower-to-kernels{{block={block}}}"


def lowering_to_emulation(block: int = 128, order: int = 1) -> str:
    """Returns the passes that make of an optimised graph kernels, and of these loops for the CPU.

    Args:
        block: The threads of a block.
        order: In which order blocks and threads run, see `emulate-kernels`.
    """
    return f"{lowering_to_kernels(block)},emulate-kernels{{order={order}}}"


def default_pipeline(fast_math: str = "contract", layout: str = "auto") -> str:
    """Returns `DEFAULT_PIPELINE` with options.

    Args:
        fast_math: "off", "contract" or "reassociate" ("fast" in `codegen`).
        layout: The layout of synapses, see `choose-layout`.
    """
    options: dict[str, list[str]] = {}
    if fast_math != "contract":
        mode = "reassociate" if fast_math == "fast" else fast_math
        options = {name: [f'fast-math="{mode}"'] for name in _WITH_FAST_MATH}
    if layout != "auto":
        options.setdefault("choose-layout", []).append(f'layout="{layout}"')
    names = DEFAULT_PIPELINE.split(",")
    return ",".join(f"{name}{{{' '.join(options[name])}}}" if name in options else name for name in names)
