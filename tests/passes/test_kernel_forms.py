"""Elements of rows, pending spikes and single trees have many threads on a GPU, and the bits of the CPU."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from ranvier import (
    Cylinder,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpatialNeuron,
    SpikeMonitor,
    Synapses,
    cm,
    ms,
    mV,
    nA,
    ohm,
    seed,
    uF,
    um,
)
from ranvier.codegen import CodegenOptions
from ranvier.ir import row_recipes
from ranvier.kernels import launch_plan
from ranvier.passes.kernels.launch_plan import LaunchPlan
from ranvier.stages import Options, set_default_options

Found = dict[str, np.ndarray]
SHAPES = ((32, 1), (4, 3))
"""Threads of a block, and the order in which blocks and threads run."""


@pytest.fixture(autouse=True)
def _afterwards() -> Iterator[None]:
    yield
    set_default_options(None)


def check(run: Callable[[], tuple[Network, Found]], shapes: Sequence[tuple[int, int]]) -> LaunchPlan:
    """Checks that kernels give the bits of the CPU for some sizes and orders of blocks; returns their plan."""
    exact = CodegenOptions(fast_math="off")
    set_default_options(Options(codegen=exact))
    network, expected = run()
    plan = launch_plan(network.lower())
    for block, order in shapes:
        set_default_options(Options(codegen=exact, target="emulated", block=block, order=order))
        _, found = run()
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values, err_msg=f"{name}, {block} threads")
    return plan


def plastic() -> tuple[Network, Found]:
    """STDP with traces that neurons hold."""
    seed(5)
    inputs = PoissonGroup(40, rates=300 * Hz, name="inputs")
    cells = NeuronGroup(30, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    synapses = Synapses(
        inputs, cells,
        "w : 1\ndapre/dt = -apre/(20*ms) : 1 (event-driven)\ndapost/dt = -apost/(20*ms) : 1 (event-driven)",
        on_pre="v_post += w\napre += 0.01\nw = clip(w + apost, 0, 1)",
        on_post="apost -= 0.01\nw = clip(w + apre, 0, 1)", name="synapses",
    )  # fmt: skip
    synapses.connect(p=0.5)
    synapses.w, synapses.pre.delay = "0.3*rand()", 1 * ms
    spikes = SpikeMonitor(cells)
    network = Network(inputs, cells, synapses, spikes)
    network.run(20 * ms)
    found = {name: np.array(getattr(synapses, name)[:]) for name in ("w", "apre", "apost")}
    return network, found | {"v": np.array(cells.v[:]), "i": np.array(spikes.i[:])}


def test_traces_that_neurons_hold_are_set_by_many_threads() -> None:
    plan = check(plastic, SHAPES[1:])
    assert not plan.serial
    rows = [one for one in plan.launches if one.kernel.startswith("row_elements")]
    assert {one.kernel for one in rows} == {"row_elements_synapses_pre", "row_elements_synapses_post"}
    assert all(one.threads > 1 and one.barriers for one in rows)


def delayed(plans: list[LaunchPlan]) -> tuple[Network, Found]:
    """Delays that change while spikes are on their way, and code whose outcome depends on their order."""
    seed(5)
    inputs = PoissonGroup(40, rates=300 * Hz, name="inputs")
    cells = NeuronGroup(30, "v : 1", name="cells")
    synapses = Synapses(inputs, cells, "w : 1", on_pre="v_post += w\nw = 0.99*w + 0.001*v_post", name="synapses")
    synapses.connect(p=0.5)
    synapses.w, synapses.pre.delay = "0.3*rand()", "ms + 3*ms*rand()"
    network = Network(inputs, cells, synapses)
    network.run(10 * ms)
    synapses.pre.delay = "0.5*ms + 2*ms*rand()"
    plans.append(launch_plan(network.lower()))
    network.run(10 * ms)
    return network, {"w": np.array(synapses.w[:]), "v": np.array(cells.v[:])}


def test_pending_spikes_have_many_threads() -> None:
    plans: list[LaunchPlan] = []
    check(lambda: delayed(plans), SHAPES)
    pending = next(one for one in plans[0].launches if one.kernel.startswith("pending"))
    assert pending.threads > 1 and not plans[0].serial


def branched() -> tuple[Network, Found]:
    trunk = Cylinder(diameter=10 * um, length=50 * um, n=5)
    for k in range(3):
        branch = Cylinder(diameter=2 * um, length=60 * um, n=4 + k)
        setattr(trunk, f"b{k}", branch)
        for j in range(2):
            setattr(branch, f"c{j}", Cylinder(diameter=1 * um, length=30 * um, n=2 + j))
    cell = SpatialNeuron(
        trunk, "Im = 1e-4*siemens/cm**2*(-70*mV - v) : amp/meter**2\nI : amp (point current)", Cm=1 * uF / cm**2,
        Ri=100 * ohm * cm, method="exponential_euler",
    )  # fmt: skip
    cell.v = -65 * mV
    cell.I[0], cell.b1.I[2] = 0.3 * nA, 0.1 * nA
    network = Network(cell)
    network.run(1 * ms)
    return network, {"v": np.array(cell.v[:])}


def test_a_single_tree_is_solved_level_by_level() -> None:
    plan = check(branched, SHAPES)
    tree = next(one for one in plan.launches if one.kernel.startswith("solve_tree"))
    assert not plan.serial and tree.about == "nodes of a level" and tree.threads > 1


def test_levels_of_a_tree() -> None:
    """Node 0 has the children 1 and 4, node 1 has 2 and 3, node 4 has 5."""
    found = row_recipes.levels(np.zeros, np.array([7, 0, 1, 1, 0, 4]))
    assert found.tolist() == [3, 0, 1, 3, 6, 0, 1, 4, 2, 3, 5, 0, 2, 4, 4, 4, 5, 5, 1, 4, 2, 3, 5]
    assert row_recipes.levels(np.zeros, np.array([0])).tolist() == [1, 0, 1, 0, 0, 0]
