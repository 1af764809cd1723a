"""Graphs of NIR, the Neuromorphic Intermediate Representation, from networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ranvier.equations import Expression, Statements
from ranvier.equations.expressions import Compare, Expr, Name, names
from ranvier.exchange.optional import needed
from ranvier.exchange.values import CHANGING, Values, linear_coefficients, values_of
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.subgroup import Subgroup
from ranvier.objects.inputs.poissongroup import PoissonGroup
from ranvier.objects.inputs.spikegeneratorgroup import SpikeGeneratorGroup
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.networks.network import Network
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.synapses.synapses import Synapses
from ranvier.public.argument_names import explains_arguments
from ranvier.session.namespaces import get_local_namespace
from ranvier.units import Quantity, check_units, second


@dataclass(frozen=True)
class Neurons:
    """A group of neurons in the terms of NIR.

    Attributes:
        kind: The class of the node.
        fields: Its values.
        potential: The variable that is the membrane potential.
        current: The variable that is the synaptic current, None if spikes act on the potential itself.
        per_input: What the derivative of the variable that is reached has for 1 that arrives: R/tau or w_in/tau_syn.
        constant: The constant input of an integrator, which has no leak to take it in.
    """

    kind: str
    fields: dict[str, Values]
    potential: str
    current: str | None
    per_input: Values
    constant: Values


@explains_arguments
@check_units(pulse=second)
def to_nir(
    network: Network,
    path: str | Path | None = None,
    *,
    pulse: Quantity | None = None,
    namespace: Mapping[str, object] | None = None,
    level: int = 0,
) -> Any:
    """Returns a network as a NIR graph, with the values that it has now.

    Neurons have to be leaky (or not) and linear: `LIF`, `LI`, `IF`, `I`, and `CubaLIF`, `CubaLI` if a second variable
    decays and drives the first. Synapses add a constant for each, with a delay or without, or pass values on in a
    summed variable. Spike generators and Poisson groups become input nodes; groups from which no synapses lead, or
    which monitors record, lead to output nodes (all, if there are none). Values are in SI units without the unit.

    A parameter `R` of the neurons (`w_in` for the current) is the input resistance of the nodes; without, it is chosen
    so that the weights are what a spike adds.

    Args:
        network: The network.
        path: A file to write the graph to as well (HDF5, ".nir").
        pulse: How long a spike lasts as an input current of 1; see `from_nir`. None: it is an impulse.
        namespace: The names that texts use; None for those that the calling script sees.
        level: Number of frames to skip to find these.

    Raises:
        ImportError: If the package `nir` is not installed (the extra `nir`).
        NotImplementedError: If something cannot be said in NIR, naming the object and what it is.
    """
    names_ = get_local_namespace(level=level) if namespace is None else namespace
    graph = _Exporter(needed("nir", "nir"), network, 1.0 if pulse is None else float(pulse), names_).graph()
    if path is not None:
        needed("nir", "nir").write(str(path), graph)
    return graph


class _Exporter:
    def __init__(self, nir: Any, network: Network, pulse: float, namespace: Mapping[str, object]) -> None:
        self.nir, self.network, self.pulse, self.namespace = nir, network, pulse, namespace
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.neurons: dict[str, Neurons] = {}

    def graph(self) -> Any:
        synapses = [obj for obj in self.network.objects if isinstance(obj, Synapses)]
        recorded = {_whole(obj.source).name for obj in self.network.objects if isinstance(obj, Monitor)}
        for obj in self.network.objects:
            if isinstance(obj, (SpikeGeneratorGroup, PoissonGroup)):
                self.nodes[obj.name] = self.nir.Input(np.array([obj.element_count]))
            elif isinstance(obj, NeuronGroup):
                summed = [name.removesuffix("_post") for s in synapses for name in s.summed_updaters if _into(s, obj)]
                found = self.neurons[obj.name] = neurons_of(obj, summed, self.pulse, self.namespace)
                self.nodes[obj.name] = getattr(self.nir, found.kind)(**found.fields)
            elif not isinstance(obj, (Synapses, Monitor)):
                raise _unsupported(obj, f"NIR has no counterpart for a {type(obj).__name__}")
        for obj in synapses:
            self.project(obj)
        self.check_constants()
        leading = {begin for begin, _ in self.edges}
        last = [name for name in self.neurons if name not in leading or name in recorded]
        for name in last or self.neurons:
            self.nodes[f"{name}_output"] = self.nir.Output(self.nodes[name].output_type)
            self.edges.append((name, f"{name}_output"))
        return self.nir.NIRGraph(self.nodes, self.edges)

    def check_constants(self) -> None:
        for name, found in self.neurons.items():
            if found.constant.any():
                raise NotImplementedError(
                    f"'{name}' has a constant input, but neither a leak nor synapses that could bring it: NIR's "
                    f"{found.kind} has none."
                )

    # ------------------------------------------------------------------ synapses

    def project(self, synapses: Synapses) -> None:
        source, target = _whole(synapses.source), _whole(synapses.target)
        for end in (source, target):
            if end.name not in self.nodes:
                raise _unsupported(synapses, f"'{end.name}' is not part of the network")
        if target.name not in self.neurons:
            raise _unsupported(synapses, f"its target '{target.name}' is an input")
        for updater in synapses.summed_updaters.values():
            self.add(synapses, self.passed_on(synapses, updater.equation), None)
        if not synapses.pathways and not synapses.summed_updaters:
            raise _unsupported(synapses, "it has neither on_pre nor a summed variable")
        for pathway in synapses.pathways.values():
            if pathway.prepost != "pre" or pathway.event != "spike":
                raise _unsupported(synapses, f"its pathway '{pathway.objname}' does not follow presynaptic spikes")
            delays = np.broadcast_to(pathway.delay_variable.get_value(), (len(synapses),))
            self.add(synapses, self.jumps(synapses, pathway.code), delays)

    def jumps(self, synapses: Synapses, code: str) -> Values:
        """Returns the weight of each synapse, from what a spike adds."""
        found = self.neurons[_whole(synapses.target).name]
        reached = found.current or found.potential
        statements = Statements(code).tree
        if len(statements) != 1 or statements[0].op not in ("+=", "-="):
            raise _unsupported(synapses, f"a spike does '{code.strip()}', NIR can only add: '{reached}_post += w'")
        (statement,) = statements
        if statement.target.removesuffix("_post") != reached:
            raise _unsupported(
                synapses, f"a spike changes '{statement.target}', the inputs of this {found.kind} reach '{reached}'"
            )
        changing = {name for name in names(statement.expr) if not _is_constant(synapses, name)}
        if changing:
            raise _unsupported(synapses, f"what a spike adds depends on '{min(changing)}', which changes")
        added = values_of(synapses, statement.expr, self.namespace, {}) * (1 if statement.op == "+=" else -1)
        return added / (found.per_input[self.targets(synapses)] * self.pulse)

    def passed_on(self, synapses: Synapses, equation: Any) -> Values:
        """Returns the weight of each synapse in a summed variable."""
        source = self.neurons.get(_whole(synapses.source).name)
        if not equation.varname.endswith("_post") or source is None:
            raise _unsupported(synapses, f"the summed variable '{equation.varname}' does not go from neuron to neuron")
        variable = f"{source.potential}_pre"
        found = linear_coefficients(synapses, equation.expr.tree, [variable], self.namespace)
        if found is None or np.any(found[1]):
            raise _unsupported(synapses, f"'{equation.expr.code}' is not a weight times '{variable}'")
        return found[0][0]

    def targets(self, synapses: Synapses) -> Any:
        return np.asarray(synapses.j[:]) + synapses.target.extent[0]

    def add(self, synapses: Synapses, values: Values, delays: Any) -> None:
        """Adds the nodes of a projection: a delay of the sources, the weights, a delay of the targets."""
        source, target = _whole(synapses.source), _whole(synapses.target)
        rows, columns = self.targets(synapses), np.asarray(synapses.i[:]) + synapses.source.extent[0]
        weights = np.zeros((target.element_count, source.element_count))
        np.add.at(weights, (rows, columns), values)
        before, after = (None, None) if delays is None else _split(synapses, delays, columns, rows, weights.shape)
        name = synapses.name if synapses.name not in self.nodes else f"{synapses.name}_{len(self.nodes)}"
        found = self.neurons[target.name]
        chain: list[tuple[str, Any]] = []
        if before is not None:
            chain.append((f"{name}_delay", self.nir.Delay(before)))
        if found.constant.any():
            bias = found.constant / found.per_input
            chain.append((name, self.nir.Affine(weights, bias)))
            found.constant[:] = 0
        else:
            chain.append((name, self.nir.Linear(weights)))
        if after is not None:
            chain.append((f"{name}_delay", self.nir.Delay(after)))
        self.nodes |= dict(chain)
        stations = [source.name, *(node for node, _ in chain), target.name]
        self.edges += pairwise(stations)


def _split(synapses: Synapses, delays: Any, i: Any, j: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
    """Returns the delays as those of sources or of targets; None where there are none.

    Raises:
        NotImplementedError: If they are neither.
    """
    if not np.any(delays):
        return None, None
    for ends, size, first in ((i, shape[1], True), (j, shape[0], False)):
        found = np.zeros(size)
        found[ends] = delays
        if np.array_equal(found[ends], delays):
            return (found, None) if first else (None, found)
    raise _unsupported(synapses, "its delays are neither those of its sources nor those of its targets")


def _is_constant(synapses: Synapses, name: str) -> bool:
    """Tells whether a name in a pathway's code keeps its value: a parameter, a number of a neuron, or a constant."""
    reference = synapses.reference(name)
    if reference is None or name in CHANGING:
        return name not in CHANGING
    owner: Any = reference.owner
    return reference.variable.read_only or bool(owner.is_parameter(reference.variable.name))


