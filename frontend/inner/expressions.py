"""Questions about texts of the model language: dimension, kind, the parts of a statement."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.analysis.dimensions import dimension_of
from ranvier.analysis.names import default_symbol, external_symbol
from ranvier.analysis.symbols import Symbol
from ranvier.analysis.types import type_of
from ranvier.equations.expressions import Expr, functions, names
from ranvier.equations.parser import parse_expression
from ranvier.equations.statements import parse_statements
from ranvier.objects.variables.variables import Variable
from ranvier.public import public_in
from ranvier.units.dimensions import Dimension


@public_in("ranvier.parsing.expressions")
def parse_expression_dimensions(expr: str, variables: Mapping[str, object], orig_expr: str | None = None) -> Dimension:
    """Returns the physical dimension of an expression.

    Args:
        expr: The text.
        variables: What its names mean: variables, functions, numbers and quantities; functions, constants and units of
            the model language are known.
        orig_expr: The text that messages show; None for `expr`.

    Raises:
        DimensionMismatchError: Units that do not fit.
        KeyError: A name without meaning.
    """
    tree = parse_expression(expr)
    return dimension_of(tree, _symbols(tree, variables), orig_expr or expr)


@public_in("ranvier.parsing.expressions")
def is_boolean_expression(expr: str, variables: Mapping[str, object]) -> bool:
    """Tells whether an expression is a condition; its names as for `parse_expression_dimensions`."""
    tree = parse_expression(expr)
    return type_of(tree, _symbols(tree, variables), expr) == "boolean"


@public_in("ranvier.parsing.statements")
def parse_statement(code: str) -> tuple[str, str, str, str]:
    """Returns the parts of one statement: variable, operator, expression, comment.

    Raises:
        ValueError: It is not one statement.
    """
    bare, _, comment = code.partition("#")
    statements = parse_statements(bare)
    if len(statements) != 1:
        raise ValueError(f"'{code}' is not one statement of the form 'name = expression'.")
    (one,) = statements
    return one.target, one.op, bare.partition(one.op)[2].strip(), comment.strip()


def _symbols(tree: Expr, variables: Mapping[str, object]) -> dict[str, Symbol]:
    found: dict[str, Symbol] = {}
    for name in names(tree) | functions(tree):
        symbol = _symbol(name, variables[name]) if name in variables else default_symbol(name)
        if symbol is not None:
            found[name] = symbol
    return found


def _symbol(name: str, value: object) -> Symbol | None:
    if isinstance(value, Variable):
        return Symbol(name, value.kind, value.dim, value.scalar, "variable")
    return external_symbol(name, value)
