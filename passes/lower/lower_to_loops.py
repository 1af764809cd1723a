"""The pass `lower-to-loops`: from the `snn` dialect to `func`, `scf`, `arith`, `math` and `memref`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.derive import DeriveOp
from ranvier.ir.input_attributes import ENTRY, write_table
from ranvier.ir.inputs import THREADS
from ranvier.ir.lanes import TabulateOp
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.ir.structure import ClockOp, DtOp, EventSpaceOp, LoopOp, ParamOp, ProgramOp, ReadOp, SinkOp, StateOp
from ranvier.ir.types import element_type
from ranvier.passes.errors import PassError
from ranvier.passes.facts.versions import check_single_version, describe
from ranvier.passes.lower.abi import INPUT_OPS, argument_types, derived_ops, input_ops, program_of
from ranvier.passes.lower.functions import function
from ranvier.passes.lower.input_table import input_table
from ranvier.passes.lower.lowered import LoweredClock, LoweredEvents, known_location
from ranvier.passes.lower.regions import lower_scalar
from ranvier.passes.lower.scopes import Run
from ranvier.passes.lower.sweeps import lower_tabulate
from ranvier.passes.lower.time_loop import lower_loop
from ranvier.passes.lower.writer import Writer, pointer_to
from ranvier.passes.statistics import count

_ONCE = (DtOp, ReadOp, GatherOp, RandomOp, PropagatorOp, NativeOp)
"""The ops of the `snn` dialect that may be computed once per run."""


@dataclass(frozen=True)
class LowerToLoops(ModulePass):
    """Turns the program of a module into a function `@run(...) -> i64` and the private functions it calls.

    Before:
        snn.program @lif { ... %v = snn.state ...
            snn.loop (%v) ... { ... %v1 = snn.map "integrate" ... (%v0) ... } }
    After:
        func.func @run(... %v: memref<?xf64>, ...) -> i64 ... { ... scf.while ... { ... func.call @integrate_lif(... } }
        func.func private @integrate_lif(... %v: memref<?xf64> {llvm.noalias, llvm.align = 64 : i64} ...) {
            ... scf.for ... }

    The arguments of `@run` are those of `ranvier.ir.slots`; its attribute `ranvier.table` says what they are
    (`ranvier.ir.inputs`), so that the text can be run. A state is one buffer, updated in place: legal because
    `check_single_version` proves that no version is used after the next was made. A map that reads elements of an
    array other than its own while it updates that array goes through a temporary.
    """

    name = "lower-to-loops"
    statistics: ClassVar = {"functions": "functions that the sweeps have become"}

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replaces the contents of the module.

        Raises:
            PassError: There is not one program with one loop, or an array is used after its next version.
        """
        program = program_of(op)
        functions = lower_program(program)
        count("functions", len(functions) - 1)
        write_table(functions[0], input_table(program))
        block = op.body.block
        for old in list(block.ops):
            if isinstance(old, ProgramOp):
                old.detach()
        block.add_ops(functions)


def lower_program(program: ProgramOp) -> list[func.FuncOp]:
    """Returns the functions that a program becomes, `@run` first; the program is left as it is."""
    body = Block()
    run = Run(program, check_single_version(program), Writer(body), body)
    return [write_run(run), *run.functions.values()]


def write_run(run: Run) -> func.FuncOp:
    """Writes the function `@run` of a program, and the others that it needs into `run.functions`."""
    body = run.setup
    types = _bind_inputs(run)
    control = body.insert_arg(pointer_to(i64), len(types))
    control.name_hint = "control"
    types.append(control.type)
    run.unaligned.add(control)
    run.control_block = control
    _lower_once(run, control)
    return function(ENTRY, types, [i64], Region(body), public=True)


def _bind_inputs(run: Run) -> list[Attribute]:
    """Gives `@run` its arguments and binds the results of the input ops to them."""
    block, types = run.setup, list[Attribute]()
    for op in input_ops(run.program):
        first = len(types)
        types += argument_types(op)
        args = [block.insert_arg(type, first + k) for k, type in enumerate(types[first:])]
        hint = _hint(op)
        for arg in args:
            arg.name_hint = hint
        match op:
            case ParamOp():
                run.values[op.value] = args[0]
                if THREADS in op.attributes:
                    run.threads = args[0]
            case StateOp():
                run.arrays[op.value] = args[0]
            case EventSpaceOp():
                run.event_arguments[op.value] = (args[0], args[1])
                run.unaligned.add(args[1])
            case ClockOp():
                run.clocks[op.value] = LoweredClock(
                    args[0], args[1], None if op.times is None else run.arrays[op.times]
                )
                run.unaligned.add(args[0])
            case SinkOp():
                run.sinks[op.value] = tuple(args)
                run.unaligned.update(args)
            case _:
                raise TypeError(op.name)
    for op in derived_ops(run.program):
        types.append(pointer_to(element_type(op.value.type)))
        run.arrays[op.value] = block.insert_arg(types[-1], len(types) - 1)
        run.arrays[op.value].name_hint = op.value.name_hint
    return types


def _hint(op: Operation) -> str:
    label = str(getattr(op.properties.get("label"), "data", ""))
    clean = "".join(c if c.isalnum() else "_" for c in label)
    return clean if clean and not clean[0].isdigit() else f"_{clean}"


def _lower_once(run: Run, control: SSAValue) -> None:
    """Writes what is computed before the loop, the loop, and the end."""
    writer = run.writer
    code: SSAValue | None = None
    for op in run.program.body.block.ops:
        writer.location = known_location(op)
        match op:
            case EventSpaceOp():
                indices, count = run.event_arguments[op.value]
                run.events[op.value] = LoweredEvents(indices, count, run.value(op.size))
            case LoopOp():
                code = lower_loop(run, op, control)
            case TabulateOp() if code is None:
                if not run.lower_specially(op):
                    lower_tabulate(run, op)
            case _ if isinstance(op, (*INPUT_OPS, DeriveOp)):
                pass
            case _ if code is not None:
                raise PassError(op, f"{describe(op)} stands after the loop, where nothing is computed")
            case _ if op.name.startswith("snn.") and not isinstance(op, _ONCE):
                raise PassError(op, f"{describe(op)} stands outside snn.loop")
            case _:
                lower_scalar(run, op)
    assert code is not None, "check_single_version found one loop"
    writer.location = None
    for buffer in run.owned:
        run.release(buffer)
    writer.op(func.ReturnOp, [code])
    writer.finish()
