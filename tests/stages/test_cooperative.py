"""Steps that one kernel of the device does by itself: which parts wait, what comes out, and what it is made of."""

import ctypes
import re
import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from device_networks import EXACT, build, clocked, cpu_afterwards, named, on_stand_in, same, state

from ranvier import Network, NeuronGroup, ms
from ranvier.codegen.compile import compile_text
from ranvier.codegen.load import load_object
from ranvier.codegen.target import host
from ranvier.gpu.cuda_stand_in import StandIn
from ranvier.ir.device_words import STEPS
from ranvier.ir.launch_order import levels
from ranvier.kernels import launch_plan
from ranvier.passes.kernels import launching
from ranvier.passes.kernels.launching import MARGIN, choose
from ranvier.runtime.cuda import cooperative
from ranvier.runtime.cuda.driver import DeviceError
from ranvier.stages import Options, set_default_options

ON_GPU = Options(codegen=EXACT, target="cuda", block=32, stand_in=True, launching="cooperative")


pytestmark = pytest.mark.usefixtures(cpu_afterwards.__name__)


def on(stand_in: StandIn) -> StandIn:
    """Lets runs use a stand-in."""
    return on_stand_in(stand_in, ON_GPU)


def recorded() -> dict[str, np.ndarray]:
    network = build()
    network.run(4 * ms)
    named(network)["cells"].x[3] = 0.5
    network.run(100 * ms)
    return state(network)


def test_results_are_those_of_the_cpu_and_few_calls_are_made() -> None:
    set_default_options(Options(codegen=EXACT))
    expected = recorded()
    stand_in = on(StandIn())
    same(recorded(), expected)
    assert "cuLaunchCooperativeKernel" in stand_in.calls and "cuGraphLaunch" not in stand_in.calls
    assert stand_in.calls.count("cuLaunchKernel") < 120  # before the first step, and where tables begin anew


@pytest.mark.parametrize(("operation", "slow"), [(1.3, 0.5), (0.1, 0.2), (100, 1 / 3)])
def test_several_clocks_and_calls_of_python(operation, slow) -> None:
    set_default_options(Options(codegen=EXACT))
    expected = clocked(operation, slow)
    stand_in = on(StandIn())
    same(clocked(operation, slow), expected)
    assert ("cuLaunchCooperativeKernel" in stand_in.calls) == (operation != 0.1)


def test_a_wait_that_is_missing_shows(monkeypatch) -> None:
    def followed() -> np.ndarray:
        cells = NeuronGroup(5, "dx/dt = (1 - x)/(5*ms) : 1\ny : 1", method="euler")
        cells.run_regularly("y = 0.5*y + x")
        Network(cells).run(3 * ms)
        return np.array(cells.y[:])

    set_default_options(Options(codegen=EXACT, pipeline=""))
    expected = followed()
    on(StandIn())
    set_default_options(replace(ON_GPU, pipeline=""))
    np.testing.assert_array_equal(followed(), expected)
    on(StandIn())
    set_default_options(replace(ON_GPU, pipeline=""))
    monkeypatch.setattr(cooperative, "levels", lambda launches: [0] * len(launches))
    assert (followed() != expected).all()


def test_launches_wait_for_what_they_share() -> None:
    assert levels([("ab", "a"), ("cd", "c"), ("ac", ""), ("e", "e"), ("ab", "b"), ("a", "a")]) == [0, 0, 1, 0, 1, 2]
    assert levels([("a", ""), ("a", ""), ("a", "a"), ("a", "")]) == [0, 0, 1, 2]
    assert levels([]) == []


