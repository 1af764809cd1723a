"""All checks and benchmarks of a device in one go, which end in time with what they have: `gpu.py --check FILE`.

Each item runs in a process of its own, with so many seconds as `ITEMS` gives it; after each one the file is written
anew, so that nothing is lost if a later one hangs. What an item did not reach is not in the file: there is no figure
that was not measured.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
CPU, CUDA, EMULATED, STAND_IN = "cpu", "cuda", "emulated", "stand-in"
TARGETS = (CUDA, EMULATED, STAND_IN)
ONE_KERNEL = "one kernel"
"""What a device's results are called where one kernel does many steps."""
FORMAT = 2
RESERVE = 15.0
"""Seconds before the end in which no item begins."""
REPEATS = 3
"""How often a run is timed; the shortest counts."""
SHORTEST = 0.2
"""Seconds that a run has to take to be timed, and ten times what a run of one step takes."""


_ATTRIBUTES = {"major": 75, "minor": 76, "multiprocessors": 16, "bytes of L2": 38, "memory kHz": 36, "bus bits": 37}
"""What is asked of a device, and the driver's numbers of it."""


# ---- what is done


def _device(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the device is."""
    if options.target == EMULATED:
        return {"name": "none: the kernels run on the CPU"}
    from ranvier.gpu.availability import check_device
    from ranvier.runtime.cuda.driver import Driver
    from ranvier.stages import Options

    check_device(Options(target="cuda", stand_in=options.target == STAND_IN))
    driver = Driver.of_process()
    free, total = driver.free_memory()
    about: dict[str, Any] = {"name": driver.name, "free": free, "total": total}
    about["driver"] = int(driver._do("cuDriverGetVersion"))
    _say(**about)
    if options.target == STAND_IN:  # which knows no more
        return about
    device = driver._do("cuDeviceGet", 0)
    for name, number in _ATTRIBUTES.items():
        about[name] = int(driver._do("cuDeviceGetAttribute", driver._attribute(number), device))
    return about


def _ptxas(options: argparse.Namespace) -> dict[str, Any]:
    """Return what `ptxas` makes of the models of the benchmarks."""
    from gpu_tables import MODELS, registers

    rows = []
    for name in ("hh", "cuba") if options.small else MODELS:
        try:
            rows += list(registers([name]))
        except FileNotFoundError as error:
            return {"skipped": str(error)}
        _say(rows=rows)
    return {"rows": rows}


def _choose(target: str, exact: bool, launching: str = "auto") -> None:
    from ranvier.codegen import CodegenOptions
    from ranvier.stages import Options, set_default_options

    how = {"codegen": CodegenOptions(fast_math="off")} if exact else {}
    device = {} if target == CPU else {"target": CUDA if target == STAND_IN else target, "stand_in": target == STAND_IN}
    if target in (CUDA, STAND_IN):
        device["launching"] = launching
    set_default_options(Options(**how, **device))


def _differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return the names of the arrays that are not the same, bit for bit."""
    names = sorted(found.keys() | wanted.keys())
    return [
        name
        for name in names
        if name not in found or name not in wanted or not np.array_equal(found[name], wanted[name], equal_nan=True)
    ]


def _models(options: argparse.Namespace) -> dict[str, Any]:
    """Return for each model whether some steps of it on the device give the bits of the CPU."""
    sizes = {"lif": 500, "microcircuit": 800, "stdp": 300, "cuba": 800, "brunel": 500, "hh": 300, "ou": 300}
    sizes |= {"brunel_delays": 500, "coba": 800, "cobahh": 400}
    results: dict[str, Any] = {}
    for name, size in sizes.items():
        cells, steps = (size, 30) if options.small else (4 * size, 300)
        wanted, spikes = _outcome(name, cells, steps, CPU)
        found, _ = _outcome(name, cells, steps, options.target)
        different = _differences(found, wanted)
        results[name] = {"equal": not different, "different": different, "spikes": spikes}
        if name in ("microcircuit", "stdp", "cuba") and options.target != EMULATED:
            found, _ = _outcome(name, cells, steps, options.target, "cooperative")
            different = _differences(found, wanted)
            results[f"{name}, {ONE_KERNEL}"] = {"equal": not different, "different": different, "spikes": spikes}
        _say(**results)
    return results


def _outcome(name: str, cells: int, steps: int, target: str, launching: str = "auto") -> tuple[dict[str, Any], int]:
    """Return all values of a model after some steps, and its spikes.

    A function of its own: objects must be gone before the next are made, since their names decide the order of what is
    done, and the frame that calls `run` keeps what it has named.
    """
    from gpu_models import build

    import ranvier

    _choose(target, exact=True, launching=launching)
    made = build(name, cells)
    made.start()
    made.network.run(steps * 0.1 * ranvier.ms)
    states = [obj.get_states(units=False) for obj in made.network.objects if hasattr(obj, "get_states")]
    values = {f"{number}.{key}": np.array(v) for number, one in enumerate(states) for key, v in one.items()}
    return values, int(made.counter.num_spikes)


def _random(options: argparse.Namespace) -> dict[str, Any]:
    """Return how many random networks gave the bits of the CPU, and the seeds of those that did not."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from fuzz.networks import Made

    import ranvier

    first, equal, different = 100_001, 0, []
    for seed in range(first, first + (5 if options.small else 100_000)):
        if time.monotonic() > options.until - 5:
            break
        outcomes = []
        for target in (CPU, options.target):
            _choose(target, exact=True, launching="cooperative" if seed % 2 else "auto")
            made = Made(seed)  # whose objects all have names
            made.network.run(30 * 0.1 * ranvier.ms, namespace=made.space)
            outcomes.append(made.state())
        if wrong := _differences(*outcomes):
            different.append({"seed": seed, "different": wrong})
        else:
            equal += 1
        _say(first=first, equal=equal, different=different)
    return {"first": first, "equal": equal, "different": different}


def _benchmark(
    model: str, cells: int, small: int, longest: float, forms: Sequence[str] = ("auto",)
) -> Callable[[argparse.Namespace], dict[str, Any]]:
    """Return what times a model on the device and the CPU: the wall time of a simulated second (RTF) and of a step.

    Args:
        model: The script in `models/`.
        cells: Its size.
        small: Its size where there is no device.
        longest: Seconds that are simulated at most.
        forms: How kernels are launched on a device, one after another.
    """

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        from gpu_models import build

        import ranvier

        began = time.monotonic()
        made = build(model, small if options.small else cells)
        result: dict[str, Any] = {"cells": len(made.group), "synapses": made.synapses, "dt": 1e-4}
        result["built in s"] = time.monotonic() - began

        def run(seconds: float) -> float:
            made.start()
            began = time.monotonic()
            made.network.run(seconds * ranvier.second)
            return time.monotonic() - began

        ways = [("device" if k == 0 else ONE_KERNEL, options.target, form) for k, form in enumerate(forms)]
        ways = [*(ways if options.target != EMULATED else ways[:1]), (CPU, CPU, "auto")]
        for number, (label, target, form) in enumerate(ways, 1):
            left = options.until - time.monotonic()
            until = time.monotonic() + left / (len(ways) - number + 1)
            _choose(target, exact=False, launching=form)
            one: dict[str, Any] = {"first run s": run(1e-3)}  # compiles, and brings all to the device
            result[label] = one
            simulated, step = min(1e-3, longest), run(1e-4)
            while (wall := run(simulated)) < max(SHORTEST, 10 * step) and simulated < longest:
                simulated = min(4 * simulated, longest)
            walls = [wall]
            while len(walls) < REPEATS and time.monotonic() + 1.5 * wall < until:
                walls.append(run(simulated))
            before = int(made.counter.num_spikes)
            one |= {"simulated s": simulated, "wall s": walls, "a step alone s": step}
            if min(walls) > 2 * step:  # else it is too short to tell
                one["RTF"] = (min(walls) - step) / (simulated - 1e-4)
                one["us a step"] = 100 * one["RTF"]
            one["spikes of all runs"] = before
            _say(**result)
        return result

    return measure


def _device_programs() -> int:
    """Return how many programs this process has brought to a device."""
    module = sys.modules.get("ranvier.runtime.cuda.pools")
    return 0 if module is None else len(module._loaded)


def _sweep(options: argparse.Namespace) -> dict[str, Any]:
    """Return the time of a sweep of AdEx cells."""
    from gpu_models import sweep_case

    import ranvier

    sets = 50 if options.small else 10_000
    result: dict[str, Any] = {"sets": sets, "simulated s": 0.01 if options.small else 0.2}
    for target in (options.target, CPU):
        _choose(target, exact=False)
        case = sweep_case("adex")
        walls, spikes = [], 0
        for _ in range(2):  # the first one compiles
            began = time.monotonic()
            done = case.network.sweep(
                result["simulated s"] * ranvier.second,
                {case.swept: case.values(sets)},
                measure={"n": "count(spikes)"},
                namespace={**case.names, "spikes": case.spikes},
            )
            walls.append(time.monotonic() - began)
            spikes = int(np.sum(done.to_arrow().column("n").to_numpy()))
        one = {"wall s": walls, "spikes": spikes}
        if target in (CUDA, STAND_IN):
            one["programs on the device"] = _device_programs()
        result["device" if target == options.target else CPU] = one
        _say(**result)
    return result


ITEMS: Mapping[str, tuple[float, Callable[[argparse.Namespace], dict[str, Any]]]] = {
    "device": (15, _device),
    "models equal": (70, _models),
    "pd14": (170, _benchmark("microcircuit", 77_169, 800, 2.0)),
    "hh-1m": (35, _benchmark("hh", 1_000_000, 500, 0.5)),
    "cuba-4k": (20, _benchmark("cuba", 4_000, 400, 10.0, ("graph", "cooperative"))),
    "cuba-100k": (30, _benchmark("cuba", 100_000, 800, 2.0)),
    "cuba-1m": (85, _benchmark("cuba", 1_000_000, 1_200, 0.5)),
    "sweep-10k": (60, _sweep),
    "ptxas": (35, _ptxas),
    "random networks": (60, _random),
}
"""What is done, in this order, and how many seconds each may take; all together nine minutes and 40 seconds.

What an item does not use is for those behind it; the last one takes all that is left.
"""
SMALL = {"device": 15.0, "models equal": 240.0}
"""Seconds of items in small sizes; of all others 40."""


def seconds_of(name: str, small: bool) -> float:
    """Return how many seconds an item may take of ten minutes."""
    return SMALL.get(name, 40.0) if small else ITEMS[name][0]


# ---- how it is done


def _say(**what: Any) -> None:
    """Print what an item has so far; the last line counts."""
    print(json.dumps(what), flush=True)


def chosen_target(asked: str | None) -> str:
    """Return the target: what was asked for, or a GPU if there is one, else the kernels on the CPU."""
    if asked:
        return asked
    code = "from ranvier.runtime.cuda.driver import Driver; Driver.of_process()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True)
    return EMULATED if found.returncode else CUDA


def machine() -> dict[str, Any]:
    """Return what runs this."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    packages = ("numpy", "llvmlite", "xdsl", "cuda-bindings", "ranvier")
    versions = {name: version for name in packages if (version := _version(name))}
    commit = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    return {
        "cpu": names[0] if names else platform.processor(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": versions,
        "commit": commit,
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def check(path: Path, target: str, small: bool, minutes: float, only: list[str]) -> int:
    """Do the items, keep their results in a file, and return 1 if a result is not the CPU's.

    Args:
        path: The file.
        target: What is checked.
        small: Whether sizes are small.
        minutes: When the whole has to end; the seconds of each item are in proportion, and it may have what those
            before it left.
        only: The items, if not all.
    """
    began, whole = time.monotonic(), 60 * minutes
    share = whole / (sum(seconds_of(name, small) for name in ITEMS) + RESERVE)
    names = list(only or ITEMS)
    report: dict[str, Any] = {"format": FORMAT, "made": datetime.now(UTC).isoformat(), "target": target, "small": small}
    report |= {"minutes": minutes, "machine": machine(), "items": {}}
    for number, name in enumerate(names):
        later = sum(seconds_of(other, small) for other in names[number + 1 :]) * share
        seconds = whole - (time.monotonic() - began) - RESERVE - later
        if seconds < 1:
            report["items"][name] = {"skipped": "there was no time left"}
        else:
            report["items"][name] = _in_process(name, target, small, seconds)
        path.write_text(json.dumps(report, indent=1) + "\n")
        print(f"{name:16} {_summary(report['items'][name])}", flush=True)
    print(f"{time.monotonic() - began:.0f} s in all; send the file {path}")
    return 0 if is_right(report) else 1


def _in_process(name: str, target: str, small: bool, seconds: float) -> dict[str, Any]:
    """Return what an item says within its time, and how it ended."""
    began = time.monotonic()
    command = [sys.executable, "-W", "ignore", __file__, name, "--target", target, "--seconds", str(seconds)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([*command, *(["--small"] if small else [])], stdout=out, stderr=errors)
        try:
            status = process.wait(seconds)
            ended = "" if status == 0 else f"it ended with {status}"
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            ended = f"it was stopped after {seconds:.0f} s"
        out.seek(0)
        errors.seek(0)
        lines, told = out.read().splitlines(), errors.read().strip()
    results = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    found: dict[str, Any] = {"took s": round(time.monotonic() - began, 2), "results": results[-1] if results else {}}
    if ended:
        found |= {"ended": ended, "said": told[-1500:]}
    return found


def is_right(report: Mapping[str, Any]) -> bool:
    """Tell whether nothing in a report differs from the CPU, and nothing failed that is no matter of time."""
    items = report["items"]
    equal = items.get("models equal", {}).get("results", {})
    different = items.get("random networks", {}).get("results", {}).get("different", [])
    failed = any(str(item.get("ended", "")).startswith("it ended") for item in items.values())
    return not failed and not different and all(one["equal"] for one in equal.values())


def _summary(item: Mapping[str, Any]) -> str:
    """Return a line on an item."""
    results, parts = item.get("results", {}), []
    for where in ("device", ONE_KERNEL, CPU):
        one = results.get(where)
        if isinstance(one, dict) and "RTF" in one:
            parts.append(f"{where}: RTF {one['RTF']:.4g}, {one['us a step']:.1f} us a step")
        elif isinstance(one, dict) and "wall s" in one:
            parts.append(f"{where}: {min(one['wall s']):.3g} s of wall time")
    if "equal" in results:
        parts.append(f"{results['equal']} equal, {len(results['different'])} different")
    elif results and all(isinstance(one, dict) and "equal" in one for one in results.values()):
        parts.append(", ".join(f"{name} {'equal' if one['equal'] else 'DIFFERENT'}" for name, one in results.items()))
    elif "rows" in results:
        worst = max((row.get("spilled", 0) for row in results["rows"]), default=0)
        parts.append(f"{len(results['rows'])} kernels assembled, at most {worst} B spilled")
    elif "name" in results:
        parts.append(str(results["name"]))
    parts += [str(item[key]) for key in ("skipped", "ended", "said") if item.get(key)]
    return "; ".join(parts) or str(results.get("skipped", "nothing"))


def main() -> None:
    """Do one item in this process."""
    parser = argparse.ArgumentParser(description="One item of gpu.py --check.")
    parser.add_argument("item", choices=tuple(ITEMS))
    parser.add_argument("--target", choices=TARGETS, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    options.until = time.monotonic() + options.seconds
    sys.path.insert(0, str(HERE))
    import ranvier

    ranvier.prefs["logging.console_log_level"] = "ERROR"
    _say(**ITEMS[options.item][1](options))


if __name__ == "__main__":
    main()
