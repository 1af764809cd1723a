"""Arguments that a call misspells: the error says which one is meant, or which there are.

Python's own error for `NeuronGroup(10, modle="v : 1")` names a method that the script did not call, and proposes a name
from Python 3.13 on only. A call that is right pays for one more frame; all else is found out once a call has failed.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

LIKE = 0.6
"""How much a name has to look like another one to be proposed for it, from 0 to 1."""

ANY_NAME = 0x08
"""The flag of code that takes keywords of any name: `inspect.CO_VARKEYWORDS`, without loading `inspect`."""


def explains_arguments(function: F) -> F:
    """Returns a function whose calls say what is meant where they name an argument that it does not have."""

    @wraps(function)
    def called(*args: Any, **kwds: Any) -> Any:
        __tracebackhide__ = True  # IPython and pytest do not show the frame
        try:
            return function(*args, **kwds)
        except TypeError:
            message = _unknown_argument(called, args, kwds)
            if message is None:
                raise
            raise TypeError(message) from None

    return cast(F, called)


def has_options(function: FunctionType) -> bool:
    """Tells whether a function has arguments that a call may leave out, and therefore will name."""
    inner = _innermost(function)
    return bool(inner.__defaults__ or inner.__kwdefaults__)


def _unknown_argument(called: Callable[..., Any], args: tuple[object, ...], kwds: Mapping[str, Any]) -> str | None:
    """Returns what is wrong with the names of a call's arguments, None if nothing is."""
    code = _innermost(called).__code__
    takes_all_names = code.co_flags & ANY_NAME
    known = code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]
    unknown = next((name for name in kwds if name not in known), None)
    if takes_all_names or unknown is None:
        return None
    mine = [name for name in known if name != "self"]
    return f"{_shown(called, args)}() got an unexpected keyword argument '{unknown}'.{_meant(mine, unknown)}"


def _innermost(function: Callable[..., Any]) -> FunctionType:
    """Returns what decorators, those of units among them, have been put around."""
    while (inner := getattr(function, "__wrapped__", None)) is not None:
        function = inner
    return cast(FunctionType, function)


def _shown(called: Callable[..., Any], args: tuple[object, ...]) -> str:
    """Returns how scripts write the call: a class by its name, a method after its object's class."""
    name, owner = called.__name__, called.__qualname__.rpartition(".")[0]
    if not owner or "<locals>" in owner:
        return name
    cls = type(args[0]) if args else object
    kind = cls.__name__ if getattr(cls, name, None) is called else owner
    return kind if name == "__init__" else f"{kind}.{name}"


def _meant(known: list[str], unknown: str) -> str:
    """Returns a sentence that proposes the nearest name, or lists all."""
    near = difflib.get_close_matches(unknown, known, cutoff=LIKE)
    near = near or [name for name in known if name.startswith(unknown) or unknown.startswith(name)]
    if near:
        return f' Did you mean "{near[0]}"?'
    if not known:
        return " It takes no arguments."
    return f" Its arguments are {', '.join(known)}."
