"""Expressions → `arith`/`math` ops: the number rules of the model language, one op at a time.

Elements are computed in the group's precision (f64 or f32), integers as i64, booleans as i1. What is the same for all
elements (constants, t, dt) stays f64 until it meets an element.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    f32,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ranvier.equations.assignments import REACHED
from ranvier.equations.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    render,
)
from ranvier.equations.function_values import TIMESTEP_TOLERANCE

INDEX = IndexType()
I32 = IntegerType(32)
NO_FLAGS = {"fastmath": arith.FastMathFlagsAttr("none")}
MAY_OVERFLOW = {"overflowFlags": arith.IntegerOverflowAttr("none")}

MATH_FUNCTIONS: dict[str, type[Operation]] = {
    "sin": math.SinOp,
    "cos": math.CosOp,
    "tan": math.TanOp,
    "sinh": math.SinhOp,
    "cosh": math.CoshOp,
    "tanh": math.TanhOp,
    "arcsin": math.AsinOp,
    "arccos": math.AcosOp,
    "arctan": math.AtanOp,
    "exp": math.ExpOp,
    "log": math.LogOp,
    "log10": math.Log10Op,
    "expm1": math.ExpM1Op,
    "log1p": math.Log1pOp,
    "sqrt": math.SqrtOp,
    "floor": math.FloorOp,
    "ceil": math.CeilOp,
}
"""Functions of one float argument that are one op."""

ARITHMETIC: dict[str, tuple[type[Operation], type[Operation]]] = {
    "+": (arith.AddfOp, arith.AddiOp),
    "-": (arith.SubfOp, arith.SubiOp),
    "*": (arith.MulfOp, arith.MuliOp),
}

FLOAT_COMPARISONS = {"==": "oeq", "!=": "une", "<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}
INTEGER_COMPARISONS = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}

NOISE = "_normal"
"""The function that integrators call with the name of a noise: one standard normal number per element and step."""

EXPREL_LIMIT = 1e-16
"""Below this |x|, exprel(x) = (exp(x)-1)/x is 1."""


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar of the code: its SSA value and whether it is the same for all elements."""

    ssa: SSAValue
    uniform: bool

    @property
    def type(self) -> Attribute:
        """The IR type."""
        return self.ssa.type

    @property
    def is_float(self) -> bool:
        """Whether it is a float of any precision."""
        return isinstance(self.ssa.type, (Float32Type, Float64Type))

    @property
    def is_boolean(self) -> bool:
        """Whether it is a boolean."""
        return self.ssa.type == i1


