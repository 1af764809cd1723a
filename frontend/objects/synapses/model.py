"""The model of synapses: its equations, sorted by what happens to them, and the variables that they make."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.actions.traces import LASTUPDATE
from ranvier.equations import EquationError, Equations
from ranvier.equations.identifiers import SPECIAL
from ranvier.equations.models import check_shared, check_suffix
from ranvier.equations.single_equation import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, SingleEquation
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.variables import OWN_MEANING, POST, PRE, is_synaptic
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.population import Acting
from ranvier.objects.memory.lazy import UniformStorage
from ranvier.objects.neurons.refractory import stored
from ranvier.objects.pathways.pathway import SynapticPathway
from ranvier.objects.synapses.summed import SummedVariableUpdater, summed_target
from ranvier.objects.traces.shared_states import SharedStates
from ranvier.objects.traces.shared_traces import SharedTraces
from ranvier.objects.traces.trace_storage import TraceStorage
from ranvier.objects.variables.variables import ArrayVariable, Constant, DynamicArrayVariable, UnlinkedVariable
from ranvier.session.logger import get_logger
from ranvier.units import second
from ranvier.units.dimensions import DIMENSIONLESS

logger = get_logger("ranvier.synapses.synapses")

ALLOWED_FLAGS: Mapping[str, Sequence[str]] = {
    DIFFERENTIAL_EQUATION: ("event-driven", "clock-driven"),
    SUBEXPRESSION: ("summed", "shared", "constant over dt"),
    PARAMETER: ("constant", "shared", "linked"),
}

EXCLUSIVE_FLAGS = (
    ("event-driven", "clock-driven"),
    ("summed", "constant over dt"),
    ("summed", "shared"),
    ("linked", "constant"),
    ("linked", "shared"),
)

RESERVED = ("i", "j", "delay", "N_incoming", "N_outgoing", *SPECIAL)
"""Names that equations of synapses may not define."""


@dataclass(frozen=True)
class SplitModel:
    """The equations of synapses.

    Attributes:
        shown: All but summed ones, as they are stored.
        stepped: Clock-driven equations, subexpressions and parameters.
        event_driven: Event-driven equations.
        summed: Name of a summed variable → its definition.
        has_stored: Whether there are subexpressions that are constant over a time step.
    """

    shown: Equations
    stepped: Equations
    event_driven: Equations
    summed: Mapping[str, SingleEquation]
    has_stored: bool


def checked_end(group: object, which: str) -> Group:
    """Returns a group that synapses can connect.

    Raises:
        TypeError: If it is none.
    """
    if not isinstance(group, Group) or not group.can_be_connected:
        raise TypeError(f"The {which} of synapses has to be a group, not {group!r} of type {type(group).__name__}.")
    return group


def split_model(equations: Equations, source: Acting, target: Acting) -> SplitModel:
    """Sorts the equations of synapses by what happens to them.

    Raises:
        ValueError: If a flag is not possible, or a name is one of the groups' variables.
        SyntaxError: If a name is reserved.
        EquationError: If clock-driven, event-driven or summed equations depend on each other.
        DimensionMismatchError: If a summed variable has another unit than its target.
    """
    equations.check_flags(ALLOWED_FLAGS, EXCLUSIVE_FLAGS)
    summed = {name: eq for name, eq in equations.items() if "summed" in eq.flags}
    _check_names(equations, summed, source, target)
    event_driven = [eq for eq in equations.values() if "event-driven" in eq.flags]
    clock_driven = [
        eq for eq in equations.values() if eq.type == DIFFERENTIAL_EQUATION and "event-driven" not in eq.flags
    ]
    _check_dependencies(equations, {eq.varname for eq in event_driven}, {eq.varname for eq in clock_driven}, summed)
    for name, equation in summed.items():
        summed_target(equation, source if name.endswith("_pre") else target)
    _inform(clock_driven)
    if event_driven and LASTUPDATE in equations:
        raise EquationError(
            f"The variable '{LASTUPDATE}' is defined by the event-driven equations already: leave out its definition."
        )
    others = [eq for eq in equations.values() if eq.varname not in summed]
    return SplitModel(
        Equations([stored(eq) for eq in others]),
        Equations([eq for eq in others if "event-driven" not in eq.flags]),
        Equations(event_driven),
        summed,
        any("constant over dt" in eq.flags for eq in equations.values()),
    )


def _check_names(equations: Equations, summed: Mapping[str, SingleEquation], source: Acting, target: Acting) -> None:
    for name in equations:
        if name in summed:
            if not name.endswith(("_pre", "_post")):
                raise ValueError(f"The summed variable '{name}' does not end in '_pre' or '_post'.")
            continue
        if name in RESERVED:
            raise SyntaxError(f"'{name}' has a special meaning in synapses and cannot be used as a variable name.")
        check_suffix(name)
        for group, where in ((source, "presynaptic"), (target, "postsynaptic")):
            if name in group.variables:
                raise ValueError(
                    f"'{name}' is already the name of a variable of the {where} group '{group.name}': use another "
                    "name in the equations of the synapses."
                )
    check_shared(equations, lambda name: _varies(name, source, target))


def _varies(name: str, source: Acting, target: Acting) -> bool:
    """Tells whether a name that synapses know without defining it differs between them."""
    if name in OWN_MEANING:
        return name in ("i", "j", "delay")
    group, stem = (source, name.removesuffix(PRE)) if name.endswith(PRE) else (target, name.removesuffix(POST))
    reference = group.reference(stem)
    if reference is None or isinstance(reference.variable, UnlinkedVariable):  # what a link gives, the run decides
        return reference is None and name.endswith((PRE, POST))
    return not reference.variable.scalar


def _check_dependencies(
    equations: Equations, event_driven: set[str], clock_driven: set[str], summed: Mapping[str, SingleEquation]
) -> None:
    rows = (
        ("event-driven", event_driven, clock_driven, "clock-driven"),
        ("clock-driven", clock_driven, event_driven, "event-driven"),
        ("summed", set(summed), event_driven, "event-driven"),
    )
    for kind, names, forbidden, other_kind in rows:
        for name in sorted(names):
            for used, way in _used_by(equations, name):
                if used in forbidden:
                    via = f" (via {', '.join(map(repr, way))})" if way else ""
                    raise EquationError(
                        f"The {kind} '{name}' should not depend on the {other_kind} variable '{used}'{via}."
                    )


def _used_by(equations: Equations, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Returns the variables that an equation uses, each with the subexpressions through which it does."""
    seen = {name}
    todo: list[tuple[str, tuple[str, ...]]] = [(name, ())]
    while todo:
        user, way = todo.pop()
        for used in sorted(equations[user].identifiers & equations.names - seen):
            seen.add(used)
            yield used, way
            if equations[used].type == SUBEXPRESSION:
                todo.append((used, (*way, used)))


