"""How a model is measured: build it once, warm up, then run once per line of standard input; one JSON line each.

A model's script calls `serve(build)`, where `build(sim, cells)` takes the simulator's module and gives a `Model`. The
same script serves the module `ranvier` and `brian2` (targets `cython`, `numpy`, and `cpp_standalone`).
"""

import argparse
import importlib
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

WARM_UP_STEPS = 10
SILENT_STEPS = 40
"""Longer than any delay."""


Wire = Callable[[Any, int, float], None]
"""Connects synapses: gets them, the number of their first source among all cells, and a probability for each pair."""


@dataclass(frozen=True)
class Model:
    """A group of cells and how to start it.

    Attributes:
        group: the cells.
        start: sets the initial values (called before each timed run).
        connect: makes the synapses, which it connects by the function it gets; they belong to the network.
        silence: keeps the cells from spiking for a while; for models with delays, so that a run begins with no spikes
            on their way, as a new program does.
    """

    group: Any
    start: Callable[[], None]
    connect: Callable[[Wire], tuple[Any, ...]] = lambda wire: ()
    silence: Callable[[], None] | None = None


def at_random(synapses: Any, first: int, probability: float) -> None:
    """Connect each pair with a probability."""
    synapses.connect(p=probability)


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    module: str
    target: str
    cells: int
    seconds: float
    dtype: str
    count: bool
    without_synapses: bool
    once: bool


def serve(build: Callable[[ModuleType, int], Model]) -> None:
    """Answer `ready` after building and warming up, then one timed run for each line of standard input."""
    request = _request()
    began, cpu_began = time.perf_counter(), time.process_time()
    sim = importlib.import_module(request.module)
    imported, cpu_imported = time.perf_counter() - began, time.process_time() - cpu_began
    _prepare(sim, request)
    serve_target = _serve_standalone if request.target == "cpp_standalone" else _serve_running
    serve_target(sim, build, request, {"import_wall": imported, "import_cpu": cpu_imported})


def _request() -> Request:
    parser = argparse.ArgumentParser()
    parser.add_argument("--module", default="ranvier")
    parser.add_argument("--target", default="none", help="brian2: cython, numpy or cpp_standalone; ranvier: none")
    parser.add_argument("--cells", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="simulated seconds of a timed run")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument("--count", action="store_true", help="count the spikes with a monitor")
    parser.add_argument("--without-synapses", action="store_true", help="the cells alone, to compare memory")
    parser.add_argument("--once", action="store_true", help="one run, without waiting for a line")
    return Request(**vars(parser.parse_args()))


def _prepare(sim: ModuleType, request: Request) -> None:
    import numpy

    sim.prefs["core.default_float_dtype"] = getattr(numpy, request.dtype)
    if request.module == "brian2":
        sim.BrianLogger.log_level_error()
        sim.prefs.devices.cpp_standalone.openmp_threads = 0
        if request.target == "cpp_standalone":
            sim.set_device("cpp_standalone", build_on_run=False)
        else:
            sim.prefs.codegen.target = request.target
    sim.defaultclock.dt = 0.1 * sim.ms
    sim.seed(42)


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def _spikes(counter: Any) -> int | None:
    return None if counter is None else int(counter.num_spikes)


@dataclass(frozen=True)
class _Built:
    """A network, and what making its synapses took."""

    network: Any
    model: Model
    counter: Any
    synapses: int | None
    connect_cpu: float


def _build(sim: ModuleType, build: Callable[[ModuleType, int], Model], request: Request) -> _Built:
    model = build(sim, request.cells)
    began = _all_cpu()
    parts = () if request.without_synapses else model.connect(at_random)
    taken = _all_cpu() - began
    counter = sim.SpikeMonitor(model.group, record=False) if request.count else None
    network = sim.Network(model.group, *parts, *([] if counter is None else [counter]))
    known = request.target != "cpp_standalone"
    return _Built(network, model, counter, sum(len(part) for part in parts) if known else None, taken)


