"""The `arith` dialect as LLVM instructions."""

from __future__ import annotations

from xdsl.dialects.arith import CMPF_COMPARISON_OPERATIONS, CMPI_COMPARISON_OPERATIONS
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation, SSAValue

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.types import INTRINSIC_NAMES, bit_width, constant, llvm_type
from ranvier.codegen.llvm.writer import Handler, Writer, own_flags


def _constant(w: Writer, op: Operation) -> None:
    w.bind(op.results[0], constant(op.properties["value"]))


def _integer(instruction: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        lhs, rhs = op.operands
        flags = _overflow_flags(op)
        w.define(op.results[0], f"{instruction} {flags}{llvm_type(lhs.type)} {w[lhs]}, {w[rhs]}")

    return emit


def _overflow_flags(op: Operation) -> str:
    flags = op.properties.get("overflowFlags")
    given = {flag.value for flag in flags.data} if flags is not None else set[str]()  # pyright: ignore
    return "".join(f"{flag} " for flag in ("nuw", "nsw") if flag in given)


def _exact_integer(instruction: str) -> Handler:
    """Writes instructions on which overflow flags have no meaning."""

    def emit(w: Writer, op: Operation) -> None:
        lhs, rhs = op.operands
        w.define(op.results[0], f"{instruction} {llvm_type(lhs.type)} {w[lhs]}, {w[rhs]}")

    return emit


def _division(instruction: str, *, signed: bool) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        lhs, rhs = op.operands
        dividend, divisor = _harmless_division(w, lhs, rhs, signed=signed)
        w.define(op.results[0], f"{instruction} {llvm_type(lhs.type)} {dividend}, {divisor}")

    return emit


def _harmless_division(w: Writer, lhs: SSAValue, rhs: SSAValue, *, signed: bool) -> tuple[str, str]:
    """Returns dividend and divisor of a division that cannot end the process, as the machine's instruction would.

    Dividing by zero gives quotient and remainder 0, and the least number by -1 itself and 0: numpy's results.
    """
    type_, dividend, divisor = llvm_type(lhs.type), w[lhs], w[rhs]
    if divisor.lstrip("-").isdecimal() and divisor not in ("0", "-1"):
        return dividend, divisor
    zero, one = ("false", "true") if type_ == "i1" else ("0", "1")
    unusable = by_zero = w.temporary(f"icmp eq {type_} {divisor}, {zero}")
    if signed and type_ != "i1":
        least = -(1 << (bit_width(lhs.type) - 1))
        is_least = w.temporary(f"icmp eq {type_} {dividend}, {least}")
        overflow = w.temporary(f"and i1 {is_least}, {w.temporary(f'icmp eq {type_} {divisor}, -1')}")
        unusable = w.temporary(f"or i1 {by_zero}, {overflow}")
    return (
        w.temporary(f"select i1 {by_zero}, {type_} {zero}, {type_} {dividend}"),
        w.temporary(f"select i1 {unusable}, {type_} {one}, {type_} {divisor}"),
    )


def _integer_intrinsic(name: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        lhs, rhs = op.operands
        type_ = llvm_type(lhs.type)
        w.define(op.results[0], f"call {type_} @llvm.{name}.{type_}({type_} {w[lhs]}, {type_} {w[rhs]})")

    return emit


def _float(instruction: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        lhs, rhs = op.operands
        w.define(op.results[0], f"{instruction} {w.flags(op)}{llvm_type(lhs.type)} {w[lhs]}, {w[rhs]}")

    return emit


def _float_intrinsic(name: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        lhs, rhs = op.operands
        type_ = llvm_type(lhs.type)
        call = f"call {w.flags(op)}{type_} @llvm.{name}.{INTRINSIC_NAMES[type_]}"
        w.define(op.results[0], f"{call}({type_} {w[lhs]}, {type_} {w[rhs]})")

    return emit


def _negate(w: Writer, op: Operation) -> None:
    (operand,) = op.operands
    w.define(op.results[0], f"fneg {w.flags(op)}{w.typed(operand)}")


def _floor_divide(w: Writer, op: Operation) -> None:
    """Rounds the quotient down: one less than the truncated one when a remainder has the other sign."""
    type_, quotient, inexact, signs = _divide(w, op)
    opposite = w.temporary(f"icmp slt {type_} {signs}, 0")
    adjust = w.temporary(f"and i1 {inexact}, {opposite}")
    w.define(op.results[0], f"add {type_} {quotient}, {w.temporary(f'sext i1 {adjust} to {type_}')}")


def _ceil_divide(w: Writer, op: Operation) -> None:
    """Rounds the quotient up: one more than the truncated one when a remainder has the same sign."""
    type_, quotient, inexact, signs = _divide(w, op)
    same = w.temporary(f"icmp sge {type_} {signs}, 0")
    adjust = w.temporary(f"and i1 {inexact}, {same}")
    w.define(op.results[0], f"add {type_} {quotient}, {w.temporary(f'zext i1 {adjust} to {type_}')}")


def _divide(w: Writer, op: Operation) -> tuple[str, str, str, str]:
    """Returns the type, the truncated quotient, whether there is a remainder, and remainder xor divisor."""
    lhs, rhs = op.operands
    type_ = llvm_type(lhs.type)
    if type_ == "i1":
        raise CodegenError("division of i1 values is not supported")
    dividend, divisor = _harmless_division(w, lhs, rhs, signed=True)
    quotient = w.temporary(f"sdiv {type_} {dividend}, {divisor}")
    remainder = w.temporary(f"srem {type_} {dividend}, {divisor}")
    inexact = w.temporary(f"icmp ne {type_} {remainder}, 0")
    return type_, quotient, inexact, w.temporary(f"xor {type_} {remainder}, {divisor}")


def _ceil_divide_unsigned(w: Writer, op: Operation) -> None:
    lhs, rhs = op.operands
    type_ = llvm_type(lhs.type)
    dividend, divisor = _harmless_division(w, lhs, rhs, signed=False)
    quotient = w.temporary(f"udiv {type_} {dividend}, {divisor}")
    remainder = w.temporary(f"urem {type_} {dividend}, {divisor}")
    inexact = w.temporary(f"icmp ne {type_} {remainder}, {'false' if type_ == 'i1' else '0'}")
    adjust = inexact if type_ == "i1" else w.temporary(f"zext i1 {inexact} to {type_}")
    w.define(op.results[0], f"add {type_} {quotient}, {adjust}")


def _multiply_extended(extension: str) -> Handler:
    """Gives the low and the high half of the product of twice the width."""

    def emit(w: Writer, op: Operation) -> None:
        lhs, rhs = op.operands
        width = bit_width(lhs.type)
        narrow, wide = f"i{width}", f"i{2 * width}"
        a = w.temporary(f"{extension} {narrow} {w[lhs]} to {wide}")
        b = w.temporary(f"{extension} {narrow} {w[rhs]} to {wide}")
        product = w.temporary(f"mul {wide} {a}, {b}")
        w.define(op.results[0], f"trunc {wide} {product} to {narrow}")
        w.define(op.results[1], f"trunc {wide} {w.temporary(f'lshr {wide} {product}, {width}')} to {narrow}")

    return emit


def _add_extended(w: Writer, op: Operation) -> None:
    lhs, rhs = op.operands
    type_ = llvm_type(lhs.type)
    total = w.temporary(f"add {type_} {w[lhs]}, {w[rhs]}")
    w.bind(op.results[0], total)
    w.define(op.results[1], f"icmp ult {type_} {total}, {w[lhs]}")


def _compare_integers(w: Writer, op: Operation) -> None:
    lhs, rhs = op.operands
    predicate = CMPI_COMPARISON_OPERATIONS[_predicate(op)]
    w.define(op.results[0], f"icmp {predicate} {llvm_type(lhs.type)} {w[lhs]}, {w[rhs]}")


def _compare_floats(w: Writer, op: Operation) -> None:
    lhs, rhs = op.operands
    predicate = CMPF_COMPARISON_OPERATIONS[_predicate(op)]
    w.define(op.results[0], f"fcmp {own_flags(op)}{predicate} {llvm_type(lhs.type)} {w[lhs]}, {w[rhs]}")


def _predicate(op: Operation) -> int:
    predicate = op.properties["predicate"]
    assert isinstance(predicate, IntegerAttr)
    return predicate.value.data


def _select(w: Writer, op: Operation) -> None:
    condition, if_true, if_false = op.operands
    w.define(op.results[0], f"select {w.typed(condition)}, {w.typed(if_true)}, {w.typed(if_false)}")


def _cast(instruction: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        (operand,) = op.operands
        w.define(op.results[0], f"{instruction} {w.typed(operand)} to {llvm_type(op.results[0].type)}")

    return emit


def _float_to_integer(instruction: str) -> Handler:
    """Writes the conversion. A NaN or a number out of range gives an arbitrary but frozen value: using it stays
    defined.
    """

    def emit(w: Writer, op: Operation) -> None:
        (operand,) = op.operands
        type_ = llvm_type(op.results[0].type)
        w.define(op.results[0], f"freeze {type_} {w.temporary(f'{instruction} {w.typed(operand)} to {type_}')}")

    return emit


def _index_cast(extension: str) -> Handler:
    def emit(w: Writer, op: Operation) -> None:
        (operand,), (result,) = op.operands, op.results
        change = bit_width(result.type) - bit_width(operand.type)
        if change == 0:
            w.bind(result, w[operand])
            return
        instruction = extension if change > 0 else "trunc"
        w.define(result, f"{instruction} {w.typed(operand)} to {llvm_type(result.type)}")

    return emit


def _bitcast(w: Writer, op: Operation) -> None:
    (operand,), (result,) = op.operands, op.results
    source, target = llvm_type(operand.type), llvm_type(result.type)
    if source == target:
        w.bind(result, w[operand])
    else:
        w.define(result, f"bitcast {source} {w[operand]} to {target}")


OPS: dict[str, Handler] = {
    "arith.constant": _constant,
    "arith.addi": _integer("add"),
    "arith.subi": _integer("sub"),
    "arith.muli": _integer("mul"),
    "arith.shli": _integer("shl"),
    "arith.divui": _division("udiv", signed=False),
    "arith.divsi": _division("sdiv", signed=True),
    "arith.remui": _division("urem", signed=False),
    "arith.remsi": _division("srem", signed=True),
    "arith.shrui": _exact_integer("lshr"),
    "arith.shrsi": _exact_integer("ashr"),
    "arith.andi": _exact_integer("and"),
    "arith.ori": _exact_integer("or"),
    "arith.xori": _exact_integer("xor"),
    "arith.minsi": _integer_intrinsic("smin"),
    "arith.maxsi": _integer_intrinsic("smax"),
    "arith.minui": _integer_intrinsic("umin"),
    "arith.maxui": _integer_intrinsic("umax"),
    "arith.floordivsi": _floor_divide,
    "arith.ceildivsi": _ceil_divide,
    "arith.ceildivui": _ceil_divide_unsigned,
    "arith.mului_extended": _multiply_extended("zext"),
    "arith.mulsi_extended": _multiply_extended("sext"),
    "arith.addui_extended": _add_extended,
    "arith.addf": _float("fadd"),
    "arith.subf": _float("fsub"),
    "arith.mulf": _float("fmul"),
    "arith.divf": _float("fdiv"),
    "arith.negf": _negate,
    "arith.minimumf": _float_intrinsic("minimum"),
    "arith.maximumf": _float_intrinsic("maximum"),
    "arith.minnumf": _float_intrinsic("minnum"),
    "arith.maxnumf": _float_intrinsic("maxnum"),
    "arith.cmpi": _compare_integers,
    "arith.cmpf": _compare_floats,
    "arith.select": _select,
    "arith.bitcast": _bitcast,
    "arith.index_cast": _index_cast("sext"),
    "arith.index_castui": _index_cast("zext"),
    "arith.extsi": _cast("sext"),
    "arith.extui": _cast("zext"),
    "arith.trunci": _cast("trunc"),
    "arith.extf": _cast("fpext"),
    "arith.truncf": _cast("fptrunc"),
    "arith.sitofp": _cast("sitofp"),
    "arith.uitofp": _cast("uitofp"),
    "arith.fptosi": _float_to_integer("fptosi"),
    "arith.fptoui": _float_to_integer("fptoui"),
}
"""The translation of each op of the dialect."""
