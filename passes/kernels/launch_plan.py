"""What a device does in a run, as data: the kernels in their order, how many threads each has, what is copied when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith, func, gpu, memref
from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, MemRefType, ModuleOp, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue

from ranvier.ir.slots import Slot, SlotKind
from ranvier.passes.errors import PassError
from ranvier.passes.kernels.device import THREADS
from ranvier.passes.kernels.launching import Launching, launching_of
from ranvier.passes.lower.writer import element_of

BEFORE, STEP = "before the run", "in each step"
_BYTES = {"f64": 8, "i64": 8, "index": 8, "f32": 4, "i32": 4, "i16": 2, "i1": 1}


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch of a kernel.

    Attributes:
        when: Before the run, or in each step.
        kernel: The name of the kernel.
        blocks: The number of blocks: a number, or how many elements share it.
        threads: The number of threads of a block; with one in one block, one element follows the other.
        about: What the threads are about.
        shared: The bytes of memory that a block shares.
        barriers: The number of barriers in the code.
    """

    when: str
    kernel: str
    blocks: str
    threads: int
    about: str
    shared: int
    barriers: int

    @property
    def in_step(self) -> bool:
        """Whether it is launched in each step."""
        return self.when == STEP


@dataclass(frozen=True, slots=True)
class Copy:
    """Memory that host and device both know.

    Attributes:
        slot: What it is.
        where: "device": lives there, copied before and after runs; "host"; "both": both see it while steps run.
    """

    slot: Slot
    where: str


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """What a device does in a run; as text it is a table.

    Attributes:
        launches: The launches of kernels, in their order.
        copies: Memory that host and device both know.
        launching: How the kernels of a step are launched, and why.
    """

    launches: Sequence[Launch]
    copies: Sequence[Copy]
    launching: Launching = field(default_factory=lambda: Launching("single", 0, 0, 0, ""))

    @property
    def serial(self) -> Sequence[str]:
        """The kernels of each step that have one thread although they are not about single values."""
        trivial = ("write", "scalars", "record", "advance")
        return [
            one.kernel
            for one in self.launches
            if one.in_step and one.threads == 1 and not one.kernel.startswith(trivial)
        ]

    def __str__(self) -> str:
        """Returns the tables."""
        rows = [("when", "kernel", "blocks", "threads", "about", "shared", "barriers")]
        rows += [
            (one.when, one.kernel, one.blocks, str(one.threads), one.about, str(one.shared), str(one.barriers))
            for one in self.launches
        ]
        copies = [("memory", "kind", "type", "where")]
        copies += [(one.slot.label, one.slot.kind.name.lower(), one.slot.type, one.where) for one in self.copies]
        return "\n\n".join([str(self.launching), *map(table, (rows, copies))])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Returns rows of cells as lines whose columns stand below each other."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def launch_plan(module: ModuleOp, slots: Sequence[Slot]) -> LaunchPlan:
    """Returns the plan of a module that `lower-to-kernels` has made.

    Args:
        module: The module.
        slots: Its calling convention.

    Raises:
        PassError: The module has no kernels.
    """
    entry = next((op for op in module.ops if isinstance(op, func.FuncOp) and op.body.blocks), None)
    kernels = next((op for op in module.ops if isinstance(op, gpu.ModuleOp)), None)
    if entry is None or kernels is None:
        raise PassError(module, "a launch plan is made of kernels, and this module has none")
    found = {op.sym_name.data: op for op in kernels.body.block.ops if isinstance(op, gpu.FuncOp)}
    launches = [_launch(op, found, entry) for op in entry.walk() if isinstance(op, gpu.LaunchFuncOp)]
    copies = [
        Copy(slot, where)
        for slot, arg in zip(slots, entry.body.block.args, strict=True)
        if isinstance(arg.type, MemRefType) and slot.kind is not SlotKind.UNUSED and (where := _where(arg))
    ]
    return LaunchPlan(launches, copies, launching_of(entry))


def _launch(op: gpu.LaunchFuncOp, kernels: dict[str, gpu.FuncOp], entry: func.FuncOp) -> Launch:
    name = op.kernel.nested_references.data[0].data
    kernel = kernels[name]
    about, threads = op.attributes[THREADS], kernel.known_block_size
    assert isinstance(about, StringAttr) and isinstance(threads, DenseArrayBase)
    barriers = sum(isinstance(inner, gpu.BarrierOp) for inner in kernel.walk())
    shared = sum(_bytes(value) for value in _shared(kernel))
    when = STEP if op.parent_block() is not entry.body.block else BEFORE
    return Launch(when, name, _size(op.gridSizeX), int(threads.get_values()[0]), about.data, shared, barriers)


def _shared(kernel: gpu.FuncOp) -> Iterator[SSAValue]:
    for op in kernel.walk():
        if isinstance(op, memref.GetGlobalOp):
            yield op.memref


def _bytes(value: SSAValue) -> int:
    shape = cast("MemRefType[Attribute]", value.type).get_shape()
    return shape[0] * _BYTES[str(element_of(value))]


def _size(value: SSAValue) -> str:
    """Returns a number of blocks as text: how `DeviceRun.blocks_for` writes it."""
    if (number := _constant(value)) is not None:
        return str(number)
    if isinstance(value.owner, arith.MaxSIOp) and isinstance(shift := value.owner.lhs.owner, arith.ShRUIOp):
        part, raised = _constant(shift.rhs), shift.lhs.owner
        if part is not None and isinstance(raised, arith.AddiOp):
            return f"{raised.lhs.name_hint or 'size'} / {1 << part}"
    return "?"


def _constant(value: SSAValue) -> int | None:
    owner: Operation | object = value.owner
    if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr):
        return owner.value.value.data
    return None


def _where(arg: SSAValue) -> str:
    """Returns who knows the memory behind an argument of `@run`, "" if nobody does."""
    on_device = any(isinstance(use.operation, gpu.LaunchFuncOp) for use in arg.uses)
    on_host = any(not isinstance(use.operation, gpu.LaunchFuncOp) for use in arg.uses)
    return "both" if on_device and on_host else "device" if on_device else "host" if on_host else ""
