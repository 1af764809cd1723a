"""The pass `merge-equal-functions`: sweeps of equal populations are one function."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import LocationAttr, ModuleOp, SymbolRefAttr
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.locations import fused, is_precise
from ranvier.passes.statistics import count


@dataclass(frozen=True)
class MergeEqualFunctions(ModulePass):
    """Keeps one of the private functions that do the same, and lets all their callers call it.

    Before:
        func.call @scale_a(%a, %k)  func.call @scale_b(%b, %k)
        func.func private @scale_a(%v: memref<?xf64>, %f: f64) { ... }
        func.func private @scale_b(%w: memref<?xf64>, %g: f64) { ... }    // the same ops
    After:
        func.call @scale_a(%a, %k)  func.call @scale_a(%b, %k)
        func.func private @scale_a(%v: memref<?xf64>, %f: f64) { ... }

    Legal because what a function does depends on its arguments and its body only: arrays and constants of a
    population are arguments. Twenty-four groups with the same equations cost LLVM one sweep instead of twenty-four.
    The name that stays is that of the first.
    """

    name = "merge-equal-functions"
    statistics: ClassVar = {"merged": "functions that do what another one does"}

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Changes the module."""
        functions = [f for f in op.ops if isinstance(f, FuncOp)]
        while merged := _equal_ones(functions):
            count("merged", len(merged))
            for function in functions:
                _call_instead(function, merged)
            for function in functions:
                if function.sym_name.data in merged:
                    function.detach()
                    function.erase()
            functions = [f for f in op.ops if isinstance(f, FuncOp)]


def _equal_ones(functions: list[FuncOp]) -> dict[str, str]:
    """Returns the name of each function that does what an earlier one does, and the earlier one's name."""
    first: dict[Hashable, str] = {}
    merged: dict[str, str] = {}
    by_name: dict[str, list[FuncOp]] = {}
    for function in functions:
        if not function.body.blocks or function.sym_visibility is None or function.sym_visibility.data != "private":
            continue
        name = function.sym_name.data
        kept = first.setdefault(_shape(function), name)
        by_name.setdefault(kept, []).append(function)
        if kept != name:
            merged[name] = kept
    for same in by_name.values():
        if len(same) > 1:
            _join_locations(same)
    return merged


def _join_locations(functions: list[FuncOp]) -> None:
    """Says of each op of the first function that is part of a text where those in its place in the others come from."""
    known: dict[tuple[int, ...], LocationAttr] = {}  # most ops of a function have one of few locations
    for ops in zip(*(function.walk() for function in functions), strict=False):  # as many in each
        if not is_precise(ops[0].location):
            continue
        locations = [op.location for op in ops]
        key = tuple(map(id, locations))
        if key not in known:
            known[key] = fused(locations)
        ops[0].location = known[key]


def _call_instead(function: FuncOp, merged: dict[str, str]) -> None:
    for call in function.walk():
        if isinstance(call, CallOp) and (kept := merged.get(call.callee.string_value())) is not None:
            call.properties["callee"] = SymbolRefAttr(kept)


def _shape(function: FuncOp) -> Hashable:
    """Returns something that is equal for functions that do the same: all but name and places in the source."""
    numbers: dict[SSAValue, int] = {}
    return function.function_type, function.arg_attrs, tuple(_region_shape(function.body, numbers))


def _region_shape(region: Region, numbers: dict[SSAValue, int]) -> Iterator[Hashable]:
    for block in region.blocks:
        yield from _block_shape(block, numbers)


def _block_shape(block: Block, numbers: dict[SSAValue, int]) -> Iterator[Hashable]:
    for argument in block.args:
        numbers[argument] = len(numbers)
        yield argument.type
    for op in block.ops:
        yield op.name
        yield tuple(numbers[operand] for operand in op.operands)
        yield tuple(sorted(op.properties.items(), key=_key))
        yield tuple(sorted(op.attributes.items(), key=_key))
        for result in op.results:
            numbers[result] = len(numbers)
            yield result.type
        for region in op.regions:
            yield "{"
            yield from _region_shape(region, numbers)
            yield "}"


def _key(item: tuple[str, object]) -> str:
    return item[0]
