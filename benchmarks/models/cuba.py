"""CUBA (Brette et al. 2007): integrate-and-fire cells with exponential currents, 80 synapses each whatever the size."""

from types import ModuleType
from typing import Any

import numpy
from protocol import Model, Wire, serve

EQUATIONS = """
dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
dge/dt = -ge/taue : volt
dgi/dt = -gi/taui : volt
"""


def build(sim: ModuleType, cells: int, density: float | None = None, weights: float = 1.0) -> Model:
    """Return the network: four fifths of the cells excite, the others inhibit.

    `density` is the probability of each pair, by default 80 synapses a cell; all weights are multiplied with `weights`.
    """
    mV, ms = sim.mV, sim.ms  # noqa: N806
    constants = {"taum": 20 * ms, "taue": 5 * ms, "taui": 10 * ms, "Vt": -50 * mV, "Vr": -60 * mV, "El": -49 * mV}
    group = sim.NeuronGroup(
        cells, EQUATIONS, threshold="v > Vt", reset="v = Vr", refractory=5 * ms, method="exact", namespace=constants
    )
    first = numpy.random.default_rng(42).uniform(-60e-3, -50e-3, cells)
    border = 4 * cells // 5

    def start() -> None:
        group.v_ = first
        group.ge = group.gi = 0 * mV
        group.lastspike = -1e4 * sim.second

    def connect(wire: Wire) -> tuple[Any, ...]:
        excited = sim.Synapses(group[:border], group, on_pre="ge += we", namespace={"we": 1.62 * weights * mV})
        inhibited = sim.Synapses(group[border:], group, on_pre="gi += wi", namespace={"wi": -9 * weights * mV})
        wire(excited, 0, density or 80 / cells)
        wire(inhibited, border, density or 80 / cells)
        return excited, inhibited

    return Model(group, start, connect)


if __name__ == "__main__":
    serve(build)
