"""What a name in an expression stands for, as far as checking and compiling need to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ranvier.equations.expressions import Expr
from ranvier.equations.function_objects import Function
from ranvier.units.dimensions import DIMENSIONLESS, Dimension, get_or_create_dimension

DType: TypeAlias = Literal["float", "integer", "boolean"]
Kind: TypeAlias = Literal["variable", "constant", "unit", "function", "subexpression", "temporary"]

TIME = get_or_create_dimension(time=1)
NOISE = get_or_create_dimension(time=-0.5)

DTYPES: tuple[DType, ...] = ("boolean", "integer", "float")


@dataclass(frozen=True)
class Symbol:
    """A resolved name.

    Attributes:
        dim: Dimension of its values (of the result, for functions: not meaningful).
        scalar: One value for all elements.
        kind: What it is; `constant` and `unit` have a `value` in SI units, `function` a `Function`,
            `subexpression` its `expr`.
    """

    name: str
    dtype: DType
    dim: Dimension
    scalar: bool
    kind: Kind
    value: object | None = None
    expr: Expr | None = None


def constant(name: str, value: bool | int | float, dim: Dimension = DIMENSIONLESS) -> Symbol:
    """Returns a symbol for a number; its Python type decides the type."""
    dtype: DType = "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "float"
    return Symbol(name, dtype, dim, True, "constant", value)


def function(name: str, value: Function) -> Symbol:
    """Returns a symbol for a function."""
    return Symbol(name, "float", DIMENSIONLESS, True, "function", value)


def noise(name: str) -> Symbol:
    """Returns a symbol for white noise (`xi`, `xi_a`...)."""
    return Symbol(name, "float", NOISE, False, "variable")


def highest(*dtypes: DType) -> DType:
    """Returns the largest of the types: boolean < integer < float."""
    return max(dtypes, key=DTYPES.index)
