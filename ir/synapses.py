"""Ops over synapses: what spikes do when they arrive, and sums over the synapses of an element."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    StringAttr,
    TensorType,
    UnitAttr,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute, BlockArgument, Operation, Region, SSAValue
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
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.neurons import region_of
from ranvier.ir.scalars import GatherOp, RandomOp
from ranvier.ir.structure import ReadOp, YieldOp
from ranvier.ir.types import ClockType, EventsType, array_of, element_type, is_shared, shared_of

ROLES = ("synapse", "pre", "post", "row", "word")
"""Whose element of an array a synapse has: its own (number k), that of its source i, that of its target j; "row": that
of the end that spikes, read before the synapses of a row and written once after them; "word": a word of its record."""

NO_SHIFT = -1
"""In `shifts`: nothing is added to the number of the element."""

SORTED = "sorted"
"""The attribute of a pathway whose rows are sorted by the ends that do not spike: the pass `sort-rows` gives it."""

ASCENDING, DELAYED = "ascending", "delayed"
"""Facts of a pathway. The first: the ends that do not spike ascend in each of the rows it was made with.
The second: no spike arrives in the step in which it is sent."""

NUMBERS = (array_of(i32), array_of(i16))
"""The types of the arrays with the ends of synapses."""

HISTORY = (array_of(i32), array_of(i64), shared_of(i64))
PENDING = (array_of(i64), array_of(i32), shared_of(i64))


def roles_of(op: PropagateOp | AccumulateOp) -> tuple[str, ...]:
    """Returns the role of each input."""
    return tuple(role.data for role in op.roles)


def shifts_of(op: PropagateOp | AccumulateOp) -> tuple[SSAValue | None, ...]:
    """Returns for each input what is added to the number of the element, None for nothing."""
    numbers = (int(k) for k in op.shifts.get_values())
    return tuple(None if k == NO_SHIFT else op.offsets[k] for k in numbers)


def own_inputs(op: PropagateOp | AccumulateOp) -> frozenset[int]:
    """Returns the positions of the inputs of which each of several instances has its own."""
    return frozenset() if op.own is None else frozenset(int(k) for k in op.own.get_values())


def far_end(op: PropagateOp) -> SSAValue:
    """Returns the array with the ends that do not spike."""
    return op.targets if op.spiking.data == "pre" else op.sources


def words_of(op: PropagateOp) -> int:
    """Returns how many words of the array with the ends that do not spike belong to a place of the rows."""
    return 1 if op.words is None else op.words.value.data


def element_args(op: PropagateOp | AccumulateOp) -> Sequence[BlockArgument]:
    """Returns the arguments of the region that are elements of the inputs."""
    return region_of(op).args[3 : len(op.inputs) + 3]


def instance_arg(op: PropagateOp | AccumulateOp) -> BlockArgument | None:
    """Returns the argument of the region that is the number of the instance, None in programs of one."""
    return None if op.instances is None else region_of(op).args[-1]


def written_inputs(op: PropagateOp) -> tuple[int, ...]:
    """Returns the positions of the inputs whose elements the region yields."""
    return tuple(int(k) for k in op.writes.get_values())


def row_slice(op: PropagateOp) -> dict[Operation, None]:
    """Returns the ops of the region that new elements of rows are computed with, in their order.

    Raises:
        VerifyException: If such an element depends on more than the spiking end: it could differ within a row.
    """
    block = region_of(op)
    last = block.last_op
    assert isinstance(last, YieldOp)
    todo = [value for k, value in zip(written_inputs(op), last.arguments, strict=True) if roles_of(op)[k] == "row"]
    fixed = _fixed_in_row(op)
    found: set[Operation] = set()
    while todo:
        value = todo.pop()
        owner = value.owner
        if owner is block and value not in fixed:
            raise VerifyException("what snn.propagate writes after a row depends on the end that spikes alone")
        if not isinstance(owner, Operation) or owner in found or owner.parent_block() is not block:
            continue
        if isinstance(owner, RandomOp):
            raise VerifyException("what snn.propagate writes after a row is not random")
        found.add(owner)
        todo += [operand for inner in owner.walk() for operand in inner.operands]
    return {inner: None for inner in block.ops if inner in found}


def _fixed_in_row(op: PropagateOp) -> set[SSAValue]:
    """Returns the arguments of the region that are the same for all synapses of a row."""
    args, spiking, written = region_of(op).args, op.spiking.data, set(written_arrays(op))
    fixed: set[SSAValue] = {args[1 if spiking == "pre" else 2]}
    if (instance := instance_arg(op)) is not None:
        fixed.add(instance)
    for arg, value, role in zip(element_args(op), op.inputs, roles_of(op), strict=True):
        if role == "row" or (role == spiking and value not in written):
            fixed.add(arg)
    return fixed


def written_arrays(op: PropagateOp) -> tuple[SSAValue, ...]:
    """Returns the arrays that are written, each once, in the order of the first mention."""
    return tuple(dict.fromkeys(op.inputs[k] for k in written_inputs(op)))


def _verify_inputs(op: PropagateOp | AccumulateOp) -> None:
    roles, shifts = roles_of(op), tuple(int(k) for k in op.shifts.get_values())
    if not len(op.inputs) == len(roles) == len(shifts):
        raise VerifyException(f"{op.name} says for each input whose element it is and how it is shifted")
    if any(role not in ROLES for role in roles):
        raise VerifyException(f"the roles of {op.name} are {', '.join(ROLES)}")
    if any(not NO_SHIFT <= k < len(op.offsets) for k in shifts):
        raise VerifyException(f"a shift of {op.name} is the position of an offset, or {NO_SHIFT}")
    if any(is_shared(value.type) for value in op.inputs):
        raise VerifyException(f"shared variables are read with snn.read, not by {op.name}")
    if isinstance(op, AccumulateOp) and "row" in roles:
        raise VerifyException("snn.accumulate knows no rows")
    places = [(value, role, k) for value, role, k in zip(op.inputs, roles, shifts, strict=True)]
    if len(set(places)) != len(places):
        raise VerifyException(f"an input of {op.name} is listed twice")
    wanted = [IndexType()] * 3 + [element_type(value.type) for value in op.inputs]
    if op.instances is not None:
        wanted.append(IndexType())
    if [arg.type for arg in region_of(op).args] != wanted:
        raise VerifyException(f"the region of {op.name} takes k, i, j and one element of each input")
    if (op.own is None) is not (op.instances is None) or any(not 0 <= k < len(op.inputs) for k in own_inputs(op)):
        raise VerifyException(f"{op.name} of several instances says which of its inputs each has for itself")


def _yielded(op: Operation) -> list[Attribute] | None:
    last = region_of(op).last_op
    return [value.type for value in last.arguments] if isinstance(last, YieldOp) else None


@irdl_op_definition
class PropagateOp(IRDLOperation):
    """A pathway: takes in the events of this step, then runs its region for each synapse that a spike reaches now.

    Synapse k goes from element `sources[k]` to element `targets[k]` (i32, or i16 without sign). What spikes are the
    sources, or with `spiking "post"` the targets. The synapses that a spike of element e reaches after `delays[s]`
    steps are `order[pointers[e*S + s] : pointers[e*S + s + 1]]` for S delays, longest first; without `order` the
    numbers between the pointers themselves. Every synapse stands in one row, once. With `by place` the array of the
    ends that do not spike is in this order, too: place n of the rows holds that of synapse `order[n]`. There are no
    pending synapses then.

    1. The history gets the events in [start, stop): with p = `position` and M = stop - start, element
       `indices[(p mod L)*M + n]` becomes the n-th of them, less start, and `counts[p mod L]` their number; L, the
       length of `counts`, is greater than the longest delay.
    2. The region runs for the pending synapses from `pending_position` on that are due at p or before; then, delay by
       delay and spike by spike, for those of the rows. It gets k, i = sources[k], j = targets[k], and of each input the
       element of its role: "synapse" (k), "pre" (i), "post" (j), plus its offset. The values it yields are stored into
       the elements of `writes`, in this order. The next synapse sees them. Elements of role "row" belong to the end
       that spikes: they are read before the synapses of a row (those between two pointers) and written after them, so
       that all see the same. What is yielded for them depends on the spiking end alone.
    3. `position` goes up by one.

    With `words W` the array of the ends that do not spike has a record of W words (i32) for each place of the rows: the
    number of the element comes first. An input with the role "word" is this array, too; its element is the word of the
    record whose number is its shift. There is no order then, there are no pending synapses, and one instance.

    One array may be listed in several roles; it has one next version. `outs` are the next versions of the history
    (indices, counts, position), of the pending position if there are pending synapses, and of each array that is
    written, in the order in which `writes` mentions them first. The region must not read these in another way. An array
    with the role "row" has no other; there are no pending synapses then.

    ```
    %h2, %c2, %p2, %v2 = snn.propagate "synapses_pre" on(%clk) %spikes [%start, %stop] spiking "pre"
        from(%sources : tensor<?xi32>) to(%targets : tensor<?xi32>) rows(%pointers, %delays) history(%h, %c, %p)
        elements(%w, %v) of ["synapse", "post"] shifts [-1, -1] by() writes [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %i: index, %j: index, %weight: f64, %potential: f64):
      %sum = arith.addf %potential, %weight : f64
      snn.yield %sum : f64
    }
    ```

    `rows(%pointers, %delays, %order)` has an order. `pending(%due, %synapses, %pending_position : ...)` after the
    history has pending synapses: due positions, ascending, and as many synapses. An input with shift n is shifted by
    operand n of `by(...)`.

    Of B instances side by side (`of %instances own [0]`) the inputs at the positions `own` have an element of each:
    that of e is number e*B + b. Other inputs, ends, rows, delays, positions and pending synapses are those of all.
    Events are numbers i*B + b, so are `start`, `stop` and the history, where those of all instances stand in one list.
    The region runs for the synapses of i with the elements of b; its last argument is b. No instance sees another, and
    for each the order is that of it alone. With `alike` the events, `start`, `stop` and the history are those of one:
    each spike is one of every instance.
    """

    name = "snn.propagate"

    label = prop_def(StringAttr)
    roles = prop_def(ArrayAttr[StringAttr])
    shifts = prop_def(DenseArrayBase.constr(i64))
    writes = prop_def(DenseArrayBase.constr(i64))
    spiking = prop_def(StringAttr)
    clock = operand_def(ClockType())
    events = operand_def(EventsType())
    start = operand_def(IndexType)
    stop = operand_def(IndexType)
    sources = operand_def(TensorType)
    targets = operand_def(TensorType)
    pointers = operand_def(array_of(i64))
    delays = operand_def(array_of(i64))
    order = opt_operand_def(array_of(i32))
    by_place = opt_prop_def(UnitAttr)
    words = opt_prop_def(IntegerAttr.constr(type=i64))
    own = opt_prop_def(DenseArrayBase.constr(i64))
    alike = opt_prop_def(UnitAttr)
    indices = operand_def(array_of(i32))
    counts = operand_def(array_of(i64))
    position = operand_def(shared_of(i64))
    pending = var_operand_def(TensorType)
    inputs = var_operand_def(TensorType)
    offsets = var_operand_def(IndexType())
    instances = opt_operand_def(IndexType)
    outs = var_result_def(TensorType)
    body = region_def("single_block")

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` $events `[` $start `,` $stop `]` `spiking` $spiking"
        " `from` `(` $sources `:` type($sources) `)` `to` `(` $targets `:` type($targets) `)`"
        " `rows` `(` $pointers `,` $delays (`,` $order^)? `)` (`by` `place` $by_place^)?"
        " (`words` $words^)?"
        " `history` `(` $indices `,` $counts `,` $position `)` (`pending` `(` $pending^ `:` type($pending) `)`)?"
        " `elements` `(` $inputs `)` `of` $roles `shifts` $shifts `by` `(` $offsets `)` `writes` $writes"
        " (`of` $instances^ `own` $own)? (`alike` $alike^)? `:` type($inputs) `->` type($outs) $body attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        events: SSAValue,
        bounds: tuple[SSAValue, SSAValue],
        ends: tuple[SSAValue, SSAValue],
        rows: tuple[SSAValue, SSAValue, SSAValue | None],
        history: tuple[SSAValue, SSAValue, SSAValue],
        pending: Sequence[SSAValue],
        inputs: Sequence[SSAValue],
        roles: Sequence[str],
        shifts: Sequence[int],
        offsets: Sequence[SSAValue],
        writes: Sequence[int],
        body: Region,
        *,
        spiking: str = "pre",
        by_place: bool = False,
        words: int | None = None,
        instances: SSAValue | None = None,
        own: Sequence[int] = (),
        alike: bool = False,
    ) -> None:
        written = dict.fromkeys(inputs[k] for k in writes)
        super().__init__(
            operands=[clock, events, *bounds, *ends, *rows, *history, pending, inputs, offsets, instances],
            result_types=[[value.type for value in (*history, *pending[2:], *written)]],
            properties={
                "label": StringAttr(label),
                "roles": ArrayAttr([StringAttr(role) for role in roles]),
                "shifts": DenseArrayBase.from_list(i64, shifts),
                "writes": DenseArrayBase.from_list(i64, writes),
                "spiking": StringAttr(spiking),
                "by_place": UnitAttr() if by_place else None,
                "words": None if words is None else IntegerAttr(words, i64),
                "own": None if instances is None else DenseArrayBase.from_list(i64, own),
                "alike": UnitAttr() if alike else None,
            },
            regions=[body],
        )

    @property
    def updated(self) -> tuple[SSAValue, ...]:
        """The values whose next versions the results are."""
        return (self.indices, self.counts, self.position, *self.pending[2:], *written_arrays(self))

    def verify_(self) -> None:
        if any(value.type not in NUMBERS for value in (self.sources, self.targets)):
            raise VerifyException("the ends of synapses are numbers of type i32, or i16 without sign")
        if self.spiking.data not in ("pre", "post"):
            raise VerifyException("the elements that spike for snn.propagate are pre or post")
        if self.pending and tuple(value.type for value in self.pending) != PENDING:
            raise VerifyException("the pending synapses of snn.propagate are due positions, synapses and a position")
        _verify_inputs(self)
        if self.alike is not None and self.instances is None:
            raise VerifyException("only several instances of snn.propagate have their spikes alike")
        writes = written_inputs(self)
        if any(not 0 <= k < len(self.inputs) for k in writes) or len(set(writes)) != len(writes):
            raise VerifyException("snn.propagate writes each of its inputs at most once")
        if _yielded(self) != [element_type(self.inputs[k].type) for k in writes]:
            raise VerifyException("the region of snn.propagate yields one value for each input that it writes")
        self._verify_rows()
        if [out.type for out in self.outs] != [value.type for value in self.updated]:
            raise VerifyException("snn.propagate gives the next versions of its history and of what it writes")
        if len(set(self.updated)) != len(self.updated):
            raise VerifyException("snn.propagate keeps its history in arrays of its own")
        read = {inner.array for inner in self.walk() if isinstance(inner, GatherOp | ReadOp)}
        if not read.isdisjoint(self.updated):
            raise VerifyException("the region of snn.propagate reads an array that it writes other than as an input")

    def _verify_rows(self) -> None:
        of_rows = [value for value, role in zip(self.inputs, roles_of(self), strict=True) if role == "row"]
        if self.by_place is not None and (self.pending or self.order is None):
            raise VerifyException("snn.propagate has ends by place only with an order, and without pending synapses")
        self._verify_words()
        if of_rows and self.pending:
            raise VerifyException("snn.propagate has elements of rows or pending synapses, not both")
        if any(tuple(self.inputs).count(value) > 1 for value in of_rows):
            raise VerifyException("an array of snn.propagate that belongs to rows has no other role")
        row_slice(self)

    def _verify_words(self) -> None:
        of_record = [k for k, role in enumerate(roles_of(self)) if role == "word"]
        if self.words is None:
            if of_record:
                raise VerifyException("snn.propagate has words of records only where it says how many a record has")
            return
        if self.order is not None or self.pending or self.instances is not None:
            raise VerifyException("snn.propagate has records without order, pending synapses or instances")
        if self.words.value.data < 1 or far_end(self).type != array_of(i32):
            raise VerifyException("a record of snn.propagate has at least one word, of type i32")
        if any(self.inputs[k] is not far_end(self) or k in written_inputs(self) for k in of_record):
            raise VerifyException("words of snn.propagate are those of the ends that do not spike, and do not change")
        if any(shifts_of(self)[k] is None for k in of_record) or "synapse" in roles_of(self):
            raise VerifyException("a word of snn.propagate has its number as shift; nothing of a synapse is elsewhere")


@irdl_op_definition
class AccumulateOp(IRDLOperation):
    """The sum over the synapses of each of some elements (Brian's `summed`).

    Elements offset..offset+count-1 of `array` are set to the sum of what the region yields for the synapses that end
    there: synapse k at element `index[k]` + offset. The sum begins with 0 and goes through the synapses in ascending
    order. The region gets k, i, j and elements as in `snn.propagate`; all reads come before all writes. Several
    instances (`of %instances own [1]`) each have a sum: `array` has N*B elements; see `snn.propagate`.

    With `rows(%starts, %order)` it is known where synapses end: at element n do `order[starts[n] : starts[n + 1]]`,
    ascending, so that each sum can be made by itself. Divided among threads, n is the number of a part instead; without
    an order the synapses of a part stand together.

    ```
    %g2 = snn.accumulate "synapses_summed" on(%clk) [%synapses] from(%sources) to(%targets)
        elements(%w, %s) of ["synapse", "pre"] shifts [-1, -1] by() at(%targets) %g [%N from %zero]
        : tensor<?xf64>, tensor<?xf64> to tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%k: index, %i: index, %j: index, %weight: f64, %open: f64):
      %x = arith.mulf %weight, %open : f64
      snn.yield %x : f64
    }
    ```
    """

    name = "snn.accumulate"

    label = prop_def(StringAttr)
    roles = prop_def(ArrayAttr[StringAttr])
    shifts = prop_def(DenseArrayBase.constr(i64))
    clock = operand_def(ClockType())
    size = operand_def(IndexType)
    sources = operand_def(array_of(i32))
    targets = operand_def(array_of(i32))
    inputs = var_operand_def(TensorType)
    offsets = var_operand_def(IndexType())
    index = operand_def(array_of(i32))
    array = operand_def(TensorType)
    count = operand_def(IndexType)
    offset = operand_def(IndexType)
    rows = var_operand_def(TensorType)
    own = opt_prop_def(DenseArrayBase.constr(i64))
    instances = opt_operand_def(IndexType)
    out = result_def(TensorType)
    body = region_def("single_block")

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` `[` $size `]` `from` `(` $sources `)` `to` `(` $targets `)`"
        " `elements` `(` $inputs `)` `of` $roles `shifts` $shifts `by` `(` $offsets `)`"
        " `at` `(` $index `)` $array `[` $count `from` $offset `]` (`of` $instances^ `own` $own)?"
        " (`rows` `(` $rows^ `:` type($rows) `)`)? `:` type($inputs) `to` type($array) `->` type($out) $body attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        size: SSAValue,
        ends: tuple[SSAValue, SSAValue],
        inputs: Sequence[SSAValue],
        roles: Sequence[str],
        shifts: Sequence[int],
        offsets: Sequence[SSAValue],
        index: SSAValue,
        array: SSAValue,
        part: tuple[SSAValue, SSAValue],
        body: Region,
        *,
        instances: SSAValue | None = None,
        own: Sequence[int] = (),
    ) -> None:
        super().__init__(
            operands=[clock, size, *ends, inputs, offsets, index, array, *part, (), instances],
            result_types=[array.type],
            properties={
                "label": StringAttr(label),
                "roles": ArrayAttr([StringAttr(role) for role in roles]),
                "shifts": DenseArrayBase.from_list(i64, shifts),
                "own": None if instances is None else DenseArrayBase.from_list(i64, own),
            },
            regions=[body],
        )

    def set_rows(self, *rows: SSAValue) -> None:
        """Says where synapses end, for an op that had no rows: starts and an order."""
        own = () if self.instances is None else (self.instances,)
        operands = [*list(self.operands)[: len(self.operands) - len(own)], *rows, *own]
        sizes = [1, 1, 1, 1, len(self.inputs), len(self.offsets), 1, 1, 1, 1, len(rows), len(own)]
        self.properties["operandSegmentSizes"] = DenseArrayBase.from_list(i32, sizes)
        self.operands = operands

    def verify_(self) -> None:
        _verify_inputs(self)
        if [value.type for value in self.rows] not in ([], [array_of(i64)], [array_of(i64), array_of(i32)]):
            raise VerifyException("the rows of snn.accumulate are starts (i64) and an order (i32)")
        if _yielded(self) != [element_type(self.array.type)]:
            raise VerifyException("the region of snn.accumulate yields one value of the type of its sums")
        if self.out.type != self.array.type:
            raise VerifyException("snn.accumulate gives the next version of the array of its sums")
