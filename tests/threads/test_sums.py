"""Threads add up the synapses that end in their part of the neurons: no thread looks at those of another."""

import numpy as np
import pytest
from threads.outcome import check_same, outcome_of

from ranvier import Network, NeuronGroup, Synapses, ms, prefs, seed, start_scope
from ranvier.runtime.team import dividing_all_work, dividing_at

SIZE = 2000


def summed(code: str, *more: str, size: int = SIZE, of: slice = slice(None), onto: slice = slice(None)) -> Network:
    """Cells that are coupled by a sum over synapses, some of the cells to some."""
    start_scope()
    seed(3)
    group = NeuronGroup(
        size,
        "dv/dt = (total - v)/(5*ms) : 1\ntotal : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        name="group",
    )
    group.v = "rand()"
    options = dict(zip(("on_pre", "on_post"), more, strict=False))
    synapses = Synapses(group[of], group[onto], f"w : 1\ntotal_post = {code} : 1 (summed)", name="synapses", **options)
    synapses.connect(p=0.01)
    synapses.w = "0.1*rand()"
    return Network(group, synapses)


def text_of(network: Network) -> str:
    prefs.codegen.threads = 2
    with dividing_all_work():
        return network.lower().as_text("optimised")


CASES = {
    "plain": ("w*v_pre",),
    "costly": ("w*exp(-v_pre)*tanh(v_post)",),
    "plastic": ("w*v_pre", "w = clip(w + 0.01, 0, 1)"),
    "plastic and costly": ("w*exp(v_pre - v_post)", "", "w = clip(w - 0.01, 0, 1)"),
    "numbered": ("w*v_pre*(i % 3)*(1 + j % 2)",),
}
PARTS = {
    "all": {},
    "subgroups": {"of": slice(100, 900), "onto": slice(300, 1700)},
    "one part only": {"of": slice(0, 1000), "onto": slice(1100, 1300)},
    "few": {"size": 300},
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("case", CASES)
def test_sums_are_those_of_one_thread(case: str, part: str) -> None:
    found = {}
    for threads, shares in ((1, ()), (2, ()), (3, (0.1, 0.2)), (8, ())):
        network = summed(*CASES[case], **PARTS[part])
        prefs.codegen.threads = threads
        with dividing_all_work():
            if shares:
                with dividing_at(*shares):
                    network.run(5 * ms)
            else:
                network.run(5 * ms)
        found[threads] = outcome_of(network)
    assert np.any(found[1]["group.total"] != 0)
    for threads in (2, 3, 8):
        check_same(found[threads], found[1])


def test_what_sums_read_is_brought_into_the_order_of_the_parts() -> None:
    text = text_of(summed("w*v_pre"))
    (line,) = (line for line in text.splitlines() if "= snn.accumulate" in line)
    assert "rows(" in line and 'division = "targets"' in text
    assert text.count('snn.derive "part_order"') == 1 and text.count('snn.derive "gather"') >= 3


def test_synapses_that_change_stay_where_they_are() -> None:
    """Then each thread has a list of those that end in its part."""
    text = text_of(summed("w*v_pre", "w = clip(w + 0.01, 0, 1)"))
    (line,) = (line for line in text.splitlines() if "= snn.accumulate" in line)
    assert "rows(" in line and 'snn.derive "part_order"' in text and 'snn.derive "gather"' not in text


def test_weights_that_are_set_between_runs_are_seen() -> None:
    found = {}
    for threads in (1, 2):
        network = summed("w*v_pre")
        prefs.codegen.threads = threads
        with dividing_all_work():
            network.run(2 * ms)
            network["synapses"].w = "0.2*rand()"
            network.run(2 * ms)
            network["synapses"].w[:50] = 0.3
            network.run(2 * ms)
        found[threads] = outcome_of(network)
    check_same(found[2], found[1])
