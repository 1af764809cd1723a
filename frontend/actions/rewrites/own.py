"""Rewrites that are not Ranvier's: `register_rewrite`, and the entry points of installed packages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast, overload

from ranvier.actions.actions import Action
from ranvier.actions.rewrites.names import NAMES
from ranvier.ir.offers import REWRITES, OfferError, load_offer, note_bringer, offers
from ranvier.passes.default_pipeline import DEFAULT, PipelineError
from ranvier.passes.own import registered_passes
from ranvier.passes.places import PLACES

Change: TypeAlias = Callable[[Sequence[Action]], list[Action]]
"""Takes and returns what happens in a step, in schedule order."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An optimisation that chooses other memory, or other numbers, than the graph could.

    Attributes:
        name: The name in pipelines.
        about: What it does, in a sentence.
        apply: Does it. What it decides, and why not otherwise, goes into the notes of the actions.
        leave_out: What is done where a pipeline does not name it.
    """

    name: str
    about: str
    apply: Change
    leave_out: Change = list


_registered: dict[str, Rewrite] = {}
_changes = [0]


@overload
def register_rewrite(name: str, apply: Change, *, replace: bool = False) -> Change: ...
@overload
def register_rewrite(name: str, *, replace: bool = False) -> Callable[[Change], Change]: ...
def register_rewrite(
    name: str, apply: Change | None = None, *, replace: bool = False
) -> Change | Callable[[Change], Change]:
    """Lets pipelines of networks begin with a rewrite of what objects ask for; a decorator of its function.

    @register_rewrite("merge-monitors")
    def merge_monitors(actions): ...

    The function gives the same for the same actions. It may look at all that they say, but not at the elements of
    arrays, which change between runs without it being asked again. Programs are kept under a key that has what
    came out, so an edited rewrite is another one at once.

    Args:
        name: The name in pipelines, which name it in front of all passes; "default" does not contain it.
        apply: Takes and returns the actions of a step, in schedule order. The first sentence of its docstring says
            what it does.
        replace: Whether it may take the place of another function that has the name. The same module may always
            register its function again.

    Raises:
        PipelineError: It is no function, or its name cannot be used or is taken.
    """
    if apply is None:

        def registered(given: Change) -> Change:
            return register_rewrite(name, given, replace=replace)

        return registered
    _check(name, apply)
    there = _registered.get(name)
    if not replace and there is not None and _full_name(there.apply) != _full_name(apply):
        raise PipelineError(
            f"there is a rewrite {name!r} already, {_full_name(there.apply)}: give {_full_name(apply)} another name, "
            "or register it with replace=True"
        )
    _registered[name] = Rewrite(name, _about(apply), apply)
    _changes[0] += 1
    note_bringer(apply)
    return apply


def unregister_rewrite(name: str) -> None:
    """Forgets a rewrite that was registered.

    Raises:
        KeyError: No such rewrite was registered.
    """
    del _registered[name]
    _changes[0] += 1


def registered_changes() -> int:
    """Returns a number that is another one whenever other names stand for rewrites."""
    return _changes[0]


def is_rewrite(name: str) -> bool:
    """Tells whether a name in a pipeline stands for a rewrite; those of packages are not loaded for it.

    Raises:
        PipelineError: It is the name of a pass as well.
    """
    if name in NAMES or name in _registered:
        if name in registered_passes():
            raise PipelineError(f"{name!r} is the name of a rewrite and of a pass: give one of them another name")
        return True
    return name not in PLACES and name not in registered_passes() and name in offers(REWRITES)


def own_rewrite_names() -> list[str]:
    """Returns the names of all rewrites that are not Ranvier's, of entry points also before they are loaded."""
    return [*_registered, *(name for name in offers(REWRITES) if name not in _registered and is_rewrite(name))]


def find_own_rewrite(name: str) -> Rewrite:
    """Returns a rewrite that was registered, or that a package offers.

    Raises:
        PipelineError: An entry point cannot be loaded, or is no function.
    """
    if name not in _registered:
        try:
            found, where = load_offer(REWRITES, name)
        except OfferError as error:
            raise PipelineError(str(error)) from error
        if not callable(found):
            raise PipelineError(f"{where} is no rewrite: a rewrite is a function from actions to actions")
        if name not in _registered:  # its module may have registered it
            register_rewrite(name, cast("Change", found))
    return _registered[name]


def applied(rewrite: Rewrite, actions: Sequence[Action]) -> list[Action]:
    """Returns actions after a rewrite.

    Raises:
        PipelineError: The rewrite raised an error, or returned something else than actions.
    """
    try:
        found: Any = rewrite.apply(actions)
    except PipelineError:
        raise
    except Exception as error:
        if rewrite.name in NAMES:
            raise
        raise PipelineError(f"the rewrite {rewrite.name!r} failed: {type(error).__name__}: {error}") from error
    if not isinstance(found, (list, tuple)):
        raise PipelineError(f"the rewrite {rewrite.name!r} returned {found!r}: it has to return the list of actions")
    items = cast("Sequence[object]", found)
    wrong = [item for item in items if not isinstance(item, Action)]
    if wrong:
        raise PipelineError(f"the rewrite {rewrite.name!r} returned a list with {wrong[0]!r}, which is no action")
    return cast("list[Action]", list(items))


def _check(name: object, apply: object) -> None:
    if not callable(apply):
        raise PipelineError(f"{apply!r} is no rewrite: a rewrite is a function from actions to actions")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        raise PipelineError(f"a rewrite needs a name such as 'merge-monitors', not {name!r}")
    if name == DEFAULT:
        raise PipelineError(f"a rewrite cannot have the name {DEFAULT!r}: in pipelines it stands for the default one")
    if name in NAMES or name in PLACES or name in registered_passes():
        what = "rewrite" if name in NAMES else "pass"
        raise PipelineError(f"{name!r} is the name of a {what} already: give {_full_name(apply)} another name")


def _about(apply: Change) -> str:
    """Returns the first sentence of a docstring."""
    return (inspect.getdoc(apply) or "").partition("\n\n")[0].replace("\n", " ")


def _full_name(apply: object) -> str:
    return f"{getattr(apply, '__module__', '')}.{getattr(apply, '__qualname__', repr(apply))}"


__all__ = [
    "Change",
    "Rewrite",
    "applied",
    "find_own_rewrite",
    "is_rewrite",
    "own_rewrite_names",
    "register_rewrite",
    "registered_changes",
    "unregister_rewrite",
]
