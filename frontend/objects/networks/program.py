"""The program of a standalone device: the runs of a script, to be run later, and again with other values.

Brian writes a C++ program that does everything the script has asked for: sets the values, runs, sets others, runs on.
Here the program is a list of steps. Before the first run of an object its state is kept, and what the script does from
there on is a step: a run, an assignment, a seed. `play` puts the states back and does the steps, with the compiled code
that is there.

An assignment between two runs that wait is made at once as well, so that its mistakes are found where they are made.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from uuid import UUID

import numpy as np

from ranvier.actions.effects import Touched, may_be_in, written_by_any
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.stored import ObjectState, state_of
from ranvier.objects.networks.recordable import Recordable
from ranvier.objects.networks.running import RunCall
from ranvier.objects.variables.variables import ArrayVariable, Subexpression
from ranvier.session.clocks import BaseClock, Clock, same_time
from ranvier.session.randomness import numpy_state, random_state, seed

if TYPE_CHECKING:
    from ranvier.objects.variables.view import VariableView

MOST_BYTES = 2**28
"""How much a program may keep if the script does not say that it will be run again (`build_on_run=False`)."""

BUILT = (
    "The network has already been built and run before. To begin another program call device.reinit() and "
    "device.activate(), or set_device(...) again."
)
"""What is said to a script that goes on after `device.build()`."""


@dataclass(frozen=True)
class RunStep:
    """A run, and what may have changed since the one before.

    Attributes:
        network: The network.
        simulation: Its number; a magic network has several.
        call: The arguments.
        members: The objects that were added.
        active: Whether each object takes part.
        dts: The step lengths of the clocks.
    """

    network: Recordable
    simulation: UUID
    call: RunCall
    members: tuple[BrianObject, ...]
    active: tuple[tuple[BrianObject, bool], ...]
    dts: tuple[tuple[Clock, float], ...]

    def prepare(self) -> None:
        """Makes the network what it was at the call of `run`."""
        self.network.gather(self.members)
        self.network.rejoin(self.simulation)
        for obj, active in self.active:
            if obj.active is not active:
                obj.active = active
        for clock, dt in self.dts:
            if clock.dt_ != dt:
                clock.dt_ = dt


@dataclass(frozen=True)
class CallStep:
    """Anything else that the script has done between runs: an assignment, a seed."""

    call: Callable[[], object]


@dataclass(frozen=True)
class ArgumentsStep:
    """Where the values given to `device.run(run_args=...)` are set."""


Step = RunStep | CallStep | ArgumentsStep


@dataclass(frozen=True)
class Start:
    """A network before its first run: the time in seconds, and its key of random numbers."""

    time: float
    random: tuple[int, int]


class RecordedProgram:
    """What a script has asked for since its device was activated.

    Args:
        waits: Whether runs wait for `device.build()`.

    Attributes:
        waits: Whether runs wait for `device.build()`.
        is_pending: Whether there are runs that have not been done.
        is_built: Whether nothing can be added any more.
        wall_seconds: How long the runs of the last `play` took.
    """

    def __init__(self, *, waits: bool) -> None:
        self.waits = waits
        self.is_pending = self.is_built = False
        self.wall_seconds = 0.0
        self._is_busy = False
        self._lack = ""
        self._forget()

    def _forget(self) -> None:
        self._steps: list[Step] = []
        self._states: dict[int, tuple[BrianObject, ObjectState]] = {}
        self._clocks: dict[int, tuple[BaseClock, tuple[int, float]]] = {}
        self._starts: dict[tuple[int, UUID], Start] = {}
        self._numpy_random = None
        self._written: list[Touched] = []

    # ---------------------------------------------------------------- what a script does

    def record_run(self, network: Recordable, call: RunCall) -> bool:
        """Takes note of a run; returns whether it waits.

        Raises:
            RuntimeError: If the program has been built.
            BrianObjectException, ValueError, KeyError: If the run will not be possible.
        """
        if self._is_busy or (self.is_built and not self.waits):
            return False
        if self.is_built:
            raise RuntimeError(BUILT)
        if not self.waits and self.runs:
            self._begin_anew(network)
        if not self._lack:
            self._add_run(network, call)
        self.is_pending = self.waits
        return self.waits

    def _add_run(self, network: Recordable, call: RunCall) -> None:
        if not self._keep(network):
            return
        if self.waits:
            with self._busy():
                self._written.append(written_by_any(network.examine(call)))
        self._steps.append(_run_step(network, call))

    def _begin_anew(self, network: Recordable) -> None:
        """Forgets a run that has been done: another simulation begins, or it goes on, which has to be said before."""
        goes_on = any(step.simulation == network.id for step in self.runs)
        self._forget()
        self._lack = ""
        if goes_on:
            self._lack = (
                "device.run() repeats one run(). For a program of several, say set_device(..., build_on_run=False), "
                "and device.build() after the last run()."
            )

    def _keep(self, network: Recordable) -> bool:
        """Keeps the states of those objects of a network that are not known yet; returns whether there was room."""
        if self._numpy_random is None:
            self._numpy_random = numpy_state()
        room = None if self.waits else MOST_BYTES
        for obj in network:
            if id(obj) in self._states or not obj.has_state:
                continue
            state = state_of(obj)
            room = None if room is None else room - sum(array.nbytes for array in state.arrays.values())
            if room is not None and room < 0:
                self._forget()
                self._lack = (
                    f"The state before the run was not kept, since it takes more than {MOST_BYTES >> 20} MB. Say "
                    "set_device(..., build_on_run=False), and device.build(run=False) after run()."
                )
                return False
            self._states[id(obj)] = obj, state
        for clock in network.clocks:
            if id(clock) not in self._clocks:
                kept = (int(clock.timestep), clock.dt_) if isinstance(clock, Clock) else (0, 0.0)
                self._clocks[id(clock)] = clock, kept
        self._starts.setdefault((id(network), network.id), Start(network.t_, network.random.state()))
        return True

    def expect_assignment(self, view: VariableView) -> None:
        """Keeps the state of an object whose values are about to be set, after `device.apply_run_args()`."""
        if self._records and not self.is_pending:
            owner = view.variable.owner
            if isinstance(owner, BrianObject) and id(owner) not in self._states:
                if self._numpy_random is None:
                    self._numpy_random = numpy_state()
                self._states[id(owner)] = owner, state_of(owner)

    def note_assignment(
        self, view: VariableView, item: object, value: object, names: Callable[[], Mapping[str, object]]
    ) -> None:
        """Takes note of values that the script has set: they are set again at this place of the program."""
        if self._records and id(view.variable.owner) in self._states:
            known = dict(names()) if isinstance(value, str) or isinstance(item, str) else {}
            where, what = _copied(item), _copied(value)
            self._steps.append(CallStep(lambda: view.set_item(where, what, namespace=known)))

    def note_seed(self, number: int | None) -> None:
        """Takes note of a seed that the script has set."""
        if self._records:
            self._steps.append(CallStep(lambda: seed(number)))

    def note_call(self, obj: object, call: Callable[[], object]) -> None:
        """Takes note of another change of an object, which `call` makes again."""
        if self._records and id(obj) in self._states:
            self._steps.append(CallStep(call))

    def note_arguments(self) -> None:
        """Takes note of the place where the arguments of `device.run` are set.

        Raises:
            RuntimeError: If there is such a place already, or a run before it.
        """
        if any(isinstance(step, ArgumentsStep) for step in self._steps):
            raise RuntimeError("device.apply_run_args() has been called before: the values are set at one place.")
        if self.runs:
            raise RuntimeError("device.apply_run_args() comes before the first run(): the values are initial values.")
        self._steps.append(ArgumentsStep())

    @property
    def _records(self) -> bool:
        return bool(self._steps) and (self.waits or not self.runs) and not (self._is_busy or self.is_built)

    def check_readable(self, owner: object, name: str, variable: object = None) -> None:
        """Checks that something can be read.

        Raises:
            NotImplementedError: If runs that change it wait for `device.build()`.
        """
        if not self.is_pending or self._is_busy or not self._changes(owner, variable):
            return
        what = (
            f"'{name}' of '{getattr(owner, 'name', owner)}'"
            if name
            else f"What '{getattr(owner, 'name', owner)}' records"
        )
        raise NotImplementedError(
            f"{what} is not known yet: run() waits for device.build(), since the device was chosen with "
            "build_on_run=False. Read it after device.build(), or leave build_on_run out."
        )

    def _changes(self, owner: object, variable: object) -> bool:
        if isinstance(variable, ArrayVariable):
            return any(may_be_in(written, variable.storage) for written in self._written)
        if isinstance(variable, Subexpression):
            return id(variable.owner) in self._states
        return variable is None and id(owner) in self._states

    def check_connectable(self, synapses: object) -> None:
        """Checks that synapses can be added.

        Raises:
            NotImplementedError: If a recorded run has the synapses.
        """
        if self._records and id(synapses) in self._states:
            raise NotImplementedError(
                f"'{getattr(synapses, 'name', synapses)}' is part of a run that waits for device.build(), and synapses "
                "cannot be added between such runs. Call connect() before the first run(), or leave build_on_run out."
            )

    # ---------------------------------------------------------------- the program

    @property
    def runs(self) -> list[RunStep]:
        """The runs, in order."""
        return [step for step in self._steps if isinstance(step, RunStep)]

    @property
    def objects(self) -> dict[str, BrianObject]:
        """The objects that take part, by name."""
        return {obj.name: obj for step in self.runs for obj, _ in step.active}

    @property
    def networks(self) -> list[Recordable]:
        """The networks that are run."""
        return list({id(step.network): step.network for step in self.runs}.values())

    def has(self, obj: object) -> bool:
        """Tells whether an object takes part."""
        return any(obj is each for each in self.objects.values())

    def compile(self) -> None:
        """Compiles what the runs need."""
        with self._busy():
            for step in self.runs:
                step.prepare()
                step.network.compile(step.call)

    def play(self, set_arguments: Callable[[], None]) -> None:
        """Does all steps, from the state before the first run.

        Args:
            set_arguments: Sets the values that this run has in place of the script's.

        Raises:
            RuntimeError: If there is nothing that could be run.
        """
        if not self.runs:
            raise RuntimeError(self._lack or "There is nothing to be run: call run() before device.build().")
        self.is_pending = False
        began = time.perf_counter()
        with self._busy(), self._random():
            begun: set[tuple[int, UUID]] = set()
            self._put_back()
            if not any(isinstance(step, ArgumentsStep) for step in self._steps):
                set_arguments()
            for step in self._until_last_run():
                if isinstance(step, RunStep):
                    self._run(step, begun)
                elif isinstance(step, CallStep):
                    step.call()
                else:
                    set_arguments()
        self.wall_seconds = time.perf_counter() - began

    def _run(self, step: RunStep, begun: set[tuple[int, UUID]]) -> None:
        step.prepare()
        key = (id(step.network), step.simulation)
        if key not in begun:
            begun.add(key)
            self._put_back_start(step.network, self._starts[key])
        step.network.perform(step.call.begun_at(step.network.t_))

    def _until_last_run(self) -> Iterator[Step]:
        last = max(k for k, step in enumerate(self._steps) if isinstance(step, RunStep))
        return iter(self._steps[: last + 1])

    def _put_back(self) -> None:
        for obj, state in self._states.values():
            obj.set_state(state)
        for clock, (step, dt) in self._clocks.values():
            if isinstance(clock, Clock):
                clock.set_state(step, dt)

    def _put_back_start(self, network: Recordable, start: Start) -> None:
        network.t_ = start.time
        for clock in network.clocks:
            if not isinstance(clock, Clock):  # what comes next follows from the time
                clock.set_interval(start.time, start.time, same_time(network.clocks))
        if random_state.is_chosen:
            network.random.set_state(start.random)
        else:
            network.random.renew_at_random()

    @contextlib.contextmanager
    def _random(self) -> Generator[None, None, None]:
        """Makes numpy's numbers those of the first time if there is a seed, else others, in any process."""
        present = numpy_state()
        if random_state.is_chosen and self._numpy_random is not None:
            np.random.set_state(self._numpy_random)
        elif any(isinstance(step, CallStep) for step in self._steps):
            np.random.seed(secrets.randbits(32))
        try:
            yield
        finally:
            if not random_state.is_chosen:
                np.random.set_state(present)

    @contextlib.contextmanager
    def _busy(self) -> Generator[None, None, None]:
        """Lets everything be read, and records nothing."""
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False


def _run_step(network: Recordable, call: RunCall) -> RunStep:
    return RunStep(
        network=network,
        simulation=network.id,
        call=call,
        members=tuple(network.objects),
        active=tuple((obj, obj.active) for obj in network),
        dts=tuple((clock, clock.dt_) for clock in network.clocks if isinstance(clock, Clock)),
    )


def _copied(value: object) -> object:
    return np.array(cast(Array, value), subok=True) if isinstance(value, np.ndarray) else value
