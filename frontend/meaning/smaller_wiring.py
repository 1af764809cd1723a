"""Fewer synapses, and fewer cells at their ends: all that lists them is changed together.

What is made here need not show the fault, nor be right where arrays mean something that is not known here: whoever asks
runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from xdsl.ir import BlockArgument, Operation, SSAValue

from ranvier.ir.structure import LoopOp
from ranvier.ir.synapses import PropagateOp
from ranvier.meaning.given import Array, Given, entries_of, table_of
from ranvier.meaning.reproducer import Reproducer
from ranvier.meaning.smaller_inputs import sharing
from ranvier.meaning.smaller_programs import labels_in, loops_in


@dataclass(frozen=True)
class Wiring:
    """The inputs of a pathway, by label; None: it is no input, or there is none.

    Attributes:
        count: The param that is the number of synapses.
        ends: The states with the sources and the targets.
        pointers: The state that says where rows begin.
        rows: The param that is the number of these places.
        order: The state with the synapses in the order of the rows.
        by_place: The end whose array is in this order, too.
        history: The states with the spikes of the last steps, and with how many each step had.
        delays: The state with the delays of the rows.
        numbers: The params that are numbers of cells: where those that spike begin and end, what is added to ends.
    """

    count: str
    ends: tuple[str | None, str | None]
    pointers: str
    rows: str
    order: str | None
    by_place: str | None
    history: tuple[str, str]
    delays: str
    numbers: tuple[str, str, *tuple[str, ...]]


def wirings_of(case: Reproducer) -> list[Wiring]:
    """Returns the pathways of a case whose inputs are known."""
    labels, sizes = labels_in(case.module), sizes_of(case)
    found = [_wiring(op, labels, sizes) for loop in loops_in(case.module) for op in loop.body.block.ops]
    return [one for one in found if one is not None]


def sizes_of(case: Reproducer) -> dict[str, str]:
    """Returns the params that are the sizes of states and events, by the labels of both."""
    entries = entries_of(table_of(case.module))
    found: dict[str, str] = {}
    for declared, entry in entries:
        products = declared.size.products if declared.size is not None else ()
        if len(products) == 1 and products[0][0] == 1 and len(products[0][1]) == 1:
            found[entry.label] = entries[products[0][1][0]][1].label
    return found


def _wiring(op: Operation, labels: Mapping[Operation, str], sizes: Mapping[str, str]) -> Wiring | None:
    if not isinstance(op, PropagateOp) or op.pending or op.instances is not None:
        return None

    def label(value: SSAValue | None) -> str | None:
        if isinstance(value, BlockArgument):
            loop = value.block.parent_op()
            return label(loop.carried[value.index]) if isinstance(loop, LoopOp) else None
        return labels.get(value.owner) if value is not None and isinstance(value.owner, Operation) else None

    ends = label(op.sources), label(op.targets)
    own = ends[0] if op.spiking.data == "pre" else ends[1]
    far = ends[1] if own is ends[0] else ends[0]
    pointers, delays, indices, counts = (label(value) for value in (op.pointers, op.delays, op.indices, op.counts))
    start, stop = label(op.start), label(op.stop)
    count = sizes.get(own or far or "")
    if None in (count, pointers, delays, indices, counts, start, stop) or sizes.get(pointers or "") is None:
        return None
    offsets = [name for value in op.offsets if (name := label(value)) is not None]
    return Wiring(
        str(count),
        ends,
        str(pointers),
        sizes[str(pointers)],
        label(op.order),
        far if op.by_place is not None else None,
        (str(indices), str(counts)),
        str(delays),
        (str(start), str(stop), *offsets),
    )


def with_synapses(case: Reproducer, count: str, kept: Array) -> Reproducer | None:
    """Returns a case with fewer synapses of one object.

    Args:
        case: The case.
        count: The param that is their number.
        kept: For each whether it stays.
    """
    assert case.given is not None
    given, wirings = sharing(case.given), [one for one in wirings_of(case) if one.count == count]
    places: dict[str, Array] = {}
    renumbered = np.cumsum(kept) - 1
    for one in wirings:
        in_rows = kept
        if one.order is not None:
            order = given.states[one.order]
            in_rows = kept[order]
            places[one.order] = in_rows
            given.states[one.order] = renumbered[order].astype(order.dtype)
            if one.by_place is not None:
                places[one.by_place] = in_rows
        before = np.concatenate(([0], np.cumsum(in_rows)))
        pointers = given.states[one.pointers]
        given.states[one.pointers] = before[pointers].astype(pointers.dtype)
    for label, size in sizes_of(case).items():
        if size == count and label in given.states:
            given.states[label] = given.states[label][places.get(label, kept)]
    given.params[count] = int(kept.sum())
    return replace(case, given=given)


def coarser(case: Reproducer, second: bool) -> Reproducer | None:
    """Returns a case in which each two neighbours are one cell, which has the synapses of both; None if that cannot be.

    Args:
        case: The case.
        second: Whether the values of a cell are those of the second of the two.
    """
    assert case.given is not None
    given, wirings, sizes = sharing(case.given), wirings_of(case), sizes_of(case)
    if any(given.states[one.delays].size != 1 for one in wirings):
        return None
    synaptic = {one.count for one in wirings}
    others = {label for one in wirings for label in (one.pointers, one.delays, *one.history)}
    halved = {size for label, size in sizes.items() if label not in others and size not in synaptic}
    starts, stops = _bounds_of(case)
    numbers = {*starts, *stops, *(label for one in wirings for label in one.numbers)}
    for one in wirings:
        _merge_rows(given, case.given, one, sizes)
    for label in halved - numbers:
        given.params[label] = (case.given.params[label] + 1) // 2
    for label in numbers:
        given.params[label] = (case.given.params[label] + (label in stops)) // 2
    if given.params == case.given.params:
        return None
    ends = {end for one in wirings for end in one.ends if end is not None}
    for label, array in given.states.items():
        if label in ends:
            given.states[label] = (array // 2).astype(array.dtype)
        elif label not in others and sizes.get(label) in halved:
            given.states[label] = _each_second(array, second, given.params[sizes[label]])
    for label, events in given.events.items():
        given.events[label] = np.unique(events // 2).astype(events.dtype)
    return replace(case, given=given)


def _bounds_of(case: Reproducer) -> tuple[set[str], set[str]]:
    """Returns the params that say where parts of populations begin, and those that say where they end."""
    labels = labels_in(case.module)
    ops = [op for loop in loops_in(case.module) for op in loop.body.block.ops]
    found: tuple[set[str], set[str]] = (set(), set())
    for op in ops:
        for side, name in zip(found, ("start", "stop"), strict=True):
            value = getattr(op, name, None)
            if isinstance(value, SSAValue) and isinstance(value.owner, Operation) and value.owner in labels:
                side.add(labels[value.owner])
    return found


def _each_second(array: Array, second: bool, size: int) -> Array:
    found = array[int(second) :: 2]
    return np.concatenate((found, array[-1:]))[:size]


def _merge_rows(given: Given, old: Given, one: Wiring, sizes: Mapping[str, str]) -> None:
    """Makes one row of each two, and of the spikes of two cells those of one."""
    start, stop = (int(old.params[label]) for label in one.numbers[:2])
    now = np.arange(start, stop) // 2 - start // 2
    rows = int(now[-1]) + 1 if len(now) else 0
    pointers = old.states[one.pointers]
    given.states[one.pointers] = pointers[np.searchsorted(now, np.arange(rows + 1))]
    given.params[one.rows] = rows + 1
    indices, counts = (old.states[label] for label in one.history)
    slots = [now[slot[:count]] for slot, count in zip(indices.reshape(len(counts), -1), counts, strict=True)]
    merged = [np.unique(slot) for slot in slots]
    spikes = np.zeros((len(counts), rows), indices.dtype)
    for slot, those in zip(spikes, merged, strict=True):
        slot[: len(those)] = those
    given.states[one.history[0]] = spikes.ravel()
    given.states[one.history[1]] = np.array([len(those) for those in merged], counts.dtype)
    if (size := sizes.get(one.history[0])) is not None:
        given.params[size] = spikes.size


Fewer: TypeAlias = Callable[[Reproducer, Callable[[Reproducer], int], Callable[..., Reproducer | None]], Reproducer]
"""Leaves out things of a case that can be counted: the case, their number, the case without some of them."""


def fewer_synapses(case: Reproducer, fewer: Fewer) -> Reproducer:
    """Leaves out synapses, object by object, by a function that leaves out things by their numbers."""
    for count in dict.fromkeys(one.count for one in wirings_of(case)):

        def number(case: Reproducer, count: str = count) -> int:
            assert case.given is not None
            return int(case.given.params[count])

        def without(case: Reproducer, chosen: Iterable[int], count: str = count) -> Reproducer | None:
            kept = np.ones(number(case, count), bool)
            kept[np.fromiter(chosen, int)] = False
            return with_synapses(case, count, kept)

        case = fewer(case, number, without)
    return case
