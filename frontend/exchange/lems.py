"""LEMS documents from networks of point neurons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from ranvier.analysis.names import resolve
from ranvier.equations import Expression, Statements
from ranvier.equations.expressions import Binary, Compare, Expr, Logical, Name, Number, names
from ranvier.equations.single_equation import DIFFERENTIAL_EQUATION, PARAMETER, SingleEquation
from ranvier.exchange.lems_text import Dimensions, lems_text
from ranvier.exchange.values import values_of
from ranvier.objects.monitors.spikemonitor import EventMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.networks.network import Network
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.public.argument_names import explains_arguments
from ranvier.session.namespaces import get_local_namespace
from ranvier.units import Quantity, check_units, second
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

DEFINITIONS = """
<definitions>
<ComponentType name="population"><ComponentReference name="component" type="Component"/>
  <Parameter name="size" dimension="none"/>
  <Structure><MultiInstantiate number="size" component="component"/></Structure></ComponentType>
<ComponentType name="network"><Children name="populations" type="population"/></ComponentType>
<ComponentType name="OutputColumn"><Path name="quantity"/>
  <Simulation><Record quantity="quantity"/></Simulation></ComponentType>
<ComponentType name="OutputFile"><Text name="path"/><Text name="fileName"/>
  <Children name="outputColumn" type="OutputColumn"/>
  <Simulation><DataWriter path="path" fileName="fileName"/></Simulation></ComponentType>
<ComponentType name="EventSelection"><Path name="select"/><Text name="eventPort"/>
  <Simulation><EventRecord quantity="select" eventPort="eventPort"/></Simulation></ComponentType>
<ComponentType name="EventOutputFile"><Text name="path"/><Text name="fileName"/><Text name="format"/>
  <Children name="eventSelection" type="EventSelection"/>
  <Simulation><EventWriter path="path" fileName="fileName" format="format"/></Simulation></ComponentType>
<ComponentType name="Simulation"><Parameter name="length" dimension="time"/><Parameter name="step" dimension="time"/>
  <ComponentReference name="target" type="Component"/><Children name="outputs" type="OutputFile"/>
  <Children name="events" type="EventOutputFile"/>
  <Dynamics><StateVariable name="t" dimension="time"/></Dynamics>
  <Simulation><Run component="target" variable="t" increment="step" total="length"/></Simulation></ComponentType>
</definitions>
"""
"""The component types around the neurons, as NeuroML's core types define them."""


@explains_arguments
@check_units(duration=second)
def to_lems(
    network: Network,
    duration: Quantity,
    path: str | Path | None = None,
    *,
    namespace: Mapping[str, object] | None = None,
    level: int = 0,
) -> str:
    """Returns a network of unconnected point neurons as a LEMS document that simulates it.

    Each `NeuronGroup` becomes a ComponentType with its state variables, equations, threshold, reset and refractory
    period; neurons that differ become components of their own. State monitors become an OutputFile, spike monitors an
    EventOutputFile. The values are those that the network has now. The document needs no other file.

    Args:
        network: The network.
        duration: How long to simulate.
        path: A file to write the document to as well.
        namespace: The names that texts use; None for those that the calling script sees.
        level: Number of frames to skip to find these.

    Raises:
        NotImplementedError: If something cannot be said in LEMS, naming the object and what it is.
    """
    names_ = get_local_namespace(level=level) if namespace is None else namespace
    text = _document(network, duration, names_)
    if path is not None:
        Path(path).write_text(text, "utf-8")
    return text


def _document(network: Network, duration: Quantity, namespace: Mapping[str, object]) -> str:
    import xml.etree.ElementTree as Tree  # a part of this page is text

    groups, monitors = _sorted(network)
    dimensions = Dimensions()
    dimensions.name(second.dim)
    types, components = list[Element](), list[Element]()
    net, places = Element("network", id="network"), dict[tuple[str, int], str]()
    for group in groups:
        cell = _Cell(group, namespace, dimensions)
        types.append(cell.component_type())
        components += cell.components(net, places)
    root = Element("Lems")
    SubElement(root, "Target", component="simulation")
    root.extend(dimensions.elements())
    root.extend(Tree.fromstring(DEFINITIONS))
    root.extend([*types, *components, net])
    root.append(_simulation(groups[0], monitors, duration, places))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _sorted(network: Network) -> tuple[list[NeuronGroup], list[Any]]:
    groups = [obj for obj in network.objects if type(obj) is NeuronGroup]
    monitors = [obj for obj in network.objects if isinstance(obj, (StateMonitor, EventMonitor))]
    for obj in network.objects:
        if obj not in groups and obj not in monitors:
            raise NotImplementedError(
                f"'{obj.name}' cannot be exported to LEMS: it is a {type(obj).__name__}; neurons, state monitors and "
                "spike monitors can be."
            )
    if not groups:
        raise ValueError(f"The network '{network.name}' has no NeuronGroup: there is nothing to export.")
    other = next((group for group in groups if group.clock.dt_ != groups[0].clock.dt_), None)
    if other is not None:
        raise NotImplementedError(
            f"'{other.name}' cannot be exported to LEMS: its dt differs from that of other groups."
        )
    return groups, monitors


