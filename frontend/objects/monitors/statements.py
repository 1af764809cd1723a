"""Statements that a monitor executes: they look at what it has recorded, and set variables that a script gave it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from ranvier.equations.expressions import render
from ranvier.equations.statements import Statement, parse_statements
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.values import evaluated
from ranvier.objects.variables.variables import ArrayVariable, ElementOwner
from ranvier.objects.variables.view import VariableView
from ranvier.units.dimensions import DIMENSIONLESS
from ranvier.units.quantity import Quantity


class Watching(ElementOwner, Protocol):
    """A monitor."""

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of a variable."""
        ...


def executed(monitor: Watching, text: str, run_namespace: Mapping[str, object]) -> Callable[[], None]:
    """Returns what executes statements of a monitor, after they have been checked.

    Args:
        monitor: The monitor.
        text: The statements.
        run_namespace: The names of the script.

    Raises:
        TypeError: A statement sets what was recorded, or a variable that has several values.
        KeyError, SyntaxError, DimensionMismatchError: What is wrong with a statement.
    """
    statements = parse_statements(text)
    for statement in statements:
        _check_target(monitor, statement)

    def execute() -> None:
        known = dict(run_namespace)
        for statement in statements:
            _execute(monitor, statement, known)

    _try(monitor, statements, run_namespace)
    return execute


def _check_target(monitor: Watching, statement: Statement) -> None:
    name = statement.target
    variable = monitor.variables.get(name)
    if variable is None and name != "N":
        return
    if name == "N" or variable is None or variable.read_only:
        raise TypeError(
            f"'{statement.text}' cannot be executed by '{monitor.name}': what a monitor has recorded cannot be "
            "changed. Statements set variables that were added to it, e.g. (M: the monitor) "
            "M.variables.add_array('seen', size=1, scalar=True)."
        )
    if not (isinstance(variable, ArrayVariable) and variable.scalar):
        raise TypeError(
            f"'{statement.text}' cannot be executed by '{monitor.name}': the number of its rows grows, so statements "
            f"of a monitor set single values only. Add '{name}' with scalar=True."
        )


def _try(monitor: Watching, statements: tuple[Statement, ...], run_namespace: Mapping[str, object]) -> None:
    """Finds mistakes before the run: executes the statements and takes that back."""
    targets = {statement.target for statement in statements} & monitor.variables.keys()
    before = {name: monitor.state(name, use_units=False).get_item(slice(None)) for name in targets}
    known = dict(run_namespace)
    try:
        with np.errstate(all="ignore"):
            for statement in statements:
                _execute(monitor, statement, known)
    finally:
        for name, value in before.items():
            monitor.state(name, use_units=False).set_item(slice(None), value)


def _execute(monitor: Watching, statement: Statement, known: dict[str, object]) -> None:
    text = render(statement.value)
    if statement.target in monitor.variables:
        monitor.state(statement.target).set_item(slice(None), text, namespace=known)
        return
    scope = Scope(monitor, known, warns=False)
    expr, dim, _ = scope.expression(text)
    value = np.asarray(evaluated(scope, expr, np.arange(monitor.element_count)))
    if value.ndim:
        raise TypeError(
            f"'{statement.text}' of '{monitor.name}' has a value for each of its rows: statements of a monitor compute "
            "single values only."
        )
    known[statement.target] = value.item() if dim is DIMENSIONLESS else Quantity(value.item(), dim=dim)
