"""Files that users name, read as text: what is wrong with one is said with its name.

All text is UTF-8. The mark that some editors put in front of it (U+FEFF) is dropped.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast


def read_text(path: str | os.PathLike[str]) -> str:
    """Returns the text in a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no text, or in another encoding.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{os.fspath(path)} is no text file: byte {error.start} is not UTF-8. If it is a text, save it as UTF-8."
        ) from None


def read_object(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns the JSON object in a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no JSON object.
    """
    return object_in(read_text(path), os.fspath(path))


def object_in(text: str, name: str) -> dict[str, Any]:
    """Returns the JSON object that a text is.

    Args:
        text: The text.
        name: What it is, for messages.

    Raises:
        ValueError: It is something else.
    """
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError(f"{name} is no JSON object: it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{name} is no JSON object: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{name} is no JSON object: it begins with {type(found).__name__}")
    return cast("dict[str, Any]", found)


__all__ = ["object_in", "read_object", "read_text"]
