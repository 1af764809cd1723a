"""The `math` dialect: LLVM intrinsics where machines have instructions, else functions of `ranvier.codegen.mathlib`."""

from __future__ import annotations

from xdsl.dialects.arith import ConstantOp, FastMathFlagsAttr
from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from ranvier.codegen import mathlib
from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.types import INTRINSIC_NAMES, constant, llvm_type
from ranvier.codegen.llvm.writer import Handler, Writer

MOST_FACTORS = 64
"""Constant powers up to this one become multiplications."""


def _library(name: str) -> Handler:
    """Calls `@rv.<name>.<type>`; types that the library lacks are widened to f64."""

    def emit(w: Writer, op: Operation) -> None:
        arguments = [w[operand] for operand in op.operands]
        w.define(op.results[0], _library_call(w, op, name, arguments))

    return emit


def _library_call(w: Writer, op: Operation, name: str, arguments: list[str]) -> str:
    """Returns the call of a library function on values of the type of the op's result."""
    type_ = llvm_type(op.results[0].type)
    if f"{name}_quick.f64" in mathlib.FUNCTIONS and is_approximate(op):
        name = f"{name}_quick"
    function = f"{name}.{INTRINSIC_NAMES[type_]}"
    if function in mathlib.FUNCTIONS:
        return _call(w, op, type_, function, arguments)
    function = f"{name}.f64"
    if function not in mathlib.FUNCTIONS:
        raise CodegenError("the library of mathematical functions does not have it")
    wide = [w.temporary(f"fpext {type_} {argument} to double") for argument in arguments]
    return f"fptrunc double {w.temporary(_call(w, op, 'double', function, wide))} to {type_}"


def is_approximate(op: Operation) -> bool:
    """Tells whether an op has the flag `afn`: it may give an approximation."""
    flags = op.properties.get("fastmath")
    return isinstance(flags, FastMathFlagsAttr) and FastMathFlag.APPROX_FUNC in flags.data


def _call(w: Writer, op: Operation, type_: str, function: str, arguments: list[str]) -> str:
    w.library.add(function)
    return f"call {w.flags(op)}{type_} @rv.{function}({', '.join(f'{type_} {argument}' for argument in arguments)})"


def _power_of_two(w: Writer, op: Operation) -> None:
    type_ = op.results[0].type
    w.define(op.results[0], _library_call(w, op, "pow", [_number(2.0, type_), w[op.operands[0]]]))


def _intrinsic(name: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        type_ = llvm_type(op.results[0].type)
        arguments = ", ".join(w.typed(operand) for operand in op.operands)
        w.define(op.results[0], f"call {w.flags(op)}{type_} @llvm.{name}.{INTRINSIC_NAMES[type_]}({arguments})")

    return emit


def _fused(w: Writer, op: Operation) -> None:
    """Writes a fused multiply-add. Without the instruction it would be a slow call for each element: then it is rounded
    twice.
    """
    _intrinsic("fma" if w.target.has_fma else "fmuladd")(w, op)


def _reciprocal_root(w: Writer, op: Operation) -> None:
    type_ = llvm_type(op.results[0].type)
    root = w.temporary(f"call {w.flags(op)}{type_} @llvm.sqrt.{INTRINSIC_NAMES[type_]}({w.typed(op.operands[0])})")
    w.define(op.results[0], f"fdiv {w.flags(op)}{type_} {_number(1.0, op.results[0].type)}, {root}")


def _integer_power(w: Writer, op: Operation) -> None:
    """Writes small constant powers as products, found by squaring; others are left to `pow`, which is exact."""
    base, exponent = op.operands
    owner = exponent.owner
    if isinstance(owner, ConstantOp) and isinstance(owner.value, IntegerAttr):
        power = owner.value.value.data
        if abs(power) <= MOST_FACTORS:
            w.bind(op.results[0], _product(w, op, base, power))
            return
    number = w.temporary(f"sitofp {w.typed(exponent)} to {llvm_type(base.type)}")
    w.define(op.results[0], _library_call(w, op, "pow", [w[base], number]))


def _whole_power(w: Writer, op: Operation) -> None:
    """Calls the function for 64 bits: the low bits of a power are those of the power of the low bits."""
    type_ = llvm_type(op.results[0].type)
    wide = [w[x] if type_ == "i64" else w.temporary(f"sext {w.typed(x)} to i64") for x in op.operands]
    w.library.add("ipowi.i64")
    call = f"call i64 @rv.ipowi.i64(i64 {wide[0]}, i64 {wide[1]})"
    w.define(op.results[0], call if type_ == "i64" else f"trunc i64 {w.temporary(call)} to {type_}")


def _product(w: Writer, op: Operation, base: SSAValue, power: int) -> str:
    type_, flags = llvm_type(base.type), w.flags(op)
    result, square, left = "", w[base], abs(power)
    while left:
        if left & 1:
            result = w.temporary(f"fmul {flags}{type_} {result}, {square}") if result else square
        left >>= 1
        if left:
            square = w.temporary(f"fmul {flags}{type_} {square}, {square}")
    if power < 0:
        return w.temporary(f"fdiv {flags}{type_} {_number(1.0, base.type)}, {result}")
    return result or _number(1.0, base.type)


def _number(value: float, type_: Attribute) -> str:
    return constant(FloatAttr(value, type_))  # pyright: ignore[reportArgumentType, reportCallIssue]


def _absolute_integer(w: Writer, op: Operation) -> None:
    type_ = llvm_type(op.results[0].type)
    w.define(op.results[0], f"call {type_} @llvm.abs.{type_}({w.typed(op.operands[0])}, i1 false)")


def _count(name: str, *more: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        type_ = llvm_type(op.results[0].type)
        arguments = ", ".join([w.typed(op.operands[0]), *more])
        w.define(op.results[0], f"call {type_} @llvm.{name}.{type_}({arguments})")

    return emit


LIBRARY: dict[str, str] = {
    "math.exp": "exp",
    "math.expm1": "expm1",
    "math.log": "log",
    "math.log2": "log2",
    "math.log10": "log10",
    "math.log1p": "log1p",
    "math.sin": "sin",
    "math.cos": "cos",
    "math.tan": "tan",
    "math.asin": "asin",
    "math.acos": "acos",
    "math.atan": "atan",
    "math.atan2": "atan2",
    "math.asinh": "asinh",
    "math.acosh": "acosh",
    "math.atanh": "atanh",
    "math.cbrt": "cbrt",
    "math.erf": "erf",
    "math.sinh": "sinh",
    "math.cosh": "cosh",
    "math.tanh": "tanh",
    "math.powf": "pow",
}
"""Ops that are functions of `ranvier.codegen.mathlib`, and their names there."""

OPS: dict[str, Handler] = {
    **{op: _library(name) for op, name in LIBRARY.items()},
    "math.exp2": _power_of_two,
    "math.ipowi": _whole_power,
    "math.fpowi": _integer_power,
    "math.sqrt": _intrinsic("sqrt"),
    "math.rsqrt": _reciprocal_root,
    "math.floor": _intrinsic("floor"),
    "math.ceil": _intrinsic("ceil"),
    "math.trunc": _intrinsic("trunc"),
    "math.round": _intrinsic("round"),
    "math.roundeven": _intrinsic("roundeven"),
    "math.absf": _intrinsic("fabs"),
    "math.copysign": _intrinsic("copysign"),
    "math.fma": _fused,
    "math.absi": _absolute_integer,
    "math.ctpop": _count("ctpop"),
    "math.ctlz": _count("ctlz", "i1 false"),
    "math.cttz": _count("cttz", "i1 false"),
}
"""The translation of each op of the dialect."""
