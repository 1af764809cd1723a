"""Descriptions of networks as plain dictionaries, in the form that brian2tools documents for its base exporter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from ranvier.equations.single_equation import SingleEquation
from ranvier.exchange.texts import identifiers, names_of_expressions, names_of_statements, quantity_or_number
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.run_regularly import RunRegularly
from ranvier.objects.groups.subgroup import Subgroup
from ranvier.objects.inputs.poissongroup import PoissonGroup
from ranvier.objects.inputs.poissoninput import PoissonInput
from ranvier.objects.inputs.spikegeneratorgroup import SpikeGeneratorGroup
from ranvier.objects.monitors.ratemonitor import PopulationRateMonitor
from ranvier.objects.monitors.spikemonitor import EventMonitor, SpikeMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.morphology.spatialneuron import SpatialNeuron
from ranvier.objects.networks.network import Network
from ranvier.objects.networks.networkoperation import NetworkOperation
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.synapses.synapses import Synapses
from ranvier.objects.variables.variables import ArrayVariable, Subexpression
from ranvier.session.namespaces import get_local_namespace

Description = dict[str, Any]
"""Names of fields and what they hold: numbers, quantities, texts, and lists and dictionaries of these."""

DEFAULT_METHODS = ("exact", "euler", "heun"), ("exact", "exponential_euler", "rk2", "heun")
"""What `method` is where a script says nothing."""


def describe(network: Network, namespace: Mapping[str, object] | None = None, level: int = 0) -> Description:
    """Returns a description of the objects of a network: "components", and "inactive", names of those that do nothing.

    Args:
        network: The network.
        namespace: The names that texts use; None for those that the calling script sees.
        level: Number of frames to skip to find these.

    Raises:
        BrianObjectException: A name in a text means nothing.
    """
    names = get_local_namespace(level=level) if namespace is None else namespace
    components: dict[str, list[Description]] = {}
    inactive: list[str] = []
    for obj in network.objects:
        kind, describes = _kind(obj)
        components.setdefault(kind, []).append(describes(obj, names))
        if not obj.active:
            inactive.append(obj.name)
    return {"components": components, "inactive": inactive} if inactive else {"components": components}


def source_of(group: Any) -> str | Description:
    """Returns the name of a group; for a part of one, the name of the whole and which part it is."""
    if isinstance(group, Subgroup):
        return {"group": group.source.name, "start": group.start, "stop": group.stop}
    return group.name


def _kind(obj: BrianObject) -> tuple[str, Callable[[Any, Mapping[str, object]], Description]]:
    for cls, describes in _DESCRIBED.items():
        if isinstance(obj, cls):
            return cls.__name__.lower(), describes
    return "brianobject", _other


def place_of(obj: BrianObject) -> Description:
    """Returns when an object acts: step length, slot and order."""
    return {"dt": obj.clock.dt, "when": obj.when, "order": obj.order}


# ---------------------------------------------------------------------------------------------------- groups


def equations_of(equations: Iterable[SingleEquation]) -> dict[str, Description]:
    """Returns name of each variable → type, unit, kind of number, and, where there are, expression and flags."""
    found: dict[str, Description] = {}
    for equation in equations:
        entry: Description = {"type": equation.type, "unit": equation.unit, "var_type": equation.var_type}
        if equation.expr is not None:
            entry["expr"] = equation.expr.code
        if equation.flags:
            entry["flags"] = equation.flags
        found[equation.varname] = entry
    return found


def _neurons(group: NeuronGroup, namespace: Mapping[str, object]) -> Description:
    equations = list(group.user_equations.values())
    entry: Description = {
        "name": group.name,
        "N": group.element_count,
        "user_method": method_of(group.method_choice),
        "equations": equations_of(equations),
        "when": group.state_updater.when,
        "order": group.state_updater.order,
    }
    events = {event: _event(group, event) for event in group.events}
    regular = [part for part in group.contained_objects if isinstance(part, RunRegularly)]
    used = {name for equation in equations for name in equation.identifiers}
    used |= names_of_expressions([*group.events.values(), group.refractory])
    codes = [*group.event_codes.values(), *(part.code for part in regular)]
    used |= {name for code in codes for name in names_of_statements(code)}
    return _with(entry, events=events, run_regularly=_regular(regular), identifiers=identifiers(group, used, namespace))


def _event(group: NeuronGroup, event: str) -> Description:
    entry: Description = {"threshold": {"code": group.events[event], **place_of(group.thresholder[event])}}
    if event in group.resetter:
        entry["reset"] = {"code": group.event_codes[event], **place_of(group.resetter[event])}
    if event == "spike" and group.is_refractory:
        entry["refractory"] = group.refractory
    return entry


def _regular(parts: Iterable[RunRegularly]) -> list[Description]:
    return [{"name": part.name, "code": part.code, **place_of(part)} for part in parts]


def method_of(choice: object) -> Any:
    """Returns the method that a script chose: a name or names, None if it left the choice to the simulator."""
    if isinstance(choice, tuple) and choice in DEFAULT_METHODS:
        return None
    if isinstance(choice, (str, tuple, list)):
        return cast(Any, choice)
    return getattr(choice, "name", type(choice).__name__)


def _compartments(neuron: SpatialNeuron, namespace: Mapping[str, object]) -> Description:
    sections = [
        {"type": type(k).__name__, "n": k.n, "length": k.length, "diameter": k.diameter}
        for k in neuron.morphology.sections()
    ]
    return {**_neurons(neuron, namespace), "morphology": sections, "Cm": neuron.Cm[:], "Ri": neuron.Ri}


def _poisson(group: PoissonGroup, namespace: Mapping[str, object]) -> Description:
    variable = group.variables["rates"]
    entry: Description = {"name": group.name, "N": group.element_count}
    if isinstance(variable, Subexpression):
        used = identifiers(group, names_of_expressions([variable.expr]), namespace)
        return _with({**entry, "rates": variable.expr}, identifiers=used)
    assert isinstance(variable, ArrayVariable)
    values = variable.get_value().copy()
    same = bool((values == values[0]).all())
    return {**entry, "rates": quantity_or_number(values[0] if same else values, variable.dim)}


def _generator(group: SpikeGeneratorGroup, namespace: Mapping[str, object]) -> Description:
    found: dict[str, Any] = {}
    for name in ("neuron_index", "spike_time", "period"):
        variable = group.variables[name]
        assert isinstance(variable, ArrayVariable)
        found[name] = quantity_or_number(variable.get_value().copy(), variable.dim)
    entry: Description = {"name": group.name, "N": group.element_count}
    entry |= {"indices": found["neuron_index"], "times": found["spike_time"], **place_of(group)}
    return _with(entry, period=found["period"].ravel()[0] if found["period"].ravel()[0] > 0 else None)


def _input(source: PoissonInput, namespace: Mapping[str, object]) -> Description:
    entry: Description = {
        "name": source.name,
        "target": source_of(source.group),
        "target_var": source.target_var,
        "N": source.N,
        "rate": source.rate,
        "weight": source.weight,
        **place_of(source),
    }
    used = names_of_expressions([source.weight])
    return _with(entry, identifiers=identifiers(source.group, used, namespace))


# ---------------------------------------------------------------------------------------------------- synapses


def _synapses(synapses: Synapses, namespace: Mapping[str, object]) -> Description:
    equations = [*synapses.user_equations.values(), *synapses.event_driven.values()]
    entry: Description = {
        "name": synapses.name,
        "source": source_of(synapses.source),
        "target": source_of(synapses.target),
        "user_method": method_of(synapses.method_choice),
    }
    summed = [
        {"name": part.name, "variable": name, "target": source_of(part.target), "code": _code(part.equation)}
        | place_of(part)
        for name, part in synapses.summed_updaters.items()
    ]
    regular = [part for part in synapses.contained_objects if isinstance(part, RunRegularly)]
    used = {name for equation in equations for name in equation.identifiers}
    used |= names_of_expressions(part["code"] for part in summed)
    codes = [*(p.code for p in synapses.pathways.values()), *(part.code for part in regular)]
    used |= {name for code in codes for name in names_of_statements(code)}
    return _with(
        entry,
        equations=equations_of(equations),
        summed_variables=summed,
        pathways=[_pathway(pathway) for pathway in synapses.pathways.values()],
        run_regularly=_regular(regular),
        identifiers=identifiers(synapses, used, namespace),
    )


def _code(equation: SingleEquation) -> str:
    assert equation.expr is not None
    return equation.expr.code


def _pathway(pathway: Any) -> Description:
    entry: Description = {
        "name": pathway.name,
        "prepost": pathway.prepost,
        "event": pathway.event,
        "code": pathway.code,
        "source": source_of(pathway.source),
        "target": source_of(pathway.target),
        "clock": pathway.clock.dt,
        "when": pathway.when,
        "order": pathway.order,
    }
    variable = pathway.delay_variable
    return _with(entry, delay=quantity_or_number(variable.get_value()[0], variable.dim) if variable.scalar else None)


# ---------------------------------------------------------------------------------------------------- the others


def _states(monitor: StateMonitor, namespace: Mapping[str, object]) -> Description:
    return {
        "name": monitor.name,
        "source": source_of(monitor.source),
        "variables": list(monitor.record_variables),
        "record": True if monitor.record_all else monitor.record.copy(),
        "n_indices": monitor.n_indices,
        **place_of(monitor),
    }


def _events(monitor: EventMonitor, namespace: Mapping[str, object]) -> Description:
    return {
        "name": monitor.name,
        "source": source_of(monitor.source),
        "event": monitor.event,
        "variables": sorted(monitor.record_variables) if monitor.record else [],
        "record": monitor.record,
        "source_size": monitor.source.element_count,
        **place_of(monitor),
    }


def _rates(monitor: PopulationRateMonitor, namespace: Mapping[str, object]) -> Description:
    return {"name": monitor.name, "source": source_of(monitor.source), **place_of(monitor)}


def _operation(operation: NetworkOperation, namespace: Mapping[str, object]) -> Description:
    name = getattr(operation.function, "__name__", repr(operation.function))
    return {"name": operation.name, "function": name, **place_of(operation)}


def _other(obj: BrianObject, namespace: Mapping[str, object]) -> Description:
    return {"name": obj.name, "class": type(obj).__name__, **place_of(obj)}


def _with(entry: Description, **optional: Any) -> Description:
    """Returns a description with those further fields that hold something."""
    empty = {
        name for name, value in optional.items() if value is None or (isinstance(value, (dict, list)) and not value)
    }
    return entry | {name: value for name, value in optional.items() if name not in empty}


_DESCRIBED: Mapping[type[BrianObject], Callable[[Any, Mapping[str, object]], Description]] = {
    SpatialNeuron: _compartments,
    NeuronGroup: _neurons,
    PoissonGroup: _poisson,
    SpikeGeneratorGroup: _generator,
    PoissonInput: _input,
    Synapses: _synapses,
    StateMonitor: _states,
    SpikeMonitor: _events,
    EventMonitor: _events,
    PopulationRateMonitor: _rates,
    NetworkOperation: _operation,
}
"""Classes, each before those it derives from, and what describes their objects."""

__all__ = ["Description", "describe", "source_of"]
