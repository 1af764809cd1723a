"""What the interpreter makes of the `arith` and `math` dialects: one numpy expression for each op.

Values are numpy arrays or scalars of exactly the numpy type of their IR type. Floats follow IEEE 754, integers two's
complement; where LLVM leaves a result open, it is defined: x/0 = 0 and x%0 = 0, shifts by the width or more give 0
(arithmetic shifts: the sign), the smallest integer divided by -1 is itself. An out-of-range float becomes the smallest
integer, as x86 does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.ir import Attribute, Operation

from ranvier.ir.offers import BUILT_IN
from ranvier.ir.own_dialects import evaluator_of

Value: TypeAlias = Any
"""A numpy array or numpy scalar."""

Evaluator: TypeAlias = Callable[[list[Value]], list[Value]]
"""Gives the results of an op from its operands."""

_where: Callable[..., Value] = np.where


def numpy_type(type: Attribute) -> np.dtype[Any]:
    """Returns the numpy type of the values of an IR type.

    Raises:
        TypeError: If there is none.
    """
    if isinstance(type, IndexType):
        return np.dtype(np.int64)
    if isinstance(type, IntegerType):
        width = cast("IntegerType[int]", type).width.data
        if width == 1:
            return np.dtype(np.bool_)
        if width in (8, 16, 32, 64):
            return np.dtype(f"int{width}")
    for known, dtype in ((Float64Type, np.float64), (Float32Type, np.float32), (Float16Type, np.float16)):
        if isinstance(type, known):
            return np.dtype(dtype)
    wide = " (bf16 is not supported)" if isinstance(type, BFloat16Type) else ""
    raise TypeError(f"the interpreter has no numbers of type {type}{wide}")


# ---- integers: booleans are one-bit numbers, whose signed value is 0 or -1


def _signed(x: Value) -> Value:
    return -x.astype(np.int8) if x.dtype == np.bool_ else x


def _unsigned(x: Value) -> Value:
    return x.astype(np.uint8) if x.dtype == np.bool_ else x.view(np.dtype(f"uint{8 * x.dtype.itemsize}"))


def _as(value: Value, like: Value) -> Value:
    """Returns an integer result wrapped to the type of `like`."""
    if like.dtype == np.bool_:
        return (value & np.int8(1)).astype(np.bool_)
    return value.astype(like.dtype)


def _integers(f: Callable[[Value, Value], Value], view: Callable[[Value], Value]) -> Callable[..., Value]:
    def whole(a: Value, b: Value) -> Value:
        return _as(np.asarray(f(view(a), view(b))), a)

    return whole


def _divide(f: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    """Returns division guarded against zero and, for signed numbers, against the overflow of min / -1."""

    def guarded(a: Value, b: Value) -> Value:
        safe = _where(b == 0, b.dtype.type(1), b)
        return _where(b == 0, a.dtype.type(0), f(a, safe))

    return guarded


def _truncated(a: Value, b: Value) -> Value:
    if a.dtype.kind == "u":
        return a // b
    by_minus_one = b == -1
    quotient = np.floor_divide(a, _where(by_minus_one, b.dtype.type(1), b))
    remainder = a - quotient * b
    quotient = _where((remainder != 0) & ((a < 0) != (b < 0)), quotient + 1, quotient)
    return _where(by_minus_one, -a, quotient)


def _remainder(a: Value, b: Value) -> Value:
    return a - _truncated(a, b) * b


def _floor_divide(a: Value, b: Value) -> Value:
    quotient = _truncated(a, b)
    return _where((_remainder(a, b) != 0) & ((a < 0) != (b < 0)), quotient - 1, quotient)


def _ceil_divide(a: Value, b: Value) -> Value:
    quotient = _truncated(a, b)
    return _where((_remainder(a, b) != 0) & ((a < 0) == (b < 0)), quotient + 1, quotient)


def _shift(f: Callable[[Value, Value], Value], fill: Callable[[Value], Value]) -> Callable[[Value, Value], Value]:
    def shifted(a: Value, b: Value) -> Value:
        width = 8 * a.dtype.itemsize
        amount = _unsigned(b)
        small = amount < width
        return _where(small, f(a, _where(small, amount, 0).astype(a.dtype)), fill(a))

    return shifted


def _zero(a: Value) -> Value:
    return np.zeros_like(a)


def _sign(a: Value) -> Value:
    return _where(a < 0, a.dtype.type(-1), a.dtype.type(0))


INTEGER: dict[str, Callable[..., Value]] = {
    "arith.addi": _integers(np.add, _signed),
    "arith.subi": _integers(np.subtract, _signed),
    "arith.muli": _integers(np.multiply, _signed),
    "arith.divsi": _integers(_divide(_truncated), _signed),
    "arith.divui": _integers(_divide(_truncated), _unsigned),
    "arith.remsi": _integers(_divide(_remainder), _signed),
    "arith.remui": _integers(_divide(_remainder), _unsigned),
    "arith.floordivsi": _integers(_divide(_floor_divide), _signed),
    "arith.ceildivsi": _integers(_divide(_ceil_divide), _signed),
    "arith.ceildivui": _integers(_divide(_ceil_divide), _unsigned),
    "arith.minsi": _integers(np.minimum, _signed),
    "arith.maxsi": _integers(np.maximum, _signed),
    "arith.minui": _integers(np.minimum, _unsigned),
    "arith.maxui": _integers(np.maximum, _unsigned),
    "arith.andi": np.bitwise_and,
    "arith.ori": np.bitwise_or,
    "arith.xori": np.bitwise_xor,
    "arith.shli": _integers(_shift(np.left_shift, _zero), _signed),
    "arith.shrsi": _integers(_shift(np.right_shift, _sign), _signed),
    "arith.shrui": _integers(_shift(np.right_shift, _zero), _unsigned),
}
"""Integer ops of two operands of one type."""

PREDICATES_I: tuple[Callable[[Value, Value], Value], ...] = (
    np.equal,
    np.not_equal,
    lambda a, b: np.less(_signed(a), _signed(b)),
    lambda a, b: np.less_equal(_signed(a), _signed(b)),
    lambda a, b: np.greater(_signed(a), _signed(b)),
    lambda a, b: np.greater_equal(_signed(a), _signed(b)),
    lambda a, b: np.less(_unsigned(a), _unsigned(b)),
    lambda a, b: np.less_equal(_unsigned(a), _unsigned(b)),
    lambda a, b: np.greater(_unsigned(a), _unsigned(b)),
    lambda a, b: np.greater_equal(_unsigned(a), _unsigned(b)),
)
"""The predicates of `arith.cmpi` in their order: eq ne slt sle sgt sge ult ule ugt uge."""


def _unordered(a: Value, b: Value) -> Value:
    return np.isnan(a) | np.isnan(b)


PREDICATES_F: tuple[Callable[[Value, Value], Value], ...] = (
    lambda a, b: np.zeros(np.broadcast(a, b).shape, dtype=np.bool_),
    np.equal,
    np.greater,
    np.greater_equal,
    np.less,
    np.less_equal,
    lambda a, b: np.not_equal(a, b) & ~_unordered(a, b),
    lambda a, b: ~_unordered(a, b),
    lambda a, b: np.equal(a, b) | _unordered(a, b),
    lambda a, b: ~np.less_equal(a, b),
    lambda a, b: ~np.less(a, b),
    lambda a, b: ~np.greater_equal(a, b),
    lambda a, b: ~np.greater(a, b),
    np.not_equal,
    _unordered,
    lambda a, b: np.ones(np.broadcast(a, b).shape, dtype=np.bool_),
)
"""The predicates of `arith.cmpf`: false oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno true."""


# ---- floats


def _each(f: Callable[..., float]) -> Callable[..., Value]:
    """Returns a function of Python floats as a function of arrays."""
    whole = np.frompyfunc(f, f.__code__.co_argcount if hasattr(f, "__code__") else 1, 1)
    return lambda *args: np.asarray(whole(*args)).astype(args[0].dtype)


def _round(x: Value) -> Value:
    """Rounds halves away from zero."""
    whole = np.trunc(x)
    return _where(np.abs(x - whole) >= 0.5, whole + np.copysign(1, x), whole)


def _fma(a: float, b: float, c: float) -> float:
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return float(np.float64(a) * np.float64(b) + np.float64(c))
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    if exact == 0:
        return float(np.float64(a) * np.float64(b) + np.float64(c))
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _minimum(a: Value, b: Value) -> Value:
    return _where((a == b) & np.signbit(a), a, np.minimum(a, b))


def _maximum(a: Value, b: Value) -> Value:
    return _where((a == b) & ~np.signbit(a), a, np.maximum(a, b))


def _inverse_root(x: Value) -> Value:
    return 1 / np.sqrt(x)


def _power(a: Value, b: Value) -> Value:
    return np.power(a, b.astype(a.dtype))


def _integer_power(a: Value, b: Value) -> Value:
    def power(base: int, exponent: int) -> int:
        if exponent < 0:
            return 0 if abs(base) != 1 else base ** (-exponent % 2 or 2)
        return pow(base, exponent, 2**64)

    return _wrapped(np.frompyfunc(power, 2, 1)(_python(_signed(a)), _python(_signed(b))), a)


def _python(x: Value) -> Value:
    """Returns integers as Python's, which have no largest."""
    return np.asarray(x).astype(object)


