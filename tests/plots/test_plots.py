"""Pictures: what each function draws from monitors, groups and tables, with units on the axes."""

import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ranvier import (
    Cylinder,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    Soma,
    SpatialNeuron,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    mV,
    plots,
    second,
    uF,
    um,
    volt,
)  # fmt: skip

plt = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")


@pytest.fixture(autouse=True)
def pictures() -> Iterator[None]:
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def ran() -> SimpleNamespace:
    """A network that has run: three cells with different drives, all connected."""
    cells = NeuronGroup(
        3,
        "dv/dt = (2*mV*(i + 1) - v)/(10*ms) : volt",
        threshold="v > 1*mV",
        reset="v = 0*mV",
        method="exact",
        name="cells",
    )
    synapses = Synapses(cells, cells, "w : siemens", name="synapses")
    synapses.connect("i != j")
    synapses.w = "(i + 1)*nS"
    found = SimpleNamespace(
        cells=cells,
        synapses=synapses,
        spikes=SpikeMonitor(cells, name="spikes"),
        states=StateMonitor(cells, "v", record=[0, 2], name="states"),
        rate=PopulationRateMonitor(cells),
        changing=StateMonitor(synapses, "w", record=True, name="changing"),
    )
    Network(*vars(found).values()).run(50 * ms, namespace={"mV": mV, "ms": ms})
    return found


def forms(monitor: Any, *layouts: str) -> list[Any]:
    """A monitor, and what its tables become in other libraries."""
    return [monitor, *(monitor.to_arrow(layout) for layout in layouts), monitor.to_polars(), monitor.to_pandas()]


def test_raster(ran: SimpleNamespace) -> None:
    for source in forms(ran.spikes, "nested"):
        ax = plots.raster(source, ax=plt.figure().gca())
        (points,) = ax.lines
        assert np.allclose(points.get_xdata(), ran.spikes.t / ms) and list(points.get_ydata()) == list(ran.spikes.i)
        assert ax.get_xlabel() == "time (ms)" and ax.get_ylabel() == "cell" and points.get_marker() == "|"
    ax = plots.raster(ran.spikes, interval=(10 * ms, 20 * ms), cells=[2], ax=plt.figure().gca(), color="red")
    chosen = (ran.spikes.i == 2) & (ran.spikes.t >= 10 * ms) & (ran.spikes.t <= 20 * ms)
    assert len(ax.lines[0].get_xdata()) == chosen.sum() > 0 and ax.lines[0].get_color() == "red"
    assert plots.raster({"t": [20.0], "i": [3]}).get_xlabel() == "time (s)"


def test_a_raster_of_silence_is_empty() -> None:
    assert len(plots.raster({"t": [], "i": []}).lines[0].get_xdata()) == 0


def test_traces(ran: SimpleNamespace) -> None:
    for source in forms(ran.states, "nested", "wide", "long"):
        ax = plots.traces(source, "v", ax=plt.figure().gca())
        assert [line.get_label() for line in ax.lines] == ["0", "2"] and ax.get_legend() is not None
        unit = 1.0 if "polars" in type(source).__module__ or "pandas" in type(source).__module__ else 1e-3
        assert ax.get_ylabel() == ("v" if unit == 1.0 else "v (mV)")
        assert np.allclose(ax.lines[1].get_ydata() * unit, ran.states[2].v_)
    ax = plots.traces(ran.states, cells=[2], apart=5 * mV, ax=plt.figure().gca())
    assert len(ax.lines) == 1 and ax.get_legend() is None
    ax = plots.traces(ran.states, apart=5 * mV, interval=(0 * ms, 1 * ms), ax=plt.figure().gca())
    assert len(ax.lines[0].get_xdata()) == 11 and ax.lines[1].get_ydata()[0] == 5


