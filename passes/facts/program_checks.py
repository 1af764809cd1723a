"""What has to hold of programs besides what each op verifies: one live version of each array, sizes that fit,
regions that hand over what they have to."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from ranvier.ir.structure import ProgramOp
from ranvier.passes.facts.sizes import Sizes
from ranvier.passes.facts.versions import check_single_version
from ranvier.passes.facts.yields import check_yields


def check_programs(module: ModuleOp) -> None:
    """Checks the programs of a module that is verified.

    Raises:
        PassError: An array is used after its next version was made, or has fewer elements than an op needs, or a
            region of `scf` hands over other values than the op around it needs.
    """
    for op in module.body.block.ops:
        if isinstance(op, ProgramOp):
            check_single_version(op)
            Sizes(op).check()
    check_yields(module)
