"""Variables of models may have the names of attributes that Brian's objects do not have."""

import numpy as np
import pytest

from ranvier import (
    Cylinder,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    cm,
    ms,
    mV,
    ohm,
    scheduling_summary,
    uF,
    um,
)
from ranvier.objects.groups.attribute_names import DOCUMENTED, INTERNAL

BRIAN = frozenset(
    "active add_attribute add_dependency add_to_magic_network after_run all_values assign_id before_run "
    "binned_rate clock code_objects connect contained_objects delay delay_ dependencies diffusion_state_updater "
    "equations event event_codes event_trains events get_states id indices invalidates_magic_network it it_ main "
    "method_choice method_options morphology multisynaptic_index n_indices name namespace num_events "
    "num_spikes order post pre record record_all record_single_timestep record_variables refractory "
    "register_variable reinit resetter resize resolve_all run run_on_event run_regularly set_event_schedule "
    "set_spikes set_states smooth_rate source spike_trains spikes start state state_updater stop "
    "subexpression_updater summed_updaters target thresholder updaters user_equations values variables when".split()
)
"""Public attributes that Brian's objects have, too."""

NAMES = sorted(DOCUMENTED | INTERNAL)


def some_objects() -> dict[str, object]:
    """An object of each class with variables."""
    cells = NeuronGroup(2, "dv/dt = 1/ms : 1 (unless refractory)", threshold="v>3", reset="v=0", refractory=1 * ms)
    synapses = Synapses(cells, cells, "dx/dt = -x/ms : 1 (event-driven)", on_pre="x += 1", on_post="x += 1")
    synapses.connect()
    return {
        "NeuronGroup": cells,
        "Subgroup": cells[:1],
        "Synapses": synapses,
        "PoissonGroup": PoissonGroup(2, 10 * Hz),
        "SpikeGeneratorGroup": SpikeGeneratorGroup(1, [0], [1] * ms),
        "StateMonitor": StateMonitor(cells, "v", record=True),
        "SpikeMonitor": SpikeMonitor(cells),
        "PopulationRateMonitor": PopulationRateMonitor(cells),
        "SpatialNeuron": SpatialNeuron(
            Cylinder(length=9 * um, diameter=1 * um, n=2), "Im = 0*amp/metre**2 : amp/metre**2", Cm=1 * uF / cm**2,
            Ri=1 * ohm * cm,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("kind", some_objects())
def test_every_public_attribute_is_brians_or_in_a_table(kind: str) -> None:
    thing = some_objects()[kind]
    public = {name for name in object.__dir__(thing) if not name.startswith("_") and not name.startswith("N")}
    assert public - BRIAN - DOCUMENTED - INTERNAL - set(thing.variables) == set()


def test_tables_have_no_name_that_nothing_has() -> None:
    public = {name for thing in some_objects().values() for name in object.__dir__(thing)}
    assert public >= DOCUMENTED | INTERNAL and not BRIAN & (DOCUMENTED | INTERNAL)


def test_completion_shows_what_users_look_for() -> None:
    for thing in some_objects().values():
        shown = set(dir(thing))
        assert not shown & INTERNAL and shown >= {"name", "get_states"} | set(thing.variables)
    assert {"connect_sparse", "delay"} <= set(dir(some_objects()["Synapses"]))


MODEL = "\n".join(f"{name} : 1" for name in NAMES)


def test_variables_of_neurons_win_over_attributes() -> None:
    cells = NeuronGroup(3, MODEL, threshold="True", reset="version += 1", name="cells")
    part = cells[1:]
    for k, name in enumerate(NAMES):
        setattr(cells, name, k)
        assert list(getattr(cells, name)) == [k] * 3 and list(getattr(cells, f"{name}_")) == [k] * 3
        setattr(part, name, [k + 1, k])
        getattr(part, name)[1] += 7
        assert list(getattr(cells, name)) == [k, k + 1, k + 7] and list(getattr(part, name)) == [k + 1, k + 7]
    assert type(cells).__name__ == "NeuronGroup" and isinstance(cells, NeuronGroup)
    cells.version = 0
    cells.run_regularly("table = 5")
    Network(cells).run(0.2 * ms)
    assert list(cells.version) == [2, 2, 2] and list(cells.table) == [5, 5, 5]


def test_variables_of_synapses_win_over_attributes() -> None:
    cells = NeuronGroup(2, "reference : volt", threshold="True", reset="")
    cells.reference = -70 * mV
    synapses = Synapses(
        cells, cells, MODEL.replace("reference : 1\n", ""), on_pre="version += 1; extent = reference_post/mV"
    )
    synapses.connect()
    for k, name in enumerate(NAMES):
        if name != "reference":
            setattr(synapses, name, k)
            assert list(getattr(synapses, name)) == [k] * 4
    synapses.connections["i == 0"] = 3
    synapses.version = 0
    Network(cells, synapses).run(0.2 * ms)
    assert list(synapses.version) == [2] * 4 and np.allclose(synapses.extent, -70)
    assert list(synapses.reference[:] / mV) == [-70] * 4 and len(synapses) == 4
    synapses.connect(i=0, j=0)
    assert len(synapses.version) == 5


def test_variables_that_are_recorded_win_over_attributes() -> None:
    cells = NeuronGroup(2, MODEL, threshold="True", reset="")
    cells.table = [3, 4]
    states = StateMonitor(cells, NAMES, record=True)
    spikes = SpikeMonitor(cells, NAMES)
    network = Network(cells, states, spikes)
    network.run(0.2 * ms)
    for name in NAMES:
        assert np.shape(getattr(states, name)) == (2, 2) and len(getattr(spikes, name)) == 4
    assert states[1].table.tolist() == [4, 4] and list(spikes.table) == [3, 4, 3, 4]
    assert set(NAMES) <= set(network.get_states()[states.name])
    network.store()
    network.run(0.1 * ms)
    network.restore()
    assert len(spikes) == 4


def test_a_summary_of_a_group_with_such_names() -> None:
    cells = NeuronGroup(2, "actions : 1\nrun_at : 1", threshold="True", reset="", name="cells")
    plain = NeuronGroup(2, "a : 1", threshold="True", reset="", name="cells")
    assert len(scheduling_summary(Network(cells)).entries) == len(scheduling_summary(Network(plain)).entries)


def test_variables_that_are_added_later_win_over_attributes() -> None:
    cells = NeuronGroup(2, "extent : 1", threshold="True", reset="", name="cells")
    synapses = Synapses(cells, cells, "table : 1")
    for group in (cells, synapses):
        before = type(group)
        group.variables.add_array("reference", size=len(cells), values=[7, 8]) if group is cells else None
        group.variables.add_dynamic_array("elements", size=0 if group is synapses else 2)
        group.variables.add_constant("scope", 5)
        assert group.scope == 5 and before is not type(group) and type(group).__name__ == before.__name__
    synapses.connect()
    synapses.elements, synapses.table = [1, 2, 3, 4], 6
    cells.elements, cells.extent, cells.reference[0] = 1, 3, 9
    assert list(cells.reference) == [9, 8] and list(cells.elements) == [1, 1] and list(cells.extent) == [3, 3]
    cells.run_regularly("elements += reference")
    Network(cells, synapses).run(0.2 * ms)
    assert list(cells.elements) == [19, 17] and list(synapses.elements) == [1, 2, 3, 4]
    assert list(synapses.table) == [6] * 4
