"""Classes that users derive from Ranvier's: with a second base beside them, as libraries built on Brian do."""

from ranvier import Group, Network, NeuronGroup, SpikeMonitor, StateMonitor, Subgroup, Synapses, ms


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
