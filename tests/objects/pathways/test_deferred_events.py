"""Spikes of targets that wait until the synapses that they change are read: scripts never see that they have waited."""

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    network_operation,
    prefs,
    second,
    seed,
    start_scope,
    stop,
)
from ranvier.runtime.simulation import Simulation
from ranvier.stages import Options

PAIR = """
w : 1
dapre/dt = -apre/(20*ms) : 1 (event-driven)
dapost/dt = -apost/(15*ms) : 1 (event-driven)
"""
ON_PRE = "v_post += 0.02*w; apre += 0.1; w = clip(w + apost, 0, 1)"
ON_POST = "apost -= 0.11; w = clip(w + apre, 0, 1)"
CELLS = "dv/dt = (1.1 - v)/(8*ms) + 0.4*sqrt(2/(8*ms))*xi : 1 (unless refractory)\nc : 1"
DEFAULT = Options().spec
WAITS = DEFAULT.replace(",defer-events", ",defer-events{always=true}")
AT_ONCE = DEFAULT.replace(",defer-events", "")


@pytest.fixture(autouse=True)
def alone():
    """One thread, whatever the machine has."""
    before = prefs.codegen.threads
    prefs.codegen.threads = 1
    yield
    prefs.codegen.threads = before


@pytest.fixture(params=[1, 3], ids="{} threads".format)
def cells(request):
    """The number of cells for a number of threads, which is set: parts begin at multiples of 512 cells."""
    prefs.codegen.threads = request.param
    return 30 if request.param == 1 else 1300


class Plastic:
    """A network whose synapses learn.

    Args:
        pipeline: How it is compiled.
        model: The equations of the synapses.
        on_pre: What spikes of sources do.
        on_post: What spikes of targets do.
        cells: The number of cells.
        sources: The first so many cells are the sources.
        wire: Connects the synapses.
        more: Further objects, made of the cells and the synapses.
        given: Further arguments of the synapses.
    """

    def __init__(
        self,
        pipeline,
        model=PAIR,
        on_pre=ON_PRE,
        on_post=ON_POST,
        *,
        cells=30,
        sources=None,
        wire=None,
        more=(),
        **given,
    ):
        start_scope()
        seed(4)
        prefs.codegen.pipeline = pipeline
        self.cells = NeuronGroup(
            cells, CELLS, threshold="v > 1", reset="v = 0", refractory=2 * ms, method="euler", name="neurongroup"
        )
        self.cells.c = "0.5 + i/N"
        few = self.cells[: sources or cells]
        self.synapses = Synapses(few, self.cells, model, on_pre=on_pre, on_post=on_post, name="synapses", **given)
        if wire is None:
            self.synapses.connect(p=min(0.4, 30 / cells))
        else:
            wire(self.synapses)
        if "w" in self.synapses.equations.names:
            self.synapses.w = "rand()"
        self.spikes = SpikeMonitor(self.cells)
        self.more = [each(self.cells, self.synapses) for each in more]
        self.network = Network(self.cells, self.synapses, self.spikes, *self.more)

    def run(self, milliseconds=60):
        self.network.run(milliseconds * ms)

    def seen(self):
        arrays = [self.synapses.get_states(units=False)[name] for name in self.synapses.equations.names]
        return [*(np.array(each) for each in arrays), np.array(self.cells.v[:]), np.array(self.spikes.i[:])]

    def reason(self):
        """Why spikes of targets do not wait, "" if they do."""
        text = self.network.lower().as_text("optimised")
        if "deferred = " in text:
            return ""
        return text.split('immediate = "', 1)[1].split('"', 1)[0]


def compare(script, **made):
    """Runs a script with spikes that wait, and without, and compares all values."""
    found = []
    for pipeline in (WAITS, AT_ONCE):
        plastic = Plastic(pipeline, **made)
        script(plastic)
        if pipeline is WAITS:
            assert plastic.reason() == ""
        found.append(plastic.seen())
        prefs.codegen.threads = 1  # at once and alone: what it is to be
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(found[0][-1]) > 30


MODELS = {
    "pairs": {},
    "nearest": {"on_pre": "v_post += 0.02*w; apre = 0.1; w = clip(w + apost, 0, 1)"},
    "delays": {"delay": {"pre": 1.5 * ms, "post": 0.7 * ms}},
    "no synapse": {"sources": 1, "delay": {"pre": 1 * ms}},
    "subgroup": {"sources": 11},
    "targets first": {"on_pre": ON_PRE, "order": 0},
    "values of sources": {"on_post": "apost -= 0.11; w = clip(w + apre*c_pre*(1 + 0.01*i), 0, 1)"},
    "two variables": {
        "model": PAIR + "n : integer\nz : 1",
        "on_pre": ON_PRE + "; v_post += 0.001*z*n",
        "on_post": ON_POST + "; n += 1; z = 0.9*z + w",
    },
    "single precision": {"dtype": np.float32},
}


@pytest.mark.parametrize("name", MODELS)
def test_scripts_do_not_see_that_spikes_have_waited(name, cells):
    made = dict(MODELS[name], cells=cells)
    first = made.pop("order", None) is not None

    def script(plastic):
        if first:
            plastic.synapses.pre.order = 2
        plastic.run(80)

    compare(script, **made)


