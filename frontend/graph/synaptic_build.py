"""Steps of synapses → ops of the `snn` graph."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, i64
from xdsl.ir import Block, Region, SSAValue

from ranvier.actions.code import assigned_names, used_names
from ranvier.equations.assignments import Assign, Propagator
from ranvier.graph.emit import INDEX, Value
from ranvier.graph.scopes import Builder, CodeScope
from ranvier.ir import structure, synapses
from ranvier.ir.types import element_type
from ranvier.plan.plan import Bound, Step

ROLES = synapses.ROLES


@dataclass
class _Inputs:
    """The elements that a region takes: the arrays, whose element of each, what it is shifted by."""

    places: list[Bound]
    arrays: list[SSAValue]
    offsets: list[int]

    @classmethod
    def of(cls, builder: Builder, step: Step) -> "_Inputs":
        used = set(used_names(step.code, step.expressions))
        places = [bound for name, bound in step.bindings if name in used and bound[0] in ROLES]
        places = sorted(set(places), key=lambda bound: (ROLES.index(bound[0]), bound[1:]))
        offsets = sorted({bound[2] for bound in places if len(bound) > 2 and bound[2] >= 0})
        return cls(places, [builder.state(bound[1]) for bound in places], offsets)

    @property
    def roles(self) -> list[str]:
        return [bound[0] for bound in self.places]

    @property
    def shifts(self) -> list[int]:
        return [
            self.offsets.index(bound[2]) if len(bound) > 2 and bound[2] >= 0 else synapses.NO_SHIFT
            for bound in self.places
        ]

    def block(self, builder: Builder) -> Block:
        """Returns the empty block of a region with these inputs."""
        block = Block(arg_types=[*[INDEX] * 3, *(element_type(array.type) for array in self.arrays)])
        numbers: list[int] = [bound[1] for bound in self.places]
        hints = ["k", "i", "j", *(builder.plan.inputs[number].label.rpartition(".")[2] for number in numbers)]
        for arg, hint in zip(block.args, hints, strict=True):
            arg.name_hint = hint if hint.isidentifier() and hint.isascii() else None
        return block


class SynapticScope(CodeScope):
    """Runs the code of one synapse; several names for one place are one variable.

    The two ends of a synapse may be the same element: what is assigned to `v_pre` is assigned to `v_post`, too, then.
    """

    def __init__(self, builder: Builder, position: int, step: Step, block: Block, inputs: _Inputs) -> None:
        super().__init__(builder, position, step, block, lambda _: None, block.args[0])
        self.ends = {"pre_index": block.args[1], "post_index": block.args[2]}
        self.own = dict(zip(inputs.places, block.args[3:], strict=True))
        first: dict[Bound, str] = {}
        for name, bound in step.bindings:
            if bound[0] in ROLES:
                first.setdefault(bound, name)
        self._names = {name: first[bound] for name, bound in step.bindings if bound[0] in ROLES}
        self._others = _other_ends(first)
        self._behind = set[str]()
        """Names whose other end was assigned after them: if it is the same element, its value is theirs."""

    def lookup(self, name: str) -> Value:
        """The value of a name at this point of the code."""
        name = self._names.get(name, name)
        if name in self._behind:
            self._behind.discard(name)
            other, old = self._others[name], super().lookup(name)
            new = self.emitter.converted(super().lookup(other), old.type)
            super()._assign(name, self.emitter.select(self._ends_meet(name, other), new, old))
        return super().lookup(name)

    def run(self, code: Iterable[Assign | Propagator]) -> None:
        """Emits assignments; later ones see the values of earlier ones."""
        super().run(
            Assign(self._names.get(line.target, line.target), line.expr) if isinstance(line, Assign) else line
            for line in code
        )

    def _assign(self, name: str, value: Value) -> None:
        super()._assign(name, value)
        self._behind.discard(name)
        if name in self._others:
            self._behind.add(self._others[name])

    def _ends_meet(self, name: str, other: str) -> Value:
        """Whether both ends of the synapse are the same element."""
        ends: list[Value] = []
        for end in sorted((name, other), key=lambda end: self.bindings[end][0]):
            role = str(self.bindings[end][0])
            shift = int(self.bindings[end][2])
            place = Value(self.ends[f"{role}_index"], False)
            if shift >= 0:
                place = self.emitter.op(arith.AddiOp, place, Value(self.builder.values[shift], True))
            ends.append(place)
        return self.emitter.comparison("eq", *ends)

    def _bound(self, name: str, bound: Bound) -> Value:
        if bound in self.own:
            return Value(self.own[bound], False)
        if bound[0] in self.ends:
            return Value(self.ends[bound[0]], False)
        return super()._bound(name, bound)

    def assignments(self) -> list[tuple[Bound, SSAValue]]:
        """The places that were assigned, in the order of the inputs, and their values."""
        found: list[tuple[Bound, SSAValue]] = []
        assigned = {self._names.get(name, name) for name in assigned_names(self.step.code)}
        for bound, old in self.own.items():
            name = next(name for name, other in self.step.bindings if other == bound)
            if name in assigned:
                found.append((bound, self.emitter.converted(self.lookup(name), old.type).ssa))
        return found


def _other_ends(names: Mapping[Bound, str]) -> dict[str, str]:
    """For the name of a variable at one end, the name of the same variable at the other end, if code uses both."""
    by_role = {(bound[0], bound[1]): name for bound, name in names.items() if bound[0] != "synapse"}
    return {
        name: by_role[other, state]
        for (role, state), name in by_role.items()
        if (other := "post" if role == "pre" else "pre", state) in by_role
    }


def build_propagate(builder: Builder, position: int, step: Step) -> None:
    """Adds the op of a pathway to the body of the loop."""
    inputs = _Inputs.of(builder, step)
    block = inputs.block(builder)
    scope = SynapticScope(builder, position, step, block, inputs)
    scope.run(step.code)
    assigned = scope.assignments()
    block.add_op(structure.YieldOp(*(value for _, value in assigned)))
    writes = [inputs.places.index(bound) for bound, _ in assigned]

    def state(role: str) -> SSAValue:
        return builder.state(step.operand(role))

    pending = [role for role in ("due", "due_synapses", "pending_position") if step.operand(role) >= 0]
    op = synapses.PropagateOp(
        step.label,
        builder.values[step.clock],
        state("events"),
        (builder.values[step.operand("start")], builder.values[step.operand("stop")]),
        (state("sources"), state("targets")),
        (state("pointers"), state("delays"), state("order") if step.operand("order") >= 0 else None),
        (state("indices"), state("counts"), state("position")),
        [state(role) for role in pending],
        inputs.arrays,
        inputs.roles,
        inputs.shifts,
        [builder.values[number] for number in inputs.offsets],
        writes,
        Region(block),
        spiking=step.role,
    )
    op.attributes["facts"] = DictionaryAttr({name: IntegerAttr(value, i64) for name, value in step.facts})
    builder.body.add_op(op)
    changed = [step.operand(role) for role in ("indices", "counts", "position", *pending[2:])]
    changed += dict.fromkeys(inputs.places[k][1] for k in writes)
    for number, out in zip(changed, op.outs, strict=True):
        builder.advance(number, out)


def build_accumulate(builder: Builder, position: int, step: Step) -> None:
    """Adds the op of a summed variable to the body of the loop."""
    inputs = _Inputs.of(builder, step)
    block = inputs.block(builder)
    scope = SynapticScope(builder, position, step, block, inputs)
    array = builder.state(step.operand("array"))
    value = scope.emitter.converted(scope.emitter.emit(step.expressions[0]), element_type(array.type))
    block.add_op(structure.YieldOp(value.ssa))
    ends = tuple(builder.state(step.operand(role)) for role in ("sources", "targets"))
    op = synapses.AccumulateOp(
        step.label,
        builder.values[step.clock],
        builder.values[step.operand("size")],
        (ends[0], ends[1]),
        inputs.arrays,
        inputs.roles,
        inputs.shifts,
        [builder.values[number] for number in inputs.offsets],
        ends[0] if step.role == "pre" else ends[1],
        array,
        (builder.values[step.operand("count")], builder.values[step.operand("offset")]),
        Region(block),
    )
    builder.body.add_op(op)
    builder.advance(step.operand("array"), op.out)
