"""Memory of synapses: what is kept, what `memory_plan` says, and errors instead of memory that there is not."""

import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from chosen_target import longest

from ranvier import (
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    mV,
    prefs,
    volt,
)
from ranvier.objects.connections.ends import SourceStorage, TargetStorage
from ranvier.objects.memory import arrays
from ranvier.objects.memory.lazy import LazyStorage, UniformStorage
from ranvier.objects.networks import memory_plan
from ranvier.objects.synapses import memory
from ranvier.passes.facts.layouts import best_layout
from ranvier.runtime import derived
from ranvier.session.logger import catch_logs

SPIKING = "dv/dt = (1.5 - v)/(10*ms) : 1"
STDP = """
w : 1
dapre/dt = -apre/(20*ms) : 1 (event-driven)
dapost/dt = -apost/(20*ms) : 1 (event-driven)
"""


def group(size=2000):
    made = NeuronGroup(size, SPIKING, threshold="v > 1", reset="v = 0", method="exact")
    made.v = "rand()"
    return made


def constant(cells):
    made = Synapses(cells, cells, on_pre="v_post += 1e-5")
    made.connect(p=0.3)
    return made


def weighted(cells):
    made = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    made.connect(p=0.3)
    made.w = "rand()*1e-4"
    made.delay = "0.1*ms + rand()*2*ms"
    return made


def plastic(cells):
    made = Synapses(
        cells,
        cells,
        STDP,
        on_pre="v_post += 1e-5*w\napre += 0.01\nw = clip(w + apost, 0, 1)",
        on_post="apost -= 0.01\nw = clip(w + apre, 0, 1)",
    )
    made.connect(p=0.3)
    made.delay = 1 * ms
    return made


def plastic_with_delays(cells):
    made = plastic(cells)
    made.pre.delay = "0.1*ms + rand()*2*ms"
    return made


def unsorted(cells):
    made = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    draw = np.random.default_rng(1)
    made.connect(i=draw.integers(0, 2000, 10**6), j=draw.integers(0, 2000, 10**6))
    made.w = "rand()*1e-4"
    return made


def allocated(synapses, made_before):
    """Bytes of all arrays of synapses, of their rows, and those derived from them."""
    storages = {id(v.storage): v.storage for v in synapses.variables.values() if hasattr(v, "storage")}
    total = sum(s.kept_bytes if isinstance(s, LazyStorage) else s.array.nbytes for s in storages.values())
    for pathway in synapses.pathways.values():
        rows, history = pathway.laid_out
        parts = [history.indices, history.counts]
        if rows.pointers.array is not synapses.connections.sources.pointers:
            parts.append(rows.pointers)
        total += sum(part.array.nbytes for part in parts)
        if rows.order is not None:
            total += rows.order.kept_bytes if isinstance(rows.order, LazyStorage) else rows.order.array.nbytes
    traces = synapses.shared_traces
    if traces is not None:
        held = [*traces.traces.values.values(), *traces.traces.last.values()]
        total += sum(storage.array.nbytes for storage in held)
    made = {id(m.array): m.array for kept in derived._made.values() for m in kept.values()}
    own = {id(synapses.connections.targets.readable)}
    return total + sum(a.nbytes for key, a in made.items() if key not in made_before and key not in own)


def counted(cells):
    made = constant(cells)
    made.delay = "0.1*ms + rand()*2*ms"
    return made


def short_rows(cells):
    made = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    made.connect(p=0.1)
    made.w = "rand()*1e-4"
    made.delay = "0.1*ms + rand()*40*ms"
    return made


def twice(cells):
    made = Synapses(cells, cells, on_pre="v_post += 1e-5")
    made.connect(p=0.3, n=2)
    return made


LAYOUTS = {constant: "bits", counted: "counts", twice: "rows", short_rows: "ring", weighted: "rows", plastic: "rows"}


@pytest.mark.parametrize("make", LAYOUTS)
def test_plans_expect_the_layout_that_the_compiler_takes(make):
    cells = group()
    synapses = make(cells)
    with mock.patch.object(memory, "best_layout", wraps=memory.best_layout) as decided:
        synapses.memory_plan()
        chosen = [best_layout(*call.args) for call in decided.call_args_list]
    text = Network(cells, synapses).lower().as_text("optimised")
    assert {LAYOUTS[make]} == set(chosen) == set(re.findall(r'layout = "(\w+)', text))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("make", [*LAYOUTS, plastic_with_delays, unsorted])
