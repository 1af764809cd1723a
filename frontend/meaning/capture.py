"""The programs that a script runs, each with what it was given: caught before they are compiled."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ranvier.graph.build import build_module, place_in_script
from ranvier.ir.interpret import ClockInput
from ranvier.meaning.given import Given, entries_of, table_of
from ranvier.pipeline.options import Options
from ranvier.plan.listeners import LISTENERS
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments


@dataclass(frozen=True)
class Captured:
    """A program that a script ran.

    Attributes:
        module: The graph.
        given: What the run began with.
        options: How it was to be compiled.
        calls_python: Whether functions of the script are called in each step: then it cannot be run by itself.
    """

    module: ModuleOp
    given: Given
    options: Options
    calls_python: bool


class Enough(BaseException):
    """Ends a script that has run all the programs that were asked for."""


@contextmanager
def capturing(take: Callable[[Captured], None]) -> Generator[None]:
    """Gives each program that networks run meanwhile to a function."""

    def watch(plan: Plan, arguments: Arguments, options: Options, places: Mapping[str, tuple[str, int]]) -> None:
        module = build_module(plan)
        place_in_script(module, places)
        take(Captured(module, _given(module, arguments.values), options, bool(arguments.callbacks)))

    LISTENERS.append(watch)
    try:
        yield
    finally:
        LISTENERS.remove(watch)


def _given(module: ModuleOp, values: list[Any]) -> Given:
    """Returns what the inputs of a plan stand for, in memory of its own."""
    given = Given()
    entries = entries_of(table_of(module))
    for (declared, entry), value in zip(entries, values, strict=False):  # a program for threads has one input more
        match entry.kind:
            case "state":
                given.states[entry.label] = np.array(value.array)
            case "events":
                given.events[entry.label] = np.array(value.indices[: int(value.count[0])])
            case "clock":
                given.clocks[entry.label] = ClockInput(int(value.control[0]), int(value.control[1]), float(value.dt_))
            case "event_clock":
                times = given.states[entries[declared.times][1].label]
                given.clocks[entry.label] = ClockInput(int(value.control[0]), int(value.control[1]), times=times)
            case "param":
                given.params[entry.label] = np.asarray(value).item()
            case _:
                pass
    return given
