"""The stages from the `snn` graph to assembly, one a row: what makes each from the one before.

`ranvier.stages` puts the plan and the graph of a network in front of them; programs from text begin with the graph, and
`ranvier-opt` wherever it is asked to. What a row imports it imports when it is made: a program in the cache needs none.
"""

from __future__ import annotations

import functools
import itertools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

from ranvier.codegen import LoadedProgram, program_for
from ranvier.codegen.backends import OWN, program_of
from ranvier.codegen.cache import ProgramCache
from ranvier.ir.inputs import InputTable
from ranvier.ir.slots import Slot
from ranvier.passes.default_pipeline import TO_LOOPS, PipelineError, lowering_to_kernels
from ranvier.pipeline.options import Options, watched

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp, StringAttr

Before = TypeVar("Before")
After = TypeVar("After")


def native_program(
    key: str,
    build: Callable[[], Loops],
    options: Options,
    symbols: Mapping[str, int],
    cache: ProgramCache | None = None,
) -> LoadedProgram:
    """Returns the native program of a model, from the cache if it is there and its passes are known.

    Args:
        key: Says everything about the model, besides its pipeline, that the loops depend on.
        build: Makes the loops; called if they are not known, or to be verified.
        options: How to compile.
        symbols: The addresses of the functions outside that the program calls.
        cache: Where compiled programs are kept; None: the default cache.
    """
    if options.watch is not None:
        new, unwatched = f"{key} {next(_unkept)}", replace(options, watch=None)
        compiled = functools.partial(_native_program, new, build, unwatched, symbols, ProgramCache(None))
        return options.watch.program(f"{key} {options.key} {options.sources}", options.passes, compiled)
    return _native_program(key, build, options, symbols, cache)


def _native_program(
    key: str,
    build: Callable[[], Loops],
    options: Options,
    symbols: Mapping[str, int],
    cache: ProgramCache | None,
) -> LoadedProgram:
    sources = options.sources
    key = f"{key} {options.key} {sources}"
    if options.backend != OWN:
        return program_of(
            options.backend, key if sources is not None else f"{key} {next(_unkept)}", build, options.code, symbols
        )
    if sources is None:
        key, cache = f"{key} {next(_unkept)}", ProgramCache(None)
    if options.verify:
        loops = build()  # also for a program that is kept: who asks for checks wants them made
        return program_for(key, lambda: loops, options=options.code, symbols=symbols, cache=cache)
    return program_for(key, build, options=options.code, symbols=symbols, cache=cache)


_unkept = itertools.count()
"""Numbers the programs that are not kept: each is another."""


@dataclass(frozen=True, slots=True)
class Stage(Generic[Before, After]):
    """A form that a program has on its way to machine code.

    Attributes:
        name: The name.
        ending: That of files which hold it.
        about: What it is, in a sentence.
        make: Makes it from the stage before, which it may use up.
        show: Returns it as text.
    """

    name: str
    ending: str
    about: str
    make: Callable[[Before, Options], After]
    show: Callable[[After], str]


class Loops(NamedTuple):
    """A lowered program.

    Attributes:
        module: The functions.
        slots: The calling convention of `@run`.
        notes: What users have to know: the number of a pathway among those of the graph, and a text on its synapses.
    """

    module: ModuleOp
    slots: Sequence[Slot]
    notes: tuple[tuple[int, str], ...] = ()


def layout_notes(module: ModuleOp) -> list[tuple[str, str]]:
    """Returns the labels of the pathways of an optimised graph that have not the layout that was asked for, and why."""
    from ranvier.ir.synapses import PropagateOp
    from ranvier.passes.optimise.choose_layout import UNMET

    found = ((op, op.attributes.get(UNMET)) for op in module.walk() if isinstance(op, PropagateOp))
    return [(op.label.data, cast("StringAttr", text).data) for op, text in found if text is not None]


def make_loops(
    form: Any, stages: Sequence[Stage[Any, Any]], options: Options, pathways: Sequence[str], made: Made | None = None
) -> Loops:
    """Takes a program to the loops, and notes what its users have to know.

    Args:
        form: The form before the first of the stages, which is used up.
        stages: Those up to the loops.
        options: How to compile.
        pathways: The labels of the pathways of the graph, in order.
        made: See `advance`.
    """
    notes: list[tuple[int, str]] = []
    asked = re.search(r"\blayout=", options.passes)

    def note(stage: str, made_form: Any, seconds: float) -> None:
        if stage == OPTIMISED.name and asked:
            notes.extend((pathways.index(label), text) for label, text in layout_notes(made_form) if label in pathways)
        if made is not None:
            made(stage, made_form, seconds)

    loops: Loops = advance(form, stages, options, note)
    return loops._replace(notes=tuple(notes))


def warnings_of(program: LoadedProgram, pathways: Sequence[str]) -> list[str]:
    """Returns what the users of a program have to know of its synapses, in sentences."""
    return [f"The synapses of '{pathways[number]}' {text}." for number, text in program.artifact.notes]


def _optimised(module: ModuleOp, options: Options) -> ModuleOp:
    from ranvier.passes.pipeline import run_pipeline

    with watched(options, module) as observe:
        run_pipeline(module, options.steps, verify=options.verify, verify_others=True, observe=observe)
    return module


def _loops(module: ModuleOp, options: Options) -> Loops:
    from ranvier.passes.pipeline import lower

    with watched(options, module) as observe:
        return Loops(*lower(module, options.lowering, verify=options.verify, verify_others=True, observe=observe))