@pytest.mark.parametrize(
    "name",
    ["cuLaunchCooperativeKernel", "cuOccupancyMaxActiveBlocksPerMultiprocessor", "cuDeviceGetAttribute"],
)
def test_where_a_device_cannot_let_blocks_wait_graphs_are_launched(name) -> None:
    set_default_options(Options(codegen=EXACT))
    expected = recorded()
    fails = {name: (2 if name == "cuDeviceGetAttribute" else 0, 801)}
    stand_in = on(StandIn(fails=fails))
    same(recorded(), expected)
    assert "cuGraphLaunch" in stand_in.calls
    stand_in = on(StandIn(cooperative=False))
    same(recorded(), expected)
    assert "cuLaunchCooperativeKernel" not in stand_in.calls and "cuGraphLaunch" in stand_in.calls


def test_a_device_that_is_lost_meanwhile_loses_nothing() -> None:
    stand_in = on(StandIn())
    network = build()
    network.run(1 * ms)
    network.store()
    before = state(network)
    stand_in.fails["cuLaunchCooperativeKernel"] = (0, 700)
    with pytest.raises(DeviceError, match="before this run"):
        network.run(90 * ms)
    same(state(network), before)


def test_many_small_kernels_are_done_by_one() -> None:
    groups = [NeuronGroup(5, "dv/dt = -v/(5*ms) : 1", name=f"g{k}") for k in range(12)]
    network = Network(groups)
    network.run(0 * ms)
    plan = launch_plan(network.lower(options=Options(target="cuda", pipeline="")))
    assert plan.launching.form == "cooperative" and plan.launching.waits == 1
    assert "one kernel for many steps, in which all blocks wait for each other (1 a step): assumed" in str(plan)
    assert launch_plan(build().lower(options=Options(target="cuda"))).launching.form == "graph"


def test_the_model_takes_one_kernel_where_it_is_far_ahead() -> None:
    few, many = choose(30, "auto", 0, (), "", 3), choose(30, "auto", 0, (), "", 25)
    assert (few.form, many.form) == ("cooperative", "graph")
    assert MARGIN * launching.WAIT * 3 < launching.NODE * 30
    assert choose(30, "cooperative", 0, (), "steps differ", 3).form == "single"
    assert choose(9000, "auto", 0, (), "", 5).form == "cooperative"


def lowered(network: Network, block: int = 32) -> Any:
    network.run(0 * ms)
    return network.lower(options=Options(codegen=EXACT, block=block, launching="cooperative"))


def test_what_other_blocks_wrote_is_read_from_memory_that_is_coherent() -> None:
    text = lowered(build()).as_text("ptx")
    steps = text[text.index(f".entry {STEPS}") :]
    assert "ld.global.nc" in text and "ld.global.nc" not in steps
    waiting = steps[: steps.index("ld.acquire.gpu.global")]
    assert waiting.index("bar.sync") < waiting.index("fence.acq_rel.gpu") < waiting.index("atom.")
    assert steps[len(waiting) :].index("fence.acq_rel.gpu") < steps[len(waiting) :].index("bar.sync")


# ---- the code of the device itself, by real threads

_NUMBER, _NOTHING = ctypes.CFUNCTYPE(ctypes.c_int), ctypes.CFUNCTYPE(None)
_GO = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
CALLS = {
    "read.ptx.sreg.tid.x": "i32",
    "read.ptx.sreg.ctaid.x": "i32",
    "read.ptx.sreg.nctaid.x": "i32",
    "barrier0": "void",
    "rest": "void",
}


