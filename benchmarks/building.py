"""Measure how long it takes to make synapses and to set their variables by texts.

    python benchmarks/building.py [--cells 10000] [--repeats 3] [--brian-python PATH]

Each line is a call of `connect`, or an assignment to the variables of synapses made with p=0.05. What is compiled is
compiled before; then the simulators take turns, one core each. `ns` counts pairs of neurons for `connect` and synapses
for assignments. With `--brian-python`, a Python that has Brian 2, its code target `cython` is measured as well.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

CONNECT = {
    "p=0.02": {"p": 0.02},
    "i != j, p=0.02": {"condition": "i != j", "p": 0.02},
    "within 200, p=0.3": {"condition": "i != j and abs(i - j) < 200", "p": 0.3},
    "near": {"condition": "(x_pre - x_post)**2 + (y_pre - y_post)**2 < 0.05**2"},
    "p falls with distance": {"p": "0.2*exp(-((x_pre - x_post)**2 + (y_pre - y_post)**2)/(2*0.1**2))"},
    "sample(size=100)": {"j": "k for k in sample(N_post, size=100)"},
    "sample(p=0.02)": {"j": "k for k in sample(N_post, p=0.02)"},
    "range(i - 50, i + 51)": {"j": "k for k in range(i - 50, i + 51) if k != i", "skip_if_invalid": True},
    "one to one": {"j": "i"},
}
"""Arguments of `connect`."""

SET = {
    "w = rand()": ("w", None, "rand()"),
    "w = f(distance)": ("w", None, "exp(-((x_pre - x_post)**2 + (y_pre - y_post)**2)/(2*0.1**2))"),
    "w with noise": ("w", None, "0.5*rand() + 0.1*randn()*u"),
    "delay = distance": ("delay", None, "1*ms + sqrt((x_pre - x_post)**2 + (y_pre - y_post)**2)*2*ms"),
    "w[i < j] = u + 1": ("w", "i < j", "u + 1"),
    "w[near] = 1": ("w", "sqrt((x_pre - x_post)**2 + (y_pre - y_post)**2) < 0.1", "1"),
    "k = int(10*w) + i % 7": ("k", None, "int(10*w) + i % 7"),
}
"""The variable, a condition, and the text."""


def serve(module: str, cells: int) -> None:
    """Answers each name that comes in with the CPU seconds that it took, and a number of elements."""
    sim = __import__(module)
    if module == "brian2":
        sim.prefs.codegen.target = "cython"
    sim.seed(1)
    group = sim.NeuronGroup(cells, "x : 1\ny : 1", threshold="x > 2", reset="")
    group.x, group.y = "rand()", "rand()"
    synapses = sim.Synapses(group, group, "w : 1\nu : 1\nk : integer", on_pre="w += u")
    synapses.connect(p=0.05)
    kept = []
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        began = time.process_time()
        if name in CONNECT:
            made = sim.Synapses(group, group, "w : 1")
            kept[:] = [made]
            made.connect(**CONNECT[name])
            elements = cells * cells
        else:
            variable, where, text = SET[name]
            getattr(synapses, variable)[slice(None) if where is None else where] = text
            elements = len(synapses)
        print(json.dumps([time.process_time() - began, elements]), flush=True)


def asked(process: subprocess.Popen, name: str) -> list[float]:
    process.stdin.write(name + "\n")
    process.stdin.flush()
    while not (line := process.stdout.readline()).startswith("["):
        if not line:
            sys.exit(f"the process ended at {name!r}")
    return json.loads(line)


def started(python: str, module: str, cells: int) -> subprocess.Popen:
    command = [python, __file__, "--serve", module, "--cells", str(cells)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )  # fmt: skip
    while process.stdout.readline().strip() != "ready":
        if process.poll() is not None:
            sys.exit(f"{module} did not start")
    return process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--brian-python")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.cells)
        return
    simulators = {"ranvier": started(sys.executable, "ranvier", options.cells)}
    if options.brian_python:
        simulators["brian2"] = started(options.brian_python, "brian2", options.cells)
    print(
        f"{'CPU':24}"
        + "".join(f"{name:>12} s      ns" for name in simulators)
        + f"{'ratio':>8}" * (len(simulators) > 1)
    )
    for name in (*CONNECT, *SET):
        for process in simulators.values():
            asked(process, name)
        found: dict[str, list[float]] = {each: [] for each in simulators}
        for _ in range(options.repeats):
            for each, process in simulators.items():
                seconds, elements = asked(process, name)
                found[each].append(seconds)
        medians = [statistics.median(each) for each in found.values()]
        row = "".join(f"{seconds:14.4f}{seconds / elements * 1e9:8.2f}" for seconds in medians)
        print(f"{name:24}{row}" + (f"{medians[1] / medians[0]:8.1f}" if len(medians) > 1 else ""), flush=True)
    for process in simulators.values():
        process.kill()


if __name__ == "__main__":
    main()
