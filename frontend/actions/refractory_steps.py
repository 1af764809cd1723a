"""Refractory periods counted in steps: half the memory traffic of comparing spike times.

A group with a constant refractory period asks at each step, for each neuron, whether `lastspike <= border`, in double
precision. Where nothing else can write `lastspike` during a run, the step at which a neuron is free again says the
same in four bytes:

    not_refractory = lastspike <= t - timestep(R, dt)*dt + 1e-3*dt      (8 bytes a neuron and step)
    not_refractory = n >= until                                         (4 bytes)

`until` is computed from `lastspike` when a run begins, and set where neurons spike; `lastspike` is kept up to date as
before, but only spiking neurons touch it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.effects import ANYTHING, Touched, may_be_in, writes
from ranvier.equations.assignments import REACHED, Assign
from ranvier.equations.expressions import Binary, Call, Compare, Name, names
from ranvier.equations.function_values import TIMESTEP_TOLERANCE
from ranvier.runtime.state import allocate

STEP, UNTIL = "_step", "_refractory_until"
LAST = np.iinfo(np.int32).max


def count_refractory_steps(actions: Sequence[act.Action]) -> list[act.Action]:
    """Returns actions in which constant refractory periods are counted in steps, where that means the same."""
    written = [writes(action) for action in actions]
    if ANYTHING in written:
        return list(actions)  # Python code may set `lastspike`
    changed = list(actions)
    for position, action in enumerate(actions):
        if isinstance(action, act.MapCode) and action.kind == "integrate" and not action.offset:
            _count(changed, position, action, written)
    return changed


def _count(actions: list[act.Action], position: int, action: act.MapCode, written: Sequence[Touched]) -> None:
    storage = _compared(action)
    period = action.bindings.get("_refractory")
    if storage is None or not isinstance(period, act.Constant):
        return
    writers = [k for k, touched in enumerate(written) if may_be_in(touched, storage)]
    if len(writers) != 1:
        return
    spiking = actions[writers[0]]
    if not isinstance(spiking, act.EventCode) or spiking.kind != "refractory" or spiking.clock is not action.clock:
        return
    dt = action.clock.dt_
    steps = int((period.value + TIMESTEP_TOLERANCE * dt) / dt)
    if int(action.clock.control[1]) + steps >= LAST:
        return
    label = storage.label.replace("lastspike", "refractory_until")
    until = act.Storage(label, allocate(storage.array.size, np.int32), population=storage.population)
    first = np.ceil(storage.array / dt + (steps - TIMESTEP_TOLERANCE))
    until.array[:] = np.clip(first, -LAST, LAST)
    added = {STEP: act.Time("t_in_timesteps", action.clock), UNTIL: act.Element(until)}
    test = Assign("not_refractory", Call(REACHED, (Name(STEP), Name(UNTIL))))
    actions[position] = replace(action, code=(test, *action.code[1:]), bindings={**action.bindings, **added})
    times = {"_refractory": period, "_dt": act.Time("dt", action.clock)}
    free = Binary("+", Name(STEP), Call("timestep", (Name("_refractory"), Name("_dt"))))
    actions[writers[0]] = replace(
        spiking, code=(*spiking.code, Assign(UNTIL, free)), bindings={**spiking.bindings, **added, **times}
    )


def _compared(action: act.MapCode) -> act.Storage | None:
    """Returns the memory of `lastspike` if the code begins with its comparison with something uniform."""
    line = action.code[0] if action.code else None
    if not isinstance(line, Assign) or line.target != "not_refractory" or not isinstance(line.expr, Compare):
        return None
    left, right = line.expr.left, line.expr.right
    if line.expr.op != "<=" or not isinstance(left, Name):
        return None
    uniform = all(isinstance(action.bindings.get(name), act.Time | act.Constant) for name in names(right))
    binding = action.bindings.get(left.id)
    used = {name for later in action.code[1:] if isinstance(later, Assign) for name in names(later.expr)}
    if not uniform or left.id in used or not isinstance(binding, act.Element):
        return None
    return binding.storage
