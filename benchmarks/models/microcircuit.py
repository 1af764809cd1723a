"""The cortical microcircuit of Potjans and Diesmann (2014): 77,169 cells, 299 million synapses, or a part of them."""

from types import ModuleType
from typing import Any

import numpy
from protocol import Model, Wire, serve

FULL = 77_169
SIZES = numpy.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
"""Cells of the populations: excitatory and inhibitory ones of the layers 2/3, 4, 5 and 6."""
PROBABILITY = numpy.array(
    [  # row: target, column: source
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0, 0.0076, 0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0, 0.0042, 0],
        [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0, 0.1057, 0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ]
)
EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
POTENTIALS = ((-68.28, 5.36), (-63.16, 4.57), (-63.33, 4.74), (-63.45, 4.94))
POTENTIALS += ((-63.11, 4.94), (-61.66, 4.55), (-66.72, 5.46), (-61.43, 4.48))
WEIGHT = 87.8e-12
PARTS = 40
"""Parts in which synapses are drawn, so that temporaries stay small."""


def build(sim: ModuleType, cells: int) -> Model:
    """Return the network; fewer cells keep the probabilities and have stronger synapses instead."""
    mV, ms, pA = sim.mV, sim.ms, sim.pA  # noqa: N806
    scale = cells / FULL
    draw = numpy.random.Generator(numpy.random.SFC64(1))
    sizes = numpy.maximum((SIZES * scale).astype(int), 1)
    first = numpy.concatenate([[0], numpy.cumsum(sizes)])
    constants = {"tau": 10 * ms, "taus": 0.5 * ms, "El": -65 * mV, "theta": -50 * mV, "C": 250 * sim.pF}
    group = sim.NeuronGroup(
        int(first[-1]),
        "dv/dt = (El - v)/tau + I/C : volt (unless refractory)\ndI/dt = -I/taus : amp",
        threshold="v > theta",
        reset="v = El",
        refractory=2 * ms,
        method="exact",
        namespace=constants,
    )
    inputs = [
        sim.PoissonInput(group[int(a) : int(b)], "I", number, 8 * sim.Hz, 87.8 * pA)
        for a, b, number in zip(first[:-1], first[1:], EXTERNAL, strict=True)
    ]
    potentials = numpy.concatenate([1e-3 * draw.normal(*each, n) for each, n in zip(POTENTIALS, sizes, strict=True)])

    def start() -> None:
        group.v_, group.I = potentials, 0 * pA
        group.lastspike = -1e4 * sim.second

    def connect(wire: Wire) -> tuple[Any, ...]:
        made = []
        for kind, late in ((0, 1.5e-3), (1, 0.75e-3)):
            synapses = sim.Synapses(group, group, "w : amp", on_pre="I_post += w", dtype={"w": numpy.float32})
            pre, post, weights = _drawn(draw, kind, sizes, first, scale)
            synapses.connect(i=pre, j=post)
            synapses.w_ = weights
            synapses.delay_ = _delays(draw, pre.size, late, float(sim.defaultclock.dt))
            made.append(synapses)
        return (*made, *inputs)

    return Model(group, start, connect)


def _drawn(draw: Any, kind: int, sizes: Any, first: Any, scale: float) -> tuple[Any, Any, Any]:
    """Return ends and weights of the synapses of excitatory (0) or inhibitory (1) cells, sorted by their sources."""
    pairs = numpy.outer(SIZES, SIZES).astype(float)
    numbers = numpy.round(numpy.log1p(-PROBABILITY) / numpy.log1p(-1 / pairs) * scale**2).astype(int)
    parts: list[tuple[Any, Any, Any]] = []
    for source in range(kind, 8, 2):
        each = numpy.stack(
            [draw.multinomial(n, numpy.full(sizes[source], 1 / sizes[source])) for n in numbers[:, source]], axis=1
        )
        mean = numpy.full(8, -4.0 if kind else 1.0)
        if source == 2:
            mean[0] = 2.0
        for block in numpy.array_split(numpy.arange(sizes[source]), min(PARTS, sizes[source])):
            counts = each[block]
            target = numpy.repeat(numpy.tile(numpy.arange(8), block.size), counts.ravel())
            pre = numpy.repeat(first[source] + block, counts.sum(axis=1)).astype(numpy.int32)
            post = (first[target] + draw.random(target.size) * sizes[target]).astype(numpy.int32)
            factor = numpy.maximum(1 + 0.1 * draw.standard_normal(target.size, dtype=numpy.float32), 0)
            parts.append((pre, post, ((WEIGHT / scale) * mean[target] * factor).astype(numpy.float32)))
    pre, post, weights = (numpy.concatenate(each) for each in zip(*parts, strict=True))
    return pre, post, weights


def _delays(draw: Any, number: int, mean: float, dt: float) -> Any:
    """Return delays in seconds, normal and at least a step, in whole steps."""
    found = numpy.empty(number, numpy.float32)
    for begin in range(0, number, 1 << 22):
        part = (mean / dt) * (1 + 0.5 * draw.standard_normal(min(number - begin, 1 << 22)))
        found[begin : begin + part.size] = numpy.maximum(numpy.round(part), 1) * dt
    return found


if __name__ == "__main__":
    serve(build)
