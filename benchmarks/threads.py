"""Measure what several threads make of one network.

    python benchmarks/threads.py [NAME ...] [--threads 1 2] [--repeats 5] [--busy 0] [--capacity] [--scale 0.1]
                                 [--json FILE]

Each network is built once. Then runs with the given numbers of threads take turns, each from the same state; the wall
time counts, and every run must give the same spikes. `--busy 4` does so beside four processes that do nothing but
compute. What the machine does otherwise decides what comes out: the load is printed. `--capacity` shows what it could
do: in each turn as many processes as threads run the network at once, with one thread each.
"""

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).parent / "models"))

import brunel
import cobahh
import cuba
import stdp
from protocol import at_random

import ranvier


def connected(module: object, cells: int) -> ranvier.Network:
    """Return one of the models of `models/`, connected at random."""
    model = module.build(ranvier, cells)
    model.start()
    synapses = model.connect(at_random)
    return ranvier.Network(model.group, *synapses, ranvier.SpikeMonitor(model.group, name="spikes"))


def microcircuit(scale: float) -> ranvier.Network:
    """Return the network of `benchmarks/microcircuit.py` (Potjans and Diesmann 2014), before its first run."""
    path = Path(__file__).parent / "microcircuit.py"
    building = path.read_text().partition("if options.transient:")[0]
    given, sys.argv = sys.argv, [str(path), "--scale", str(scale)]
    try:
        names: dict[str, object] = {"__name__": "__main__"}
        exec(compile(building, str(path), "exec"), names)
    finally:
        sys.argv = given
    cells = names["cells"]
    cells.namespace.update((name, names[name]) for name in ("rest", "tau_m", "capacity", "tau_syn", "threshold_v"))
    return names["network"]


NETWORKS: dict[str, tuple[Callable[[float], ranvier.Network], float]] = {
    "cuba-100k": (lambda _: connected(cuba, 100_000), 0.2),
    "brunel-10k": (lambda _: connected(brunel, 10_000), 1.0),
    "microcircuit": (microcircuit, 1.0),
    "stdp-10k": (lambda _: connected(stdp, 10_000), 0.1),
    "cobahh-4k": (lambda _: connected(cobahh, 4000), 0.3),
    "cuba-4k": (lambda _: connected(cuba, 4000), 1.0),
}
"""How each is built, and the seconds that are simulated."""


@contextlib.contextmanager
def busy(number: int) -> Generator[None, None, None]:
    """Let so many processes compute meanwhile."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def digest(network: ranvier.Network) -> str:
    """Return what all spikes are, in short."""
    monitor = next(obj for obj in network.objects if isinstance(obj, ranvier.SpikeMonitor))
    return hashlib.sha256(monitor.i[:].tobytes() + numpy.asarray(monitor.t_[:]).tobytes()).hexdigest()


def timed(network: ranvier.Network, threads: int, duration: ranvier.Quantity, wait: Callable[[], object]) -> float:
    """Return how many seconds a run from the stored state takes, once it has waited for others."""
    ranvier.prefs.codegen.threads = threads
    network.restore(restore_random_state=True)
    network.run(1 * ranvier.ms)  # what is made of the connections is made anew after restore()
    wait()
    began = time.perf_counter()
    network.run(duration)
    return time.perf_counter() - began


@contextlib.contextmanager
def copies(
    network: ranvier.Network, number: int, duration: ranvier.Quantity
) -> Generator[Callable[[], list[tuple[float, str]]]]:
    """Give what lets copies of the network run at once, each in a process: their seconds, and what they found."""
    context = multiprocessing.get_context("fork")  # they share the connections
    barrier = context.Barrier(number)

    def serve(pipe: multiprocessing.connection.Connection) -> None:
        while pipe.recv():
            pipe.send((timed(network, 1, duration, barrier.wait), digest(network)))

    pipes: list[multiprocessing.connection.Connection] = []
    processes = []
    for _ in range(number):
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(there,), daemon=True)
        process.start()
        pipes.append(here)
        processes.append(process)

    def run() -> list[tuple[float, str]]:
        for pipe in pipes:
            pipe.send(True)
        return [pipe.recv() for pipe in pipes]

    try:
        yield run
    finally:
        for pipe in pipes:
            pipe.send(False)
        for process in processes:
            process.join()


def measure(
    name: str, scale: float, threads: list[int], repeats: int, others: int, with_copies: bool
) -> dict[str, object]:
    """Return the wall and CPU seconds of each run by number of threads, and of the slowest of copies at once."""
    build, seconds = NETWORKS[name]
    ranvier.start_scope()
    ranvier.seed(1)
    network = build(scale)
    said = network.lower().threads
    duration = seconds * ranvier.second
    network.run(20 * ranvier.ms)
    network.store()
    wall: dict[int, list[float]] = {number: [] for number in threads}
    cpu: dict[int, list[float]] = {number: [] for number in threads}
    at_once: list[float] = []
    found: set[str] = set()
    with contextlib.ExitStack() as stack:
        run_copies = stack.enter_context(copies(network, max(threads), duration)) if with_copies else None
        for repeat in range(repeats + 1):
            with busy(others if repeat else 0):
                for number in threads:
                    begun: list[float] = []
                    seconds = timed(network, number, duration, lambda begun=begun: begun.append(time.process_time()))
                    if repeat:  # the first compiles
                        wall[number].append(seconds)
                        cpu[number].append(time.process_time() - begun[0])
                    found.add(digest(network))
                if run_copies is not None:
                    outcomes = run_copies()
                    found.update(digest for _, digest in outcomes)
                    if repeat:
                        at_once.append(max(seconds for seconds, _ in outcomes))
    ranvier.prefs.codegen.threads = "auto"
    if len(found) != 1:
        raise SystemExit(f"{name}: spikes differ between numbers of threads")
    return {"wall": wall, "cpu": cpu, "at once": at_once, "auto": said, "busy": others, "load": os.getloadavg()[0]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *NETWORKS], default=[])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--busy", type=int, default=0, help="processes that compute meanwhile")
    parser.add_argument("--capacity", action="store_true", help="let as many copies as threads run at once, too")
    parser.add_argument("--scale", type=float, default=0.1, help="of the microcircuit")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args()
    results: dict[str, object] = {}
    for name in options.names or NETWORKS:
        result = results[name] = measure(
            name, options.scale, options.threads, options.repeats, options.busy, options.capacity
        )
        wall, cpu = result["wall"], result["cpu"]
        first = statistics.median(wall[options.threads[0]])
        print(f"{name} (load {result['load']:.1f}, {options.busy} busy processes; auto: {result['auto']})")
        for number in options.threads:
            median = statistics.median(wall[number])
            ratio = statistics.median(a / b for a, b in zip(wall[options.threads[0]], wall[number], strict=True))
            print(
                f"  {number} threads: {median:8.3f} s (best {min(wall[number]):.3f}), CPU "
                f"{statistics.median(cpu[number]):.3f} s; {first / median:.2f} x as fast, pair by pair {ratio:.2f} x"
            )
        if result["at once"]:
            most, median = max(options.threads), statistics.median(result["at once"])
            share = statistics.median(a / most / b for a, b in zip(result["at once"], wall[most], strict=True))
            print(
                f"  {most} copies at once: {median:8.3f} s; {most * first / median:.2f} x as much work as one; {most} "
                f"threads do {share:.2f} of it"
            )
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
