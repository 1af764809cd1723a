"""Networks from graphs of NIR, the Neuromorphic Intermediate Representation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ranvier.exchange.optional import needed
from ranvier.objects.groups.group import Group
from ranvier.objects.inputs.spikegeneratorgroup import SpikeGeneratorGroup
from ranvier.objects.networks.network import Network
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.synapses.synapses import Synapses
from ranvier.public.argument_names import explains_arguments
from ranvier.session.names import is_identifier
from ranvier.units import Quantity, check_units, second

Vector = np.ndarray[Any, np.dtype[np.float64]]

CURRENT_BASED = ("CubaLIF", "CubaLI")

EQUATIONS: Mapping[str, str] = {
    "LIF": "dv/dt = (v_leak - v + R*({total}))/tau : 1",
    "LI": "dv/dt = (v_leak - v + R*({total}))/tau : 1",
    "IF": "dv/dt = R*({total})/second : 1",
    "I": "dv/dt = R*({total})/second : 1",
    "CubaLIF": "dI/dt = (w_in*({total}) - I)/tau_syn : 1\ndv/dt = (v_leak - v + R*I)/tau_mem : 1",
    "CubaLI": "dI/dt = (w_in*({total}) - I)/tau_syn : 1\ndv/dt = (v_leak - v + R*I)/tau_mem : 1",
    "Threshold": "v = {total} : 1",
}
"""Kind of node → its equations, with what arrives."""

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "LIF": {"tau": "tau", "R": "r", "v_leak": "v_leak", "v_threshold": "v_threshold", "v_reset": "v_reset"},
    "LI": {"tau": "tau", "R": "r", "v_leak": "v_leak"},
    "IF": {"R": "r", "v_threshold": "v_threshold", "v_reset": "v_reset"},
    "I": {"R": "r"},
    "CubaLIF": {
        "tau_syn": "tau_syn", "tau_mem": "tau_mem", "R": "r", "v_leak": "v_leak", "v_threshold": "v_threshold",
        "v_reset": "v_reset", "w_in": "w_in",
    },
    "CubaLI": {"tau_syn": "tau_syn", "tau_mem": "tau_mem", "R": "r", "v_leak": "v_leak", "w_in": "w_in"},
    "Threshold": {"v_threshold": "threshold"},
}  # fmt: skip
"""Kind of node → parameters of the group and their names in the node."""

JUMPS: Mapping[str, str] = {
    "LIF": "v_post += w*R_post*(pulse/tau_post)",
    "LI": "v_post += w*R_post*(pulse/tau_post)",
    "IF": "v_post += w*R_post*(pulse/second)",
    "I": "v_post += w*R_post*(pulse/second)",
    "CubaLIF": "I_post += w*w_in_post*(pulse/tau_syn_post)",
    "CubaLI": "I_post += w*w_in_post*(pulse/tau_syn_post)",
}
"""Kind of node → what a spike does to it: the integral of its equations over the spike."""


@dataclass
class Imported:
    """A network made from a graph.

    Attributes:
        network: All objects.
        groups: Name of a node → its group: of neurons, and of spikes to be set for inputs.
        synapses: What leads from node to node, by (name of the source, name of the target).
        outputs: Name of an output → the groups that lead to it.
    """

    network: Network
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    synapses: dict[tuple[str, str], Synapses] = field(default_factory=dict[tuple[str, str], Synapses])
    outputs: dict[str, list[Group]] = field(default_factory=dict[str, list[Group]])


@dataclass(frozen=True)
class Way:
    """The way of a signal from one group to a node.

    Attributes:
        source: Name of the node where it begins.
        weights: The matrix (targets, sources); None where nothing changes.
        before: Delay of each source, in seconds.
        after: Delay of each target.
    """

    source: str
    weights: Vector | None
    before: Vector
    after: Vector


@dataclass(frozen=True)
class Signal:
    """What arrives at a node: ways from groups, and a constant."""

    paths: tuple[Way, ...]
    constant: Vector | float = 0.0


@explains_arguments
@check_units(pulse=second, dt=second)
def from_nir(
    graph: Any,
    *,
    pulse: Quantity | None = None,
    dt: Quantity | None = None,
    inputs: Mapping[str, Group] | None = None,
    method: Any = ("exact", "euler"),
) -> Imported:
    """Returns a network that does what a NIR graph says.

    Values have the units of NIR: none, times in seconds. Each node with a state becomes a `NeuronGroup`, each way from
    one to the next, through `Linear`, `Affine`, `Scale`, `Delay` and `Flatten`, a `Synapses`.

    Args:
        graph: A `nir.NIRGraph`, or the path of a file.
        pulse: How long a spike lasts as an input current of 1. None: a spike is an impulse with the integral 1 (that
            is, 1 second times 1). Graphs from simulators with time steps usually mean their step: give it here.
        dt: Step length of the groups; None for `defaultclock`.
        inputs: Groups that spike, or have a variable `v`, in the place of input nodes; others are
            `SpikeGeneratorGroup` objects without spikes, see `set_spikes`.
        method: How equations are integrated.

    Raises:
        ImportError: If the package `nir` is not installed (the extra `nir`).
        NotImplementedError: If there is a node that has no counterpart, naming it.
        ValueError: If the graph is wrong.
    """
    if isinstance(graph, (str, Path)):
        graph = _read(Path(graph))
    return _Importer(graph, 1.0 if pulse is None else float(pulse), dt, dict(inputs or {}), method).imported()


def _read(path: Path) -> Any:
    nir = needed("nir", "nir")
    with path.open("rb"):  # whether it can be read is said in the words of the system
        try:
            return nir.read(str(path))
        except Exception as error:  # HDF5, and what nir demands of graphs, raise whatever they like
            reason = str(error) or type(error).__name__
            raise ValueError(f"{path} is no NIR file, or it is damaged: {reason}") from error


def _delays(name: str, values: Any) -> Vector:
    """Returns the delays of a node.

    Raises:
        ValueError: One is no delay.
    """
    found = np.asarray(values, dtype=np.float64).ravel()
    wrong = found[~(np.isfinite(found) & (found >= 0))]
    if wrong.size:
        raise ValueError(f"The delays of the node '{name}' have to be finite and not negative, but one is {wrong[0]}.")
    return found


class _Importer:
    def __init__(self, graph: Any, pulse: float, dt: Quantity | None, inputs: dict[str, Group], method: Any) -> None:
        if not hasattr(graph, "nodes") or not hasattr(graph, "edges"):
            raise TypeError(f"from_nir takes a nir.NIRGraph or the path of a file, not {type(graph).__name__}.")
        self.nodes: dict[str, Any] = dict(graph.nodes)
        self.arriving: dict[str, list[str]] = {name: [] for name in self.nodes}
        for edge in graph.edges:
            begin, end = edge
            if missing := [name for name in edge if name not in self.nodes]:
                raise ValueError(f"The edge from '{begin}' to '{end}' is wrong: the graph has no node '{missing[0]}'.")
            self.arriving[end].append(begin)
        self.pulse, self.dt, self.inputs, self.method = pulse, dt, inputs, method
        self.made = Imported(Network())

    def imported(self) -> Imported:
        signals = {name: self.signal(name, ()) for name in self.nodes if self.kind(name) in (*EQUATIONS, "Output")}
        for name in self.nodes:
            if self.kind(name) == "Input":
                self.made.groups[name] = self.inputs.get(name) or self.spikes_to_come(name)
        for name, signal in signals.items():
            if self.kind(name) != "Output":
                self.made.groups[name] = self.neurons(name, signal)
        for name, signal in signals.items():
            if self.kind(name) == "Output":
                self.made.outputs[name] = [self.plain_source(name, path) for path in signal.paths]
            else:
                for number, path in enumerate(signal.paths):
                    self.connect(path, name, number)
        self.made.network.add(self.made.groups, list(self.made.synapses.values()))
        return self.made

    def kind(self, name: str) -> str:
        return type(self.nodes[name]).__name__

    def size(self, name: str) -> int:
        shape = np.asarray(next(iter(self.nodes[name].output_type.values())), dtype=int)
        if (shape < 1).any():
            raise ValueError(f"The node '{name}' has the shape {shape.tolist()}: sizes have to be 1 or more.")
        return int(np.prod(shape))

    # ------------------------------------------------------------------ signals

    def signal(self, name: str, through: tuple[str, ...]) -> Signal:
        """Returns what arrives at a node."""
        paths: list[Way] = []
        constant: Vector | float = 0.0
        for begin in self.arriving[name]:
            if begin in through:
                raise ValueError(f"The nodes {', '.join(map(repr, through))} of the graph form a circle without state.")
            given = self.given_by(begin, (*through, begin))
            paths += given.paths
            constant = constant + given.constant
        return Signal(tuple(paths), constant)

    def given_by(self, name: str, through: tuple[str, ...]) -> Signal:
        """Returns what a node gives on."""
        node, kind = self.nodes[name], self.kind(name)
        if kind in EQUATIONS or kind == "Input":
            zeros = np.zeros(self.size(name))
            return Signal((Way(name, None, zeros, zeros),))
        arrived = self.signal(name, through)
        if kind in ("Linear", "Affine"):
            weights = np.asarray(node.weight, dtype=np.float64)
            if weights.ndim != 2:
                raise NotImplementedError(f"The node '{name}' has weights with {weights.ndim} axes; 2 are possible.")
            self.check_sizes(name, arrived, weights.shape[1])
            bias = np.asarray(node.bias, dtype=np.float64).ravel() if kind == "Affine" else 0.0
            if np.size(bias) not in (1, weights.shape[0]):
                raise ValueError(
                    f"The bias of the node '{name}' has {np.size(bias)} values, its weights {weights.shape}."
                )
            constant = arrived.constant if np.ndim(arrived.constant) else np.full(weights.shape[1], arrived.constant)
            return Signal(tuple(self.weighted(name, p, weights) for p in arrived.paths), weights @ constant + bias)
        if kind == "Scale":
            scale = np.asarray(node.scale, dtype=np.float64).ravel()
            self.check_sizes(name, arrived, scale.size)
            paths = tuple(self.weighted(name, p, np.diag(scale)) for p in arrived.paths)
            return Signal(paths, scale * arrived.constant)
        if kind == "Delay":
            delay = _delays(name, node.delay)
            if delay.size > 1:
                self.check_sizes(name, arrived, delay.size)
            return Signal(tuple(_delayed(p, delay) for p in arrived.paths), arrived.constant)
        if kind == "Flatten":
            return arrived
        known = ", ".join(sorted((*EQUATIONS, "Linear", "Affine", "Scale", "Delay", "Flatten", "Input", "Output")))
        raise NotImplementedError(f"The node '{name}' is a {kind}, which has no counterpart here; there are: {known}.")

    def check_sizes(self, name: str, arriving: Signal, size: int) -> None:
        """Checks that all that arrives at a node has as many values as it takes.

        Raises:
            ValueError: Something has another number.
        """
        sizes = {f"'{way.source}'": len(way.after) for way in arriving.paths}
        sizes |= {"the constant": np.size(arriving.constant)} if np.ndim(arriving.constant) else {}
        for what, number in sizes.items():
            if number not in (1, size):
                raise ValueError(f"The node '{name}' takes {size} values, but gets {number} from {what}.")

    def weighted(self, name: str, path: Way, weights: Vector) -> Way:
        if path.weights is None:
            size = weights.shape[1]
            before = np.broadcast_to(path.before + path.after, (size,))
            return Way(path.source, weights, before, np.zeros(weights.shape[0]))
        diagonal = weights.shape[0] == weights.shape[1] and np.array_equal(weights, np.diag(np.diag(weights)))
        if not diagonal and np.ptp(path.after) > 0:
            raise NotImplementedError(
                f"The node '{name}' adds signals from '{path.source}' that have different delays and no state between."
            )
        after = path.after if diagonal else np.full(weights.shape[0], path.after[0])
        return Way(path.source, weights @ path.weights, path.before, after)

    # ------------------------------------------------------------------ objects

    def object_name(self, name: str) -> str:
        """Returns a name for the object of a node, whose own may be anything: a number, a Python keyword."""
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        return plain if plain[:1].isalpha() and is_identifier(plain) else f"node_{plain}"

    def spikes_to_come(self, name: str) -> Group:
        return SpikeGeneratorGroup(self.size(name), [], [] * second, dt=self.dt, name=f"{self.object_name(name)}*")

    def neurons(self, name: str, signal: Signal) -> NeuronGroup:
        node, kind = self.nodes[name], self.kind(name)
        self.check_sizes(name, signal, self.size(name))
        arriving = [f"I_{number}" for number, path in enumerate(signal.paths) if not self.spikes(path.source)]
        constant = np.ravel(signal.constant)
        terms = [*arriving, *(["bias"] if constant.any() else [])]
        equations = [EQUATIONS[kind].format(total=" + ".join(terms) or "0")]
        equations += [f"{term} : 1" for term in terms]
        times = ("tau", "tau_syn", "tau_mem")
        equations += [f"{own} : {'second' if own in times else '1'} (constant)" for own in PARAMETERS[kind]]
        has_reset = "v_reset" in PARAMETERS[kind]
        group = NeuronGroup(
            self.size(name),
            "\n".join(equations),
            threshold="v > v_threshold" if "v_threshold" in PARAMETERS[kind] else None,
            reset="v = v_reset" if has_reset else "" if kind == "Threshold" else None,
            method=self.method,
            dt=self.dt,
            name=f"{self.object_name(name)}*",
        )
        for own, theirs in PARAMETERS[kind].items():
            group.state(own, use_units=False).set_item(slice(None), np.ravel(getattr(node, theirs)))
        if constant.any():
            group.state("bias").set_item(slice(None), constant)
        return group

    def spikes(self, name: str) -> bool:
        """Tells whether a node gives spikes, not values."""
        group = self.inputs.get(name)
        if self.kind(name) == "Input":
            return group is None or "spike" in getattr(group, "events", {})
        return "v_threshold" in PARAMETERS[self.kind(name)]

    def connect(self, path: Way, name: str, number: int) -> None:
        source, target, kind = self.made.groups[path.source], self.made.groups[name], self.kind(name)
        options: dict[str, Any] = {"name": f"{source.name}_to_{target.name}*"}
        delays = path.after[:, None] + path.before[None, :] if path.weights is not None else path.before + path.after
        if self.spikes(path.source):
            if kind == "Threshold":
                raise NotImplementedError(f"The Threshold node '{name}' gets spikes from '{path.source}', not values.")
            names = {"pulse": Quantity(self.pulse, dim=second.dim)}
            synapses = Synapses(source, target, "w : 1", on_pre=JUMPS[kind], namespace=names, **options)
        else:
            if delays.any():
                raise NotImplementedError(f"The values of '{path.source}' reach '{name}' with a delay; spikes could.")
            synapses = Synapses(source, target, f"w : 1\nI_{number}_post = w*v_pre : 1 (summed)", **options)
        if path.weights is None:
            synapses.connect(j="i")
            weights, delay = np.ones(len(synapses)), delays
        else:
            synapses.connect_sparse(path.weights.T, "w")
            weights, delay = None, delays[synapses.j[:], synapses.i[:]]
        if weights is not None:
            synapses.state("w").set_item(slice(None), weights)
        if np.any(delay):
            synapses.state("delay", use_units=False).set_item(slice(None), delay)
        key = (path.source, name)
        self.made.synapses[key if key not in self.made.synapses else (path.source, f"{name}#{number}")] = synapses

    def plain_source(self, name: str, path: Way) -> Group:
        if path.weights is not None:
            raise NotImplementedError(
                f"The output '{name}' is a weighted sum of '{path.source}', which no group holds: put an LI node "
                "before the output, or take the node itself as output."
            )
        return self.made.groups[path.source]


def _delayed(path: Way, delay: Vector) -> Way:
    return Way(path.source, path.weights, path.before, path.after + delay)
