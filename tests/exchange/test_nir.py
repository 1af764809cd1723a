"""Networks from and to NIR graphs."""

import sys

import numpy as np
import pytest

import ranvier
from ranvier import (
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    mV,
)
from ranvier.nir import from_nir, to_nir

nir = pytest.importorskip("nir", reason="the extra 'nir' is not installed")


def lif(n=2, **kwds):
    values = {"tau": 0.01, "r": 2.0, "v_leak": 0.25, "v_threshold": 1.0, "v_reset": 0.125} | kwds
    return nir.LIF(**{name: np.full(n, value) for name, value in values.items()})


def chain(*nodes):
    return nir.NIRGraph.from_list(*nodes)


@pytest.mark.parametrize("name", ["in", "lambda", "1", "a.b", "é", "_x"])
def test_nodes_may_have_any_name(name):
    graph = nir.NIRGraph(
        {name: nir.Input(np.array([2])), "class": lif(), "out": nir.Output(np.array([2]))},
        [(name, "class"), ("class", "out")],
    )
    model = from_nir(graph)
    model.network.run(1 * ms)
    assert set(model.groups) == {name, "class"} and model.outputs["out"] == [model.groups["class"]]


class Graph:
    """A graph that `nir.NIRGraph` itself would refuse."""

    def __init__(self, edges=(), **nodes):
        self.nodes = {"in": nir.Input(np.array([3])), "w": nir.Linear(np.ones((2, 3))), "l": lif(), **nodes}
        self.edges = [("in", "w"), ("w", "l"), *edges]


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (Graph([("l", "gone")]), "from 'l' to 'gone' is wrong: the graph has no node 'gone'"),
        (Graph([("gone", "l")]), "from 'gone' to 'l' is wrong: the graph has no node 'gone'"),
        (Graph(w=nir.Linear(np.ones((2, 4)))), "'w' takes 4 values, but gets 3 from 'in'"),
        (Graph(w=nir.Linear(np.ones((5, 3)))), "'l' takes 2 values, but gets 5 from 'in'"),
        (Graph(w=nir.Affine(np.ones((2, 3)), np.zeros(5))), r"bias of the node 'w' has 5 values"),
        (Graph(w=nir.Scale(np.ones(7))), "'w' takes 7 values, but gets 3 from 'in'"),
        (Graph(w=nir.Delay(np.array([1.0, -1.0, 1.0]))), "delays of the node 'w' have to be finite and not negative"),
        (Graph(w=nir.Delay(np.array([1.0, np.nan, 1.0]))), "but one is nan"),
        (Graph(**{"in": nir.Input(np.array([-3]))}), "'in' has the shape"),
    ],
)
def test_wrong_graphs_are_refused(graph, message):
    with pytest.raises(ValueError, match=message):
        from_nir(graph)


def test_what_is_no_graph_is_refused():
    with pytest.raises(TypeError, match=r"takes a nir.NIRGraph or the path of a file, not dict"):
        from_nir({})


def test_a_run_is_what_numpy_integrates():
    """Pulses of a step, as simulators with time steps have them: LIF, then LIF, with weights and delay."""
    rng = np.random.default_rng(3)
    first, second_ = rng.uniform(0.5, 3, (3, 4)), rng.uniform(0, 2, (2, 3))
    dt, steps = 1e-3, 200
    graph = chain(
        nir.Linear(first), lif(3, r=10.0), nir.Delay(np.array([0.002, 0.003, 0.0])), nir.Linear(second_), lif(2, r=10.0)
    )
    model = from_nir(graph, pulse=1 * ms, dt=1 * ms)
    spikes = rng.random((steps, 4)) < 0.2
    times, which = np.nonzero(spikes)
    model.groups["input"].set_spikes(which, times * ms)
    monitors = [SpikeMonitor(model.groups[name]) for name in ("lif", "lif_1")]
    model.network.add(monitors)
    for name in ("lif", "lif_1"):
        model.groups[name].v = 0.25
    model.network.run(steps * ms)
    decay = np.exp(-dt / 0.01)
    v1, v2 = np.full(3, 0.25), np.full(2, 0.25)
    out1, out2 = np.zeros((steps, 3), dtype=bool), np.zeros((steps, 2), dtype=bool)
    for k in range(steps):
        v1, v2 = 0.25 + (v1 - 0.25) * decay, 0.25 + (v2 - 0.25) * decay
        out1[k], out2[k] = v1 > 1, v2 > 1
        v1 = v1 + first @ spikes[k]  # r*dt/tau = 1; in Brian's schedule a spike acts before the reset
        late = [out1[k - d, j] if k >= d else False for j, d in enumerate((2, 3, 0))]
        v2 = v2 + second_ @ np.array(late)
        v1[out1[k]], v2[out2[k]] = 0.125, 0.125
    assert out1.sum() > 50 and out2.sum() > 20
    for monitor, out in zip(monitors, (out1, out2), strict=True):
        assert list(zip(np.round(monitor.t / ms), monitor.i, strict=True)) == list(zip(*np.nonzero(out), strict=True))


def by_kind(graph):
    return {type(node).__name__: node for node in graph.nodes.values()}


