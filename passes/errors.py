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


class RuleBroken(VerifyException):
    """A pass did what no pass may do: it ended the process, returned a module, removed the program, ..."""


class InvalidProgram(RuleBroken):
    """A pass left a program that does not verify.

    Attributes:
        op: The op that breaks a rule, if that is known.
    """

    def __init__(self, name: str, error: Exception, op: Operation | None = None) -> None:
        """Takes the name of the pass, what the verifier says, and the op that it says it of."""
        self.op = op
        place = None if op is None else location_text(op.location)
        at = "" if op is None else f", at {op.name}{f' ({place})' if place else ''}"
        super().__init__(f"the pass {name!r} left a program that is not valid: {sentence_of(error)}{at}")


def sentence_of(error: Exception) -> str:
    """Returns what an error says in one line; where xDSL says "does not verify:", with what it says behind that."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]


class InputsChanged(RuleBroken):
    """A pass removed, added, or changed an input of a program: arrays would be bound to the wrong arguments."""
