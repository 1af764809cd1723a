"""Leaky integrate-and-fire cells with refractoriness, solved exactly."""

from types import ModuleType

from protocol import Model, serve


def build(sim: ModuleType, cells: int) -> Model:
    """Return cells whose constant input lies below threshold for a third of them, and up to 1.4 times it for others."""
    group = sim.NeuronGroup(
        cells,
        """dv/dt = (I - v)/tau : 1 (unless refractory)
           I : 1 (constant)""",
        threshold="v > 1",
        reset="v = 0",
        refractory=5 * sim.ms,
        method="exact",
        namespace={"tau": 20 * sim.ms},
    )
    group.I = "0.8 + 0.6*i/N"

    def start() -> None:
        group.v = 0
        group.lastspike = -1e4 * sim.second

    return Model(group, start)


if __name__ == "__main__":
    serve(build)
