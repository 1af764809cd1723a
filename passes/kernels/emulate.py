"""The pass `emulate-kernels`: kernels as functions of the CPU, in which the threads of a block take turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

from xdsl.context import Context
from xdsl.dialects import arith, func, gpu, memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    FunctionType,
    MemRefType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ranvier.passes.errors import PassError
from ranvier.passes.kernels.device import BUFFERS
from ranvier.passes.lower.writer import INDEX, Writer, element_of
from ranvier.passes.statistics import count

STRIDES = (2147483647, 2147483629, 2147483587, 2147483579)
"""Primes greater than any number of blocks: n steps of such a length visit n places in a circle once each."""
_INDEX_OPS = (gpu.ThreadIdOp, gpu.BlockIdOp)
_OF_BLOCK = (arith.ConstantOp, gpu.BlockIdOp, memref.GetGlobalOp, memref.AllocaOp)


@dataclass(frozen=True)
class EmulateKernels(ModulePass):
    """Turns each kernel into a function of the CPU, and each launch into a call.

    Before:
        gpu.launch_func @kernels::@k blocks in (%n, 1, 1) threads in (128, 1, 1) args(%v)
        gpu.func @k(%v) kernel { A  gpu.barrier  B  gpu.return }
    After:
        func.call @k(%v, %n)
        func.func private @k(%v, %blocks) { for each block { for each thread { A }  for each thread { B } } }

    Legal because the threads of a block see each other's memory only behind a barrier, and blocks not at all. What a
    thread computes before a barrier and uses behind it is kept in an array, an entry for each thread. Blocks and
    threads run in an order that `order` shuffles (0: ascending): results must not depend on it, and where they do, a
    barrier is missing or two blocks touch one element.
    """

    name = "emulate-kernels"
    statistics: ClassVar = {"kernels": "kernels that became functions"}

    order: int = 0
    """Which order of blocks and threads; 0: ascending."""
    launches: bool = True
    """Whether launches become calls; else they stay, for a driver's stand-in that runs the functions."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replaces the kernels of the module.

        Raises:
            PassError: A barrier stands where not all threads of a block need come by.
        """
        block = op.body.block
        for module in [each for each in block.ops if isinstance(each, gpu.ModuleOp)]:
            module.detach()
            taken = {each.sym_name.data for each in block.ops if isinstance(each, func.FuncOp)}
            for inner in list(module.body.block.ops):
                if isinstance(inner, gpu.FuncOp):
                    block.add_op(_emulated(inner, self.order))
                    count("kernels")
                elif isinstance(inner, func.FuncOp) and inner.sym_name.data not in taken:
                    inner.detach()
                    block.add_op(inner)
        if not self.launches:
            return
        for inner in list(op.walk()):
            _on_host(inner)
        op.attributes.pop("gpu.container_module", None)


def _on_host(op: Operation) -> None:
    """Replaces the ops of the `gpu` dialect in `@run`."""
    block = op.parent_block()
    if block is None:
        return
    match op:
        case gpu.LaunchFuncOp():
            name = op.kernel.nested_references.data[0].data
            arguments = [*op.kernelOperands, op.gridSizeX]
            made: Operation = func.CallOp.create(operands=arguments, properties={"callee": SymbolRefAttr(name)})
        case gpu.AllocOp():
            w = Writer(Block())
            owner = w.alloc(element_of(op.result), op.dynamicSizes[0]).owner
            assert isinstance(owner, Operation)
            made = owner
            made.detach()
            made.results[0].name_hint = op.result.name_hint
        case gpu.DeallocOp():
            made = memref.DeallocOp.create(operands=[op.buffer])
        case _:
            return
    block.insert_op_before(made, op)
    for old, new in zip(op.results, made.results, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


def _emulated(kernel: gpu.FuncOp, order: int) -> func.FuncOp:
    """Returns a kernel as a function of its arguments and the number of blocks."""
    threads = kernel.known_block_size
    assert isinstance(threads, DenseArrayBase)
    source = kernel.body.block
    types = [*(arg.type for arg in source.args), INDEX]
    body = Block(arg_types=types)
    emulation = _Emulation(Writer(body), int(threads.get_values()[0]), order)
    for old, new in zip(source.args, body.args, strict=False):
        new.name_hint = old.name_hint
        emulation.values[old] = new
    body.args[-1].name_hint = "blocks"
    emulation.run(source, body.args[-1])
    buffers = cast("ArrayAttr[DictionaryAttr]", kernel.attributes[BUFFERS])
    properties: dict[str, Attribute] = {
        "sym_name": StringAttr(kernel.sym_name.data),
        "arg_attrs": ArrayAttr([*buffers.data, DictionaryAttr({})]),
        "function_type": FunctionType.from_lists(types, []),
        "sym_visibility": StringAttr("private"),
    }
    return func.FuncOp.create(properties=properties, regions=[Region(body)])


@dataclass(eq=False, repr=False)
class _Emulation:
    """A kernel being written as loops.

    Attributes:
        writer: Writes the function.
        threads: The number of threads of a block.
        order: Which order of blocks and threads.
        values: What stands for the values of the kernel: those that are the same for all threads of a block.
        kept: The arrays of those that are not, and that are used behind a barrier.
        thread_loop: In the loop over the threads: its index.
    """

    writer: Writer
    threads: int
    order: int
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    kept: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def run(self, source: Block, blocks: SSAValue) -> None:
        """Writes the loop over blocks, and in it the phases of a block."""
        w = self.writer
        phases = _phases(source)
        self._hoist(phases)
        with w.loop(blocks) as each:
            number = self._shuffled(each.index, blocks)
            for op in source.walk():
                if isinstance(op, gpu.BlockIdOp):
                    self.values[op.result] = number
            self._write(phases)
        w.op(func.ReturnOp, [])
        w.finish()

    def _shuffled(self, index: SSAValue, size: SSAValue) -> SSAValue:
        """Returns another number below `size` for each number below it."""
        if not self.order:
            return index
        w = self.writer
        stride = w.constant(STRIDES[self.order % len(STRIDES)])
        moved = w.add(w.mul(index, stride), w.constant(self.order))
        return w.binary(arith.RemUIOp, moved, size)

    def _hoist(self, phases: Sequence[_Phase]) -> None:
        """Writes what a block needs once, and makes room for what threads keep."""
        for phase in phases:
            for op in phase.ops:
                if isinstance(op, memref.GetGlobalOp | memref.AllocaOp):
                    self.values[op.results[0]] = self._memory(op.results[0])
                elif isinstance(op, arith.ConstantOp):
                    self.values[op.result] = self.writer.attribute(op.value, op.result.type)
                elif not isinstance(op, _INDEX_OPS):
                    self._make_room(op, phase)
            self._hoist(phase.inner)

    def _memory(self, value: SSAValue) -> SSAValue:
        shape = cast("MemRefType[Attribute]", value.type).get_shape()
        return self.writer.alloca(element_of(value), shape[0])

    def _make_room(self, op: Operation, phase: _Phase) -> None:
        inside = set(phase.ops)
        for result in op.results:
            if any(_ancestor(use.operation, inside) is None for use in result.uses):
                self.kept[result] = self.writer.alloca(result.type, self.threads)

    def _write(self, phases: Sequence[_Phase]) -> None:
        for phase in phases:
            if phase.loop is not None:
                self._write_loop(phase)
            elif any(not isinstance(op, (*_OF_BLOCK, *_INDEX_OPS)) for op in phase.ops):
                self._write_phase(phase.ops)

    def _write_loop(self, phase: _Phase) -> None:
        """Writes a loop with barriers: all threads of a block go through it together."""
        w = self.writer
        assert phase.loop is not None
        lower, upper, step = phase.loop.operands
        body = phase.loop.regions[0].block
        first = w.constant(0)
        known = [w.load(self.kept[v], first) if v in self.kept else self.values[v] for v in (lower, upper)]
        constant = step.owner
        assert isinstance(constant, arith.ConstantOp)
        width = int(constant.value.value.data)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        with w.loop(known[1], lower=known[0], step=width) as each:
            self.values[body.args[0]] = each.index
            self._write(phase.inner)

    def _write_phase(self, ops: Sequence[Operation]) -> None:
        """Writes the loop over the threads of a block, up to a barrier."""
        w = self.writer
        with w.loop(w.constant(self.threads)) as each:
            thread = self._shuffled(each.index, w.constant(self.threads))
            known = dict(self.values)
            local = _Local(self, thread, known)
            for op in ops:
                if not isinstance(op, _OF_BLOCK):
                    local.copy(op)


@dataclass(eq=False, repr=False)
class _Local:
    """The code of one thread between two barriers."""

    emulation: _Emulation
    thread: SSAValue
    values: dict[SSAValue, SSAValue]

    def value(self, value: SSAValue) -> SSAValue:
        """Returns what stands for a value of the kernel; what was kept is loaded where the thread goes on."""
        if value not in self.values:
            owner = value.owner
            if isinstance(owner, gpu.ThreadIdOp):
                self.values[value] = self.thread
            else:
                w = self.emulation.writer
                self.values[value] = w.load(self.emulation.kept[value], self.thread)
        return self.values[value]

    def copy(self, op: Operation) -> None:
        """Writes an op."""
        if isinstance(op, gpu.ThreadIdOp):
            self.values[op.result] = self.thread
            return
        w = self.emulation.writer
        for value in _free_values(op):  # before any branch, so that what is loaded is known in all of them
            self.value(value)
        operands = [self.value(value) for value in op.operands]
        regions = [self._region(region) for region in op.regions]
        if isinstance(op, arith.ConstantOp):
            self.values[op.result] = w.attribute(op.value, op.result.type)
            return
        types = [result.type for result in op.results]
        made = w.op(type(op), operands, types, op.properties, regions)
        made.attributes.update(op.attributes)
        for old, new in zip(op.results, made.results, strict=True):
            new.name_hint = old.name_hint
            self.values[old] = new
            if old in self.emulation.kept:
                w.store(new, self.emulation.kept[old], self.thread)

    def _region(self, region: Region) -> Region:
        blocks: list[Block] = []
        for block in region.blocks:
            made = Block(arg_types=[arg.type for arg in block.args])
            self.values.update(zip(block.args, made.args, strict=True))
            with self.emulation.writer.inside(made):
                for op in block.ops:
                    self.copy(op)
            blocks.append(made)
        return Region(blocks)


@dataclass(frozen=True)
class _Phase:
    """Ops between two barriers; or a loop with barriers in it.

    Attributes:
        ops: The ops; for a loop, the loop.
        loop: The loop.
        inner: Its phases.
    """

    ops: Sequence[Operation]
    loop: Operation | None = None
    inner: Sequence[_Phase] = ()


def _phases(block: Block) -> list[_Phase]:
    """Returns the parts of a block between its barriers.

    Raises:
        PassError: A barrier stands in a branch, or in a loop that carries values.
    """
    found: list[_Phase] = []
    ops: list[Operation] = []

    def close() -> None:
        if ops:
            found.append(_Phase(tuple(ops)))
            ops.clear()

    for op in block.ops:
        if isinstance(op, gpu.BarrierOp):
            close()
        elif any(isinstance(inner, gpu.BarrierOp) for inner in op.walk()):
            if op.name != "scf.for" or op.results:
                raise PassError(op, f"a barrier stands in {op.name}, which threads may leave or carry values through")
            close()
            found.append(_Phase((op,), op, tuple(_phases(op.regions[0].block))))
        elif op is not block.last_op:
            ops.append(op)
    close()
    return found


def _ancestor(op: Operation | None, among: set[Operation]) -> Operation | None:
    """Returns the op of a set that an op is, or stands in."""
    while op is not None and op not in among:
        op = op.parent_op()
    return op


def _free_values(op: Operation) -> list[SSAValue]:
    """Returns the values from outside that the regions of an op use."""
    if not op.regions:
        return []
    inside = set(op.walk())
    return [
        value
        for inner in op.walk()
        for value in inner.operands
        if (value.owner.parent_op() if isinstance(value, BlockArgument) else value.owner) not in inside
    ]
