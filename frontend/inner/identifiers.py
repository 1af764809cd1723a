"""What names a text of the model language uses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import cast

from ranvier.equations.expressions import functions, names
from ranvier.equations.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from ranvier.equations.parser import parse_expression
from ranvier.equations.statements import parse_statements
from ranvier.inner.text_tools import get_identifiers
from ranvier.objects.variables.variables import Subexpression
from ranvier.public import public_in
from ranvier.units.stringunits import string_unit_names


@public_in("ranvier.codegen.translation")
def analyse_identifiers(
    code: str, variables: Mapping[str, object] | Collection[str], recursive: bool = False
) -> tuple[set[str], set[str], set[str]]:
    """Returns the names in statements: what they define, what they use of the known names, and what is left.

    Args:
        code: The statements.
        variables: The known names; with their variables, if subexpressions are to be followed.
        recursive: Whether the names that used subexpressions use count, too.

    Returns:
        Three sets: new names that the statements assign to; known names, functions included; other names that they
        use, which the surroundings must give.
    """
    own = set(variables)
    known = own | set(DEFAULT_FUNCTIONS) | set(DEFAULT_CONSTANTS) | set(string_unit_names())
    statements = parse_statements(code)
    used: set[str] = set()
    for statement in statements:
        used |= names(statement.value) | functions(statement.value)
    targets = {statement.target for statement in statements}
    if recursive and isinstance(variables, Mapping):
        used |= get_identifiers_recursively(sorted(used), cast("Mapping[str, object]", variables))
    defined = targets - own
    return defined, (used | targets) & known, used - known - defined


@public_in("ranvier.codegen.translation")
def get_identifiers_recursively(
    expressions: Iterable[str], variables: Mapping[str, object], include_numbers: bool = False
) -> set[str]:
    """Returns the names in expressions, and those in the subexpressions that they use.

    Args:
        expressions: The texts.
        variables: The meaning of names.
        include_numbers: Whether numbers in the texts are returned, too.
    """
    found: set[str] = set()
    left = list(expressions)
    while left:
        text = left.pop()
        parse_expression(text)
        new = get_identifiers(text, include_numbers) - found
        found |= new
        left += [variable.expr for name in new if isinstance(variable := variables.get(name), Subexpression)]
    return found
