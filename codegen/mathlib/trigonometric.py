"""``sin``, ``cos`` and ``tan`` of any argument.

Up to `LIMIT` the argument is reduced by multiples of pi/2 kept in four parts (Cody and Waite), with the rounding
error carried along, so that results near zeros of the functions are as exact as others. Beyond, a function that is
not inlined (``sin_huge`` ...) takes the bits of 2/pi that matter (Payne and Hanek). It stands in a conditional
block: the loop vectoriser keeps the vector code for the common case, and calls ``sin_large`` of its width, which tests
all elements at once. That call costs about as much as the rest: ``sin_near`` ... leave it out, for arguments known to
be within the limit (beyond, their results are wrong).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranvier.ir.slots import ALIGNMENT

from . import coefficients as c
from .builder import CALLED, SLOW, Body, Function, FunctionTable, Value
from .floating import F32, F64, INFINITY, NAN, magnitude, per_format, two_product

LIMIT = 1.0e6
TWO_OVER_PI = 0.6366197723675814
ONE_OVER_PI = 0.3183098861837907
TABLE = "two_over_pi"

LANES = (2, 4, 8)
"""Numbers of f64 in the vectors of processors."""

Finish = Callable[[Body, Value, Value, Value], Value]


def table_text() -> str:
    """Returns the bits of 2/pi behind the point, after 64 zeros: 20 words of 64 bits."""
    words = (0, 0, *c.TWO_OVER_PI_WORDS)
    pairs = [words[i] << 32 | words[i + 1] for i in range(0, len(words), 2)]
    text = ", ".join(f"i64 {w}" for w in pairs)
    return f"@rv.{TABLE} = internal unnamed_addr constant [{len(pairs)} x i64] [{text}], align {ALIGNMENT}"


def sin_kernel(b: Body, r: Value, low: Value) -> Value:
    """Returns ``sin(r + low)`` for ``|r| <= pi/4``."""
    z = r * r
    return r + b.fma(r * z, b.polynomial(z, c.SIN_F64), b.fma(z * -0.5, low, low))


def cos_kernel(b: Body, r: Value, low: Value) -> Value:
    """Returns ``cos(r + low)`` for ``|r| <= pi/4``; ``1 - r**2/2`` is summed with its error."""
    z = r * r
    half = z * 0.5
    main = 1.0 - half
    error = (1.0 - main) - half
    return main + (error + b.fma(z * z, b.polynomial(z, c.COS_F64), -(r * low)))


def reduce(b: Body, x: Value) -> tuple[Value, Value, Value]:
    """Returns ``x = n pi/2 + r + low`` for ``|x| <= LIMIT``; gives the integer n (in the low bits), r and low."""
    shifted = b.fma(x, TWO_OVER_PI, F64.shifter)
    r, low = subtract_multiple(b, x, shifted - F64.shifter, c.HALF_PI_F64)
    return shifted.bits(), r, low


def subtract_multiple(b: Body, x: Value, n: Value, parts: Sequence[float]) -> tuple[Value, Value]:
    """Returns ``x - n * sum(parts)`` in two numbers; products of n and all parts but the last are exact."""
    first, second, third, fourth = parts
    upper = b.fma(n, -first, x)
    middle = b.fma(n, -second, upper)
    lost = b.fma(n, -second, upper - middle)
    r = b.fma(n, -third, middle)
    return r, b.fma(n, -fourth, b.fma(n, -third, middle - r) + lost)


def finish_sin(b: Body, n: Value, r: Value, low: Value) -> Value:
    """Returns ``sin(n pi/2 + r + low)``."""
    odd = (n & 1).ne(0)
    value = b.select(odd, cos_kernel(b, r, low), sin_kernel(b, r, low))
    return (value.bits() ^ ((n & 2) << 62)).as_float()


def finish_cos(b: Body, n: Value, r: Value, low: Value) -> Value:
    """Returns ``cos(n pi/2 + r + low)``."""
    odd = (n & 1).ne(0)
    value = b.select(odd, sin_kernel(b, r, low), cos_kernel(b, r, low))
    return (value.bits() ^ (((n + 1) & 2) << 62)).as_float()


def finish_tan(b: Body, n: Value, r: Value, low: Value) -> Value:
    """Returns ``tan(n pi/2 + r + low)``."""
    odd = (n & 1).ne(0)
    sine, cosine = sin_kernel(b, r, low), cos_kernel(b, r, low)
    value = b.select(odd, cosine, sine) / b.select(odd, sine, cosine)
    return (value.bits() ^ (n << 63)).as_float()


def reduce_large(b: Body, x: Value) -> tuple[Value, Value, Value]:
    """Returns `reduce` for ``|x| >= LIMIT``, in integers: x times the 192 bits of 2/pi that are worth 2 and less."""
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


def sin_near(b: Body, x: Value) -> Value:
    """Returns `sin` for ``|x| <= LIMIT``: ``x = n pi + r``, and one polynomial for ``|r| <= pi/2``."""
    shifted = b.fma(x, ONE_OVER_PI, F64.shifter)
    return _alternating(b, x, shifted, shifted - F64.shifter, c.SIN_HALF_TURN_F64)


def cos_near(b: Body, x: Value) -> Value:
    """Returns `cos` for ``|x| <= LIMIT``: ``x = (n - 1/2) pi + r``, and the polynomial of the sine."""
    shifted = b.fma(x, ONE_OVER_PI, 0.5) + F64.shifter
    return _alternating(b, x, shifted, (shifted - F64.shifter) - 0.5, c.SIN_HALF_TURN_F64)


def _alternating(b: Body, x: Value, shifted: Value, turns: Value, coefficients: Sequence[float]) -> Value:
    """Returns ``sin(x - turns pi)``, negated for an odd number in the low bits of ``shifted``."""
    r, low = subtract_multiple(b, x, turns, c.PI_F64)
    z = r * r
    value = r + b.fma(r * z, b.polynomial(z, coefficients), b.fma(z * -0.5, low, low))
    return (value.bits() ^ (shifted.bits() << 63)).as_float()


def tan_near(b: Body, x: Value) -> Value:
    """Returns `tan` for ``|x| <= LIMIT``."""
    return finish_tan(b, *reduce(b, x))


def _sin_single(b: Body, x: Value) -> Value:
    shifted = b.fma(x, ONE_OVER_PI, F64.shifter)
    return _alternating(b, x, shifted, shifted - F64.shifter, c.SIN_HALF_TURN_SHORT_F64)


def _cos_single(b: Body, x: Value) -> Value:
    shifted = b.fma(x, ONE_OVER_PI, 0.5) + F64.shifter
    return _alternating(b, x, shifted, (shifted - F64.shifter) - 0.5, c.SIN_HALF_TURN_SHORT_F64)


def _anywhere(name: str, near: Callable[[Body, Value], Value]) -> Callable[[Body, Value], Value]:
    """Returns the function of any argument; of an f32, computed in f64."""

    def write(b: Body, x: Value) -> Value:
        wide = x if x.type == "double" else b.convert("fpext", x, "double")
        result = b.variable(near(b, wide))
        with b.when(magnitude(wide) > LIMIT, rare=True):
            # The vectoriser takes a conditional call if it knows of a masked vector form.
            forms = [f"_ZGV_LLVM_M{lanes}v_rv.{name}_huge.f64(rv.{name}_large.v{lanes})" for lanes in LANES]
            variants = f'"vector-function-abi-variant"="{",".join(forms)}"'
            result.set(b.call(f"{name}_huge.f64", wide, attributes=variants))
            b.needs(f"{name}_large.v{lanes}" for lanes in LANES)
        value = result.get() if x.type == "double" else b.convert("fptrunc", result.get(), "float")
        return value if name == "cos" else b.select(x.eq(0.0), x, value)

    return write


def _near(name: str, near: Callable[[Body, Value], Value]) -> Callable[[Body, Value], Value]:
    """Returns the function of arguments up to `LIMIT`; of an f32, computed in f64."""

    def write(b: Body, x: Value) -> Value:
        wide = x if x.type == "double" else b.convert("fpext", x, "double")
        value = near(b, wide)
        value = value if x.type == "double" else b.convert("fptrunc", value, "float")
        return value if name == "cos" else b.select(x.eq(0.0), x, value)

    return write


def _huge(finish: Finish) -> Function:
    """Returns the function of an argument beyond `LIMIT`."""

    def write(b: Body, x: Value) -> Value:
        result = finish(b, *reduce_large(b, x))
        return b.select(magnitude(x) < INFINITY, result, NAN)

    return Function("double", ("double",), write, SLOW)


def _large_vector(name: str, lanes: int) -> Function:
    """Returns the masked vector form, which a loop of that vector width calls: a test, where no element is large.

    One call for a vector, and no block of its own: where the vectoriser found no form of its width, it wrote a test
    and a block for each element, and LLVM's time for a sum of sines grew with the square of their number.
    """
    vector, mask_type = f"<{lanes} x double>", f"<{lanes} x i1>"

    def write(b: Body, x: Value, mask: Value) -> Value:
        result = b.variable(x)
        bits = b.emit(f"i{lanes}", f"bitcast {mask_type} {mask.text} to i{lanes}")
        with b.when(bits.ne(0), rare=True):
            result.set(b.call(f"{name}_lanes.v{lanes}", x, mask))
        return result.get()

    # Not internal: its type and calling convention must stay as the vectoriser expects them. Not discardable either:
    # nothing calls it before.
    return Function(vector, (vector, mask_type), write, CALLED, "weak_odr hidden")


def _large_lanes(name: str, lanes: int) -> Function:
    """Returns the masked vector form that looks at each lane."""
    vector, mask_type = f"<{lanes} x double>", f"<{lanes} x i1>"

    def write(b: Body, x: Value, mask: Value) -> Value:
        result = b.variable(x)
        for lane in range(lanes):
            wanted = b.emit("i1", f"extractelement {mask_type} {mask.text}, i64 {lane}")
            with b.when(wanted):
                element = b.call(f"{name}_huge.f64", b.emit("double", f"extractelement {vector} {x.text}, i64 {lane}"))
                old = result.get()
                text = f"insertelement {vector} {old.text}, double {element.text}, i64 {lane}"
                result.set(b.emit(vector, text))
        return result.get()

    return Function(vector, (vector, mask_type), write, SLOW)


_FINISH: dict[str, Finish] = {"sin": finish_sin, "cos": finish_cos, "tan": finish_tan}

FUNCTIONS: FunctionTable = (
    per_format("sin", _anywhere("sin", sin_near), formats=(F64,))
    | per_format("cos", _anywhere("cos", cos_near), formats=(F64,))
    | per_format("tan", _anywhere("tan", tan_near))
    | per_format("sin", _anywhere("sin", _sin_single), formats=(F32,))
    | per_format("cos", _anywhere("cos", _cos_single), formats=(F32,))
    | per_format("sin_near", _near("sin", sin_near), formats=(F64,))
    | per_format("cos_near", _near("cos", cos_near), formats=(F64,))
    | per_format("tan_near", _near("tan", tan_near))
    | per_format("sin_near", _near("sin", _sin_single), formats=(F32,))
    | per_format("cos_near", _near("cos", _cos_single), formats=(F32,))
    | {f"{name}_huge.f64": _huge(finish) for name, finish in _FINISH.items()}
    | {f"{name}_large.v{lanes}": _large_vector(name, lanes) for name in _FINISH for lanes in LANES}
    | {f"{name}_lanes.v{lanes}": _large_lanes(name, lanes) for name in _FINISH for lanes in LANES}
)
