"""Runs on a GPU, by a stand-in of its driver that runs the kernels on the CPU: results, copies, and what goes wrong."""

import pickle

import numpy as np
import pytest
from device_networks import EXACT, build, clocked, cpu_afterwards, named, on_stand_in, same, state

from ranvier import (
    Network,
    NetworkOperation,
    NeuronGroup,
    ms,
    second,
)
from ranvier.gpu.cuda_stand_in import StandIn
from ranvier.kernels import launch_plan
from ranvier.passes.kernels.launching import MOST_NODES, choose, launching_of, steps_at_once
from ranvier.passes.pipeline import lower
from ranvier.runtime import simulation
from ranvier.runtime.cuda import points
from ranvier.runtime.cuda.driver import DeviceError, Driver
from ranvier.session.logger import catch_logs
from ranvier.stages import Options, set_default_options

ON_GPU = Options(codegen=EXACT, target="cuda", block=32, stand_in=True)


pytestmark = pytest.mark.usefixtures(cpu_afterwards.__name__)


def on(stand_in: StandIn) -> StandIn:
    """Lets runs use a stand-in."""
    return on_stand_in(stand_in, ON_GPU)


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


def copies(stand_in: StandIn) -> tuple[int, int]:
    """Returns how many arrays went up and came down since it was asked last."""
    calls = list(stand_in.calls)
    stand_in.calls.clear()
    return calls.count("cuMemcpyHtoD"), calls.count("cuMemcpyDtoH")


def test_all_stays_on_the_device_until_python_asks() -> None:
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    copies(stand_in)
    for _ in range(2):
        network.run(1 * ms)
        assert "cuModuleLoadData" not in stand_in.calls
        assert copies(stand_in) == (0, 0)
    cells = named(network)["cells"]
    assert np.array(cells.v).any() and np.array_equal(np.array(cells.v), np.array(cells.v))
    assert copies(stand_in) == (0, 1)  # one variable is read: it comes once
    network.run(1 * ms)
    assert copies(stand_in) == (0, 0)  # and need not go up again
    assert cells.v[:].any()
    network.run(1 * ms)
    assert copies(stand_in) == (1, 1)  # a script may have written to the memory that `[:]` gives
    cells.x = 0.25  # all elements: the old ones are of no interest
    assert copies(stand_in) == (0, 0)
    cells.y[3] = 0.5
    assert copies(stand_in) == (0, 1)
    network.run(1 * ms)
    assert copies(stand_in) == (2, 0)


def test_arrays_that_a_script_holds_have_the_new_values() -> None:
    stand_in = on(StandIn())
    network = build()
    held = named(network)["cells"].variables["v"].get_value()
    network.run(1 * ms)
    np.testing.assert_array_equal(held, named(network)["cells"].v[:])
    sent = pickle.loads(pickle.dumps(named(network)["cells"].variables["x"].storage))
    assert type(sent).__name__ == "Storage" and sent.size == 50
    held[:] = 0.9
    network.run(0.1 * ms)
    assert abs(held.min()) < 1.2 and held.any()
    del held
    copies(stand_in)
    network.run(0.1 * ms)
    network.run(0.1 * ms)
    assert copies(stand_in)[1] == 0


def operated() -> dict[str, np.ndarray]:
    network = build()
    cells, seen = named(network)["cells"], list[np.ndarray]()

    def look() -> None:
        seen.append(cells.v[:].copy())
        cells.y[2] = cells.y[2] + 0.25

    network.add(NetworkOperation(look, dt=0.5 * ms, name="look"))
    network.run(3 * ms, report=lambda *_: seen.append(cells.v[:].copy()), report_period=1 * second)
    network.run(1 * ms)
    return state(network) | {"seen": np.array(seen)}


def test_python_in_a_run_sees_the_values_of_now_and_may_change_them() -> None:
    set_default_options(Options(codegen=EXACT))
    expected = operated()
    stand_in = on(StandIn())
    same(operated(), expected)
    _, down = copies(stand_in)
    assert down <= 2 * 8 + 12 + 8  # v and y at each call of the operation, v in reports, and what is compared


def test_what_monitors_record_comes_while_the_next_steps_run() -> None:
    def recorded() -> dict[str, np.ndarray]:
        network = build()
        network.run(150 * ms)  # tables begin anew several times
        return state(network)

    set_default_options(Options(codegen=EXACT))
    expected = recorded()
    stand_in = on(StandIn())
    same(recorded(), expected)
    assert stand_in.calls.count("cuMemcpyDtoHAsync") > 4 and "cuStreamWaitEvent" in stand_in.calls


