"""What the tests of meaning share: example programs with what they are given, and a small network."""

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import ranvier as rv
from ranvier.commands.opt import read_module
from ranvier.ir.dialect import new_context
from ranvier.meaning.capture import Captured, capturing
from ranvier.meaning.given import Given, given_of, table_of
from ranvier.text.run import named_inputs

example_inputs = runpy.run_path(str(Path(__file__).parents[1] / "passes/conftest.py"))["example_inputs"]
PROGRAMS = Path(__file__).resolve().parents[1] / "passes/programs"

Program = tuple[ModuleOp, Given]


def read(name: str, size: int = 10) -> Program:
    """Returns one of the example programs, and what it is given."""
    module = read_module(str(PROGRAMS / f"{name}.mlir"), new_context())
    inputs = example_inputs(name, size)
    takes = {entry.label: entry.kind for entry in named_inputs(table_of(module))}
    values = {label: inputs[label] for label, kind in takes.items() if kind in ("param", "state")}
    steps = {label: inputs[label][2] for label, kind in takes.items() if kind == "clock"}
    return module, given_of(module, {**values, **steps})


@dataclass(frozen=True)
class Ran:
    """A program of a network, what it was given, and to what it came."""

    module: ModuleOp
    given: Given
    spikes: np.ndarray
    values: np.ndarray


def capture() -> Ran:
    """Returns the program of a network of three groups, synapses and monitors."""
    rv.start_scope()
    rv.seed(3)
    programs: list[Captured] = []
    space = {"ms": rv.ms}
    with capturing(programs.append):
        model = {"reset": "v = 0", "method": "euler", "namespace": space}
        a = rv.NeuronGroup(8, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", name="a", **model)
        b = rv.NeuronGroup(8, "dv/dt = (0.4 - v)/(10*ms) : 1", threshold="v > 0.9", name="b", **model)
        c = rv.NeuronGroup(8, "dv/dt = (0.7 + v)/(10*ms) : 1", threshold="v > 1", name="c", **model)
        a.v = "0.98 + 0.02*i/7"
        wires = rv.Synapses(a, b, on_pre="v_post += 0.125", delay=0.1 * rv.ms, name="wires", namespace=space)
        wires.connect(j="(i + k) % 8 for k in range(3)")
        spikes, trace = rv.SpikeMonitor(a, name="spikes"), rv.StateMonitor(b, "v", record=[2], name="trace")
        rv.Network(a, b, c, wires, spikes, trace).run(3 * rv.ms)
    return Ran(programs[0].module, programs[0].given, spikes.i[:].copy(), a.v[:].copy())


@pytest.fixture(scope="session")
def program() -> Callable[..., Program]:
    """The function `read`."""
    return read


@pytest.fixture(scope="session")
def network() -> Ran:
    """What `capture` returns."""
    return capture()
