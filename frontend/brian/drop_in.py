"""Drop-in use: `import brian2` gives Ranvier, for programs that stay as they are.

`brian2.X` and `ranvier.X` are the same module, so that classes, preferences and clocks are the same under both names.
Only the top module is one of its own: its version is that of the language, which programs compare.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ranvier.brian.matplotlib_modules import give_matplotlib_modules
from ranvier.brian.public_names import AliasModule

BRIAN_VERSION = "2.10.1"
"""`brian2.__version__`: the version of Brian whose language Ranvier speaks."""

SCRIPT = "RANVIER_SCRIPT"
"""The environment variable that tells worker processes which script runs."""

EXTENSIONS: Mapping[str, str] = {
    "brian2genn": "genn",
    "brian2cuda": "cuda_standalone",
    "brian2cuda_standalone": "cuda_standalone",
}
"""Packages that extend Brian's code generator, and the device that scripts choose with them."""

OTHERWISE = frozenset({"codegen"})
"""Packages that mean something else here: `ranvier.codegen` is a part of this compiler."""


def as_brian2() -> None:
    """Makes `import brian2` give Ranvier in this process; does nothing if it does so already.

    Raises:
        ImportError: If another `brian2` has been imported.
    """
    if isinstance(sys.modules.get("brian2"), Brian2):
        return
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] == "brian2")
    if loaded:
        place = getattr(sys.modules[loaded[0]], "__file__", None)
        raise ImportError(
            f"Ranvier cannot stand for brian2: '{loaded[0]}'{f' ({place})' if place else ''} has been imported. "
            "Call ranvier.as_brian2() before anything imports brian2, or start the script with "
            "'python -m ranvier script.py'.",
            name="brian2",
        )
    sys.modules["brian2"] = Brian2()
    sys.meta_path.insert(0, _Finder())
    give_matplotlib_modules()


class Brian2(ModuleType):
    """The module `brian2` of drop-in use: what it does not have itself is Ranvier's."""

    def __init__(self) -> None:
        super().__init__("brian2", "Ranvier under the name brian2: see `ranvier.as_brian2`.")
        self.__path__ = []
        self.__spec__ = ModuleSpec("brian2", None, is_package=True)
        self.__version__ = BRIAN_VERSION
        self.__version_tuple__ = tuple(int(part) for part in BRIAN_VERSION.split("."))

    def __getattr__(self, name: str) -> Any:
        if name in OTHERWISE:
            return import_module(f"brian2.{name}")
        try:
            return getattr(import_module("ranvier"), name)
        except AttributeError:
            raise AttributeError(f"module 'brian2' has no attribute {name!r}", name=name, obj=self) from None

    def __dir__(self) -> list[str]:
        return dir(import_module("ranvier"))

    def __reduce__(self) -> tuple[Any, ...]:  # a worker process gets functions of the script with their modules
        return _brian2, ()


def _brian2() -> ModuleType:
    as_brian2()
    return sys.modules["brian2"]


class _Finder:
    """Finds `brian2.X` in Ranvier, and says what to do about packages that extend Brian's code generator."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, below = fullname.partition(".")
        if top in EXTENSIONS:
            raise ImportError(
                f"'{top}' extends the code generator of Brian itself and cannot be used with Ranvier, which compiles "
                f"models in its own way. Leave the import out: set_device('{EXTENSIONS[top]}') is accepted, and the "
                "model runs compiled for this machine.",
                name=fullname,
            )
        if top == "brian2" and below in OTHERWISE:
            return ModuleSpec(fullname, _Alias(below), is_package=True)
        if top != "brian2" or not _exists(f"ranvier.{below}"):
            return None
        return ModuleSpec(fullname, _Loader(f"ranvier.{below}"))


def _exists(name: str) -> bool:
    return name in sys.modules or find_spec(name) is not None


class _Loader(Loader):
    """Puts a module of Ranvier in the place of a module of Brian."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> None:
        """Leaves it to Python to make a module, which is then replaced."""

    def exec_module(self, module: ModuleType) -> None:
        """Puts ours into `sys.modules`, from where Python takes it."""
        sys.modules[module.__name__] = import_module(self._name)


class _Alias(Loader):
    """Makes a package of Brian that is not the one of the same name here."""

    def __init__(self, path: str) -> None:
        self._path = path

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Returns the module."""
        from ranvier.inner import modules  # only those who ask for it pay for the table

        return AliasModule(self._path, modules.CODEGEN, package="brian2")

    def exec_module(self, module: ModuleType) -> None:
        """Does nothing: the names of the module are looked up when they are used."""