def _width(x: Value) -> int:
    return 1 if x.dtype == np.bool_ else 8 * x.dtype.itemsize


def _wrapped(numbers: Value, like: Value) -> Value:
    """Returns the low bits of Python's integers, in the type of `like`."""
    width = _width(like)
    if width == 1:
        return np.asarray(np.asarray(numbers) % 2).astype(np.bool_)
    half = 2 ** (width - 1)
    return np.asarray((np.asarray(numbers) + half) % (2 * half) - half).astype(like.dtype)


def _bits(f: Callable[[int, int], int]) -> Callable[[Value], Value]:
    """Returns a function of an integer without sign and its width as one of arrays."""

    def counted(x: Value) -> Value:
        return _wrapped(np.frompyfunc(lambda value: f(value, _width(x)), 1, 1)(_python(_unsigned(x))), x)

    return counted


def _extended(
    f: Callable[[Value, Value], Value], view: Callable[[Value], Value], carry: bool = False
) -> Callable[[Value, Value], list[Value]]:
    """Returns an op of integers that gives the low bits of its result, and the rest (or whether there is any)."""

    def both(a: Value, b: Value) -> list[Value]:
        whole = np.asarray(f(_python(view(a)), _python(view(b))))
        rest = np.asarray(whole // 2 ** _width(a))
        return [_wrapped(whole, a), (rest != 0).astype(np.bool_) if carry else _wrapped(rest, a)]

    return both


EXTENDED: dict[str, Callable[[Value, Value], list[Value]]] = {
    "arith.addui_extended": _extended(np.add, _unsigned, carry=True),
    "arith.mului_extended": _extended(np.multiply, _unsigned),
    "arith.mulsi_extended": _extended(np.multiply, _signed),
}
"""Ops with two results."""


FLOAT: dict[str, Callable[..., Value]] = {
    "arith.addf": np.add,
    "arith.subf": np.subtract,
    "arith.mulf": np.multiply,
    "arith.divf": np.divide,
    "arith.negf": np.negative,
    "arith.minimumf": _minimum,
    "arith.maximumf": _maximum,
    "arith.minnumf": np.fmin,
    "arith.maxnumf": np.fmax,
    "math.absf": np.abs,
    "math.absi": np.abs,
    "math.acos": np.arccos,
    "math.acosh": np.arccosh,
    "math.asin": np.arcsin,
    "math.asinh": np.arcsinh,
    "math.atan": np.arctan,
    "math.atan2": np.arctan2,
    "math.atanh": np.arctanh,
    "math.cbrt": np.cbrt,
    "math.ceil": np.ceil,
    "math.copysign": np.copysign,
    "math.ctlz": _bits(lambda value, width: width - value.bit_length()),
    "math.ctpop": _bits(lambda value, width: value.bit_count()),
    "math.cttz": _bits(lambda value, width: (value & -value).bit_length() - 1 if value else width),
    "math.cos": np.cos,
    "math.cosh": np.cosh,
    "math.erf": _each(math.erf),
    "math.exp": np.exp,
    "math.exp2": np.exp2,
    "math.expm1": np.expm1,
    "math.floor": np.floor,
    "math.fma": _each(_fma),
    "math.fpowi": _power,
    "math.ipowi": _integer_power,
    "math.log": np.log,
    "math.log10": np.log10,
    "math.log1p": np.log1p,
    "math.log2": np.log2,
    "math.powf": np.power,
    "math.round": _round,
    "math.roundeven": np.rint,
    "math.rsqrt": _inverse_root,
    "math.sin": np.sin,
    "math.sinh": np.sinh,
    "math.sqrt": np.sqrt,
    "math.tan": np.tan,
    "math.tanh": np.tanh,
    "math.trunc": np.trunc,
}
"""Ops of floats (and `math` ops of integers) whose result has the type of the first operand."""

SIMPLE = {**INTEGER, **FLOAT, "arith.select": _where}

CONVERSIONS: dict[str, Callable[[Value], Value]] = {
    "arith.index_cast": _signed,
    "arith.extsi": _signed,
    "arith.sitofp": _signed,
    "arith.extui": _unsigned,
    "arith.uitofp": _unsigned,
    "arith.extf": lambda x: x,
    "arith.truncf": lambda x: x,
    "arith.fptosi": lambda x: x,
    "arith.fptoui": lambda x: x,
}
"""Ops that give a number in another type; which number an integer stands for."""


def _truncate(x: Value, dtype: np.dtype[Any]) -> Value:
    return (x & x.dtype.type(1)).astype(np.bool_) if dtype == np.bool_ else x.astype(dtype)


def constant(op: arith.ConstantOp) -> Value:
    """Returns the value of an `arith.constant`.

    Raises:
        TypeError: If it is no single number.
    """
    attribute = op.value
    dtype = numpy_type(op.result.type)
    if isinstance(attribute, IntegerAttr):
        number = cast("IntegerAttr[Any]", attribute).value.data
        if dtype == np.bool_:
            return np.bool_(number & 1)
        bits = 8 * dtype.itemsize
        return dtype.type((number + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1))
    if isinstance(attribute, FloatAttr):
        return dtype.type(cast("FloatAttr[Any]", attribute).value.data)
    raise TypeError(f"the interpreter knows only constants that are one number, not {attribute}")


def evaluate(op: Operation, args: list[Value]) -> list[Value]:
    """Returns the results of an `arith` or `math` op, elementwise; all in new memory.

    Raises:
        NotImplementedError: If the op is not in the tables.
    """
    with np.errstate(all="ignore"):
        return evaluator(op)(args)


def evaluator(op: Operation) -> Evaluator:
    """Returns what gives the results of an `arith` or `math` op; numpy may warn of what is not finite.

    Raises:
        NotImplementedError: If the op is not in the tables.
    """
    if isinstance(op, arith.ConstantOp):
        number = constant(op)
        return lambda args: [number]
    if op.name in EXTENDED:
        extended = EXTENDED[op.name]
        return lambda args: extended(*args)
    own = evaluator_of(op)
    if own is not None:
        return own
    dtype = numpy_type(op.results[0].type)
    if isinstance(op, arith.CmpiOp | arith.CmpfOp):
        predicates = PREDICATES_I if isinstance(op, arith.CmpiOp) else PREDICATES_F
        predicate = predicates[op.predicate.value.data]
        return lambda args: [predicate(*args)]
    if op.name == "arith.trunci":
        return lambda args: [_truncate(args[0], dtype)]
    if op.name == "arith.bitcast":
        return lambda args: [np.array(args[0]).view(dtype)]
    if op.name in CONVERSIONS:
        return _converter(CONVERSIONS[op.name], dtype)
    if op.name not in SIMPLE:
        hint = "" if op.dialect_name() in BUILT_IN else ": register_dialect(..., meaning) says what it computes"
        raise NotImplementedError(f"the interpreter does not know {op.name}{hint}")
    simple = SIMPLE[op.name]
    return lambda args: [np.asarray(simple(*args)).astype(dtype)]


def _converter(number: Callable[[Value], Value], dtype: np.dtype[Any]) -> Evaluator:
    if dtype == np.bool_:
        return lambda args: [_truncate(number(args[0]), dtype)]
    return lambda args: [np.array(number(args[0])).astype(dtype)]