def same(one, other):
    assert one.keys() == other.keys()
    for kind, node in one.items():
        for field in node.__dataclass_fields__.keys() - {"input_type", "output_type", "metadata"}:
            assert np.allclose(getattr(node, field), getattr(other[kind], field)), (kind, field)


@pytest.mark.parametrize(
    "node",
    [
        lif(2),
        nir.IF(r=np.array([1.0, 2.0]), v_threshold=np.ones(2), v_reset=np.zeros(2)),
        nir.LI(tau=np.full(2, 0.02), r=np.full(2, 3.0), v_leak=np.array([0.5, -1.0])),
        nir.I(r=np.array([1.0, 2.0])),
        nir.CubaLIF(
            tau_syn=np.full(2, 0.005), tau_mem=np.array([0.01, 0.02]), r=np.full(2, 3.0), v_leak=np.full(2, 0.1),
            v_threshold=np.ones(2), v_reset=np.full(2, -1.0), w_in=np.array([0.5, 4.0]),
        ),
        nir.CubaLI(tau_syn=np.full(2, 0.005), tau_mem=np.full(2, 0.01), r=np.full(2, 3.0), v_leak=np.zeros(2)),
    ],
    ids=lambda node: type(node).__name__,
)  # fmt: skip
@pytest.mark.parametrize("pulse", [None, 1 * ms])
def test_round_trip(node, pulse, tmp_path):
    weights = np.array([[1.0, 0.0, -2.0], [0.5, 3.0, 0.0]])
    graph = nir.NIRGraph(
        {"source": nir.Input(np.array([3])), "late": nir.Delay(np.array([0.001, 0.0, 0.002])),
         "weights": nir.Linear(weights), "cells": node, "result": nir.Output(np.array([2]))},
        [("source", "late"), ("late", "weights"), ("weights", "cells"), ("cells", "result")],
    )  # fmt: skip
    nir.write(str(tmp_path / "model.nir"), graph)
    model = from_nir(tmp_path / "model.nir", pulse=pulse)
    assert model.outputs["result"] == [model.groups["cells"]]
    back = to_nir(model.network, tmp_path / "back.nir", pulse=pulse)
    same(by_kind(back), by_kind(graph))
    same(by_kind(nir.read(str(tmp_path / "back.nir"))), by_kind(graph))


def test_bias_scale_recurrence_and_fan_in():
    graph = nir.NIRGraph(
        {"input": nir.Input(np.array([2])), "affine": nir.Affine(np.eye(2), np.array([1.0, 2.0])),
         "scale": nir.Scale(np.array([3.0, 4.0])), "cells": lif(2),
         "again": nir.Linear(np.array([[0.0, 1.0], [1.0, 0.0]])),
         "flat": nir.Flatten({"input": np.array([2])}, 0, -1), "output": nir.Output(np.array([2]))},
        [("input", "affine"), ("affine", "scale"), ("scale", "flat"), ("flat", "cells"), ("cells", "again"),
         ("again", "cells"), ("cells", "output")],
    )  # fmt: skip
    model = from_nir(graph)
    assert model.groups["cells"].bias[:].tolist() == [3.0, 8.0]
    assert model.synapses["input", "cells"].w[:].tolist() == [3.0, 4.0]
    assert model.synapses["cells", "cells"].i[:].tolist() == [0, 1]
    assert np.allclose(
        by_kind(to_nir(model.network))["LIF"].v_leak, 0.25 + 2 * np.array([3.0, 8.0])
    )  # a constant input shifts the leak
    integrators = {"input": nir.Input(np.array([1])), "affine": nir.Affine(np.eye(1), np.array([5.0])),
                   "cells": nir.I(np.array([2.0])), "output": nir.Output(np.array([1]))}  # fmt: skip
    edges = [("input", "affine"), ("affine", "cells"), ("cells", "output")]
    back = to_nir(from_nir(nir.NIRGraph(integrators, edges)).network)
    assert by_kind(back)["Affine"].bias.tolist() == [5.0]


def test_values_pass_through_leaky_integrators_and_thresholds():
    li = nir.LI(tau=np.full(1, 0.01), r=np.ones(1), v_leak=np.full(1, 2.0))
    follower = nir.LI(tau=np.full(1, 0.001), r=np.ones(1), v_leak=np.zeros(1))
    graph = nir.NIRGraph(
        {"first": li, "half": nir.Linear(np.array([[0.5]])), "second": follower,
         "spikes": nir.Threshold(np.array([0.5])),
         "output": nir.Output(np.array([1]))},
        [("first", "half"), ("half", "second"), ("second", "spikes"), ("spikes", "output")],
    )  # fmt: skip
    model = from_nir(graph, dt=0.1 * ms)
    monitor, spikes = StateMonitor(model.groups["second"], "v", record=True), SpikeMonitor(model.groups["spikes"])
    model.network.add(monitor, spikes)
    model.network.run(50 * ms)
    t = 0.05
    expected = 1 - (0.01 * np.exp(-t / 0.01) - 0.001 * np.exp(-t / 0.001)) / 0.009
    assert model.groups["second"].v[0] == pytest.approx(expected, abs=1e-2)
    assert spikes.num_spikes == np.sum(monitor.v[0] > 0.5) or abs(spikes.num_spikes - np.sum(monitor.v[0] > 0.5)) <= 2
    shorter = {name: graph.nodes[name] for name in ("first", "half", "second", "output")}
    edges = [("first", "half"), ("half", "second"), ("second", "output")]
    back = to_nir(from_nir(nir.NIRGraph(shorter, edges)).network)
    assert by_kind(back)["Linear"].weight == pytest.approx(0.5)
    assert all(node.r == pytest.approx(1.0) for node in back.nodes.values() if isinstance(node, nir.LI))