def _all_cpu() -> float:
    """Return the CPU seconds of this process and of those it waited for (compilers)."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _serve_running(
    sim: ModuleType, build: Callable[[ModuleType, int], Model], request: Request, spent: dict[str, float]
) -> None:
    """Measure a simulator that runs inside this process.

    The time of a run that lasts one step (preparation) is subtracted, so that the figure is the stepping's.
    """
    began, cpu_began = time.perf_counter(), _all_cpu()
    built = _build(sim, build, request)
    network, model, counter = built.network, built.model, built.counter
    model.start()
    network.run(WARM_UP_STEPS * sim.defaultclock.dt)
    _say(
        ready=True,
        compile_wall=time.perf_counter() - began,
        compile_cpu=_all_cpu() - cpu_began,
        connect_cpu=built.connect_cpu,
        synapses=built.synapses,
        **spent,
    )
    for _ in [""] if request.once else sys.stdin:
        model.start()
        preparation, _ = _timed(lambda: network.run(sim.defaultclock.dt))
        if model.silence:
            model.silence()
            network.run(SILENT_STEPS * sim.defaultclock.dt)
        model.start()
        before = _spikes(counter)
        cpu, wall = _timed(lambda: network.run(request.seconds * sim.second))
        after = _spikes(counter)
        _say(
            cpu=max(cpu - preparation, 1e-9),
            wall=wall,
            preparation=preparation,
            simulated=request.seconds,
            spikes=None if after is None else after - before,
            mean=float(model.group.v_[:].mean()),
            peak_mb=_peak_of(os.getpid()),
        )


def _timed(action: Callable[[], None]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    action()
    return time.process_time() - cpu, time.perf_counter() - wall


def _serve_standalone(
    sim: ModuleType, build: Callable[[ModuleType, int], Model], request: Request, spent: dict[str, float]
) -> None:
    """Measure Brian's standalone program, a process of its own.

    What counts is the time of the loop as the program itself tells it (it agrees with the process's CPU time, less what
    making the synapses and writing the results take, also where other processes compete), at most the process's whole
    CPU time. Making the synapses cannot be told from the rest: `preparation` is all but the loop.
    """
    with tempfile.TemporaryDirectory(prefix="standalone") as name:
        folder = Path(name)
        began, cpu_began = time.perf_counter(), _all_cpu()
        built = _build(sim, build, request)
        built.model.start()
        built.network.run(request.seconds * sim.second)
        sim.device.build(directory=name, compile=True, run=False)
        taken = {"compile_wall": time.perf_counter() - began, "compile_cpu": _all_cpu() - cpu_began}
        _say(ready=True, **taken, **spent)
        for _ in sys.stdin:
            ran = _run_program(folder)
            spikes = _standalone_spikes(folder, built.counter)
            _say(simulated=request.seconds, **ran, spikes=spikes, connect_cpu=ran["preparation"])


def _run_program(folder: Path) -> dict[str, float]:
    began = time.perf_counter()
    process = os.posix_spawn("/bin/sh", ["sh", "-c", f"cd {folder} && exec ./main > /dev/null"], os.environ)
    peak, ended = 0.0, 0
    while not ended:
        peak = _peak_of(process) or peak
        time.sleep(0.005)
        ended, status, usage = os.wait4(process, os.WNOHANG)
    if status:
        raise RuntimeError(f"the standalone program ended with status {status}")
    loop = float((folder / "results" / "last_run_info.txt").read_text().split()[0])
    whole = usage.ru_utime + usage.ru_stime
    wall = time.perf_counter() - began
    return {"cpu": min(whole, loop), "wall": wall, "preparation": max(whole - loop, 0.0), "peak_mb": peak}


def _peak_of(process: int) -> float:
    """Return the most memory (MB) that a living process has held (`wait4` would count this process's own share)."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _standalone_spikes(folder: Path, counter: Any) -> int | None:
    if counter is None:
        return None
    import numpy

    (file,) = (file for file in (folder / "results").iterdir() if "spikemonitor_count" in file.name)
    return int(numpy.fromfile(file, dtype=numpy.int32).sum())
