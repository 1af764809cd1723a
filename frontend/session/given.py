"""Checks of what scripts give: nobody checks their types, so a value need not be what the annotation says."""

from __future__ import annotations

from typing import TypeGuard


def is_text(value: object) -> TypeGuard[str]:
    """Tells whether a value is text."""
    return isinstance(value, str)


def is_a(value: object, kind: type | tuple[type, ...]) -> bool:
    """Tells whether a value is of a class, or of one of several."""
    return isinstance(value, kind)
