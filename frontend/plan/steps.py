"""Actions → steps of a plan: one function for each kind of action."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.bounds_checks import BoundsCheck
from ranvier.actions.code import assigned_names, bake, bake_code, used_names
from ranvier.actions.effects import CompiledAction, has_no_native_form, writes, written_by_any
from ranvier.actions.executors import executor
from ranvier.actions.extents import check_extents
from ranvier.actions.linked_indices import IndexCheck, changed_by, index_checks
from ranvier.actions.protocols import ActionClock
from ranvier.equations.expressions import Expr
from ranvier.ir.tree_blocks import COLUMNS
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments, NoTable, Planner
from ranvier.plan.step_kinds import (
    FREE,
    CallStep,
    ElementCode,
    EmitStep,
    EventStep,
    MapStep,
    RecordEventsStep,
    RecordRateStep,
    RecordStep,
    SolveForestStep,
    SolveTreeStep,
    Step,
    ThresholdStep,
)
from ranvier.plan.synaptic_steps import accumulate_step, propagate_step


def make_plan(
    actions: Sequence[act.Action],
    clocks: Sequence[ActionClock],
    *,
    profile: Callable[[int], None] | None = None,
    check_bounds: bool = False,
) -> tuple[Plan, Arguments]:
    """Makes the plan of a program from the actions of a network in schedule order.

    Args:
        actions: What happens at each step.
        clocks: The clocks of the network; those without actions advance, too.
        profile: If given, it is called with the number of each action before it, and with -1 after it.
        check_bounds: Whether all indices that an action uses are checked before it, at each step.

    Returns:
        The plan, and the objects its inputs stand for.

    Raises:
        IndexError: An action would reach elements that do not exist.
    """
    check_extents(actions)
    planner = Planner(written_by_any(actions))
    planner.arguments.actions = actions
    checks = index_checks(actions)
    planner.arguments.checks += checks
    for check in checks:
        check.check()
    for number, action in enumerate(actions):
        if profile is not None:
            planner.steps.append(_call_step(planner, "profile", planner.clock(action.clock), _mark(profile, number)))
        step = _step(planner, action, planner.clock(action.clock))
        if check_bounds and isinstance(action, CompiledAction):
            _add_bounds_check(planner, action)
        planner.steps.append(step)
        if checks and (changed := changed_by(checks, writes(action))):
            check = _check_of(changed, action.clock)
            planner.steps.append(_call_step(planner, "index", planner.clock(action.clock), check))
        if profile is not None:
            planner.steps.append(_call_step(planner, "profile", planner.clock(action.clock), _mark(profile, -1)))
    for clock in clocks:
        planner.clock(clock)
    return planner.plan(), planner.arguments


def _add_bounds_check(planner: Planner, action: CompiledAction) -> None:
    bounds = BoundsCheck(action)
    if bounds:
        planner.arguments.checks.append(bounds)
        clock = planner.clock(action.clock)
        planner.steps.append(
            _call_step(planner, f"bounds of {action.label}", clock, lambda: bounds.check(action.clock))
        )


def _check_of(checks: Sequence[IndexCheck], clock: ActionClock) -> Callable[[], None]:
    def check() -> None:
        for each in checks:
            each.check(clock)

    return check


def _mark(profile: Callable[[int], None], number: int) -> Callable[[], None]:
    return lambda: profile(number)


def _call_step(
    planner: Planner,
    label: str,
    clock: int,
    function: Callable[[], None],
    notes: tuple[tuple[str, str], ...] = (),
) -> CallStep:
    planner.arguments.callbacks.append(function)
    return CallStep(clock=clock, label=label, notes=notes, callback=len(planner.arguments.callbacks) - 1)


def _step(planner: Planner, action: act.Action, clock: int) -> Step:
    reserve_rows(action)
    if has_no_native_form(action):
        return _call_step(planner, action.label, clock, executor(action), action.notes)
    match action:
        case act.MapCode():
            return _map_step(planner, action, clock)
        case act.Threshold():
            return _threshold_step(planner, action, clock)
        case act.Emit():
            return _emit_step(planner, action, clock)
        case act.EventCode():
            return _event_step(planner, action, clock)
        case act.SolveTree():
            return _tree_step(planner, action, clock)
        case act.SolveForest():
            return _forest_step(planner, action, clock)
        case act.RecordStates():
            return _record_step(planner, action, clock)
        case act.RecordEvents():
            return _record_events_step(planner, action, clock)
        case act.RecordRate():
            return _record_rate_step(planner, action, clock)
        case syn.Propagate():
            return propagate_step(planner, action, clock)
        case syn.Accumulate():
            return accumulate_step(planner, action, clock)
        case _:
            raise TypeError(f"{action.label}: no step for {type(action).__name__}")


def reserve_rows(action: act.Action) -> None:
    """Makes room in the table of a monitor for what one step appends; its buffers may be others then."""
    match action:
        case act.RecordStates() | act.RecordRate():
            action.table.reserve(1)
        case act.RecordEvents() if action.table is not None:
            action.table.reserve(action.stop - action.start)
        case _:
            pass


def _size(planner: Planner, action: act.MapCode | act.Threshold, population: act.Population | None) -> int:
    """Returns the input of the number of elements that code runs over.

    Args:
        planner: The planner.
        action: The action.
        population: The population of the elements, if the bindings do not tell.
    """
    for binding in action.bindings.values():
        if isinstance(binding, act.Element) and binding.storage.population and binding.storage.size == action.size:
            population = binding.storage.population
            break
    if population is None:
        return planner.own_size(action, action.label, action.size)
    return planner.size(population, action.size)


def _map_step(planner: Planner, action: act.MapCode, clock: int) -> MapStep:
    lines = bake_code(action.code, action.bindings)
    size = _size(planner, action, None)
    offset = planner.index(action, action.label, "offset", action.offset) if action.offset else None
    used = used_names(lines)
    if action.protected and FREE not in used:
        used.append(FREE)
    kept = action.protected & assigned_names(lines)
    code = ElementCode(
        lines=lines,
        bindings=planner.bind(action.bindings, used),
        protected=tuple(name for name in used if name in kept),
        float32=action.float32,
    )
    return MapStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        kind=action.kind,
        size=size,
        offset=offset,
        code=code,
        method=action.method,
    )


def _results(
    planner: Planner, expressions: Sequence[Expr], bindings: Mapping[str, act.Binding], float32: bool
) -> ElementCode:
    """Returns code that computes expressions."""
    results = tuple(bake(expression, bindings) for expression in expressions)
    return ElementCode(results=results, bindings=planner.bind(bindings, used_names((), results)), float32=float32)


def _threshold_step(planner: Planner, action: act.Threshold, clock: int) -> ThresholdStep:
    size = _size(planner, action, action.events.population)
    return ThresholdStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        size=size,
        code=_results(planner, (action.condition,), action.bindings, action.float32),
        events=planner.events(action.events),
    )


def _emit_step(planner: Planner, action: act.Emit, clock: int) -> EmitStep:
    return EmitStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        events=planner.events(action.events),
        steps=planner.state(action.steps, constant=True),
        indices=planner.state(action.indices, constant=True),
        position=planner.state(action.position, shared=True),
        period=planner.param(action.period, f"{action.label} period in steps", owner=action),
    )


def _event_step(planner: Planner, action: act.EventCode, clock: int) -> EventStep:
    lines = bake_code(action.code, action.bindings)
    bindings = planner.bind(action.bindings, used_names(lines))
    return EventStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        kind=action.kind,
        code=ElementCode(lines=lines, bindings=bindings, float32=action.float32),
        events=planner.events(action.events),
    )


def _tree_step(planner: Planner, action: act.SolveTree, clock: int) -> SolveTreeStep:
    axial = planner.state(action.axial, constant=True)
    leak = planner.state(action.leak)
    return SolveTreeStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        leak=leak,
        source=planner.state(action.source),
        node=planner.state(action.node, constant=True),
        parents=planner.state(action.parents, constant=True),
        axial=axial,
        potential=planner.state(action.potential),
        size=planner.inputs[leak].size,
        nodes=planner.inputs[axial].size,
    )


def _forest_step(planner: Planner, action: act.SolveForest, clock: int) -> SolveForestStep:
    blocks = action.blocks
    return SolveForestStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        leak=planner.state(action.leak),
        source=planner.state(action.source),
        node=planner.state(action.node, constant=True),
        parents=planner.state(action.parents, constant=True),
        axial=planner.state(action.axial, constant=True),
        blocks=planner.state(blocks, constant=True),
        potential=planner.state(action.potential),
        count=planner.index(blocks, blocks.label, "count", blocks.size // COLUMNS),
        largest=planner.index(blocks, action.label, "nodes", action.largest),
    )


def _record_step(planner: Planner, action: act.RecordStates, clock: int) -> RecordStep:
    indices = planner.state(action.indices, constant=True)
    return RecordStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        code=_results(planner, action.expressions, action.bindings, action.float32),
        sink=planner.sink(action.table, action.label),
        indices=indices,
        size=planner.inputs[indices].size,
    )


def _record_events_step(planner: Planner, action: act.RecordEvents, clock: int) -> RecordEventsStep:
    return RecordEventsStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        code=_results(planner, action.expressions, action.bindings, action.float32),
        sink=planner.sink(NoTable() if action.table is None else action.table, action.label),
        events=planner.events(action.events),
        start=planner.index(action, action.label, "start", action.start),
        stop=planner.index(action, action.label, "stop", action.stop),
        counts=planner.state(action.counts),
    )


def _record_rate_step(planner: Planner, action: act.RecordRate, clock: int) -> RecordRateStep:
    return RecordRateStep(
        clock=clock,
        label=action.label,
        notes=action.notes,
        sink=planner.sink(action.table, action.label),
        events=planner.events(action.events),
        start=planner.index(action, action.label, "start", action.start),
        stop=planner.index(action, action.label, "stop", action.stop),
    )
