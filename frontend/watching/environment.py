"""What the environment variable `RANVIER_FLAGS` shows of the programs of a script."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ranvier.pipeline.options import Options
from ranvier.watching import FLAGS_VARIABLE

if TYPE_CHECKING:
    from ranvier.codegen import LoadedProgram


def watched_options(options: Options, name: str, planning: float = 0.0) -> Options:
    """Returns options by which the environment shows what it asks for while a program is made.

    Args:
        options: How to compile.
        name: What the program is called.
        planning: Seconds that its plan took.

    Raises:
        ValueError: The environment variable cannot be read.
    """
    text = os.environ.get(FLAGS_VARIABLE)
    if not text or options.watch is not None:
        return options
    from ranvier.watching.flags import flags_of_text  # only those who look need it
    from ranvier.watching.watch import Watch

    flags = flags_of_text(text)
    watch = Watch(flags, name, options.rewrites, _programs(text))
    if planning:
        watch.stage("plan", planning)
    return replace(options, watch=watch)


@functools.cache
def _programs(text: str) -> dict[str, LoadedProgram]:
    """Returns the programs that were shown already, by their keys."""
    return {}
