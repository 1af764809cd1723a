"""What the tests of plans share: running actions natively, and by the interpreter from the same memory."""

from functools import cache

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.runtime.state import allocate


class TestClock:
    """A clock as plans and programs see it."""

    __test__ = False
    event_times = None

    def __init__(self, dt: float = 1e-3, end: int = 20, name: str = "clock") -> None:
        self.name, self.dt_ = name, dt
        self.control = np.array([0, end], dtype=np.int64)

    @property
    def timestep(self) -> int:
        return int(self.control[0])

    @property
    def t_(self) -> float:
        return self.timestep * self.dt_


def storage(label: str, values, dtype="f8") -> act.Storage:
    """Returns memory with values in it."""
    values = np.atleast_1d(np.asarray(values, dtype))
    array = allocate(len(values), dtype)
    array[...] = values
    return act.Storage(label, array, population=population(label, array.size))


def event_space(label: str, size: int) -> act.EventSpace:
    """Returns an empty event space."""
    return act.EventSpace(label, allocate(size, "i4"), allocate(1, "i8"), population(label, size))


@cache
def _population(name: str, size: int) -> act.Population:
    return act.Population(name)


def population(label: str, size: int) -> act.Population:
    """Returns the population of an array: one for all of a size whose labels begin alike."""
    return _population(label.partition(".")[0], size)


def emission(events: act.EventSpace, clock: TestClock, spikes: list[list[int]], label: str = "list") -> act.Emit:
    """Returns the action that makes the spikes of each step."""
    pairs = [(step, index) for step, indices in enumerate(spikes) for index in sorted(indices)]
    steps = storage(f"{label}.steps", [*(step for step, _ in pairs), 2**63 - 1], "i8")
    indices = storage(f"{label}.indices", [*(index for _, index in pairs), 0], "i4")
    position = storage(f"{label}.position", [0], "i8")
    return act.Emit(label=label, clock=clock, steps=steps, indices=indices, position=position, period=0, events=events)


class Connected:
    """Synapses with their rows and histories, as the front end makes them.

    Args:
        sources, targets: The ends of each synapse.
        sizes: The numbers of sources and targets.
    """

    def __init__(self, sources, targets, sizes: tuple[int, int], label: str = "synapses") -> None:
        self.label, self.sizes = label, sizes
        self.connections = syn.Connections(storage(f"{label}.i", sources, "i4"), storage(f"{label}.j", targets, "i4"))

    @property
    def number(self) -> int:
        return len(self.connections.sources.array)

    def rows(self, delays, name: str = "pre", *, from_target: bool = False, ordered: bool | None = None) -> syn.Rows:
        """Rows for delays in steps (one, or one for each synapse); `ordered` False forces an order array."""
        ends = self.connections.targets if from_target else self.connections.sources
        steps = np.broadcast_to(np.asarray(delays, np.int64), (self.number,))
        distinct = np.unique(steps)[::-1] if self.number else np.atleast_1d(np.asarray(delays, np.int64))[:1]
        row = ends.array.astype(np.int64) * len(distinct) + np.searchsorted(-distinct, -steps)
        order = np.argsort(row, kind="stable")
        counts = np.bincount(row, minlength=self.sizes[from_target] * len(distinct))
        contiguous = bool((order == np.arange(self.number)).all()) and ordered is not False
        prefix = f"{self.label}_{name}"
        return syn.Rows(
            table(f"{prefix}.pointers", np.concatenate([[0], np.cumsum(counts)]), "i8"),
            table(f"{prefix}.delays", distinct, "i8"),
            None if contiguous else table(f"{prefix}.order", order, "i4"),
        )

    def history(
        self, longest: int, size: int, name: str = "pre", pending: list[tuple[int, int]] = (), length: int | None = None
    ) -> syn.SpikeHistory:
        """An empty history for delays up to `longest`, with pending (due, synapse)."""
        prefix, length = f"{self.label}_{name}", length or longest + 1
        return syn.SpikeHistory(
            table(f"{prefix}.indices", np.zeros(length * size), "i4"),
            table(f"{prefix}.counts", np.zeros(length), "i8"),
            table(f"{prefix}.position", [0], "i8"),
            table(f"{prefix}.due", [due for due, _ in pending], "i8"),
            table(f"{prefix}.due_at", [synapse for _, synapse in pending], "i4"),
            table(f"{prefix}.arrived", [0], "i8"),
        )


def table(label: str, values, dtype) -> act.Storage:
    """Returns memory that may be empty, of a size of its own."""
    array = allocate(len(values), dtype)
    array[...] = values
    return act.Storage(label, array)


def run_native(actions, clocks) -> None:
    """Compiles and runs actions to the end of the clocks, in their memory; all results are rounded as written."""
    from ranvier.codegen.options import CodegenOptions
    from ranvier.passes.pipeline import default_pipeline
    from ranvier.runtime.simulation import Simulation
    from ranvier.stages import Options, compile_plan, make_plan

    plan, arguments = make_plan(actions, clocks)
    program = compile_plan(plan, Options(pipeline=default_pipeline("off"), codegen=CodegenOptions(fast_math="off")))
    assert Simulation(program, arguments.values, arguments.callbacks).advance(lambda: False)


def interpret(actions, clocks) -> dict[str, np.ndarray]:
    """Runs actions with the interpreter and returns all states by label; memory stays as it is."""
    from ranvier.ir.interpret import ClockInput, ProgramInputs
    from ranvier.ir.interpret import interpret as run
    from ranvier.stages import build_snn, make_plan

    plan, arguments = make_plan(actions, clocks)
    given = ProgramInputs(params=[], states=[], events=[], clocks=[], sinks=[], callbacks=arguments.callbacks)
    labels = [entry.label for entry in plan.inputs if entry.kind == "state"]
    for entry, value in zip(plan.inputs, arguments.values, strict=True):
        match entry.kind:
            case "param":
                given.params.append(value)
            case "state":
                given.states.append(value.array.copy())
            case "events":
                given.events.append(value.indices[: value.count[0]].copy())
            case "clock":
                given.clocks.append(ClockInput(int(value.control[0]), int(value.control[1]), value.dt_))
            case _:
                given.sinks.append([])
    module = build_snn(plan)
    module.verify()
    run(module, given)
    assert len(set(labels)) == len(labels)
    return dict(zip(labels, given.states, strict=True))


def assert_native_is_interpreted(actions, clocks, within: float = 0.0) -> dict[str, np.ndarray]:
    """Runs actions both ways and asserts that all states are equal afterwards; returns them."""
    from ranvier.stages import make_plan

    expected = interpret(actions, clocks)
    run_native(actions, clocks)
    _, arguments = make_plan(actions, clocks)
    found = {value.label: value.array for value in arguments.values if isinstance(value, act.Storage)}
    for label, array in expected.items():
        if label not in found:  # pending synapses that have all arrived
            continue
        if within and array.dtype.kind == "f":
            np.testing.assert_allclose(found[label], array, rtol=within, atol=within, err_msg=label)
        else:
            np.testing.assert_array_equal(found[label], array, err_msg=label)
    return expected
