"""Packages that only some scripts need: imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

PACKAGES = {"mpl_toolkits": "matplotlib"}
"""Packages with another name than their module."""


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
        name = module.partition(".")[0]
        if error.name != name:
            raise
        package = PACKAGES.get(name, name)
        raise ImportError(
            f"This needs the package {package!r}, which is not installed: pip install {package} "
            f"(Ranvier's extra {extra!r}).",
            name=name,
        ) from error
