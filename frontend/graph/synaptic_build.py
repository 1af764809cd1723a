"""Steps of synapses → ops of the `snn` graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, i64
from xdsl.ir import Block, Region, SSAValue

from ranvier.actions.code import assigned_names, used_names
from ranvier.equations.assignments import Assign, Line
from ranvier.graph.arithmetic import INDEX, Value
from ranvier.graph.scopes import Builder, CodeScope
from ranvier.ir import structure, synapses
from ranvier.ir.types import element_type
from ranvier.plan.bounds import Bound, End, Place, PostIndex, PostOf, PreIndex, PreOf
from ranvier.plan.step_kinds import AccumulateStep, PropagateStep

ROLES = synapses.ROLES


@dataclass
class _Inputs:
    """The elements that a region takes: the arrays, whose element of each, what it is shifted by."""

    places: list[Place]
    arrays: list[SSAValue]
    offsets: list[int]

    @classmethod
    def of(cls, builder: Builder, step: PropagateStep | AccumulateStep) -> _Inputs:
        code = step.code
        used = set(used_names(code.lines, code.results))
        found = {bound for name, bound in code.bindings if name in used and isinstance(bound, Place)}
        places = sorted(found, key=lambda place: (ROLES.index(place.role), place.input, _offset(place)))
        offsets = sorted({_offset(place) for place in places} - {synapses.NO_SHIFT})
        return cls(places, [builder.state(place.input) for place in places], offsets)

    @property
    def roles(self) -> list[str]:
        return [place.role for place in self.places]

    @property
    def shifts(self) -> list[int]:
        numbers = {synapses.NO_SHIFT: synapses.NO_SHIFT, **{offset: k for k, offset in enumerate(self.offsets)}}
        return [numbers[_offset(place)] for place in self.places]

    def block(self, builder: Builder) -> Block:
        """Returns the empty block of a region with these inputs."""
        block = Block(arg_types=[*[INDEX] * 3, *(element_type(array.type) for array in self.arrays)])
        labels = [builder.plan.inputs[place.input].label for place in self.places]
        hints = ["k", "i", "j", *(label.rpartition(".")[2] for label in labels)]
        for arg, hint in zip(block.args, hints, strict=True):
            arg.name_hint = hint if hint.isidentifier() and hint.isascii() else None
        return block


def _offset(place: Place) -> int:
    """Returns the number of the input that is added to the element's number; `NO_SHIFT` if there is none."""
    return place.offset if isinstance(place, End) and place.offset is not None else synapses.NO_SHIFT


class SynapticScope(CodeScope):
    """Runs the code of one synapse; several names for one place are one variable.

    The two ends of a synapse may be the same element: what is assigned to `v_pre` is assigned to `v_post`, too, then.
    """

    def __init__(
        self, builder: Builder, position: int, step: PropagateStep | AccumulateStep, block: Block, inputs: _Inputs
    ) -> None:
        super().__init__(builder, position, step, block, lambda _: None, block.args[0])
        self.ends = {"pre": block.args[1], "post": block.args[2]}
        self.own = dict(zip(inputs.places, block.args[3:], strict=True))
        self._name_of: dict[Place, str] = {}
        self._names: dict[str, str] = {}
        for name, bound in step.code.bindings:
            if isinstance(bound, Place):
                self._names[name] = self._name_of.setdefault(bound, name)
        self._others = _other_ends(self._name_of)
        self._behind = set[str]()
        """Names whose other end was assigned after them: if it is the same element, its value is theirs."""

    def lookup(self, name: str) -> Value:
        """Returns the value of a name at this point of the code."""
        name = self._names.get(name, name)
        if name in self._behind:
            self._behind.discard(name)
            other, old = self._others[name], super().lookup(name)
            new = self.emitter.converted(super().lookup(other), old.type)
            super().assign(name, self.emitter.select(self._ends_meet(name, other), new, old))
        return super().lookup(name)

    def run(self, code: Iterable[Line]) -> None:
        """Emits assignments; later ones see the values of earlier ones."""
        super().run(
            Assign(self._names.get(line.target, line.target), line.expr) if isinstance(line, Assign) else line
            for line in code
        )

    def assign(self, name: str, value: Value) -> None:
        """Gives a name a value; its other name, if both ends may meet, is behind then."""
        super().assign(name, value)
        self._behind.discard(name)
        if name in self._others:
            self._behind.add(self._others[name])

    def _ends_meet(self, name: str, other: str) -> Value:
        """Tells whether both ends of the synapse are the same element."""
        numbers: list[Value] = []
        ends = [bound for end in (name, other) if isinstance(bound := self.bindings[end], End)]
        for bound in sorted(ends, key=lambda bound: bound.role):
            number = Value(self.ends[bound.role], False)
            if bound.offset is not None:
                number = self.emitter.op(arith.AddiOp, number, Value(self.builder.values[bound.offset], True))
            numbers.append(number)
        return self.emitter.comparison("eq", *numbers)

    def _bound(self, name: str, bound: Bound) -> Value:
        if isinstance(bound, Place) and bound in self.own:
            return Value(self.own[bound], False)
        match bound:
            case PreIndex():
                return Value(self.ends["pre"], False)
            case PostIndex():
                return Value(self.ends["post"], False)
            case _:
                return super()._bound(name, bound)

    def assignments(self) -> list[tuple[Place, SSAValue]]:
        """Returns the places that were assigned, in the order of the inputs, and their values."""
        found: list[tuple[Place, SSAValue]] = []
        assigned = {self._names.get(name, name) for name in assigned_names(self.code.lines)}
        for place, old in self.own.items():
            name = self._name_of[place]
            if name in assigned:
                found.append((place, self.emitter.converted(self.lookup(name), old.type).ssa))
        return found


