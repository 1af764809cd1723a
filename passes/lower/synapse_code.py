"""The code of a synapse, lowered: one synapse after another, or a tile of a row at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from ranvier.ir.neurons import region_of
from ranvier.ir.slots import TILE
from ranvier.ir.structure import YieldOp
from ranvier.ir.synapses import (
    AccumulateOp,
    PropagateOp,
    far_end,
    instance_arg,
    own_inputs,
    roles_of,
    row_slice,
    shifts_of,
    words_of,
    written_inputs,
)
from ranvier.ir.types import element_type
from ranvier.passes.facts.scalars import COSTLY, is_inside, is_pure_scalar, may_trap
from ranvier.passes.lower.regions import lower_scalar
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.tiles import tiles

NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Sum:
    """An element that a region only adds to (or subtracts from).

    Attributes:
        add: The op that does.
        addend: What is added.
        select: The op that takes the sum only under a condition, and the old element otherwise; None if there is none.
    """

    add: Operation
    addend: SSAValue
    select: arith.SelectOp | None = None

    @property
    def ops(self) -> tuple[Operation, ...]:
        """The ops that are left for later."""
        return (self.add,) if self.select is None else (self.add, self.select)


class SynapseCode:
    """The region of an op, written for one synapse, and once per row what is the same for all synapses of a row.

    In a row the spiking element is the same, so its elements are, unless the region writes their arrays.

    Attributes:
        writes: The inputs that are written for each synapse.
        yielded: What the region yields for them.
        row_writes: The inputs that are written once after a row, and what the region yields for each.
    """

    def __init__(self, kernel: Kernel, op: PropagateOp | AccumulateOp) -> None:
        self.kernel = kernel
        self.op = op
        self.block = region_of(op)
        self.roles = roles_of(op)
        self.shifts = shifts_of(op)
        self.own = own_inputs(op)
        self.words = words_of(op) if isinstance(op, PropagateOp) else 1
        self._instance: SSAValue | None = None
        versions = kernel.run.versions
        last = self.block.last_op
        assert isinstance(last, YieldOp)
        numbers = written_inputs(op) if isinstance(op, PropagateOp) else ()
        of_row = [n for n, k in enumerate(numbers) if self.roles[k] == "row"]
        self.row_writes = {numbers[n]: last.arguments[n] for n in of_row}
        self.writes = tuple(k for k in numbers if k not in self.row_writes)
        self.yielded = tuple(value for n, value in enumerate(last.arguments) if n not in of_row)
        self.written = {versions.root(op.inputs[k]) for k in self.writes}
        self._known: dict[str, SSAValue] = {}
        self._row_known: dict[str, SSAValue] = {}
        self._row: set[Operation] = set()
        self._row_inputs: set[int] = set()
        self._left_out: frozenset[Operation] = frozenset()
        self._far_values: dict[SSAValue, SSAValue] = {}

    def root(self, k: int) -> SSAValue:
        """Returns the state whose elements an input has."""
        return self.kernel.run.versions.root(self.op.inputs[k])

    def is_fixed_input(self, k: int) -> bool:
        """Tells whether an input keeps its elements while the synapses of a row are processed."""
        return self.roles[k] == "row" or self.root(k) not in self.written

    def know(self, values: Mapping[SSAValue, SSAValue], ops: frozenset[Operation]) -> None:
        """Lets some values be read from arrays, by the number of the end that does not spike.

        Args:
            values: The array of each value.
            ops: The ops that are left out since.
        """
        self._far_values, self._left_out = dict(values), ops

    def at_instance(self, number: SSAValue) -> None:
        """Sets the instance that everything is about, where there are several side by side."""
        self._instance = number
        arg = instance_arg(self.op)
        assert arg is not None
        self.kernel.bind(arg, number)

    def begin_row(self, element: SSAValue, given: Mapping[int, SSAValue] = NOTHING) -> None:
        """Writes what depends on the spiking element alone, which is the same for all synapses until the next row.

        Args:
            element: The element.
            given: Elements that need not be loaded, by input.
        """
        self.open_row(element)
        for k, value in given.items():
            self.kernel.bind(self.block.args[k + 3], value)
        self._load(self._row_inputs - given.keys())
        for inner in self.block.ops:
            if inner in self._row:
                write_anew(self.kernel, inner)

    def open_row(self, element: SSAValue) -> tuple[set[Operation], set[int]]:
        """Sets the spiking element until the next row.

        Returns:
            The ops that are computed, and the inputs that are loaded, once for the row.
        """
        self._known, self._row_known = {}, {}
        self._row, self._row_inputs = set(), set()
        assert isinstance(self.op, PropagateOp)
        role = self.op.spiking.data
        self._known[role] = self._row_known[role] = element
        fixed: set[SSAValue] = {self.block.args[1 if role == "pre" else 2]}
        if (instance := instance_arg(self.op)) is not None:
            fixed.add(instance)
        for k in range(len(self.op.inputs)):
            if self.roles[k] in (role, "row") and self.is_fixed_input(k):
                self._row_inputs.add(k)
                fixed.add(self.block.args[k + 3])
        self._bind_end(role, element)
        needed = row_slice(self.op)
        for inner in self.block.ops:
            if inner in needed or self._is_fixed(inner, fixed):
                fixed.update(inner.results)
                self._row.add(inner)
        return self._row, self._row_inputs

    def leave_synapse(self) -> None:
        """Lets everything be about the row again."""
        self._known = dict(self._row_known)

    def end_row(self) -> None:
        """Writes the elements that are the same for all synapses of the row."""
        self.leave_synapse()
        for k, value in self.row_writes.items():
            self.store(k, self.kernel.value(value))

    def _is_fixed(self, inner: Operation, fixed: set[SSAValue]) -> bool:
        if isinstance(inner, YieldOp) or not is_pure_scalar(inner) or may_trap(inner):
            return False
        return all(value in fixed or not is_inside(value, self.block) for value in inner.operands)

    def _bind_end(self, role: str, value: SSAValue) -> None:
        self.kernel.bind(self.block.args[1 if role == "pre" else 2], value)

    def values(self, given: Mapping[int, SSAValue] = NOTHING, sums: Mapping[int, Sum] = NOTHING) -> list[SSAValue]:
        """Writes the region for the present synapse and returns what it yields.

        Args:
            given: Elements that need not be loaded, by input.
            sums: For these inputs, which are not loaded, what is added to them is returned.
        """
        kernel = self.kernel
        if self.block.args[0].first_use is not None:
            kernel.bind(self.block.args[0], self.synapse())
        for k, element in given.items():
            kernel.bind(self.block.args[k + 3], element)
        rest = set(range(len(self.roles))) - self._row_inputs - given.keys() - sums.keys()
        for position, role in ((1, "pre"), (2, "post")):
            if self.block.args[position].first_use is not None or self._is_used(role, rest):
                self.end(role)
        self._load(rest)
        for value, array in self._far_values.items():
            far = "post" if self._spiking == "pre" else "pre"
            kernel.bind(value, kernel.writer.load(array, self.end(far)))
        left = self._row | self._left_out | {op for part in sums.values() for op in part.ops}
        for inner in self.block.ops:
            if inner not in left and not isinstance(inner, YieldOp):
                write_anew(kernel, inner)
        return [
            self._addend(sums[k]) if k in sums else kernel.value(value)
            for k, value in zip_longest(self.writes, self.yielded)
        ]

    def _addend(self, part: Sum) -> SSAValue:
        """Writes what is added: where a condition does not hold, the zero that changes nothing, not even -0."""
        kernel, value = self.kernel, self.kernel.value(part.addend)
        if part.select is None:
            return value
        nothing = kernel.writer.constant(-0.0 if isinstance(part.add, arith.AddfOp) else 0.0, value.type)
        yes, no = (value, nothing) if part.select.lhs is part.add.results[0] else (nothing, value)
        return kernel.writer.select(kernel.value(part.select.cond), yes, no)

    def run(self) -> None:
        """Writes the region for the present synapse and stores what it yields."""
        for k, value in zip(self.writes, self.values(), strict=True):
            self.store(k, value)

    def at_synapse(self, number: SSAValue) -> None:
        """Sets the synapse that everything is about."""
        self._known = {**self._row_known, "synapse": number}

    def at_place(self, place: SSAValue) -> None:
        """Sets the synapse that everything is about: that at a place of the rows."""
        self._known = {**self._row_known, "place": place}
        assert isinstance(self.op, PropagateOp)
        if self.op.order is None:
            self._known["synapse"] = place

    def at_far_end(self, number: SSAValue) -> None:
        """Sets the element at the end that does not spike, for code that is about nothing else."""
        self._known = {}
        role = "post" if self._spiking == "pre" else "pre"
        self._known[role] = number
        self._bind_end(role, number)

    @property
    def _spiking(self) -> str:
        assert isinstance(self.op, PropagateOp)
        return self.op.spiking.data

    def synapse(self) -> SSAValue:
        """Returns the number of the synapse."""
        if "synapse" not in self._known:
            assert isinstance(self.op, PropagateOp) and self.op.order is not None
            w = self.kernel.writer
            self._known["synapse"] = w.load_number(self.kernel.array(self.op.order), self._known["place"])
        return self._known["synapse"]

    def end(self, role: str) -> SSAValue:
        """Returns the number of the element at one end of the synapse."""
        if role not in self._known:
            op = self.op
            by_place = isinstance(op, PropagateOp) and op.by_place is not None
            number = self._known["place"] if by_place else self.synapse()
            if isinstance(op, PropagateOp) and op.words is not None:
                number = self.record()
            ends = self.op.sources if role == "pre" else self.op.targets
            self._known[role] = self.kernel.writer.load_number(self.kernel.array(ends), number)
            self._bind_end(role, self._known[role])
        return self._known[role]

    def record(self) -> SSAValue:
        """Returns where the record of the synapse begins."""
        w = self.kernel.writer
        return w.mul(self._known["place"], w.constant(self.words))

    def load(self, k: int) -> SSAValue:
        """Returns the element of an input."""
        return self.kernel.writer.load(self.kernel.array(self.op.inputs[k]), self._place(k))

    def store(self, k: int, value: SSAValue) -> None:
        """Sets the element of an input."""
        self.kernel.writer.store(value, self.kernel.array(self.op.inputs[k]), self._place(k))

    def row_arrays(self) -> list[SSAValue]:
        """Returns the arrays of which a row uses consecutive elements: of the ends, and of the synapses themselves.

        Where there are records, a synapse has `words` elements.
        """
        op = self.op
        assert isinstance(op, PropagateOp)
        if op.words is not None:
            return [self.kernel.array(far_end(op))]
        role = "post" if op.spiking.data == "pre" else "pre"
        ends = [op.targets if role == "post" else op.sources] if role in self.roles else []
        if op.order is not None:
            return [self.kernel.array(value) for value in (op.order, *(ends if op.by_place is not None else []))]
        own = [value for value, of in zip(op.inputs, self.roles, strict=True) if of == "synapse"]
        return [self.kernel.array(value) for value in (*ends, *own)]

    def is_costly(self) -> bool:
        """Tells whether computing the code of a synapse takes longer than loading and storing its elements."""
        return any(isinstance(inner, COSTLY) for inner in self.block.ops if inner not in self._row | self._left_out)

    def _is_used(self, role: str, inputs: set[int]) -> bool:
        return any(self.roles[k] == role and self.block.args[k + 3].first_use is not None for k in inputs)

    def _place(self, k: int) -> SSAValue:
        role, shift = self.roles[k], self.shifts[k]
        if role == "row":
            assert isinstance(self.op, PropagateOp)
            role = self.op.spiking.data
        w = self.kernel.writer
        own = self.record() if role == "word" else self.synapse() if role == "synapse" else self.end(role)
        if shift is not None:
            own = w.add(own, self.kernel.value(shift))
        if k not in self.own:
            return own
        assert self._instance is not None and self.op.instances is not None
        return w.add(w.mul(own, self.kernel.value(self.op.instances)), self._instance)

    def _load(self, inputs: set[int]) -> None:
        for k in sorted(inputs):
            arg = self.block.args[k + 3]
            if arg.first_use is not None:
                self.kernel.bind(arg, self.load(k))


def write_anew(kernel: Kernel, op: Operation) -> None:
    """Writes an op of a region that is written more than once: what it gave elsewhere is not known here."""
    for inner in op.walk():
        for out in inner.results:
            kernel.values.pop(out, None)
    lower_scalar(kernel, op)


def sums_of(code: SynapseCode) -> dict[int, Sum] | None:
    """Returns the inputs that a region only adds to, or None if the synapses of a row must follow each other.

    They need not if what a synapse computes does not depend on what the others of its row write. That is so if the
    region writes elements of the synapses themselves (in a row no synapse stands twice), and beyond them only adds to
    elements at the end that does not spike, whose arrays it uses in no other way. Then all synapses of a row can be
    computed first; the additions follow in the order of the row.
    """
    op = code.op
    assert isinstance(op, PropagateOp)
    root = code.kernel.run.versions.root
    sums: dict[int, Sum] = {}
    for k, value in zip(code.writes, code.yielded, strict=True):
        if code.roles[k] == "synapse":
            continue
        found = None if code.roles[k] == op.spiking.data else _sum(code.block.args[k + 3], value)
        if found is None:
            return None
        sums[k] = found
    read = [k for k in range(len(op.inputs)) if k not in code.writes and code.block.args[k + 3].first_use is not None]
    apart = len(code.written) == len(code.writes) and not any(root(op.inputs[k]) in code.written for k in read)
    return sums if apart else None


def _sum(element: SSAValue, value: SSAValue) -> Sum | None:
    """Returns what is added if `value` is the element plus or minus something, and neither is used otherwise.

    A sum that is taken only under a condition is one, too.
    """
    select, uses = value.owner, 1
    if isinstance(select, arith.SelectOp) and value.has_one_use() and element in (select.lhs, select.rhs):
        value, uses = (select.rhs if select.lhs is element else select.lhs), 2
    else:
        select = None
    add = value.owner
    if not isinstance(add, arith.AddfOp | arith.SubfOp | arith.AddiOp | arith.SubiOp):
        return None
    if not (value.has_one_use() and len(list(element.uses)) == uses):
        return None
    if add.operands[0] is element:
        return Sum(add, add.operands[1], select)
    if add.operands[1] is element and isinstance(add, arith.AddfOp | arith.AddiOp):
        return Sum(add, add.operands[0], select)
    return None


def run_in_tiles(
    kernel: Kernel, op: PropagateOp, code: SynapseCode, sums: Mapping[int, Sum], row: tuple[SSAValue, SSAValue]
) -> None:
    """Writes the synapses of a row tile by tile: a loop that computes, without dependences, and one that adds.

    Where the rows have an order, the elements that are written go through buffers, so that it is plain that they do
    not overlap.
    """
    w, (begin, end) = kernel.writer, row
    buffers = {k: w.alloca(element_type(op.inputs[k].type), TILE) for k in code.writes if k in sums or op.order}
    through = [k for k in buffers if k not in sums]
    with tiles(w, end, begin) as tile:
        if through:
            with w.loop(tile.length) as each:
                code.at_place(w.add(tile.start, each.index))
                for k in through:
                    w.store(code.load(k), buffers[k], each.index)
        with w.loop(tile.length) as each:
            given = {k: w.load(buffers[k], each.index) for k in through}
            code.at_place(w.add(tile.start, each.index))
            new = code.values(given, sums)
            for k, value in zip(code.writes, new, strict=True):
                if k in buffers:
                    w.store(value, buffers[k], each.index)
                else:
                    code.store(k, value)
        if buffers:
            with w.loop(tile.length) as each:
                code.at_place(w.add(tile.start, each.index))
                for k, buffer in buffers.items():
                    value = w.load(buffer, each.index)
                    code.store(k, _added(code, k, sums[k], value) if k in sums else value)


def _added(code: SynapseCode, k: int, part: Sum, value: SSAValue) -> SSAValue:
    """Writes the sum of an element and a value, in the order of the original op."""
    element = code.load(k)
    operands = [element, value] if part.addend is part.add.operands[1] else [value, element]
    return code.kernel.writer.op(type(part.add), operands, [element.type], part.add.properties).results[0]
