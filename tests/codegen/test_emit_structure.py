"""Control flow, memory and functions: small programs, run."""

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.codegen.compile import compile_text
from ranvier.codegen.errors import CodegenError, UnsupportedOpError
from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import host
from ranvier.ir.slots import Slot, SlotKind

SUM = """
func.func @run(%lower: index, %upper: index, %step: index, %x: memref<?xi64>) -> i64 {
  %start = arith.constant 10 : i64
  %sum, %last = scf.for %i = %lower to %upper step %step iter_args(%s = %start, %p = %lower) -> (i64, index) {
    %k = arith.index_cast %i : index to i64
    %t = arith.addi %s, %k : i64
    scf.yield %t, %i : i64, index
  }
  %zero = arith.constant 0 : index
  %l = arith.index_cast %last : index to i64
  memref.store %l, %x[%zero] : memref<?xi64>
  func.return %sum : i64
}"""


@settings(max_examples=50, deadline=None)
@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(1, 7))
def test_for(compiler, lower, upper, step):
    result, (last,) = compiler.run(SUM, lower, upper, step, np.zeros(1, np.int64))
    values = range(lower, upper, step)
    assert result == 10 + sum(values)
    assert last[0] == (values[-1] if values else lower)


def test_loop_carried_values_may_change_places(compiler):
    text = """
    func.func @run(%n: index) -> i64 {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %a = arith.constant 0 : i64
      %b = arith.constant 1 : i64
      %x, %y = scf.for %i = %zero to %n step %one iter_args(%p = %a, %q = %b) -> (i64, i64) {
        %s = arith.addi %p, %q : i64
        scf.yield %q, %s : i64, i64
      }
      func.return %x : i64
    }"""
    assert compiler.run(text, 50)[0] == 12586269025


def test_for_over_i32(compiler):
    text = """
    func.func @run(%n: i32) -> i64 {
      %zero = arith.constant 0 : i32
      %one = arith.constant 2 : i32
      %s = scf.for %i = %zero to %n step %one iter_args(%a = %zero) -> (i32) : i32 {
        %b = arith.addi %a, %i : i32
        scf.yield %b : i32
      }
      %r = arith.extsi %s : i32 to i64
      func.return %r : i64
    }"""
    assert compiler.run(text, 9)[0] == 20


COLLATZ = """
func.func @run(%n: i64) -> i64 {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %two = arith.constant 2 : i64
  %three = arith.constant 3 : i64
  %last, %steps = scf.while (%k = %n, %s = %zero) : (i64, i64) -> (i64, i64) {
    %go = arith.cmpi ne, %k, %one : i64
    scf.condition(%go) %k, %s : i64, i64
  } do {
  ^bb0(%k: i64, %s: i64):
    %bit = arith.andi %k, %one : i64
    %odd = arith.cmpi eq, %bit, %one : i64
    %next = scf.if %odd -> (i64) {
      %m = arith.muli %k, %three : i64
      %p = arith.addi %m, %one : i64
      scf.yield %p : i64
    } else {
      %h = arith.divui %k, %two : i64
      scf.yield %h : i64
    }
    %t = arith.addi %s, %one : i64
    scf.yield %next, %t : i64, i64
  }
  func.return %steps : i64
}"""


@pytest.mark.parametrize(("number", "steps"), [(1, 0), (6, 8), (27, 111), (97, 118)])
def test_while_and_if(compiler, number, steps):
    assert compiler.run(COLLATZ, number)[0] == steps


def test_while_whose_condition_passes_other_values(compiler):
    text = """
    func.func @run(%n: i64) -> i64 {
      %one = arith.constant 1 : i64
      %r = scf.while (%k = %n) : (i64) -> f64 {
        %f = arith.sitofp %k : i64 to f64
        %limit = arith.constant 100.0 : f64
        %go = arith.cmpf olt, %f, %limit : f64
        scf.condition(%go) %f : f64
      } do {
      ^bb0(%f: f64):
        %d = arith.addf %f, %f : f64
        %k = arith.fptosi %d : f64 to i64
        scf.yield %k : i64
      }
      %i = arith.fptosi %r : f64 to i64
      func.return %i : i64
    }"""
    assert compiler.run(text, 3)[0] == 192


