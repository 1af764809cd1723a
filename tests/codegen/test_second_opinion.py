"""Programs compiled by the stock MLIR tools give the same bits as by our emitter."""

import random
import shutil
import subprocess

import numpy as np
import pytest
from tries import tries

from ranvier.codegen.artifact import Artifact
from ranvier.codegen.compile import compile_text
from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.load import load
from ranvier.codegen.options import CodegenOptions

TOOLS = [
    next((name for name in (f"{tool}-19", tool) if shutil.which(name)), None) for tool in ("mlir-opt", "mlir-translate")
]

pytestmark = pytest.mark.skipif(None in TOOLS, reason="mlir-opt and mlir-translate are not installed")

PASSES = [
    "--arith-expand",
    "--convert-scf-to-cf",
    "--convert-math-to-llvm",
    "--convert-arith-to-llvm",
    "--finalize-memref-to-llvm",
    "--convert-func-to-llvm=use-bare-ptr-memref-call-conv=1",
    "--convert-cf-to-llvm",
    "--reconcile-unrealized-casts",
]
SIZE = 128
EXACT = CodegenOptions(fast_math="off")


def by_stock_tools(text, entry):
    """Returns MLIR text compiled by the stock tools, behind the entry that our emitter makes."""
    lowered = subprocess.run([TOOLS[0], *PASSES], input=text, capture_output=True, text=True, check=True).stdout
    llvm = subprocess.run([TOOLS[1], "--mlir-to-llvmir"], input=lowered, capture_output=True, text=True, check=True)
    compilation = compile_text(llvm.stdout + entry, options=EXACT)
    return load(Artifact(compilation.object_code, (), compilation.target.triple))


def entry_of(text):
    start = text.index("define i64 @ranvier_entry")
    return text[start : text.index("\n}", start) + 3].replace(" #0 {", " {")


def results(compiler, program, arguments):
    table, arrays = compiler.table_of(arguments)
    return program.entry(table.ctypes.data), [array.copy() for array in arrays]


def compare(compiler, text):
    """Runs a program in both ways on the same numbers."""
    rng = np.random.default_rng(3)
    ints = rng.integers(-(2**40), 2**40, (2, SIZE))
    ints[0, :8] = [0, 1, -1, 2**63 - 1, -(2**63), 7, -7, 2**32]
    floats = rng.normal(0, 100, (2, SIZE))
    floats[0, :6] = [0.0, -0.0, np.inf, -np.inf, 1e-310, 1e300]
    arguments = [*ints, *floats, np.zeros(SIZE, np.int64), np.zeros(SIZE)]
    own_text = emit_module(compiler.parse(text), options=EXACT)
    own = results(compiler, compiler.program(text, EXACT), arguments)
    stock = results(compiler, by_stock_tools(text, entry_of(own_text)), arguments)
    assert own[0] == stock[0]
    for ours, theirs in zip(own[1], stock[1], strict=True):
        same = ours.view(np.int64) == theirs.view(np.int64)
        if ours.dtype == np.float64:
            # The bits of a NaN are nobody's business.
            same |= np.isnan(ours) & np.isnan(theirs)
        assert same.all(), f"{text}\n{ours[~same]} {theirs[~same]}"
    assert any(array.any() for array in own[1][4:])


HEAD = f"""
func.func @run(%p: memref<{SIZE}xi64>, %q: memref<{SIZE}xi64>, %f: memref<{SIZE}xf64>, %g: memref<{SIZE}xf64>,
               %out: memref<{SIZE}xi64>, %fout: memref<{SIZE}xf64>) -> i64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %size = arith.constant {SIZE} : index
  %k0 = arith.constant 0 : i64
  %total = scf.for %i = %c0 to %size step %c1 iter_args(%sum = %k0) -> (i64) {{
    %i0 = memref.load %p[%i] : memref<{SIZE}xi64>
    %i1 = memref.load %q[%i] : memref<{SIZE}xi64>
    %f0 = memref.load %f[%i] : memref<{SIZE}xf64>
    %f1 = memref.load %g[%i] : memref<{SIZE}xf64>
    %i2 = arith.index_cast %i : index to i64
    %b0 = arith.cmpi slt, %i0, %i1 : i64
    %b1 = arith.cmpf olt, %f0, %f1 : f64
"""
TAIL = f"""
    memref.store %iout, %out[%i] : memref<{SIZE}xi64>
    memref.store %foutput, %fout[%i] : memref<{SIZE}xf64>
    %next = arith.addi %sum, %iout : i64
    scf.yield %next : i64
  }}
  func.return %total : i64
}}"""


