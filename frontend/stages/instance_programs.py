"""Programs of several instances of a network: side by side, or that of one, which is run for each.

What is imported inside functions here is needed only to compile, or to say why something is not possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ranvier.codegen import LoadedProgram
from ranvier.passes.default_pipeline import CONTRACTING
from ranvier.passes.facts.widths import best_width, coarse
from ranvier.pipeline.options import Options, joined
from ranvier.plan.plan import Plan
from ranvier.stages.road import CUDA, build_snn, compile_plan, current_options

if TYPE_CHECKING:
    from ranvier.passes.errors import PassError


def compile_batch(plan: Plan, own: Sequence[int], options: Options | None = None) -> LoadedProgram:
    """Returns the native program of several instances of a plan, for any number of them, from the cache if it is there.

    Args:
        plan: The plan of one network.
        own: The numbers of the inputs of which each instance has its own; what depends on these is so anyway, and
            what does not is computed once for all.
        options: How to compile; by default what the preferences say.

    Raises:
        PassError: The network does something that cannot be computed for instances side by side.
    """
    return compile_plan(plan, batch_options(own, options or current_options()))


def batch_options(own: Sequence[int], options: Options) -> Options:
    """Returns the options by which a program is one of several instances; see `compile_batch`."""
    options = same_bits(options)
    batch = f"batch{{numbers={','.join(map(str, sorted(own)))}}}" if own else "batch"
    return replace(options, pipeline=joined(options.pipeline, batch))


def compile_instances(
    plan: Plan, own: Sequence[int], own_bytes: int, instances: int, width: str = "auto", options: Options | None = None
) -> LoadedProgram:
    """Returns the native program for several instances of a plan, in the form that the pass `choose-width` chooses.

    It is one of instances side by side if some of its slots are `own`, otherwise that of the network alone.

    Args:
        plan: The plan of one network.
        own: The numbers of the inputs of which each instance has its own; what depends on these is so anyway.
        own_bytes: Bytes of the arrays that an instance has for itself.
        instances: How many instances there are.
        width: The form that is asked for: "auto", "lanes" or "turns".
        options: How to compile; by default what the preferences say. Where instances side by side might have other
            bits than one alone, "auto" means "turns".

    Raises:
        PassError: Lanes were asked for, and cannot be had; where they would be the best form, too, a program for turns
            is returned instead.
    """
    options = options or current_options()
    if options.target == CUDA:
        own_bytes = 0  # the caches of processors decide nothing
    if width == "turns" or (width == "auto" and same_bits(options) is not options):
        return compile_plan(plan, options)
    options = same_bits(options)
    if width == best_width(own_bytes, instances)[0]:
        width = "auto"  # so that both ways of asking find one program in the cache
    size, several = coarse(own_bytes, instances)
    numbers = f" numbers={','.join(map(str, sorted(own)))}" if own else ""
    choice = f'choose-width{{own-bytes={size} instances={several} width="{width}"{numbers}}}'
    return compile_plan(plan, replace(options, pipeline=joined(options.pipeline, choice)))


def why_no_lanes(plan: Plan, own: Sequence[int], options: Options | None = None) -> str:
    """Returns why instances of a plan cannot run side by side, "" if they can; it makes the graph for this.

    Args:
        plan: The plan of one network.
        own: The numbers of the inputs of which each instance has its own.
        options: How to compile.
    """
    from ranvier.ir.dialect import new_context
    from ranvier.passes.errors import PassError
    from ranvier.passes.pipeline import run_pipeline
    from ranvier.passes.widen.batch import Batch

    options = options or current_options()
    if same_bits(options) is not options:
        return f"with codegen.fast_math = '{options.codegen.fast_math}' and these passes, bits may differ side by side"
    module = build_snn(plan)
    try:
        run_pipeline(module, options.steps)
        Batch(numbers=tuple(own)).apply(new_context(), module)
    except PassError as error:
        return _plainly(error)
    return ""


def _plainly(error: PassError) -> str:
    """Returns why a pass refuses something, in words of scripts: the object instead of the operation."""
    from xdsl.dialects.builtin import StringAttr

    from ranvier.ir.derive import DeriveOp
    from ranvier.passes.facts.versions import describe

    text = str(error).removeprefix("batch: ")
    if isinstance(error.op, DeriveOp):
        return f"what is made before a run ({error.op.kind.data.replace('_', ' ')}) differs between sets"
    label = error.op.properties.get("label")
    if not isinstance(label, StringAttr):
        return text
    return text.replace(describe(error.op), f"'{label.data}'").replace("is refused", "has no form side by side")


def same_bits(options: Options) -> Options:
    """Returns options with which a network alone and each instance of a batch of it have the same bits.

    They are the given ones, unless the code generator may rearrange arithmetic as it likes, or contract products.
    """
    if options.codegen.fast_math == "fast":
        options = replace(options, codegen=replace(options.codegen, fast_math="contract"))
    if options.code.fast_math == "off":
        return options
    return replace(options, pipeline=joined(options.pipeline, CONTRACTING))
