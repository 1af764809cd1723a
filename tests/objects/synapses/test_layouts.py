"""Layouts of synapses: whatever is chosen, the same spikes at the same time, across runs, copies and new delays."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import ranvier as rv
from ranvier.passes.facts.layouts import best_layout
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
