"""Which pathway can be held back: what its spikes do to synapses is done when the other pathway next reads these.

A spike of a target changes all synapses that end there, and these are far apart in memory. If nothing looks at them
before the next spike of their source, what the target's spikes do may wait until then, and is done for the synapses of
a row one after another: in the same order for each synapse, with the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation, SSAValue

from ranvier.ir.inputs import CONTRACTED
from ranvier.ir.neurons import region_of
from ranvier.ir.recording import CallOp
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.ir.structure import ClockOp, DtOp, LoopOp, ProgramOp, ReadOp, TimeOp, YieldOp
from ranvier.ir.synapses import PropagateOp, element_args, roles_of, shifts_of, written_inputs
from ranvier.ir.team import DIVISION
from ranvier.ir.types import is_shared
from ranvier.passes.facts.scalars import is_inside, is_pure_scalar, may_trap
from ranvier.passes.facts.versions import Versions, label_of, used_values

DEFERRED, IMMEDIATE = "deferred", "immediate"
"""Attributes that the pass `defer-events` gives pathways of targets: until which pathway they wait, or why they do
not."""

ALWAYS = "always"
"""The attribute of a pathway that is held back from the first step on, whether that pays or not."""

_VARYING = (RandomOp, GatherOp, NativeOp, PropagatorOp, ReadOp, DtOp, TimeOp)


@dataclass(frozen=True, eq=False)
class Deferral:
    """A pathway that is held back, and the one that waits for what it does.

    Attributes:
        held: The pathway of the targets, whose spikes wait.
        reader: The pathway of the sources, before whose synapses are read what waits is done.
        ops: What is computed for a synapse, in order.
        inputs: The inputs of `held` that this needs.
        writes: The variables of synapses that are changed, and what they become, by input of `held`.
        time: The op that gives the time at which a spike arrives, None if that is of no importance.
        comes_first: Whether `held` stands before `reader` in a step.
    """

    held: PropagateOp
    reader: PropagateOp
    ops: tuple[Operation, ...]
    inputs: frozenset[int]
    writes: tuple[tuple[int, SSAValue], ...]
    time: TimeOp | None
    comes_first: bool


def is_deferred(op: Operation) -> bool:
    """Tells whether an op is a pathway that is held back where a program has one instance."""
    return DEFERRED in op.attributes and isinstance(op, PropagateOp) and op.instances is None


def deferral(op: PropagateOp, loop: LoopOp, versions: Versions) -> Deferral | str:
    """Returns how a pathway is held back, or why it cannot be."""
    reason = _own_reason(op, versions) or _reason_of_loop(loop)
    if reason:
        return reason
    found = _slice(op, versions)
    if isinstance(found, str):
        return found
    ops, writes = found
    used = _used(ops, writes)
    inputs = frozenset(k for k, arg in enumerate(element_args(op)) if arg in used or k in dict(writes))
    time = _time(op, used, loop)
    reader = _reader(op, loop, versions, inputs, dict(writes))
    for answer in (time, reader):
        if isinstance(answer, str):
            return answer
    assert isinstance(reader, PropagateOp) and (time is None or isinstance(time, TimeOp))
    body = list(loop.body.block.ops)
    return Deferral(op, reader, ops, inputs, writes, time, body.index(op) < body.index(reader))


def _own_reason(op: PropagateOp, versions: Versions) -> str:
    """Returns why a pathway cannot wait, by what it is itself."""
    if op.spiking.data != "post":
        return "its spikes are those of the sources, whose synapses stand together"
    if op.instances is not None:
        return "several instances share the work"
    if op.pending:
        return "there are spikes under way from before a change"
    clock = op.clock.owner
    if not isinstance(clock, ClockOp) or clock.times is not None:
        return "its clock has no fixed step"
    roles = roles_of(op)
    for k in written_inputs(op):
        if roles[k] not in ("synapse", "row"):
            return f"it changes {label_of(versions.root(op.inputs[k]))} of neurons"
    if not any(roles[k] == "synapse" for k in written_inputs(op)):
        return "it changes nothing of synapses"
    return ""


def _reason_of_loop(loop: LoopOp) -> str:
    program = loop.parent_op()
    if not isinstance(program, ProgramOp) or CONTRACTED not in program.attributes:
        return "products are contracted as the machine likes, here so and there otherwise"
    caller = next((each for each in loop.body.block.ops if isinstance(each, CallOp)), None)
    return "" if caller is None else "Python is called, which may look at synapses"


def _called(op: Operation) -> str:
    """Returns what reasons call an op: the object it comes from."""
    label = op.properties.get("label")
    return f"'{label.data}'" if isinstance(label, StringAttr) else op.name


def _slice(op: PropagateOp, versions: Versions) -> tuple[tuple[Operation, ...], tuple[tuple[int, SSAValue], ...]] | str:
    """Returns the ops by which variables of synapses change, and what they become by input; or why they cannot wait."""
    block, roles = region_of(op), roles_of(op)
    last = block.last_op
    assert isinstance(last, YieldOp)
    writes = tuple(
        (k, value) for k, value in zip(written_inputs(op), last.arguments, strict=True) if roles[k] == "synapse"
    )
    needed, todo = set[Operation](), [value for _, value in writes]
    while todo:
        value = todo.pop()
        owner = value.owner
        if isinstance(owner, Operation):
            if owner in needed or not is_inside(value, block):
                continue
            if not is_pure_scalar(owner) or may_trap(owner) or isinstance(owner, _VARYING):
                return f"what it does to synapses needs {owner.name}"
            needed.add(owner)
            todo += owner.operands
        elif owner is block:
            number = block.args.index(value)
            if number in (0, 2):
                return f"what it does to synapses needs the number of the {'synapse' if number == 0 else 'target'}"
            if number >= 3 and roles[number - 3] not in ("synapse", "pre"):
                needed_of_target = label_of(versions.root(op.inputs[number - 3]))
                return f"what it does to synapses needs {needed_of_target} of the neuron that spikes"
    return tuple(each for each in block.ops if each in needed), writes


def _used(ops: Sequence[Operation], writes: Sequence[tuple[int, SSAValue]]) -> set[SSAValue]:
    return {value for each in ops for value in each.operands} | {value for _, value in writes}


def _time(op: PropagateOp, used: set[SSAValue], loop: LoopOp) -> TimeOp | str | None:
    """Returns the op whose time is used; or what else is used that differs from step to step."""
    times = set[TimeOp]()
    for value in used:
        owner = value.owner
        if is_inside(value, region_of(op)) or not is_inside(value, loop.body.block):
            continue
        if not isinstance(owner, TimeOp) or owner.clock is not op.clock:
            return "what it does to synapses needs a number that is computed in each step"
        times.add(owner)
    if len(times) > 1:
        return "what it does to synapses needs the time in two ways"
    return next(iter(times), None)


def _reader(
    op: PropagateOp, loop: LoopOp, versions: Versions, inputs: frozenset[int], writes: dict[int, SSAValue]
) -> PropagateOp | str:
    """Returns the pathway that waits for the changes, or what else might see that they are late."""
    roles, shifts = roles_of(op), shifts_of(op)
    mine = {versions.root(op.inputs[k]) for k in writes}
    own = mine | {versions.root(op.inputs[k]) for k in inputs if roles[k] == "synapse"}
    if any(shifts[k] is not None or is_shared(op.inputs[k].type) for k in inputs if roles[k] == "synapse"):
        return "its variables of synapses are found otherwise"
    readers = {user for user in _users(loop, versions, mine) if user is not op}
    if len(readers) != 1:
        others = sorted(_called(user) for user in readers)
        return f"its synapses are used by {', '.join(others)}" if others else "nothing else uses its synapses"
    (reader,) = readers
    if not isinstance(reader, PropagateOp):
        return f"its synapses are used by {_called(reader)}"
    reason = _reason_of_reader(op, reader)
    if reason:
        return reason
    for value, role in zip(reader.inputs, roles_of(reader), strict=True):
        if versions.root(value) in own and role != "synapse":
            return f"{_called(reader)} uses {label_of(versions.root(value))} otherwise"
    sources = {versions.root(op.inputs[k]) for k in inputs if roles[k] == "pre"}
    rows = {versions.root(v) for v, role in zip(reader.inputs, roles_of(reader), strict=True) if role == "row"}
    for root in [*own, *sources]:
        changers = [user for user in _changers(loop, versions, root) if user is not op]
        if any(changer is not reader for changer in changers):
            return f"{_called(changers[0])} changes {label_of(root)}"
        if changers and root in sources and root not in rows:
            return f"{_called(reader)} changes {label_of(root)} with each synapse"
        if changers and root in sources and _shifts(op, versions, root) != _shifts(reader, versions, root):
            return f"{_called(reader)} finds {label_of(root)} otherwise"
    return reader


def _shifts(op: PropagateOp, versions: Versions, root: SSAValue) -> set[SSAValue | None]:
    """Returns what is added to the number of a neuron to find its element of an array."""
    return {shift for value, shift in zip(op.inputs, shifts_of(op), strict=True) if versions.root(value) is root}


def _reason_of_reader(op: PropagateOp, reader: PropagateOp) -> str:
    """Returns why a pathway cannot do what waits before it reads its synapses."""
    name = _called(reader)
    if reader.spiking.data != "pre" or reader.clock is not op.clock:
        return f"{name} is no pathway of the sources at the same times"
    if reader.instances is not None or reader.pending:
        return f"{name} has several instances, or spikes under way from before a change"
    if reader.order is not None and DIVISION not in reader.attributes:
        return f"the synapses do not stand in the order of their sources, in which {name} needs them"
    if "row" not in roles_of(reader):
        return f"{name} may have several delays for a source"
    kept = (reader.sources, reader.targets, reader.pointers, op.sources, op.targets, op.pointers)
    return "" if all(isinstance(v.owner, Operation) for v in kept) else "its connections change during a run"


def _users(loop: LoopOp, versions: Versions, roots: set[SSAValue]) -> Iterator[Operation]:
    """Yields the ops of a loop that use one of some arrays."""
    for each in loop.body.block.ops:
        if not isinstance(each, YieldOp) and any(versions.root(value) in roots for value in used_values(each)):
            yield each


def _changers(loop: LoopOp, versions: Versions, root: SSAValue) -> Iterator[Operation]:
    """Yields the ops of a loop that change an array."""
    for each in loop.body.block.ops:
        if any(versions.root(out) is root for out in each.results):
            yield each
