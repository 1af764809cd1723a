"""The two floating-point formats, and operations on their bits that no instruction does in vectors everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .builder import Body, Function, Value


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    Attributes:
        suffix: Its name in the names of functions.
        type: Its LLVM type.
        bits: The LLVM integer type of the same width.
        fraction: The number of explicit fraction bits.
        bias: The bias of the exponent.
    """

    suffix: str
    type: str
    bits: str
    fraction: int
    bias: int

    @property
    def width(self) -> int:
        """Bits of a number."""
        return 64 if self.bits == "i64" else 32

    @property
    def shifter(self) -> float:
        """1.5 * 2**fraction: adding it rounds to an integer, which then stands in the low bits."""
        return 1.5 * 2.0**self.fraction

    @property
    def sign_mask(self) -> int:
        """The sign bit."""
        return 1 << (self.width - 1)

    @property
    def smallest_normal(self) -> float:
        """The smallest number of full precision."""
        return 2.0 ** (1 - self.bias)

    def bits_of(self, value: float) -> int:
        """Returns the bit pattern of a number of this format."""
        import struct

        return int.from_bytes(struct.pack(">d" if self.width == 64 else ">f", value), "big")


F64 = Format("f64", "double", "i64", 52, 1023)
F32 = Format("f32", "float", "i32", 23, 127)

FORMATS = {"double": F64, "float": F32}

INFINITY = float("inf")
NAN = float("nan")


def format_of(x: Value) -> Format:
    """Returns the format of a value."""
    return FORMATS[x.type]


def magnitude(x: Value) -> Value:
    """Returns ``|x|``."""
    return x.body.intrinsic("fabs", x)


def with_sign_of(x: Value, sign: Value) -> Value:
    """Returns ``|x|`` with the sign of another number."""
    return x.body.intrinsic("copysign", x, sign)


def clamp(x: Value, low: float, high: float) -> Value:
    """Returns ``x`` within bounds; NaN stays NaN."""
    b = x.body
    x = b.select(x < low, low, x)
    return b.select(x > high, high, x)


def at_most(x: Value, high: float) -> Value:
    """Returns ``x`` or the bound; NaN stays NaN."""
    return x.body.select(x > high, high, x)


def two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """Returns ``a + b`` rounded, and the error of that, exactly (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def fast_two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """Returns `two_sum` for ``|a| >= |b|`` (Dekker)."""
    total = a + b
    return total, b - (total - a)


def halves(x: Value) -> tuple[Value, Value]:
    """Returns the upper half of the significand and the rest, each of half the length."""
    f = format_of(x)
    low_bits = (f.fraction + 2) // 2
    high = (x.bits() & -(1 << low_bits)).as_float()
    return high, x - high


def two_product(a: Value, b: Value) -> tuple[Value, Value]:
    """Returns ``a * b`` rounded, and the error of that, to one unit of its last place (Dekker; needs no FMA)."""
    fma = a.body.fma
    (a1, a0), (b1, b0) = halves(a), halves(b)
    product = a * b
    error = fma(a1, b1, -product)
    error = fma(a1, b0, error)
    error = fma(a0, b1, error)
    return product, fma(a0, b0, error)


def scale_by_power(x: Value, shifted: Value, offset: int = 0) -> Value:
    """Returns ``x * 2**(n + offset)`` for a power within the exponents of normal numbers.

    Args:
        x: The number.
        shifted: ``n + format.shifter``, whose low bits are n.
        offset: Added to n.
    """
    f = format_of(x)
    return x * power_of_two(shifted, offset, f)


def power_of_two(shifted: Value, offset: int, f: Format) -> Value:
    """Returns ``2**(n + offset)`` of a rounded ``n + format.shifter``: the bits above the exponent are shifted out."""
    return ((shifted.bits() << f.fraction) + ((f.bias + offset) << f.fraction)).as_float()


def scale_by_any_power(x: Value, shifted: Value) -> Value:
    """Returns ``x * 2**n`` in two steps, so that over- and underflow come out right and are rounded once."""
    f = format_of(x)
    bits = shifted.bits()
    half = bits >> 1
    rest = bits - half
    one = f.bias << f.fraction
    return x * ((half << f.fraction) + one).as_float() * ((rest << f.fraction) + one).as_float()


def per_format(
    name: str, write: Callable[..., Value], arguments: int = 1, formats: tuple[Format, ...] = (F64, F32)
) -> dict[str, Function]:
    """Entries of a table for a function that is written once for the given formats."""
    return {f"{name}.{f.suffix}": Function(f.type, (f.type,) * arguments, write) for f in formats}


def through_double(name: str, arguments: int = 1) -> dict[str, Function]:
    """Returns the f32 version of a function that is computed in f64 and rounded: exact to half a unit, at half the
    speed.
    """

    def write(b: Body, *values: Value) -> Value:
        wide = [b.convert("fpext", v, "double") for v in values]
        return b.convert("fptrunc", b.call(f"{name}.f64", *wide), "float")

    return {f"{name}.f32": Function("float", ("float",) * arguments, write)}
