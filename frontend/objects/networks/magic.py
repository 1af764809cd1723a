"""The magic network: `run()` without a `Network` simulates the objects that the script sees."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Mapping

from ranvier.objects.groups.brianobject import BrianObject, MagicScope
from ranvier.objects.networks.network import Network
from ranvier.objects.networks.network import stop as stop
from ranvier.objects.networks.profiling import ProfilingSummary
from ranvier.objects.networks.report import REPORT_PERIOD, Report
from ranvier.objects.networks.running import RunRequest, check_no_run_within, check_not_running, is_run_here
from ranvier.objects.networks.schedule import SchedulingSummary
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.session.logger import get_logger
from ranvier.session.namespaces import caller_namespace
from ranvier.units import Quantity

logger = get_logger("ranvier.core.magic")

_DISPLAYED = re.compile(r"_{1,3}\Z|_[0-9]+\Z")
"""Names that IPython gives to the values it has displayed."""

_ADVICE = (
    "To begin a new simulation, create those that have been run before anew, too (all cells of a notebook), or call "
    "start_scope() before the first object is created; to go on, leave the objects as they are."
)


@public
class MagicError(Exception):
    """It cannot be said which objects a magic run is about."""


@public
def collect(level: int = 0) -> set[BrianObject]:
    """Returns the objects of the current scope that the calling script sees as local or global names.

    Args:
        level: Number of frames to skip.
    """
    return set(_seen(level))


def _seen(level: int = 0) -> dict[BrianObject, str]:
    """Returns the objects that the calling script sees, and the first name of each.

    What a notebook displayed (its names `_`, `__`, `_12`) is no name of the script.
    """
    names = caller_namespace(level)
    displayed = _DISPLAYED if "get_ipython" in names else None
    found: dict[BrianObject, str] = {}
    for name, value in names.items():
        if isinstance(value, BrianObject) and value.add_to_magic_network and value.is_in_scope(MagicScope.current):
            if displayed is None or displayed.match(name) is None:
                found.setdefault(value, name)
    return found


@public
def start_scope() -> None:
    """Begins a new scope: magic runs take no notice of the objects created before."""
    MagicScope.start()


def _listed(objects: Iterable[BrianObject], names: Mapping[BrianObject, str]) -> str:
    """Returns the names of objects, with those that they have in the script where these differ."""
    pairs = sorted((obj.name, names.get(obj, obj.name)) for obj in objects)
    return ", ".join(f"'{own}'" + (f" (here {name})" if name != own else "") for own, name in pairs)


def _listed_names(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


@public
class MagicNetwork(Network):
    """The network of `run()`; there is only one, `magic_network`.

    Each run collects the objects that the calling script sees. If they are all new, a new simulation begins at t = 0;
    if they all belong to the present one (besides monitors), it goes on; a mix is an error. Between runs it has no
    objects: only the script keeps them. (What looks at a network, such as `lower`, keeps them until the next run.)
    """

    _exists = False

    def __init__(self) -> None:
        if MagicNetwork._exists:
            raise ValueError("There can be only one MagicNetwork.")
        MagicNetwork._exists = True
        self._earlier: list[weakref.ref[BrianObject]] = []
        super().__init__(name="magicnetwork*")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def add(self, *objs: object) -> None:
        """Raises an error: not possible: the objects are found by themselves."""
        raise MagicError("Cannot directly modify the magic network: it collects the objects that the script sees.")

    def remove(self, *objs: object) -> None:
        """Raises an error: not possible: the objects are found by themselves."""
        raise MagicError("Cannot directly modify the magic network: it collects the objects that the script sees.")

    def _update(self, level: int) -> bool:
        """Collects the visible objects; returns whether there are any.

        Raises:
            MagicError: If some of them are new and others are not, or a monitor's group has been replaced.
            RuntimeError: If one has been run in another simulation.
        """
        members = self._visible(level)
        if not members:
            return False
        check_not_running(self, "Collecting objects")
        self._take(members)
        everything = self._all_objects()
        self._check_owners(obj for obj in everything if obj.invalidates_magic_network)
        deciding = [obj for obj in everything if obj.invalidates_magic_network]
        new = [obj for obj in deciding if not obj.has_network()]
        if new:
            self._check_all_new(is_mix=len(new) < len(deciding), level=level)
            self.assign_id()
            self.t_ = 0.0
            self.random.renew()
        self._deactivate_orphans(everything)
        return True

    def _take(self, members: list[BrianObject]) -> None:
        earlier = [ref() for ref in self._earlier] or [*self._members]
        if [id(member) for member in members] != [id(member) for member in earlier]:
            self._members = [member for member in earlier if member is not None]
            self._forget_plan()
        self._members = members
        self._earlier = []

    def _let_go(self) -> None:
        """Leaves it to the script to keep the objects; the plan of the next run goes with the first that is gone."""
        self._earlier = [weakref.ref(member, lambda _: self._known_plan.forget()) for member in self._members]
        self._members = []

    def perform(self, request: RunRequest) -> None:
        """Runs, as `run` asks for, and lets the objects go."""
        try:
            super().perform(request)
        finally:
            self._let_go()

    def _check_all_new(self, *, is_mix: bool, level: int) -> None:
        """Checks that a new simulation is about new objects only."""
        names = _seen(level)
        old = [obj for obj in self._members if obj.has_network() and (obj.invalidates_magic_network or not is_mix)]
        shown, new = _listed(old, names), _listed((obj for obj in self._members if not obj.has_network()), names)
        if is_mix:
            raise MagicError(
                "The magic network contains a mix of objects that have been run before and new objects, Ranvier "
                "does not know whether you want to start a new simulation or continue an old one. Consider "
                f"explicitly creating a Network object. Run before: {shown}. New: {new}. {_ADVICE}"
            )
        if old:
            gone = sorted({needed.name for obj in old for needed in obj.dependencies if needed not in names})
            earlier = f", made for the earlier {_listed_names(gone)}" if gone else ""
            raise MagicError(
                "The magic network contains a mix of objects that have been run before and new objects: a new "
                f"simulation of {new} cannot be recorded by {shown}{earlier}. {_ADVICE}"
            )

    def _visible(self, level: int) -> list[BrianObject]:
        return sorted(collect(level), key=lambda obj: obj.name)

    def _claim(self) -> None:
        """Makes all objects part of the present simulation, as running them does."""
        for obj in self._all_objects():
            obj.set_network(self.id)

    def _deactivate_orphans(self, everything: Iterable[BrianObject]) -> None:
        present = {id(obj) for obj in everything}
        for obj in everything:
            missing = [needed.name for needed in obj.dependencies if id(needed) not in present]
            if obj.active and missing:
                logger.warn(
                    f"'{obj.name}' is part of the run, but something it depends on ({', '.join(missing)}) is not "
                    "visible to the script at the call of run(): setting it inactive.",
                    "dependency_warning",
                )
                obj.active = False

    def check_dependencies(self) -> None:
        """Objects without what they need have been set inactive."""

    def _collect(self, level: int) -> None:
        """Takes the visible objects for a run. Without objects, nothing happens in it."""
        check_no_run_within(self)
        if not self._update(level):
            self._take([])

    @explains_arguments
    def store(self, name: str = "default", filename: str | None = None, level: int = 0) -> None:
        """Collects the visible objects and remembers their state; see `Network.store`."""
        if is_run_here(self):  # a network operation of the magic run: the objects are those of the run
            super().store(name=name, filename=filename)
            return
        self._update(level)
        try:
            super().store(name=name, filename=filename)
            self._claim()
        finally:
            self._let_go()

    @explains_arguments
    def restore(
        self,
        name: str = "default",
        filename: str | None = None,
        restore_random_state: bool = False,
        level: int = 0,
    ) -> None:
        """Collects the visible objects and sets their state back; see `Network.restore`."""
        self._update(level)
        try:
            super().restore(name=name, filename=filename, restore_random_state=restore_random_state)
            self._claim()
        finally:
            self._let_go()

    @explains_arguments
    def get_states(
        self,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> dict[str, object]:
        """Collects the visible objects and returns their values; see `Network.get_states`."""
        self._collect(level)
        try:
            return super().get_states(units, format, subexpressions, read_only_variables, level)
        finally:
            self._let_go()

    @explains_arguments
    def set_states(
        self, values: Mapping[str, Mapping[str, object]], units: bool = True, format: str = "dict", level: int = 0
    ) -> None:
        """Collects the visible objects and sets their values; see `Network.set_states`."""
        self._collect(level)
        try:
            super().set_states(values, units, format, level)
        finally:
            self._let_go()

    def _look(self, level: int) -> None:
        """Takes the visible objects, which it keeps until the next run; within a run it has those of the run."""
        if not is_run_here(self):
            self._collect(level)

    def scheduling_summary(self) -> SchedulingSummary:
        """Collects the visible objects and returns the table of a step; see `Network.scheduling_summary`."""
        members, self._members = self._members, self._visible(0)
        try:
            return super().scheduling_summary()
        finally:
            self._members = members

    def forget(self) -> None:
        """Makes the next run a new simulation."""
        self._take([])
        self._forget_plan()
        self.assign_id()
        self._stored.clear()
        self.t_ = 0.0


magic_network = MagicNetwork()
"""The network of `run()`."""


@public
def run(
    duration: Quantity,
    report: str | Report | None = None,
    report_period: Quantity = REPORT_PERIOD,
    namespace: Mapping[str, object] | None = None,
    profile: bool | None = None,
    level: int = 0,
    *,
    check_values: bool = False,
) -> None:
    """Simulates all objects that the calling script sees.

    Args:
        duration: How long, a time with its unit.
        report: Progress: 'text', 'stderr', 'bar', or a function of (elapsed, completed, start, duration).
        report_period: Wall time between two reports.
        namespace: Names for the objects' texts instead of those that the calling script sees.
        profile: Whether to measure the time that each object takes (the objects are then run one by one).
        level: Number of frames to skip to find the objects and names of the script.
        check_values: Stop with an error as soon as a variable of a differential equation is NaN or infinite.

    Raises:
        DimensionMismatchError: If duration is no time.
        ValueError: If it is negative or not finite.
        MagicError: If some of the objects have been run before and others have not.
        BrianObjectException: If an object cannot be run; the reason is `__cause__`.
        FloatingPointError: With `check_values`, naming the variable, the element and the time.
    """
    magic_network.run(duration, report, report_period, namespace, profile, level, check_values=check_values)


@public
def store(name: str = "default", filename: str | None = None) -> None:
    """Remembers the state of all objects that the calling script sees.

    Args:
        name: The name of the state.
        filename: A file, which may hold several states; without, the state is kept in memory.

    Raises:
        OSError: If the file cannot be written; an existing one stays as it was.
    """
    magic_network.store(name=name, filename=filename)


@public
def restore(name: str = "default", filename: str | None = None, restore_random_state: bool = False) -> None:
    """Sets all objects that the calling script sees back to a stored state.

    Args:
        name: The name under which it was stored.
        filename: The file in which it was stored, if it was stored in one.
        restore_random_state: Whether random numbers go on as they did after the state was stored, instead of anew.

    Raises:
        KeyError: If there is no such state, or objects have been added or removed since.
        ValueError: If the file is damaged.
    """
    magic_network.restore(name=name, filename=filename, restore_random_state=restore_random_state)


@public
def scheduling_summary(net: Network | None = None) -> SchedulingSummary:
    """Returns a table of what happens in a step of `net` (default: the magic network)."""
    return (magic_network if net is None else net).scheduling_summary()


@public
def profiling_summary(net: Network | None = None, show: int | None = None) -> ProfilingSummary:
    """Returns a table of the times that objects took in the last run with `profile=True`.

    Args:
        net: The network; None for all objects that the script sees.
        show: How many objects are shown, those that took most; None for all.

    Raises:
        ValueError: If there was no such run.
    """
    return (magic_network if net is None else net).profiling_summary(show)
