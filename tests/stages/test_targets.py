"""The target that a script chooses: kernels on the CPU give what the CPU gives, and what cannot run yet says so."""

import sys
from collections.abc import Iterator
from logging import INFO
from pathlib import Path

import numpy as np
import pytest

from ranvier import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    prefs,
    seed,
    set_device,
)
from ranvier.codegen import CodegenOptions
from ranvier.codegen.target import has_threads
from ranvier.gpu.availability import why_no_device
from ranvier.gpu.cuda_stand_in import StandIn
from ranvier.kernels import launch_plan, step_costs
from ranvier.passes.errors import PassError
from ranvier.runtime.cuda.driver import Driver
from ranvier.session.logger import catch_logs
from ranvier.stages import Options, current_options


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("RANVIER_TARGET", raising=False)
    target, mode, threads = prefs.codegen.target, prefs.codegen.fast_math, prefs.codegen.threads
    yield
    prefs.codegen.target, prefs.codegen.fast_math, prefs.codegen.threads = target, mode, threads


def plastic() -> tuple[Network, dict[str, object]]:
    """A network with noise, several delays, traces, a shared variable, two clocks and monitors of all kinds."""
    seed(11)
    inputs = PoissonGroup(30, rates=100 * Hz, name="inputs")
    cells = NeuronGroup(
        20, "dv/dt = (x - v)/(10*ms) + 0.2*xi*(5*ms)**-0.5 : 1 (unless refractory)\nx : 1 (shared)", threshold="v > 1",
        reset="v = 0", refractory=2 * ms, method="euler", name="cells",
    )  # fmt: skip
    cells.run_regularly("x = 0.5*x + 0.2*rand()", dt=0.5 * ms)
    synapses = Synapses(
        inputs, cells, "w : 1\nda/dt = -a/(20*ms) : 1 (event-driven)\ndb/dt = -b/(20*ms) : 1 (event-driven)",
        on_pre="v_post += w\na += 0.01\nw = clip(w + b, 0, 1)", on_post="b -= 0.01\nw = clip(w + a, 0, 1)",
        name="synapses",
    )  # fmt: skip
    synapses.connect(p=0.6)
    synapses.w, synapses.delay = "0.5*rand()", "rand()*2*ms"
    spikes, rates = SpikeMonitor(cells, name="spikes"), PopulationRateMonitor(cells, name="rates")
    values = StateMonitor(cells, ["v", "x"], record=[1, 5], name="values")
    objects = {"spikes": spikes, "rates": rates, "values": values, "synapses": synapses, "cells": cells}
    return Network(inputs, *objects.values()), objects


def outcome(target: str) -> list[np.ndarray]:
    prefs.codegen.target, prefs.codegen.fast_math = target, "off"
    network, objects = plastic()
    network.run(20 * ms)
    network.run(10 * ms)  # what the arrays hold is where the next run begins
    found = [np.array(value) for each in objects.values() for value in each.get_states(units=False).values()]
    assert len(found[0]) > 5
    return found