def _kernels(module: ModuleOp, options: Options) -> Loops:
    from ranvier.passes.pipeline import lower

    with watched(options, module) as observe:
        return Loops(
            *lower(
                module, lowering_to_kernels(options.block, options.launching), verify=options.verify, observe=observe
            )
        )


def _nvvm(kernels: Loops, options: Options) -> str:
    from ranvier.codegen.nvptx import emit_kernels

    return emit_kernels(kernels.module, options=options.code)


def _ptx(text: str, options: Options) -> str:
    from ranvier.codegen.nvptx import ptx_text

    return ptx_text(text, options=options.code)


def _amdgcn(kernels: Loops, options: Options) -> str:
    from ranvier.codegen.amdgpu import amdgcn_text

    return amdgcn_text(kernels.module, options=options.code)


def loops_table(module: ModuleOp) -> InputTable | None:
    """Returns the inputs of a lowered module, None if it is not lowered.

    Raises:
        ValueError: It does not say its inputs, or they do not fit its arguments.
    """
    from ranvier.ir.input_attributes import entry_of, read_table

    entry = entry_of(module)
    if entry is None:
        return None
    table = read_table(entry)
    if table is None:
        raise ValueError("the function @run has no attribute ranvier.table, which says its inputs")
    return table


def loops_again(module: ModuleOp, options: Options) -> Loops:
    """Returns a program that was lowered before, after the passes of a pipeline, which it may use up.

    Raises:
        PipelineError: The pipeline lowers it again.
    """
    if options.on_loops:
        raise PipelineError(f"the program is lowered already: leave {TO_LOOPS!r} out, and the passes in front of it")
    from ranvier.passes.lower.abi import used_slots
    from ranvier.passes.pipeline import run_pipeline

    with watched(options, module) as observe:
        run_pipeline(module, options.steps, verify=options.verify, observe=observe)
    table = loops_table(module)
    assert table is not None
    return Loops(module, used_slots(module, table.slots()))


def _llvm(loops: Loops, options: Options) -> str:
    from ranvier.codegen.llvm.emitter import emit_module

    return emit_module(loops.module, options=options.code, slots=loops.slots)


def _optimised_llvm(text: str, options: Options) -> str:
    from ranvier.codegen.compile import optimised_text

    return optimised_text(text, options=options.code)


def _assembly(text: str, options: Options) -> str:
    from ranvier.codegen.compile import assembly_text

    return assembly_text(text, options=options.code)


def module_text(module: ModuleOp) -> str:
    """Returns a module as text that can be parsed again."""
    return f"{module!s}\n"  # without !s it would be the repr


def _loops_text(loops: Loops) -> str:
    return module_text(loops.module)


OPTIMISED = Stage("optimised", "mlir", "The same dialect after the passes of the pipeline.", _optimised, module_text)
LOOPS = Stage("loops", "mlir", "Functions of `scf`, `arith`, `math` and `memref` ops.", _loops, _loops_text)
LLVM = Stage("llvm", "ll", "The text that is given to LLVM.", _llvm, str)
OPTIMISED_LLVM = Stage("llvm-optimised", "ll", "The same after LLVM's passes.", _optimised_llvm, str)
ASSEMBLY = Stage("asm", "s", "The machine code, written as assembly.", _assembly, str)

FROM_GRAPH: tuple[Stage[Any, Any], ...] = (OPTIMISED, LOOPS, LLVM, OPTIMISED_LLVM, ASSEMBLY)
"""The stages that follow the `snn` graph, in order."""

KERNELS = Stage(
    "kernels", "mlir", "Kernels of the `gpu` dialect, and the host that launches them.", _kernels, _loops_text
)
NVVM = Stage("nvvm", "ll", "The kernels as LLVM IR for NVIDIA's processors.", _nvvm, str)
PTX = Stage("ptx", "ptx", "The kernels in the assembly language of NVIDIA's processors.", _ptx, str)

DEVICE: tuple[Stage[Any, Any], ...] = (KERNELS, NVVM, PTX)
"""The stages of a GPU, which follow the optimised graph, too."""

AMDGCN = Stage("amdgcn", "s", "The kernels in the assembly language of AMD's processors, to look at.", _amdgcn, str)

LOOKED_AT: tuple[Stage[Any, Any], ...] = (KERNELS, AMDGCN)
"""Another road from the optimised graph, at whose end nothing runs."""


def device_stages(name: str) -> tuple[Stage[Any, Any], ...]:
    """Returns the stages of a GPU up to one, () if there is no such stage."""
    for road in (DEVICE, LOOKED_AT):
        names = [stage.name for stage in road]
        if name in names:
            return road[: names.index(name) + 1]
    return ()


Made: TypeAlias = Callable[[str, Any, float], None]
"""Takes the name of a stage that was made, its form, and the seconds that it took."""


def advance(form: Any, stages: Sequence[Stage[Any, Any]], options: Options, made: Made | None = None) -> Any:
    """Takes a program through stages that follow one another, and returns it in the last form.

    Args:
        form: The form before the first of them, which is used up.
        stages: A part of the table.
        options: How to compile.
        made: Called after each stage; the next may use up the form.
    """
    for stage in stages:
        began = time.perf_counter()
        form = stage.make(form, options)
        seconds = time.perf_counter() - began
        if options.watch is not None:
            options.watch.stage(stage.name, seconds)
        if made is not None:
            made(stage.name, form, seconds)
    return form
