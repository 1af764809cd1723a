"""Expressions of the model language as those of sympy, and back."""

from __future__ import annotations

from typing import Any

from ranvier.equations.code_strings import SYMPY_NAMES, rename_words
from ranvier.equations.expressions import functions, names, render
from ranvier.equations.parser import parse_expression
from ranvier.public import public_in

SAME_NAMES = "sin cos tan sinh cosh tanh exp log sqrt floor sign".split()
"""Functions that have the same name there."""


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
    known |= {name: getattr(sympy, name) for name in functions(tree) & set(SAME_NAMES)}
    known |= {name: getattr(sympy, SYMPY_NAMES[name]) for name in functions(tree) & set(SYMPY_NAMES)}
    sympify: Any = sympy.sympify
    return sympify(render(tree), locals=known)


@public_in("ranvier.parsing.sympytools")
def sympy_to_str(sympy_expr: Any) -> str:
    """Returns an expression of sympy as a text of the model language."""
    return rename_words(str(sympy_expr), {theirs: ours for ours, theirs in SYMPY_NAMES.items()})