class RandomBody:
    """Writes random ops on the values at hand: integers `i`, floats `f`, booleans `b`."""

    INTEGER = ("addi", "subi", "muli", "andi", "ori", "xori", "minsi", "maxsi", "minui", "maxui")
    FLOAT = ("addf", "subf", "mulf", "divf", "minimumf", "maximumf")
    ORDER = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
    FLOAT_ORDER = ("oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno")
    MATH = ("sqrt", "floor", "ceil", "absf", "trunc", "roundeven")

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.values = {"i": ["%i0", "%i1", "%i2"], "f": ["%f0", "%f1"], "b": ["%b0", "%b1"]}
        self.count = 10

    def pick(self, kind):
        return self.random.choice(self.values[kind][-6:])

    def new(self, kind, text):
        self.count += 1
        name = f"%{kind}{self.count}"
        self.lines.append(f"    {name} = {text}")
        self.values[kind].append(name)
        return name

    def step(self):
        self.random.choice([self.integer, self.floating, self.comparison, self.cast, self.select, self.structure])()

    def integer(self):
        op = self.random.choice((*self.INTEGER, "shift", "division"))
        if op == "shift":
            mask = self.new("i", f"arith.constant {self.random.randrange(64)} : i64")
            op = self.random.choice(["shli", "shrui", "shrsi"])
            self.new("i", f"arith.{op} {self.pick('i')}, {mask} : i64")
        elif op == "division":
            divisor = self.new("i", f"arith.constant {self.random.choice([1, 3, -7, 2**33])} : i64")
            op = self.random.choice(["divsi", "remsi", "divui", "remui", "floordivsi", "ceildivsi"])
            self.new("i", f"arith.{op} {self.pick('i')}, {divisor} : i64")
        else:
            self.new("i", f"arith.{op} {self.pick('i')}, {self.pick('i')} : i64")

    def floating(self):
        if self.random.random() < 0.3:
            self.new("f", f"math.{self.random.choice(self.MATH)} {self.pick('f')} : f64")
        elif self.random.random() < 0.2:
            self.new("f", f"arith.negf {self.pick('f')} : f64")
        else:
            self.new("f", f"arith.{self.random.choice(self.FLOAT)} {self.pick('f')}, {self.pick('f')} : f64")

    def comparison(self):
        if self.random.random() < 0.5:
            self.new("b", f"arith.cmpi {self.random.choice(self.ORDER)}, {self.pick('i')}, {self.pick('i')} : i64")
        else:
            self.new(
                "b", f"arith.cmpf {self.random.choice(self.FLOAT_ORDER)}, {self.pick('f')}, {self.pick('f')} : f64"
            )

    def cast(self):
        op, source, target, types = self.random.choice(
            [
                ("sitofp", "i", "f", "i64 to f64"),
                ("uitofp", "i", "f", "i64 to f64"),
                ("extui", "b", "i", "i1 to i64"),
                ("extsi", "b", "i", "i1 to i64"),
                ("bitcast", "i", "f", "i64 to f64"),
                ("trunci", "i", "b", "i64 to i1"),
            ]
        )
        self.new(target, f"arith.{op} {self.pick(source)} : {types}")

    def select(self):
        kind, type_ = self.random.choice([("i", "i64"), ("f", "f64")])
        self.new(kind, f"arith.select {self.pick('b')}, {self.pick(kind)}, {self.pick(kind)} : {type_}")

    def structure(self):
        kind, type_ = self.random.choice([("i", "i64"), ("f", "f64")])
        form = self.random.choice(["if", "for", "while"])
        start, condition = self.pick(kind), self.pick("b")
        outer = {name: list(values) for name, values in self.values.items()}
        self.count += 1
        number = self.count
        result = f"%{kind}{number}"
        if form == "if":
            self.lines.append(f"    {result} = scf.if {condition} -> ({type_}) {{")
            for branch in range(2):
                self.random.choice([self.integer, self.floating, self.select])()
                self.lines.append(f"    scf.yield {self.pick(kind)} : {type_}")
                self.values = {name: list(values) for name, values in outer.items()}
                self.lines.append("    } else {" if branch == 0 else "    }")
        elif form == "for":
            self.lines.append(
                f"    {result} = scf.for %j{number} = %c0 to %i step %c1 iter_args(%s{number} = {start}) "
                f"-> ({type_}) {{"
            )
            self.values[kind].append(f"%s{number}")
            self.random.choice([self.integer, self.floating])()
            self.lines.append(f"    scf.yield {self.pick(kind)} : {type_}\n    }}")
        else:
            self.lines.append(
                f"    {result}, %w{number} = scf.while (%s{number} = {start}, %u{number} = %i2) : ({type_}, i64) -> "
                f"({type_}, i64) {{\n    %t{number} = arith.cmpi sgt, %u{number}, %k0 : i64\n"
                f"    scf.condition(%t{number}) %s{number}, %u{number} : {type_}, i64\n    }} do {{\n"
                f"    ^bb0(%x{number}: {type_}, %y{number}: i64):\n"
                f"    %h{number} = arith.constant 2 : i64\n    %z{number} = arith.divsi %y{number}, %h{number} : i64"
            )
            self.values[kind].append(f"%x{number}")
            self.random.choice([self.integer, self.floating])()
            self.lines.append(f"    scf.yield {self.pick(kind)}, %z{number} : {type_}, i64\n    }}")
        self.values = outer
        self.values[kind].append(result)

    def text(self, size):
        for _ in range(size):
            self.step()
        self.lines.append(f"    %iout = arith.addi {self.pick('i')}, {self.pick('i')} : i64")
        self.lines.append(f"    %foutput = arith.addf {self.pick('f')}, {self.pick('f')} : f64")
        return HEAD + "\n".join(self.lines) + TAIL


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(compiler, seed):
    compare(compiler, RandomBody(seed).text(30))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 100 + tries(100, 200)))
def test_many_random_programs(compiler, seed):
    compare(compiler, RandomBody(seed).text(60))


def test_switches_and_multiplication_of_twice_the_width(compiler):
    body = """
    %low, %high = arith.mului_extended %i0, %i1 : i64
    %slow, %shigh = arith.mulsi_extended %i0, %i1 : i64
    %x = arith.xori %high, %shigh : i64
    %three = arith.constant 3 : index
    %rest = arith.remui %i, %three : index
    %iout = scf.index_switch %rest -> i64
    case 0 {
      scf.yield %low : i64
    }
    case 2 {
      %y = arith.addi %x, %slow : i64
      scf.yield %y : i64
    }
    default {
      scf.yield %x : i64
    }
    %foutput = arith.sitofp %iout : i64 to f64
    """
    compare(compiler, HEAD + body + TAIL)
