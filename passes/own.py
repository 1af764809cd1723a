"""Passes that are not Ranvier's: `register_pass`, entry points, and files and modules that are loaded for their passes.

Nothing of xDSL is imported here: a run whose pipeline has only built-in passes needs none of it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar, cast, overload

from ranvier.ir.offers import PASSES, OfferError, has_brought, load_offer, offers
from ranvier.passes.default_pipeline import DEFAULT, PipelineError
from ranvier.passes.places import PLACES, is_ours

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

    from ranvier.passes.sources import Sources

Pass = TypeVar("Pass", bound="type[ModulePass]")


@dataclass(frozen=True, slots=True)
class OwnPass:
    """A pass that is not Ranvier's.

    Attributes:
        cls: Its class.
        sources: What it is made of, as it was when it was registered; None: not known.
    """

    cls: type[ModulePass]
    sources: Sources | None


_registered: dict[str, OwnPass] = {}


@overload
def register_pass(cls: Pass, *, replace: bool = False, cached: bool = True) -> Pass: ...
@overload
def register_pass(*, replace: bool = False, cached: bool = True) -> Callable[[Pass], Pass]: ...
def register_pass(
    cls: Pass | None = None, *, replace: bool = False, cached: bool = True
) -> Pass | Callable[[Pass], Pass]:
    """Lets pipelines use a pass by its name; a decorator of its class.

    @register_pass
    @dataclass(frozen=True)
    class CountMaps(ModulePass): ...

    Programs that the pass has changed are kept in the cache under a name that depends on its source: its module, and
    what that imports, but for installed packages. A pass without a file (typed at a prompt) or whose file has changed
    since is run anew each time.

    Args:
        cls: A `ModulePass` of xDSL, whose `name` is the name in pipelines.
        replace: Whether it may take the place of a pass that has the name already, also of a built-in one. The same
            module may always register its pass again.
        cached: Whether programs may be kept; False for a pass that depends on more than its source and its options,
            such as the contents of a file of data.

    Raises:
        PipelineError: It is no pass, or its name cannot be used or is taken.
    """
    if cls is None:
        return lambda given: register_pass(given, replace=replace, cached=cached)
    name = _checked_name(cls)
    if not replace:
        _check_free(name, cls)
    _registered[name] = OwnPass(cls, _sources_of(cls) if cached else None)
    return cls


def unregister_pass(name: str) -> None:
    """Forgets a pass that was registered; a built-in pass of the name is then itself again.

    Raises:
        KeyError: No such pass was registered.
    """
    del _registered[name]


def registered_passes() -> dict[str, OwnPass]:
    """Returns the passes that were registered, by name."""
    return dict(_registered)


def _sources_of(cls: type) -> Sources | None:
    from ranvier.passes.sources import sources_of  # a run whose passes are all built in needs none of it

    return sources_of(cls)


def _has_foreign_code(cls: type[ModulePass]) -> bool:
    """Tells whether a class, or what it does, is not Ranvier's or xDSL's, whatever name it stands under."""
    return not (is_ours(cls.__module__) and is_ours(getattr(cls.apply, "__module__", None) or ""))


def _checked_name(cls: object) -> str:
    from xdsl.passes import ModulePass  # whoever has such a class has loaded xDSL

    if not (isinstance(cls, type) and issubclass(cls, ModulePass)):
        raise PipelineError(f"{cls!r} is no pass: a pass is a class derived from xdsl.passes.ModulePass")
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        raise PipelineError(f"the pass {cls.__qualname__} needs an attribute `name` such as 'count-maps', not {name!r}")
    if name == DEFAULT:
        raise PipelineError(f"a pass cannot have the name {DEFAULT!r}: in pipelines it stands for the default one")
    return name


def _check_free(name: str, cls: type) -> None:
    if name in PLACES:
        raise PipelineError(
            f"{name!r} is the name of a built-in pass: give {cls.__qualname__} another, or register it with "
            "replace=True"
        )
    there = _registered.get(name)
    if there is not None and (there.cls.__module__, there.cls.__qualname__) != (cls.__module__, cls.__qualname__):
        raise PipelineError(
            f"there is a pass {name!r} already, {_full_name(there.cls)}: give {_full_name(cls)} another name, or "
            "register it with replace=True"
        )


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


# ---- finding


def find_own(name: str) -> OwnPass | None:
    """Returns the pass that a name stands for if it is not Ranvier's: registered, an entry point, or put in its place.

    Raises:
        PipelineError: An entry point cannot be loaded, or is no such pass.
    """
    found = _registered.get(name)
    if found is not None:
        return found
    if name in PLACES:
        return _put_in_place(*PLACES[name])
    return _load_entry_point(name) if name in offers(PASSES) else None


def own_pass_of(cls: type[ModulePass]) -> OwnPass | None:
    """Returns a pass that was given as such and not by its name; None if it is Ranvier's or xDSL's."""
    return OwnPass(cls, _sources_of(cls)) if _has_foreign_code(cls) else None


def own_names() -> list[str]:
    """Returns the names of all passes that are not Ranvier's, of entry points also before they are loaded."""
    return [*_registered, *(name for name in offers(PASSES) if name not in PLACES and name not in _registered)]


