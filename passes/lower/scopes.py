"""Where lowered code is written: the function `@run`, and the private functions it calls (kernels)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, cast

from xdsl.dialects import arith, func, memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    StringAttr,
)
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue

from ranvier.ir.neurons import MapOp
from ranvier.ir.slots import PADDING
from ranvier.ir.structure import LoopOp, ProgramOp
from ranvier.ir.team import DIVISION, OWNERS
from ranvier.passes.errors import PassError
from ranvier.passes.facts.accesses import whole_of
from ranvier.passes.facts.versions import Versions, describe
from ranvier.passes.facts.work import element_cost
from ranvier.passes.lower.functions import argument_attributes, function, noalias_attributes
from ranvier.passes.lower.held_back import Deferred
from ranvier.passes.lower.lowered import LoweredClock, LoweredEvents, Several, Stretch, known_location
from ranvier.passes.lower.phases import Phase, Share, start_of, write_phase
from ranvier.passes.lower.writer import INDEX, Writer, element_of, pointer_to

_TAKEN = ("run", "ranvier_call", "ranvier_entry")
"""Names of functions that no kernel may have."""


class FunctionScope(Protocol):
    """A function being written, with the lowered values of the `snn` program that it can see."""

    writer: Writer

    @property
    def functions(self) -> dict[str, func.FuncOp]:
        """The functions of the module besides `@run`, by name."""
        ...

    def value(self, value: SSAValue) -> SSAValue:
        """Returns the lowered scalar."""
        ...

    def array(self, value: SSAValue) -> SSAValue:
        """Returns the buffer of an array."""
        ...

    def dt(self, clock: SSAValue) -> SSAValue:
        """Returns the step length of a clock."""
        ...

    def control(self) -> SSAValue:
        """Returns the control block of the run: [stop request, greatest number of instants]."""
        ...

    def is_bound(self, value: SSAValue) -> bool:
        """Tells whether a value of the `snn` program has been lowered."""
        ...

    def bind(self, value: SSAValue, lowered: SSAValue) -> None:
        """Sets the lowered form of a scalar."""
        ...

    def declare(self, name: str, arguments: Sequence[Attribute], results: Sequence[Attribute]) -> None:
        """Declares a private function that the code generator or the host supplies."""
        ...


@dataclass(eq=False, repr=False)
class Run:
    """The function `@run`: everything once per run, the loop over instants, and the calls of kernels.

    Attributes:
        program: What is lowered.
        versions: The buffer behind each array.
        writer: Writes to the current block of `@run`.
        setup: The block before the time loop, where buffers are allocated.
        functions: The other functions of the module, by name.
        owned: The buffers allocated in `setup`.
        control_block: The argument that is the control block.
        unaligned: Buffers that are not aligned (see `ranvier.ir.slots.ALIGNMENT`).
        threads: The number of threads, in a program for several.
        phase: What the threads will do together, while it is being gathered.
        stretch: The instants between two meetings of the threads, where that may be several.
        late: By map the results that are stored only where `is_last` holds (see `ranvier.passes.lower.late`).
        is_last: Whether this instant may be the last of a call, where a map wants to know.
        deferred: Pathways that are held back, and those that they wait for (see `ranvier.passes.lower.deferred`).
        stores_late: Whether maps are written by loops, which can leave out stores.
        defers: Whether pathways can be held back.
        left: Each writes what a stretch leaves to be done for a part, of which the number is given.
    """

    program: ProgramOp
    versions: Versions
    writer: Writer
    setup: Block
    control_block: SSAValue | None = None
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    arrays: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    events: dict[SSAValue, LoweredEvents] = field(default_factory=dict[SSAValue, LoweredEvents])
    event_arguments: dict[SSAValue, tuple[SSAValue, SSAValue]] = field(
        default_factory=dict[SSAValue, tuple[SSAValue, SSAValue]]
    )
    clocks: dict[SSAValue, LoweredClock] = field(default_factory=dict[SSAValue, LoweredClock])
    sinks: dict[SSAValue, tuple[SSAValue, ...]] = field(default_factory=dict[SSAValue, tuple[SSAValue, ...]])
    steps: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    functions: dict[str, func.FuncOp] = field(default_factory=dict[str, func.FuncOp])
    owned: list[SSAValue] = field(default_factory=list[SSAValue])
    unaligned: set[SSAValue] = field(default_factory=set[SSAValue])
    compacted: set[Operation] = field(default_factory=set[Operation])
    threads: SSAValue | None = None
    phase: Phase | None = None
    stretch: Stretch | None = None
    late: Mapping[MapOp, frozenset[SSAValue]] = field(default_factory=dict[MapOp, frozenset[SSAValue]])
    is_last: SSAValue | None = None
    deferred: dict[Operation, Deferred] = field(default_factory=dict[Operation, Deferred])
    left: list[Callable[[SSAValue], None]] = field(default_factory=list[Callable[[SSAValue], None]])
    stores_late: ClassVar[bool] = True
    defers: ClassVar[bool] = True

    def value(self, value: SSAValue) -> SSAValue:
        """Returns the lowered scalar."""
        owner = value.owner
        if isinstance(owner, arith.ConstantOp):
            return self.writer.attribute(owner.value, value.type)
        return self.values[value]

    def array(self, value: SSAValue) -> SSAValue:
        """Returns the buffer of an array."""
        return self.arrays[self.versions.root(value)]

    def event_list(self, value: SSAValue) -> LoweredEvents:
        """Returns the buffers of an event value."""
        return self.events[self.versions.root(value)]

    def dt(self, clock: SSAValue) -> SSAValue:
        """Returns the step length of a clock."""
        return self.clocks[clock].dt

    def control(self) -> SSAValue:
        """Returns the control block of the run."""
        assert self.control_block is not None
        return self.control_block

    def is_bound(self, value: SSAValue) -> bool:
        """Tells whether a value of the `snn` program has been lowered."""
        return value in self.values

    def bind(self, value: SSAValue, lowered: SSAValue) -> None:
        """Sets the lowered form of a scalar."""
        self.values[value] = lowered
        if lowered.name_hint is None and value.name_hint is not None:
            lowered.name_hint = value.name_hint

    def declare(self, name: str, arguments: Sequence[Attribute], results: Sequence[Attribute]) -> None:
        """Declares a private function that the code generator or the host supplies."""
        if name not in self.functions:
            self.functions[name] = function(name, arguments, results, Region())

    def fresh(self, op: Operation, element: Attribute, size: SSAValue) -> SSAValue:
        """Returns a new padded buffer for `size` elements, allocated before the loop.

        Raises:
            PassError: `size` is computed inside the loop.
        """
        if size.owner.parent_block() is not self.program.body.block:
            raise PassError(op, f"{describe(op)}: the size of a new array must be computed before the loop")
        return self.fresh_lowered(element, self.value(size))

    def fresh_lowered(self, element: Attribute, size: SSAValue) -> SSAValue:
        """Returns a new padded buffer of zeros for a size that is already lowered."""
        with self.writer.inside(self.setup):
            padded = self.writer.round_up(size, PADDING)
            buffer = self.allocate(element, padded)
            self.clear(buffer, padded)
        return buffer

    def allocate(self, element: Attribute, size: SSAValue) -> SSAValue:
        """Returns a buffer that is given back at the end of the run."""
        buffer = self.writer.alloc(element, size)
        self.owned.append(buffer)
        return buffer

    def clear(self, buffer: SSAValue, size: SSAValue) -> None:
        """Fills a buffer with zeros."""
        self.writer.call(self._zeroing(element_of(buffer)), [buffer, size])

    def begin_instants(self, loop: LoopOp, counters: Sequence[SSAValue]) -> None:
        """Writes what is done before the first instant of a call, given the steps of the clocks in their order."""

    def end_instant(self, current: Mapping[SSAValue, SSAValue]) -> None:
        """Writes what is done at the end of an instant; `current` tells of several clocks which are."""

    def several(self, element: Attribute, size: SSAValue, number: SSAValue) -> Several:
        """Returns a buffer of so many pieces, which is not cleared; each begins at a multiple of `PADDING` elements."""
        with self.writer.inside(self.setup):
            padded = self.writer.round_up(size, PADDING)
            return Several(self.allocate(element, self.writer.mul(padded, number)), padded)

    def release(self, buffer: SSAValue) -> None:
        """Gives back a buffer."""
        self.writer.op(memref.DeallocOp, [buffer])

    def lower_specially(self, op: Operation) -> bool:
        """Writes an op in another way than that of the loops, if there is one, and returns whether it has."""
        return False

    def _zeroing(self, element: Attribute) -> str:
        """Returns the function that fills a buffer with zeros: its loops would be many in `@run`."""
        name = f"rv.zeros.{element}"
        if name not in self.functions:
            types = [pointer_to(element), INDEX]
            block = Block(arg_types=types)
            buffer, size = block.args
            buffer.name_hint, size.name_hint = "out", "n"
            w = Writer(block)
            with w.loop(size) as loop:
                w.store(w.constant(0, element), buffer, loop.index)
            w.op(func.ReturnOp, [])
            w.finish()
            zeros = self.functions[name] = function(name, types, [], Region(block))
            zeros.properties["arg_attrs"] = noalias_attributes(types)
        return name

    def open_phase(self) -> Phase:
        """Returns what the threads do together next."""
        if self.phase is None:
            self.phase = self.new_phase(Phase(self.writer.block))
        here = self.phase.home if self.phase.instants is None else self.phase.calls
        assert here is self.writer.block, "a phase ends before the code goes on elsewhere"
        return self.phase

    def new_phase(self, phase: Phase) -> Phase:
        """Returns a phase of which it is written where each part begins."""
        w = self.writer
        assert self.threads is not None
        with w.inside(phase.parts):
            behind = w.add(phase.part, w.constant(1))
            begin, end = (start_of(w, self.control(), self.threads, part) for part in (phase.part, behind))
        phase.starts = begin, end
        return phase

    def close_phase(self) -> None:
        """Writes what the threads do together: all that follows comes after it."""
        if self.phase is not None:
            phase, self.phase = self.phase, None
            assert self.threads is not None and phase.home is self.writer.block
            write_phase(self.writer, phase, self.setup, self.threads, self.control())

    def divided_kernel(self, *parts: str, op: Operation) -> Kernel:
        """Opens a private function like `kernel`; where the op is divided, one that does the share of a thread."""
        kernel = self.kernel(*parts, op=op)
        division = op.attributes.get(DIVISION)
        if isinstance(division, StringAttr):
            assert self.threads is not None
            kernel.phase = self.open_phase()
            part, threads = kernel.pass_in(kernel.phase.part), kernel.pass_in(self.threads)
            begin, end = (kernel.pass_in(start) for start in kernel.phase.starts)
            kernel.share = Share(part, threads, (begin, end), division.data, _whole(kernel, op))
            size = cast("SSAValue | None", getattr(op, "size", None))
            if division.data in ("elements", OWNERS) and size is not None:
                self.expect(self.value(size), element_cost(op), 1000)
        return kernel

    def expect(self, number: SSAValue, cost: int, of: int = 1) -> None:
        """Notes that the open phase takes `cost` nanoseconds for each `of` of a number of elements."""
        w, phase = self.writer, self.open_phase()
        is_known = number.owner is self.setup or number.owner.parent_block() is self.setup
        with w.inside(self.setup if is_known else phase.home):
            work = w.mul(number, w.constant(cost))
            if of > 1:
                work = w.binary(arith.DivUIOp, work, w.constant(of))
        (phase.known if is_known else phase.found).append(work)

    def kernel(self, *parts: str, op: Operation) -> Kernel:
        """Opens a private function named after `parts`, to be closed with `Kernel.close`."""
        stem = "_".join("".join(c if c.isalnum() else "_" for c in part) for part in parts if part)
        name, number = stem, 1
        while name in self.functions or name in _TAKEN:
            number += 1
            name = f"{stem}_{number}"
        block = Block()
        kernel = self.new_kernel(name, Writer(block, location=known_location(op)))
        self.functions[name] = function(name, (), (), Region(block))
        return kernel

    def new_kernel(self, name: str, writer: Writer) -> Kernel:
        """Returns the scope of a function that is about to be written."""
        return Kernel(self, name, writer)


def _whole(kernel: Kernel, op: Operation) -> tuple[SSAValue, SSAValue] | None:
    """Returns the size of the array by whose parts an op is divided, and the first element that is the op's."""
    found = whole_of(op, kernel.run.versions)
    if found is None:
        return None
    size, first = found
    return kernel.value(size), kernel.writer.constant(0) if first is None else kernel.value(first)


