"""Preferences: `prefs["core.default_float_dtype"]` or `prefs.core.default_float_dtype`."""

from __future__ import annotations

import contextlib
import keyword
import logging
import os
import re
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, NoReturn, TextIO

from ranvier.public import public_in
from ranvier.session.brian_preferences import BrianMembers
from ranvier.session.preference_files import format_file, parse_file, parse_lines
from ranvier.session.preference_table import (
    NAMES_OF_CODE,
    PREFERENCES,
    BrianPreference,
    DefaultValidator,
    PreferenceError,
)

__all__ = [
    "BrianGlobalPreferences",
    "BrianGlobalPreferencesView",
    "BrianPreference",
    "DefaultValidator",
    "PreferenceError",
    "brian_prefs",
    "prefs",
]

_NO_FILE = (FileNotFoundError, NotADirectoryError, PermissionError)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


@public_in("ranvier.core.preferences")
class BrianGlobalPreferences(BrianMembers, MutableMapping[str, Any]):
    """All preferences, by full name ("core.network.default_schedule") or as attributes.

    Reading an unknown name is a `KeyError` (as attribute: `AttributeError`), setting one a `PreferenceError`.
    """

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._unvalidated: dict[str, Any] = {}
        self._known: dict[str, BrianPreference] = {}
        self._categories: dict[str, str] = {}
        self._explicit: set[str] = set()

    # ------------------------------------------------------------------ mapping

    def __getitem__(self, name: str) -> Any:
        """Returns the value of a preference, or a view of a category."""
        if name in self._values:
            return self._values[name]
        if self._is_category(name):
            return BrianGlobalPreferencesView(name, self)
        raise KeyError(name)

    def __setitem__(self, name: str, value: Any) -> None:
        """Sets a preference.

        Raises:
            PreferenceError: If there is no such preference, or it cannot have this value.
        """
        if self._is_category(name):
            raise PreferenceError(f"'{name}' is a category of preferences; set one of its preferences instead.")
        preference = self._known.get(name)
        if preference is None:
            raise PreferenceError(self._unknown(name))
        if not preference.validator(value):
            raise PreferenceError(f"Value '{value}' for preference '{name}' is invalid. {preference.docs}")
        self._values[name] = value
        self._explicit.add(name)

    def __delitem__(self, name: str) -> NoReturn:
        """Preferences cannot be deleted."""
        raise PreferenceError("Preferences cannot be deleted.")

    def __iter__(self) -> Iterator[str]:
        """Iterates over the full names, sorted."""
        return iter(sorted(self._values))

    def __len__(self) -> int:
        """Returns the number of preferences."""
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        """Returns whether there is a preference (not a category) of this full name."""
        return name in self._values

    # ------------------------------------------------------------------ attributes

    def __getattr__(self, name: str) -> Any:
        """Returns a category."""
        if not name.startswith("_") and self._is_category(name):
            return BrianGlobalPreferencesView(name, self)
        raise AttributeError(f"There are no preferences '{name}'.{self._similar(name)}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuses anything but private attributes: preferences live in categories."""
        if not name.startswith("_"):
            self[name] = value
            return
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> NoReturn:
        """Categories cannot be deleted."""
        raise PreferenceError("A category of preferences cannot be deleted.")

    def __dir__(self) -> Iterable[str]:
        """Returns the methods and the categories."""
        return [*super().__dir__(), *self.toplevel_categories]

    def __repr__(self) -> str:
        """Names the categories."""
        names = ", ".join(f'"{name}"' for name in self.toplevel_categories)
        return f"<{type(self).__name__} with top-level categories: {names}>"

    @property
    def toplevel_categories(self) -> list[str]:
        """The names of the outermost categories."""
        return sorted({name.partition(".")[0] for name in self._categories})

    @property
    def prefs_unvalidated(self) -> dict[str, Any]:
        """Values from preference files for categories that nobody has registered yet."""
        return dict(self._unvalidated)

    # ------------------------------------------------------------------ registering

    def register_preferences(self, prefbasename: str, prefbasedoc: str, **prefs: BrianPreference) -> None:
        """Adds a category of preferences.

        Args:
            prefbasename: Its name, e.g. "mypackage" or "mypackage.plots".
            prefbasedoc: What it is about.
            **prefs: Name → the preference.

        Raises:
            PreferenceError: If the category exists, a name is not allowed, or a value (the default, or one that a
                preference file gave) is not valid.
        """
        self._check_new_category(prefbasename)
        values: dict[str, Any] = {}
        for name, preference in prefs.items():
            full = f"{prefbasename}.{name}"
            self._check_new_name(full, name, preference)
            value = self._unvalidated.get(full, preference.default)
            for candidate in (preference.default, value):
                if not preference.validator(candidate):
                    raise PreferenceError(f"Value '{candidate}' for preference '{full}' is invalid.")
            values[full] = _copied(value)
        self._categories[prefbasename] = prefbasedoc
        for name, preference in prefs.items():
            self._known[f"{prefbasename}.{name}"] = preference
        self._values.update(values)
        for full in values:
            self._unvalidated.pop(full, None)

    def _check_new_category(self, category: str) -> None:
        if category in self._categories:
            raise PreferenceError(f"Base name {category} already registered.")
        for part in category.split("."):
            self._check_word(part)
        parts = category.split(".")
        for end in range(2, len(parts) + 1):
            if ".".join(parts[:end]) in self._known:
                parent = ".".join(parts[: end - 1])
                raise PreferenceError(
                    f"Cannot register category '{category}', parent category '{parent}' already has a preference "
                    f"named '{parts[end - 1]}'."
                )

    def _check_new_name(self, full: str, name: str, preference: BrianPreference) -> None:
        self._check_word(name)
        if self._is_category(full):
            raise PreferenceError(
                f"Cannot register '{full}' as a preference, it is already registered as a preference category."
            )
        if not isinstance(preference, BrianPreference):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"'{full}' must be a BrianPreference, not {preference!r}.")

    def _check_word(self, word: str) -> None:
        if not _NAME.match(word) or keyword.iskeyword(word):
            raise PreferenceError(
                f"Illegal preference name '{word}': A preference name can only start with a letter and only contain "
                "letters, digits or underscore."
            )
        if hasattr(type(self), word) or hasattr(BrianGlobalPreferencesView, word):
            raise PreferenceError(f"Illegal preference name '{word}': This is also the name of a method.")

    def check_all_validated(self) -> None:
        """Warns of values that preference files gave for preferences that do not exist."""
        if self._unvalidated:
            # Python's logging: the messages of this package (`ranvier.session.logger`) depend on preferences
            logging.getLogger("ranvier.core.preferences").warning(
                "The following preferences values have been set but are not registered preferences:\n"
                f"{', '.join(self._unvalidated)}\n"
                "This is usually because of a spelling mistake or missing library import.",
                extra={"once": True},
            )

    # ------------------------------------------------------------------ files

    @property
    def as_file(self) -> str:
        """All values as the text of a preference file, with comments."""
        return format_file(self._categories, self._known, self._values)

    @property
    def defaults_as_file(self) -> str:
        """All defaults as the text of a preference file, with comments."""
        return format_file(self._categories, self._known, {name: p.default for name, p in self._known.items()})

    def read_preference_file(self, file: str | os.PathLike[str] | TextIO) -> None:
        """Sets preferences from a file.

        Args:
            file: Its path, or an open file. Lines are `core.default_float_dtype = float32`, or `[core]` followed by
                `default_float_dtype = float32`; `#` begins a comment. Values are Python values, numpy's types and
                quantities. Values of categories that do not exist are kept for `register_preferences`.

        Raises:
            PreferenceError: If a line cannot be read, or names an unknown preference, or gives a value it cannot
                have. Then nothing is changed.
        """
        if isinstance(file, str | os.PathLike):
            name = os.fspath(file)
            self._take(parse_file(name), name)
        else:
            name = str(getattr(file, "name", "<file>"))
            self._take(parse_lines(file.read(), name), name)

    def _take(self, found: list[tuple[int, str, Any]], name: str) -> None:
        """Sets preferences that were read from a file: all of them, or none if one cannot be set."""
        for number, key, value in found:
            preference = self._known.get(key)
            place = f"{name}, line {number}"
            if preference is None and self._is_category(key.rpartition(".")[0]):
                raise PreferenceError(f"{place}: {self._unknown(key)}")
            if preference is not None and not preference.validator(value):
                raise PreferenceError(f"{place}: Value '{value}' for preference '{key}' is invalid. {preference.docs}")
        for _, key, value in found:
            (self._values if key in self._known else self._unvalidated)[key] = value
            self._explicit.add(key)

    def load_preferences(self) -> None:
        """Reads the user's file `~/.brian/user_preferences`, then `brian_preferences` in the current directory.

        The latter cannot name code to load: whoever starts a script in a folder has not asked for code that lies there.
        """
        with contextlib.suppress(RuntimeError, *_NO_FILE):
            self.read_preference_file(Path.home() / ".brian" / "user_preferences")
        with contextlib.suppress(*_NO_FILE):
            here = "brian_preferences"
            found = parse_file(here)
            self._take([line for line in found if line[1] not in NAMES_OF_CODE], here)
            for number, key, _ in found:
                if key in NAMES_OF_CODE:
                    logging.getLogger("ranvier.core.preferences").warning(
                        "%s, line %d: %s names code to run and does not count in a file of the current directory. "
                        "Set it in the script, in ~/.brian/user_preferences, or by the environment variable %s.",
                        here,
                        number,
                        key,
                        NAMES_OF_CODE[key],
                    )

    def reset_to_defaults(self) -> None:
        """Gives all preferences their default values; preference files are not read again."""
        self._values.update({name: _copied(preference.default) for name, preference in self._known.items()})
        self._explicit.clear()

    def is_explicit(self, name: str) -> bool:
        """Tells whether a script or a file has set a preference since it had its default."""
        return name in self._explicit

    # ------------------------------------------------------------------ documentation

    def get_documentation(self, basename: str | None = None, link_targets: bool = True) -> str:
        """Returns what is known about the preferences, as reStructuredText.

        Args:
            basename: A category or one preference; None: everything.
            link_targets: Whether to write a label before each preference.

        Raises:
            ValueError: If there is nothing of this name.
        """
        from ranvier.session.preference_documentation import documentation  # few scripts ask: not at start-up

        return documentation(self._categories, self._known, basename, link_targets)

    # ------------------------------------------------------------------ names

    def _is_category(self, name: str) -> bool:
        return any(c == name or c.startswith(f"{name}.") for c in self._categories)

    def _unknown(self, name: str) -> str:
        category = name.rpartition(".")[0]
        if category and not self._is_category(category):
            return f"Preference category {category} is unregistered. Spelling error?{self._similar(name)}"
        return f"Preference '{name}' is unregistered. Spelling error?{self._similar(name)}"

    def _similar(self, name: str) -> str:
        import difflib

        tail = name.rpartition(".")[2]
        exact = [known for known in self._known if known.rpartition(".")[2] == tail]
        close = exact or difflib.get_close_matches(name, [*self._known, *self._categories], n=3)
        return f" Did you mean {' or '.join(close)}?" if close else ""


