"""Writes the body of one LLVM function from Python expressions.

``x * 2.0 + y`` on two `Value` gives an ``fmul`` and an ``fadd``, with no fast-math flag: the compensated sums of this
package rely on every rounding. Where a product may be fused into a sum, `Body.fma` says so (``llvm.fmuladd``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

INTERLEAVED = "!interleaved"
"""Stands in texts for the metadata of a loop, which are numbered when the text of a module is put together."""

_FLOATS = ("double", "float")
_BITS = {"double": "i64", "float": "i32"}
_OF_BITS = {bits: name for name, bits in _BITS.items()}
_SUFFIXES = {"double": "f64", "float": "f32"}


def element_of(type_: str) -> str:
    """Returns the type of the elements of a vector, or a type itself."""
    return type_.partition(" x ")[2].rstrip(">") if type_.startswith("<") else type_


def like(type_: str, element: str) -> str:
    """Returns a type of as many elements as another has, of a type of their own."""
    return f"{type_.partition(' x ')[0]} x {element}>" if type_.startswith("<") else element


@dataclass(frozen=True, slots=True)
class Value:
    """An SSA value of a function body: its name or literal, and its LLVM type."""

    body: Body
    text: str
    type: str

    def __add__(self, other: Value | float) -> Value:
        return self._arithmetic("add", self, other)

    def __radd__(self, other: float) -> Value:
        return self._arithmetic("add", other, self)

    def __sub__(self, other: Value | float) -> Value:
        return self._arithmetic("sub", self, other)

    def __rsub__(self, other: float) -> Value:
        return self._arithmetic("sub", other, self)

    def __mul__(self, other: Value | float) -> Value:
        return self._arithmetic("mul", self, other)

    def __rmul__(self, other: float) -> Value:
        return self._arithmetic("mul", other, self)

    def __truediv__(self, other: Value | float) -> Value:
        return self._arithmetic("div", self, other)

    def __rtruediv__(self, other: float) -> Value:
        return self._arithmetic("div", other, self)

    def __neg__(self) -> Value:
        return self.body.emit(self.type, f"fneg {self.type} {self.text}")

    def __and__(self, other: Value | int) -> Value:
        return self._integer("and", other)

    def __or__(self, other: Value | int) -> Value:
        return self._integer("or", other)

    def __xor__(self, other: Value | int) -> Value:
        return self._integer("xor", other)

    def __lshift__(self, other: Value | int) -> Value:
        return self._integer("shl", other)

    def __rshift__(self, other: Value | int) -> Value:
        """Returns the logical shift to the right."""
        return self._integer("lshr", other)

    def __lt__(self, other: Value | float) -> Value:
        return self._compare("olt", "slt", other)

    def __le__(self, other: Value | float) -> Value:
        return self._compare("ole", "sle", other)

    def __gt__(self, other: Value | float) -> Value:
        return self._compare("ogt", "sgt", other)

    def __ge__(self, other: Value | float) -> Value:
        return self._compare("oge", "sge", other)

    def below(self, other: Value | int) -> Value:
        """Tells whether an integer is less than another, both without sign."""
        return self._compare("", "ult", other)

    def eq(self, other: Value | float) -> Value:
        """Tells whether the two are equal; false for NaN."""
        return self._compare("oeq", "eq", other)

    def ne(self, other: Value | float) -> Value:
        """Tells whether the two differ; true for NaN."""
        return self._compare("une", "ne", other)

    def is_nan(self) -> Value:
        """Tells whether a float is not a number."""
        return self._compare("uno", "", self)

    def where(self, condition: Value, otherwise: Value | float) -> Value:
        """This value where the condition holds, ``otherwise`` elsewhere."""
        return self.body.select(condition, self, otherwise)

    def bits(self) -> Value:
        """Returns the bit pattern of a float."""
        return self.body.convert("bitcast", self, like(self.type, _BITS[element_of(self.type)]))

    def as_float(self) -> Value:
        """Returns the float of a bit pattern."""
        return self.body.convert("bitcast", self, like(self.type, _OF_BITS[element_of(self.type)]))

    def _arithmetic(self, name: str, left: Value | float, right: Value | float) -> Value:
        operation = "f" + name if element_of(self.type) in _FLOATS else name
        a, b = self.body.literal(left, self.type), self.body.literal(right, self.type)
        return self.body.emit(self.type, f"{operation} {self.type} {a}, {b}")

    def _integer(self, operation: str, other: Value | int) -> Value:
        return self.body.emit(self.type, f"{operation} {self.type} {self.text}, {self.body.literal(other, self.type)}")

    def _compare(self, ordered: str, signed: str, other: Value | float) -> Value:
        how = f"fcmp {ordered}" if element_of(self.type) in _FLOATS else f"icmp {signed}"
        operands = f"{self.type} {self.text}, {self.body.literal(other, self.type)}"
        return self.body.emit(like(self.type, "i1"), f"{how} {operands}")


def float_literal(value: float, type_: str) -> str:
    """Returns a float constant as LLVM writes it: the bits of the double of the same value, in hexadecimal."""
    if type_ == "float":
        value = struct.unpack("f", struct.pack("f", value))[0]
    return f"0x{struct.unpack('Q', struct.pack('d', value))[0]:016X}"


@dataclass(slots=True)
class Body:
    """The instructions of one function, in order; also the names of the functions it calls."""

    lines: list[str] = field(default_factory=list[str])
    called: list[str] = field(default_factory=list[str])
    _count: int = 0

    def emit(self, type_: str, instruction: str) -> Value:
        """Appends an instruction that gives a value."""
        name = self._fresh("v")
        self.lines.append(f"  %{name} = {instruction}")
        return Value(self, f"%{name}", type_)

    def literal(self, value: Value | float, type_: str) -> str:
        """Returns an operand of the given type: a value's name, or a Python number as a constant."""
        if isinstance(value, Value):
            if value.type != type_:
                raise TypeError(f"operand of type {value.type} where {type_} is wanted")
            return value.text
        if type_ in _FLOATS:
            return float_literal(float(value), type_)
        if type_.startswith("<"):
            element = element_of(type_)
            return f"splat ({element} {self.literal(value, element)})"
        if not isinstance(value, int):
            raise TypeError(f"{value!r} is no {type_}")
        return str(value)

    def constant(self, value: float, type_: str) -> Value:
        """Returns a Python number as a value."""
        return Value(self, self.literal(value, type_), type_)

    def select(self, condition: Value, yes: Value | float, no: Value | float) -> Value:
        """Returns ``yes`` where the condition holds, else ``no``; one of the two must be a value."""
        type_ = yes.type if isinstance(yes, Value) else no.type if isinstance(no, Value) else "double"
        a, b = self.literal(yes, type_), self.literal(no, type_)
        return self.emit(type_, f"select {condition.type} {condition.text}, {type_} {a}, {type_} {b}")

    def convert(self, operation: str, value: Value, type_: str) -> Value:
        """Returns a conversion such as ``zext``, ``bitcast`` or ``fpext``."""
        return self.emit(type_, f"{operation} {value.type} {value.text} to {type_}")

    def intrinsic(self, name: str, *arguments: Value | float) -> Value:
        """Returns a call of ``llvm.<name>`` whose result and arguments are all of one type."""
        type_ = next(a.type for a in arguments if isinstance(a, Value))
        suffix = _SUFFIXES.get(element_of(type_), element_of(type_))
        if type_.startswith("<"):
            suffix = f"v{type_[1:].partition(' ')[0]}{suffix}"
        operands = ", ".join(f"{type_} {self.literal(a, type_)}" for a in arguments)
        return self.emit(type_, f"call {type_} @llvm.{name}.{suffix}({operands})")

    def fma(self, a: Value | float, b: Value | float, c: Value | float) -> Value:
        """Returns ``a*b + c``, rounded once or twice as suits the hardware."""
        return self.intrinsic("fmuladd", a, b, c)

    def call(self, name: str, *arguments: Value, attributes: str = "") -> Value:
        """Returns the value of a call of another function of the library, with attributes of the call."""
        from . import FUNCTIONS  # the table is made of functions that this file builds

        result = FUNCTIONS[name].result
        self.needs((name,))
        operands = ", ".join(f"{a.type} {a.text}" for a in arguments)
        return self.emit(result, f"call {result} @rv.{name}({operands}) {attributes}".rstrip())

    def splat(self, value: Value, lanes: int) -> Value:
        """Returns a vector whose elements are all a value."""
        type_ = f"<{lanes} x {value.type}>"
        one = self.emit(type_, f"insertelement {type_} poison, {value.type} {value.text}, i32 0")
        return self.emit(type_, f"shufflevector {type_} {one.text}, {type_} poison, <{lanes} x i32> zeroinitializer")

    def needs(self, names: Iterable[str]) -> None:
        """Notes functions of the library that have to be there, be they called or named only."""
        self.called += [name for name in dict.fromkeys(names) if name not in self.called]

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Returns a polynomial's value by Horner's scheme; coefficients lowest first."""
        result: Value | float = coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            result = self.fma(result, x, coefficient)
        assert isinstance(result, Value)
        return result

    def short_polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Returns `polynomial` as two of half the length in x**2, side by side: for functions whose latency counts."""
        square = x * x
        return self.fma(self.polynomial(square, coefficients[1::2]), x, self.polynomial(square, coefficients[::2]))

    def variable(self, initial: Value) -> Variable:
        """Returns a mutable cell of the function (LLVM makes SSA values of it)."""
        variable = Variable(self, self.emit("ptr", f"alloca {initial.type}").text, initial.type)
        variable.set(initial)
        return variable

    def load(self, type_: str, pointer: Value, index: Value | None = None) -> Value:
        """Returns the element ``index`` of an array."""
        return self.emit(type_, f"load {type_}, ptr {self._address(type_, pointer, index)}")

    def store(self, value: Value, pointer: Value, index: Value | None = None) -> None:
        """Writes the element ``index`` of an array."""
        address = self._address(value.type, pointer, index)
        self.lines.append(f"  store {value.type} {value.text}, ptr {address}")

    def load_several(self, type_: str, pointer: Value, first: Value) -> Value:
        """Returns the elements of an array from `first` on, as a vector."""
        address = self._address(element_of(type_), pointer, first)
        return self.emit(type_, f"load {type_}, ptr {address}, align 4")

    def store_several(self, values: Value, pointer: Value, first: Value) -> None:
        """Writes the elements of a vector into an array, from `first` on."""
        address = self._address(element_of(values.type), pointer, first)
        self.lines.append(f"  store {values.type} {values.text}, ptr {address}, align 4")

    def address(self, pointer: Value, type_: str, index: Value) -> Value:
        """Returns where the element ``index`` of an array stands."""
        return Value(self, self._address(type_, pointer, index), "ptr")

    def _address(self, type_: str, pointer: Value, index: Value | None) -> str:
        if index is None:
            return pointer.text
        return self.emit("ptr", f"getelementptr inbounds {type_}, ptr {pointer.text}, i64 {index.text}").text

    def result(self, value: Value | None = None) -> None:
        """Returns from the function."""
        self.lines.append("  ret void" if value is None else f"  ret {value.type} {value.text}")

    def label(self, name: str) -> None:
        """Starts a block, falling through into it."""
        self.lines += [f"  br label %{name}", f"{name}:"]

    @contextmanager
    def when(self, condition: Value, *, rare: bool = False) -> Generator[None, None, None]:
        """Opens instructions that run only where the condition holds."""
        inside, after = self._fresh("then"), self._fresh("after")
        weights = ', !prof !{!"branch_weights", i32 1, i32 4000}' if rare else ""
        self.lines += [f"  br i1 {condition.text}, label %{inside}, label %{after}{weights}", f"{inside}:"]
        yield
        self.label(after)

    @contextmanager
    def loop(self) -> Generator[Loop, None, None]:
        """Opens instructions that repeat until `Loop.leave_if`."""
        start, after = self._fresh("loop"), self._fresh("after")
        self.label(start)
        yield Loop(self, after)
        self.lines += [f"  br label %{start}", f"{after}:"]

    @contextmanager
    def count(self, limit: int | Value, *, interleaved: bool = False) -> Generator[Value, None, None]:
        """Instructions that run for the indices 0 to ``limit`` - 1, in a form the loop vectoriser knows.

        Args:
            limit: At least 1.
            interleaved: Whether to compute two vectors side by side: for long chains of dependent instructions, which
                processors do not look beyond.
        """
        start, after, index, following = (self._fresh(n) for n in ("loop", "after", "i", "i"))
        entry = self._fresh("entry")
        self.lines += [f"  br label %{entry}", f"{entry}:"]
        self.label(start)
        position = len(self.lines)
        yield Value(self, f"%{index}", "i64")
        latch = self._fresh("latch")
        self.label(latch)
        self.lines.insert(position, f"  %{index} = phi i64 [ 0, %{entry} ], [ %{following}, %{latch} ]")
        done = self._fresh("done")
        self.lines += [
            f"  %{following} = add nuw nsw i64 %{index}, 1",
            f"  %{done} = icmp eq i64 %{following}, {self.literal(limit, 'i64')}",
            f"  br i1 %{done}, label %{after}, label %{start}{f', !llvm.loop {INTERLEAVED}' if interleaved else ''}",
            f"{after}:",
        ]

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"


