"""Synapses from and to scipy's sparse matrices and networkx graphs."""

import networkx
import numpy as np
import pytest

from ranvier import DimensionMismatchError, NeuronGroup, Synapses, ms, nS, second, siemens

sparse = pytest.importorskip("scipy.sparse", reason="scipy is for tests and users' matrices only")


def cells(count):
    return NeuronGroup(count, "x : 1", threshold="x > 1", reset="x = 0")


def new(source=3, target=None, name="synapses", **kwds):
    begin = cells(source) if isinstance(source, int) else source
    end = begin if target is None else cells(target) if isinstance(target, int) else target
    return Synapses(begin, end, "g : siemens\nw : 1\nn : integer", on_pre="x_post += w", name=name, **kwds)


def pairs(synapses):
    return list(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True))


def test_each_stored_entry_is_a_synapse():
    """Zeros that are stored count, and several entries of a pair stay apart, in their order."""
    matrix = sparse.coo_array(([1.0, 0.0, 3.0, 4.0], ([2, 0, 0, 0], [1, 2, 1, 1])), shape=(3, 3))
    synapses = new()
    synapses.connect_sparse(matrix, "w")
    assert pairs(synapses) == [(0, 1), (0, 1), (0, 2), (2, 1)]
    assert synapses.w[:].tolist() == [3.0, 4.0, 0.0, 1.0]
    kept = synapses.to_sparse("w", duplicates="keep")
    assert kept.nnz == 4 and kept.data.tolist() == [3.0, 4.0, 0.0, 1.0]
    summed = synapses.to_sparse("w")
    assert summed.nnz == 3 and summed[0, 1] == 7.0
    again = new()
    again.connect_sparse(kept, "w")
    assert pairs(again) == pairs(synapses) and again.w[:].tolist() == synapses.w[:].tolist()


@pytest.mark.parametrize("kind", ["csr", "csc", "lil", "dok", "bsr", "dia"])
def test_every_sparse_format(kind):
    dense = np.array([[0, 2.0, 0], [1.5, 0, 3.0], [0, 0, 0]])
    synapses = new()
    synapses.connect_sparse(sparse.coo_array(dense).asformat(kind), "w")
    assert np.array_equal(synapses.to_sparse("w").toarray(), dense)


def test_units_and_delays():
    dense = np.array([[0, 2.0], [1.0, 0]])
    synapses = new(2, 2)
    delays = np.array([[0, 3.0], [1.0, 0]]) * ms
    synapses.connect_sparse(dense, "g", unit=nS, variables={"delay": delays, "n": 7})
    assert np.allclose(synapses.g / nS, [2, 1]) and np.allclose(synapses.delay / ms, [3, 1])
    assert synapses.n[:].tolist() == [7, 7]
    assert np.allclose(synapses.to_sparse("delay").toarray(), [[0, 3e-3], [1e-3, 0]])
    synapses.connect_sparse(sparse.csr_array(dense * 1e-9), "g", variables={"delay": sparse.csr_array(dense) * 1e-3})
    assert np.allclose(synapses.g[2:] / siemens, [2e-9, 1e-9]) and np.allclose(synapses.delay_[2:], [2e-3, 1e-3])
    synapses.connect_sparse(dense * nS, "g")
    assert np.allclose(synapses.g[4:] / nS, [2, 1])
    for arguments in ({"variable": "g", "unit": second}, {"variables": {"delay": 1 * nS}}):
        with pytest.raises(DimensionMismatchError, match="of 'synapses' have another unit"):
            synapses.connect_sparse(dense, **arguments)
    with pytest.raises(KeyError, match="ww"):
        synapses.connect_sparse(dense, "ww")
    with pytest.raises(ValueError, match=r"'delay' of 'synapses' are of shape \(3,\)"):
        synapses.connect_sparse(dense, variables={"delay": np.ones(3)})
    with pytest.raises(ValueError, match=r"'synapses'.*\(2, 2\), but it is \(1, 2\)"):
        synapses.connect_sparse(dense[:1])
    assert len(synapses) == 6


