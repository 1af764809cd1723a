"""What regions of `scf` hand over: as many values, of the same types, as the op around them gives or takes.

xDSL's verifier looks at some of these only; code generation relies on all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, Region, SSAValue

from ranvier.passes.errors import PassError


def check_yields(module: ModuleOp) -> None:
    """Checks the ends of the regions of conditions and loops.

    Raises:
        PassError: A region ends otherwise than the op around it needs.
    """
    for op in module.walk():
        for region, wanted, what in _ends(op):
            end = region.blocks[-1].last_op if region.blocks else None
            if end is None or not isinstance(end, scf.YieldOp | scf.ConditionOp):
                continue  # the verifier says so
            given = end.operands[1:] if isinstance(end, scf.ConditionOp) else end.operands
            if [one.type for one in given] != [one.type for one in wanted]:
                message = f"{end.name} hands over ({_types(given)}), and {op.name} needs ({_types(wanted)}): {what}"
                raise PassError(op, message)  # the end may be one that no text has


def _ends(op: Operation) -> Iterator[tuple[Region, Sequence[SSAValue], str]]:
    """Yields the regions of an op, what each has to hand over, and what that is."""
    match op:
        case scf.IfOp():
            for region in op.regions:
                if region.blocks:
                    yield region, op.results, "its results"
        case scf.ForOp():
            yield op.body, op.results, "what it carries"
        case scf.WhileOp():
            yield op.before_region, op.results, "its results"
            yield op.after_region, op.arguments, "what it carries"
        case scf.ExecuteRegionOp() | scf.IndexSwitchOp():
            for region in op.regions:
                yield region, op.results, "its results"
        case _:
            pass


def _types(values: Sequence[SSAValue]) -> str:
    return ", ".join(str(one.type) for one in values)


__all__ = ["check_yields"]
