"""Where the code of a device is written: kernels, which `@run` launches in the order of the schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xdsl.dialects import arith, func, gpu, memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FunctionType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ranvier.ir.recording import RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp, NativeOp, RandomOp
from ranvier.ir.structure import ReadOp, WriteOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.scalars import is_pure_scalar
from ranvier.passes.facts.versions import describe, used_values
from ranvier.passes.lower.regions import lower_scalar
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX, Writer, element_of, pointer_to

MODULE = "kernels"
"""The name of the `gpu.module`."""
SHARED = 3
"""The number of the memory space that the threads of a block share."""
THREADS = "threads"
"""The attribute of a launch that says in words what its threads are about."""

BUFFERS = "buffers"
"""The attribute of a kernel that says of its arguments which do not overlap and how they are aligned."""

X = gpu.DimensionAttr(gpu.DimensionEnum.X)
_READS = (ReadOp, GatherOp)


@dataclass(eq=False, repr=False)
class DeviceRun(Run):
    """The function `@run` of a host that launches kernels: it holds times and sizes, the device holds all arrays.

    What is computed from the elements of arrays in each step never comes to the host: a kernel of one thread reads
    them, and each kernel that needs what follows from them computes it anew.

    Attributes:
        block: The number of threads of a block, a power of two.
        lowerings: For kinds of ops the function that writes them by many threads, and tells whether it has.
        kernels: The names of the functions that are kernels.
        shared_memory: The memory that the threads of a block share, by name.
        on_device: Scalars that the device knows: the buffer in which one stands, or the op that it is computed with.
    """

    block: int = 128
    lowerings: Mapping[type[Operation], Callable[[DeviceRun, Any], bool]] = field(
        default_factory=dict[type[Operation], Callable[["DeviceRun", Any], bool]]
    )
    kernels: dict[str, int] = field(default_factory=dict[str, int])
    shared_memory: dict[str, memref.GlobalOp] = field(default_factory=dict[str, memref.GlobalOp])
    on_device: dict[SSAValue, SSAValue | Operation] = field(default_factory=dict[SSAValue, SSAValue | Operation])
    _zeroing_kernels: dict[Attribute, str] = field(default_factory=dict[Attribute, str])
    _reading: tuple[DeviceKernel, Block] | None = None
    stores_late: ClassVar[bool] = False
    defers: ClassVar[bool] = False

    def new_kernel(self, name: str, writer: Writer) -> DeviceKernel:
        """Returns the scope of a kernel of one thread, until it is told what its threads are about."""
        return DeviceKernel(self, name, writer)

    def device_kernel(self, *parts: str, op: Operation) -> DeviceKernel:
        """Opens a kernel named after `parts`."""
        kernel = self.kernel(*parts, op=op)
        assert isinstance(kernel, DeviceKernel)
        return kernel

    def divided_kernel(self, *parts: str, op: Operation) -> DeviceKernel:
        """Opens a kernel of one thread: that the threads of the CPU may share the work means nothing to a device."""
        return self.device_kernel(*parts, op=op)

    def value(self, value: SSAValue) -> SSAValue:
        """Returns the lowered scalar.

        Raises:
            PassError: Only the device knows it.
        """
        if value in self.on_device and isinstance(value.owner, Operation):
            raise PassError(value.owner, f"{describe(value.owner)} is computed by the device, where the host needs it")
        return super().value(value)

    def allocate(self, element: Attribute, size: SSAValue) -> SSAValue:
        """Returns a buffer of the device that is given back at the end of the run."""
        sizes = {"operandSegmentSizes": DenseArrayBase.from_list(i32, (0, 1, 0))}
        buffer = self.writer.op(gpu.AllocOp, [size], [pointer_to(element)], sizes).results[0]
        self.owned.append(buffer)
        return buffer

    def release(self, buffer: SSAValue) -> None:
        """Gives back a buffer."""
        op = self.writer.op(gpu.DeallocOp, [buffer])
        op.attributes["operandSegmentSizes"] = DenseArrayBase.from_list(i32, (0, 1))

    def clear(self, buffer: SSAValue, size: SSAValue) -> None:
        """Fills a buffer with zeros."""
        element = element_of(buffer)
        if element not in self._zeroing_kernels:
            kernel = self.device_kernel("zeros", str(element), op=self.program)
            with kernel.each(size, "elements") as index:
                kernel.writer.store(kernel.writer.constant(0, element), kernel.pass_in(buffer), index)
            kernel.close()
            self._zeroing_kernels[element] = kernel.name
            return
        blocks = self.blocks_for(size, self.block)
        self.launch(self._zeroing_kernels[element], (blocks, self.block), [size, buffer], "elements")

    def blocks_for(self, size: SSAValue, part: int) -> SSAValue:
        """Writes the number of blocks that `size` numbers need if a block has `part` of them, at least one."""
        w = self.writer
        raised = w.add(size, w.constant(part - 1))
        needed = w.binary(arith.ShRUIOp, raised, w.constant(part.bit_length() - 1))
        return w.binary(arith.MaxSIOp, needed, w.constant(1))

    def launch(self, name: str, shape: tuple[SSAValue, int], arguments: Sequence[SSAValue], about: str) -> None:
        """Writes the launch of a kernel with so many blocks of so many threads."""
        w = self.writer
        one = w.constant(1)
        sizes = [shape[0], one, one, w.constant(shape[1]), one, one]
        counts = DenseArrayBase.from_list(i32, (0, *[1] * 6, 0, 0, 0, 0, len(arguments), 0))
        symbol = SymbolRefAttr(MODULE, [name])
        launch = w.op(gpu.LaunchFuncOp, [*sizes, *arguments], [], {"kernel": symbol, "operandSegmentSizes": counts})
        launch.attributes[THREADS] = StringAttr(about)

    def scratch(self, element: Attribute, size: SSAValue | int) -> SSAValue:
        """Returns a buffer of zeros, allocated before the loop, for a size that is lowered before it."""
        return self.fresh_lowered(element, self.writer.constant(size) if isinstance(size, int) else size)

    def lower_specially(self, op: Operation) -> bool:
        """Writes an op by many threads, or a scalar that the device computes, and returns whether it has."""
        if op.parent_op() is self.program:
            lowering = self.lowerings.get(type(op))
            return lowering is not None and lowering(self, op)
        if is_scalar(op):
            return self._keep_on_device(op)
        self.close_reading()
        if isinstance(op, WriteOp):
            self._write(op)
            return True
        lowering = self.lowerings.get(type(op))
        return lowering is not None and lowering(self, op)

    def lower_scalar(self, kernel: DeviceKernel, op: Operation) -> None:
        """Writes a scalar in a kernel."""
        lower_scalar(kernel, op)

    def next_row(self, kernel: DeviceKernel, sink: SSAValue) -> SSAValue:
        """Returns the number of the row that a table gets in this step, as the host has counted them."""
        return kernel.pass_in(self.writer.cast(self.writer.first(self.sinks[sink][0]), INDEX))

    def end_row(self, op: RecordOp | RecordRateOp, number: SSAValue | None) -> None:
        """Lets the device count the rows of a table: one more, or so many; nothing where the host has them."""

    def _write(self, op: WriteOp) -> None:
        kernel = self.device_kernel("write", op=op)
        kernel.writer.store(kernel.value(op.value), kernel.array(op.array), kernel.writer.constant(0))
        kernel.close()

    # ---- scalars of a step that depend on what is in arrays

    def _keep_on_device(self, op: Operation) -> bool:
        reads = any(isinstance(inner, _READS) or _reads_table(inner) for inner in op.walk())
        if not reads and not any(value in self.on_device for value in used_values(op)):
            return False
        if not reads and is_pure_scalar(op):
            self.on_device.update(dict.fromkeys(op.results, op))
            return True
        if self._reading is None:
            self._reading = self.device_kernel("scalars", op=op), self.writer.block
        kernel, _ = self._reading
        self.lower_scalar(kernel, op)
        for result in op.results:
            with self.writer.inside(self.setup):
                buffer = self.on_device[result] = self.scratch(result.type if result.type != INDEX else i64, 1)
            value = kernel.value(result)
            kernel.writer.store(kernel.writer.cast(value, element_of(buffer)), kernel.pass_in(buffer), kernel.zero)
        return True

    def close_reading(self) -> None:
        """Launches the kernel that reads scalars where it was opened, in front of ops of a single clock."""
        if self._reading is not None:
            (kernel, block), self._reading = self._reading, None
            with self.writer.inside(block):
                kernel.close()


def is_scalar(op: Operation) -> bool:
    """Tells whether an op of the loop computes scalars."""
    return bool(op.results) and (is_pure_scalar(op) or isinstance(op, NativeOp) or not op.name.startswith("snn."))


def _reads_table(op: Operation) -> bool:
    return isinstance(op, RandomOp) and any(isinstance(value.type, TensorType) for value in op.arguments)


class Each:
    """A `with` block whose code runs for each number, in a thread of its own."""

    def __init__(self, kernel: DeviceKernel, size: SSAValue) -> None:
        self._kernel = kernel
        self._size = size

    def __enter__(self) -> SSAValue:
        """Opens the condition that holds the threads beyond the last back, and returns the number."""
        kernel = self._kernel
        number = kernel.number()
        self._inside = kernel.writer.when(kernel.writer.compare("slt", number, kernel.pass_in(self._size)))
        self._inside.__enter__()
        return number

    def __exit__(self, *error: Any) -> None:
        """Closes it."""
        self._inside.__exit__(*error)


@dataclass(eq=False, repr=False)
class DeviceKernel(Kernel):
    """A kernel. Without `each`, `spread` or `one_block` it has one thread: what is written so is right, and slow.

    Attributes:
        blocks: The number of blocks, a value of `@run`.
        threads: The number of threads of a block.
        about: What the threads are about, in words.
    """

    blocks: SSAValue | None = None
    threads: int = 1
    about: str = "one thread"
    _ids: dict[str, SSAValue] = field(default_factory=dict[str, SSAValue])

    @property
    def device(self) -> DeviceRun:
        """The run, as what it is."""
        assert isinstance(self.run, DeviceRun)
        return self.run

    @property
    def zero(self) -> SSAValue:
        """The index 0."""
        return self.writer.constant(0)

    # ---- which threads there are

    def each(self, size: SSAValue, about: str) -> Each:
        """Gives each of `size` numbers a thread."""
        self.over(size, self.device.block, about)
        return Each(self, size)

    def over(self, size: SSAValue, part: int, about: str) -> None:
        """Gives each `part` of `size` numbers a block."""
        self.blocks = self.device.blocks_for(size, part)
        self.threads, self.about = self.device.block, about

    def one_block(self, about: str) -> None:
        """Gives the kernel one block of threads."""
        self.threads, self.about = self.device.block, about

    def some_blocks(self, number: int, about: str) -> None:
        """Gives the kernel so many blocks."""
        self.blocks = self.run.writer.constant(number)
        self.threads, self.about = self.device.block, about

    def thread(self) -> SSAValue:
        """Returns the number of the thread in its block."""
        return self._id("thread", gpu.ThreadIdOp)

    def block_number(self) -> SSAValue:
        """Returns the number of the block."""
        return self._id("block", gpu.BlockIdOp)

    def number(self) -> SSAValue:
        """Returns the number of the thread among those of all blocks."""
        w = self.writer
        return w.add(w.mul(self.block_number(), w.constant(self.threads)), self.thread())

    def _id(self, name: str, kind: type[Operation]) -> SSAValue:
        if name not in self._ids:
            op = kind.create(result_types=[INDEX], properties={"dimension": X})
            self.writer.entry.append(op)
            self._ids[name] = op.results[0]
        return self._ids[name]

    # ---- what they share

    def barrier(self) -> None:
        """Lets the threads of a block wait for each other."""
        self.writer.op(gpu.BarrierOp, [])

    def shared(self, element: Attribute, size: int) -> SSAValue:
        """Returns memory that the threads of a block share."""
        name = f"shared_{element}_{size}"
        type_ = MemRefType(element, [size], memory_space=IntegerAttr(SHARED, i64))
        if name not in self.device.shared_memory:
            self.device.shared_memory[name] = memref.GlobalOp.get(StringAttr(name), type_, UnitAttr())
        op = memref.GetGlobalOp.create(result_types=[type_], properties={"name": SymbolRefAttr(name)})
        self.writer.entry.append(op)
        return op.results[0]

    # ---- values

    def value(self, value: SSAValue) -> SSAValue:
        """Returns the lowered scalar: passed in from the host, or read or computed where the kernel begins."""
        held = None if value in self.values else self.device.on_device.get(value)
        if held is None:
            return super().value(value)
        begin = Block()
        with self.writer.inside(begin):
            if isinstance(held, Operation):
                self.device.lower_scalar(self, held)
            else:
                self.values[value] = self.writer.cast(self.writer.first(self.pass_in(held)), value.type)
        for op in list(begin.ops):
            op.detach()
            self.writer.entry.append(op)
        return self.values[value]

    def close(self) -> None:
        """Ends the kernel and launches it from `@run`."""
        self.writer.block = self.block
        self.writer.op(gpu.ReturnOp, [])
        self.writer.finish()
        outer = list(self.arguments)
        self.run.functions[self.name].properties.update(
            {
                "function_type": FunctionType.from_lists([arg.type for arg in self.arguments.values()], []),
                "arg_attrs": ArrayAttr([self._attributes(value) for value in outer]),
            }
        )
        self.device.kernels[self.name] = self.threads
        blocks = self.run.writer.constant(1) if self.blocks is None else self.blocks
        self.device.launch(self.name, (blocks, self.threads), outer, self.about)


def gpu_function(kernel: func.FuncOp, threads: int) -> gpu.FuncOp:
    """Returns a kernel as a function of the `gpu` dialect; the other one loses its body."""
    body = kernel.body.block
    kernel.body.detach_block(body)
    made = gpu.FuncOp.create(
        properties={"function_type": kernel.function_type, "kernel": UnitAttr()},
        attributes={
            "sym_name": kernel.sym_name,
            "gpu.kernel": UnitAttr(),
            "gpu.known_block_size": DenseArrayBase.from_list(i32, (threads, 1, 1)),
        },
        regions=[Region(body)],
    )
    if kernel.arg_attrs is not None:
        made.attributes[BUFFERS] = kernel.arg_attrs
    return made