def _into(synapses: Synapses, group: Group) -> bool:
    return _whole(synapses.target) is group


def _whole(group: Any) -> Any:
    return group.source if isinstance(group, Subgroup) else group


def _unsupported(obj: Any, why: str) -> NotImplementedError:
    return NotImplementedError(f"'{obj.name}' cannot be exported to NIR: {why}.")


# ---------------------------------------------------------------------------------------------------- neurons


def neurons_of(group: NeuronGroup, summed: list[str], pulse: float, namespace: Mapping[str, object]) -> Neurons:
    """Returns what neurons are in the terms of NIR.

    Args:
        group: The group.
        summed: Names of its variables that synapses sum up.
        pulse: Integral of a spike, in seconds.
        namespace: The names of the script.

    Raises:
        NotImplementedError: If NIR has no such neurons.
    """
    _check_extras(group)
    variables = sorted(group.user_equations.diff_eq_names)
    if len(variables) not in (1, 2):
        raise _unsupported(group, f"it has {len(variables)} differential equations; 1 or 2 are possible")
    trees = {name: expression.tree for name, expression in group.user_equations.get_substituted_expressions()}
    found: dict[str, tuple[dict[str, Values], Values]] = {}
    for name in variables:
        linear = linear_coefficients(group, trees[name], [*variables, *summed], namespace)
        if linear is None:
            code = group.user_equations[name].expr
            raise _unsupported(group, f"the equation of '{name}', '{code}', is not linear, or depends on time")
        found[name] = dict(zip([*variables, *summed], linear[0], strict=True)), linear[1]
    potential, current = _roles(group, variables, found)
    fields = _dynamics(group, potential, current, found, summed, pulse, namespace)
    reached = fields.pop("_reached")
    constant = fields.pop("_constant")
    spikes = _threshold_and_reset(group, potential, variables, namespace)
    kind = ("Cuba" if current else "") + ("LI" if "v_leak" in fields else "I") + ("F" if spikes else "")
    return Neurons(kind, {**fields, **spikes}, potential, current, reached, constant)


