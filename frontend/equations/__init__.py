"""The model language: expressions, statements, equations and the functions they may call."""

from __future__ import annotations

from types import ModuleType

from ranvier.equations.code_strings import Expression, Statements
from ranvier.equations.definitions import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    EquationError,
    EquationSyntaxError,
)
from ranvier.equations.equations import Equations
from ranvier.equations.expressions import Expr, render
from ranvier.equations.function_objects import Function, declare_types, implementation
from ranvier.equations.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, BinomialFunction, timestep
from ranvier.equations.parser import parse_expression
from ranvier.equations.single_equation import SingleEquation
from ranvier.equations.statements import Statement, parse_statements
from ranvier.public import submodule

__all__ = [
    "DEFAULT_CONSTANTS",
    "DEFAULT_FUNCTIONS",
    "DIFFERENTIAL_EQUATION",
    "PARAMETER",
    "SUBEXPRESSION",
    "BinomialFunction",
    "EquationError",
    "EquationSyntaxError",
    "Equations",
    "Expr",
    "Expression",
    "Function",
    "SingleEquation",
    "Statement",
    "Statements",
    "declare_types",
    "implementation",
    "parse_expression",
    "parse_statements",
    "render",
    "timestep",
]


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name)
