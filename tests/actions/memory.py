"""What the tests of effects share: looking at memory, and making what it holds useless."""

from collections.abc import Callable, Iterable

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.effects import ANYTHING, Memory, may_be_in, reads, writes
from ranvier.actions.executors import executor
from ranvier.runtime.recorder import Table

Copies = dict[Memory, list[np.ndarray]]


def arrays_of(memory: Memory) -> list[np.ndarray]:
    """Returns the arrays of a piece of memory; of a table all that was recorded."""
    match memory:
        case act.Storage():
            return [memory.array]
        case act.EventSpace():
            return [memory.indices, memory.count]
        case Table():
            return [memory.values(column.name) for column in memory.columns]


def copied(memories: Iterable[Memory]) -> Copies:
    return {memory: [array.copy() for array in arrays_of(memory)] for memory in memories}


def put(copies: Copies) -> None:
    """Sets memory to what it held; tables only grow."""
    for memory, values in copies.items():
        if not isinstance(memory, Table):
            for array, old in zip(arrays_of(memory), values, strict=True):
                array[...] = old


def changed(before: Copies, after: Copies) -> set[Memory]:
    return {
        memory
        for memory, old in before.items()
        if any(a.tobytes() != b.tobytes() for a, b in zip(old, after[memory], strict=True))
    }


def poison(memory: Memory) -> None:
    """Gives all elements other values, which make no sense."""
    if isinstance(memory, act.EventSpace):
        memory.indices[:] = np.arange(memory.indices.size)[::-1]
        memory.count[0] = memory.indices.size - memory.count[0]
        return
    for array in arrays_of(memory):
        if array.dtype == bool:
            np.logical_not(array, out=array)
        else:
            array[:] = (array + 1) * 31 + 1000


def outcome(action: act.Action, memories: Iterable[Memory]) -> tuple[Copies, Copies]:
    """Executes an action by numpy; returns memory before and after. Of a table, the rows that were added."""
    before = copied(memories)
    np.random.seed(1)
    executor(action)()
    return before, copied(memories)


def check_effects(action: act.Action, memories: Iterable[Memory], may_poison: Callable[[Memory], bool]) -> set[Memory]:
    """Asserts that an action changes only what it writes, and that what it does not read makes no difference.

    Memory is as after executing the action once. Returns what changed.
    """
    memories = list(memories)
    read, written = reads(action), writes(action)
    before, after = outcome(action, memories)
    found = changed(before, after)
    for memory in found:
        assert may_be_in(written, memory), f"{action.label} changes {name_of(memory)}"
    if read is not ANYTHING:
        put(before)
        for memory in memories:
            if memory not in read and not isinstance(memory, Table) and may_poison(memory):
                poison(memory)
        poisoned, again = outcome(action, memories)
        put(after)
        for memory in memories:
            for parts in zip(before[memory], after[memory], poisoned[memory], again[memory], strict=True):
                assert is_same(memory, *parts), f"{action.label} reads what it does not say: {name_of(memory)} differs"
    return found


def is_same(memory: Memory, before, after, poisoned, again) -> bool:
    """Whether all elements have the same outcome, or are left as they were both times."""
    if isinstance(memory, Table):
        return after[len(before) :].tobytes() == again[len(poisoned) :].tobytes()
    same = (after == again) | ((after != after) & (again != again))
    kept = ((after == before) | (before != before)) & ((again == poisoned) | (poisoned != poisoned))
    return bool((same | kept).all())


def name_of(memory: Memory) -> str:
    return memory.name if isinstance(memory, Table) else memory.label