def for_cpu(text: str) -> str:
    """Returns the kernels of a device as code of the CPU that asks Python which thread it is, and to wait."""
    text = re.sub(r'target triple = ".*"', f'target triple = "{host().triple}"', text)
    text = re.sub(r'"target-(cpu|features)"="[^"]*"', "", text).replace("ptx_kernel ", "")
    more = ["@asked = global [5 x ptr] zeroinitializer", "define void @ranvier_kernel_ask(ptr %f, i64 %k) {"]
    more += ["  %at = getelementptr ptr, ptr @asked, i64 %k", "  store ptr %f, ptr %at", "  ret void", "}"]
    text = text.replace("\nlook:\n", "\nlook:\n  call void @llvm.nvvm.rest()\n")  # others need the processor
    for k, (name, type_) in enumerate(CALLS.items()):
        text = text.replace(f"@llvm.nvvm.{name}()", f"@asked_{k}()")
        found, given = ("", "void") if type_ == "void" else ("%r = ", "i32 %r")
        more += [f"define {type_} @asked_{k}() {{", f"  %at = getelementptr ptr, ptr @asked, i64 {k}"]
        more += ["  %f = load ptr, ptr %at", f"  {found}call {type_} %f()", f"  ret {given}", "}"]
    arguments = "ptr %a, i64 %b, i64 %c, ptr %d, i64 %e"
    more += [f"define void @ranvier_kernel_go({arguments}) {{", f"  call void @{STEPS}({arguments})", "  ret void", "}"]
    return "\n".join([text, *more, ""])


class Threaded(StandIn):
    """A stand-in that runs the code of the device for many steps, each thread of each block a thread of the CPU."""

    def __init__(self, text: str, threads: int) -> None:
        super().__init__()
        self.module = load_object(compile_text(for_cpu(text), options=EXACT).object_code)
        self.threads, self.blocks, self.me = threads, 0, threading.local()
        self.asked = [_NUMBER(lambda: self.me.thread), _NUMBER(lambda: self.me.block), _NUMBER(lambda: self.blocks)]
        self.asked += [_NOTHING(lambda: self.me.barrier.wait(600)), _NOTHING(lambda: time.sleep(1e-4))]
        ask = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(self.module["ranvier_kernel_ask"])
        for k, function in enumerate(self.asked):
            ask(ctypes.cast(function, ctypes.c_void_p).value, k)

    def _cu_launch_cooperative_kernel(self, function: int, blocks: int, *rest: int) -> Any:
        given = (ctypes.c_void_p * 5).from_address(rest[-1])
        numbers = [ctypes.c_int64.from_address(at or 0).value for at in given]
        self.blocks = blocks

        def run(block: int, thread: int, barrier: threading.Barrier) -> None:
            self.me.block, self.me.thread, self.me.barrier = block, thread, barrier
            _GO(self.module["ranvier_kernel_go"])(*numbers)

        barriers = [threading.Barrier(self.threads) for _ in range(blocks)]
        all_ = [(b, t, barriers[b]) for b in range(blocks) for t in range(self.threads)]
        workers = [threading.Thread(target=run, args=one) for one in all_]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return None


def waves() -> Network:
    cells = NeuronGroup(5, "dx/dt = (1 - x + z)/(5*ms) : 1\ny : 1\nz : 1", method="euler", name="cells")
    other = NeuronGroup(3, "dx/dt = sin(x)/(3*ms) : 1\nis_late = t > 0.4*ms : boolean", method="euler", name="other")
    other.x = "0.1*(i + 1)"
    cells.run_regularly("y = 0.5*y + x")
    cells.run_regularly("z = y/(1 + i)", order=1)
    return Network(cells, other)


def test_the_code_of_the_device_gives_the_bits_of_the_cpu_when_all_of_its_threads_run() -> None:
    def outcome() -> dict[str, np.ndarray]:
        network = waves()
        network.run(0.8 * ms)
        network.run(0.5 * ms)
        cells, other = (named(network)[name] for name in ("cells", "other"))
        return {"x": np.array(other.x[:])} | {name: np.array(getattr(cells, name)[:]) for name in ("x", "y", "z")}

    set_default_options(Options(codegen=EXACT, pipeline=""))
    expected = outcome()
    how = replace(ON_GPU, pipeline="", block=2)
    network = waves()
    network.run(0 * ms)
    stand_in = on(Threaded(network.lower(options=replace(how, stand_in=False)).as_text("nvvm"), threads=2))
    set_default_options(how)
    same(outcome(), expected)
    assert stand_in.blocks > 2 and stand_in.calls.count("cuLaunchCooperativeKernel") >= 2
