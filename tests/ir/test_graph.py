"""Programs as graphs of networkx."""

import subprocess
import sys
from pathlib import Path

import networkx

from ranvier.ir.diagnostics import parse_module
from ranvier.ir.graph import to_networkx

HERE = Path(__file__).parent


def graph_of(name):
    return to_networkx(parse_module((HERE / f"{name}.mlir").read_text()))


def node(graph, **wanted):
    found = [n for n, data in graph.nodes(data=True) if all(data[k] == v for k, v in wanted.items())]
    assert len(found) == 1, (wanted, found)
    return found[0]


def test_ops_are_nodes_with_what_they_are():
    graph = graph_of("lif")
    integrate = node(graph, name="snn.map", kind="integrate")
    assert graph.nodes[integrate] == {
        "name": "snn.map",
        "label": "neurons_stateupdater",
        "kind": "integrate",
        "clock": "defaultclock",
        "location": None,
        "locations": (),
        "loop": True,
    }
    assert sum(data["name"] == "snn.reset" for _, data in graph.nodes(data=True)) == 2
    assert not any(data["name"] == "arith.select" for _, data in graph.nodes(data=True))


def test_values_are_edges():
    graph = graph_of("lif")
    integrate, threshold = node(graph, kind="integrate"), node(graph, name="snn.threshold")
    assert graph.edges[integrate, threshold] == {"values": ("v1",), "types": ("tensor<?xf64>",)}
    state = node(graph, label="neurons.v")
    assert graph.edges[state, integrate]["types"] == ("tensor<?xf64>",)
    decay = node(graph, name="math.exp")
    assert graph.has_edge(decay, integrate), "what a region uses from outside"
    reset = node(graph, name="snn.reset", kind="reset")
    final = node(graph, name="snn.yield")
    assert graph.has_edge(reset, final)
    assert networkx.has_path(graph, node(graph, label="tau"), final)


def test_programs_have_no_cycles():
    for path in HERE.glob("*.mlir"):
        assert networkx.is_directed_acyclic_graph(graph_of(path.stem))


def test_locations_are_text():
    text = (HERE / "lif.mlir").read_text().replace('"defaultclock"', '"defaultclock" loc("script.py":12:4)')
    graph = to_networkx(parse_module(text))
    assert graph.nodes[node(graph, name="snn.clock")]["location"] == "script.py:12:4"


def test_networkx_is_imported_late():
    code = "import sys, ranvier.ir.graph; print('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
