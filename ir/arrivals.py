"""Ops over pathways that only add: how many synapses reach each element now, and sums that wait for their time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    StringAttr,
    TensorType,
    UnitAttr,
    i1,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.neurons import region_of
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import ReadOp, YieldOp
from ranvier.ir.synapses import NO_SHIFT, NUMBERS, PropagateOp
from ranvier.ir.types import ClockType, EventsType, array_of, element_type, is_shared, shared_of

ROW_BITS = 512
"""Rows of bits are padded with zeros to a multiple of so many."""

RING_PADDING = 64
"""A slot of a ring is padded to a multiple of so many elements."""

OWNERS = ("synapse", "spiking")
"""Whose element of an array the region of `snn.deposit` takes: that of a place of the rows, or of what spikes."""


@irdl_op_definition
class ArrivalsOp(IRDLOperation):
    """A pathway whose synapses all do the same: takes in the events of this step, counts the synapses reached now.

    The history gets the events in [start, stop) as in `snn.propagate`. `arrived` is a new array: for each of `size`
    elements the number of synapses through which a spike reaches it now, i16 or i32 without sign. Then `position` goes
    up by one. The rows of synapses are given in one of two forms. For S delays the row of element e and delay s has
    the number r = e*S + s:

    - `lists(%pointers, %targets)`: row r ends at the elements `targets[pointers[r] : pointers[r + 1]]` (i32, or i16
      without sign);
    - `bits(%words)`: row r has W 64-bit words from r*W on, where 64*W is `size` rounded up to a multiple of 512. Bit b
      of word w says whether there is a synapse to element 64*w + b. The bits from `size` on are zero, and so is one
      more row behind the last.

    Of B instances side by side (`of %instances`) the events and the history are numbers i*B + b, and so are `start` and
    `stop`; `size` is that of all, and `arrived` has at e*B + b how many reach element e of instance b. The rows are
    those of one, as lists.

    ```
    %h2, %c2, %p2, %n = snn.arrivals "synapses_pre" on(%clk) %spikes [%start, %stop]
        lists(%pointers, %targets : tensor<?xi64>, tensor<?xi16>) delays(%delays) history(%h, %c, %p) to[%N]
        -> tensor<?xi16>
    ```
    """

    name = "snn.arrivals"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    events = operand_def(EventsType())
    start = operand_def(IndexType)
    stop = operand_def(IndexType)
    lists = var_operand_def(TensorType)
    words = opt_operand_def(array_of(i64))
    delays = operand_def(array_of(i64))
    indices = operand_def(array_of(i32))
    counts = operand_def(array_of(i64))
    position = operand_def(shared_of(i64))
    size = operand_def(IndexType)
    instances = opt_operand_def(IndexType)
    new_indices = result_def(array_of(i32))
    new_counts = result_def(array_of(i64))
    new_position = result_def(shared_of(i64))
    arrived = result_def(TensorType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` $events `[` $start `,` $stop `]`"
        " (`lists` `(` $lists^ `:` type($lists) `)`)? (`bits` `(` $words^ `)`)? `delays` `(` $delays `)`"
        " `history` `(` $indices `,` $counts `,` $position `)` `to` `[` $size `]` (`of` $instances^)?"
        " `->` type($arrived) attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        events: SSAValue,
        bounds: tuple[SSAValue, SSAValue],
        rows: tuple[SSAValue, SSAValue] | SSAValue,
        delays: SSAValue,
        history: tuple[SSAValue, SSAValue, SSAValue],
        size: SSAValue,
        element: Attribute,
        instances: SSAValue | None = None,
    ) -> None:
        lists, words = (rows, None) if isinstance(rows, tuple) else ((), rows)
        super().__init__(
            operands=[clock, events, *bounds, lists, words, delays, *history, size, instances],
            result_types=[*(value.type for value in history), array_of(element)],
            properties={"label": StringAttr(label)},
        )

    @property
    def updated(self) -> tuple[SSAValue, ...]:
        """The values whose next versions the first results are."""
        return (self.indices, self.counts, self.position)

    def verify_(self) -> None:
        if (self.words is None) is not bool(self.lists):
            raise VerifyException("snn.arrivals takes its rows as lists or as bits")
        if self.instances is not None and self.words is not None:
            raise VerifyException("snn.arrivals of several instances takes its rows as lists")
        if self.lists and (len(self.lists) != 2 or self.lists[0].type != array_of(i64)):
            raise VerifyException("the lists of snn.arrivals are pointers (i64) and targets")
        if self.lists and self.lists[1].type not in NUMBERS:
            raise VerifyException("the targets of snn.arrivals are numbers of type i32, or i16 without sign")
        if self.arrived.type not in (array_of(i16), array_of(i32)):
            raise VerifyException("snn.arrivals counts in i16 or i32, without sign")


@irdl_op_definition
class DepositOp(IRDLOperation):
    """A pathway that only adds: takes in the events of this step, adds what they send to sums that wait in a ring.

    The history gets the events in [start, stop) as in `snn.propagate`. The synapses of element e, with whatever
    delay, are the places `pointers[e*S] : pointers[(e + 1)*S]` of the rows, for S delays. With p = `position`, L the
    length of `counts` and M = `size` rounded up to a multiple of 64, the ring has L slots of M elements. For each
    spike and each place k of its element, one after another, what the region yields is added to element
    `((p mod L)*M + flat[k]) mod (L*M)` of the ring, where `flat[k]` is delay*M + target. Then `arrived` is a new
    array, the elements of slot p mod L; the slot is set to zero and `position` goes up by one.

    The region gets k, e, and of each input the element of its role: "synapse" (k) or "spiking" (e), plus its offset.
    Since a synapse is computed when the spike leaves, nothing that the region uses may change during a run.

    Of B instances side by side (`of %instances own [0]`) the ring has an element of each where it had one: number r is
    r*B + b. `size` and `arrived` are those of all. `own`, `alike`, events and history are as in `snn.propagate`, and
    the last argument of the region is b.

    ```
    %h2, %c2, %p2, %r2, %sum = snn.deposit "synapses_pre" on(%clk) %spikes [%start, %stop] rows(%pointers, %delays)
        at(%flat) history(%h, %c, %p) ring(%r : tensor<?xf64>) to[%N]
        elements(%w) of ["synapse"] shifts [-1] by() : tensor<?xf64> {
    ^bb0(%k: index, %e: index, %weight: f64):
      snn.yield %weight : f64
    }
    ```
    """

    name = "snn.deposit"

    label = prop_def(StringAttr)
    roles = prop_def(ArrayAttr[StringAttr])
    shifts = prop_def(DenseArrayBase.constr(i64))
    clock = operand_def(ClockType())
    events = operand_def(EventsType())
    start = operand_def(IndexType)
    stop = operand_def(IndexType)
    pointers = operand_def(array_of(i64))
    delays = operand_def(array_of(i64))
    flat = operand_def(array_of(i32))
    indices = operand_def(array_of(i32))
    counts = operand_def(array_of(i64))
    position = operand_def(shared_of(i64))
    ring = operand_def(TensorType)
    size = operand_def(IndexType)
    inputs = var_operand_def(TensorType)
    offsets = var_operand_def(IndexType())
    own = opt_prop_def(DenseArrayBase.constr(i64))
    alike = opt_prop_def(UnitAttr)
    instances = opt_operand_def(IndexType)
    new_indices = result_def(array_of(i32))
    new_counts = result_def(array_of(i64))
    new_position = result_def(shared_of(i64))
    new_ring = result_def(TensorType)
    arrived = result_def(TensorType)
    body = region_def("single_block")

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` $events `[` $start `,` $stop `]` `rows` `(` $pointers `,` $delays `)`"
        " `at` `(` $flat `)` `history` `(` $indices `,` $counts `,` $position `)` `ring` `(` $ring `:` type($ring) `)`"
        " `to` `[` $size `]` `elements` `(` $inputs `)` `of` $roles `shifts` $shifts `by` `(` $offsets `)`"
        " (`of` $instances^ `own` $own)? (`alike` $alike^)?"
        " `:` type($inputs) `->` type($new_ring) `,` type($arrived) $body attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        events: SSAValue,
        bounds: tuple[SSAValue, SSAValue],
        rows: tuple[SSAValue, SSAValue],
        flat: SSAValue,
        history: tuple[SSAValue, SSAValue, SSAValue],
        ring: SSAValue,
        size: SSAValue,
        inputs: Sequence[SSAValue],
        roles: Sequence[str],
        shifts: Sequence[int],
        offsets: Sequence[SSAValue],
        body: Region,
        *,
        instances: SSAValue | None = None,
        own: Sequence[int] = (),
        alike: bool = False,
    ) -> None:
        super().__init__(
            operands=[clock, events, *bounds, *rows, flat, *history, ring, size, inputs, offsets, instances],
            result_types=[*(value.type for value in history), ring.type, ring.type],
            properties={
                "label": StringAttr(label),
                "roles": ArrayAttr([StringAttr(role) for role in roles]),
                "shifts": DenseArrayBase.from_list(i64, shifts),
                "own": None if instances is None else DenseArrayBase.from_list(i64, own),
                "alike": UnitAttr() if alike else None,
            },
            regions=[body],
        )

    @property
    def updated(self) -> tuple[SSAValue, ...]:
        """The values whose next versions the first results are."""
        return (self.indices, self.counts, self.position, self.ring)

    @property
    def own_inputs(self) -> frozenset[int]:
        """The positions of the inputs of which each of several instances has its own."""
        return frozenset() if self.own is None else frozenset(int(k) for k in self.own.get_values())

    def shift_of(self, k: int) -> SSAValue | None:
        """Returns what is added to the number of the element of an input, None for nothing."""
        number = int(self.shifts.get_values()[k])
        return None if number == NO_SHIFT else self.offsets[number]

    def verify_(self) -> None:
        roles, shifts = [role.data for role in self.roles], [int(k) for k in self.shifts.get_values()]
        if not len(self.inputs) == len(roles) == len(shifts) or any(role not in OWNERS for role in roles):
            raise VerifyException(f"snn.deposit says for each input whose element it is: {' or '.join(OWNERS)}")
        if any(not NO_SHIFT <= k < len(self.offsets) for k in shifts):
            raise VerifyException(f"a shift of snn.deposit is the position of an offset, or {NO_SHIFT}")
        if any(is_shared(value.type) for value in self.inputs):
            raise VerifyException("shared variables are read with snn.read, not by snn.deposit")
        block, element = region_of(self), element_type(self.ring.type)
        if (self.own is None) is not (self.instances is None):
            raise VerifyException("snn.deposit of several instances says which of its inputs each has for itself")
        wanted = [IndexType()] * 2 + [element_type(v.type) for v in self.inputs]
        if self.instances is not None:
            wanted.append(IndexType())
        if [arg.type for arg in block.args] != wanted:
            raise VerifyException("the region of snn.deposit takes k, what spikes, one element of each input")
        last = block.last_op
        if not isinstance(last, YieldOp) or [value.type for value in last.arguments] != [element]:
            raise VerifyException("the region of snn.deposit yields one value of the type of its ring")
        if {self.ring.type, self.new_ring.type, self.arrived.type} != {array_of(element)}:
            raise VerifyException("snn.deposit gives the next version of its ring, and a slot of it")
        if element == i1:
            raise VerifyException("snn.deposit does not add booleans")
        read = {inner.array for inner in self.walk() if isinstance(inner, GatherOp | ReadOp)} | set(self.inputs)
        if len(set(self.updated)) != len(self.updated) or not read.isdisjoint(self.updated):
            raise VerifyException("snn.deposit keeps its history and its ring in arrays of its own")


HistoryOp: TypeAlias = PropagateOp | ArrivalsOp | DepositOp
"""The ops that take events into a history."""
