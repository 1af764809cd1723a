"""COBA (Brette et al. 2007): integrate-and-fire cells with conductances, connected with probability 2 % at 4,000."""

from types import ModuleType
from typing import Any

import numpy
from protocol import Model, Wire, serve

EQUATIONS = """
dv/dt = (ge*(Ee - v) + gi*(Ei - v) - (v - El))/taum : volt (unless refractory)
dge/dt = -ge/taue : 1
dgi/dt = -gi/taui : 1
"""


def build(sim: ModuleType, cells: int) -> Model:
    """Return the network: four fifths of the cells excite, the others inhibit; 80 synapses each."""
    mV, ms = sim.mV, sim.ms  # noqa: N806
    constants = {"taum": 20 * ms, "taue": 5 * ms, "taui": 10 * ms, "Vt": -50 * mV, "Vr": -60 * mV}
    constants |= {"El": -60 * mV, "Ee": 0 * mV, "Ei": -80 * mV}
    group = sim.NeuronGroup(
        cells,
        EQUATIONS,
        threshold="v > Vt",
        reset="v = Vr",
        refractory=5 * ms,
        method="exponential_euler",
        namespace=constants,
    )
    border = 4 * cells // 5
    rng = numpy.random.default_rng(42)
    first = {
        "v": -60e-3 + (rng.standard_normal(cells) * 5 - 5) * 1e-3,
        "ge": rng.standard_normal(cells) * 1.5 + 4,
        "gi": rng.standard_normal(cells) * 12 + 20,
    }

    def start() -> None:
        for name, values in first.items():
            setattr(group, f"{name}_", values)
        group.lastspike = -1e4 * sim.second

    def connect(wire: Wire) -> tuple[Any, ...]:
        excited = sim.Synapses(group[:border], group, on_pre="ge += we", namespace={"we": 0.6})
        inhibited = sim.Synapses(group[border:], group, on_pre="gi += wi", namespace={"wi": 6.7})
        wire(excited, 0, 80 / cells)
        wire(inhibited, border, 80 / cells)
        return excited, inhibited

    return Model(group, start, connect)


if __name__ == "__main__":
    serve(build)
