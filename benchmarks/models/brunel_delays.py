"""Brunel's network with delays that are uniform between 0.5 and 3 ms."""

from types import ModuleType

from brunel import build as build_with
from protocol import Model, serve


def build(sim: ModuleType, cells: int) -> Model:
    """Return the network."""
    return build_with(sim, cells, "0.5*ms + 2.5*ms*rand()")


if __name__ == "__main__":
    serve(build)
