"""Classes that users derive from Ranvier's: with a second base beside them, as libraries built on Brian do."""

import numpy as np
import pytest

from ranvier import (
    Equations,
    Function,
    Group,
    Nameable,
    Network,
    NeuronGroup,
    PoissonGroup,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    Subgroup,
    Synapses,
    TimedArray,
    ms,
    second,
)
from ranvier.groups.group import get_dtype
from ranvier.groups.neurongroup import to_start_stop


class Tagged(Group):
    """A second base that is a group itself: it comes between NeuronGroup and Group in the order of bases."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}

    def tag(self, key: str) -> str:
        return self._tags.setdefault(key, "new")


class Neurons(NeuronGroup, Tagged):
    def __init__(self, size: int, model: str) -> None:
        Tagged.__init__(self)
        NeuronGroup.__init__(self, size, model, method="euler", threshold="v > 0.5", reset="v = 0")

    def __getitem__(self, item: slice) -> "Part":
        start, stop, _step = item.indices(self.N)
        return Part(self, start, stop)


class Part(Subgroup, Tagged):
    def __init__(self, source: Neurons, start: int, stop: int) -> None:
        Tagged.__init__(self)
        Subgroup.__init__(self, source, start, stop)


class Connections(Synapses, Tagged):
    def __init__(self, source: NeuronGroup, target: NeuronGroup) -> None:
        Tagged.__init__(self)
        Synapses.__init__(self, source, target, on_pre="v_post += 0.1")


class Loud:
    """A second base that knows nothing of groups, and takes no arguments."""

    def __init__(self) -> None:
        raise AssertionError("nobody asked for this")


class LoudMonitor(SpikeMonitor, Loud):
    def __init__(self, source: NeuronGroup) -> None:
        SpikeMonitor.__init__(self, source)


class LoudStates(StateMonitor, Loud):
    def __init__(self, source: NeuronGroup) -> None:
        StateMonitor.__init__(self, source, "v", record=True)


def test_each_class_initialises_its_own_bases_only() -> None:
    cells = Neurons(4, "dv/dt = 1/ms : 1")
    synapses = Connections(cells, cells)
    synapses.connect(j="i")
    spikes, states, part = LoudMonitor(cells), LoudStates(cells), cells[1:3]
    Network(cells, synapses, spikes, states).run(1 * ms)
    assert cells.tag("here") == synapses.tag("here") == part.tag("here") == "new"
    assert part.indices[:].tolist() == [1, 2]
    assert spikes.num_spikes > 0 and states.v.shape == (4, 10)


class Die(Function, Nameable):
    """A function whose name is Nameable's, which nothing can set."""

    def __init__(self, sides: int) -> None:
        Nameable.__init__(self, "_die*")
        Function.__init__(self, lambda: sides, arg_units=[], return_unit=1, stateless=False, auto_vectorise=True)
        self.implementations.add_implementation("numpy", lambda where: np.full(np.size(where), float(sides)))


def test_a_function_with_a_name_of_its_own() -> None:
    die = Die(6)
    assert die.name == die.label == "_die" and TimedArray([1.0], dt=1 * ms, name="stimulus").label == "stimulus"
    group = NeuronGroup(2, "x : 1", namespace={"die": die})
    group.x = "die()"
    assert list(group.x) == [6.0, 6.0]


class Late(PoissonGroup):
    """Spikes in a window of time: adds variables and replaces the condition after construction."""

    def __init__(self, size: int, start: Quantity, stop: Quantity) -> None:
        PoissonGroup.__init__(self, size, rates=1e9 / second)
        self.variables.add_constant("begin", float(start), dimensions=second.dim)
        self.variables.add_array("end", size=size, dimensions=second.dim)
        self.end = stop
        self.events = {"spike": "t >= begin and t < end and rand() < rates*dt"}


def test_a_condition_that_is_replaced_after_construction() -> None:
    group = Late(3, 1 * ms, 2 * ms)
    group.end[0] = 1.5 * ms
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(3 * ms)
    assert list(spikes.count) == [5, 10, 10] and min(spikes.t / ms) == pytest.approx(1)


def test_the_sizes_and_types_that_packages_ask_for() -> None:
    group, poisson = NeuronGroup(5, "v : 1", dtype={"v": np.float32}), PoissonGroup(4, 1 / second)
    assert (group._N, poisson._N, group[1:3]._N) == (5, 4, 2)
    assert to_start_stop(slice(1, None), group._N) == (1, 5)
    equations = Equations("v : 1\nn : integer\nb : boolean")
    assert [get_dtype(equations[name], {"v": np.float32}) for name in "vnb"] == [np.float32, np.int32, np.bool_]


def test_a_variable_that_is_kept_while_refractory() -> None:
    group = NeuronGroup(1, "v : 1\nw : 1", threshold="v > 0.5", reset="v = 0; w = 5", refractory=1 * ms)
    group.variables["w"].set_conditional_write(group.variables["not_refractory"])
    with pytest.raises(TypeError, match="not by 'v'"):
        group.variables["w"].set_conditional_write(group.variables["v"])
    group.v = 1
    drive = NeuronGroup(1, "x : 1", threshold="True")
    to_w = Synapses(drive, group, on_pre="w += 1")
    to_w.connect()
    Network(group, drive, to_w).run(0.5 * ms)
    assert group.w[0] == 5
