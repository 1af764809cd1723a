"""The rewrite `count-refractory-steps`: refractory periods in steps, half the memory traffic of comparing spike times.

A group with a constant refractory period asks at each step, for each neuron, whether `lastspike <= border`, in double
precision. Where nothing else can write `lastspike` during a run, the step at which a neuron is free again says the
same in four bytes:

    not_refractory = lastspike <= t - timestep(R, dt)*dt + 1e-3*dt      (8 bytes a neuron and step)
    not_refractory = n >= until                                         (4 bytes)

`until` is computed from `lastspike` when a run begins, and set where neurons spike; `lastspike` is kept up to date as
before, but only spiking neurons touch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.code import read_names
from ranvier.actions.effects import Touched, calls_python, may_be_in, writes
from ranvier.actions.protocols import ActionClock
from ranvier.actions.rewrites.names import COUNT_REFRACTORY_STEPS
from ranvier.equations.assignments import REACHED, Assign
from ranvier.equations.expressions import Binary, Call, Compare, Name, names
from ranvier.equations.function_values import TIMESTEP_TOLERANCE
from ranvier.runtime.state import allocate

STEP, UNTIL = "_step", "_refractory_until"
LAST = np.iinfo(np.int32).max


def count_refractory_steps(actions: Sequence[act.Action]) -> list[act.Action]:
    """Returns actions in which constant refractory periods are counted in steps, where that means the same."""
    changed = list(actions)
    places = [k for k, action in enumerate(actions) if isinstance(action, act.MapCode) and _compared(action)]
    if not places:
        return changed
    written = [writes(action) for action in actions]
    for place in places:
        text = _count(changed, place, written) or "counted in steps"
        changed[place] = replace(changed[place], notes=(*changed[place].notes, (COUNT_REFRACTORY_STEPS, text)))
    return changed


def _count(actions: list[act.Action], place: int, written: Sequence[Touched]) -> str:
    """Lets the action at a place count steps, and what finds the spikes set the count; returns why not, else ""."""
    action = actions[place]
    assert isinstance(action, act.MapCode)
    storage, period = _compared(action), action.bindings.get("_refractory")
    assert storage is not None
    if not isinstance(period, act.Constant):
        return "the refractory period is not the same for all neurons and times"
    writers = [actions[k] for k, touched in enumerate(written) if may_be_in(touched, storage)]
    others = [each for each in writers if not (isinstance(each, act.EventCode) and each.kind == "refractory")]
    if others:
        return f"'{others[0].label}' may set the time of the last spike"
    if len(writers) != 1:
        return "no thresholder, or more than one, sets the time of the last spike"
    (spiking,) = writers
    assert isinstance(spiking, act.EventCode)
    if calls_python(spiking):
        return f"'{spiking.label}' calls Python"
    if spiking.clock is not action.clock:
        return "spikes are found at the steps of another clock"
    until = _until(storage, action.clock, period.value)
    if not until.renew():
        return "the run, or the refractory period, has more steps than 32 bits can count"
    added = {STEP: act.Time("t_in_timesteps", action.clock), UNTIL: act.Element(until)}
    test = Assign("not_refractory", Call(REACHED, (Name(STEP), Name(UNTIL))))
    actions[place] = replace(action, code=(test, *action.code[1:]), bindings={**action.bindings, **added})
    times = {"_refractory": period, "_dt": act.Time("dt", action.clock)}
    free = Binary("+", Name(STEP), Call("timestep", (Name("_refractory"), Name("_dt"))))
    found = next(k for k, each in enumerate(actions) if each is spiking)
    actions[found] = replace(
        spiking, code=(*spiking.code, Assign(UNTIL, free)), bindings={**spiking.bindings, **added, **times}
    )
    return ""


@dataclass(eq=False, slots=True, kw_only=True)
class StepsUntil(act.Storage):
    """The steps at which neurons are free again; `renew` counts them from the times of their last spikes.

    Attributes:
        last: The times of the last spikes.
        clock: The clock whose steps are counted.
        period: The refractory period in seconds.
        counted: The dt, and the steps of the period, that the elements were counted with.
    """

    last: act.Storage
    clock: ActionClock
    period: float
    counted: tuple[float, int] | None = None

    def renew(self) -> bool:
        """Counts anew before a run; tells whether 32 bits are enough for its steps."""
        dt = self.clock.dt_
        if not self.period / dt < LAST:
            return False
        steps = int((self.period + TIMESTEP_TOLERANCE * dt) / dt)
        if int(self.clock.control[1]) + steps >= LAST:
            return False
        if self.counted == (dt, steps) and self.last.is_untouched and self.is_untouched:
            return True  # compiled code has kept both
        self.counted = dt, steps
        first = np.ceil(self.last.readable / dt + (steps - TIMESTEP_TOLERANCE))
        self.array[:] = np.clip(first, -LAST, LAST)
        return True


def _until(storage: act.Storage, clock: ActionClock, period: float) -> StepsUntil:
    owner = "" if storage.population is None else f"{storage.population.name}."
    return StepsUntil(
        label=f"{owner}refractory_until",
        array=allocate(storage.array.size, np.int32),
        population=storage.population,
        last=storage,
        clock=clock,
        period=period,
    )


def _compared(action: act.MapCode) -> act.Storage | None:
    """Returns the memory of `lastspike` if the code begins with its comparison with something uniform."""
    if action.kind != "integrate" or action.offset:
        return None
    line = action.code[0] if action.code else None
    if not isinstance(line, Assign) or line.target != "not_refractory" or not isinstance(line.expr, Compare):
        return None
    left, right = line.expr.left, line.expr.right
    if line.expr.op != "<=" or not isinstance(left, Name):
        return None
    uniform = all(isinstance(action.bindings.get(name), act.Time | act.Constant) for name in names(right))
    binding = action.bindings.get(left.id)
    used = read_names(action.code[1:])
    if not uniform or left.id in used or not isinstance(binding, act.Element):
        return None
    return binding.storage
