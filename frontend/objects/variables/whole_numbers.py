"""Numbers that are known before a run and that an integer variable cannot hold."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.actions import actions as act
from ranvier.analysis.evaluate import evaluate
from ranvier.analysis.failures import at
from ranvier.equations.expressions import Expr, functions, names
from ranvier.equations.functions import DEFAULT_CONSTANTS
from ranvier.equations.statements import Statement
from ranvier.objects.variables.stored import stored
from ranvier.objects.variables.variables import Owner


def refuse_wrong_whole(statement: Statement, expr: Expr, bindings: Mapping[str, act.Binding], group: Owner) -> None:
    """Refuses a statement that sets an integer variable to a number that is known and that it cannot hold.

    Args:
        statement: The statement.
        expr: Its value, ready for actions.
        bindings: What the names in it stand for.
        group: The group of the variable.

    Raises:
        OverflowError, ValueError: Naming the variable.
    """
    used = names(expr)
    values = {name: found.value for name in used if isinstance(found := bindings.get(name), act.Constant)}
    reference = group.reference(statement.target)
    if reference is None or not used <= values.keys() | DEFAULT_CONSTANTS.keys() or functions(expr):
        return
    try:
        stored(evaluate(expr, values), reference.variable, reference.owner.name)
    except (OverflowError, ValueError) as error:
        raise at(error, statement.expr, statement.text) from None
