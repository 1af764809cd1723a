"""What went wrong with a pipeline of a network: passes that have no place in it, passes and
rewrites that broke the program."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ranvier.actions.rewrites.names import NAMES
from ranvier.passes.default_pipeline import DEFAULT, TO_LOOPS, PipelineError
from ranvier.passes.own import find_own
from ranvier.pipeline.options import PARTITION, Options

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

KERNELS = "lower-to-kernels"
WIDEN = ("batch", "choose-width")


def check_pipeline(options: Options) -> None:
    """Checks that the pipeline leaves a graph that a network can bind its arrays to: it does so by position.

    Raises:
        PipelineError: A pass lowers the program, or adds inputs that the network knows nothing of.
    """
    if options.pipeline is None or options.pipeline == DEFAULT:
        return
    for name in options.names:
        if name == KERNELS:
            raise PipelineError(
                f"the pipeline of a network ends with the optimised graph, or with passes on loops: {name!r} comes "
                "behind it by itself, where the target is a GPU"
            )
        if name == TO_LOOPS and options.target != "cpu":
            raise PipelineError(
                f"{name!r} makes loops for the CPU; the target {options.target!r} runs kernels, which come behind the "
                "pipeline by themselves"
            )
        if name in WIDEN:
            raise PipelineError(
                f"{name!r} makes one program of several networks, whose inputs are others than those of one: "
                "Network.sweep(...) makes and runs such programs, ranvier-opt shows them"
            )
        own = None if name == PARTITION else find_own(name)
        if own is not None and getattr(own.cls, "changes_inputs", False):
            raise PipelineError(
                f"the pass {name!r} says that it changes inputs (changes_inputs): a network binds its arrays to them "
                "by position, so it can be run on programs from text only"
            )


def explained(error: Exception, options: Options, build: Callable[[], ModuleOp]) -> Exception:
    """Returns an error of a pipeline with passes of others as one that says more: the place of the op, and what to do.

    Args:
        error: What happened.
        options: How the program was compiled.
        build: Makes its graph again, with the places that programs which only run do without.
    """
    from ranvier.passes.errors import InvalidProgram  # only where compiling has failed: both load xDSL
    from ranvier.passes.pipeline import run_pipeline  # see above

    if isinstance(error, PipelineError) or options.sources == "":
        return error
    if isinstance(error, InvalidProgram):
        try:
            run_pipeline(build(), options.steps, verify_others=True)
        except InvalidProgram as found:
            error = found
    return _with_hint(error, options)


def _with_hint(error: Exception, options: Options) -> Exception:
    asked = options.pipeline if isinstance(options.pipeline, str) else options.spec
    error.add_note(
        f"'ranvier bisect SCRIPT.py -p {shlex.quote(asked)} --reproducer FILE.mlir' (and '--load FILE.py' for passes "
        "of a file) names op and rewrite"
    )
    return error


@contextmanager
def told_of_rewrites(options: Options) -> Generator[None]:
    """Adds to errors which rewrites that are not Ranvier's have changed the actions of which a program is made.

    Args:
        options: How the program is compiled.
    """
    try:
        yield
    except Exception as error:
        names = ", ".join(repr(name) for name in options.rewrites if name not in NAMES)
        note = (
            f"the pipeline has {names}, not of Ranvier: if a run without succeeds, a rewrite gives actions of which no "
            "program can be made, such as code with names that are not bound"
        )
        if names and not isinstance(error, PipelineError) and note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        raise


__all__ = ["check_pipeline", "explained", "told_of_rewrites"]
