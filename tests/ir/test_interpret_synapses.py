"""Pathways and sums of the interpreter against the same simulation written as plain Python loops."""

from pathlib import Path

import numpy as np
import pytest
from xdsl.parser import Parser

from ranvier.ir.dialect import new_context
from ranvier.ir.interpret import ClockInput, InterpretError, ProgramInputs, interpret

STEPS, SIZE, OTHERS, SHIFT = 9, 5, 3, 1
SOURCES = [0, 0, 1, 1, 2, 3, 3]
TARGETS = [0, 2, 1, 1, 0, 2, 1]
DELAYS = [3, 0, 3, 0, 0, 3, 0]
PENDING = [(0, 4), (2, 1), (2, 0), (50, 3)]


def program():
    module = Parser(new_context(), (Path(__file__).parent / "synapses.mlir").read_text()).parse_module()
    module.verify()
    return module


def inputs():
    states = {
        "syn.i": np.array(SOURCES, np.int32),
        "syn.j": np.array(TARGETS, np.int32),
        # Two delays, the longer one first: rows of source 0, then 1, ...
        "pre.pointers": np.array([0, 1, 2, 3, 4, 4, 5, 6, 7]),
        "pre.delays": np.array([3, 0]),
        "pre.indices": np.zeros(4 * 4, np.int32),
        "pre.counts": np.zeros(4, np.int64),
        "pre.position": np.array([0]),
        "pre.due": np.array([due for due, _ in PENDING]),
        "pre.due_at": np.array([synapse for _, synapse in PENDING], np.int32),
        "pre.arrived": np.array([0]),
        "post.pointers": np.array([0, 2, 5, 7]),
        "post.delays": np.array([1]),
        "post.order": np.array([0, 4, 2, 3, 6, 1, 5], np.int32),
        "post.indices": np.zeros(2 * OTHERS, np.int32),
        "post.counts": np.zeros(2, np.int64),
        "post.position": np.array([0]),
        "syn.w": np.linspace(0.1, 0.7, 7),
        "g.v": np.array([0.9, 0.2, 0.5, 0.8, 0.4]),
        "h.x": np.zeros(OTHERS),
    }
    params = {"g.N": SIZE, "h.N": OTHERS, "syn.N": 7, "one": 1, "shift": SHIFT, "end": SIZE}
    for name in ("pre.pointers", "pre.delays", "pre.indices", "pre.counts", "pre.due", "post.pointers", "post.delays"):
        params[f"{name}.N"] = len(states[name])
    params |= {"post.indices.N": 2 * OTHERS, "post.counts.N": 2}
    events = {"g.spike": np.array([], np.int32), "h.spike": np.array([], np.int32)}
    return ProgramInputs(params=params, states=states, events=events, clocks={"clk": ClockInput(0, STEPS, 1e-3)})


def reference(w, v):
    """The same by lists of what arrives when; returns w, v, x and the numbers of synaptic events of both pathways."""
    x, pending, first, second = [0.0] * OTHERS, list(PENDING), [], []
    arrivals = {}
    for n in range(STEPS):
        x = [sum(w[k] * v[i + SHIFT] for k, i in enumerate(SOURCES) if TARGETS[k] == j) for j in range(OTHERS)]
        spikes = [i - SHIFT for i in range(SHIFT, SIZE) if v[i] > 0.3]
        for delay in (3, 0):
            reached = [k for i in spikes for k in range(7) if SOURCES[k] == i and DELAYS[k] == delay]
            arrivals.setdefault(n + delay, []).append((-delay, reached))
        now = [k for due, k in pending if due == n]
        now += [k for _, reached in sorted(arrivals.get(n, [])) for k in reached]
        spikes_of_targets = [j for j in range(OTHERS) if x[j] > 0.3]
        for k in now:
            i, j = SOURCES[k] + SHIFT, TARGETS[k]
            half = w[k] * 0.5
            w[k], v[i] = half + x[j], v[i] * half
        for j in second:
            for k in (k for k in range(7) if TARGETS[k] == j):
                x[j] -= w[k]
        first.append(len(now))
        second = spikes_of_targets
    return w, v, x, first


def test_pathways_and_sums():
    given = inputs()
    w, v, x, arrived = reference(list(given.states["syn.w"]), list(given.states["g.v"]))
    interpret(program(), given)
    np.testing.assert_array_equal(given.states["syn.w"], w)
    np.testing.assert_array_equal(given.states["g.v"], v)
    np.testing.assert_allclose(given.states["h.x"], x, rtol=1e-15)
    assert sum(arrived) == 8 and given.states["pre.arrived"][0] == 3
    assert given.states["pre.position"][0] == given.states["post.position"][0] == STEPS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("pre.delays", [4, 0], "keeps the spikes of 4 steps, too few for its longest delay"),
        ("syn.j", [0, 2, 1, 1, 0, 2, 3], "reaches element 3 of an array of 3"),
        ("syn.i", [0, 0, 1, 1, 2, 3, 4], "reaches element 5 of an array of 5"),
        ("post.order", [0, 4, 2, 3, 7, 1, 5], "reaches element 7 of an array of 7"),
    ],
)
def test_wrong_connections_are_found(name, value, message):
    given = inputs()
    given.states[name][...] = value
    with pytest.raises(InterpretError, match=message):
        interpret(program(), given)
