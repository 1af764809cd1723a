"""Every op of `arith` against numpy and Python."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

INTS = [np.int8, np.int16, np.int32, np.int64]
rng = np.random.default_rng(1)


def edge_ints(dtype, size=200):
    info = np.iinfo(dtype)
    edges = np.array([0, 1, -1, 2, -2, 7, -7, info.max, info.min, info.max - 1, info.min + 1], dtype)
    pairs = np.array([(a, b) for a in edges for b in edges], dtype)
    random = rng.integers(info.min, info.max, (size, 2), dtype, endpoint=True)
    both = np.concatenate([pairs, random])
    return both[:, 0].copy(), both[:, 1].copy()


def divisible(a, b):
    """Leaves out what no integer division defines: by zero, and the least number by minus one."""
    keep = (b != 0) & ~((a == np.iinfo(a.dtype).min) & (b == -1))
    return a[keep], b[keep]


def unsigned(a):
    return a.view(np.dtype(f"u{a.dtype.name}"))


def type_name(dtype):
    return f"i{np.dtype(dtype).itemsize * 8}"


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("addi", lambda a, b: a + b),
        ("subi", lambda a, b: a - b),
        ("muli", lambda a, b: a * b),
        ("andi", lambda a, b: a & b),
        ("ori", lambda a, b: a | b),
        ("xori", lambda a, b: a ^ b),
        ("minsi", np.minimum),
        ("maxsi", np.maximum),
        ("minui", lambda a, b: np.minimum(unsigned(a), unsigned(b)).view(a.dtype)),
        ("maxui", lambda a, b: np.maximum(unsigned(a), unsigned(b)).view(a.dtype)),
    ],
)
def test_integer_ops_wrap_like_numpy(compiler, op, expected, dtype):
    a, b = edge_ints(dtype)
    got = compiler.elementwise(f"%r = arith.{op} %a, %b : {type_name(dtype)}", a, b, out=dtype)
    np.testing.assert_array_equal(got, expected(a, b))


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("divsi", lambda a, b: int(abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)),
        ("remsi", lambda a, b: math.fmod(a, b) if abs(a) < 2**53 > abs(b) else a - b * int_quotient(a, b)),
        ("floordivsi", lambda a, b: a // b),
        ("ceildivsi", lambda a, b: -(-a // b)),
    ],
)
def test_signed_division(compiler, op, expected, dtype):
    a, b = divisible(*edge_ints(dtype))
    got = compiler.elementwise(f"%r = arith.{op} %a, %b : {type_name(dtype)}", a, b, out=dtype)
    want = [int(expected(int(x), int(y))) for x, y in zip(a, b, strict=True)]
    assert got.tolist() == want


def int_quotient(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize(
    ("op", "expected"),
    [("divui", lambda a, b: a // b), ("remui", lambda a, b: a % b), ("ceildivui", lambda a, b: -(-a // b))],
)
def test_unsigned_division(compiler, op, expected, dtype):
    a, b = edge_ints(dtype)
    a, b = unsigned(a[b != 0]), unsigned(b[b != 0])
    got = compiler.elementwise(f"%r = arith.{op} %a, %b : {type_name(dtype)}", a, b, out=a.dtype)
    assert got.tolist() == [expected(int(x), int(y)) for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize("divisor", [0, -1])
@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize("op", ["divsi", "remsi", "floordivsi", "ceildivsi", "divui", "remui", "ceildivui"])
def test_divisions_that_machines_refuse_give_what_numpy_gives(compiler, op, dtype, divisor):
    a = np.array([5, -5, 0, np.iinfo(dtype).min, np.iinfo(dtype).max], dtype)
    b = np.full_like(a, divisor)
    if op.endswith("ui"):
        a, b = unsigned(a), unsigned(b)
    with np.errstate(all="ignore"):
        want = np.remainder(a, b) if op.startswith("rem") else np.floor_divide(a, b)
    if op == "ceildivui" and divisor:
        want = (a != 0).astype(a.dtype)
    constant = f"%k = arith.constant {divisor} : {type_name(dtype)}\n"
    for body in (f"%r = arith.{op} %a, %b", f"{constant} %r = arith.{op} %a, %k"):
        got = compiler.elementwise(f"{body} : {type_name(dtype)}", a, b, out=a.dtype)
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize("op", ["shli", "shrui", "shrsi"])
def test_shifts(compiler, op, dtype):
    a, _ = edge_ints(dtype)
    bits = np.dtype(dtype).itemsize * 8
    b = rng.integers(0, bits, a.size).astype(dtype)
    got = compiler.elementwise(f"%r = arith.{op} %a, %b : i{bits}", a, b, out=dtype)
    left, right = {"shli": (unsigned(a), unsigned(b)), "shrui": (unsigned(a), unsigned(b)), "shrsi": (a, b)}[op]
    want = left << right if op == "shli" else left >> right
    np.testing.assert_array_equal(got, want.view(dtype))


@pytest.mark.parametrize(
    ("predicate", "function"),
    [
        ("eq", np.equal),
        ("ne", np.not_equal),
        ("slt", np.less),
        ("sle", np.less_equal),
        ("sgt", np.greater),
        ("sge", np.greater_equal),
        ("ult", lambda a, b: unsigned(a) < unsigned(b)),
        ("ule", lambda a, b: unsigned(a) <= unsigned(b)),
        ("ugt", lambda a, b: unsigned(a) > unsigned(b)),
        ("uge", lambda a, b: unsigned(a) >= unsigned(b)),
    ],
)
def test_cmpi(compiler, predicate, function):
    a, b = edge_ints(np.int64)
    got = compiler.elementwise(f"%r = arith.cmpi {predicate}, %a, %b : i64", a, b, out=bool)
    np.testing.assert_array_equal(got, function(a, b))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("half", ["low", "high"])
def test_extended_multiplication(compiler, signed, half):
    a, b = edge_ints(np.int64)
    op = "mulsi_extended" if signed else "mului_extended"
    names = ("%r", "%other") if half == "low" else ("%other", "%r")
    got = compiler.elementwise(f"{names[0]}, {names[1]} = arith.{op} %a, %b : i64", a, b, out=np.uint64)
    x, y = (a, b) if signed else (unsigned(a), unsigned(b))
    shift = 0 if half == "low" else 64
    assert got.tolist() == [(int(p) * int(q) >> shift) & (2**64 - 1) for p, q in zip(x, y, strict=True)]


def test_extended_addition(compiler):
    a, b = map(unsigned, edge_ints(np.int32))
    body = "%s, %r = arith.addui_extended %a, %b : i32, i1"
    got = compiler.elementwise(body, a, b, out=bool)
    assert got.tolist() == [int(x) + int(y) >= 2**32 for x, y in zip(a, b, strict=True)]
    body = "%r, %s = arith.addui_extended %a, %b : i32, i1"
    np.testing.assert_array_equal(compiler.elementwise(body, a, b, out=np.uint32), a + b)


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.1, -2.5, 1e300, -1e-310, 5e-324, math.inf, -math.inf, math.nan]


def float_pairs(dtype=np.float64):
    with np.errstate(over="ignore"):
        pairs = np.array([(a, b) for a in SPECIAL for b in SPECIAL], np.float64).astype(dtype)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def same_floats(got, want):
    """Bitwise, but all NaNs are one."""
    np.testing.assert_array_equal(got, want)
    numbers = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(want[numbers]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("op", "function"), [("addf", np.add), ("subf", np.subtract), ("mulf", np.multiply), ("divf", np.divide)]
)
def test_float_arithmetic_is_ieee(compiler, op, function, dtype):
    a, b = float_pairs(dtype)
    type_ = "f64" if dtype == np.float64 else "f32"
    with np.errstate(all="ignore"):
        want = function(a, b)
    same_floats(compiler.elementwise(f"%r = arith.{op} %a, %b : {type_}", a, b, out=dtype), want)


def test_negf(compiler):
    a = np.array(SPECIAL)
    same_floats(compiler.elementwise("%r = arith.negf %a : f64", a, out=np.float64), -a)


def test_minimum_and_maximum_of_floats(compiler):
    a, b = float_pairs()
    for op, function in (("minimumf", np.minimum), ("maximumf", np.maximum)):
        got = compiler.elementwise(f"%r = arith.{op} %a, %b : f64", a, b, out=np.float64)
        np.testing.assert_array_equal(got, function(a, b))
        zeros = (a == 0) & (b == 0)
        negative = np.signbit(a) | np.signbit(b) if op == "minimumf" else np.signbit(a) & np.signbit(b)
        np.testing.assert_array_equal(np.signbit(got[zeros]), negative[zeros])
    for op, function in (("minnumf", np.fmin), ("maxnumf", np.fmax)):
        got = compiler.elementwise(f"%r = arith.{op} %a, %b : f64", a, b, out=np.float64)
        np.testing.assert_array_equal(got, function(a, b))


UNORDERED = {
    "oeq": (np.equal, False),
    "ogt": (np.greater, False),
    "oge": (np.greater_equal, False),
    "olt": (np.less, False),
    "ole": (np.less_equal, False),
    "one": (np.not_equal, False),
    "ueq": (np.equal, True),
    "ugt": (np.greater, True),
    "uge": (np.greater_equal, True),
    "ult": (np.less, True),
    "ule": (np.less_equal, True),
    "une": (np.not_equal, True),
    "ord": (lambda a, b: np.ones(a.shape, bool), False),
    "uno": (lambda a, b: np.zeros(a.shape, bool), True),
}


@pytest.mark.parametrize("predicate", UNORDERED)
def test_cmpf(compiler, predicate):
    a, b = float_pairs()
    function, with_nan = UNORDERED[predicate]
    want = np.where(np.isnan(a) | np.isnan(b), with_nan, function(a, b))
    np.testing.assert_array_equal(
        compiler.elementwise(f"%r = arith.cmpf {predicate}, %a, %b : f64", a, b, out=bool), want
    )


@pytest.mark.parametrize(("predicate", "value"), [("true", True), ("false", False)])
def test_cmpf_constant_predicates(compiler, predicate, value):
    a, b = float_pairs()
    got = compiler.elementwise(f"%r = arith.cmpf {predicate}, %a, %b : f64", a, b, out=bool)
    assert (got == value).all()


def test_select(compiler):
    condition = rng.random(100) < 0.5
    a, b = rng.random(100), rng.random(100)
    got = compiler.elementwise("%r = arith.select %a, %b, %c : f64", condition, a, b, out=np.float64)
    np.testing.assert_array_equal(got, np.where(condition, a, b))


@pytest.mark.parametrize(
    ("op", "source", "target"),
    [
        ("extsi", np.int8, np.int64),
        ("extsi", np.int32, np.int64),
        ("extui", np.uint8, np.uint64),
        ("extui", np.uint32, np.uint64),
        ("trunci", np.int64, np.int32),
        ("trunci", np.int64, np.int8),
        ("sitofp", np.int64, np.float64),
        ("sitofp", np.int32, np.float32),
        ("uitofp", np.uint64, np.float64),
        ("uitofp", np.uint8, np.float32),
    ],
)
def test_integer_casts(compiler, op, source, target):
    signed = np.dtype(source.__name__.removeprefix("u"))
    a = edge_ints(signed)[0].view(source)
    names = {np.float64: "f64", np.float32: "f32"}
    target_name = names.get(target, type_name(target))
    got = compiler.elementwise(f"%r = arith.{op} %a : {type_name(source)} to {target_name}", a, out=target)
    np.testing.assert_array_equal(got, a.astype(target))


def test_bool_casts(compiler):
    a = np.array([True, False, True])
    assert compiler.elementwise("%r = arith.extui %a : i1 to i64", a, out=np.int64).tolist() == [1, 0, 1]
    assert compiler.elementwise("%r = arith.extsi %a : i1 to i64", a, out=np.int64).tolist() == [-1, 0, -1]
    assert compiler.elementwise("%r = arith.uitofp %a : i1 to f64", a, out=np.float64).tolist() == [1.0, 0.0, 1.0]
    odd = np.array([3, 4, -1])
    assert compiler.elementwise("%r = arith.trunci %a : i64 to i1", odd, out=bool).tolist() == [True, False, True]


def test_bytes_other_than_one_are_true(compiler):
    a = np.array([0, 1, 2, 255], np.uint8)
    got = compiler.elementwise("%r = arith.extui %a : i1 to i64", a, out=np.int64, types=["i1", "i64"])
    assert got.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize("other", [np.int8, np.int32, np.int64])
def test_index_casts(compiler, other):
    a = edge_ints(other)[0]
    name = type_name(other)
    got = compiler.elementwise(f"%r = arith.index_cast %a : {name} to index", a, out=np.int64, types=[name, "index"])
    np.testing.assert_array_equal(got, a.astype(np.int64))
    wide = edge_ints(np.int64)[0]
    got = compiler.elementwise(f"%r = arith.index_cast %a : index to {name}", wide, out=other, types=["index", name])
    np.testing.assert_array_equal(got, wide.astype(other))


def test_float_casts(compiler):
    a = np.array(SPECIAL)
    with np.errstate(all="ignore"):
        narrow = a.astype(np.float32)
    same_floats(compiler.elementwise("%r = arith.truncf %a : f64 to f32", a, out=np.float32), narrow)
    same_floats(
        compiler.elementwise("%r = arith.extf %a : f32 to f64", narrow, out=np.float64), narrow.astype(np.float64)
    )


def test_float_to_integer_rounds_towards_zero(compiler):
    a = np.array([0.0, 0.9, -0.9, 1.5, -1.5, 2.0**62, -(2.0**63), 123456.789])
    got = compiler.elementwise("%r = arith.fptosi %a : f64 to i64", a, out=np.int64)
    assert got.tolist() == [int(x) for x in a]
    a = np.array([0.0, 0.9, 2.0**63, 2.0**64 - 2**11, 1e10])
    got = compiler.elementwise("%r = arith.fptoui %a : f64 to i64", a, out=np.uint64)
    assert got.tolist() == [int(x) for x in a]


def test_bitcasts(compiler):
    a = np.array(SPECIAL)
    got = compiler.elementwise("%r = arith.bitcast %a : f64 to i64", a, out=np.int64)
    np.testing.assert_array_equal(got, a.view(np.int64))
    back = compiler.elementwise("%r = arith.bitcast %a : i64 to f64", got, out=np.float64)
    np.testing.assert_array_equal(back.view(np.int64), got)


@pytest.mark.parametrize(
    ("text", "type_", "dtype", "value"),
    [
        ("-1", "i8", np.int8, -1),
        ("9223372036854775807", "i64", np.int64, 2**63 - 1),
        ("-9223372036854775808", "i64", np.int64, -(2**63)),
        ("true", "i1", bool, True),
        ("false", "i1", bool, False),
        ("0.1", "f64", np.float64, 0.1),
        ("-0.0", "f64", np.float64, -0.0),
        ("0x7FF0000000000000", "f64", np.float64, math.inf),
        ("0xFFF0000000000000", "f64", np.float64, -math.inf),
        ("0x7FF8000000000000", "f64", np.float64, math.nan),
        ("5.0e-324", "f64", np.float64, 5e-324),
        ("0.1", "f32", np.float32, np.float32(0.1)),
        ("1.0e-45", "f32", np.float32, np.float32(1e-45)),
        ("0x7F800000", "f32", np.float32, np.float32(np.inf)),
        ("1.5", "f16", np.float16, np.float16(1.5)),
    ],
)
def test_constants(compiler, text, type_, dtype, value):
    suffix = "" if type_ == "i1" else f" : {type_}"
    got = compiler.elementwise(f"%r = arith.constant {text}{suffix}", np.zeros(3, np.int64), out=dtype)
    want = np.full(3, value, dtype)
    np.testing.assert_array_equal(got.view(np.uint8), want.view(np.uint8))


def test_bfloat_constants_are_rounded_to_nearest_even():
    from xdsl.dialects.builtin import BFloat16Type, FloatAttr

    from ranvier.codegen.llvm.types import constant

    # 1 + 2^-8 lies half-way between 1 and the next bfloat16; the even one of the two is 1.
    values = [1.0, -2.0, 1.0 + 2.0**-8, 1.0 + 2.0**-8 + 2.0**-20, math.inf]
    texts = [constant(FloatAttr(value, BFloat16Type())) for value in values]
    assert texts == ["0xR3F80", "0xRC000", "0xR3F80", "0xR3F81", "0xR7F80"]


def test_overflow_and_fastmath_flags_are_kept(compiler):
    from ranvier.codegen.llvm.emitter import emit_module
    from ranvier.codegen.options import CodegenOptions

    module = compiler.parse("""
    func.func @run(%x: f64, %n: i64) -> i64 {
      %a = arith.addi %n, %n overflow<nsw, nuw> : i64
      %b = arith.mulf %x, %x fastmath<nnan,ninf> : f64
      %c = arith.addf %x, %x fastmath<fast> : f64
      %d = arith.cmpf olt, %b, %c fastmath<nnan> : f64
      func.return %a : i64
    }""")
    text = emit_module(module, options=CodegenOptions(fast_math="off"))
    assert "add nuw nsw i64" in text
    assert "fmul ninf nnan double" in text
    assert "fadd fast double" in text
    assert "fcmp nnan olt double" in text
    assert "fmul contract ninf nnan double" in emit_module(module)
    assert "fmul afn arcp contract ninf nnan nsz reassoc double" in emit_module(
        module, options=CodegenOptions(fast_math="fast")
    )


def test_contraction_is_the_users_choice(compiler):
    from ranvier.codegen.options import CodegenOptions
    from ranvier.codegen.target import host

    if not host().has_fma:
        pytest.skip("this processor has no fused multiply-add")
    a, b = rng.random(256) + 1, rng.random(256)
    c = -a * b
    body = "%p = arith.mulf %a, %b : f64\n %r = arith.addf %p, %c : f64"
    exact = compiler.elementwise(body, a, b, c, out=np.float64, options=CodegenOptions(fast_math="off"))
    np.testing.assert_array_equal(exact, np.zeros(256))
    fused = compiler.elementwise(body, a, b, c, out=np.float64)
    assert (fused != 0).mean() > 0.5 and abs(fused).max() < 1e-15


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 3), min_size=1, max_size=40))
def test_integer_expressions(compiler, triples):
    a, b, c = (np.array(column, np.int64) for column in zip(*triples, strict=True))
    body = """%s = arith.addi %a, %b : i64
    %m = arith.muli %s, %c : i64
    %x = arith.xori %m, %a : i64
    %q = arith.cmpi slt, %x, %b : i64
    %y = arith.subi %x, %c : i64
    %r = arith.select %q, %x, %y : i64"""
    got = compiler.elementwise(body, a, b, c, out=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        x = ((a + b) * c) ^ a
        np.testing.assert_array_equal(got, np.where(x < b, x, x - c))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 2), min_size=1, max_size=40))
def test_floor_division_and_remainder_fit_together(compiler, pairs):
    pairs = [(a, b or 1) for a, b in pairs]
    a, b = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    body = """%q = arith.floordivsi %a, %b : i64
    %p = arith.muli %q, %b : i64
    %r = arith.subi %a, %p : i64"""
    np.testing.assert_array_equal(compiler.elementwise(body, a, b, out=np.int64), a % b)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.floats(width=64)] * 3), min_size=1, max_size=40))
def test_float_expressions_are_ieee_without_contraction(compiler, triples):
    from ranvier.codegen.options import CodegenOptions

    a, b, c = (np.array(column) for column in zip(*triples, strict=True))
    body = """%p = arith.mulf %a, %b : f64
    %s = arith.addf %p, %c : f64
    %d = arith.divf %s, %a : f64
    %g = arith.negf %d : f64
    %q = arith.cmpf ult, %g, %b : f64
    %r = arith.select %q, %g, %s : f64"""
    got = compiler.elementwise(body, a, b, c, out=np.float64, options=CodegenOptions(fast_math="off"))
    with np.errstate(all="ignore"):
        s = a * b + c
        n = -(s / a)
        want = np.where(~(n >= b), n, s)
    same_floats(got, want)
