"""What the tests of the passes share: parsing, and running a program from memory made here."""

import ctypes
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from ranvier.ir.dialect import new_context
from ranvier.ir.recipes import make
from ranvier.ir.slots import BUDGET_USED, PADDING, SINK_FULL, SlotKind
from ranvier.passes.lower.abi import slots
from ranvier.passes.pipeline import LOWERING, PACKING, PREPARING, run_pipeline

DTYPES = {"f64": "f8", "f32": "f4", "i64": "i8", "index": "i8", "i32": "i4", "i16": "i2", "i1": "?"}


def parse(text: str) -> ModuleOp:
    """Parses and verifies a module."""
    module = Parser(new_context(), text).parse_module()
    module.verify()
    return module


def padded(values, dtype) -> np.ndarray:
    """Returns a 64-byte aligned copy, padded as the calling convention demands; its length stays the caller's."""
    values = np.atleast_1d(np.asarray(values, dtype))
    size = max(-(-len(values) // PADDING), 1) * PADDING
    memory = np.zeros(size * values.itemsize + 64, np.uint8)
    start = -memory.ctypes.data % 64
    array = memory[start : start + size * values.itemsize].view(dtype)
    array[: len(values)] = values
    return array[: len(values)]


@dataclass
class Result:
    """What a program left behind: arrays by label, sinks as lists of columns, steps of clocks, the codes returned."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    events: dict[str, np.ndarray] = field(default_factory=dict)
    sinks: dict[str, list[np.ndarray]] = field(default_factory=dict)
    clocks: dict[str, np.ndarray] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)


def execute(
    module: ModuleOp,
    inputs: Mapping[str, object],
    *,
    rows: int = 1000,
    budget: int = 1 << 40,
    callback: Callable[[int, Result, np.ndarray], None] | None = None,
    most_calls: int = 100,
    fast_math: str = "off",
    lowering: str = LOWERING,
    goes_on: bool = False,
) -> Result:
    """Lowers, compiles and runs a program until it ends.

    Args:
        module: A module with one program; it is lowered in place.
        inputs: By label: a number for a parameter, an array for a state, (first step, last step, dt) for a clock,
            the size for an event space, for a sink the number of values per row and column (1).
        rows: The capacity of each sink.
        budget: Instants per call.
        callback: What `snn.call` calls with its number, the arrays, and the control block.
        most_calls: Stops after so many calls of the program.
        lowering: The passes that lower it.
        goes_on: Calls it again when the budget is used, too.
    """
    from ranvier.codegen.artifact import Artifact
    from ranvier.codegen.compile import compile_text
    from ranvier.codegen.llvm.emitter import emit_module
    from ranvier.codegen.load import load
    from ranvier.codegen.options import CodegenOptions

    first, _, rest = lowering.partition(",")
    if first in (PREPARING, PACKING):  # makes derived arrays, which have slots
        run_pipeline(module, first)
        lowering = rest
    table_slots = slots(module)
    run_pipeline(module, lowering)
    options = CodegenOptions(fast_math=fast_math)
    compiled = compile_text(emit_module(module, slots=table_slots, options=options), options=options)
    result = Result()
    control = np.array([0, budget], np.int64)
    table: list[int] = []
    counts: dict[str, np.ndarray] = {}
    lists: dict[str, np.ndarray] = {}
    blocks: dict[str, np.ndarray] = {}
    columns: dict[str, list[np.ndarray]] = {}
    by_number: dict[int, object] = {}
    made: list[np.ndarray] = []
    for slot in table_slots:
        given = inputs.get(slot.label)
        match slot.kind:
            case SlotKind.PARAM:
                is_float = slot.type in ("f64", "f32")
                by_number[slot.input] = given
                table.append(struct.unpack("<Q", struct.pack("<d" if is_float else "<q", given))[0])
                continue
            case SlotKind.STATE:
                array = result.arrays[slot.label] = padded(given, DTYPES[slot.type])
            case SlotKind.EVENT_LIST:
                array = lists[slot.label] = padded(np.zeros(given, "i4"), "i4")
            case SlotKind.EVENT_COUNT:
                array = counts[slot.label] = np.zeros(1, np.int64)
            case SlotKind.CLOCK_STEPS:
                array = result.clocks[slot.label] = np.array(given[:2], np.int64)
            case SlotKind.CLOCK_DT:
                table.append(struct.unpack("<Q", struct.pack("<d", given[2]))[0])
                continue
            case SlotKind.SINK_ROWS:
                array = blocks[slot.label] = np.array([0, rows], np.int64)
                columns[slot.label] = []
                result.sinks[slot.label] = []
            case SlotKind.SINK_COLUMN:
                width = 1 if slot.column == 0 or given is None else given
                array = np.zeros(rows * width, DTYPES[slot.type])
                columns[slot.label].append(array)
                result.sinks[slot.label].append(np.zeros(0, DTYPES[slot.type]))
            case SlotKind.DERIVED:
                array = make(
                    slot.recipe, by_number.__getitem__, lambda size, dtype: padded(np.zeros(size, dtype), dtype)
                )
                made.append(array)
            case SlotKind.CONTROL:
                array = control
        if slot.kind is SlotKind.STATE:
            by_number[slot.input] = array
        table.append(array.ctypes.data)
    call_type = ctypes.CFUNCTYPE(None, ctypes.c_int64)
    host = call_type(lambda number: callback(number, result, control) if callback else None)
    address = ctypes.cast(host, ctypes.c_void_p).value
    symbols = {"ranvier_call": address} if callback else {}
    artifact = Artifact(compiled.object_code, table_slots, compiled.target.triple, compiled.target.cpu)
    program = load(artifact, symbols)
    memory = np.array(table, np.uint64)
    while len(result.codes) < most_calls:
        result.codes.append(program.entry(memory.ctypes.data))
        for label, block in blocks.items():
            for k, column in enumerate(columns[label]):
                width = len(column) // rows
                result.sinks[label][k] = np.append(result.sinks[label][k], column[: block[0] * width])
            block[0] = 0
        if result.codes[-1] != SINK_FULL and not (goes_on and result.codes[-1] == BUDGET_USED):
            break
    for label, indices in lists.items():
        result.events[label] = indices[: counts[label][0]].copy()
    return result


@pytest.fixture(scope="session")
def run_program():
    """The function `execute`."""
    return execute


@pytest.fixture(scope="session")
def parse_program():
    """The function `parse`."""
    return parse


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of example programs."""
    return Path(__file__).parent / "programs"


def interpret_program(module: ModuleOp, inputs: Mapping[str, object], *, callbacks=(), most=None) -> Result:
    """Runs a program with the interpreter, from the same inputs as `execute`."""
    from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret

    result, given = Result(), ProgramInputs(params={}, states={}, clocks={}, sinks={})
    given.callbacks, given.max_instants = callbacks, most
    for slot in slots(module):
        value = inputs.get(slot.label)
        match slot.kind:
            case SlotKind.PARAM:
                given.params[slot.label] = value
            case SlotKind.STATE:
                given.states[slot.label] = np.atleast_1d(np.array(value, DTYPES[slot.type]))
            case SlotKind.EVENT_LIST:
                given.events[slot.label] = np.zeros(0, np.int32)
            case SlotKind.CLOCK_STEPS:
                given.clocks[slot.label] = ClockInput(*value)
            case SlotKind.SINK_ROWS:
                given.sinks[slot.label] = []
            case _:
                pass
    result.codes.append(interpret(module, given))
    result.arrays, result.events = given.states, given.events
    for label, rows in given.sinks.items():
        types = [slot.type for slot in slots(module) if slot.label == label and slot.kind is SlotKind.SINK_COLUMN]
        columns = [[np.atleast_1d(row[k]) for row in rows] for k in range(len(types))]
        result.sinks[label] = [
            np.concatenate(column).astype(DTYPES[type]) if column else np.zeros(0, DTYPES[type])
            for column, type in zip(columns, types, strict=True)
        ]
    result.clocks = {label: np.array([clock.n, clock.n_end]) for label, clock in given.clocks.items()}
    return result


def assert_same(one: Result, other: Result, *, within: float = 0.0) -> None:
    """Asserts that two runs left the same behind, floats `within` some relative and absolute difference."""
    for kind in ("arrays", "events", "clocks"):
        a, b = getattr(one, kind), getattr(other, kind)
        assert a.keys() == b.keys()
        for label in a:
            _same_array(a[label], b[label], within, f"{kind} {label}")
    for label in one.sinks:
        for k, (a, b) in enumerate(zip(one.sinks[label], other.sinks[label], strict=True)):
            _same_array(a, b, within, f"column {k} of {label}")


def _same_array(a: np.ndarray, b: np.ndarray, within: float, where: str) -> None:
    assert a.shape == b.shape, f"{where}: {a.shape} and {b.shape}"
    if within and a.dtype.kind == "f":
        np.testing.assert_allclose(a, b, rtol=within, atol=within, err_msg=where)
    else:
        np.testing.assert_array_equal(a, b, err_msg=where)


@pytest.fixture(scope="session")
def interpret_it():
    """The function `interpret_program`."""
    return interpret_program


@pytest.fixture(scope="session")
def same():
    """The function `assert_same`."""
    return assert_same


def example_inputs(name: str, size: int) -> dict[str, object]:
    """Run-time inputs for each of the example programs."""
    rng = np.random.default_rng(size)
    ramp = np.linspace(0, 1.2, size)
    half = size // 2
    return {
        "lif": {
            "neurongroup.N": size, "tau": 0.01, "vt": 1.0, "neurongroup.v": ramp, "neurongroup.spike": size,
            "defaultclock": (3, 43, 1e-4), "spikemonitor.count": np.zeros(size),
        },
        "two_clocks": {
            "g.N": size, "rate": 2.0, "g.v": np.zeros(size), "g.s": [0.0], "g.spike": size, "fast": (0, 20, 1e-4),
            "slow": (0, 7, 3e-4), "m.n": 3, "m.record": [0, size // 2, size - 1], "m": 3,
        },
        "elsewhere": {
            "g.N": size, "half": half, "g.v": ramp, "g.w": np.arange(size), "g.flag": rng.random(size) < 0.5,
            "g.link": rng.permutation(size), "g.spike": size, "clk": (0, 5, 1e-3),
        },
        "random": {
            "g.N": size, "half": half, "key": -1234567890123456789, "g.v": ramp, "g.w": ramp, "clk": (5, 9, 1e-4),
            "mean": 1.7, "trials": 20, "chance": 0.2,
        },
        "neurons": {
            "g.N": size, "key": 7, "tau": 0.01, "tauw": 0.1, "vt": 0.9, "refractory": 0.002, "sigma": 3.0,
            "g.v": ramp, "g.w": 0.1 * ramp, "g.lastspike": np.full(size, -np.inf), "g.not_refractory": np.ones(size),
            "g.spike": size, "s.count": np.zeros(size), "clk": (0, 60, 1e-4), "m.n": 2,
            "m.record": [1, size - 1], "m": 2,
        },
        "linear": {
            "g.N": size, "a": -100.0, "b": 30.0, "c": 2000.0, "d": -900.0, "g.x": ramp, "g.y": ramp[::-1],
            "g.z": ramp, "g.rate": rng.normal(0, 3000, size), "clk": (0, 5, 1e-3),
        },
        "integrate": {
            "g.N": size, "drive": 0.5, "g.x": ramp + 1, "g.y": ramp[::-1], "g.z": ramp,
            "g.mu": np.linspace(0.1, 20, size), "g.taken": np.zeros(size, dtype=np.int64),
            "g.repeated": np.zeros(size, dtype=np.int64), "g.stuck": np.zeros(size, dtype=bool), "clk": (0, 6, 0.5),
        },
        "emit": given_spikes(size),
        "synapses": connected(size),
    }[name]  # fmt: skip


def given_spikes(size: int, *, period: int = 7, position: int = 0) -> dict[str, object]:
    """Inputs of the program `emit`: in each step below the period but the second the spikes of some elements."""
    rng = np.random.default_rng(size)
    pairs = [(step, k) for step in range(period or 7) if step != 1 for k in np.flatnonzero(rng.random(size) < 0.5)]
    steps, who = zip(*pairs, (2**63 - 1, 0), strict=True)
    return {
        "g.N": size, "list.N": len(steps), "period": period, "one": 1, "list.index": who, "list.step": steps,
        "list.position": [position], "g.x": np.zeros(size), "m.count": np.zeros(size), "g.spike": size,
        "clk": (3, 33, 1e-4), "slow": (1, 11, 3e-4),
    }  # fmt: skip


def sorted_rows(ends: np.ndarray, steps: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pointers, delays (longest first) and order of synapses by their spiking element."""
    delays = np.unique(steps)[::-1]
    row = ends.astype(np.int64) * len(delays) + np.searchsorted(-delays, -steps)
    order = np.argsort(row, kind="stable")
    counts = np.bincount(row, minlength=size * len(delays))
    return np.concatenate([[0], np.cumsum(counts)]), delays, order


def connected(size: int) -> dict[str, object]:
    """Inputs of the program `synapses`: a subgroup of g from 1 on, h of any size, 3 synapses for each element."""
    rng = np.random.default_rng(size)
    part, others, number = size - 1, size // 2 + 1, 3 * size
    sources = np.sort(rng.integers(0, part, number))
    targets = rng.integers(0, others, number)
    steps = rng.integers(0, 4, number)
    by_source = np.lexsort((-steps, sources))
    steps = steps[by_source]
    pre = sorted_rows(sources, steps, part)
    post = sorted_rows(targets, np.full(number, 2), others)
    assert (pre[2] == np.arange(number)).all()
    return {
        "g.N": size, "h.N": others, "syn.N": number, "one": 1, "shift": 1, "end": size,
        "pre.pointers.N": len(pre[0]), "pre.delays.N": len(pre[1]), "pre.indices.N": 5 * part, "pre.counts.N": 5,
        "pre.due.N": 4, "post.pointers.N": len(post[0]), "post.delays.N": 1, "post.indices.N": 3 * others,
        "post.counts.N": 3, "syn.i": sources, "syn.j": targets, "pre.pointers": pre[0], "pre.delays": pre[1],
        "pre.indices": np.zeros(5 * part), "pre.counts": np.zeros(5), "pre.position": [0], "pre.due": [0, 2, 2, 90],
        "pre.due_at": [number - 1, 0, number // 2, 1], "pre.arrived": [0], "post.pointers": post[0],
        "post.delays": post[1], "post.order": post[2], "post.indices": np.zeros(3 * others), "post.counts": np.zeros(3),
        "post.position": [0], "syn.w": rng.normal(0, 0.3, number), "g.v": rng.random(size), "h.x": np.zeros(others),
        "g.spike": size, "h.spike": others, "clk": (5, 17, 1e-3),
    }  # fmt: skip


def add_one(number, result, control):
    """The host's callback: what `add_one_to` does for the interpreter."""
    result.arrays["g.v"] += 1
    result.arrays["g.w"] += number + 1


def add_one_to(values):
    values[0] += 1
    values[1] += 1


@pytest.fixture(scope="session")
def inputs_of():
    """The function `example_inputs`."""
    return example_inputs


@pytest.fixture(scope="session")
def callbacks():
    """What the program `elsewhere` calls, for the interpreter and for native code."""
    return SimpleNamespace(interpreted=add_one_to, native=add_one)
