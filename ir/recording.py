"""Ops that leave the dataflow: recording into tables, and calls to the host."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType, StringAttr, TensorType, f64, i64
from xdsl.ir import Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    region_def,
    result_def,
    var_operand_def,
    var_result_def,
)
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.neurons import region_of
from ranvier.ir.structure import YieldOp
from ranvier.ir.types import ClockType, EventsType, SinkType


def _verify_row(op: RecordOp | RecordEventsOp, fixed: int) -> None:
    sink = op.sink.type
    assert isinstance(sink, SinkType)
    given = list(sink.columns)[:fixed]
    if (given or fixed == 1) and (
        len(given) != fixed or given[0] != f64 or not all(isinstance(type, IntegerType) for type in given[1:])
    ):
        first = "the time (f64)" if fixed == 1 else "the time (f64) and the index (an integer)"
        raise VerifyException(f"the sink of {op.name} begins with {first}")
    block = region_of(op)
    last = block.last_op
    if [arg.type for arg in block.args] != [IndexType()]:
        raise VerifyException(f"the region of {op.name} takes one index")
    columns = list(sink.columns)[fixed:]
    if not isinstance(last, YieldOp) or [value.type for value in last.arguments] != columns:
        raise VerifyException(f"the region of {op.name} yields one value for each column of its sink")


@irdl_op_definition
class RecordOp(IRDLOperation):
    """Appends one row to a sink at each step of its clock: the time, and for each further column `size` values.

    The region gets k = 0..size-1 and yields the k-th value of each column (it reads arrays with `snn.gather`).

    ```
    snn.record "statemonitor" on(%clk) %sink [%n] at %t : !snn.sink<[f64, f64]> {
    ^bb0(%k: index):
      %r = snn.gather %record[%k] : tensor<?xi32> -> i32
      %i = arith.index_cast %r : i32 to index
      %x = snn.gather %v[%i] : tensor<?xf64> -> f64
      snn.yield %x : f64
    }
    ```
    """

    name = "snn.record"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    sink = operand_def(SinkType)
    size = operand_def(IndexType)
    t = operand_def(f64)
    body = region_def("single_block")

    assembly_format = "$label `on` `(` $clock `)` $sink `[` $size `]` `at` $t `:` type($sink) $body attr-dict"

    def __init__(self, label: str, clock: SSAValue, sink: SSAValue, size: SSAValue, t: SSAValue, body: Region) -> None:
        super().__init__(operands=[clock, sink, size, t], properties={"label": StringAttr(label)}, regions=[body])

    def verify_(self) -> None:
        _verify_row(self, fixed=1)


@irdl_op_definition
class RecordEventsOp(IRDLOperation):
    """Appends a row (time, index - start, further columns) for each event with start <= index < stop, and counts.

    A sink without columns only counts. The region gets the index of the event (in the whole population) and yields
    the further columns. `counts` has one element for each index from start to stop.

    `%c2 = snn.record_events "spikemonitor" on(%clk) %sink %spikes [%start, %stop] at %t counts %c : ... {...}`
    """

    name = "snn.record_events"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    sink = operand_def(SinkType)
    events = operand_def(EventsType())
    start = operand_def(IndexType)
    stop = operand_def(IndexType)
    t = operand_def(f64)
    counts = operand_def(TensorType)
    out = result_def(TensorType)
    body = region_def("single_block")

    assembly_format = (
        "$label `on` `(` $clock `)` $sink $events `[` $start `,` $stop `]` `at` $t `counts` $counts"
        " `:` type($sink) `,` type($counts) `->` type($out) $body attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        sink: SSAValue,
        events: SSAValue,
        bounds: tuple[SSAValue, SSAValue],
        t: SSAValue,
        counts: SSAValue,
        body: Region,
    ) -> None:
        super().__init__(
            operands=[clock, sink, events, *bounds, t, counts],
            result_types=[counts.type],
            properties={"label": StringAttr(label)},
            regions=[body],
        )

    def verify_(self) -> None:
        _verify_row(self, fixed=2)
        if self.out.type != self.counts.type:
            raise VerifyException("snn.record_events gives the next version of its counts")


@irdl_op_definition
class RecordRateOp(IRDLOperation):
    """Appends (time, number of events with start <= index < stop, over (stop-start)*dt) to a sink of f64 columns.

    Of B instances side by side (`of %instances`) it appends B rows, those of instance 0 first: the events of instance b
    are those with a number k of k mod B = b, and (stop-start)/B its elements.

    `snn.record_rate "ratemonitor" on(%clk) %sink %spikes [%start, %stop] at %t by %dt : !snn.sink<[f64, f64]>`
    """

    name = "snn.record_rate"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    sink = operand_def(SinkType)
    events = operand_def(EventsType())
    start = operand_def(IndexType)
    stop = operand_def(IndexType)
    t = operand_def(f64)
    dt = operand_def(f64)
    instances = opt_operand_def(IndexType)

    assembly_format = (
        "$label `on` `(` $clock `)` $sink $events `[` $start `,` $stop `]` `at` $t `by` $dt (`of` $instances^)?"
        " `:` type($sink) attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        sink: SSAValue,
        events: SSAValue,
        bounds: tuple[SSAValue, SSAValue],
        t: SSAValue,
        dt: SSAValue,
        instances: SSAValue | None = None,
    ) -> None:
        super().__init__(
            operands=[clock, sink, events, *bounds, t, dt, instances], properties={"label": StringAttr(label)}
        )

    def verify_(self) -> None:
        sink = self.sink.type
        assert isinstance(sink, SinkType)
        if list(sink.columns) != [f64, f64]:
            raise VerifyException("the sink of snn.record_rate has the columns [f64, f64]: time and rate")


@irdl_op_definition
class CallOp(IRDLOperation):
    """Leaves for the host, which may read and write all the given states and events, at each step of its clock.

    `%v2, %w2 = snn.call "networkoperation" 0 on(%clk) (%v, %w) : tensor<?xf64>, tensor<?xf64>`
    """

    name = "snn.call"

    label = prop_def(StringAttr)
    callback = prop_def(IntegerAttr.constr(type=i64))
    clock = operand_def(ClockType())
    states = var_operand_def()
    outs = var_result_def()

    assembly_format = (
        "$label $callback `on` `(` $clock `)` `(` $states `)` `:` type($states) `->` type($outs) attr-dict"
    )

    def __init__(self, label: str, callback: int, clock: SSAValue, states: Sequence[SSAValue]) -> None:
        super().__init__(
            operands=[clock, states],
            result_types=[[state.type for state in states]],
            properties={"label": StringAttr(label), "callback": IntegerAttr(callback, i64)},
        )

    def verify_(self) -> None:
        if [state.type for state in self.states] != [out.type for out in self.outs]:
            raise VerifyException("snn.call gives the next versions of its states")
