"""Which function executes an action in Python: the actions without a native form, and the reference for all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ranvier.actions import FunctionError, host, synaptic_host
from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.effects import calls_python
from ranvier.actions.states import IntegrateSynapses

Executor = Callable[[], None]


def _call(action: act.HostCall) -> None:
    action.function()


EXECUTORS: Mapping[type[act.Action], Callable[[Any], None]] = {
    act.MapCode: host.run_map,
    act.Threshold: host.run_threshold,
    act.Emit: host.run_emit,
    IntegrateSynapses: host.run_map,
    act.EventCode: host.run_event_code,
    act.SolveTree: host.run_solve_tree,
    act.SolveForest: host.run_solve_forest,
    act.RecordStates: host.run_record_states,
    act.RecordEvents: host.run_record_events,
    act.RecordRate: host.run_record_rate,
    act.HostCall: _call,
    syn.Propagate: synaptic_host.run_propagate,
    syn.Accumulate: synaptic_host.run_accumulate,
}


def executor(action: act.Action) -> Executor:
    """Returns a function that executes an action once, for the present step of its clock.

    What it appends to a table has to have room there: see `ranvier.plan.steps.reserve_rows`. Errors of actions that
    call functions of the script come as `FunctionError`.
    """
    run = partial(EXECUTORS[type(action)], action)
    if isinstance(action, act.HostCall) or not calls_python(action):
        return run

    def named() -> None:
        try:
            run()
        except Exception as error:
            raise FunctionError(action.label) from error

    return named
