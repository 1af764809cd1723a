"""Random small networks with synapses do natively what the interpreter makes of their graphs.

And what numpy makes of the code, one synapse after another, without any graph; and the kernels of a GPU, run by the
CPU, give the same bits. With `KERNELS_CASES=500` in the environment, `pytest -k kernels` tries many more.
"""

import os

import numpy as np
import pytest
from graph.interpreted import check_agreement
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tries import tries

from ranvier import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    start_scope,
)
from ranvier.actions.actions import Action
from ranvier.actions.synaptic_actions import Accumulate, Propagate
from ranvier.codegen import CodegenOptions
from ranvier.plan import steps
from ranvier.stages import Options, set_default_options

NEURONS = (
    "dv/dt = (drive + g - v)/(1*ms) : 1",
    "dv/dt = (drive + g - v)/(1*ms) : 1 (unless refractory)",
    "dv/dt = (drive + g - v**3)/(1*ms) : 1\ndu/dt = (v - u)/(2*ms) : 1 (unless refractory)",
)
MODELS = (
    "",
    "da/dt = -a/(1*ms) : 1 (event-driven)\ndb/dt = (a - b)/(2*ms) : 1 (event-driven)",
    "da/dt = (v_post - a)/(1*ms) : 1 (clock-driven)",
    "da/dt = -a/(1*ms) : 1 (clock-driven)\ndb/dt = -b*w/(2*ms) : 1 (event-driven)\ntotal_post = a*w : 1 (summed)",
    "total_pre = w*(v_post - v_pre) : 1 (summed)\na : 1",
    "a : 1\nc = w + t/ms : 1 (constant over dt)\nk : integer",
)
ACTIONS = (
    "v_post += 0.3*w",
    "g_post += 0.1*w",
    "g_pre = 0.5*g_pre + 0.01*w",
    "w = clip(w + 0.1, 0, 2)",
    "w = 0.9*w + 0.1*v_post*v_pre",
    "count_post += 1",
    "count_post = (3*count_post + i) % 1000",
    "x = w*v_pre; g_post = g_post + 0.2*x",
    "g_post = int(v_post > 0.2)*0.1*w",
    "g_pre -= 0.05*w; g_post += 0.1*w",
    "v_post = v_post*0.9 + 0.1*v_pre; g_pre = g_post + 0.01*v_pre",
)
"""Sums, other values, values of both ends, and code of which the order of synapses matters."""

OF_MODEL = {
    "a : 1": ("a += w", "w += 0.01*a"),
    "da": ("a += 1", "w = clip(w + 0.1*a, 0, 3)", "a = 0.5*a"),
    "db": ("b += 0.5", "g_post += 0.05*b"),
    "k :": ("k += 1; g_post += 0.01*k*c",),
}
METHODS = ("euler", "rk2")
DELAYS = ("none", "one", "of each", "zero or long")


def statements(draw, model: str) -> str:
    possible = list(ACTIONS) + [line for part, lines in OF_MODEL.items() if part in model for line in lines]
    return "; ".join(draw(st.lists(st.sampled_from(possible), min_size=1, max_size=3)))


def group(draw, number: int) -> NeuronGroup:
    size = draw(st.integers(1, 7))
    made = NeuronGroup(
        size,
        draw(st.sampled_from(NEURONS)) + "\ng : 1\ndrive : 1\ntotal : 1\ncount : integer",
        threshold="v > 0.6",
        reset="v = 0",
        refractory=draw(st.sampled_from((0, 0.25))) * ms,
        method=draw(st.sampled_from(METHODS)),
        name=f"group{number}",
    )
    made.v = np.linspace(0.1, 0.7, size)
    made.drive = np.linspace(2.5, 0.5, size)
    return made


def part(draw, whole: NeuronGroup):
    start = draw(st.integers(0, len(whole) - 1))
    return whole[start : draw(st.integers(start + 1, len(whole)))] if draw(st.booleans()) else whole


def connected(draw, source, target, number: int) -> Synapses:
    model = draw(st.sampled_from(MODELS))
    both = draw(st.booleans())
    made = Synapses(
        source,
        target,
        f"w : 1\n{model}",
        on_pre={"pre": statements(draw, model), **({"late": statements(draw, model)} if draw(st.booleans()) else {})},
        on_post=statements(draw, model) if both else None,
        method="euler",
        name=f"synapses{number}",
    )
    pairs = st.tuples(st.integers(0, len(source) - 1), st.integers(0, len(target) - 1))
    ends = np.array(draw(st.lists(pairs, max_size=15)), dtype=int).reshape(-1, 2)
    made.connect(i=ends[:, 0], j=ends[:, 1])
    made.w = "0.2 + 0.1*((3*i + 5*j) % 7)"
    for name in made.pathways:
        delay(draw, getattr(made, name), len(made))
    if draw(st.integers(0, 3)) == 0:
        made.run_regularly(statements(draw, model), dt=draw(st.integers(1, 4)) * 0.1 * ms, when="end")
    made.pre.order = draw(st.sampled_from((-1, 2)))
    made.pre.when = draw(st.sampled_from(("synapses", "synapses", "after_groups", "end")))
    return made


