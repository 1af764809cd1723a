"""What packages for Brian take from its modules about texts: names in a text, indentation, sympy."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from ranvier.equations.code_strings import rename_words
from ranvier.equations.expressions import functions, names, render
from ranvier.equations.parser import parse_expression
from ranvier.public import public_in

_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_LOGIC = frozenset({"and", "or", "not"})

_SYMPY_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "abs": "Abs", "ceil": "ceiling"}
"""Functions of the model language → their names in sympy, where these differ."""

_SAME_NAMES = "sin cos tan sinh cosh tanh exp log sqrt floor sign".split()


@public_in("ranvier.utils.stringtools")
def get_identifiers(expr: str, include_numbers: bool = False) -> set[str]:
    """Returns the names in a text of the model language.

    Args:
        expr: The text.
        include_numbers: Whether its numbers are returned, too.
    """
    found = set(_WORD.findall(expr)) - _LOGIC
    return found | set(_NUMBER.findall(expr)) if include_numbers else found


@public_in("ranvier.utils.stringtools")
def word_substitute(expr: str, substitutions: Mapping[str, str]) -> str:
    """Replaces whole words of a text, all at once."""
    return rename_words(expr, substitutions)


@public_in("ranvier.utils.stringtools")
def replace(s: str, substitutions: Mapping[str, str]) -> str:
    """Replaces parts of a text, one after another."""
    for old, new in substitutions.items():
        s = s.replace(old, new)
    return s


@public_in("ranvier.utils.stringtools")
def indent(text: str, numtabs: int = 1, spacespertab: int = 4) -> str:
    """Returns a text whose lines begin further to the right."""
    return textwrap.indent(text, " " * (numtabs * spacespertab), lambda line: True)


@public_in("ranvier.utils.stringtools")
def deindent(text: str) -> str:
    """Returns a text without the indentation that all its lines share."""
    return textwrap.dedent(text)


@public_in("ranvier.parsing.sympytools")
def str_to_sympy(expr: str, variables: object = None) -> Any:
    """Returns an expression of the model language as an expression of sympy, whose names are real symbols.

    Args:
        expr: The text.
        variables: Accepted for compatibility.
    """
    import sympy  # pyright: ignore[reportMissingTypeStubs]

    tree = parse_expression(expr)
    known: dict[str, Any] = {name: sympy.Symbol(name, real=True) for name in names(tree)}
    known |= {name: sympy.Function(name) for name in functions(tree)}
    known |= {name: getattr(sympy, name) for name in functions(tree) & set(_SAME_NAMES)}
    known |= {name: getattr(sympy, _SYMPY_NAMES[name]) for name in functions(tree) & set(_SYMPY_NAMES)}
    sympify: Any = sympy.sympify
    return sympify(render(tree), locals=known)


@public_in("ranvier.parsing.sympytools")
def sympy_to_str(sympy_expr: Any) -> str:
    """Returns an expression of sympy as a text of the model language."""
    return rename_words(str(sympy_expr), {theirs: ours for ours, theirs in _SYMPY_NAMES.items()})