class Emitter:
    """Appends the ops of expressions to a block.

    Args:
        block: Where ops go.
        lookup: Gives the value of a name.
        call: Gives the value of a call that is no built-in function of this file (random numbers, timed arrays).
        float_type: The type elements are computed in.
    """

    def __init__(
        self,
        block: Block,
        lookup: Callable[[str], Value],
        call: Callable[["Emitter", str, list[Value], Call], Value],
        float_type: Attribute = f64,
    ) -> None:
        self.block = block
        self.lookup = lookup
        self.call = call
        self.float_type = float_type

    def op(self, op: type[Operation], *operands: Value, type: Attribute | None = None) -> Value:
        """Appends an op of one result; its type is that of the first operand unless given."""
        made = op.create(
            operands=[k.ssa for k in operands],
            result_types=[operands[0].type if type is None else type],
            properties=dict(NO_FLAGS) if op in FLAGGED else dict(MAY_OVERFLOW) if op in INTEGER_FLAGGED else {},
        )
        self.block.add_op(made)
        return Value(made.results[0], all(k.uniform for k in operands))

    def constant(self, value: float | int | bool, type: Attribute | None = None) -> Value:
        """Appends a constant: float → f64, int → i64, bool → i1, unless a type is given."""
        if type is None:
            type = i1 if isinstance(value, bool) else i64 if isinstance(value, int) else f64
        attribute: Attribute
        if isinstance(type, (Float32Type, Float64Type)):
            attribute = FloatAttr(float(value), type)
        else:
            attribute = IntegerAttr(int(value), cast(IndexType, type))
        made = arith.ConstantOp.create(result_types=[type], properties={"value": attribute})
        self.block.add_op(made)
        return Value(made.results[0], True)

    def emit(self, expr: Expr) -> Value:
        """Appends the ops of an expression and returns its value."""
        match expr:
            case Number(value):
                return self.constant(value)
            case Name(id):
                return self.widened(self.lookup(id))
            case Unary(op, operand):
                return self._unary(op, self.emit(operand))
            case Binary("/", left, Call("exprel", (exponent,))):
                # one division instead of two: a/((exp(x)-1)/x) = a*(x/(exp(x)-1))
                ratio = self._exprel(self.floating(self.emit(exponent)), inverse=True)
                return self._binary("*", self.emit(left), ratio, expr)
            case Binary(op, left, right):
                return self._binary(op, self.emit(left), self.emit(right), expr)
            case Compare(op, left, right):
                return self._compare(op, self.emit(left), self.emit(right))
            case Logical(op, operands):
                ops = {"and": arith.AndIOp, "or": arith.OrIOp}
                result = self.boolean(self.emit(operands[0]))
                for operand in operands[1:]:
                    result = self.op(ops[op], result, self.boolean(self.emit(operand)))
                return result
            case Call():
                return self._call(expr)

    # -- conversions

    def widened(self, value: Value) -> Value:
        """Integers of any width as i64."""
        if value.type == I32:
            return self.op(arith.ExtSIOp, value, type=i64)
        if value.type == INDEX:
            return self.op(arith.IndexCastOp, value, type=i64)
        return value

    def integer(self, value: Value) -> Value:
        """As i64: booleans are 0 and 1, floats are truncated toward zero."""
        if value.is_boolean:
            return self.op(arith.ExtUIOp, value, type=i64)
        if value.is_float:
            return self.op(arith.FPToSIOp, value, type=i64)
        return self.widened(value)

    def floating(self, value: Value, type: Attribute | None = None) -> Value:
        """As a float: f64 if uniform, else the precision of the elements, unless a type is given."""
        if not value.is_float:
            target = type or (f64 if value.uniform else self.float_type)
            return self.op(arith.SIToFPOp, self.integer(value), type=target)
        if type is None or value.type == type:
            return value
        return self.op(arith.TruncFOp if type == f32 else arith.ExtFOp, value, type=type)

    def boolean(self, value: Value) -> Value:
        """As a boolean: anything but zero is true."""
        if value.is_boolean:
            return value
        zero = self.constant(0, value.type)
        return self._predicate("!=", value, zero)

    def index(self, value: Value) -> Value:
        """As an index."""
        if value.type == INDEX:
            return value
        return self.op(arith.IndexCastOp, self.integer(value), type=INDEX)

    def converted(self, value: Value, type: Attribute) -> Value:
        """As the type of a variable's elements."""
        if value.type == type:
            return value
        if isinstance(type, (Float32Type, Float64Type)):
            return self.floating(value, type)
        if type == i1:
            return self.boolean(value)
        integer = self.integer(value)
        return integer if type == i64 else self.op(arith.TruncIOp, integer, type=type)

    def unified(self, left: Value, right: Value) -> tuple[Value, Value]:
        """Both as the same kind: floats if one is (uniform ones take the other's precision), else integers."""
        if not (left.is_float or right.is_float):
            return self.integer(left), self.integer(right)
        left, right = self.floating(left), self.floating(right)
        if left.type != right.type:
            type = f64
            if left.uniform != right.uniform:
                type = right.type if left.uniform else left.type
            left, right = self.floating(left, type), self.floating(right, type)
        return left, right

    # -- operators

    def _unary(self, op: str, value: Value) -> Value:
        if op == "not":
            return self.op(arith.XOrIOp, self.boolean(value), self.constant(True))
        if op == "+":
            return value if value.is_float else self.integer(value)
        if value.is_float:
            return self.op(arith.NegfOp, value)
        return self.op(arith.SubiOp, self.constant(0), self.integer(value))

    def _binary(self, op: str, left: Value, right: Value, expr: Binary) -> Value:
        if op == "**":
            return self._power(left, right, expr)
        if op == "/":
            return self._divide(left, right)
        left, right = self.unified(left, right)
        if op in ARITHMETIC:
            return self.op(ARITHMETIC[op][not left.is_float], left, right)
        if left.is_float:
            return self._float_floor(op, left, right)
        return self._integer_floor(op, left, right)

    def _divide(self, left: Value, right: Value) -> Value:
        if not (left.is_float or right.is_float):
            type = f64 if left.uniform and right.uniform else self.float_type
            left, right = self.floating(left, type), self.floating(right, type)
        left, right = self.unified(left, right)
        return self.op(arith.DivfOp, left, right)

    def _float_floor(self, op: str, left: Value, right: Value) -> Value:
        if op == "//":
            return self.op(math.FloorOp, self.op(arith.DivfOp, left, right))
        # a - floor(a/b)*b with one rounding, then put right what the rounding of a/b made wrong
        quotient = self.op(math.FloorOp, self.op(arith.DivfOp, left, right))
        rest = self.op(math.FmaOp, self.op(arith.NegfOp, quotient), right, left)
        zero = self.constant(0.0, rest.type)
        differs = self.op(arith.XOrIOp, self._predicate("<", rest, zero), self._predicate("<", right, zero))
        wrong = self.op(arith.AndIOp, self._predicate("!=", rest, zero), differs)
        rest = self.select(wrong, self.op(arith.AddfOp, rest, right), rest)
        too_large = self._predicate(">=", self.op(math.AbsFOp, rest), self.op(math.AbsFOp, right))
        return self.select(too_large, self.op(arith.SubfOp, rest, right), rest)

    def _integer_floor(self, op: str, left: Value, right: Value) -> Value:
        zero = self.constant(0)
        # a division by zero traps; elements beyond the end of a population are zeros
        divisor = self.select(self._predicate("==", right, zero), self.constant(1), right)
        rest = self.op(arith.RemSIOp, left, divisor)
        differs = self.op(arith.XOrIOp, self._predicate("<", rest, zero), self._predicate("<", divisor, zero))
        wrong = self.op(arith.AndIOp, self._predicate("!=", rest, zero), differs)
        if op == "%":
            return self.select(wrong, self.op(arith.AddiOp, rest, divisor), rest)
        quotient = self.op(arith.DivSIOp, left, divisor)
        return self.op(arith.SubiOp, quotient, self.op(arith.ExtUIOp, wrong, type=i64))

    def _power(self, left: Value, right: Value, expr: Binary) -> Value:
        if left.is_float or right.is_float:
            exponent = expr.right
            left, right = self.floating(left), self.floating(right)
            if isinstance(exponent, Number):
                right = self.constant(float(exponent.value), left.type)
            left, right = self.unified(left, right)
            return self.op(math.PowFOp, left, right)
        if isinstance(expr.right, Number) and int(expr.right.value) >= 0:
            return self._whole_power(self.integer(left), int(expr.right.value))
        type = f64 if left.uniform and right.uniform else self.float_type
        return self.op(math.PowFOp, self.floating(left, type), self.floating(right, type))

    def _whole_power(self, base: Value, exponent: int) -> Value:
        """An integer to a whole power, by squaring."""
        result = self.constant(1)
        while exponent:
            if exponent % 2:
                result = self.op(arith.MuliOp, result, base)
            exponent //= 2
            if exponent:
                base = self.op(arith.MuliOp, base, base)
        return result

    def _compare(self, op: str, left: Value, right: Value) -> Value:
        if left.is_boolean and right.is_boolean and op in ("==", "!="):
            return self._predicate(op, left, right)
        return self._predicate(op, *self.unified(left, right))

    def _predicate(self, op: str, left: Value, right: Value) -> Value:
        if left.is_float:
            made: Operation = arith.CmpfOp(left.ssa, right.ssa, FLOAT_COMPARISONS[op])
        else:
            made = arith.CmpiOp(left.ssa, right.ssa, INTEGER_COMPARISONS[op])
        self.block.add_op(made)
        return Value(made.results[0], left.uniform and right.uniform)

    def comparison(self, predicate: str, left: Value, right: Value) -> Value:
        """Compares integers: "eq", "ult" (unsigned less than), ..."""
        made = arith.CmpiOp(left.ssa, right.ssa, predicate)
        self.block.add_op(made)
        return Value(made.result, left.uniform and right.uniform)

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """`yes` where the condition holds, else `no`."""
        return self.op(arith.SelectOp, condition, yes, no, type=yes.type)

    # -- functions

    def _call(self, expr: Call) -> Value:
        function = expr.function
        if function == NOISE:  # its argument is the name of a noise, not a value
            return self.call(self, function, [], expr)
        if function == REACHED:
            return self._reached(expr)
        args = [self.emit(arg) for arg in expr.args]
        if function in MATH_FUNCTIONS:
            return self.op(MATH_FUNCTIONS[function], self.floating(args[0]))
        match function:
            case "abs":
                value = args[0]
                if value.is_float:
                    return self.op(math.AbsFOp, value)
                value = self.integer(value)
                negative = self._predicate("<", value, self.constant(0))
                return self.select(negative, self._unary("-", value), value)
            case "sign":
                return self._sign(args[0])
            case "int":
                return self.integer(args[0])
            case "exprel":
                return self._exprel(self.floating(args[0]))
            case "clip":
                return self._clip(*args)
            case "timestep":
                t, dt = (self.floating(arg) for arg in args)
                tolerance = self._binary("*", self.constant(TIMESTEP_TOLERANCE), dt, NOTHING)
                shifted = self._binary("+", t, tolerance, NOTHING)
                return self.integer(self._divide(shifted, dt))
            case "_select":
                yes, no = self.unified(args[1], args[2]) if args[1].type != args[2].type else (args[1], args[2])
                return self.select(self.boolean(args[0]), yes, no)
            case _:
                return self.call(self, function, args, expr)

    def _reached(self, expr: Call) -> Value:
        """n >= until, compared as 32-bit integers: vectors of them are as long as those of floats."""
        until = expr.args[1]
        assert isinstance(until, Name)
        most = self.constant(2**31 - 1)
        step = self.op(arith.MinSIOp, self.emit(expr.args[0]), most)
        return self._predicate(">=", self.op(arith.TruncIOp, step, type=I32), self.lookup(until.id))

    def _sign(self, value: Value) -> Value:
        if not value.is_float:
            value = self.integer(value)
        zero, one = self.constant(0, value.type), self.constant(1, value.type)
        minus = self.constant(-1, value.type)
        low = self.select(self._predicate("<", value, zero), minus, zero)
        return self.select(self._predicate(">", value, zero), one, low)

    def _exprel(self, value: Value, *, inverse: bool = False) -> Value:
        """(exp(x)-1)/x, or x/(exp(x)-1); 1 where |x| is tiny."""
        magnitude = self.op(math.AbsFOp, value)
        small = self._predicate("<", magnitude, self.constant(EXPREL_LIMIT, value.type))
        one = self.constant(1.0, value.type)
        safe = self.select(small, one, value)
        power = self.op(math.ExpM1Op, safe)
        ratio = self.op(arith.DivfOp, safe, power) if inverse else self.op(arith.DivfOp, power, safe)
        return self.select(small, one, ratio)

    def _clip(self, value: Value, low: Value, high: Value) -> Value:
        value, low = self.unified(value, low)
        value, high = self.unified(value, high)
        value, low = self.unified(value, low)
        raised = self.select(self._predicate("<", value, low), low, value)
        return self.select(self._predicate(">", raised, high), high, raised)


NOTHING = Binary("+", Number(0), Number(0))
FLAGGED = {
    arith.AddfOp,
    arith.SubfOp,
    arith.MulfOp,
    arith.DivfOp,
    math.FmaOp,
    arith.NegfOp,
    math.PowFOp,
    math.AbsFOp,
    math.FloorOp,
    math.CeilOp,
    *MATH_FUNCTIONS.values(),
}
"""Ops with a `fastmath` property."""
INTEGER_FLAGGED = {arith.AddiOp, arith.SubiOp, arith.MuliOp}
"""Ops with an `overflowFlags` property."""


def unknown_function(name: str, expr: Call) -> KeyError:
    """Returns the error for a function that has no meaning here."""
    return KeyError(f"The function {name!r} in {render(expr)!r} is not known in compiled code.")
