"""Rows that catch up: what spikes of targets do is done before a spike of their source reads the synapses.

See `ranvier.passes.lower.deferred`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import i64
from xdsl.ir import Block, SSAValue

from ranvier.ir.slots import TILE
from ranvier.ir.synapses import PropagateOp, roles_of, shifts_of
from ranvier.ir.types import element_type
from ranvier.passes.lower.due_rows import size_of
from ranvier.passes.lower.held_back import (
    ARRIVED,
    ASKED,
    ASKING,
    BITS,
    DUE,
    KEPT,
    LEAST,
    MARK,
    NEWEST,
    ROWS,
    SOUGHT,
    WORKS,
    Deferred,
)
from ranvier.passes.lower.held_book import end_call, enter, expect_rows_of, quarter, read, tick_now
from ranvier.passes.lower.replay import Replay
from ranvier.passes.lower.row_loops import each_row
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.tiles import Tile, tiles
from ranvier.passes.lower.writer import INDEX

LOOK_AGAIN = 16
"""After so many ticks it is worth looking again which sources have waited longest."""

LOOK_LATER = 64
"""After so many if walking took less than to let them catch up."""

VISIT, WALK = 3, 10
"""Nanoseconds for a synapse of a row that catches up, and of a target that walks."""

TOGETHER = 128
"""The synapses of a row that catch up together: it takes as many turns as the target among them with most spikes."""

LONGEST_TABLE = 512
"""The most ticks for which a table is made of what depends on the source and the time: it stays in the nearest cache.
No more than a row has synapses, either."""


def enter_rows(kernel: Kernel, op: PropagateOp, number: SSAValue, kept: Mapping[int, SSAValue]) -> None:
    """Enters how many rows of sources are due, and adds those that have waited for long to the list.

    Args:
        kernel: The function that lists the rows that are due.
        op: The pathway of the sources.
        number: How many are due.
        kept: For the elements of rows that threads need as they were before: room for those of each row.
    """
    run, w = kernel.run, kernel.writer
    held = run.deferred[op]
    held.kept.update(kept)
    enter(kernel, held, DUE, w.cast(number, i64))
    enter(kernel, held, ARRIVED, w.add(read(kernel, held, ARRIVED), w.cast(number, i64)))
    tick = tick_now(kernel, run, held)
    enter(kernel, held, MARK, w.add(tick, w.constant(int(held.found.comes_first), i64)))
    asked = w.compare("sgt", read(kernel, held, ASKING), w.constant(0, i64))
    waited = w.compare("sge", w.sub(tick, read(kernel, held, SOUGHT)), w.constant(LOOK_AGAIN, i64))
    with w.when(w.binary(arith.AndIOp, asked, waited), otherwise=[number]) as late:
        late.give(_add_late_rows(kernel, held, number))
    (total,) = late.results
    enter(kernel, held, ROWS, w.cast(total, i64))


def _add_late_rows(kernel: Kernel, held: Deferred, number: SSAValue) -> SSAValue:
    """Adds rows to the list whose sources have not spiked for so long that targets had to walk.

    Those are all that lack a spike which a target had to forget; none, if walking takes less.

    Args:
        kernel: Where to write.
        held: What the run keeps.
        number: How many rows are due.

    Returns:
        How many rows are in the list.
    """
    w, mark, zero = kernel.writer, read(kernel, held, MARK), kernel.writer.constant(0, i64)
    rows, caught, asked = kernel.pass_in(held.rows), kernel.pass_in(held.caught), read(kernel, held, ASKED)

    def turn_signs() -> None:
        """Marks the rows that are due, which are no others, by a sign, or takes that away."""
        with w.loop(number) as each:
            row = w.cast(w.load(rows, each.index), INDEX)
            w.store(w.binary(arith.XOrIOp, w.load(caught, row), w.constant(-1, i64)), caught, row)

    turn_signs()
    with w.loop(rows_in(kernel, held.found.reader), carried=[number, mark]) as each:
        tick = w.load(caught, each.index)
        is_due, is_soon = w.compare("slt", tick, zero), w.compare("sgt", tick, asked)
        is_late = w.select(w.binary(arith.OrIOp, is_due, is_soon), w.constant(0), w.constant(1))
        w.store(w.cast(each.index, i64), rows, each.args[1])
        others = w.select(is_soon, tick, mark)
        each.give(w.add(each.args[1], is_late), w.binary(arith.MinSIOp, each.args[2], others))
    turn_signs()
    total, least = each.results
    late = w.cast(w.sub(total, number), i64)
    targets, sources = (w.cast(rows_in(kernel, op), i64) for op in (held.found.held, held.found.reader))
    takes = w.mul(w.mul(late, targets), w.constant(VISIT, i64))
    saves = w.mul(w.mul(read(kernel, held, ASKING), sources), w.constant(WALK, i64))
    pays = w.compare("slt", takes, saves)
    enter(kernel, held, LEAST, w.select(pays, least, read(kernel, held, LEAST)))
    again = w.select(pays, w.constant(0, i64), w.constant(LOOK_LATER - LOOK_AGAIN, i64))
    enter(kernel, held, SOUGHT, w.add(tick_now(kernel, kernel.run, held), again))
    enter(kernel, held, ASKING, zero)
    enter(kernel, held, ASKED, zero)
    keep_elements(kernel, held, number, w.select(pays, total, number))
    return w.select(pays, total, number)


def keep_elements(kernel: Kernel, held: Deferred, begin: SSAValue, end: SSAValue) -> None:
    """Keeps what elements of rows are now, for some places of the list, where threads take them from there."""
    w, reader = kernel.writer, held.found.reader
    if not held.kept:
        return
    delays, shifts = size_of(kernel, reader, reader.delays), shifts_of(reader)
    with w.loop(end, lower=begin) as each:
        source = w.binary(arith.DivUIOp, w.cast(w.load(kernel.pass_in(held.rows), each.index), INDEX), delays)
        for k, room in held.kept.items():
            shift = shifts[k]
            number = source if shift is None else w.add(source, kernel.value(shift))
            w.store(w.load(kernel.array(reader.inputs[k]), number), kernel.pass_in(room), each.index)


def rows_in(kernel: Kernel, op: PropagateOp) -> SSAValue:
    """Returns the number of rows of a pathway."""
    w = kernel.writer
    return w.mul(w.sub(kernel.value(op.stop), kernel.value(op.start)), size_of(kernel, op, op.delays))


def number_of_rows(kernel: Kernel, held: Deferred) -> SSAValue:
    """Returns the number of rows that are due."""
    return kernel.writer.cast(read(kernel, held, DUE), INDEX)


def let_catch_up(run: Run, op: PropagateOp, kept: Mapping[int, SSAValue]) -> None:
    """Writes the function in which all synapses of the rows in the list catch up.

    Args:
        run: The run.
        op: The pathway of the sources.
        kept: For the elements of rows that have been written already: what they were before, for each row.
    """
    held = run.deferred[op]
    kernel = run.divided_kernel("catch_up", op.label.data, op=op)
    w, code, synapses = kernel.writer, Replay(kernel, held.found, held.first), _Synapses(kernel, held)
    expect_rows_of(run, held, op, ROWS, kernel.share)
    rows, caught, pointers = kernel.pass_in(held.rows), kernel.pass_in(held.caught), kernel.array(op.pointers)
    newest, tables = w.alloca(i64, KEPT), [w.alloca(value.type, LONGEST_TABLE) for value in code.tabled]
    works = w.compare("ne", read(kernel, held, WORKS), w.constant(0, i64))
    number = w.select(works, w.cast(read(kernel, held, ROWS), INDEX), w.constant(0))
    before = {run.versions.root(op.inputs[k]): kernel.pass_in(room) for k, room in kept.items()}
    with each_row(kernel, pointers, rows, number, synapses.by_place()) as due:
        since = w.binary(arith.MaxSIOp, w.load(caught, due.row), w.constant(1, i64))
        were = {root: w.load(room, due.place) for root, room in before.items()}

        def catch_up(tables: Sequence[SSAValue] = ()) -> None:
            with tiles(w, due.end, due.begin, most=TOGETHER) as tile:
                for k, top in enumerate(synapses.take(tile)):
                    w.store(top, newest, w.constant(k))
                with w.loop(w.constant(KEPT)) as turn:
                    with w.when(w.compare("sge", w.load(newest, turn.index), since)):
                        with w.loop(tile.length) as synapse:
                            tick = synapses.tick(synapse.index, turn.index)
                            code.at(due.row, tick, were)
                            if tables:
                                ago = w.binary(arith.MaxSIOp, w.sub(tick, since), w.constant(0, i64))
                                code.read_table(tables, w.cast(ago, INDEX))
                            waits, places = w.compare("sge", tick, since), synapses.places(tile, synapse.index)
                            code.run(waits, places, is_tabled=bool(tables))
                synapses.put_back(tile, code.changed)

        if not tables:
            catch_up()
        else:
            ticks = w.add(w.sub(read(kernel, held, NEWEST), since), w.constant(1, i64))
            most = w.binary(arith.MinSIOp, w.cast(w.sub(due.end, due.begin), i64), w.constant(LONGEST_TABLE, i64))
            few, many = Block(), Block()
            with w.inside(few):
                with w.loop(w.cast(w.binary(arith.MaxSIOp, ticks, w.constant(0, i64)), INDEX)) as entry:
                    code.at(due.row, w.add(since, w.cast(entry.index, i64)), were)
                    code.write_table(tables, entry.index)
                catch_up(tables)
                w.op(scf.YieldOp, [])
            with w.inside(many):
                catch_up()
                w.op(scf.YieldOp, [])
            w.branch(w.compare("sle", ticks, most), few, many)
    end_call(held, kernel, op, ROWS)


class _Synapses:
    """The synapses of a tile of a row that catch up, and the spikes that wait for them.

    Where synapses do not stand in the order of the rows, their variables are taken into buffers and put back.

    Args:
        kernel: The function.
        held: What the run keeps.
    """

    def __init__(self, kernel: Kernel, held: Deferred) -> None:
        w, op, reader = kernel.writer, held.found.held, held.found.reader
        self._kernel, self._op = kernel, op
        self._recent, self._words = kernel.pass_in(held.recent), w.alloca(i64, TILE)
        self._order = None if reader.order is None else kernel.array(reader.order)
        self._are_by_place = self._order is None or reader.by_place is not None
        self._targets = kernel.array(reader.targets)
        own = [k for k, role in enumerate(roles_of(op)) if role == "synapse" and k in held.found.inputs]
        self._arrays = {k: kernel.array(op.inputs[k]) for k in own}
        self._buffers = {k: w.alloca(element_type(op.inputs[k].type), TILE) for k in own if self._order is not None}

    def by_place(self) -> list[SSAValue]:
        """Returns the arrays whose elements stand in the order of the rows."""
        if self._order is None:
            return [self._targets, *self._arrays.values()]
        return [self._order, self._targets] if self._are_by_place else [self._order]

    def take(self, tile: Tile) -> Sequence[SSAValue]:
        """Takes what is needed of a tile; returns the newest tick of any target in each turn."""
        w = self._kernel.writer
        with w.loop(tile.length, carried=[w.constant(0, i64)] * KEPT) as each:
            place = w.add(tile.start, each.index)
            own = self._number(place)
            word = w.load(self._recent, w.load_number(self._targets, place if self._are_by_place else own))
            w.store(word, self._words, each.index)
            for k, buffer in self._buffers.items():
                w.store(w.load(self._arrays[k], own), buffer, each.index)
            greatest: list[SSAValue] = []
            for k in range(KEPT):
                greatest.append(w.binary(arith.MaxUIOp, each.args[k + 1], word))
                word = w.binary(arith.ShLIOp, word, w.constant(BITS, i64))
            each.give(*greatest)
        shift = w.constant(BITS * (KEPT - 1), i64)
        return [w.binary(arith.ShRUIOp, most, shift) for most in each.results]

    def tick(self, synapse: SSAValue, turn: SSAValue) -> SSAValue:
        """Returns the tick of a spike that waits for a synapse of the tile."""
        return quarter(self._kernel.writer, self._kernel.writer.load(self._words, synapse), turn)

    def places(self, tile: Tile, synapse: SSAValue) -> Mapping[int, tuple[SSAValue, SSAValue]]:
        """Returns where the variables of a synapse of the tile stand."""
        if self._order is not None:
            return {k: (buffer, synapse) for k, buffer in self._buffers.items()}
        place = self._kernel.writer.add(tile.start, synapse)
        return {k: (array, place) for k, array in self._arrays.items()}

    def put_back(self, tile: Tile, changed: Sequence[int]) -> None:
        """Puts the variables that have changed where they belong."""
        if self._order is None:
            return
        w = self._kernel.writer
        with w.loop(tile.length) as each:
            own = self._number(w.add(tile.start, each.index))
            for k in changed:
                w.store(w.load(self._buffers[k], each.index), self._arrays[k], own)

    def _number(self, place: SSAValue) -> SSAValue:
        return place if self._order is None else self._kernel.writer.load_number(self._order, place)


def mark_rows(run: Run, op: PropagateOp) -> None:
    """Writes the function that notes up to which tick the rows in the list have been brought, behind what does that."""
    held = run.deferred[op]

    def write() -> None:
        kernel = run.kernel("caught", op.label.data, op=op)
        w = kernel.writer
        rows, caught, mark = kernel.pass_in(held.rows), kernel.pass_in(held.caught), read(kernel, held, MARK)
        works = w.compare("ne", read(kernel, held, WORKS), w.constant(0, i64))
        with w.loop(w.select(works, w.cast(read(kernel, held, ROWS), INDEX), w.constant(0))) as each:
            w.store(mark, caught, w.cast(w.load(rows, each.index), INDEX))
        kernel.close()

    if run.phase is None:
        write()
    else:
        run.phase.last.append(write)
