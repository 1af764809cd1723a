"""`Network.sweep`: from its arguments to its result."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from ranvier.equations.source import one_of
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.memory.plan import MemoryPlan
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.networks.memory_plan import network_plan
from ranvier.objects.networks.running import RunCall, check_not_running
from ranvier.objects.networks.sweeps.abreast import Abreast, abreast
from ranvier.objects.networks.sweeps.conduct import conduct
from ranvier.objects.networks.sweeps.directory_store import opened
from ranvier.objects.networks.sweeps.first_look import used_names
from ranvier.objects.networks.sweeps.forms import Form, form_of
from ranvier.objects.networks.sweeps.measures import measures_of
from ranvier.objects.networks.sweeps.network_work import NetworkWork, Request
from ranvier.objects.networks.sweeps.notes import ADVICE, memory_advice
from ranvier.objects.networks.sweeps.plan import SweepPlan, plan_of
from ranvier.objects.networks.sweeps.progress import check_report
from ranvier.objects.networks.sweeps.result import SweepResult
from ranvier.objects.networks.sweeps.sets import Axis, Sets, sets_of
from ranvier.objects.networks.sweeps.shares import Share, share_of
from ranvier.objects.networks.sweeps.stopping import Preparation, ended_in_order, preparing
from ranvier.objects.networks.sweeps.sweepable import Sweepable
from ranvier.objects.networks.sweeps.targets import Names, SpikesTarget, VariableTarget, targets_of
from ranvier.objects.networks.sweeps.trial import estimated
from ranvier.objects.networks.sweeps.work import REMARKS, SETS
from ranvier.passes.facts.widths import WIDTHS
from ranvier.session.given import is_a, is_text
from ranvier.session.overrides import Overrides
from ranvier.stages.road import current_options, make_plan

Out = str | os.PathLike[str] | None


@dataclass(frozen=True)
class Arguments:
    """The arguments of `Network.sweep`; see there."""

    over: object
    start: Mapping[object, object] | None
    setup: Callable[..., object] | None
    keep: object
    measure: object
    workers: object
    out: Out
    report: object
    plan: bool
    zip: bool
    form: str | None
    part: object


def sweep_network(network: Sweepable, call: RunCall, given: Arguments) -> SweepResult | SweepPlan:
    """Runs a network once for each set; see `Network.sweep`."""
    check_not_running(network, "sweep()")
    check_possible(network)
    check_report(given.report)
    share = share_of(given.part, given.out)
    with ended_in_order(), preparing() as preparation:
        names = Names(network, call.namespace)
        request = _request(network, call, given, names)
        try:
            work = NetworkWork(network, request, is_alone=not callable(given.report))
            return _swept(work, names, given, share, preparation)
        except MemoryError as error:
            raise MemoryError(f"{str(error).rstrip('.')}. {_advice(network, request, 1)}") from None


def _swept(
    work: NetworkWork, names: Names, given: Arguments, share: Share, preparation: Preparation
) -> SweepResult | SweepPlan:
    request, call = work.request, work.request.call
    with work.session():
        used = used_names(work, names)
        todo = share.of(len(work.sets))

        def facts() -> dict[str, str]:
            return {**work.facts(used), "model": _model(work)}

        with opened(given.out, facts, work.sets, work.seeds, None if given.plan else todo, share) as store:
            work.seeds = store.seeds
            left = store.left(todo)
            form = form_of(given.workers, work, left, partial(abreast, work), given.form)
            if given.plan:
                began = time.perf_counter()  # what was compiled is in the cache now
                _request(work.network, call, given, names)
                form = form_of(given.workers, work, left, partial(abreast, work), given.form)
                prepared = time.perf_counter() - began
                return _planned(work, form, len(todo), left, prepared, written=given.out is not None)
            if left and form.name not in WIDTHS:
                work.compile()
            tables = _table_names(request.keep, call.namespace)
            advice = partial(_advice, work.network, request, form.workers)
            preparation.is_over = True
            return conduct(work, form, store, todo, report=given.report, tables=tables, advice=advice)


def _advice(network: Sweepable, request: Request, workers: int) -> str:
    """Returns what a sweep takes, and what to do if there is not so much memory."""
    try:
        return memory_advice(_memory(list(network), request, 1), workers)
    except MemoryError:
        return ADVICE


def _memory(objects: Sequence[BrianObject], request: Request, instances: int) -> MemoryPlan:
    """Returns the memory of instances of a network, each of which has its own of what sets set."""
    targets = [*request.targets.variables.values(), *(target for target, _ in request.start)]
    spikes = {target.group.name: target.room for target in targets if isinstance(target, SpikesTarget) and target.room}
    given = {target.name for target in targets if not isinstance(target, SpikesTarget)} | {*request.targets.constants}
    names = {**request.call.namespace, **request.sets.row(0)}
    return network_plan(objects, instances=instances, given=given, spikes=spikes, names=names)


def check_possible(network: Sweepable) -> None:
    """Checks that the network can be run here, again and again.

    Raises:
        NotImplementedError: If the device in use runs networks itself.
        ValueError: If a monitor writes to a file, which would have to forget each run.
    """
    if Overrides.of("network_run") is not None:
        raise NotImplementedError(
            "The device that the script has chosen runs networks itself, and knows nothing of sweeps: call sweep() "
            "with another one, set_device('runtime')."
        )
    for obj in network:
        if isinstance(obj, Monitor) and obj.table.is_streamed:
            raise ValueError(
                f"'{obj.name}' writes to a file (stream_to), which cannot begin anew for each set of a sweep. Call "
                f"{obj.name}.close() before, and say sweep(..., keep=[{obj.name}], out='directory/')."
            )


def _request(network: Sweepable, call: RunCall, given: Arguments, names: Names) -> Request:
    sets = _with_full_names(sets_of(given.over, zip=given.zip), names)
    targets = targets_of(sets, names, network)
    if given.setup is not None and not callable(given.setup):
        raise TypeError(f"setup is a function of the network and the values of the set, not {given.setup!r}.")
    start = start_of(given.start, names, sets.axes)
    measures = measures_of(given.measure, names, {**dict.fromkeys(targets.constants), **call.namespace})
    taken = {*sets.axes, "seed", *REMARKS} & measures.keys()
    if taken:
        name = min(taken)
        raise ValueError(
            f"A measure cannot be called '{name}': the table of results has such a column already. Give it another "
            f"name: measure={{'{name.rpartition('.')[2]}_end': ...}}."
        )
    return Request(sets, targets, start, given.setup, measures, _kept(given.keep, names, call.namespace), call)


def start_of(
    start: Mapping[object, object] | None, names: Names, over: Collection[str]
) -> tuple[tuple[VariableTarget, object], ...]:
    """Returns the variables that the argument `start` sets, and their values.

    Args:
        start: The argument.
        names: What names stand for.
        over: What the sets change.

    Raises:
        KeyError: If there is no such variable.
        DimensionMismatchError, TypeError, ValueError: If a value is wrong, or the sets change the variable.
    """
    if start is not None and not is_a(start, Mapping):
        raise TypeError(f"start takes initial values by variable, {{cells.v: 'rand()'}}, not {type(start).__name__}.")
    found: list[tuple[VariableTarget, object]] = []
    for key, value in (start or {}).items():
        target = names.variable(key)
        if target.name in over:
            raise ValueError(f"'{target.name}' is in over and in start: leave it out of one of them.")
        target.check(value, "start")
        found.append((target, value))
    return tuple(found)


def _with_full_names(sets: Sets, names: Names) -> Sets:
    """Returns sets whose variables have the names of the network: the script may call a group otherwise.

    Raises:
        ValueError: If two keys stand for one variable.
    """
    axes = [_of_variable(axis, names.variable(axis.key)) if "." in axis.name else axis for axis in sets.axes.values()]
    known: set[str] = set()
    for axis in axes:
        if axis.name in known:
            raise ValueError(f"Two keys of over stand for '{axis.name}': leave one of them out.")
        known.add(axis.name)
    return Sets(axes, len(sets), is_product=sets.is_product)


def _of_variable(axis: Axis, target: VariableTarget) -> Axis:
    """Returns a key with the name that the network has for the variable, and its values, where spikes are checked."""
    if isinstance(target, SpikesTarget):
        found = target.of_sets(axis.values, lambda position: f"set {position * axis.stride}")
        return replace(axis, name=target.name, values=found)
    return replace(axis, name=target.name)


def _kept(keep: object, names: Names, script: Mapping[str, object]) -> dict[str, Monitor]:
    """Returns the monitors whose tables are kept, by the names of the tables."""
    if keep is not None and not is_a(keep, (str, BrianObject, Iterable)):
        raise TypeError(f"keep takes monitors of the network, [spikes, states], not {keep!r}.")
    is_one = is_a(keep, (str, BrianObject))
    given: list[object] = [keep] if is_one else list(cast("Iterable[object]", keep or ()))
    found: dict[str, Monitor] = {}
    for each in given:
        monitor = names.object_of(each) if is_text(each) else each
        if not isinstance(monitor, Monitor) or names.object_of(monitor.name) is not monitor:
            what = f"'{each}'" if is_text(each) else getattr(each, "name", repr(each))
            hint = one_of(names.objects, each) if is_text(each) else ""
            raise ValueError(f"keep takes monitors of the network; {what} is none.{hint}")
        found[_table_name(monitor, found, script)] = monitor
    return found


def _table_name(monitor: Monitor, taken: Iterable[str], script: Mapping[str, object]) -> str:
    """Returns the name of a monitor; that of the script where the monitor was given none."""
    if re.fullmatch(rf"{type(monitor).__name__.lower()}(_\d+)?", monitor.name):
        here = (name for name, value in script.items() if value is monitor and not name.startswith("_"))
        return next((name for name in here if name not in {*taken, SETS}), monitor.name)
    return monitor.name


def _table_names(keep: Mapping[str, Monitor], script: Mapping[str, object]) -> dict[str, str]:
    """Returns all names by which scripts may call the kept tables, and those of the tables."""
    found = {name: name for name in keep}
    for name, monitor in keep.items():
        for other in (monitor.name, *(each for each, value in script.items() if value is monitor)):
            found.setdefault(other, name)
    return found


def _model(work: NetworkWork) -> str:
    """Returns what stands for the code of the network."""
    call = work.prepare(work.values(work.typical))
    plan, _ = make_plan(work.network.examine(call), work.network.clocks, options=current_options())
    return plan.key


def _planned(
    work: NetworkWork, form: Form, sets: int, left: Sequence[int], prepared: float, *, written: bool
) -> SweepPlan:
    """Returns the plan of a sweep, and prints it.

    Args:
        work: The sweep.
        form: How its sets are computed.
        sets: How many there are.
        left: Those that are to be done.
        prepared: How many seconds it takes to prepare the sweep.
        written: Whether the sets are written into a directory.
    """
    memory = _memory(list(work.network), work.request, sets)
    seconds = estimated(work, form, left, prepared=prepared, written=written)
    length = work.request.call.length
    total = memory.at_once(form.held(left)) if isinstance(form, Abreast) and left else memory.total
    plan = plan_of(
        form, sets=sets, done=sets - len(left), memory=total, recorded=memory.per_second * length,
        seconds=seconds, table=memory,
    )  # fmt: skip
    print(plan)
    return plan
