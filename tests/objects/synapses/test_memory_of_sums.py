"""The plan of memory knows what sums, clock-driven variables and threads add, before the first run and after it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, Synapses, ms, prefs, seed
from ranvier.codegen.target import has_threads

MODELS = {
    "summed": ("w : 1\ng_post = w*(v_pre - v_post) : 1 (summed)", ""),
    "shared": (
        "w : 1\ng_post = w*s : 1 (summed)\nds/dt = -s/(100*ms) + 0.5/ms*x*(1 - s) : 1 (clock-driven)\n"
        "dx/dt = -x/(2*ms) : 1 (clock-driven)",
        "x += 1",
    ),
    "own": ("w : 1\ng_post = y : 1 (summed)\ndy/dt = (w*v_post - y)/(5*ms) : 1 (clock-driven)", "y += w"),
}


def built(name: str, size: int = 600) -> Network:
    model, on_pre = MODELS[name]
    cells = NeuronGroup(size, "dv/dt = (1.1 - v + g)/(20*ms) : 1\ng : 1", threshold="v > 1", reset="v = 0",
                        method="euler", name="cells")  # fmt: skip
    synapses = Synapses(cells, cells, model, on_pre=on_pre, method="euler", name="synapses")
    seed(3)  # which layout is chosen, and so which program there is, depends on how dense it is
    synapses.connect(p=0.5)
    synapses.w_ = 1e-4 * np.random.default_rng(1).random(
        len(synapses)
    )  # a text may be compiled, which takes memory, too
    return Network(cells, synapses)


@pytest.fixture(autouse=True)
def own_threads() -> Iterator[None]:
    yield
    prefs.codegen.threads = "auto"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_the_plan_is_the_same_before_and_after_the_first_run(name: str, threads: int) -> None:
    prefs.codegen.threads = threads
    network = built(name)
    before = network.memory_plan()
    network.run(1 * ms)
    after = network.memory_plan()
    assert before.total == pytest.approx(after.total, rel=0.02)
    copies = sum(row.bytes for row in after.rows if row.what == "copies for threads")
    count = network["synapses"].N
    assert copies == (0 if threads == 1 or not has_threads() else count * (4 if name == "own" else 16))
    assert (after.total == pytest.approx(after.present, rel=0.02)) == (copies == 0)
    assert not any(row.what == "copies for threads" for row in network.memory_plan(4).rows)  # one thread for each


MEASURED = """
import gc, sys
sys.path.insert(0, {folder!r})
from test_memory_of_sums import built, ms, prefs
def taken():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1])*4096
prefs.codegen.threads = {threads}
built({name!r}, 30).run(1*ms)
start = taken()
network = built({name!r}, 2000)
planned = network.memory_plan().total
open("/proc/self/clear_refs", "w").write("5")  # the peak is that from here on
network.run(1*ms)
lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(lines["VmHWM"].split()[0])*1024
print(planned, taken() - start, peak - start, network["synapses"].N)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux how much memory a process has")
@pytest.mark.parametrize(("name", "threads"), [("summed", 1), ("summed", 2), ("shared", 1), ("shared", 2), ("own", 2)])
def test_it_is_what_a_process_takes(name: str, threads: int, tmp_path: Path) -> None:
    text = MEASURED.format(folder=os.path.dirname(__file__), name=name, threads=threads)
    environment = {**os.environ, "RANVIER_CACHE": str(tmp_path)}
    environment["MALLOC_MMAP_THRESHOLD_"] = "65536"  # what is freed is given back
    command = [sys.executable, "-c", text]
    for _ in range(2):  # the second process finds all programs: the compiler takes memory, too
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    planned, measured, peak, count = map(int, done.stdout.split())
    assert 0.8 < planned / measured < 1.2
    assert peak - measured < 12 * count  # what is made for threads took 26 bytes a synapse for a moment
