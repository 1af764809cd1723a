"""Sweeps in which delays differ between sets, or follow from texts: right in every form, on any number of threads."""

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, PoissonGroup, SpikeMonitor, Synapses, ms, seed
from ranvier.runtime import derived

SYNAPSES = 48


def built():
    seed(5)
    source = PoissonGroup(6, "100*Hz + i*30*Hz", name="source")
    cells = NeuronGroup(
        8, "dv/dt = (1 - v)/(10*ms) : 1", threshold="v > 1.2", reset="v = 0", method="exact", name="cells"
    )
    synapses = Synapses(
        source, cells, "w : 1\ndtrace/dt = -trace/(15*ms) : 1 (event-driven)",
        on_pre="v_post += w; trace += 0.1; w = clip(w + trace, 0, 2)", on_post="w = clip(w - trace, 0, 2)", name="S",
    )  # fmt: skip
    synapses.connect()
    synapses.w = "0.3 + 0.2*rand()"
    synapses.delay = "1*ms*rand()"
    return Network(source, cells, synapses, SpikeMonitor(cells, name="spikes"))


def permuted():
    """Delays that are the same numbers in another order: all lists of the program have one size."""
    rng = np.random.default_rng(0)
    return [rng.permutation(np.arange(SYNAPSES) % 11 * 0.1) * ms for _ in range(6)]


DELAYS = {
    "in another order": permuted(),
    "drawn": ["1*ms*rand()"],
    "drawn from few": ["0.1*ms*int(rand() < 0.5)"],
    "several texts": ["1*ms*rand()", "0.5*ms*rand()", "0.1*ms*i"],
    "of another key": ["0.1*ms*i*far"],
    "one text": ["0.1*ms*i"],
}


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("delays", DELAYS)
def test_delays_of_sets(delays, workers):
    network = built()
    over = {"S.delay": DELAYS[delays], "seed": [1, 2, 3], "S.w": ["rand()"]}
    over |= {"far": [1, 2]} if "far" in str(DELAYS[delays]) else {}
    measure = {"w": "mean(S.w)", "delay": "mean(S.delay)", "n": "count(spikes)"}
    alone = network.sweep(30 * ms, over, keep="spikes", measure=measure, form="one after another")
    found = network.sweep(30 * ms, over, keep="spikes", measure=measure, workers=workers)
    assert not found.failures and found.to_arrow().equals(alone.to_arrow())
    assert found.tables["spikes"].equals(alone.tables["spikes"])
    plan = network.sweep(30 * ms, over, measure=measure, workers=workers, plan=True)
    if delays == "one text":
        assert plan.form == "lanes"
    else:
        assert "'S.delay' differs between sets" in plan.reason and plan.form in ("processes", "one after another")


def test_delays_that_only_a_few_sets_have():
    """The sets that are tried first have the delays of the text; what one of the others has is seen all the same."""
    network = built()
    text = "0.5*ms + 0.3*ms*int(odd > 0.5)*i"
    over, start = {"odd": [0.0, *[0.1] * 40, 1.0, *[0.2] * 20]}, {"S.delay": text}
    results = [
        network.sweep(20 * ms, over, start=start, keep="spikes", measure="mean(S.w)", form=form, workers=2)
        for form in (None, "one after another")
    ]
    assert results[0].to_arrow().equals(results[1].to_arrow())


def test_sets_that_are_run_alone_look_at_arrays_anew():
    """While sets are computed together, arrays in common are looked at once; a set that is run alone changes them."""

    class Holder:
        frozen = False

        def __init__(self):
            self.array = np.zeros(4)

        @property
        def readable(self):
            return self.array

    class Slot:
        recipe = ("copy", (0,))
        input = 0

    holder = Holder()
    with derived.unchanging([Slot()], [holder]):
        before = derived._contents(holder, holder.array)
        holder.array[1] = 1
        assert derived._contents(holder, holder.array) == before
        with derived.changing():
            assert derived._contents(holder, holder.array) != before
            holder.array[2] = 1
        last = derived._contents(holder, holder.array)
        assert last not in (before, derived._contents(Holder(), np.array([0.0, 1, 0, 0])))
