"""A module of loops to LLVM IR text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from ranvier.codegen import mathlib
from ranvier.codegen.compile import LINKED
from ranvier.codegen.errors import CodegenError, UnsupportedOpError
from ranvier.codegen.input_metadata import metadata
from ranvier.codegen.llvm import arith, func, math, memref, parallel, scf, team, vector
from ranvier.codegen.llvm.profile import Profile
from ranvier.codegen.llvm.writer import Handler, Writer
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import Target, host
from ranvier.ir.input_attributes import read_table
from ranvier.ir.inputs import InputTable
from ranvier.ir.locations import place_accesses
from ranvier.ir.slots import Slot, SlotKind

HANDLERS: Mapping[str, Handler] = {
    **arith.OPS,
    **math.OPS,
    **memref.OPS,
    **scf.OPS,
    **parallel.OPS,
    **func.OPS,
    **vector.OPS,
}
"""The translation of every op that may stand in a function."""


_DEFINITION = re.compile(r"^(define .*) \{$", re.MULTILINE)


def emit_module(
    module: ModuleOp,
    *,
    target: Target | None = None,
    options: CodegenOptions | None = None,
    slots: Sequence[Slot] = (),
) -> str:
    """Returns the LLVM IR text of `module`, which exports `ranvier_entry` if there is a function `@run`.

    Args:
        module: Functions of `scf`, `arith`, `math`, `memref` and `vector` ops.
        target: The machine, by default the host.
        options: The user's choices.
        slots: The calling convention of `@run`; if given, it must fit the function's arguments; by default what the
            attribute `ranvier.table` of `@run` says. The last slot, if it is the control block, makes its accesses
            volatile: other threads write to it.

    Raises:
        UnsupportedOpError: An op has no translation.
        CodegenError: The module is no program.
    """
    w = Writer(HANDLERS, target or host(), options or CodegenOptions())
    functions = _functions(module)
    if w.options.profile:
        w.profile = Profile(functions, x86=w.target.triple.startswith(("x86_64", "i")))
    if w.debug is not None:
        for op in functions:
            place_accesses(op)
    table = _table(functions)
    slots = slots or (() if table is None else table.slots())
    calls_outside = func.calls_outside(functions)
    has_control = bool(slots) and slots[-1].kind is SlotKind.CONTROL
    for op in functions:
        name = op.sym_name.data
        if not op.body.blocks:
            func.write_declaration(w, op)
            continue
        is_program = name == func.PROGRAM
        if is_program and slots and len(slots) != len(op.function_type.inputs.data):
            count = len(op.function_type.inputs.data)
            raise CodegenError(f"@run takes {count} arguments, but there are {len(slots)} slots")
        func.write_function(w, op, calls_out=name in calls_outside, control=is_program and has_control)
        if is_program:
            func.write_entry(w, op)
    if any(slot.kind is SlotKind.THREADS for slot in slots) and team.PARALLEL not in w.helpers:
        w.helpers.add(team.IDLE)
    loops = w.loop_metadata()
    described = [] if table is None else metadata(table, len(loops))
    placed = [] if w.debug is None else w.debug.metadata()
    measured = [] if w.profile is None else w.profile.definitions()
    parts = (_header(w.target), measured, w.lines, _library(w), _attributes(w.target), loops, described, placed, [""])
    text = "\n".join(line for part in parts for line in part)
    return LINKED.join([text, *w.linked])


def _table(functions: Sequence[FuncOp]) -> InputTable | None:
    """Returns the inputs that the program says."""
    program = next((op for op in functions if op.sym_name.data == func.PROGRAM and op.body.blocks), None)
    try:
        return None if program is None else read_table(program)
    except ValueError as error:
        raise CodegenError(str(error)) from None


def _functions(module: ModuleOp) -> list[FuncOp]:
    functions: list[FuncOp] = []
    for op in module.ops:
        if not isinstance(op, FuncOp):
            raise UnsupportedOpError(op, "only functions may stand at the top of a module")
        functions.append(op)
    return functions


def _header(target: Target) -> list[str]:
    return [f'target triple = "{target.triple}"', ""]


def _library(w: Writer) -> list[str]:
    """Returns the text of the functions that the walk asked for, for the same machine as all others."""
    texts = [text for name, text in memref.HELPERS.items() if name in w.helpers]
    if team.PARALLEL in w.helpers:
        texts.append(team.definitions(w.target))
    if team.PARALLEL in w.helpers or w.profile is not None:
        texts.append(team.CLOCK_TEXT)
    if team.IDLE in w.helpers:
        texts.append(team.IDLE_TEXT)
    if team.IN_TURN in w.helpers:
        texts.append(team.IN_TURN_TEXT)
    if w.library:
        texts.append(mathlib.definitions(sorted(w.library)))
    return [_DEFINITION.sub(r"\1 #0 {", text) for text in texts]


def _attributes(target: Target) -> list[str]:
    """Returns the attribute groups: #0 of the entry and of what is inlined, #1 of the program and its sweeps.

    The preferred width must stand on every function, the outermost too, or inlining loses it.
    """
    common = ["nounwind"]
    if target.cpu:
        common.append(f'"target-cpu"="{target.cpu}"')
    if target.features:
        common.append(f'"target-features"="{target.features}"')
    if target.vector_bits:
        common.append(f'"prefer-vector-width"="{target.vector_bits}"')
    return [f"attributes #0 = {{ {' '.join(common)} }}", f"attributes #1 = {{ noinline {' '.join(common)} }}"]
