"""Writes the loop over the instants: `scf.while` that carries the step counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import f64, i1, i64
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.traits import is_side_effect_free

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.emission import EmitOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.recording import CallOp, RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.slots import BUDGET_USED, FINISHED, SAME_EVENT, SAME_TIME, SINK_FULL, STOPPED
from ranvier.ir.structure import LoopOp, ReadOp, TimeOp, WriteOp, YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.team import STRETCHES
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.accesses import WAITS
from ranvier.passes.facts.versions import clock_of
from ranvier.passes.lower.arrivals import lower_arrivals
from ranvier.passes.lower.compaction import lower_compact
from ranvier.passes.lower.deferred import find_deferred, most_instants, settle
from ranvier.passes.lower.deposits import lower_deposit
from ranvier.passes.lower.emission import lower_emit
from ranvier.passes.lower.late import late_results, may_be_last
from ranvier.passes.lower.lowered import LoweredClock, known_location, time_of_step
from ranvier.passes.lower.own_rows import write_left_rows
from ranvier.passes.lower.records import (
    any_sink_full,
    lower_record,
    lower_record_events,
    lower_record_rate,
    rows_needed,
)
from ranvier.passes.lower.regions import lower_scalar
from ranvier.passes.lower.scopes import Run
from ranvier.passes.lower.stretches import instants_of_stretch, longest_stretch, write_stretch
from ranvier.passes.lower.sweeps import lower_map, lower_reset, lower_scatter, lower_threshold
from ranvier.passes.lower.synapses import lower_accumulate, lower_propagate
from ranvier.passes.lower.trees import lower_solve_forest, lower_solve_tree
from ranvier.passes.lower.writer import INDEX

RUNNING = -1
"""The code while nothing ends the loop."""

CALLBACK = "ranvier_call"
"""The host's function that a `snn.call` calls with its number."""


@dataclass(eq=False, repr=False)
class _Instants:
    """What the time loop needs besides the program: the clocks in order, room per sink, the control block.

    `longest` is the most instants that the threads go through between two meetings, None if they meet in each.
    """

    clocks: Sequence[SSAValue]
    needed: dict[SSAValue, SSAValue]
    control: SSAValue
    nearby: SSAValue | None
    ends: Sequence[SSAValue]
    longest: SSAValue | None


def lower_loop(run: Run, loop: LoopOp, control: SSAValue) -> SSAValue:
    """Writes the loop and the stores of the counters after it; returns the code that `@run` returns."""
    w = run.writer
    clocks = list(run.clocks)
    if not clocks:
        raise PassError(loop, "a program needs a clock to run by")
    instants = _Instants(
        clocks,
        rows_needed(run, loop),
        control,
        _nearby(run, list(run.clocks.values())) if len(clocks) > 1 else None,
        [w.load(clock.block, w.constant(1)) for clock in run.clocks.values()],
        longest_stretch(run, loop) if STRETCHES in loop.attributes else None,
    )
    counters = [w.first(clock.block) for clock in run.clocks.values()]
    for counter in counters:
        counter.name_hint = "n"
    run.late = late_results(run, loop)
    run.begin_instants(loop, counters)
    find_deferred(run, loop, dict(zip(run.clocks, counters, strict=True)))
    start = [*counters, most_instants(run, w.load(control, w.constant(1))), w.constant(0, i1)]
    before, passed = _write_before(run, instants)
    after = _write_after(run, loop, instants, passed)
    types = [value.type for value in passed]
    results = w.op(scf.WhileOp, start, types, {}, [Region(before), Region(after)]).results
    for clock, counter in zip(run.clocks.values(), results, strict=False):
        w.store(counter, clock.block, w.constant(0))
    settle(run)
    write_left_rows(run)
    return results[len(clocks) + 1]


def _nearby(run: Run, clocks: Sequence[LoweredClock]) -> SSAValue:
    """Returns the time within which clocks count as simultaneous: 1e-4 of the smallest dt, if any has a dt."""
    w = run.writer
    regular = [clock for clock in clocks if clock.times is None]
    if not regular:
        return w.constant(SAME_EVENT, f64)
    smallest = regular[0].dt
    for clock in regular[1:]:
        smallest = w.select(w.compare_floats("olt", clock.dt, smallest), clock.dt, smallest)
    return w.binary(arith.MulfOp, smallest, w.constant(SAME_TIME, f64))


def _write_before(run: Run, instants: _Instants) -> tuple[Block, list[SSAValue]]:
    """Writes the first half of the loop: why to stop, which clocks are current.

    Returns:
        The block, and what it passes on: the counters, the instants left, the code, and for several clocks whether
        each is current.
    """
    w = run.writer
    count = len(instants.clocks)
    block = Block(arg_types=[i64] * (count + 1) + [i1])
    counters, left, stopped = block.args[:count], block.args[count], block.args[count + 1]
    with w.inside(block):
        finished, current = _earliest(run, instants, counters)
        code = w.constant(RUNNING, i64)
        full = any_sink_full(run, instants.needed, instants.longest)
        if full is not None:
            code = w.select(full, w.constant(SINK_FULL, i64), code)
        code = w.select(w.compare("sle", left, w.constant(0, i64)), w.constant(BUDGET_USED, i64), code)
        code = w.select(finished, w.constant(FINISHED, i64), code)
        code = w.select(stopped, w.constant(STOPPED, i64), code)
        passed = [*counters, left, code, *current]
        w.op(scf.ConditionOp, [w.compare("eq", code, w.constant(RUNNING, i64)), *passed])
    return block, passed


