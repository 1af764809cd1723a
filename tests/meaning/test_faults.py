"""The pass at fault, and the rewrite: wrong rewrites are planted in passes, and found."""

from unittest import mock

import numpy as np
import pytest
from meaning.planted import PASSES, PLANTED, Planted, as_they_are, original
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, UnitAttr, f64
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern

from ranvier.ir.dialect import new_context
from ranvier.meaning.faults import find_fault
from ranvier.meaning.rewrites import rewrites_of, run_watched
from ranvier.passes.pipeline import parse_pipeline, run_pipeline


@pytest.mark.parametrize(
    "planted",
    [pytest.param(one, marks=[pytest.mark.long] if one.name == "lower-to-kernels" else []) for one in PLANTED],
    ids=lambda planted: f"{planted.name}-{planted.wrong.__name__}",
)
def test_a_planted_rewrite_is_found(planted: Planted, program, network) -> None:
    if planted.program == "network":
        module, given = network.module, network.given
    else:
        module, given = program(planted.program)
    wrong = planted.wrong(original(planted.place))
    with mock.patch(f"{PASSES}.{planted.place}", wrong):
        fault = find_fault(module, parse_pipeline(planted.spec), given, steps=3)
    assert fault is not None and (fault.one.name, fault.kind) == (planted.name, planted.kind), fault
    assert planted.kind == "stuck" or (fault.found and fault.found[0].op)
    assert fault.rewrite is not None and fault.rewrite.diff
    where = fault.found[0].op if planted.name.startswith("lower-to") else fault.rewrite.about
    assert planted.at in where
    assert ".mlir:" in where or "conftest.py:" in where


def test_what_is_said_of_rows_is_looked_at_natively_too(network) -> None:
    wrong = as_they_are(original("kernels.sort_rows._derive"))
    with mock.patch(f"{PASSES}.kernels.sort_rows._derive", wrong):
        fault = find_fault(network.module, parse_pipeline("sort-rows"), network.given, steps=1, native=True)
    assert fault is not None and (fault.kind, fault.one.name) == ("stuck", "sort-rows")
    assert '"wires_pre" says sorted, but in a row 7 stands before 0' in str(fault)


RIGHT = "default,partition,lower-to-loops,merge-equal-functions"


def test_right_passes_are_not_at_fault(network) -> None:
    assert find_fault(network.module, parse_pipeline(RIGHT), network.given, steps=2) is None


@pytest.mark.long
@pytest.mark.parametrize("name", ["lif", "two_clocks", "neurons", "random", "linear", "integrate", "emit", "synapses"])
def test_right_passes_are_not_at_fault_in_the_examples(name, program) -> None:
    module, given = program(name)
    for native in (False, True):
        assert find_fault(module, parse_pipeline(RIGHT), given, steps=5, native=native) is None


def test_a_batch_of_one_means_the_same(program) -> None:
    module, given = program("lif")
    passes = parse_pipeline('default,batch{own="tau","neurongroup.v"},lower-to-loops')
    assert find_fault(module, passes, given, steps=2) is None


class Subtracts(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.AddfOp, rewriter: PatternRewriter) -> None:
        if op.result.name_hint == "x3":
            rewriter.replace(op, arith.SubfOp(op.lhs, op.rhs))
        elif op.result.name_hint == "x2" and not op.attributes:
            rewriter.replace(op, swapped := arith.AddfOp(op.rhs, op.lhs))
            swapped.attributes["seen"] = UnitAttr()


class ByPatterns(ModulePass):
    name = "by-patterns"

    def apply(self, ctx, op) -> None:
        PatternRewriteWalker(Subtracts()).rewrite_module(op)


class RaisesAtExp(ModulePass):
    name = "raises-at-exp"

    def apply(self, ctx, op) -> None:
        for inner in op.walk():
            if isinstance(inner, arith.ConstantOp):
                inner.attributes["seen"] = inner.properties["value"]
            if isinstance(inner, math.ExpOp):
                inner.properties["nothing"]


class LosesDivisions(ModulePass):
    name = "loses-divisions"

    def apply(self, ctx, op) -> None:
        for inner in list(op.walk()):
            if isinstance(inner, arith.DivfOp):
                inner.operands[0].replace_all_uses_with(inner.results[0])


def test_rewrites_of_patterns_of_xdsl_are_told_apart(program) -> None:
    module, given = program("neurons")
    fault = find_fault(module, [ByPatterns()], given, steps=1)
    assert fault is not None and fault.rewrite is not None
    assert fault.rewrite.about.startswith("replaces arith.addf %x3 (") and fault.rewrite.of > 1
    assert "-        %x3 = arith.addf" in fault.rewrite.diff and "+        %x3 = arith.subf" in fault.rewrite.diff
    state = next(one for one in fault.found if one.label == "g.v")
    assert state.step == 0 and state.op.startswith('snn.map "g_stateupdater" (') and state.before != state.after


def test_a_pass_that_raises_is_named_with_the_op(program) -> None:
    module, _ = program("lif")
    fault = find_fault(module, parse_pipeline(["default", RaisesAtExp()]))
    assert fault is not None and fault.kind == "raises" and fault.position == fault.of
    assert fault.op.startswith("math.exp %k3 (") and "lif.mlir:19:" in fault.op
    assert "raised KeyError: 'nothing'" in str(fault)


def test_a_pass_that_breaks_a_rule_is_named_with_op_and_rewrite(program) -> None:
    module, _ = program("neurons")
    fault = find_fault(module, [LosesDivisions()])
    assert fault is not None and fault.kind == "invalid" and "arith." in fault.op
    assert fault.rewrite is not None and fault.rewrite.number == 1 and fault.rewrite.of > 1


def test_a_pass_with_less_fuel_does_only_its_first_rewrites(program) -> None:
    module, _ = program("neurons")
    (one,) = parse_pipeline("fold-constants")
    whole, part, none = (module.clone() for _ in range(3))
    changes = run_watched(one, whole, new_context())
    rewrites = rewrites_of(changes)
    assert len(rewrites) > 1
    run_watched(one, part, new_context(), rewrites[1].start)
    run_watched(one, none, new_context(), 0)
    assert str(none) == str(module) and len({str(module), str(part), str(whole)}) == 3
    part.verify()
    untouched = module.clone()
    run_pipeline(untouched, one)
    assert str(untouched) == str(whole)  # watching changes nothing, and is over


class Rounds(ModulePass):
    """Adds a unit in the last place to each constant."""

    name = "rounds"

    def apply(self, ctx, op) -> None:
        for inner in op.walk():
            if not isinstance(inner, arith.ConstantOp) or inner.result.type != f64:
                continue
            if not any(isinstance(use.operation, math.PowFOp) for use in inner.result.uses):  # nan for what is negative
                inner.properties["value"] = FloatAttr(np.nextafter(inner.value.value.data, 9.0), f64)


class SaysThatItRounds(Rounds):
    name = "says-that-it-rounds"
    rounding = 1e-12


def test_only_a_pass_that_says_so_may_round(program) -> None:
    module, given = program("neurons")
    assert find_fault(module, [SaysThatItRounds()], given, steps=2) is None
    fault = find_fault(module, [Rounds()], given, steps=2)
    assert fault is not None and fault.kind == "meaning"
