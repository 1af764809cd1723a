"""What was made of the texts of an object in the last run, for as long as all that it was made of is the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ranvier.actions.actions import Indexed
from ranvier.actions.sameness import is_same
from ranvier.objects.variables.lookups import Lookups
from ranvier.objects.variables.scope import Scope

T = TypeVar("T")


@dataclass(frozen=True)
class _Made(Generic[T]):
    """What was made.

    Attributes:
        made_of: What it was made of besides names.
        lookups: What its names meant, in each scope that was used.
        result: What was made.
    """

    made_of: tuple[object, ...]
    lookups: tuple[Lookups, ...]
    result: T


class Kept(Generic[T]):
    """The result of lowering or checking texts, made anew only if something has changed."""

    def __init__(self) -> None:
        self._made: _Made[T] | None = None

    def forget(self) -> None:
        """Gives up what was made: it may hold variables of groups that are gone."""
        self._made = None

    def result(
        self,
        made_of: tuple[object, ...],
        run_namespace: Mapping[str, object],
        new_scope: Callable[[], Scope],
        make: Callable[[Callable[[], Scope]], T],
    ) -> T:
        """Returns the result of the last run, if all it was made of is the same; a new one otherwise.

        Results in which functions of the script take part are not kept.

        Args:
            made_of: All that the result depends on besides names, compared as the fields of actions are.
            run_namespace: The names of the script.
            new_scope: Returns a new scope for texts of the object.
            make: Makes the result; it takes its scopes from the function that it is given.
        """
        known = self._made
        if (
            known is not None
            and is_same(known.made_of, made_of)
            and all(lookups.hold(run_namespace) for lookups in known.lookups)
        ):
            return known.result
        self._made = None
        scopes: list[Scope] = []

        def noted() -> Scope:
            scopes.append(new_scope())
            return scopes[-1]

        result = make(noted)
        if all(map(_may_be_kept, scopes)):
            self._made = _Made(made_of, tuple(scope.lookups for scope in scopes), result)
        return result


def _may_be_kept(scope: Scope) -> bool:
    """Tells whether all that a scope bound is seen to change: not what functions do, nor indices made of others."""
    return not scope.functions and all(
        binding.index is None or scope.lookups.has_index(binding.index)
        for binding in scope.bindings.values()
        if isinstance(binding, Indexed)
    )
