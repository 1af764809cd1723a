"""Who wants to know what sweeps cost: all that runs without a profile needs to know of `ranvier.sweep_profile`."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from ranvier.codegen import LoadedProgram
from ranvier.pipeline.options import Options
from ranvier.plan.plan import Plan


class Profiling(Protocol):
    """A profile that is being taken."""

    def add(self, program: LoadedProgram, plan: Plan) -> None:
        """Measures a program from now on."""
        ...


ACTIVE: list[Profiling] = []
"""The profiles that are being taken."""


def measured(options: Options) -> Options:
    """Returns the options of a program, by which it measures its sweeps if somebody wants to know."""
    return replace(options, codegen=replace(options.codegen, profile=True)) if ACTIVE else options


def note(program: LoadedProgram, plan: Plan) -> None:
    """Tells all profiles of a program that is about to run."""
    for profile in ACTIVE:
        profile.add(program, plan)
