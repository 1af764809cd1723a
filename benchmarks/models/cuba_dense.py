"""CUBA with a tenth of all pairs connected, and weights so small that the cells fire some nine times a second."""

from types import ModuleType

from cuba import build as build_with
from protocol import Model, serve

DENSITY, WEIGHTS = 0.1, 0.2


def build(sim: ModuleType, cells: int) -> Model:
    """Return the network."""
    return build_with(sim, cells, DENSITY, WEIGHTS)


if __name__ == "__main__":
    serve(build)