def test_rates(ran: SimpleNamespace) -> None:
    for source in (ran.rate, ran.rate.to_arrow(), ran.rate.to_polars()):
        ax = plots.rates(source, ax=plt.figure().gca())
        assert ax.get_ylabel() in ("rate (Hz)", "rate (kHz)") and len(ax.lines[0].get_xdata()) == 500
    ax = plots.rates(ran.rate, width=10 * ms, ax=plt.figure().gca())
    again = plots.rates(ran.spikes, width=10 * ms, ax=plt.figure().gca())
    assert np.allclose(ax.lines[0].get_ydata(), again.lines[0].get_ydata())
    assert np.allclose(again.lines[0].get_xdata(), [5, 15, 25, 35, 45])
    unit = 1000 if again.get_ylabel() == "rate (kHz)" else 1
    assert sum(again.lines[0].get_ydata()) * unit * 0.01 * 3 == pytest.approx(ran.spikes.num_spikes)
    with pytest.raises(ValueError, match="how many cells there are"):
        plots.rates(ran.spikes.to_arrow())


def test_connectivity_as_a_matrix(ran: SimpleNamespace) -> None:
    ax = plots.connectivity(ran.synapses)
    assert (ax.images[0].get_array() == 1 - np.eye(3)).all()
    assert ax.get_xlabel() == "source cell (cells)" and ax.get_ylabel() == "target cell (cells)"
    ax = plots.connectivity(ran.synapses, "w", ax=plt.figure().gca())
    assert np.allclose(ax.images[0].get_array(), [[0, 2, 3], [1, 0, 3], [1, 2, 0]])  # targets upwards
    assert ax.images[0].colorbar.ax.get_ylabel() == "w (nS)"


def test_large_matrices_are_drawn_in_blocks() -> None:
    i = np.arange(5000)
    ax = plots.connectivity({"i": i, "j": i, "w": np.full(5000, -2.0)}, "w")
    values = ax.images[0].get_array()
    assert values.shape == (1000, 1000) and np.allclose(np.diag(values), -2 * 5 / 25)
    assert ax.images[0].colorbar.ax.get_ylabel() == "w per pair" and ax.images[0].get_clim() == (-0.4, 0.4)


def test_connectivity_as_arrows(ran: SimpleNamespace) -> None:
    ax = plots.connectivity(ran.synapses, "w", kind="arrows")
    (arrows,) = [each for each in ax.collections if hasattr(each, "U")]
    assert np.allclose(arrows.Y + arrows.V, ran.synapses.j) and np.allclose(arrows.get_array(), [1, 1, 2, 2, 3, 3])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["cells", "cells"]
    with pytest.raises(ValueError, match=r"6,000 arrows cannot be told apart"):
        plots.connectivity({"i": np.zeros(6000), "j": np.zeros(6000)}, kind="arrows")


def test_weights(ran: SimpleNamespace) -> None:
    ax = plots.weights(ran.synapses, bins=3)
    (steps,) = ax.patches
    assert list(steps.get_data().values) == [2, 2, 2] and ax.get_xlabel() == "w (nS)"
    table = pa.table({"w": [1.0, 2.0, 2.0]})
    assert list(plots.weights(table, bins=2, ax=plt.figure().gca()).patches[0].get_data().values) == [1, 2]
    ax = plots.weights(ran.changing, times=3, ax=plt.figure().gca())
    assert [each.get_label() for each in ax.patches] == ["0 ms", "25 ms", "49.9 ms"]


def cell() -> Soma:
    shape = Soma(diameter=20 * um)
    shape.axon = Cylinder(length=200 * um, diameter=2 * um, n=4)
    shape.axon.left = Cylinder(length=100 * um, diameter=1 * um, n=2)
    shape.axon.right = Cylinder(length=50 * um, diameter=1 * um, n=3)
    return shape


