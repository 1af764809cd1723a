"""The meaning of Brian's expressions, one element after another, by Python alone: nothing of the compiler is used.

Every value carries a bound of what rounding may have done to it. Where rounding decides (a comparison of values that
are equal but for rounding, the whole part of one, ...) or where the language leaves the result open, there is none.
"""

import ast
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

SOME = 4 * np.finfo(float).eps
"""What one operation may be off, relative to its result."""

LARGEST = 2**62
"""Integers beyond this are not looked at: they may overflow."""

Value = tuple[Any, float]
"""A boolean, an integer or a float, and a bound of its error."""


class Open(Exception):
    """The language, or rounding, leaves the value open."""


def _exprel(x: float) -> float:
    return 1.0 + x / 2 if abs(x) < 1e-9 else math.expm1(x) / x


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": np.exp, "log": np.log, "log10": np.log10, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "arcsin": np.arcsin, "arccos": np.arccos,
    "arctan": np.arctan, "expm1": np.expm1, "log1p": np.log1p, "exprel": _exprel,
}  # fmt: skip


def meaning(text: str, names: dict[str, Any]) -> Value:
    """Returns the value of an expression of one element.

    Raises:
        Open: See above.
    """
    with np.errstate(all="ignore"):
        try:
            return _value(ast.parse(text.strip(), mode="eval").body, names)
        except OverflowError as error:
            raise Open from error


def _value(node: ast.expr, names: dict[str, Any]) -> Value:
    match node:
        case ast.Constant(value):
            return value, 0.0
        case ast.Name(name):
            return names[name], 0.0
        case ast.UnaryOp(ast.Not(), operand):
            return not _value(operand, names)[0], 0.0
        case ast.UnaryOp(op, operand):
            value, error = _number(_value(operand, names))
            return (-value if isinstance(op, ast.USub) else value), error
        case ast.BoolOp(op, operands):
            found = [bool(_value(operand, names)[0]) for operand in operands]
            return (all if isinstance(op, ast.And) else any)(found), 0.0
        case ast.Compare(left, [op], [right]):
            return _compared(op, _number(_value(left, names)), _number(_value(right, names))), 0.0
        case ast.BinOp(left, op, right):
            return _joined(op, _number(_value(left, names)), _number(_value(right, names)), right)
        case ast.Call(ast.Name(name), args):
            return _called(name, [_number(_value(arg, names)) for arg in args])
    raise NotImplementedError(ast.dump(node))


def _number(value: Value) -> Value:
    """Booleans count 0 and 1."""
    return (int(value[0]), 0.0) if isinstance(value[0], bool | np.bool_) else value


def _compared(op: ast.cmpop, left: Value, right: Value) -> bool:
    (a, da), (b, db) = left, right
    _decided(a, da, b, db)
    match op:
        case ast.Lt():
            return a < b
        case ast.LtE():
            return a <= b
        case ast.Gt():
            return a > b
        case ast.GtE():
            return a >= b
        case ast.Eq():
            return a == b
        case ast.NotEq():
            return a != b
    raise NotImplementedError


def _decided(a: Any, da: float, b: Any, db: float) -> None:
    """Raises Open if rounding decides which of two values is greater."""
    if math.isnan(da) or math.isnan(db) or ((da or db) and not abs(float(a) - float(b)) > da + db):
        raise Open
    if any(isinstance(v, int) and abs(v) > 2**53 for v in (a, b)) and type(a) is not type(b):
        raise Open


def _joined(op: ast.operator, left: Value, right: Value, exponent: ast.expr) -> Value:
    (a, da), (b, db) = left, right
    if isinstance(a, int) and isinstance(b, int) and not isinstance(op, ast.Div):
        return _of_integers(op, a, b, exponent)
    a, b = np.float64(a), np.float64(b)
    if isinstance(op, ast.FloorDiv | ast.Mod):
        return _divided(op, a, da, b, db)
    if isinstance(op, ast.Pow):
        return _power(a, da, b, db)
    if isinstance(op, ast.Div):
        result = a / b
        if db and not abs(b) > 2 * db:
            raise Open
        exact = False
        error = (da + abs(result) * db) / (abs(b) - db) if da or db else 0.0
    else:
        result, exact = _plain(op, a, b, not da and not db)
        error = abs(a) * db + abs(b) * da + da * db if isinstance(op, ast.Mult) else da + db
    return result, error if exact else error + _rounding(result)