def _check_extras(group: NeuronGroup) -> None:
    if type(group) is not NeuronGroup:
        raise _unsupported(group, f"it is a {type(group).__name__}")
    if group.is_refractory:
        raise _unsupported(group, "NIR has no refractory period")
    other = [event for event in group.events if event != "spike"]
    if other:
        raise _unsupported(group, f"NIR has no events beyond spikes, such as '{other[0]}'")
    if group.user_equations.is_stochastic:
        raise _unsupported(group, "its equations have noise")
    if any("run_regularly" in part.name for part in group.contained_objects):
        raise _unsupported(group, "it has a run_regularly operation")


def _roles(
    group: NeuronGroup, variables: list[str], found: Mapping[str, tuple[dict[str, Values], Values]]
) -> tuple[str, str | None]:
    """Returns the names of the membrane potential and of the synaptic current."""
    if len(variables) == 1:
        return variables[0], None
    driven = [a for a, b in (variables, variables[::-1]) if np.any(found[a][0][b]) and not np.any(found[b][0][a])]
    if not driven:
        raise _unsupported(group, "NIR needs one variable that drives the other, and is not driven by it")
    current = next(name for name in variables if name != driven[0])
    if np.any(found[current][1]):
        raise _unsupported(group, f"the current '{current}' decays to a value other than 0")
    return driven[0], current


