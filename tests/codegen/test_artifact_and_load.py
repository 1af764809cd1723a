"""Compiled programs as bytes, and in a process."""

import ctypes
import gc
import pickle
import threading
import time
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.codegen.artifact import MAGIC, Artifact
from ranvier.codegen.compile import compile_text
from ranvier.codegen.errors import ArtifactError, LoadError
from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.load import load
from ranvier.ir.slots import Slot, SlotKind

SLOTS = (
    Slot(SlotKind.STATE, 0, "f64", "neurons.v"),
    Slot(SlotKind.SINK_COLUMN, 1, "i32", "é", 2),
    Slot(SlotKind.CONTROL, -1, "i64"),
)

ADD = """
func.func @run(%a: i64, %b: i64) -> i64 {
  %r = arith.addi %a, %b : i64
  func.return %r : i64
}"""


def compiled(compiler, text=ADD, slots=()):
    compilation = compile_text(emit_module(compiler.parse(text), slots=slots))
    return Artifact(compilation.object_code, tuple(slots), compilation.target.triple)


def test_bytes_and_back():
    artifact = Artifact(b"\x00code\xff", SLOTS, "x86_64-unknown-linux-gnu", "znver4", "key")
    assert Artifact.from_bytes(artifact.to_bytes()) == artifact
    assert pickle.loads(pickle.dumps(artifact)) == artifact
    assert Artifact.from_bytes(artifact.to_bytes()).slots[0].kind is SlotKind.STATE


WHOLE = Artifact(bytes(range(256)), SLOTS, "triple").to_bytes()


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(position, change):
    damaged = bytearray(WHOLE)
    damaged[position] ^= change
    with pytest.raises(ArtifactError):
        Artifact.from_bytes(bytes(damaged))


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1))
def test_any_cut_is_found(length):
    with pytest.raises(ArtifactError):
        Artifact.from_bytes(WHOLE[:length])


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(data):
    for prefix in (b"", MAGIC):
        with pytest.raises(ArtifactError):
            Artifact.from_bytes(prefix + data)


def test_trailing_bytes_are_refused():
    with pytest.raises(ArtifactError, match="cut short"):
        Artifact.from_bytes(WHOLE + b"\0")


def test_an_artifact_runs_after_a_trip_through_bytes(compiler):
    program = load(Artifact.from_bytes(compiled(compiler).to_bytes()))
    table = np.array([40, 2], np.int64)
    assert program.entry(table.ctypes.data) == 42
    assert program.address and program.slots == ()


def test_one_artifact_can_be_loaded_many_times(compiler):
    artifact = compiled(compiler)
    programs = [load(artifact) for _ in range(5)]
    table = np.array([1, 2], np.int64)
    assert {program.entry(table.ctypes.data) for program in programs} == {3}
    assert len({program.address for program in programs}) == 5


def test_the_function_alone_keeps_the_code(compiler):
    program = load(compiled(compiler))
    seen = weakref.ref(program)
    entry = program.entry
    del program
    gc.collect()
    assert seen() is None
    table = np.array([20, 3], np.int64)
    assert entry(table.ctypes.data) == 23


def test_code_is_freed_with_its_last_user(compiler):
    program = load(compiled(compiler))
    tracker = weakref.ref(program.entry.tracker)
    del program
    gc.collect()
    assert tracker() is None


def test_symbols_from_outside(compiler):
    text = """
    func.func private @ranvier_call(i64) -> i64
    func.func @run(%a: i64) -> i64 {
      %r = func.call @ranvier_call(%a) : (i64) -> i64
      func.return %r : i64
    }"""
    artifact = compiled(compiler, text)
    table = np.array([7], np.int64)
    functions = [ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda x, k=k: x * k) for k in (2, 3)]
    for k, function in zip((2, 3), functions, strict=True):
        program = load(artifact, {"ranvier_call": ctypes.cast(function, ctypes.c_void_p).value})
        assert program.entry(table.ctypes.data) == 7 * k


def test_a_missing_symbol_is_an_error(compiler, capfd):
    text = """
    func.func private @no_such_function_anywhere(i64) -> i64
    func.func @run(%a: i64) -> i64 {
      %r = func.call @no_such_function_anywhere(%a) : (i64) -> i64
      func.return %r : i64
    }"""
    with pytest.raises(LoadError, match=r"functions that do not exist, and was given \['other'\]"):
        load(compiled(compiler, text), {"other": 4096})
    capfd.readouterr()


def test_code_for_another_machine_is_refused(compiler):
    artifact = compiled(compiler)
    with pytest.raises(LoadError, match="another kind of machine"):
        load(Artifact(artifact.object_code, (), "riscv64-unknown-linux-gnu"))


WAIT = """
func.func @run(%control: memref<?xi64>) -> i64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %k0 = arith.constant 0 : i64
  %k1 = arith.constant 1 : i64
  memref.store %k1, %control[%c1] : memref<?xi64>
  scf.while : () -> () {
    %stop = memref.load %control[%c0] : memref<?xi64>
    %go = arith.cmpi eq, %stop, %k0 : i64
    scf.condition(%go)
  } do {
    scf.yield
  }
  func.return %k1 : i64
}"""


def test_other_threads_run_and_can_stop_a_program(compiler):
    text = WAIT.replace("scf.while : () -> ()", "scf.while () : () -> ()")
    program = load(compiled(compiler, text, [Slot(SlotKind.CONTROL, -1, "i64")]))
    control = np.zeros(2, np.int64)
    table = np.array([control.ctypes.data], np.uint64)
    results = []
    thread = threading.Thread(target=lambda: results.append(program.entry(table.ctypes.data)))
    thread.start()
    until = time.monotonic() + 300
    while not control[1] and time.monotonic() < until:
        time.sleep(0.001)
    assert control[1] == 1 and not results
    control[0] = 1
    thread.join(300)
    assert results == [1]
