"""Scripts for standalone devices: what is recorded, running it again with other values, files, workers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chosen_target import longest

from ranvier import (
    DimensionMismatchError,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    mV,
    network_operation,
    run,
    second,
    seed,
    start_scope,
)
from ranvier.devices import device_module
from ranvier.devices.cpp_standalone.device import CPPStandaloneDevice
from ranvier.devices.device import Dummy, all_devices, reset_device
from ranvier.objects.groups.brianobject import BrianObjectException
from ranvier.objects.networks import program
from ranvier.objects.networks.devices import device, get_device, reinit_devices, set_device
from ranvier.session.logger import catch_logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    start_scope()
    yield
    while get_device() is not all_devices["runtime"]:
        reset_device()
    reinit_devices()
    seed()


def waiting(**options: Any) -> None:
    set_device("cpp_standalone", build_on_run=False, **options)


def decaying(n: int = 2, name: str = "cells*") -> NeuronGroup:
    """Values that fall by a rate, so that the end tells where they began."""
    return NeuronGroup(n, "dv/dt = rate - k*v : 1\nrate : Hz\nk : Hz (constant)", method="exact", name=name)


# ---------------------------------------------------------------------- devices


def test_devices_are_chosen_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert get_device() is all_devices["runtime"]
    set_device("cpp_standalone", directory="somewhere")
    assert isinstance(get_device(), CPPStandaloneDevice) and device.project_dir == "somewhere"
    group = decaying()
    group.rate = 1000 * Hz
    Network(group).run(1 * ms)
    assert group.v[0] == pytest.approx(1) and device.has_been_run and device._last_run_time > 0
    assert device._last_run_completed_fraction == 1.0 and device.timers["run_binary"] > 0
    device.build(directory="elsewhere")
    assert not Path("elsewhere").exists()
    assert device.project_dir == "elsewhere"
    assert Path("elsewhere").is_dir()  # scripts put their own files there
    with pytest.raises(RuntimeError, match="already been built"):
        device.build()
    device.reinit()
    device.activate(build_on_run=False, directory="third")
    assert device.project_dir == "third" and not device.has_been_run and not Path("third").exists()
    reset_device()
    assert get_device() is all_devices["runtime"]
    with pytest.raises(KeyError, match="abacus"):
        set_device("abacus")
    with pytest.raises(NotImplementedError, match="build_on_run=False"):
        device.run()
    device.build(directory="x", anything=3)


def test_a_module_attribute_chooses_the_device_as_in_workers() -> None:
    assert device_module.active_device is all_devices["runtime"]
    waiting()
    device_module.active_device = all_devices["runtime"]
    assert get_device() is all_devices["runtime"]
    device_module.active_device = all_devices["cpp_standalone"]
    group = decaying()
    network = Network(group)
    network.run(1 * ms)
    assert network.t == 0 * ms and device.name == "cpp_standalone"


def test_what_means_nothing_is_said_once_in_a_line() -> None:
    with catch_logs(log_level=20) as said:
        waiting(debug=True)
        device.reinit()
        device.activate(build_on_run=False)
        decaying_group = decaying()
        Network(decaying_group).run(1 * ms)
        device.build(compile=True, clean=True, with_output=False, direct_call=True, result_directory="x")
        device.insert_code("main", "int x;")
        assert isinstance(device.arduino_port, Dummy) and isinstance(device.arduino_port.open()[0], Dummy)
    texts = [text for _, _, text in said]
    assert "There is no C++ program here: debug has no effect." in texts
    assert "There is no C++ program here: clean, direct_call, with_output have no effect." in texts
    assert any("'result_directory'" in text and 'Did you mean "results_directory"' in text for text in texts)
    assert any("insert_code('main'" in text for text in texts)
    assert any("has no 'arduino_port'" in text for text in texts)
    with pytest.raises(AttributeError):
        _ = device._nothing
    with pytest.raises(AttributeError, match=r"use device\.run"):
        device.main_queue.append(("set_by_array", ()))


def test_names_that_programs_give_to_arrays() -> None:
    group = decaying(name="cells")
    synapses = Synapses(group, group, "w : 1", name="links")
    synapses.connect()
    assert device.get_array_name(group.variables["v"]) == "_array_cells_v"
    assert device.get_array_name(synapses.w) == "_dynamic_array_links_w"
    assert device.network_schedule[0] == "start"


# ---------------------------------------------------------------------- runs that wait


def test_runs_wait_for_build_and_are_done_in_order() -> None:
    waiting()
    group = decaying()
    group.rate = 1000 * Hz
    monitor = StateMonitor(group, "v", record=True)
    run(1 * ms)
    group.rate = [0, 2000] * Hz
    group.v = "v + i*10"
    run(1 * ms)
    for read in (lambda: group.v[:], lambda: monitor.v, lambda: monitor.N, lambda: len(monitor)):
        with pytest.raises(NotImplementedError, match=r"not known yet: run\(\) waits for device.build"):
            read()
    assert list(group.k[:]) == [0, 0] and len(group) == 2
    device.build()
    assert list(group.v) == pytest.approx([1, 13])
    assert monitor.v.shape == (2, 20) and monitor.v[1, 10] == pytest.approx(11)


def test_build_without_run_compiles_and_run_runs() -> None:
    waiting()
    group = decaying()
    group.rate = 1000 * Hz
    run(1 * ms)
    device.build(run=False)
    assert device.timers["compile"]["make"] > 0 and not device.has_been_run
    with pytest.raises(NotImplementedError):
        group.v[:]
    device.run()
    assert group.v[0] == pytest.approx(1)
    group.v = 55  # later assignments are no part of the program
    device.run()
    assert group.v[0] == pytest.approx(1)
    with pytest.raises(RuntimeError, match="already been built"):
        run(1 * ms)


def test_what_changes_between_runs_is_replayed() -> None:
    waiting()
    group, late = decaying(1), decaying(1)
    group.rate = late.rate = 1000 * Hz
    spikes = SpikeGeneratorGroup(1, [0], [0.5] * ms)
    monitor = SpikeMonitor(spikes)
    network = Network(group, spikes, monitor)
    network.run(1 * ms)
    network.add(late)
    late.v = 5
    group.active = False
    defaultclock.dt = 0.05 * ms
    spikes.set_spikes([0, 0], [1.2, 1.4] * ms)
    network.run(1 * ms)
    network.remove(late)
    group.active = True
    defaultclock.dt = 0.1 * ms
    network.run(1 * ms)
    device.build(run=False)
    for _ in range(2):
        device.run()
        assert network.t == 3 * ms
        assert (group.v[0], late.v[0]) == pytest.approx((2, 6))
        assert list(monitor.t / ms) == pytest.approx([0.5, 1.2, 1.4])
    assert late not in network


def test_mistakes_are_found_where_they_are_made() -> None:
    waiting()
    group = decaying()
    wrong = NeuronGroup(1, "dv/dt = -v/tua : 1", method="euler")
    with pytest.raises(BrianObjectException, match="tua"):
        Network(wrong).run(1 * ms)
    synapses = Synapses(group, group)
    synapses.connect()
    network = Network(group, synapses)
    network.run(1 * ms)
    with pytest.raises(DimensionMismatchError):
        group.rate = 3 * mV
    with pytest.raises(NotImplementedError, match="cannot be added between such runs"):
        synapses.connect()
    device.build()
    assert network.t == 1 * ms


def test_nothing_to_run() -> None:
    waiting()
    device.build()
    with pytest.raises(RuntimeError, match="call run"):
        device.run()


def test_two_scopes_are_two_simulations() -> None:
    waiting()
    first = decaying(1)
    first.rate = 1000 * Hz
    run(1 * ms)
    start_scope()
    second_group = decaying(1)
    second_group.rate = 2000 * Hz
    del_first, first_view = first, first.v
    del first
    run(2 * ms)
    device.build()
    assert second_group.v[0] == pytest.approx(4) and first_view[0] == pytest.approx(1) and del_first.N == 1


def test_python_code_reads_what_it_likes_while_the_program_runs() -> None:
    waiting()
    group = decaying(1)
    group.rate = 1000 * Hz
    seen = []

    @network_operation(dt=0.5 * ms)
    def look() -> None:
        seen.append(float(group.v[0]))

    network = Network(group, look)
    network.run(1 * ms)
    with pytest.raises(NotImplementedError):
        group.v[:]
    device.build()
    assert seen == pytest.approx([0, 0.5])


# ---------------------------------------------------------------------- run_args


def test_dictionaries_of_values() -> None:
    waiting()
    group = decaying()
    group.rate, group.v = 1000 * Hz, [1, 2]
    stimulus = TimedArray([0, 1], dt=1 * ms, name="stimulus")
    follower = NeuronGroup(1, "x = stimulus(t) : 1")
    monitor = StateMonitor(follower, "x", record=0, dt=1 * ms)
    network = Network(group, follower, monitor)
    network.run(2 * ms, namespace={"stimulus": stimulus})
    device.build(run=False)
    for given, ends, x in (
        ({}, [3, 4], [0, 1]),
        ({group.v: [5, 6]}, [7, 8], [0, 1]),
        ({group.v: 0, group.rate: 2000 * Hz}, [4, 4], [0, 1]),
        ({group.rate: np.array([0, 1]) / second, stimulus: [7, 8]}, [1, 2.002], [7, 8]),
        ({group.rate_: 500, stimulus: 3}, [2, 3], [3, 3]),
        ({group[1:].v: 9}, [3, 11], [0, 1]),
        ({"cells.v": 1}, [3, 3], [0, 1]) if group.name == "cells" else ({}, [3, 4], [0, 1]),
    ):
        device.run(run_args=given)
        assert list(group.v) == pytest.approx(ends) and list(monitor.x[0]) == x
    assert list(stimulus.values) == [0, 1]


def test_texts_and_files(tmp_path: Path) -> None:
    waiting()
    group = NeuronGroup(2, "dv/dt = rate : 1\nrate : Hz\nn : integer\nb : boolean", method="euler", name="some_cells")
    stimulus = TimedArray([0.0, 1.0], dt=1 * ms, name="input_values")
    network = Network(group)
    network.run(1 * ms)
    device.build(run=False)
    np.save(tmp_path / "v.npy", [3.0, 4.0])
    np.array([1000.0, 2000.0]).tofile(tmp_path / "rate")
    device.run(run_args=[f"some_cells.v={tmp_path}/v.npy", f"some_cells.rate = {tmp_path}/rate", "some_cells.n=7",
                         "some_cells.b=True", "input_values.values=5"])  # fmt: skip
    assert list(group.v) == pytest.approx([4, 6]) and list(group.n) == [7, 7] and all(group.b)
    assert list(stimulus.values) == [0, 1]


def test_names_as_keys_take_values_with_and_without_units() -> None:
    waiting()
    group = NeuronGroup(2, "dv/dt = 1/tau : 1\ntau : second", method="euler", name="named")
    Network(group).run(1 * ms)
    device.build(run=False)
    for given in ({group.tau: 2 * ms}, {"named.tau": 2 * ms}, {"named.tau": 0.002}, ["named.tau=0.002"]):
        device.run(run_args=given)
        assert list(group.v) == pytest.approx([0.5, 0.5])
    with pytest.raises(DimensionMismatchError, match="units s, but got"):
        device.run(run_args={"named.tau": 2 * mV})


def test_wrong_values_are_refused_and_change_nothing(tmp_path: Path) -> None:
    waiting()
    group, other = decaying(name="somata"), decaying()
    group.rate = 1000 * Hz
    stimulus = TimedArray([0, 1] * mV, dt=1 * ms)
    network = Network(group)
    network.run(1 * ms)
    device.build()
    np.save(tmp_path / "objects.npy", np.array([object()]), allow_pickle=True)
    np.save(tmp_path / "texts.npy", np.array(["a", "b"]))
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY\x01\x00\xff")
    (tmp_path / "odd").write_bytes(b"1234567")
    for given, error, message in (
        ([f"somata.rate={tmp_path}/objects.npy"], ValueError, "objects.npy' in run_args: this is no file"),
        ([f"somata.rate={tmp_path}/texts.npy"], ValueError, "holds no array of numbers"),
        ([f"somata.rate={tmp_path}/damaged.npy"], ValueError, "damaged.npy' in run_args: this is no file"),
        ([f"somata.rate={tmp_path}/odd"], ValueError, "has 7 bytes, which is no whole number of values of 8 bytes"),
        ({group.rate: 5 * mV}, DimensionMismatchError, "'somata.rate' in run_args should be given with units"),
        ({group.rate: [1, 2, 3] * Hz}, ValueError, "takes one value, or 2, but 3"),
        ({group.rate: "5*Hz"}, TypeError, "number or an array, not a text"),
        ({group.t: 5 * ms}, TypeError, "read-only"),
        ({other.v: 5}, ValueError, "not part of the program"),
        ({stimulus: [1, 2, 3] * mV}, ValueError, "shape"),
        ({stimulus: [1, 2] * ms}, DimensionMismatchError, "units"),
        ({stimulus: "x"}, TypeError, "not a text"),
        ({3: 4}, TypeError, "keys of run_args"),
        (3, TypeError, "not int"),
        (["somata.rate"], TypeError, "group.variable=value"),
        (["rate=3"], KeyError, "group.variable"),
        (["somata.rat=3"], KeyError, "Did you mean"),
        (["somatta.rate=3"], KeyError, "somata"),
        (["somata.rate=nowhere.npy"], ValueError, "no file nowhere.npy"),
    ):
        with pytest.raises(error, match=message):
            device.run(run_args=given)
        assert group.v[0] == pytest.approx(1)


def test_values_are_set_where_the_script_says() -> None:
    waiting()
    group = NeuronGroup(3, "dv/dt = 0*Hz : 1\nlow : 1\nw : 1", method="euler")
    group.low, group.w = 1, "low"
    device.apply_run_args()
    group.v = "low + i"
    group.v = "v*2"
    with pytest.raises(RuntimeError, match="one place"):
        device.apply_run_args()
    network = Network(group)
    network.run(1 * ms)
    device.build(run=False)
    for _ in range(2):
        device.run(run_args={group.low: 10})
        assert list(group.v) == [20, 22, 24] and list(group.w) == [1, 1, 1]
        device.run()
        assert list(group.v) == [2, 4, 6]


def test_synapses_come_back_with_weights_delays_and_spikes_on_their_way() -> None:
    waiting()
    source = SpikeGeneratorGroup(1, [0] * 4, [0, 1, 2, 3] * ms)
    target = NeuronGroup(2, "dv/dt = 0*Hz : 1", method="euler")
    synapses = Synapses(source, target, "w : 1", on_pre="v += w; w += 1")
    synapses.connect()
    synapses.w, synapses.delay = [1, 2], [0, 1.5] * ms
    network = Network(source, target, synapses)
    network.run(4 * ms)
    device.build(run=False)
    for given, v, w in (
        ({}, [10, 9], [5, 5]),
        ({}, [10, 9], [5, 5]),
        ({synapses.w: 0}, [6, 3], [4, 3]),
        ({synapses.delay: 0.5 * ms}, [10, 14], [5, 6]),
        ({}, [10, 9], [5, 5]),
    ):
        device.run(run_args=given)
        assert list(target.v) == v and list(synapses.w) == w


def test_a_seed_gives_the_same_numbers_each_time_and_none_others() -> None:
    waiting()
    seed(5)
    group = PoissonGroup(100, 100 * Hz)
    monitor = SpikeMonitor(group)
    network = Network(group, monitor)
    network.run(50 * ms)
    device.build()
    first = monitor.i[:].tolist()
    device.run()
    assert monitor.i[:].tolist() == first
    seed()
    device.run()
    second_time = monitor.i[:].tolist()
    device.run()
    assert len({tuple(first), tuple(second_time), tuple(monitor.i[:].tolist())}) == 3


# ---------------------------------------------------------------------- run simulates at once


def test_what_ran_at_once_runs_again() -> None:
    set_device("cpp_standalone", run_args=["quick_cells.rate=3000"])
    group = decaying(name="quick_cells")
    run(1 * ms)
    assert group.v[0] == pytest.approx(3)
    group.rate = 77 * Hz
    device.run(run_args={group.v: 10})
    assert group.v[0] == pytest.approx(10)
    run(1 * ms)  # Brian refuses this; here it goes on
    assert defaultclock.t == 2 * ms


def test_a_second_run_at_once_has_to_be_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    set_device("cpp_standalone")
    network = Network(decaying())
    network.run(1 * ms)
    network.run(1 * ms)
    with pytest.raises(RuntimeError, match="build_on_run=False"):
        device.run()
    device.reinit()
    device.activate()
    monkeypatch.setattr(program, "MOST_BYTES", 10)
    Network(decaying()).run(1 * ms)
    with pytest.raises(RuntimeError, match="was not kept"):
        device.run()


# ---------------------------------------------------------------------- results


def test_results_are_files_if_a_directory_is_named(tmp_path: Path) -> None:
    waiting()
    group = decaying(name="written_cells")
    group.rate = 1000 * Hz
    monitor = StateMonitor(group, "v", record=True, name="written_states")
    network = Network(group, monitor)
    network.run(1 * ms)
    device.build(directory=str(tmp_path), results_directory="values")
    assert device.results_dir == str(tmp_path / "values")
    device.run(run_args={group.rate: 0 * Hz}, results_directory="others")
    index = json.loads((tmp_path / "others" / "run.json").read_text())
    assert index["run_args"] == ["written_cells.rate"] and index["completed"] == 1
    assert index["files"]["written_cells.rate.npy"] == "Hz"
    assert np.load(tmp_path / "values" / "written_cells.v.npy") == pytest.approx([1, 1])
    assert np.load(tmp_path / "others" / "written_states.v.npy") == pytest.approx(monitor.v.T)
    device.delete()
    assert not list(tmp_path.iterdir())
    device.run(results_directory=str(tmp_path / "absolute"))
    assert (tmp_path / "absolute" / "run.json").exists()


# ---------------------------------------------------------------------- processes

MODEL = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from ranvier import *
from ranvier.devices import device_module

class Model:
    def __init__(self):
        self.cells = NeuronGroup(3, '''dv/dt = (2 - v)/tau : 1
                                       tau : second (constant)''', threshold='v > 1', reset='v = 0', method='exact')
        self.noise = PoissonGroup(20, 100*Hz)
        self.monitor, self.events = SpikeMonitor(self.cells), SpikeMonitor(self.noise)
        self.network = Network(self.cells, self.noise, self.monitor, self.events)
        self.network.run(20*ms)
        self.device = get_device()
        self.device.build(run=False, directory=None)

    def run_with(self, tau):
        device_module.active_device = self.device
        self.device.run(run_args={self.cells.tau: tau}, results_directory=f'result_{tau/ms:g}')
        return self.monitor.num_spikes, tuple(self.events.t/ms)

    def object(self, tau):
        return self.monitor

def whole(tau):
    set_device('cpp_standalone', build_on_run=False, directory=None)
    return Model().run_with(tau)[0]

def error_of(call):
    try:
        return str(call())
    except Exception as error:
        return str(error)
"""

