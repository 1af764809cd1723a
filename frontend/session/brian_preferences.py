"""Members that Brian's preferences have besides reading and setting values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranvier.session.preference_files import evaluate
from ranvier.session.preference_table import BrianPreference


class BrianMembers:
    """What scripts find in Brian's `prefs`, too."""

    _values: dict[str, Any]
    _known: dict[str, BrianPreference]
    _categories: dict[str, str]

    backup_prefs: Mapping[str, Any] = {}
    """The values that `_backup` has kept."""

    @property
    def prefs(self) -> dict[str, Any]:
        """The values by full name, as a dictionary of its own."""
        return dict(self._values)

    @property
    def pref_register(self) -> dict[str, tuple[dict[str, BrianPreference], str]]:
        """Category → its preferences by name, and what it is about."""
        found: dict[str, tuple[dict[str, BrianPreference], str]] = {
            c: ({}, docs) for c, docs in self._categories.items()
        }
        for full, preference in self._known.items():
            category, _, name = full.rpartition(".")
            found[category][0][name] = preference
        return found

    def eval_pref(self, value: str) -> Any:
        """Returns what the text of a value in a preference file means."""
        return evaluate(value)

    def check_all_validated(self) -> None:
        """Warns of values that files gave for preferences that do not exist."""
        raise NotImplementedError

    def do_validation(self) -> None:
        """Warns of values that preference files gave for preferences that do not exist; others are checked when set."""
        self.check_all_validated()

    def _backup(self) -> None:
        """Keeps all values for `_restore`."""
        vars(self)["backup_prefs"] = dict(self._values)

    def _restore(self) -> None:
        """Sets all preferences to the values that `_backup` has kept."""
        self._values.update(self.backup_prefs)
