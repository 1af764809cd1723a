"""The pipeline of optimisations: a string that can be printed, edited and given back."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import parse_pipeline as parse_specs
from xdsl.utils.exceptions import ArgSpecParseError

from ranvier.ir.dialect import new_context
from ranvier.ir.slots import Slot
from ranvier.passes.default_pipeline import DEFAULT_PIPELINE, LOWERING, PREPARING, default_pipeline
from ranvier.passes.lower.abi import slots, used_slots
from ranvier.passes.registry import PLACES, load_pass

Observer: TypeAlias = Callable[["ModulePass | None", ModuleOp, "ModulePass | None"], None]
"""Called between passes with the pass that ran, the module, and the pass to come; at both ends one of them is None."""


class PipelineError(ValueError):
    """A pipeline string that cannot be read, or names a pass or an option that does not exist."""


def parse_pipeline(spec: str) -> tuple[ModulePass, ...]:
    """Returns the passes that `spec` names, in xDSL's syntax: `a,b{option=1 other="x","y"}`.

    Raises:
        PipelineError: The string cannot be read, or there is no such pass or option.
    """
    passes: list[ModulePass] = []
    try:
        specs = list(parse_specs(spec))
    except ArgSpecParseError as error:
        raise PipelineError(f"the pipeline {spec!r} cannot be read: {error}") from error
    for one in specs:
        if one.name not in PLACES:
            raise PipelineError(f"there is no pass {one.name!r}; there are {', '.join(PLACES)}")
        try:
            passes.append(load_pass(one.name).from_spec(one))
        except ValueError as error:
            raise PipelineError(f"{one.name}: {error}") from error
    return tuple(passes)


def print_pipeline(passes: Iterable[ModulePass]) -> str:
    """Returns the string that `parse_pipeline` makes the same passes of."""
    return ",".join(str(one.spec()).replace("_", "-") for one in passes)


def run_pipeline(
    module: ModuleOp,
    spec: str = DEFAULT_PIPELINE,
    *,
    observe: Observer | None = None,
    verify: bool = False,
    context: Context | None = None,
) -> None:
    """Runs the passes that `spec` names on a module, in place.

    Args:
        module: What is changed.
        spec: See `parse_pipeline`.
        observe: Called before the first pass and after each (see `ranvier.passes.observe`).
        verify: Verify the module before the first pass and after each.
        context: The dialects, by default all that Ranvier uses.

    Raises:
        PipelineError: See `parse_pipeline`.
        VerifyException: The module is not valid, or a pass cannot treat it.
    """
    passes = parse_pipeline(spec)
    context = context or new_context()
    if verify:
        module.verify()
    collects = gc.isenabled()
    gc.disable()  # a pass makes and drops thousands of cycles, a collection takes as long as a pass
    try:
        _run_passes(passes, module, context, observe, verify)
    finally:
        if collects:
            gc.enable()


def lower(
    module: ModuleOp,
    spec: str = LOWERING,
    *,
    observe: Observer | None = None,
    verify: bool = False,
    context: Context | None = None,
) -> tuple[ModuleOp, tuple[Slot, ...]]:
    """Lowers an optimised module, in place, and returns it with its calling convention.

    Args:
        module: What is changed: one program, which becomes functions.
        spec: The passes that do it.
        observe: See `run_pipeline`.
        verify: See `run_pipeline`.
        context: See `run_pipeline`.

    Returns:
        The loops, and what stands in each slot of their table; those that nothing uses are marked.

    Raises:
        VerifyException: The module has not one program, or lowering cannot treat it.
    """
    if spec.startswith(PREPARING):  # makes derived arrays, which have slots
        run_pipeline(module, PREPARING, observe=observe, verify=verify, context=context)
        spec = spec.removeprefix(PREPARING).lstrip(",")
    table = slots(module)
    run_pipeline(module, spec, observe=observe, verify=verify, context=context)
    return module, used_slots(module, table)


def _run_passes(
    passes: Iterable[ModulePass], module: ModuleOp, context: Context, observe: Observer | None, verify: bool
) -> None:
    before: ModulePass | None = None
    for one in passes:
        if observe is not None:
            observe(before, module, one)
        one.apply(context, module)
        if verify:
            module.verify()
        before = one
    if observe is not None:
        observe(before, module, None)


__all__ = [
    "DEFAULT_PIPELINE",
    "LOWERING",
    "Observer",
    "PipelineError",
    "default_pipeline",
    "lower",
    "parse_pipeline",
    "print_pipeline",
    "run_pipeline",
]