def test_what_only_a_lost_device_had_is_named_and_can_be_set_anew() -> None:
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    network.store()
    stored = state(network)
    network.run(1 * ms)
    stand_in.fails["cuStreamSynchronize"] = (0, 700)
    with pytest.raises(Exception, match=r"values that only the GPU had are lost.* cells.v"):
        network.run(1 * ms)
    with pytest.raises(DeviceError, match=r"values of 'cells.v' were on the GPU when it gave up"):
        _ = named(network)["cells"].v[:]
    named(network)["cells"].v = 0.5
    assert (named(network)["cells"].v[:] == 0.5).all()
    network.restore()
    same(state(network), stored)
    on(StandIn())
    network.run(1 * ms)


def always_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets Python have all that the device has whenever it is asked whether the run is to go on."""
    monkeypatch.setattr(points, "EVERY", 0.0)
    monkeypatch.setattr(points, "SHARE", 1e9)


def test_a_device_that_is_lost_in_a_long_run_loses_what_came_after_a_safe_point(monkeypatch) -> None:
    set_default_options(Options(codegen=EXACT))
    expected = build()
    expected.run(200 * ms)
    stand_in = on(StandIn())
    always_safe(monkeypatch)
    network = build()
    network.run(1 * ms)
    stand_in.fails["cuStreamSynchronize"] = (4, 700)
    with pytest.raises(DeviceError, match=r"Variables, clocks and monitors are as they were at t = .* ms of simulated"):
        network.run(199 * ms)
    safe = float(network.t)
    assert 0.005 < safe < 0.2
    assert named(network)["trace"].t[-1] == pytest.approx(safe - 1e-4)
    on(StandIn())
    network.run(0.2 * second - safe * second)
    same(state(network), state(expected))


def test_what_short_runs_have_computed_is_safe_after_a_while(monkeypatch) -> None:
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    network.run(1 * ms)
    always_safe(monkeypatch)
    stand_in.fails["cuLaunchKernel"] = (3, 700)
    with pytest.raises(DeviceError, match="before this run, which can be begun anew"):
        network.run(1 * ms)
    set_default_options(Options(codegen=EXACT))
    expected = build()
    expected.run(2 * ms)
    same(state(network), state(expected))


@pytest.mark.parametrize("held", [False, True])
def test_each_report_sees_the_values_of_its_time_and_may_change_them(held, monkeypatch) -> None:
    cells, seen, changes = NeuronGroup(3, "dv/dt = 1/second : 1", method="euler"), list[float](), list[float]()
    network, kept = Network(cells), list[np.ndarray]()

    def report(elapsed, complete, start, duration) -> None:
        value = kept[0][1] if held else float(cells.v[1])
        seen.append(abs(value + sum(changes) - complete * 0.02))
        changes.append(1.0)
        cells.v[1] = value - 1

    on(StandIn())
    if held:
        kept.append(cells.variables["v"].get_value())
    monkeypatch.setattr(simulation, "SLICE_SECONDS", 0.0)
    network.run(20 * ms, report=report, report_period=1e-9 * second)
    assert len(seen) > 3 and max(seen) < 1e-9
    assert list(cells.v[:]) == pytest.approx([0.02, 0.02 - len(seen), 0.02])


def test_the_plan_of_the_device_says_what_lies_there() -> None:
    set_default_options(Options(codegen=EXACT))
    network = build()
    plan = network.memory_plan(target="cuda")
    rows = {(row.what, row.label): row for row in plan.rows}
    assert rows["variable", "cells.v"].number == 50 and rows["variable", "cells.v"].bytes == 64 * 8
    assert {"variable", "events", "connections", "recorded", "intermediate"} == {what for what, _ in rows}
    assert plan.total == sum(row.bytes for row in plan.rows) and "total" in str(plan)
    stand_in = on(StandIn())
    network.run(1 * ms)
    landing = plan.bytes_of("recorded")  # and what the host shares with the device
    assert plan.total <= stand_in.most <= plan.total + landing + 128 * len(plan.rows) + 4000
    with pytest.raises(ValueError, match="not of 'abacus'"):
        network.memory_plan(target="abacus")


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
    stand_in = on(StandIn(size=20_000))
    network = build()
    with pytest.raises(Exception, match=r"another .*kB are needed, and .* of its 20.0 kB are free") as error:
        network.run(1 * ms)
    assert isinstance(error.value, MemoryError) or isinstance(error.value.__cause__, MemoryError)
    assert "cuMemAlloc" not in stand_in.calls and network.t == 0 * ms


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


NAMES = (
    "cuLaunchKernel", "cuMemcpyHtoD", "cuMemcpyDtoH", "cuMemAlloc", "cuStreamSynchronize", "cuModuleGetFunction",
    "cuMemcpyDtoDAsync", "cuMemcpyDtoHAsync", "cuEventCreate", "cuEventRecord", "cuEventSynchronize", "cuMemHostAlloc",
)  # fmt: skip


@pytest.mark.parametrize("code", [2, 700])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_wherever_the_driver_fails(name, code) -> None:
    """The second run fails: all is as after the first, which the CPU can go on with."""
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    if code == 700:  # what only the GPU has is lost with it
        network.store()
    named(network)["cells"].x[3] = 0.5
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
    named(expected)["cells"].x[3] = 0.5
    expected.run(1 * ms)
    same(state(network), state(expected))


# ---- launching


@pytest.mark.parametrize(("operation", "slow"), [(1.3, 0.5), (0.1, 0.2), (100, 0.25), (100, 1 / 3)])
def test_steps_that_are_launched_together_give_the_bits_of_the_cpu(operation, slow) -> None:
    set_default_options(Options(codegen=EXACT))
    expected = clocked(operation, slow)
    stand_in = on(StandIn())
    same(clocked(operation, slow), expected)
    assert (stand_in.calls.count("cuGraphLaunch") > 2) == (operation != 0.1)


def test_steps_are_recorded_once_for_all_runs() -> None:
    stand_in = on(StandIn())
    network = build()
    network.run(80 * ms)
    recorded, launched = (stand_in.calls.count(name) for name in ("cuStreamBeginCapture", "cuGraphLaunch"))
    assert 0 < recorded < launched / 2  # whenever the memory of a table grows, they are recorded anew
    stand_in.calls.clear()
    network.run(1 * ms)
    network.run(1 * ms)
    assert stand_in.calls.count("cuStreamBeginCapture") <= 1 and stand_in.calls.count("cuGraphLaunch") == 2
    assert not {"cuMemAlloc", "cuMemHostAlloc", "cuMemFree"} & {*stand_in.calls[-30:]}
    stand_in.calls.clear()
    network.run(0.1 * ms)
    assert "cuGraphLaunch" not in stand_in.calls


GRAPHS = ("cuStreamBeginCapture", "cuStreamEndCapture", "cuGraphInstantiate", "cuGraphLaunch")


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("name", GRAPHS)
def test_where_steps_cannot_be_launched_together_each_kernel_is(name, after) -> None:
    set_default_options(Options(codegen=EXACT))
    expected = clocked(1.3)
    stand_in = on(StandIn(fails={name: (after, 2)}))
    same(clocked(1.3), expected)
    assert name in stand_in.calls


@pytest.mark.parametrize("name", GRAPHS)
def test_a_device_that_is_lost_while_steps_are_launched_together_loses_nothing(name) -> None:
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    network.store()
    before = state(network)
    stand_in.fails[name] = (0 if name == "cuGraphLaunch" else 1, 700)
    with pytest.raises(DeviceError, match="before this run"):
        network.run(90 * ms)
        network.run(90.4 * ms)
    if name == "cuGraphLaunch":
        same(state(network), before)


def test_the_form_of_launching_is_an_option_and_is_said() -> None:
    network = build()
    network.run(0 * ms)
    plan = launch_plan(network.lower(options=Options(codegen=EXACT, target="cuda")))
    assert plan.launching.steps == 64 or plan.launching.steps >= 16
    assert f"graphs of up to {plan.launching.steps} steps: assumed at least" in str(plan)
    module = network.lower(options=Options(codegen=EXACT)).module("optimised")
    for form, steps in (("single", 0), ("graph", 32)):
        copy = module.clone()
        lower(copy, f"sort-rows,lower-to-kernels{{launching={form} steps=32}}")
        run = next(op for op in copy.ops if op.properties["sym_name"].data == "run")
        assert launching_of(run).steps == steps
    with pytest.raises(ValueError, match="launched by 'cooperative', 'graph', 'single' or 'auto'"):
        lower(module.clone(), "sort-rows,lower-to-kernels{launching=some}")
    with pytest.raises(ValueError, match="the steps are 1, 2"):
        lower(module.clone(), "sort-rows,lower-to-kernels{steps=3}")


def test_the_model_of_launching_gives_graphs_that_are_neither_short_nor_large() -> None:
    for kernels in (1, 3, 12, 100, 1500):
        steps = steps_at_once(kernels)
        assert 4 <= steps and steps * kernels <= MOST_NODES
    assert choose(5000, "auto", 0, (), "").steps == 0
    assert "asked" in choose(3, "single", 0, (), "").why and choose(3, "graph", 8, (), "no").steps == 0
