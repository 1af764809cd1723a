"""The work of `Network.sweep`: a set is a run of the network from the state at the call."""

from __future__ import annotations

import contextlib
import copy
import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from ranvier.actions.actions import Action
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.stored import KeptEnds
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.monitors.spikemonitor import EventMonitor
from ranvier.objects.networks import snapshot
from ranvier.objects.networks.running import RunCall, sweeping
from ranvier.objects.networks.sweeps.kinds import as_measured
from ranvier.objects.networks.sweeps.measures import Facts, FunctionMeasure, TextMeasure
from ranvier.objects.networks.sweeps.notes import not_finite_states
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.sets import Sets, described
from ranvier.objects.networks.sweeps.sharing import Shared, StoredArrays, copy_written, large_parameters
from ranvier.objects.networks.sweeps.sweepable import Sweepable
from ranvier.objects.networks.sweeps.targets import Targets, VariableTarget
from ranvier.objects.networks.sweeps.work import Outcome, Seeds, attempted, same_randomness, values_with_seed
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.runtime import parts
from ranvier.session.clocks import defaultclock
from ranvier.session.given import is_a
from ranvier.session.randomness import random_state, seed
from ranvier.session.standalone import Standalone
from ranvier.stages.road import CUDA, current_options
from ranvier.units import Quantity, get_dimensions

LAYOUT = "long"
"""The form in which recorded tables are kept: the same columns whatever is recorded."""


@dataclass(frozen=True)
class Request:
    """The checked arguments of `Network.sweep`, as far as a set depends on them.

    Attributes:
        sets: The sets.
        targets: What their keys stand for.
        start: The initial values: variables, and values or texts.
        setup: A function that changes more, of the network and the set's values.
        measures: Name → what is measured; the name "" is for a function that returns several.
        keep: Name of a table → the monitor whose table is kept.
        call: The arguments of each run.
    """

    sets: Sets
    targets: Targets
    start: tuple[tuple[VariableTarget, object], ...]
    setup: Callable[..., object] | None
    measures: Mapping[str, TextMeasure | FunctionMeasure]
    keep: Mapping[str, Monitor]
    call: RunCall

    @property
    def calls_functions(self) -> bool:
        """Whether functions of the script set up or measure sets."""
        return self.setup is not None or any(isinstance(each, FunctionMeasure) for each in self.measures.values())

    @property
    def set_targets(self) -> list[VariableTarget]:
        """The variables that sets set, at the beginning of each run."""
        return [*self.targets.variables.values(), *(target for target, _ in self.start)]

    @property
    def set_memory(self) -> set[object]:
        """The memory of variables that sets set."""
        views = [target.view for target in self.set_targets]
        return {view.variable.storage for view in views if isinstance(view.variable, ArrayVariable)}


