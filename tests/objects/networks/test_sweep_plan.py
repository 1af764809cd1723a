"""What `plan=True` says of the time: the formula, trials by a clock that is told what things take, and no traces."""

import contextlib
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from ranvier import Network, NetworkOperation, NeuronGroup, SpikeMonitor, Synapses, TimedArray, ms
from ranvier.objects.networks.sweeps.sets import sets_of
from ranvier.objects.networks.sweeps.trial import Cost, cost_alone, cost_together, relative_lengths
from ranvier.objects.networks.sweeps.work import Outcome
from ranvier.objects.synapses import memory
from ranvier.passes.lower import noted_rows
from ranvier.passes.optimise import pack_rows


@pytest.mark.parametrize(
    ("cost", "workers", "together", "seconds"),
    [
        (Cost(1, 8, 1), 1, 1, 1000),  # one thread does all
        (Cost(1, 8, 1), 2, 1, 500),  # two share all
        (Cost(2, 1, 2), 2, 1, 400),  # one prepares and measures, and cannot be shared
        (Cost(0, 4, 0), 4, 1, 100),
        (Cost(0, 4, 0), 4, 64, 256),  # a part cannot be divided
        (Cost(0, 4, 0), 1, 4096, 400),
    ],
)
def test_workers_share_runs_while_one_thread_prepares_and_measures(cost, workers, together, seconds):
    assert cost.seconds(100, workers, together) == seconds


@dataclass
class Pretended:
    """Work for which a set takes some time, and more for each simulated second; all times are told."""

    fixed: float
    per_second: float
    length: float
    typical: int = 0
    now: float = 0.0
    done: list = field(default_factory=list)

    @property
    def network(self):
        return SimpleNamespace(clocks=[SimpleNamespace(dt_=1e-4)])

    @property
    def request(self):
        return SimpleNamespace(call=SimpleNamespace(length=self.length))

    def values(self, k):
        return {}

    def compute_for(self, k, length):
        length = self.length if length is None else length
        self.done.append(length)
        self.now += self.fixed + self.per_second * length + 0.01 * k


@pytest.mark.parametrize("length", [1e-4, 0.1, 10.0, 1000.0])
@pytest.mark.parametrize("per_second", [0.001, 1.0, 60.0])
def test_a_long_set_is_foretold_from_its_beginning(length, per_second):
    work = Pretended(0.004, per_second, length)
    found = cost_alone(work, [0], 1.0, lambda: work.now)
    assert found == pytest.approx(0.004 + per_second * length)
    assert work.now < 10 and max(work.done) <= length


def test_longer_sets_cost_more():
    work = Pretended(0.01, 1.0, 10.0)
    assert cost_alone(work, [0], 3.0, lambda: work.now) == pytest.approx(0.01 + 30)


def test_short_sets_are_tried_in_many_places():
    work = Pretended(0.001, 0, 0.5)
    assert cost_alone(work, range(5), 1.0, lambda: work.now) == pytest.approx(0.001 + 0.01 * np.mean(range(4)))
    work = Pretended(0.2, 0, 0.5)
    cost_alone(work, range(25), 1.0, lambda: work.now)
    assert work.now < 2, "a trial ends after some tenths of a second"


def test_sets_of_other_lengths_and_steps_count_by_their_steps():
    sets = sets_of({"dt": [0.1, 0.2] * ms, "duration": [10, 30] * ms}, zip=False)
    work = SimpleNamespace(sets=sets, typical=0, values=sets.row)
    assert relative_lengths(work, range(4)) == pytest.approx(np.mean([1, 3, 0.5, 1.5]))
    assert relative_lengths(work, [0, 0]) == 1


def test_a_trial_of_sets_side_by_side_stops_and_counts_what_was_done():
    now = [0.0]

    class Run:
        def advance_part(self, watch, parts):
            for part in range(1, parts + 1):
                now[0] += 0.1
                if watch():
                    return part / parts
            return 1.0

    class Returned:
        def outcomes(self, run, chunk):
            for some in (chunk[:1], chunk[1:]):
                now[0] += 0.001 * len(some)
                yield Outcome(some)

    class Job:
        members = range(100)
        returned = Returned()

        def chunks(self, members, workers):
            return [members[:40], members[40:]]

        def unchanging(self):
            return contextlib.nullcontext()

        def start(self, chunk):
            now[0] += 0.08
            return Run()

        def end(self):
            pass

        def take_back(self, run):
            pass

    work = SimpleNamespace(request=SimpleNamespace(measures={}))
    cost = cost_together(work, Job(), 1, lambda: now[0])
    assert cost.begin == pytest.approx(0.08 / 40) and cost.end == pytest.approx(0.001)
    assert cost.run == pytest.approx(6.4 / 40), "64 parts of a tenth of a second, of which three were done"


