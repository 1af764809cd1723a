"""The options of passes: name, type, default, and a sentence each."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from dataclasses import MISSING, dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Literal, get_args, get_origin, get_type_hints

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec


@dataclass(frozen=True)
class PassOption:
    """An option of a pass.

    Attributes:
        name: As pipelines write it.
        type: Its type, as the class says it.
        default: What it is unless given, as pipelines write it; None: it has to be given.
        about: A sentence; "" if the class says none.
    """

    name: str
    type: str
    default: str | None
    about: str

    def __str__(self) -> str:
        default = "has to be given" if self.default is None else f"default {self.default}"
        return f"{self.name} : {self.type} ({default}){self.about and f': {self.about}'}"


def options_of(cls: type[ModulePass]) -> list[PassOption]:
    """Returns the options of a pass, in the order of its class.

    What an option is says a string below it in the class, or an entry of the section `Attributes:` of its docstring.
    """
    if not is_dataclass(cls):
        return []
    texts = {**_section(inspect.cleandoc(cls.__doc__ or "")), **_strings(cls)}
    types = _types(cls)
    found: list[PassOption] = []
    for each in fields(cls):
        if each.name == "name" or not each.init:
            continue
        default = each.default if each.default_factory is MISSING else each.default_factory()
        shown = None if default is MISSING else _written(default)
        found.append(
            PassOption(
                each.name.replace("_", "-"), types.get(each.name, str(each.type)), shown, texts.get(each.name, "")
            )
        )
    return found


_EXPONENT = re.compile(r"""("[^"]*")|(?<=[=,])(-?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+|-inf)(?=[\s,}]|$)""")
"""Strings, and numbers that xDSL does not read."""


def quoted_numbers(text: str) -> str:
    """Returns a pass as text in which numbers that xDSL does not read are strings: `"1e-06"`, see `with_floats`."""
    return _EXPONENT.sub(lambda found: found[1] or f'"{found[2]}"', text)


def with_floats(cls: type[ModulePass], spec: ArgSpec) -> ArgSpec:
    """Returns options in which numbers are floats where the pass takes a float: 1, and "1e-06" (`quoted_numbers`)."""
    try:
        hints: dict[str, object] = get_type_hints(cls)
    except Exception:  # see `_types`
        return spec
    floats = {name for name, hint in hints.items() if float in (hint, *get_args(hint)) and int not in get_args(hint)}

    def taken(name: str, values: tuple[str | int | bool | float, ...]) -> tuple[str | int | bool | float, ...]:
        if name.replace("-", "_") not in floats:
            return values
        return tuple(float(one) if type(one) is int or _is_number(one) else one for one in values)

    return ArgSpec(spec.name, {name: taken(name, values) for name, values in spec.parameters.items()})


def _is_number(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-?inf|nan", value) is not None


def summary_of(cls: type[ModulePass]) -> str:
    """Returns the first sentence of what a pass says of itself, in one line."""
    text = " ".join(inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].split())
    sentence = re.match(r".*?\.(?= [A-Z]|$)", text)
    return sentence[0] if sentence else text


def _types(cls: type[ModulePass]) -> dict[str, str]:
    """Returns the types of the fields of a class as text; choices as the values that there are."""
    try:
        hints: dict[str, object] = get_type_hints(cls)
    except Exception:  # what somebody's annotations name may be there for the type checker only
        return {}
    return {name: _type_text(hint) for name, hint in hints.items()}


def _type_text(hint: object) -> str:
    if get_origin(hint) is Literal:
        return " | ".join(_written(value) for value in get_args(hint))
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def _written(value: object) -> str:
    """Returns a default as pipelines write it."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _section(docstring: str) -> dict[str, str]:
    """Returns what the section `Attributes:` of a docstring says, by name."""
    section = re.search(r"^Attributes:\n((?:[ \t]+.*\n?|\n)+)", docstring, re.MULTILINE)
    entries = re.findall(r"^(\w+): ((?:.|\n[ \t]+)+)", textwrap.dedent(section[1]), re.MULTILINE) if section else []
    return {name: " ".join(text.split()) for name, text in entries}


def _strings(cls: type[ModulePass]) -> dict[str, str]:
    """Returns the strings that stand below the fields of a class and of its bases, by name."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__[: cls.__mro__.index(ModulePass)]):
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        except (OSError, TypeError, SyntaxError, ValueError):
            continue  # typed at a prompt: there is no source to look at
        body = getattr(tree, "body", [])
        for field, text in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                value = text.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[field.target.id] = " ".join(value.value.split())
    return found


__all__ = ["PassOption", "options_of", "quoted_numbers", "summary_of", "with_floats"]
