"""The pipeline of optimisations: a string that can be printed, edited and given back."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec
from xdsl.utils.arg_spec import parse_pipeline as parse_specs
from xdsl.utils.exceptions import ArgSpecParseError

from ranvier.ir.dialect import new_context
from ranvier.ir.locations import place_new_ops, unplaced
from ranvier.ir.slots import Slot
from ranvier.passes.default_pipeline import (
    DEFAULT,
    DEFAULT_PIPELINE,
    LOWERING,
    PACKING,
    PREPARING,
    PipelineError,
    default_pipeline,
    split_pipeline,
)
from ranvier.passes.errors import InputsChanged, InvalidProgram, RuleBroken
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.lower.abi import Signature, fits, is_lowered, signature, slots, used_slots
from ranvier.passes.pass_options import quoted_numbers, with_floats
from ranvier.passes.pipeline_mistakes import hint_of, repeated_option, unknown_pass, wrong_option
from ranvier.passes.registry import load_pass
from ranvier.passes.validity import find_mistake

Observer: TypeAlias = Callable[["ModulePass | None", ModuleOp, "ModulePass | None"], None]
"""Called between passes with the pass that ran, the module, and the pass to come; at both ends one of them is None."""


Pipeline: TypeAlias = "str | ModulePass | type[ModulePass] | Sequence[str | ModulePass | type[ModulePass]]"
"""What can be run: text, passes, classes of passes, or a sequence of these, mixed."""


def parse_pipeline(pipeline: Pipeline) -> tuple[ModulePass, ...]:
    """Returns the passes that `pipeline` names or holds.

    Args:
        pipeline: Text in xDSL's syntax, `a,b{option=1 other="x","y"}`, where `default` stands for the default pipeline;
            passes; or a sequence of texts and passes.

    Raises:
        PipelineError: A text cannot be read, there is no such pass or option, or a pass has another's name.
    """
    if isinstance(pipeline, str):
        return tuple(_parse_text(pipeline))
    if isinstance(pipeline, ModulePass | type):
        return (_checked_pass(pipeline),)
    return tuple(one for item in pipeline for one in parse_pipeline(item))


def _parse_text(spec: str) -> Iterator[ModulePass]:
    for part in split_pipeline(spec):
        for one in _specs(DEFAULT_PIPELINE if part == DEFAULT else part, spec):
            yield _pass_of(one)


def _specs(part: str, whole: str) -> list[ArgSpec]:
    twice = repeated_option(part)
    if twice is not None:
        raise PipelineError(f"the pipeline {whole!r} cannot be read: the option {twice} stands twice in {part!r}")
    try:
        return list(parse_specs(quoted_numbers(part)))
    except ArgSpecParseError as error:
        said = str(error).rstrip().splitlines()
        raise PipelineError(f"the pipeline {whole!r} cannot be read{hint_of(part, said[-1].strip())}") from error


def _pass_of(spec: ArgSpec) -> ModulePass:
    try:
        cls = load_pass(spec.name)
    except KeyError:
        raise PipelineError(unknown_pass(spec.name)) from None
    try:
        return cls.from_spec(with_floats(cls, spec))
    except (ValueError, TypeError) as error:  # a TypeError: the class is abstract, or compares what it is given
        raise PipelineError(f"{spec.name}: {wrong_option(cls, spec) or error}") from error


def _checked_pass(one: object) -> ModulePass:
    """Returns a pass that was given as such, or by its class."""
    cls: type[object] = one if isinstance(one, type) else type(one)
    if not issubclass(cls, ModulePass):
        raise PipelineError(f"{one!r} is no pass: a pipeline has texts and passes (xdsl.passes.ModulePass)")
    try:
        known = load_pass(cls.name)
    except (KeyError, PipelineError):
        known = cls
    if known is not cls:
        raise PipelineError(
            f"the pass {cls.__module__}.{cls.__qualname__} has the name {cls.name!r} of {known.__module__}."
            f"{known.__qualname__}: give it another, or register it with replace=True"
        )
    try:
        return one if isinstance(one, ModulePass) else cls()
    except TypeError as error:
        raise PipelineError(f"{cls.name}: {error}") from error


def print_pipeline(passes: Iterable[ModulePass]) -> str:
    """Returns the string that `parse_pipeline` makes the same passes of."""
    return ",".join(map(print_pass, passes))


def parse_options(cls: type[ModulePass], text: str) -> ModulePass:
    """Returns a pass of a class from its text, under whatever name the class is known.

    Raises:
        ValueError: The text cannot be read, or has other options than the class.
    """
    (spec,) = parse_specs(quoted_numbers(text))
    return cls.from_spec(with_floats(cls, spec))


def print_pass(one: ModulePass) -> str:
    """Returns a pass as text; what a text cannot say of its options is left out."""
    spec = one.spec()
    said = {key.replace("_", "-"): value for key, value in spec.parameters.items() if _can_be_said(value)}
    return str(ArgSpec(spec.name, said))


def _can_be_said(value: object) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(part, str | int | float) for part in cast("Sequence[object]", value)
    )


def run_pipeline(
    module: ModuleOp,
    spec: Pipeline = DEFAULT_PIPELINE,
    *,
    observe: Observer | None = None,
    verify: bool = False,
    verify_others: bool = False,
    context: Context | None = None,
) -> None:
    """Runs the passes that `spec` names or holds on a module, in place.

    Args:
        module: What is changed.
        spec: See `parse_pipeline`.
        observe: Called before the first pass and after each (see `ranvier.passes.observe`).
        verify: Verify the module before the first pass and after each (see `check_programs`, too).
        verify_others: Verify the module after each pass that is not Ranvier's.
        context: The dialects, by default all that Ranvier uses.

    Raises:
        PipelineError: See `parse_pipeline`.
        VerifyException: The module is not valid, or a pass cannot treat it.
        InputsChanged: A pass that does not say so in `changes_inputs` changed the inputs of a program.
        RuleBroken: A pass ended the process, returned something, or removed the program.
        InvalidProgram: With `verify` or `verify_others`: a pass left a program that is not valid.
    """
    passes = parse_pipeline(spec)
    context = context or new_context()
    if verify:
        _verify(module)
    collects = gc.isenabled()
    gc.disable()  # a pass makes and drops thousands of cycles, a collection takes as long as a pass
    try:
        _run_passes(passes, module, context, observe, lambda one: verify or (verify_others and not is_built_in(one)))
    finally:
        if collects:
            gc.enable()


def lower(
    module: ModuleOp,
    spec: Pipeline = LOWERING,
    *,
    observe: Observer | None = None,
    verify: bool = False,
    verify_others: bool = False,
    context: Context | None = None,
) -> tuple[ModuleOp, tuple[Slot, ...]]:
    """Lowers an optimised module, in place, and returns it with its calling convention.

    Args:
        module: What is changed: one program, which becomes functions.
        spec: The passes that do it, and those that follow on the loops.
        observe: See `run_pipeline`.
        verify: See `run_pipeline`.
        verify_others: See `run_pipeline`.
        context: See `run_pipeline`.

    Returns:
        The loops, and what stands in each slot of their table; those that nothing uses are marked.

    Raises:
        VerifyException: The module has not one program, or lowering cannot treat it.
    """
    first, _, rest = spec.partition(",") if isinstance(spec, str) else ("", "", "")
    if first in (PREPARING, PACKING):  # makes derived arrays, which have slots
        run_pipeline(module, first, observe=observe, verify=verify, context=context)
        spec = rest
    table = slots(module)
    run_pipeline(module, spec, observe=observe, verify=verify, verify_others=verify_others, context=context)
    return module, used_slots(module, table)


def _run_passes(
    passes: Iterable[ModulePass],
    module: ModuleOp,
    context: Context,
    observe: Observer | None,
    verifies: Callable[[ModulePass], bool],
) -> None:
    before: ModulePass | None = None
    inputs = signature(module)
    for one in passes:
        if observe is not None:
            observe(before, module, one)
        try:
            _apply(one, module, context)
        except SystemExit as error:
            raise RuleBroken(f"the pass {one.name!r} ended the process ({error!r}): a pass raises an error") from error
        except BaseException as error:  # KeyboardInterrupt, too: a pass that does not end is to be named
            error.add_note(f"in the pass {print_pass(one)}")
            raise
        inputs = _checked_inputs(one, module, inputs)
        if verifies(one):
            _verify_after(one, module)
        before = one
    if observe is not None:
        observe(before, module, None)


def _apply(one: ModulePass, module: ModuleOp, context: Context) -> None:
    """Runs a pass; what one of others makes without a source location gets one."""
    if is_built_in(one):  # these see to it themselves
        one.apply(context, module)
        return
    before = unplaced(module)
    given = cast("Callable[[Context, ModuleOp], object]", one.apply)(context, module)
    if given is not None and given is not module:
        raise RuleBroken(
            f"the pass {one.name!r} returned {type(given).__name__}, which nobody takes: a pass changes the module "
            "that it is given, and returns nothing"
        )
    place_new_ops(module, before)


def is_built_in(one: ModulePass) -> bool:
    """Tells whether a pass is Ranvier's own."""
    return type(one).__module__.startswith("ranvier.passes.")