@pytest.mark.parametrize("what", ["measure", "operation", "setup"])
def test_a_plan_calls_functions_of_the_script_where_it_notices_nothing(what, capsys):
    called = []
    cells = NeuronGroup(2, "dv/dt = (drive - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    spikes = SpikeMonitor(cells)
    network = Network(cells, spikes)
    options = {"measure": {"n": lambda: called.append(1) or spikes.num_spikes}} if what == "measure" else {}
    if what == "operation":
        network.add(NetworkOperation(lambda: called.append(1), dt=1 * ms))
    if what == "setup":
        options["setup"] = lambda network, values: called.append(1)
    plan = network.sweep(20 * ms, {"drive": [0.5, 2, 3]}, plan=True, namespace={}, **options)
    assert plan.seconds > 0 and "from a trial" in capsys.readouterr().out
    assert len(called) <= (what == "setup"), "the first look at a sweep calls setup, once"
    assert network.t == 0 * ms


def test_timed_arrays_are_in_the_plan_of_a_sweep(capsys):
    """Those that all sets have are there once; those of a key of `over` once for each set."""
    waves = [TimedArray(np.arange(1000.0) * k, dt=1 * ms) for k in (1, 2)]
    cells = NeuronGroup(1, "dv/dt = (wave(t) + other(t) - v)/(5*ms) : 1", method="euler", name="cells")
    names = {"wave": waves[0], "other": TimedArray(np.ones(500), dt=1 * ms)}
    network = Network(cells)
    plan = network.sweep(5 * ms, {"wave": waves}, measure="mean(v)", plan=True, namespace=names)
    rows = {row.object: row for row in plan.table.rows if row.what == "timed array"}
    assert (rows["wave"].bytes, rows["wave"].own) == (8000, 8000)
    assert (rows["other"].bytes, rows["other"].own) == (4000, 0)
    assert "timed array" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("size", "on_pre", "delay", "there"),
    [
        (70_000, "v_post += w", "0.1*ms + 2*ms*rand()", True),
        (60_000, "v_post += w", "0.1*ms + 2*ms*rand()", False),
        (70_000, "v_post += w; w += 0.1", "0.1*ms + 2*ms*rand()", False),
        (70_000, "v_post += 1", "0.1*ms + 2*ms*rand()", False),
    ],
)
def test_rows_that_are_looked_up_ahead(size, on_pre, delay, there):
    """They are in the plan where the program has records of synapses: before the first run, and after it."""
    cells = NeuronGroup(size, "v : 1", threshold="v > 1", reset="v = 0", name="cells")
    synapses = Synapses(cells, cells, "w : 1", on_pre=on_pre, name="S")
    source, target = np.random.default_rng(1).integers(0, size, (2, 100_000))
    synapses.connect(i=source, j=target)
    synapses.w, synapses.delay = "rand()", delay
    network = Network(cells, synapses)
    before = [row for row in network.memory_plan().rows if row.what == "rows looked up ahead"]
    assert ("records" in network.lower().as_text("loops")) == there == bool(before)
    network.run(0.1 * ms)
    after = [row for row in network.memory_plan().rows if row.what == "rows looked up ahead"]
    assert [(row.number, row.bytes) for row in after] == [(row.number, row.bytes) for row in before]


def test_plans_know_the_numbers_of_the_compiler():
    assert memory.LEAST_ROOM == noted_rows.LEAST_ROOM and memory.SHARE_OF_ALL == noted_rows.SHARE_OF_ALL
    assert memory.MOST_IN_RECORD == pack_rows.MOST and noted_rows.TIMES_MOST == noted_rows.PIECE == 2


def test_the_plan_counts_the_states_of_all_sets_that_are_computed_at_once() -> None:
    """Those of the network, of the state that sets begin from, of the set that was prepared, and of each run."""
    cells = NeuronGroup(1000, "dv/dt = (mu - v)/(10*ms) : 1", method="exact", name="cells")
    network, over = Network(cells), {"mu": np.linspace(0, 1, 40)}
    own = network.memory_plan(instances=1).own
    for form, workers, copies in (("turns", 1, 4), ("turns", 2, 6), ("lanes", 1, 35), ("lanes", 2, 51)):
        plan = network.sweep(1 * ms, over, measure="mean(v)", form=form, workers=workers, plan=True)
        assert plan.memory == plan.table.once + copies * own and "in each of" not in str(plan), (form, workers)
        assert repr(plan).startswith(f"<SweepPlan: 40 sets, {form}, ")