@dataclass(eq=False, repr=False)
class Kernel:
    """A private function of the module without results; what it uses from `@run` becomes arguments.

    Buffers are passed once each, so that all may be `llvm.noalias`.

    Attributes:
        phase: What the threads do together, if they divide the work of the function.
        share: The part of one call then.
    """

    run: Run
    name: str
    writer: Writer
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    arguments: dict[SSAValue, BlockArgument] = field(default_factory=dict[SSAValue, BlockArgument])
    phase: Phase | None = None
    share: Share | None = None

    def bounds(self, size: SSAValue, upper: SSAValue) -> tuple[SSAValue, SSAValue]:
        """Returns the first element of a loop over `size` elements, and `upper` or where the share ends before it."""
        if self.share is None:
            return self.writer.constant(0), upper
        return self.share.bounds(self.writer, size, upper)

    @property
    def functions(self) -> dict[str, func.FuncOp]:
        """The functions of the module besides `@run`, by name."""
        return self.run.functions

    @property
    def block(self) -> Block:
        """The first block of the function."""
        block = self.run.functions[self.name].body.first_block
        assert block is not None
        return block

    def pass_in(self, lowered: SSAValue) -> SSAValue:
        """Returns the argument that stands for a value of `@run`."""
        found = self.arguments.get(lowered)
        if found is None:
            block = self.block
            found = self.arguments[lowered] = block.insert_arg(lowered.type, len(block.args))
            found.name_hint = lowered.name_hint
        return found

    def value(self, value: SSAValue) -> SSAValue:
        """Returns the lowered scalar, passing it in if it comes from outside."""
        local = self.values.get(value)
        if local is not None:
            return local
        owner = value.owner
        if isinstance(owner, arith.ConstantOp):
            return self.writer.attribute(owner.value, value.type)
        return self.pass_in(self.run.value(value))

    def array(self, value: SSAValue) -> SSAValue:
        """Returns the buffer of an array as an argument."""
        return self.pass_in(self.run.array(value))

    def dt(self, clock: SSAValue) -> SSAValue:
        """Returns the step length of a clock as an argument."""
        return self.pass_in(self.run.dt(clock))

    def control(self) -> SSAValue:
        """Returns the control block of the run as an argument."""
        return self.pass_in(self.run.control())

    def is_bound(self, value: SSAValue) -> bool:
        """Tells whether a value of the `snn` program has been lowered."""
        return value in self.values

    def bind(self, value: SSAValue, lowered: SSAValue) -> None:
        """Sets the lowered form of a scalar."""
        self.values[value] = lowered
        if lowered.name_hint is None and value.name_hint is not None:
            lowered.name_hint = value.name_hint

    def declare(self, name: str, arguments: Sequence[Attribute], results: Sequence[Attribute]) -> None:
        """Declares a private function that the code generator supplies."""
        self.run.declare(name, arguments, results)

    def close(self) -> None:
        """Ends the function and calls it from `@run`."""
        writer = self.writer
        writer.block = self.block
        writer.op(func.ReturnOp, [])
        writer.finish()
        self.run.functions[self.name].properties.update(
            {
                "function_type": FunctionType.from_lists([arg.type for arg in self.arguments.values()], []),
                "arg_attrs": ArrayAttr([self._attributes(outer) for outer in self.arguments]),
            }
        )
        writer = self.run.writer
        with writer.inside(writer.block if self.phase is None else self.phase.calls):
            writer.call(self.name, list(self.arguments))

    def _attributes(self, outer: SSAValue) -> DictionaryAttr:
        return argument_attributes(outer.type, is_aligned=outer not in self.run.unaligned)