def test_runs_changes_and_stored_states(cells):
    def script(plastic):
        plastic.run(20)
        plastic.synapses.w = "0.5*w + 0.2"
        plastic.run(0.1)
        plastic.network.store("here")
        plastic.run(30)
        plastic.synapses.w[:7] = 0.9
        plastic.run(3)
        plastic.network.restore("here", restore_random_state=True)
        plastic.run(25)

    compare(script, cells=cells)


def test_calls_of_a_few_steps_and_a_run_that_ends_early(monkeypatch, cells):
    monkeypatch.setattr(Simulation, "_limit", lambda self: 7)

    def report(elapsed, completed, start, duration):
        if 0 < completed < 1:
            stop()

    def script(plastic):
        plastic.run(30)
        before = float(plastic.network.t)
        plastic.network.run(20 * ms, report=report, report_period=1e-9 * second)
        assert 0 < float(plastic.network.t) - before < 0.015
        plastic.run(30)

    compare(script, cells=cells)


def test_every_length_of_a_call(cells):
    """Synapses catch up at the end of each: 1, 2, 3, ... steps."""

    def script(plastic):
        for steps in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
            plastic.network.run(steps * defaultclock.dt)

    compare(script, cells=cells)


def test_a_target_with_many_spikes_between_two_of_a_source(cells):
    """More than a word can hold, by sources that never spike and others that spike seldom."""

    def run(pipeline):
        start_scope()
        prefs.codegen.pipeline = pipeline
        times = np.arange(300) * 0.3
        few = SpikeGeneratorGroup(3, [0, 1, 0, 1, 0], [1, 30, 47.1, 60, 88] * ms)
        many = SpikeGeneratorGroup(4, np.arange(300) % 2 + (np.arange(300) % 7 == 0), np.round(times, 1) * ms)
        plastic = Synapses(few, many, PAIR, on_pre="apre += 0.1; w = clip(w + apost, 0, 1)", on_post=ON_POST)
        plastic.connect()
        plastic.w = "0.1*i + 0.05*j"
        network = Network(few, many, plastic)
        network.run(95 * ms)
        assert ("deferred = " in network.lower().as_text("optimised")) is (pipeline is WAITS)
        prefs.codegen.threads = 1
        return np.array(plastic.w[:])

    np.testing.assert_array_equal(run(WAITS), run(AT_ONCE))


def recorded(cells, synapses):
    return StateMonitor(synapses, "w", record=[0, 1], name="weights")


def python(cells, synapses):
    @network_operation(dt=10 * ms)
    def look():
        assert len(synapses.w[:])

    return look


AT_ONCE_BECAUSE = {
    "recorded": ({"more": [recorded]}, "its synapses are used by 'synapses_pre', 'weights'"),
    "Python": ({"more": [python]}, "Python is called"),
    "a clock": (
        {"model": PAIR + "dx/dt = -w/second : 1 (clock-driven)", "method": "euler"},
        "its synapses are used by",
    ),
    "neurons": ({"on_post": ON_POST + "; v_post += 0.01*w"}, "it changes 'neurongroup.v' of neurons"),
    "the target": (
        {"on_post": "apost -= 0.1; w = clip(w + apre*c_post, 0, 1)"},
        "needs 'neurongroup.c' of the neuron that spikes",
    ),
    "its trace": ({"on_post": "w = clip(w + apre*apost, 0, 1); apost -= 0.1"}, "needs"),
    "random": ({"on_post": "apost -= 0.1; w = clip(w + apre*rand(), 0, 1)"}, "needs snn.random"),
    "sources": ({"on_post": "apost -= 0.1; w = clip(w + apre*v_pre, 0, 1)"}, "changes 'neurongroup.v'"),
    "another pathway": ({"on_pre": {"a": ON_PRE, "b": "v_post -= 0.01*w"}}, "its synapses are used by"),
    "no reader": ({"on_pre": "apre += 0.1", "on_post": ON_POST}, "nothing else uses its synapses"),
}


@pytest.mark.parametrize("name", AT_ONCE_BECAUSE)
def test_spikes_do_not_wait_where_that_could_be_seen(name):
    made, reason = AT_ONCE_BECAUSE[name]
    plastic = Plastic(WAITS, **made)
    plastic.run(1)
    found = plastic.reason()
    assert found, name
    assert reason in found


def test_rows_that_threads_bring_into_an_order_of_their_own():
    """Targets in no order: each thread has the targets of its part, wherever they stand in a row."""
    shuffled = np.random.default_rng(3).permutation(1300)

    def wire(synapses):
        synapses.connect(i=np.repeat(np.arange(60) * 20, 1300), j=np.tile(shuffled, 60))

    found = []
    for threads in (1, 3):
        prefs.codegen.threads = threads
        plastic = Plastic(WAITS, cells=1300, wire=wire)
        plastic.run(40)
        assert plastic.reason() == ""
        found.append(plastic.seen())
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_synapses_with_delays_of_their_own_do_not_wait():
    plastic = Plastic(WAITS)
    plastic.synapses.delay = "1*ms + rand()*2*ms"
    plastic.run(1)
    assert "do not stand in the order of their sources" in plastic.reason()


def test_what_stays_in_the_cache_does_not_wait():
    plastic = Plastic(DEFAULT)
    plastic.run(1)
    assert plastic.reason() == "what it changes stays in the cache"
