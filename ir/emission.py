"""Events that are given beforehand."""

from __future__ import annotations

from xdsl.dialects.builtin import IndexType, StringAttr, i32, i64
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, opt_operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.structure import StateOp
from ranvier.ir.types import ClockType, EventsType, array_of, shared_of


@irdl_op_definition
class EmitOp(IRDLOperation):
    """The elements that a list names for the present step, as events; `old` are the old ones, replaced in place.

    Entry k of the list says that element `indices[k]` has an event at step `steps[k]`. The list ascends by step, and
    names no element twice for a step; its last entry is an end mark, whose step is the greatest i64. With a period
    p > 0 the list holds steps below p and is looked up at `step` mod p, with p = 0 at `step` itself.

    `position` only says where to look first, so that a step costs as much as it has events: the events are the same
    for every entry of the list. `next`, its next version, is the first entry beyond the step that was looked up.

    Of B instances side by side (`of %instances`) each element i has an event in every one: numbers i*B to i*B + B - 1.

    `%spikes, %p2 = snn.emit "generator" on(%clk) %indices at %steps every %period now %n from %p into %old`
    """

    name = "snn.emit"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    indices = operand_def(array_of(i32))
    steps = operand_def(array_of(i64))
    period = operand_def(i64)
    step = operand_def(i64)
    position = operand_def(shared_of(i64))
    old = operand_def(EventsType())
    instances = opt_operand_def(IndexType)
    events = result_def(EventsType())
    next = result_def(shared_of(i64))

    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` $indices `at` $steps `every` $period `now` $step `from` $position `into` $old"
        " (`of` $instances^)? attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        given: tuple[SSAValue, SSAValue],
        period: SSAValue,
        step: SSAValue,
        position: SSAValue,
        old: SSAValue,
        instances: SSAValue | None = None,
    ) -> None:
        super().__init__(
            operands=[clock, *given, period, step, position, old, instances],
            result_types=[EventsType(), position.type],
            properties={"label": StringAttr(label)},
        )

    def verify_(self) -> None:
        sizes = [value.owner.size for value in (self.indices, self.steps) if isinstance(value.owner, StateOp)]
        if len(sizes) == 2 and sizes[0] is not sizes[1]:
            raise VerifyException("snn.emit takes as many indices as steps")
