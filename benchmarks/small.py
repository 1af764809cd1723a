"""Measure what small networks cost besides their work: a run before its first step, and each step.

    python benchmarks/small.py [--repeats 5] [--processes 1] [--brian-python PATH] [--json FILE]

All numbers are CPU time of a fresh process in which the networks have run before. A run of one step, again and again,
is the cost of a run; that of a step is the difference of a longer run, divided by its steps. `--brian-python` names a
Python that has Brian 2, which then runs the same script (its target: cython).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys, time
module, repeats = sys.argv[1], int(sys.argv[2])
names = dict()
exec("from " + module + " import *", names)
globals().update(names)
prefs.codegen.target = "auto" if module == "ranvier" else "cython"
LIF = 'dv/dt = (1.2 - v)/(10*ms)%s : 1'
PLASTIC = '''w : 1
dapre/dt = -apre/(20*ms) : 1 (event-driven)
dapost/dt = -apost/(20*ms) : 1 (event-driven)'''

def lif(count, noise):
    drive, method = (' + 0.1*xi*(10*ms)**-0.5', 'euler') if noise else ('', 'exact')
    return Network(NeuronGroup(count, LIF % drive, threshold='v > 1', reset='v = 0', refractory=2*ms, method=method))

def circle(count):
    model = 'dv/dt = (1.2 - v)/(10*ms) + ge/ms : 1\\ndge/dt = -ge/(5*ms) : 1'
    groups = [NeuronGroup(20, model, threshold='v > 1', reset='v = 0', method='exact') for _ in range(count)]
    synapses = []
    for place in range(count):
        for step in (1, 2):
            found = Synapses(groups[place], groups[(place + step) % count], PLASTIC,
                on_pre='ge_post += w; apre += 0.01', on_post='apost -= 0.01; w = clip(w + apre, 0, 1)')
            found.connect(p=0.5)
            synapses.append(found)
    return Network(groups, synapses)

def cpu(net, duration):
    began = time.process_time()
    net.run(duration)
    return time.process_time() - began

def median(values):
    return sorted(values)[len(values)//2]

networks = {'one neuron': lif(1, False), 'one neuron with noise': lif(1, True), '100 neurons': lif(100, False),
    '100 neurons with noise': lif(100, True), '24 groups, 48 plastic projections': circle(24)}
results = {}
dt = defaultclock.dt
for name, net in networks.items():
    for _ in range(3):
        cpu(net, dt)
    start = median([cpu(net, dt) for _ in range(4*repeats)])
    steps = 2000 if 'plastic' in name else 20000
    long = median([cpu(net, steps*dt) for _ in range(repeats)])
    results[name] = {'milliseconds a run': 1e3*start, 'microseconds a step': 1e6*(long - start)/(steps - 1)}
print(json.dumps(results))
"""


def measure(python: str, module: str, repeats: int) -> dict[str, dict[str, float]]:
    """Return the costs of each network in a fresh process."""
    command = [python, "-c", SCRIPT, module, str(repeats)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ))
    return json.loads(done.stdout.splitlines()[-1])


def medians(runs: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Return the median of each number over processes."""
    return {
        name: {what: statistics.median(run[name][what] for run in runs) for what in costs}
        for name, costs in runs[0].items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--processes", type=int, default=1, help="fresh processes, of which the median counts")
    parser.add_argument("--brian-python", help="a Python that has Brian 2")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args()
    contestants = {"ranvier": sys.executable}
    if options.brian_python:
        contestants["brian2"] = options.brian_python
    results = {
        module: medians([measure(python, module, options.repeats) for _ in range(options.processes)])
        for module, python in contestants.items()
    }
    for module, networks in results.items():
        print(f"\n{module:40} {'ms a run':>12} {'us a step':>12}")
        for name, costs in networks.items():
            print(f"{name:40} " + " ".join(f"{cost:12.3f}" for cost in costs.values()))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
