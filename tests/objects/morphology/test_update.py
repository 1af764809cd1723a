"""The graph of a neuron with compartments: interpreted, optimised and native runs agree; errors of the op."""

import numpy as np
import pytest
from graph.interpreted import check_agreement
from objects.morphology.sample_cells import MODEL, tree

from ranvier import (
    Clock,
    Network,
    SpatialNeuron,
    SpikeMonitor,
    StateMonitor,
    defaultclock,
    ms,
    mV,
    nA,
    network_operation,
    siemens,
    start_scope,
    um,
)
from ranvier.ir.diagnostics import IRFileError, parse_module
from ranvier.ir.interpret import ClockInput, InterpretError, ProgramInputs, interpret
from ranvier.objects.morphology.tree import Tree


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


def neuron(**kwds):
    n = SpatialNeuron(
        tree(),
        MODEL,
        threshold="v > -48*mV",
        reset="v = -60*mV",
        refractory=0.5 * ms,
        method="exponential_euler",
        namespace={"El": -65 * mV, "gn": 10 * siemens / (1e6 * um) ** 2},
        **kwds,
    )
    n.v, n.gl, n.I[0] = -50 * mV, "(1 + 0.1*i)*siemens/meter**2", 1 * nA
    return n


def test_all_stages_agree():
    n = neuron()
    outcome = check_agreement(Network(n, SpikeMonitor(n), StateMonitor(n, ["v", "Ic"], record=True)), 0.003)
    assert outcome.steps == [30]


def test_they_agree_in_single_precision():
    n = neuron(dtype=np.float32)
    check_agreement(Network(n, StateMonitor(n, "v", record=True)), 0.001, rtol=2e-5)


def test_they_agree_with_several_clocks_and_with_python():
    n = neuron(clock=Clock(0.3 * ms))
    other = neuron()

    @network_operation(dt=0.2 * ms)
    def stimulate():
        n.I[3] += 0.01 * nA

    check_agreement(Network(n, other, stimulate, StateMonitor(n, "v", record=True)), 0.002)


def test_nodes_are_ordered_by_depth():
    found = Tree(tree())
    assert len(found.parents) == 10 + 2  # a branch point behind the soma and one behind the dendrite
    assert all(found.parents[k] < k for k in range(1, 12)) and sorted(set(found.node)) != list(range(12))
    depth = np.zeros(12, int)
    for k in range(1, 12):
        depth[k] = depth[found.parents[k]] + 1
    assert np.all(np.diff(depth) >= 0)


PROGRAM = """
snn.program @tree {{
  %N = snn.param "N" "" : index
  %nodes = snn.param "nodes" "" : index
  %leak = snn.state "leak" "" [%N] : tensor<?x{float}>
  %source = snn.state "source" "" [%N] : tensor<?xf64>
  %node = snn.state "node" "" [%N] : tensor<?x{integer}>
  %parents = snn.state "parents" "" [%nodes] : tensor<?xi32>
  %axial = snn.state "axial" "" [%nodes] : tensor<?xf64>
  %x = snn.state "x" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clock"
  %out = snn.loop (%x) : tensor<?xf64> -> tensor<?xf64> {{
  ^bb0(%x0: tensor<?xf64>):
    %x1 = snn.solve_tree "g" on(%clk) [%N of %nodes] (%leak, %source) at %node along (%parents, %axial) into %x0
          : tensor<?x{float}>, tensor<?xf64>, tensor<?x{integer}>, tensor<?xi32>, tensor<?xf64>, tensor<?xf64>
          -> tensor<?xf64>
    snn.yield %x1 : tensor<?xf64>
  }}
}}
"""


@pytest.mark.parametrize(
    ("float", "integer", "message"), [("f32", "i32", "computes with f64"), ("f64", "i64", "are i32")]
)
def test_wrong_types(float, integer, message):
    with pytest.raises(IRFileError, match=message):
        parse_module(PROGRAM.format(float=float, integer=integer))


def interpreted(parents, node):
    states = {
        "leak": np.array([1.0, 2.0]),
        "source": np.array([3.0, 0.0]),
        "node": np.array(node, np.int32),
        "parents": np.array(parents, np.int32),
        "axial": np.array([0.0, 4.0, 5.0]),
        "x": np.zeros(2),
    }
    clocks = {"clock": ClockInput(0, 1, 1e-4)}
    interpret(
        parse_module(PROGRAM.format(float="f64", integer="i32")),
        ProgramInputs(params={"N": 2, "nodes": 3}, states=states, clocks=clocks),
    )
    return states["x"]


def test_the_interpreter():
    series = 1 / (1 / 4 + 1 / 5)  # the node between the two elements has no leak
    expected = np.linalg.solve([[1 + series, -series], [-series, 2 + series]], [3, 0])
    np.testing.assert_allclose(interpreted([0, 0, 1], [0, 2]), expected, rtol=1e-14)
    with pytest.raises(InterpretError, match="parent does not come before"):
        interpreted([0, 2, 1], [0, 2])
    with pytest.raises(InterpretError, match="no node of its own"):
        interpreted([0, 0, 1], [2, 2])
