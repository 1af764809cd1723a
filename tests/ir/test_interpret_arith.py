"""The interpreter's arithmetic: integers against Python's, floats against mpmath and IEEE's special cases."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from xdsl.dialects import arith
from xdsl.dialects import math as math_dialect
from xdsl.dialects.builtin import IndexType, IntegerType, f32, f64, i1, i32, i64
from xdsl.ir import Block

from ranvier.ir import interpret_arith
from ranvier.ir.interpret_arith import EXTENDED, SIMPLE, evaluate, numpy_type
from ranvier.ir.interpret_propagator import matrix_exponential

TYPES = {8: IntegerType(8), 32: i32, 64: i64}


def run(op_class, values, types, *args, **options):
    operands = Block(arg_types=types).args
    op = op_class(*operands, *args, **options)
    arrays = [np.asarray(value, dtype=numpy_type(type)) for value, type in zip(values, types, strict=True)]
    (result,) = evaluate(op, arrays)
    assert np.asarray(result).dtype == numpy_type(op.results[0].type)
    return np.asarray(result)


def wrap(x, bits):
    return (x + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def trunc_div(a, b):
    return 0 if b == 0 else (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)


def unsigned(f):
    return lambda a, b, bits: f(a % 2**bits, b % 2**bits, bits)


INTEGER_MEANING = {
    arith.AddiOp: lambda a, b, bits: a + b,
    arith.SubiOp: lambda a, b, bits: a - b,
    arith.MuliOp: lambda a, b, bits: a * b,
    arith.DivSIOp: lambda a, b, bits: trunc_div(a, b),
    arith.RemSIOp: lambda a, b, bits: 0 if b == 0 else a - trunc_div(a, b) * b,
    arith.DivUIOp: unsigned(lambda a, b, bits: 0 if b == 0 else a // b),
    arith.RemUIOp: unsigned(lambda a, b, bits: 0 if b == 0 else a % b),
    arith.FloorDivSIOp: lambda a, b, bits: 0 if b == 0 else a // b,
    arith.CeilDivSIOp: lambda a, b, bits: 0 if b == 0 else -(-a // b),
    arith.CeilDivUIOp: unsigned(lambda a, b, bits: 0 if b == 0 else -(-a // b)),
    arith.MinSIOp: lambda a, b, bits: min(a, b),
    arith.MaxSIOp: lambda a, b, bits: max(a, b),
    arith.MinUIOp: unsigned(lambda a, b, bits: min(a, b)),
    arith.MaxUIOp: unsigned(lambda a, b, bits: max(a, b)),
    arith.AndIOp: lambda a, b, bits: a & b,
    arith.OrIOp: lambda a, b, bits: a | b,
    arith.XOrIOp: lambda a, b, bits: a ^ b,
    arith.ShLIOp: lambda a, b, bits: a << b if 0 <= b < bits else 0,
    arith.ShRSIOp: lambda a, b, bits: a >> b if 0 <= b < bits else (-1 if a < 0 else 0),
    arith.ShRUIOp: lambda a, b, bits: (a % 2**bits) >> b if 0 <= b < bits else 0,
}


@pytest.mark.parametrize("op", INTEGER_MEANING, ids=lambda op: op.name)
@pytest.mark.parametrize("bits", TYPES)
def test_integers_are_exact_twos_complement(op, bits):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    numbers = [0, 1, -1, 2, 3, -3, 7, -8, 31, 100, -101, low, low + 1, high, high - 1]
    pairs = list(itertools.product(numbers, repeat=2))
    a, b = zip(*pairs, strict=True)
    result = run(op, [a, b], [TYPES[bits]] * 2)
    assert result.tolist() == [wrap(INTEGER_MEANING[op](x, y, bits), bits) for x, y in pairs]


@pytest.mark.parametrize("op", [arith.AddiOp, arith.MuliOp, arith.AndIOp, arith.OrIOp, arith.XOrIOp])
def test_booleans_are_one_bit_numbers(op):
    pairs = list(itertools.product([False, True], repeat=2))
    a, b = zip(*pairs, strict=True)
    result = run(op, [a, b], [i1, i1])
    assert result.tolist() == [bool(INTEGER_MEANING[op](int(x), int(y), 1) % 2) for x, y in pairs]


def test_comparisons_of_integers():
    a, b = np.array([-1, 0, 3, 3]), np.array([1, 0, -3, 4])
    meanings = {"eq": a == b, "ne": a != b, "slt": a < b, "sle": a <= b, "sgt": a > b, "sge": a >= b}
    ua, ub = a.view(np.uint64), b.view(np.uint64)
    meanings |= {"ult": ua < ub, "ule": ua <= ub, "ugt": ua > ub, "uge": ua >= ub}
    for predicate, expected in meanings.items():
        assert run(arith.CmpiOp, [a, b], [i64, i64], predicate).tolist() == expected.tolist(), predicate
    assert run(arith.CmpiOp, [[True], [False]], [i1, i1], "slt").tolist() == [True]
    assert run(arith.CmpiOp, [[True], [False]], [i1, i1], "ugt").tolist() == [True]


def test_comparisons_of_floats_with_nan():
    a, b = [1.0, 2.0, 2.0, math.nan, math.nan], [2.0, 1.0, 2.0, 1.0, math.nan]
    unordered = [False, False, False, True, True]
    ordered = {"eq": [0, 0, 1], "gt": [0, 1, 0], "ge": [0, 1, 1], "lt": [1, 0, 0], "le": [1, 0, 1], "ne": [1, 1, 0]}
    for name, expected in ordered.items():
        for prefix, fill in (("o", 0), ("u", 1)):
            result = run(arith.CmpfOp, [a, b], [f64, f64], prefix + name)
            assert result.tolist() == [bool(x) for x in [*expected, fill, fill]], prefix + name
    assert run(arith.CmpfOp, [a, b], [f64, f64], "uno").tolist() == unordered
    assert run(arith.CmpfOp, [a, b], [f64, f64], "ord").tolist() == [not x for x in unordered]


MPMATH = {
    math_dialect.AcosOp: mpmath.acos,
    math_dialect.AcoshOp: mpmath.acosh,
    math_dialect.AsinOp: mpmath.asin,
    math_dialect.AsinhOp: mpmath.asinh,
    math_dialect.AtanOp: mpmath.atan,
    math_dialect.AtanhOp: mpmath.atanh,
    math_dialect.CbrtOp: mpmath.cbrt,
    math_dialect.CosOp: mpmath.cos,
    math_dialect.CoshOp: mpmath.cosh,
    math_dialect.ErfOp: mpmath.erf,
    math_dialect.ExpOp: mpmath.exp,
    math_dialect.Exp2Op: lambda x: mpmath.mpf(2) ** x,
    math_dialect.ExpM1Op: mpmath.expm1,
    math_dialect.LogOp: mpmath.log,
    math_dialect.Log10Op: mpmath.log10,
    math_dialect.Log1pOp: mpmath.log1p,
    math_dialect.Log2Op: lambda x: mpmath.log(x, 2),
    math_dialect.RsqrtOp: lambda x: 1 / mpmath.sqrt(x),
    math_dialect.SinOp: mpmath.sin,
    math_dialect.SinhOp: mpmath.sinh,
    math_dialect.SqrtOp: mpmath.sqrt,
    math_dialect.TanOp: mpmath.tan,
    math_dialect.TanhOp: mpmath.tanh,
}


@pytest.mark.parametrize("op", MPMATH, ids=lambda op: op.name)
def test_functions_are_those_of_mpmath(op):
    points = [1.0, 1.5, 7.25] if op is math_dialect.AcoshOp else [0.001, 0.3, 0.99]
    result = run(op, [points], [f64])
    np.testing.assert_allclose(result, [float(MPMATH[op](mpmath.mpf(x))) for x in points], rtol=1e-14)


def test_rounding():
    x = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 1e300]
    assert run(math_dialect.RoundOp, [x], [f64]).tolist() == [-3, -2, -1, 1, 2, 3, 0, 1e300]
    assert run(math_dialect.RoundEvenOp, [x], [f64]).tolist() == [-2, -2, 0, 0, 2, 2, 0, 1e300]
    assert run(math_dialect.TruncOp, [x], [f64]).tolist() == [-2, -1, 0, 0, 1, 2, 0, 1e300]
    assert run(math_dialect.FloorOp, [x], [f64]).tolist() == [-3, -2, -1, 0, 1, 2, 0, 1e300]
    assert run(math_dialect.CeilOp, [x], [f64]).tolist() == [-2, -1, 0, 1, 2, 3, 1, 1e300]


def test_minima_and_maxima_of_floats():
    a, b = [0.0, -0.0, math.nan, 1.0], [-0.0, 0.0, 1.0, math.nan]
    assert np.signbit(run(arith.MinimumfOp, [a, b], [f64, f64])).tolist()[:2] == [True, True]
    assert np.signbit(run(arith.MaximumfOp, [a, b], [f64, f64])).tolist()[:2] == [False, False]
    assert np.isnan(run(arith.MinimumfOp, [a, b], [f64, f64])[2:]).all()
    assert run(arith.MinnumfOp, [a, b], [f64, f64])[2:].tolist() == [1.0, 1.0]
    assert run(arith.MaxnumfOp, [a, b], [f64, f64])[2:].tolist() == [1.0, 1.0]


def test_ieee_special_values_do_not_warn():
    assert run(arith.DivfOp, [[1.0, -1.0], [0.0, 0.0]], [f64, f64]).tolist() == [math.inf, -math.inf]
    assert run(math_dialect.LogOp, [[0.0]], [f64]).tolist() == [-math.inf]
    assert np.isnan(run(math_dialect.SqrtOp, [[-1.0]], [f64]))
    assert run(math_dialect.ExpOp, [[1000.0]], [f64]).tolist() == [math.inf]


def test_fused_multiply_add_rounds_once():
    a = 1 + 2.0**-30
    assert run(math_dialect.FmaOp, [[a], [a], [-1 - 2.0**-29]], [f64] * 3).tolist() == [2.0**-60]
    assert run(math_dialect.FmaOp, [[math.inf], [1.0], [0.0]], [f64] * 3).tolist() == [math.inf]
    assert run(math_dialect.FmaOp, [[1e200], [1e200], [0.0]], [f64] * 3).tolist() == [math.inf]


def test_single_precision_stays_single():
    result = run(arith.AddfOp, [[16777216.0], [1.0]], [f32, f32])
    assert result.tolist() == [16777216.0]
    assert run(math_dialect.ExpOp, [[1.0]], [f32]).tolist() == [float(np.exp(np.float32(1)))]


def test_powers():
    assert run(math_dialect.PowFOp, [[2.0, -8.0], [0.5, 3.0]], [f64, f64]).tolist() == [2**0.5, -512.0]
    assert run(math_dialect.FPowIOp, [[2.0], [-3]], [f64, i32]).tolist() == [0.125]
    result = run(math_dialect.IPowIOp, [[3, -1, -1, 2, 3], [4, -3, -2, -1, 100]], [i64, i64])
    assert result.tolist() == [81, -1, 1, 0, wrap(3**100, 64)]


CONVERSIONS = [
    (arith.ExtSIOp, i1, i32, [True, False], [-1, 0]),
    (arith.ExtUIOp, i1, i32, [True, False], [1, 0]),
    (arith.UIToFPOp, i1, f64, [True, False], [1.0, 0.0]),
    (arith.SIToFPOp, i32, f64, [-3, 4], [-3.0, 4.0]),
    (arith.UIToFPOp, i32, f64, [-1], [2.0**32 - 1]),
    (arith.ExtUIOp, i32, i64, [-1], [2**32 - 1]),
    (arith.TruncIOp, i64, i32, [2**32 + 5, 2**31], [5, -(2**31)]),
    (arith.TruncIOp, i32, i1, [2, 3], [False, True]),
    (arith.IndexCastOp, i32, IndexType(), [-7], [-7]),
    (arith.FPToSIOp, f64, i32, [2.9, -2.9], [2, -2]),
    (arith.TruncFOp, f64, f32, [0.1], [float(np.float32(0.1))]),
    (arith.ExtFOp, f32, f64, [0.5], [0.5]),
    (arith.BitcastOp, f64, i64, [1.0], [0x3FF0000000000000]),
]


@pytest.mark.parametrize("op, source, target, values, expected", CONVERSIONS)
def test_conversions(op, source, target, values, expected):
    assert run(op, [values], [source], target).tolist() == expected


def test_constants_are_exact():
    (wrapped,) = evaluate(arith.ConstantOp.from_int_and_width(-5, 32), [])
    assert wrapped == -5 and wrapped.dtype == np.int32
    (true,) = evaluate(arith.ConstantOp.from_int_and_width(1, 1), [])
    assert true.dtype == np.bool_ and true


def test_every_op_of_the_dialects_is_known():
    handled = {"arith.constant", "arith.cmpi", "arith.cmpf", "arith.trunci", "arith.bitcast"}
    names = {op.name for dialect in (arith.Arith, math_dialect.Math) for op in dialect.operations}
    assert names <= handled | set(SIMPLE) | set(interpret_arith.CONVERSIONS) | set(EXTENDED)


@pytest.mark.parametrize("scale", [1e-8, 0.1, 1.0, 30.0])
def test_matrix_exponentials(scale):
    matrices = np.random.default_rng(1).normal(size=(4, 3, 3)) * scale
    result = matrix_exponential(matrices)
    for matrix, exponential in zip(matrices, result, strict=True):
        with mpmath.workdps(60):
            expected = np.array(mpmath.expm(mpmath.matrix(matrix.tolist())).tolist(), dtype=float)
        np.testing.assert_allclose(exponential, expected, rtol=1e-11 * max(1, scale), atol=1e-14)


def test_matrix_exponentials_of_special_matrices():
    assert matrix_exponential(np.zeros((2, 2))).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert np.isnan(matrix_exponential(np.array([[np.inf, 0.0], [0.0, 0.0]]))).all()
