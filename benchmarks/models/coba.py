"""COBA (Brette et al. 2007): integrate-and-fire cells with conductances, connected with probability 2 % at 4,000."""

from types import ModuleType

from protocol import Model, serve

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
    excited = sim.Synapses(group[:border], group, on_pre="ge += we", namespace={"we": 0.6})
    inhibited = sim.Synapses(group[border:], group, on_pre="gi += wi", namespace={"wi": 6.7})
    excited.connect(p=80 / cells)
    inhibited.connect(p=80 / cells)
    group.v = "El + (randn()*5 - 5)*mV"
    group.ge, group.gi = "randn()*1.5 + 4", "randn()*12 + 20"
    first = {name: getattr(group, f"{name}_")[:] for name in ("v", "ge", "gi")}

    def start() -> None:
        for name, values in first.items():
            setattr(group, f"{name}_", values)
        group.lastspike = -1e4 * sim.second

    return Model(group, start, (excited, inhibited))


if __name__ == "__main__":
    serve(build)