def test_if_without_else(compiler):
    text = """
    func.func @run(%c: i1, %x: memref<?xf64>) -> i64 {
      %zero = arith.constant 0 : index
      %v = arith.constant 2.5 : f64
      scf.if %c {
        memref.store %v, %x[%zero] : memref<?xf64>
      }
      %k = arith.constant 0 : i64
      func.return %k : i64
    }"""
    assert compiler.run(text, 1, np.ones(1))[1][0] == 2.5
    assert compiler.run(text, 0, np.ones(1))[1][0] == 1.0


@pytest.mark.parametrize(("value", "result"), [(2, 20), (5, 50), (0, -1), (-7, 70)])
def test_index_switch(compiler, value, result):
    text = """
    func.func @run(%n: index) -> i64 {
      %r = scf.index_switch %n -> i64
      case 2 {
        %a = arith.constant 20 : i64
        scf.yield %a : i64
      }
      case 5 {
        %a = arith.constant 50 : i64
        scf.yield %a : i64
      }
      case -7 {
        %a = arith.constant 70 : i64
        scf.yield %a : i64
      }
      default {
        %a = arith.constant -1 : i64
        scf.yield %a : i64
      }
      func.return %r : i64
    }"""
    assert compiler.run(text, value)[0] == result


def test_nested_loops_fill_rows_of_a_matrix(compiler):
    text = """
    func.func @run(%x: memref<4x6xf64>, %y: memref<?x3xi32>) -> i64 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %c6 = arith.constant 6 : index
      scf.for %i = %c0 to %c4 step %c1 {
        scf.for %j = %c0 to %c6 step %c1 {
          %p = arith.muli %i, %c6 : index
          %q = arith.addi %p, %j : index
          %r = arith.index_cast %q : index to i64
          %f = arith.sitofp %r : i64 to f64
          memref.store %f, %x[%i, %j] : memref<4x6xf64>
        }
      }
      %k = arith.constant 7 : i32
      memref.store %k, %y[%c4, %c2] : memref<?x3xi32>
      %one = arith.constant 0 : i64
      func.return %one : i64
    }"""
    _, (x, y) = compiler.run(text, np.zeros((4, 6)), np.zeros((5, 3), np.int32))
    np.testing.assert_array_equal(x, np.arange(24.0).reshape(4, 6))
    assert y[4, 2] == 7 and y.sum() == 7


def test_allocated_memory(compiler):
    text = """
    func.func private @fill(%n: index, %x: memref<?xi64>) {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      scf.for %i = %zero to %n step %one {
        %k = arith.index_cast %i : index to i64
        memref.store %k, %x[%i] : memref<?xi64>
      }
      func.return
    }
    func.func @run(%n: index) -> i64 {
      %heap = memref.alloc(%n) : memref<?xi64>
      %stack = memref.alloca() : memref<8xi64>
      %run_time = memref.alloca(%n) : memref<?xi64>
      %any = "memref.cast"(%stack) : (memref<8xi64>) -> memref<?xi64>
      %eight = arith.constant 8 : index
      func.call @fill(%n, %heap) : (index, memref<?xi64>) -> ()
      func.call @fill(%eight, %any) : (index, memref<?xi64>) -> ()
      func.call @fill(%n, %run_time) : (index, memref<?xi64>) -> ()
      %one = arith.constant 1 : index
      %last = arith.subi %n, %one : index
      %a = memref.load %heap[%last] : memref<?xi64>
      %c7 = arith.constant 7 : index
      %b = memref.load %stack[%c7] : memref<8xi64>
      %d = memref.load %run_time[%last] : memref<?xi64>
      memref.dealloc %heap : memref<?xi64>
      %s = arith.addi %a, %b : i64
      %t = arith.addi %s, %d : i64
      func.return %t : i64
    }"""
    assert compiler.run(text, 1000)[0] == 999 + 7 + 999


def test_heap_memory_is_aligned(compiler):
    text = """
    func.func private @address(%x: memref<?xi8>) -> i64
    func.func @run(%n: index) -> i64 {
      %heap = memref.alloc(%n) : memref<?xi8>
      %a = func.call @address(%heap) : (memref<?xi8>) -> i64
      memref.dealloc %heap : memref<?xi8>
      func.return %a : i64
    }"""
    identity = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda address: address)
    symbols = (("address", ctypes.cast(identity, ctypes.c_void_p).value),)
    for size in (1, 63, 64, 1000, 100_000):
        assert compiler.run(text, size, symbols=symbols)[0] % 64 == 0


