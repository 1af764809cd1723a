"""Plan → `snn` graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from xdsl.dialects.builtin import (
    DictionaryAttr,
    FileLineColLoc,
    IntAttr,
    ModuleOp,
    StringAttr,
    UnknownLoc,
    i32,
)
from xdsl.ir import Block, Operation, Region, SSAValue

from ranvier.graph.neuron_build import build_emit, build_event, build_map, build_threshold
from ranvier.graph.places import Locations
from ranvier.graph.recording_build import build_record, build_record_events, build_record_rate
from ranvier.graph.scopes import TYPES, name_hint
from ranvier.graph.synaptic_build import build_accumulate, build_propagate
from ranvier.graph.tree_build import build_solve_forest, build_solve_tree
from ranvier.ir import recording, structure
from ranvier.ir.derive import DeriveOp
from ranvier.ir.types import array_of, shared_of
from ranvier.plan.plan import Input, Plan
from ranvier.plan.step_kinds import (
    AccumulateStep,
    CallStep,
    EmitStep,
    EventStep,
    MapStep,
    PropagateStep,
    RecordEventsStep,
    RecordRateStep,
    RecordStep,
    SolveForestStep,
    SolveTreeStep,
    Step,
    ThresholdStep,
)


def build_module(plan: Plan, *, places: bool = True, written: bool = False) -> ModuleOp:
    """Builds the `snn` graph of a plan.

    Args:
        plan: Inputs and steps.
        places: Whether scalar ops say which parts of the user's texts they compute, see `ranvier.graph.places`.
        written: Whether they say the text of these parts, too.

    Returns:
        A module with one `snn.program`.
    """
    return _ProgramBuilder(plan, Locations(plan, written=written) if places else None).module()


class _ProgramBuilder:
    """Holds the inputs' values, and the version of each state at the current place of the schedule."""

    def __init__(self, plan: Plan, locations: Locations | None) -> None:
        self.plan = plan
        self.locations = locations
        self.program = Block()
        self.values: list[SSAValue] = []
        self.body = Block()
        self.current: dict[int, SSAValue] = {}
        self._times: dict[int, tuple[SSAValue, SSAValue]] = {}
        self._dts: dict[int, SSAValue] = {}
        self._tables: dict[tuple[str, tuple[int, ...]], SSAValue] = {}
        self._streams = 0
        self._streams_of: dict[tuple[int, str], int] = {}

    def module(self) -> ModuleOp:
        """Builds the whole module."""
        for number, entry in enumerate(self.plan.inputs):
            op = self._input(number, entry)
            self.program.add_op(op)
            op.results[0].name_hint = name_hint(entry.label)
            self.values.append(op.results[0])
        carried = [number for number, entry in enumerate(self.plan.inputs) if entry.changes]
        for number in carried:
            self.current[number] = self.body.insert_arg(self.values[number].type, len(self.body.args))
            self.current[number].name_hint = self.values[number].name_hint
        for position, step in enumerate(self.plan.steps):
            self._step(position, step, carried)
        self.body.add_op(structure.YieldOp(*(self.current[number] for number in carried)))
        self.program.add_op(structure.LoopOp([self.values[number] for number in carried], self.body))
        return ModuleOp([structure.ProgramOp("network", Region(self.program))])

    def _input(self, number: int, entry: Input) -> Operation:
        match entry.kind:
            case "param":
                return structure.ParamOp(entry.label, TYPES[entry.type], entry.dim)
            case "state":
                element = TYPES[entry.type]
                type = shared_of(element) if entry.shared else array_of(element)
                return structure.StateOp(entry.label, self.values[entry.size], type, entry.dim)
            case "events":
                return structure.EventSpaceOp(entry.label, self.values[entry.size])
            case "clock":
                return structure.ClockOp(entry.label, None if entry.times < 0 else self.values[entry.times])
            case "sink":
                return structure.SinkOp(entry.label, [TYPES[column] for column in entry.columns])
            case _:
                raise ValueError(f"input {number} of the plan is of unknown kind {entry.kind!r}")

    def advance(self, number: int, version: SSAValue) -> None:
        """Makes a value the current version of a state or event set."""
        version.name_hint = self.values[number].name_hint
        self.current[number] = version

    # -- what scopes ask for

    def state(self, number: int) -> SSAValue:
        """Returns the current version of a state or event set."""
        return self.current.get(number, self.values[number])

    def time(self, clock: int) -> tuple[SSAValue, SSAValue]:
        """Returns t and step number of a clock."""
        if clock not in self._times:
            op = structure.TimeOp(self.values[clock])
            first = self.body.first_op
            if first is None:
                self.body.add_op(op)
            else:
                self.body.insert_op_before(op, first)
            op.t.name_hint, op.step.name_hint = "t", "n"
            self._times[clock] = (op.t, op.step)
        return self._times[clock]

    def dt(self, clock: int) -> SSAValue:
        """Returns the step length of a clock, outside the loop."""
        if clock not in self._dts:
            op = structure.DtOp(self.values[clock])
            self.program.add_op(op)
            op.value.name_hint = "dt"
            self._dts[clock] = op.value
        return self._dts[clock]

    def stream(self, position: int, name: str) -> int:
        """Returns the stream of random numbers of a noise name in a step; each other call has its own (name "")."""
        if name and (position, name) in self._streams_of:
            return self._streams_of[position, name]
        self._streams += 1
        if name:
            self._streams_of[position, name] = self._streams
        return self._streams

    def table(self, kind: str, inputs: tuple[int, ...]) -> SSAValue:
        """Returns the table of a distribution, made from params before a run."""
        found = self._tables.get((kind, inputs))
        if found is None:
            op = DeriveOp(kind, [self.values[number] for number in inputs], array_of(i32))
            self.program.add_op(op)
            op.value.name_hint = kind
            found = self._tables[kind, inputs] = op.value
        return found

    # -- steps

    def _step(self, position: int, step: Step, carried: Sequence[int]) -> None:
        before = self.body.last_op
        match step:
            case MapStep():
                build_map(self, position, step)
            case ThresholdStep():
                build_threshold(self, position, step)
            case EmitStep():
                build_emit(self, step)
            case EventStep():
                build_event(self, position, step)
            case RecordStep():
                build_record(self, position, step)
            case RecordEventsStep():
                build_record_events(self, position, step)
            case RecordRateStep():
                build_record_rate(self, step)
            case PropagateStep():
                build_propagate(self, position, step)
            case AccumulateStep():
                build_accumulate(self, position, step)
            case SolveTreeStep():
                build_solve_tree(self, step)
            case SolveForestStep():
                build_solve_forest(self, step)
            case CallStep():
                self._call(step, carried)
            case _:
                assert_never(step)
        _describe(self.body.first_op if before is None else before.next_op, position, step)

    def _call(self, step: CallStep, carried: Sequence[int]) -> None:
        op = recording.CallOp(
            step.label, step.callback, self.values[step.clock], [self.current[number] for number in carried]
        )
        self.body.add_op(op)
        for number, out in zip(carried, op.outs, strict=True):
            self.advance(number, out)


def _describe(op: Operation | None, position: int, step: Step) -> None:
    """Says of the ops that a step has become, from `op` on, where they come from, and what is known for people."""
    location = FileLineColLoc(StringAttr(step.label), IntAttr(position), IntAttr(0))
    notes = DictionaryAttr({key: StringAttr(text) for key, text in step.notes})
    while op is not None:
        if isinstance(op.location, UnknownLoc):
            op.location = location
        if step.notes and ("label" in op.properties or isinstance(op, structure.WriteOp)):
            op.attributes["notes"] = notes
        op = op.next_op


def place_in_script(module: ModuleOp, places: Mapping[str, tuple[str, int]]) -> None:
    """Says of ops where in the script their objects were created, instead of the object and the number of the step.

    Args:
        module: What `build_module` built.
        places: File and line by the name of the object.
    """
    for op in module.walk():
        location = op.location
        if isinstance(location, FileLineColLoc) and (place := places.get(location.filename.data)) is not None:
            op.location = FileLineColLoc(StringAttr(place[0]), IntAttr(place[1]), IntAttr(1))
