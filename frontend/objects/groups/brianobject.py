"""What all objects of a network have: name, place in the schedule, clock, parts, and errors that name them."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, ClassVar

from ranvier.actions.actions import Action, HostCall
from ranvier.analysis.failures import unresolved_name
from ranvier.objects.groups.copying import NotCopied
from ranvier.objects.groups.unused import Unused, warn_of_unused
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.plan import MemoryRow
from ranvier.objects.memory.stored import ObjectState, changed, check_arrays
from ranvier.public import public
from ranvier.runtime.columns import TableSnapshot
from ranvier.session.clocks import BaseClock, Clock, check_has_dt, check_is_time, defaultclock
from ranvier.session.given import is_a, is_text
from ranvier.session.namespaces import caller_frame, held_namespace
from ranvier.units import Quantity


class MagicScope:
    """The scope that magic runs look at: `start_scope` begins a new one."""

    current: ClassVar[int] = 0

    @classmethod
    def start(cls) -> None:
        """Begins a new scope: objects created before are not seen by magic runs any more."""
        cls.current += 1


@public
class BrianObjectException(Exception):
    """An error that was met while preparing an object of a network; the error itself is `__cause__`.

    Attributes:
        object_name: Name of the object.
        created: File, line and text of its creation.
    """

    def __init__(self, message: str, brianobj: BrianObject) -> None:
        self.object_name = brianobj.name
        self.created = brianobj.creation_place()
        self._message = message
        super().__init__(message)

    def __str__(self) -> str:
        return (
            f"Error encountered with object named '{self.object_name}'.\n"
            f"Object was created here:\n{self.created}\n{self._message}"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Returns what other processes make the error of: without the object, which stays here."""
        return _without_object, (type(self), self._message), self.__dict__


def _without_object(kind: type[BrianObjectException], message: str) -> BrianObjectException:
    return kind.__new__(kind, message)


PREPARING = "An error occurred when preparing an object."


@contextmanager
def naming(brianobj: BrianObject, doing: str = PREPARING) -> Generator[None, None, None]:
    """Wraps errors of a block so that they name an object.

    Raises:
        BrianObjectException: With the original error as `__cause__`.
    """
    try:
        yield
    except BrianObjectException:
        raise
    except Exception as error:
        raise named_error(brianobj, doing, error) from error


def named_error(brianobj: BrianObject, doing: str, error: Exception) -> BrianObjectException:
    """Returns an error that names an object, and says what `error` says.

    Args:
        brianobj: The object.
        doing: What happened.
        error: What is to be the cause.
    """
    places = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    places += _place_of_name(brianobj, error)
    return BrianObjectException(f"{doing}\n{type(error).__name__}: {text}{places}", brianobj)


def _place_of_name(brianobj: BrianObject, error: Exception) -> str:
    """Returns a line on where a name is that was not found: in the function that made the object; else nothing."""
    name, made_in = unresolved_name(error), vars(brianobj).get("_made_in")
    if name is None or not isinstance(made_in, CodeType) or name not in made_in.co_varnames + made_in.co_cellvars:
        return ""
    return (
        f"\n    '{name}' is a variable of {made_in.co_name}(), where '{brianobj.name}' was made. Names are looked for "
        f"where run(...) is called: make the object with namespace={{'{name}': {name}}}."
    )


class Clocked(NotCopied):
    """Something with a name and a clock."""

    _clock: BaseClock

    @property
    def clock(self) -> BaseClock:
        """The clock that says when the object does something."""
        return self._clock


