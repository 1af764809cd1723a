"""Files with the inputs of a program, for commands: JSON, or arrays with names, such as those of a dump."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranvier.ir.text_files import read_object
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
        return read_object(path)
    except ValueError as error:
        raise InputError(str(error)) from error


__all__ = ["read_values"]