def test_the_emulated_target_gives_the_bits_of_the_cpu() -> None:
    for one, other in zip(outcome("auto"), outcome("emulated"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_environment_says_the_target_where_a_script_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert current_options().target == "cpu"
    monkeypatch.setenv("RANVIER_TARGET", "emulated")
    assert current_options().target == "emulated"
    prefs.codegen.target = "numpy"
    assert current_options().target == "cpu"
    prefs.codegen.target = "auto"
    monkeypatch.setenv("RANVIER_TARGET", "abacus")
    with pytest.raises(ValueError, match=r"target: abacus; .* emulated or cuda"):
        current_options()


def test_programs_of_targets_are_kept_apart() -> None:
    others = [{"target": "emulated"}, {"target": "emulated", "block": 32}, {"target": "cuda"}]
    chosen = [{}, *others, {"target": "cuda", "stand_in": True}]
    assert len({Options(**options).key for options in chosen}) == 5


def test_without_a_gpu_one_sentence_says_so(monkeypatch) -> None:
    monkeypatch.setattr(Driver, "stand_in", lambda: StandIn(devices=0))
    monkeypatch.setattr(Driver, "_of_process", None)
    network, _ = plastic()
    network.run(0 * ms)
    prefs.codegen.target = "cuda"
    with pytest.raises(Exception, match="There is no NVIDIA GPU that this process can use"):
        network.run(1 * ms)
    assert "gpu.launch_func" in network.lower().as_text("kernels")


@pytest.mark.parametrize("name", ["cuda", "genn", "cuda_standalone"])
@pytest.mark.parametrize("devices", [0, 1])
def test_devices_of_scripts_take_a_gpu_or_say_once_why_not(name, devices, monkeypatch) -> None:
    monkeypatch.setenv("RANVIER_CUDA", "stand-in")
    monkeypatch.setattr(Driver, "stand_in", lambda: StandIn(devices=devices))
    monkeypatch.setattr(Driver, "_of_process", None)
    try:
        with catch_logs(INFO) as logs:
            set_device(name, directory=None)
            set_device(name, directory=None)
        assert current_options().target == ("cuda" if devices else "cpu")
        network, _ = plastic()
        network.run(1 * ms)
    finally:
        set_device("runtime")
    said = [text for _, _, text in logs]
    assert len(said) == (0 if devices else 1)
    if not devices:
        assert "no NVIDIA GPU" in said[0] and f"'{name}'" in said[0] and "Nothing was simulated" not in said[0]


def test_what_to_install_is_said(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    monkeypatch.setattr(Driver, "stand_in", None)
    monkeypatch.setattr(Driver, "_of_process", None)
    assert "pip install cuda-bindings" in str(why_no_device(Options(target="cuda")))


def test_kernels_are_not_divided_among_threads_of_the_cpu() -> None:
    prefs.codegen.threads = 2
    network, _ = plastic()
    program = network.lower()
    assert ("partition" in program.options.passes) == has_threads()
    assert "division" not in program.as_text("kernels") and launch_plan(program).launches
    prefs.codegen.target = "emulated"
    assert network.lower().threads == "1 thread: the target 'emulated' has threads of its own"
    network.run(1 * ms)
    with pytest.raises(PassError, match="divided among threads of the CPU: leave 'partition' out"):
        network.lower(options=Options(pipeline="default,partition", target="emulated")).as_text("loops")


def test_plans_and_costs_of_a_network() -> None:
    network, _ = plastic()
    program = network.lower(options=Options(codegen=CodegenOptions(fast_math="off")))
    plan = launch_plan(program)
    assert not plan.serial and {one.about for one in plan.launches} >= {"elements", "events", "spikes", "targets"}
    costs = step_costs(program)
    deliver = next(counts for one, counts in costs.rows if one.kernel.startswith("deliver_synapses_pre"))
    assert deliver.barriers == 1 and deliver.atomics == 0 and deliver.loads > 3
    assert str(costs).splitlines()[0].split()[:3] == ["kernel", "blocks", "threads"]


def test_pathways_that_add_to_one_variable_all_run_by_many_threads() -> None:
    """The first one was sorted anew, and the second no longer knew whose elements it adds to."""
    prefs.codegen.synapse_layout = "rows"
    cells = NeuronGroup(20, "v : 1", threshold="v > 1", reset="v = 0", name="cells")
    parts = [Synapses(cells, cells, "w : 1", on_pre="v += w", name=f"part{k}") for k in range(3)]
    for part in parts:
        part.connect(p=0.3)
        part.w, part.delay = "rand()", "rand()*ms"
    plan = launch_plan(Network(cells, *parts).lower())
    assert not plan.serial and sum(one.about == "targets" for one in plan.launches) == 3


def test_dumps_hold_the_kernels_that_are_emulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path))
    prefs.codegen.target = "emulated"
    cells = NeuronGroup(3, "dv/dt = -v/(7*ms) : 1", method="euler", name="dumped")
    Network(cells).run(0.3 * ms)
    assert ".entry integrate_dumped" in next(tmp_path.glob("*-ptx.ptx")).read_text()
    assert "gpu.launch_func" in next(tmp_path.glob("*-kernels.mlir")).read_text()
