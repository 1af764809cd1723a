"""Kernels: the same bits as the loops for any size and order of blocks, accepted by the upstream verifier."""

import re

import numpy as np
import pytest
from upstream_mlir import printed_by, upstream
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from ranvier.ir import row_recipes
from ranvier.ir.dialect import new_context
from ranvier.passes.default_pipeline import PREPARING, lowering_to_emulation, lowering_to_kernels
from ranvier.passes.errors import PassError
from ranvier.passes.kernels.device import DeviceKernel
from ranvier.passes.kernels.emulate import EmulateKernels
from ranvier.passes.kernels.launch_plan import launch_plan
from ranvier.passes.pipeline import DEFAULT_PIPELINE, lower, run_pipeline

NAMES = ["lif", "two_clocks", "elsewhere", "random", "linear", "integrate", "neurons", "emit", "synapses"]


@pytest.mark.parametrize("spec", ["", DEFAULT_PIPELINE])
@pytest.mark.parametrize(("size", "block", "order"), [(9, 4, 1), (70, 32, 2), (600, 128, 0)])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_give_the_bits_of_the_loops(
    name, size, block, order, spec, parse_program, programs, run_program, same, inputs_of, callbacks
):
    text, results = (programs / f"{name}.mlir").read_text(), []
    for lowering in ({}, {"lowering": lowering_to_emulation(block, order)}):
        module = parse_program(text)
        run_pipeline(module, spec)
        callback = callbacks.native if name == "elsewhere" else None
        results.append(run_program(module, inputs_of(name, size), callback=callback, **lowering))
    assert results[0].codes == results[1].codes
    same(results[1], results[0])


@pytest.mark.parametrize("spec", ["", DEFAULT_PIPELINE])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_are_valid_for_us_and_upstream(name, spec, parse_program, programs):
    module = parse_program((programs / f"{name}.mlir").read_text())
    run_pipeline(module, spec)
    lower(module, lowering_to_kernels(block=32))
    module.verify()
    parse_program(str(module))
    tool = upstream()
    text = str(module)
    if tool.endswith("-19"):  # there the end of a gpu.module is an op
        end = text.rindex("  }) : () -> ()\n}")
        text = f'{text[:end]}    "gpu.module_end"() : () -> ()\n{text[end:]}'
    printed_by(tool, text)


def test_pathways_that_add_to_targets_are_shared_among_blocks(parse_program, run_program, same):
    """Sorted rows: several synapses between the same two elements, rows out of order, several delays."""
    results = []
    for lowering in ({}, {"lowering": lowering_to_emulation(4, 1)}, {"lowering": lowering_to_emulation(2, 3)}):
        module = parse_program(ADDING)
        results.append(run_program(module, adding_inputs(), **lowering))
    assert results[0].arrays["g.v"].any()
    same(results[1], results[0])
    same(results[2], results[0])
    plan = launch_plan(*lower(parse_program(ADDING), lowering_to_kernels(4)))
    assert not plan.serial
    deliver = next(one for one in plan.launches if one.kernel.startswith("deliver"))
    assert (deliver.about, deliver.threads, deliver.blocks, deliver.barriers) == ("targets", 4, "g_N / 16", 1)


ADDING = """
snn.program @adding {
  %N = snn.param "g.N" "" : index
  %S = snn.param "syn.N" "" : index
  %P = snn.param "pointers.N" "" : index
  %D = snn.param "delays.N" "" : index
  %H = snn.param "indices.N" "" : index
  %L = snn.param "counts.N" "" : index
  %one = snn.param "one" "" : index
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %w = snn.state "syn.w" "" [%S] : tensor<?xf64>
  %i = snn.state "syn.i" "" [%S] : tensor<?xi32>
  %j = snn.state "syn.j" "" [%S] : tensor<?xi32>
  %pointers = snn.state "pointers" "" [%P] : tensor<?xi64>
  %delays = snn.state "delays" "" [%D] : tensor<?xi64>
  %indices = snn.state "indices" "" [%H] : tensor<?xi32>
  %counts = snn.state "counts" "" [%L] : tensor<?xi64>
  %position = snn.state "position" "" [%one] : tensor<1xi64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %zero = arith.constant 0 : index
  %a:6 = snn.loop (%v, %w, %indices, %counts, %position, %e) : tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, !snn.events -> tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>, %h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    %e1 = snn.threshold "g" on(%clk) [%N] (%v0) into %e0 : tensor<?xf64> {
    ^bb0(%k: index, %x: f64):
      %half = arith.constant 0.5 : f64
      %cond = arith.cmpf ogt, %x, %half : f64
      snn.yield %cond : i1
    }
    %h1, %c1, %p1, %v1, %w1 = snn.propagate "syn" on(%clk) %e1 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%pointers, %delays) history(%h0, %c0, %p0)
        elements(%v0, %w0) of ["post", "synapse"] shifts [-1, -1] by() writes [0, 1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64> {
    ^bb0(%k: index, %pre: index, %post: index, %x: f64, %weight: f64):
      %decay = arith.constant 0.9 : f64
      %less = arith.mulf %x, %decay : f64
      %sum = arith.addf %less, %weight : f64
      %new = arith.mulf %weight, %sum : f64
      snn.yield %sum, %new : f64, f64
    }
    snn.yield %v1, %w1, %h1, %c1, %p1, %e1 : tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, !snn.events
  }
}
"""  # noqa: E501


