"""Brunel's sparse network (2000): pulses into integrate-and-fire cells, each pair connected with probability 0.1."""

from types import ModuleType
from typing import Any

from protocol import Model, Wire, serve

JUMP, INHIBITION, DENSITY = 0.1, 5.0, 0.1


def build(sim: ModuleType, cells: int, delays: str | None = None) -> Model:
    """Return the network, driven constantly to some 48 Hz; `delays` is the text for one each, else all are 1.5 ms."""
    mV, ms = sim.mV, sim.ms  # noqa: N806
    constants = {"tau": 20 * ms, "mu": 50 * mV, "theta": 20 * mV, "Vr": 10 * mV}
    group = sim.NeuronGroup(
        cells,
        "dv/dt = (mu - v)/tau : volt (unless refractory)",
        threshold="v > theta",
        reset="v = Vr",
        refractory=2 * ms,
        method="exact",
        namespace=constants,
    )
    border = 4 * cells // 5
    delay = None if delays else 1.5 * ms
    jumps = {"je": JUMP * mV, "ji": -INHIBITION * JUMP * mV}

    def start() -> None:
        group.v = "20*mV*i/N"
        group.lastspike = -1e4 * sim.second

    def connect(wire: Wire) -> tuple[Any, ...]:
        excited = sim.Synapses(group[:border], group, on_pre="v_post += je", delay=delay, namespace=jumps)
        inhibited = sim.Synapses(group[border:], group, on_pre="v_post += ji", delay=delay, namespace=jumps)
        for synapses, first in ((excited, 0), (inhibited, border)):
            wire(synapses, first, DENSITY)
            if delays:
                synapses.delay = delays
        return excited, inhibited

    def silence() -> None:
        group.v = -1 * sim.volt

    return Model(group, start, connect, silence)


if __name__ == "__main__":
    serve(build)
