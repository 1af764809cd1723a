"""A program written by hand
=========================

A graph that was written by hand, a ring of oscillators, runs without a Brian script: compiled, and in the interpreter.

`python examples/graph_by_hand.py [directory]` reads `ring.mlir` beside it and writes `results/ring.parquet`, every beat
of the oscillators, and a picture of the beats.
"""

import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pyarrow.parquet as pq

from ranvier.ir.diagnostics import parse_module
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.text_program import TextProgram

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
path = Path(sys.argv[0]).with_name("ring.mlir")
size, coupling = 100, 3.0
random = np.random.default_rng(1)
theta, omega = random.random(size), random.normal(10, 0.5, size)

program = TextProgram.read(path)
print(*program.inputs, sep="\n")
run = program.start({"N": size, "K": coupling, "theta": theta, "omega": omega})
began = time.perf_counter()
run.advance(2.0)
native = time.perf_counter() - began
table = run.tables["beat_times"].to_arrow()
pq.write_table(table, directory / "ring.parquet")
locked = 1 - abs(np.exp(2j * np.pi * (run.states["theta"] - np.roll(run.states["theta"], 1))).mean())
print(f"{len(table)} beats of {size} oscillators in 2 s; neighbours are {'' if locked < 0.1 else 'not '}in phase")

# the interpreter is slow and obvious: it says what the compiled program must give
inputs = ProgramInputs(
    params={"N": size, "K": coupling},
    states={"theta": theta.copy(), "omega": omega, "beats": np.zeros(size, np.int32)},
    events={"beat": np.zeros(0, np.int32)},
    clocks={"clock": ClockInput(0, 2000, 1e-4)},
    sinks={"beat_times": []},
)
began = time.perf_counter()
interpret(parse_module(path.read_text()), inputs)
interpreted = time.perf_counter() - began
short = program.start({"N": size, "K": coupling, "theta": theta, "omega": omega})
short.advance(0.2)
np.testing.assert_allclose(short.states["theta"], inputs.states["theta"], rtol=0, atol=1e-12)
print(f"0.2 s: interpreter {interpreted * 1e3:.0f} ms; compiled about {native / 10 * 1e3:.1f} ms, the same phases")

plt.figure(figsize=(8, 3.5), layout="tight")
plt.plot(table["t"], table["i"], ".k", markersize=2)
plt.xlabel("time (s)"), plt.ylabel("oscillator")
plt.savefig(directory / "graph_by_hand.png", dpi=120)
# sphinx_gallery_tags = ["compiler"]
