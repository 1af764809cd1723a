"""Preferences that have no effect with a pipeline of the user's own: what they ask for, no pass of it does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ranvier.actions.rewrites.names import SHARE_TRACES
from ranvier.passes.default_pipeline import DEFAULT, LAYING_OUT, WITH_FAST_MATH, split_pipeline
from ranvier.pipeline.options import Options
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs

_logger = get_logger("ranvier.devices")
_told: set[str] = set()


def unheeded(options: Options, rate: object = "guess") -> Iterator[str]:
    """Yields, for each preference that does not hold, why.

    Args:
        options: How a program is compiled.
        rate: The preference `codegen.firing_rate`.
    """
    if options.pipeline is None or options.pipeline == DEFAULT:
        return
    asked = f"The preference codegen.synapse_layout = '{options.layout}' has no effect"
    if options.layout != "auto" and LAYING_OUT not in options.names:
        yield f"{asked}: the pipeline has no {LAYING_OUT}, which obeys it."
    elif options.layout != "auto" and f'layout="{options.layout}"' not in options.passes:
        yield f"{asked}: the pipeline says {LAYING_OUT} what to do."
    if not isinstance(rate, str) or rate != "guess":
        if LAYING_OUT not in options.names:
            yield f"The preference codegen.firing_rate = {rate!r} has no effect: the pipeline has no {LAYING_OUT}."
    if not options.share_traces and SHARE_TRACES in options.rewrites:
        yield f"The preference codegen.share_traces = False has no effect: the pipeline names {SHARE_TRACES}."
    wanted = {"fast": "reassociate"}.get(options.codegen.fast_math, options.codegen.fast_math)
    if wanted != "contract":
        for one in split_pipeline(options.passes):
            given = re.search(r"fast[-_]math\W+(\w+)", one)
            if one.partition("{")[0] in WITH_FAST_MATH and given is not None and given[1] != wanted:
                yield (
                    f"The preference codegen.fast_math = '{options.codegen.fast_math}' does not hold for "
                    f'{one.partition("{")[0]}: the pipeline says fast-math="{given[1]}".'
                )


def tell_unheeded(options: Options) -> None:
    """Tells the user, once, which preferences have no effect with the pipeline."""
    if options.pipeline is None or options.pipeline == DEFAULT:
        return
    for text in unheeded(options, prefs["codegen.firing_rate"]):
        _tell(text)


def chosen(preference: str, variable: str) -> object:
    """Returns a preference, or what an environment variable says in its place for scripts that do not set it."""
    given = os.environ.get(variable)
    value = prefs[preference]
    if not prefs.is_explicit(preference):
        return value if given is None else given
    if given is not None and given != value:
        _tell(f"The environment variable {variable} has no effect: the script sets the preference {preference}.")
    return value


def _tell(text: str) -> None:
    if text not in _told:
        _told.add(text)
        _logger.warn(text, "unheeded")


__all__ = ["chosen", "tell_unheeded", "unheeded"]
