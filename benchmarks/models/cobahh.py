"""COBAHH (Brette et al. 2007): Hodgkin-Huxley cells with conductances, 80 synapses each."""

from types import ModuleType

from hh import build as build_cells
from protocol import Model, serve


def build(sim: ModuleType, cells: int) -> Model:
    """Return the network: four fifths of the cells excite, the others inhibit."""
    group = build_cells(sim, cells).group
    border = 4 * cells // 5
    excited = sim.Synapses(group[:border], group, on_pre="ge += we", namespace={"we": 6 * sim.nS})
    inhibited = sim.Synapses(group[border:], group, on_pre="gi += wi", namespace={"wi": 67 * sim.nS})
    excited.connect(p=80 / cells)
    inhibited.connect(p=80 / cells)
    group.v = "El + (randn()*5 - 5)*mV"
    group.ge, group.gi = "(randn()*1.5 + 4)*10*nS", "(randn()*12 + 20)*10*nS"
    first = {name: getattr(group, f"{name}_")[:] for name in ("v", "ge", "gi")}

    def start() -> None:
        for name, values in first.items():
            setattr(group, f"{name}_", values)
        group.m = group.n = group.h = 0
        group.lastspike = -1e4 * sim.second

    return Model(group, start, (excited, inhibited))


if __name__ == "__main__":
    serve(build)