@public
class BrianObject(Clocked):
    """An object that takes part in a simulation; base class of all such objects, and of a script's own ones.

    Args:
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        when: Slot of the schedule.
        order: Place among objects of the same slot.
        namespace: Names for the object's texts, before those of the script.
        name: The name.

    Attributes:
        when: Slot of the schedule.
        order: Place among objects of the same slot; equal ones are ordered by name.
        add_to_magic_network: Whether magic runs take objects of this class.
        invalidates_magic_network: Whether a new object of this class makes a magic run a new simulation.
        needs_dt: Whether the clock has to have a step length, as an `EventClock` has not.
    """

    add_to_magic_network: bool = False
    invalidates_magic_network: bool = True
    is_part_of_itself: bool = False
    needs_dt: ClassVar[bool] = False

    def __init__(
        self,
        dt: Quantity | None = None,
        clock: BaseClock | None = None,
        when: str = "start",
        order: int = 0,
        namespace: Mapping[str, object] | None = None,
        name: str | None = "brianobject*",
    ) -> None:
        if not is_text(when):
            raise TypeError("The 'when' argument has to be a string specifying the scheduling slot (e.g. 'start').")
        frame = caller_frame()
        self._created, self._made_in = _place(frame), frame.f_code
        Clocked.__init__(self, name)
        self._clock = self._own_clock(dt, clock)
        self.when = when
        self.order = order
        self.namespace: MutableMapping[str, Any] = held_namespace(namespace)
        self._dependencies: list[BrianObject] = []
        self._contained_objects: list[BrianObject] = []
        self._active = True
        self._scope_key = MagicScope.current
        self._network: object | None = None
        self._prepared = False
        Unused.made += 1

    def _own_clock(self, dt: Quantity | None, clock: BaseClock | None) -> BaseClock:
        if dt is not None and clock is not None:
            raise ValueError("Can only specify either a dt or a clock, not both.")
        if clock is not None:
            if not is_a(clock, BaseClock):
                raise TypeError(f"clock has to be a Clock, not {type(clock).__name__}.")
            if self.needs_dt:
                check_has_dt(clock, self.name)
            return clock
        if dt is None:
            return defaultclock
        check_is_time(dt, self.name)
        return Clock(dt=dt, name=f"{self.name}_clock*")

    # ------------------------------------------------------------------ properties

    @property
    def active(self) -> bool:
        """Whether the object takes part in runs; setting it sets its parts, too."""
        return self._active

    @active.setter
    def active(self, value: bool) -> None:
        self._active = bool(value)
        for part in self._contained_objects:
            part.active = value

    @property
    def contained_objects(self) -> list[BrianObject]:
        """The parts of the object, which go into a network with it."""
        return self._contained_objects

    @property
    def code_objects(self) -> list[object]:
        """The pieces of code that the object runs by itself: none, a network runs all its objects as one program."""
        return []

    @property
    def updaters(self) -> list[object]:
        """What runs the pieces of code: none, either."""
        return []

    @property
    def dependencies(self) -> Sequence[BrianObject]:
        """The objects that have to be in a network with this one."""
        return tuple(self._dependencies)

    def add_dependency(self, obj: BrianObject) -> None:
        """Says that a network with this object needs `obj`, too."""
        self._dependencies.append(obj)

    def creation_place(self) -> str:
        """Returns where the object was created: file, line and its text."""
        filename, line = self._created
        text = linecache.getline(filename, line).strip()
        return f"  File '{filename}', line {line}" + (f"\n    {text}" if text else "")

    # ------------------------------------------------------------------ the network

    def is_in_scope(self, scope: int) -> bool:
        """Tells whether the object was created in a scope of magic runs; see `MagicScope`."""
        return self._scope_key == scope

    @property
    def is_part_of(self) -> BrianObject | None:
        """What summaries say that its own operations are part of."""
        return self if self.is_part_of_itself else None

    @property
    def is_unused(self) -> bool:
        """Whether magic runs would take the object, and none has."""
        return self.add_to_magic_network and not vars(self).get("_prepared", True)

    def has_network(self) -> bool:
        """Tells whether a network has run the object."""
        return self._network is not None

    def may_join(self, network: object) -> bool:
        """Tells whether no other network than that of an `id` has run the object."""
        return self._network is None or self._network == network

    def set_network(self, network: object) -> None:
        """Says which network runs the object, by its `id`."""
        self._network = network

    # ------------------------------------------------------------------ running

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Called before a run; `run_namespace` are the names that the script sees."""

    def forget_code(self) -> None:
        """Gives up what was kept for the next run, and with it what that holds of other objects."""

    def fall_silent(self) -> None:
        """Called instead of `before_run` before a run in which the object is inactive."""

    def after_run(self) -> None:
        """Called after a run."""

    def run(self) -> None:
        """Called at each step of the clock, for classes of scripts that override it."""

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns what the object does in a step, in order.

        Args:
            run_namespace: The names that texts may use besides those of the group.
        """
        if type(self).run is not BrianObject.run or "run" in self.__dict__:
            return (HostCall(label=self.name, clock=self.clock, function=self.run),)
        return ()

    def prepare(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Calls `before_run` and returns `actions`.

        Raises:
            BrianObjectException: Naming the object, with the error as `__cause__`.
        """
        self._prepared = True
        try:
            self.before_run(run_namespace)
            return self.actions(run_namespace)
        except BrianObjectException:
            raise
        except Exception as error:
            raise named_error(self, PREPARING, error) from error

    # ------------------------------------------------------------------ what a network asks for

    @property
    def acts_itself(self) -> bool:
        """Whether the object does something itself, rather than only through its parts."""
        actions = getattr(self.actions, "__func__", None)  # a variable of the model may be called "actions"
        return actions is not BrianObject.actions or type(self).run is not BrianObject.run

    def check_integrated(self) -> None:
        """Checks that the last step was integrated: methods that choose their steps may give up.

        Raises:
            IntegrationError: Naming the element and the time.
        """

    def check_finite(self, network: object) -> None:
        """Checks that the variables of differential equations have finite values.

        Args:
            network: The network that is run.

        Raises:
            FloatingPointError: Naming the variable, the element and the time.
        """

    def close_files(self) -> None:
        """Completes the files that the object writes to; the next run goes on with them."""

    @property
    def unmade_elements(self) -> int:
        """Number of elements for which the first run makes memory."""
        return 0

    def memory_rows(self, *, exact: bool) -> Iterator[MemoryRow]:
        """Yields the memory of the object, without that of its parts.

        Args:
            exact: Whether what takes a while to find out is looked at, too, such as delays.
        """
        return iter(())

    # ------------------------------------------------------------------ store and restore

    @property
    def has_state(self) -> bool:
        """Whether a stored state has anything of the object."""
        return bool(self.state_arrays())

    def state_arrays(self) -> dict[str, Array]:
        """Returns what a stored state has of the object: its arrays by name, which may be the live ones."""
        return {}

    def state_table(self) -> TableSnapshot | None:
        """Returns what a stored state has of the rows that the object records, None if it records nothing."""
        return None

    def is_private(self, name: str) -> bool:
        """Returns whether only the object itself can use a variable, since its values do not belong to elements."""
        return False

    def may_resize(self, name: str) -> bool:
        """Returns whether a stored array may have another number of values than the object has now."""
        return False

    def check_state(self, states: Mapping[str, ObjectState]) -> None:
        """Checks that the object can be set to a stored state. Nothing is changed.

        Args:
            states: The states of all objects of the network, by name.

        Raises:
            KeyError: If the object has changed since.
            ValueError: If the state does not fit together, or rows have been written to a file since.
        """
        stored = states[self.name]
        check_arrays(self.name, stored.arrays, self.state_arrays(), self.may_resize)
        if stored.table is not None:
            raise changed(self.name, "what it records (nothing now)")

    def set_state(self, stored: ObjectState) -> None:
        """Sets the object to a stored state that `check_state` has accepted."""
        live = self.state_arrays()
        for name, values in stored.arrays.items():
            live[name][...] = values

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        """Warns when an object goes that never took part in a run, e.g. since the script kept it nowhere."""
        # `sys` itself may be gone when the interpreter ends
        # where its making failed, that was said
        if not is_finalizing() and self.is_unused and getattr(self, "_attributes_fixed", True):
            warn_of_unused(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(clock={self._clock!r}, when={self.when}, order={self.order}, name={self.name!r})"


def _place(frame: FrameType) -> tuple[str, int]:
    return frame.f_code.co_filename, frame.f_lineno
