"""The text of the library: complete, compilable for every target, and vector code after optimisation."""

from __future__ import annotations

import re

import llvmlite.binding as llvm
import numpy as np
import pytest
from mathlib.native import BASELINE, apply, host, loop_text, optimised

from ranvier.codegen import mathlib

FLOATS = [n for n in mathlib.NAMES if "i64" not in mathlib.signature(n)]
VECTORS = [n for n in FLOATS if n != "log_factorial.f64"]


# f32 functions that are computed in f64 are vectors of four.
VECTOR_STORE = re.compile(r"store <(4 x (double|i64)|[48] x (float|i32))>")


def test_each_definition_stands_once():
    text = mathlib.definitions([*mathlib.NAMES, "exp.f64"])
    for name in mathlib.NAMES:
        heads = [line for line in text.splitlines() if line.startswith("define") and f"@rv.{name}(" in line]
        assert len(heads) == 1, name


def test_what_a_function_calls_comes_along():
    text = mathlib.definitions(["poisson"])
    assert "@rv.log.f64(" in text and "@rv.log_factorial.f64(" in text and "@rv.sin" not in text


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        mathlib.definitions(["exp"])


def test_signatures():
    assert mathlib.signature("pow.f32") == "float (float, float)"
    assert mathlib.signature("normal.f64") == "double (i64, i64, i64, i64)"
    assert mathlib.signature("fill_normal.f32") == "void (ptr, i64, i64, i64, i64, i64)"
    assert mathlib.signature("binomial") == "i64 (i64, i64, i64, i64, i64, double)"


def test_nothing_is_taken_from_the_c_library():
    """Calls that stay are intrinsics or the library's own."""
    text = mathlib.definitions(mathlib.NAMES)
    called = {line.split("@")[1].split("(")[0] for line in text.splitlines() if " call " in line}
    assert all(name.startswith(("llvm.", "rv.")) for name in called)


@pytest.mark.parametrize("triple, cpu", [("aarch64-linux-gnu", "generic"), ("x86_64-linux-gnu", "x86-64")])
def test_all_compiles_for_other_targets(triple, cpu):
    text = mathlib.definitions(mathlib.NAMES) + loop_text("sin.f64")
    module, machine = optimised(text, cpu, "", triple)
    assert machine.emit_object(module)


def test_gpu_code_has_no_libm_call():
    """The GPU has no C library: what the functions need must be instructions."""
    names = [n for n in VECTORS if "floor" not in n and "ceil" not in n]
    text = mathlib.definitions(names)
    for name in names:
        types = mathlib.signature(name).split(" ", 1)[1].strip("()").split(", ")
        result = mathlib.signature(name).split()[0]
        parameters = ", ".join(f"{t} %x{i}" for i, t in enumerate(types))
        text += f"\ndefine {result} @use_{name.replace('.', '_')}({parameters}) {{\n"
        text += f"  %r = call {result} @rv.{name}({parameters})\n  ret {result} %r\n}}\n"
    module, machine = optimised(text, "sm_75", "", "nvptx64-nvidia-cuda")
    assert ".visible .func" in machine.emit_assembly(module)


def has_avx512() -> bool:
    return bool(llvm.get_host_cpu_features().get("avx512dq"))


@pytest.mark.parametrize("name", VECTORS)
def test_a_loop_becomes_avx2_code(name):
    module, _ = optimised(mathlib.definitions([name]) + loop_text(name), "haswell", "", "x86_64-linux-gnu")
    assert VECTOR_STORE.search(str(module))


@pytest.mark.parametrize("name", ["exp.f64", "log.f64", "pow.f64", "sin.f64", "tanh.f64", "exp.f32", "cos.f32"])
def test_a_loop_becomes_avx512_code(name):
    text = mathlib.definitions([name]) + loop_text(name, '"prefer-vector-width"="512"')
    module, machine = optimised(text, "skylake-avx512", "", "x86_64-linux-gnu")
    assert machine.emit_assembly(module).count("%zmm") > 30


@pytest.mark.parametrize("name", ["fill_uniform.f64", "fill_normal.f64", "fill_uniform.f32", "fill_normal.f32"])
def test_fill_loops_become_vector_code(name):
    text = mathlib.definitions([name]).replace("define internal", "define", 1)
    text = text.replace(f"define internal void @rv.{name}", f"define void @rv.{name}")
    module, _ = optimised(text, "haswell", "", "x86_64-linux-gnu")
    assert VECTOR_STORE.search(str(module))


def test_baseline_and_host_agree_closely():
    x = np.linspace(-5, 5, 1001)
    for name in ("exp.f64", "sin.f64", "tanh.f64"):
        np.testing.assert_allclose(apply(name, x), apply(name, x, target=BASELINE), rtol=5e-16, atol=5e-324)
    assert host()[0]


@pytest.mark.parametrize("name", ["sin.f64", "cos.f64", "tan.f64"])
@pytest.mark.parametrize("cpu, width", [("x86-64", 2), ("haswell", 4), ("skylake-avx512", 8)])
def test_a_loop_asks_once_for_a_vector_whether_an_argument_is_large(name, cpu, width):
    """A test and a block for each element made LLVM's time grow with the square of the length of sums."""
    text = mathlib.definitions([name]) + loop_text(name, '"prefer-vector-width"="512"')
    module, _ = optimised(text, cpu, "", "x86_64-linux-gnu")
    body = str(next(f for f in module.functions if f.name == "apply"))
    stem = name.removesuffix(".f64")
    assert f"@rv.{stem}_large.v{width}(" in body
    assert body.count(f"@rv.{stem}_huge.f64(") <= 1  # what is left over behind the vectors
