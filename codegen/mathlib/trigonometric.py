"""``sin``, ``cos`` and ``tan`` of any argument.

Up to `LIMIT` the argument is reduced by multiples of pi/2 kept in three parts (Cody and Waite), with the rounding
error carried along, so that results near zeros of the functions are as exact as others. Beyond, a function that is
not inlined (``sin_large`` ...) takes the bits of 2/pi that matter (Payne and Hanek). It stands in a conditional
block: the loop vectoriser keeps the vector code for the common case and calls it element by element.
"""

from __future__ import annotations

from collections.abc import Callable

from . import coefficients as c
from .builder import SLOW, Body, Function, FunctionTable, Value
from .floating import F64, NAN, magnitude, through_double, two_product

LIMIT = 1.0e6
TWO_OVER_PI = 0.6366197723675814
TABLE = "two_over_pi"

Finish = Callable[[Body, Value, Value, Value], Value]


def table_text() -> str:
    """The bits of 2/pi behind the point, after 64 zeros: 20 words of 64 bits."""
    words = (0, 0, *c.TWO_OVER_PI_WORDS)
    pairs = [words[i] << 32 | words[i + 1] for i in range(0, len(words), 2)]
    text = ", ".join(f"i64 {w}" for w in pairs)
    return f"@rv.{TABLE} = internal unnamed_addr constant [{len(pairs)} x i64] [{text}], align 64"


def sin_kernel(b: Body, r: Value, low: Value) -> Value:
    """``sin(r + low)`` for ``|r| <= pi/4``."""
    z = r * r
    return r + b.fma(r * z, b.polynomial(z, c.SIN_F64), b.fma(z * -0.5, low, low))


def cos_kernel(b: Body, r: Value, low: Value) -> Value:
    """``cos(r + low)`` for ``|r| <= pi/4``; ``1 - r**2/2`` is summed with its error."""
    z = r * r
    half = z * 0.5
    main = 1.0 - half
    error = (1.0 - main) - half
    return main + (error + b.fma(z * z, b.polynomial(z, c.COS_F64), -(r * low)))


def reduce(b: Body, x: Value) -> tuple[Value, Value, Value]:
    """``x = n pi/2 + r + low`` for ``|x| <= LIMIT``; gives the integer n (in the low bits), r and low."""
    first, second, third = c.HALF_PI_F64
    shifted = b.fma(x, TWO_OVER_PI, F64.shifter)
    n = shifted - F64.shifter
    upper = b.fma(n, -first, x)
    middle = b.fma(n, -second, upper)
    lost = b.fma(n, -second, upper - middle)
    r = b.fma(n, -third, middle)
    return shifted.bits(), r, b.fma(n, -third, middle - r) + lost


def finish_sin(b: Body, n: Value, r: Value, low: Value) -> Value:
    """``sin(n pi/2 + r + low)``."""
    odd = (n & 1).ne(0)
    value = b.select(odd, cos_kernel(b, r, low), sin_kernel(b, r, low))
    return (value.bits() ^ ((n & 2) << 62)).as_float()


def finish_cos(b: Body, n: Value, r: Value, low: Value) -> Value:
    """``cos(n pi/2 + r + low)``."""
    odd = (n & 1).ne(0)
    value = b.select(odd, sin_kernel(b, r, low), cos_kernel(b, r, low))
    return (value.bits() ^ (((n + 1) & 2) << 62)).as_float()


def finish_tan(b: Body, n: Value, r: Value, low: Value) -> Value:
    """``tan(n pi/2 + r + low)``."""
    odd = (n & 1).ne(0)
    sine, cosine = sin_kernel(b, r, low), cos_kernel(b, r, low)
    value = b.select(odd, cosine, sine) / b.select(odd, sine, cosine)
    return (value.bits() ^ (n << 63)).as_float()


def reduce_large(b: Body, x: Value) -> tuple[Value, Value, Value]:
    """`reduce` for ``|x| >= LIMIT``, in integers: x times the 192 bits of 2/pi that are worth 2 and less."""
    bits = x.bits()
    exponent = (bits >> 52) & 0x7FF
    exponent = b.select(exponent > 2046, 2046, exponent)  # infinity reads some words, and is put right at the end
    significand = (bits & (1 << 52) - 1) | 1 << 52
    start = exponent - (1075 - 62)
    word, shift = start >> 6, start & 63
    table = Value(b, f"@rv.{TABLE}", "ptr")
    w = [b.load("i64", table, word + i) for i in range(4)]
    window = [b.intrinsic("fshl", w[i], w[i + 1], shift) for i in range(3)]
    m = b.convert("zext", significand, "i128")
    low, middle, high = (b.convert("zext", v, "i128") * m for v in reversed(window))
    middle = middle + (low >> 64)
    high = high + (middle >> 64)
    product = (high << 64) | (middle & (1 << 64) - 1)  # in units of 2**-126 right angles
    fraction = product << 2
    negative = fraction < 0
    quadrant = b.convert("trunc", product >> 126, "i64") + b.convert("zext", negative, "i64")
    size = b.select(negative, b.constant(0, "i128") - fraction, fraction)
    zeros = b.emit("i128", f"call i128 @llvm.ctlz.i128(i128 {size.text}, i1 false)")
    size = size << b.select(zeros > 127, 127, zeros)
    upper = b.convert("uitofp", b.convert("trunc", size >> 75, "i64"), "double") * 2.0**-53
    lower = b.convert("uitofp", b.convert("trunc", (size >> 22) & (1 << 53) - 1, "i64"), "double") * 2.0**-106
    power = ((1023 - b.convert("trunc", zeros, "i64")) << 52).as_float()
    r, error = two_product(upper, b.constant(c.HALF_PI[0], "double"))
    error = b.fma(upper, c.HALF_PI[1], b.fma(lower, c.HALF_PI[0], error))
    total = r + error
    error = error - (total - r)
    flips = b.convert("sext", negative, "i64") ^ b.emit("i64", f"ashr i64 {bits.text}, 63")
    power = (power.bits() ^ (flips & (1 << 63))).as_float()
    positive = bits >= 0
    return b.select(positive, quadrant, 0 - quadrant), total * power, error * power


def _whole(name: str, finish: Finish) -> Function:
    def write(b: Body, x: Value) -> Value:
        result = b.variable(finish(b, *reduce(b, x)))
        with b.when(magnitude(x) > LIMIT, rare=True):
            result.set(b.call(f"{name}_large.f64", x))
        return b.select(x.eq(0.0), x, result.get()) if name != "cos" else result.get()

    return Function("double", ("double",), write)


def _large(finish: Finish) -> Function:
    def write(b: Body, x: Value) -> Value:
        result = finish(b, *reduce_large(b, x))
        return b.select(magnitude(x) < float("inf"), result, NAN)

    return Function("double", ("double",), write, SLOW)


_FINISH: dict[str, Finish] = {"sin": finish_sin, "cos": finish_cos, "tan": finish_tan}

FUNCTIONS: FunctionTable = (
    {f"{name}.f64": _whole(name, finish) for name, finish in _FINISH.items()}
    | {f"{name}_large.f64": _large(finish) for name, finish in _FINISH.items()}
    | through_double("sin")
    | through_double("cos")
    | through_double("tan")
)
