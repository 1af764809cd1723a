"""Preferences of the user."""

from collections.abc import Iterator
from typing import Any

import numpy as np


class PreferenceError(Exception):
    """There is no such preference, or the value is not possible."""


def _float_type(value: Any) -> bool:
    return value in (np.float32, np.float64)


DEFAULTS: dict[str, tuple[Any, Any]] = {
    "codegen.target": ("auto", None),
    "core.default_float_dtype": (np.float64, _float_type),
    "core.default_integer_dtype": (np.int32, lambda value: value in (np.int32, np.int64)),
    "core.network.default_schedule": (["start", "groups", "thresholds", "synapses", "resets", "end"], None),
    "legacy.refractory_timing": (False, lambda value: isinstance(value, bool)),
}
"""Name → default value, and a function that tells whether a value is possible (None: all are)."""


class Preferences:
    """The preferences, as `prefs["a.b.c"]` and `prefs.a.b.c`."""

    def __init__(self, values: dict[str, Any] | None = None, prefix: str = "") -> None:
        object.__setattr__(self, "_values", {} if values is None else values)
        object.__setattr__(self, "_prefix", prefix)

    def __getitem__(self, name: str) -> Any:
        full = self._prefix + name
        if full in DEFAULTS:
            return self._values.get(full, DEFAULTS[full][0])
        if any(known.startswith(full + ".") for known in DEFAULTS):
            return Preferences(self._values, full + ".")
        raise KeyError(full)

    def __setitem__(self, name: str, value: Any) -> None:
        full = self._prefix + name
        if full not in DEFAULTS:
            raise PreferenceError(f"Preference {full} is unknown.")
        possible = DEFAULTS[full][1]
        if possible is not None and not possible(value):
            raise PreferenceError(f"Value '{value}' for preference '{full}' is invalid.")
        self._values[full] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(f"There is no preference {error.args[0]}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(DEFAULTS)

    def __contains__(self, name: object) -> bool:
        return name in DEFAULTS

    def __len__(self) -> int:
        return len(DEFAULTS)


prefs = Preferences()
