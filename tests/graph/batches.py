"""Batches: the inputs of several instances side by side, and what each of them left behind."""

import numpy as np
from xdsl.dialects.builtin import i32

from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.structure import EventSpaceOp, StateOp
from ranvier.ir.types import element_type
from ranvier.passes.lower.abi import input_ops, program_of
from ranvier.runtime.batches import apart, together


def spikes_only(spikes, counts):
    """Past spikes with zeros behind those of each step: what else stands there means nothing."""
    rows = spikes.reshape(counts.size, -1)
    return np.where(np.arange(rows.shape[1]) < counts[:, np.newaxis], rows, 0).ravel()


class Batched:
    """Says what a batched program takes and gives, by label.

    Args:
        module: A module after `batch`.
        count: The number of instances.
    """

    def __init__(self, module, count):
        program, self.count = program_of(module), count
        self.own = {op.label.data for op in input_ops(program) if "own" in op.attributes}
        self.states = {op.label.data for op in input_ops(program) if isinstance(op, StateOp)} & self.own
        self.histories = {
            op.label.data: input_ops(program)[op.attributes["history"].value.data].label.data
            for op in input_ops(program)
            if "history" in op.attributes
        }
        self.spaces = {op.label.data for op in input_ops(program) if isinstance(op, EventSpaceOp)} & self.own
        self.indices = {
            op.label.data for op in input_ops(program) if isinstance(op, StateOp) and element_type(op.value.type) == i32
        }
        self.kinds = {
            op.sink.owner.label.data: type(op)
            for op in program.walk()
            if isinstance(op, RecordOp | RecordEventsOp | RecordRateOp)
        }

    def inputs(self, sets):
        """One dictionary of inputs of those of the instances, as the tests of passes write them."""
        found = {"instances": self.count} | {label: value for label, value in sets[0].items() if label not in self.own}
        for label in self.states - self.histories.keys():
            found[label] = np.stack([np.atleast_1d(values[label]) for values in sets], axis=1).ravel()
        for label in self.histories:
            pair = [np.stack([values[each] for values in sets], axis=1) for each in self.pair(label)]
            found[label] = together(*pair)[self.pair(label).index(label)]
        found |= {label: sets[0][label] * self.count for label in self.spaces & sets[0].keys()}
        for label, kind in self.kinds.items():
            if kind is RecordOp and label in self.own:
                found[label] = (sets[0].get(label) or 1) * self.count
        return found

    def pair(self, label):
        """The labels of past spikes and of their numbers."""
        return sorted((label, self.histories[label]), key=self.indices.__contains__, reverse=True)

    def array(self, result, label, instance):
        if label in self.histories:
            pair = self.pair(label)
            return apart(*(result.arrays[each] for each in pair), self.count)[pair.index(label)][:, instance]
        array = result.arrays[label]
        return array.reshape(-1, self.count)[:, instance] if label in self.own else array

    def events(self, result, label, instance):
        numbers = result.events[label]
        if label not in self.own:
            return numbers
        return numbers[numbers % self.count == instance] // self.count

    def sink(self, result, label, instance):
        columns = result.sinks[label]
        if label not in self.own:
            return columns
        match self.kinds.get(label):
            case kind if kind is RecordOp:
                return [columns[0], *(c.reshape(-1, self.count)[:, instance] for c in columns[1:])]
            case kind if kind is RecordRateOp:
                return [c.reshape(-1, self.count)[:, instance] for c in columns]
            case _:
                if not columns:
                    return []
                mine = columns[1] % self.count == instance
                return [columns[0][mine], columns[1][mine] // self.count, *(c[mine] for c in columns[2:])]

    def check(self, together, alone, instance):
        """Asserts that one instance left behind, bit for bit, what it leaves alone."""
        for label, array in alone.arrays.items():
            if label in self.histories and label in self.indices:
                array = spikes_only(array, alone.arrays[self.histories[label]])
            np.testing.assert_array_equal(self.array(together, label, instance), array, err_msg=label)
        for label, events in alone.events.items():
            np.testing.assert_array_equal(self.events(together, label, instance), events, err_msg=label)
        for label, columns in alone.sinks.items():
            for k, (a, b) in enumerate(zip(self.sink(together, label, instance), columns, strict=True)):
                np.testing.assert_array_equal(a, b, err_msg=f"column {k} of {label}")
        for label, steps in alone.clocks.items():
            np.testing.assert_array_equal(together.clocks[label], steps, err_msg=label)