@public_in("ranvier.core.preferences")
class BrianGlobalPreferencesView(MutableMapping[str, Any]):
    """The preferences of one category, by name or as attributes.

    Args:
        basename: The category.
        all_prefs: All preferences.
    """

    _basename: str
    _all: BrianGlobalPreferences

    def __init__(self, basename: str, all_prefs: BrianGlobalPreferences) -> None:
        object.__setattr__(self, "_basename", basename)
        object.__setattr__(self, "_all", all_prefs)

    def __getitem__(self, name: str) -> Any:
        """Returns a value, or a category within this one."""
        return self._all[f"{self._basename}.{name}"]

    def __setitem__(self, name: str, value: Any) -> None:
        """Sets a preference; `PreferenceError` as for the whole."""
        self._all[f"{self._basename}.{name}"] = value

    def __delitem__(self, name: str) -> NoReturn:
        """Preferences cannot be deleted."""
        raise PreferenceError("Preferences cannot be deleted.")

    def __iter__(self) -> Iterator[str]:
        """Iterates over the names within the category, those of its subcategories included."""
        prefix = f"{self._basename}."
        return (name.removeprefix(prefix) for name in self._all if name.startswith(prefix))

    def __len__(self) -> int:
        """Returns the number of preferences in the category and its subcategories."""
        return sum(1 for _ in self)

    def __getattr__(self, name: str) -> Any:
        """Returns a value, or a category within this one."""
        if not name.startswith("_"):
            try:
                return self[name]
            except KeyError:
                pass
        similar = self._all._similar(f"{self._basename}.{name}")  # pyright: ignore[reportPrivateUsage]
        raise AttributeError(f"There is no preference '{self._basename}.{name}'.{similar}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets a preference."""
        self[name] = value

    def __delattr__(self, name: str) -> NoReturn:
        """Preferences cannot be deleted."""
        raise PreferenceError("Preferences cannot be deleted.")

    def __dir__(self) -> Iterable[str]:
        """Returns the methods, the preferences and the categories."""
        return [*super().__dir__(), *{name.partition(".")[0] for name in self}]

    def __repr__(self) -> str:
        """Names the category."""
        return f'<{type(self).__name__} for preference category "{self._basename}">'


class _Renamed:
    """The name that Brian's preferences had long ago."""

    def __repr__(self) -> str:
        return "<the former name of 'prefs'>"

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError("The global preferences object has been renamed from 'brian_prefs' to 'prefs'")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        self.__getattr__(name)

    def __getitem__(self, name: str) -> NoReturn:
        self.__getattr__(name)

    def __setitem__(self, name: str, value: object) -> NoReturn:
        self.__getattr__(name)


def _copied(value: Any) -> Any:
    """Returns a value that can be changed in place without changing the default."""
    if isinstance(value, list):
        return [*value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {**value}  # pyright: ignore[reportUnknownVariableType]
    return value


brian_prefs = _Renamed()

prefs = BrianGlobalPreferences()
for _category, (_docs, _preferences) in PREFERENCES.items():
    prefs.register_preferences(_category, _docs, **_preferences)
prefs.load_preferences()
