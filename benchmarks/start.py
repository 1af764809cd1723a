"""Measure the time to the first step: a fresh process that imports, builds a small network and runs one step.

    python benchmarks/start.py [--repeats 5] [--module ranvier] [--imports 12]

Cold means that the folder of compiled programs (RANVIER_CACHE) is empty, warm that the same script ran before.
Where the time goes inside the run is what `ranvier.timings()` tells; where it goes in the import, what
`python -X importtime` does.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = """
import json, os, sys, time
begun = time.time()
import importlib
sim = importlib.import_module({module!r})
imported = time.time()
names = dict()
exec("from {module} import *", names)
starred = time.time()
program = '''
tau = 10*ms
G = NeuronGroup(100, "dv/dt = (1.2 - v)/tau : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=5*ms)
G.v = "rand()"
S = SpikeMonitor(G)
M = StateMonitor(G, "v", record=[0, 1])
'''
exec(program, names)
built = time.time()
exec("run(0.1*ms)", names)
ran = time.time()
exec("run(100*ms)", names)
again = time.time()
timings = getattr(sim, "timings", dict)()
print(json.dumps(dict(python=begun - float(os.environ["BENCHMARK_STARTED"]), imports=imported - begun,
    star_import=starred - imported, build=built - starred, first_step=ran - built, thousand_steps=again - ran,
    total=ran - float(os.environ["BENCHMARK_STARTED"]), **{{"inside: " + k: v for k, v in timings.items()}})))
"""


def start_once(module: str, cache: str) -> dict[str, float]:
    """Run the script in a fresh process and return seconds by phase."""
    import time

    environment = os.environ | {"RANVIER_CACHE": cache, "RANVIER_TIMING": "1", "BENCHMARK_STARTED": repr(time.time())}
    command = [sys.executable, "-c", SCRIPT.format(module=module)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each phase."""
    return {phase: statistics.median(run.get(phase, 0.0) for run in runs) for phase in runs[-1]}


def slowest_imports(module: str, count: int) -> list[tuple[float, str]]:
    """Return the modules whose own code takes longest at import, in milliseconds."""
    command = [sys.executable, "-X", "importtime", "-c", f"from {module} import *"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
    lines = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines()]
    own = [
        (int(parts[0]) / 1000, parts[2].strip()) for parts in lines if len(parts) == 3 and parts[0].strip().isdigit()
    ]
    return sorted(own, reverse=True)[:count]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--module", default="ranvier")
    parser.add_argument("--imports", type=int, default=12, help="how many of the slowest imports to list")
    parser.add_argument("--json", type=Path, help="write the medians to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as shared:
        cold = []
        start_once(options.module, shared)  # fills the caches of the file system and of Python's bytecode
        for _ in range(options.repeats):
            with tempfile.TemporaryDirectory() as empty:
                cold.append(start_once(options.module, empty))
        warm = [start_once(options.module, shared) for _ in range(options.repeats)]
    results = {"cold": medians(cold), "warm": medians(warm)}
    print(f"{'milliseconds (median)':40} {'cold':>10} {'warm':>10}")
    for phase in results["cold"] | results["warm"]:
        print(f"{phase:40} " + " ".join(f"{1e3 * results[kind].get(phase, 0.0):10.1f}" for kind in ("cold", "warm")))
    print("\nslowest imports (milliseconds, own code)")
    for milliseconds, name in slowest_imports(options.module, options.imports):
        print(f"{milliseconds:10.1f} {name}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