def test_stack_memory_in_a_loop_does_not_grow_the_stack(compiler):
    text = """
    func.func @run(%n: index) -> i64 {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %start = arith.constant 0 : i64
      %sum = scf.for %i = %zero to %n step %one iter_args(%s = %start) -> (i64) {
        %b = memref.alloca() : memref<1024xi64>
        %k = arith.index_cast %i : index to i64
        %j = arith.remui %k, %k1024 : i64
        %p = arith.index_cast %j : i64 to index
        memref.store %k, %b[%p] : memref<1024xi64>
        %v = memref.load %b[%p] : memref<1024xi64>
        %t = arith.addi %s, %v : i64
        scf.yield %t : i64
      }
      func.return %sum : i64
    }""".replace("%start =", "%k1024 = arith.constant 1024 : i64\n      %start =")
    assert compiler.run(text, 100_000)[0] == 100_000 * 99_999 // 2


def test_functions_with_several_and_no_results(compiler):
    text = """
    func.func private @divide(%a: i64, %b: i64) -> (i64, i64) {
      %q = arith.divsi %a, %b : i64
      %r = arith.remsi %a, %b : i64
      func.return %q, %r : i64, i64
    }
    func.func private @"odd name!"(%x: memref<?xi64>, %v: i64) {
      %zero = arith.constant 0 : index
      memref.store %v, %x[%zero] : memref<?xi64>
      func.return
    }
    func.func @run(%a: i64, %b: i64, %x: memref<?xi64>) -> i64 {
      %q, %r = func.call @divide(%a, %b) : (i64, i64) -> (i64, i64)
      func.call @"odd name!"(%x, %r) : (memref<?xi64>, i64) -> ()
      func.return %q : i64
    }"""
    result, (x,) = compiler.run(text, 17, 5, np.zeros(1, np.int64))
    assert (result, x[0]) == (3, 2)


def test_library_functions_by_name(compiler):
    text = """
    func.func private @rv.uniform.f64(i64, i64, i64, i64) -> f64
    func.func private @rv.fill_normal.f64(memref<?xf64>, i64, i64, i64, i64, i64)
    func.func @run(%n: index, %x: memref<?xf64>, %y: memref<?xf64>) -> i64 {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %k = arith.constant 0 : i64
      scf.for %i = %zero to %n step %one {
        %e = arith.index_cast %i : index to i64
        %u = func.call @rv.uniform.f64(%k, %k, %k, %e) : (i64, i64, i64, i64) -> f64
        memref.store %u, %x[%i] : memref<?xf64>
      }
      %groups = arith.constant 16 : i64
      func.call @rv.fill_normal.f64(%y, %k, %k, %k, %k, %groups) : (memref<?xf64>, i64, i64, i64, i64, i64) -> ()
      func.return %k : i64
    }"""
    _, (x, y) = compiler.run(text, 4096, np.zeros(4096), np.zeros(512))
    assert ((x >= 0) & (x < 1)).all() and abs(x.mean() - 0.5) < 0.02 and len(np.unique(x)) == 4096
    assert abs(y.mean()) < 0.2 and abs(y.std() - 1) < 0.15
    text = emit_module(compiler.parse(text))
    assert "define internal double @rv.uniform.f64(" in text
    assert "declare double @rv.uniform.f64" not in text


def test_a_library_function_that_does_not_exist(compiler):
    module = compiler.parse("func.func private @rv.gamma.f64(f64) -> f64")
    with pytest.raises(UnsupportedOpError, match=r"no gamma\.f64"):
        emit_module(module)


def test_arguments_of_every_type(compiler):
    text = """
    func.func @run(%a: i1, %b: i8, %c: i32, %d: i64, %e: index, %f: f64, %g: f32, %x: memref<?xf64>) -> i64 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      memref.store %f, %x[%c0] : memref<?xf64>
      %h = arith.extf %g : f32 to f64
      memref.store %h, %x[%c1] : memref<?xf64>
      %b64 = arith.extsi %b : i8 to i64
      %c64 = arith.extsi %c : i32 to i64
      %e64 = arith.index_cast %e : index to i64
      %s = arith.addi %b64, %c64 : i64
      %t = arith.addi %s, %d : i64
      %u = arith.addi %t, %e64 : i64
      %z = arith.constant 0 : i64
      %r = arith.select %a, %u, %z : i64
      func.return %r : i64
    }"""
    result, (x,) = compiler.run(text, 1, -3, -(2**31), 2**40, 5, 0.1, 0.5, np.zeros(2))
    assert result == -3 - 2**31 + 2**40 + 5
    assert x.tolist() == [0.1, 0.5]
    assert compiler.run(text, 0, 1, 1, 1, 1, 0.1, 0.5, np.zeros(2))[0] == 0


