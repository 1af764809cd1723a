"""Who wants to know of each program that a network is about to run, with all that it is given: tools for compilers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments

Listener: TypeAlias = Callable[[Plan, Arguments, Any, Mapping[str, tuple[str, int]]], None]
"""Takes the plan, what its inputs stand for, the options, and where in the script each object was created."""

LISTENERS: list[Listener] = []
"""Called before a program is compiled; nobody, unless a tool runs the script."""


def tell_listeners(
    plan: Plan, arguments: Arguments, options: Any, places: Callable[[], Mapping[str, tuple[str, int]]]
) -> None:
    """Tells all listeners of a program that is about to be compiled and run."""
    for listen in LISTENERS:
        listen(plan, arguments, options, places())
