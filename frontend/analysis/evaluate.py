"""Computing expressions with numpy: the slow, obvious meaning of the model language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np

from ranvier.analysis.failures import unresolved
from ranvier.analysis.types import is_whole_power
from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, Name, Number, Unary, shared_parts
from ranvier.equations.function_objects import Function
from ranvier.equations.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from ranvier.equations.statements import Statement

Write = Callable[[str, Any], Any]
"""How a statement's value reaches a variable: returns what is stored afterwards, or None for a temporary."""

_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_ARITHMETIC = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "//": np.floor_divide,
    "%": np.remainder,
}


def evaluate(expr: Expr, values: Mapping[str, Any], count: int = 1, rng: np.random.Generator | None = None) -> Any:
    """Computes an expression for all elements at once.

    Numbers are computed in 64 bit; booleans count 0 and 1 in arithmetic; `/` divides as floats.

    Args:
        values: Plain SI numbers or arrays by name; functions as `Function` or as callables of plain values. The
            built-in functions and constants need not be listed.
        count: The number of elements: how many values `rand()` and the like give.
        rng: Where random numbers come from; numpy's global generator if absent.

    Raises:
        KeyError: A name without value.
    """
    with np.errstate(all="ignore"):
        return _Evaluator(values, count, rng, shared_parts(expr)).value(expr)


class _Evaluator:
    """Computes the value of an expression; only values that are wanted again are kept, as they may be large."""

    def __init__(
        self, values: Mapping[str, Any], count: int, rng: np.random.Generator | None, shared: Collection[int]
    ) -> None:
        self.values = values
        self.count = count
        self.rng = rng
        self._shared = shared
        self._kept: dict[int, Any] = {}

    def value(self, expr: Expr) -> Any:
        """Returns the value of a part of the expression."""
        key = id(expr)
        if key not in self._shared:
            return self._value(expr)
        if key not in self._kept:
            self._kept[key] = self._value(expr)
        return self._kept[key]

    def _value(self, expr: Expr) -> Any:
        match expr:
            case Number(value):
                return wide(value)
            case Name(name):
                return self.name(name)
            case Unary("not", operand):
                return np.logical_not(self.value(operand))
            case Unary(op, operand):
                inner = arithmetic(self.value(operand))
                return -inner if op == "-" else inner
            case Binary():
                return self.binary(expr)
            case Compare(op, left, right):
                return _COMPARE[op](self.value(left), self.value(right))
            case Logical(op, operands):
                join = np.logical_and if op == "and" else np.logical_or
                result = self.value(operands[0])
                for operand in operands[1:]:
                    result = join(result, self.value(operand))
                return result
            case Call(function, args):
                return self.call(function, [self.value(arg) for arg in args])

    def name(self, name: str) -> Any:
        if name in self.values:
            return wide(self.values[name])
        if name in DEFAULT_CONSTANTS:
            return DEFAULT_CONSTANTS[name]
        raise unresolved(name)

    def binary(self, expr: Binary) -> Any:
        left, right = arithmetic(self.value(expr.left)), arithmetic(self.value(expr.right))
        if expr.op == "/":
            return np.true_divide(left, right)
        if expr.op == "**":
            if is_whole_power(expr.right):
                return np.power(left, right)
            return np.power(np.asarray(left, dtype=float), right)[()]
        return _ARITHMETIC[expr.op](left, right)

    def call(self, name: str, args: list[Any]) -> Any:
        if name == "_binomial" and name not in self.values:
            drawn: Any = (self.rng or np.random).binomial(args[0], args[1], self.count)
            return drawn
        function = self.values.get(name, DEFAULT_FUNCTIONS.get(name))
        if function is None:
            raise unresolved(name)
        if self.rng is not None and function is DEFAULT_FUNCTIONS.get(name) and not function.stateless:
            return self.draw(name, args, self.rng)
        if function is DEFAULT_FUNCTIONS.get(name):
            args = [arithmetic(arg) for arg in args]  # numpy knows no sign and only half-precision sines of booleans
        if isinstance(function, Function):
            return function.on_arrays(args, self.count)
        return function(*args)

    def draw(self, name: str, args: list[Any], rng: np.random.Generator) -> Any:
        if name == "rand":
            return rng.random(self.count)
        if name == "randn":
            return rng.standard_normal(self.count)
        return rng.poisson(args[0], self.count)


def wide(value: Any) -> Any:
    """Returns a value in 64 bit: integers as int64, floats as float64, booleans as they are."""
    array = np.asarray(value)
    if array.dtype.kind in "iu" and array.dtype != np.int64:
        array = array.astype(np.int64)
    elif array.dtype.kind == "f" and array.dtype != np.float64:
        array = array.astype(np.float64)
    return array[()]


def arithmetic(value: Any) -> Any:
    """Returns a value to calculate with: booleans become 0 and 1."""
    array = np.asarray(value)
    return array.astype(np.int64)[()] if array.dtype.kind == "b" else value


def execute(
    statements: Iterable[Statement],
    values: Mapping[str, Any],
    write: Write,
    count: int = 1,
    rng: np.random.Generator | None = None,
) -> dict[str, Any]:
    """Runs a block of statements for all elements.

    Statements only ever refer to the element itself, so running each for all elements gives what running the block
    element by element gives.

    Args:
        values: As for `evaluate`.
        write: Called with the name and the new value; gives back what the variable then holds, or `None` if there
            is no such variable, which makes the name a temporary.

    Returns:
        All values that were assigned, temporaries included.
    """
    scope = dict(values)
    assigned: dict[str, Any] = {}
    for statement in statements:
        result = evaluate(statement.value, scope, count, rng)
        stored = write(statement.target, result)
        scope[statement.target] = assigned[statement.target] = result if stored is None else stored
    return assigned
