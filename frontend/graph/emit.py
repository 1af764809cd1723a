"""Expressions → `arith`/`math` ops: what the operators and functions of the model language mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import LocationAttr, f64
from xdsl.ir import Attribute, Block

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
    once_each,
    shown,
)
from ranvier.equations.function_values import TIMESTEP_TOLERANCE
from ranvier.equations.source import Place
from ranvier.graph.arithmetic import ARITHMETIC, I32, MATH_FUNCTIONS, Arithmetic, Value, is_finite

NOISE = "_normal"
"""The function that integrators call with the name of a noise: one standard normal number per element and step."""

EXPREL_AT_ZERO = 1e-30
"""Where exprel(x) = (exp(x)-1)/x is computed for x = 0: small enough that the quotient is 1, in either precision."""


class Emitter(Arithmetic):
    """Appends the ops of expressions to a block.

    Args:
        block: Where ops go.
        lookup: Gives the value of a name.
        call: Gives the value of a call that is no built-in function of this file (random numbers, timed arrays).
        float_type: The type elements are computed in.
        locate: Gives the source location of an expression with a place in the user's texts.
    """

    def __init__(
        self,
        block: Block,
        lookup: Callable[[str], Value],
        call: Callable[[Emitter, str, list[Value], Call], Value],
        float_type: Attribute = f64,
        locate: Callable[[Place], LocationAttr] | None = None,
    ) -> None:
        super().__init__(block, float_type)
        self.locate = locate
        self.lookup = lookup
        self.call = call
        self._part = once_each(self._emitted)

    def emit(self, expr: Expr) -> Value:
        """Appends the ops of an expression, those of shared nodes once, and returns its value."""
        outer, self._part = self._part, once_each(self._emitted)
        if self.locate is not None:  # what is made of the value stands there, too
            self.location = self.locate(expr.span) if isinstance(expr.span, Place) else None
        value = self._part(expr)
        self._part = outer
        return value

    def _emitted(self, expr: Expr) -> Value:
        """Appends the ops of a node, at its place; those of a node without one stand where the one around it does."""
        if self.locate is None or not isinstance(expr.span, Place):
            return self._made(expr)
        outer, self.location = self.location, self.locate(expr.span)
        value = self._made(expr)
        self.location = outer
        return value

    def _made(self, expr: Expr) -> Value:
        match expr:
            case Number(value):
                return self.constant(value)
            case Name(id):
                return self.widened(self.lookup(id))
            case Unary(op, operand):
                return self._unary(op, self._part(operand))
            case Binary("/", left, Call("exprel", (exponent,))):
                # one division instead of two: a/((exp(x)-1)/x) = a*(x/(exp(x)-1))
                ratio = self._exprel(self.floating(self._part(exponent)), inverse=True)
                return self._binary("*", self._part(left), ratio, expr)
            case Binary(op, left, right):
                return self._binary(op, self._part(left), self._part(right), expr)
            case Compare(op, left, right):
                return self._compare(op, self._part(left), self._part(right))
            case Logical(op, operands):
                ops = {"and": arith.AndIOp, "or": arith.OrIOp}
                result = self.boolean(self._part(operands[0]))
                for operand in operands[1:]:
                    result = self.op(ops[op], result, self.boolean(self._part(operand)))
                return result
            case Call():
                return self._call(expr)

    # -- operators

    def _unary(self, op: str, value: Value) -> Value:
        if op == "not":
            return self.op(arith.XOrIOp, self.boolean(value), self.constant(True))
        if op == "+":
            return value if value.is_float else self.integer(value)
        return self._negated(value)

    def _binary(self, op: str, left: Value, right: Value, expr: Binary) -> Value:
        if op == "**":
            return self._power(left, right, expr)
        if op == "/":
            return self._divide(left, right)
        if op in ARITHMETIC:
            return self.combined(op, left, right)
        left, right = self.unified(left, right)
        if left.is_float:
            return self._float_floor(op, left, right)
        return self._integer_floor(op, left, right)

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

    def _compare(self, op: str, left: Value, right: Value) -> Value:
        if left.is_boolean and right.is_boolean and op in ("==", "!="):
            return self._predicate(op, left, right)
        return self._predicate(op, *self.unified(left, right))

    # -- functions

    def _call(self, expr: Call) -> Value:
        function = expr.function
        if function == NOISE:  # its argument is the name of a noise, not a value
            return self.call(self, function, [], expr)
        if function == REACHED:
            return self._reached(expr)
        args = [self._part(arg) for arg in expr.args]
        if function in MATH_FUNCTIONS:
            return self.op(MATH_FUNCTIONS[function], self.floating(args[0]))
        match function:
            case "abs":
                value = args[0]
                if value.is_float:
                    return self.op(math.AbsFOp, value)
                value = self.integer(value)
                negative = self._predicate("<", value, self.constant(0))
                return self.select(negative, self._negated(value), value)
            case "sign":
                return self._sign(args[0])
            case "int":
                return self.integer(args[0])
            case "exprel":
                return self._exprel(self.floating(args[0]))
            case "clip":
                return self._clip(*args)
            case "timestep":
                t, dt = (self.floating(arg, f64) for arg in args)
                shifted = self.combined("+", t, self.combined("*", self.constant(TIMESTEP_TOLERANCE), dt))
                return replace(self.integer(self._divide(shifted, dt)), exact=True)
            case "_select":
                yes, no = self.unified(args[1], args[2]) if args[1].type != args[2].type else (args[1], args[2])
                return self.select(self.boolean(args[0]), yes, no)
            case _:
                return self.call(self, function, args, expr)

    def _reached(self, expr: Call) -> Value:
        """Tells whether n >= until, compared as 32-bit integers: vectors of them are as long as those of floats."""
        until = expr.args[1]
        assert isinstance(until, Name)
        most = self.constant(2**31 - 1)
        step = self.op(arith.MinSIOp, self._part(expr.args[0]), most)
        return self._predicate(">=", self.op(arith.TruncIOp, step, type=I32), self.lookup(until.id))

    def _sign(self, value: Value) -> Value:
        if not value.is_float:
            value = self.integer(value)
        zero, one = self.constant(0, value.type), self.constant(1, value.type)
        minus = self.constant(-1, value.type)
        # what is not equal to itself is no number, and has no sign
        middle = self.select(self._predicate("!=", value, value), value, zero) if value.is_float else zero
        low = self.select(self._predicate("<", value, zero), minus, middle)
        return self.select(self._predicate(">", value, zero), one, low)

    def _exprel(self, value: Value, *, inverse: bool = False) -> Value:
        """Returns (exp(x)-1)/x, or x/(exp(x)-1); both are 1 at 0, and where exp(x)-1 rounds to x."""
        at_zero = self._predicate("==", value, self.constant(0.0, value.type))
        safe = self.select(at_zero, self.constant(EXPREL_AT_ZERO, value.type), value)
        power = self.op(math.ExpM1Op, safe)
        return self.op(arith.DivfOp, safe, power) if inverse else self.op(arith.DivfOp, power, safe)

    def _clip(self, value: Value, low: Value, high: Value) -> Value:
        value, low = self.unified(value, low)
        value, high = self.unified(value, high)
        value, low = self.unified(value, low)
        raised = self.select(self._beyond("<", value, low), low, value)
        return self.select(self._beyond(">", raised, high), high, raised)

    def _beyond(self, op: str, value: Value, bound: Value) -> Value:
        """Tells whether a value is beyond a bound; also where the bound is not a number: then the result is none."""
        beyond = self._predicate(op, value, bound)
        if not bound.is_float or is_finite(bound):
            return beyond
        return self.op(arith.OrIOp, beyond, self._predicate("!=", bound, bound))


def unknown_function(name: str, expr: Call) -> KeyError:
    """Returns the error for a function that has no meaning here."""
    return KeyError(f"The function {name!r} in {shown(expr)!r} is not known in compiled code.")
