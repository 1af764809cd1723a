"""Units: arithmetic, messages, declarations, decorator, copying, immutability."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import ranvier.numpy_ as unp
from ranvier.units import *
from ranvier.units.allunits import celsius, newton, radian
from ranvier.units.constants import boltzmann_constant, gas_constant, zero_celsius
from ranvier.units.dimensions import DIMENSIONLESS
from ranvier.units.fundamentalunits import fail_for_dimension_mismatch, get_unit_for_display
from ranvier.units.registry import user_unit_register
from ranvier.units.stringunits import DECLARABLE, unit_in_declaration, unit_in_string


@pytest.fixture(autouse=True)
def clean_register():
    user_unit_register.clear()


def test_star_import_gives_203_units():
    import ranvier.units as package

    values = [getattr(package, name) for name in package.UNIT_NAMES]
    assert len(set(package.UNIT_NAMES)) == 203 and all(isinstance(v, Unit) for v in values)
    for absent in ("uV", "kV", "pS", "mF", "nM2", "V", "newtonn"):
        assert absent not in package.UNIT_NAMES
        with pytest.raises(AttributeError):
            getattr(package, absent)


def test_display():
    assert str(3 * mV) == "3. mV" and repr(3 * mV) == "3. * mvolt" and str(200 * pF * 100 * Mohm) == "20. ms"
    assert repr([1, 2] * mV) == "array([1., 2.]) * mvolt" and str(2 * amp * 550 * ohm) == "1.1 kV"
    assert repr(mV) == "mvolt" and str(mV) == "mV" and str(siemens / meter**2) == "S/(m^2)"
    assert repr((2 * ms) ** 2) == "4. * msecond2" and repr(0 * mV) == "0. * volt"
    assert (3 * mV).in_unit(volt) == "0.003 V" and in_best_unit(0.00123456789 * volt, 3) == "1.235 mV"
    assert "%s" % (3 * mV) == "3. mV" and f"{3 * mV}" == "3. mV" and f"{3 * mV / mV:.2f}" == "3.00"


def test_compound_units_are_used_once_evaluated():
    assert str(5 * siemens / metre**2) != "0.5 mS/(cm^2)"
    _ = msiemens / cm**2
    assert str(5 * siemens / metre**2) == "0.5 mS/(cm^2)"


def test_arithmetic():
    q = [1, 2, 3] * mV
    assert isinstance(3 * mV / mV, float) and 3 * mV / mV == 3.0
    assert 3 * mV + 0 == 3 * mV and 3 * mV < np.inf and 0 * mV == 0
    for f in (
        lambda: 3 * mV + 1,
        lambda: 3 * mV == 3,
        lambda: exp(3 * mV),
        lambda: 2 ** (3 * mV),
        lambda: linspace(0 * mV, 10, 3),
        lambda: np.clip(q, 0, 1),
        lambda: np.maximum(q, 2),
        lambda: arange(1 * ms),
    ):
        with pytest.raises(DimensionMismatchError):
            f()
    with pytest.raises(TypeError):
        (3 * mV) ** [1, 2]
    assert np.mean(q) == 2 * mV and q.var().dim is (volt**2).dim and np.sum(q) == 6 * mV
    assert np.sqrt(4 * mV**2) == 2 * mV and type(np.asarray(q)) is np.ndarray
    assert get_unit((3 * mV).dim) == volt and is_dimensionless(3) and not is_dimensionless(3 * mV)
    assert type(where(q > 1 * mV, q, 0 * mV)) is Quantity and type(zeros_like(q)) is np.ndarray


def test_single_quantities_are_values_and_arrays_share_memory():
    x = y = 3 * mV
    y += 1 * mV
    assert x == 3 * mV and y == 4 * mV
    a = b = [1, 2] * mV
    b += 1 * mV
    b[0] = 0
    assert a[0] == 0 * mV and a[1] == 3 * mV
    view = a[1:]
    view[:] = 7 * mV
    assert a[1] == 7 * mV
    with pytest.raises(DimensionMismatchError, match=r"units are V and 1"):
        a[0] = 5


def test_messages_name_both_units():
    with pytest.raises(DimensionMismatchError) as caught:
        3 * mV + 2 * amp
    assert str(caught.value) == ("Cannot calculate 3. mV add 2. A, the units do not match (units are V and A).")
    assert caught.value.dims == (volt.dim, amp.dim) and caught.value.desc.startswith("Cannot calculate")
    with pytest.raises(DimensionMismatchError, match=r"dt was 0.1 \(units are 1 and s\)"):
        fail_for_dimension_mismatch(0.1, second, "dt was {dt}", dt=0.1)
    with pytest.raises(DimensionMismatchError, match=r"3\. mV < 2\. A"):
        _ = 3 * mV < 2 * amp


def test_units_cannot_be_changed():
    for statement in ("mV += 1*mV", "mV *= 2", "mV /= 2", "mV -= mV", "mV **= 2", "mV //= 2", "mV %= 2"):
        with pytest.raises(TypeError):
            exec(statement, {"mV": mV})
    with pytest.raises(NotImplementedError):
        mV.name = "foo"
    for setter in (mV.set_name, mV.set_display_name, mV.set_latex_name):
        with pytest.raises(NotImplementedError, match=r"Unit\.create"):
            setter("foo")
    d = volt.dim
    for statement in ("d *= d", "d /= d", "d **= 2"):
        with pytest.raises(TypeError, match="in place"):
            exec(statement, {"d": d})
    with pytest.raises(ValueError):
        mV[...] = 3 * mV
    assert float(mV) == 0.001


def test_units_are_hashable_and_equal_by_dimension_and_scale():
    assert {mV: 1}[mvolt] == 1 and mV == volt * 1e-3 and mV != volt and not mV == amp
    assert mV == Unit.create_scaled_unit(volt, "m") and hash(mV) == hash(Unit.create_scaled_unit(volt, "m"))
    with pytest.raises(TypeError):
        hash(3 * mV)


def test_own_units():
    barrel = Unit.create((metre**3).dim, "barrel", "bbl", scale=-1)
    assert repr(barrel) == "barrel" and str(barrel) == "bbl" and float(barrel) == 0.1
    with pytest.raises(AssertionError):
        Unit(3)
    flux = Unit.create((volt / metre).dim, "field", "E", scale=3)
    register_new_unit(flux)
    assert str(2000 * volt / metre) == "2. E"


@pytest.mark.parametrize("value", [3 * mV, [1, 2] * nA, mV, msiemens / cm**2, 1 / ms, Quantity(2.0)])
def test_copies_keep_units(value):
    for other in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert type(other) is type(value) and other.dim is value.dim and np.all(other == value)
        assert repr(other) == repr(value)


def test_copies_are_independent():
    a = [1, 2] * mV
    for other in (copy.copy(a), copy.deepcopy(a), a.copy(), Quantity(a, copy=True)):
        other[0] = 9 * mV
        assert a[0] == 1 * mV


def test_arrays_made_of_a_unit_are_quantities():
    for array in (mV.reshape(1), mV.copy(), np.atleast_1d(mV), np.repeat(mV, 3), mV.flatten()):
        assert type(array) is Quantity and array.dim is volt.dim


@pytest.mark.parametrize(
    "product", [lambda things: things * ms, lambda things: ms * things, lambda things: np.multiply(things, 3 * ms)]
)
def test_things_that_are_no_numbers_get_no_unit(product):
    """Libraries try the whole array first and go through its elements when it refuses."""
    with pytest.raises(TypeError, match="only be created from numerical data"):
        product(np.array([2.0, 3.0], dtype=object))


def test_latex():
    assert (3 * mV)._repr_latex_() == r"$3.0\,\mathrm{m}\mathrm{V}$"
    assert (1 * uA)._repr_latex_() == r"$1.0\,\mathrm{\mu}\mathrm{A}$"
    assert (volt / metre**2).latexname == r"\frac{\mathrm{V}}{\mathrm{m}^{2}}"
    assert (volt / second**3).dim._repr_latex_() == r"$m^{2}\,kg\,s^{-6}\,A^{-1}$"


def test_sympy_writes_latex_of_units_quantities_and_equations():
    from sympy import latex

    from ranvier.equations import Equations

    assert latex(nS) == r"\mathrm{n}\mathrm{S}" and latex(volt.dim) == r"m^{2}\,kg\,s^{-3}\,A^{-1}"
    assert latex(3 * mV) == r"3.0\,\mathrm{m}\mathrm{V}"
    assert len(latex(np.arange(10000) * mV)) < 1000
    equations = Equations("dx/dt = -x/(10*ms) : volt")
    assert latex(equations).startswith(r"\begin{align*}") and r"$\mathrm{V}$" in latex(equations)
    assert latex(equations["x"]) in latex(equations).replace("&", "")


@pytest.mark.parametrize("join", [unp.concatenate, unp.concat])
def test_joined_arrays_have_the_unit_that_all_have(join):
    joined = join([[1, 2] * mV, [3] * mV])
    assert joined.dim is volt.dim and sorted(np.asarray(joined)) == [0.001, 0.002, 0.003]
    with pytest.raises(DimensionMismatchError):
        join([[1, 2] * mV, [3] * ms])
    with pytest.raises(DimensionMismatchError):
        join([[1, 2] * mV, [3]])
    with pytest.raises(DimensionMismatchError):
        join([[0], [1, 2] * mV])
    assert join([[], [1, 2] * mV]).dim is volt.dim  # what has no values needs no unit
    assert join([[[1, 2] * mV], [[3, 4] * mV]]).shape == (2, 2)
    assert not isinstance(join([np.array([1, 2]), [3]]), Quantity)


@pytest.mark.parametrize("join", [np.concatenate, np.hstack, lambda parts: np.append(*parts)])
def test_joins_of_numpy_itself_lose_the_unit_as_in_brian(join):
    """Scripts multiply the result by the unit that is lost."""
    joined = join([[1, 2] * mV, [3] * mV])
    assert np.asarray(joined).tolist() == [0.001, 0.002, 0.003] and have_same_dimensions(joined, 1)


def test_sum_takes_generators():
    assert unp.sum(x for x in [1, 2]) == 3 and unp.sum(x * mV for x in [1, 2]) == 3 * mV
    assert unp.sum(map(len, ["a", "bc"])) == 3 and unp.sum({1: 2, 3: 4}.values()) == 6
    assert all(unp.sum([[1, 2], [3, 4]], axis=0) == [4, 6]) and unp.sum([1, 2] * mV) == 3 * mV
    assert unp.sum(([x] for x in "ab"), []) == ["a", "b"]


def test_records_of_numbers_and_quantities_have_no_unit():
    records = [(0, 1 * ms), (1, 2 * ms)]
    assert is_dimensionless(records) and have_same_dimensions(records, [(0, 1 * mV)])
    assert Quantity(records).shape == (2, 2) and Quantity(records).dim is DIMENSIONLESS
    assert Quantity([(1 * ms, 2 * ms)]).dim is second.dim and Quantity([]).dim is DIMENSIONLESS
    for mixed in ([0, 1 * ms], [[0, 1 * ms]]):
        with pytest.raises(TypeError, match="Mixing"):
            Quantity(mixed)


def test_print_options_of_old_hold_for_single_quantities():
    with np.printoptions(legacy="1.13"):
        assert in_unit(3 * volt, mvolt) == "3000. mV" and str(-1 * mV) == "-1. mV"
        assert (
            in_best_unit(Quantity(1 / 3, dim=volt)) == "0.33333333 V" and in_best_unit(123.456 * mV, 2) == "123.46 mV"
        )


def test_keywords_of_array_methods_are_those_of_brian():
    values = [1, 2] * mV
    values.put(indices=[0], values=[3] * mV)
    assert all(values == [3, 2] * mV)
    values.fill(values=4 * mV)
    assert all(values == [4, 4] * mV)


def test_units_per_second_have_a_name_in_messages():
    with pytest.raises(DimensionMismatchError, match=r"units are V/s and A"):
        fail_for_dimension_mismatch(3 * mV / second, 3 * amp)


def test_dimensions_are_singletons_with_exact_roots():
    assert (volt ** (1 / 3)).dim ** 3 is volt.dim and (volt**0.5).dim ** 2 is volt.dim
    assert (metre**7).dim ** (1 / 7) is metre.dim
    assert get_or_create_dimension(length=1, time=-1) is (metre / second).dim
    assert pickle.loads(pickle.dumps(volt.dim)) is volt.dim and copy.deepcopy(volt.dim) is volt.dim
    with pytest.raises(TypeError):
        volt.dim._dims = (0,) * 7
    with pytest.raises(ValueError, match="finite"):
        (3 * mV) ** np.inf


def test_reductions_and_ufunc_methods():
    a = [1.0, 2, 3] * mV
    assert np.array_equal(np.add.accumulate(a) / mV, [1, 3, 6]) and np.add.outer(a, a).dim is volt.dim
    assert np.multiply.outer(a, a).dim is (volt**2).dim and a.prod().dim is (volt**3).dim
    assert np.max(a, initial=5 * mV) == 5 * mV
    with pytest.raises(DimensionMismatchError):
        np.sum(a, initial=5 * amp)
    with pytest.raises(TypeError):
        np.multiply.accumulate(a)
    np.add.at(a, [0, 0], 1 * mV)
    assert a[0] == 3 * mV
    np.multiply.at(a, [0], 2)
    np.negative.at(a, [1])
    assert a[0] == 6 * mV and a[1] == -2 * mV
    for ufunc, value in ((np.add, 1 * amp), (np.multiply, 1 * amp), (np.divide, 1 * mV), (np.power, 2)):
        with pytest.raises(DimensionMismatchError):
            ufunc.at(a, [0], value)
    out = np.zeros(3) * amp
    np.multiply(a, 2, out=out)
    assert out.dim is volt.dim


def test_celsius_explains_itself():
    with pytest.raises(TypeError, match="zero_celsius"):
        20 * celsius


def test_constants():
    assert str(zero_celsius) == "273.15 K" and float(gas_constant) == 8.3144598
    assert str(boltzmann_constant) == "1.38064852e-23 J/K"
    assert have_same_dimensions(boltzmann_constant * zero_celsius, newton * metre)


def test_exprel():
    assert exprel(0) == 1 and exprel(1e-17) == 1 and exprel(718) == np.inf and exprel(-1e300) == 1e-300
    assert exprel(1) == pytest.approx(np.e - 1, rel=1e-15) and exprel(radian) == pytest.approx(np.e - 1)
    np.testing.assert_array_equal(exprel([0, 800]), [1, np.inf])
    with pytest.raises(DimensionMismatchError):
        exprel(1 * mV)


def test_arange_and_linspace_with_units():
    np.testing.assert_allclose(arange(5 * ms, step=1 * ms) / ms, range(5))
    np.testing.assert_allclose(arange(1 * ms, 5 * ms, 2 * ms) / ms, [1, 3])
    np.testing.assert_allclose(linspace(0 * mV, 10 * mV, 3) / mV, [0, 5, 10])
    assert arange(3).dtype == int and list(arange(1, 4)) == [1, 2, 3]
    for args, kwds in (((), {}), ((3,), {"stop": 5}), ((1, 2), {"start": 3})):
        with pytest.raises(TypeError):
            arange(*args, **kwds)


# ---------------------------------------------------------------------- check_units


@check_units(a=volt, b="a", c=1, d=bool, e=None, result=lambda a, *rest: a**2)
def product(a, b, c=1, d=True, e=None):
    return a * b


def test_check_units_accepts():
    assert product(1 * mV, 2 * mV) == 2 * mV**2
    assert product(1 * mV, b=2 * mV, e="anything", c=None) == 2 * mV**2
    assert product(1 * mV, 2 * mV, d=np.bool_(True)) == 2 * mV**2
    assert product._arg_names == ("a", "b", "c", "d", "e") and product._arg_units == [volt, "a", 1, bool, None]
    assert product._return_unit(volt.dim) is (volt**2).dim and product._orig_func(2, 3) == 6


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((1, 2 * mV), DimensionMismatchError, "argument 'a' but got '1' .unit is 1"),
        ((0, 2 * mV), DimensionMismatchError, "argument 'a'"),
        ((1 * mV, 2), DimensionMismatchError, "argument 'b' has unit 1, while argument 'a' has unit V"),
        ((1 * mV, 2 * mV, 3 * amp), DimensionMismatchError, "argument 'c' but got '3. A'"),
        ((1 * mV, 2 * mV, 1, 3), TypeError, "boolean value for argument 'd'"),
        ((object(), 2 * mV), TypeError, "argument 'a'"),
    ],
)
def test_check_units_refuses(args, error, message):
    with pytest.raises(error, match=message):
        product(*args)


def test_check_units_checks_the_result():
    @check_units(result=amp)
    def wrong():
        return 3 * mV

    @check_units(result=bool)
    def truth(x):
        return x

    with pytest.raises(DimensionMismatchError, match=r"expected to have unit A but was '3. mV'"):
        wrong()
    assert truth(True) is True
    with pytest.raises(TypeError, match="boolean"):
        truth(3)


# ---------------------------------------------------------------------- declarations


@pytest.mark.parametrize(
    ("text", "dim"),
    [
        ("1", DIMENSIONLESS),
        ("boolean", DIMENSIONLESS),
        ("volt", volt.dim),
        ("1/second", hertz.dim),
        ("1.0/second", hertz.dim),
        ("volt/volt", DIMENSIONLESS),
        ("siemens/metre**2", (siemens / metre**2).dim),
        ("volt**-1", (volt**-1).dim),
        ("volt**0.5", (volt**0.5).dim),
        ("mmolar*mole", (molar * mole).dim),
        (" klitre ", (metre**3).dim),
        ("Hz", hertz.dim),
    ],
)
def test_declarations(text, dim):
    assert unit_in_declaration(text) is dim


def test_all_declarable_units_are_unscaled():
    for name, others in DECLARABLE.items():
        for n in (name, *others):
            assert unit_in_declaration(n) is unit_in_string(n)[1] and unit_in_string(n)[0] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mV", "Use 'volt' instead"),
        ("uF/cm**2", "'uF', but this is not a base unit. Use 'farad'"),
        ("cm", "Use 'metre'"),
        ("metre2", r"Use 'metre \*\* 2'"),
        ("litre", r"Use 'metre \*\* 3'"),
        ("gram", "Use 'kilogram'"),
        ("molar", "Use 'mmolar'"),
        ("kHz", "Use 'hertz'"),
        ("foo", "base units are allowed: amp .ampere., candle"),
        ("1*volt", "not '1[*]siemens/metre"),
        ("2", "not a unit"),
        ("1/2", "not a unit"),
        ("volt+volt", "products, quotients and powers"),
        ("-volt", "products, quotients and powers"),
        ("second**volt", "exponent"),
        ("volt second", "Could not interpret"),
        ("", "Could not interpret"),
    ],
)
def test_wrong_declarations(text, message):
    with pytest.raises(ValueError, match=message):
        unit_in_declaration(text)


def test_unit_names_for_display():
    assert get_unit_for_display(volt.dim) == "V" and get_unit_for_display(1) == "1"
    assert get_unit_for_display(mV) == "mV" and get_unit_for_display(volt.dim / second.dim) == "m^2 kg s^-4 A^-1"


# ---------------------------------------------------------------------- numpy_


def test_numpy_with_units():
    assert unp.log is log and unp.concatenate is concatenate and unp.pi == np.pi and unp.random is np.random
    assert set(np.__all__) <= set(unp.__all__) and unp.__version__ == np.__version__
    assert type(unp.arange(0 * ms, 5 * ms, 1 * ms)) is Quantity and unp.trapz is np.trapezoid
    with pytest.raises(DimensionMismatchError):
        unp.exp(3 * mV)
    with pytest.raises(AttributeError):
        _ = unp.no_such_name
    names = {}
    exec("from ranvier.numpy_ import *", names)
    assert names["where"] is where and names["mean"] is np.mean


def test_import_loads_nothing_heavy():
    code = (
        "import sys, numpy\nbefore = set(sys.modules)\nimport ranvier.units, ranvier.numpy_\n"
        "heavy = {'sympy', 'scipy', 'matplotlib', 'pandas', 'pyarrow', 'decimal', 'numpy.random'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
