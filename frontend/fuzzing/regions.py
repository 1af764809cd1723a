"""Random regions: scalar code whose results, in exact programs, no rounding can change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ranvier.fuzzing.choices import Choices
from ranvier.fuzzing.natives import NATIVES, native_line

MOST_BITS = 46
"""Bits that an exact value may need: fewer than the 53 of a double, so that sums in another order are exact, too."""

MOST_SINGLE = 22
"""The same of an f32, which has 24."""

FRACTION, WHOLE = 6, 11
"""What is stored in an array is a multiple of 2**-FRACTION below 2**WHOLE."""

SMALL = 4
"""What synapses add is below 2**SMALL."""

KEPT = 20
"""Bits before the point that an element of an array may have come to: synapses add without a bound."""


FUNCTIONS = ("exp", "sin", "cos", "tanh", "absf", "floor", "ceil", "expm1")
"""Functions of any number."""

RANDOM = {"normal": (), "poisson": (2.5,), "binomial": (9.0, 0.25)}
"""Distributions, with numbers for their parameters."""


@dataclass(frozen=True)
class Value:
    """A value in a region.

    Attributes:
        key: What tells it from others, whatever else is there.
        name: Its name in the text.
        type: "f64", "f32", "i32" or "i1".
        fraction: Of a float: the bits behind the point that it needs at most.
        whole: Of a float: the bits in front of it.
    """

    key: str
    name: str
    type: str
    fraction: int = 0
    whole: int = 0


def element(key: str, name: str, type: str) -> Value:
    """Returns an element of an array."""
    return Value(key, name, type, FRACTION, WHOLE + 1 if type == "f32" else KEPT)


class RegionWriter:
    """Writes the lines of one region.

    Args:
        choices: The choices of this region.
        prefix: What its names begin with.
        values: What it may use.
        exact: Whether nothing may be rounded.
        functions: Whether there may be functions whose last bits depend on who computes them.
        left_out: The numbers of the steps to leave out.
        steps: How many there are.
        calls: Whether functions that are code of their own are called.
    """

    def __init__(
        self,
        choices: Choices,
        prefix: str,
        values: Sequence[Value],
        *,
        exact: bool,
        functions: bool = False,
        left_out: frozenset[int] = frozenset(),
        steps: int = 4,
        calls: bool = False,
    ) -> None:
        self.choices, self.prefix, self.exact = choices, prefix, exact
        self.values = list(values)
        self.lines: list[str] = []
        self._here, self._key = choices, ""
        self._left_out, self._steps, self._number, self._functions = left_out, steps, 0, functions
        self._calls = calls
        self._counts: dict[str, int] = {}

    def write(self, gathers: Sequence[tuple[str, str, str]], indices: Sequence[str], random: str) -> None:
        """Writes random steps.

        Args:
            gathers: Arrays that may be read elsewhere: their keys, names and types.
            indices: Where they may be read.
            random: The index at which random numbers are drawn.
        """
        for number in range(self._steps):
            if number in self._left_out:
                continue
            here = self.choices.at("step", number)
            self._here, self._key = here, f"step{number}"
            kinds = ["sum", "product", "bound", "negate", "compare", "select", "divide", "whole", "logic", "uniform"]
            kinds += ["sum", "product", "bound", "compare", "select"]
            kinds += ["native"] * self._calls
            if any(value.type == "f32" for value in self.values):
                kinds += ["single", "single", "widen"]
            if gathers:
                kinds += ["gather", "gather"]
            if not self.exact:
                kinds += ["function"]
            if self._functions:
                kinds += ["function", "other_random", "power"]
            kind = kinds[here.below(len(kinds), "kind")]
            if kind == "gather":
                keys = {key: (name, type) for key, name, type in gathers}
                (array, type), place = keys[here.pick(keys, "array")], here.pick(indices, "place")
                known = element("", "", type)
                text = f"snn.gather {array}[{place}] : tensor<?x{type}> -> {type}"
                self._new(text, type, known.fraction, known.whole)
            elif kind in ("uniform", "other_random"):
                getattr(self, f"_{kind}")(random)
            else:
                getattr(self, f"_{kind}")()

    def result(self, type: str, name: str, whole: int = WHOLE) -> str:
        """Returns the name of a value of a type that can be stored, below 2**`whole` if it is a float."""
        self._here, self._key = self.choices, f"result {name}"
        if type == "i1" and not any(value.type == type for value in self.values):
            self._compare()
        found = self._any(type, name)
        return self.stored(found, whole).name if type in ("f64", "f32") else found.name

    def added(self, to: Value, name: str, *, where: bool) -> str:
        """Returns the name of a value plus something, perhaps only where something holds."""
        weights = [value.name for value in self.values if value.key.endswith((".w", ".x"))]
        plain = bool(weights) and self.choices.chance(0.6, f"{name} plain")
        addend = self.choices.pick(weights, f"{name} weight") if plain else self.result("f64", name, SMALL)
        op = self.choices.pick(("addf", "addf", "subf"), f"{name} op")
        total = self._new(f"arith.{op} {to.name}, {addend} : f64", "f64", FRACTION, KEPT)
        if not where:
            return total.name
        flag = self._any("i1", f"{name} where")
        return self._new(f"arith.select {flag.name}, {total.name}, {to.name} : f64", "f64", FRACTION, KEPT).name

    # ---- steps

    def _sum(self) -> None:
        a, b = self._any("f64", "a"), self._any("f64", "b")
        op = self._here.pick(("addf", "subf"), "op")
        if max(a.fraction, b.fraction) + max(a.whole, b.whole) >= MOST_BITS:
            a, b = self.stored(a), self.stored(b)
        self._arithmetic(op, a, b, max(a.fraction, b.fraction), max(a.whole, b.whole) + 1)

    def _single(self) -> None:
        """Computes in single precision, or brings a number there."""
        op = self._here.pick(("addf", "subf", "maximumf", "minimumf", "halve", "narrow", "compare", "divide"), "op")
        a, b = self._any("f32", "a"), self._any("f32", "b")
        fraction, whole = max(a.fraction, b.fraction), max(a.whole, b.whole)
        if fraction + whole >= MOST_SINGLE:
            a, b, fraction, whole = self.stored(a), self.stored(b), FRACTION, WHOLE + 1
        if op == "narrow":
            wide = self.stored(self._any("f64", "wide"))
            self._new(f"arith.truncf {wide.name} : f64 to f32", "f32", FRACTION, WHOLE + 1)
        elif op == "compare":
            self._new(f"arith.cmpf {self._here.pick(('olt', 'oge'), 'order')}, {a.name}, {b.name} : f32", "i1")
        elif op == "halve" or (op == "divide" and self.exact):
            self._new(f"arith.mulf {a.name}, {self._constant(0.5, 'f32').name} : f32", "f32", fraction + 1, whole)
        elif op == "divide":
            square = self._new(f"arith.mulf {b.name}, {b.name} : f32", "f32")
            positive = self._new(f"arith.addf {square.name}, {self._constant(1.0, 'f32').name} : f32", "f32")
            root = self._new(f"math.sqrt {positive.name} : f32", "f32")
            self._new(f"arith.divf {a.name}, {root.name} : f32", "f32")
        else:
            self._new(f"arith.{op} {a.name}, {b.name} : f32", "f32", fraction, whole + (op in ("addf", "subf")))

    def _widen(self) -> None:
        a = self._any("f32", "a")
        self._float(f"arith.extf {a.name} : f32 to f64", a.fraction, a.whole)

    def _product(self) -> None:
        a, b = self._small(self._any("f64", "a")), self._small(self._any("f64", "b"))
        self._arithmetic("mulf", a, b, a.fraction + b.fraction, a.whole + b.whole)

    def _bound(self) -> None:
        a, b = self._any("f64", "a"), self._any("f64", "b")
        op = self._here.pick(("maximumf", "minimumf"), "op")
        self._arithmetic(op, a, b, max(a.fraction, b.fraction), max(a.whole, b.whole))

    def _negate(self) -> None:
        a = self._any("f64", "a")
        self._float(f"arith.negf {a.name} : f64", a.fraction, a.whole)

    def _divide(self) -> None:
        """Divides by a power of two, or by a number that is at least one."""
        a = self._small(self._any("f64", "a"))
        powers = [value for value in self.values if value.key.startswith("power")]
        if self.exact:
            if powers:
                named = {value.key: value for value in powers}
                divisor = named[self._here.pick(named, "power")]
                self._float(f"arith.divf {a.name}, {divisor.name} : f64", a.fraction + 3, a.whole + 3)
            return
        b = self._any("f64", "b")
        square = self._float(f"arith.mulf {b.name}, {b.name} : f64", 0, 0)
        positive = self._float(f"arith.addf {square.name}, {self._constant(1.0).name} : f64", 0, 0)
        self._float(f"arith.divf {a.name}, {positive.name} : f64", 0, 0)

    def _function(self) -> None:
        a = self._any("f64", "a")
        square = self._float(f"arith.mulf {a.name}, {a.name} : f64", 0, 0)
        self._float(f"math.sqrt {square.name} : f64", 0, 0)
        if self._functions:
            low = self._bounded(a)
            self._float(f"math.{self._here.pick(FUNCTIONS, 'function')} {low.name} : f64", 0, 0)

    def _power(self) -> None:
        a, b = self._bounded(self._any("f64", "a")), self._bounded(self._any("f64", "b"))
        square = self._float(f"arith.mulf {a.name}, {a.name} : f64", 0, 0)
        op = self._here.pick(("math.powf", "math.atan2", "math.copysign"), "op")
        self._float(f"{op} {square.name}, {b.name} : f64", 0, 0)

    def _other_random(self, place: str) -> None:
        stream, kind = self._here.below(1 << 20, "stream"), self._here.pick(RANDOM, "distribution")
        parameters = [self._constant(number) for number in RANDOM[kind]]
        names, types = ", ".join(one.name for one in parameters), ", ".join("f64" for _ in parameters)
        self._float(f'snn.random "{kind}" {stream} at (%key, %step, {place}) ({names}) : {types} -> f64', 0, 0)

    def _bounded(self, value: Value) -> Value:
        high, low = self._constant(8.0), self._constant(-8.0)
        value = self._float(f"arith.minimumf {value.name}, {high.name} : f64", 0, 0)
        return self._float(f"arith.maximumf {value.name}, {low.name} : f64", 0, 0)

    def _compare(self) -> None:
        a, b = self._any("f64", "a"), self._any("f64", "b")
        order = self._here.pick(("olt", "ogt", "ole", "oge", "oeq", "une"), "order")
        self._new(f"arith.cmpf {order}, {a.name}, {b.name} : f64", "i1")

    def _select(self) -> None:
        singles = any(value.type == "f32" for value in self.values)
        type = self._here.pick(("f64", "i32", "f32") if singles else ("f64", "i32"), "type")
        flag, a, b = self._any("i1", "flag"), self._any(type, "a"), self._any(type, "b")
        text = f"arith.select {flag.name}, {a.name}, {b.name} : {type}"
        self._new(text, type, max(a.fraction, b.fraction), max(a.whole, b.whole))

    def _whole(self) -> None:
        a, b = self._any("i32", "a"), self._any("i32", "b")
        op = self._here.pick(
            ("addi", "subi", "muli", "andi", "ori", "xori", "maxsi", "minui", "to float", "order"), "op"
        )
        if op == "order":
            order = self._here.pick(("eq", "ne", "slt", "sge", "ult"), "order")
            self._new(f"arith.cmpi {order}, {a.name}, {b.name} : i32", "i1")
        elif op == "to float":
            mask = self._new("arith.constant 255 : i32", "i32")
            small = self._new(f"arith.andi {a.name}, {mask.name} : i32", "i32")
            self._float(f"arith.sitofp {small.name} : i32 to f64", 0, 8)
        else:
            self._new(f"arith.{op} {a.name}, {b.name} : i32", "i32")

    def _logic(self) -> None:
        a, b = self._any("i1", "a"), self._any("i1", "b")
        self._new(f"arith.{self._here.pick(('andi', 'ori', 'xori'), 'op')} {a.name}, {b.name} : i1", "i1")

    def _native(self) -> None:
        """Calls a function that is code of its own."""
        name = self._here.pick(NATIVES, "function")
        known = NATIVES[name]
        args = [self._any(type, f"argument {k}") for k, type in enumerate(known.arguments)]
        line = native_line(name, [arg.name for arg in args], stateless=self._here.chance(0.7, "stateless"))
        self._new(line, known.result, max(arg.fraction for arg in args), max(arg.whole for arg in args))

    def _uniform(self, place: str) -> None:
        stream = self._here.below(1 << 20, "stream")
        drawn = self._float(f'snn.random "uniform" {stream} at (%key, %step, {place}) () : -> f64', 53, 0)
        if self.exact:
            self._rounded(drawn, 8, 0)

    # ---- values

    def _any(self, type: str, name: str) -> Value:
        """Returns one of the values of a type; a constant if there is none, and sometimes otherwise."""
        found = {value.key: value for value in self.values if value.type == type and value.fraction <= MOST_BITS}
        if not found or self._here.chance(0.12, f"{name} constant"):
            if type in ("f64", "f32"):
                numbers = ("0.0", "1.0", "-1.0", "2.0", "0.5", "-0.25", "3.0")
                return self._constant(float(self._here.pick(numbers, f"{name} number")), type)
            limit = 2 if type == "i1" else 9
            return self._new(f"arith.constant {self._here.below(limit, f'{name} number')} : {type}", type)
        computed = [key for key in found if key.startswith("step")]
        if computed and self._here.chance(0.6, f"{name} computed"):
            return found[self._here.pick(computed, name)]
        return found[self._here.pick(found, name)]

    def _constant(self, number: float, type: str = "f64") -> Value:
        return self._new(f"arith.constant {number!r} : {type}", type, 2, 2)

    def _arithmetic(self, op: str, a: Value, b: Value, fraction: int, whole: int) -> None:
        self._float(f"arith.{op} {a.name}, {b.name} : f64", fraction, whole)

    def _float(self, text: str, fraction: int, whole: int) -> Value:
        return self._new(text, "f64", fraction, whole)

    def _small(self, value: Value) -> Value:
        return self.stored(value) if self.exact and value.fraction + value.whole > MOST_BITS // 2 else value

    def stored(self, value: Value, whole: int = WHOLE) -> Value:
        """Returns a value that fits into an array: bounded, and in exact programs a multiple of a power of two."""
        type = value.type
        if value.whole > whole or not self.exact:
            high, low = self._constant(2.0**whole, type), self._constant(-(2.0**whole), type)
            value = self._new(f"arith.minimumf {value.name}, {high.name} : {type}", type, value.fraction, whole)
            value = self._new(f"arith.maximumf {value.name}, {low.name} : {type}", type, value.fraction, whole)
        return self._rounded(value, FRACTION, value.whole) if self.exact and value.fraction > FRACTION else value

    def _rounded(self, value: Value, fraction: int, whole: int) -> Value:
        type = value.type
        up, down = self._constant(2.0**fraction, type), self._constant(2.0**-fraction, type)
        value = self._new(f"arith.mulf {value.name}, {up.name} : {type}", type, 99, 0)
        value = self._new(f"math.floor {value.name} : {type}", type, 99, 0)
        return self._new(f"arith.mulf {value.name}, {down.name} : {type}", type, fraction, whole + 1)

    def _new(self, text: str, type: str, fraction: int = 0, whole: int = 0) -> Value:
        self._number += 1
        self._counts[self._key] = count = self._counts.get(self._key, 0) + 1
        name = f"{self.prefix}_{self._number}"
        self.lines.append(f"      {name} = {text}")
        value = Value(f"{self._key}.{count}", name, type, fraction, whole)
        self.values.append(value)
        return value
