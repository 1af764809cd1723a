"""Dimensions of expressions: do the units of a model fit together?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from ranvier.analysis.failures import ArgumentCountError, NotCalledError, at, mismatch, quoted, unresolved
from ranvier.analysis.symbols import Symbol
from ranvier.equations.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    names,
)
from ranvier.equations.function_objects import Function
from ranvier.equations.identifiers import is_noise
from ranvier.equations.source import one_of
from ranvier.units.dimensions import DIMENSIONLESS, Dimension, get_or_create_dimension
from ranvier.units.mismatch import DimensionMismatchError, UnitTypeError, UnitValueError
from ranvier.units.registry import display_name

SECOND = get_or_create_dimension(second=1)

_DOES = {"+": "added", "-": "subtracted", "%": "divided with remainder ('%')"}


def dimension_of(expr: Expr, symbols: Mapping[str, Symbol], source: str | None = None) -> Dimension:
    """Computes the dimension of an expression, checking the units inside.

    A literal 0 is not special: `v > 0` is an error for a `v` in volt.

    Args:
        symbols: What the names mean.
        source: The text that the spans of the expression count, for messages.

    Raises:
        DimensionMismatchError: Units that do not fit, with both sides and the place.
        SyntaxError: A power of something with a unit whose exponent is not known.
        KeyError: A name without meaning.
        TypeError: A call of something that is no function, or with a wrong number of arguments.
    """
    return _Checker(symbols, source).dimension(expr)


class _Checker:
    def __init__(self, symbols: Mapping[str, Symbol], source: str | None) -> None:
        self.symbols = symbols
        self.source = source

    def text(self, expr: Expr) -> str:
        return quoted(expr, self.source)

    def dimension(self, expr: Expr) -> Dimension:
        match expr:
            case Number():
                return DIMENSIONLESS
            case Name(name):
                return self.name(expr, name)
            case Unary("not", operand):
                self.without_unit(operand, "The operand of 'not'", UnitTypeError)
                return DIMENSIONLESS
            case Unary(_, operand):
                return self.dimension(operand)
            case Binary():
                return self.binary(expr)
            case Compare(_, left, right):
                self.same(expr, left, right, "compared")
                return DIMENSIONLESS
            case Logical(op, operands):
                for operand in operands:
                    self.without_unit(operand, f"The operand of '{op}'", UnitTypeError)
                return DIMENSIONLESS
            case Call():
                return self.call(expr)

    def name(self, expr: Name, name: str) -> Dimension:
        symbol = self.symbols.get(name)
        if symbol is None:
            raise at(unresolved(name, one_of(self.symbols, name)), expr, self.source)
        if symbol.kind == "function":
            text = f"'{name}' is a function: write it with arguments, '{name}(...)'."
            raise at(NotCalledError(text), expr, self.source)
        return symbol.dim

    def same(self, expr: Expr, left: Expr, right: Expr, does: str) -> Dimension:
        first, second = self.dimension(left), self.dimension(right)
        if first is not second:
            sides = f"{self.text(left)} and {self.text(right)}"
            error = mismatch(f"{sides} have different units and cannot be {does}", expr, self.source, first, second)
            hint = noise_hint(left, second / first) or noise_hint(right, first / second)
            if hint:
                error.add_note(hint)
            raise error
        return first

    def without_unit(self, expr: Expr, what: str, kind: type[DimensionMismatchError] = DimensionMismatchError) -> None:
        dim = self.dimension(expr)
        if dim is not DIMENSIONLESS:
            raise at(kind(f"{what}, {self.text(expr)}, must not have a unit", dim), expr, self.source)

    def binary(self, expr: Binary) -> Dimension:
        op, left, right = expr.op, expr.left, expr.right
        if op == "*":
            return self.dimension(left) * self.dimension(right)
        if op == "/":
            return self.dimension(left) / self.dimension(right)
        if op == "//":
            for side in (left, right):
                self.without_unit(side, "An operand of '//'", UnitValueError)
            return DIMENSIONLESS
        if op == "**":
            return self.power(expr, left, right)
        return self.same(expr, left, right, _DOES[op])

    def power(self, expr: Expr, base: Expr, exponent: Expr) -> Dimension:
        self.without_unit(exponent, "The exponent")
        dim = self.dimension(base)
        if dim is DIMENSIONLESS:
            return dim
        value = constant_value(exponent, self.symbols)
        if value is None:
            raise at(
                SyntaxError(
                    f"{self.text(base)} has the unit {display_name(dim)}, so its exponent {self.text(exponent)} "
                    "has to be a number or a constant that is known before the run; otherwise divide the base "
                    "by a unit, so that it has none."
                ),
                expr,
                self.source,
            )
        return dim**value

    def call(self, expr: Call) -> Dimension:
        function = function_of(expr, self.symbols, self.source)
        if len(expr.args) != function.n_args:
            self.wrong_count(expr, function)
        given = [self.dimension(arg) for arg in expr.args]
        for index, arg in enumerate(expr.args):
            wanted = function.argument_dimension(index, given)
            if wanted is not None and wanted is not given[index]:
                self.wrong_argument(expr, function, index, arg, given, wanted)
        return function.result_dimension(given)

    def wrong_count(self, expr: Call, function: Function) -> NoReturn:
        count = function.n_args
        plural = "" if count == 1 else "s"
        raise at(
            ArgumentCountError(
                f"The function '{expr.function}' takes {count} argument{plural}, but {len(expr.args)} are given."
            ),
            expr,
            self.source,
        )

    def wrong_argument(
        self, expr: Call, function: Function, index: int, arg: Expr, given: Sequence[Dimension], wanted: Dimension
    ) -> NoReturn:
        other = function.shares_unit_with(index)
        if other is not None:
            text = (
                f"Argument {index + 1} of '{expr.function}', {self.text(arg)}, needs the same unit as argument "
                f"{other + 1}, {self.text(expr.args[other])}"
            )
            raise mismatch(text, arg, self.source, given[index], wanted)
        unit = "no unit" if wanted is DIMENSIONLESS else f"the unit {display_name(wanted)}"
        text = f"Argument {index + 1} of '{expr.function}', {self.text(arg)}, has to have {unit}"
        raise mismatch(text, arg, self.source, given[index])


def noise_hint(expr: Expr, missing: Dimension) -> str:
    """Returns what to do about noise whose unit is wrong by the square root of a time; "" if that is not so.

    Args:
        expr: An expression.
        missing: The unit that it would have to be multiplied by.
    """
    noise = sorted(filter(is_noise, names(expr)))
    power = missing.get_dimension("second")
    if not noise or missing is not SECOND**power or abs(power) % 1 != 0.5:
        return ""
    does, sign = ("divide", "/") if power < 0 else ("multiply", "*")
    return (
        f"    '{noise[0]}' has the unit 1/sqrt(second): {does} the term with it by the square root of a time, "
        f"e.g. sigma*{noise[0]}{sign}sqrt(tau)."
    )


def function_of(expr: Call, symbols: Mapping[str, Symbol], source: str | None = None) -> Function:
    """Returns the function that a call calls.

    Raises:
        KeyError: The name means nothing.
        TypeError: It is no function.
    """
    symbol = symbols.get(expr.function)
    if symbol is None:
        known = [name for name, other in symbols.items() if other.kind == "function"]
        raise at(unresolved(expr.function, one_of(known, expr.function)), expr, source)
    if not isinstance(symbol.value, Function):
        text = f"'{expr.function}' is no function and cannot be called"
        if symbol.kind != "function" and not is_noise(expr.function):
            text += f": is a '*' missing, as in {expr.function}*(...)?"
        if is_noise(expr.function):
            text += ": names that begin with 'xi_' are noise; give the function another name"
        raise at(TypeError(text if text.endswith("?") else f"{text}."), expr, source)
    return symbol.value


def constant_value(expr: Expr, symbols: Mapping[str, Symbol]) -> float | None:
    """Returns the value of an expression of numbers and constants; `None` if it is not known before a run."""
    match expr:
        case Number(value):
            return value
        case Name(name):
            symbol = symbols.get(name)
            value = symbol.value if symbol is not None else None
            return value if isinstance(value, int | float) else None
        case Unary("not", _):
            return None
        case Unary(op, operand):
            value = constant_value(operand, symbols)
            return None if value is None else -value if op == "-" else value
        case Binary(op, left, right):
            first, second = constant_value(left, symbols), constant_value(right, symbols)
            return None if first is None or second is None else _arithmetic(op, first, second)
        case _:
            return None


def _arithmetic(op: str, left: float, right: float) -> float | None:
    try:
        match op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "//":
                return left // right
            case "%":
                return left % right
            case _:
                result = left**right
                return result if isinstance(result, int | float) else None
    except (ZeroDivisionError, OverflowError):
        return None
