"""`Network`: a collection of objects, and running it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import overload

from ranvier.actions.actions import Action
from ranvier.actions.protocols import Check
from ranvier.analysis.cpp_functions import seed_libraries
from ranvier.objects.groups.brianobject import BrianObject, BrianObjectException
from ranvier.objects.groups.unused import collect_unused
from ranvier.objects.memory.device_plan import DeviceMemoryPlan
from ranvier.objects.memory.plan import MemoryPlan
from ranvier.objects.networks import snapshot
from ranvier.objects.networks.devices import get_device
from ranvier.objects.networks.function_errors import naming_functions, shortened
from ranvier.objects.networks.lowering import Lowering
from ranvier.objects.networks.memory_plan import shortage
from ranvier.objects.networks.profiling import ProfilingSummary, Stopwatch
from ranvier.objects.networks.rates import measure, unmeasured
from ranvier.objects.networks.report import REPORT_PERIOD, Report
from ranvier.objects.networks.running import (
    RunCall,
    RunRequest,
    checked_seconds,
    interruptible,
    note_clocks,
    running,
)
from ranvier.objects.networks.running import stop as stop
from ranvier.objects.synapses.summed import check_sums
from ranvier.pipeline.options import PARTITION
from ranvier.plan.listeners import tell_listeners
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.runtime.beginning import simulation_of
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.state import Layout
from ranvier.session.clocks import BaseClock, are_at_end, present, same_time
from ranvier.session.logger import get_logger
from ranvier.session.namespaces import get_local_namespace, names_given
from ranvier.session.overrides import run_by_device
from ranvier.session.refreshed import refresh_all
from ranvier.session.standalone import Standalone
from ranvier.stages.pass_faults import check_pipeline
from ranvier.stages.road import actions_text, compile_plan, current_options, make_plan
from ranvier.stages.threads import threads_for
from ranvier.units import Quantity

logger = get_logger("ranvier.core.network")


@public
class Network(Lowering):
    """A set of objects that are simulated together.

    Args:
        objs: Objects, or lists, tuples, sets and dictionaries of them. What an object contains comes with it.
        name: The name.

    Raises:
        TypeError: If something is no object of a simulation.
        RuntimeError: If an object has been run in another network.
    """

    def __init__(self, *objs: object, name: str = "network*") -> None:
        Lowering.__init__(self, name=name)
        self._activity: dict[BrianObject, bool] | None = None
        self._stopwatch: Stopwatch | None = None
        self._index_checks: list[Check] = []
        for obj in objs:
            self.add(obj)

    def __repr__(self) -> str:
        names = ", ".join(obj.name for obj in self._members)
        return f"<{type(self).__name__} at time t={self.t}, containing objects: {names}>"

    # ---------------------------------------------------------------- running

    @overload
    def memory_plan(self, instances: int | None = None, *, target: None = None) -> MemoryPlan: ...

    @overload
    def memory_plan(self, instances: int | None = None, *, target: str, level: int = 0) -> DeviceMemoryPlan: ...

    @explains_arguments
    def memory_plan(
        self, instances: int | None = None, *, target: str | None = None, level: int = 0
    ) -> MemoryPlan | DeviceMemoryPlan:
        """Returns how much memory each object takes, and what a run will add to that.

        `print(net.memory_plan())` shows a table. Nothing is built for it. What is copied into the order in which spikes
        reach synapses is estimated; what monitors record is given per second, or per spike. Timed arrays are found by
        the names that texts have for them.

        Args:
            instances: How many instances of the network a sweep has: the table tells what all of them have in common
                (connections, delays, constants, weights that nothing changes), and what each has for itself.
            target: "cuda" tells what a run keeps in the memory of a GPU instead, with the names that a run has; with
                `instances`, what so many side by side keep there, each with its own values of all that a run changes.
                The network is compiled for that, and connections are put into the order that kernels need.
            level: Number of frames to skip to find the names of the script.

        Raises:
            TypeError: If the number of instances is no whole number.
            ValueError: If it is less than 1, there is no such target, or a GPU cannot run instances side by side.
        """
        from ranvier.objects.networks.memory_plan import check_instances, network_plan  # not without synapses

        check_instances(instances)
        self._look(level)
        if target is not None:
            return self.device_memory_plan(target, instances, level=level + 1)
        return network_plan(self.sorted_objects, instances=instances, names=get_local_namespace(level))

    def before_run(self, namespace: Mapping[str, object]) -> list[Action]:
        """Prepares all objects for a run and returns what happens in a step, in order.

        Raises:
            ValueError: If names clash or something is missing.
            RuntimeError: If an object has been run in another network.
            KeyError: If an object's slot is not in the schedule.
            BrianObjectException: If an object cannot be prepared, naming it, with the reason as `__cause__`.
            NotImplementedError: If two summed variables set the same variable of the same neurons.
        """
        snapshot.check_whole(self)
        self.check_dependencies()
        objects = self.sorted_objects
        self._check_names(objects)
        self._check_owners(objects)
        lack = shortage(objects)
        if lack is not None:
            logger.warn(lack, "memory")
        actions: list[Action] = []
        for obj in objects:
            if self._is_active(obj):
                actions += obj.prepare(namespace)
            else:
                obj.fall_silent()
        check_sums(actions)
        return actions

    def _is_active(self, obj: BrianObject) -> bool:
        """Tells whether an object takes part; in a run, whether it did when it came in: `active` waits for the next."""
        return obj.active if self._activity is None else self._activity.setdefault(obj, obj.active)

    def after_run(self) -> None:
        """Tells all objects that a run has ended."""
        for obj in self:
            if self._is_active(obj):
                obj.after_run()

    @explains_arguments
    def run(
        self,
        duration: Quantity,
        report: str | Report | None = None,
        report_period: Quantity = REPORT_PERIOD,
        namespace: Mapping[str, object] | None = None,
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
        self._collect(level)
        length = checked_seconds(duration, "duration")
        period = checked_seconds(report_period, "report_period")
        namespace = get_local_namespace(level=level) if namespace is None else names_given(namespace)
        if run_by_device(self, duration, namespace, report=report, report_period=report_period, profile=profile):
            return
        call = RunCall(length, report, period, namespace, bool(profile), check_values)
        request = call.begun_at(self.t_)
        try:
            if Standalone.program is None or not get_device().record_run(self, call):
                self.perform(request)
        except BrianObjectException as error:
            raise shortened(error) from error.__cause__

    def perform(self, request: RunRequest) -> None:
        """Runs, as `run` asks for; the names and arguments are checked."""
        with self._begun():
            self._run(request)

    @contextmanager
    def _begun(self) -> Generator[None, None, None]:
        with running(self):
            self._stopped = False
            self._activity = {}
            try:
                yield
            finally:
                self._activity = None

    def examine(self, call: RunCall) -> list[Action]:
        """Prepares all objects for a run that comes later and returns what happens in a step.

        Args:
            call: The run.

        Raises:
            BrianObjectException, ValueError, RuntimeError, KeyError: As `run`, if it is not possible.
        """
        with self._begun():
            return self._readied(call.length, call.namespace)

    def compile(self, call: RunCall) -> None:
        """Compiles what a run needs, so that it begins at once.

        Args:
            call: The run.
        """
        actions, options = self.examine(call), current_options()
        plan, arguments = make_plan(actions, self.clocks, options=options, known=self._known_plan)
        threads = threads_for(plan, arguments.values, options)
        self.announce(plan, arguments.values)
        compile_plan(
            plan,
            threads.options(options),
            lambda: actions_text(actions, self.clocks, options),
            str(threads),
            arguments.values,
        )

    def _run(self, request: RunRequest) -> None:
        with Layout.lock:  # what another thread changes comes before all of this or after it
            actions, clocks = self._readied(request.length, request.namespace), self.clocks
            if not clocks:
                return
            self._stopwatch = Stopwatch([action.label for action in actions]) if request.profile else None
            self._end = self.t_ + request.length
            idle = not actions or are_at_end(clocks)
            self._simulation = None if idle else self._new_simulation(actions, clocks)
        self._simulate(clocks, request)
        self.after_run()

    def _readied(self, length: float, namespace: Mapping[str, object]) -> list[Action]:
        clocks = self.clocks
        for clock in clocks:
            clock.set_interval(self.t_, self.t_ + length, same_time(clocks))
        with Layout.lock:
            return self._prepared(namespace)

    def _simulate(self, clocks: list[BaseClock], request: RunRequest) -> None:
        progress, check = request.progress, request.check_values
        idle, end = self._simulation is None, self._end
        began = time.perf_counter()

        def watch() -> bool:
            progress.update(time.perf_counter() - began, present(clocks, end))
            if check:
                self._check_values()
            return self._stopped

        try:
            progress.begin()
            with interruptible():
                finished = self._simulation is None or self._advance(watch, end, request)
            if idle:
                for clock in clocks:
                    clock.control[0] = clock.control[1]
            if check:
                self._check_values()
            self.t_ = end if finished else present(clocks, end)
        except BaseException:
            self.t_ = present(clocks, end)
            raise
        finally:
            self._simulation = None
            self._put_back_indices()
            self._close_files()
            elapsed = time.perf_counter() - began
        fraction = progress.end(elapsed, None if finished else present(clocks, end))
        get_device().note_run(elapsed, fraction)
        self.note_run(request.length * fraction, elapsed)

    def _advance(self, watch: Callable[[], bool], end: float, request: RunRequest) -> bool:
        """Returns whether the end was reached; what scripts change meanwhile takes effect at the next step."""
        clocks = list(self.clocks)
        assert self._simulation is not None
        if measure(unmeasured(self), self._simulation, watch) and not self._simulation.outdated:
            with Layout.lock:
                self._simulation = self._new_simulation(self._prepared(request.namespace), self.clocks)
        while not self._stopped:
            assert self._simulation is not None
            with naming_functions(lambda: self.sorted_objects):
                if self._simulation.advance(watch):
                    return True
            for obj in self:
                obj.check_integrated()
            if self._stopped or not self._simulation.outdated:
                break
            now = present(clocks, end)
            for clock in self.clocks:
                if clock not in clocks:
                    note_clocks(self, [clock])
                    clock.set_interval(now, end, same_time(self.clocks))
                    clocks.append(clock)
            if are_at_end(clocks):
                return True
            with Layout.lock:
                actions = self._prepared(request.namespace)
                if self._stopwatch is not None:
                    self._stopwatch.relabel([action.label for action in actions])
                self._simulation = self._new_simulation(actions, self.clocks)
        return False

    def _prepared(self, namespace: Mapping[str, object]) -> list[Action]:
        refresh_all()
        actions = self.before_run(namespace)
        for obj in self:
            obj.set_network(self.id)
        collect_unused(obj for obj in BrianObject.__instances__ if isinstance(obj, BrianObject))
        return actions

    def _new_simulation(self, actions: list[Action], clocks: list[BaseClock]) -> Simulation:
        mark = None if self._stopwatch is None else self._stopwatch.mark
        compiled = self._compiled
        options = current_options() if compiled is None else compiled.lowered.chosen
        check_pipeline(options)
        known = None if self._stopwatch else self._known_plan
        plan, arguments = make_plan(actions, clocks, options=options, profile=mark, known=known)
        self._index_checks = arguments.checks
        arguments.values[0] = self.random.key()
        seed_libraries(arguments.values[0])
        threads = threads_for(plan, arguments.values, options, profile=self._stopwatch is not None)
        options = threads.options(options) if compiled is None else compiled.options
        tell_listeners(plan, arguments, options, self.places)
        self.announce(plan, arguments.values)
        program = compile_plan(
            plan,
            options,
            lambda: actions_text(actions, clocks, options),
            str(threads),
            arguments.values,
            None if compiled is None else compiled.program_of(plan),
        )
        number = threads.number if threads.number == 1 or PARTITION in options.names else 1
        divided = {"balance": self._balance_of(number)} if number > 1 else {}
        return simulation_of(
            program, arguments.values, arguments.callbacks, self._replace_wrong_indices, threads=number, **divided
        )

    def _close_files(self) -> None:
        """Completes the files that monitors write to; the next run goes on with them."""
        for obj in self:
            obj.close_files()

    def _replace_wrong_indices(self) -> None:
        for check in self._index_checks:
            check.replace_wrong()

    def _put_back_indices(self) -> None:
        for check in self._index_checks:
            check.put_back()
        self._index_checks = []

    def _check_values(self) -> None:
        for obj in self:
            obj.check_finite(self)

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

    @explains_arguments
    def profiling_summary(self, show: int | None = None) -> ProfilingSummary:
        """Returns a table of the times of the last run with `profile=True`; `show` limits the rows."""
        return ProfilingSummary(self.profiling_info, show)
