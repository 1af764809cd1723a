"""The names under which users meet classes and functions: in tracebacks, in `help()`, in pickles.

Python names a thing after the module that defines it, and files move. What scripts import is therefore named after the
place that they import it from. Of the package this imports `argument_names` alone, so that every part can use it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import FunctionType, ModuleType
from typing import TypeVar

from ranvier.public.argument_names import explains_arguments, has_options

T = TypeVar("T")


def public(obj: T) -> T:
    """Names a class or function of `ranvier.brian.public_names.NAMES` after the package, which gives it to scripts.

    Calls that misspell the name of an argument say which one is meant.
    """
    obj.__module__ = "ranvier"
    if isinstance(obj, FunctionType) and has_options(obj):
        return explains_arguments(obj)
    if isinstance(obj, type) and isinstance(make := vars(obj).get("__init__"), FunctionType):
        obj.__init__ = explains_arguments(make)
    return obj


def public_in(module: str) -> Callable[[T], T]:
    """Returns a decorator for what is not in the star import: it names it after the module that scripts import.

    Args:
        module: The full path, for instance one of Brian's, such as "ranvier.core.network".
    """

    def named(obj: T) -> T:
        obj.__module__ = module
        return obj

    return named


def submodule(package: str, name: str) -> ModuleType:
    """Returns a module of a package, for `__getattr__` there: Brian's submodules are attributes at once.

    Raises:
        AttributeError: If there is none.
    """
    full = f"{package}.{name}"
    try:
        if not name.startswith("_"):
            return import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
    raise AttributeError(f"module {package!r} has no attribute {name!r}")
