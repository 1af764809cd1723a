"""The errors of passes: what one cannot treat, and what one must not do."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.graph import location_text


class PassError(VerifyException):
    """A pass cannot treat an op.

    Attributes:
        op: The op.
    """

    def __init__(self, op: Operation, message: str) -> None:
        """Takes the op and what is wrong with it."""
        super().__init__(message)
        self.op = op

    @property
    def place(self) -> str:
        """`file:line:column` of the op, "" if it is not known."""
        return location_text(self.op.location) or ""


class InputsChanged(VerifyException):
    """A pass removed, added, or changed an input of a program: arrays would be bound to the wrong arguments."""
