"""Text together with what it means: expressions and statements as the user wrote them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from ranvier.equations.build import is_number
from ranvier.equations.expressions import Expr, functions, names, render
from ranvier.equations.identifiers import is_noise
from ranvier.equations.noise import split_noise
from ranvier.equations.parser import parse_expression
from ranvier.equations.source import Origin, Place
from ranvier.equations.statements import Statement, parse_statements
from ranvier.public import public
from ranvier.session.given import CodeText, is_text

_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


SYMPY_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "abs": "Abs", "ceil": "ceiling"}
"""Functions of the model language → their names in sympy, where these differ."""


def rename_words(text: str, replacements: Mapping[str, str]) -> str:
    """Replaces whole identifiers in a text, all at once; everything else keeps its form."""
    return _WORD.sub(lambda found: replacements.get(found[0], found[0]), text)


def substituted(text: str, substitutions: Mapping[str, object]) -> str:
    """Returns a text with names replaced: by other names, also in comments, or by values, put in parentheses."""
    words = {name: new for name, new in substitutions.items() if isinstance(new, str)}
    values = {name: f"({_written(new)})" for name, new in substitutions.items() if name not in words}
    lines: list[str] = []
    for line in rename_words(text, words).split("\n"):
        code, mark, comment = line.partition("#")
        lines.append(rename_words(code, values) + mark + comment)
    return "\n".join(lines)


def _written(value: Any) -> str:
    """Returns a value in the model language, with all its digits."""
    if isinstance(value, np.number | np.bool_):
        return repr(cast(Any, value).item())
    with np.printoptions(floatmode="unique"):
        return repr(value)


class CodeString(CodeText):
    """A piece of the model language.

    Args:
        code: The text.
        substitutions: Name in the text → another name, or a value to be put in its place.

    Attributes:
        code: The text.
    """

    def __init__(self, code: str, **substitutions: object) -> None:
        if not is_text(code):
            raise TypeError(f"{type(self).__name__} takes text, not {code!r}.")
        self.code = substituted(code, substitutions) if substitutions else code

    @property
    def identifiers(self) -> set[str]:
        """All names in the text: variables, constants, units and functions."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.code

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CodeString) and type(self) is type(other) and self.code == other.code

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.code))


@public
class Expression(CodeString):
    """An expression.

    Args:
        code: Its text.
        sympy_expression: Instead, an expression of sympy.
        substitutions: Name in the text → another name, or a value to be put in its place.

    Raises:
        SyntaxError: The text is no expression.
        TypeError: Neither text nor an expression of sympy is given, or both.
    """

    def __init__(self, code: str | None = None, sympy_expression: object = None, **substitutions: object) -> None:
        if (code is None) == (sympy_expression is None):
            raise TypeError("An Expression needs its text, or else an expression of sympy.")
        if code is None:
            code = rename_words(str(sympy_expression), {theirs: ours for ours, theirs in SYMPY_NAMES.items()})
        super().__init__(code, **substitutions)
        self._tree = parse_expression(self.code)

    @classmethod
    def part_of(cls, origin: Origin | None, code: str) -> Expression:
        """Returns the expression `code`, which stands in a longer text."""
        made = cls.__new__(cls)
        made.code, made._tree = code, parse_expression(code, origin)
        return made

    @classmethod
    def of_tree(cls, tree: Expr) -> Expression:
        """Returns the expression that has been parsed to a tree; its text is made from that."""
        made = cls.__new__(cls)
        made.code, made._tree = render(tree), tree
        return made

    @property
    def tree(self) -> Expr:
        """The parsed expression; spans count characters of `code`."""
        return self._tree

    @property
    def origin(self) -> Origin | None:
        """The text that the expression is part of; None if it is made of others."""
        span = self._tree.span
        return span.origin if isinstance(span, Place) else None

    @property
    def stochastic_variables(self) -> set[str]:
        """The names of white noise in the expression: `xi`, and those that begin with `xi_`."""
        return {name for name in names(self.tree) if is_noise(name)}

    def split_stochastic(self) -> tuple[Expression | None, dict[str, Expression] | None]:
        """Returns the part without noise, and noise → its factor; None for what is not there.

        Raises:
            ValueError: The noise does not enter linearly.
        """
        try:
            drift, factors = split_noise(self.tree, "")
        except ValueError:
            raise ValueError(
                f"'{self.code}' cannot be separated into a part without noise and factors of it."
            ) from None
        if not factors:
            return self, None
        rest = None if is_number(drift, 0) else Expression.of_tree(drift)
        return rest, {name: Expression.of_tree(factor) for name, factor in factors.items()}

    @property
    def identifiers(self) -> set[str]:
        """All names in the expression, functions included."""
        return set(names(self.tree) | functions(self.tree))


@public
class Statements(CodeString):
    """A block of assignments.

    Args:
        code: The text.
        substitutions: Name in the text → another name, or a value to be put in its place.

    Raises:
        ValueError: A value is to replace a name that is assigned.
    """

    def __init__(self, code: str, **substitutions: object) -> None:
        super().__init__(code, **substitutions)
        values = {name for name, new in substitutions.items() if not isinstance(new, str)}
        for statement in parse_statements(code) if values else ():
            if statement.target in values:
                raise ValueError(f"'{statement.target}' is assigned in '{code}', so that no value can replace it.")

    @property
    def tree(self) -> tuple[Statement, ...]:
        """The parsed assignments."""
        return parse_statements(self.code)

    @property
    def identifiers(self) -> set[str]:
        """All names in the block: targets, and names in the expressions, functions included."""
        found = {statement.target for statement in self.tree}
        for statement in self.tree:
            found |= names(statement.expr) | functions(statement.expr)
        return found
