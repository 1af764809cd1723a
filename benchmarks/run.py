"""Measure Ranvier, Brian and hand-written C side by side: CPU seconds per simulated second, one core each.

    python benchmarks/run.py [NAME ...] [--repeats 5] [--brian-python PATH] [--quick] [--json FILE]

All simulators of a model are started first (import, compilation, warm-up) and wait; then they run in turn, so that
whatever else the machine does meets all of them alike. Printed are medians and their ratios. Without `--brian-python`
(a Python that has brian2) Brian is left out. A simulator that fails, takes too long or has no compiler is named with
the reason, and the others go on; Ctrl-C ends the measurement and prints what there is.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cases import BENCHMARKS, Benchmark
from contestants import DTYPES, HERE, Contestant, HandWritten, Setting, Simulator

SIMULATORS = ("C", "ranvier", "cython", "cpp_standalone")
PEER = "brian cpp_standalone"
HEADINGS = (
    ("model", "-13"),
    ("numbers", "-8"),
    ("simulator", "-20"),
    ("median", "9"),
    ("lowest", "9"),
    ("highest", "9"),
    ("/ C", "7"),
    ("Brian /", "8"),
    ("aim", "5"),
    ("Hz", "7"),
    ("start s", "8"),
    ("connect s", "10"),
    ("MB", "8"),
    ("B/synapse", "10"),
)


def contestants(benchmark: Benchmark, dtype: str, options: argparse.Namespace, setting: Setting) -> list[Contestant]:
    """Return the simulators that are to be measured, none of them started."""
    chosen: list[Contestant] = []
    if "C" in options.simulators:
        chosen += [HandWritten(name, c, benchmark, dtype, setting) for name, c in benchmark.programs.items()]
    script = [str(HERE / "models" / f"{benchmark.model}.py"), "--cells", str(benchmark.cells), "--dtype", dtype]
    if "ranvier" in options.simulators:
        own = [sys.executable, *script, "--count", "--module", "ranvier", "--seconds", f"{benchmark.seconds:.9g}"]
        chosen.append(Simulator("ranvier", own, setting))
    for target in ("cython", "cpp_standalone"):
        if options.brian_python and target in options.simulators:
            peer = [options.brian_python, *script, "--count", "--module", "brian2", "--target", target]
            chosen.append(Simulator(f"brian {target}", [*peer, "--seconds", f"{benchmark.brian_seconds:.9g}"], setting))
    return chosen


def measure(runners: list[Contestant], repeats: int, *, memory: bool) -> None:
    """Start the simulators, let them take turns, and compare memory with cells that have no synapses."""
    try:
        for runner in runners:
            runner.attempt(runner.start)
        for _ in range(repeats):
            for runner in runners:
                runner.attempt(runner.turn)
        for runner in runners:
            runner.leave()
        for runner in runners:
            if memory:
                runner.attempt(runner.compare_memory)
    finally:
        for runner in runners:
            runner.leave()


def synapse_bytes(result: dict[str, Any], synapses: float | None) -> float | None:
    """Return the memory of a synapse: what the process held at most, less what it held without synapses."""
    peak, alone = result["memory"] or (0.0, 0.0)
    return (peak - alone) * 2**20 / synapses if peak and synapses else None


def lines(name: str, dtype: str, measured: dict[str, dict[str, Any]]) -> list[list[Any]]:
    """Return the values of the table's lines for one model; None where there is none."""
    limits = [result["cost"] for who, result in measured.items() if who[0] == "C" and "cost" in result]
    peer = measured.get(PEER, {}).get("cost")
    synapses = next((r["synapses"] for r in measured.values() if r.get("synapses")), None)
    table: list[list[Any]] = []
    for who, result in measured.items():
        cost, aim = result.get("cost"), BENCHMARKS[name].aim
        row = [name, dtype, who, cost, result.get("lowest"), result.get("highest")]
        row.append(cost / min(limits) if cost and limits else None)
        row.append(peer / cost if cost and peer else None)
        row.append(aim if who == "ranvier" and dtype == "float64" else None)
        row += [result.get("rate"), result["info"].get("compile_wall")]
        row.append(result.get("connect_cpu") if BENCHMARKS[name].synapses else None)
        table.append([*row, result.get("peak_mb"), synapse_bytes(result, synapses)])
    return table


