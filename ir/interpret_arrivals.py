"""What the interpreter makes of the ops over pathways that only add."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.ir.arrivals import RING_PADDING, ROW_BITS, ArrivalsOp, DepositOp
from ranvier.ir.interpret_arith import numpy_type
from ranvier.ir.interpret_run import UNDEFINED, Array, Handler, Handlers, InterpretError, Run
from ranvier.ir.interpret_synapses import checked, due_rows, instances_of, spikes_of, take_in, whole_rows
from ranvier.ir.neurons import region_of
from ranvier.ir.types import element_type


def rounded(size: int, multiple: int) -> int:
    """Returns the next multiple."""
    return -(-size // multiple) * multiple


def _unsigned(array: Array) -> Array:
    return array.view(f"u{array.dtype.itemsize}").astype(np.int64)


def _targets(run: Run, op: ArrivalsOp, row: int, size: int) -> Array:
    """Returns the elements at which the synapses of a row end, in any order."""
    if op.lists:
        pointers, targets = (run.get(value) for value in op.lists)
        extent = int(run.get(op.stop)) - int(run.get(op.start))
        pointers = whole_rows(op, pointers, extent * len(run.get(op.delays)))
        found = _unsigned(targets[int(pointers[row]) : int(pointers[row + 1])])
    else:
        width = rounded(size, ROW_BITS) // 64
        assert op.words is not None
        words = run.get(op.words)
        if len(words) < (row + 2) * width:
            raise InterpretError(f"snn.arrivals has {len(words)} words, too few for row {row} of {width} and an end")
        found = np.flatnonzero(np.unpackbits(words[row * width : (row + 1) * width].view(np.uint8), bitorder="little"))
    return found


def _arrivals(run: Run, op: ArrivalsOp) -> list[Any]:
    arrays = {value: run.get(value).copy() for value in op.updated}
    take_in(run, op, arrays)
    position, size, instances = int(arrays[op.position][0]), int(run.get(op.size)), instances_of(run, op)
    arrived = np.zeros(size, np.int64)
    for row, instance in due_rows(run, op, arrays, position):
        targets = _targets(run, op, row, size) * instances + instance
        np.add.at(checked(op, arrived, targets), targets, 1)
    arrays[op.position][0] += 1
    dtype = numpy_type(element_type(op.arrived.type))
    if arrived.max(initial=0) >> (8 * dtype.itemsize):
        raise InterpretError(f"snn.arrivals counts {arrived.max()} synapses in {8 * dtype.itemsize} bits")
    return [*(arrays[value] for value in op.updated), arrived.astype(dtype)]


def _old_arrivals(run: Run, op: ArrivalsOp) -> list[Any]:
    return [*(run.old(value) for value in op.updated), UNDEFINED]


def _deposit(run: Run, op: DepositOp) -> list[Any]:
    arrays = {value: run.get(value).copy() for value in op.updated}
    take_in(run, op, arrays)
    instances = instances_of(run, op)
    position, size = int(arrays[op.position][0]), int(run.get(op.size))
    length, width = len(arrays[op.counts]), rounded(size // instances, RING_PADDING)
    ring = arrays[op.ring]
    if len(ring) != length * width * instances:
        raise InterpretError(f"the ring of snn.deposit has {len(ring)} elements, not {length} slots of {width}")
    slot = position % length
    extent = int(run.get(op.stop)) - int(run.get(op.start))
    pointers, number = run.get(op.pointers), len(run.get(op.delays))
    if (divided := whole_rows(op, pointers, extent)) is not pointers:
        pointers, number = divided, 1
    for element, own in spikes_of(run, op, arrays, slot, extent):
        places = np.arange(int(pointers[element * number]), int(pointers[(element + 1) * number]))
        at = (slot * width + checked(op, run.get(op.flat), places)[places].astype(np.int64)) % (length * width)
        for instance in range(instances) if op.alike is not None else (own,):
            np.add.at(ring, at * instances + instance, _addends(run, op, element, instance, places))
    first = slot * width * instances
    arrived = ring[first : first + size].copy()
    ring[first : first + width * instances] = 0
    arrays[op.position][0] += 1
    return [*(arrays[value] for value in op.updated), arrived]


def _addends(run: Run, op: DepositOp, element: int, instance: int, places: Array) -> Array:
    spiking = np.full(len(places), element, dtype=np.int64)
    elements: list[Array] = []
    for k, (value, role) in enumerate(zip(op.inputs, op.roles, strict=True)):
        shift = op.shift_of(k)
        index = (places if role.data == "synapse" else spiking) + (0 if shift is None else int(run.get(shift)))
        if k in op.own_inputs:
            index = index * instances_of(run, op) + instance
        elements.append(checked(op, run.get(value), index)[index])
    block = region_of(op)
    last = [] if op.instances is None else [np.full(len(places), instance, dtype=np.int64)]
    run.values.update(zip(block.args, [places, spiking, *elements, *last], strict=True))
    (value,) = run.block(block)
    return run.spread(value, len(places))


def _old_deposit(run: Run, op: DepositOp) -> list[Any]:
    return [*(run.old(value) for value in op.updated), UNDEFINED]


ARRIVAL_HANDLERS: Handlers = {
    ArrivalsOp: Handler(_arrivals, _old_arrivals),
    DepositOp: Handler(_deposit, _old_deposit),
}
"""The ops over pathways that only add."""