def _earliest(run: Run, instants: _Instants, counters: Sequence[SSAValue]) -> tuple[SSAValue, list[SSAValue]]:
    """Returns whether the earliest clock is at its end, and for several clocks which are current."""
    w = run.writer
    ended = [w.compare("sge", n, end) for n, end in zip(counters, instants.ends, strict=True)]
    if instants.nearby is None:
        return ended[0], []
    times = [time_of(run, n, clock) for n, clock in zip(counters, run.clocks.values(), strict=True)]
    earliest, finished = times[0], ended[0]
    for time, end in zip(times[1:], ended[1:], strict=True):
        earlier = w.compare_floats("olt", time, earliest)
        earliest, finished = w.select(earlier, time, earliest), w.select(earlier, end, finished)
    late = [w.binary(arith.SubfOp, time, earliest) for time in times]
    return finished, [w.compare_floats("ole", lag, instants.nearby) for lag in late]


def time_of(run: Run, counter: SSAValue, clock: LoweredClock) -> SSAValue:
    if clock.times is not None:
        return run.writer.load(clock.times, run.writer.cast(counter, INDEX))
    return time_of_step(run.writer, counter, clock.dt)


def _write_after(run: Run, loop: LoopOp, instants: _Instants, passed: Sequence[SSAValue]) -> Block:
    """Writes the second half of the loop: one instant, or a stretch of several."""
    w = run.writer
    count = len(instants.clocks)
    block = Block(arg_types=[value.type for value in passed])
    counters, left, current = block.args[:count], block.args[count], block.args[count + 2 :]
    for counter in counters:
        counter.name_hint = "n"
    run.steps = dict(zip(instants.clocks, counters, strict=True))
    with w.inside(block):
        flags: dict[SSAValue, SSAValue] = dict(zip(instants.clocks, current, strict=False))
        passing = w.constant(1, i64)
        if instants.longest is not None:
            most = [left, w.sub(instants.ends[0], counters[0])]
            passing = instants_of_stretch(run, instants.longest, most, instants.needed)
            write_stretch(run, loop, instants.longest, counters[0], passing, lambda op: _lower_op(run, op))
        else:
            if run.late:
                run.is_last = may_be_last(run, left, counters[0], instants.ends[0], instants.needed)
            _write_body(run, loop, flags)
        run.end_instant(flags)
        after = [w.add(n, passing) for n in counters]
        if current:
            after = [w.select(flag, new, n) for flag, new, n in zip(current, after, counters, strict=True)]
        stopped = w.compare("ne", w.first(instants.control), w.constant(0, i64))
        if run.is_last is not None:
            stopped = w.binary(arith.AndIOp, stopped, run.is_last)
        w.op(scf.YieldOp, [*after, w.sub(left, passing), stopped])
    return block


def _write_body(run: Run, loop: LoopOp, current: dict[SSAValue, SSAValue]) -> None:
    """Writes the ops of an instant; for several clocks, consecutive ops of one clock stand in one `scf.if`."""
    w = run.writer
    group: Block | None = None
    group_clock: SSAValue | None = None

    def close_group() -> None:
        nonlocal group, group_clock
        if group is not None and group_clock is not None:
            with w.inside(group):
                run.close_phase()
                w.op(scf.YieldOp, [])
            w.branch(current[group_clock], group, None)
        group = group_clock = None

    for op in loop.body.block.ops:
        clock = clock_of(op)
        if clock is None or not current:
            if _reads_memory(op):
                close_group()
            _lower_op(run, op)
            continue
        if clock is not group_clock:
            close_group()
            group, group_clock = Block(), clock
        assert group is not None
        with w.inside(group):
            _lower_op(run, op)
    close_group()
    run.close_phase()


def _reads_memory(op: Operation) -> bool:
    return isinstance(op, ReadOp | GatherOp) or not is_side_effect_free(op)


def _lower_op(run: Run, op: Operation) -> None:
    """Writes one op of the loop body."""
    run.writer.location = known_location(op)
    if WAITS in op.attributes:
        run.close_phase()
    match op:
        case YieldOp():
            pass
        case _ if run.lower_specially(op):
            pass
        case TimeOp():
            run.bind(op.step, run.steps[op.clock])
            if op.t.first_use is not None:
                run.bind(op.t, time_of(run, run.steps[op.clock], run.clocks[op.clock]))
        case MapOp():
            lower_map(run, op)
        case ThresholdOp():
            lower_threshold(run, op)
        case CompactOp():
            lower_compact(run, op)
        case EmitOp():
            lower_emit(run, op)
        case ResetOp():
            lower_reset(run, op)
        case ScatterOp():
            lower_scatter(run, op)
        case SolveTreeOp():
            lower_solve_tree(run, op)
        case SolveForestOp():
            lower_solve_forest(run, op)
        case PropagateOp():
            lower_propagate(run, op)
        case AccumulateOp():
            lower_accumulate(run, op)
        case ArrivalsOp():
            lower_arrivals(run, op)
        case DepositOp():
            lower_deposit(run, op)
        case WriteOp():
            run.writer.store(run.value(op.value), run.array(op.array), run.writer.constant(0))
        case RecordOp():
            lower_record(run, op)
        case RecordEventsOp():
            lower_record_events(run, op)
        case RecordRateOp():
            lower_record_rate(run, op)
        case CallOp():
            _lower_call(run, op)
        case _:
            lower_scalar(run, op)
    run.writer.location = None


def _lower_call(run: Run, op: CallOp) -> None:
    """Stores the counters, so that the host sees the time, and calls it."""
    w = run.writer
    for clock, counter in run.steps.items():
        w.store(counter, run.clocks[clock].block, w.constant(0))
    run.declare(CALLBACK, [i64], [])
    w.call(CALLBACK, [w.constant(op.callback.value.data, i64)])
