"""What scripts should no longer use: it works, and says until when, and what to use; docs/authors.md promises so."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ranvier.session.logger import get_logger

P = ParamSpec("P")
R = TypeVar("R")

_logger = get_logger("ranvier.deprecated")


def warn_deprecated(what: str, *, instead: str, since: str, until: str) -> None:
    """Warns, once for each thing, that a script uses what will go.

    Args:
        what: The thing as the script writes it, such as "Network.old()" or "the argument 'old' of run".
        instead: What to write instead.
        since: The version that says so first.
        until: The version that no longer has it.
    """
    _logger.warn(
        f"{what} is deprecated since version {since} and goes with version {until}: use {instead} instead.",
        what,
        once=True,
    )


def deprecated(what: str, *, instead: str, since: str, until: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Returns a decorator for functions and methods that will go: they work, and warn; see `warn_deprecated`."""

    def marked(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            warn_deprecated(what, instead=instead, since=since, until=until)
            return function(*args, **kwargs)

        note = f"Deprecated since version {since}, goes with version {until}: use {instead} instead."
        call.__doc__ = f"{(function.__doc__ or '').rstrip()}\n\n{note}\n".lstrip()
        return call

    return marked
