"""Ops over the elements of a population: maps, thresholds, resets."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DenseArrayBase,
    IndexType,
    IntegerType,
    StringAttr,
    TensorType,
    i1,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.structure import YieldOp
from ranvier.ir.types import ClockType, EventsType, element_type, is_shared

FRESH = -1
"""In `updates`: the result is a new array, not the next version of an input."""


def region_of(op: Operation) -> Block:
    """Returns the one block of the one region of `op`."""
    return op.regions[0].block


def updated_inputs(op: MapOp | ResetOp) -> tuple[int, ...]:
    """Returns, for each result, the position of the input whose next version it is, or `FRESH`."""
    return tuple(int(k) for k in op.updates.get_values())


def _verify_elements(op: Operation, inputs: Sequence[SSAValue], results: Sequence[Attribute]) -> None:
    block = region_of(op)
    wanted = [IndexType(), *(element_type(value.type) for value in inputs)]
    if [arg.type for arg in block.args] != wanted:
        raise VerifyException(f"the region of {op.name} takes the index and one element of each input")
    if any(is_shared(value.type) for value in inputs):
        raise VerifyException(f"shared variables are read with snn.read, not by {op.name}")
    if len(set(inputs)) != len(inputs):
        raise VerifyException(f"an input of {op.name} is listed twice")
    last = block.last_op
    if not isinstance(last, YieldOp) or [value.type for value in last.arguments] != list(results):
        raise VerifyException(f"the region of {op.name} yields one value for each result")


def _verify_updates(op: MapOp | ResetOp) -> None:
    updates = updated_inputs(op)
    if len(updates) != len(op.outs):
        raise VerifyException(f"{op.name} says for each result which input it updates")
    tied = [k for k in updates if k != FRESH]
    if len(set(tied)) != len(tied):
        raise VerifyException(f"{op.name} updates an input twice")
    for k, out in zip(updates, op.outs, strict=True):
        if k != FRESH and (not 0 <= k < len(op.inputs) or op.inputs[k].type != out.type):
            raise VerifyException(f"a result of {op.name} has not the type of the input it updates")


@irdl_op_definition
class MapOp(IRDLOperation):
    """A pure function of each element, at each step of its clock; `size` elements starting at `offset`.

    The region gets the index (0..size-1, relative to the offset) and the elements of the inputs, may use scalars from
    outside and `snn.gather`, and yields one value per result. Result k is the next version of `inputs[updates[k]]`,
    or, where `updates[k]` is -1, a new array. All reads come before all writes. `kind` tells where the map comes from:
    "integrate", "refractory", "run_regularly", "subexpression", ... and `label` names the object.

    ```
    %v2 = snn.map "integrate" "neurongroup_stateupdater" on(%clk) [%N] (%v) updates [0]
          : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %y = arith.mulf %x, %decay : f64
      snn.yield %y : f64
    }
    ```
    """

    name = "snn.map"

    kind = prop_def(StringAttr)
    label = prop_def(StringAttr)
    updates = prop_def(DenseArrayBase.constr(i64))
    clock = operand_def(ClockType())
    size = operand_def(IndexType)
    offset = opt_operand_def(IndexType)
    inputs = var_operand_def(TensorType)
    outs = var_result_def(TensorType)
    body = region_def("single_block")

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())
    assembly_format = (
        "$kind $label `on` `(` $clock `)` `[` $size (`from` $offset^)? `]` `(` $inputs `)` `updates` $updates"
        " `:` type($inputs) `->` type($outs) $body attr-dict"
    )

    def __init__(
        self,
        kind: str,
        label: str,
        clock: SSAValue,
        size: SSAValue,
        inputs: Sequence[SSAValue],
        updates: Sequence[int],
        result_types: Sequence[Attribute],
        body: Region,
        offset: SSAValue | None = None,
    ) -> None:
        super().__init__(
            operands=[clock, size, offset, inputs],
            result_types=[result_types],
            properties={
                "kind": StringAttr(kind),
                "label": StringAttr(label),
                "updates": DenseArrayBase.from_list(i64, updates),
            },
            regions=[body],
        )

    def verify_(self) -> None:
        _verify_elements(self, self.inputs, [element_type(out.type) for out in self.outs])
        _verify_updates(self)


@irdl_op_definition
class ThresholdOp(IRDLOperation):
    """The elements for which a condition holds, as events; `events` are the old ones, replaced in place.

    ```
    %spikes = snn.threshold "neurongroup_spike_thresholder" on(%clk) [%N] (%v) into %old : tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %c = arith.cmpf ogt, %x, %vt : f64
      snn.yield %c : i1
    }
    ```
    """

    name = "snn.threshold"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    size = operand_def(IndexType)
    inputs = var_operand_def(TensorType)
    old = operand_def(EventsType())
    events = result_def(EventsType())
    body = region_def("single_block")

    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` `[` $size `]` `(` $inputs `)` `into` $old `:` type($inputs) $body attr-dict"
    )

    def __init__(
        self, label: str, clock: SSAValue, size: SSAValue, inputs: Sequence[SSAValue], old: SSAValue, body: Region
    ) -> None:
        super().__init__(
            operands=[clock, size, inputs, old],
            result_types=[EventsType()],
            properties={"label": StringAttr(label)},
            regions=[body],
        )

    def verify_(self) -> None:
        _verify_elements(self, self.inputs, [i1])


@irdl_op_definition
class CompactOp(IRDLOperation):
    """The indices at which a mask is true, ascending, as events: what a fused threshold leaves behind.

    `%spikes = snn.compact on(%clk) %mask [%N] into %old : tensor<?xi1>`
    """

    name = "snn.compact"

    clock = operand_def(ClockType())
    mask = operand_def(TensorType.constr(IntegerType(1)))
    size = operand_def(IndexType)
    old = operand_def(EventsType())
    events = result_def(EventsType())

    traits = traits_def(Pure())
    assembly_format = "`on` `(` $clock `)` $mask `[` $size `]` `into` $old `:` type($mask) attr-dict"

    def __init__(self, clock: SSAValue, mask: SSAValue, size: SSAValue, old: SSAValue) -> None:
        super().__init__(operands=[clock, mask, size, old], result_types=[EventsType()])


@irdl_op_definition
class ResetOp(IRDLOperation):
    """A map over the elements of an event set; the other elements keep their values. Every result is tied.

    `kind` is "reset", "refractory" (lastspike, not_refractory) or "event".

    ```
    %v2 = snn.reset "reset" "neurongroup_spike_resetter" on(%clk) %spikes (%v) updates [0]
          : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      snn.yield %v_r : f64
    }
    ```
    """

    name = "snn.reset"

    kind = prop_def(StringAttr)
    label = prop_def(StringAttr)
    updates = prop_def(DenseArrayBase.constr(i64))
    clock = operand_def(ClockType())
    events = operand_def(EventsType())
    inputs = var_operand_def(TensorType)
    outs = var_result_def(TensorType)
    body = region_def("single_block")

    traits = traits_def(Pure())
    assembly_format = (
        "$kind $label `on` `(` $clock `)` $events `(` $inputs `)` `updates` $updates"
        " `:` type($inputs) `->` type($outs) $body attr-dict"
    )

    def __init__(
        self,
        kind: str,
        label: str,
        clock: SSAValue,
        events: SSAValue,
        inputs: Sequence[SSAValue],
        updates: Sequence[int],
        body: Region,
    ) -> None:
        super().__init__(
            operands=[clock, events, inputs],
            result_types=[[inputs[k].type for k in updates]],
            properties={
                "kind": StringAttr(kind),
                "label": StringAttr(label),
                "updates": DenseArrayBase.from_list(i64, updates),
            },
            regions=[body],
        )

    def verify_(self) -> None:
        _verify_elements(self, self.inputs, [element_type(out.type) for out in self.outs])
        _verify_updates(self)
        if FRESH in updated_inputs(self):
            raise VerifyException("every result of snn.reset updates an input")


@irdl_op_definition
class ScatterOp(IRDLOperation):
    """Sets elements of an array of another index space, at each step of its clock, in ascending order of k.

    For k in 0..size-1 the region gets k and the elements of the inputs (as in `snn.map`) and yields the element to
    write (index) and its new value. It is what writing to an indexed linked variable becomes.

    `%x2 = snn.scatter "run_regularly" "g_run_regularly" on(%clk) [%N] (%l) to %x : ... { ... }`
    """

    name = "snn.scatter"

    kind = prop_def(StringAttr)
    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    size = operand_def(IndexType)
    inputs = var_operand_def(TensorType)
    array = operand_def(TensorType)
    out = result_def(TensorType)
    body = region_def("single_block")

    traits = traits_def(Pure())
    assembly_format = (
        "$kind $label `on` `(` $clock `)` `[` $size `]` `(` $inputs `)` `to` $array"
        " `:` type($inputs) `to` type($array) `->` type($out) $body attr-dict"
    )

    def __init__(
        self,
        kind: str,
        label: str,
        clock: SSAValue,
        size: SSAValue,
        inputs: Sequence[SSAValue],
        array: SSAValue,
        body: Region,
    ) -> None:
        super().__init__(
            operands=[clock, size, inputs, array],
            result_types=[array.type],
            properties={"kind": StringAttr(kind), "label": StringAttr(label)},
            regions=[body],
        )

    def verify_(self) -> None:
        _verify_elements(self, self.inputs, [IndexType(), element_type(self.array.type)])
