"""Failures while the values of a text are computed: they name the object, and keep their class."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ranvier.objects.groups.brianobject import BrianObject, BrianObjectException
from ranvier.public import public_in


@public_in("ranvier.core.base")
class BrianObjectIndexError(BrianObjectException, IndexError):
    """An index of no element, met while a text of an object was computed."""


@public_in("ranvier.core.base")
class BrianObjectZeroDivisionError(BrianObjectException, ZeroDivisionError):
    """A division by zero, met while a text of an object was computed."""


@contextmanager
def naming_failures(brianobj: BrianObject, doing: str) -> Generator[None, None, None]:
    """Wraps errors that the values of a text cause, so that they name an object; they keep their class, too.

    Raises:
        BrianObjectIndexError, BrianObjectZeroDivisionError: With the original error as `__cause__`.
    """
    try:
        yield
    except (IndexError, ZeroDivisionError) as error:
        kind = BrianObjectIndexError if isinstance(error, IndexError) else BrianObjectZeroDivisionError
        raise kind(f"{doing}\n{error}", brianobj) from error
