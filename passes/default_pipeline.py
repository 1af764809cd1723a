"""The pipeline that programs are optimised with unless asked otherwise, as text.

The key of the cache is made of it: nothing of xDSL is imported here.
"""

from __future__ import annotations

import re

CONTRACTING = "contract-products"
"""The pass that chooses which products are contracted: where it has run, the code generator must not choose."""

DEFAULT_PIPELINE = (
    "fold-constants,eliminate-common-subexpressions,hoist-uniform,merge-reciprocals,fold-constants,hoist-uniform,"
    "approximate-functions,choose-layout,eliminate-common-subexpressions,fuse-maps,convert-resets,"
    "eliminate-common-subexpressions,eliminate-dead-code,contract-products,"
    "defer-events"
)
"""What programs are optimised with unless asked otherwise. `lower-to-loops` comes after it."""

DEFAULT = "default"
"""The name that stands for the default pipeline in others: "my-pass,default"."""

TO_LOOPS = "lower-to-loops"
"""The pass behind which a program is loops; a pipeline that names it says what comes behind it, too."""

PACKING = "pack-rows"
"""What the lowering to loops begins with: rows are records, where that is better."""

LOWERING = f"{PACKING},{TO_LOOPS},merge-equal-functions"
"""What comes after the pipeline: the last of the layout, loops, and one function for all sweeps that do the same."""

PREPARING = "sort-rows"
"""What the lowering to kernels begins with: the rest of the graph's passes, and what decides which arrays there are."""

WITH_FAST_MATH = (
    "fold-constants",
    "merge-reciprocals",
    "approximate-functions",
    "choose-layout",
    CONTRACTING,
    "defer-events",
)
"""The passes that have the option."""

LAYING_OUT = "choose-layout"
"""The pass that obeys the layout that is asked for."""


class PipelineError(ValueError):
    """A pipeline that cannot be read, or names a pass or an option that does not exist."""


def lowering_to_kernels(block: int = 128, launching: str = "auto") -> str:
    """Returns the passes that make kernels of an optimised graph.

    Args:
        block: The threads of a block.
        launching: How kernels are launched, see `lower-to-kernels`.
    """
    how = f"block={block}" if launching == "auto" else f"block={block} launching={launching}"
    return f"{PREPARING},lower-to-kernels{{{how}}}"


def lowering_to_emulation(block: int = 128, order: int = 1) -> str:
    """Returns the passes that make of an optimised graph kernels, and of these loops for the CPU.

    Args:
        block: The threads of a block.
        order: In which order blocks and threads run, see `emulate-kernels`.
    """
    return f"{lowering_to_kernels(block)},emulate-kernels{{order={order}}}"


def lowering_to_driver(block: int = 128, stand_in: bool = False, launching: str = "auto") -> str:
    """Returns the passes that make of an optimised graph kernels that a host launches through a driver.

    Args:
        block: The threads of a block.
        stand_in: Whether the driver is a stand-in, which runs kernels as functions of the CPU.
        launching: How kernels are launched.
    """
    kernels = lowering_to_kernels(block, launching)
    return f"{kernels},emulate-kernels{{order=1 launches=false}}" if stand_in else kernels


def default_pipeline(fast_math: str = "contract", layout: str = "auto") -> str:
    """Returns `DEFAULT_PIPELINE` with options.

    Args:
        fast_math: "off", "contract" or "reassociate" ("fast" in `codegen`).
        layout: The layout of synapses, see `choose-layout`.
    """
    return ",".join(with_options(one, fast_math, layout) for one in DEFAULT_PIPELINE.split(","))


def with_options(one: str, fast_math: str, layout: str) -> str:
    """Returns a pass of a pipeline, as text, with the options that hold for a whole program, where it has none itself.

    Args:
        one: The name of a pass, perhaps with options.
        fast_math: See `default_pipeline`.
        layout: See `default_pipeline`.
    """
    name, brace, given = one.partition("{")
    name = name.strip()
    more: list[str] = []
    if fast_math != "contract" and name in WITH_FAST_MATH and not re.search(r"\bfast[-_]math\b", given):
        more.append(f'fast-math="{"reassociate" if fast_math == "fast" else fast_math}"')
    if layout != "auto" and name == LAYING_OUT and not re.search(r"\blayout\b", given):
        more.append(f'layout="{layout}"')
    if not more:
        return one
    options = " ".join([*more, given.rstrip().removesuffix("}")]) if brace else " ".join(more)
    return f"{name}{{{options.rstrip()}}}"


def split_pipeline(text: str) -> list[str]:
    """Returns the passes of a pipeline, each as text with its options; commas in options and quotes part nothing.

    Blanks and line ends may stand anywhere between words. `builtin.module(...)` around passes, as in MLIR, stands for
    these passes.

    Raises:
        PipelineError: Passes stand within another op, parentheses are not closed, or there is no pass where one
            should be.
    """
    parts, start, depth, quoted = list[str](), 0, 0, False
    for k, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char in "{[(") - (char in "}])")
            if char == "," and depth == 0:
                parts.append(text[start:k].strip())
                start = k + 1
    last = text[start:].strip()
    parts = [*parts, last] if parts or last else []
    if "" in parts:
        place = "before" if not parts[0] else "behind" if not parts[-1] else "between"
        commas = "two commas" if place == "between" else "a comma"
        raise PipelineError(f"the pipeline {text!r} cannot be read: there is no pass {place} {commas}")
    return [one for part in parts for one in _plain(part)]


_NESTED = re.compile(r"([\w.]+)\s*\((.*)\)", re.DOTALL)
"""Passes that run on the ops of a name."""

WHOLE = ("builtin.module", "any")
"""What stands for the whole module in MLIR's pipelines."""


def _plain(part: str) -> list[str]:
    """Returns the passes that one part of a pipeline stands for."""
    found = _NESTED.fullmatch(part)
    if found is not None and found[1] in WHOLE:
        return split_pipeline(found[2])
    if found is not None and "." in found[1]:
        raise PipelineError(
            f"passes run on the whole module: write builtin.module({found[2].strip()}), not {found[1]}(...)"
        )
    if part.startswith(WHOLE) and "(" in part:
        raise PipelineError(f"the pipeline {part!r} cannot be read: a parenthesis is not closed")
    if part.startswith("{"):
        raise PipelineError(f"the pipeline {part!r} cannot be read: options stand behind the name of a pass")
    return [_tidy(part)]


def _tidy(part: str) -> str:
    """Returns a pass without blanks that mean nothing, so that the same pipeline is the same text."""
    name, brace, options = part.partition("{")
    if not brace or not options.endswith("}"):
        return part
    pieces = re.split(r'("[^"]*")', options[:-1].strip())
    pieces[::2] = [re.sub(r"\s+", " ", re.sub(r"\s*([=,])\s*", r"\1", piece)) for piece in pieces[::2]]
    inside = "".join(pieces)
    return f"{name.rstrip()}{{{inside}}}" if inside else name.rstrip()
