"""Random networks, large enough to be divided, do the same with two and three threads as with one.

`THREADS_CASES=500 python -m pytest tests/threads/test_random_networks.py` tries many more.
"""

import os

import numpy as np
import pytest
from objects.synapses.test_random_networks import ACTIONS, MODELS, NEURONS, OF_MODEL
from threads.outcome import check_same, run_with

from ranvier import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, defaultclock, ms, prefs

CASES = int(os.environ.get("THREADS_CASES", "3"))


class Choice:
    """Draws the parts of a network."""

    def __init__(self, number: int) -> None:
        self.random = np.random.default_rng(number)

    def of(self, items):
        return items[int(self.random.integers(len(items)))]

    def number(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def chance(self, percent: int) -> bool:
        return self.number(1, 100) <= percent


def group(choice: Choice, number: int) -> NeuronGroup:
    size = choice.number(500, 1700)
    made = NeuronGroup(
        size,
        choice.of(NEURONS) + "\ng : 1\ndrive : 1\ntotal : 1\ncount : integer",
        threshold="v > 0.6" + choice.of(("", " + 0.05*rand()")),
        reset=choice.of(("v = 0", "v = 0.1*rand()", "v -= 0.6; g *= 0.5")),
        refractory=choice.of((0, 0.25)) * ms,
        method=choice.of(("euler", "rk2")),
        name=f"group{number}",
    )
    made.v = np.linspace(0.1, 0.7, size)
    made.drive = np.linspace(2.5, 0.5, size)
    return made


def part(choice: Choice, whole: NeuronGroup):
    if not choice.chance(40):
        return whole
    start = choice.number(0, len(whole) - 200)
    return whole[start : choice.number(start + 100, len(whole))]


def statements(choice: Choice, model: str) -> str:
    possible = list(ACTIONS) + [line for name, lines in OF_MODEL.items() if name in model for line in lines]
    return "; ".join(choice.of(possible) for _ in range(choice.number(1, 3)))


def connected(choice: Choice, groups: list[NeuronGroup], number: int) -> Synapses:
    model = choice.of(MODELS)
    source, target = part(choice, choice.of(groups)), part(choice, choice.of(groups))
    made = Synapses(
        source,
        target,
        f"w : 1\n{model}",
        on_pre=statements(choice, model),
        on_post=statements(choice, model) if choice.chance(40) else None,
        method="euler",
        name=f"synapses{number}",
    )
    pairs = choice.number(0, 6000)
    if choice.chance(50):
        made.connect(p=pairs / (len(source) * len(target)))
    else:
        ends = choice.random.integers(0, (len(source), len(target)), (pairs, 2))
        made.connect(i=ends[:, 0], j=ends[:, 1])
    made.w = "0.02 + 0.01*((3*i + 5*j) % 7)"
    for name in made.pathways:
        if choice.chance(60):
            getattr(made, name).delay = choice.of(("0.3*ms", "rand()*ms", "int(rand() < 0.1)*2*ms"))
    made.pre.when = choice.of(("synapses", "synapses", "after_groups", "end"))
    return made


def network_of(number: int) -> Network:
    """Returns a network of one or two groups and up to three sets of synapses, with monitors."""
    choice = Choice(number)
    defaultclock.dt = 0.1 * ms
    prefs.codegen.synapse_layout = choice.of(("auto", "rows", "counts", "bits", "ring"))
    groups = [group(choice, k) for k in range(choice.number(1, 2))]
    made = []
    for k in range(choice.number(1, 3)):
        synapses = connected(choice, groups, k)
        if not made or not synapses.summed_updaters:
            made.append(synapses)
    monitors = [m for g in groups for m in (SpikeMonitor(g), StateMonitor(g, ["v", "g", "total"], record=True))]
    return Network(*groups, *made, *monitors)


@pytest.mark.parametrize("number", range(CASES))
def test_random_networks_do_the_same_with_any_number_of_threads(number: int) -> None:
    with np.errstate(all="ignore"):
        expected = run_with(1, lambda: network_of(number), 3)
        for threads in (2, 3):
            check_same(run_with(threads, lambda: network_of(number), 3), expected)
