"""Whether a module is valid: what is wrong with it, and with which op."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from ranvier.passes.facts.program_checks import check_programs


@dataclass(frozen=True)
class Mistake:
    """A rule that a module breaks.

    Attributes:
        error: What says so.
        op: The op that breaks it, if that is known.
    """

    error: Exception
    op: Operation | None


def find_mistake(module: ModuleOp) -> Mistake | None:
    """Returns the first rule that a module breaks, None if it is valid."""
    try:
        module.verify()
        check_programs(module)
    except (VerifyException, ValueError) as error:
        user, gone = _forgotten_use(module)
        if user is not None and gone is not None:
            forgotten = VerifyException(f"it uses a result of {gone.name}, which is not in the program any more")
            forgotten.__cause__ = error
            return Mistake(forgotten, user)
        return Mistake(error, _invalid_op(module, error))
    return None


def _forgotten_use(module: ModuleOp) -> tuple[Operation | None, Operation | None]:
    """Returns an op that uses a result of an op which a pass has taken out, and that op."""
    for user in module.walk():
        for value in user.operands:
            if isinstance(value.owner, Operation) and value.owner.parent is None:
                return user, value.owner
    return None, None


def _invalid_op(module: ModuleOp, error: Exception) -> Operation | None:
    """Returns the op that an error of the verifier names, or that does not verify."""
    named: object = getattr(error, "op", None)
    if isinstance(named, Operation):
        return named
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except (VerifyException, ValueError):
            return op
    return None


__all__ = ["Mistake", "find_mistake"]
