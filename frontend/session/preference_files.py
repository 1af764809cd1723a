"""Preference files: read without running what they contain, and written."""

from __future__ import annotations

import ast
import operator
import textwrap
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from ranvier.ir.text_files import read_text
from ranvier.session.preference_table import BrianPreference, PreferenceError

_RULE = "#" + "-" * 79


LARGEST_POWER = 1024
"""The largest exponent in a preference file: arithmetic on whole numbers has no limit of its own."""


def _divide(left: Any, right: Any) -> Any:
    return left / right


def _power(left: Any, right: Any) -> Any:
    if abs(right) > LARGEST_POWER:
        raise ValueError(f"an exponent in a preference file is at most {LARGEST_POWER}")
    return left**right


_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
"""The arithmetic that values may contain, e.g. `0.1*ms`."""


def _operand(node: ast.expr, text: str) -> Any:
    """Returns the value of a number or a quantity that is part of an expression."""
    value = _value(node, text)
    if isinstance(value, str | bytes | list | tuple | set | dict) or value is None:
        raise ValueError(f"'{ast.get_source_segment(text, node)}' is no number")
    if isinstance(value, int) and value.bit_length() > LARGEST_POWER:
        raise ValueError("a number in a preference file is too large")
    return value


def parse_file(path: str) -> list[tuple[int, str, Any]]:
    """Returns what `parse_lines` finds in a file.

    Raises:
        OSError: If it cannot be read.
        PreferenceError: If it is no text, or a line cannot be read.
    """
    try:
        text = read_text(path)
    except ValueError as error:
        raise PreferenceError(str(error)) from None
    return parse_lines(text, path)


def parse_lines(text: str, file: str) -> list[tuple[int, str, Any]]:
    """Returns (line number, full name, value) of each preference in the text of a file.

    Raises:
        PreferenceError: If a line is not a section, a comment or an assignment of a value.
    """
    found: list[tuple[int, str, Any]] = []
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            name, closing, rest = line[1:].partition("]")
            if not closing or rest.split("#")[0].strip():
                raise _unreadable(file, number, line, "a section is written [core.network]")
            section = name.strip()
            continue
        key, equals, value = line.partition("=")
        if not equals or not all(part.isidentifier() for part in key.strip().split(".")):
            raise _unreadable(file, number, line, "a preference is written  name = value")
        full = f"{section}.{key.strip()}" if section else key.strip()
        found.append((number, full, _evaluate_line(value.strip(), file, number, line)))
    return found


def _evaluate_line(value: str, file: str, number: int, line: str) -> Any:
    try:
        return evaluate(value)
    except Exception as error:
        raise _unreadable(file, number, line, str(error)) from error


def _unreadable(file: str, number: int, line: str, why: str) -> PreferenceError:
    return PreferenceError(f"Parsing error in preference file {file}, line {number}: {line}\n  ({why})")


def evaluate(text: str) -> Any:
    """Returns the value that is written: Python values, numpy's types (`float32`), quantities (`0.1*ms`).

    Raises:
        ValueError: If it is something else.
        SyntaxError: If it is not Python.
    """
    return _value(ast.parse(text, mode="eval").body, text)


def _value(node: ast.expr, text: str) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [_value(item, text) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_value(item, text) for item in items)
        case ast.Set(elts=items):
            return {_value(item, text) for item in items}
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_value(key, text): _value(item, text) for key, item in pairs if key is not None}
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_operand(operand, text))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_operand(left, text), _operand(right, text))
        case ast.Name(id=name):
            return _named(name)
        case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name):
            return _named(name)
        case _:
            raise ValueError(f"'{ast.get_source_segment(text, node)}' is not a plain value")


def _named(name: str) -> Any:
    kind: Any = getattr(np, name, None)
    if isinstance(kind, type) and issubclass(kind, np.generic):
        return cast("type[Any]", kind)
    if name in ("int", "float", "bool"):
        return {"int": int, "float": float, "bool": bool}[name]
    from ranvier.units import allunits  # most files name no unit

    unit = getattr(allunits, name, None)
    if unit is None or name.startswith("_"):
        raise ValueError(f"'{name}' is not the name of a number type or a unit; is it a text without quotes?")
    return unit


def format_file(categories: Mapping[str, str], known: Mapping[str, BrianPreference], values: Mapping[str, Any]) -> str:
    """Returns the text of a file that sets all `values`, with comments; `parse_lines` reads it back."""
    text = ""
    for category in sorted(categories):
        text += f"{_RULE}\n{_comment(categories[category])}{_RULE}\n\n[{category}]\n\n"
        for name in sorted(known):
            base, _, short = name.rpartition(".")
            if base == category:
                text += f"{_comment(known[name].docs)}\n{short} = {known[name].representor(values[name])}\n\n"
    return text


def _comment(docs: str) -> str:
    lines = textwrap.dedent(docs).strip().splitlines()
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)