def _put_in_place(module: str, cls_name: str) -> OwnPass | None:
    """Returns what a script has put in the place of the class of a built-in pass, or of its method `apply`."""
    loaded = sys.modules.get(module)
    cls = None if loaded is None else cast("type[ModulePass] | None", vars(loaded).get(cls_name))
    if cls is None or _seen.get(cls) is cls.apply:
        return None
    if not _has_foreign_code(cls):
        _seen[cls] = cls.apply
        return None
    return OwnPass(cls, _sources_of(cls))


_seen: dict[type, object] = {}
"""Our classes and their methods `apply` that were seen to be ours: this is asked before each run."""


def _load_entry_point(name: str) -> OwnPass:
    try:
        found, where = load_offer(PASSES, name)
    except OfferError as error:
        raise PipelineError(str(error)) from error
    cls = cast("type[ModulePass]", found)
    try:
        own_name = _checked_name(cls)
    except PipelineError as error:
        raise PipelineError(f"{where}: {error}") from error
    if own_name != name:
        raise PipelineError(f"{where} is a pass with the name {cls.name!r}: both names have to be the same")
    if name not in _registered:  # its module may have registered it
        _registered[name] = OwnPass(cls, _sources_of(cls))
    return _registered[name]


# ---- the key of the cache


def digest_of(own: Iterable[OwnPass]) -> str | None:
    """Returns what the key of a program has to hold of passes; None if it cannot be kept, "" if there are none."""
    digest, some = hashlib.sha256(), False
    for one in own:
        if one.sources is None or not one.sources.unchanged():
            return None
        some = True
        digest.update(f"{_full_name(one.cls)} {one.sources.digest}\0".encode())
    return digest.hexdigest() if some else ""


# ---- files and modules


_loaded: dict[str, tuple[object, ModuleType]] = {}


def load_passes(where: str) -> list[str]:
    """Imports a module, or runs a Python file, for its passes; returns the names of the passes that it has.

    Those that it does not register itself are registered: all passes that are defined there. A file that was loaded
    and has not changed is not run again. Its folder can be imported from. It may have a dialect, rewrites, or a back
    end in place of passes.

    Args:
        where: The path of a file (it ends with ".py") or the name of a module.

    Raises:
        PipelineError: There is no such file or module, it fails, or it has no passes.
    """
    module = _run_file(where) if where.endswith(".py") else _import(where)
    found = list(_passes_in(module))
    for cls in found:
        there = _registered.get(getattr(cls, "name", ""))
        if there is None or there.cls is not cls:
            register_pass(cls)
    names = [name for name, own in _registered.items() if own.cls in found or own.cls.__module__ == module.__name__]
    if not names and not _has_dialect(module) and not has_brought(module.__name__):
        raise PipelineError(f"{where} has no passes: a pass is a class derived from xdsl.passes.ModulePass")
    return names


def _passes_in(module: ModuleType) -> Iterator[type[ModulePass]]:
    """Yields the passes that a module defines, or, if it is a package, also what it imports from inside."""
    from xdsl.passes import ModulePass  # passes are about to be loaded, which need it

    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, ModulePass) and isinstance(getattr(value, "name", None), str):
            inside = value.__module__ == module.__name__ or value.__module__.startswith(f"{module.__name__}.")
            if inside and not is_ours(value.__module__):
                yield value


def _has_dialect(module: ModuleType) -> bool:
    from xdsl.ir import Dialect  # see above

    return any(isinstance(value, Dialect) for value in vars(module).values())


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        hint = "; the path of a file ends with .py" if isinstance(error, ModuleNotFoundError) else ""
        raise PipelineError(f"cannot load passes from {name}: {type(error).__name__}: {error}{hint}") from error


def _run_file(where: str) -> ModuleType:
    path = os.path.realpath(os.path.expanduser(where))
    try:
        status = os.stat(path)
    except OSError as error:
        raise PipelineError(f"cannot load passes from {where}: {error.strerror}") from error
    state = (status.st_mtime_ns, status.st_size)
    if path in _loaded and _loaded[path][0] == state:
        return _loaded[path][1]
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.append(folder)
    # the name of the file, so that what it registers and what it imports of itself is one module
    name = os.path.splitext(os.path.basename(path))[0]
    there = sys.modules.get(name)
    if there is not None and os.path.realpath(getattr(there, "__file__", None) or "") != path:
        name = f"{name}_{hashlib.sha256(path.encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception):
            raise
        raise PipelineError(f"cannot load passes from {where}: {type(error).__name__}: {error}") from error
    _loaded[path] = (state, module)
    return module
