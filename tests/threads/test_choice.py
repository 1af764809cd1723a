"""How many threads a run has: what preferences say, or what pays; one program for any number of them."""

import numpy as np
import pytest
from threads.networks import cells, noise

from ranvier import Network, NeuronGroup, Synapses, ms, network_operation, prefs, start_scope
from ranvier.codegen.target import has_threads
from ranvier.ir.team import PHASE
from ranvier.runtime import simulation
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.team import Team, Work
from ranvier.session.preference_table import PreferenceError
from ranvier.stages import threads as choice

pytestmark = pytest.mark.skipif(not has_threads(), reason="several threads need futex")


@pytest.fixture
def four_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_available", lambda: (4, "this process may use 4 processors"))


def test_small_networks_have_one_thread_and_say_why(four_processors: None) -> None:
    said = Network(cells(1000)).lower().threads
    assert said.startswith("1 thread: a step has about")
    assert "a thread is worth 6.19 us where threads meet once in 32 steps" in said


def test_large_networks_have_as_many_as_pay(four_processors: None) -> None:
    equations = "dv/dt = (1 - v)/(10*ms) + exp(-v)*sin(v)/second : 1"
    numbers = [
        int(Network(NeuronGroup(size, equations, method="euler")).lower().threads.split()[0])
        for size in (1000, 20_000, 30_000, 300_000)
    ]
    assert numbers[0] == 1 and numbers == sorted(numbers) and numbers[-1] == 4 and 1 < numbers[2] <= 4


def test_threads_that_meet_seldom_pay_earlier(four_processors: None) -> None:
    group = NeuronGroup(10_000, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="euler")
    synapses = Synapses(group, group, on_pre="v_post += 0.01")
    synapses.connect(p=0.1)
    said = []
    for delay in (0 * ms, 1.5 * ms):
        synapses.delay = delay
        said.append(Network(group, synapses).lower().threads)
    assert said[0].startswith("1 thread:") and said[0].endswith("a thread is worth 12 us")
    assert said[1].startswith("2 threads:") and "6.4 us where threads meet once in 15 steps" in said[1]


def test_what_is_the_same_for_all_neurons_does_not_count(four_processors: None) -> None:
    group = NeuronGroup(10_000, "dv/dt = (exp(sin(0.1))*exp(0.3)/exp(0.2) - v)/(10*ms) : 1", method="exact")
    assert Network(group).lower().threads.startswith("1 thread:")


def test_python_in_the_step_asks_for_more_work(four_processors: None) -> None:
    group = NeuronGroup(30_000, "dv/dt = (1 - v)/(10*ms) + exp(-v)*sin(v)/second : 1", method="euler")

    @network_operation
    def look() -> None:
        pass

    assert "200 us between calls of Python" in Network(group, look).lower().threads


def test_preferences_say_the_number() -> None:
    network = Network(cells(100))
    prefs.devices.cpp_standalone.openmp_threads = 5
    assert network.lower().threads == "5 threads: the preference devices.cpp_standalone.openmp_threads"
    prefs.codegen.threads = 2
    assert network.lower().threads == "2 threads: the preference codegen.threads"
    prefs.codegen.threads = 1
    assert network.lower().threads.startswith("1 thread: ") and "scf.parallel" not in network.lower().as_text("loops")


@pytest.mark.parametrize("value", (0, -1, 1.5, True, "many", None, 5000))
def test_other_values_are_no_numbers_of_threads(value: object) -> None:
    with pytest.raises(PreferenceError, match=r"codegen\.threads"):
        prefs.codegen.threads = value


def test_processes_and_variables_of_the_environment_limit_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice.os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    large = NeuronGroup(500_000, "dv/dt = (1 - v)/(10*ms) + exp(-v)*sin(v)/second : 1", method="euler")
    assert Network(large).lower().threads.startswith("3 threads:")
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert Network(large).lower().threads.startswith("8 threads:")
    monkeypatch.setattr(choice.os, "sched_getaffinity", lambda _: {0})
    assert Network(large).lower().threads == "1 thread: this process may use 1 processor"


def test_one_program_serves_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    programs: list[object] = []

    class Watched(Simulation):
        def __init__(self, program, *args, **kwds) -> None:
            programs.append((program, kwds["threads"]))
            super().__init__(program, *args, **kwds)

    monkeypatch.setattr("ranvier.runtime.beginning.Simulation", Watched)
    network = Network(cells(1400))
    for number in (2, 3, 8, 1):
        prefs.codegen.threads = number
        network.run(1 * ms)
    assert [threads for _, threads in programs] == [2, 3, 8, 1]
    assert programs[0][0] is programs[1][0] is programs[2][0] is not programs[3][0]


def test_a_profiled_run_has_one_thread() -> None:
    prefs.codegen.threads = 3
    network = Network(cells(1400))
    network.run(1 * ms, profile=True)
    assert network.profiling_info


def test_dumps_say_how_the_work_is_divided_and_why_not(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    start_scope()
    prefs.codegen.threads = 2
    group = cells(1400)
    back = Synapses(group, group, on_pre="v_pre -= 0.01*mV", name="back")
    back.connect(p=0.01)
    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path))
    Network(group, back, noise()).run(1 * ms)
    dumped = {path.name.split("-", 2)[2]: path.read_text() for path in tmp_path.iterdir() if path.suffix != ".npz"}
    text = dumped["optimised.mlir"]
    assert 'division = "elements"' in text and "each synapse changes 'cells.v' of the neuron that spikes" in text
    assert 'waits = "reads' in text and "scf.parallel" in dumped["loops.mlir"]
    assert dumped["threads.txt"] == "2 threads: the preference codegen.threads\n"


def test_what_spikes_reach_is_divided_although_it_is_little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread that writes to the elements of all others takes their lines of the cache away, twice in each step."""
    control: list[np.ndarray] = []

    class Watched(Team):
        def __init__(self, work: Work | None, words: np.ndarray, threads: int) -> None:
            super().__init__(work, words, threads)
            control.append(words)

    monkeypatch.setattr(simulation, "Team", Watched)
    prefs.codegen.threads = 2
    phases = []
    for spiking in (0, 1, 5):
        start_scope()
        names = {"spiking": spiking}
        equations = "dv/dt = -v/(10*ms) : 1"
        group = NeuronGroup(10_000, equations, threshold="i < spiking", reset="", method="exact", namespace=names)
        synapses = Synapses(group, group, on_pre="v_post = 0.9*v_post + 0.1")
        synapses.connect("abs(i - j) <= 40")
        control.clear()
        Network(group, synapses).run(2 * ms)
        phases.append(int(control[-1][PHASE]) // 20)
    assert phases == [1, 2, 2]
