"""What a device of another package does itself: methods of the device in place of those of networks and synapses.

A package that exports models derives a device from Brian's and gives it methods such as `network_run`, which are called
in place of `Network.run`, with the network as first argument. The devices that are built in have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

NAMES = (
    "network_run",
    "synapses_connect",
    "variableview_set_with_expression",
    "variableview_set_with_expression_conditional",
    "variableview_set_with_index_array",
)
"""The methods that a device may have."""


class Overrides:
    """The device whose methods are called.

    Attributes:
        device: The device in use, None if it has no methods of these names.
        runner: What is called in place of `Network.run`, whatever device is in use, if it is not None: by
            `ranvier export`.
    """

    device: ClassVar[object | None] = None
    runner: ClassVar[Callable[..., bool] | None] = None

    @staticmethod
    def use(device: object) -> None:
        """Begins to call the methods of a device."""
        Overrides.device = device if any(hasattr(device, name) for name in NAMES) else None

    @staticmethod
    def of(name: str) -> Callable[..., Any] | None:
        """Returns the method of the device in use, None if it has none of this name."""
        return None if Overrides.device is None else getattr(Overrides.device, name, None)


def run_by_device(network: object, duration: object, namespace: object, **options: object) -> bool:
    """Lets the device in use run a network; returns whether it has done so.

    Args:
        network: The network.
        duration: A time.
        namespace: The names of the script.
        **options: The other arguments of `Network.run`.
    """
    if Overrides.runner is not None and Overrides.runner(network, duration, namespace):
        return True
    method = Overrides.of("network_run")
    if method is not None:
        method(network, duration, namespace=namespace, **options)
    return method is not None


def set_by_device(
    view: object, item: object, value: object, names: Callable[[], Mapping[str, object]], check_units: bool
) -> bool:
    """Lets the device in use set values of a variable; returns whether it has done so.

    Args:
        view: What the values are set through.
        item: Which values.
        value: The values, or a text.
        names: Gives the names that texts may use.
        check_units: Whether texts are in the unit of the variable.
    """
    arguments: tuple[object, ...]
    text = value if isinstance(value, str) else repr(value)
    if isinstance(item, str) or (isinstance(value, str) and _is_everything(item)):
        condition = item if isinstance(item, str) else "True"
        name, arguments = "variableview_set_with_expression_conditional", (condition, text, dict(names()))
    elif isinstance(value, str):
        name, arguments = "variableview_set_with_expression", (item, text, dict(names()))
    else:
        name, arguments = "variableview_set_with_index_array", (item, value)
    method = Overrides.of(name)
    if method is not None:
        method(view, *arguments, check_units=check_units)
    return method is not None


def _is_everything(item: object) -> bool:
    return isinstance(item, slice) and item == slice(None)