def show(name: str, dtype: str, measured: dict[str, dict[str, Any]]) -> None:
    """Print the lines of one model, and why simulators are missing."""
    for row in lines(name, dtype, measured):
        print("  ".join(_cell(value, width) for value, (_, width) in zip(row, HEADINGS, strict=True)), flush=True)
    for who, result in measured.items():
        if result["failure"]:
            print(f"{name} {dtype} {who}: {result['failure']}", flush=True)


def _cell(value: Any, width: str) -> str:
    if value is None:
        return f"{'':{width.lstrip('-')}}"
    text = value if isinstance(value, str) else f"{value:.4g}"
    return f"{text:{'<' if width[0] == '-' else '>'}{width.lstrip('-')}}"


def machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    cpu = [line for line in _text_of("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    compiler = os.environ.get("CC", "gcc")
    try:
        version = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, text=True).stdout.split("\n")[0]
    except OSError:
        version = f"{compiler} is missing"
    return {
        "cpu": cpu[0].partition(":")[2].strip() if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "compiler": version,
        "python": platform.python_version(),
        "at": time.strftime("%Y-%m-%d %H:%M:%S"),
    }


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def parse() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; networks: those with an aim"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--brian-python", help="a Python that has brian2")
    parser.add_argument("--simulators", nargs="+", choices=SIMULATORS, default=list(SIMULATORS))
    parser.add_argument("--dtypes", nargs="+", choices=tuple(DTYPES), default=list(DTYPES))
    parser.add_argument("--quick", action="store_true", help="a fifth of the simulated time")
    parser.add_argument("--no-memory", action="store_true", help="do not run the cells without synapses")
    parser.add_argument("--core", type=int, help="the core that all are pinned to (the last one)")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds that a simulator may take for one answer")
    parser.add_argument("--json", type=Path, help="write everything that was measured to this file")
    options = parser.parse_args()
    networks = [name for name, benchmark in BENCHMARKS.items() if benchmark.synapses]
    options.names = [
        each for name in options.names or BENCHMARKS for each in (networks if name == "networks" else [name])
    ]
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}")
    if options.core is None:
        options.core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return options


def measure_all(options: argparse.Namespace, results: dict[str, Any]) -> None:
    """Measure and print what the command line names; `results` gets all of it as it comes."""
    for name in options.names:
        benchmark = BENCHMARKS[name].shortened(0.2 if options.quick else 1.0)
        for dtype in options.dtypes:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                setting = Setting(options.core, options.timeout, Path(folder))
                runners = contestants(benchmark, dtype, options, setting)
                memory = benchmark.synapses and not options.no_memory and dtype == options.dtypes[0]
                try:
                    measure(runners, options.repeats, memory=memory)
                finally:
                    measured = {runner.name: runner.summary(benchmark.cells) for runner in runners}
                    results[f"{name} {dtype}"] = measured
                    show(name, dtype, measured)
                    if options.json:
                        options.json.write_text(json.dumps(results, indent=1) + "\n")


def main() -> None:
    """Measure and print what the command line names."""
    options = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results: dict[str, Any] = {"machine": machine()}
    print(
        "CPU seconds per simulated second (median, lowest, highest), ratios to C and of Brian's standalone mode to it,"
    )
    print("rate, start to ready (s), CPU seconds of making the synapses, peak memory and that of a synapse")
    print("  ".join(_cell(heading, width) for heading, width in HEADINGS))
    try:
        measure_all(options, results)
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)


if __name__ == "__main__":
    main()
