"""The interpreter of the `snn` dialect: slow and obvious, the oracle of all passes and targets.

Every op makes new numpy arrays; nothing is updated in place, so that the interpreter cannot notice what passes and
lowering do in place, and cannot make the same mistakes. A region is evaluated for all its elements at once.
The semantics are those that the op classes document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from ranvier.ir import slots
from ranvier.ir.derive import DERIVE_HANDLERS
from ranvier.ir.interpret_arith import numpy_type
from ranvier.ir.interpret_arrays import ARRAY_HANDLERS
from ranvier.ir.interpret_arrivals import ARRIVAL_HANDLERS
from ranvier.ir.interpret_integration import INTEGRATION_HANDLERS
from ranvier.ir.interpret_lanes import LANE_HANDLERS
from ranvier.ir.interpret_promises import check_promises
from ranvier.ir.interpret_run import Array, ClockInput, Handler, Handlers, InterpretError, ProgramInputs, Run
from ranvier.ir.interpret_synapses import SYNAPSE_HANDLERS
from ranvier.ir.interpret_trees import TREE_HANDLERS
from ranvier.ir.structure import (
    ClockOp,
    DtOp,
    EventSpaceOp,
    LoopOp,
    ParamOp,
    ProgramOp,
    SinkOp,
    StateOp,
    TimeOp,
    YieldOp,
)
from ranvier.ir.types import element_type

Watch: TypeAlias = Callable[[Operation, Sequence[Any]], None]
"""Called with each op that is executed, those in regions, too, and its results."""


class _WatchedRun(Run):
    """A run that tells what each op gives."""

    watch: Watch

    def define(self, op: Operation, results: Sequence[Any]) -> None:
        super().define(op, results)
        self.watch(op, results)


def interpret(module: ModuleOp | ProgramOp, inputs: ProgramInputs, watch: Watch | None = None) -> int:
    """Runs a program until it ends and returns `FINISHED`, `BUDGET_USED` or `STOPPED` of `ranvier.ir.slots`.

    States, events, clocks and sinks of `inputs` have their new contents afterwards; calling again goes on. If an error
    occurs, states and events are as they were.

    Args:
        module: The program, or a module that holds it.
        inputs: Its run-time inputs.
        watch: Told what each op gives.

    Raises:
        InterpretError: If an input is missing or does not fit, or the program does what it must not.
    """
    if watch is None:
        run = Run(_program_of(module), inputs, HANDLERS)
    else:
        run = _WatchedRun(_program_of(module), inputs, HANDLERS)
        run.watch = watch
    with np.errstate(all="ignore"):
        for op in run.program.body.block.ops:
            run.execute(op)
    for write_back in run.results:
        write_back()
    return run.status


def _program_of(module: ModuleOp | ProgramOp) -> ProgramOp:
    if isinstance(module, ProgramOp):
        return module
    programs = [op for op in module.ops if isinstance(op, ProgramOp)]
    if len(programs) != 1:
        raise InterpretError(f"a module to interpret holds one snn.program, not {len(programs)}")
    return programs[0]


# ---- inputs


def _param(run: Run, op: ParamOp) -> list[Any]:
    _, value = run.input_of(op, "params", op.label.data)
    return [numpy_type(op.value.type).type(value)]


def _state(run: Run, op: StateOp) -> list[Any]:
    key, array = run.input_of(op, "states", op.label.data)
    size, dtype = int(run.get(op.size)), numpy_type(element_type(op.value.type))
    if array.shape != (size,) or array.dtype != dtype:
        raise InterpretError(
            f"the state {op.label.data!r} has {size} elements of type {dtype}, the array given for it"
            f" (states[{key!r}]) has shape {array.shape} and type {array.dtype}"
        )
    return [array.copy()]


def _event_space(run: Run, op: EventSpaceOp) -> list[Any]:
    key, events = run.input_of(op, "events", op.label.data)
    size = int(run.get(op.size))
    checked = np.array(events, dtype=np.int32)
    if checked.ndim != 1 or len(np.unique(checked)) != len(checked) or np.any((checked < 0) | (checked >= size)):
        raise InterpretError(
            f"the events given for {op.label.data!r} (events[{key!r}]) are not different numbers within 0..{size}"
        )
    return [checked]


def _clock(run: Run, op: ClockOp) -> list[Any]:
    _, clock = run.input_of(op, "clocks", op.label.data)
    run.clocks[op.value] = clock if op.times is None else replace(clock, times=run.get(op.times))
    run.given_clocks.append(clock)
    return [clock]


def _sink(run: Run, op: SinkOp) -> list[Any]:
    _, rows = run.input_of(op, "sinks", op.label.data)
    return [rows]


# ---- the loop and time


def _loop(run: Run, op: LoopOp) -> list[Any]:
    late = [c.label.data for c in run.program.body.block.ops if isinstance(c, ClockOp) and c.value not in run.clocks]
    if late:
        raise InterpretError(f"clocks are declared before the loop: {late}")
    block = op.body.block
    check_promises(run, block)
    carried = [run.get(value) for value in op.carried]
    clocks = run.clocks = {value: replace(clock) for value, clock in run.clocks.items()}
    instants = 0
    while True:
        current = _current_clocks(clocks)
        if current is None:
            run.status = slots.FINISHED
            break
        if instants == run.inputs.max_instants:
            run.status = slots.BUDGET_USED
            break
        run.current = current
        run.values.update(zip(block.args, carried, strict=True))
        for inner in block.ops:
            if isinstance(inner, YieldOp):
                carried = [run.get(value) for value in inner.arguments]
            else:
                run.execute(inner)
        for value in current:
            clocks[value].n += 1
        instants += 1
        if run.inputs.stop:
            run.status = slots.STOPPED
            break
    run.current = None
    run.results.append(lambda: _write_back(run, op, carried))
    return carried


def _current_clocks(clocks: dict[SSAValue, ClockInput]) -> set[SSAValue] | None:
    """Returns the clocks of the next instant; None if the run has ended. Of clocks at one time the first decides."""
    if not clocks:
        return None
    times = {value: clock.t for value, clock in clocks.items()}
    first = min(times, key=times.__getitem__)
    if clocks[first].n >= clocks[first].n_end:
        return None
    steps = [clock.dt for clock in clocks.values() if clock.times is None]
    near = slots.SAME_TIME * min(steps) if steps else slots.SAME_EVENT
    return {value for value, time in times.items() if time - times[first] <= near}


def _write_back(
    run: Run,
    op: LoopOp,
    carried: Sequence[Array],
) -> None:
    for given, clock in zip(run.given_clocks, run.clocks.values(), strict=True):
        given.n = clock.n
    position: dict[type[Operation], int] = {}
    last = dict(zip(op.carried, carried, strict=True))
    for owner in run.program.body.block.ops:
        if not isinstance(owner, StateOp | EventSpaceOp):
            continue
        k = position.get(type(owner), 0)
        position[type(owner)] = k + 1
        if owner.value not in last:
            continue
        kind = run.inputs.states if isinstance(owner, StateOp) else run.inputs.events
        store = cast("Any", kind)
        key = owner.label.data if isinstance(kind, Mapping) else k
        if isinstance(owner, StateOp):
            store[key][...] = last[owner.value]
        else:
            store[key] = last[owner.value].copy()


def _time(run: Run, op: TimeOp) -> list[Any]:
    clock = run.clocks[op.clock]
    return [np.float64(clock.t), np.int64(clock.n)]


def _dt(run: Run, op: DtOp) -> list[Any]:
    return [np.float64(run.clocks[op.clock].dt)]


HANDLERS: Handlers = {
    ParamOp: Handler(_param),
    StateOp: Handler(_state),
    EventSpaceOp: Handler(_event_space),
    ClockOp: Handler(_clock),
    SinkOp: Handler(_sink),
    LoopOp: Handler(_loop),
    TimeOp: Handler(_time),
    DtOp: Handler(_dt),
    **DERIVE_HANDLERS,
    **ARRAY_HANDLERS,
    **INTEGRATION_HANDLERS,
    **TREE_HANDLERS,
    **SYNAPSE_HANDLERS,
    **ARRIVAL_HANDLERS,
    **LANE_HANDLERS,
}
"""What each op of the dialect does; all others are `arith`, `math` and `scf.if`."""

__all__ = ["ClockInput", "InterpretError", "ProgramInputs", "interpret"]
