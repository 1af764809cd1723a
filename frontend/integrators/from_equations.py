"""A system of equations without a group: for looking at what a method makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranvier.analysis.names import default_symbol
from ranvier.analysis.symbols import Symbol, noise
from ranvier.equations.equations import Equations
from ranvier.equations.expressions import functions, names
from ranvier.equations.identifiers import is_noise
from ranvier.integrators.system import OdeSystem, substitute_subexpressions
from ranvier.units.dimensions import DIMENSIONLESS


def system_of(equations: Equations, variables: Mapping[str, Any]) -> OdeSystem:
    """Makes a system of the differential equations.

    Args:
        variables: Symbols, if they are known; other external names count as constants of the whole group.
    """
    symbols: dict[str, Symbol] = {}
    for name, equation in equations.items():
        if equation.type == "subexpression":
            kept = "constant over dt" in equation.flags
            expr = None if kept or equation.expr is None else equation.expr.tree
            kind = "variable" if kept else "subexpression"
            symbols[name] = Symbol(name, equation.var_type, equation.dim, "shared" in equation.flags, kind, expr=expr)
        else:
            symbols[name] = Symbol(name, equation.var_type, equation.dim, "shared" in equation.flags, "variable")
    symbols.update({name: symbol for name, symbol in variables.items() if isinstance(symbol, Symbol)})
    right_sides = {name: substitute_subexpressions(expr.tree, symbols) for name, expr in equations.diff_eq_expressions}
    for tree in right_sides.values():
        for name in (names(tree) | functions(tree)) - symbols.keys():
            symbols[name] = noise(name) if is_noise(name) else _outside(name)
    refractory = {name for name in right_sides if "unless refractory" in equations[name].flags}
    return OdeSystem(tuple(right_sides.items()), symbols, frozenset(refractory), source=equations)


def _outside(name: str) -> Symbol:
    return default_symbol(name) or Symbol(name, "float", DIMENSIONLESS, True, "constant")
