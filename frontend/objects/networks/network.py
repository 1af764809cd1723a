"""`Network`: a collection of objects, and running it."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ranvier.actions.actions import Action
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.networks import snapshot
from ranvier.objects.networks.devices import get_device
from ranvier.objects.networks.profiling import ProfilingSummary, Stopwatch
from ranvier.objects.networks.report import Progress, Report, make_report
from ranvier.objects.networks.running import check_not_running, interruptible, running
from ranvier.objects.networks.running import stop as stop
from ranvier.objects.networks.schedule import (
    SchedulingSummary,
    check_schedule,
    sort_objects,
    summarise,
)
from ranvier.objects.synapses.summed import check_sums
from ranvier.objects.traces.share_traces import share_traces
from ranvier.runtime.simulation import Simulation
from ranvier.session.clocks import Clock
from ranvier.session.logger import get_logger
from ranvier.session.names import Nameable
from ranvier.session.namespaces import get_local_namespace
from ranvier.session.preference_table import DEFAULT_SCHEDULE
from ranvier.session.preferences import prefs
from ranvier.session.randomness import random_state
from ranvier.stages import Lowered, Options, compile_plan, current_options, make_plan
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, second

if TYPE_CHECKING:
    from ranvier.objects.networks.memory_plan import MemoryPlan

logger = get_logger("ranvier.core.network")


class Network(Nameable):
    """A set of objects that are simulated together.

    Args:
        objs: Objects, or lists, tuples, sets and dictionaries of them. What an object contains comes with it.
        name: The name.

    Raises:
        TypeError: If something is no object of a simulation.
        RuntimeError: If an object has been run in another network.
    """

    def __init__(self, *objs: Any, name: str = "network*") -> None:
        super().__init__(name=name)
        self._members: list[BrianObject] = []
        self.t_: float = 0.0
        self._schedule: list[str] | None = None
        self._stopped = False
        self._simulation: Simulation | None = None
        self._stopwatch: Stopwatch | None = None
        self._stored: dict[str, snapshot.NetworkState] = {}
        self.random = random_state.new_network()
        for obj in objs:
            self.add(obj)

    # ---------------------------------------------------------------- the collection

    def add(self, *objs: Any) -> None:
        """Adds objects; see the class."""
        for obj in objs:
            if isinstance(obj, BrianObject):
                self._add_object(obj)
            elif isinstance(obj, Mapping):
                self.add(*obj.values())
            elif isinstance(obj, Iterable) and not isinstance(obj, (str, bytes)):
                self.add(*obj)
            else:
                raise TypeError(
                    f"Can only add objects of a simulation (groups, monitors, ...) to a network, or containers of "
                    f"them, not {obj!r} of type {type(obj).__name__}."
                )

    def _add_object(self, obj: BrianObject) -> None:
        owner = obj._network  # pyright: ignore[reportPrivateUsage]
        if owner is not None and owner != self.id:
            raise RuntimeError(
                f"{obj.name} has already been simulated, cannot add it to the network {self.name}. Go on with the "
                "network that it was simulated in, or create the object anew."
            )
        if not any(member is obj for member in self._members):
            self._members.append(obj)

    def remove(self, *objs: Any) -> None:
        """Removes objects (or containers of them).

        Raises:
            KeyError: If an object has not been added.
            TypeError: If something is no object of a simulation.
        """
        for obj in objs:
            if isinstance(obj, BrianObject):
                if not any(member is obj for member in self._members):
                    raise KeyError(f"'{obj.name}' has not been added to the network '{self.name}'.")
                self._members = [member for member in self._members if member is not obj]
            elif isinstance(obj, Mapping):
                self.remove(*obj.values())
            elif isinstance(obj, Iterable) and not isinstance(obj, (str, bytes)):
                self.remove(*obj)
            else:
                raise TypeError(f"Can only remove objects of a simulation, not {obj!r}.")

    def _all_objects(self) -> list[BrianObject]:
        found: dict[int, BrianObject] = {}

        def visit(obj: BrianObject) -> None:
            if id(obj) not in found:
                found[id(obj)] = obj
                for part in obj.contained_objects:
                    visit(part)

        for member in self._members:
            visit(member)
        return list(found.values())

    @property
    def objects(self) -> list[BrianObject]:
        """The objects that were added; iterating over the network gives those that they contain, too."""
        return list(self._members)

    @property
    def sorted_objects(self) -> list[BrianObject]:
        """All objects in execution order."""
        return sort_objects(self._all_objects(), self.schedule)

    def __iter__(self) -> Iterator[BrianObject]:
        return iter(self._all_objects())

    def __len__(self) -> int:
        return len(self._all_objects())

    def __contains__(self, item: object) -> bool:
        return any(obj.name == item or obj is item for obj in self._all_objects())

    def __getitem__(self, item: str) -> BrianObject:
        if not isinstance(item, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"Need a name to access objects in a Network, got {item!r} instead")
        for obj in self._all_objects():
            if obj.name == item:
                return obj
        raise KeyError(f'No object with name "{item}" found')

    def __delitem__(self, item: str) -> None:
        self.remove(self[item])

    def __repr__(self) -> str:
        names = ", ".join(obj.name for obj in self._members)
        return f"<{type(self).__name__} at time t={self.t}, containing objects: {names}>"

    # ---------------------------------------------------------------- time and schedule

    @property
    def t(self) -> Quantity:
        """Current time of the network."""
        return Quantity(self.t_, dim=second.dim)

    @property
    def schedule(self) -> list[str]:
        """The slots of a step, in order; None sets the default."""
        if self._schedule is not None:
            return list(self._schedule)
        default = prefs["core.network.default_schedule"]
        return list(default) if default else list(DEFAULT_SCHEDULE)

    @schedule.setter
    def schedule(self, value: Iterable[str] | None) -> None:
        self._schedule = None if value is None else check_schedule(value)

    def scheduling_summary(self) -> SchedulingSummary:
        """Returns a table of what happens in a step, in execution order."""
        owners = {part.name: obj for obj in self._all_objects() for part in obj.contained_objects}
        return summarise([obj for obj in self.sorted_objects if _acts(obj)], owners)

    # ---------------------------------------------------------------- running

    def check_dependencies(self) -> None:
        """Checks that what objects need is in the network.

        Raises:
            ValueError: If something is missing.
        """
        present = {id(obj) for obj in self._all_objects()}
        for obj in self._all_objects():
            for needed in obj.dependencies:
                if id(needed) not in present:
                    raise ValueError(
                        f"'{obj.name}' has been included in the network but not '{needed.name}' on which it depends. "
                        f"Add it, too: Network(..., {needed.name}), or network.add({needed.name})."
                    )

    def _check_names(self, objects: Iterable[BrianObject]) -> None:
        seen: dict[str, BrianObject] = {}
        for obj in objects:
            if seen.setdefault(obj.name, obj) is not obj:
                raise ValueError(
                    f"All objects in a network need to have unique names, the following name(s) were used "
                    f"more than once: '{obj.name}'. Give each object another name with "
                    "name='...', or leave the name out."
                )

    def _check_owners(self, objects: Iterable[BrianObject]) -> None:
        for obj in objects:
            owner = obj._network  # pyright: ignore[reportPrivateUsage]
            if owner is not None and owner != self.id:
                raise RuntimeError(
                    f"'{obj.name}' has already been run in the context of another network. Use add/remove to change "
                    "the objects in a simulated network instead of creating a new one."
                )

    def memory_plan(self) -> "MemoryPlan":
        """Returns how much memory each object takes, and what a run will add to that.

        `print(net.memory_plan())` shows a table. Nothing is built for it. What is copied into the order in which spikes
        reach synapses is estimated; what monitors record is given per second, or per spike.
        """
        from ranvier.objects.networks.memory_plan import network_plan

        return network_plan(self.sorted_objects)

    def before_run(self, namespace: Mapping[str, Any]) -> list[Action]:
        """Prepares all objects for a run and returns what happens in a step, in order.

        Raises:
            ValueError: If names clash or something is missing.
            RuntimeError: If an object has been run in another network.
            KeyError: If an object's slot is not in the schedule.
            BrianObjectException: If an object cannot be prepared, naming it, with the reason as `__cause__`.
            NotImplementedError: If two summed variables set the same variable of the same neurons.
        """
        self.check_dependencies()
        objects = self.sorted_objects
        self._check_names(objects)
        self._check_owners(objects)
        self._warn_of_shortage(objects)
        actions: list[Action] = []
        for obj in objects:
            if obj.active:
                actions += obj.prepare(namespace)
        check_sums(actions)
        return share_traces(actions)

    def _warn_of_shortage(self, objects: list[BrianObject]) -> None:
        if not any(hasattr(obj, "pathways") for obj in objects):
            return
        from ranvier.objects.networks.memory_plan import shortage

        message = shortage(objects)
        if message is not None:
            logger.warn(message, "memory")

    def after_run(self) -> None:
        """Tells all objects that a run has ended."""
        for obj in self._all_objects():
            if obj.active:
                obj.after_run()

    @property
    def clocks(self) -> list[Clock]:
        """The clocks of all objects."""
        clocks: dict[int, Clock] = {}
        for obj in self._all_objects():
            clocks.setdefault(id(obj.clock), obj.clock)
        return list(clocks.values())

    def run(
        self,
        duration: Quantity,
        report: str | Report | None = None,
        report_period: Quantity = Quantity(10.0, dim=second.dim),  # noqa: B008
        namespace: Mapping[str, Any] | None = None,
        profile: bool | None = None,
        level: int = 0,
        *,
        check_values: bool = False,
    ) -> None:
        """Simulates for `duration`.

        Args:
            duration: A time.
            report: Progress: 'text', 'stderr', 'bar', or a function of (elapsed, completed, start, duration).
            report_period: Wall time between two reports.
            namespace: Names for the objects' texts instead of those that the calling script sees.
            profile: Whether to measure the time that each object takes (the objects are then run one by one).
            level: Number of frames to skip to find the names of the script.
            check_values: Stop with an error as soon as a variable of a differential equation is NaN or infinite.

        Raises:
            DimensionMismatchError: If duration is no time.
            ValueError: If it is negative or not finite.
            RuntimeError: If an object has been run in another network, or this is called during a run.
            BrianObjectException: If an object cannot be run; the reason is `__cause__`.
            FloatingPointError: With `check_values`, naming the variable, the element and the time.
        """
        length = _checked_seconds(duration, "duration")
        period = _checked_seconds(report_period, "report_period")
        progress = Progress(make_report(report), period, self.t_, length)
        if namespace is None:
            namespace = get_local_namespace(level=level)
        with running(self):
            self._stopped = False
            self._run(length, progress, namespace, profile=bool(profile), check=check_values)

    def _run(
        self, length: float, progress: Progress, namespace: Mapping[str, Any], *, profile: bool, check: bool
    ) -> None:
        start, end = self.t_, self.t_ + length
        clocks = self.clocks
        for clock in clocks:
            clock.set_interval(start, end)
        actions = self.before_run(namespace)
        for obj in self._all_objects():
            obj._network = self.id  # pyright: ignore[reportPrivateUsage]
        if not clocks:
            return
        finished = self._simulate(actions, clocks, progress, profile, check)
        self.t_ = end if finished else min(clock.t_ for clock in clocks)
        self.after_run()

    def _simulate(
        self, actions: list[Action], clocks: list[Clock], progress: Progress, profile: bool, check: bool
    ) -> bool:
        self._stopwatch = Stopwatch([action.label for action in actions]) if profile else None
        idle = not actions or all(clock.control[0] >= clock.control[1] for clock in clocks)
        self._simulation = None if idle else self._new_simulation(actions)
        began = time.perf_counter()

        def watch() -> bool:
            progress.update(time.perf_counter() - began, min(clock.t_ for clock in clocks))
            if check:
                self._check_values()
            return self._stopped

        try:
            progress.begin()
            with interruptible():
                finished = self._simulation is None or (not self._stopped and self._simulation.advance(watch))
            if idle:
                for clock in clocks:
                    clock.control[0] = clock.control[1]
            if check:
                self._check_values()
        except BaseException:
            self.t_ = min(clock.t_ for clock in clocks)
            raise
        finally:
            self._simulation = None
            self._close_files()
            elapsed = time.perf_counter() - began
        fraction = progress.end(elapsed, None if finished else min(clock.t_ for clock in clocks))
        get_device().note_run(elapsed, fraction)
        return finished

    def _new_simulation(self, actions: list[Action]) -> Simulation:
        mark = None if self._stopwatch is None else self._stopwatch.mark
        plan, arguments = make_plan(actions, self.clocks, profile=mark)
        arguments.values[0] = self.random.key()
        program = compile_plan(plan)
        return Simulation(program, arguments.values, arguments.callbacks)

    def _close_files(self) -> None:
        """Completes the files that monitors write to; the next run goes on with them."""
        for obj in self._all_objects():
            table = getattr(obj, "table", None)
            if table is not None:
                table.close()

    def _check_values(self) -> None:
        for obj in self._all_objects():
            check = getattr(obj, "check_finite", None)
            if check is not None:
                check(self)

    def stop(self) -> None:
        """Stops a run of this network at the end of the current step."""
        self._stopped = True
        if self._simulation is not None:
            self._simulation.request_stop()

    # ---------------------------------------------------------------- looking inside

    def lower(
        self,
        namespace: Mapping[str, Any] | None = None,
        *,
        options: Options | None = None,
        level: int = 0,
    ) -> Lowered:
        """Compiles the network without running it, keeping every stage.

        Args:
            namespace: Names for the objects' texts instead of those that the calling script sees.
            options: The pass pipeline and code generation options, see `ranvier.stages.Options`.
            level: Number of frames to skip to find the names of the script.

        Returns:
            An object with `.as_text(stage)` for each of `.stages` ("plan", "snn", "optimised", "loops", "llvm",
            "asm"), and `.graph()`.
        """
        if namespace is None:
            namespace = get_local_namespace(level=level)
        plan, _ = make_plan(self.before_run(namespace), self.clocks)
        return Lowered(plan, options or current_options())

    @property
    def profiling_info(self) -> list[tuple[str, Quantity]]:
        """(name of the object, time) of the last run with `profile=True`, the slowest first.

        Raises:
            ValueError: If the last run was not profiled.
        """
        if self._stopwatch is None:
            raise ValueError("No profiling info collected (did you run with 'profile=True'?)")
        return self._stopwatch.times()

    def get_profiling_info(self) -> list[tuple[str, Quantity]]:
        """See `profiling_info`."""
        return self.profiling_info

    def profiling_summary(self, show: int | None = None) -> ProfilingSummary:
        """Returns a table of the times of the last run with `profile=True`; `show` limits the rows."""
        return ProfilingSummary(self.profiling_info, show)

    # ---------------------------------------------------------------- states

    def store(self, name: str = "default", filename: str | None = None) -> None:
        """Remembers the state of all objects under a name, in memory or in a file.

        Raises:
            OSError: If the file cannot be written; an existing one stays as it was.
            RuntimeError: If the network is being run.
        """
        check_not_running(self, "store()")
        state = snapshot.take(self)
        if filename is None:
            self._stored[name] = state
        else:
            snapshot.save(filename, name, state)

    def restore(self, name: str = "default", filename: str | None = None, restore_random_state: bool = False) -> None:
        """Sets everything back to a stored state.

        Raises:
            KeyError: If there is no such state, or objects have been added or removed since.
            ValueError: If the file is damaged.
            RuntimeError: If the network is being run.
        """
        check_not_running(self, "restore()")
        if filename is not None:
            state = snapshot.read(filename, name)
        elif name in self._stored:
            state = self._stored[name]
        else:
            raise KeyError(f"No stored state with name '{name}'; there are: {', '.join(self._stored) or 'none'}.")
        snapshot.put_back(self, state, restore_random_state=restore_random_state)

    def get_states(
        self,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> dict[str, Any]:
        """Returns the values of all variables of all objects: name of the object → name of the variable → value."""
        states: dict[str, Any] = {}
        for obj in self._all_objects():
            get_states: Callable[..., Any] | None = getattr(obj, "get_states", None)
            if get_states is not None:
                states[obj.name] = get_states(
                    units=units,
                    format=format,
                    subexpressions=subexpressions,
                    read_only_variables=read_only_variables,
                    level=level + 1,
                )
        return states

    def set_states(
        self, values: Mapping[str, Mapping[str, Any]], units: bool = True, format: str = "dict", level: int = 0
    ) -> None:
        """Sets variables of objects from what `get_states(read_only_variables=False)` returns."""
        for name, states in values.items():
            self[name].set_states(states, units=units, format=format, level=level + 1)  # pyright: ignore


def _acts(obj: BrianObject) -> bool:
    """Whether an object does something itself (rather than only through its parts)."""
    return type(obj).actions is not BrianObject.actions or type(obj).run is not BrianObject.run


def _checked_seconds(time: Quantity, name: str) -> float:
    """Returns the argument `name` of `run` in seconds.

    Raises:
        TypeError: If it is no number with a unit.
        DimensionMismatchError: If it is no time.
        ValueError: If it is not one finite time, or negative.
    """
    dim = get_dimensions(time)
    if dim is not second.dim:
        raise DimensionMismatchError(f"The {name} of a run has to be a time, e.g. 100*ms, not {time}", dim)
    if time.size != 1:
        raise ValueError(f"Function 'run' expected one time as {name} but got {time.size}: {time}")
    seconds = float(time.item())
    if not (seconds >= 0 and math.isfinite(seconds)):
        raise ValueError(f"Function 'run' expected a finite, non-negative {name} but got '{time}'")
    return seconds


def scheduling_summary(net: Network | None = None) -> SchedulingSummary:
    """Returns a table of what happens in a step of `net` (default: the magic network)."""
    if net is None:
        from ranvier.objects.networks.magic import magic_network

        net = magic_network
    return net.scheduling_summary()


def profiling_summary(net: Network | None = None, show: int | None = None) -> ProfilingSummary:
    """Returns a table of the times of the last profiled run of `net` (default: the magic network)."""
    if net is None:
        from ranvier.objects.networks.magic import magic_network

        net = magic_network
    return net.profiling_summary(show)