def test_plans_agree_with_what_is_allocated(make, threads):
    prefs.codegen.threads = threads
    before = {id(m.array): m.array for kept in derived._made.values() for m in kept.values()}  # kept: ids stay theirs
    cells = group()
    synapses = make(cells)
    plan = Network(cells, synapses).memory_plan()
    planned = sum(row.bytes for row in plan.rows if row.object.startswith("synapses"))
    Network(cells, synapses).run(1 * ms)
    assert planned == pytest.approx(allocated(synapses, before), rel=0.05)


RESIDENT = """
from pathlib import Path
from ranvier import *
def peak():  # not that of getrusage: it begins with what the parent process had
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
cells = NeuronGroup(10_000, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
cells.v = "rand()"
def made(p):
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    synapses.connect(p=p)
    synapses.w = "rand()*1e-4"
    synapses.delay = "0.1*ms + rand()*2*ms"
    return synapses
Network(cells, made(0.0001)).run(0.1*ms)
before = peak()
cells = NeuronGroup(10_000, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
synapses = made(0.2)
network = Network(cells, synapses)
plan = network.memory_plan().total
network.run(1*ms)
print(plan, peak() - before)
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="resident memory is read from /proc")
def test_plans_agree_with_resident_memory():
    """Temporary memory while rows are built may come on top: less than 3 bytes a synapse and 60 MB."""
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT], capture_output=True, text=True, check=True, timeout=longest()
    )
    plan, resident = map(int, done.stdout.split())
    assert 0.9 * plan < resident < 1.05 * plan + 3 * 20_000_000 + 60_000_000


def test_a_plan_is_a_table():
    cells = group(100)
    synapses = constant(cells)
    monitors = SpikeMonitor(cells), StateMonitor(cells, "v", record=range(10))
    plan = Network(cells, synapses, *monitors).memory_plan()
    assert plan.total == sum(row.bytes for row in plan.rows) and plan.present <= plan.total
    assert plan.per_second == (8 + 10 * 8) / 1e-4
    lines = str(plan).splitlines()
    assert any(line.startswith("spikemonitor") and line.endswith("12 B/spike") for line in lines)
    assert any(line.startswith("statemonitor") and line.endswith("880 kB/s") for line in lines)
    assert "total" in str(plan) and "MemoryPlan" in repr(plan)
    assert not hasattr(plan, "_repr_html_")


def test_plans_of_synapses_that_are_not_made():
    cells = group()
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    planned = synapses.memory_plan(p=0.3, delays=22, longest=2.1 * ms)
    assert synapses.memory_plan(10**9).total > 10**9 * (2 + 8)
    made = weighted(cells).memory_plan()
    assert planned.total == pytest.approx(made.total, rel=0.02)
    with pytest.raises(ValueError, match="more than 2147483647 synapses"):
        synapses.memory_plan(2**31)
    with pytest.raises(ValueError, match="not -1 and 1"):
        synapses.memory_plan(-1)


def test_a_run_warns_of_too_little_memory(monkeypatch):
    cells = group()
    synapses = Synapses(cells, cells, "w : 1", on_pre="w += 1")
    synapses.connect(p=1.0, n=2)
    monkeypatch.setattr(memory_plan, "available_memory", lambda: 10**7)
    with catch_logs() as logs:
        Network(cells, synapses).run(0.1 * ms)
    assert any("more memory, but only 10.0 MB are available" in text for _, _, text in logs)


# ---------------------------------------------------------------- what is kept


def test_nothing_but_targets_is_kept():
    cells = group()
    synapses = constant(cells)
    Network(cells, synapses).run(1 * ms)
    assert not synapses.connections.sources.is_made and synapses.connections.targets.kept_bytes == 2 * len(synapses)
    assert np.array_equal(synapses.i[:], np.sort(synapses.i[:])) and len(synapses.i) == len(synapses)
    assert not synapses.connections.sources.is_made


def test_variables_of_one_value():
    cells = group(100)
    synapses = Synapses(cells, cells, "w : volt\nk : integer\nb : boolean", on_pre="v_post += w/volt")
    synapses.connect(j="i")
    storage = synapses.variables["w"].storage
    assert storage.uniform == 0
    synapses.w = 3 * mV
    assert storage.uniform == 0.003 and not storage.is_made
    assert synapses.w[7] == 3 * mV and np.all(synapses.w[2:5] == 3 * mV)
    synapses.connect(j="(i + 1) % N_post")  # new synapses begin with zero
    assert storage.uniform is None
    assert synapses.w_[:].tolist() == [0.003] * 100 + [0.0] * 100
    synapses.w[3, 4] = 1 * volt
    assert synapses.w[103] == 1 * volt and synapses.w[3] == 3 * mV
    synapses.w = "2*mV"
    assert np.all(synapses.w[:] == 2 * mV)


def test_variables_of_any_name():
    cells = group(10)
    synapses = Synapses(cells, cells, "sources : 1\ntargets : 1\ncounts : 1", on_pre="v_post += targets")
    synapses.connect(j="i")
    synapses.targets, synapses.sources, synapses.counts = 2, "i", 3
    assert synapses.targets[:].tolist() == [2] * 10 and synapses.counts[:].tolist() == [3] * 10
    assert synapses.sources[:].tolist() == list(range(10))


def test_second_connections():
    cells = NeuronGroup(5, "x : 1")
    synapses = Synapses(cells, cells)
    synapses.connect(i=[0, 0, 2], j=[1, 3, 4])
    synapses.connect(i=[2, 4], j=[0, 0])
    assert synapses.is_sorted_by_source
    synapses.connect(i=[1], j=[2])
    assert not synapses.is_sorted_by_source
    assert synapses.i[:].tolist() == [0, 0, 2, 2, 4, 1] and synapses.j[:].tolist() == [1, 3, 4, 0, 0, 2]
    assert synapses.N_outgoing_pre.tolist() == [2, 1, 2, 0, 1]
    assert synapses.N_incoming_post.tolist() == [2, 1, 1, 1, 1]


def test_sources_of_parts():
    storage = SourceStorage("s", 5)
    storage.set_pointers(np.array([0, 2, 2, 3, 7, 7]))
    everything = [0, 0, 2, 3, 3, 3, 3]
    for part in (slice(None), slice(1, 5), slice(6, None), slice(None, None, -2), slice(3, 3), slice(1, 7, 3)):
        assert storage.take(part).tolist() == everything[part]
    assert storage.take(np.array([6, 0, -1])).tolist() == [3, 0, 3]
    assert not storage.is_made
    assert storage.array.tolist() == everything and storage.is_made


@pytest.mark.parametrize(("elements", "dtype"), [(1 << 16, np.uint16), ((1 << 16) + 1, np.int32)])
def test_widths_of_targets(elements, dtype):
    storage = TargetStorage("j", elements)
    storage.set_copies(np.array([0, elements - 1]))
    assert storage.readable.dtype == dtype
    assert storage.array.dtype == storage.take(slice(None)).dtype == np.int32
    assert storage.array.tolist() == [0, elements - 1]


def test_delays_that_are_not_kept():
    cells = group(500)
    synapses = constant(cells)
    synapses.delay = "0.1*ms + rand()*i*0.01*ms"
    storage = synapses.pre.delay_variable.storage
    first = synapses.delay[:]
    assert storage.kept_bytes == 0 and np.array_equal(first, synapses.delay[:])
    Network(cells, synapses).run(1 * ms)
    assert storage.kept_bytes == 0
    bound = (0.1 + np.asarray(synapses.i[:]) * 0.01) * ms
    assert np.all(first <= bound) and first.std() > 0.5 * ms and np.corrcoef(first, bound)[0, 1] > 0.5
    synapses.delay[0] = 3 * ms
    assert storage.kept_bytes == 8 * len(synapses) and synapses.delay[0] == 3 * ms
    assert np.array_equal(synapses.delay[1:], first[1:])


def test_delays_that_depend_on_what_may_change_are_kept():
    cells = group(500)
    synapses = constant(cells)
    synapses.delay = "v_pre*ms"
    before = synapses.delay[:]
    cells.v = 0
    assert np.array_equal(before, synapses.delay[:]) and before.max() > 0 * ms
    synapses.delay = "delay + 1*ms"
    assert np.allclose(synapses.delay_[:], np.asarray(before) + 1e-3)


def test_stored_states_of_synapses_without_memory():
    cells = group(300)
    synapses = constant(cells)
    synapses.delay = "rand()*ms"
    network = Network(cells, synapses)
    network.store()
    i, delays = synapses.i[:], synapses.delay[:]
    synapses.connect(j="i")
    synapses.delay = 5 * ms
    network.restore()
    assert np.array_equal(synapses.i[:], i) and np.array_equal(synapses.delay[:], delays)
    assert synapses.is_sorted_by_source


# ---------------------------------------------------------------- errors


def test_no_memory(monkeypatch):
    def refuse(size, dtype):
        raise MemoryError

    storage = UniformStorage("synapses.w", 2_000_000_000, np.float64)
    monkeypatch.setattr(arrays, "allocate", refuse)
    with pytest.raises(MemoryError, match=r"for 'synapses.w': 2,000,000,000 values need 16.0 GB"):
        storage.array  # noqa: B018


def test_too_many_synapses():
    cells = NeuronGroup(50_000, "x : 1")
    synapses = Synapses(cells, cells)
    for arguments in ({}, {"p": 0.9}, {"p": 0.1, "n": 10}, {"condition": "i != j"}):
        with pytest.raises(ValueError, match="more than 2147483647 synapses"):
            synapses.connect(**arguments)
    assert len(synapses) == 0


@pytest.mark.parametrize("size", [0, 1, 999.4, 999.6, 123456, 5e9, 2e13])
def test_amounts_for_people(size):
    number, unit = arrays.in_bytes(size).split()
    assert float(number) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit] == pytest.approx(size, rel=0.06, abs=0.5)


def test_what_instances_have_in_common_and_what_each_has_for_itself():
    cells = NeuronGroup(
        50, "dv/dt = (mu - v)/(10*ms) : 1\nmu : 1 (constant)", threshold="v > 1", reset="v = 0", method="exact"
    )
    fixed, learning = weighted(cells), plastic(cells)
    network = Network(cells, fixed, learning, SpikeMonitor(cells), StateMonitor(cells, "v", record=True))
    network.run(1 * ms)
    plan = network.memory_plan(instances=1000)
    rows = {(row.object, row.what): row for row in plan.rows}
    assert plan.once + plan.own == plan.total == network.memory_plan().total
    assert plan.at_once(1000) == plan.once + 1000 * plan.own
    for name in (fixed.name, learning.name):
        assert rows[name, "ends"].own == 0 and rows[f"{name}_pre", "spikes on their way"].own > 0
    assert rows[fixed.name, "w"].own == rows[f"{fixed.name}_pre", "copies in order"].own == 0
    assert rows[learning.name, "w"].own == rows[learning.name, "w"].bytes == 8 * len(learning)
    assert rows[cells.name, "variables"].bytes - rows[cells.name, "variables"].own == 8 * 50  # mu
    lines = str(plan).splitlines()
    assert lines[0].split() == ["once", "each"] and any("all 1,000 side by side" in line for line in lines)
    given = memory_plan.network_plan(list(network), instances=2, given=[f"{fixed.name}.w", f"{cells.name}.mu"])
    rows = {(row.object, row.what): row for row in given.rows}
    assert rows[fixed.name, "w"].own == 8 * len(fixed)
    assert rows[f"{fixed.name}_pre", "copies in order"].own == rows[f"{fixed.name}_pre", "copies in order"].bytes > 0
    assert rows[cells.name, "variables"].own == rows[cells.name, "variables"].bytes
    delays = memory_plan.network_plan(list(network), instances=2, given=[f"{fixed.name}.delay"])
    rows = {(row.object, row.what): row for row in delays.rows}
    assert rows[f"{fixed.name}_pre", "rows"].own == rows[f"{fixed.name}_pre", "rows"].bytes > 0
    with pytest.raises(ValueError, match="1 or more"):
        network.memory_plan(instances=0)
    with pytest.raises(TypeError, match="whole number"):
        network.memory_plan(instances=2.5)


def test_timed_arrays_are_in_the_plan() -> None:
    """Each once, by the name that texts have for it or its own, wherever it is named."""
    drive, kick = TimedArray(np.zeros((50, 4)), dt=1 * ms), TimedArray(np.zeros(30), dt=1 * ms, name="kicks")
    rate, weight = TimedArray(np.ones(20), dt=1 * ms), TimedArray(np.ones(10), dt=1 * ms)
    other = TimedArray(np.ones(7), dt=1 * ms)
    cells = NeuronGroup(
        4, "dv/dt = drive(t, i)/ms : 1", threshold="v > inner(t)", reset="v = kick(t)", method="euler",
        namespace={"inner": other, "drive": drive, "kick": kick},
    )  # fmt: skip
    cells.run_regularly("v += kick(t)")
    source = PoissonGroup(2, rates="rate(t)*Hz")
    synapses = Synapses(source, cells, on_pre="v += weight(t)")
    synapses.connect()
    network = Network(cells, source, synapses)
    assert drive is not other and rate is not weight and kick is not rate
    for _ in range(2):  # before a run and after it
        rows = {row.object: (row.number, row.bytes) for row in network.memory_plan().rows if row.what == "timed array"}
        assert rows == {
            "drive": (200, 1600), "inner": (7, 56), "kicks": (30, 240), "rate": (20, 160), "weight": (10, 80),
        }  # fmt: skip
        network.run(0.1 * ms)