FORK = """
if __name__ == '__main__':
    set_device('cpp_standalone', build_on_run=False)
    model = Model()
    with multiprocessing.get_context('fork').Pool(2) as pool:
        results = pool.map(model.run_with, [2, 4, 8, 16]*ms)
        assert [n for n, _ in results] == [42, 21, 9, 3], results
        assert len({events for _, events in results}) == 4, 'without a seed all runs differ'
        assert 'return values' in error_of(lambda: pool.map(model.object, [1]))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('fork')) as pool:
        assert [n for n, _ in pool.map(model.run_with, [4, 8]*ms)] == [21, 9]
    import os
    assert sorted(os.listdir(device.project_dir)) == ['result_16', 'result_2', 'result_4', 'result_8']
    device.delete()
    assert error_of(lambda: model.monitor.num_spikes).startswith('What')
"""

SPAWN = """
if __name__ == '__main__':
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        assert pool.map(whole, [4, 8]*ms) == [21, 9]
        set_device('cpp_standalone', build_on_run=False)
        model = Model()
        assert 'does not exist in this process' in error_of(lambda: pool.map(model.run_with, [4]*ms))
    device.delete()
"""


@pytest.mark.parametrize("how", [FORK, SPAWN], ids=["fork", "spawn"])
def test_workers_run_a_program_with_their_own_values(tmp_path: Path, how: str) -> None:
    if sys.platform == "win32" and how == FORK:
        pytest.skip("There is no fork on Windows.")
    script = tmp_path / "script.py"
    script.write_text(MODEL + how)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=longest(), check=False)
    assert done.returncode == 0, done.stderr