def adding_inputs(size=41, delays=3):
    rng = np.random.default_rng(3)
    rows, targets = [0], []
    for _ in range(size * delays):
        targets += rng.integers(0, size, rng.integers(0, 9)).tolist()
        rows.append(len(targets))
    sources = np.repeat(np.arange(size * delays) // delays, np.diff(rows))
    return {
        "g.N": size, "syn.N": len(targets), "pointers.N": len(rows), "delays.N": delays, "indices.N": 6 * size,
        "counts.N": 6, "one": 1, "g.v": rng.random(size), "syn.w": rng.normal(0, 0.4, len(targets)), "syn.i": sources,
        "syn.j": targets, "pointers": rows, "delays": [4, 1, 0], "indices": np.zeros(6 * size), "counts": np.zeros(6),
        "position": [0], "g.spike": size, "clk": (0, 15, 1e-4),
    }  # fmt: skip


def test_a_barrier_that_is_missing_shows(parse_program, run_program, same, monkeypatch):
    """The emulator lets each thread run to the next barrier: without that between rows, sums have another order."""
    expected, barrier = run_program(parse_program(ADDING), adding_inputs()), DeviceKernel.barrier

    def forgotten(kernel):
        if not kernel.name.startswith("deliver"):
            barrier(kernel)

    monkeypatch.setattr(DeviceKernel, "barrier", forgotten)
    found = run_program(parse_program(ADDING), adding_inputs(), lowering=lowering_to_emulation(16, 1))
    with pytest.raises(AssertionError):
        same(found, expected)


def test_a_barrier_in_a_branch_is_refused(parse_program):
    module = parse_program(BRANCH)
    with pytest.raises(VerifyException, match=r"a barrier stands in scf\.if, which threads may leave"):
        EmulateKernels().apply(new_context(), module)


BRANCH = """
"gpu.module"() <{sym_name = "kernels"}> ({
  "gpu.func"() <{function_type = (i1) -> (), kernel}> ({
  ^bb0(%x: i1):
    scf.if %x {
      "gpu.barrier"() : () -> ()
    }
    "gpu.return"() : () -> ()
  }) {sym_name = "k", gpu.known_block_size = array<i32: 32, 1, 1>, buffers = [{}]} : () -> ()
}) : () -> ()
"""


@pytest.mark.parametrize("block", [1, 3, 100, 2048])
def test_sizes_of_blocks(block, parse_program, programs):
    with pytest.raises(ValueError, match=f"a block has 2, 4, 8, ... or 1024 threads, not {block}"):
        lower(parse_program((programs / "lif.mlir").read_text()), lowering_to_kernels(block))


def test_sorted_rows_keep_the_order_at_each_target():
    pointers, targets = np.array([0, 4, 4, 7, 9]), np.array([5, 1, 5, 0, 2, 2, 1, 9, 3], np.uint16)
    places = row_recipes.sort_rows(np.zeros, pointers, targets)
    assert places.tolist() == [3, 1, 0, 2, 6, 4, 5, 8, 7] and places.dtype == np.int32


def test_a_launch_plan_is_a_table(parse_program, programs):
    module = parse_program((programs / "two_clocks.mlir").read_text())
    text = str(launch_plan(*lower(module, lowering_to_kernels(64))))
    assert re.search(r"^in each step +integrate_g_stateupdater +g_N / 64 +64 +elements +0 +0$", text, re.MULTILINE)
    assert re.search(r"^g\.v +state +f64 +device$", text, re.MULTILINE)
    assert re.search(r"^fast +clock_steps +i64 +host$", text, re.MULTILINE)
    with pytest.raises(VerifyException, match="this module has none"):
        launch_plan(ModuleOp([]), ())


def test_sorted_rows_mean_the_same(parse_program, interpret_it, same):
    results = []
    for spec in ("", PREPARING):
        module = parse_program(ADDING)
        run_pipeline(module, spec, verify=True)
        assert ("sort_rows" in str(module)) is bool(spec)
        results.append(interpret_it(module, adding_inputs()))
    same(results[1], results[0])


def test_what_the_host_would_need_of_the_device_is_refused(parse_program):
    reading = """%t, %n = snn.time %clk
    %now = snn.read %p0 : tensor<1xi64> -> i64
    %size = arith.index_cast %now : i64 to index"""
    text = ADDING.replace("%t, %n = snn.time %clk", reading)
    text = text.replace('snn.threshold "g" on(%clk) [%N]', 'snn.threshold "g" on(%clk) [%size]')
    with pytest.raises(PassError, match="the size of a new array must be computed before the loop"):
        lower(parse_program(text), lowering_to_kernels())
    text = text.replace("[%size]", "[%N]")
    part = """%v2 = snn.map "half" "g" on(%clk) [%size] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%k: index, %x: f64):
      snn.yield %x : f64
    }
    %e1 ="""
    text = text.replace("%e1 =", part, 1).replace("(%v0) into", "(%v2) into").replace("elements(%v0,", "elements(%v2,")
    with pytest.raises(PassError, match="index_cast is computed by the device, where the host needs it"):
        lower(parse_program(text), lowering_to_kernels())
