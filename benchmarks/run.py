"""Measure Ranvier, Brian and hand-written C side by side: CPU seconds per simulated second, one core each.

    python benchmarks/run.py [NAME ...] [--repeats 5] [--brian-python PATH] [--quick] [--json FILE]

All simulators of a model are started first (import, compilation, warm-up) and wait; then they run in turn, so that
whatever else the machine does meets all of them alike. Printed are medians, and the ratios of Ranvier to C and of Brian
to Ranvier. Without `--brian-python` (a Python that has brian2) Brian is left out.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
C_FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-mprefer-vector-width=512", "-std=gnu11")
DTYPES = {"float64": "double", "float32": "float"}
SINGLE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Benchmark:
    """A model of a size, and how long each simulator simulates it.

    Attributes:
        model: the script in `models/` and the program in `c/`.
        cells: how many.
        seconds: simulated per run by Ranvier and C.
        peer_seconds: simulated per run by Brian.
    """

    model: str
    cells: int
    seconds: float
    peer_seconds: float


BENCHMARKS = {
    "hh": Benchmark("hh", 100_000, 0.05, 0.02),
    "lif-4k": Benchmark("lif", 4_000, 10.0, 2.0),
    "lif-1m": Benchmark("lif", 1_000_000, 0.1, 0.05),
    "ou": Benchmark("ou", 100_000, 0.2, 0.05),
    "cuba-4k": Benchmark("cuba", 4_000, 5.0, 1.0),
    "cuba-100k": Benchmark("cuba", 100_000, 0.5, 0.2),
    "coba": Benchmark("coba", 4_000, 5.0, 1.0),
    "cobahh": Benchmark("cobahh", 4_000, 1.0, 0.1),
    "brunel": Benchmark("brunel", 10_000, 0.5, 0.2),
    "brunel-delays": Benchmark("brunel_delays", 10_000, 0.5, 0.2),
    "stdp-4k": Benchmark("stdp", 4_000, 0.5, 0.2),
    "stdp-10k": Benchmark("stdp", 10_000, 0.1, 0.05),
}


@dataclass
class Contestant:
    """One simulator with one model, and what was measured of it."""

    name: str
    compile_wall: float
    runs: list[dict[str, Any]] = field(default_factory=list)

    def turn(self) -> None:
        """Run once."""
        raise NotImplementedError

    def leave(self) -> None:
        """End what waits."""

    @property
    def cost(self) -> float:
        """Median CPU seconds per simulated second."""
        return statistics.median(run["cpu"] / run["simulated"] for run in self.runs)

    def summary(self) -> dict[str, Any]:
        """Return the medians."""
        middle = {
            key: [run[key] for run in self.runs if run.get(key) is not None] for key in ("peak_mb", "preparation")
        }
        medians = {key: statistics.median(values) for key, values in middle.items() if values}
        costs = [run["cpu"] / run["simulated"] for run in self.runs]
        return {"cost": self.cost, "lowest": min(costs), "highest": max(costs), "compile": self.compile_wall, **medians}


class HandWritten(Contestant):
    """The C program of a model."""

    def __init__(self, benchmark: Benchmark, dtype: str, core: int, folder: Path) -> None:
        self.program = folder / f"{benchmark.model}-{dtype}"
        began = os.times().elapsed
        source = HERE / "c" / f"{benchmark.model}.c"
        compiler = os.environ.get("CC", "gcc")
        real = f"-DREAL={DTYPES[dtype]}"
        subprocess.run([compiler, *C_FLAGS, real, str(source), "-o", str(self.program), "-lm"], check=True)
        super().__init__("C", os.times().elapsed - began)
        self.command = [str(self.program), str(benchmark.cells), str(round(benchmark.seconds * 1e4))]
        self.core = core

    def turn(self) -> None:
        """Run the program once."""
        done = subprocess.run(self.command, stdout=subprocess.PIPE, check=True, preexec_fn=_pin(self.core))
        self.runs.append(json.loads(done.stdout))


class Simulator(Contestant):
    """A Python process that built and compiled a model, and runs it once per line it is sent."""

    def __init__(self, name: str, command: Sequence[str], core: int) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, preexec_fn=_pin(core), env=os.environ | SINGLE_THREAD
        )
        super().__init__(name, self._answer()["compile_wall"])

    def _answer(self) -> dict[str, Any]:
        for line in self.process.stdout or ():
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(f"{self.process.args} ended early")

    def turn(self) -> None:
        """Ask for one run and wait for it."""
        assert self.process.stdin is not None
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        self.runs.append(self._answer())

    def leave(self) -> None:
        """Let the process end."""
        self.process.communicate()


def _pin(core: int) -> Any:
    return lambda: os.sched_setaffinity(0, {core})


def contestants(benchmark: Benchmark, dtype: str, options: argparse.Namespace, folder: Path) -> Iterator[Contestant]:
    """Start each simulator that is to be had, yield it when it is ready."""
    core = max(os.sched_getaffinity(0))
    scale = 0.2 if options.quick else 1.0
    sized = Benchmark(benchmark.model, benchmark.cells, benchmark.seconds * scale, benchmark.peer_seconds * scale)
    if (HERE / "c" / f"{benchmark.model}.c").exists():
        yield HandWritten(sized, dtype, core, folder)
    script = str(HERE / "models" / f"{benchmark.model}.py")
    common = ["--cells", str(sized.cells), "--dtype", dtype]
    own = [script, "--module", "ranvier", *common, "--seconds", f"{sized.seconds:.9g}"]
    if not options.without_ranvier:
        yield Simulator("ranvier", [sys.executable, *own], core)
    if options.brian_python:
        for target in ("cython", "cpp_standalone"):
            peer = [script, "--module", "brian2", "--target", target, *common, "--seconds", f"{sized.peer_seconds:.9g}"]
            yield Simulator(f"brian {target}", [options.brian_python, *peer], core)


def measure(name: str, dtype: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one model in one precision, with the simulators taking turns."""
    with tempfile.TemporaryDirectory() as folder:
        runners = list(contestants(BENCHMARKS[name], dtype, options, Path(folder)))
        for _ in range(options.repeats):
            for runner in runners:
                runner.turn()
        for runner in runners:
            runner.leave()
    return {runner.name: runner.summary() for runner in runners}


