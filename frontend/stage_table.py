"""The stages from the `snn` graph to assembly, one a row: what makes each from the one before.

`ranvier.stages` puts the plan and the graph of a network in front of them; programs from text begin with the graph, and
`ranvier-opt` wherever it is asked to. What a row imports it imports when it is made: a program in the cache needs none.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

from ranvier.actions.rewrites.names import NAMES, SHARE_TRACES
from ranvier.codegen import CodegenOptions
from ranvier.ir.inputs import InputTable
from ranvier.ir.slots import Slot
from ranvier.passes.default_pipeline import (
    CONTRACTING,
    LOWERING,
    default_pipeline,
    lowering_to_emulation,
    lowering_to_kernels,
)

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

Before = TypeVar("Before")
After = TypeVar("After")


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to compile.

    Attributes:
        pipeline: The rewrites of what objects ask for, then the passes between the graph and the loops, e.g.
            "share-traces,fold-constants,hoist-uniform"; None: all rewrites, then the default of the passes
            (`ranvier.passes.pipeline.default_pipeline`, by `codegen.fast_math`). Print `spec`, edit it, give it back.
        share_traces: Whether the default pipeline has the rewrite of that name.
        layout: How synapses are stored, where the default pipeline is used: "auto", or a layout of the pass
            `choose-layout`.
        codegen: Options of code generation.
        verify: Check the graph after each pass.
        target: What runs: "cpu"; "emulated": the kernels of a GPU on the CPU, where threads take turns; or "cuda",
            which can be looked at only.
        block: The threads of a block of a kernel.
        order: The order in which "emulated" runs blocks and threads; results do not depend on it.
    """

    pipeline: str | None = None
    share_traces: bool = True
    layout: str = "auto"
    codegen: CodegenOptions = field(default_factory=CodegenOptions)
    verify: bool = False
    target: str = "cpu"
    block: int = 128
    order: int = 1

    @property
    def spec(self) -> str:
        """The whole pipeline as text, whether asked for or the default: with the plan, all that decides the loops."""
        if self.pipeline is not None:
            return self.pipeline
        names = [name for name in NAMES if self.share_traces or name != SHARE_TRACES]
        return ",".join([*names, default_pipeline(self.codegen.fast_math, self.layout)])

    @property
    def code(self) -> CodegenOptions:
        """How code is generated: it contracts no products where the pipeline has chosen which are."""
        chosen = self.codegen.fast_math == "contract" and CONTRACTING in self.spec
        return replace(self.codegen, fast_math="off") if chosen else self.codegen

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The rewrites that the pipeline begins with.

        Raises:
            PipelineError: A rewrite stands behind a pass.
        """
        return _parts(self.spec)[0]

    @property
    def passes(self) -> str:
        """The rest of the pipeline: the passes on the graph.

        Raises:
            PipelineError: A rewrite stands behind a pass.
        """
        return _parts(self.spec)[1]

    @property
    def lowering(self) -> str:
        """The passes that make loops of the optimised graph."""
        return lowering_to_emulation(self.block, self.order) if self.target == "emulated" else LOWERING

    @property
    def key(self) -> str:
        """What the options say of the loops: with the plan it is the key of the cache."""
        return f"{self.passes} {self.lowering}" if self.target == "emulated" else self.passes


def passes_of_graph(options: Options) -> str:
    """Returns the passes of a pipeline for a program that begins with a graph.

    Raises:
        PipelineError: The pipeline asks for rewrites, which need a network.
    """
    if options.pipeline is not None and options.rewrites:
        from ranvier.passes.pipeline import PipelineError  # loads xDSL

        raise PipelineError(
            f"{options.rewrites[0]!r} changes what the objects of a network ask for; this program begins with a graph"
        )
    return options.passes


@functools.lru_cache(maxsize=64)
def _parts(spec: str) -> tuple[tuple[str, ...], str]:
    """Returns the names of the rewrites at the beginning of a pipeline, and the rest of it."""
    names: list[str] = []
    rest = spec.strip()
    while (name := rest.partition(",")[0].strip()) in NAMES:
        names.append(name)
        rest = rest.partition(",")[2].strip()
    for name in NAMES:
        if re.search(rf"(^|,)\s*{name}\s*($|[,{{])", rest):
            from ranvier.passes.pipeline import PipelineError  # loads xDSL

            raise PipelineError(
                f"{name!r} changes what objects ask for, before there is a graph: it stands in front of all passes, "
                "and has no options"
            )
    return tuple(names), rest


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
    """

    module: ModuleOp
    slots: Sequence[Slot]


def _optimised(module: ModuleOp, options: Options) -> ModuleOp:
    from ranvier.passes.pipeline import run_pipeline

    run_pipeline(module, options.passes, verify=options.verify)
    return module


def _loops(module: ModuleOp, options: Options) -> Loops:
    from ranvier.passes.pipeline import lower

    return Loops(*lower(module, options.lowering, verify=options.verify))


def _kernels(module: ModuleOp, options: Options) -> Loops:
    from ranvier.passes.pipeline import lower

    return Loops(*lower(module, lowering_to_kernels(options.block), verify=options.verify))


def _nvvm(kernels: Loops, options: Options) -> str:
    from ranvier.codegen.nvptx import emit_kernels

    return emit_kernels(kernels.module, options=options.code)


def _ptx(text: str, options: Options) -> str:
    from ranvier.codegen.nvptx import ptx_text

    return ptx_text(text, options=options.code)


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
    """Returns a program that was lowered before, after the passes of a pipeline, which it may use up."""
    from ranvier.passes.lower.abi import used_slots
    from ranvier.passes.pipeline import run_pipeline

    run_pipeline(module, options.passes, verify=options.verify)
    table = loops_table(module)
    assert table is not None
    return Loops(module, used_slots(module, table.slots()))


def code_as_chosen(options: Options, contracted: bool) -> Options:
    """Returns the options for a program that begins with a graph, which may say already which products are contracted.

    Raises:
        PipelineError: See `passes_of_graph`.
    """
    passes = passes_of_graph(options)
    if not contracted or options.codegen.fast_math != "contract":
        return options
    return replace(options, pipeline=passes, codegen=replace(options.codegen, fast_math="off"))


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
        if made is not None:
            made(stage.name, form, time.perf_counter() - began)
    return form
