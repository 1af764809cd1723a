"""Integrate-and-fire cells driven by white noise (an Ornstein-Uhlenbeck process with a threshold)."""

from types import ModuleType

from protocol import Model, serve


def build(sim: ModuleType, cells: int) -> Model:
    """Return cells whose mean input lies two standard deviations below threshold."""
    group = sim.NeuronGroup(
        cells,
        "dv/dt = (mu - v)/tau + sigma*sqrt(2/tau)*xi : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        namespace={"mu": 0.5, "sigma": 0.25, "tau": 10 * sim.ms},
    )

    def start() -> None:
        group.v = 0

    return Model(group, start)


if __name__ == "__main__":
    serve(build)
