"""What the ops of a program load, store and compute, counted from their regions: `costs_of(program)`.

Counted is what the graph says, once for each element. Whatever the caches and the code generator make of it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

from xdsl.dialects import arith, math
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from ranvier.ir.adaptive import TABLEAUS
from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.inputs import Size, constant_size
from ranvier.ir.integration import IntegrateOp
from ranvier.ir.lanes import TabulateOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp, region_of
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.ir.structure import INPUT_OPS, ClockOp, LoopOp, ProgramOp, ReadOp, WriteOp, YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp, element_args, roles_of, written_inputs
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.ir.types import element_type, integer_bits
from ranvier.passes.facts.sizes import Sizes


@dataclass(frozen=True)
class Counts:
    """What is done, in bytes and in numbers of operations.

    Attributes:
        loaded: Bytes of arrays that are read.
        stored: Bytes of arrays that are written.
        flops: Sums, products, signs and roundings of floats; a fused product and sum is two.
        divisions: Divisions and remainders, of floats and of integers, and square roots.
        functions: Calls of exp, log, sin, powers and the like, and of functions of the script.
        draws: Random numbers.
    """

    loaded: int = 0
    stored: int = 0
    flops: int = 0
    divisions: int = 0
    functions: int = 0
    draws: int = 0

    @property
    def bytes(self) -> int:
        """Bytes that are read or written."""
        return self.loaded + self.stored

    def __add__(self, other: Counts) -> Counts:
        """Returns the sum."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    def times(self, factor: int) -> Counts:
        """Returns the counts of doing it so many times."""
        return Counts(*(getattr(self, name) * factor for name in NAMES))


NAMES = tuple(field.name for field in fields(Counts))
"""The names of what is counted."""


@dataclass(frozen=True, eq=False)
class Cost:
    """What one op does.

    Attributes:
        op: The op; for numbers that are computed outside of sweeps the first of them.
        name: "snn.map"; "scalars" for those numbers.
        label: The label of the op, "" if it has none.
        kind: What a map is for ("integrate"), "" for other ops.
        clock: The label of its clock, "" for what depends on none.
        when: "step", or "run" for what is done once, before the first step.
        per: What `each` is for: "element", "spike", "synapse" (that a spike reaches), "node" of a tree, "step", "run".
        each: What is done for each of them.
        size: How many there are in a step; None where only the run decides.
    """

    op: Operation
    name: str
    label: str
    kind: str
    clock: str
    when: str
    per: str
    each: Counts
    size: Size | None

    def count(self, param: Callable[[int], int]) -> int | None:
        """Returns how many elements there are, for the values of params by their numbers; None if it is not known."""
        return None if self.size is None else self.size.value(param)

    def total(self, param: Callable[[int], int]) -> Counts | None:
        """Returns what a step does, or a run; None where only the run decides how often."""
        count = self.count(param)
        return None if count is None else self.each.times(count)


