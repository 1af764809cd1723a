"""Wrong rewrites that are planted in passes, one in each: what the test of `ranvier bisect` looks for."""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import arith
from xdsl.dialects.builtin import i16
from xdsl.ir import Operation

PASSES = "ranvier.passes"


def original(place: str) -> Any:
    return pkgutil.resolve_name(f"{PASSES}.{place}")


@dataclass(frozen=True)
class Planted:
    """A wrong rewrite.

    Attributes:
        name: The pass.
        program: One of tests/passes/programs, or "network".
        place: The function that is replaced, below `ranvier.passes`.
        wrong: Makes the wrong one of the right one.
        at: What the report says of the op.
        kind: What is wrong: "stuck" where an op says of its synapses what is not so.
        spec: The pipeline.
    """

    name: str
    program: str
    place: str
    wrong: Callable[[Any], Any]
    at: str
    kind: str = "meaning"
    spec: str = "default"


LOOPS = "fuse-maps,lower-to-loops,merge-equal-functions"
KERNELS = "sort-rows,lower-to-kernels,emulate-kernels"


def one_factor_more(right: Any) -> Any:
    return lambda op, base, power: right(op, base, power + 1)


def two_for_one(right: Any) -> Any:
    return lambda number, type: right(2.0, type)


def whatever_their_properties(right: Any) -> Any:
    """Constants of one type are the same then."""
    return lambda op: (op.name, op.results[0].type) if op.name == "arith.constant" else right(op)


def quotients_turned(right: Any) -> Any:
    def of_new_array(op: Operation) -> bool:
        if isinstance(op, arith.DivfOp):
            op.operands = [*reversed(op.operands)]
        return right(op)

    return of_new_array


def comparisons_turned(right: Any) -> Any:
    def fuse(*arguments: Any) -> Any:
        results = right(*arguments)
        for inner in results[0].owner.body.block.ops:
            if isinstance(inner, arith.CmpfOp):
                inner.operands = [*reversed(inner.operands)]
        return results

    return fuse


def the_other_way_round(right: Any) -> Any:
    """A reset keeps the elements that spiked, and sets all others."""

    def choose(op: Any, type: Any) -> None:
        right(op, type)
        for inner in op.body.block.ops:
            if isinstance(inner, arith.SelectOp):
                condition, one, other = inner.operands
                inner.operands = [condition, other, one]

    return choose


def no_resets(right: Any) -> Any:
    def reduce(op: Any) -> Any:
        if op.name != "snn.reset":
            return right(op)
        for k, out in zip(op.updates.get_values(), op.outs, strict=True):
            out.replace_all_uses_with(op.inputs[k])
        op.detach()
        op.erase()
        return None

    return reduce


def product_and_sum_swapped(right: Any) -> Any:
    def make(kind: Any, operands: Any, like: Operation) -> Operation:
        return right(kind, tuple(operands[k] for k in (0, 2, 1)) if len(operands) == 3 else operands, like)

    return make


def narrow_the_sources(right: Any) -> Any:
    def narrow(layout: Any, op: Any) -> Any:
        ends = (op.sources, layout.derive("narrow", (op.sources,), i16))
        return layout._with_operands(op, ends, op.order, op.inputs, by_place=op.by_place is not None)

    return narrow


def a_step_late(right: Any) -> Any:
    return lambda run, counter, clock: run.writer.binary(arith.AddfOp, right(run, counter, clock), clock.dt)


def of_one_type(right: Any) -> Any:
    return lambda function: function.function_type


def as_they_are(right: Any) -> Any:
    """Rows are called sorted, and are not: no value differs before there are kernels."""

    def derive(loop: Any, kind: str, inputs: Any, *element: Any) -> Any:
        return inputs[0] if kind == "gather" else right(loop, kind, inputs, *element)

    return derive


def of_the_other_end(right: Any) -> Any:
    """The lists of a sum are those of the synapses that begin at its elements."""

    def derive(loop: Any, kind: str, inputs: Any, *element: Any) -> Any:
        sources = next((op.sources for op in loop.body.block.ops if op.name == "snn.accumulate"), None)
        return right(loop, kind, [sources, *inputs[1:]] if kind == "order" else inputs, *element)

    return derive


def none_are_due(right: Any) -> Any:
    def due(kernel: Any, *rest: Any) -> Any:
        found = right(kernel, *rest)
        return kernel.writer.sub(found, found)

    return due


PLANTED = (
    Planted("fold-constants", "neurons", "optimise.fold_constants._product", one_factor_more, "math.powf"),
    Planted("merge-reciprocals", "neurons", "optimise.merge_reciprocals.new_constant", two_for_one, "arith.divf"),
    Planted(
        "eliminate-common-subexpressions",
        "neurons",
        "optimise.eliminate_common_subexpressions._key",
        whatever_their_properties,
        "arith.constant",
    ),
    Planted("hoist-uniform", "neurons", "optimise.hoist_uniform._of_new_array", quotients_turned, "arith.divf"),
    Planted("fuse-maps", "lif", "optimise.fuse_maps.fuse", comparisons_turned, "snn.threshold"),
    Planted("convert-resets", "lif", "optimise.convert_resets.choose_by_mask", the_other_way_round, "snn.reset"),
    Planted("eliminate-dead-code", "neurons", "optimise.eliminate_dead_code._reduce", no_resets, "snn.reset"),
    Planted("contract-products", "neurons", "optimise.contract_products.new_op", product_and_sum_swapped, "arith.addf"),
    Planted(
        "choose-layout",
        "network",
        "optimise.choose_layout.Layout.narrow",
        narrow_the_sources,
        "snn.propagate",
        spec="choose-layout",
    ),
    Planted("lower-to-loops", "network", "lower.time_loop.time_of", a_step_late, "snn.record", spec=LOOPS),
    Planted(
        "merge-equal-functions", "network", "lower.merge_equal_functions._shape", of_one_type, "func.call", spec=LOOPS
    ),
    Planted("sort-rows", "network", "kernels.sort_rows._derive", as_they_are, "snn.propagate", "stuck", KERNELS),
    Planted("sort-rows", "synapses", "kernels.sort_rows._derive", of_the_other_end, "snn.accumulate", "stuck", KERNELS),
    Planted("lower-to-kernels", "network", "kernels.synapses._due", none_are_due, "", spec=KERNELS),
)
