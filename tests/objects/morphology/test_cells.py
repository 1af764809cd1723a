"""Many cells in one `SpatialNeuron`: each computes what it would alone; their parts; what is wrong with them."""

import numpy as np
import pytest
from graph.interpreted import check_agreement
from objects.morphology import sample_cells
from objects.morphology.sample_cells import tree

from ranvier import (
    BrianObjectException,
    Cylinder,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    Soma,
    SpatialNeuron,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    cm,
    defaultclock,
    metre,
    ms,
    mV,
    nA,
    ohm,
    prefs,
    siemens,
    start_scope,
    uF,
    um,
)
from ranvier.equations.definitions import EquationError
from ranvier.ir.diagnostics import parse_module
from ranvier.ir.interpret import ClockInput, InterpretError, ProgramInputs, interpret
from ranvier.ir.tree_blocks import COLUMNS
from ranvier.objects.morphology.forest import Forest

MODEL = f"{sample_cells.MODEL}x : 1\n"
NAMES = {"El": -65 * mV, "gn": 10 * siemens / (1e6 * um) ** 2}


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


def cable():
    m = Cylinder(length=200 * um, diameter=2 * um, n=7)
    m.axon = Cylinder(length=20 * um, diameter=1 * um, n=2)
    return m


def cells(morphology, **kwds):
    kwds = {
        "model": MODEL,
        "threshold": "v > -48*mV",
        "reset": "v = -60*mV; x += 1",
        "refractory": 0.5 * ms,
        "method": "exponential_euler",
        "namespace": NAMES,
        **kwds,
    }
    return SpatialNeuron(morphology, kwds.pop("model"), **kwds)


def prepare(part, k):
    part.v = -50 * mV
    part.gl = f"(1 + 0.1*i + 0.05*{k})*siemens/meter**2"
    part.I[0] = (1 + k) * nA


def many(count):
    n = cells(tree(), N=count)
    for k, cell in enumerate(n.cell):
        prepare(cell, k)
    return n


# ---------------------------------------------------------------------- numbers

SHAPES = {
    "11 equal": lambda: [tree()] * 11,
    "2 equal": lambda: [tree()] * 2,
    "different": lambda: [tree(), cable()],
    "some equal": lambda: [*[tree(), cable()] * 2, cable(), Soma(diameter=10 * um)],
    "equal in value": lambda: [tree(), tree(), tree()],
}


@pytest.mark.parametrize("shapes", SHAPES)
def test_each_cell_is_as_it_would_be_alone(shapes):
    prefs.codegen.fast_math = "off"
    morphologies = SHAPES[shapes]()
    n = cells(morphologies)
    for k, cell in enumerate(n.cell):
        prepare(cell, k)
    spikes, states = SpikeMonitor(n), StateMonitor(n, ["v", "Ic"], record=True)
    Network(n, spikes, states).run(3 * ms)
    assert len(spikes.i) > 5
    for k, cell in enumerate(n.cell):
        one = cells(morphologies[k])
        prepare(one, k)
        own, seen = SpikeMonitor(one), StateMonitor(one, ["v", "Ic"], record=True)
        Network(one, own, seen).run(3 * ms)
        np.testing.assert_array_equal(states.v_[cell.start : cell.stop], seen.v_)
        np.testing.assert_array_equal(states.Ic_[cell.start : cell.stop], seen.Ic_)
        inside = (spikes.i >= cell.start) & (spikes.i < cell.stop)
        np.testing.assert_array_equal(spikes.i[inside] - cell.start, own.i)
        np.testing.assert_array_equal(spikes.t_[inside], own.t_)
        np.testing.assert_array_equal(cell.x[:], one.x[:])


@pytest.mark.parametrize("shapes", ["11 equal", "some equal"])
def test_all_stages_agree(shapes):
    n = cells(SHAPES[shapes]())
    for k, cell in enumerate(n.cell):
        prepare(cell, k)
    last = len(n) - 1
    check_agreement(Network(n, SpikeMonitor(n), StateMonitor(n, ["v", "Ic"], record=[0, 12, last])), 0.001)