def _plain(op: ast.operator, a: Any, b: Any, careful: bool) -> tuple[Any, bool]:
    """The sum, difference or product, and whether it is exact."""
    how = {ast.Add: lambda x, y: x + y, ast.Sub: lambda x, y: x - y, ast.Mult: lambda x, y: x * y}[type(op)]
    result = how(a, b)
    if not all(math.isfinite(v) for v in (a, b, result)):
        return result, careful
    return result, careful and how(Fraction(float(a)), Fraction(float(b))) == Fraction(float(result))


def _rounding(result: Any) -> float:
    return float(abs(result)) * SOME + 1e-300 if math.isfinite(result) else 0.0


def _of_integers(op: ast.operator, a: int, b: int, exponent: ast.expr) -> Value:
    match op:
        case ast.Add():
            result = a + b
        case ast.Sub():
            result = a - b
        case ast.Mult():
            result = a * b
        case ast.FloorDiv():
            result = a // b if b else 0  # as numpy
        case ast.Mod():
            result = a % b if b else 0
        case ast.Pow():
            if isinstance(exponent, ast.Name) and exponent.id == "N":  # known when a run is compiled: an integer power
                raise Open
            if not isinstance(exponent, ast.Constant):
                return _power(np.float64(a), 0.0, np.float64(b), 0.0)
            result = a**b
        case _:
            raise NotImplementedError
    if abs(result) > LARGEST:
        raise Open
    return result, 0.0


def _divided(op: ast.operator, a: Any, da: float, b: Any, db: float) -> Value:
    quotient = a / b
    if da or db or not math.isfinite(quotient) or abs(quotient) > 2**50:
        near = round(float(quotient)) if math.isfinite(quotient) else 0
        slack = (da + abs(quotient) * db) / abs(b) * 2 + 1e-9 if b else math.inf
        if not abs(quotient - near) > slack or db * 2 > abs(b):
            raise Open
    result = np.floor_divide(a, b) if isinstance(op, ast.FloorDiv) else np.remainder(a, b)
    error = 0.0 if isinstance(op, ast.FloorDiv) else da + abs(quotient) * db + db
    return result, error + _rounding(result) + (_rounding(a) if isinstance(op, ast.Mod) else 0.0)


def _power(a: Any, da: float, b: Any, db: float) -> Value:
    result = np.power(a, b)
    if da or db:
        others = [np.power(a + s * da, b + r * db) for s in (-1, 1) for r in (-1, 1)]
        error = max(abs(other - result) for other in others) if math.isfinite(result) else 0.0
        if math.isnan(error) or not math.isfinite(result):
            raise Open
    else:
        error = 0.0
    return result, 2 * error + 4 * _rounding(result)


def _called(name: str, args: list[Value]) -> Value:
    value, error = args[0]
    if name in FUNCTIONS:
        x = np.float64(value)
        result = FUNCTIONS[name](x)
        if error:
            around = [FUNCTIONS[name](x - error), FUNCTIONS[name](x + error)]
            error = 2 * max(abs(other - result) for other in around)
            if not math.isfinite(error):
                raise Open
        return result, error + 4 * _rounding(result)
    if name == "abs":
        return abs(value), error
    if name == "clip":
        return _clipped(args)
    if not math.isfinite(value) or not math.isfinite(error):
        raise Open
    if name == "sign":
        _decided(value, error, 0, 0.0)
        return ((value > 0) - (value < 0) if isinstance(value, int) else np.sign(value)), 0.0
    how = {"floor": math.floor, "ceil": math.ceil, "int": math.trunc}[name]
    if error and len({how(value - 2 * error), how(value), how(value + 2 * error)}) > 1:
        raise Open
    result = how(value)
    if abs(result) > LARGEST:
        raise Open
    return (result if name == "int" else math.copysign(result, value)), 0.0


def _clipped(args: list[Value]) -> Value:
    (value, error), (low, below), (high, above) = args
    if any(math.isnan(v) for v in (value, low, high)) or not low < high:
        raise Open
    kind = float if any(not isinstance(v, int) for v, _ in args) else int
    return kind(min(max(value, low), high)), max(error, below, above)
