"""The lowering: same meaning as the interpreter, accepted by the upstream verifier, stops where it must."""

import pytest
from upstream_mlir import printed_by, text_of, upstream
from xdsl.utils.exceptions import VerifyException

from ranvier.codegen.llvm import func
from ranvier.ir.dialect import new_context
from ranvier.ir.slots import BUDGET_USED, FINISHED, SINK_FULL, STOPPED, SlotKind
from ranvier.passes.facts.versions import check_single_version
from ranvier.passes.lower.abi import slots
from ranvier.passes.lower.lower_to_loops import LowerToLoops
from ranvier.passes.pipeline import DEFAULT_PIPELINE, run_pipeline

NAMES = ["lif", "two_clocks", "elsewhere", "random", "linear", "integrate", "neurons", "emit", "synapses"]


@pytest.mark.parametrize("size", [2, 9, 70, 600])
@pytest.mark.parametrize("name", NAMES)
def test_lowered_program_means_the_same(
    name, size, parse_program, programs, run_program, interpret_it, same, inputs_of, callbacks
):
    text = (programs / f"{name}.mlir").read_text()
    inputs = inputs_of(name, size)
    expected = interpret_it(parse_program(text), inputs, callbacks=[callbacks.interpreted])
    found = run_program(parse_program(text), inputs, callback=callbacks.native if name == "elsewhere" else None)
    assert found.codes[-1] == FINISHED
    # Exponentials, normal values: the native functions are within a few units of the interpreter's.
    same(found, expected, within=0.0 if name in ("two_clocks", "elsewhere", "emit", "synapses") else 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_reads_its_table_means_the_same(
    name, monkeypatch, parse_program, programs, run_program, same, inputs_of, callbacks
):
    text, found = (programs / f"{name}.mlir").read_text(), []
    for many in (func.MANY, 0):
        monkeypatch.setattr(func, "MANY", many)
        given = callbacks.native if name == "elsewhere" else None
        found.append(run_program(parse_program(text), inputs_of(name, 70), callback=given))
    same(found[1], found[0])


@pytest.mark.parametrize(("generic", "spec"), [(False, ""), (True, ""), (False, DEFAULT_PIPELINE)])
@pytest.mark.parametrize("name", NAMES)
def test_lowered_program_is_valid_for_us_and_upstream(name, generic, spec, parse_program, programs):
    module = parse_program((programs / f"{name}.mlir").read_text())
    run_pipeline(module, spec)
    LowerToLoops().apply(new_context(), module)
    module.verify()
    text = text_of(module, generic=generic)
    printed_by(upstream(), text)


@pytest.mark.parametrize("spec", ["", DEFAULT_PIPELINE])
def test_an_integration_that_is_given_up_ends_the_run_after_the_instant(
    spec, parse_program, programs, run_program, interpret_it, same, inputs_of
):
    text = (programs / "integrate.mlir").read_text().replace("most 200", "most 8")
    inputs = inputs_of("integrate", 40)
    expected = interpret_it(parse_program(text), inputs)
    module = parse_program(text)
    run_pipeline(module, spec)
    found = run_program(module, inputs)
    stuck = found.arrays["g.stuck"]
    assert stuck.any() and not stuck.all(), found.arrays["g.taken"]
    assert found.codes == [STOPPED] and found.clocks["clk"][0] < 6
    same(found, expected, within=1e-12)


def test_slots_stand_in_the_order_of_inputs(parse_program, programs):
    module = parse_program((programs / "lif.mlir").read_text())
    found = slots(module)
    LowerToLoops().apply(new_context(), module)
    run = next(iter(module.ops))
    assert len(found) == len(run.body.block.args)
    assert [slot.kind for slot in found[4:8]] == [
        SlotKind.EVENT_LIST,
        SlotKind.EVENT_COUNT,
        SlotKind.CLOCK_STEPS,
        SlotKind.CLOCK_DT,
    ]
    assert (found[-1].kind, found[-1].input) == (SlotKind.CONTROL, -1)
    assert [slot.type for slot in found if slot.kind is SlotKind.SINK_COLUMN] == ["f64", "i32"]


def test_full_sinks_and_budgets_do_not_change_the_result(
    parse_program, programs, run_program, interpret_it, same, inputs_of
):
    text = (programs / "two_clocks.mlir").read_text()
    inputs = inputs_of("two_clocks", 40)
    expected = interpret_it(parse_program(text), inputs)
    found = run_program(parse_program(text), inputs, rows=3)
    assert found.codes == [SINK_FULL] * 6 + [FINISHED]
    same(found, expected)


def test_budget_and_stop_request_end_the_call(
    parse_program, programs, run_program, interpret_it, same, inputs_of, callbacks
):
    text = (programs / "elsewhere.mlir").read_text()
    inputs = inputs_of("elsewhere", 40)
    found = run_program(parse_program(text), inputs, callback=callbacks.native, budget=2)
    assert found.codes == [BUDGET_USED]
    same(found, interpret_it(parse_program(text), inputs, callbacks=[callbacks.interpreted], most=2))

    def stop(number, result, control):
        steps.append(int(result.clocks["clk"][0]))
        control[0] = len(steps) == 3

    steps: list[int] = []
    found = run_program(parse_program(text), inputs, callback=stop)
    assert found.codes == [STOPPED]
    assert steps == [0, 1, 2], "the host sees the present step"
    assert list(found.clocks["clk"]) == [3, 5]


def test_no_kernel_takes_a_buffer_twice(parse_program, programs):
    for name in NAMES:
        module = parse_program((programs / f"{name}.mlir").read_text())
        LowerToLoops().apply(new_context(), module)
        for op in module.walk():
            if op.name == "func.call":
                buffers = [value for value in op.operands if "memref" in str(value.type)]
                assert len(set(buffers)) == len(buffers)


def test_sweeps_without_gathers_run_over_whole_vectors(parse_program, programs):
    module = parse_program((programs / "lif.mlir").read_text())
    LowerToLoops().apply(new_context(), module)
    functions = {op.sym_name.data: op for op in module.ops}
    sweep = functions["integrate_neurongroup_stateupdater"]
    loop = next(op for op in sweep.walk() if op.name == "scf.for")
    assert loop.ub.owner.name == "arith.shli", "the trip count is seen to be a multiple of 16"
    assert "llvm.noalias" in str(sweep) and "llvm.align = 64" in str(sweep)


STALE = """
snn.program @stale {
  %N = snn.param "g.N" "" : index
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "V" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end:2 = snn.loop (%v, %w) : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>):
    %v1 = snn.map "integrate" "one" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      snn.yield %x : f64
    }
    %w1 = snn.map "integrate" "two" on(%clk) [%N] (%w0, VALUE) updates [0]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64):
      snn.yield %y : f64
    }
    snn.yield FIRST, SECOND : tensor<?xf64>, tensor<?xf64>
  }
}
"""


@pytest.mark.parametrize(
    ("value", "first", "second", "message"),
    [
        ("%v0", "%v1", "%w1", r'snn.map "two" uses an old version of \'g.v\', after snn.map "one" made the next'),
        ("%v", "%v1", "%w1", r"uses an old version of 'g.v', but the loop carries its versions"),
        ("%v1", "%w1", "%v1", r"snn.loop carries 'g.v', but its body gives another array in its place"),
        ("%v1", "%v0", "%w1", r"snn.yield uses an old version of 'g.v'"),
    ],
)
def test_a_version_is_not_used_after_the_next_was_made(value, first, second, message, parse_program):
    text = STALE.replace("VALUE", value).replace("FIRST", first).replace("SECOND", second)
    module = parse_program(text)
    with pytest.raises(VerifyException, match=message):
        check_single_version(next(iter(module.ops)))


def test_nothing_may_stand_after_the_loop(parse_program):
    text = STALE.replace("VALUE", "%v1").replace("FIRST", "%v1").replace("SECOND", "%w1")
    late = '\n  %late = snn.random "uniform" 0 at (%k, %k, %z) () : -> f64\n}\n'
    inputs = "  %k = arith.constant 1 : i64\n  %z = arith.constant 0 : index\n  %clk ="
    module = parse_program(text.rstrip().rstrip("}").replace("  %clk =", inputs) + late)
    with pytest.raises(VerifyException, match=r"snn.random stands after the loop"):
        LowerToLoops().apply(new_context(), module)


def test_new_arrays_are_used_by_their_own_clock(parse_program):
    text = """
snn.program @clocks {
  %N = snn.param "g.N" "" : index
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %slow = snn.clock "slow"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %new = snn.map "subexpression" "one" on(%clk) [%N] (%v0) updates [-1] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      snn.yield %x : f64
    }
    %v1 = snn.map "integrate" "two" on(%slow) [%N] (%v0, %new) updates [0]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64):
      snn.yield %y : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
"""
    with pytest.raises(VerifyException, match=r'snn.map "two" uses an array that snn.map "one" makes at the steps of'):
        check_single_version(next(iter(parse_program(text).ops)))
    check_single_version(next(iter(parse_program(text.replace("on(%slow)", "on(%clk)")).ops)))
