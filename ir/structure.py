"""Ops that give a program its shape: run-time inputs, the loop over instants, time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    Float64Type,
    IndexType,
    StringAttr,
    SymbolNameConstraint,
    TensorType,
    f32,
    f64,
    i1,
    i16,
    i32,
    i64,
)
from xdsl.dialects.utils import AbstractYieldOperation
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    opt_operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import HasParent, IsTerminator, NoTerminator, Pure, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.order import PlacedError, check_order
from ranvier.ir.types import Array, ClockType, EventsType, SinkType, is_shared

ELEMENT_TYPES = (i1, i16, i32, i64, f32, f64)
"""What the elements of arrays may be."""

PARAM_TYPES = (IndexType(), i1, i32, i64, f32, f64)
"""What params may be."""


def _listed(types: Sequence[Attribute]) -> str:
    return f"{', '.join(map(str, types[:-1]))} or {types[-1]}"


def verify_array(op: Operation, type: Attribute) -> None:
    """Checks that an op declares an array over an index space, or a shared variable, of elements that there are.

    Raises:
        VerifyException: It does not.
    """
    array = cast(Array, type)
    if array.get_shape() not in ((DYNAMIC_INDEX,), (1,)):
        raise VerifyException(f"{op.name} is an array tensor<?x...>, or a shared variable tensor<1x...>, not {type}")
    if array.get_element_type() not in ELEMENT_TYPES:
        raise VerifyException(f"the elements of {op.name} are {_listed(ELEMENT_TYPES)}, not {array.get_element_type()}")


@irdl_op_definition
class ProgramOp(IRDLOperation):
    """A whole simulation: its run-time inputs, what is computed once per run, and one `snn.loop`.

    ```
    snn.program @decay {
      %N = snn.param "neurongroup.N" : index
      ...
      %out = snn.loop (%v) : tensor<?xf64> { ... }
    }
    ```
    """

    name = "snn.program"

    sym_name = prop_def(SymbolNameConstraint())
    body = region_def("single_block")

    traits = traits_def(NoTerminator(), SymbolOpInterface())
    assembly_format = "$sym_name $body attr-dict"

    def __init__(self, name: str, body: Region) -> None:
        super().__init__(properties={"sym_name": StringAttr(name)}, regions=[body])

    def verify_(self) -> None:
        check_order(self)
        module = self.parent_op()
        if module is not None:
            first = next(
                (op for block in module.regions[0].blocks for op in block.ops if isinstance(op, ProgramOp)), self
            )
            if first is not self:
                raise VerifyException(f"a module has one snn.program, and @{first.sym_name.data} is one")
        self._verify_loop()

    def _verify_loop(self) -> None:
        loop: LoopOp | None = None
        for op in self.body.block.ops:
            if isinstance(op, LoopOp) and loop is not None:
                raise PlacedError(op, "snn.program has one snn.loop, this is another")
            if isinstance(op, INPUT_OPS) and loop is not None:
                raise PlacedError(op, f"{op.name} stands behind the loop; inputs stand in front of it")
            loop = op if isinstance(op, LoopOp) else loop
        if loop is None:
            raise VerifyException("snn.program has one snn.loop, this one has none")
        for op in loop.walk():
            if isinstance(op, (*INPUT_OPS, LoopOp)) and op is not loop:
                raise PlacedError(op, f"{op.name} stands in the loop; inputs stand in front of it")


@irdl_op_definition
class ParamOp(IRDLOperation):
    """A scalar of the run: a size (index), a constant of the script (f64, i64, i1), the random key (i64).

    `%tau = snn.param "tau" "s" : f64`. The second string is the physical dimension, "" if there is none.
    """

    name = "snn.param"

    label = prop_def(StringAttr)
    dim = prop_def(StringAttr)
    value = result_def()

    assembly_format = "$label $dim `:` type($value) attr-dict"

    def __init__(self, label: str, type: Attribute, dim: str = "") -> None:
        super().__init__(properties={"label": StringAttr(label), "dim": StringAttr(dim)}, result_types=[type])

    def verify_(self) -> None:
        if self.value.type not in PARAM_TYPES:
            raise VerifyException(f"snn.param is {_listed(PARAM_TYPES)}, not {self.value.type}")


@irdl_op_definition
class StateOp(IRDLOperation):
    """An array that lives across steps and runs, owned by the host; `size` is its number of elements.

    `%v = snn.state "neurongroup.v" "V" [%N] : tensor<?xf64>`. Constant data (recorded indices, the values of a
    timed array) are states that nothing updates. Distinct states never overlap in memory.
    """

    name = "snn.state"

    label = prop_def(StringAttr)
    dim = prop_def(StringAttr)
    size = operand_def(IndexType)
    value = result_def(TensorType)

    assembly_format = "$label $dim `[` $size `]` `:` type($value) attr-dict"

    def __init__(self, label: str, size: SSAValue, type: Attribute, dim: str = "") -> None:
        super().__init__(
            operands=[size],
            properties={"label": StringAttr(label), "dim": StringAttr(dim)},
            result_types=[type],
        )

    def verify_(self) -> None:
        verify_array(self, self.value.type)


@irdl_op_definition
class EventSpaceOp(IRDLOperation):
    """The events of a population that live across steps (and can be read between runs): at most `size` indices.

    `%none = snn.event_space "neurongroup.spike" [%N]`
    """

    name = "snn.event_space"

    label = prop_def(StringAttr)
    size = operand_def(IndexType)
    value = result_def(EventsType())

    assembly_format = "$label `[` $size `]` attr-dict"

    def __init__(self, label: str, size: SSAValue) -> None:
        super().__init__(operands=[size], properties={"label": StringAttr(label)}, result_types=[EventsType()])


@irdl_op_definition
class ClockOp(IRDLOperation):
    """A clock of the simulation: its dt, first and last step come at run time. Every clock drives the loop.

    `%clk = snn.clock "defaultclock"` ticks every dt. `%clk = snn.clock "events" at %times : tensor<?xf64>` ticks at the
    times that a state lists: its step n is at the n-th of them. They ascend, the last is infinity, and nothing updates
    them; the clock has no dt.
    """

    name = "snn.clock"

    label = prop_def(StringAttr)
    times = opt_operand_def(TensorType)
    value = result_def(ClockType())

    assembly_format = "$label (`at` $times^ `:` type($times))? attr-dict"

    def __init__(self, label: str, times: SSAValue | None = None) -> None:
        super().__init__(operands=[times], properties={"label": StringAttr(label)}, result_types=[ClockType()])

    def verify_(self) -> None:
        if self.times is None:
            return
        if cast(Array, self.times.type).get_element_type() != f64 or not isinstance(self.times.owner, StateOp):
            raise VerifyException("the times of snn.clock are a state of f64")


@irdl_op_definition
class SinkOp(IRDLOperation):
    """A table of a monitor that `snn.record*` appends to; the host empties it before it overflows.

    `%m = snn.sink "spikemonitor" : !snn.sink<[f64, i32]>`
    """

    name = "snn.sink"

    label = prop_def(StringAttr)
    value = result_def(SinkType)

    assembly_format = "$label `:` type($value) attr-dict"

    def __init__(self, label: str, columns: Sequence[Attribute]) -> None:
        super().__init__(properties={"label": StringAttr(label)}, result_types=[SinkType(ArrayAttr(columns))])

    def verify_(self) -> None:
        columns = self.value.type.columns
        if any(type not in ELEMENT_TYPES for type in columns):
            raise VerifyException(f"the columns of snn.sink are {_listed(ELEMENT_TYPES)}")


INPUT_OPS = (ParamOp, StateOp, EventSpaceOp, ClockOp, SinkOp)
"""The ops that declare run-time inputs."""


@irdl_op_definition
class DtOp(IRDLOperation):
    """The step length of a clock in seconds, constant during a run. `%dt = snn.dt %clk`

    Clocks that tick at given times have none.
    """

    name = "snn.dt"

    clock = operand_def(ClockType())
    value = result_def(f64)

    traits = traits_def(Pure())
    assembly_format = "$clock attr-dict"

    def __init__(self, clock: SSAValue) -> None:
        super().__init__(operands=[clock], result_types=[Float64Type()])

    def verify_(self) -> None:
        if isinstance(self.clock.owner, ClockOp) and self.clock.owner.times is not None:
            raise VerifyException("a clock that ticks at given times has no dt")


@irdl_op_definition
class TimeOp(IRDLOperation):
    """The time t = n*dt (seconds) and the step number n of a clock at this instant; only inside `snn.loop`.

    At an instant of other clocks it is their next step that they tell. Of a clock that ticks at given times t is the
    n-th of them.

    `%t, %n = snn.time %clk`
    """

    name = "snn.time"

    clock = operand_def(ClockType())
    t = result_def(f64)
    step = result_def(i64)

    traits = lazy_traits_def(lambda: (Pure(), HasParent(LoopOp)))
    assembly_format = "$clock attr-dict"

    def __init__(self, clock: SSAValue) -> None:
        super().__init__(operands=[clock], result_types=[f64, i64])


@irdl_op_definition
class LoopOp(IRDLOperation):
    """The loop over the instants of the simulation; its body is one instant in schedule order.

    An instant is the smallest time of all clocks; the clocks within 1e-4 of the smallest dt of it are current (1e-14 s
    if no clock has a dt). An op
    of a clock that is not current passes its old values on. Afterwards the current clocks advance. The loop ends when
    the clock with the smallest time has reached its last step, or (to be continued) when the host asks for it.
    The carried values are states (`tensor`) and events (`!snn.events`).

    ```
    %v_end = snn.loop (%v) : tensor<?xf64> {
    ^bb0(%v_now: tensor<?xf64>):
      ...
      snn.yield %v_next : tensor<?xf64>
    }
    ```
    """

    name = "snn.loop"

    carried = var_operand_def()
    outs = var_result_def()
    body = region_def("single_block")

    assembly_format = "` ` `(` $carried `)` `:` type($carried) `->` type($outs) $body attr-dict"

    def __init__(self, carried: Sequence[SSAValue], body: Region | Block) -> None:
        region = body if isinstance(body, Region) else Region(body)
        super().__init__(operands=[carried], result_types=[[value.type for value in carried]], regions=[region])

    def verify_(self) -> None:
        types = [value.type for value in self.carried]
        if [arg.type for arg in self.body.block.args] != types:
            raise VerifyException("the body of snn.loop takes exactly the carried values")
        last = self.body.block.last_op
        if not isinstance(last, YieldOp) or [value.type for value in last.arguments] != types:
            raise VerifyException("the body of snn.loop ends with an snn.yield of the carried values' types")
        if [out.type for out in self.outs] != types:
            raise VerifyException("snn.loop gives exactly the carried values")
        for type in types:
            if not isinstance(type, (TensorType, EventsType)):
                raise VerifyException(f"snn.loop carries states and events, not {type}")


@irdl_op_definition
class YieldOp(AbstractYieldOperation[Attribute]):
    """Ends a region and gives its values. `snn.yield %a, %b : f64, f64`"""

    name = "snn.yield"

    traits = lazy_traits_def(lambda: (IsTerminator(), Pure()))


@irdl_op_definition
class ReadOp(IRDLOperation):
    """The value of a shared variable. `%x = snn.read %s : tensor<1xf64> -> f64`"""

    name = "snn.read"

    array = operand_def(TensorType)
    value = result_def()

    traits = traits_def(Pure())
    assembly_format = "$array `:` type($array) `->` type($value) attr-dict"

    def __init__(self, array: SSAValue) -> None:
        super().__init__(operands=[array], result_types=[cast(Array, array.type).get_element_type()])

    def verify_(self) -> None:
        if not is_shared(self.array.type):
            raise VerifyException("snn.read takes a shared variable (tensor<1x...>)")


@irdl_op_definition
class WriteOp(IRDLOperation):
    """A new value of a shared variable. `%s2 = snn.write on(%clk) %s, %x : tensor<1xf64>, f64`"""

    name = "snn.write"

    clock = operand_def(ClockType())
    array = operand_def(TensorType)
    value = operand_def()
    out = result_def(TensorType)

    traits = traits_def(Pure())
    assembly_format = (
        "`on` `(` $clock `)` $array `,` $value `:` type($array) `,` type($value) `->` type($out) attr-dict"
    )

    def __init__(self, clock: SSAValue, array: SSAValue, value: SSAValue) -> None:
        super().__init__(operands=[clock, array, value], result_types=[array.type])

    def verify_(self) -> None:
        if not is_shared(self.array.type) or self.out.type != self.array.type:
            raise VerifyException("snn.write takes and gives a shared variable (tensor<1x...>)")
        element = cast(Array, self.array.type).get_element_type()
        if self.value.type != element:
            raise VerifyException(f"snn.write of {self.value.type} to a shared variable of {element}")


__all__ = [
    "INPUT_OPS",
    "ClockOp",
    "DtOp",
    "EventSpaceOp",
    "LoopOp",
    "ParamOp",
    "ProgramOp",
    "ReadOp",
    "SinkOp",
    "StateOp",
    "TimeOp",
    "WriteOp",
    "YieldOp",
    "verify_array",
]