def _inform(clock_driven: Iterable[SingleEquation]) -> None:
    for equation in clock_driven:
        if "clock-driven" not in equation.flags:
            logger.info(
                f"The synaptic equation for the variable {equation.varname} does not specify whether it should be "
                "integrated at every timestep ('clock-driven') or only at spiking events ('event-driven'). It will be "
                "integrated at every timestep which can slow down your simulation unnecessarily if you only need the "
                "values of this variable whenever a spike occurs. Specify the equation as clock-driven explicitly to "
                "avoid this message.",
                "clock_driven",
                once=True,
            )


def check_targets_differ(updaters: Iterable[SummedVariableUpdater]) -> None:
    """Checks that no variable is summed twice by the same synapses.

    Raises:
        ValueError: If one is.
    """
    seen: set[tuple[int, int]] = set()
    for updater in updaters:
        key = (id(updater.reference.variable), updater.reference.way.before)
        if key in seen:
            raise ValueError(
                f"The target variable '{updater.reference.variable.name}' is already updated by another summed variable"
            )
        seen.add(key)


def tell_if_idle(synapses: Connected, parts: Sequence[BrianObject]) -> None:
    """Says so if synapses do nothing in a run: they have no parts."""
    if synapses.element_count and not any(part.acts_itself for part in parts):
        logger.info(
            f"'{synapses.name}' does nothing when a spike arrives: it has no statements for it (on_pre='...').",
            "no_effect",
            once=True,
        )


def warn_of_other_step(synapses: Connected, name: str, pathway: SynapticPathway) -> None:
    """Warns if spikes reach synapses or their target by another clock than theirs: delays are rounded to its steps."""
    target = synapses.target
    for whose, clock in ((f"'{synapses.name}' itself", synapses.clock), (f"the target '{target.name}'", target.clock)):
        if pathway.clock.dt_ != clock.dt_:
            logger.warn(
                f"The group '{pathway.source.name}' of the pathway '{name}' has another time step than {whose}: "
                f"{pathway.clock.dt} and {clock.dt}. Delays are rounded to whole steps of {pathway.clock.dt}.",
                "synapses_dt_mismatch",
                once=True,
            )
            return


