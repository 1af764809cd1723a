"""Parts of a run begin where threads are equally long at work, and nothing else changes by that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threads.outcome import check_same, outcome_of

from ranvier import Network, NeuronGroup, SpikeMonitor, Synapses, ms, prefs, seed, start_scope
from ranvier.ir.part_recipes import firsts_of
from ranvier.ir.recipes import KINDS
from ranvier.ir.team import WHOLE, Parts
from ranvier.passes.default_pipeline import DEFAULT_PIPELINE
from ranvier.runtime.balance import LEAST_SECONDS, MOST_CHANGES, SHORTLY, Balance
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.team import dividing_all_work

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def parts_at(shares: list[float]) -> Parts:
    return Parts(len(shares) + 1, (0, *sorted(int(WHOLE * share) for share in shares), WHOLE))


def measured(busy: list[float], of: Parts, seconds: float = 10.0, size: int = 0) -> Balance:
    balance = Balance(of, size)
    balance.note(busy, [1000] * len(busy), seconds)
    return balance


# ---- where parts begin


def test_equal_parts_are_a_plain_number() -> None:
    assert Parts(3) == 3 and hash(Parts(3)) == hash(3) and 3 == Parts(3)
    assert Parts(3) != Parts(3, (0, 1, 2, WHOLE)) and Parts(3, (0, 1, 2, WHOLE)) != 3
    assert Parts(2).starts == (0, WHOLE // 2, WHOLE)


@given(SHARES, st.integers(1, 60_000))
def test_parts_begin_at_whole_tiles_and_have_all_elements(shares: list[float], size: int) -> None:
    firsts = firsts_of(size, parts_at(shares))
    assert firsts[0] == 0 and firsts[-1] >= size
    assert not (firsts % 512).any() and (np.diff(firsts) >= 0).all()


@given(SHARES, st.integers(0, 2**31), st.integers(0, 900))
def test_rows_are_divided_where_parts_begin(shares: list[float], number: int, offset: int) -> None:
    random = np.random.default_rng(number)
    size = int(random.integers(1, 5000)) + offset
    lengths = random.integers(0, 40, size=int(random.integers(1, 60)))
    pointers = np.concatenate([[0], np.cumsum(lengths)])
    numbers = random.integers(0, size - offset, size=pointers[-1]).astype(random.choice([np.int32, np.uint16]))
    given_parts = parts_at(shares)
    firsts, own = firsts_of(size, given_parts), np.empty(numbers.size, dtype=int)
    for k, value in enumerate(numbers):
        own[k] = sum(int(value) + offset >= first for first in firsts[1:-1])
    rows = np.repeat(np.arange(lengths.size), lengths)
    found = KINDS["parts"](np.empty, pointers, numbers, given_parts, size, offset)
    order = KINDS["part_order"](np.empty, pointers, numbers, given_parts, size, offset)
    begin = 0
    for row in range(lengths.size):
        for part in range(given_parts):
            assert found[row * given_parts + part] == begin
            count = int(((rows == row) & (own == part)).sum())
            assert (own[order[begin : begin + count]] == part).all()
            assert (np.diff(order[begin : begin + count]) > 0).all()
            begin += count
    assert found[-1] == begin == numbers.size


# ---- when they change


def test_where_one_part_takes_longer_it_becomes_smaller() -> None:
    found = measured([3.0, 1.0], Parts(2)).better(left=100.0, cost=0.1)
    assert found is not None
    assert found.starts == (0, WHOLE // 3, WHOLE)  # two of three quarters of the work are in two of three thirds


@settings(max_examples=50)
@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=8))
def test_equal_parts_have_the_same_work(busy: list[float]) -> None:
    before = Parts(len(busy))
    density = np.repeat(np.array(busy) * len(busy) / WHOLE, np.diff(before.starts))
    after = Balance(before).equal(busy)
    work = [density[begin:end].sum() for begin, end in zip(after.starts, after.starts[1:], strict=False)]
    assert np.allclose(work, np.mean(work), rtol=1e-3)


def test_a_change_has_to_pay() -> None:
    uneven, even = [3.0, 1.0], [1.02, 1.0]
    assert measured(even, Parts(2)).better(left=1e6, cost=0.1) is None
    assert measured(uneven, Parts(2)).better(left=1e6, cost=2.0) is None  # waiting has cost 1 s
    assert measured(uneven, Parts(2)).better(left=2.0, cost=0.9) is None  # the rest of the run can save 0.7 s
    assert measured(uneven, Parts(2)).better(left=3.0, cost=0.9) is not None
    assert measured(uneven, Parts(2), seconds=LEAST_SECONDS / 2).better(left=1e6, cost=1e-3) is None
    assert measured(uneven, Parts(2), seconds=LEAST_SECONDS / 2).better(left=1e6, cost=0.0) is not None
    assert measured(uneven, Parts(2), seconds=SHORTLY / 2).better(left=1e6, cost=0.0) is None
    assert measured(uneven, Parts(2)).better(left=0.002, cost=0.0) is None  # a change takes a while, too


def test_parts_do_not_change_for_ever() -> None:
    balance = measured([3.0, 1.0], Parts(2))
    for _ in range(MOST_CHANGES):
        better = balance.better(left=1e6, cost=0.1)
        assert better is not None
        balance.change(better, 0.1)
        assert not balance.busy and balance.seconds == 0
        balance.note([3.0, 1.0], [1000, 1000], 10.0)
    assert balance.better(left=1e6, cost=0.1) is None
    for _ in range(2 * MOST_CHANGES):  # where that takes no time they may
        better = balance.better(left=1e6, cost=0.0)
        assert better is not None
        balance.change(better, 0.0)
        balance.note([3.0, 1.0], [1000, 1000], 10.0)


def test_parts_begin_at_the_next_tiles() -> None:
    balance = measured([1.3, 1.0], Parts(2), size=10_000)  # of 20 tiles, the last one shorter
    found = balance.better(left=1e6, cost=0.0)
    assert found is not None and firsts_of(10_000, found).tolist() == [0, 9 * 512, 20 * 512]
    balance.change(found, 0.0)
    balance.note([1.0, 1.05], [1000, 1000], 10.0)
    assert balance.better(left=1e6, cost=0.0) is None
    assert measured([1.05, 1.0], Parts(2), size=10_000).better(left=1e6, cost=0.0) is None  # a whole tile is too much
    assert measured([1.3, 1.0], Parts(2), size=600).better(left=1e6, cost=0.0) is None


@given(SHARES, st.integers(0, 10**6), st.lists(st.floats(0.01, 10), min_size=7, max_size=7))
def test_parts_at_tiles_are_parts(shares: list[float], size: int, busy: list[float]) -> None:
    before = parts_at(shares)
    after = Balance(before, size).equal(busy[: int(before)])
    assert int(after) == int(before)
    if size >= 512:
        inner = firsts_of(size, after)[1:-1]
        assert [-(-min(int(first) * WHOLE, size * WHOLE) // size) for first in inner] == list(after.starts[1:-1])


def test_what_was_long_ago_counts_little_where_a_change_takes_no_time() -> None:
    balance = measured([10.0, 10.0], Parts(2), seconds=100.0)
    balance.note([0.3, 0.1], [1000, 1000], 2.0)
    assert balance.better(left=1e6, cost=0.0) is not None
    assert balance.better(left=1e6, cost=1e-3) is None


def test_what_one_thread_did_for_another_is_not_counted() -> None:
    balance = Balance(Parts(2))
    balance.note([3.0, 1.0], [1000, 500], 10.0)
    balance.note([0.003, 0.001], [3, 3], 10.0)
    assert not balance.busy


# ---- runs


def uneven() -> Network:
    """Cells of which the first get all spikes."""
    group = NeuronGroup(
        3000, "dv/dt = (1.3 - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="group"
    )
    group.v = "i/3000.0"
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", name="synapses")
    synapses.connect(i=np.repeat(np.arange(3000), 20), j=np.tile(np.arange(20) * 50, 3000))
    synapses.w = "0.001*rand()"
    synapses.delay = "1*ms + rand()*ms"
    return Network(group, synapses, SpikeMonitor(group, name="spikes"))


@pytest.mark.parametrize("layout", ["choose-layout", 'choose-layout{layout="rows" index-bits=32}'])
def test_parts_change_within_a_run(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where rows are records, which have been noted for spikes that are on their way."""
    wanted = [(0.3,), (0.9,), (0.0,), (0.5,)]
    seen: list[tuple[int, ...]] = []

    def better(balance: Balance, left: float, cost: float) -> Parts | None:
        assert left > 0 and cost > 0
        seen.append(balance.parts.starts)
        return parts_at(list(wanted[len(seen) % len(wanted)]))

    def outcome(threads: int) -> dict[str, np.ndarray]:
        start_scope()
        seed(5)
        prefs.codegen.threads = threads
        prefs.codegen.pipeline = DEFAULT_PIPELINE.replace("choose-layout", layout)
        network = uneven()
        with dividing_all_work():
            network.run(40 * ms)
        return outcome_of(network)

    expected = outcome(1)
    monkeypatch.setattr(Balance, "better", better)
    monkeypatch.setattr(Simulation, "_limit", lambda self: setattr(self, "_instants", 7) or 7)
    check_same(outcome(2), expected)
    assert len(seen) > 20 and len(set(seen)) >= len(wanted)