class NetworkWork:
    """Runs of a network.

    Args:
        network: The network, in the state from which each set begins.
        request: What each of them is.
        is_alone: Whether nobody changes the network as long as the work is used, but its own runs.

    Attributes:
        sets: The sets.
        network: The network.
        request: What each set is.
        seeds: The seeds of sets for which none is given.
        state: The state from which each set begins.
        left: The state in which the network is left.
        typical: The number of a set whose values the network can be run with, where it was looked for.
    """

    needs_fork = True
    is_shared = True

    def __init__(self, network: Sweepable, request: Request, *, is_alone: bool = False) -> None:
        self.network = network
        self.request = request
        self.sets = request.sets
        is_shared = is_alone and not request.calls_functions and current_options().target != CUDA
        self._shared: Shared = large_parameters(network, request.set_memory) if is_shared else {}
        self._is_secure = not self._shared
        self.state = self.left = snapshot.take(network, self._shared)
        self._is_put_back = False  # whether nothing was changed since the network was put back
        self.typical = 0
        self.seeds = Seeds(*self.state.random_key)
        self._is_seeded = random_state.is_chosen  # sets have seeds of their own, which are set while it is prepared
        self._counted: dict[str, Array] = {
            obj.name: np.array(obj.count[:]) for obj in network if isinstance(obj, EventMonitor)
        }
        self._rows = {name: _rows_of(each) for name, each in request.keep.items()}

    def with_sets(self, sets: Sets) -> NetworkWork:
        """Returns the same work for other sets of values of the same keys, from the same state."""
        other = copy.copy(self)
        other.sets, other.request = sets, replace(self.request, sets=sets)
        other.typical = 0
        other._is_put_back = False
        return other

    def values(self, k: int) -> Mapping[str, object]:
        """Returns the values of a set, with its seed."""
        return values_with_seed(self.sets, self.seeds, k)

    def seeds_of(self, ks: Sequence[int]) -> Array:
        """Returns the seeds of sets, as 64-bit numbers."""
        if "seed" not in self.sets.axes:
            return self.seeds.of_all(np.asarray(ks))
        axis = self.sets.axes["seed"]
        numbers = np.array(list(map(int, cast("Sequence[int]", axis.values))), np.int64)
        return numbers[np.asarray(ks) // axis.stride % len(numbers)]

    def compute(self, k: int) -> Outcome:
        """Runs a set; what goes wrong is in the outcome."""
        return attempted(k, self._run)

    def compute_for(self, k: int, length: float | None) -> Outcome:
        """Runs a set, if that is given for so many seconds only."""
        return attempted(k, lambda outcome: self._run(outcome, length))

    def _run(self, outcome: Outcome, length: float | None = None) -> None:
        values = self.values(outcome.index)
        call = self.prepare(values)
        if length is not None:
            call = replace(call, length=length, report=None)
        if not self._is_secure:
            self.secure(self.network.examine(call))
        self.network.perform(call.begun_at(self.state.time))
        self.measure(outcome, values, call)

    def measure(self, outcome: Outcome, values: Mapping[str, object], call: RunCall) -> None:
        """Measures, and keeps tables, after the run of a set.

        Args:
            outcome: What becomes of the set.
            values: Its values.
            call: The arguments of the run.
        """
        warning = not_finite_states(self.network)
        if warning:
            outcome.warnings[outcome.index] = warning
        facts = self.facts_of(values, call)
        for name, measure in self.request.measures.items():
            found = measure(self.network, facts)
            if name:
                outcome.measures[name] = [_copied(found)]
            elif isinstance(found, Mapping):
                several = cast("Mapping[object, object]", found)
                outcome.measures.update({str(each): [_copied(value)] for each, value in several.items()})
            else:
                outcome.measures["measure"] = [_copied(found)]
        for name in self.request.keep:
            outcome.tables[name] = parts.with_column(self.recorded(name), "instance", outcome.index)

    def facts_of(self, values: Mapping[str, object], call: RunCall) -> Facts:
        """Returns what measures of a set may ask for besides the network."""
        return Facts(values, call.namespace, self.state.time, call.length, self._counted)

    def recorded(self, name: str) -> object:
        """Returns the rows that the monitor of a kept table has recorded since the sweep began."""
        return self.request.keep[name].to_arrow(LAYOUT).slice(self._rows[name])

    def prepare(self, values: Mapping[str, object]) -> RunCall:
        """Makes the network what it is at the beginning of a set; returns the arguments of its run."""
        if not self._is_put_back:
            self.put_back()
        self._is_put_back = False
        seed(cast(int, values["seed"]))
        request = self.request
        names = self.take_names(values)
        if "dt" in values:
            defaultclock.dt = cast(Quantity, values["dt"])
        self.set_variables(values, names)
        if request.setup is not None:
            request.setup(self.network, dict(values))
        length = float(cast(float, values["duration"])) if "duration" in values else request.call.length
        return replace(request.call, length=length, namespace=names)

    def take_names(self, values: Mapping[str, object]) -> dict[str, object]:
        """Gives groups the names of a set that they have of their own, and returns those of the script."""
        self._set_namespaces(values)
        found = dict(self.request.call.namespace)
        for name in self.request.targets.constants:
            found[name] = values[name]
        return found

    def set_variables(self, values: Mapping[str, object], names: Mapping[str, object]) -> None:
        """Sets the variables of a set."""
        self._is_put_back = False
        for name, target in self.request.targets.variables.items():
            target.set(values[name], names)
        for target, value in self.request.start:
            target.set(value, names)

    def put_back(self) -> None:
        """Sets the network to the state from which each set begins; its seed is set next."""
        snapshot.put_back(self.network, self.state, restore_random_state=True, restore_numpy=False)
        self._is_put_back = True

    def _set_namespaces(self, values: Mapping[str, object]) -> None:
        """Sets the names that groups have of their own: they come before those of the script."""
        for name in self.request.targets.constants:
            for obj in self._with_own(name):
                obj.namespace[name] = values[name]

    @contextlib.contextmanager
    def without_own(self, name: str) -> Generator[None, None, None]:
        """Takes a name away from the groups that have it of their own."""
        kept = [(obj, obj.namespace.pop(name)) for obj in [*self._with_own(name)]]
        try:
            yield
        finally:
            for obj, value in kept:
                obj.namespace[name] = value

    def _with_own(self, name: str) -> Iterable[VariableOwner]:
        return (obj for obj in self.network if isinstance(obj, VariableOwner) and name in obj.namespace)

    @contextlib.contextmanager
    def session(self) -> Generator[None, None, None]:
        """Leaves the network, the seed and the names of groups as they were."""
        program, Standalone.program = Standalone.program, None  # these runs are no part of a recorded program
        own = [(obj, dict(obj.namespace)) for obj in self.network if isinstance(obj, VariableOwner)]
        dt = defaultclock.dt_
        try:
            with sweeping(self.network), same_randomness():
                yield
        finally:
            for obj, names in own:
                obj.namespace.update(names)
            if defaultclock.dt_ != dt:
                defaultclock.dt_ = dt
            numbers = np.random.get_state()
            snapshot.put_back(self.network, self.left, restore_random_state=True)
            np.random.set_state(numbers)
            Standalone.program = program

    def compile(self) -> None:
        """Compiles what the runs need: for one set, which is what all need."""
        call = self.prepare(self.values(self.typical))
        if not self._is_secure:
            self.secure(self.network.examine(call))
        self.network.compile(call)

    def stored_arrays(self) -> StoredArrays:
        """Returns the large arrays of the state from which sets begin, as far as they are what the network has now."""
        return StoredArrays(self.network, self.state)

    def secure(self, actions: Iterable[Action]) -> None:
        """Copies what a step writes of the state from which sets begin, before the first step; see `sharing.py`."""
        if not self._is_secure:
            copy_written(self.state, self._shared, actions)
            self._is_secure = True

    def ship(self) -> None:
        """Returns None: a network cannot be sent."""

    def stop(self) -> None:
        """Ends the run at the next step."""
        self.network.stop()

    def facts(self, used: Iterable[str]) -> dict[str, str]:
        """Returns what a sweep is, for the manifest of its directory: other facts are another sweep.

        Args:
            used: The names of the script that the network uses.
        """
        request = self.request
        self.put_back()
        state = snapshot.take(self.network, self._shared)  # what the first look at a network has made is part of it
        names = {name: request.call.namespace.get(name) for name in sorted(used - request.sets.axes.keys())}
        measures = {
            name: each.text if isinstance(each, TextMeasure) else code_text(each.function)
            for name, each in request.measures.items()
        }
        return {
            "sets": digest([(axis.name, _as_one(axis.values), axis.stride) for axis in request.sets.axes.values()]),
            "number of sets": str(len(request.sets)),
            "duration": repr(request.call.length),
            "start": digest([(target.name, value) for target, value in request.start]),
            "setup": "" if request.setup is None else code_text(request.setup),
            "measures": digest(sorted(measures.items())),
            "kept": ", ".join(request.keep),
            "names": digest(sorted(names.items())),
            "state": digest([(name, sorted(each.arrays.items())) for name, each in sorted(state.objects.items())]),
            "seed": str(self.seeds.base) if self._is_seeded else "",
        }

    def describe(self, k: int) -> str:
        """Returns the values of a set for messages."""
        return described(self.sets.row(k))


def _rows_of(monitor: Monitor) -> int:
    return monitor.to_arrow(LAYOUT).num_rows if monitor.N else 0


def _copied(value: object) -> object:
    """Returns a value that the next run does not change.

    Raises:
        TypeError: If it is an object of the network.
    """
    if isinstance(value, BrianObject):
        raise TypeError(
            f"A measure is a value; '{value.name}' is a {type(value).__name__}."
            + (f" Its table is kept by keep=[{value.name}]." if isinstance(value, Monitor) else "")
        )
    if hasattr(value, "get_item"):
        value = cast(Array, value)[:]
    return as_measured(value)


def digest(value: object) -> str:
    """Returns a short text that differs for different values."""
    found = hashlib.sha256()
    _feed(found.update, value)
    return found.hexdigest()[:20]


def _feed(update: Callable[[bytes], object], value: object) -> None:
    if is_a(value, (list, tuple)):
        several = cast("list[object]", value)
        update(f"{len(several)}[".encode())
        for each in several:
            _feed(update, each)
    elif is_a(value, (np.ndarray, KeptEnds)):
        array = np.asarray(cast(Array, value))
        update(f"{array.dtype}{array.shape}{get_dimensions(cast(Quantity, value))}".encode())
        update(np.ascontiguousarray(array).tobytes())
    elif value is None or is_a(value, (bool, int, float, str, bytes, np.generic)):
        update(f"{type(value).__name__}:{value!r};".encode())
    elif isinstance(value, BrianObject):
        update(value.name.encode())
    elif callable(value) and hasattr(value, "__code__"):
        update(code_text(value).encode())
    else:
        values = getattr(value, "values", None)
        update(type(value).__name__.encode())
        if is_a(values, np.ndarray):  # a timed array
            _feed(update, values)


def _as_one(values: Sequence[object]) -> object:
    """Returns numbers of one kind and unit as an array, which is looked at faster; other values as a list."""
    found = values if isinstance(values, Numbers) else list(values)
    if not isinstance(found, Numbers):
        kinds = set(map(type, found))
        if len(kinds) != 1 or not kinds <= {bool, int, float, Quantity}:
            return found
        units = {get_dimensions(cast(Quantity, each)) for each in found}
        if len(units) != 1 or any(np.ndim(cast(Array, each)) for each in found):
            return found
        try:
            found = Numbers(np.array(cast("list[float]", found)), units.pop())
        except OverflowError:
            return found
    kind = found.array.dtype.kind
    if kind not in "bif":
        return list(found)
    return [repr(found.dim), found.array.astype({"b": bool, "i": np.int64, "f": np.float64}[kind])]


def code_text(function: object) -> str:
    """Returns what stands for a function: its name and its code."""
    code = getattr(function, "__code__", None)
    if code is None:
        return getattr(function, "__qualname__", type(function).__name__)
    return f"{code.co_name} {digest([code.co_code, repr([c for c in code.co_consts if not hasattr(c, 'co_code')])])}"
