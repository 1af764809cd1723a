"""Pairs that a condition or a probability chooses, by native code: large grids of neurons.

A source is an instant of a program, the targets are the elements of a population, and those that are chosen have an
event. So what depends on the source alone is computed once for it, the rest by vectors and several threads. Random
numbers are those of compiled code, a function of a key, the source and the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.actions import Storage
from ranvier.actions.present_values import bound_value
from ranvier.equations.expressions import Binary, Call, Expr, Name, Number, map_children
from ranvier.objects.memory.arrays import Array
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.runtime.state import allocate
from ranvier.stages.small_programs import new_steps, program_of, run_to

AT_ONCE = 1 << 22
"""Pairs that are looked at in one run, after which those that were found are taken over."""

SOURCE, TIME = "_source", "_source_t"
"""The names of the number of a source, and of the time that stands for it."""


@dataclass(frozen=True)
class Sides:
    """What stands for the numbers of both neurons while a text is read."""

    i: Storage = field(default_factory=lambda: Storage("i", np.zeros(1, np.int32)))
    j: Storage = field(default_factory=lambda: Storage("j", np.zeros(1, np.int32)))


def by_sources(
    expr: Expr, bindings: Mapping[str, act.Binding], sides: Sides
) -> tuple[Expr, dict[str, act.Binding]] | None:
    """Returns an expression of pairs as one of targets at the instant of their source; None if it cannot be one.

    Args:
        expr: The expression.
        bindings: What its names mean, where `sides` stands for the numbers of the neurons.
        sides: That.
    """
    found: dict[str, act.Binding] = {}
    renamed: dict[str, Expr] = {}
    for name, binding in bindings.items():
        match binding:
            case act.Element(storage) if storage is sides.i:
                renamed[name] = Name(SOURCE)
            case act.Element(storage) if storage is sides.j:
                found[name] = act.OwnIndex()
            case act.Indexed(storage, index, offset) if index is sides.i and storage.array.dtype != np.float32:
                found[name] = act.Lookup(storage, storage.size, None, 1.0, 1, name)
                renamed[name] = Call(name, (Binary("+", Name(TIME), Number(float(offset))),))
            case act.Indexed(storage, index, offset) if index is sides.j and storage.array.dtype != np.float32:
                found[name] = act.Indexed(storage, None, offset)
            case act.Shared(storage) if storage.array.dtype != np.float32:
                found[name] = binding
            case act.Constant():
                found[name] = binding
            case act.Time():
                found[name] = act.Constant(bound_value(binding, np.zeros(1, np.int64)), name)
            case _:
                return None

    def put(part: Expr) -> Expr:
        if isinstance(part, Name) and part.id in renamed:
            return renamed[part.id]
        return map_children(part, put)

    return put(expr), found


def chosen_pairs(
    chosen: Expr, bindings: Mapping[str, act.Binding], sources: int, targets: int, seed: Array
) -> Iterator[tuple[Array, Array]]:
    """Yields the pairs of two populations that are chosen, sources outside.

    Args:
        chosen: Tells, at the instant of a source, whether a target is chosen.
        bindings: What its names mean.
        sources: The number of sources.
        targets: The number of targets.
        seed: What random numbers depend on.
    """
    clock, population = new_steps(), act.Population("targets")
    events = act.EventSpace("targets.chosen", allocate(targets, np.int32), allocate(1, np.int64), population)
    table = Table([Column("t", np.dtype(np.float64)), Column("i", np.dtype(np.int32))], name="chosen")
    counts = Storage("targets.count", allocate(targets, np.int32), population=population)
    known = {**bindings, SOURCE: act.Time("t_in_timesteps", clock), TIME: act.Time("t", clock)}
    choose = act.Threshold(
        label="choose", clock=clock, size=targets, condition=chosen, bindings=known, events=events
    )  # fmt: skip
    note = act.RecordEvents(
        label="note", clock=clock, table=table, events=events, start=0, stop=targets, counts=counts
    )  # fmt: skip
    program = program_of((choose, note), clock, seed)
    rows = max(AT_ONCE // targets, 1)
    for end in range(rows, sources + rows, rows):
        table.begin_again()
        run_to(program, clock, min(end, sources))
        if table.rows:
            yield table.values("t").astype(np.int32), table.values("i")