def _verify(module: ModuleOp) -> None:
    module.verify()
    check_programs(module)


def _verify_after(one: ModulePass, module: ModuleOp) -> None:
    mistake = find_mistake(module)
    if mistake is not None:
        raise InvalidProgram(one.name, mistake.error, mistake.op) from mistake.error


def _checked_inputs(one: ModulePass, module: ModuleOp, before: Signature) -> Signature:
    """Returns the inputs after a pass: the host fills in by position what the program declared before it.

    Raises:
        InputsChanged: They are not those before it.
        RuleBroken: There is no program any more.
    """
    after = signature(module)
    if before and not after and (is_lowered(before) or not any(isinstance(op, FuncOp) for op in module.ops)):
        raise RuleBroken(
            f"the pass {one.name!r} removed the program: "
            + (
                "there is no function @run any more"
                if is_lowered(before)
                else "neither an snn.program nor functions are left"
            )
        )
    if fits(after, before) or getattr(one, "changes_inputs", False):
        return after
    if is_lowered(before):
        what = "the arguments" if after[0] != before[0] else "the attribute ranvier.table"
        raise InputsChanged(
            f"the pass {one.name!r} changed {what} of the function @run: that is the calling convention, which a pass "
            "leaves as it is, also arguments that it has no use for"
        )
    number = next(
        (k for k, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    old, new = (_input_text(each[number]) if number < len(each) else "nothing" for each in (before, after))
    raise InputsChanged(
        f"the pass {one.name!r} changed the inputs of the program: number {number} was {old}, and is {new} now. "
        "Inputs are the calling convention: a pass leaves them as they are, or says `changes_inputs = True`"
    )


def _input_text(one: tuple[str, Attribute | None, Attribute, bool]) -> str:
    op, label, type, own = one
    return f"{op} {label} : {type}{' {own}' if own else ''}"


__all__ = [
    "DEFAULT_PIPELINE",
    "LOWERING",
    "PACKING",
    "PREPARING",
    "Observer",
    "Pipeline",
    "PipelineError",
    "default_pipeline",
    "is_built_in",
    "lower",
    "parse_options",
    "parse_pipeline",
    "print_pass",
    "print_pipeline",
    "run_pipeline",
]