def _simulation(first: NeuronGroup, monitors: list[Any], duration: Quantity, places: Mapping[Any, str]) -> Element:
    found = Element(
        "Simulation", id="simulation", length=f"{float(duration)!r}s", step=f"{first.clock.dt_!r}s", target="network"
    )
    for monitor in monitors:
        start = monitor.source.extent[0]
        name = getattr(monitor.source, "source", monitor.source).name
        if isinstance(monitor, StateMonitor):
            file = SubElement(found, "OutputFile", id=monitor.name, path=".", fileName=f"{monitor.name}.dat")
            for variable in monitor.record_variables:
                for k in monitor.record.tolist():
                    place = f"{places[name, k + start]}/{variable}"
                    SubElement(file, "OutputColumn", id=f"{variable}_{k}", quantity=place)
        else:
            if monitor.event != "spike":
                raise NotImplementedError(f"'{monitor.name}' cannot be exported to LEMS: it records no spikes.")
            options = {"id": monitor.name, "path": ".", "fileName": f"{monitor.name}.spikes", "format": "ID_TIME"}
            file = SubElement(found, "EventOutputFile", options)
            for k in range(monitor.source.element_count):
                SubElement(file, "EventSelection", id=str(k), select=places[name, k + start], eventPort="spike")
    return found


