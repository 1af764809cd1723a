"""Python functions that are called during a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ranvier.actions.actions import Action, HostCall
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.public import public
from ranvier.session.clocks import BaseClock
from ranvier.units import Quantity


@public
class NetworkOperation(BrianObject):
    """Calls a Python function at each step of a clock.

    Args:
        function: A function without arguments, or with one: the time.
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        when: Slot of the schedule.
        order: Place in the slot.
        name: The name.

    Attributes:
        function: The function.

    Raises:
        TypeError: If the function takes more than one argument.
    """

    add_to_magic_network = True

    def __init__(
        self,
        function: Callable[..., object],
        dt: Quantity | None = None,
        clock: BaseClock | None = None,
        when: str = "start",
        order: int = 0,
        name: str = "networkoperation*",
    ) -> None:
        BrianObject.__init__(self, dt=dt, clock=clock, when=when, order=order, name=name)
        self.function = function
        self._takes_time = _takes_time(function)

    def run(self) -> None:
        """Calls the function."""
        if self._takes_time:
            self.function(self.clock.t)
        else:
            self.function()

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the call."""
        return (HostCall(label=self.name, clock=self.clock, function=self.run),)


def _takes_time(function: Callable[..., object]) -> bool:
    if not callable(function):
        raise TypeError(f"A network operation is a function, not of type {type(function).__name__}.")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a built-in function that doesn't tell
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    name = getattr(function, "__name__", repr(function))
    if positional and positional[0].name == "self" and not inspect.ismethod(function):
        raise TypeError(
            f"The first argument of '{name}' is 'self': it looks like a method, which is only complete with its "
            f"object. Leave out @network_operation and write NetworkOperation(obj.{name}) for an object."
        )
    if len(positional) > 1:
        raise TypeError(
            f"Function '{name}' cannot be used as a network operation, it needs to have either only 't' as an "
            f"argument or have no arguments, but it has {len(positional)} arguments."
        )
    return bool(positional)


@public
def network_operation(*args: object, when: str = "start", **kwds: Any) -> Any:
    """Makes a function a `NetworkOperation`: a decorator.

    Used plainly (`@network_operation`) or with the arguments of `NetworkOperation` (`@network_operation(dt=1*ms)`).
    The function has no argument, or one: the time. It is called in each step.

    Args:
        args: The function, where the decorator is used plainly.
        when: Slot of the schedule.
        kwds: The arguments `dt`, `clock`, `order` and `name` of `NetworkOperation`.

    Raises:
        TypeError: If it is used with anything else.
    """
    if len(args) == 1 and callable(args[0]) and not kwds:
        return NetworkOperation(args[0], when=when)
    if args:
        raise TypeError("network_operation is used with named arguments only, e.g. @network_operation(dt=1*ms)")

    def decorate(function: Callable[..., Any]) -> NetworkOperation:
        return NetworkOperation(function, when=when, **kwds)

    return decorate
