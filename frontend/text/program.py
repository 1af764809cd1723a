"""Programs written as text: from an IR file to a run, without the front end.

program = TextProgram.read("cells.mlir")
run = program.start({"cells.N": 100, "tau": 0.01, "cells.v": 0.0})
run.advance(0.5)
run.states["cells.v"], run.tables["spikes"].to_arrow()
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ranvier.codegen import CodegenOptions, LoadedProgram
from ranvier.codegen.cache import ProgramCache
from ranvier.ir.inputs import InputTable
from ranvier.pipeline.dumps import heading_of
from ranvier.pipeline.options import Options, Passes, Watcher, code_as_chosen
from ranvier.pipeline.stage_table import (
    LOOPS,
    OPTIMISED,
    Loops,
    loops_again,
    loops_table,
    make_loops,
    native_program,
    warnings_of,
)
from ranvier.runtime.simulation import CALLBACK_ADDRESS
from ranvier.text.run import DTYPES, Input, InputError, TextRun, named_inputs

__all__ = ["DTYPES", "Input", "InputError", "TextProgram", "TextRun", "parse_value"]


class TextProgram:
    """A program from text, compiled.

    Args:
        text: A module with one `snn.program`, or one of loops (what `lower-to-loops` made), or LLVM IR made of that.
        name: The name of the file, for messages.
        pipeline: The optimisations: text, passes or a sequence of both, see `ranvier.stages.Options`; "default":
            the default ones; "": none; None: what the first line of a dump says (`pipeline/dumps.py`), else the default
            ones for an `snn.program`, none for loops.
        options: Options of code generation; None: those of a dump, else the default ones.
        cache: Where compiled programs are kept; None: the default cache.
        watch: What looks on while the program is made, see `ranvier.pipeline.options.Options`.

    Attributes:
        inputs: What `start` takes.
        native: The machine code; `native.timings` has the seconds of each stage.
        warnings: What has not been done as was asked.

    Raises:
        IRFileError: The text cannot be parsed, or breaks a rule of the dialect.
        PipelineError: The pipeline names no such pass, or has passes for LLVM IR.
        CodegenError: LLVM does not accept the text, or it is for another processor.
    """

    def __init__(
        self,
        text: str,
        name: str = "<text>",
        *,
        pipeline: Passes | None = None,
        options: CodegenOptions | None = None,
        cache: ProgramCache | None = None,
        watch: Watcher | None = None,
    ) -> None:
        heading = heading_of(text)
        if heading is not None:  # a dump says how it goes on
            pipeline = heading.passes if pipeline is None else pipeline
            options = options or CodegenOptions(fast_math=heading.fast_math, optimise=heading.optimise)
        how = Options(pipeline=pipeline, codegen=options or CodegenOptions(), watch=watch)
        if is_llvm(text, name):
            self._table, self.native = _of_llvm(text, name, how, cache)
            self.warnings: list[str] = []
        else:
            self._table, self.native, self.warnings = _of_module(text, name, how, cache)
        self.inputs = named_inputs(self._table)

    @classmethod
    def read(cls, path: str | Path, **kwds: Any) -> TextProgram:
        """Returns the program in a file; see the class.

        Raises:
            OSError: The file cannot be read.
        """
        from ranvier.ir.diagnostics import read_text

        return cls(read_text(path), str(path), **kwds)

    def start(
        self, values: Mapping[str, Any], callbacks: Sequence[Callable[[], None]] = (), *, threads: int = 1
    ) -> TextRun:
        """Returns a run at time 0.

        Args:
            values: By label: numbers for params (all of them), numbers or arrays for states (otherwise 0), numbers of
                elements for events (otherwise none), the step length in seconds for clocks (otherwise 0.1 ms), or that,
                the number of the next step, and that of the step at which the run ends.
                `ranvier.pipeline.dumps.read_inputs` reads them from the file of a dump.
            callbacks: What `snn.call` calls, by number.
            threads: The number of threads, for a program that the pass `partition` has divided.

        Raises:
            InputError: A value is missing, has no place, or does not fit; sizes do not fit each other.
        """
        return TextRun(self.native, self._table, self.inputs, values, callbacks, threads=threads)


def is_llvm(text: str, name: str) -> bool:
    """Tells whether a text is LLVM IR."""
    from ranvier.codegen.input_metadata import has_table

    return name.endswith(".ll") or has_table(text)


def _of_module(
    text: str, name: str, how: Options, cache: ProgramCache | None
) -> tuple[InputTable, LoadedProgram, list[str]]:
    from xdsl.utils.exceptions import VerifyException

    from ranvier.codegen.errors import UnsupportedOpError
    from ranvier.ir.diagnostics import Diagnostic, IRFileError, parse_module
    from ranvier.ir.locating import LocatingParser
    from ranvier.ir.synapses import PropagateOp
    from ranvier.passes.facts.program_checks import check_programs
    from ranvier.passes.lower.abi import program_of
    from ranvier.passes.lower.input_table import input_table

    module = parse_module(text, name, check=check_programs)
    try:
        table = loops_table(module)
        lowered = table is not None
        if table is None:
            table = input_table(program_of(module))
    except (VerifyException, ValueError) as error:
        raise IRFileError(Diagnostic(f"{name}: {error}", name)) from None
    if lowered and how.pipeline is None:
        how = replace(how, pipeline="")
    how = code_as_chosen(how, table.contracted)
    pathways = [op.label.data for op in module.walk() if isinstance(op, PropagateOp)]

    def build() -> Loops:
        if lowered:
            return loops_again(module.clone(), how)
        return make_loops(module.clone(), (OPTIMISED, LOOPS), how, pathways)

    key = hashlib.sha256(str(module).encode()).hexdigest()
    symbols = {"ranvier_call": CALLBACK_ADDRESS}
    try:
        native = native_program(key, build, how, symbols, cache)
    except UnsupportedOpError:  # once more with the places of ops, which take time otherwise, for the message
        module, how = parse_module(text, name, parser=LocatingParser), replace(how, watch=None)
        native = native_program(key, build, how, symbols, ProgramCache(None))
    return table, native, warnings_of(native, pathways)


def _of_llvm(text: str, name: str, how: Options, cache: ProgramCache | None) -> tuple[InputTable, LoadedProgram]:
    from ranvier.codegen.input_metadata import read_metadata
    from ranvier.codegen.programs import program_of_text

    if how.pipeline is not None and how.spec:
        from ranvier.passes.pipeline import PipelineError

        raise PipelineError(f"{name} is LLVM IR: there are no passes to run on it")
    table = read_metadata(text, name)
    symbols = {"ranvier_call": CALLBACK_ADDRESS}
    if how.watch is None:
        return table, program_of_text(text, table.slots(), options=how.codegen, symbols=symbols, cache=cache, file=name)
    compiled = functools.partial(
        program_of_text,
        text,
        table.slots(),
        options=how.codegen,
        symbols=symbols,
        cache=ProgramCache(None),
        file=name,
    )
    return table, how.watch.program(text, "", compiled)


def parse_value(text: str) -> Any:
    """Returns the number, truth value or list of them that a text says ("0.1", "True", "[1, 2]").

    Raises:
        InputError: It says none.
    """
    try:
        value = float(text) if text.lstrip("+-") in ("inf", "nan") else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    numbers = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
    if not all(isinstance(number, int | float) for number in numbers):  # pyright: ignore[reportUnknownVariableType]
        raise InputError(f"A value is a number, True, False, or a list of them, not {text!r}")
    return cast(Any, value)
