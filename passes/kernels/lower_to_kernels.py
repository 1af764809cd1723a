"""The pass `lower-to-kernels`: from the `snn` dialect to kernels of the `gpu` dialect, which the host launches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from xdsl.context import Context
from xdsl.dialects import func, gpu
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr, UnitAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.device_words import LAUNCHING
from ranvier.ir.emission import EmitOp
from ranvier.ir.input_attributes import write_table
from ranvier.ir.lanes import TabulateOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.recording import CallOp, RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.structure import ClockOp, ProgramOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.team import DIVISION
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.versions import check_single_version, describe
from ranvier.passes.kernels.counting import CountingRun
from ranvier.passes.kernels.device import MODULE, DeviceRun, gpu_function
from ranvier.passes.kernels.launching import FORMS, choose, launches_of_step, waits_of_step
from ranvier.passes.kernels.records import record_events_kernel, record_kernel, record_rate_kernel
from ranvier.passes.kernels.scattered import emit_kernel, scatter_kernel
from ranvier.passes.kernels.sums import accumulate_kernel, deposit_kernel
from ranvier.passes.kernels.sweeps import (
    compact_kernel,
    map_kernel,
    reset_kernel,
    tabulate_kernel,
    threshold_kernel,
)
from ranvier.passes.kernels.synapses import arrivals_kernel, propagate_kernel
from ranvier.passes.kernels.trees import solve_forest_kernel, solve_tree_kernel
from ranvier.passes.lower.abi import input_ops, program_of
from ranvier.passes.lower.input_table import input_table
from ranvier.passes.lower.lower_to_loops import write_run
from ranvier.passes.lower.writer import Writer
from ranvier.passes.statistics import count

LOWERINGS: Mapping[type[Operation], Callable[[DeviceRun, Any], bool]] = {
    MapOp: map_kernel,
    TabulateOp: tabulate_kernel,
    ThresholdOp: threshold_kernel,
    CompactOp: compact_kernel,
    ResetOp: reset_kernel,
    RecordOp: record_kernel,
    RecordEventsOp: record_events_kernel,
    RecordRateOp: record_rate_kernel,
    PropagateOp: propagate_kernel,
    ArrivalsOp: arrivals_kernel,
    AccumulateOp: accumulate_kernel,
    DepositOp: deposit_kernel,
    ScatterOp: scatter_kernel,
    EmitOp: emit_kernel,
    SolveTreeOp: solve_tree_kernel,
    SolveForestOp: solve_forest_kernel,
}
"""What is written by many threads. All other ops become kernels of one thread, by the code of the loops."""

LEAST_BLOCK, MOST_BLOCK = 2, 1024
"""How many threads a block may have."""


@dataclass(frozen=True)
class LowerToKernels(ModulePass):
    """Turns the program of a module into kernels, and a function `@run(...) -> i64` of the host that launches them.

    Before:
        snn.program @lif { ... snn.loop (%v) ... { %v1 = snn.map "integrate" ... (%v0) ... } }
    After:
        func.func @run(%v: memref<?xf64>, ...) -> i64 {
          scf.while ... { gpu.launch_func @kernels::@integrate_lif blocks in (%n, 1, 1) threads in (128, 1, 1) ... }
        }
        gpu.module @kernels { gpu.func @integrate_lif(%v: memref<?xf64>, ...) kernel { ... } }

    The arguments of `@run` are those of `ranvier.ir.slots`. The host has times and sizes, and what it passes to
    kernels follows from these; arrays are the device's. No sum of floats is left to the order of threads: results are
    the same for any size of blocks and any order in which they run.
    """

    name = "lower-to-kernels"
    statistics: ClassVar = {"kernels": "kernels of the device"}

    block: int = 128
    """The threads of a block: a power of two from 2 to 1024."""
    launching: str = "auto"
    """How kernels are launched: "graph", those of many steps together; "cooperative", by one kernel that does many
    steps; "single"; or "auto", see `launching.py`."""
    steps: int = 0
    """The most steps that are recorded at once, a power of two; 0: what the model says."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replaces the contents of the module.

        Raises:
            ValueError: The number of threads of a block is no power of two from 2 to 1024; or there is no such
                form of launching.
            PassError: There is not one program with one loop, it is divided among threads of the CPU, or the host would
                need what the device computes.
        """
        if not LEAST_BLOCK <= self.block <= MOST_BLOCK or self.block & (self.block - 1):
            raise ValueError(f"a block has 2, 4, 8, ... or 1024 threads, not {self.block}")
        if self.launching not in FORMS or self.steps < 0 or self.steps & (self.steps - 1):
            raise ValueError(
                "kernels are launched by 'cooperative', 'graph', 'single' or 'auto', and the steps are 1, 2, ...; not "
                f"launching={self.launching!r}, steps={self.steps}"
            )
        program = program_of(op)
        for each in program.walk():
            if DIVISION in each.attributes:
                raise PassError(each, f"{describe(each)} is divided among threads of the CPU: leave 'partition' out")
        body = Block()
        run = CountingRun(
            program, check_single_version(program), Writer(body), body, block=self.block, lowerings=LOWERINGS
        )
        entry = write_run(run)
        write_table(entry, input_table(program))
        kernels, (calls, reason) = _kernels(run), _ends_of_graphs(program)
        launches = launches_of_step(entry)
        waits = waits_of_step(launches, kernels)
        chosen = choose(len(launches), self.launching, self.steps, calls, reason, waits)
        entry.attributes[LAUNCHING] = chosen.attribute
        count("kernels", len(run.kernels))
        block = op.body.block
        for old in list(block.ops):
            if isinstance(old, ProgramOp):
                old.detach()
        called = {op.callee.root_reference.data for op in entry.walk() if isinstance(op, func.CallOp)}
        block.add_ops([entry, *(run.functions[name].clone() for name in run.functions if name in called), kernels])
        op.attributes["gpu.container_module"] = UnitAttr()


def _ends_of_graphs(program: ProgramOp) -> tuple[list[int], str]:
    """Returns the positions of clocks in whose steps Python is called, and why there can be no graphs at all, or ""."""
    inputs = input_ops(program)
    irregular = [op for op in inputs if isinstance(op, ClockOp) and op.times is not None]
    if irregular:
        return [], f"the steps of {irregular[0].label.data} have no fixed distance"
    numbers: dict[SSAValue, int] = {op.value: number for number, op in enumerate(inputs) if isinstance(op, ClockOp)}
    found: set[int] = set()
    for op in program.walk():
        if isinstance(op, CallOp):
            found.add(numbers[op.clock])
    if found and len(numbers) == 1:
        return sorted(found), "Python is called in each step"
    return sorted(found), ""


def _kernels(run: DeviceRun) -> gpu.ModuleOp:
    """Returns the module of the kernels, with the functions that they call and the memory that blocks share."""
    kernels = [gpu_function(run.functions[name], threads) for name, threads in run.kernels.items()]
    others = _called(kernels, {name: f for name, f in run.functions.items() if name not in run.kernels})
    body = Block([*run.shared_memory.values(), *kernels, *others])
    return gpu.ModuleOp.create(properties={"sym_name": StringAttr(MODULE)}, regions=[Region(body)])


def _called(kernels: Sequence[Operation], others: Mapping[str, func.FuncOp]) -> list[func.FuncOp]:
    """Returns copies of the functions that kernels call, and of those that these call."""
    found: dict[str, func.FuncOp] = {}
    todo: list[Operation] = list(kernels)
    while todo:
        for op in todo.pop().walk():
            if not isinstance(op, func.CallOp):
                continue
            callee = op.properties["callee"]
            assert isinstance(callee, SymbolRefAttr)
            name = callee.root_reference.data
            if name not in found:
                found[name] = others[name].clone()
                todo.append(found[name])
    return list(found.values())