def test_locations_are_written_on_request(compiler):
    text = """
    func.func @run(%a: i64) -> i64 {
      %r = arith.addi %a, %a : i64 loc("neurons.py":12:3)
      func.return %r : i64
    }"""
    assert "; neurons.py:12:3" in emit_module(compiler.parse(text), options=CodegenOptions(locations=True))
    assert "neurons.py" not in emit_module(compiler.parse(text))


# -- what LLVM is told ----------------------------------------------------------------------------------------------

SAXPY = """
func.func @run(%n: index, %a: f64, %x: memref<?xf64> {llvm.noalias, llvm.align = 64 : i64},
               %y: memref<?xf64> {llvm.noalias, llvm.nonnull, llvm.align = 64 : i64}) -> i64 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %done = arith.constant 0 : i64
  scf.for %i = %zero to %n step %one {
    %xi = memref.load %x[%i] : memref<?xf64>
    %yi = memref.load %y[%i] : memref<?xf64>
    %p = arith.mulf %xi, %a : f64
    %s = arith.addf %p, %yi : f64
    memref.store %s, %y[%i] : memref<?xf64>
  }
  func.return %done : i64
}"""


def test_attributes_of_arguments_and_functions(compiler):
    text = emit_module(compiler.parse(SAXPY))
    assert "ptr noalias align 64 %a3, ptr noalias nonnull align 64 %a4) #1" in text
    assert "getelementptr inbounds nuw double" in text
    assert "add nuw nsw i64" in text
    assert f'"target-cpu"="{host().cpu}"' in text
    assert text.count('"prefer-vector-width"="512"') == (2 if host().vector_bits == 512 else 0)
    assert "define internal i64 @run" in text


def test_loops_are_vectorised_with_the_widest_vectors(compiler):
    compilation = compile_text(emit_module(compiler.parse(SAXPY)))
    assert " x double>" in compilation.as_llvm(optimised=True)
    if host().vector_bits == 512:
        assert "<8 x double>" in compilation.as_llvm(optimised=True)
        assert "zmm" in compilation.as_asm()
    # The arguments do not alias, so nothing has to be compared at run time.
    assert "vector.memcheck" not in compilation.as_llvm(optimised=True)
    result, (x, y) = compiler.run(SAXPY, 100, 2.0, np.arange(100.0), np.ones(100))
    np.testing.assert_array_equal(y, 2 * x + 1)
    assert result == 0


def test_counters_that_start_below_zero_may_pass_it(compiler):
    text = emit_module(compiler.parse(SUM))
    assert "add nsw i64 %i" in text and "add nuw nsw i64 %i" not in text


def test_arguments_alias_while_code_outside_runs(compiler):
    text = SAXPY.replace("  scf.for", "  func.call @ranvier_call(%done) : (i64) -> ()\n  scf.for")
    text = emit_module(compiler.parse("func.func private @ranvier_call(i64)\n" + text))
    assert "declare void @ranvier_call(i64)" in text
    assert "noalias" not in text.split("define internal")[1]


def test_functions_that_call_nothing_outside_keep_their_promises(compiler):
    text = emit_module(
        compiler.parse("""
    func.func private @ranvier_call(i64)
    func.func private @kernel(%x: memref<?xf64> {llvm.noalias}) {
      func.return
    }
    func.func private @caller(%x: memref<?xf64> {llvm.noalias}, %k: i64) {
      func.call @ranvier_call(%k) : (i64) -> ()
      func.return
    }
    func.func @run(%x: memref<?xf64> {llvm.noalias}, %k: i64) -> i64 {
      func.call @kernel(%x) : (memref<?xf64>) -> ()
      func.call @caller(%x, %k) : (memref<?xf64>, i64) -> ()
      func.return %k : i64
    }""")
    )
    noalias = {line.split("@")[1].split("(")[0]: "noalias" in line for line in text.split("\n") if "define" in line}
    assert noalias == {"kernel": True, "caller": False, "run": False, "ranvier_entry": False}


