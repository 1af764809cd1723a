"""The `scf` dialect: structured control flow directly to basic blocks and phis."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.arith import AddiOp
from xdsl.dialects.builtin import f32, f64
from xdsl.dialects.memref import StoreOp
from xdsl.dialects.scf import ForOp, IfOp, IndexSwitchOp, WhileOp
from xdsl.ir import Operation, Region, SSAValue

from ranvier.codegen.llvm.types import llvm_type
from ranvier.codegen.llvm.writer import Handler, Writer


def _for(w: Writer, op: Operation) -> None:
    """Writes header (phis, test), body and latch; the vectoriser turns the loop over itself.

    The counter never wraps (`nsw`), and never passes zero (`nuw`) if it starts at a known number that is not negative.
    """
    assert isinstance(op, ForOp)
    counter, *arguments = op.body.block.args
    type_ = llvm_type(counter.type)
    head, body, end = w.fresh("for"), w.fresh("body"), w.fresh("end")
    before, lower, upper, step = w.block, w[op.lb], w[op.ub], w[op.step]
    if w.profile is not None:
        w.profile.add_loop(w, op.body.block, (lower, upper, step))
    w.branch(head)
    w.start_block(head)
    index = w.fresh("%i")
    counter_phi = w.reserve_line()
    phis = _reserve_phis(w, arguments)
    w.bind(counter, index)
    more = w.temporary(f"icmp slt {type_} {index}, {upper}")
    w.line(f"br i1 {more}, label %{body}, label %{end}")
    w.start_block(body)
    known = _is_nonnegative(w, lower)
    if known:
        w.nonnegative.add(index)
    terminator = w.region(op.body)
    following = w.temporary(f"add {'nuw nsw' if known else 'nsw'} {type_} {index}, {step}")
    w.branch_back(head, _vector_width(w, op))
    w.fill_line(counter_phi, f"{index} = phi {type_} [ {lower}, %{before} ], [ {following}, %{w.block} ]")
    _fill_phis(w, phis, arguments, (op.iter_args, before), (terminator.operands, w.block))
    w.start_block(end)
    for result, argument in zip(op.res, arguments, strict=True):
        w.bind(result, w[argument])


def _vector_width(w: Writer, op: ForOp) -> int:
    """Returns the vector width to ask for, 0 for LLVM's own choice.

    LLVM counts by the widest type of a loop: one double among floats (a spike time) would halve the floats' vectors.
    Only loops over elements are asked for: where LLVM cannot do what it is asked for (a value that is carried along, an
    element that several iterations change), it says so on the terminal of whoever runs a model.
    """
    if op.iter_args:
        return 0
    singles = doubles = 0
    for inner in op.body.block.ops:
        if inner.regions or (isinstance(inner, StoreOp) and not _moves_with(op.body.block.args[0], inner.indices)):
            return 0
        for result in inner.results:
            singles += result.type == f32
            doubles += result.type == f64
    return w.target.vector_bits // 32 if singles > 2 * doubles and singles > 2 else 0


def _moves_with(counter: SSAValue, indices: Sequence[SSAValue]) -> bool:
    """Tells whether an index is the counter of a loop, or stands at a distance from it."""
    if len(indices) != 1:
        return False
    index = indices[0]
    return index is counter or (isinstance(index.owner, AddiOp) and counter in index.owner.operands)


def _is_nonnegative(w: Writer, name: str) -> bool:
    return name.isdecimal() or name in w.nonnegative


def _reserve_phis(w: Writer, values: Sequence[SSAValue]) -> list[int]:
    """Names `values` and keeps a line for the phi of each."""
    lines: list[int] = []
    for value in values:
        w.bind(value, w.fresh())
        lines.append(w.reserve_line())
    return lines


def _fill_phis(
    w: Writer,
    lines: Sequence[int],
    values: Sequence[SSAValue],
    *incoming: tuple[Sequence[SSAValue], str],
) -> None:
    """Writes the phis: for each way in, the values that come along it and the block they come from."""
    for position, (line, value) in enumerate(zip(lines, values, strict=True)):
        ways = ", ".join(f"[ {w[given[position]]}, %{block} ]" for given, block in incoming)
        w.fill_line(line, f"{w[value]} = phi {llvm_type(value.type)} {ways}")


def _while(w: Writer, op: Operation) -> None:
    assert isinstance(op, WhileOp)
    head, body, end = w.fresh("while"), w.fresh("do"), w.fresh("end")
    arguments = op.before_region.block.args
    before = w.block
    outermost = w.before_loop is None
    place = w.reserve_line() if outermost else 0
    if outermost:
        w.before_loop = []
    w.branch(head)
    w.start_block(head)
    phis = _reserve_phis(w, arguments)
    condition, *passed = w.region(op.before_region).operands
    w.line(f"br i1 {w[condition]}, label %{body}, label %{end}")
    w.start_block(body)
    for values in (op.after_region.block.args, op.res):
        for value, given in zip(values, passed, strict=True):
            w.bind(value, w[given])
    if w.profile is not None:
        w.profile.add_iteration(w, op.after_region.block)
    terminator = w.region(op.after_region)
    w.branch(head)
    _fill_phis(w, phis, arguments, (op.arguments, before), (terminator.operands, w.block))
    w.start_block(end)
    if outermost:
        w.fill_line(place, "\n  ".join(w.before_loop or []))
        w.before_loop = None


def _if(w: Writer, op: Operation) -> None:
    assert isinstance(op, IfOp)
    then, end = w.fresh("then"), w.fresh("end")
    otherwise = w.fresh("else") if op.false_region.blocks else end
    w.line(f"br i1 {w[op.cond]}, label %{then}, label %{otherwise}")
    branches = [(then, op.true_region)]
    if op.false_region.blocks:
        branches.append((otherwise, op.false_region))
    _merge(w, branches, op.output, end)


def _index_switch(w: Writer, op: Operation) -> None:
    assert isinstance(op, IndexSwitchOp)
    end, default = w.fresh("end"), w.fresh("default")
    branches = [(w.fresh("case"), region) for region in op.case_regions]
    cases = zip(op.cases.iter_values(), branches, strict=True)
    table = " ".join(f"i64 {int(value)}, label %{label}" for value, (label, _) in cases)
    w.line(f"switch i64 {w[op.arg]}, label %{default} [ {table} ]")
    _merge(w, [*branches, (default, op.default_region)], op.output, end)


def _merge(w: Writer, branches: Sequence[tuple[str, Region]], results: Sequence[SSAValue], end: str) -> None:
    """Writes each region as a block of its own; all go on at `end`, where `results` are what they yielded."""
    incoming: list[tuple[Sequence[SSAValue], str]] = []
    for label, region in branches:
        w.start_block(label)
        yielded = w.region(region).operands
        incoming.append((yielded, w.block))
        w.branch(end)
    w.start_block(end)
    _fill_phis(w, _reserve_phis(w, results), results, *incoming)


OPS: dict[str, Handler] = {
    "scf.for": _for,
    "scf.while": _while,
    "scf.if": _if,
    "scf.index_switch": _index_switch,
}
"""The translation of each op of the dialect; terminators are read by the op around them."""
