"""Text together with what it means: expressions and statements as the user wrote them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ranvier.equations.expressions import Expr, functions, names, render
from ranvier.equations.parser import parse_expression
from ranvier.equations.statements import Statement, parse_statements
from ranvier.public import public

_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def rename_words(text: str, replacements: Mapping[str, str]) -> str:
    """Replaces whole identifiers in a text, all at once; everything else keeps its form."""
    return _WORD.sub(lambda found: replacements.get(found[0], found[0]), text)


class CodeString:
    """A piece of the model language.

    Attributes:
        code: The text.
    """

    def __init__(self, code: str) -> None:
        self.code = code

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
        code: Its text, or else.
        tree: The parsed expression, whose text is then made.
    """

    def __init__(self, code: str | None = None, tree: Expr | None = None) -> None:
        if code is None:
            if tree is None:
                raise TypeError("An Expression needs its text.")
            code = render(tree)
        super().__init__(code)
        self._tree = tree

    @property
    def tree(self) -> Expr:
        """The parsed expression; spans count characters of `code`."""
        if self._tree is None:
            self._tree = parse_expression(self.code)
        return self._tree

    @property
    def identifiers(self) -> set[str]:
        """All names in the expression, functions included."""
        return set(names(self.tree) | functions(self.tree))


@public
class Statements(CodeString):
    """A block of assignments."""

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