@dataclass(frozen=True)
class Costs:
    """What a program does; as text it is a table.

    Attributes:
        rows: Op by op, in the order of the program.
        labels: The labels of the inputs, by number.
        param: Returns the value of a param by its number, None where the values are not known.
    """

    rows: tuple[Cost, ...]
    labels: tuple[str, ...]
    param: Callable[[int], int] | None = None

    @property
    def step(self) -> Counts:
        """The sum of all that is done in a step in which all clocks tick, but for what spikes decide.

        Raises:
            ValueError: The sizes are not known.
        """
        if self.param is None:
            raise ValueError("the sizes of the program are not known: take the costs of a network, or give `param`")
        found = (row.total(self.param) for row in self.rows if row.when == "step")
        return sum((each for each in found if each is not None), Counts())

    def plain(self) -> list[dict[str, str | int | None]]:
        """Returns the rows as dictionaries of texts and numbers, for JSON and data frames."""
        return [self._plain(row) for row in self.rows]

    def _plain(self, row: Cost) -> dict[str, str | int | None]:
        found: dict[str, str | int | None] = {
            name: getattr(row, name) for name in ("name", "label", "kind", "clock", "when", "per")
        }
        found["size"] = self._size_text(row)
        found["count"] = None if self.param is None else row.count(self.param)
        found["bytes"] = row.each.bytes
        found.update((name, getattr(row.each, name)) for name in NAMES)
        return found

    def _size_text(self, row: Cost) -> str:
        if row.size is None:
            return ""
        if self.param is not None:
            return str(row.size.value(self.param))
        known = row.size.known
        if known is not None:
            return str(known)
        products = (
            "*".join([*([str(factor)] if factor != 1 else []), *(self.labels[k] for k in numbers)])
            for factor, numbers in row.size.products
        )
        return "+".join(products).replace("+-", "-")

    def __str__(self) -> str:
        """Returns the table: each row is for one element; the last one is the sum of a step."""
        head = ("op", "label", "when", "per", "number", "loaded", "stored", *NAMES[2:])
        lines: list[tuple[str, ...]] = [head]
        for row in self.rows:
            what = f"{row.name} {row.kind}".rstrip()
            counts = (str(getattr(row.each, name) or "") for name in NAMES)
            lines.append((what, row.label, row.when, row.per, self._size_text(row), *counts))
        if self.param is not None:
            step = self.step
            lines.append(("a step, without spikes", *[""] * 4, *(str(getattr(step, name)) for name in NAMES)))
        widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
        aligned = (
            "  ".join(
                cell.ljust(w) if k < 4 else cell.rjust(w) for k, (cell, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        )
        return "\n".join(line.rstrip() for line in aligned)


def costs_of(program: ProgramOp, param: Callable[[int], int] | None = None) -> Costs:
    """Returns what the ops of a program do.

    Args:
        program: A program of the `snn` dialect, before or after passes.
        param: Returns the value of a param, by its number among all inputs.
    """
    sizes = Sizes(program)
    inputs = [op for op in program.body.block.ops if isinstance(op, INPUT_OPS)]
    return Costs(tuple(_rows(program.body.block, "run", sizes)), tuple(op.label.data for op in inputs), param)


def _rows(block: Block, when: str, sizes: Sizes) -> Iterator[Cost]:
    """Yields a row for each op that goes through elements, and one for all the numbers between them."""
    scalars = [op for op in block.ops if isinstance(op, ReadOp | WriteOp | GatherOp) or _is_arithmetic(op)]
    counted = sum((_operation(op) for op in scalars), Counts())
    if counted != Counts():
        yield Cost(
            scalars[0], "scalars", "", "", "", when, "step" if when == "step" else "run", counted, constant_size(1)
        )
    for op in block.ops:
        if isinstance(op, LoopOp):
            yield from _rows(op.body.block, "step", sizes)
            continue
        found = _of_op(op, sizes)
        if found is not None:
            per, each, size = found
            yield Cost(op, op.name, _text(op, "label"), _text(op, "kind"), _clock(op), when, per, each, size)


def _is_arithmetic(op: Operation) -> bool:
    return op.dialect_name() in (arith.Arith.name, math.Math.name) or isinstance(op, RandomOp | NativeOp | PropagatorOp)


def _text(op: Operation, name: str) -> str:
    return str(getattr(op.properties.get(name), "data", ""))


def _clock(op: Operation) -> str:
    clock = getattr(op, "clock", None)
    owner = None if clock is None else clock.owner
    return owner.label.data if isinstance(owner, ClockOp) else ""


# ---- ops that go through elements


def _of_op(op: Operation, sizes: Sizes) -> tuple[str, Counts, Size | None] | None:
    """Returns for what an op does something, what for each, and how many there are; None for other ops."""
    match op:
        case MapOp():
            return "element", _region(op) + _stored(*op.outs), sizes.of(op.size)
        case ScatterOp():
            return "element", _region(op) + _stored(op.array), sizes.of(op.size)
        case ThresholdOp():
            return "element", _region(op), sizes.of(op.size)
        case CompactOp():
            return "element", _loaded(op.mask), sizes.of(op.size)
        case TabulateOp():
            return "element", _computed(region_of(op)) + _stored(*op.outs), sizes.of(op.size)
        case ResetOp():
            return "spike", Counts(loaded=EVENT) + _region(op) + _stored(*op.outs), None
        case RecordOp():
            return "element", _computed(region_of(op)) + _yielded(region_of(op)), sizes.of(op.size)
        case RecordEventsOp():
            row = Counts(stored=TIME + EVENT, loaded=EVENT) + _loaded(op.counts) + _stored(op.counts)
            return "spike", row + _computed(region_of(op)) + _yielded(region_of(op)), None
        case RecordRateOp():
            return "step", Counts(stored=2 * TIME, divisions=2), constant_size(1)
        case PropagateOp() | AccumulateOp() | ArrivalsOp() | DepositOp():
            return _of_synapses(op, sizes)
        case SolveTreeOp() | SolveForestOp():
            arrays = (op.leak, op.source, op.node, op.parents, op.axial)
            size = sizes.of(op.size) if isinstance(op, SolveTreeOp) else None
            return "node", _loaded(*arrays) + _stored(op.array) + TREE, size
        case _:
            return None


EVENT, TIME = 4, 8
"""Bytes of the number of an element that spikes, and of a time."""

TREE = Counts(flops=8, divisions=1)
"""What Hines' elimination computes for a node of a tree: there and back, with one reciprocal."""


def _of_synapses(
    op: PropagateOp | AccumulateOp | ArrivalsOp | DepositOp, sizes: Sizes
) -> tuple[str, Counts, Size | None]:
    """Returns what is done for a synapse: of a pathway, for one that a spike reaches."""
    match op:
        case AccumulateOp():
            each = _synapse_region(op) + _loaded(op.index, op.array) + _stored(op.array) + Counts(flops=1)
            return "synapse", each, sizes.of(op.size)
        case PropagateOp():
            written = _stored(*(op.inputs[k] for k in written_inputs(op) if roles_of(op)[k] != "row"))
            far = op.targets if op.spiking.data == "pre" else op.sources
            return "synapse", _synapse_region(op) + _loaded(far) + written, None
        case DepositOp():
            region = _computed(region_of(op)) + _used(region_of(op).args[2:], op.inputs)
            return "synapse", region + _loaded(op.flat, op.ring) + _stored(op.ring) + Counts(flops=1), None
        case ArrivalsOp():
            listed = _loaded(op.lists[1], op.arrived) + _stored(op.arrived) if op.lists else Counts(loaded=1)
            return "synapse", listed, None


def _synapse_region(op: PropagateOp | AccumulateOp) -> Counts:
    """Returns what the region of a pathway computes and reads, without what it reads once for a row."""
    own = [
        (arg, value)
        for arg, value, role in zip(element_args(op), op.inputs, roles_of(op), strict=True)
        if role != "row" and not (isinstance(op, PropagateOp) and role == op.spiking.data)
    ]
    return _computed(region_of(op)) + _used([arg for arg, _ in own], [value for _, value in own])


def _region(op: MapOp | ScatterOp | ThresholdOp | ResetOp) -> Counts:
    return _computed(region_of(op)) + _used(region_of(op).args[1:], op.inputs)


def _used(args: Sequence[BlockArgument], inputs: Sequence[SSAValue]) -> Counts:
    """Returns what is read of arrays whose elements a region uses."""
    pairs = zip(args, inputs, strict=False)  # of several instances there is one argument more
    return _loaded(*(value for arg, value in pairs if arg.first_use is not None))


def _loaded(*arrays: SSAValue) -> Counts:
    return Counts(loaded=sum(_width(element_type(array.type)) for array in arrays))


def _stored(*arrays: SSAValue) -> Counts:
    return Counts(stored=sum(_width(element_type(array.type)) for array in arrays))


def _yielded(block: Block) -> Counts:
    last = block.last_op
    values = last.arguments if isinstance(last, YieldOp) else ()
    return Counts(stored=sum(_width(value.type) for value in values))


def _width(type: Attribute) -> int:
    """Returns the bytes of an element: truth values have one."""
    bits = integer_bits(type)
    if bits is None:
        bits = int(str(type)[1:])  # f64, f32
    return max(bits // 8, 1)


# ---- what regions compute


def _computed(block: Block) -> Counts:
    return sum((_operation(op) for op in block.ops), Counts())


def _operation(op: Operation) -> Counts:
    match op:
        case GatherOp() | ReadOp():
            return _loaded(op.array)
        case WriteOp():
            return _stored(op.array)
        case RandomOp():
            return Counts(draws=1)
        case NativeOp():
            return Counts(functions=1)
        case PropagatorOp():
            return Counts(functions=len(op.outs))
        case IntegrateOp():
            return _computed(region_of(op)).times(TABLEAUS[op.method.data].stages)  # an inner step; at least one
        case _ if isinstance(op, DIVISIONS):
            return Counts(divisions=1)
        case math.FmaOp():
            return Counts(flops=2)
        case _ if isinstance(op, FLOPS):
            return Counts(flops=1)
        case _ if op.dialect_name() == math.Math.name:
            return Counts(functions=1)
        case _:
            return sum((_computed(block) for region in op.regions for block in region.blocks), Counts())


DIVISIONS = (
    arith.DivfOp, arith.DivSIOp, arith.DivUIOp, arith.RemSIOp, arith.RemUIOp, arith.FloorDivSIOp,
    arith.CeilDivSIOp, arith.CeilDivUIOp, math.SqrtOp, math.RsqrtOp,
)  # fmt: skip
"""What takes as long as a division."""

FLOPS = (
    arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.NegfOp, arith.MaximumfOp, arith.MinimumfOp, arith.MaxnumfOp,
    arith.MinnumfOp, math.AbsFOp, math.CopySignOp, math.CeilOp, math.FloorOp, math.RoundOp, math.RoundEvenOp,
    math.TruncOp,
)  # fmt: skip
"""Operations of floats that take a cycle or so."""

__all__ = ["Cost", "Costs", "Counts", "costs_of"]
