"""Checks of what scripts give: nobody checks their types, so a value need not be what the annotation says."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_text(value: object) -> TypeGuard[str]:
    """Tells whether a value is text."""
    return isinstance(value, str)


class CodeText:
    """A text of the model language as an object: `Expression`, `Statements`.

    Attributes:
        code: The text.
    """

    code: str


def text_of(value: Any) -> Any:
    """Returns the text of an `Expression` or of `Statements`; any other value as it is."""
    return value.code if isinstance(value, CodeText) else value


def is_a(value: object, kind: type | tuple[type, ...]) -> bool:
    """Tells whether a value is of a class, or of one of several."""
    return isinstance(value, kind)
