"""Compiles tiny modules from MLIR text and runs them on numpy arrays."""

import functools

import numpy as np
import pytest
from xdsl.parser import Parser

from ranvier.codegen.artifact import Artifact
from ranvier.codegen.compile import compile_text
from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.load import load
from ranvier.codegen.options import CodegenOptions
from ranvier.ir.dialect import new_context

DEFAULT = CodegenOptions()

MLIR_TYPES = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f16",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "uint64": "i64",
    "uint32": "i32",
    "uint16": "i16",
    "uint8": "i8",
    "bool": "i1",
}


def parse(text):
    """Returns the xDSL module of MLIR text."""
    return Parser(new_context(), text, "test.mlir").parse_module()


@functools.cache
def program(text, options=DEFAULT, symbols=()):
    """Returns MLIR text compiled and loaded."""
    compilation = compile_text(emit_module(parse(text), options=options), options=options)
    return load(Artifact(compilation.object_code, (), compilation.target.triple), dict(symbols))


def aligned(array):
    """Returns a copy of an array as the calling convention wants it: aligned, padded with zeros."""
    array = np.ascontiguousarray(array)
    size = max(-(-array.size // 64) * 64, 64)
    buffer = np.zeros(size * array.itemsize + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    padded = buffer[start : start + size * array.itemsize].view(array.dtype)
    padded[: array.size] = array.ravel()
    return padded


def table_of(arguments):
    """Returns the table of slots and the arrays in it."""
    table = np.zeros(len(arguments) + 1, np.uint64)
    arrays = []
    for number, argument in enumerate(arguments):
        if isinstance(argument, np.ndarray):
            arrays.append(aligned(argument))
            table[number] = arrays[-1].ctypes.data
        elif isinstance(argument, float):
            table[number : number + 1].view(np.float64)[0] = argument
        else:
            table[number : number + 1].view(np.int64)[0] = argument
    return table, arrays


def run(text, *arguments, options=DEFAULT, symbols=()):
    """Returns what `@run` returns, and its arrays (as long as the arguments were) afterwards."""
    table, arrays = table_of(arguments)
    result = program(text, options, tuple(symbols)).entry(table.ctypes.data)
    given = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    return result, [a[: g.size].reshape(g.shape) for a, g in zip(arrays, given, strict=True)]


def elementwise(body, *inputs, out, types=None, options=DEFAULT):
    """Returns `%r`, which `body` computes from the elements `%a`, `%b`, `%c`, of each element of the inputs.

    Args:
        body: MLIR text.
        inputs: Arrays of one length.
        out: The dtype of `%r`.
        types: MLIR types in place of those of the dtypes (for `index`): of the inputs and of `%r`.
        options: Options of the compiler.
    """
    result = np.zeros(len(inputs[0]), out)
    types = types or [MLIR_TYPES[array.dtype.name] for array in (*inputs, result)]
    names = ["a", "b", "c"][: len(inputs)]
    parameters = "".join(
        f", %p{k}: memref<?x{type_}> {{llvm.noalias, llvm.align = 64 : i64}}" for k, type_ in enumerate(types)
    )
    loads = "\n".join(
        f"    %{name} = memref.load %p{k}[%i] : memref<?x{type_}>"
        for k, (name, type_) in enumerate(zip(names, types[:-1], strict=True))
    )
    text = f"""
func.func @run(%n: index{parameters}) -> i64 {{
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %done = arith.constant 0 : i64
  scf.for %i = %zero to %n step %one {{
{loads}
    {body}
    memref.store %r, %p{len(inputs)}[%i] : memref<?x{types[-1]}>
  }}
  func.return %done : i64
}}"""
    _, arrays = run(text, len(result), *inputs, result, options=options)
    return arrays[-1]


class Compiler:
    """The functions above, for tests."""

    parse = staticmethod(parse)
    program = staticmethod(program)
    run = staticmethod(run)
    table_of = staticmethod(table_of)
    elementwise = staticmethod(elementwise)


@pytest.fixture(scope="session")
def compiler():
    """Compiles and runs MLIR text."""
    return Compiler