@dataclass(frozen=True, slots=True)
class Variable:
    """A cell of memory private to a function."""

    body: Body
    address: str
    type: str

    def get(self) -> Value:
        """Returns what the cell holds."""
        return self.body.load(self.type, Value(self.body, self.address, "ptr"))

    def set(self, value: Value) -> None:
        """Changes what the cell holds."""
        self.body.store(value, Value(self.body, self.address, "ptr"))


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop under construction."""

    body: Body
    after: str

    def leave_if(self, condition: Value) -> None:
        """Goes on behind the loop where the condition holds."""
        go_on = self.body._fresh("next")  # pyright: ignore[reportPrivateUsage]
        self.body.lines += [f"  br i1 {condition.text}, label %{self.after}, label %{go_on}", f"{go_on}:"]


PURE = "alwaysinline memory(none) willreturn nounwind mustprogress"
SLOW = "noinline cold memory(none) willreturn nounwind mustprogress"
CALLED = "noinline memory(none) willreturn nounwind mustprogress"
FILL = 'noinline memory(argmem: write) willreturn nounwind mustprogress "prefer-vector-width"="512"'
"""Of procedures with many registers: who calls them rarely shall not pay for saving these."""


def _type(parameter: str) -> str:
    """Returns the type of a parameter without its attributes."""
    return parameter if parameter.startswith("<") else parameter.split()[0]


@dataclass(frozen=True)
class Function:
    """A function of the library.

    Attributes:
        result: LLVM type of the result.
        parameters: LLVM types of the parameters, with attributes such as ``ptr noalias``.
        write: Emits the body, given the parameters; returns the result (None: void, or it returned already).
        attributes: LLVM function attributes.
        linkage: LLVM linkage and visibility.
    """

    result: str
    parameters: tuple[str, ...]
    write: Callable[..., Value | None]
    attributes: str = PURE
    linkage: str = "internal"

    @property
    def signature(self) -> str:
        """The LLVM type, as in ``double (double)``."""
        return f"{self.result} ({', '.join(_type(p) for p in self.parameters)})"

    def definition(self, name: str) -> tuple[str, list[str]]:
        """Returns the text of the function, and the names of the library's functions it calls."""
        body = Body()
        arguments = [Value(body, f"%a{i}", _type(p)) for i, p in enumerate(self.parameters)]
        result = self.write(body, *arguments)
        body.result(result)
        parameters = ", ".join(f"{p} {a.text}" for p, a in zip(self.parameters, arguments, strict=True))
        head = f"define {self.linkage} {self.result} @rv.{name}({parameters}) {self.attributes} {{"
        return "\n".join([head, "start:", *body.lines, "}"]), body.called


FunctionTable = Mapping[str, Function]