def test_lengths_that_scripts_change_are_those_of_one_cell():
    prefs.codegen.fast_math = "off"
    n, same = many(9), many(9)
    networks = Network(n), Network(same)
    for network in networks:
        network.run(0.5 * ms)
    same.cell[4].r_length_1 = 1e-9 * metre
    for network in networks:
        network.run(0.5 * ms)
    changed = n.v_[:] != same.v_[:]
    assert changed[40:50].any() and not changed[:40].any() and not changed[50:].any()
    same.cell[3].r_length_2 = 0 * metre
    with pytest.raises(BrianObjectException, match="compartment 30 has no axial conductance"):
        networks[1].run(0.1 * ms)


def test_passive_cables_against_theory():
    """The steady state of a sealed cable with a current at its end; another resistance of the membrane in each cell."""
    length, d, ri = 500e-6, 2e-6, 1.0
    n = SpatialNeuron(
        Cylinder(length=500 * um, diameter=2 * um, n=200),
        "Im = g*(0*mV - v) : amp/meter**2\nI : amp (point current)\ng : siemens/meter**2",
        Cm=1 * uF / cm**2,
        Ri=100 * ohm * cm,
        N=5,
    )
    n.g = "(1 + cell)*siemens/meter**2"
    n.I["compartment == 0"] = 0.01 * nA
    Network(n).run(150 * ms)
    for k in range(5):
        scale = np.sqrt(d / (4 * ri * (1 + k)))
        resistance = 4 * ri * scale / (np.pi * d**2) / np.tanh(length / scale)
        at = np.asarray(n.cell[k].distance[:])
        expected = 1e-11 * resistance * np.cosh((length - at) / scale) / np.cosh(length / scale)
        np.testing.assert_allclose(n.cell[k].v_[:], expected, rtol=2e-4)


def test_noise_differs_between_cells():
    model = """Im = gl*(-70*mV - v) + J : amp/meter**2
               dJ/dt = -J/ms + sigma*xi/sqrt(ms) : amp/meter**2
               gl : siemens/meter**2"""
    sigma = {"sigma": 0.1 * nA / (10 * um) ** 2}
    n = SpatialNeuron(tree(), model, N=20, method="euler", namespace=sigma)
    n.v, n.gl = -70 * mV, 1 * siemens / (100 * um * 1e4 * um)
    Network(n).run(2 * ms)
    assert len(np.unique(n.v_[:])) == 200


def test_single_precision():
    double, single = many(9), cells(tree(), N=9, dtype=np.float32)
    for k, cell in enumerate(single.cell):
        prepare(cell, k)
    for n in (double, single):
        Network(n).run(0.3 * ms)
    assert single.v.dtype == np.float32
    np.testing.assert_allclose(single.v_[:], double.v_[:], rtol=1e-5)


def test_store_and_restore():
    n = many(10)
    network = Network(n)
    network.run(1 * ms)
    network.store()
    network.run(1 * ms)
    first = n.v_[:].copy()
    network.restore()
    network.run(1 * ms)
    np.testing.assert_array_equal(n.v_[:], first)


def test_another_number_of_cells_needs_no_new_program(monkeypatch):
    Network(many(9)).run(0.1 * ms)
    monkeypatch.setattr("ranvier.codegen.programs._compile", lambda *_, **__: pytest.fail("compiled again"))
    Network(many(12)).run(0.1 * ms)


# ---------------------------------------------------------------------- thresholds, synapses


def test_a_threshold_in_one_place_of_each_cell():
    for where in (2, tree().axon[30 * um]):
        n = cells(tree(), N=3, threshold="v > -80*mV", threshold_location=where)
        spikes = SpikeMonitor(n)
        Network(n, spikes).run(0.1 * ms)
        assert list(spikes.i) == [2, 12, 22] and n.events["spike"] == "(v > -80*mV) and (compartment == 2)"


def test_a_threshold_in_a_place_of_its_own_for_each_cell():
    first, second = tree(), cable()
    n = cells([first, second, first], threshold="v > -80*mV", threshold_location=[first.axon[0], second.axon[1], 9])
    spikes = SpikeMonitor(n)
    Network(n, spikes).run(0.1 * ms)
    assert list(spikes.i) == [1, 10 + 8, 19 + 9]


