"""What can go wrong between the loops and a callable program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.ir.offers import BUILT_IN

if TYPE_CHECKING:
    from xdsl.ir import Operation

PACKAGE = "ranvier.codegen"
"""The errors are named after the package that gives them, wherever they are defined."""


class CodegenError(Exception):
    """The loops cannot be turned into machine code."""

    __module__ = PACKAGE


class CompilerMissing(CodegenError):
    """There is no C++ compiler on this machine."""

    __module__ = PACKAGE


OTHERS = "a pass at the end of the pipeline, or behind lower-to-loops, has to make arith, math, scf or memref of it"
"""What has to happen to ops of dialects that are not Ranvier's."""


class UnsupportedOpError(CodegenError):
    """An op, or this use of it, has no translation to LLVM.

    Attributes:
        op: The name of the op.
        location: Its place in the source as text, or the op itself if the place is not known.
    """

    __module__ = PACKAGE

    def __init__(self, op: Operation, reason: str = "there is no translation of this op to LLVM") -> None:
        """Takes the op and why it cannot be translated."""
        self.op = op.name
        self.location = location_of(op)
        if op.dialect_name() not in BUILT_IN:
            reason += f"; {OTHERS}"
        super().__init__(f"{self.op} at {self.location}: {reason}")

    def __reduce__(self) -> tuple[object, ...]:
        """Returns what other processes make the error of: without the op, which cannot go there."""
        return _without_op, (type(self), *self.args), self.__dict__


def _without_op(kind: type[UnsupportedOpError], message: str) -> UnsupportedOpError:
    return kind.__new__(kind, message)


class ArtifactError(Exception):
    """Bytes are not a complete compiled program of this version."""

    __module__ = PACKAGE


class LoadError(Exception):
    """A compiled program cannot be loaded into this process."""

    __module__ = PACKAGE


def location_of(op: Operation) -> str:
    """Returns the place of `op` in its source as `file:line:column`; if nobody noted it, the op itself as text."""
    from ranvier.ir.locations import sites  # xDSL comes with it

    found = ", ".join(map(str, sites(op.location)))
    return found or f"`{str(op).splitlines()[0]}`"