def test_morphology_in_the_plane() -> None:
    ax = plots.morphology(cell(), np.arange(10) * mV)
    (drawn,) = ax.collections
    soma, first = (path.vertices for path in drawn.get_paths()[:2])
    assert np.ptp(soma, axis=0) == pytest.approx([20, 20]) and len(drawn.get_paths()) == 10
    sides = np.linalg.norm(np.diff(first, axis=0), axis=1)
    assert sorted(sides)[-2:] == pytest.approx([50, 50]) and 2 == pytest.approx(sorted(sides)[-3])  # true to scale
    assert ax.get_xlabel() == "x (um)" and list(drawn.get_array()) == list(range(10))
    assert drawn.colorbar.ax.get_ylabel() == "mV" and ax.get_aspect() == 1


def test_morphology_in_space() -> None:
    ax = plots.morphology(cell(), dimensions=3)
    (drawn,) = ax.collections
    assert ax.get_xlabel() == "x (um)" and ax.get_zlabel() == "" and len(drawn._segments3d) == 10
    lengths = [np.linalg.norm(each[-1] - each[0]) for each in drawn._segments3d]
    assert list(plots.morphology(cell(), np.arange(10), dimensions=3).collections[0].get_array()) == list(range(10))
    assert lengths == pytest.approx([20, *[50] * 6, *[50 / 3] * 3])


def test_morphology_of_a_neuron() -> None:
    neuron = SpatialNeuron(cell(), "Im = 0*amp/meter**2 : amp/meter**2", Cm=1 * uF / (10000 * um) ** 2)
    neuron.v = np.arange(10) * 10 * mV
    ax = plots.morphology(neuron, "v")
    assert ax.collections[0].colorbar.ax.get_ylabel() == "v (mV)"
    assert np.allclose(ax.collections[0].get_array(), np.arange(10) * 10)
    assert plots.dendrogram(neuron, ax=plt.figure().gca()).collections


def test_dendrogram() -> None:
    ax = plots.dendrogram(cell())
    lines = [np.array(line) for line in ax.collections[0].get_segments()]
    upright = [line for line in lines if line[0, 0] == line[1, 0]]
    assert sorted(line[1, 1] - line[0, 1] for line in upright) == pytest.approx([0, 0, 50, 100, 200])
    (across,) = [line for line in lines if line[0, 1] == line[1, 1] and line[0, 0] != line[1, 0]]
    assert across[:, 1] == pytest.approx(200) and across[:, 0] == pytest.approx([0, 1])
    assert ax.get_ylabel() == "distance (um)"


def sets(**more: list[float]) -> pa.Table:
    columns = {"instance": [0.0, 1, 2, 3], "mu": [0.01, 0.01, 0.02, 0.02], **more, "rate": [1.0, 3, 5, 7]}
    units = {"mu": "V", "rate": "Hz", "tau": "s"}
    fields = [
        pa.field(name, pa.float64(), metadata={"unit": units[name]} if name in units else None) for name in columns
    ]
    return pa.table(list(columns.values()), schema=pa.schema(fields))


def test_sweep_over_two_parameters() -> None:
    ax = plots.sweep(sets(tau=[0.001, 0.002, 0.001, 0.002]), "rate")
    (mesh,) = ax.collections
    assert np.allclose(mesh.get_array(), [[1, 5], [3, 7]])  # tau upwards
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mu (mV)", "tau (ms)")
    assert mesh.colorbar.ax.get_ylabel() == "rate (Hz)"
    ax = plots.sweep(sets(tau=[0.001, 0.002, 0.001, 0.002]), "rate", "tau", "mu", ax=plt.figure().gca())
    assert np.allclose(ax.collections[0].get_array(), [[1, 3], [5, 7]])


def test_sweep_over_one_parameter_is_a_curve_of_means() -> None:
    ax = plots.sweep(sets(seed=[1, 2, 1, 2]), "rate")
    assert np.allclose(ax.lines[0].get_xdata(), [10, 20]) and np.allclose(ax.lines[0].get_ydata(), [2, 6])
    with pytest.raises(ValueError, match=r"Several values have mu, tau, g: say x=... and y=..."):
        plots.sweep(sets(tau=[1.0, 2, 3, 4], g=[1.0, 2, 3, 4]), "rate")