def show(name: str, dtype: str, measured: dict[str, Any]) -> None:
    """Print the lines of one model."""
    own, limit = measured.get("ranvier"), measured.get("C", {"cost": math.nan})["cost"]
    for simulator, result in measured.items():
        line = f"{name:13} {dtype:8} {simulator:22} {result['cost']:10.4g} {result['lowest']:10.4g}"
        line += f" {result['highest']:10.4g} {result['cost'] / limit:8.2f}"
        line += f" {result['cost'] / own['cost']:10.2f}" if own else " " * 11
        print(f"{line} {result.get('peak_mb', float('nan')):9.1f} {result['compile']:10.2f}", flush=True)


def parse() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--brian-python", help="a Python that has brian2")
    parser.add_argument("--without-ranvier", action="store_true", help="measure only the others")
    parser.add_argument("--dtypes", nargs="+", choices=tuple(DTYPES), default=list(DTYPES))
    parser.add_argument("--quick", action="store_true", help="a fifth of the simulated time")
    parser.add_argument("--json", type=Path, help="write the medians to this file")
    options = parser.parse_args()
    options.names = options.names or list(BENCHMARKS)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}")
    return options


def main() -> None:
    """Measure and print what the command line names."""
    options = parse()
    print("CPU seconds per simulated second (median, lowest, highest), ratios, memory (MB), start to ready (s)")
    print(
        f"{'model':13} {'numbers':8} {'simulator':22} {'median':>10} {'lowest':>10} {'highest':>10} {'/ C':>8} ", end=""
    )
    print(f"{'/ ranvier':>10} {'memory':>9} {'compile':>10}")
    results: dict[str, Any] = {}
    for name in options.names:
        for dtype in options.dtypes:
            results[f"{name} {dtype}"] = measured = measure(name, dtype, options)
            show(name, dtype, measured)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
