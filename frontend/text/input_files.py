"""Files with the inputs of a program, for commands: JSON, or arrays with names, such as those of a dump."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ranvier.pipeline.dumps import read_inputs
from ranvier.text.run import InputError


def read_values(path: str) -> Mapping[str, Any]:
    """Returns the values in a file by their labels: arrays (".npz"), or what JSON says.

    Raises:
        InputError: It is no such file.
        OSError: It cannot be read.
    """
    if path.endswith(".npz"):
        try:
            return read_inputs(path)
        except ValueError as error:
            raise InputError(str(error)) from error
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is no JSON object: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is no JSON object: it begins with {type(found).__name__}")
    return cast("dict[str, Any]", found)


__all__ = ["read_values"]
