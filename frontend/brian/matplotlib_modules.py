"""Modules of matplotlib as attributes of it: `import matplotlib`, then `matplotlib.pyplot.plot(...)`.

Brian's star import loads pylab, and with it most modules of matplotlib, which scripts therefore use without importing
them. Here such a module is loaded when it is first asked for; scripts that never import matplotlib pay nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from ranvier.public import submodule

NAME = "matplotlib"


def give_matplotlib_modules() -> None:
    """Lets matplotlib find its modules by itself, now or when it is loaded."""
    if NAME in sys.modules:
        _complete(sys.modules[NAME])
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Completes matplotlib after it is loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != NAME:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        loader: Any = spec and spec.loader
        if loader is None:
            return None
        load = loader.exec_module

        def load_and_complete(module: ModuleType) -> None:
            load(module)
            _complete(module)

        loader.exec_module = load_and_complete
        return spec


def _complete(module: ModuleType) -> None:
    before = vars(module).get("__getattr__")
    if getattr(before, "__module__", None) == __name__:
        return

    def look_up(name: str) -> Any:
        try:
            return submodule(NAME, name)
        except AttributeError:
            if before is None:
                raise
        return before(name)

    vars(module)["__getattr__"] = look_up
