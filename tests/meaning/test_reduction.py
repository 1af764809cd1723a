"""`ranvier reduce` on networks: what is cut first, what stays together, and that it ends in time."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import ranvier as rv
from ranvier.commands.reduce import same_fault
from ranvier.ir.synapses import PropagateOp
from ranvier.meaning.capture import Captured, capturing
from ranvier.meaning.check import Reference
from ranvier.meaning.given import Given
from ranvier.meaning.reduction import Reducer, keeps_rules
from ranvier.meaning.reproducer import Reproducer
from ranvier.meaning.runners import Interpreted
from ranvier.meaning.smaller_wiring import coarser, wirings_of, with_synapses
from ranvier.passes.own import register_pass
from ranvier.passes.pipeline import run_pipeline


class WrongSign(ModulePass):
    """Adds what arrives by inhibition."""

    name = "wrong-sign"

    def apply(self, ctx: object, op: ModuleOp) -> None:
        """Makes sums of the differences in pathways."""
        for inner in [inner for one in op.walk() if isinstance(one, PropagateOp) for inner in one.body.walk()]:
            if isinstance(inner, arith.SubfOp):
                new = arith.AddfOp(inner.lhs, inner.rhs)
                inner.parent_block().insert_op_before(new, inner)
                inner.result.replace_all_uses_with(new.result)
                inner.detach()
                inner.erase()


def cuba(size: int, probability: float) -> Captured:
    """Returns the program of the network of Brette et al. (2007), and what it is given."""
    rv.start_scope()
    rv.seed(5)
    mv, ms = rv.mV, rv.ms
    programs: list[Captured] = []
    cells = rv.NeuronGroup(
        size,
        "dv/dt = (-49*mV - v + g_e + g_i)/tau_m : volt (unless refractory)\ndg_e/dt = -g_e/tau_e : volt\n"
        "dg_i/dt = -g_i/tau_i : volt",
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * ms,
        method="exact",
        name="cells",
        namespace={"tau_m": 20 * ms, "tau_e": 5 * ms, "tau_i": 10 * ms, "mV": mv},
    )
    cells.v = "-60*mV + 10*mV*rand()"
    split = 4 * size // 5
    excitation = rv.Synapses(cells[:split], cells, on_pre="g_e += 1.62*mV", namespace={"mV": mv}, name="excitation")
    inhibition = rv.Synapses(cells[split:], cells, on_pre="g_i -= 9*mV", namespace={"mV": mv}, name="inhibition")
    excitation.connect(p=probability)
    inhibition.connect(p=probability)
    spikes, trace = rv.SpikeMonitor(cells, name="spikes"), rv.StateMonitor(cells, ["g_e", "g_i"], record=[0])
    with capturing(programs.append):
        rv.Network(cells, excitation, inhibition, spikes, trace).run(2 * ms)
    return programs[0]


def reduced(size: int, probability: float, pipeline: str, seconds: float) -> tuple[Reproducer, Reducer]:
    """Returns what becomes of the network with the wrong pass, and what has made it small."""
    register_pass(WrongSign)
    program = cuba(size, probability)
    begun, shows = same_fault(Reproducer(program.module, pipeline, program.given, "", 20))
    reducer = Reducer(shows, seconds)
    return reducer.reduce(begun), reducer


def is_small(small: Reproducer) -> bool:
    """Tells whether there is one cell, one synapse, and the op at fault."""
    ops = [op for op in small.module.walk() if op.name.startswith("snn.")]
    assert small.given is not None
    largest = max(array.size for array in small.given.states.values())
    return largest <= 2 and len(ops) < 20 and sum(isinstance(op, PropagateOp) for op in ops) == 1


def test_a_network_becomes_one_cell_with_one_synapse() -> None:
    small, reducer = reduced(300, 0.05, "wrong-sign,fuse-maps", 60.0)
    assert is_small(small) and small.pipeline == "wrong-sign" and small.steps == 1
    assert reducer.tried < 150


@pytest.mark.long
def test_a_network_of_4000_cells_is_small_within_a_minute() -> None:
    """The network of the benchmarks, whose pipeline has a wrong pass: hours, when each op was tried alone."""
    began = time.process_time()
    small, _ = reduced(4000, 0.02, "wrong-sign,default", 600.0)
    assert is_small(small) and time.process_time() - began < 60


def test_the_time_is_kept_and_the_smallest_case_so_far_is_the_result(network, monkeypatch: pytest.MonkeyPatch) -> None:
    case, seen, now = Reproducer(network.module, "", network.given, "meaning", 1), list[Reproducer](), [5.0]
    monkeypatch.setattr("ranvier.meaning.reduction.time.monotonic", lambda: now[0])

    def slow(case: Reproducer) -> bool:
        now[0] += 1.0
        return True

    reducer = Reducer(slow, 1.5, told=seen.append)
    small = reducer.reduce(case)
    assert reducer.tried == 1 + 2  # the case itself, then until the time is over
    assert small is seen[-1] and now == [8.0]


def test_a_case_that_was_refused_is_not_run_again(program: Callable[..., tuple[ModuleOp, Given]]) -> None:
    module, given = program("lif")
    asked: list[str] = []

    def only_itself(case: Reproducer) -> bool:
        asked.append(str(case))
        return len(asked) == 1

    Reducer(only_itself, 60.0).reduce(Reproducer(module, "", given, "meaning", 1))
    assert len(asked) == len(set(asked)) > 30


def ran(module: ModuleOp, given: Given, label: str, steps: int = 20) -> np.ndarray:
    """Returns an array after some steps."""
    return Reference.of(module, given, steps=steps).outcomes[-1].states[label]


@pytest.mark.parametrize("pipeline", ["", "sort-rows", "default"])
def test_fewer_synapses_are_a_network_that_has_no_others(network, pipeline: str) -> None:
    """Whatever order rows have: what is left out of a program comes to what a network without those comes to."""
    module = network.module.clone()
    run_pipeline(module, pipeline)
    case = Reproducer(module, "", network.given, "meaning", 20)
    kept = np.arange(24) % 3 != 1
    small = with_synapses(case, "wires.N", kept)
    assert small is not None and small.given is not None and keeps_rules(small.module)
    wanted = with_synapses(Reproducer(network.module, "", network.given), "wires.N", kept)
    assert wanted is not None and wanted.given is not None and wanted.given.params["wires.N"] == 16
    assert np.array_equal(wanted.given.states["wires.j"], network.given.states["wires.j"][kept])
    found = ran(small.module, small.given, "b.v")
    assert np.allclose(found, ran(wanted.module, wanted.given, "b.v"), rtol=1e-12)
    assert not np.allclose(found, ran(network.module, network.given, "b.v"))


@pytest.mark.parametrize("second", [False, True])
def test_two_cells_become_one_that_has_the_synapses_of_both(network, second: bool) -> None:
    case = Reproducer(network.module, "", network.given, "meaning", 1)
    small = coarser(case, second)
    assert small is not None and small.given is not None
    (wiring,) = wirings_of(small)
    states, ends = small.given.states, network.given.states
    assert {small.given.params[f"{name}.N"] for name in "abc"} == {4} and small.given.params["wires.N"] == 24
    assert np.array_equal(states["a.v"], ends["a.v"][int(second) :: 2])
    assert np.array_equal(states["wires.i"], ends["wires.i"] // 2)
    pointers = states[wiring.pointers]
    assert np.diff(pointers).tolist() == [6, 6, 6, 6]
    assert all((states["wires.i"][pointers[row] : pointers[row + 1]] == row).all() for row in range(4))
    assert Interpreted(small.module).step(small.given) is not None


def test_what_cannot_be_cut_is_left(program: Callable[..., tuple[ModuleOp, Given]]) -> None:
    module, given = program("lif")
    case: Reproducer | None = Reproducer(module, "", given)
    sizes: list[int] = []
    while case is not None:
        assert case.given is not None
        sizes.append(case.given.params["neurongroup.N"])
        case = coarser(case, False)
    assert sizes == [10, 5, 3, 2, 1]
