"""Actions of synapses → steps of a plan."""

from collections.abc import Iterable, Mapping

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names, bake, bake_code, used_names
from ranvier.equations.assignments import Assign, Propagator
from ranvier.equations.expressions import Call, Name
from ranvier.plan.plan import Bound, Planner, Step

WRITABLE = ("synapse", "pre", "post", "row")
"""Kinds of bindings that code of synapses may assign to."""


def propagate_step(planner: Planner, action: syn.Propagate, clock: int) -> Step:
    """Returns the step of a pathway.

    Raises:
        NotImplementedError: The code assigns to a variable of a third population, or uses one in two ways of which
            one is through an index.
    """
    code = bake_code(_guarded(action.code, action.protected), action.bindings)
    bindings = _bind(planner, action.bindings, used_names(code))
    _check_writes(action.label, assigned_names(code), dict(bindings))
    return Step(
        "propagate",
        "post" if action.from_target else "pre",
        clock,
        code=code,
        bindings=bindings,
        operands=tuple(_operands(planner, action)),
        facts=action.rows.facts,
        float32=action.float32,
        label=action.label,
    )


def _operands(planner: Planner, action: syn.Propagate) -> Iterable[tuple[str, int]]:
    rows, history = action.rows, action.history
    yield "events", planner.events(action.events)
    yield "start", planner.index(f"{action.label} start", action.start)
    yield "stop", planner.index(f"{action.label} stop", action.stop)
    yield from _ends(planner, action.connections)
    yield "pointers", planner.table(rows.pointers, constant=True)
    yield "delays", planner.table(rows.delays, constant=True)
    if rows.order is not None:
        yield "order", planner.state(rows.order, constant=True)
    yield "indices", planner.table(history.indices)
    yield "counts", planner.table(history.counts)
    yield "position", planner.state(history.position, shared=True)
    if history.pending_due.array.size > history.pending_position.array[0]:
        yield "due", planner.table(history.pending_due, constant=True)
        yield "due_synapses", planner.table(history.pending_synapses, constant=True)
        yield "pending_position", planner.state(history.pending_position, shared=True)


def _ends(planner: Planner, connections: syn.Connections) -> Iterable[tuple[str, int]]:
    yield "sources", planner.state(connections.sources, constant=True)
    yield "targets", planner.state(connections.targets, constant=True)


def accumulate_step(planner: Planner, action: syn.Accumulate, clock: int) -> Step:
    """Returns the step of a summed variable."""
    expression = bake(action.expression, action.bindings)
    ends = dict(_ends(planner, action.connections))
    operands = (
        *ends.items(),
        ("size", planner.inputs[ends["sources"]].size),
        ("array", planner.state(action.target)),
        ("count", planner.index(f"{action.label} count", action.size)),
        ("offset", planner.index(f"{action.label} offset", action.offset)),
    )
    return Step(
        "accumulate",
        "pre" if action.to_source else "post",
        clock,
        expressions=(expression,),
        bindings=_bind(planner, action.bindings, used_names((), (expression,))),
        operands=operands,
        float32=action.float32,
        label=action.label,
    )


def _guarded(code: Iterable[Assign | Propagator], protected: Mapping[str, str]) -> tuple[Assign | Propagator, ...]:
    """Lets protected variables keep their values where their guard is false."""
    return tuple(
        Assign(line.target, Call("_select", (Name(protected[line.target]), line.expr, Name(line.target))))
        if isinstance(line, Assign) and line.target in protected
        else line
        for line in code
    )


def _bind(
    planner: Planner, bindings: Mapping[str, syn.SynapticBinding], used: Iterable[str]
) -> tuple[tuple[str, Bound], ...]:
    return tuple((name, _bound(planner, bindings[name])) for name in sorted(used) if name in bindings)


def _bound(planner: Planner, binding: syn.SynapticBinding) -> Bound:
    match binding:
        case syn.OfSynapse(storage) | act.Element(storage):
            return planner.uniform(storage) or ("synapse", planner.state(storage))
        case syn.OfPre(storage, offset):
            return ("pre", planner.state(storage), _shift(planner, storage, offset))
        case syn.OfPost(storage, offset):
            return ("post", planner.state(storage), _shift(planner, storage, offset))
        case syn.OfRow(storage):
            return ("row", planner.state(storage))
        case syn.PreIndex():
            return ("pre_index",)
        case syn.PostIndex():
            return ("post_index",)
        case _:
            return planner.bound(binding)


def _shift(planner: Planner, storage: act.Storage, offset: int) -> int:
    return planner.index(f"{storage.label.partition('.')[0]} offset", offset) if offset else -1


def _check_writes(label: str, assigned: set[str], bindings: Mapping[str, Bound]) -> None:
    written = {bindings[name][1]: name for name in assigned if name in bindings}
    for name in assigned & bindings.keys():
        if bindings[name][0] not in WRITABLE:
            raise NotImplementedError(
                f"{label}: the code for spikes cannot assign to {name!r}, which is a shared variable or one that "
                "belongs to a population at neither end of the synapses. Assign to a variable of the synapses, or of "
                "their source or target, and use 'run_regularly' for the rest."
            )
    for name, bound in bindings.items():
        if bound[0] not in WRITABLE and len(bound) > 1 and bound[0] in ("indexed", "shared") and bound[1] in written:
            raise NotImplementedError(
                f"{label}: {name!r} and {written[bound[1]]!r} are the same variable, reached in two ways. Code for "
                "spikes that assigns to a variable can read it only under the names of the source or target."
            )