def test_synapses_reach_compartments_and_start_at_them():
    n = cells(tree(), N=3, threshold="v > -60*mV", threshold_location=4)
    n.v, n.cell[1].v = -70 * mV, -20 * mV
    target = NeuronGroup(1, "y : 1")
    out = Synapses(n, target, on_pre="y_post += cell_pre + 1")
    out.connect()
    source = NeuronGroup(1, "", threshold="t < 0.05*ms", reset="")
    into = Synapses(source, n, on_pre="x_post += 1")
    into.connect(i=0, j=n.dend.L)
    part = Synapses(source, n.cell[2], on_pre="x_post += 10")
    part.connect(i=0, j=[0, 3])
    Network(n, target, out, source, into, part).run(0.2 * ms)
    assert target.y[0] == 2 and list(into.j) == [7, 8, 17, 18, 27, 28]
    n.x[14] = 0  # of the reset
    assert np.flatnonzero(n.x[:]).tolist() == [7, 8, 17, 18, 20, 23, 27, 28] and n.x[23] == 10


# ---------------------------------------------------------------------- parts


@pytest.mark.parametrize(
    ("select", "numbers"),
    [
        (lambda n: n.cell[2], range(20, 30)),
        (lambda n: n.cell[-1], range(30, 40)),
        (lambda n: n.cell[1:3], range(10, 30)),
        (lambda n: n.cell[2].axon, [21, 22, 23, 24]),
        (lambda n: n.cell[2].dend.main, [25, 26]),
        (lambda n: n.cell[2].dend.L, [27, 28]),
        (lambda n: n.cell[2].axon[10 * um : 50 * um], [21, 22]),
        (lambda n: n.cell[2][0 * um : 20 * um], [20]),
        (lambda n: n.cell[2].main, [20]),
        (lambda n: n.cell[2][3:5], [23, 24]),
        (lambda n: n.cell[2][n.morphology.dend.L], [27, 28]),
        (lambda n: n.cell[1:3].axon[0:2], [11, 12, 21, 22]),
        (lambda n: n.cell[1:3][n.morphology.dend.R], [19, 29]),
        (lambda n: n.cell[1:3].main, [10, 20]),
        (lambda n: n.axon[30 * um], [2, 12, 22, 32]),
        (lambda n: n.axon[-1:], [4, 14, 24, 34]),
        (lambda n: n.dend.main, [5, 6, 15, 16, 25, 26, 35, 36]),
        (lambda n: n.dend.R, [9, 19, 29, 39]),
        (lambda n: n.main, [0, 10, 20, 30]),
        (lambda n: n[0 * um : 20 * um], [0, 10, 20, 30]),
        (lambda n: n[n.morphology.axon[30 * um]], [2, 12, 22, 32]),
        (lambda n: n[n.cell[2].axon], [21, 22, 23, 24]),
        (lambda n: n[n.dend.R], [9, 19, 29, 39]),
        (lambda n: n[3], [3]),
        (lambda n: n[8:12], [8, 9, 10, 11]),
    ],
)
def test_parts(select, numbers):
    n = cells(tree(), N=4)
    part = select(n)
    assert list(part.indices[:]) == list(numbers) and part.N == len(part) == len(numbers)
    part.x = 7
    assert np.flatnonzero(n.x[:]).tolist() == list(numbers)
    part.x = "i"
    assert list(n.x[list(numbers)]) == [*range(len(numbers))] == list(part.x[:])
    part.x += 1
    assert part.x[0] == 1 and n.x[numbers[0]] == 1
    monitor = StateMonitor(n, "v", record=part)
    assert list(monitor.record) == list(numbers)


def test_texts_know_cells_and_compartments():
    n = cells(tree(), N=4)
    n.x = "cell + 0.01*compartment"
    np.testing.assert_allclose(n.x[:], np.repeat(range(4), 10) + np.tile(np.arange(10) / 100, 4))
    assert n.indices["cell == 2 and distance > 70*um"].tolist() == [24]
    assert (n.cells, len(n.cell), n.N, n.v.shape) == (4, 4, 40, (40,))
    assert [cell.start for cell in n.cell] == [0, 10, 20, 30] and "cells" in dir(n)
    assert repr(n.cell) == f"<4 cells of '{n.name}'>" and repr(n.axon) == f"<16 compartments of 4 cells of '{n.name}'>"
    np.testing.assert_allclose(n.cell[3].area_[:], cells(tree()).area_[:])
    n.v = -70 * mV
    n.run_regularly("x = cell")
    Network(n).run(0.1 * ms)
    assert n.cell[3].x[0] == 3


