"""Actions → steps of a plan: one function for each kind of action."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names, bake, bake_code, used_names
from ranvier.actions.effects import has_no_native_form, written_storages
from ranvier.actions.executors import executor
from ranvier.actions.refractory_steps import count_refractory_steps
from ranvier.actions.tabulated_draws import tabulate_draws
from ranvier.plan.plan import Arguments, Plan, Planner, Step
from ranvier.plan.synaptic_steps import accumulate_step, propagate_step


def make_plan(
    actions: Sequence[act.Action], clocks: Sequence[Any], *, profile: Callable[[int], None] | None = None
) -> tuple[Plan, Arguments]:
    """Makes the plan of a program from the actions of a network in schedule order.

    Args:
        actions: What happens at each step.
        clocks: The clocks of the network; those without actions advance, too.
        profile: If given, it is called with the number of each action before it, and with -1 after it.

    Returns:
        The plan, and the objects its inputs stand for.
    """
    actions = count_refractory_steps(actions)
    planner = Planner(written_storages(actions))
    for number, action in enumerate(actions):
        if profile is not None:
            _add_call(planner, "profile", planner.clock(action.clock), _mark(profile, number))
        _add_step(planner, action)
        if profile is not None:
            _add_call(planner, "profile", planner.clock(action.clock), _mark(profile, -1))
    for clock in clocks:
        planner.clock(clock)
    return planner.plan(), planner.arguments


def _mark(profile: Callable[[int], None], number: int) -> Callable[[], None]:
    return lambda: profile(number)


def _add_call(planner: Planner, label: str, clock: int, function: Callable[[], None]) -> None:
    planner.steps.append(Step("call", "call", clock, callback=len(planner.arguments.callbacks), label=label))
    planner.arguments.callbacks.append(function)


def _add_step(planner: Planner, action: act.Action) -> None:
    clock = planner.clock(action.clock)
    reserve_rows(action)
    if has_no_native_form(action):
        _add_call(planner, action.label, clock, executor(action))
        return
    match action:
        case act.MapCode():
            step = _map_step(planner, action, clock)
        case act.Threshold():
            step = _threshold_step(planner, action, clock)
        case act.Emit():
            step = _emit_step(planner, action, clock)
        case act.EventCode():
            step = _event_step(planner, action, clock)
        case act.SolveTree():
            step = _tree_step(planner, action, clock)
        case act.RecordStates():
            step = _record_step(planner, action, clock)
        case act.RecordEvents():
            step = _record_events_step(planner, action, clock)
        case act.RecordRate():
            step = _record_rate_step(planner, action, clock)
        case syn.Propagate():
            step = propagate_step(planner, action, clock)
        case syn.Accumulate():
            step = accumulate_step(planner, action, clock)
        case _:
            raise TypeError(f"{action.label}: no step for {type(action).__name__}")
    planner.steps.append(step)


def reserve_rows(action: act.Action) -> None:
    """Makes room in the table of a monitor for what one step appends; its buffers may be others then."""
    match action:
        case act.RecordStates() | act.RecordRate():
            action.table.reserve(1)
        case act.RecordEvents() if action.table is not None:
            action.table.reserve(action.stop - action.start)
        case _:
            pass


def _owner(bindings: Mapping[str, act.Binding], size: int, fallback: str) -> str:
    """Returns the label of an array of the population that the code runs over."""
    for binding in bindings.values():
        if isinstance(binding, act.Element) and binding.storage.size == size:
            return binding.storage.label
    return fallback


def _map_step(planner: Planner, action: act.MapCode, clock: int) -> Step:
    action = tabulate_draws(action)
    code = bake_code(action.code, action.bindings)
    operands = [("size", planner.size(_owner(action.bindings, action.size, action.label), action.size))]
    if action.offset:
        operands.append(("offset", planner.index(f"{action.label} offset", action.offset)))
    used = used_names(code)
    if action.protected:
        used.append("not_refractory")
    return Step(
        "map",
        action.kind,
        clock,
        code=code,
        bindings=planner.bind(action.bindings, used),
        operands=tuple(operands),
        protected=tuple(sorted(action.protected & assigned_names(code))),
        float32=action.float32,
        label=action.label,
        method=action.method,
    )


def _threshold_step(planner: Planner, action: act.Threshold, clock: int) -> Step:
    condition = bake(action.condition, action.bindings)
    size = planner.size(_owner(action.bindings, action.size, action.events.label), action.size)
    return Step(
        "threshold",
        "threshold",
        clock,
        expressions=(condition,),
        bindings=planner.bind(action.bindings, used_names((), (condition,))),
        operands=(("size", size), ("events", planner.events(action.events))),
        float32=action.float32,
        label=action.label,
    )


def _emit_step(planner: Planner, action: act.Emit, clock: int) -> Step:
    return Step(
        "emit",
        "emit",
        clock,
        operands=(
            ("events", planner.events(action.events)),
            ("steps", planner.state(action.steps, constant=True)),
            ("indices", planner.state(action.indices, constant=True)),
            ("position", planner.state(action.position, shared=True)),
            ("period", planner.param(action.period, f"{action.label} period in steps")),
        ),
        label=action.label,
    )


def _event_step(planner: Planner, action: act.EventCode, clock: int) -> Step:
    code = bake_code(action.code, action.bindings)
    return Step(
        "event",
        action.kind,
        clock,
        code=code,
        bindings=planner.bind(action.bindings, used_names(code)),
        operands=(("events", planner.events(action.events)),),
        float32=action.float32,
        label=action.label,
    )


def _tree_step(planner: Planner, action: act.SolveTree, clock: int) -> Step:
    arrays = (
        ("leak", planner.state(action.leak)),
        ("source", planner.state(action.source)),
        ("node", planner.state(action.node, constant=True)),
        ("parents", planner.state(action.parents, constant=True)),
        ("axial", planner.state(action.axial, constant=True)),
        ("potential", planner.state(action.potential)),
    )
    sizes = (
        ("size", planner.size(action.leak.label, action.leak.array.size)),
        ("nodes", planner.size(action.axial.label, action.axial.array.size)),
    )
    return Step("solve_tree", "solve_tree", clock, operands=(*arrays, *sizes), label=action.label)


def _record_step(planner: Planner, action: act.RecordStates, clock: int) -> Step:
    expressions = tuple(bake(expression, action.bindings) for expression in action.expressions)
    indices = planner.state(action.indices, constant=True)
    return Step(
        "record",
        "record",
        clock,
        expressions=expressions,
        bindings=planner.bind(action.bindings, used_names((), expressions)),
        operands=(
            ("sink", planner.sink(action.table, action.label)),
            ("indices", indices),
            ("size", planner.inputs[indices].size),
        ),
        float32=action.float32,
        label=action.label,
    )


def _record_events_step(planner: Planner, action: act.RecordEvents, clock: int) -> Step:
    expressions = tuple(bake(expression, action.bindings) for expression in action.expressions)
    return Step(
        "record_events",
        "record",
        clock,
        expressions=expressions,
        bindings=planner.bind(action.bindings, used_names((), expressions)),
        operands=(
            ("sink", planner.sink(action.table, action.label)),
            ("events", planner.events(action.events)),
            ("start", planner.index(f"{action.label} start", action.start)),
            ("stop", planner.index(f"{action.label} stop", action.stop)),
            ("counts", planner.state(action.counts)),
        ),
        float32=action.float32,
        label=action.label,
    )


def _record_rate_step(planner: Planner, action: act.RecordRate, clock: int) -> Step:
    return Step(
        "record_rate",
        "record",
        clock,
        operands=(
            ("sink", planner.sink(action.table, action.label)),
            ("events", planner.events(action.events)),
            ("start", planner.index(f"{action.label} start", action.start)),
            ("stop", planner.index(f"{action.label} stop", action.stop)),
        ),
        label=action.label,
    )
