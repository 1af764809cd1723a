"""The `math` dialect: LLVM intrinsics where machines have instructions, else functions of `ranvier.codegen.mathlib`."""

from __future__ import annotations

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation, SSAValue

from ranvier.codegen.llvm.types import INTRINSIC_NAMES, llvm_type
from ranvier.codegen.llvm.writer import Handler, Writer

MOST_FACTORS = 64
"""Constant powers up to this one become multiplications."""


def _library(name: str) -> Handler:
    """Calls `@rv.<name>.f64`; narrower floats are widened, which also makes them correctly rounded nearly always."""

    def emit(w: Writer, op: Operation) -> None:
        arguments = [_widened(w, operand) for operand in op.operands]
        _define_narrowed(w, op, _call_library(w, op, name, arguments))

    return emit


def _call_library(w: Writer, op: Operation, name: str, arguments: list[str]) -> str:
    function = f"rv.{name}.f64"
    w.library.add(function)
    return f"call {w.flags(op)}double @{function}({', '.join(f'double {argument}' for argument in arguments)})"


def _widened(w: Writer, value: SSAValue) -> str:
    type_ = llvm_type(value.type)
    return w[value] if type_ == "double" else w.temporary(f"fpext {type_} {w[value]} to double")


def _define_narrowed(w: Writer, op: Operation, expression: str) -> None:
    (result,) = op.results
    type_ = llvm_type(result.type)
    if type_ != "double":
        expression = f"fptrunc double {w.temporary(expression)} to {type_}"
    w.define(result, expression)


def _intrinsic(name: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        type_ = llvm_type(op.results[0].type)
        arguments = ", ".join(w.typed(operand) for operand in op.operands)
        w.define(op.results[0], f"call {w.flags(op)}{type_} @llvm.{name}.{INTRINSIC_NAMES[type_]}({arguments})")

    return emit


def _fused(w: Writer, op: Operation) -> None:
    """Without the instruction, a fused multiply-add would be a slow call for each element: round twice instead."""
    _intrinsic("fma" if w.target.has_fma else "fmuladd")(w, op)


def _reciprocal_root(w: Writer, op: Operation) -> None:
    type_ = llvm_type(op.results[0].type)
    root = w.temporary(f"call {w.flags(op)}{type_} @llvm.sqrt.{INTRINSIC_NAMES[type_]}({w.typed(op.operands[0])})")
    w.define(op.results[0], f"fdiv {w.flags(op)}{type_} {_one(type_)}, {root}")


def _integer_power(w: Writer, op: Operation) -> None:
    """Small constant powers are products, found by squaring; others are left to `pow`, which is exact about them."""
    base, exponent = op.operands
    owner = exponent.owner
    if isinstance(owner, ConstantOp) and isinstance(owner.value, IntegerAttr):
        power = owner.value.value.data
        if abs(power) <= MOST_FACTORS:
            w.bind(op.results[0], _product(w, op, base, power))
            return
    number = w.temporary(f"sitofp {w.typed(exponent)} to double")
    _define_narrowed(w, op, _call_library(w, op, "pow", [_widened(w, base), number]))


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
        return w.temporary(f"fdiv {flags}{type_} {_one(type_)}, {result}")
    return result or _one(type_)


def _one(type_: str) -> str:
    return {"half": "0xH3C00", "bfloat": "0xR3F80"}.get(type_, "1.0")


def _absolute_integer(w: Writer, op: Operation) -> None:
    type_ = llvm_type(op.results[0].type)
    w.define(op.results[0], f"call {type_} @llvm.abs.{type_}({w.typed(op.operands[0])}, i1 false)")


def _count(name: str, *more: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        type_ = llvm_type(op.results[0].type)
        arguments = ", ".join([w.typed(op.operands[0]), *more])
        w.define(op.results[0], f"call {type_} @llvm.{name}.{type_}({arguments})")

    return emit


OPS: dict[str, Handler] = {
    "math.exp": _library("exp"),
    "math.exp2": _library("exp2"),
    "math.expm1": _library("expm1"),
    "math.log": _library("log"),
    "math.log2": _library("log2"),
    "math.log10": _library("log10"),
    "math.log1p": _library("log1p"),
    "math.sin": _library("sin"),
    "math.cos": _library("cos"),
    "math.tan": _library("tan"),
    "math.asin": _library("asin"),
    "math.acos": _library("acos"),
    "math.atan": _library("atan"),
    "math.atan2": _library("atan2"),
    "math.sinh": _library("sinh"),
    "math.cosh": _library("cosh"),
    "math.tanh": _library("tanh"),
    "math.erf": _library("erf"),
    "math.powf": _library("pow"),
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
