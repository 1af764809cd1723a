"""Packages that only some scripts need: imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def needed(module: str, extra: str) -> Any:
    """Returns a module of an optional package.

    Args:
        module: Its name.
        extra: The extra of this package that installs it.

    Raises:
        ImportError: If it is not installed, saying how to.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise ImportError(
            f"The package '{error.name}' is needed for this, and not installed: pip install 'ranvier[{extra}]'.",
            name=error.name,
        ) from error
