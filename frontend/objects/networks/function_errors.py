"""Errors of functions of the script that code calls during a run, with the name of the object whose code it is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

from ranvier.actions import FunctionError
from ranvier.objects.groups.brianobject import BrianObject, named_error


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
