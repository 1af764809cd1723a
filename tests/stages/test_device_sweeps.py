"""Sweeps on a GPU, by the stand-in, and by its kernels on the CPU: each instance has the bits of the run alone."""

from collections.abc import Iterator

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, Synapses, ms, prefs, seed
from ranvier.gpu.cuda_stand_in import StandIn
from ranvier.objects.networks.sweeps import job
from ranvier.runtime.cuda.driver import Driver
from ranvier.stages.instance_programs import compile_batch

VALUES = np.linspace(0.9, 1.6, 11)
TARGETS = ("cuda", "emulated")


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RANVIER_CUDA", "stand-in")
    monkeypatch.setattr(Driver, "stand_in", None)
    monkeypatch.setattr(Driver, "_of_process", None)
    target, mode = prefs.codegen.target, prefs.codegen.fast_math
    prefs.codegen.fast_math = "off"
    yield
    prefs.codegen.target, prefs.codegen.fast_math = target, mode


def build() -> tuple[Network, NeuronGroup, SpikeMonitor]:
    seed(2)
    cells = NeuronGroup(
        6, "dv/dt = (a - v)/(10*ms) + 0.2*xi*(5*ms)**-0.5 : 1\na : 1", threshold="v > 1", reset="v = 0",
        method="euler", name="cells",
    )  # fmt: skip
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", name="synapses")
    synapses.connect(p=0.4)
    synapses.w, synapses.delay = 0.05, "2*ms*rand()"
    spikes = SpikeMonitor(cells, name="spikes")
    return Network(cells, synapses, spikes), cells, spikes


def swept(form: str | None) -> list[np.ndarray]:
    network, cells, spikes = build()
    result = network.sweep(
        9 * ms, over={"cells.a": VALUES},
        measure={"v": lambda: cells.v[:].copy(), "n": lambda: float(spikes.num_spikes)}, form=form,
    )  # fmt: skip
    assert not result.failures
    return [np.array(result["v"]), np.array(result["n"])]


@pytest.mark.parametrize("target", TARGETS)
def test_each_instance_has_the_bits_of_the_run_alone(target, monkeypatch) -> None:
    expected = swept("one after another")
    assert expected[1].sum() > 5
    prefs.codegen.target = target
    stand_ins: list[StandIn] = []
    monkeypatch.setattr(Driver, "stand_in", lambda: stand_ins.append(StandIn()) or stand_ins[-1])
    found = swept("lanes")
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(stand_ins) == (target == "cuda")
    if target == "cuda":
        assert stand_ins[0].calls.count("cuGraphLaunch") < 30  # one run for all
        by_itself = swept(None)  # the GPU has them side by side without being asked
        np.testing.assert_array_equal(by_itself[0], found[0])


def test_the_memory_of_the_device_says_how_many_are_computed_at_once(monkeypatch) -> None:
    prefs.codegen.target = "cuda"
    sizes: list[int] = []
    run = job.BatchRun

    def noted(program, values, count, given):
        sizes.append(count)
        return run(program, values, count, given)

    monkeypatch.setattr(job, "BatchRun", noted)
    swept("lanes")
    assert sizes == [11]
    monkeypatch.setattr(job, "COPIES", 1 << 26)
    sizes.clear()
    swept("lanes")
    assert sizes and max(sizes) <= 8


def test_the_plan_of_the_device_says_what_instances_side_by_side_take(monkeypatch) -> None:
    network, _, _ = build()
    alone = network.memory_plan(target="cuda")
    plan = network.memory_plan(100, target="cuda")
    rows = {(row.what, row.label): row.number for row in plan.rows}
    assert rows["variable", "cells.v"] == 6 * 104 and plan.bytes_of("connections") < 4_000  # as for one
    assert plan.total < 104 * alone.total
    large = network.memory_plan(10_000, target="cuda")
    assert 50 * plan.total < large.total < 100 * plan.total
    with pytest.raises(ValueError, match="instances has to be 1 or more"):
        network.memory_plan(0, target="cuda")
    # what is there when they run
    stand_in = StandIn()
    monkeypatch.setattr(Driver, "stand_in", lambda: stand_in)
    monkeypatch.setattr(Driver, "_of_process", None)
    prefs.codegen.target = "cuda"
    lowered = network.lower()
    values = lowered.run_values()
    own = [n for n, v in enumerate(values) if getattr(v, "label", "") == "cells.v"]
    job.BatchRun(compile_batch(lowered.plan, own), values, 100, {}).advance()
    assert 0.8 * plan.total < stand_in.most < 1.3 * plan.total + 20_000


def test_what_cannot_be_had_on_the_device_is_said() -> None:
    prefs.codegen.target = "cuda"
    Driver.stand_in = lambda: StandIn(devices=0)
    with pytest.raises(Exception, match="There is no NVIDIA GPU"):
        swept(None)
    Driver.stand_in = StandIn
    network, _, _ = build()
    with pytest.raises(ValueError, match="form='lanes' is not possible: setup is a Python function"):
        network.sweep(
            1 * ms, over={"cells.a": [1.0, 1.1]}, measure="spikes.num_spikes", setup=lambda *_: None, form="lanes"
        )
