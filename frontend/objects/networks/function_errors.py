"""Errors of functions of the script that code calls during a run, with the name of the object whose code it is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from types import TracebackType

from ranvier.actions import FunctionError
from ranvier.objects.groups.brianobject import BrianObject, BrianObjectException, named_error
from ranvier.session.namespaces import is_ours
from ranvier.session.preferences import prefs


@contextmanager
def naming_functions(objects: Callable[[], Iterable[BrianObject]]) -> Generator[None]:
    """Makes errors of functions that code calls name the object that the code belongs to.

    Args:
        objects: Gives the objects that are run.

    Raises:
        BrianObjectException: With the error of the function as `__cause__`.
    """
    try:
        yield
    except FunctionError as error:
        cause = error.__cause__
        assert isinstance(cause, Exception)
        owner = next((obj for obj in objects() if obj.name == error.label), None)
        if owner is None:
            raise cause from None
        raise named_error(owner, "An error occurred in code that calls a function of the script.", cause) from cause


def shortened(error: BrianObjectException) -> BrianObjectException:
    """Returns an error without the many frames of this package on its way to the script.

    Of those that led to its cause the last one stays, and those of the script's own functions.
    """
    if prefs["logging.full_tracebacks"]:
        return error
    cause = error.__cause__
    while cause is not None:
        cause.__traceback__ = _of_script(cause.__traceback__)
        cause = cause.__cause__
    return error.with_traceback(None)


def _of_script(trace: TracebackType | None) -> TracebackType | None:
    kept: TracebackType | None = None
    places: list[TracebackType] = []
    while trace is not None:
        places.append(trace)
        trace = trace.tb_next
    for place in reversed(places):
        if kept is None or not is_ours(place.tb_frame):
            kept = TracebackType(kept, place.tb_frame, place.tb_lasti, place.tb_lineno)
    return kept
