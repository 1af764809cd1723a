"""Checks of whole definitions and statement blocks, as Brian demands them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ranvier.analysis.dimensions import dimension_of, function_of, noise_hint
from ranvier.analysis.failures import at, mismatch, quoted, unresolved
from ranvier.analysis.symbols import TIME, DType, Symbol
from ranvier.analysis.types import require_boolean, type_of
from ranvier.equations.expressions import Expr, Name, calls, functions, names
from ranvier.equations.function_objects import Function
from ranvier.equations.functions import DEFAULT_FUNCTIONS
from ranvier.equations.source import caret, one_of, variables_at_end
from ranvier.equations.statements import Statement
from ranvier.units.dimensions import Dimension

READ_ONLY = frozenset({"t", "dt", "t_in_timesteps", "i", "j", "N"})
"""Names that no statement may change."""


@dataclass(frozen=True)
class CheckedStatement:
    """A statement with what the checks found out.

    Attributes:
        target: The symbol that is written; a temporary gets the type and unit of the expression.
        dtype: Type of the value, before it is converted to the type of the target.
        scalar: Whether the value is the same for all elements.
    """

    statement: Statement
    target: Symbol
    dtype: DType
    scalar: bool


def check_expression(
    expr: Expr, symbols: Mapping[str, Symbol], source: str | None = None, *, several_draws: bool = False
) -> tuple[Dimension, DType]:
    """Checks units, types and calls of an expression; returns its dimension and type.

    Args:
        several_draws: Whether it may call a stateful function more than once. Brian refuses that in what is written to
            a variable with `=`, in equations and in subexpressions; elsewhere each call gives another value.
    """
    dim, dtype = dimension_of(expr, symbols, source), type_of(expr, symbols, source)
    if not several_draws:
        check_stateful_calls(expr, symbols, source)
    return dim, dtype


def check_stateful_calls(expr: Expr, symbols: Mapping[str, Symbol], source: str | None = None) -> None:
    """Refuses two calls of the same stateful function in one expression.

    Raises:
        NotImplementedError: Since `rand() - rand()` might be taken for 0.
    """
    seen: set[str] = set()
    for call in calls(expr):
        if function_of(call, symbols, source).stateless:
            continue
        if call.function in seen:
            raise at(
                NotImplementedError(
                    f"The expression {quoted(expr, source)} calls '{call.function}' more than once. Each call gives "
                    "another value, which is not supported within one expression: use two statements, or "
                    "subexpressions with the flag 'constant over dt'."
                ),
                call,
                source,
            )
        seen.add(call.function)


def is_stateful(expr: Expr, symbols: Mapping[str, Symbol]) -> bool:
    """Tells whether the expression, or a subexpression it uses, calls a stateful function."""
    todo, seen = [expr], set[str]()
    while todo:
        tree = todo.pop()
        if any(not _is_stateless(name, symbols) for name in functions(tree)):
            return True
        inner = (symbols[name].expr for name in names(tree) - seen if name in symbols)
        todo += [other for other in inner if other is not None]
        seen |= names(tree)
    return False


def _is_stateless(function: str, symbols: Mapping[str, Symbol]) -> bool:
    """Tells whether a function is stateless; those inside subexpressions need not be among the symbols."""
    value = symbols[function].value if function in symbols else DEFAULT_FUNCTIONS.get(function)
    return not isinstance(value, Function) or value.stateless


def is_scalar(expr: Expr, symbols: Mapping[str, Symbol]) -> bool:
    """Tells whether the expression has one value for all elements."""
    return all(symbols[name].scalar for name in names(expr) if name in symbols)


def check_condition(
    expr: Expr, symbols: Mapping[str, Symbol], source: str | None = None, what: str = "The condition"
) -> None:
    """Checks a threshold, a `connect` condition, a string index: it has to be True or False.

    Raises:
        TypeError: It is a number. Further those of `check_expression`.
    """
    check_expression(expr, symbols, source, several_draws=True)
    require_boolean(expr, symbols, source, what)


def check_derivative(
    variable: str, dim: Dimension, expr: Expr, symbols: Mapping[str, Symbol], source: str | None = None
) -> None:
    """Checks that a right-hand side has the unit of the variable per second."""
    found, _ = check_expression(expr, symbols, source)
    wanted = dim / TIME
    if found is not wanted:
        text = (
            f"The right-hand side of the differential equation of '{variable}', {quoted(expr, source)}, "
            f"has a wrong unit: it has to be the unit of '{variable}' per second"
        )
        error = mismatch(text, expr, source, found, wanted)
        hint = noise_hint(expr, wanted / found)
        if hint:
            error.add_note(hint)
        raise error


def check_subexpression(
    symbol: Symbol,
    expr: Expr,
    symbols: Mapping[str, Symbol],
    source: str | None = None,
    once: Literal["", "stored", "summed"] = "",
) -> None:
    """Checks a subexpression against its declaration.

    Args:
        once: Why it is evaluated once per step, and may draw random numbers then: it is stored (`constant over dt`), or
            summed over synapses (which may draw several).

    Raises:
        DimensionMismatchError: Its unit is another one.
        TypeError: It is declared boolean and is not.
        SyntaxError: It is shared and uses values of single elements; it draws random numbers and is neither constant
            over dt nor summed.
    """
    dim, dtype = check_expression(expr, symbols, source, several_draws=once == "summed")
    name = symbol.name
    if dim is not symbol.dim:
        text = f"The subexpression '{name} = {quoted(expr, source)[1:-1]}' does not have the unit it is declared with"
        raise mismatch(text, expr, source, dim, symbol.dim)
    if symbol.dtype == "boolean" and dtype != "boolean":
        raise at(
            TypeError(f"The subexpression '{name}' is declared {symbol.dtype}, but {quoted(expr, source)} is {dtype}."),
            expr,
            source,
        )
    if symbol.scalar and not is_scalar(expr, symbols):
        _refuse_elements(f"The shared subexpression '{name}'", expr, symbols, source)
    if is_stateful(expr, symbols) and not once:
        raise SyntaxError(
            f"The subexpression '{name}' calls a function that may give another value each time (e.g. rand()). Add the "
            "flag 'constant over dt', so that it is evaluated once per time step. A function that always gives "
            "the same for the same arguments may be wrapped instead: Function(f, arg_units=..., return_unit=...)."
        )


def _refuse_elements(what: str, expr: Expr, symbols: Mapping[str, Symbol], source: str | None) -> None:
    several = sorted(name for name in names(expr) if name in symbols and not symbols[name].scalar)
    raise at(
        SyntaxError(
            f"{what} has one value for the whole group, so {quoted(expr, source)} cannot depend on "
            f"{', '.join(repr(name) for name in several)}, which differs between elements."
        ),
        expr,
        source,
    )


def check_statements(
    statements: Iterable[Statement],
    symbols: Mapping[str, Symbol],
    *,
    all_elements: bool = True,
    read_only: frozenset[str] = READ_ONLY,
    known: Iterable[str] = (),
) -> tuple[CheckedStatement, ...]:
    """Checks a block of statements.

    Args:
        symbols: Meanings of all names except temporaries; only symbols of kind `variable` can be written.
        all_elements: Whether the block runs for all elements (`run_regularly`); only then shared variables may be
            written.
        read_only: Names that must not be written.
        known: Further names, for spelling suggestions.

    Raises:
        DimensionMismatchError, TypeError, KeyError: See `dimension_of`, `type_of`; the unit of an assigned value.
        SyntaxError: Writing subexpressions, constants of the simulation, or shared variables where that has no
            meaning.
        NotImplementedError: Two calls of a stateful function in what a variable is set to.
    """
    scope = dict(symbols)
    checked: list[CheckedStatement] = []
    wrote_elements = False
    for statement in statements:
        found = _check_one(statement, scope, read_only, [*scope, *known])
        if found.target.kind == "variable" and found.target.scalar:
            _check_shared_write(found, scope, all_elements, wrote_elements)
        wrote_elements = wrote_elements or not found.target.scalar
        scope[found.target.name] = found.target
        checked.append(found)
    return tuple(checked)


def _check_one(
    statement: Statement, scope: Mapping[str, Symbol], read_only: frozenset[str], known: list[str]
) -> CheckedStatement:
    name, text = statement.target, statement.text
    old = scope.get(name)
    if name in read_only and (old is None or old.kind != "temporary"):
        raise SyntaxError(
            f"'{name}' cannot be changed by statements: it belongs to the simulation.\n{_target(statement)}"
        )
    if old is not None and old.kind == "subexpression":
        raise SyntaxError(
            f"'{name}' is a subexpression and cannot be assigned to: change what it is computed from.\n"
            f"{_target(statement)}"
        )
    if old is not None and old.kind == "function":
        raise SyntaxError(f"'{name}' is a function and cannot be assigned to.\n{_target(statement)}")
    writable = old is not None and old.kind in ("variable", "temporary")
    if statement.op != "=" and not writable:
        hint = one_of(known, name) or variables_at_end(known, name)
        raise at(unresolved(name, hint), Name(name, statement.place), text)
    value = statement.value
    is_set = statement.op == "=" and old is not None and old.kind == "variable"
    dim, dtype = check_expression(value, scope, text, several_draws=not is_set)
    shared = old is not None and old.kind == "variable" and old.scalar
    scalar = is_scalar(value, scope) and (shared or not is_stateful(value, scope))
    if old is None or not writable:  # a new temporary, whatever the name means outside
        target = Symbol(name, dtype, dim, scalar, "temporary")
        return CheckedStatement(statement, target, dtype, scalar)
    if dim is not old.dim:
        raise mismatch(f"In '{text}', the value has another unit than '{name}'", statement.expr, text, dim, old.dim)
    target = old if old.kind == "variable" else replace(old, dtype=dtype, scalar=scalar)
    return CheckedStatement(statement, target, dtype, scalar)


def _target(statement: Statement) -> str:
    return caret(statement.text, statement.place)


def _check_shared_write(
    found: CheckedStatement, scope: Mapping[str, Symbol], all_elements: bool, wrote_elements: bool
) -> None:
    statement, name = found.statement, found.target.name
    if not all_elements:
        raise SyntaxError(
            f"The shared variable '{name}' has one value for the whole group; it cannot be changed by code that runs "
            f"for some of the elements only.\n{_target(statement)}"
        )
    if not found.scalar:
        _refuse_elements(f"The shared variable '{name}'", statement.value, scope, statement.text)
    if wrote_elements:
        raise SyntaxError(
            f"The shared variable '{name}' has to be assigned before anything that differs between elements: move this "
            f"statement to the top of the block.\n{_target(statement)}"
        )
