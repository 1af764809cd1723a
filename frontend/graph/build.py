"""Plan → `snn` graph."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from xdsl.dialects.builtin import (
    FileLineColLoc,
    IntAttr,
    ModuleOp,
    StringAttr,
    f32,
    f64,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue

from ranvier.graph.emit import INDEX, Emitter, Value
from ranvier.graph.scopes import CodeScope, Reader
from ranvier.graph.synaptic_build import build_accumulate, build_propagate
from ranvier.graph.tree_build import build_solve_tree
from ranvier.ir import emission, neurons, recording, scalars, structure
from ranvier.ir.derive import DeriveOp
from ranvier.ir.types import array_of, shared_of
from ranvier.plan.plan import Input, Plan, Step

WRITTEN_OPERANDS = {
    "record_events": ("counts",),
    "emit": ("position", "events"),
    "threshold": ("events",),
    "propagate": ("indices", "counts", "position", "pending_position"),
    "accumulate": ("array",),
    "solve_tree": ("potential",),
}
"""For each kind of step, the operands that it changes."""

TYPES: dict[str, Attribute] = {"f64": f64, "f32": f32, "i64": i64, "i32": i32, "i1": i1, "index": INDEX}


def build_module(plan: Plan) -> ModuleOp:
    """Builds the `snn` graph of a plan.

    Args:
        plan: Inputs and steps.

    Returns:
        A module with one `snn.program`.
    """
    return _ProgramBuilder(plan).module()


class _ProgramBuilder:
    """Holds the inputs' values, and the version of each state at the current place of the schedule."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
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
        carried = self._carried()
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
                return structure.ClockOp(entry.label)
            case "sink":
                return structure.SinkOp(entry.label, [TYPES[column] for column in entry.columns])
            case _:
                raise ValueError(f"input {number} of the plan is of unknown kind {entry.kind!r}")

    def _carried(self) -> list[int]:
        """The inputs that change: all states and events that a step may write."""
        calls = any(step.kind == "call" for step in self.plan.steps)
        written: set[int] = set()
        for step in self.plan.steps:
            names = CodeScope.assigned(step)
            written |= {bound[1] for name, bound in step.bindings if name in names}
            written |= {step.operand(role) for role in WRITTEN_OPERANDS.get(step.kind, ())}
        return [
            number
            for number, entry in enumerate(self.plan.inputs)
            if (entry.kind in ("state", "events") and not entry.constant and (calls or number in written))
        ]

    def advance(self, number: int, version: SSAValue) -> None:
        """Makes a value the current version of a state or event set."""
        version.name_hint = self.values[number].name_hint
        self.current[number] = version

    # -- what scopes ask for

    def state(self, number: int) -> SSAValue:
        """The current version of a state or event set."""
        return self.current.get(number, self.values[number])

    def time(self, clock: int) -> tuple[SSAValue, SSAValue]:
        """t and step number of a clock."""
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
        """The step length of a clock, outside the loop."""
        if clock not in self._dts:
            op = structure.DtOp(self.values[clock])
            self.program.add_op(op)
            op.value.name_hint = "dt"
            self._dts[clock] = op.value
        return self._dts[clock]

    def stream(self, position: int, name: str) -> int:
        """The stream of random numbers of a noise name in a step; each other call has its own (name "")."""
        if name and (position, name) in self._streams_of:
            return self._streams_of[position, name]
        self._streams += 1
        if name:
            self._streams_of[position, name] = self._streams
        return self._streams

    def table(self, kind: str, inputs: tuple[int, ...]) -> SSAValue:
        """The table of a distribution, made from params before a run."""
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
        match step.kind:
            case "map":
                self._map(position, step)
            case "threshold":
                self._threshold(position, step)
            case "emit":
                self._emit(step)
            case "event":
                self._event(position, step)
            case "record":
                self._record(position, step)
            case "record_events":
                self._record_events(position, step)
            case "record_rate":
                self._record_rate(step)
            case "propagate":
                build_propagate(self, position, step)
            case "accumulate":
                build_accumulate(self, position, step)
            case "solve_tree":
                build_solve_tree(self, step)
            case "call":
                self._call(step, carried)
            case _:
                raise ValueError(f"step of unknown kind {step.kind!r}")
        location = FileLineColLoc(StringAttr(step.label), IntAttr(position), IntAttr(0))
        op = self.body.first_op if before is None else before.next_op
        while op is not None:
            op.location = location
            op = op.next_op

    def _scope(self, position: int, step: Step, block: Block, reader: Reader, index: SSAValue) -> CodeScope:
        return CodeScope(self, position, step, block, reader, index)

    def _region(self, position: int, step: Step, inputs: Sequence[int]) -> tuple[Block, CodeScope, list[BlockArgument]]:
        elements = [TYPES[self.plan.inputs[number].type] for number in inputs]
        block = Block(arg_types=[INDEX, *elements])
        block.args[0].name_hint = "i"
        for number, arg in zip(inputs, block.args[1:], strict=True):
            arg.name_hint = name_hint(self.plan.inputs[number].label.rpartition(".")[2])
        own = dict(zip(inputs, block.args[1:], strict=True))
        index = block.args[0]
        return block, self._scope(position, step, block, own.get, index), list(block.args[1:])

    def _write_shared(self, position: int, step: Step) -> tuple[Step, dict[str, Value]]:
        """Code that is the same for all elements, up to the last shared variable, goes to the body of the loop."""
        shared = {name for name, bound in step.bindings if bound[0] == "shared"}
        last = max((k for k, line in enumerate(step.code) if CodeScope.targets(line) & shared), default=-1)
        if last < 0:
            return step, {}
        scope = self._scope(position, step, self.body, lambda _: None, self._zero())
        scope.elements_allowed = False
        scope.run(step.code[: last + 1])
        clock = self.values[step.clock]
        for name, bound in step.bindings:
            if bound[0] == "shared" and name in scope.assigned_values:
                self._assign_shared(scope, clock, name, bound[1])
        rest = replace(step, code=step.code[last + 1 :])
        local = {k: v for k, v in scope.assigned_values.items() if k not in shared}
        return rest, local

    def _assign_shared(self, scope: CodeScope, clock: SSAValue, name: str, number: int) -> None:
        value = scope.emitter.converted(scope.assigned_values[name], TYPES[self.plan.inputs[number].type])
        op = structure.WriteOp(clock, self.state(number), value.ssa)
        self.body.add_op(op)
        self.advance(number, op.out)

    def _zero(self) -> SSAValue:
        return Emitter(self.body, _no_name, _no_call).constant(0, INDEX).ssa

    def _map(self, position: int, step: Step) -> None:
        step, local = self._write_shared(position, step)
        if not step.code:
            return
        inputs = CodeScope.own_elements(step)
        block, scope, _ = self._region(position, step, inputs)
        offset = step.operand("offset")
        if offset >= 0:
            scope.offset = self.values[offset]
        scope.predefine(local)
        scope.run(step.code)
        written = scope.written_elements(inputs)
        updates, results = scope.results(written, inputs)
        operands = [self.state(number) for number in inputs]
        scattered = scope.scattered()
        clock, size = self.values[step.clock], self.values[step.operand("size")]
        fresh = [TYPES[self.plan.inputs[number].type] for number, _, _ in scattered]
        block.add_op(structure.YieldOp(*results, *(value for _, _, value in scattered)))
        op = neurons.MapOp(
            step.role,
            step.label,
            clock,
            size,
            operands,
            [*updates, *[neurons.FRESH] * len(scattered)],
            [*(operands[k].type for k in updates), *(array_of(type) for type in fresh)],
            Region(block),
            self.values[offset] if offset >= 0 else None,
        )
        self.body.add_op(op)
        for number, out in zip(written, op.outs, strict=False):
            self.advance(number, out)
        for (number, name, _), values in zip(scattered, op.outs[len(written) :], strict=True):
            self._scatter(position, step, number, name, values)

    def _scatter(self, position: int, step: Step, number: int, name: str, values: SSAValue) -> None:
        """Writes new values of a linked variable to the elements it is linked to."""
        element = TYPES[self.plan.inputs[number].type]
        block = Block(arg_types=[INDEX, element])
        scope = self._scope(position, step, block, lambda _: None, block.args[0])
        offset = step.operand("offset")
        if offset >= 0:
            scope.offset = self.values[offset]
        target = scope.linked_index(name)
        block.add_op(structure.YieldOp(target.ssa, block.args[1]))
        op = neurons.ScatterOp(
            step.role,
            step.label,
            self.values[step.clock],
            self.values[step.operand("size")],
            [values],
            self.state(number),
            Region(block),
        )
        self.body.add_op(op)
        self.advance(number, op.out)

    def _threshold(self, position: int, step: Step) -> None:
        inputs = CodeScope.own_elements(step)
        block, scope, _ = self._region(position, step, inputs)
        condition = scope.emitter.boolean(scope.emitter.emit(step.expressions[0]))
        block.add_op(structure.YieldOp(condition.ssa))
        events = step.operand("events")
        op = neurons.ThresholdOp(
            step.label,
            self.values[step.clock],
            self.values[step.operand("size")],
            [self.state(number) for number in inputs],
            self.state(events),
            Region(block),
        )
        self.body.add_op(op)
        self.advance(events, op.events)

    def _emit(self, step: Step) -> None:
        events, position = step.operand("events"), step.operand("position")
        op = emission.EmitOp(
            step.label,
            self.values[step.clock],
            (self.state(step.operand("indices")), self.state(step.operand("steps"))),
            self.values[step.operand("period")],
            self.time(step.clock)[1],
            self.state(position),
            self.state(events),
        )
        self.body.add_op(op)
        self.advance(events, op.events)
        self.advance(position, op.next)

    def _event(self, position: int, step: Step) -> None:
        inputs = CodeScope.own_elements(step)
        block, scope, _ = self._region(position, step, inputs)
        scope.run(step.code)
        written = scope.written_elements(inputs)
        updates, results = scope.results(written, inputs)
        if not updates:
            return
        block.add_op(structure.YieldOp(*results))
        op = neurons.ResetOp(
            step.role,
            step.label,
            self.values[step.clock],
            self.state(step.operand("events")),
            [self.state(number) for number in inputs],
            updates,
            Region(block),
        )
        self.body.add_op(op)
        for number, out in zip(written, op.outs, strict=True):
            self.advance(number, out)

    def _columns(self, position: int, step: Step, block: Block, index: Callable[[], SSAValue], skip: int) -> None:
        """Ends the region of a recording op: one value for each column after the first `skip`."""
        scope = self._scope(position, step, block, lambda _: None, index())
        types = self.plan.inputs[step.operand("sink")].columns[skip:]
        results = [
            scope.emitter.converted(scope.emitter.emit(expression), TYPES[type]).ssa
            for expression, type in zip(step.expressions, types, strict=True)
        ]
        block.add_op(structure.YieldOp(*results))

    def _record(self, position: int, step: Step) -> None:
        block = Block(arg_types=[INDEX])
        indices = self.state(step.operand("indices"))

        def index() -> SSAValue:
            gather = scalars.GatherOp(indices, block.args[0])
            block.add_op(gather)
            return Emitter(block, _no_name, _no_call).index(Value(gather.value, False)).ssa

        self._columns(position, step, block, index, skip=1)
        op = recording.RecordOp(
            step.label,
            self.values[step.clock],
            self.values[step.operand("sink")],
            self.values[step.operand("size")],
            self.time(step.clock)[0],
            Region(block),
        )
        self.body.add_op(op)

    def _record_events(self, position: int, step: Step) -> None:
        block = Block(arg_types=[INDEX])
        counts = step.operand("counts")
        self._columns(position, step, block, lambda: block.args[0], skip=2)
        op = recording.RecordEventsOp(
            step.label,
            self.values[step.clock],
            self.values[step.operand("sink")],
            self.state(step.operand("events")),
            (self.values[step.operand("start")], self.values[step.operand("stop")]),
            self.time(step.clock)[0],
            self.state(counts),
            Region(block),
        )
        self.body.add_op(op)
        self.advance(counts, op.out)

    def _record_rate(self, step: Step) -> None:
        self.body.add_op(
            recording.RecordRateOp(
                step.label,
                self.values[step.clock],
                self.values[step.operand("sink")],
                self.state(step.operand("events")),
                (self.values[step.operand("start")], self.values[step.operand("stop")]),
                self.time(step.clock)[0],
                self.dt(step.clock),
            )
        )

    def _call(self, step: Step, carried: Sequence[int]) -> None:
        op = recording.CallOp(
            step.label, step.callback, self.values[step.clock], [self.current[number] for number in carried]
        )
        self.body.add_op(op)
        for number, out in zip(carried, op.outs, strict=True):
            self.advance(number, out)


def name_hint(label: str) -> str | None:
    """Returns a label as the name of a value in the printed graph."""
    name = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in label)
    return name if name and not name[0].isdigit() else None


def _no_name(name: str) -> Value:
    raise KeyError(name)


def _no_call(emitter: Emitter, name: str, args: list[Value], expr: object) -> Value:
    raise KeyError(name)
