"""Runs on a GPU, by a stand-in of its driver that runs the kernels on the CPU: results, copies, and what goes wrong."""

from collections.abc import Iterator

import numpy as np
import pytest

from ranvier import Network, NetworkOperation, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, ms, seed
from ranvier.codegen import CodegenOptions
from ranvier.cuda_stand_in import StandIn
from ranvier.runtime.cuda.driver import Driver
from ranvier.session.logger import catch_logs
from ranvier.stages import Options, set_default_options

EXACT = CodegenOptions(fast_math="off")
ON_GPU = Options(codegen=EXACT, target="cuda", block=32, stand_in=True)
MODEL = "dv/dt = (1.3 - v + x + 0.01*y)/(5*ms) : 1\nx : 1\ny : 1"


@pytest.fixture(autouse=True)
def _afterwards() -> Iterator[None]:
    yield
    set_default_options(None)
    Driver.stand_in, Driver._of_process = None, None


def on(stand_in: StandIn) -> StandIn:
    """Lets runs use a stand-in."""
    Driver.stand_in, Driver._of_process = (lambda: stand_in), None
    set_default_options(ON_GPU)
    return stand_in


def build() -> Network:
    seed(3)
    cells = NeuronGroup(50, MODEL, threshold="v > 1", reset="v = 0", method="euler", name="cells")
    cells.v = "rand()"
    fast = Synapses(cells, cells, "w : 1", on_pre="x += w\nw *= 0.99", name="fast")
    fast.connect(p=0.2)
    fast.w, fast.delay = "0.1*rand()", "2*ms*rand()"
    summed = Synapses(cells, cells, "y_post = v_pre : 1 (summed)", name="summed")
    summed.connect(p=0.2)
    return Network(
        cells, fast, summed, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", True, name="trace")
    )


def state(network: Network) -> dict[str, np.ndarray]:
    named = {obj.name: obj for obj in network.objects}
    found = {name: np.array(named["cells"].variables[name].get_value()) for name in "vxy"}
    found["w"], found["t"] = np.array(named["fast"].w[:]), np.array([float(network.t)])
    found["i"], found["trace"] = np.array(named["spikes"].i[:]), np.array(named["trace"].v[:])
    return found


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def runs(network: Network) -> dict[str, np.ndarray]:
    network.run(4 * ms)
    cells = next(obj for obj in network.objects if obj.name == "cells")
    cells.x[3] = 0.5  # goes back to the device
    network.run(4 * ms)
    return state(network)


def test_results_are_those_of_the_cpu() -> None:
    set_default_options(Options(codegen=EXACT))
    expected = runs(build())
    on(StandIn())
    same(runs(build()), expected)


def test_kernels_and_what_nobody_changes_stay_on_the_device() -> None:
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    first = stand_in.calls.count("cuMemcpyHtoD")
    stand_in.calls.clear()
    network.run(1 * ms)
    assert stand_in.calls.count("cuMemcpyHtoD") < first
    assert "cuModuleLoadData" not in stand_in.calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devices": 0}, "There is no NVIDIA GPU that this process can use"),
        ({"version": 11040}, "driver of the GPU is too old: it is for CUDA 11.4"),
        ({"capability": (6, 1)}, "is too old: its compute capability is 6.1"),
        ({"fails": {"cuInit": (0, 100)}}, "There is no NVIDIA GPU that this process can use"),
    ],
)
def test_what_is_missing_is_a_sentence(options, message) -> None:
    on(StandIn(**options))
    with pytest.raises(Exception, match=message):
        build().run(1 * ms)


def test_too_little_memory_is_said_with_the_numbers() -> None:
    on(StandIn(size=1000))
    network = build()
    with pytest.raises(Exception, match=r"another .*B are needed, and .* of its 1.0 kB are free") as error:
        network.run(1 * ms)
    assert isinstance(error.value, MemoryError) or isinstance(error.value.__cause__, MemoryError)


def test_calls_of_python_see_and_change_variables_and_are_told_of_once() -> None:
    def trace() -> np.ndarray:
        network = build()
        cells = next(obj for obj in network.objects if obj.name == "cells")

        def halve() -> None:
            cells.v[:5] = 0.5 * cells.v[:5]

        network.add(NetworkOperation(halve, name="halving"))
        network.run(2 * ms)
        network.run(1 * ms)
        return state(network)["trace"]

    set_default_options(Options(codegen=EXACT))
    expected = trace()
    on(StandIn())
    with catch_logs(log_level=20) as logs:
        found = trace()
    np.testing.assert_array_equal(found, expected)
    (told,) = [text for _, name, text in logs if name.endswith("calls_python")]
    assert "('halving') is done on the CPU: variables are copied" in told


NAMES = ("cuLaunchKernel", "cuMemcpyHtoD", "cuMemcpyDtoH", "cuMemAlloc", "cuStreamSynchronize", "cuModuleGetFunction")


@pytest.mark.parametrize("code", [2, 700])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_wherever_the_driver_fails(name, code) -> None:
    """The second run fails: all is as after the first, which the CPU can go on with."""
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    before = state(network)
    stand_in.fails[name] = (0 if name != "cuLaunchKernel" else 5, code)
    Driver._of_process = None if name == "cuModuleGetFunction" else Driver._of_process
    with pytest.raises(Exception, match=r"GPU|driver"):
        network.run(1 * ms)
        pytest.skip("this run has no such call")
    same(state(network), before)
    set_default_options(Options(codegen=EXACT))
    network.run(1 * ms)
    set_default_options(Options(codegen=EXACT))
    expected = build()
    expected.run(1 * ms)
    expected.run(1 * ms)
    same(state(network), state(expected))