def test_the_delay_of_all_synapses_is_in_every_entry():
    synapses = new(2, delay=2 * ms)
    synapses.connect(i=[0, 1], j=[1, 0])
    assert synapses.to_sparse("delay").toarray().tolist() == [[0, 0.002], [0.002, 0]]


def test_parts_of_groups_are_numbered_from_their_own_start():
    group = cells(10)
    synapses = new(group[2:5], group[4:6])
    synapses.connect_sparse(np.array([[1, 0], [0, 0], [0, 2]]), "w")
    assert pairs(synapses) == [(0, 0), (2, 1)] and synapses.to_sparse("w").shape == (3, 2)
    graph = synapses.to_networkx(("w",))
    assert sorted(graph.edges(data="w")) == [(("pre", 0), ("post", 0), 1.0), (("pre", 2), ("post", 1), 2.0)]
    assert graph.nodes[("post", 1)] == {"bipartite": 1} and networkx.is_bipartite(networkx.Graph(graph))
    again = new(group[2:5], group[4:6])
    again.connect_graph(graph, variable="w")
    assert pairs(again) == pairs(synapses) and again.w[:].tolist() == [1.0, 2.0]
    assert new(group[2:5], group[2:5]).to_networkx().nodes == networkx.path_graph(3).nodes


def test_multigraphs_and_several_attributes():
    graph = networkx.MultiDiGraph()
    graph.add_edge(0, 1, weight=2.0, delay=1e-3)
    graph.add_edge(0, 1, weight=3.0, delay=2e-3)
    graph.add_edge(1, 1, weight=4.0, delay=3e-3)
    synapses = new()
    synapses.connect_graph(graph, "weight", "w", variables=["delay"])
    assert pairs(synapses) == [(0, 1), (0, 1), (1, 1)]
    assert synapses.w[:].tolist() == [2.0, 3.0, 4.0] and np.allclose(synapses.delay / ms, [1, 2, 3])
    back = synapses.to_networkx(("w", "delay"))
    assert sorted(back.edges(data="delay")) == [(0, 1, 0.001), (0, 1, 0.002), (1, 1, 0.003)]
    with pytest.raises(ValueError, match="The edge from 0 to 1 of the graph for 'synapses' has no attribute 'speed'"):
        synapses.connect_graph(graph, variables={"w": "speed"})
    assert len(synapses) == 3


def test_named_nodes():
    graph = networkx.Graph()
    graph.add_edge("V1", "LGN", w=2 * nS)
    synapses = new(2, 3)
    with pytest.raises(TypeError, match=r"from 'V1' to 'LGN' means no synapse of 'synapses'.*sources="):
        synapses.connect_graph(graph)
    synapses.connect_graph(graph, "w", "g", sources=["LGN", "pulvinar"], targets=["V2", "V1", "V4"])
    assert pairs(synapses) == [(0, 1)] and synapses.g[0] == 2 * nS
    within = new(2)
    within.connect_graph(graph, sources=["LGN", "V1"])
    assert pairs(within) == [(0, 1), (1, 0)]
    with pytest.raises(ValueError, match="'LGN' is in 'sources' twice"):
        within.connect_graph(graph, sources=["LGN", "LGN"])
    with pytest.raises(ValueError, match="give both"):
        within.connect_graph(graph, targets=["LGN"])


def test_a_run_with_such_synapses():
    from ranvier import Network, SpikeGeneratorGroup

    spikes = SpikeGeneratorGroup(2, [0, 1], [0, 1] * ms)
    target = NeuronGroup(2, "x : 1")
    synapses = Synapses(spikes, target, "w : 1", on_pre="x_post += w")
    matrix = sparse.coo_array(([1.0, 2.0, 5.0], ([0, 0, 1], [1, 1, 0])))
    synapses.connect_sparse(matrix, "w", variables={"delay": 1 * ms})
    Network(spikes, target, synapses).run(3 * ms)
    assert target.x[:].tolist() == [5.0, 3.0]


def test_connect_says_where_matrices_and_graphs_go():
    synapses = new()
    with pytest.raises(TypeError, match=r"use connect_sparse\(matrix"):
        synapses.connect(np.ones((3, 3)))
    with pytest.raises(TypeError, match=r"use connect_graph\(graph"):
        synapses.connect(networkx.path_graph(3))
