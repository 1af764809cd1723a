"""The code of a spike that has waited, written for one synapse: as it would have been when the spike came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue

from ranvier.ir.neurons import region_of
from ranvier.ir.synapses import roles_of, shifts_of
from ranvier.passes.facts.deferral import Deferral
from ranvier.passes.facts.scalars import COSTLY
from ranvier.passes.facts.versions import used_values
from ranvier.passes.lower.lowered import time_of_step
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.synapse_code import NOTHING, write_anew


class Replay:
    """The code of a spike that has waited, for one synapse.

    Args:
        kernel: The function that it is written in.
        found: What it does.
        first: The step of the clock in which the call begins.

    Attributes:
        of_synapses: The inputs that are variables of synapses.
        changed: Those of them that are changed.
        tabled: What depends on the source and the time only, where it takes long to compute: worth a table by ticks.
    """

    def __init__(self, kernel: Kernel, found: Deferral, first: SSAValue) -> None:
        self._kernel, self._found, self._first = kernel, found, first
        self._op, self._roles = found.held, roles_of(found.held)
        self.of_synapses = [k for k in sorted(found.inputs) if self._roles[k] == "synapse"]
        self.changed = [k for k, _ in found.writes]
        self._alike: list[Operation] = []
        self._change = set[Operation]()
        self.tabled = self._find_alike()

    def _find_alike(self) -> list[SSAValue]:
        """Returns the values that are the same for all synapses of a row at a tick, and that others need."""
        found, block = self._found, region_of(self._op)
        differ: set[SSAValue] = {block.args[k + 3] for k in self.of_synapses}
        change = set[SSAValue]() if found.time is None else set[SSAValue](found.time.results)
        for op in found.ops:
            if not differ.isdisjoint(used_values(op)):
                differ.update(op.results)
                continue
            self._alike.append(op)
            if not change.isdisjoint(used_values(op)):
                self._change.add(op)
                change.update(op.results)
        if not any(isinstance(op, COSTLY) for op in self._change):
            return []
        needed = [value for op in found.ops if op not in self._change for value in used_values(op)]
        needed += [value for _, value in found.writes]
        return [value for value in dict.fromkeys(needed) if value.owner in self._change]

    def write_table(self, tables: Sequence[SSAValue], number: SSAValue) -> None:
        """Writes what `tabled` is at the tick that is set into a place of tables."""
        for op in self._alike:
            if not isinstance(op, arith.ConstantOp):
                write_anew(self._kernel, op)
        for table, value in zip(tables, self.tabled, strict=True):
            self._kernel.writer.store(self._kernel.value(value), table, number)

    def read_table(self, tables: Sequence[SSAValue], number: SSAValue) -> None:
        """Sets what `tabled` is from a place of tables, for the code that is written next."""
        for table, value in zip(tables, self.tabled, strict=True):
            self._kernel.bind(value, self._kernel.writer.load(table, number))

    def at(self, source: SSAValue, tick: SSAValue, were: Mapping[SSAValue, SSAValue] = NOTHING) -> None:
        """Sets the source, and the tick of the spike.

        Args:
            source: The number of the source.
            tick: The tick.
            were: What elements of the source were before they changed, by the array.
        """
        kernel, w, found = self._kernel, self._kernel.writer, self._found
        block = region_of(self._op)
        kernel.bind(block.args[1], source)
        shifts = shifts_of(self._op)
        for k in sorted(found.inputs):
            if self._roles[k] == "pre":
                value = were.get(kernel.run.versions.root(self._op.inputs[k]))
                if value is None:
                    shift = shifts[k]
                    number = source if shift is None else w.add(source, kernel.value(shift))
                    value = w.load(kernel.array(self._op.inputs[k]), number)
                kernel.bind(block.args[k + 3], value)
        if found.time is not None:
            step = w.add(kernel.pass_in(self._first), w.sub(tick, w.constant(1, i64)))
            kernel.bind(found.time.step, step)
            kernel.bind(found.time.t, time_of_step(w, step, kernel.dt(self._op.clock)))

    def run(self, waits: SSAValue, places: Mapping[int, tuple[SSAValue, SSAValue]], *, is_tabled: bool = False) -> None:
        """Writes the code.

        Args:
            waits: Whether the spike has waited for this synapse; nothing changes where it has not.
            places: The buffer and the place of each variable of synapses.
            is_tabled: Whether `tabled` is set.
        """
        kernel, w, block = self._kernel, self._kernel.writer, region_of(self._op)
        old = {k: w.load(*places[k]) for k in self.of_synapses}
        for k, value in old.items():
            kernel.bind(block.args[k + 3], value)
        for inner in self._found.ops:
            if not isinstance(inner, arith.ConstantOp) and not (is_tabled and inner in self._change):
                write_anew(kernel, inner)
        new = [(k, kernel.value(value)) for k, value in self._found.writes]
        for k, value in new:
            buffer, place = places[k]
            w.store(w.select(waits, value, old[k]), buffer, place)
