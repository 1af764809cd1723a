"""What the interpreter makes of the ops over synapses: one synapse after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, HistoryOp
from ranvier.ir.interpret_run import Array, Handler, Handlers, InterpretError, Run
from ranvier.ir.neurons import region_of
from ranvier.ir.synapses import AccumulateOp, PropagateOp, own_inputs, roles_of, shifts_of, words_of, written_inputs
from ranvier.ir.team import BY_TARGETS, DIVISION


@dataclass
class _Ends:
    """The ends of the synapses and the place of each input's element; what the op says of them is read once.

    Attributes:
        op: The op over the synapses.
        sources: The number of the first end of each synapse.
        targets: The number of the second end.
        shifts: What is added to the number of each input's element.
        instances: How many instances are computed.
        inputs: The arrays whose elements the region gets.
        roles: Whose element of each input it gets.
        own: The inputs of which each instance has its own.
        block: The region.
        numbered: Whether the region gets the number of the instance.
        words: The words of a record, where there are records.
    """

    op: PropagateOp | AccumulateOp
    sources: Array
    targets: Array
    shifts: list[int]
    instances: int
    inputs: Sequence[SSAValue]
    roles: Sequence[str]
    own: frozenset[int]
    block: Block
    numbered: bool
    words: int = 1

    @classmethod
    def of(cls, run: Run, op: PropagateOp | AccumulateOp) -> _Ends:
        shifts = [0 if shift is None else int(run.get(shift)) for shift in shifts_of(op)]
        sources, targets = run.get(op.sources), run.get(op.targets)
        if isinstance(op, PropagateOp) and op.by_place is not None:
            sources, targets = _by_synapse(run, op, sources, targets)
        words = words_of(op) if isinstance(op, PropagateOp) else 1
        if isinstance(op, PropagateOp) and words > 1:
            if op.spiking.data == "pre":
                targets = targets[::words]
            else:
                sources = sources[::words]
        instances, numbered = instances_of(run, op), op.instances is not None
        roles, own, block = roles_of(op), own_inputs(op), region_of(op)
        ends = cls(op, sources, targets, shifts, instances, tuple(op.inputs), roles, own, block, numbered, words)
        if len(ends.sources) != len(ends.targets):
            raise InterpretError(f"{op.name} has {len(ends.sources)} sources and {len(ends.targets)} targets")
        return ends

    def places(self, synapses: Array, instance: int) -> list[Array]:
        """Returns for each input the numbers of the elements that belong to some synapses of an instance."""
        of_role = {"synapse": synapses, "pre": self.sources[synapses], "post": self.targets[synapses]}
        of_role["word"] = synapses.astype(np.int64) * self.words
        if isinstance(self.op, PropagateOp):
            of_role["row"] = of_role[self.op.spiking.data]
        found = [of_role[role].astype(np.int64) + shift for role, shift in zip(self.roles, self.shifts, strict=True)]
        for k in self.own:
            found[k] = found[k] * self.instances + instance
        return found

    def run_region(
        self, run: Run, synapses: Array, instance: int, places: list[Array], arrays: dict[SSAValue, Array]
    ) -> list[Array]:
        """Runs the region for some synapses of an instance at once."""
        elements: list[Array] = []
        for value, place in zip(self.inputs, places, strict=True):
            elements.append(checked(self.op, arrays[value], place)[place])
        ends = [self.sources[synapses].astype(np.int64), self.targets[synapses].astype(np.int64)]
        last = [np.full(len(synapses), instance, dtype=np.int64)] if self.numbered else []
        run.values.update(zip(self.block.args, [synapses, *ends, *elements, *last], strict=True))
        return [run.spread(value, len(synapses)) for value in run.block(self.block)]


def _by_synapse(run: Run, op: PropagateOp, sources: Array, targets: Array) -> tuple[Array, Array]:
    """Returns the ends of each synapse, where those that do not spike are in the order of the rows."""
    assert op.order is not None
    by_place = targets if op.spiking.data == "pre" else sources
    far = np.zeros_like(by_place)
    far[run.get(op.order)] = by_place
    return (sources, far) if op.spiking.data == "pre" else (far, targets)


def instances_of(run: Run, op: PropagateOp | AccumulateOp | HistoryOp) -> int:
    """Returns how many instances an op computes."""
    return 1 if op.instances is None else int(run.get(op.instances))


def checked(op: Operation, array: Array, index: Array) -> Array:
    """Returns an array of which an op reads the elements `index`, after checking that it has them."""
    wrong = index[(index < 0) | (index >= len(array))]
    if len(wrong):
        raise InterpretError(f"{op.name} reaches element {wrong[0]} of an array of {len(array)}: {op}")
    return array


def _propagate(run: Run, op: PropagateOp) -> list[Any]:
    ends = _Ends.of(run, op)
    arrays = {value: run.get(value).copy() for value in (*op.inputs, *op.updated)}
    take_in(run, op, arrays)
    position = int(arrays[op.position][0])
    written = [(k, ends.inputs[k], ends.roles[k] == "row") for k in written_inputs(op)]
    for row, instances in (_pending(run, op, arrays, position), *_reached(run, op, arrays, position)):
        for instance in instances if row else ():
            _run_row(run, ends, row, instance, arrays, written)
    arrays[op.position][0] += 1
    return [arrays[value] for value in op.updated]


def _run_row(
    run: Run,
    ends: _Ends,
    synapses: Sequence[int],
    instance: int,
    arrays: dict[SSAValue, Array],
    written: Sequence[tuple[int, SSAValue, bool]],
) -> None:
    """Runs the region for one synapse of an instance after another; elements of the row are written at the end.

    Args:
        written: The positions of the inputs whose elements are written, the arrays, and whether the elements are the
            row's.
    """
    after = dict[SSAValue, tuple[Array, Array]]()
    for synapse in synapses:
        one = np.array([synapse], dtype=np.int64)
        checked(ends.op, ends.sources, one)
        places = ends.places(one, instance)
        new = ends.run_region(run, one, instance, places, arrays)
        for (k, array, of_row), value in zip(written, new, strict=True):
            if of_row:
                after[array] = (places[k], value)
            else:
                arrays[array][places[k]] = value
    for array, (place, value) in after.items():
        arrays[array][place] = value


def take_in(run: Run, op: HistoryOp, arrays: dict[SSAValue, Array]) -> None:
    """Writes the events of this step into their slot of the history."""
    start, stop = int(run.get(op.start)), int(run.get(op.stop))
    counts, length = arrays[op.counts], len(arrays[op.counts])
    if not length > max(run.get(op.delays), default=0):
        raise InterpretError(f"{op.name} keeps the spikes of {length} steps, too few for its longest delay")
    slot = int(arrays[op.position][0]) % length
    events = run.get(op.events)
    events = events[(start <= events) & (events < stop)] - start
    first = slot * (stop - start)
    arrays[op.indices][first : first + len(events)] = events
    counts[slot] = len(events)


def _pending(
    run: Run, op: PropagateOp, arrays: dict[SSAValue, Array], position: int
) -> tuple[list[int], Iterable[int]]:
    """Returns the pending synapses that are due, and the instances; advances the pending position."""
    found: list[int] = []
    if not op.pending:
        return found, ()
    due, synapses = run.get(op.pending[0]), run.get(op.pending[1])
    arrived = arrays[op.pending[2]]
    if len(due) != len(synapses):
        raise InterpretError("snn.propagate has as many pending synapses as due positions")
    while arrived[0] < len(due) and due[arrived[0]] <= position:
        found.append(int(synapses[arrived[0]]))
        arrived[0] += 1
    return found, range(instances_of(run, op))


def _reached(
    run: Run, op: PropagateOp, arrays: dict[SSAValue, Array], position: int
) -> Iterator[tuple[list[int], Iterable[int]]]:
    """Yields the rows of synapses that spikes reach now, in the order in which they are processed, and for whom."""
    pointers = whole_rows(op, run.get(op.pointers), _extent(run, op) * len(run.get(op.delays)))
    instances, alike = range(instances_of(run, op)), op.alike is not None
    order = None if op.order is None else run.get(op.order)
    for row, instance in due_rows(run, op, arrays, position):
        places = range(int(pointers[row]), int(pointers[row + 1]))
        synapses = list(places) if order is None else [int(order[place]) for place in places]
        yield synapses, instances if alike else (instance,)


def _extent(run: Run, op: HistoryOp) -> int:
    return int(run.get(op.stop)) - int(run.get(op.start))


def whole_rows(op: Operation, pointers: Array, rows: int) -> Array:
    """Returns where the rows of a pathway begin: where it is divided by targets, each has one for each thread."""
    division = op.attributes.get(DIVISION)
    if not isinstance(division, StringAttr) or division.data != BY_TARGETS or not rows:
        return pointers
    return pointers[:: (len(pointers) - 1) // rows]


def due_rows(run: Run, op: HistoryOp, arrays: dict[SSAValue, Array], position: int) -> Iterator[tuple[int, int]]:
    """Yields the rows that spikes reach now, and their instances: delay by delay, in the order of the spikes."""
    delays = run.get(op.delays)
    size = int(run.get(op.stop)) - int(run.get(op.start))
    for s, delay in enumerate(delays):
        if delay > position:
            continue
        slot = (position - int(delay)) % len(arrays[op.counts])
        for element, instance in spikes_of(run, op, arrays, slot, size):
            yield element * len(delays) + s, instance


def spikes_of(
    run: Run, op: HistoryOp, arrays: dict[SSAValue, Array], slot: int, size: int
) -> Iterator[tuple[int, int]]:
    """Yields the spikes in a slot of the history: the elements, and their instances."""
    alike = not isinstance(op, ArrivalsOp) and op.alike is not None
    instances = 1 if alike else instances_of(run, op)
    first = slot * size
    for number in arrays[op.indices][first : first + int(arrays[op.counts][slot])].tolist():
        yield divmod(number, instances)


def _accumulate(run: Run, op: AccumulateOp) -> list[Any]:
    ends = _Ends.of(run, op)
    synapses = np.arange(int(run.get(op.size)), dtype=np.int64)
    out = run.get(op.array).copy()
    offset, count = int(run.get(op.offset)), int(run.get(op.count))
    arrays = {value: run.get(value) for value in op.inputs}
    sums = [
        ends.run_region(run, synapses, instance, ends.places(synapses, instance), arrays)[0]
        for instance in range(ends.instances)
    ]
    out[offset * ends.instances : (offset + count) * ends.instances] = 0
    for instance, values in enumerate(sums):
        places = (run.get(op.index)[synapses].astype(np.int64) + offset) * ends.instances + instance
        checked(op, out, places)
        for place, value in zip(places, values, strict=True):
            out[place] += value
    return [out]


def _old_updated(run: Run, op: PropagateOp) -> list[Any]:
    return [run.old(value) for value in op.updated]


def _old_sums(run: Run, op: AccumulateOp) -> list[Any]:
    return [run.old(op.array)]


SYNAPSE_HANDLERS: Handlers = {
    PropagateOp: Handler(_propagate, _old_updated),
    AccumulateOp: Handler(_accumulate, _old_sums),
}
"""The ops over synapses."""
