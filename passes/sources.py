"""The source of passes that are not Ranvier's: what compiled programs depend on besides the compiler.

Nothing is imported here that a run from the cache does not need.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import cast

from ranvier.passes.places import OURS, is_ours


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that decide what a pass does, as they were when they were read.

    Attributes:
        digest: A digest of their contents, and of the versions of the libraries that they import.
        files: Path, time of change in nanoseconds and size in bytes of each.
    """

    digest: str
    files: tuple[tuple[str, int, int], ...]

    def unchanged(self) -> bool:
        """Tells whether the files are still the same; otherwise nobody knows which of them a running process uses."""
        return all(_state(path) == (changed, size) for path, changed, size in self.files)


def sources_of(cls: type) -> Sources | None:
    """Returns the source of a class: its module, those of its bases and methods, and what they import.

    Followed are imports of everything that is not installed, and of the class's own package; of installed libraries
    only the versions count.

    Returns:
        None if a part has no file: it was typed at a prompt or made from text.
    """
    try:
        search = _Search(cls.__module__.partition(".")[0])
        for module in _modules_of(cls):
            search.add_module(module)
        for code in _codes_of(cls):
            search.add_file(code.co_filename)
        return search.result()
    except (OSError, _NoFile):
        return None


class _NoFile(Exception):
    pass


def _foreign_bases(cls: type) -> Iterator[type]:
    for base in cls.__mro__:
        top = base.__module__.partition(".")[0]
        if top not in OURS and top not in sys.stdlib_module_names:
            yield base


def _modules_of(cls: type) -> Iterator[ModuleType]:
    for base in _foreign_bases(cls):
        module = sys.modules.get(base.__module__)
        if module is None:
            raise _NoFile(base.__module__)
        yield module


def _codes_of(cls: type) -> Iterator[CodeType]:
    """Yields the code of the methods that may come from elsewhere: not what `dataclass` has made."""
    for base in cls.__mro__:
        for name, value in vars(base).items():
            function = getattr(value, "__func__", value)
            while isinstance(function, FunctionType):
                ours = is_ours(function.__module__ or "") or function.__module__ in sys.stdlib_module_names
                if not ours and not (name.startswith("__") and function.__code__.co_filename == "<string>"):
                    yield function.__code__
                function = getattr(function, "__wrapped__", None)


class _Search:
    """Collects files, each once, and follows their imports."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._contents: dict[str, bytes] = {}
        self._states: dict[str, tuple[int, int]] = {}
        self._versions: dict[str, str] = {}

    def add_module(self, module: ModuleType) -> None:
        """Takes a loaded module."""
        path = getattr(module, "__file__", None)
        if not isinstance(path, str):
            raise _NoFile(module.__name__)
        self._add(path, module.__name__, getattr(module, "__package__", None) or "")

    def add_file(self, path: str) -> None:
        """Takes a file that code comes from."""
        if not os.path.isfile(path):
            raise _NoFile(path)
        self._add(path, "", "")

    def result(self) -> Sources:
        """Returns the digest of all that was collected."""
        digest = hashlib.sha256()
        for path in sorted(self._contents):
            digest.update(f"{len(self._contents[path])} {os.path.basename(path)}\0".encode())
            digest.update(self._contents[path])
        digest.update(repr(sorted(self._versions.items())).encode())
        return Sources(digest.hexdigest(), tuple((path, *self._states[path]) for path in sorted(self._states)))

    def _add(self, path: str, name: str, package: str) -> None:
        path = os.path.realpath(path)
        if path in self._contents:
            return
        self._states[path] = _state(path)
        content = self._contents[path] = Path(path).read_bytes()
        if not path.endswith(".py"):
            return
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError):
            return
        for imported in _imported(tree, package):
            self._follow(imported)

    def _follow(self, name: str) -> None:
        """Takes what is imported under a name, and the packages above it, unless it is installed."""
        parts = name.split(".")
        top = parts[0]
        if top in OURS or top in sys.stdlib_module_names:
            return
        places: list[str] | None = None
        for k in range(1, len(parts) + 1):
            spec = _spec_of(".".join(parts[:k]), places)
            if spec is None:
                return  # the last part is a name in a module, or the import fails and does not count
            if spec.origin is not None and spec.has_location:
                if top != self._own and _is_installed(spec.origin):
                    self._versions[top] = str(getattr(sys.modules.get(top), "__version__", ""))
                    return
                self._add(spec.origin, spec.name, spec.name if spec.submodule_search_locations else spec.parent or "")
            places = list(spec.submodule_search_locations or [])
            if not places:
                return


def _spec_of(name: str, places: list[str] | None) -> ModuleSpec | None:
    """Returns where a module is, without importing what is above it."""
    loaded = cast("ModuleSpec | None", getattr(sys.modules.get(name), "__spec__", None))
    if loaded is not None:
        return loaded
    try:
        return importlib.util.find_spec(name) if places is None else PathFinder.find_spec(name, places)
    except (ImportError, ValueError):
        return None


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Yields the full names that a module may import, wherever it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
                base = ".".join(filter(None, (above, base)))
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


@functools.cache
def _installed() -> tuple[str, ...]:
    """Returns the folders of the standard library and of installed packages."""
    import sysconfig  # only passes that are not Ranvier's need it, and it takes milliseconds

    paths = sysconfig.get_paths()
    return tuple(os.path.realpath(paths[key]) + os.sep for key in ("stdlib", "platstdlib", "purelib", "platlib"))


def _is_installed(path: str) -> bool:
    real = os.path.realpath(path)
    return real.startswith(_installed()) or f"{os.sep}site-packages{os.sep}" in real


def _state(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, -1
    return status.st_mtime_ns, status.st_size
