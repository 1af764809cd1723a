"""Every op of `math` against numpy; how exact the library's functions are is tested with the library."""

import math

import numpy as np
import pytest
from xdsl.dialects.builtin import IntegerType, i1, i32, i64
from xdsl.dialects.math import Math
from xdsl.ir import Block

from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.llvm.math import OPS

rng = np.random.default_rng(2)
ANY = np.concatenate([rng.normal(0, 3, 200), [0.0, -0.0, 1.0, -1.0, 0.5, 20.0, -20.0]])
POSITIVE = np.abs(ANY) + 1e-3
UNIT = rng.uniform(-1, 1, 200)

LIBRARY = [
    ("exp", np.exp, ANY),
    ("exp2", np.exp2, ANY),
    ("expm1", np.expm1, ANY),
    ("log", np.log, POSITIVE),
    ("log2", np.log2, POSITIVE),
    ("log10", np.log10, POSITIVE),
    ("log1p", np.log1p, POSITIVE),
    ("sin", np.sin, ANY),
    ("cos", np.cos, ANY),
    ("tan", np.tan, ANY),
    ("asin", np.arcsin, UNIT),
    ("acos", np.arccos, UNIT),
    ("atan", np.arctan, ANY),
    ("sinh", np.sinh, ANY),
    ("cosh", np.cosh, ANY),
    ("tanh", np.tanh, ANY),
    ("asinh", np.arcsinh, ANY),
    ("acosh", np.arccosh, POSITIVE + 1),
    ("atanh", np.arctanh, UNIT),
    ("cbrt", np.cbrt, ANY),
    ("erf", np.vectorize(math.erf), ANY),
    ("rsqrt", lambda x: 1 / np.sqrt(x), POSITIVE),
]


@pytest.mark.parametrize(("op", "function", "values"), LIBRARY, ids=[case[0] for case in LIBRARY])
def test_functions(compiler, op, function, values):
    got = compiler.elementwise(f"%r = math.{op} %a : f64", values, out=np.float64)
    np.testing.assert_allclose(got, function(values), rtol=2e-15, atol=1e-300)


def test_functions_of_single_precision(compiler):
    single = ANY.astype(np.float32)
    got = compiler.elementwise("%r = math.exp %a : f32", single, out=np.float32)
    np.testing.assert_allclose(got, np.exp(single.astype(float)), rtol=3e-7)


EXACT = [
    ("sqrt", np.sqrt, POSITIVE),
    ("floor", np.floor, ANY),
    ("ceil", np.ceil, ANY),
    ("trunc", np.trunc, ANY),
    ("absf", np.abs, ANY),
    ("roundeven", np.round, np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.4999999999999999, 3.2])),
    ("round", None, np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 3.2, 2.0**52 + 1])),
]


@pytest.mark.parametrize(("op", "function", "values"), EXACT, ids=[case[0] for case in EXACT])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exact_functions(compiler, op, function, values, dtype):
    values = values.astype(dtype)
    function = function or (lambda x: np.copysign(np.where(abs(x) < 2.0**22, away_from_zero(abs(x)), abs(x)), x))
    type_ = "f64" if dtype == np.float64 else "f32"
    got = compiler.elementwise(f"%r = math.{op} %a : {type_}", values, out=dtype)
    np.testing.assert_array_equal(got.view(np.uint8), function(values).astype(dtype).view(np.uint8))


def away_from_zero(x):
    whole = np.trunc(x)
    return np.where(x - whole >= 0.5, whole + 1, whole)


def test_powf(compiler):
    a, b = POSITIVE, ANY
    got = compiler.elementwise("%r = math.powf %a, %b : f64", a, b, out=np.float64)
    np.testing.assert_allclose(got, a**b, rtol=4e-15)


@pytest.mark.parametrize("power", [0, 1, 2, 3, 7, 64, -1, -2, -5])
def test_constant_integer_powers(compiler, power):
    values = np.concatenate([UNIT * 3, [0.0, -2.0]]) if power >= 0 else POSITIVE
    body = f"%k = arith.constant {power} : i32\n %r = math.fpowi %a, %k : f64, i32"
    got = compiler.elementwise(body, values, out=np.float64)
    np.testing.assert_allclose(got, values**power, rtol=2e-14)


def test_integer_powers(compiler):
    base = np.array([-2.0, -2.0, 3.0, 10.0, 0.5, 0.0, -1.0, 1.5])
    power = np.array([3, -3, 5, -2, 60, 0, 2**30 + 1, -70], np.int32)
    got = compiler.elementwise("%r = math.fpowi %a, %b : f64, i32", base, power, out=np.float64)
    np.testing.assert_allclose(got, base**power, rtol=4e-15)
    huge = "%k = arith.constant 1000 : i32\n %r = math.fpowi %a, %k : f64, i32"
    got = compiler.elementwise(huge, np.array([1.001, -1.001]), out=np.float64)
    np.testing.assert_allclose(got, [1.001**1000] * 2, rtol=4e-15)


