"""Networks whose runs on a GPU are compared with those on the CPU."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ranvier import (
    Network,
    NetworkOperation,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    seed,
)
from ranvier.codegen import CodegenOptions
from ranvier.gpu.cuda_stand_in import StandIn
from ranvier.runtime.cuda.driver import Driver
from ranvier.stages import Options, set_default_options

EXACT = CodegenOptions(fast_math="off")
MODEL = "dv/dt = (1.3 - v + x + 0.01*y)/(5*ms) : 1\nx : 1\ny : 1"


@pytest.fixture
def cpu_afterwards() -> Iterator[None]:
    """What runs next is on the CPU again."""
    yield
    set_default_options(None)
    Driver.stand_in, Driver._of_process = None, None


def on_stand_in(stand_in: StandIn, options: Options) -> StandIn:
    """Lets runs use a stand-in of the driver, compiled by these options."""
    Driver.stand_in, Driver._of_process = (lambda: stand_in), None
    set_default_options(options)
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


def named(network: Network) -> dict[str, Any]:
    return {obj.name: obj for obj in network.objects}


def clocked(operation: float = 100, slow: float = 0.5) -> dict[str, np.ndarray]:
    """Returns what a network of two clocks does, with an operation in Python at times."""
    cells = NeuronGroup(9, "dv/dt = (1.3 - v + y)/(5*ms) : 1\ny : 1", threshold="v > 1", reset="v = 0", method="euler")
    slower = NeuronGroup(
        7, "dv/dt = (1.1 - v + 0.1*sin(2*pi*50*Hz*t))/(3*ms) : 1", threshold="v > 1", reset="v = 0", method="euler",
        dt=slow * ms, name="slower",
    )  # fmt: skip
    more = Synapses(slower, cells, on_pre="v += 0.05", name="more", delay=0.7 * ms)
    more.connect()
    values, rates = StateMonitor(slower, "v", True, name="values"), PopulationRateMonitor(cells, name="rates")
    spikes = SpikeMonitor(slower, name="slow_spikes")
    network = Network(cells, slower, more, values, rates, spikes)

    def change() -> None:
        cells.y[2] = cells.y[2] + 0.25
        assert len(values.t) <= len(rates.t)

    network.add(NetworkOperation(change, dt=operation * ms, name="change"))
    network.run(20 * ms)
    network.run(7.3 * ms)
    return {
        "values": np.array(values.v[:]), "times": np.array(values.t[:]), "rates": np.array(rates.rate[:]),
        "slow": np.array(spikes.t[:]), "v": np.array(cells.v[:]), "t": np.array([float(network.t)]),
    }  # fmt: skip
