"""What the description of an explicit method says, as packages for Brian read it: with expressions of sympy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

from ranvier.equations.expressions import names, render
from ranvier.equations.statements import Statement, parse_statements
from ranvier.equations.sympy_form import str_to_sympy


class _WithDescription(Protocol):
    @property
    def description(self) -> str: ...


class Described:
    """Members of explicit methods that show their description."""

    TEMP_VAR: ClassVar[re.Pattern[str]] = re.compile(r"[A-Za-z]\w*")
    """What a name of a line looks like."""

    EXPRESSION: ClassVar[re.Pattern[str]] = re.compile(r"[^=\n]+")
    """What a right-hand side looks like."""

    STATEMENT: ClassVar[re.Pattern[str]] = re.compile(rf"\s*{TEMP_VAR.pattern}\s*=\s*{EXPRESSION.pattern}")
    """What a line looks like."""

    OUTPUT: ClassVar[re.Pattern[str]] = re.compile(rf"\s*x_new\s*=\s*{EXPRESSION.pattern}")
    """What the last line looks like."""

    DESCRIPTION: ClassVar[re.Pattern[str]] = re.compile(rf"({STATEMENT.pattern}\n+)*{OUTPUT.pattern}\s*")
    """What a description looks like."""

    @property
    def statements(self: _WithDescription) -> list[tuple[str, Any]]:
        """The lines but the last one: name and expression."""
        return [(line.target, str_to_sympy(render(line.expr))) for line in _lines(self)[:-1]]

    @property
    def output(self: _WithDescription) -> Any:
        """The expression of the last line, `x_new`."""
        return str_to_sympy(render(_lines(self)[-1].expr))

    @property
    def symbols(self: _WithDescription) -> dict[str, Any]:
        """The names of the description and their symbols."""
        lines = _lines(self)
        used = {name for line in lines for name in (*names(line.expr), line.target)} | {"x", "t", "dt"}
        return {name: str_to_sympy(name) for name in sorted(used - {"x_new"})}

    def replace_func(
        self,
        x: Any,
        t: Any,
        expr: Any,
        temp_vars: Iterable[str],
        eq_symbols: Mapping[str, Any],
        stochastic_variable: str | None = None,
    ) -> Any:
        """Returns the part of a right-hand side that `f(x, t)` or `g(x, t)` stands for.

        Args:
            x: The first argument, in terms of `x` and names of earlier lines.
            t: The second argument.
            expr: The right-hand side, or the factor of a noise in it.
            temp_vars: The names of earlier lines: `k` stands for `_k_v` where `x` stands for `v`.
            eq_symbols: The variables of the equations and their symbols.
            stochastic_variable: The noise, if the names are those of its part: `_k_v_xi`.
        """
        whose = "" if stochastic_variable is None else f"_{stochastic_variable}"
        values: dict[Any, Any] = {str_to_sympy("t"): t}
        for variable, symbol in eq_symbols.items():
            own = {str_to_sympy(name): str_to_sympy(f"_{name}_{variable}{whose}") for name in temp_vars}
            values[symbol] = x.subs({str_to_sympy("x"): symbol, **own}, simultaneous=True)
        return expr.subs(values, simultaneous=True)


def _lines(method: _WithDescription) -> tuple[Statement, ...]:
    return parse_statements(method.description)