def test_two_and_three_operands(compiler):
    a, b, c = rng.normal(size=(3, 200))
    got = compiler.elementwise("%r = math.copysign %a, %b : f64", a, b, out=np.float64)
    np.testing.assert_array_equal(got, np.copysign(a, b))
    got = compiler.elementwise("%r = math.fma %a, %b, %c : f64", a, b, c, out=np.float64)
    np.testing.assert_allclose(got, a * b + c, rtol=1e-12)


def test_fma_rounds_once(compiler):
    from ranvier.codegen.target import host

    if not host().has_fma:
        pytest.skip("this processor has no fused multiply-add")
    a = np.array([1 + 2.0**-30])
    got = compiler.elementwise("%g = arith.negf %b : f64\n %r = math.fma %a, %a, %g : f64", a, a * a, out=np.float64)
    assert got[0] == 2.0**-60


def test_integer_functions(compiler):
    values = np.array([0, 1, -1, 5, 2**40, -(2**63), 2**63 - 1])
    bits = [int(v) & (2**64 - 1) for v in values]
    for op, want in {
        "ctpop": [b.bit_count() for b in bits],
        "ctlz": [64 - b.bit_length() for b in bits],
        "cttz": [(b & -b).bit_length() - 1 if b else 64 for b in bits],
        "absi": [abs(int(v)) if v != -(2**63) else -(2**63) for v in values],
    }.items():
        assert compiler.elementwise(f"%r = math.{op} %a : i64", values, out=np.int64).tolist() == want


def test_functions_keep_infinities_and_nan(compiler):
    values = np.array([math.inf, -math.inf, math.nan])
    got = compiler.elementwise("%r = math.exp %a : f64", values, out=np.float64)
    np.testing.assert_array_equal(got, [math.inf, 0.0, math.nan])


def test_every_op_of_the_dialect_is_translated():
    assert {op.name for op in Math.operations} <= OPS.keys()


def test_loops_of_functions_are_vectorised(compiler):
    from ranvier.codegen.compile import compile_text

    text = """
    func.func @run(%n: index, %x: memref<?xf64> {llvm.noalias, llvm.align = 64 : i64}) -> i64 {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %done = arith.constant 0 : i64
      scf.for %i = %zero to %n step %one {
        %v = memref.load %x[%i] : memref<?xf64>
        %e = math.exp %v : f64
        %t = math.tanh %e : f64
        memref.store %t, %x[%i] : memref<?xf64>
      }
      func.return %done : i64
    }"""
    compilation = compile_text(emit_module(compiler.parse(text)))
    optimised = compilation.as_llvm(optimised=True)
    assert " x double>" in optimised
    assert "call double @rv." not in optimised


def test_angles_of_points(compiler):
    y, x = np.meshgrid(ANY[::9], ANY[::7])
    got = compiler.elementwise("%r = math.atan2 %a, %b : f64", y.ravel(), x.ravel(), out=np.float64)
    np.testing.assert_allclose(got, np.arctan2(y, x).ravel(), rtol=2e-15)


INTEGER_OPS = {
    "math.ctlz": 1, "math.cttz": 1, "math.ctpop": 1, "math.ipowi": 2, "arith.addui_extended": 2,
    "arith.mului_extended": 2, "arith.mulsi_extended": 2,
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8", "bool"])
@pytest.mark.parametrize("name", list(INTEGER_OPS))
def test_ops_of_integers_do_what_the_interpreter_says(compiler, name, dtype):
    from ranvier.ir.dialect import new_context
    from ranvier.ir.interpret_arith import evaluate

    type_ = {"int64": "i64", "int32": "i32", "int8": "i8", "bool": "i1"}[dtype]
    some = [0, 1, -1, 2, -2, 3, 7, -8, 63, 100, np.iinfo("int64").min, np.iinfo("int64").max]
    numbers = np.array(some).astype(dtype)
    arrays = [grid.ravel() for grid in np.meshgrid(numbers, numbers)][: INTEGER_OPS[name]]
    operands, types = ", ".join(["%a", "%b"][: len(arrays)]), ", ".join([type_] * len(arrays))
    results = [("%r", type_)]
    if "extended" in name:
        results = [("%r", type_), ("%q", "i1" if "addui" in name else type_)]
    text = (
        f'{", ".join(r for r, _ in results)} = "{name}"({operands}) : ({types}) -> ({", ".join(t for _, t in results)})'
    )
    op = (
        new_context()
        .get_op(name)
        .create(
            operands=Block(arg_types=[TYPES[type_]] * len(arrays)).args, result_types=[TYPES[t] for _, t in results]
        )
    )
    for (result, kind), expected in zip(results, evaluate(op, arrays), strict=True):
        body = text.replace("%r", "%other").replace("%q", "%r") if result == "%q" else text
        got = compiler.elementwise(body, *arrays, out=np.dtype(DTYPES[kind]))
        np.testing.assert_array_equal(got, expected)


TYPES = {"i1": i1, "i8": IntegerType(8), "i32": i32, "i64": i64}
DTYPES = {"i1": "bool", "i8": "int8", "i32": "int32", "i64": "int64"}
