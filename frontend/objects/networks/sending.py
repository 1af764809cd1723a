"""What of a program goes to worker processes: a name. A process that was forked has the objects themselves.

`pool.map(model.run_with, values)` sends `model` to each worker. Networks, groups and views in it are found again
there, with their state at the fork, so that nothing is copied. A process that has not got them (start method "spawn")
gets a stand-in, which says so when it is used: an error while the message is read would end the worker, and the pool
would wait for ever.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from ranvier.objects.connections.view import SynapticView
from ranvier.objects.inputs.timedarray import TimedArray
from ranvier.objects.variables.view import VariableView
from ranvier.session.names import Nameable, bearers
from ranvier.units import Quantity, second

if TYPE_CHECKING:
    from uuid import UUID

    from ranvier.objects.groups.group import VariableOwner


Reduced: TypeAlias = tuple[Callable[..., object], tuple[object, ...]]
"""What `pickle` wants to know of an object: a function that gives it, and the arguments."""


class Absent:
    """Stands for an object that this process has not got."""

    def __init__(self, name: str) -> None:
        self._absent_name = name

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(
            f"'{self._absent_name}' does not exist in this process, which was not forked from the one that built the "
            "network. Build the network in the function that the worker calls, or use the start method 'fork' "
            "(multiprocessing.get_context('fork').Pool()) and make the pool after device.build()."
        )


def send_by_name(objects: Iterable[object]) -> None:
    """Lets `multiprocessing` send objects of these classes, and views, by name from now on."""
    here = os.getpid()

    def reduced(obj: Nameable) -> Reduced:
        if os.getpid() != here:
            raise TypeError(
                f"'{obj.name}' cannot be sent from a worker process: return values, such as monitor.t[:] or "
                "group.v[:], not objects."
            )
        return found, (obj.name, obj.id)

    for kind in {type(obj) for obj in objects}:
        ForkingPickler.register(kind, reduced)
    ForkingPickler.register(TimedArray, _reduced_timed_array)
    for kind in (VariableView, SynapticView):
        ForkingPickler.register(kind, _reduced_view)


def found(name: str, number: UUID) -> object:
    """Returns the object of this process with a name and an `id`, or a stand-in."""
    return next((obj for obj in bearers(name) if obj.id == number), Absent(name))


def _reduced_timed_array(array: TimedArray) -> Reduced:
    return _timed_array, (array.name, array.id, Quantity(array.values, dim=array.dim), array.dt)


def _timed_array(name: str, number: UUID, values: Quantity, dt: float) -> object:
    known = found(name, number)
    return TimedArray(values, Quantity(dt, dim=second.dim)) if isinstance(known, Absent) else known


def _reduced_view(view: VariableView) -> Reduced:
    return _view, (view.group, view.name, view.has_units)


def _view(group: VariableOwner, name: str, use_units: bool) -> object:
    return Absent(f"{name} of a group") if isinstance(group, Absent) else group.state(name, use_units)