def test_sections_that_only_some_cells_have():
    n = cells([tree(), cable(), tree()])
    assert list(n.axon.indices[:]) == [1, 2, 3, 4, 17, 18, 20, 21, 22, 23]
    assert list(n.dend.L.indices[:]) == [7, 8, 26, 27] and list(n.cell[1].axon.indices[:]) == [17, 18]
    assert [m.total_compartments for m in n.morphologies] == [10, 9, 10]
    n.cell[1].x[n.morphologies[1].axon] = 5
    assert np.flatnonzero(n.x[:]).tolist() == [17, 18]
    with pytest.raises(AttributeError, match="dend"):
        _ = n.cell[1].dend


def test_capacitances():
    row = np.arange(1, 11) * uF / cm**2
    assert cells(tree(), N=2, Cm=row).Cm[12] == 3 * uF / cm**2
    assert cells(tree(), N=2, Cm=np.arange(1, 21) * uF / cm**2).Cm[19] == 20 * uF / cm**2
    n = cells(tree(), N=2)
    n.cell[1].Cm = 2 * uF / cm**2
    assert (n.Cm[0], n.Cm[10]) == (0.9 * uF / cm**2, 2 * uF / cm**2)


def test_one_cell_is_as_before():
    n, numbered = cells(tree()), cells(tree(), N=1)
    assert "cell" not in n.variables and n.cells == 1 and n.cell[0].N == 10
    assert (n.axon.start, n.axon.stop) == (numbered.axon.start, numbered.axon.stop) == (1, 5)
    numbered.x = "cell + 1"
    assert list(numbered.x[:]) == [1] * 10
    m = tree()
    m.cell = Soma(diameter=1 * um)
    assert cells(m).cell.start == 10  # a section of this name
    assert cells(tree(), model=MODEL + "cell : 1").cell[3] == 0  # a variable of this name


# ---------------------------------------------------------------------- the table of blocks


def test_equal_trees_share_blocks():
    forest = Forest([tree(), cable(), *[tree()] * 9])
    lengths = np.full(forest.starts[-1], 1e-6)
    found = forest.arranged(lengths, lengths)
    blocks = found.blocks.reshape(-1, COLUMNS)
    assert blocks[:, 4].tolist() == [8, 2, 1] and found.largest == 12 and len(found.parents) == 12 + 10
    assert blocks[1, 5:].tolist() == [forest.starts[9], *[forest.starts[10]] * 7]
    assert forest.arranged(lengths, lengths) is found
    other = lengths.copy()
    other[-1] = 2e-6
    assert forest.arranged(lengths, other).blocks.reshape(-1, COLUMNS)[:, 4].tolist() == [8, 1, 1, 1]


PROGRAM = """
snn.program @forest {
  %N = snn.param "N" "" : index
  %count = snn.param "count" "" : index
  %largest = snn.param "largest" "" : index
  %rows = snn.param "rows" "" : index
  %leak = snn.state "leak" "" [%N] : tensor<?xf64>
  %source = snn.state "source" "" [%N] : tensor<?xf64>
  %node = snn.state "node" "" [%N] : tensor<?xi32>
  %parents = snn.state "parents" "" [%largest] : tensor<?xi32>
  %axial = snn.state "axial" "" [%largest] : tensor<?xf64>
  %blocks = snn.state "blocks" "" [%rows] : tensor<?xi32>
  %x = snn.state "x" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clock"
  %out = snn.loop (%x) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%x0: tensor<?xf64>):
    %x1 = snn.solve_forest "g" on(%clk) [%count of %largest] (%leak, %source) at %node along (%parents, %axial)
          over %blocks into %x0
          : tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi32>, tensor<?xf64>, tensor<?xi32>, tensor<?xf64>
          -> tensor<?xf64>
    snn.yield %x1 : tensor<?xf64>
  }
}
"""


def interpreted(trees, starts, nodes=2):
    states = {
        "leak": np.array([1.0, 2.0, 3.0, 4.0]),
        "source": np.array([3.0, 0.0, 0.0, 1.0]),
        "node": np.array([1, 0, 0, 0], np.int32),
        "parents": np.array([0, 0], np.int32),
        "axial": np.array([0.0, 5.0]),
        "blocks": np.array([0, nodes, 0, 2, trees, *starts], np.int32),
        "x": np.zeros(4),
    }
    params = {"N": 4, "count": 1, "largest": 2, "rows": COLUMNS}
    interpret(
        parse_module(PROGRAM), ProgramInputs(params=params, states=states, clocks={"clock": ClockInput(0, 1, 1e-4)})
    )
    return states["x"]


