"""COBAHH (Brette et al. 2007): Hodgkin-Huxley cells with conductances, 80 synapses each."""

from types import ModuleType
from typing import Any

import numpy
from hh import build as build_cells
from protocol import Model, Wire, serve


def build(sim: ModuleType, cells: int) -> Model:
    """Return the network: four fifths of the cells excite, the others inhibit."""
    group = build_cells(sim, cells).group
    border = 4 * cells // 5
    rng = numpy.random.default_rng(42)
    first = {
        "v": -60e-3 + (rng.standard_normal(cells) * 5 - 5) * 1e-3,
        "ge": (rng.standard_normal(cells) * 1.5 + 4) * 1e-8,
        "gi": (rng.standard_normal(cells) * 12 + 20) * 1e-8,
    }

    def start() -> None:
        for name, values in first.items():
            setattr(group, f"{name}_", values)
        group.m = group.n = group.h = 0
        group.lastspike = -1e4 * sim.second

    def connect(wire: Wire) -> tuple[Any, ...]:
        excited = sim.Synapses(group[:border], group, on_pre="ge += we", namespace={"we": 6 * sim.nS})
        inhibited = sim.Synapses(group[border:], group, on_pre="gi += wi", namespace={"wi": 67 * sim.nS})
        wire(excited, 0, 80 / cells)
        wire(inhibited, border, 80 / cells)
        return excited, inhibited

    return Model(group, start, connect)


if __name__ == "__main__":
    serve(build)