def delay(draw, pathway, size: int) -> None:
    kind = draw(st.sampled_from(DELAYS))
    if kind == "one":
        pathway.delay = draw(st.integers(0, 5)) * 0.1 * ms
    elif kind != "none":
        steps = st.integers(0, 6) if kind == "of each" else st.sampled_from((0, 40))
        pathway.delay = np.array(draw(st.lists(steps, min_size=size, max_size=size)), dtype=float) * 0.1 * ms


@st.composite
def networks(draw):
    """A network of one or two groups and one or two sets of synapses, with monitors."""
    start_scope()
    defaultclock.dt = 0.1 * ms
    groups = [group(draw, k) for k in range(draw(st.integers(1, 2)))]
    made, summing = [], set()
    for number in range(draw(st.integers(1, 2))):
        source, target = draw(st.sampled_from(groups)), draw(st.sampled_from(groups))
        synapses = connected(draw, part(draw, source), part(draw, target), number)
        sums = {(name, (source if name.endswith("_pre") else target).name) for name in synapses.summed_updaters}
        ends = {where for _, where in sums}
        if ends & summing:  # two sets of synapses must not write the same sums
            continue
        summing |= ends
        made.append(synapses)
    monitors = [m for g in groups for m in (SpikeMonitor(g), StateMonitor(g, ["v", "g", "total"], record=True))]
    monitors += [StateMonitor(s, "w", record=True) for s in made]
    return Network(*groups, *made, *monitors)


LAYOUTS = st.sampled_from(("auto", "rows", "counts", "bits", "ring"))


def check(network: Network, layout: str) -> None:
    with np.errstate(all="ignore"):
        check_agreement(network, 0.0021, rtol=1e-8, options=Options(layout=layout))


def values(network: Network) -> dict[str, np.ndarray]:
    """All variables of the groups and synapses of a network, by name."""
    found = {}
    for obj in network.objects:
        if isinstance(obj, NeuronGroup | Synapses):
            found |= {f"{obj.name}.{name}": value for name, value in obj.get_states(units=False).items()}
    return found


def is_of_synapses(action: Action) -> bool:
    """Whether numpy executes an action, one synapse after another."""
    return isinstance(action, Propagate | Accumulate)


def check_against_numpy(network: Network) -> None:
    with np.errstate(all="ignore"), pytest.MonkeyPatch.context() as patch:
        network.store()
        network.run(2.1 * ms)
        native = values(network)
        network.restore()
        patch.setattr(steps, "has_no_native_form", is_of_synapses)
        network.run(2.1 * ms)
    for name, theirs in values(network).items():
        np.testing.assert_allclose(native[name], theirs, rtol=1e-8, atol=1e-12, err_msg=name)


def check_against_kernels(network: Network, layout: str, block: int, order: int) -> None:
    """A run on the emulated target gives the bits of one on the CPU, for a size of blocks and an order."""
    exact = CodegenOptions(fast_math="off", optimise=1)
    network.store()
    try:
        set_default_options(Options(layout=layout, codegen=exact))
        network.run(2.1 * ms)
        native = values(network)
        network.restore()
        set_default_options(Options(layout=layout, codegen=exact, target="emulated", block=block, order=order))
        network.run(2.1 * ms)
    finally:
        set_default_options(None)
    for name, theirs in values(network).items():
        np.testing.assert_array_equal(native[name], theirs, err_msg=name)


RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=10, **RELAXED)
@given(networks(), LAYOUTS)
def test_native_is_interpreted(network, layout):
    check(network, layout)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=6, **RELAXED)
@given(networks())
def test_native_is_numpy(network):
    check_against_numpy(network)


KERNELS_CASES = int(os.environ.get("KERNELS_CASES", "2"))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=KERNELS_CASES, **RELAXED)
@given(networks(), LAYOUTS, st.sampled_from((2, 8, 32, 256)), st.sampled_from((0, 1, 2, 7)))
def test_kernels_are_native(network, layout, block, order):
    check_against_kernels(network, layout, block, order)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=tries(50, 150), **RELAXED)
@given(networks(), LAYOUTS)
def test_native_is_interpreted_in_many(network, layout):
    check(network, layout)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=tries(35, 100), **RELAXED)
@given(networks())
def test_native_is_numpy_in_many(network):
    check_against_numpy(network)