def test_the_interpreter():
    first = np.linalg.solve([[6, -5], [-5, 7]], [3, 0])
    second = np.linalg.solve([[8, -5], [-5, 9]], [0, 1])
    np.testing.assert_allclose(interpreted(2, [0, *[2] * 7]), [*first, *second], rtol=1e-14)
    with pytest.raises(InterpretError, match="1 to 8 trees, and then the last one again"):
        interpreted(1, [0, *[2] * 7])
    with pytest.raises(InterpretError, match="more than 2 nodes"):
        interpreted(2, [0, *[2] * 7], nodes=3)


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"N": 0}, ValueError, "N has to be at least 1, but is 0"),
        ({"N": -3}, ValueError, "at least 1"),
        ({"N": 2.5}, TypeError, "N has to be a whole number, not 2.5"),
        ({"N": float("nan")}, TypeError, "whole number"),
        ({"N": "many"}, TypeError, "whole number, not 'many'"),
        ({"N": True}, TypeError, "whole number"),
        ({"N": 2 * mV}, TypeError, "N has no unit"),
        ({"morphology": []}, ValueError, "list of morphologies is empty"),
        ({"morphology": "axon"}, TypeError, "Soma, Cylinder or Section .or a list"),
        ({"morphology": [tree(), 3]}, TypeError, "number 1 is of type int"),
        ({"morphology": [tree()], "N": 3}, TypeError, "N is 3, but there are 1 morphologies"),
        ({"model": MODEL + "cell : 1"}, EquationError, "Duplicate definition of variable 'cell'"),
        ({"threshold_location": 10}, IndexError, "cell 0 has the compartments 0 to 9"),
        ({"threshold_location": [1, 2]}, ValueError, "2 locations for 3 cells"),
        ({"threshold_location": [1, 2, tree().dend]}, AttributeError, "on a single location"),
        ({"morphology": [tree(), cable()], "N": None, "threshold_location": 9}, IndexError, "cell 1 has the .* 0 to 8"),
        (
            {"morphology": [tree(), cable()], "N": None, "threshold_location": tree().axon[0]},
            AttributeError,
            "a list with a location for each cell",
        ),
        ({"Cm": 5}, DimensionMismatchError, "Cm should be set with a value with units"),
        ({"Cm": [1, 2] * uF / cm**2}, ValueError, "one for each of 30"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    arguments = {"morphology": tree(), "N": 3, **arguments}
    with pytest.raises(error, match=message):
        cells(arguments.pop("morphology"), **arguments)


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda n: n.cell[4], IndexError, "has 4 cells, numbered from 0: there is no cell 4"),
        (lambda n: n.cell["a"], TypeError, "by number or slice, not by 'a'"),
        (lambda n: n.cell[::2], IndexError, "steps of 1"),
        (lambda n: n.cell[2:2], IndexError, "at least one cell"),
        (lambda n: n.foo, AttributeError, "foo"),
        (lambda n: n.axon.foo, AttributeError, "foo"),
        (lambda n: setattr(n, "cell", 3), TypeError, "Variable cell is read-only"),
        (lambda n: setattr(n.axon, "foo", 3), AttributeError, "Could not find a state variable"),
        (lambda n: n.cell[2].v[n.morphology.axon[9]], IndexError, "Invalid index"),
        (lambda n: n.cell[2].dend.x[n.morphology.axon], IndexError, "compartments 1 to 4 are not in"),
        (lambda n: n.cell[2].x[n.axon], TypeError, "not of its parts"),
        (lambda n: n[200 * um :], IndexError, "no compartments"),
        (lambda n: Synapses(n.axon, n), TypeError, "has to be a group, not <16 compartments"),
        (lambda n: cells([tree(), cable()]).morphology, AttributeError, "different morphologies"),
        (lambda n: cells([tree(), cable()]).x[tree().axon], TypeError, "different morphologies: take one of them"),
    ],
)
def test_wrong_parts(use, error, message):
    n = cells(tree(), N=4)
    with pytest.raises(error, match=message):
        use(n)
