"""Instances that are computed in another process, perhaps on another machine: what travels there, and what comes back.

There goes the plan of the network and what its inputs stand for, once; then, for some sets at a time, their values. The
other process makes the program from the plan, or takes it from its cache: machine code fits one kind of processor only.
What instances have come to returns, and is measured here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.codegen import LoadedProgram
from ranvier.ir.recipes import inputs_of
from ranvier.ir.slots import SlotKind
from ranvier.objects.memory.arrays import Array
from ranvier.passes.own import load_passes
from ranvier.plan.plan import Plan
from ranvier.runtime.batches import BatchRun
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.runtime.stand_ins import PlainState
from ranvier.runtime.turns import TurnRun
from ranvier.stages.instance_programs import compile_instances
from ranvier.stages.road import Options, pass_modules


def _modules() -> tuple[str, ...]:
    """Returns what has passes, for processes that may work in another folder."""
    return tuple(os.path.abspath(os.path.expanduser(one)) if one.endswith(".py") else one for one in pass_modules())


@dataclass(frozen=True)
class _TableShape:
    """A monitor's table, without its rows."""

    name: str
    columns: tuple[Column, ...]
    rows_per_instant: int

    def table(self) -> Table:
        made = Table(self.columns, name=self.name)
        made.reserve(self.rows_per_instant)
        return made


@dataclass
class Landed:
    """What instances have come to.

    Attributes:
        count: The number of instances.
        states: By the number of an input: an array of shape (elements, instances).
        spaces: By the number of an input: for each instance the elements that have an event.
        tables: By the number of an input: the rows of a monitor, see `BatchRun.rows`.
    """

    count: int
    states: Mapping[int, Array]
    spaces: Mapping[int, Sequence[Array]]
    tables: Mapping[int, Mapping[str, Array]]

    def state(self, number: int) -> Array:
        """Returns an array of which each instance has its own."""
        return self.states[number]

    def events(self, number: int, instance: int) -> Array:
        """Returns the elements of an instance that have an event now."""
        return self.spaces[number][instance]

    def rows(self, number: int) -> Mapping[str, Array]:
        """Returns the rows of a monitor."""
        return self.tables[number]


@dataclass(frozen=True)
class Shipped:
    """A network as other processes need it for its instances. It can be pickled.

    Attributes:
        plan: The plan of its program.
        options: How it is compiled.
        own: The numbers of the inputs of which each instance has its own.
        own_bytes: Bytes of the arrays that an instance has for itself.
        count: How many instances there are.
        width: Whether they are computed in lanes or in turns.
        written: The numbers of the inputs that the program changes.
        values: What the inputs stand for; None for those that the program does not use.
        modules: The modules and files that have passes of the pipeline.
    """

    plan: Plan
    options: Options
    own: tuple[int, ...]
    own_bytes: int
    count: int
    width: str
    written: frozenset[int]
    values: tuple[object, ...]
    modules: tuple[str, ...] = field(default_factory=_modules)

    def compute(self, given: Mapping[int, Array], count: int, watch: Callable[[], bool] = lambda: False) -> Landed:
        """Runs some instances.

        Args:
            given: Their values, by the number of an input: of shape (instances,), or (instances, elements).
            count: How many there are.
            watch: Tells whether to stop; it is asked about every tenth of a second.

        Raises:
            RuntimeError: If one of them stops before its end: an error that only its run alone tells of.
        """
        for where in self.modules:
            load_passes(where)
        program = compile_instances(self.plan, self.own, self.own_bytes, self.count, self.width, self.options)
        values = [value.table() if isinstance(value, _TableShape) else value for value in self.values]
        if self.width == "lanes":
            landed = self._landed(BatchRun(program, values, count, given), watch)
        else:
            own = {*self.written, *self.own}
            landed = _side_by_side(
                [
                    self._landed(run, watch)
                    for run in _turns(program, values, own, [{n: v[k] for n, v in given.items()} for k in range(count)])
                ]
            )
        return landed

    def _landed(self, run: BatchRun | TurnRun, watch: Callable[[], bool]) -> Landed:
        if not run.advance(watch):
            raise RuntimeError("an instance has stopped before its end")
        states: dict[int, Array] = {}
        spaces: dict[int, Sequence[Array]] = {}
        for n in self.written:
            if self.plan.inputs[n].kind == "state":
                states[n] = np.array(run.state(n))
            elif self.plan.inputs[n].kind == "events":
                spaces[n] = [np.array(run.events(n, k)) for k in range(run.count)]
        sinks = [n for n, entry in enumerate(self.plan.inputs) if entry.kind == "sink"]
        tables = {n: run.rows(n) for n in sinks if isinstance(self.values[n], _TableShape)}
        return Landed(run.count, states, spaces, tables)


def _turns(
    program: LoadedProgram, values: Sequence[object], own: Set[int], given: Iterable[Mapping[int, Array]]
) -> Generator[TurnRun, None, None]:
    """Yields the runs of instances, one after another: where that is possible, one has the memory of the one before."""
    run = None
    for each in given:
        if run is not None and run.may_begin_again:
            run.begin_again(each)
        else:
            run = TurnRun(program, values, own, each)
        yield run


def _side_by_side(runs: Sequence[Landed]) -> Landed:
    """Returns several runs of one instance as one of several."""
    first = runs[0]
    tables: dict[int, Mapping[str, Array]] = {}
    for n, columns in first.tables.items():
        each = [run.tables[n] for run in runs]
        if "instance" not in columns:
            tables[n] = {
                name: np.concatenate([rows[name] for rows in each], axis=2) if column.ndim == 3 else column
                for name, column in columns.items()
            }
        else:
            lengths = [len(rows["instance"]) for rows in each]
            joined = {name: np.concatenate([rows[name] for rows in each]) for name in columns}
            tables[n] = joined | {"instance": np.repeat(np.arange(len(runs)), lengths)}
    return Landed(
        len(runs),
        {n: np.concatenate([run.states[n] for run in runs], axis=1) for n in first.states},
        {n: [run.spaces[n][0] for run in runs] for n in first.spaces},
        tables,
    )


def shipped(
    plan: Plan, options: Options, program: LoadedProgram, values: Sequence[object], own: Sequence[int], own_bytes: int,
    count: int, width: str, written: frozenset[int],
) -> Shipped:  # fmt: skip
    """Returns what other processes need for instances of a network; see `Shipped`.

    Args:
        plan: The plan of the network's program.
        options: How it is compiled.
        program: The program of the instances, here.
        values: What the inputs of the network's program stand for.
        own: The numbers of the inputs of which each instance has its own.
        own_bytes: Bytes of the arrays that an instance has for itself.
        count: How many instances there are.
        width: "lanes" or "turns".
        written: The numbers of the inputs that the program changes.
    """
    shift = 1 if width == "lanes" else 0
    used = {slot.input - shift for slot in program.slots if slot.kind is not SlotKind.UNUSED} | {*own} | written
    for slot in program.slots:
        if slot.recipe is not None:
            used |= {n - shift for n in inputs_of(slot.recipe)}
    travelling = tuple(_travelling(value) if n in used else None for n, value in enumerate(values))
    return Shipped(plan, options, tuple(own), own_bytes, count, width, written, travelling)


def _travelling(value: object) -> object:
    if isinstance(value, Table):
        return _TableShape(value.name, value.columns, value.rows_per_instant)
    if isinstance(value, Storage):
        return PlainState(value.array, frozen=True)  # pickled at once, before anybody changes it
    return value