def test_runs_measure_how_long_threads_are_at_work() -> None:
    start_scope()
    prefs.codegen.threads = 2
    network = uneven()
    noted: list[tuple[list[float], list[int]]] = []

    class Noting(Balance):
        def note(self, busy, times, seconds) -> None:
            noted.append((busy, times))

    network._balances[2] = Noting(Parts(2))
    with dividing_all_work():
        network.run(100 * ms)
    assert all(len(busy) == len(times) == 2 for busy, times in noted)
    assert sum(busy[1] for busy, _ in noted) > 0 and sum(times[1] for _, times in noted) > 0  # that of the main thread
    assert all(second >= 0 for busy, _ in noted for second in busy)


def test_the_next_run_begins_with_parts_that_are_equally_long_at_work() -> None:
    """Where synapses are bits, threads need no arrays of their own, so a change takes no time."""
    found = {}
    for threads in (1, 2):
        start_scope()
        seed(5)
        prefs.codegen.threads = threads
        prefs.codegen.pipeline = DEFAULT_PIPELINE.replace("choose-layout", 'choose-layout{layout="bits"}')
        group = NeuronGroup(
            3000, "dv/dt = (1.3 - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="group"
        )
        group.v = "i/3000.0"
        synapses = Synapses(group, group, on_pre="v_post += 0.001", delay=1 * ms, name="synapses")
        synapses.connect(p=0.1)
        network = Network(group, synapses, SpikeMonitor(group, name="spikes"))
        with dividing_all_work():
            network.run(10 * ms)
            balance = network._balance_of(threads)
            assert balance.size == 3000
            if threads == 2:
                balance.note([0.5, 0.1], [1000, 1000], 0.6)
            network.run(10 * ms)
            if threads == 2:
                assert balance.parts.starts[1] < WHOLE // 2 and not balance.changes
            network.run(10 * ms)
        found[threads] = outcome_of(network)
    check_same(found[2], found[1])
