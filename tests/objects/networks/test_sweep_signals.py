"""Ctrl-C and SIGTERM at every stage of a sweep: what was done is kept, nothing half-done is taken for whole."""

import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from chosen_target import longest

from ranvier import Network, NetworkOperation, NeuronGroup, SpikeMonitor, ms, prefs, seed, sweep
from ranvier.objects.networks.sweeps import network_sweep
from ranvier.session.logger import catch_logs

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sends signals, and asks Linux")


def built():
    seed(1)
    cells = NeuronGroup(
        5, "dv/dt = (mu - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    cells.v = "rand()"
    return Network(cells, SpikeMonitor(cells, name="spikes"))


@pytest.fixture(autouse=True)
def own_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# ---------------------------------------------------------------- Ctrl-C


def test_ctrl_c_while_a_sweep_is_prepared_says_that_nothing_was_computed(monkeypatch, tmp_path):
    network = built()
    before = network["cells"].v[:].copy()

    def interrupted(*_):
        error = KeyboardInterrupt()
        error.add_note("in the pass fuse-maps")
        raise error

    over = {"mu": [0.9, 1.5]}
    with monkeypatch.context() as patch:
        patch.setattr(network_sweep, "form_of", interrupted)
        with pytest.raises(
            KeyboardInterrupt, match=r"being prepared \(in the pass fuse-maps\): no set was comp"
        ) as info:
            network.sweep(20 * ms, over, measure="count(spikes)", out=tmp_path / "out")
    assert len(info.traceback) < 10 and info.value.__suppress_context__
    assert (network["cells"].v[:] == before).all() and prefs.core.stop_on_keyboard_interrupt
    assert not list((tmp_path / "out").glob("_lock*"))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    result = network.sweep(20 * ms, over, measure="count(spikes)", out=tmp_path / "out")
    assert len(result.done) == 2 and not result.was_stopped


def interrupted_once(k, marker):
    """A run during which the process is interrupted, as those of an executor are by a terminal: once for a set."""
    network = built()
    mark = Path(f"{marker}-{k}")
    if k % 2 and not mark.exists():
        mark.touch()

        network.add(NetworkOperation(lambda t: os.kill(os.getpid(), signal.SIGINT) if t == 5 * ms else None))
    network.run(20 * ms, namespace={"mu": 2.0})
    return {"reached": float(network.t / ms)}


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_run_that_ctrl_c_cuts_short_in_a_worker_is_no_result(tmp_path, method):
    """The sweep is not interrupted here, only its workers: the sets are done again, whole."""
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context(method)) as executor:
        assert list(executor.map(abs, [-1, -2])) == [1, 2]  # the processes are there before the sweep
        result = sweep(partial(interrupted_once, marker=str(tmp_path / "mark")), {"k": range(6)}, workers=executor)
    assert len(result.done) == 6 and not result.failures
    assert (np.ravel(result["reached"]) == 20).all()
    assert len(list(tmp_path.glob("mark-*"))) == 3


def interrupts_itself(k, folder):
    if k == 3 and len(list(folder.iterdir())) < 50:  # who tries for ever gets a result
        (folder / str(time.time_ns())).touch()
        raise KeyboardInterrupt
    return {"twice": 2 * k}


def test_a_set_that_interrupts_its_worker_each_time_is_a_failure(tmp_path):
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as executor:
        result = sweep(partial(interrupts_itself, folder=tmp_path), {"k": range(8)}, workers=executor)
    assert [each.index for each in result.failures] == [3] and "was interrupted" in result.failures[0].error
    assert len(result.done) == 8 and len(list(tmp_path.iterdir())) < 5


def test_ctrl_c_ends_processes_of_an_executor_that_are_forked_in_a_sweep():
    def handler(k):
        found = signal.getsignal(signal.SIGINT)
        try:
            found(signal.SIGINT, None)
        except KeyboardInterrupt:
            return {"what": "interrupts"}
        return {"what": "waits"}

    context = multiprocessing.get_context("fork")
    with catch_logs() as logs, concurrent.futures.ProcessPoolExecutor(2, context) as executor:
        result = sweep(handler, {"k": range(3)}, workers=executor)
    assert set(result["what"]) == {"interrupts"} and not result.was_stopped and not logs


# ---------------------------------------------------------------- SIGTERM

SCRIPT = """
import os, sys, time
from ranvier import *
form, workers, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
seed(1)
cells = NeuronGroup(5, "dv/dt = (mu - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
cells.v = "rand()"
network = Network(cells, SpikeMonitor(cells, name="spikes"))
slow = len(sys.argv) > 4

def measure(network, values):
    os.write(1, b"measured\\n")
    time.sleep(0.05 if slow else 0)
    return {"rate": float(cells.v[0])}

result = network.sweep(20*ms, {"mu": linspace(0.9, 2, 100)}, measure=measure, form=form, workers=workers, out=out)
print(len(result.done), repr(float(result["rate"].sum())), flush=True)
"""


def begun(script, *arguments):
    """Starts a script, and waits until it has measured some sets."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, str(script), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    for _ in range(5):
        assert process.stdout.readline() == "measured\n", process.stderr.read()
    return process


@pytest.mark.parametrize(("form", "workers"), [("lanes", 1), ("turns", 2), ("processes", 2), ("one after another", 1)])
def test_sigterm_writes_what_was_done_gives_the_directory_back_and_ends(tmp_path, form, workers):
    script, out = tmp_path / "script.py", tmp_path / "out"
    script.write_text(SCRIPT)
    process = begun(script, form, str(workers), str(out), "slow")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=longest())
    assert process.returncode == -signal.SIGTERM
    assert "SIGTERM: the sweep ends" in errors and "Traceback" not in errors
    assert json.loads((out / "manifest.json").read_text()) and not list(out.glob("_lock*"))
    import pyarrow.parquet as pq

    done = pq.read_table(out / "sets").num_rows
    assert 4 <= done < 100
    rest = subprocess.run([sys.executable, script, form, str(workers), out], capture_output=True, text=True, check=True)
    whole = subprocess.run(
        [sys.executable, script, form, str(workers), tmp_path / "other"], capture_output=True, text=True, check=True
    )
    assert rest.stdout.count("measured") == 100 - done
    assert rest.stdout.splitlines()[-1] == whole.stdout.splitlines()[-1]


def test_worker_processes_end_when_the_process_of_the_sweep_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("0.05 if slow else 0", "60 if values['mu'] > 1 else 0"))
    process = begun(script, "processes", "2", str(tmp_path / "out"))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 2
    time.sleep(0.5)  # both are in a set that takes a minute
    process.kill()
    process.wait()
    limit = time.monotonic() + 10
    while any(_is_running(int(each)) for each in children) and time.monotonic() < limit:
        time.sleep(0.05)
    left = [each for each in children if _is_running(int(each))]
    for each in left:
        os.kill(int(each), signal.SIGKILL)
    process.communicate()
    assert not left


def _is_running(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_sigterm_of_the_script_stays_as_it_is(tmp_path):
    asked = []
    before = signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    try:
        network = built()
        result = network.sweep(
            20 * ms, {"mu": [0.9, 1.5]}, measure={"n": lambda: os.kill(os.getpid(), signal.SIGTERM) or 1}, out=tmp_path
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(asked) == 2 and not result.was_stopped and len(result.done) == 2
