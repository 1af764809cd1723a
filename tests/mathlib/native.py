"""Compiles the library's functions for this machine and applies them to numpy arrays, in a loop."""

from __future__ import annotations

import ctypes
import itertools
from functools import cache

import llvmlite.binding as llvm
import numpy as np

from ranvier.codegen import mathlib

COUNTER = itertools.count()
DTYPES = {"double": np.float64, "float": np.float32, "i64": np.int64}

BASELINE = ("x86-64", "")


def loop_text(name: str, attributes: str = "") -> str:
    """A function (count, inputs..., out) that applies a function of the library to every element of arrays."""
    signature = mathlib.signature(name)
    result, arguments = signature.split(" ", 1)
    types = arguments.strip("()").split(", ")
    parameters = ", ".join(f"ptr noalias %x{i}" for i in range(len(types)))
    loads = "\n".join(
        f"  %p{i} = getelementptr inbounds {t}, ptr %x{i}, i64 %i\n  %v{i} = load {t}, ptr %p{i}"
        for i, t in enumerate(types)
    )
    values = ", ".join(f"{t} %v{i}" for i, t in enumerate(types))
    return f"""
define void @apply(i64 %n, {parameters}, ptr noalias %out) {attributes} {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
{loads}
  %r = call {result} @rv.{name}({values})
  %q = getelementptr inbounds {result}, ptr %out, i64 %i
  store {result} %r, ptr %q
  %next = add nuw nsw i64 %i, 1
  %done = icmp eq i64 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  ret void
}}
"""


def optimised(text: str, cpu: str, features: str, triple: str | None = None):
    """The module and the machine after the pipeline that the code generator uses."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(triple or llvm.get_process_triple())
    machine = target.create_target_machine(cpu=cpu, features=features, opt=2, jit=triple is None)
    module = llvm.parse_assembly(text)
    module.triple = triple or llvm.get_process_triple()
    module.data_layout = str(machine.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = True
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module, machine


def host() -> tuple[str, str]:
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


class Native:
    """A compiled module."""

    def __init__(self, text: str, cpu: str, features: str):
        module, machine = optimised(text, cpu, features)
        self.jit = llvm.create_lljit_compiler(machine)
        builder = llvm.JITLibraryBuilder().add_object_img(machine.emit_object(module)).add_current_process()
        self.tracker = builder.export_symbol("apply").link(self.jit, f"mathlib{next(COUNTER)}")
        self.address = self.tracker["apply"]


@cache
def compiled(name: str, target: tuple[str, str] | None = None) -> Native:
    width = '"prefer-vector-width"="512"' if target is None else ""
    return Native(mathlib.definitions([name]) + loop_text(name, width), *(target or host()))


def apply(name: str, *arrays, target: tuple[str, str] | None = None) -> np.ndarray:
    """The function of each element; arrays are converted to the types of the parameters and broadcast."""
    result, arguments = mathlib.signature(name).split(" ", 1)
    types = [DTYPES[t] for t in arguments.strip("()").split(", ")]
    inputs = [np.ascontiguousarray(a, t) for a, t in zip(np.broadcast_arrays(*arrays), types, strict=True)]
    out = np.empty(inputs[0].size, DTYPES[result])
    native = compiled(name, target)
    call = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (len(inputs) + 1))(native.address)
    if out.size:
        call(out.size, *[a.ctypes.data for a in inputs], out.ctypes.data)
    return out.reshape(inputs[0].shape)


def fill_text(name: str) -> str:
    """A function (out, key, step, stream, first, groups, table) that fills groups; some need no table."""
    place = "i64 %key, i64 %step, i64 %stream, i64 %first, i64 %groups"
    table = ", ptr noalias %table" if mathlib.signature(name).endswith(", ptr)") else ""
    return f"""{mathlib.definitions([name])}
define void @apply(ptr noalias %out, {place}, ptr noalias %table) "prefer-vector-width"="512" {{
  call void @rv.{name}(ptr noalias %out, {place}{table})
  ret void
}}
"""


@cache
def filler(name: str, target: tuple[str, str] | None = None) -> Native:
    """A compiled fill function."""
    return Native(fill_text(name), *(target or host()))


NO_TABLE = np.zeros(32, np.int32)


def fill(
    name: str, key: int, step: int, stream: int, first: int, groups: int, target=None, table=NO_TABLE
) -> np.ndarray:
    """The values of groups of 32 or 128 elements, in an array of 512; NaN behind them."""
    out = np.full(512, np.nan, np.float64 if name.endswith("f64") else np.float32)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 5, ctypes.c_void_p)
    kind(filler(name, target).address)(out.ctypes.data, key, step, stream, first, groups, table.ctypes.data)
    return out


@cache
def procedure(name: str) -> Native:
    """A compiled procedure (out, numbers, integers, table)."""
    place = ", ".join(f"i64 %x{k}" for k in range(mathlib.signature(name).count("i64")))
    given, table = f"ptr %out, ptr %numbers, {place}", ", ptr %table" if "tabulated" in name else ""
    text = f"""{mathlib.definitions([name])}
define void @apply({given}, ptr %table) "prefer-vector-width"="512" {{
  call void @rv.{name}({given}{table})
  ret void
}}
"""
    return Native(text, *host())


def call_procedure(name: str, kind: str, numbers: np.ndarray, *given: int, table=NO_TABLE) -> np.ndarray:
    """What a procedure that reads places or keys writes: up to four tiles."""
    out = np.empty(4 * 512, np.float64 if kind == "f64" else np.float32)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * len(given), ctypes.c_void_p)
    call(procedure(name).address)(out.ctypes.data, numbers.ctypes.data, *given, table.ctypes.data)
    return out