def test_a_network_of_a_script():
    tau, w = 20 * ms, 3 * mV  # noqa: F841
    source = PoissonGroup(3, 10 * ranvier.Hz, name="noise")
    cells = NeuronGroup(
        4,
        "dv/dt = (El - v)/tau : volt\nEl : volt",
        threshold="v > -50*mV",
        reset="v = El - 5*mV",
        method="exact",
        name="cells",
    )
    cells.El = "-(70 + i)*mV"
    synapses = Synapses(source, cells[1:3], on_pre="v += w*(1 + i)", delay=2 * ms, name="drive")
    synapses.connect()
    graph = to_nir(Network(source, cells, synapses, SpikeMonitor(cells)))
    node = graph.nodes["cells"]
    assert (
        isinstance(node, nir.LIF)
        and np.allclose(node.tau, 0.02)
        and np.allclose(node.v_leak, [-0.07, -0.071, -0.072, -0.073])
    )
    assert np.allclose(node.v_reset, node.v_leak - 0.005) and np.allclose(node.v_threshold, -0.05)
    jumps = graph.nodes["drive"].weight * node.r[:, None] / node.tau[:, None]
    assert np.allclose(jumps, np.outer([0, 1, 1, 0], [0.003, 0.006, 0.009]))
    assert np.allclose(graph.nodes["drive_delay"].delay, 0.002)
    assert set(graph.edges) == {
        ("noise", "drive_delay"),
        ("drive_delay", "drive"),
        ("drive", "cells"),
        ("cells", "cells_output"),
    }


def cells(model="dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", **kwds):
    return NeuronGroup(2, model, threshold=threshold, reset=reset, method="euler", name="cells", **kwds)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cells("dv/dt = v*(1 - v)/ms : 1"), r"'cells' cannot be exported to NIR: the equation of 'v'.* linear"),
        (lambda: cells("dv/dt = (sin(t/ms) - v)/ms : 1"), "depends on time"),
        (lambda: cells(refractory=2 * ms), "no refractory"),
        (lambda: cells(threshold="v > 1 + v**2"), "have to be values"),
        (lambda: cells(threshold="abs(v) > 1"), r"the threshold 'abs\(v\) > 1' is not 'v > value'"),
        (lambda: cells(reset="v -= 1"), "have to be values"),
        (lambda: cells(reset="v = 0; w = 1", model="dv/dt = -v/ms : 1\nw : 1"), "the reset"),
        (lambda: cells("dv/dt = (xi*sqrt(ms) - v)/ms : 1"), "noise"),
        (lambda: cells("dv/dt = (u - v)/ms : 1\ndu/dt = (v - u)/ms : 1"), "drives the other"),
        (lambda: cells("dv/dt = 1/ms : 1"), "neither a leak nor synapses"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(make, message):
    with pytest.raises(NotImplementedError, match=message):
        to_nir(Network(make()))


def test_synapses_that_do_not_fit_are_named():
    group = cells()
    for code, message in (
        ("v *= 2", "can only add"),
        ("v_post += v_pre", "'v_pre', which changes"),
        ("w += 1", "changes 'w'"),
    ):
        synapses = Synapses(group, group, "w : 1", on_pre=code, name="recurrent*")
        synapses.connect()
        with pytest.raises(NotImplementedError, match=message):
            to_nir(Network(group, synapses))
    synapses = Synapses(group, group, on_pre="v += 1", name="delayed")
    synapses.connect()
    synapses.delay = "(1 + i*j)*ms"
    with pytest.raises(NotImplementedError, match=r"'delayed'.*neither those of its sources"):
        to_nir(Network(group, synapses))


def test_nodes_without_counterpart_are_named():
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    graph = nir.NIRGraph(
        {"input": nir.Input(np.array([1, 4, 4])), "pool": pool, "cells": nir.LI(*np.ones((3, 1, 2, 2))),
         "output": nir.Output(np.array([1, 2, 2]))},
        [("input", "pool"), ("pool", "cells"), ("cells", "output")],
        type_check=False,
    )  # fmt: skip
    with pytest.raises(NotImplementedError, match="The node 'pool' is a SumPool2d"):
        from_nir(graph)
    with pytest.raises(NotImplementedError, match="'output' is a weighted sum of 'lif'"):
        from_nir(chain(lif(2), nir.Linear(np.eye(2))))


def test_the_error_without_the_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(ImportError, match=r"pip install nir .*'nir'"):
        to_nir(Network(cells()))