def check_free(name: str, taken: Iterable[str]) -> None:
    """Checks that a name can be that of the multisynaptic index.

    Raises:
        EquationError: If it is taken.
    """
    if name in taken:
        raise EquationError(f"'{name}' cannot be the multisynaptic index: there is a variable of this name.")


def constant(owner: Connected, name: str, value: int) -> Constant:
    """Returns a number that scripts cannot set."""
    return Constant(
        name=name,
        dtype=np.dtype(np.int64),
        scalar=True,
        constant=True,
        read_only=True,
        value=value,
        owner_ref=weakref.ref(owner),
    )


def growing(variable: ArrayVariable, population: Population) -> DynamicArrayVariable:
    """Returns a variable of the equations with memory that grows with the number of synapses."""
    plain = variable.storage
    return DynamicArrayVariable(
        name=variable.name,
        dim=variable.dim,
        dtype=variable.dtype,
        constant=variable.constant,
        read_only=variable.read_only,
        owner_ref=variable.owner_ref,
        storage=UniformStorage(plain.label, 0, plain.dtype, plain.dim, population),
        protected=variable.protected,
    )


def index_variable(owner: Connected, name: str, storage: Storage) -> ArrayVariable:
    """Returns integers that scripts cannot set."""
    return DynamicArrayVariable(
        name=name,
        dtype=np.dtype(np.int32),
        constant=True,
        read_only=True,
        storage=storage,
        owner_ref=weakref.ref(owner),
    )


def lastupdate_variable(owner: Connected) -> ArrayVariable:
    """Returns the time of the last event of each synapse."""
    return DynamicArrayVariable(
        name=LASTUPDATE,
        dim=second.dim,
        storage=UniformStorage(f"{owner.name}.{LASTUPDATE}", 0, np.float64, "s", owner.element_population),
        owner_ref=weakref.ref(owner),
    )


def with_index(equations: Equations, name: str) -> Equations:
    """Returns equations that show the multisynaptic index, too."""
    return Equations([*equations.values(), SingleEquation(PARAMETER, name, DIMENSIONLESS, "integer")])


def new_traces(synapses: Connected) -> SharedTraces:
    """Returns the event-driven variables of synapses, with new memory for them."""
    storages = _new_storages(synapses, (*sorted(synapses.event_driven.diff_eq_names), LASTUPDATE))
    lastupdate = storages.pop(LASTUPDATE)
    return SharedTraces(synapses.name, synapses.connections, _sizes(synapses), storages, lastupdate)


def new_states(synapses: Connected, names: Collection[str]) -> SharedStates | None:
    """Returns the clock-driven variables of synapses, with new memory for them; None if there are none.

    Args:
        synapses: The synapses.
        names: The variables.
    """
    if not names:
        return None
    storages = _new_storages(synapses, sorted(names))
    parameters = {
        name: variable.storage
        for name in synapses.equations.parameter_names
        if isinstance(variable := synapses.variables[name], ArrayVariable) and is_synaptic(variable)
    }
    return SharedStates(synapses.name, synapses.connections, _sizes(synapses), storages, parameters)


def _new_storages(synapses: Connected, names: Iterable[str]) -> dict[str, TraceStorage]:
    found: dict[str, TraceStorage] = {}
    for name in names:
        variable = synapses.variables[name]
        assert isinstance(variable, ArrayVariable)
        plain = variable.storage
        variable.storage = found[name] = TraceStorage(plain.label, plain.size, plain.dtype, plain.dim, plain.population)
    return found


def _sizes(synapses: Connected) -> dict[str, int]:
    return {"pre": synapses.source.element_count, "post": synapses.target.element_count}


def whose_delays(name: str, pathways: Iterable[str]) -> str:
    """Returns a sentence that says where delays of synapses are found which have no pathway 'pre'.

    Args:
        name: Name of the synapses.
        pathways: Names of their pathways.
    """
    known = list(pathways)
    if not known:
        return f" Delays belong to pathways, and '{name}' has none: give it statements for spikes (on_pre=...)."
    return (
        f" Delays belong to pathways; those of '{name}' are {' and '.join(known)}: use the delay of one of them, e.g. "
        f"(S: the synapses) S.{known[0]}.delay, or StateMonitor(S.{known[0]}, 'delay', ...)."
    )
