"""The `vector` dialect: whole vectors of memory, their bits, constants; on machines with and without such vectors."""

from dataclasses import replace

import numpy as np
import pytest
from upstream_mlir import printed_by, upstream

from ranvier.codegen.artifact import Artifact
from ranvier.codegen.compile import compile_text
from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.load import load
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import host

COUNT_BITS = """
func.func @run(%words: memref<?xi64>, %numbers: memref<?xi16>, %place: index) -> i64 {
  %one = arith.constant 1 : index
  %ones = arith.constant dense<1> : vector<64xi16>
  %some = vector.load %words[%one] : memref<?xi64>, vector<1xi64>
  %mask = vector.bitcast %some : vector<1xi64> to vector<64xi1>
  %old = vector.load %numbers[%place] : memref<?xi16>, vector<64xi16>
  %minus = arith.extsi %mask : vector<64xi1> to vector<64xi16>
  %sum = arith.subi %old, %minus : vector<64xi16>
  %twice = arith.addi %sum, %ones : vector<64xi16>
  vector.store %twice, %numbers[%place] : memref<?xi16>, vector<64xi16>
  %done = arith.constant 0 : i64
  func.return %done : i64
}"""


def expected(words: np.ndarray, numbers: np.ndarray, place: int) -> np.ndarray:
    bits = np.unpackbits(words[1:2].view(np.uint8), bitorder="little")
    numbers = numbers.copy()
    numbers[place : place + 64] += bits.astype(np.int16) + np.int16(1)
    return numbers


@pytest.mark.parametrize("cpu", ["host", "x86-64", "x86-64-v3"])
@pytest.mark.parametrize("place", [0, 7])
def test_bits_are_added_to_numbers(compiler, place, cpu):
    """Bits become lanes, at any place of memory, and on machines that have shorter vectors."""
    target = host()
    if cpu != "host":
        if not target.triple.startswith("x86_64") or (cpu == "x86-64-v3" and not target.has_feature("avx2")):
            pytest.skip("this machine cannot run the code")
        target = replace(target, cpu=cpu, features="")
    options = CodegenOptions()
    text = emit_module(compiler.parse(COUNT_BITS), target=target, options=options)
    compiled = compile_text(text, target=target, options=options)
    entry = load(Artifact(compiled.object_code, (), target.triple), {}).entry
    rng = np.random.default_rng(place)
    words = rng.integers(-(2**63), 2**63 - 1, 3)
    numbers = rng.integers(-(2**15), 2**15 - 100, 128).astype(np.int16)
    table, arrays = compiler.table_of([words, numbers, place])
    assert entry(table.ctypes.data) == 0
    np.testing.assert_array_equal(arrays[1][:128], expected(words, numbers, place))


def test_upstream_understands_it(compiler):
    printed_by(upstream(), str(compiler.parse(COUNT_BITS)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%v = vector.load %flags[%c] : memref<?xi1>, vector<8xi1>", "an i1 fills a byte in memory"),
        ("%v = vector.load %all[%c] : memref<?xi64>, vector<[4]xi64>", "has no translation to LLVM"),
        ("%v = arith.constant dense<[1, 2]> : vector<2xi64>", "nor a vector of the same integer"),
        ("%v = vector.fma %f, %f, %f : vector<4xf64>", "vector\\.fma at .*no translation"),
    ],
)
def test_what_has_no_translation_is_refused(compiler, line, message):
    module = compiler.parse(f"""
    func.func @run(%flags: memref<?xi1>, %all: memref<?xi64>, %f: vector<4xf64>, %c: index, %k: i64) -> i64 {{
      {line}
      func.return %k : i64
    }}""")
    with pytest.raises(CodegenError, match=message):
        emit_module(module)
