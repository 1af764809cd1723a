"""Steps and rows that the device counts for itself: then the kernels of many steps can be recorded and launched again.

What a kernel is given is the same in all steps. The step of each clock stands in memory of the device, and so does the
row of each table that grows by a row in each step. A kernel sets them before the first step of a call, and another one
raises them at the end of each step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.dialects.builtin import f64, i64
from xdsl.ir import Operation, SSAValue

from ranvier.ir.recording import RecordOp, RecordRateOp
from ranvier.ir.slots import PADDING
from ranvier.ir.structure import LoopOp, TimeOp
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.lower.writer import INDEX


@dataclass
class Counters:
    """What the device counts in a run.

    Attributes:
        steps: By clock: the memory with its step.
        rows: By table: the memory with the number of its rows.
        growth: By table: for each op that records into it its clock, and by how many rows it makes it longer.
    """

    steps: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    rows: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    growth: dict[SSAValue, list[tuple[SSAValue, SSAValue | None]]] = field(
        default_factory=dict[SSAValue, "list[tuple[SSAValue, SSAValue | None]]"]
    )


@dataclass(eq=False, repr=False)
class CountingRun(DeviceRun):
    """The function `@run` of a host that launches kernels which are given the same in each step.

    Attributes:
        counters: What the device counts.
    """

    counters: Counters = field(default_factory=Counters)

    def begin_instants(self, loop: LoopOp, counters: Sequence[SSAValue]) -> None:
        """Writes the kernel that sets what the device counts."""
        _begin(self, loop, counters)

    def end_instant(self, current: Mapping[SSAValue, SSAValue]) -> None:
        """Writes the kernel that raises what the device counts."""
        self.close_reading()
        _advance(self, current)

    def lower_specially(self, op: Operation) -> bool:
        """Writes an op by many threads, or a scalar that the device computes, and returns whether it has."""
        if not isinstance(op, TimeOp):
            return super().lower_specially(op)
        self.on_device[op.step] = self.counters.steps[op.clock]
        self.on_device[op.t] = op
        return True

    def lower_scalar(self, kernel: DeviceKernel, op: Operation) -> None:
        """Writes a scalar in a kernel; the time follows from the step."""
        if not isinstance(op, TimeOp):
            super().lower_scalar(kernel, op)
            return
        w, clock = kernel.writer, self.clocks[op.clock]
        step = kernel.value(op.step)
        if clock.times is not None:
            kernel.bind(op.t, w.load(kernel.pass_in(clock.times), w.cast(step, INDEX)))
        else:
            kernel.bind(op.t, w.binary(arith.MulfOp, w.cast(step, f64), kernel.pass_in(clock.dt)))

    def next_row(self, kernel: DeviceKernel, sink: SSAValue) -> SSAValue:
        """Returns the number of the row that a table gets in this step."""
        return kernel.writer.cast(kernel.writer.first(kernel.pass_in(self.counters.rows[sink])), INDEX)

    def end_row(self, op: RecordOp | RecordRateOp, number: SSAValue | None) -> None:
        """Raises the rows of a table in which another op records in the same step, too."""
        if len(self.counters.growth[op.sink]) > 1:
            kernel = self.device_kernel("count_rows", op.label.data, op=op)
            w, own = kernel.writer, kernel.pass_in(self.counters.rows[op.sink])
            more = w.constant(1, i64) if number is None else w.cast(kernel.pass_in(number), i64)
            w.store(w.add(w.first(own), more), own, kernel.zero)
            kernel.about = "rows"
            kernel.close()


def _begin(run: CountingRun, loop: LoopOp, steps: Sequence[SSAValue]) -> None:
    counters = run.counters
    clocks = dict(zip(run.clocks, steps, strict=True))
    tables: dict[SSAValue, SSAValue] = {}
    for op in loop.body.block.ops:
        if isinstance(op, RecordOp | RecordRateOp):
            instances = op.instances if isinstance(op, RecordRateOp) else None
            number = None if instances is None else run.value(instances)
            counters.growth.setdefault(op.sink, []).append((op.clock, number))
            tables[op.sink] = run.writer.first(run.sinks[op.sink][0])
    for known, kept in ((clocks, counters.steps), (tables, counters.rows)):
        for key in known:
            kept[key] = run.allocate(i64, run.writer.constant(PADDING))
            kept[key].name_hint = "counter"
    kernel = run.device_kernel("begin", op=run.program)
    for known, kept in ((clocks, counters.steps), (tables, counters.rows)):
        for key, value in known.items():
            kernel.writer.store(kernel.pass_in(value), kernel.pass_in(kept[key]), kernel.zero)
    kernel.about = "steps and rows"
    kernel.close()


def _advance(run: CountingRun, current: Mapping[SSAValue, SSAValue]) -> None:
    counters = run.counters
    kernel = run.device_kernel("advance", op=run.program)
    w = kernel.writer

    def raise_by(memory: SSAValue, clock: SSAValue, number: SSAValue) -> None:
        if clock in current:
            number = w.select(kernel.pass_in(current[clock]), number, w.constant(0, i64))
        own = kernel.pass_in(memory)
        w.store(w.add(w.first(own), number), own, kernel.zero)

    for clock, memory in counters.steps.items():
        raise_by(memory, clock, w.constant(1, i64))
    for sink, memory in counters.rows.items():
        (clock, several), *others = counters.growth[sink]
        if others:
            continue  # each has raised it
        raise_by(memory, clock, w.constant(1, i64) if several is None else w.cast(kernel.pass_in(several), i64))
    kernel.about = "steps and rows"
    kernel.close()


__all__ = ["Counters", "CountingRun"]
