"""One definition of a model: a differential equation, a subexpression or a parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ranvier.equations.code_strings import Expression, rename_words
from ranvier.equations.definitions import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    Definition,
    EquationError,
    EquationSyntaxError,
    EquationType,
)
from ranvier.equations.identifiers import is_noise
from ranvier.equations.source import Origin
from ranvier.public import public_in
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.registry import display_name
from ranvier.units.stringunits import unit_in_declaration
from ranvier.units.unit import Unit, get_unit

VarType: TypeAlias = Literal["float", "integer", "boolean"]

FLOAT: VarType = "float"
INTEGER: VarType = "integer"
BOOLEAN: VarType = "boolean"

_BOOL = re.compile(r"\bbool\b")


@dataclass(frozen=True, init=False)
class SingleEquation:
    """One definition.

    Attributes:
        type: `'differential equation'`, `'subexpression'` or `'parameter'`.
        varname: The variable.
        dim: Its dimension (for a differential equation that of the variable, not of the derivative).
        var_type: `'float'`, `'integer'` or `'boolean'`.
        expr: The right-hand side; `None` for parameters.
        flags: As written, in the order of the text.
    """

    type: EquationType
    varname: str
    dim: Dimension
    var_type: VarType
    expr: Expression | None
    _flags: tuple[str, ...]

    def __init__(
        self,
        type: EquationType,
        varname: str,
        dimensions: Dimension,
        var_type: VarType = FLOAT,
        expr: Expression | None = None,
        flags: tuple[str, ...] | list[str] | None = None,
    ) -> None:
        if type == DIFFERENTIAL_EQUATION and var_type != FLOAT:
            raise TypeError(
                f"The differential equation of '{varname}' is declared as {var_type}: "
                "differential equations define floating point variables only, give a unit or 1."
            )
        for name, value in (
            ("type", type),
            ("varname", varname),
            ("dim", dimensions),
            ("var_type", var_type),
            ("expr", expr),
            ("_flags", tuple(flags or ())),
        ):
            object.__setattr__(self, name, value)

    @property
    def flags(self) -> list[str]:
        """The flags, in the order of the text."""
        return list(self._flags)

    @property
    def unit(self) -> Unit:
        """The unit of the variable, without scale."""
        return get_unit(self.dim)

    @property
    def identifiers(self) -> set[str]:
        """All names in the expression, functions included; empty for a parameter."""
        return set() if self.expr is None else self.expr.identifiers

    @property
    def stochastic_variables(self) -> set[str]:
        """The noise names (`xi`, `xi_a`...) in the expression."""
        return {name for name in self.identifiers if is_noise(name)}

    def renamed(self, replacements: Mapping[str, str]) -> SingleEquation:
        """Returns the equation with whole identifiers replaced by other text."""
        name = replacements.get(self.varname, self.varname)
        expr = None if self.expr is None else _renamed(self.expr, replacements)
        return SingleEquation(self.type, name, self.dim, self.var_type, expr, self._flags)

    def _left_and_right(self) -> str:
        if self.expr is None:
            return self.varname
        left = f"d{self.varname}/dt" if self.type == DIFFERENTIAL_EQUATION else self.varname
        return f"{left} = {self.expr.code}"

    def __str__(self) -> str:
        flags = f" ({', '.join(self._flags)})" if self._flags else ""
        return f"{self._left_and_right()} : {display_name(self.dim)}{flags}"

    def __repr__(self) -> str:
        expr = "" if self.expr is None else f": {self.expr.code}"
        flags = f", flags: {', '.join(self._flags)}" if self._flags else ""
        return f"<{self.type} {self.varname}{expr} (Unit: {display_name(self.dim)}{flags})>"

    def _latex(self, *args: object, **kwds: object) -> str:
        from ranvier.equations.latex import equation_latex  # formulas are for notebooks only

        return equation_latex(self)

    def _repr_latex_(self) -> str:
        return f"${self._latex()}$"


def _renamed(expr: Expression, replacements: Mapping[str, str]) -> Expression:
    """Returns an expression with identifiers replaced; all of it stands where the old one begins."""
    code, origin = rename_words(expr.code, replacements), expr.origin
    if code == expr.code or origin is None:
        return expr if code == expr.code else Expression(code)
    return Expression.part_of(Origin(origin.text, origin.name, origin.pieces[:1], exact=False), code)


def from_definition(definition: Definition) -> SingleEquation:
    """Gives a definition its dimension and its parsed expression.

    Raises:
        EquationError: The unit or the expression cannot be read.
        TypeError: `bool` instead of `boolean`, a differential equation that is no float.
    """
    dim, var_type = _unit(definition)
    expr = None
    if definition.expr is not None:
        try:
            expr = Expression.part_of(definition.origin, definition.expr)
        except SyntaxError as error:
            raise EquationSyntaxError(f"In the definition of '{definition.name}': {error}") from error
    return SingleEquation(definition.type, definition.name, dim, var_type, expr, definition.flags)


@public_in("ranvier.equations.equations")
def dimensions_and_type_from_string(unit_string: str) -> tuple[Dimension, VarType]:
    """Returns what a declaration after the colon means: the dimension, and `'float'`, `'integer'` or `'boolean'`.

    Args:
        unit_string: The declaration, such as `volt` or `siemens/metre**2`.

    Raises:
        TypeError: If it is `bool`, where `boolean` is meant.
        ValueError: If it is no unit without a scale.
    """
    unit = unit_string.strip()
    if unit == "boolean":
        return DIMENSIONLESS, BOOLEAN
    if unit == "integer":
        return DIMENSIONLESS, INTEGER
    if _BOOL.search(unit):
        raise TypeError("Use 'boolean' instead of 'bool' for a variable that is True or False.")
    return unit_in_declaration(unit), FLOAT


def _unit(definition: Definition) -> tuple[Dimension, VarType]:
    try:
        return dimensions_and_type_from_string(definition.unit)
    except TypeError as error:
        raise TypeError(f"In '{definition.source}': {str(error)[0].lower()}{str(error)[1:]}") from None
    except (ValueError, SyntaxError) as error:
        raise EquationError(f"The unit of '{definition.name}' in '{definition.source}' is wrong: {error}") from error


__all__ = [
    "BOOLEAN",
    "DIFFERENTIAL_EQUATION",
    "FLOAT",
    "INTEGER",
    "PARAMETER",
    "SUBEXPRESSION",
    "SingleEquation",
    "VarType",
    "dimensions_and_type_from_string",
    "from_definition",
]
