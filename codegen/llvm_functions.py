"""Functions of scripts that are LLVM IR text: checked, renamed, and called from Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from ranvier.codegen.calling import each
from ranvier.codegen.compile import compile_text
from ranvier.codegen.errors import CodegenError
from ranvier.codegen.load import load_function
from ranvier.codegen.target import initialised_llvm

LLVM_TYPES = {"double": "f64", "float": "f32", "i64": "i64", "i32": "i32", "i1": "i1"}
"""The types that arguments and results may have, and what they are called elsewhere."""

_SIGNATURE = re.compile(r"(\w+) \(([\w, ]*)\)")


def signature_of(text: str, name: str) -> tuple[tuple[str, ...], str]:
    """Returns the types of the arguments and of the result of a function in a text.

    Args:
        text: A module of LLVM IR.
        name: The function.

    Raises:
        CodegenError: The text is wrong, with line and column; there is no such function; a type is none of numbers.
    """
    with _checked(text) as module:
        type_text = str(_function(module, name).global_value_type)
    found = _SIGNATURE.fullmatch(type_text)
    types = [] if found is None else [found[1], *filter(None, found[2].split(", "))]
    unknown = [type_ for type_ in types if type_ not in LLVM_TYPES]
    if not types or unknown:
        raise CodegenError(
            f"the function '{name}' has the type {type_text}; arguments and result have to be of the "
            f"types {', '.join(LLVM_TYPES)}"
        )
    return tuple(LLVM_TYPES[type_] for type_ in types[1:]), LLVM_TYPES[types[0]]


def renamed(text: str, name: str, symbol: str) -> str:
    """Returns a module in which a function has another name and all else is seen by that module only."""
    with _checked(text) as module:
        for value in (*module.functions, *module.global_variables):
            if not value.is_declaration and value.name != name:
                value.linkage = "internal"
        function = _function(module, name)
        function.name = symbol
        function.linkage = "external"
        return str(module)


def callable_of(text: str, symbol: str, arguments: tuple[str, ...], result: str) -> Callable[..., Any]:
    """Returns a function of arrays that is a function of numbers in a module, once for each element."""
    return each(load_function(compile_text(text).object_code, symbol), arguments, result)


@contextmanager
def _checked(text: str) -> Generator[Any]:
    """Gives the module of a text. It is closed before its context goes, also where an error keeps both."""
    llvm = initialised_llvm()
    context = llvm.create_context()
    try:
        module = llvm.parse_assembly(text, context)
    except RuntimeError as error:
        raise CodegenError(str(error).removeprefix("LLVM IR parsing error\n").strip()) from None
    try:
        module.verify()
        yield module
    except RuntimeError as error:
        raise CodegenError(str(error).strip()) from None
    finally:
        module.close()


def _function(module: Any, name: str) -> Any:
    defined = [function.name for function in module.functions if not function.is_declaration]
    if name not in defined:
        names = ", ".join(f"'{each}'" for each in defined) or "none"
        raise CodegenError(f"the text defines no function '{name}', but {names}")
    return module.get_function(name)