class _Cell:
    """A group of neurons on its way to LEMS."""

    def __init__(self, group: NeuronGroup, namespace: Mapping[str, object], dimensions: Dimensions) -> None:
        self.group, self.namespace, self.dimensions = group, namespace, dimensions
        self.equations = list(group.user_equations.values())
        self.statements = Statements(group.event_codes.get("spike", "")).tree
        self.refractory = self._refractory()
        self._check()
        assigned = {statement.target for statement in self.statements}
        self.states = [
            e
            for e in self.equations
            if e.type == DIFFERENTIAL_EQUATION or (e.type == PARAMETER and e.varname in assigned)
        ]
        self.parameters: dict[str, tuple[Dimension, Any]] = {}
        for equation in self.equations:
            if equation.type == PARAMETER:
                name = f"{equation.varname}_init" if equation in self.states else equation.varname
                self._add(name, equation)
            elif equation in self.states:
                self._add(f"{equation.varname}_init", equation)
        for name in sorted(self._used()):
            self._add_outer(name)

    def fail(self, why: str) -> NotImplementedError:
        return NotImplementedError(f"'{self.group.name}' cannot be exported to LEMS: {why}.")

    def _check(self) -> None:
        if self.group.user_equations.is_stochastic:
            raise self.fail("its equations have noise")
        if any(event != "spike" for event in self.group.events):
            raise self.fail("it has events other than spikes")
        if any("run_regularly" in part.name for part in self.group.contained_objects):
            raise self.fail("it has a run_regularly operation")
        if any(statement.target not in self.group.user_equations for statement in self.statements):
            raise self.fail("its reset has variables of its own")

    def _refractory(self) -> Expr | None:
        """Returns the refractory period less half a step: it ends at a step, whatever rounding does to the time."""
        given: object = self.group.refractory
        if given is False:
            return None
        tree = Expression(given if isinstance(given, str) else f"{float(cast(Any, given))!r}*second").tree
        changing = {equation.varname for equation in self.equations if equation.type != PARAMETER}
        if names(tree) & changing or isinstance(tree, (Compare, Logical)):
            raise self.fail(f"its refractory period '{given}' is no constant time")
        return Binary("-", tree, Binary("*", Number(self.group.clock.dt_ / 2), Name("second")))

    def _add(self, name: str, equation: SingleEquation) -> None:
        values = np.asarray(self.group.state(equation.varname, use_units=False)[:], dtype=np.float64)
        self.parameters[name] = equation.dim, np.broadcast_to(values, (self.group.element_count,))

    def _trees(self) -> list[Expr]:
        trees = [equation.expr.tree for equation in self.equations if equation.expr is not None]
        trees += [statement.value for statement in self.statements]
        if "spike" in self.group.events:
            trees.append(Expression(self.group.events["spike"]).tree)
        return trees if self.refractory is None else [*trees, self.refractory]

    def _used(self) -> set[str]:
        own = {equation.varname for equation in self.equations}
        return {name for tree in self._trees() for name in names(tree)} - own - {"t"}

    def _add_outer(self, name: str) -> None:
        """Adds what a name of the script, a unit or the number of the neuron means."""
        if name in ("lastspike", "not_refractory", "dt", "t_in_timesteps"):
            raise self.fail(f"its texts use '{name}'")
        if name in ("i", "N"):
            values = np.arange(self.group.element_count) if name == "i" else np.array(self.group.element_count)
            self.parameters[name] = DIMENSIONLESS, np.broadcast_to(values, (self.group.element_count,))
            return
        symbol = resolve(name, self.group.namespace, self.namespace)
        values = values_of(self.group, Expression(name).tree, self.namespace, {})
        self.parameters[name] = symbol.dim, values

    # ------------------------------------------------------------------ elements

    def text(self, tree: Expr) -> str:
        try:
            return lems_text(tree)
        except ValueError as error:
            raise self.fail(str(error)) from None

    def component_type(self) -> Element:
        found = Element("ComponentType", name=f"{self.group.name}_type")
        for name, (dim, _) in self.parameters.items():
            SubElement(found, "Parameter", name=name, dimension=self.dimensions.name(dim))
        for equation in self.equations:
            if equation.type != PARAMETER or equation in self.states:
                SubElement(found, "Exposure", name=equation.varname, dimension=self.dimensions.name(equation.dim))
        if any("t" in names(tree) for tree in self._trees()):
            SubElement(found, "Requirement", name="t", dimension="time")
        SubElement(found, "EventPort", name="spike", direction="out")
        self._dynamics(SubElement(found, "Dynamics"))
        return found

    def _dynamics(self, dynamics: Element) -> None:
        for equation in self.states:
            name, dim = equation.varname, self.dimensions.name(equation.dim)
            SubElement(dynamics, "StateVariable", name=name, exposure=name, dimension=dim)
        if self.refractory is not None:
            SubElement(dynamics, "StateVariable", name="last_spike", dimension="time")
        for equation in self.group.user_equations.ordered:
            if equation.type not in (PARAMETER, DIFFERENTIAL_EQUATION):
                assert equation.expr is not None
                name, dim = equation.varname, self.dimensions.name(equation.dim)
                text = self.text(equation.expr.tree)
                SubElement(dynamics, "DerivedVariable", name=name, exposure=name, dimension=dim, value=text)
        start = SubElement(dynamics, "OnStart")
        for equation in self.states:
            SubElement(start, "StateAssignment", variable=equation.varname, value=f"{equation.varname}_init")
        if self.refractory is None:
            self._derivatives(dynamics, refractory=False)
            self._condition(dynamics)
        else:
            self._regimes(dynamics)

    def _derivatives(self, parent: Element, *, refractory: bool) -> None:
        for equation in self.states:
            if equation.expr is not None and not (refractory and "unless refractory" in equation.flags):
                SubElement(parent, "TimeDerivative", variable=equation.varname, value=self.text(equation.expr.tree))

    def _condition(self, parent: Element) -> None:
        if "spike" not in self.group.events:
            return
        found = SubElement(parent, "OnCondition", test=self.text(Expression(self.group.events["spike"]).tree))
        for statement in self.statements:
            SubElement(found, "StateAssignment", variable=statement.target, value=self.text(statement.value))
        SubElement(found, "EventOut", port="spike")
        if self.refractory is not None:
            SubElement(found, "StateAssignment", variable="last_spike", value="t")
            SubElement(found, "Transition", regime="refractory")

    def _regimes(self, dynamics: Element) -> None:
        assert self.refractory is not None
        integrating = SubElement(dynamics, "Regime", name="integrating", initial="true")
        self._derivatives(integrating, refractory=False)
        self._condition(integrating)
        waiting = SubElement(dynamics, "Regime", name="refractory")
        self._derivatives(waiting, refractory=True)
        test = f"t .geq. (last_spike + {self.text(self.refractory)})"
        SubElement(SubElement(waiting, "OnCondition", test=test), "Transition", regime="integrating")

    def components(self, network: Element, places: dict[tuple[str, int], str]) -> list[Element]:
        """Returns the components, adds populations of them to a network, and says where each neuron is."""
        name, size = self.group.name, self.group.element_count
        same = all(np.all(values == values[0]) for _, values in self.parameters.values())
        found: list[Element] = []
        for k in range(1 if same else size):
            own = name if same else f"{name}_{k}"
            values = {
                parameter: f"{float(each[k])!r}{self.dimensions.symbol(dim)}"
                for parameter, (dim, each) in self.parameters.items()
            }
            found.append(Element("Component", {"id": f"{own}_cell", "type": f"{name}_type", **values}))
            attributes = {"id": own, "component": f"{own}_cell", "size": str(size if same else 1)}
            SubElement(network, "population", attributes)
            for j in range(size) if same else [k]:
                places[name, j] = f"{own}[{j if same else 0}]"
        return found
