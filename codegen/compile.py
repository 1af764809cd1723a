"""LLVM IR text to object code."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.load import ENTRY
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import Target, host, initialised_llvm

LINKED = "\n; ---- a module of the script, which is linked to the one above ----\n"
"""Stands before each module of a text but the first. Their functions are inlined into those of the first."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """A compiled text: the object code, and the stages between for those who want to look.

    Attributes:
        text: The LLVM IR text, as emitted.
        object_code: The relocatable object file.
        target: The machine.
        options: The user's choices.
        timings: Seconds of each step: "parse", "optimise", "emit".
    """

    text: str
    object_code: bytes
    target: Target
    options: CodegenOptions
    timings: dict[str, float] = field(compare=False)

    def as_llvm(self, *, optimised: bool = False) -> str:
        """Returns the LLVM IR text, before or after LLVM's passes."""
        return optimised_text(self.text, target=self.target, options=self.options) if optimised else self.text

    def as_asm(self) -> str:
        """Returns the assembly of the object code."""
        return assembly_text(self.as_llvm(optimised=True), target=self.target, options=self.options)


def compile_text(
    text: str, *, target: Target | None = None, options: CodegenOptions | None = None, file: str = ""
) -> Compilation:
    """Returns `text` compiled.

    Args:
        text: An LLVM IR module.
        target: The machine, by default the host.
        options: The user's choices.
        file: See `parsed`.

    Raises:
        CodegenError: LLVM does not accept the text.
    """
    target, options = target or host(), options or CodegenOptions()
    times = [time.perf_counter()]
    module = parsed(text, target, file)
    machine = target.machine(optimise=options.optimise)
    times.append(time.perf_counter())
    optimise(module, machine, options)
    times.append(time.perf_counter())
    object_code = machine.emit_object(module)
    times.append(time.perf_counter())
    timings = {name: b - a for name, a, b in zip(("parse", "optimise", "emit"), times, times[1:], strict=False)}
    return Compilation(text, object_code, target, options, timings)


def object_file(text: str, symbol: str, *, target: Target, options: CodegenOptions | None = None) -> bytes:
    """Returns the object file of a program, for a linker.

    Args:
        text: The LLVM IR of a program.
        symbol: The name of its entry.
        target: The machine.
        options: The user's choices.

    Raises:
        CodegenError: LLVM does not accept the text.
    """
    options = options or CodegenOptions()
    module = parsed(text, target)
    module.get_function(ENTRY).name = symbol
    machine = target.machine(optimise=options.optimise, loaded=False)
    optimise(module, machine, options)
    code: bytes = machine.emit_object(module)
    return code


def optimised_text(text: str, *, target: Target | None = None, options: CodegenOptions | None = None) -> str:
    """Returns LLVM IR text after LLVM's passes; arguments and errors as for `compile_text`."""
    target, options = target or host(), options or CodegenOptions()
    module = parsed(text, target)
    optimise(module, target.machine(optimise=options.optimise), options)
    return str(module)


def assembly_text(text: str, *, target: Target | None = None, options: CodegenOptions | None = None) -> str:
    """Returns the assembly of LLVM IR text that has been optimised; arguments and errors as for `compile_text`."""
    target, options = target or host(), options or CodegenOptions()
    machine = target.machine(optimise=options.optimise)
    machine.set_asm_verbosity(True)
    return machine.emit_assembly(parsed(text, target))


def parsed(text: str, target: Target, file: str = "") -> Any:
    """Returns LLVM's module of a text.

    Args:
        text: The text.
        target: The machine.
        file: Where somebody wrote it: then LLVM also checks it, since it ends the process over what is wrong otherwise.
            "": it is emitted, and right.

    Raises:
        CodegenError: LLVM does not accept the text.
    """
    llvm = initialised_llvm(target.triple)
    # A context of its own: the global one keeps the types and constants of every module for ever.
    context, modules = llvm.create_context(), list[Any]()
    try:
        for part in text.split(LINKED):
            modules.append(llvm.parse_assembly(part, context))
            if file:
                modules[-1].verify()
        for other in modules[1:]:
            _link(modules[0], other)
    except RuntimeError as error:
        for module in modules:
            module.close()  # before its context goes, which the error keeps, too
        said = str(error).replace("<string>:", f"{file}:" if file else "<string>:").strip()
        raise CodegenError(f"LLVM does not accept {file or 'the emitted text'}: {said}") from error
    return modules[0]


def _link(module: Any, other: Any) -> None:
    """Moves what a module of the script defines into a program."""
    names = [function.name for function in other.functions if not function.is_declaration]
    module.link_in(other)
    for name in names:
        function = module.get_function(name)
        function.linkage = "internal"
        function.add_function_attribute("alwaysinline")


def optimise(module: Any, machine: Any, options: CodegenOptions) -> None:
    """Runs LLVM's passes: loops are vectorised, and nothing else is done to them.

    Vectors of straight-line code, unrolled and interleaved loops made no kernel faster (processors overlap iterations
    by themselves), but took up to 40 % more time to compile, and need remainder loops that the padding of arrays does
    without. Loops that draw random numbers are longer chains than processors look through: they ask to be interleaved.
    """
    llvm = initialised_llvm()
    tuning = llvm.create_pipeline_tuning_options(speed_level=options.optimise)
    tuning.loop_vectorization = options.optimise > 1
    tuning.loop_interleaving = tuning.loop_unrolling = tuning.slp_vectorization = False
    module.data_layout = str(machine.target_data)
    builder = llvm.create_pass_builder(machine, tuning)
    times = _times.get()
    if times is not None:
        builder.start_pass_timing()
    builder.getModulePassManager().run(module, builder)
    if times is not None:
        times.extend(_times_in(builder.finish_pass_timing()))


_times: ContextVar[list[tuple[str, float]] | None] = ContextVar("ranvier times of LLVM's passes", default=None)


@contextmanager
def timing_passes() -> Generator[list[tuple[str, float]]]:
    """Gives a list to which LLVM's passes that run meanwhile are added, each with the seconds of all its runs."""
    found: list[tuple[str, float]] = []
    token = _times.set(found)
    try:
        yield found
    finally:
        _times.reset(token)


def _times_in(report: str) -> list[tuple[str, float]]:
    """Returns the passes in a report of LLVM's, without analyses, whose times are in those of passes."""
    passes = report.partition("Analysis execution timing report")[0]
    rows = re.findall(r"([\d.]+) \( *[\d.]+%\)  (\w.*)$", passes, re.MULTILINE)
    return [(name, float(seconds)) for name, seconds in {name: one for one, name in rows if name != "Total"}.items()]
