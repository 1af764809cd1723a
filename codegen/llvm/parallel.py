"""`scf.parallel`: its body becomes a function, which the threads of a run call with the numbers of the parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects.scf import ParallelOp
from xdsl.ir import Block, Operation, SSAValue

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm import team
from ranvier.codegen.llvm.types import llvm_type
from ranvier.codegen.llvm.writer import Handler, Writer
from ranvier.codegen.target import has_threads

WORD = 8
"""Bytes for each value that a body captures."""


def _parallel(w: Writer, op: Operation) -> None:
    """Writes the body as a function, what it captures to memory, and the call that lets threads do its parts.

    What stays the same in the loop around is written in front of it, once.
    """
    assert isinstance(op, ParallelOp)
    if len(op.lowerBound) != 1 or op.initVals or w[op.lowerBound[0]] != "0" or w[op.step[0]] != "1":
        raise CodegenError("scf.parallel goes over the numbers from 0 to a bound, without a result")
    captured = [value for value in _captured(op) if w.names_value(value)]
    reads_table = any(value in w.slots for value in _captured(op))
    count = len(captured) + reads_table
    memory = w.at_entry(f"alloca [{max(count, 1)} x i64], align 64")
    for number, value in enumerate(captured):
        _write(w, memory, number, w.typed(value), early=_is_before_loop(op, value))
    if reads_table:
        _write(w, memory, count - 1, "ptr %table", early=True)
    name = w.fresh("@phase")
    _outline(w, op, name, captured, reads_table=reads_table)
    parts = w[op.upperBound[0]]
    if w.team and has_threads(w.target):
        w.helpers.add(team.PARALLEL)
        w.line(f"call void @{team.PARALLEL}(ptr {w.team}, ptr {name}, ptr {memory}, i64 {parts})")
    else:
        w.helpers.add(team.IN_TURN)
        w.line(f"call void @{team.IN_TURN}(ptr {name}, ptr {memory}, i64 {parts})")


def _outline(w: Writer, op: ParallelOp, name: str, captured: Sequence[SSAValue], *, reads_table: bool) -> None:
    outside = {value: w[value] for value in captured}
    with w.outline(f"internal void {name}(ptr noalias readonly %captured, i64 %part) #1", name[1:], op):
        for number, value in enumerate(captured):
            w.define(value, f"load {llvm_type(value.type)}, ptr {_word(w, '%captured', number)}")
        if reads_table:
            place = _word(w, "%captured", len(captured))
            w.line(f"%table = load ptr, ptr {place}")
        w.bind(op.body.block.args[0], "%part")
        w.region(op.body)
        w.line("ret void")
    for value, known in outside.items():
        w.bind(value, known)


def _word(w: Writer, memory: str, number: int) -> str:
    return w.temporary(f"getelementptr inbounds i64, ptr {memory}, i64 {number}")


def _write(w: Writer, memory: str, number: int, typed: str, *, early: bool) -> None:
    if not early or w.before_loop is None:
        w.line(f"store {typed}, ptr {_word(w, memory, number)}")
        return
    place = w.fresh()
    w.before_loop += [
        f"{place} = getelementptr inbounds i64, ptr {memory}, i64 {number}",
        f"store {typed}, ptr {place}",
    ]


def _captured(op: ParallelOp) -> list[SSAValue]:
    """Returns the values from outside that a body uses, each once."""
    inside = set(_blocks(op.body.block))
    found: dict[SSAValue, None] = {}
    for inner in op.body.walk():
        for value in inner.operands:
            owner = value.owner
            block = owner if isinstance(owner, Block) else owner.parent_block()
            if block not in inside:
                found[value] = None
    return list(found)


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for op in block.ops:
        for region in op.regions:
            for inner in region.blocks:
                yield from _blocks(inner)


def _is_before_loop(op: ParallelOp, value: SSAValue) -> bool:
    """Tells whether a value is there before the outermost loop around an op begins."""
    outer: Operation = op
    while (parent := outer.parent_op()) is not None and parent.name != "func.func":
        outer = parent
    owner = value.owner
    block = owner if isinstance(owner, Block) else owner.parent_block()
    return block is outer.parent_block()


OPS: dict[str, Handler] = {"scf.parallel": _parallel}
"""The translation of `scf.parallel`."""
