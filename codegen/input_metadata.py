"""The inputs of a program (`ranvier.ir.inputs`) as metadata in the text of LLVM IR, so that the text can be run."""

from __future__ import annotations

import json
import re

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.target import host
from ranvier.ir.inputs import TABLE, InputTable, from_plain, to_plain

_NAMED = re.compile(rf"^!{re.escape(TABLE)} = !\{{!(\d+)\}}$", re.MULTILINE)

_ESCAPED = re.compile(r"\\(\\|[0-9A-Fa-f]{2})")
"""A character of a string of LLVM IR: two hexadecimal digits, or a backslash, as LLVM itself writes it."""


def metadata(table: InputTable, number: int) -> list[str]:
    """Returns the lines that say a table, with a number for metadata that nothing else has."""
    text = json.dumps(to_plain(table), separators=(",", ":")).replace("\\", r"\5C").replace('"', r"\22")
    return [f"!{TABLE} = !{{!{number}}}", f'!{number} = !{{!"{text}"}}']


def has_table(text: str) -> bool:
    """Tells whether LLVM IR text has a table of inputs."""
    return _NAMED.search(text) is not None


def read_metadata(text: str, name: str = "<text>") -> InputTable:
    """Returns the table of inputs in LLVM IR text.

    Args:
        text: What `emit_module` wrote, before or after LLVM's passes.
        name: The name of the file, for messages.

    Raises:
        CodegenError: It has none, or was made for another processor than this one, or names no processor rightly.
    """
    named = _NAMED.search(text)
    found = named and re.search(rf'^!{named[1]} = !\{{!"([^"]*)"\}}$', text, re.MULTILINE)
    if not found:
        raise CodegenError(f"{name} has no metadata !{TABLE}, which says its inputs: write it with --emit llvm")
    cpu = re.search(r'"target-cpu"="([^"]*)"', text)
    if cpu and cpu[1] != host().cpu:
        raise CodegenError(
            f"{name} is for the processor {cpu[1]}, this one is {host().cpu}: write it anew on this machine"
        )
    _check_features(text, name)
    try:
        return from_plain(json.loads(_ESCAPED.sub(_character, found[1])))
    except ValueError as error:
        raise CodegenError(f"{name}: {error}") from None


def _character(escaped: re.Match[str]) -> str:
    return "\\" if escaped[1] == "\\" else chr(int(escaped[1], 16))


def _check_features(text: str, name: str) -> None:
    """Checks the features of processors that functions ask for: at one without a sign or name LLVM ends the process.

    Raises:
        CodegenError: One has no sign, or is nothing at all.
    """
    for features in set(re.findall(r'"target-features"="([^"]+)"', text)):
        for feature in features.split(","):
            if not re.fullmatch(r"[+-].+", feature):
                raise CodegenError(
                    f"{name}: {feature!r} in target-features is no feature of a processor: each begins with + or -"
                )