def _other_ends(names: Mapping[Place, str]) -> dict[str, str]:
    """Returns for the name of a variable at one end, the name of the same variable at the other end, if code uses
    both.
    """
    pre = {place.input: name for place, name in names.items() if isinstance(place, PreOf)}
    post = {place.input: name for place, name in names.items() if isinstance(place, PostOf)}
    both = [(pre[number], post[number]) for number in pre if number in post]
    return dict(both) | {end: start for start, end in both}


def build_propagate(builder: Builder, position: int, step: PropagateStep) -> None:
    """Adds the op of a pathway to the body of the loop."""
    inputs = _Inputs.of(builder, step)
    block = inputs.block(builder)
    scope = SynapticScope(builder, position, step, block, inputs)
    scope.run(step.code.lines)
    assigned = scope.assignments()
    block.add_op(structure.YieldOp(*(value for _, value in assigned)))
    writes = [inputs.places.index(place) for place, _ in assigned]
    state, pending = builder.state, step.pending
    waiting = [] if pending is None else [pending.due, pending.synapses, pending.position]
    op = synapses.PropagateOp(
        step.label,
        builder.values[step.clock],
        state(step.events),
        (builder.values[step.start], builder.values[step.stop]),
        (state(step.sources), state(step.targets)),
        (state(step.pointers), state(step.delays), None if step.order is None else state(step.order)),
        (state(step.indices), state(step.counts), state(step.position)),
        [state(number) for number in waiting],
        inputs.arrays,
        inputs.roles,
        inputs.shifts,
        [builder.values[number] for number in inputs.offsets],
        writes,
        Region(block),
        spiking=step.spiking,
    )
    op.attributes["facts"] = DictionaryAttr({name: IntegerAttr(value, i64) for name, value in step.facts})
    builder.body.add_op(op)
    changed = [*changed_by_propagation(step), *dict.fromkeys(inputs.places[k].input for k in writes)]
    for number, out in zip(changed, op.outs, strict=True):
        builder.advance(number, out)


def changed_by_propagation(step: PropagateStep) -> list[int]:
    """Returns the inputs that a pathway changes whatever its code does."""
    position = [] if step.pending is None else [step.pending.position]
    return [step.indices, step.counts, step.position, *position]


def build_accumulate(builder: Builder, position: int, step: AccumulateStep) -> None:
    """Adds the op of a summed variable to the body of the loop."""
    inputs = _Inputs.of(builder, step)
    block = inputs.block(builder)
    scope = SynapticScope(builder, position, step, block, inputs)
    array = builder.state(step.array)
    value = scope.emitter.converted(scope.emitter.emit(step.code.results[0]), element_type(array.type))
    block.add_op(structure.YieldOp(value.ssa))
    sources, targets = builder.state(step.sources), builder.state(step.targets)
    op = synapses.AccumulateOp(
        step.label,
        builder.values[step.clock],
        builder.values[step.size],
        (sources, targets),
        inputs.arrays,
        inputs.roles,
        inputs.shifts,
        [builder.values[number] for number in inputs.offsets],
        sources if step.to_source else targets,
        array,
        (builder.values[step.count], builder.values[step.offset]),
        Region(block),
    )
    builder.body.add_op(op)
    builder.advance(step.array, op.out)