def test_sweep_takes_what_a_sweep_gives() -> None:
    group = NeuronGroup(1, "dv/dt = (mu - v)/tau : volt", threshold="v > 10*mV", reset="v = 0*mV", method="exact")
    spikes = SpikeMonitor(group, name="counted")
    names = {"mu": 0 * mV, "tau": 5 * ms, "mV": mV}
    result = Network(group, spikes).sweep(
        20 * ms,
        over={"mu": [11, 12, 14] * mV, "tau": [3, 5] * ms},
        measure={"last": "v", "n": "counted.num_spikes"},
        namespace=names,
    )
    ax = plots.sweep(result, "n")
    assert ax.collections[0].get_array().shape == (2, 3) and ax.get_ylabel() == "tau (ms)"


def test_units_that_have_no_name() -> None:
    ax = plots.traces({"t": np.arange(3) * second, "rise": np.arange(3) * volt / second})
    assert ax.get_ylabel().startswith("rise (") and ax.get_xlabel() == "time (ms)"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda ran: plots.raster(ran.states), TypeError, "draws spikes: .* 'states' has t, v"),
        (lambda ran: plots.raster(3), TypeError, "draws spikes: .*not int"),
        (lambda ran: plots.raster(ran.spikes, ax=3), TypeError, "'ax' has to be axes of matplotlib"),
        (lambda ran: plots.raster(ran.spikes, interval=(0 * mV, 1 * mV)), DimensionMismatchError, "two times"),
        (lambda ran: plots.traces(ran.states, "u"), KeyError, "'states' has no 'u'; there are: v"),
        (lambda ran: plots.traces(ran.states, cells=[1]), KeyError, "not recorded element 1; it has 0, 2"),
        (lambda ran: plots.traces(ran.states, apart=1 * ms), DimensionMismatchError, "'apart' has to be in the unit"),
        (lambda ran: plots.traces({"t": [0], "a": [1], "b": [2]}), ValueError, "say which of a, b"),
        (lambda ran: plots.connectivity(ran.synapses, "u"), KeyError, "'synapses' has no variable 'u'"),
        (lambda ran: plots.connectivity(ran.synapses, kind="map"), ValueError, '"matrix" or "arrows", not \'map\''),
        (lambda ran: plots.connectivity(ran.cells), TypeError, "draws connections"),
        (lambda ran: plots.weights(ran.synapses, "u"), KeyError, "no variable 'u'"),
        (lambda ran: plots.morphology(ran.cells), TypeError, "draws the shape of a cell.*not NeuronGroup"),
        (lambda ran: plots.morphology(cell(), [1, 2]), ValueError, "2 values for 10 compartments"),
        (lambda ran: plots.morphology(cell(), "v"), TypeError, "has no variable 'v'"),
        (lambda ran: plots.morphology(cell(), plane="zz"), ValueError, "'plane'"),
        (lambda ran: plots.morphology(cell(), dimensions=4), ValueError, "is 2 or 3"),
        (lambda ran: plots.morphology(cell(), dimensions=3, ax=plt.gca()), TypeError, "three dimensions"),
        (lambda ran: plots.sweep(sets(), "rat"), KeyError, "has no .+rat.+; there are"),
    ],
)
def test_errors_say_what_is_drawn(ran: SimpleNamespace, call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(ran)


def test_matplotlib_is_loaded_on_use_and_its_absence_is_explained() -> None:
    code = (
        "import sys\nclass Gone:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'matplotlib':\n            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Gone())\nfrom ranvier import plots\n"
        "try:\n    plots.raster({'t': [], 'i': []})\nexcept ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        "This needs the package 'matplotlib', which is not installed: pip install matplotlib (Ranvier's extra 'plot')."
    )
