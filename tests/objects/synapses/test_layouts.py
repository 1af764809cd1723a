"""Layouts of synapses: whatever is chosen, the same spikes at the same time, across runs, copies and new delays."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import ranvier as rv
from ranvier.passes.facts.layouts import GUESS, INTERVAL, best_layout, decides
from ranvier.session.logger import catch_logs

TICK = rv.second / 8192
"""The step: a power of two, so that nothing is rounded."""

OPS = {"rows": "snn.propagate", "counts": "lists(", "bits": "bits(", "ring": "snn.deposit"}
"""What a program has if a layout was chosen."""


@pytest.fixture(autouse=True)
def preference() -> Iterator[None]:
    before, dt = rv.prefs["codegen.synapse_layout"], rv.defaultclock.dt
    yield
    rv.prefs["codegen.synapse_layout"], rv.defaultclock.dt = before, dt
    rv.prefs["codegen.firing_rate"] = "guess"


class Recurrent:
    """Cells that count up to a threshold and send what they have to others; all numbers are multiples of 1/16.

    Args:
        layout: That of the synapses.
        code: What synapses do.
        delays: In steps, one chosen at random for each synapse.
        part: Whether the synapses end at a part of the cells only.
        event: "pre" or "post".
    """

    def __init__(
        self, layout: str, code: str, delays: tuple[int, ...] = (3,), *, part: bool = False, event: str = "pre"
    ) -> None:
        rv.start_scope()
        rv.defaultclock.dt = TICK
        rng = np.random.default_rng(5)
        self.cells = rv.NeuronGroup(
            75,
            "dv/dt = drive/tick : 1 (unless refractory)\nn : integer\ndrive : 1",
            threshold="v > 2",
            reset="v = 0",
            refractory=5 * TICK,
            method="euler",
            namespace={"tick": TICK},
        )
        self.cells.drive = rng.integers(1, 9, 75) / 16
        sources, targets = (self.cells[5:], self.cells[20:70]) if part else (self.cells, self.cells)
        on = {"on_pre": code} if event == "pre" else {"on_post": code}
        self.synapses = rv.Synapses(sources, targets, "w : 1", **on)
        chosen = rng.random((len(sources), len(targets))) < 0.4
        self.synapses.connect(i=chosen.nonzero()[0], j=chosen.nonzero()[1])
        self.synapses.w = rng.integers(-4, 5, len(self.synapses)) / 16
        self.steps = rng.choice(delays, len(self.synapses))
        pathway = self.synapses.pre if event == "pre" else self.synapses.post
        pathway.delay = self.steps * TICK
        self.pathway = pathway
        self.monitor = rv.SpikeMonitor(self.cells)
        self.network = rv.Network(self.cells, self.synapses, self.monitor)
        self.layout = layout

    def run(self, *steps: int) -> "Recurrent":
        rv.prefs["codegen.synapse_layout"] = self.layout
        for number in steps:
            self.network.run(number * TICK)
        return self

    def outcome(self) -> tuple[np.ndarray, ...]:
        return self.monitor.i[:], np.round(self.monitor.t_[:] / float(TICK)), self.cells.v[:], self.cells.n[:]

    def lowered(self) -> str:
        rv.prefs["codegen.synapse_layout"] = self.layout
        return self.network.lower().as_text("optimised")

    def assert_has_layout(self) -> None:
        text = self.lowered()
        found = {layout for layout, op in OPS.items() if op in text}
        assert found == {self.layout}


CASES = {
    "uniform": ("v_post += 0.125", ("counts", "bits")),
    "two": ("v_post -= 0.0625\nn_post += 2", ("counts", "bits")),
    "count": ("n_post += 1", ("counts", "bits")),
    "weights": ("v_post += w", ("ring",)),
}


def assert_same(found: Recurrent, expected: Recurrent) -> None:
    assert expected.monitor.num_spikes > 50
    for one, other in zip(found.outcome(), expected.outcome(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("delays", [(3,), (0, 1, 4)])
@pytest.mark.parametrize("part", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_same_spikes_as_rows(case: str, part: bool, delays: tuple[int, ...]) -> None:
    code, layouts = CASES[case]
    expected = Recurrent("rows", code, delays, part=part).run(60)
    for layout in layouts:
        found = Recurrent(layout, code, delays, part=part).run(60)
        found.assert_has_layout()
        assert_same(found, expected)


@pytest.mark.parametrize(("code", "layout"), [("v_pre += 0.125", "counts"), ("v_pre += w", "ring")])
def test_spikes_of_targets(code: str, layout: str) -> None:
    found = Recurrent(layout, code, (2, 0), event="post").run(40)
    found.assert_has_layout()
    assert_same(found, Recurrent("rows", code, (2, 0), event="post").run(40))


@pytest.mark.parametrize(
    ("code", "layout"), [("v_post += 0.125", "counts"), ("v_post += 0.125", "bits"), ("v_post += w", "ring")]
)
def test_spikes_on_their_way_survive_runs_copies_and_new_delays(code: str, layout: str) -> None:
    expected = Recurrent("rows", code, (7, 2)).run(60)
    found = Recurrent(layout, code, (7, 2)).run(9, 1, 5, 45)
    assert_same(found, expected)

    found.network.store()
    first = found.run(30).outcome()
    found.network.restore()
    second = found.run(11, 19).outcome()
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)

    for model in (found, expected.run(30)):
        model.pathway.delay = (9 - model.steps) * TICK
        model.run(2, 3, 25)
        model.assert_has_layout()
    assert_same(found, expected)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("spiking", [1, 23, 24, 25, 60, 300])
def test_many_rows_of_many_lines_are_counted(spiking: int, threads: int) -> None:
    """More rows than one strip, and than counters can count at a time; more lines than a block has."""
    rv.start_scope()
    rv.prefs["codegen.synapse_layout"] = "bits"
    rng = np.random.default_rng(8)
    ends = [(i, np.flatnonzero(rng.random(17_000) < 0.1)) for i in range(300)]
    chosen = rng.permutation(300)[:spiking]
    sources = rv.SpikeGeneratorGroup(300, chosen, np.zeros(spiking) * rv.second)
    targets = rv.NeuronGroup(17_000, "n : integer")
    synapses = rv.Synapses(sources, targets, on_pre="n_post += 1", delay=rv.defaultclock.dt)
    synapses.connect(i=np.concatenate([np.full(len(j), i) for i, j in ends]), j=np.concatenate([j for _, j in ends]))
    network = rv.Network(sources, targets, synapses)
    before = rv.prefs["codegen.threads"]
    rv.prefs["codegen.threads"] = threads
    try:
        network.run(3 * rv.defaultclock.dt)
    finally:
        rv.prefs["codegen.threads"] = before
    assert layout_of(network) == "bits"
    expected = np.zeros(17_000, dtype=int)
    for i in chosen:
        expected[ends[i][1]] += 1
    np.testing.assert_array_equal(targets.n[:], expected)


def test_what_changes_during_a_run_is_no_fixed_sum() -> None:
    model = Recurrent("ring", "v_post += w\nw -= 0.0625")
    model.run(20)
    text = model.lowered()
    assert OPS["rows"] in text and "the code writes to synapses" in text
    model = Recurrent("counts", "v_post += w")
    assert "what is added differs from synapse to synapse" in model.lowered()


def test_weights_that_a_script_changes_between_runs_count() -> None:
    found, expected = (Recurrent(layout, "v_post += w").run(20) for layout in ("ring", "rows"))
    for model in (found, expected):
        # spikes on their way take the new weights along, as synapse by synapse
        model.synapses.w = "-w"
        model.run(30)
    assert_same(found, expected)


@pytest.mark.parametrize(
    ("facts", "layout"),
    [
        ({"degree_log2": 10, "row_log2": 10, "sparsity_log2": 4}, "bits"),
        ({"degree_log2": 10, "row_log2": 6, "sparsity_log2": 6}, "counts"),
        ({"degree_log2": 7, "row_log2": 7, "sparsity_log2": 2}, "rows"),
        ({"degree_log2": 7, "row_log2": 0, "sparsity_log2": 6}, "ring"),
        ({"degree_log2": 7, "row_log2": 1, "sparsity_log2": 6}, "rows"),
        ({}, "rows"),
    ],
)
def test_the_sizes_decide(facts: dict[str, int], layout: str) -> None:
    assert best_layout(facts, {"rows", "counts", "bits", "ring"}) == layout
    assert best_layout(facts, {"rows"}) == "rows"


@pytest.mark.parametrize(
    ("facts", "slow", "fast"),
    [
        ({"degree_log2": 9, "row_log2": 9, "sparsity_log2": 4}, "rows", "bits"),
        ({"degree_log2": 9, "row_log2": 6, "sparsity_log2": 6, "guarded": 1}, "rows", "counts"),
        ({"degree_log2": 8, "row_log2": 0, "sparsity_log2": 6}, "rows", "ring"),
    ],
)
def test_the_rates_decide(facts: dict[str, int], slow: str, fast: str) -> None:
    """A sum of all arrivals is worth it where there are many: two times a second, or fifty."""
    possible = {"counts", "bits"} if fast != "ring" else {"ring"}
    found = [best_layout({**facts, INTERVAL: interval}, possible) for interval in (13, 8)]
    assert found == [slow, fast]
    assert decides(facts, 13) or decides(facts, 8)
    assert not decides(facts, GUESS)


def test_sums_that_are_refused_by_some_are_counted_earlier() -> None:
    """Looking for each synapse whether its neuron is refractory takes time; a count is looked at once."""
    facts = {"degree_log2": 8, "row_log2": 10, "sparsity_log2": 4}
    assert best_layout(facts, {"bits"}) == "rows"
    assert best_layout({**facts, "guarded": 1}, {"bits"}) == "bits"


def rated(rate: float) -> tuple[rv.Network, rv.Synapses, rv.NeuronGroup]:
    """Cells that spike so often, with synapses that can be counted."""
    rv.start_scope()
    rv.defaultclock.dt = TICK
    cells = rv.NeuronGroup(200, "dv/dt = rate*Hz : 1\nx : 1", threshold="v > 1", reset="v = 0", method="euler",
                           namespace={"rate": rate})  # fmt: skip
    cells.v = "i/N"
    synapses = rv.Synapses(cells, cells, on_pre="x_post += 1", name="wires")
    synapses.connect()
    return rv.Network(cells, synapses), synapses, cells


def layout_of(network: rv.Network) -> str:
    return network.lower().as_text("optimised").partition('layout = "')[2].partition('"')[0].partition(",")[0]


def test_a_rate_that_is_given_decides() -> None:
    found = []
    for rate in ("guess", 0, 200, 200 * rv.Hz):
        rv.prefs["codegen.firing_rate"] = rate
        found.append(layout_of(rated(10)[0]))
    assert found == ["rows", "rows", "bits", "bits"]
    for wrong in ("often", -1, 3 * rv.ms, True, float("inf")):
        with pytest.raises(rv.core.preferences.PreferenceError):
            rv.prefs["codegen.firing_rate"] = wrong


def test_a_long_run_measures_rates_and_goes_on_with_what_is_best() -> None:
    rv.prefs["codegen.firing_rate"] = "measured"
    network, synapses, cells = rated(300)
    with catch_logs(log_level=logging.INFO) as logs:
        network.run(2000 * TICK)
        assert synapses.pre.measured_rate is None  # too short
        network.run(20_000 * TICK)
    (said,) = [text for _, _, text in logs if "from now on" in text]
    assert "times a second: from now on the synapses of 'wires_pre' are stored as is best for that" in said
    assert synapses.pre.measured_rate == pytest.approx(300, rel=0.05)
    assert layout_of(network) == "bits"
    rv.prefs["codegen.firing_rate"] = "guess"
    assert layout_of(network) == "rows"
    other, _, expected = rated(300)
    other.run(22_000 * TICK)
    np.testing.assert_array_equal(cells.x[:], expected.x[:])
    np.testing.assert_array_equal(cells.v[:], expected.v[:])


def test_a_layout_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    rv.prefs["codegen.cache_dir"] = str(tmp_path)
    rv.prefs["codegen.synapse_layout"] = "bits"
    try:
        for name in ("first", "second"):  # the second from the cache, for a pathway of another name
            cells = rv.NeuronGroup(10, "v : 1", threshold="v > 1", reset="v = 0", name=f"cells_{name}")
            synapses = rv.Synapses(cells, cells, "w : 1", on_pre="w += 1; v_post += w", name=name)
            synapses.connect(p=1)
            network = rv.Network(cells, synapses)
            with catch_logs() as logs:
                network.run(0.1 * rv.ms)
            (said,) = [text for _, _, text in logs if "layout" in text]
            assert said.startswith(
                f"The synapses of '{name}_pre' cannot have the layout 'bits' and keep 'rows': no sum"
            )
        rv.prefs["codegen.pipeline"] = "fuse-maps"
        with catch_logs() as logs:
            network.run(0.1 * rv.ms)
        assert any("codegen.synapse_layout = 'bits' has no effect" in text for _, _, text in logs)
    finally:
        rv.prefs["codegen.cache_dir"] = None
        rv.prefs["codegen.pipeline"] = "default"
