"""The names that Brian's star import takes from pylab: numpy's, and matplotlib's without loading it.

Brian gives everything of `matplotlib.pylab`. Loading matplotlib takes longer than a small simulation, so
its names are stand-ins here which load it when they are first used. Where matplotlib is not installed,
they say so then.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import numpy as np

from ranvier import numpy_
from ranvier.brian import pylab_table
from ranvier.exchange.optional import needed
from ranvier.numpy_ import RENAMED

MATPLOTLIB_MODULES: Final[dict[str, str]] = {
    "cbook": "matplotlib.cbook",
    "matplotlib": "matplotlib",
    "mlab": "matplotlib.mlab",
    "mpl": "matplotlib",
    "plt": "matplotlib.pyplot",
    "rcsetup": "matplotlib.rcsetup",
    "style": "matplotlib.style",
}
"""Modules of matplotlib by the names pylab gives them."""

_NUMPY_MODULES: Final[dict[str, str]] = {"emath": "numpy.lib.scimath"}
"""Modules of numpy with another name than their own."""

CONSTANTS: Final[dict[str, object]] = {
    "YEARLY": 0,
    "MONTHLY": 1,
    "WEEKLY": 2,
    "DAILY": 3,
    "HOURLY": 4,
    "MINUTELY": 5,
    "SECONDLY": 6,
    "TYPE_CHECKING": False,
}
"""Plain numbers of pylab."""

_INTROSPECTED: Final = frozenset(
    {
        "__wrapped__",
        "__isabstractmethod__",
        "__file__",
        "__path__",
        "__all__",
        "__array__",
        "__array_interface__",
        "__array_struct__",
        "__array_ufunc__",
        "_repr_html_",
        "_repr_mimebundle_",
        "_ipython_display_",
        "_ipython_canary_method_should_not_exist_",
        "_arg_units",
    }
)
"""Asking a stand-in for one of these does not load matplotlib (`inspect` and notebooks ask every object, models
those whose names they have)."""


class LazyName:
    """Stands for a function, class or value of a module that is loaded at the first use.

    A call, an attribute, `isinstance`, a subclass, indexing and iteration work as with the object itself.

    Args:
        module: The module's full name.
        name: The object's name in the module.
    """

    __slots__ = ("_lazy_module", "_lazy_name", "_lazy_value")
    _lazy_module: str
    _lazy_name: str
    _lazy_value: Any

    def __init__(self, module: str, name: str) -> None:
        object.__setattr__(self, "_lazy_module", module)
        object.__setattr__(self, "_lazy_name", name)

    def _lazy_load(self) -> Any:
        """Returns the object itself."""
        try:
            return object.__getattribute__(self, "_lazy_value")
        except AttributeError:
            value = getattr(_loaded(self._lazy_module), self._lazy_name)
            object.__setattr__(self, "_lazy_value", value)
            return value

    def __call__(self, *args: Any, **kwds: Any) -> Any:
        return self._lazy_load()(*args, **kwds)

    def __getattr__(self, name: str) -> Any:
        if name in _INTROSPECTED or name.startswith("_lazy"):
            raise AttributeError(f"{self._lazy_name} has no attribute {name!r}")
        return getattr(self._lazy_load(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._lazy_load(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._lazy_load(), name)

    def __dir__(self) -> list[str]:
        return dir(self._lazy_load())

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._lazy_load().__doc__

    @property
    def __signature__(self) -> Any:
        from inspect import signature

        return signature(self._lazy_load())

    def __repr__(self) -> str:
        return repr(self._lazy_load())

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._lazy_load())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._lazy_load())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._lazy_load(),)

    def __getitem__(self, key: Any) -> Any:
        return self._lazy_load()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._lazy_load()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._lazy_load()[key]

    def __contains__(self, item: Any) -> bool:
        return item in self._lazy_load()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._lazy_load())

    def __len__(self) -> int:
        return len(self._lazy_load())

    def __or__(self, other: Any) -> Any:
        return self._lazy_load() | other

    def __ror__(self, other: Any) -> Any:
        return other | self._lazy_load()

    def __eq__(self, other: object) -> bool:
        return bool(self._lazy_load() == (other._lazy_load() if isinstance(other, LazyName) else other))

    def __hash__(self) -> int:
        return hash(self._lazy_load())

    def __reduce__(self) -> tuple[Any, ...]:
        return (LazyName, (self._lazy_module, self._lazy_name))

    def __copy__(self) -> LazyName:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> LazyName:
        return self


class LazyModule(ModuleType):
    """Stands for a module that is loaded when it is first asked for a name."""

    def __getattr__(self, name: str) -> Any:
        if name in _INTROSPECTED:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(_loaded(self.__name__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_loaded(self.__name__), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_loaded(self.__name__), name)

    def __dir__(self) -> list[str]:
        return dir(_loaded(self.__name__))

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} (loaded when used)>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (importlib.import_module, (self.__name__,))


def _loaded(module: str) -> ModuleType:
    """Returns a module, which is loaded now at the latest.

    Raises:
        ImportError: If it is one of matplotlib's and that is not installed, saying how to install it.
    """
    return needed(module, "plot") if module.startswith("matplotlib") else importlib.import_module(module)


def _module(name: str) -> ModuleType:
    return sys.modules.get(name) or LazyModule(name)


def _names(module: str, table: str) -> dict[str, object]:
    """Returns names of a module: its objects if it is loaded, otherwise stand-ins."""
    loaded = sys.modules.get(module)
    if loaded is None:
        return {name: LazyName(module, name) for name in table.split()}
    return {name: getattr(loaded, name) for name in table.split() if hasattr(loaded, name)}


def _numpy_names() -> dict[str, object]:
    names: dict[str, object] = {}
    for name in pylab_table.NUMPY.split():
        value = getattr(np, RENAMED.get(name, name), None)
        if value is not None:
            names[name] = value
    names["newaxis"] = None  # the one name whose value is None
    return names


def pylab_namespace() -> dict[str, object]:
    """Returns the names that the star import takes from pylab.

    The unit-aware functions and Brian's own names are to be put over them.
    """
    names = _numpy_names()
    for name in pylab_table.NUMPY_MODULES.split():
        names[name] = _module(_NUMPY_MODULES.get(name, f"numpy.{name}"))
    names |= _names("numpy.linalg", pylab_table.NUMPY_LINALG)
    names |= _names("numpy.fft", pylab_table.NUMPY_FFT)
    names |= _names("numpy.random", pylab_table.NUMPY_RANDOM)
    names |= {name: _module(name) for name in pylab_table.STANDARD_MODULES.split()}
    names |= {name: getattr(builtins, name) for name in pylab_table.BUILTINS.split()}
    names["np"] = names["numpy"] = numpy_
    names |= {name: LazyName("matplotlib.pylab", name) for name in pylab_table.MATPLOTLIB.split()}
    names |= {name: _module(module) for name, module in MATPLOTLIB_MODULES.items()}
    names |= CONSTANTS
    return names
