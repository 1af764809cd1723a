"""Which arguments of public classes, functions and methods the reference says nothing of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from book.arguments import open_arguments, sentence
from book.names import PAGES
from book.reference import is_documented, is_numpys, is_ours
from ranvier.brian.public_names import NAMES, find


def undocumented() -> list[str]:
    """Returns the arguments that neither a docstring explains nor `book.arguments`, as "Class.method: argument"."""
    found = (
        f"{place}: {each}"
        for place, call, text in documented_calls()
        for each in open_arguments(call, text)
        if not sentence(place, each, text)
    )
    return list(dict.fromkeys(found))


def documented_calls() -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Yields each class, function and method of the reference, with its docstring."""
    further = [place.split(":") for page in PAGES for place in page.further.split()]
    everything = [*((name, find(name)) for name in NAMES), *((n, getattr(import_module(m), n)) for m, n in further)]
    for name, what in everything:
        if inspect.isclass(what):
            yield from _of_class(name, what)
        elif inspect.isfunction(what) and not is_numpys(name, what):
            yield name, what, inspect.getdoc(what) or ""


def _of_class(name: str, cls: type) -> Iterator[tuple[str, Callable[..., Any], str]]:
    if "__init__" in vars(cls):
        yield name, cls, f"{inspect.getdoc(cls)}\n{inspect.getdoc(vars(cls)['__init__'])}"
    for base in (each for each in cls.__mro__ if is_ours(each)):
        for member, what in vars(base).items():
            method = getattr(base, member)
            if is_documented(member, what) and inspect.isroutine(method):
                yield f"{base.__name__}.{member}", method, inspect.getdoc(method) or ""
