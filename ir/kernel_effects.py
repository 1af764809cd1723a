"""Which kernels a program launches, and what they do with the memory that they are given."""

from __future__ import annotations

from xdsl.dialects import func, gpu, memref
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import BlockArgument

_READS = (memref.LoadOp,)


def entry_of(module: ModuleOp) -> func.FuncOp | None:
    """Returns the function of the host that launches the kernels of a module."""
    named = (op for op in module.ops if isinstance(op, func.FuncOp) and op.sym_name.data == "run")
    return next(named, None)


def kernel_of(op: gpu.LaunchFuncOp) -> str:
    """Returns the name of the kernel that is launched."""
    return op.kernel.nested_references.data[0].data


def launched_kernels(run: func.FuncOp) -> dict[str, bool]:
    """Returns the names of kernels in the order of their numbers, and whether each is launched in steps."""
    found: dict[str, bool] = {}
    for op in run.walk():
        if isinstance(op, gpu.LaunchFuncOp):
            in_step = op.parent_block() is not run.body.block
            found[kernel_of(op)] = found.get(kernel_of(op), False) or in_step
    return found


def written_arguments(module: ModuleOp | gpu.ModuleOp) -> set[tuple[str, int]]:
    """Returns the arguments to which functions of a module may write: names of functions, and positions.

    All but a load counts as writing, since memory may be changed behind it.
    """
    found: set[tuple[str, int]] = set()
    for op in module.walk():
        if not isinstance(op, gpu.FuncOp | func.FuncOp) or not op.body.blocks:
            continue
        for argument in op.body.block.args:
            if isinstance(argument.type, MemRefType) and _may_change(argument):
                found.add((op.sym_name.data, argument.index))
    return found


def _may_change(argument: BlockArgument) -> bool:
    return any(
        not isinstance(use.operation, _READS) and use.operation.name != "memref.prefetch" for use in argument.uses
    )


__all__ = ["entry_of", "kernel_of", "launched_kernels", "written_arguments"]
