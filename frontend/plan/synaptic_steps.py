"""Actions of synapses → steps of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names, bake, bake_code, used_names
from ranvier.equations.assignments import Assign, Line
from ranvier.equations.expressions import Call, Name
from ranvier.plan.bounds import (
    Bound,
    IndexedBy,
    Place,
    PostIndex,
    PostOf,
    PreIndex,
    PreOf,
    RowOf,
    SharedBy,
    SynapseOf,
)
from ranvier.plan.planner import Planner
from ranvier.plan.step_kinds import AccumulateStep, ElementCode, Pending, PropagateStep


def propagate_step(planner: Planner, action: syn.Propagate, clock: int) -> PropagateStep:
    """Returns the step of a pathway.

    Raises:
        NotImplementedError: The code assigns to a variable of a third population, or uses one in two ways of which
            one is through an index.
    """
    lines = bake_code(_guarded(action.code, action.protected), action.bindings)
    bindings = _bind(planner, action.bindings, used_names(lines))
    _check_writes(action.label, assigned_names(lines), dict(bindings))
    rows, history = action.rows, action.history
    return PropagateStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        spiking="post" if action.from_target else "pre",
        code=ElementCode(lines=lines, bindings=bindings, float32=action.float32),
        events=planner.events(action.events),
        start=planner.index(action, action.label, "start", action.start),
        stop=planner.index(action, action.label, "stop", action.stop),
        sources=planner.state(action.connections.sources, constant=True),
        targets=planner.state(action.connections.targets, constant=True),
        pointers=planner.state(rows.pointers, constant=True),
        delays=planner.state(rows.delays, constant=True),
        order=None if rows.order is None else planner.state(rows.order, constant=True),
        indices=planner.state(history.indices),
        counts=planner.state(history.counts),
        position=planner.state(history.position, shared=True),
        pending=_pending(planner, history),
        facts=rows.facts,
    )


def _pending(planner: Planner, history: syn.SpikeHistory) -> Pending | None:
    if history.pending_due.array.size <= history.pending_position.array[0]:
        return None
    return Pending(
        planner.state(history.pending_due, constant=True),
        planner.state(history.pending_synapses, constant=True),
        planner.state(history.pending_position, shared=True),
    )


def accumulate_step(planner: Planner, action: syn.Accumulate, clock: int) -> AccumulateStep:
    """Returns the step of a summed variable."""
    term = bake(action.expression, action.bindings)
    sources = planner.state(action.connections.sources, constant=True)
    bindings = _bind(planner, action.bindings, used_names((), (term,)))
    return AccumulateStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        to_source=action.to_source,
        code=ElementCode(results=(term,), bindings=bindings, float32=action.float32),
        sources=sources,
        targets=planner.state(action.connections.targets, constant=True),
        size=planner.inputs[sources].size,
        array=planner.state(action.target),
        count=planner.index(action, action.label, "count", action.size),
        offset=planner.index(action, action.label, "offset", action.offset),
    )


def _guarded(code: Iterable[Line], protected: Mapping[str, str]) -> tuple[Line, ...]:
    """Lets protected variables keep their values where their guard is false."""
    return tuple(
        Assign(line.target, Call("_select", (Name(protected[line.target]), line.expr, Name(line.target))))
        if isinstance(line, Assign) and line.target in protected
        else line
        for line in code
    )


def _bind(
    planner: Planner, bindings: Mapping[str, syn.SynapticBinding], used: Sequence[str]
) -> tuple[tuple[str, Bound], ...]:
    return tuple((name, _bound(planner, bindings[name])) for name in used if name in bindings)


def _bound(planner: Planner, binding: syn.SynapticBinding) -> Bound:
    match binding:
        case syn.OfSynapse(storage) | act.Element(storage):
            return planner.uniform(storage) or SynapseOf(planner.state(storage))
        case syn.OfPre(storage, offset):
            return PreOf(planner.state(storage), _shift(planner, storage, offset))
        case syn.OfPost(storage, offset):
            return PostOf(planner.state(storage), _shift(planner, storage, offset))
        case syn.OfRow(storage):
            return RowOf(planner.state(storage))
        case syn.PreIndex():
            return PreIndex()
        case syn.PostIndex():
            return PostIndex()
        case _:
            return planner.bound(binding)


def _shift(planner: Planner, storage: act.Storage, offset: int) -> int | None:
    """Returns the input of the offset of a subgroup: one for all variables of its population."""
    if not offset:
        return None
    population = storage.population
    name = storage.label if population is None else population.name
    return planner.index(population or storage, name, "offset", offset)


def _check_writes(label: str, assigned: set[str], bindings: Mapping[str, Bound]) -> None:
    written: dict[int, str] = {}
    for name in assigned & bindings.keys():
        bound = bindings[name]
        if not isinstance(bound, Place):
            raise NotImplementedError(
                f"{label}: the code for spikes cannot assign to {name!r}, which is a shared variable or one that "
                "belongs to a population at neither end of the synapses. Assign to a variable of the synapses, or of "
                "their source or target, and use 'run_regularly' for the rest."
            )
        written[bound.input] = name
    for name, bound in bindings.items():
        if isinstance(bound, IndexedBy | SharedBy) and bound.input in written:
            raise NotImplementedError(
                f"{label}: {name!r} and {written[bound.input]!r} are the same variable, reached in two ways. Code for "
                "spikes that assigns to a variable can read it only under the names of the source or target."
            )
