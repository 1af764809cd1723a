"""Types of expressions: boolean < integer < float."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ranvier.analysis.dimensions import function_of
from ranvier.analysis.failures import at, quoted, unresolved
from ranvier.analysis.symbols import DTYPES, DType, Symbol, highest
from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, Name, Number, Unary


def type_of(expr: Expr, symbols: Mapping[str, Symbol], source: str | None = None) -> DType:
    """Determines the type of an expression.

    `/` gives floats; the other operators give integers for integers and booleans (which count 0 and 1);
    a power is an integer only for integers with a whole literal exponent that is not negative.

    Raises:
        TypeError: Something that is no condition under `and`, `or`, `not`; a wrong type of argument.
    """
    match expr:
        case Number(value):
            return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "float"
        case Name(name):
            if name not in symbols:
                raise at(unresolved(name), expr, source)
            return symbols[name].dtype
        case Unary("not", operand):
            require_boolean(operand, symbols, source, "The operand of 'not'")
            return "boolean"
        case Unary(_, operand):
            return highest("integer", type_of(operand, symbols, source))
        case Binary():
            return _binary(expr, symbols, source)
        case Compare(_, left, right):
            type_of(left, symbols, source)
            type_of(right, symbols, source)
            return "boolean"
        case Logical(op, operands):
            for operand in operands:
                require_boolean(operand, symbols, source, f"The operand of '{op}'")
            return "boolean"
        case Call():
            return _call(expr, symbols, source)


def is_whole_power(exponent: Expr) -> bool:
    """Tells whether an exponent is a literal integer that is not negative, so that integers stay integers."""
    return isinstance(exponent, Number) and isinstance(exponent.value, int) and exponent.value >= 0


def _binary(expr: Binary, symbols: Mapping[str, Symbol], source: str | None) -> DType:
    left, right = type_of(expr.left, symbols, source), type_of(expr.right, symbols, source)
    if expr.op == "/" or (expr.op == "**" and not is_whole_power(expr.right)):
        return "float"
    return highest("integer", left, right)


def _call(expr: Call, symbols: Mapping[str, Symbol], source: str | None) -> DType:
    function = function_of(expr, symbols, source)
    given: list[DType] = [type_of(arg, symbols, source) for arg in expr.args]
    for index, (wanted, dtype) in enumerate(zip(function.arg_types, given, strict=False)):
        if wanted != "any" and DTYPES.index(dtype) > DTYPES.index(cast(DType, wanted)):
            text = f"Argument {index + 1} of '{expr.function}', {quoted(expr.args[index], source)}, is {dtype}"
            raise at(TypeError(f"{text}, but has to be {wanted}."), expr.args[index], source)
    if function.return_type == "highest":
        return highest("integer", *given)
    return cast(DType, function.return_type)


def require_boolean(expr: Expr, symbols: Mapping[str, Symbol], source: str | None, what: str) -> None:
    """Demands a condition: a comparison, `and`/`or`/`not`, a boolean variable or function.

    Raises:
        TypeError: The expression is a number.
    """
    dtype = type_of(expr, symbols, source)
    if dtype != "boolean":
        text = f"{what}, {quoted(expr, source)}, has to be a condition, i.e. True or False, but its type is {dtype}."
        raise at(TypeError(f"{text} Compare it with something, e.g. '... > 0'."), expr, source)
