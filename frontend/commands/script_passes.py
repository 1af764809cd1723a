"""The passes that a command gives the script which it runs: by the environment, as users give them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Generator
from contextlib import contextmanager

from ranvier.passes.own import load_passes
from ranvier.stages.road import PASSES_VARIABLE, PIPELINE_VARIABLE


@contextmanager
def passes_of_script(options: argparse.Namespace) -> Generator[None]:
    """Lets a script have the passes that options say, if it does not say others itself.

    Args:
        options: `pipeline`, texts or None; and `load`, the files and modules with passes.

    Raises:
        PipelineError: Passes cannot be loaded.
    """
    for where in options.load:
        load_passes(where)
    before = dict(os.environ)
    if options.pipeline:
        os.environ[PIPELINE_VARIABLE] = ",".join(options.pipeline)
    if options.load:  # for the processes that the script starts
        named = (os.path.abspath(one) if one.endswith(".py") else one for one in options.load)
        os.environ[PASSES_VARIABLE] = os.pathsep.join(named)
    try:
        yield
    finally:
        for name in (PIPELINE_VARIABLE, PASSES_VARIABLE):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
