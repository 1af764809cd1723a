"""A recurrent network whose synapses all learn by spike timing (pairs, all to all, traces at the synapses)."""

from types import ModuleType
from typing import Any

from protocol import Model, Wire, serve

DENSITY = 0.1
SYNAPSES = """
w : 1
dapre/dt = -apre/taup : 1 (event-driven)
dapost/dt = -apost/taup : 1 (event-driven)
"""
ON_PRE = """
v_post += w*jump
apre += 0.01*wmax
w = clip(w + apost, 0, wmax)
"""
ON_POST = """
apost -= 0.0105*wmax
w = clip(w + apre, 0, wmax)
"""


def build(sim: ModuleType, cells: int) -> Model:
    """Return the network: cells driven by noise above threshold, every synapse plastic."""
    mV, ms = sim.mV, sim.ms  # noqa: N806
    constants = {"tau": 20 * ms, "mu": 22 * mV, "sigma": 3 * mV, "theta": 20 * mV, "Vr": 10 * mV}
    group = sim.NeuronGroup(
        cells,
        "dv/dt = (mu - v)/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)",
        threshold="v > theta",
        reset="v = Vr",
        refractory=2 * ms,
        method="euler",
        namespace=constants,
    )
    made: list[Any] = []

    def start() -> None:
        group.v = "20*mV*i/N"
        group.lastspike = -1e4 * sim.second
        for plastic in made:
            plastic.w = "rand()*wmax"

    def connect(wire: Wire) -> tuple[Any, ...]:
        names = {"taup": 20 * ms, "wmax": 1.0, "jump": 0.01 * mV}
        codes = {"on_pre": ON_PRE, "on_post": ON_POST}
        plastic = sim.Synapses(group, group, SYNAPSES, **codes, delay=1.5 * ms, namespace=names)
        wire(plastic, 0, DENSITY)
        made.append(plastic)
        return (plastic,)

    def silence() -> None:
        group.v = -1 * sim.volt

    return Model(group, start, connect, silence)


if __name__ == "__main__":
    serve(build)
