"""Rows of records, and rows that are noted once their spike is on its way, give the same bits as lists of synapses."""

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, ms, prefs, seed, start_scope
from ranvier.ir.recipes import KINDS
from ranvier.passes.default_pipeline import DEFAULT_PIPELINE
from ranvier.runtime.team import dividing_all_work, dividing_at

PLAIN = DEFAULT_PIPELINE.replace("choose-layout", 'choose-layout{layout="rows"}')
"""Small networks have numbers of 16 bits, hence no records."""

PACKED = DEFAULT_PIPELINE.replace("choose-layout", 'choose-layout{layout="rows" index-bits=32}')


def cells(size: int = 1400) -> NeuronGroup:
    group = NeuronGroup(
        size,
        "dv/dt = (drive - v)/(10*ms) : 1\ndrive : 1\nx : 1\nlast : 1",
        threshold="v > 1",
        reset="v = 0; last = x",
        method="exact",
        name="cells",
    )
    group.drive, group.v = "0.8 + 0.6*rand()", "rand()"
    return group


def connected(group: NeuronGroup, model: str, delays: str, p: float = 0.04, **code: str) -> Synapses:
    synapses = Synapses(group, group, model, name="synapses", **code)
    synapses.connect(p=p)
    for name in synapses.variables:
        if name in ("w", "u"):
            setattr(synapses, name, "0.04*randn()")
    if "k" in model:
        synapses.k = "int(10*rand()) - 5"
    for pathway in ("pre", "post"):
        if f"on_{pathway}" in code:
            getattr(synapses, pathway).delay = delays
    return synapses


def weights() -> Network:
    group = cells()
    return Network(group, connected(group, "w : 1", "(0.1 + 4*rand())*ms", on_pre="v_post += w"))


def two_values() -> Network:
    group = cells()
    code = "v_post += w; x_post += u*x_pre + 1"
    return Network(group, connected(group, "w : 1\nu : 1", "(0.1 + 2*rand())*ms", on_pre=code))


def integers() -> Network:
    group = cells()
    return Network(group, connected(group, "k : integer", "(0.2 + 3*rand())*ms", on_pre="v_post += 0.01*k"))


def backwards() -> Network:
    group = cells()
    return Network(group, connected(group, "w : 1", "(0.1 + 4*rand())*ms", on_post="v_pre += w"))


def at_once() -> Network:
    """Some spikes arrive in their own step, so that threads meet in each."""
    group = cells()
    return Network(group, connected(group, "w : 1", "int(3*rand())*0.1*ms", on_pre="v_post += w"))


def bursts() -> Network:
    """Almost all cells fire together: more spikes than there is room to note."""
    group = cells()
    group.drive, group.v = 1.4, "0.002*i/N"
    return Network(group, connected(group, "w : 1", "(0.1 + 4*rand())*ms", on_pre="v_post += 0.1*w"))


def narrow() -> Network:
    """Values of 32 bits."""
    prefs.core.default_float_dtype = np.float32
    group = cells()
    return Network(group, connected(group, "w : 1", "(0.1 + 4*rand())*ms", on_pre="v_post += w"))


def silent() -> Network:
    """No synapses at all."""
    group = cells()
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", name="synapses")
    synapses.connect(False)
    return Network(group, synapses)


KINDS_OF_NETWORKS = (weights, two_values, integers, backwards, at_once, bursts, narrow, silent)


def outcome(build, pipeline: str, threads: int, runs: tuple[float, ...] = (30.0,)) -> tuple[object, ...]:
    """Returns what a network does: all spikes, and all states at the end."""
    start_scope()
    seed(5)
    prefs.codegen.pipeline, prefs.codegen.threads = pipeline, threads
    network = build()
    group = network["cells"]
    spikes, state = SpikeMonitor(group), StateMonitor(group, "v", record=[0, 700, 1399])
    network.add(spikes, state)
    with dividing_all_work():
        for duration in runs:
            network.run(duration * ms)
    return (
        spikes.i[:].tobytes(),
        spikes.t[:].tobytes(),
        state.v[:].tobytes(),
        group.v[:].tobytes(),
        group.x[:].tobytes(),
    )


def text_of(build) -> str:
    start_scope()
    prefs.codegen.pipeline, prefs.codegen.threads = PACKED, 1
    return build().lower().as_text("loops")


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("build", KINDS_OF_NETWORKS, ids=lambda build: build.__name__)
def test_records_give_the_same_bits(build, threads: int) -> None:
    assert outcome(build, PACKED, threads) == outcome(build, PLAIN, 1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("build", [weights, bursts, at_once], ids=lambda build: build.__name__)
def test_runs_may_be_short(build, threads: int) -> None:
    """What is on its way at the beginning of a run is noted anew: rows may be elsewhere by now."""
    runs = (0.1, 0.1, 3.0, 0.5, *(0.2,) * 10, 7.0)
    assert outcome(build, PACKED, threads, runs) == outcome(build, PLAIN, 1, runs)


@pytest.mark.parametrize(("threads", "shares"), [(2, (0.8,)), (3, (0.1, 0.2)), (3, (0.0, 0.6))])
def test_parts_may_begin_anywhere(threads: int, shares: tuple[float, ...]) -> None:
    expected = outcome(weights, PLAIN, 1)
    with dividing_at(*shares):
        assert outcome(weights, PACKED, threads) == expected


@pytest.mark.parametrize("build", KINDS_OF_NETWORKS[:-1], ids=lambda build: build.__name__)
def test_they_are_records(build) -> None:
    assert "records" in text_of(build)


def test_many_cells_get_them_by_themselves() -> None:
    """Numbers of more than 16 bits; in the first step more cells spike than there is room to note."""
    start_scope()
    seed(2)
    group = NeuronGroup(70_000, "v : 1", threshold="v > 1 and t < 0.05*ms", reset="v = 0", name="cells")
    group.v = "2*int(i % 7 == 0)"
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", name="synapses")
    source, target = np.random.default_rng(1).integers(0, 70_000, (2, 200_000))
    synapses.connect(i=source, j=target)
    synapses.w, synapses.delay = "rand()", "(0.1 + rand())*ms"
    network = Network(group, synapses)
    assert "records" in network.lower().as_text("loops")
    has_spiked = group.v[:] > 1
    expected = np.zeros(70_000)
    used = np.flatnonzero(has_spiked[source])
    steps = np.round(np.asarray(synapses.delay) / 1e-4).astype(int)[used]
    weights_ = synapses.w[:]
    for k in used[np.lexsort((used, source[used], steps))]:
        expected[target[k]] += weights_[k]
    network.run(1.3 * ms)
    np.testing.assert_array_equal(group.v[:], expected)


def test_the_recipe_puts_words_side_by_side() -> None:
    numbers = np.array([3, 70_000, 5], np.int32)
    weights_, counts = np.array([0.5, -1.25, 1e300]), np.array([1.5, 2.5, -0.0], np.float32)
    made = KINDS["records"](lambda size, dtype: np.zeros(size, dtype), numbers, weights_, counts).reshape(3, 4)
    np.testing.assert_array_equal(made[:, 0], numbers)
    np.testing.assert_array_equal(np.ascontiguousarray(made[:, 1:3]).view(np.float64).ravel(), weights_)
    np.testing.assert_array_equal(np.ascontiguousarray(made[:, 3]).view(np.float32), counts)
    short = np.array([65_535, 0, 7], np.uint16)  # as numbers of neurons may be held
    made = KINDS["records"](lambda size, dtype: np.zeros(size, dtype), short, short)
    np.testing.assert_array_equal(made.reshape(3, 2), np.repeat(short, 2).reshape(3, 2))