def _dynamics(
    group: NeuronGroup,
    potential: str,
    current: str | None,
    found: Mapping[str, tuple[dict[str, Values], Values]],
    summed: list[str],
    pulse: float,
    namespace: Mapping[str, object],
) -> dict[str, Values]:
    """Returns the values of the node, with what inputs reach and the constant input of an integrator."""
    coefficients, constant = found[potential]
    rate = coefficients[potential]
    if np.any(rate > 0) or (np.any(rate == 0) and np.any(rate != 0)):
        raise _unsupported(group, f"'{potential}' grows by itself, or leaks in some neurons only")
    reached = current or potential
    inputs = [found[reached][0][name] for name in summed]
    if any(not np.allclose(one, inputs[0]) for one in inputs):
        raise _unsupported(group, "its summed variables act with different strengths")
    own = _value(group, "w_in" if current else "R", namespace)
    if current is not None:
        tau_syn = -1 / found[current][0][current]
        if not np.all(np.isfinite(tau_syn)) or np.any(tau_syn <= 0) or not np.all(rate < 0):
            raise _unsupported(group, f"'{current}' and '{potential}' have to decay")
        per_input = inputs[0] if inputs else (own if own is not None else tau_syn / pulse) / tau_syn
        tau = -1 / rate
        fields = {"tau_syn": tau_syn, "tau_mem": tau, "r": coefficients[current] * tau, "w_in": per_input * tau_syn}
        return fields | {"v_leak": constant * tau, "_reached": per_input, "_constant": 0 * tau}
    if np.all(rate == 0):
        r = inputs[0] if inputs else own if own is not None else np.full(rate.shape, 1 / pulse)
        return {"r": r, "_reached": r, "_constant": constant.copy()}
    tau = -1 / rate
    r = inputs[0] * tau if inputs else own if own is not None else tau / pulse
    return {"tau": tau, "r": r, "v_leak": constant * tau, "_reached": r / tau, "_constant": 0 * tau}


def _value(group: NeuronGroup, name: str, namespace: Mapping[str, object]) -> Values | None:
    """Returns the values of a parameter of the equations, None if there is none."""
    used = {k for equation in group.user_equations.values() for k in equation.identifiers}
    return values_of(group, Name(name), namespace, {}) if name in used else None


def _threshold_and_reset(
    group: NeuronGroup, potential: str, variables: list[str], namespace: Mapping[str, object]
) -> dict[str, Values]:
    if "spike" not in group.events:
        return {}
    tree = Expression(group.events["spike"]).tree
    match tree:
        case Compare(">" | ">=", Name(left), right) if left == potential:
            threshold: Expr = right
        case Compare("<" | "<=", left, Name(right)) if right == potential:
            threshold = left
        case _:
            raise _unsupported(group, f"the threshold '{group.events['spike']}' is not '{potential} > value'")
    code = group.event_codes.get("spike", "")
    statements = Statements(code).tree
    if len(statements) != 1 or statements[0].target != potential or statements[0].op not in ("=", "-="):
        raise _unsupported(group, f"the reset '{code.strip()}' is not '{potential} = value'")
    reset = statements[0].expr
    if statements[0].op == "-=" or names(reset) & {*variables} or names(threshold) & {*variables}:
        raise _unsupported(group, f"threshold and reset have to be values, not change with '{potential}'")
    values = {"v_threshold": threshold, "v_reset": reset}
    return {name: values_of(group, expr, namespace, {}) for name, expr in values.items()}


__all__ = ["to_nir"]
