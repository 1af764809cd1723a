"""Graphs whose work is divided mean what they meant, and what native code does."""

import re

import numpy as np
import pytest
from graph.interpreted import check_agreement

from ranvier import Hz, Network, NeuronGroup, PoissonInput, SpikeMonitor, Synapses, defaultclock, ms, prefs, start_scope
from ranvier.runtime.team import dividing_all_work
from ranvier.stages import Options


def network() -> Network:
    """A group of two parts, synapses in no order of all kinds of codes, delays of different lengths."""
    start_scope()
    defaultclock.dt = 0.1 * ms
    random = np.random.default_rng(5)
    group = NeuronGroup(
        700, "dv/dt = (2 - v + g)/(1*ms) : 1\ng : 1", threshold="v > 1", reset="v = 0", method="euler", name="group"
    )
    group.v = np.linspace(0, 1, 700)
    adding = Synapses(group, group, "w : 1", on_pre="g += w", name="adding")
    counting = Synapses(group, group, on_pre="v_post += 0.001", name="counting")
    learning = Synapses(
        group,
        group,
        "w : 1\nda/dt = -a/(5*ms) : 1 (event-driven)",
        on_pre="a += 0.1; g_post = 0.9*g_post + w",
        on_post="w = clip(w + 0.1*a, 0, 1)",
        name="learning",
    )
    for made in (adding, counting, learning):
        ends = random.integers(0, 700, (900, 2))
        made.connect(i=ends[:, 0], j=ends[:, 1])
        made.delay = random.integers(0, 5, 900) * 0.1 * ms
    adding.w = learning.w = "0.01*(i % 7)"
    return Network(group, adding, counting, learning, SpikeMonitor(group))


@pytest.mark.parametrize("layout", ("rows", "counts", "ring"))
def test_divided_graphs_do_what_native_code_does(layout: str) -> None:
    whole = Options(layout=layout)
    with dividing_all_work():
        check_agreement(network(), 0.0011, options=Options(pipeline=f"{whole.spec},partition", verify=True))


def test_threads_do_not_wait_between_changes_of_parts_of_a_group() -> None:
    start_scope()
    group = NeuronGroup(3000, "dv/dt = -v/(10*ms) : 1", name="group")
    inputs = [PoissonInput(group[k : k + 700], "v", 50, 10 * Hz, 0.1) for k in (0, 300, 1111, 2300)]
    other = NeuronGroup(3000, "v : 1", threshold="v > 1", name="other")
    paths = [Synapses(other, group[k : k + 900], on_pre="v_post = 0.9*v_post + 0.1") for k in (0, 100, 2000)]
    for path in paths:
        path.connect(p=0.01)
        path.delay = 1 * ms
    prefs.codegen.threads = 2
    with dividing_all_work():
        text = Network(group, other, *inputs, *paths).lower().as_text("optimised")
    assert text.count('division = "targets"') == len(paths) and text.count('division = "elements"') >= len(inputs) + 1
    assert not [wait for wait in re.findall(r'waits = "([^"]*)"', text) if "group.v" in wait]


def test_threads_meet_once_a_step_where_no_spike_arrives_at_once() -> None:
    start_scope()
    group = NeuronGroup(
        3000, "dv/dt = (2 - v)/(10*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=1 * ms
    )
    synapses = Synapses(group, group, on_pre="v_post += 0.01")
    synapses.connect(p=0.01)
    prefs.codegen.threads = 2
    counts = []
    for delay in (0 * ms, 1 * ms, "rand()*ms", "0.1*ms + rand()*ms", 0 * ms):
        synapses.delay = delay
        with dividing_all_work():
            text = Network(group, synapses, SpikeMonitor(group)).lower().as_text("optimised")
        counts.append((text.count("waits = "), text.count("takes_in_last")))
    # to record spikes the main thread waits in any case; with spikes that arrive at once, all wait for them as well
    assert [late > 0 for _, late in counts] == [False, True, False, True, False]
    assert [waits for waits, _ in counts] == [1, 1, 1, 1, 1]
