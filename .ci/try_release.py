"""Tries an installed Ranvier as users meet it first: with the Python of a fresh environment, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

SLOWEST = 0.5
"""Seconds of CPU that `import ranvier` may take beyond Python's own start, on a slow machine."""

SCRIPT = """
from ranvier import *
seed(1)
cells = NeuronGroup(100, "dv/dt = (1.2 - v)/(10*ms) + s/(10*ms) : 1\\nds/dt = -s/(5*ms) : 1", threshold="v > 1",
                    reset="v = 0", refractory=2*ms, method="exact", name="cells")
cells.v = "rand()"
synapses = Synapses(cells, cells, "w : 1", on_pre="s_post += w", delay=1*ms)
synapses.connect(p=0.1)
synapses.w = 0.05
spikes, rate = SpikeMonitor(cells, name="spikes"), PopulationRateMonitor(cells)
states = StateMonitor(cells, "v", record=[0, 1])
network = Network(cells, synapses, spikes, states, rate)
network.store()
network.run(50*ms)
assert spikes.num_spikes > 100 and states.v.shape == (2, 500) and len(rate.t) == 500
assert spikes.to_arrow().num_rows == spikes.num_spikes
network.restore()
network.run(50*ms)
"""

SWEEP = """
from ranvier import *
mu = 1.2
cells = NeuronGroup(10, "dv/dt = (mu - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
spikes = SpikeMonitor(cells, name="spikes")
result = Network(cells, spikes).sweep(50*ms, over={"mu": [0.5, 1.2, 2.0]}, measure={"rate": "rate(spikes)"})
assert result["rate"][0] == 0*Hz and result["rate"][2] > result["rate"][1] > 0*Hz, result["rate"]
"""

PLOTS = """
from ranvier import *
cells = NeuronGroup(1, "v : 1")
from ranvier import plots
plots.raster(SpikeMonitor(PoissonGroup(1, 1*Hz)))
"""


def run(*command: str, fails: bool = False) -> str:
    """Runs a command, and returns what it prints; it has to succeed, or to fail."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if (done.returncode != 0) != fails:
        raise SystemExit(f"{' '.join(command)[:200]}\nended with status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def seconds(code: str) -> float:
    """Returns the shortest of five times that the processor takes for a line of Python: others may be busy, too."""
    times: list[float] = []
    for _ in range(5):
        before = os.times()
        run(sys.executable, "-c", code)
        after = os.times()
        times.append(sum(after[2:4]) - sum(before[2:4]))  # of processes that have ended: user and system
    return min(times)


def main() -> None:
    """Tries what is installed; what is wrong is an error."""
    scripts = Path(sysconfig.get_path("scripts"))
    version = run(str(scripts / "ranvier"), "--version")
    assert "passed" in run(str(scripts / "ranvier"))
    assert "usage: ranvier-opt" in run(str(scripts / "ranvier-opt"), "--help")
    run(sys.executable, "-W", "error", "-c", SCRIPT)
    run(sys.executable, "-c", SWEEP)
    names = {str(each.metadata["Name"]).lower() for each in distributions()}
    assert not names & {"cython", "setuptools-scm", "cmake", "ninja", "ziglang", "numba"}, names
    if "matplotlib" not in names:
        message = run(sys.executable, "-c", PLOTS, fails=True)
        assert "pip install" in message and "matplotlib" in message, message
    extra = seconds("import ranvier") - seconds("pass")
    assert extra < SLOWEST, f"import ranvier takes {extra:.2f} s"
    star = seconds("from ranvier import *") - seconds("pass")
    times = f"import {1000 * extra:.0f} ms, star import {1000 * star:.0f} ms beyond Python's own start"
    print(f"Python {sys.version.split()[0]}: {version.strip()}, {times}")


if __name__ == "__main__":
    main()
