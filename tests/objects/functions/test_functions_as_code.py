"""Functions given as an expression, as MLIR, as LLVM IR and as C++: all compute what Python computes."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import (
    DEFAULT_FUNCTIONS,
    BrianObjectException,
    DimensionMismatchError,
    Function,
    Network,
    NeuronGroup,
    StateMonitor,
    Synapses,
    check_units,
    declare_types,
    implementation,
    ms,
    mV,
    prefs,
    seed,
    set_device,
    volt,
)
from ranvier.codegen import libraries
from ranvier.codegen.programs import forget_loaded
from ranvier.devices.device import reset_device
from ranvier.session.logger import catch_logs

HAS_COMPILER = any(shutil.which(name) for name in (os.environ.get("CXX"), *libraries.COMPILERS) if name)
needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="there is no C++ compiler on this machine")

MLIR = """
func.func @f(%x: f64, %k: i64) -> f64 {
  %y = arith.sitofp %k : i64 to f64
  %two = arith.constant 2.0 : f64
  %z = math.tanh %x : f64
  %w = arith.mulf %two, %z : f64
  %r = arith.addf %w, %y : f64
  func.return %r : f64
}"""

LLVM = """
declare double @llvm.fabs.f64(double)
define private double @twice(double %x) {
  %y = fmul double %x, 2.0
  ret double %y
}
define double @f(double %x, i64 %k) {
  %y = sitofp i64 %k to double
  %a = call double @llvm.fabs.f64(double %x)
  %z = call double @twice(double %a)
  %r = fadd double %z, %y
  ret double %r
}"""

CPP_OF_ONE = "double f(double x) { return 7*x; }"

CPP = "inline double f(double x, int64_t k) { return 2*x*x + k; }"

KINDS = [
    pytest.param("expression", "2*sin(x) + k", lambda x, k: 2 * np.sin(x) + k, id="expression"),
    pytest.param("mlir", MLIR, lambda x, k: 2 * np.tanh(x) + k, id="mlir"),
    pytest.param("llvm", LLVM, lambda x, k: 2 * np.abs(x) + k, id="llvm"),
    pytest.param("cpp", CPP, lambda x, k: 2 * x * x + k, id="cpp", marks=needs_compiler),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path) -> Iterator[None]:
    old = prefs["codegen.cache_dir"]
    prefs["codegen.cache_dir"] = str(tmp_path / "cache")
    yield
    prefs["codegen.cache_dir"] = old


def of_two(target: str, code: str, **kwds: Any) -> Function:
    @implementation(target, code, **kwds)
    @declare_types(k="integer")
    @check_units(x=1, k=1, result=1)
    def f(x: Any, k: Any) -> Any: ...

    return f


def of_one(target: str, code: Any, unit: Any = 1, result: Any = 1, **kwds: Any) -> Function:
    @implementation(target, code, **kwds)
    @check_units(x=unit, result=result)
    def f(x: Any) -> Any:
        raise NotImplementedError(f"only {target}")

    return f


@pytest.mark.parametrize(("target", "code", "expected"), KINDS)
def test_each_kind_computes_what_python_computes_everywhere(target: str, code: str, expected: Any) -> None:
    names = {"f": of_two(target, code)}
    cells = NeuronGroup(
        5,
        """dv/dt = (f(v, i) - v)/(10*ms) : 1
           w : 1
           hits : 1""",
        method="euler",
        threshold="f(w, 0) > 1",
        reset="w = f(0.1, i) - i",
        namespace=names,
    )
    cells.v = "f(0.1*i, i)"
    cells.w = 1
    start = expected(0.1 * np.arange(5), np.arange(5))
    np.testing.assert_allclose(cells.v[:], start, rtol=1e-14)
    cells.run_regularly("hits += f(0.5, 1)*0 + 1")
    links = Synapses(cells, cells, "x : 1", on_pre="hits_post += f(x, 2)", namespace=names)
    links.connect(j="i")
    links.x = "f(i*0.1, 0)"
    monitor = StateMonitor(cells, "v", record=True)
    Network(cells, links, monitor).run(0.3 * ms)
    v = start
    for step in range(3):
        np.testing.assert_allclose(monitor.v[:, step], v, rtol=1e-12)
        v = v + 0.01 * (expected(v, np.arange(5)) - v)
    np.testing.assert_allclose(cells.w[:], expected(0.1, 0), rtol=1e-12)
    arrived = expected(expected(0.1 * np.arange(5), 0), 2)
    np.testing.assert_allclose(cells.hits[:], 3 + arrived, rtol=1e-12)


@pytest.mark.parametrize(("target", "code", "expected"), KINDS)
def test_each_kind_can_be_called_from_python(target: str, code: str, expected: Any) -> None:
    function = of_two(target, code)
    assert function(0.3, 2) == pytest.approx(expected(0.3, 2))
    np.testing.assert_allclose(function(np.array([0.1, -0.2]), 1), expected(np.array([0.1, -0.2]), 1))


# ---------------------------------------------------------------- expressions


def test_an_expression_has_units_and_may_be_a_condition() -> None:
    scaled = of_one("expression", "(x - 2*mV)**2/volt", unit=volt, result=volt)
    assert scaled(5 * mV) == (3 * mV) ** 2 / volt
    with pytest.raises(DimensionMismatchError):
        scaled(5)
    high = of_one("expression", "x > 2*mV", unit=volt, result=bool)
    cells = NeuronGroup(3, "v : volt", threshold="high(v)", reset="v = scaled(v)", namespace={**locals()})
    cells.v = [1, 3, 5] * mV
    Network(cells).run(0.1 * ms)
    np.testing.assert_allclose(cells.v[:] / mV, [1, 1e-3, 9e-3])


def test_a_linear_expression_leaves_an_equation_linear() -> None:
    cells = NeuronGroup(1, "dv/dt = f(v)/(10*ms) : 1", method="exact", namespace={"f": of_one("expression", "1 - x")})
    Network(cells).run(10 * ms)
    assert cells.v[0] == pytest.approx(1 - np.exp(-1))


def test_expressions_draw_numbers_for_each_call_and_call_other_functions() -> None:
    noisy = of_one("expression", "x + rand()")
    assert not noisy.stateless
    with pytest.raises(BrianObjectException, match="more than once"):
        cells = NeuronGroup(1, "v : 1", namespace={"noisy": noisy})
        cells.run_regularly("v = noisy(1) - noisy(1)")
        Network(cells).run(0.1 * ms)
    both = of_one("expression", "g(x) - g(2*x)", dependencies={"g": noisy})
    cells = NeuronGroup(50, "v : 1", namespace={"both": both})
    cells.run_regularly("v = both(0)")
    Network(cells).run(0.1 * ms)
    assert len(set(cells.v[:])) == 50
    assert np.all(np.abs(cells.v[:]) < 1)


def test_a_whole_number_that_an_expression_gives_is_a_float_if_it_is_declared_so() -> None:
    cells = NeuronGroup(4, "v : 1", namespace={"f": of_one("expression", "x + 1")})
    cells.v = "f(i)**(-1)"
    np.testing.assert_allclose(cells.v[:], 1 / (1 + np.arange(4.0)))


# ---------------------------------------------------------------- what is wrong

WRONG = [
    ("expression", "x + tua", "    x + tua\n        ^^^"),
    ("expression", "x + 1*mV", "    x + 1*mV\n    ^^^^^^^^"),
    ("expression", "x*mV", "declared to give another unit"),
    ("mlir", "func.func @f(%x: f64) -> f64 {\n  %y = arith.mulf %x, %z : f64\n  func.return %y : f64\n}", "%z"),
    ("mlir", "func.func @g(%x: f64) -> f64 {\n  func.return %x : f64\n}", "defines no function 'f', but 'g'"),
    ("mlir", "func.func @f(%x: i64) -> i64 {\n  func.return %x : i64\n}", "declared with the types (f64) -> f64"),
    ("llvm", "define double @f(double %x) {\n  ret double %y\n}", "2:14: error: use of undefined value '%y'"),
    ("llvm", "define double @g(double %x) {\n  ret double %x\n}", "defines no function 'f', but 'g'"),
    ("llvm", "define float @f(float %x) {\n  ret float %x\n}", "declared with the types (f64) -> f64"),
    ("cython", "cdef double f(double x): return x", "written in Cython only"),
]


@pytest.mark.parametrize(("target", "code", "text"), WRONG)
def test_what_is_wrong_is_shown_in_the_text_of_the_function(target: str, code: str, text: str) -> None:
    cells = NeuronGroup(1, "dv/dt = f(v)/second : 1", method="euler", namespace={"f": of_one(target, code)})
    with pytest.raises((BrianObjectException, ValueError)) as caught:
        Network(cells).run(0.1 * ms)
    assert text in str(caught.value)
    assert "'f'" in str(caught.value)


def test_a_syntax_error_in_an_expression_is_found_at_once() -> None:
    with pytest.raises(SyntaxError, match="never closed"):
        of_one("expression", "x + (2*")
    with pytest.raises(ValueError, match="Unknown target 'fortran'"):
        of_one("fortran", "x")


def test_without_a_compiler_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    cells = NeuronGroup(1, "dv/dt = f(v)/second : 1", method="euler", namespace={"f": of_one("cpp", CPP)})
    with pytest.raises(BrianObjectException, match="Let its Python function compute the values, too, or install"):
        Network(cells).run(0.1 * ms)


# ---------------------------------------------------------------- C++


def value(function: Function, x: float = 1.0, size: int = 1) -> Any:
    cells = NeuronGroup(size, "v : 1", namespace={"f": function, "x": x})
    cells.run_regularly("v = f(x)")
    Network(cells).run(0.1 * ms)
    return cells.v[:]


def test_a_python_function_is_used_if_there_is_one() -> None:
    @implementation("cpp", "this is no C++")
    @check_units(x=1, result=1)
    def f(x: Any) -> Any:
        return 7 * x

    assert value(f) == 7


@pytest.fixture
def standalone() -> Iterator[None]:
    set_device("cpp_standalone", directory=None)
    yield
    reset_device()


def for_cpp(code: str) -> Function:
    @implementation("cpp", code)
    @check_units(x=1, result=1)
    def f(x: Any) -> Any:
        return 7 * x if x < 1 else 0  # takes no arrays, as with Brian no one calls it for a standalone device

    return f


@needs_compiler
def test_scripts_for_standalone_devices_mean_the_cpp_although_python_computes_too(standalone: None) -> None:
    assert value(for_cpp(CPP_OF_ONE)) == 7
    cells = NeuronGroup(3, "v : 1", threshold="f(v) > 10", reset="v = 0", namespace={"f": for_cpp(CPP_OF_ONE)})
    cells.v = [1, 2, 3]
    Network(cells).run(0.1 * ms)
    np.testing.assert_array_equal(cells.v[:], [1, 0, 0])


def test_a_standalone_device_without_a_compiler_has_python_compute(
    standalone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "COMPILERS", ())
    monkeypatch.delenv("CXX", raising=False)

    @implementation("cpp", "double f(double x) { return 8*x; }")
    @check_units(x=1, result=1)
    def f(x: Any) -> Any:
        return 7 * x

    assert value(f) == 7


@needs_compiler
def test_a_standalone_device_has_python_compute_what_cpp_cannot(standalone: None) -> None:
    @implementation("cpp", "this is no C++")
    @check_units(x=1, result=1)
    def f(x: Any) -> Any:
        return 7 * x

    with catch_logs() as logs:
        assert value(f) == 7
    assert any("is called in Python, which takes longer" in text for _, _, text in logs)


@needs_compiler
def test_cpp_may_use_the_standard_library_without_its_headers(tmp_path: Path) -> None:
    file = tmp_path / "values.txt"
    code = f'''double f(double x) {{
        static std::ofstream file("{file.as_posix()}", std::ios::app);
        file << x << " " << std::endl;
        return std::max(std::numeric_limits<double>::epsilon(), 7*x);
    }}'''
    assert value(of_one("cpp", code)) == 7
    assert file.read_text().split() == ["1"]


@needs_compiler
def test_what_is_wrong_in_cpp_is_shown_with_its_line() -> None:
    with pytest.raises(BrianObjectException, match=r"the C\+\+ code of f:2:"):
        value(of_one("cpp", "double f(double x) {\n return y; }"))
    with pytest.raises(BrianObjectException, match="unknown option 'header'"):
        value(of_one("cpp", CPP, header=["a.h"]))
    with pytest.raises(BrianObjectException, match="has a block 'main'"):
        value(of_one("cpp", {"main": ""}))


@needs_compiler
def test_a_stateful_function_is_called_once_for_each_element_of_each_step() -> None:
    @implementation("cpp", "double f(double x) { static double calls = 0; return ++calls; }")
    @check_units(x=1, result=1)
    def f(x: Any) -> Any: ...

    f.stateless = False
    cells = NeuronGroup(5, "v : 1\nw : 1", namespace={"f": f})
    cells.run_regularly("v = f(1)")
    cells.run_regularly("w = v", order=1)
    Network(cells).run(0.3 * ms)
    np.testing.assert_array_equal(cells.v[:], [11, 12, 13, 14, 15])


@needs_compiler
def test_cpp_uses_macros_headers_files_and_namespace(tmp_path: Path) -> None:
    (tmp_path / "more.h").write_text("double more(double);\n")
    (tmp_path / "more.cpp").write_text("double more(double x) { return x + OFFSET; }\n".replace("OFFSET", "100"))

    def made() -> Function:
        return of_one(
            "cpp",
            {"support_code": "double f(double x) { return more(x) + SCALE + _namespace_table[1] + shift; }"},
            headers=["<math.h>", '"more.h"'],
            sources=[str(tmp_path / "more.cpp")],
            include_dirs=[str(tmp_path)],
            define_macros=[("SCALE", 2 * mV)],
            namespace={"_table": np.array([5.0, 7.0]), "shift": 1000},
        )

    assert value(made()) == pytest.approx(1 + 100 + 0.002 + 7 + 1000)
    (tmp_path / "more.cpp").write_text("double more(double x) { return x + 200; }\n")
    assert value(made()) == pytest.approx(1 + 200 + 0.002 + 7 + 1000)


@needs_compiler
def test_cpp_functions_call_others_and_draw_random_numbers_that_follow_the_seed() -> None:
    twice = of_one("cpp", "double twice(double x) { return 2*x; }", name="twice")
    code = "double f(double x, int64_t _vectorisation_idx) { return twice(x) + _rand(_vectorisation_idx); }"
    both = Function(None, arg_units=[1], return_unit=1, stateless=False, auto_vectorise=True)
    both.implementations.add_implementation(
        "cpp", code, dependencies={"twice": twice, "rand": DEFAULT_FUNCTIONS["rand"]}, name="f"
    )
    seed(5)
    first = value(both, 10.0, size=4)
    assert len(set(first)) == 4
    assert np.all((first >= 20) & (first < 21))
    seed(5)
    np.testing.assert_array_equal(value(both, 10.0, size=4), first)
    missing = of_one("cpp", "double f(double x) { return g(x); }", dependencies={"g": of_one("mlir", MLIR)})
    with pytest.raises(BrianObjectException, match="depends on 'g', which has no C"):
        value(missing)


@needs_compiler
def test_a_library_is_compiled_once_and_a_cached_program_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert value(of_one("cpp", "double f(double x) { return x + 31; }")) == 32
    monkeypatch.setattr(libraries, "_loaded", {})
    monkeypatch.setattr(libraries, "_compile", None)
    forget_loaded()
    assert value(of_one("cpp", "double f(double x) { return x + 31; }")) == 32
    (kept,) = (tmp_path / "cache").glob("*.rvl")
    assert kept.stat().st_mode & 0o77 == 0


@needs_compiler
@pytest.mark.parametrize("harm", ["cut", "open", "directory"])
def test_a_library_that_is_damaged_or_not_safe_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, harm: str
) -> None:
    code = f"double f(double x) {{ return x + {41 + len(harm)}; }}"
    assert value(of_one("cpp", code)) == 42 + len(harm)
    (kept,) = (tmp_path / "cache").glob("*.rvl")
    if harm == "cut":
        kept.unlink()
        kept.write_bytes(b"\x7fELF")
        kept.chmod(0o600)
    elif harm == "open":
        kept.chmod(0o666)
    else:
        kept.parent.chmod(0o777)
    compiled: list[str] = []
    compile_ = libraries._compile  # pyright: ignore[reportPrivateUsage]

    def counted(symbol: str, *args: Any) -> Path:
        compiled.append(symbol)
        return compile_(symbol, *args)

    monkeypatch.setattr(libraries, "_loaded", {})
    monkeypatch.setattr(libraries, "_compile", counted)
    assert value(of_one("cpp", code)) == 42 + len(harm)
    assert len(compiled) == 1


@needs_compiler
def test_the_cpp_is_used_where_brian_runs_cython() -> None:
    @implementation("cpp", "double f(double x) { return 8*x; }")
    @implementation("cython", "cdef double f(double x):\n    return 8*x")
    @check_units(x=1, result=1)
    def f(x: Any) -> Any:
        return 7 * x

    assert value(f) == 8


@pytest.mark.parametrize("code", ["this is no C++", {"main": ""}])
def test_python_computes_where_the_cpp_beside_cython_is_wrong(code: Any) -> None:
    @implementation("cpp", code)
    @implementation("cython", "cdef double f(double x):\n    return 7*x")
    @check_units(x=1, result=1)
    def f(x: Any) -> Any:
        return 7 * x

    with catch_logs(log_level=logging.INFO) as logs:
        assert value(f) == 7
    (message,) = [text for _, name, text in logs if name.endswith("python_function_f")]
    assert "The C++ code of" in message or "no C++ compiler" in message
