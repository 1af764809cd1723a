"""What is measured: models, sizes, durations, hand-written programs, and the ratios to Brian that are aimed at."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Benchmark:
    """A model of a size, and how long it is simulated.

    Attributes:
        model: the script in `models/`.
        cells: how many.
        seconds: simulated per run.
        programs: the hand-written programs in `c/` by the names they are shown under; that named "C" is the limit.
        peer_seconds: simulated per run by Brian, where that is less (only populations, whose costs do not change).
        synapses: whether there are any.
        aim: how many times as fast as Brian's standalone mode Ranvier should be in double precision.
    """

    model: str
    cells: int
    seconds: float
    programs: dict[str, str]
    peer_seconds: float | None = None
    synapses: bool = True
    aim: float | None = None

    @property
    def brian_seconds(self) -> float:
        """Seconds that Brian simulates per run."""
        return self.peer_seconds or self.seconds

    def shortened(self, factor: float) -> "Benchmark":
        """Return the same with shorter runs."""
        peer = self.peer_seconds and self.peer_seconds * factor
        return replace(self, seconds=self.seconds * factor, peer_seconds=peer)


BRUNEL = {"C": "brunel", "C rows": "brunel_rows"}
STDP = {"C": "stdp", "C index": "stdp_index"}

BENCHMARKS = {
    "hh": Benchmark("hh", 100_000, 0.05, {"C": "hh"}, peer_seconds=0.02, synapses=False),
    "lif-4k": Benchmark("lif", 4_000, 10.0, {"C": "lif"}, peer_seconds=2.0, synapses=False),
    "lif-1m": Benchmark("lif", 1_000_000, 0.1, {"C": "lif"}, peer_seconds=0.05, synapses=False),
    "ou": Benchmark("ou", 100_000, 0.2, {"C": "ou"}, peer_seconds=0.05, synapses=False),
    "cuba-4k": Benchmark("cuba", 4_000, 5.0, {"C": "cuba"}, aim=3.4),
    "cuba-100k": Benchmark("cuba", 100_000, 0.5, {"C": "cuba"}, aim=2.1),
    "coba": Benchmark("coba", 4_000, 5.0, {"C": "coba"}, aim=3.4),
    "cobahh": Benchmark("cobahh", 4_000, 0.5, {"C": "cobahh"}, aim=9.0),
    "brunel": Benchmark("brunel", 10_000, 0.5, BRUNEL, aim=9.6),
    "brunel-delays": Benchmark("brunel_delays", 10_000, 0.5, {"C": "brunel_delays"}, aim=7.0),
    "stdp-4k": Benchmark("stdp", 4_000, 0.5, STDP, aim=3.7),
    "stdp-10k": Benchmark("stdp", 10_000, 0.2, STDP, aim=4.3),
}