def test_python_may_change_arrays_during_a_call(compiler):
    text = """
    func.func private @ranvier_call(i64)
    func.func @run(%x: memref<?xf64> {llvm.noalias}, %y: memref<?xf64> {llvm.noalias}) -> i64 {
      %c0 = arith.constant 0 : index
      %k = arith.constant 3 : i64
      %one = arith.constant 1.0 : f64
      memref.store %one, %x[%c0] : memref<?xf64>
      func.call @ranvier_call(%k) : (i64) -> ()
      %v = memref.load %x[%c0] : memref<?xf64>
      memref.store %v, %y[%c0] : memref<?xf64>
      func.return %k : i64
    }"""
    table, (x, y) = compiler.table_of([np.zeros(1), np.zeros(1)])
    calls = []

    @ctypes.CFUNCTYPE(None, ctypes.c_int64)
    def change(number):
        calls.append((number, x[0]))
        x[0] = 42.0

    symbols = (("ranvier_call", ctypes.cast(change, ctypes.c_void_p).value),)
    assert compiler.program(text, CodegenOptions(), symbols).entry(table.ctypes.data) == 3
    assert calls == [(3, 1.0)]
    assert y[0] == 42.0


def test_the_control_block_is_read_anew_each_time(compiler):
    text = """
    func.func @run(%control: memref<?xi64> {llvm.noalias}) -> i64 {
      %c0 = arith.constant 0 : index
      %k0 = arith.constant 0 : i64
      %k1 = arith.constant 1 : i64
      %n = scf.while (%s = %k0) : (i64) -> i64 {
        %stop = memref.load %control[%c0] : memref<?xi64>
        %go = arith.cmpi eq, %stop, %k0 : i64
        scf.condition(%go) %s : i64
      } do {
      ^bb0(%s: i64):
        %t = arith.addi %s, %k1 : i64
        scf.yield %t : i64
      }
      func.return %n : i64
    }"""
    slots = (Slot(SlotKind.CONTROL, -1, "i64"),)
    assert "load volatile i64" in emit_module(compiler.parse(text), slots=slots)
    assert "volatile" not in emit_module(compiler.parse(text))


# -- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('%d = "memref.dim"(%x, %c) : (memref<?xf64>, index) -> index', r"memref\.dim at .*no translation"),
        ("%v = arith.constant dense<1.0> : vector<4xf64>", r"arith\.constant at .*no scalar"),
        (
            "scf.for %i = %c to %c step %c {\n %b = memref.alloca(%c) : memref<?xf64>\n }",
            r"memref\.alloca at .*outside loops",
        ),
    ],
)
def test_unsupported_ops_are_named_with_their_place(compiler, body, message):
    module = compiler.parse(f"""
    func.func @run(%x: memref<?xf64>, %c: index) -> i64 {{
      {body}
      %k = arith.constant 0 : i64
      func.return %k : i64
    }}""")
    with pytest.raises(UnsupportedOpError, match=message):
        emit_module(module)


def test_the_place_of_an_unsupported_op(compiler):
    module = compiler.parse("""
    func.func @run(%x: i64) -> i64 {
      %r = builtin.unrealized_conversion_cast %x : i64 to f64 loc("model.py":7:1)
      %k = arith.constant 0 : i64
      func.return %k : i64
    }""")
    with pytest.raises(UnsupportedOpError) as caught:
        emit_module(module)
    cast = "builtin.unrealized_conversion_cast"
    assert (caught.value.op, caught.value.location) == (cast, "model.py:7:1")
    assert str(caught.value) == f"{cast} at model.py:7:1: there is no translation of this op to LLVM"


def test_programs_of_the_wrong_shape(compiler):
    with pytest.raises(UnsupportedOpError, match="must return one i64"):
        emit_module(compiler.parse("func.func @run(%x: f64) -> f64 { func.return %x : f64 }"))
    with pytest.raises(CodegenError, match="1 arguments, but there are 2 slots"):
        emit_module(
            compiler.parse("func.func @run(%x: i64) -> i64 { func.return %x : i64 }"),
            slots=[Slot(SlotKind.PARAM, 0, "i64")] * 2,
        )
    with pytest.raises(CodegenError, match="LLVM does not accept"):
        compile_text("define i64 @f( {")
    with pytest.raises(ValueError, match="fast_math"):
        CodegenOptions(fast_math="wild")


def test_text_for_another_machine(compiler):
    from ranvier.codegen.target import Target

    target = Target("cpu", "aarch64-unknown-linux-gnu", "neoverse-n1", "+neon")
    text = emit_module(compiler.parse(SAXPY), target=target)
    assert 'target triple = "aarch64-unknown-linux-gnu"' in text
    assert "prefer-vector-width" not in text
    assert "fmla\tv" in compile_text(text, target=target).as_asm()
