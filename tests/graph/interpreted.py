"""Runs a network twice from the same state: its graph by the interpreter, and its native program."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranvier.analysis.function_forms import values_of
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.ir.structure import ClockOp, EventSpaceOp, LoopOp, ParamOp, ProgramOp, SinkOp, StateOp
from ranvier.plan.bounds import CodeOf
from ranvier.runtime.simulation import Simulation
from ranvier.session.clocks import same_time
from ranvier.stages import Options, build_loops, compile_plan, make_plan

INPUTS = (ParamOp, StateOp, EventSpaceOp, ClockOp, SinkOp)


@dataclass
class Outcome:
    """What a run left: arrays of states and events by label and number, rows of tables."""

    states: dict[str, np.ndarray] = field(default_factory=dict)
    events: dict[str, np.ndarray] = field(default_factory=dict)
    sinks: dict[str, list[np.ndarray]] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)


class Prepared:
    """A network with the plan of a run, at its beginning.

    Args:
        network: A network that has not been run (or has been run; the run goes on).
        seconds: Duration.
        namespace: Names of the script.
    """

    def __init__(self, network: Any, seconds: float, namespace: Any = None, options: Options | None = None) -> None:
        self.network = network
        self.options = options or Options()
        for clock in network.clocks:
            clock.set_interval(network.t_, network.t_ + seconds, same_time(network.clocks))
        self.plan, self.arguments = make_plan(network.before_run(namespace or {}), network.clocks)
        self.arguments.values[0] = 0x123456789ABCDEF
        self.threads = 3 if "partition" in self.options.spec else 1
        self.modules: dict[str, Any] = {}
        build_loops(self.plan, self.options, self._keep)

    def _keep(self, stage: str, form: Any) -> None:
        if stage in ("snn", "optimised"):
            self.modules[stage] = form.clone()

    def values(self, kind: str) -> list[tuple[str, Any]]:
        """Label and value of the inputs of a kind; the number makes labels unique."""
        found = zip(self.plan.inputs, self.arguments.values, strict=True)
        return [(f"{entry.label}#{n}", value) for n, (entry, value) in enumerate(found) if entry.kind == kind]

    def native(self) -> Outcome:
        """Runs the native program on the memory of the network."""
        program = compile_plan(self.plan, self.options)
        simulation = Simulation(program, self.arguments.values, self.arguments.callbacks, threads=self.threads)
        assert simulation.advance(lambda: False)
        outcome = Outcome(steps=[int(clock.control[0]) for _, clock in self.values("clock")])
        outcome.states = {label: storage.array.copy() for label, storage in self.values("state")}
        outcome.events = {label: space.indices[: space.count[0]].copy() for label, space in self.values("events")}
        for label, table in self.values("sink"):
            if table.buffers:
                outcome.sinks[label] = [np.ravel(table.values(column.name)) for column in table.columns]
        return outcome

    def interpreted(self, stage: str) -> Outcome:
        """Runs the graph of a stage on copies; the network's memory is as before afterwards."""
        states = [storage.array.copy() for _, storage in self.values("state")]
        events = [space.indices[: space.count[0]].copy() for _, space in self.values("events")]
        clocks = [
            ClockInput(int(c.control[0]), int(c.control[1]), getattr(c, "dt_", 0.0)) for _, c in self.values("clock")
        ]
        tables = self.values("sink")
        sinks: list[list[Any]] = [[] for _ in tables]
        inputs = ProgramInputs(
            params=[*(value for _, value in self.values("param")), self.threads][: None if self.divides(stage) else -1],
            states=states,
            events=events,
            clocks=clocks,
            sinks=sinks,
            callbacks=[self._callback(function, stage) for function in self.arguments.callbacks],
            functions=_functions(self.plan),
        )
        # also what only Python code uses: it is no input of the program
        memory = [v.storage.array for obj in self.network for v in _variables(obj) if hasattr(v, "storage")]
        saved = [(array, array.copy()) for array in memory]
        saved += [(k, k.copy()) for _, space in self.values("events") for k in (space.indices, space.count)]
        interpret(self.modules[stage], inputs)
        for array, old in saved:
            array[...] = old
        outcome = Outcome(steps=[clock.n for clock in clocks])
        outcome.states = dict(zip([label for label, _ in self.values("state")], states, strict=True))
        outcome.events = dict(zip([label for label, _ in self.values("events")], inputs.events, strict=True))
        for (label, table), rows in zip(tables, sinks, strict=True):
            if table.buffers:
                columns = zip(*rows, strict=True) if rows else [[]] * len(table.buffers)
                outcome.sinks[label] = [np.concatenate([np.atleast_1d(k) for k in c] or [[]]) for c in columns]
        return outcome

    def divides(self, stage: str) -> bool:
        """Whether the graph of a stage has the number of threads among its inputs."""
        return self.threads > 1 and stage == "optimised"

    def _callback(self, function: Any, stage: str) -> Any:
        """Lets Python code work on the network's own memory, as it does in native runs."""
        carried = self._carried(stage)

        def call(values: list[np.ndarray]) -> None:
            for storage, value in zip(carried, values, strict=True):
                if hasattr(storage, "array"):
                    storage.array[...] = value
                else:
                    storage.indices[: len(value)] = value
                    storage.count[0] = len(value)
            function()
            for k, storage in enumerate(carried):
                array = storage.array if hasattr(storage, "array") else storage.indices[: storage.count[0]]
                values[k] = array.copy()

        return call

    def _carried(self, stage: str) -> list[Any]:
        program = next(op for op in self.modules[stage].ops if isinstance(op, ProgramOp))
        inputs = [op for op in program.body.block.ops if isinstance(op, INPUTS)]
        loop = next(op for op in program.body.block.ops if isinstance(op, LoopOp))
        return [self.arguments.values[inputs.index(value.owner)] for value in loop.carried]


def _functions(plan: Any) -> dict[str, Any]:
    """Returns the functions of the script that are called, compiled."""
    codes = [step.code for step in plan.steps if hasattr(step, "code")]
    bounds = [bound for code in codes for _, bound in code.bindings if isinstance(bound, CodeOf)]
    return {bound.function.symbol: values_of(bound.function) for bound in bounds}


def _variables(obj: Any) -> list[Any]:
    return list(getattr(obj, "variables", {}).values())


def check_agreement(
    network: Any, seconds: float, namespace: Any = None, *, rtol: float = 1e-9, options: Options | None = None
) -> Outcome:
    """Asserts that the graph, the optimised graph and the native program give the same; returns the native outcome."""
    prepared = Prepared(network, seconds, namespace, options)
    found = {stage: prepared.interpreted(stage) for stage in ("snn", "optimised")}
    native = prepared.native()
    for stage, outcome in found.items():
        assert outcome.steps == native.steps, stage
        for label, values in native.states.items():
            _close(outcome.states[label], values, f"{stage} {label}", rtol)
        for label, values in native.events.items():
            np.testing.assert_array_equal(outcome.events[label], values, f"{stage} {label}")
        for label, columns in native.sinks.items():
            for k, (ours, theirs) in enumerate(zip(outcome.sinks[label], columns, strict=True)):
                _close(ours, theirs, f"{stage} {label} column {k}", rtol)
    return native


def _close(found: np.ndarray, expected: np.ndarray, what: str, rtol: float) -> None:
    assert found.shape == expected.shape, what
    if expected.dtype == np.float32:
        rtol = max(rtol, 2e-5)
    np.testing.assert_allclose(found.astype(float), expected.astype(float), rtol=rtol, atol=1e-12, err_msg=what)
