"""The book of a pathway whose spikes wait: its words, and the functions in which synapses catch up."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ranvier.ir.synapses import PropagateOp
from ranvier.passes.lower.due_rows import expect_listed
from ranvier.passes.lower.held_back import BITS, KEPT, Call, Deferred
from ranvier.passes.lower.phases import Share
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX, Writer


def read(kernel: Kernel, held: Deferred, word: int) -> SSAValue:
    """Returns a word of the book."""
    return kernel.writer.load(kernel.pass_in(held.book), kernel.writer.constant(word))


def enter(kernel: Kernel, held: Deferred, word: int, value: SSAValue) -> None:
    """Writes a word of the book."""
    kernel.writer.store(value, kernel.pass_in(held.book), kernel.writer.constant(word))


def tick_now(kernel: Kernel, run: Run, held: Deferred) -> SSAValue:
    """Returns the tick of this instant."""
    w = kernel.writer
    step = kernel.pass_in(run.steps[held.found.held.clock])
    return w.add(w.sub(step, kernel.pass_in(held.first)), w.constant(1, i64))


def quarter(w: Writer, word: SSAValue, turn: SSAValue) -> SSAValue:
    """Returns a tick of a word: the oldest in the first turn, the newest in the last."""
    places = w.sub(w.constant(KEPT - 1, i64), w.cast(turn, i64))
    shifted = w.binary(arith.ShRUIOp, word, w.mul(places, w.constant(BITS, i64)))
    return w.binary(arith.AndIOp, shifted, w.constant((1 << BITS) - 1, i64))


def expect_rows_of(run: Run, held: Deferred, op: PropagateOp, number: int, share: Share | None) -> None:
    """Notes how long the open phase will take for so many rows as a word of the book says, if they are divided."""
    if share is not None:
        rows = run.writer.cast(run.writer.load(held.book, run.writer.constant(number)), INDEX)
        expect_listed(run, op, op.pointers, rows, parts=share.by_targets)


def end_call(held: Deferred, kernel: Kernel, op: PropagateOp, number: int) -> None:
    """Ends a function in which synapses catch up, and notes it for the end of the call."""
    kernel.close()
    held.calls.append(Call(kernel.name, list(kernel.arguments), kernel.phase, kernel.share, op, number))
