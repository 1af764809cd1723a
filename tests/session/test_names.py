"""Names: given, numbered, freed."""

import gc

import pytest

from ranvier import (
    BrianObject,
    Network,
    NeuronGroup,
    StateMonitor,
    Synapses,
    magic_network,
    ms,
    restore,
    run,
    scheduling_summary,
    start_scope,
    store,
)


def test_names_are_numbered_while_objects_live():
    first = NeuronGroup(1, "v : 1", name="numbered*")
    second = NeuronGroup(1, "v : 1", name="numbered*")
    assert (first.name, second.name) == ("numbered", "numbered_1")
    assert NeuronGroup(1, "v : 1", name="given").name == "given"


def test_a_name_becomes_free_with_its_object():
    assert NeuronGroup(1, "v : 1", name="fleeting*").name == "fleeting"
    gc.collect()
    assert NeuronGroup(1, "v : 1", name="fleeting*").name == "fleeting"


def test_the_next_object_takes_the_lowest_number_that_is_free():
    """A script that is run again in one session: each name is bound anew while the old objects still live."""
    a = NeuronGroup(1, "v : 1", name="again*")
    b = NeuronGroup(1, "v : 1", name="again*")
    a = NeuronGroup(1, "v : 1", name="again*")
    assert (a.name, b.name) == ("again_2", "again_1")
    b = NeuronGroup(1, "v : 1", name="again*")
    assert b.name == "again"
    del a
    assert NeuronGroup(1, "v : 1", name="again*").name == "again_1"


@pytest.mark.parametrize("explicit", [False, True])
def test_simulations_in_functions_have_the_same_names_each_time(explicit: bool):
    """What a function made goes with it, without a collection of garbage, also after runs."""

    def simulate() -> list[str]:
        cells = NeuronGroup(2, "dv/dt = -v/ms : 1", threshold="v > 1", reset="", method="euler", name="loop_cells*")
        wires = Synapses(cells, cells, "w : 1", on_pre="v += w", name="loop_wires*")
        wires.connect("i != j")
        wires.w = "rand()"
        seen = StateMonitor(cells, "v", record=True, name="loop_seen*")
        if explicit:
            net = Network(cells, wires, seen, name="loop_net*")
            net.run(0.3 * ms)
            return [cells.name, wires.name, wires.pre.name, seen.name, net.name]
        run(0.3 * ms)
        assert len(magic_network) == 0
        return [cells.name, wires.name, wires.pre.name, seen.name]

    gc.collect()
    gc.disable()
    try:
        first, second = simulate(), simulate()
    finally:
        gc.enable()
    assert first == second == ["loop_cells", "loop_wires", "loop_wires_pre", "loop_seen", "loop_net"][: len(first)]


def test_magic_runs_go_on_with_objects_that_only_the_script_keeps():
    cells = NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")
    run(0.5 * ms)
    store()
    run(0.5 * ms)
    assert abs(cells.v[0] - 1) < 1e-9 and repr(magic_network) == "MagicNetwork()"
    restore()
    run(1 * ms)
    assert abs(cells.v[0] - 1.5) < 1e-9 and magic_network.t == 1.5 * ms
    assert set(magic_network.get_states()) >= {cells.name} and not magic_network.objects


@pytest.mark.parametrize("name", ["two words", "1st", "class", ""])
def test_names_are_identifiers(name):
    with pytest.raises(ValueError, match="cannot be the name"):
        NeuronGroup(1, "v : 1", name=name)


def test_names_of_parts_and_default_places():
    group = NeuronGroup(
        2,
        "dv/dt = -v/ms : 1\nr = rand() : 1 (constant over dt)",
        threshold="v > 1",
        reset="v = 0",
        events={"up": "v > 0.5"},
        name="parts",
        order=3,
    )
    group.run_on_event("up", "v = 0")
    runner = group.run_regularly("v = 1", dt=1 * ms)
    places = {part.name: (part.when, part.order) for part in group.contained_objects}
    assert places == {
        "parts_up_thresholder": ("after_thresholds", 3),
        "parts_spike_thresholder": ("thresholds", 3),
        "parts_spike_resetter": ("resets", 3),
        "parts_up_resetter": ("after_resets", 3),
        "parts_stateupdater": ("groups", 3),
        "parts_subexpression_update": ("before_start", 3),
        "parts_run_regularly": ("start", 0),
    }
    assert runner.clock.name == "parts_run_regularly_clock"
    assert group.state_updater.clock is group.clock


def test_groups_die_with_their_last_reference():
    import weakref

    group = NeuronGroup(1, "dv/dt = -v/ms : 1", threshold="v > 1", reset="v = 0")
    group.run_regularly("v = 1")
    gone = weakref.ref(group)
    del group
    assert gone() is None


def test_objects_of_scripts_take_part_in_runs():
    class Counter(BrianObject):
        calls = 0

        def run(self):
            self.calls += 1

    counter = Counter(when="end")
    Network(counter).run(0.5 * ms)
    assert counter.calls == 5
    assert counter.name.startswith("counter") or counter.name.startswith("brianobject")


def test_when_has_to_be_text():
    with pytest.raises(TypeError, match="when"):
        BrianObject(when=3)
    with pytest.raises(ValueError, match="not both"):
        BrianObject(dt=1 * ms, clock=NeuronGroup(1, "v : 1").clock)


def test_active_is_handed_to_parts():
    group = NeuronGroup(1, "dv/dt = -v/ms : 1")
    group.active = False
    assert not group.state_updater.active
    monitor = StateMonitor(group, "v", record=0)
    assert monitor.active
    assert "statemonitor" in str(scheduling_summary(Network(group, monitor)))


def test_names_of_objects_that_are_gone_are_forgotten():
    """A script that creates objects for ever does not keep their names."""
    from ranvier.session import names

    for _ in range(3 * names._FORGET_ABOVE):
        names.Nameable("forgotten*")
    gc.collect()
    kept = [names.Nameable("forgotten*") for _ in range(3)]
    assert len(names._bearers) <= 2 * names._FORGET_ABOVE
    assert len({each.name for each in kept}) == 3


def test_a_new_scope_counts_anew() -> None:
    def in_a_scope() -> list[str]:
        start_scope()
        made = [BrianObject(name="counted*") for _ in range(3)]
        return [obj.name for obj in made]

    first = in_a_scope()
    gc.collect()
    assert first == in_a_scope() == ["counted", "counted_1", "counted_2"]
    kept = BrianObject(name="counted*")
    assert kept.name not in in_a_scope()
