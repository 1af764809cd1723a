"""Formulas for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ranvier.equations.code_strings import Expression
from ranvier.equations.definitions import DIFFERENTIAL_EQUATION, EquationType
from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, Name, Number, Unary
from ranvier.units.stringunits import unit_in_string
from ranvier.units.unit import Unit

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_OPERATORS = frozenset("sin cos tan sinh cosh tanh arcsin arccos arctan exp log".split())
_COMPARE = {"<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq", "==": "=", "!=": r"\neq"}

_SUM, _PRODUCT, _POWER, _ATOM = range(4)


def expression_latex(expr: Expr) -> str:
    """Returns the expression as a formula (without dollar signs)."""
    return _latex(expr)[0]


def name_latex(name: str) -> str:
    """Returns a name as a symbol: `tau_m` becomes a Greek letter with an index."""
    base, _, index = name.partition("_")
    base, index = _greek(base), _greek(index)
    shown = base if base.startswith("\\") or len(base) == 1 else rf"\mathit{{{base}}}"
    return rf"{shown}_{{{index}}}" if index else shown


def _greek(word: str) -> str:
    return rf"\{word}" if word in _GREEK else word.replace("_", r"\_")


def _latex(expr: Expr) -> tuple[str, int]:
    match expr:
        case Number(value):
            return _number(value)
        case Name(name):
            return (rf"\mathrm{{{name}}}" if unit_in_string(name) else name_latex(name)), _ATOM
        case Call(function, args):
            return _call(function, args)
        case Unary("not", operand):
            return rf"\neg {_within(operand, _ATOM)}", _SUM
        case Unary(op, operand):
            return f"{op} {_within(operand, _PRODUCT)}", _SUM
        case Binary("/", left, right):
            return rf"\frac{{{expression_latex(left)}}}{{{expression_latex(right)}}}", _POWER
        case Binary("*", left, right):
            return rf"{_within(left, _PRODUCT)} {_within(right, _PRODUCT)}", _PRODUCT
        case Binary("**", left, right):
            return rf"{_within(left, _ATOM)}^{{{expression_latex(right)}}}", _POWER
        case Binary("//", left, right):
            return (
                rf"\left\lfloor{{\frac{{{expression_latex(left)}}}{{{expression_latex(right)}}}}}\right\rfloor",
                _ATOM,
            )
        case Binary("%", left, right):
            return rf"{_within(left, _POWER)} \bmod {_within(right, _POWER)}", _SUM
        case Binary(op, left, right):
            return f"{_within(left, _SUM)} {op} {_within(right, _PRODUCT)}", _SUM
        case Compare(op, left, right):
            return f"{expression_latex(left)} {_COMPARE[op]} {expression_latex(right)}", -1
        case Logical(op, operands):
            sign = r" \wedge " if op == "and" else r" \vee "
            return sign.join(_within(operand, -1) for operand in operands), -2


def _number(value: bool | int | float) -> tuple[str, int]:
    if isinstance(value, bool):
        return rf"\mathrm{{{value}}}", _ATOM
    text = f"{value:.12g}"
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text, _ATOM if value >= 0 else _SUM
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", _PRODUCT


def _call(function: str, args: Sequence[Expr]) -> tuple[str, int]:
    inner = ", ".join(expression_latex(arg) for arg in args)
    match function:
        case "sqrt":
            return rf"\sqrt{{{inner}}}", _ATOM
        case "exp":
            return rf"e^{{{inner}}}", _POWER
        case "abs":
            return rf"\left|{{{inner}}}\right|", _ATOM
        case "floor":
            return rf"\left\lfloor{{{inner}}}\right\rfloor", _ATOM
        case "ceil":
            return rf"\left\lceil{{{inner}}}\right\rceil", _ATOM
        case _:
            name = rf"\{function}" if function in _OPERATORS else rf"\operatorname{{{function}}}".replace("_", r"\_")
            return rf"{name}\left({inner}\right)", _ATOM


def _within(expr: Expr, weakest: int) -> str:
    text, strength = _latex(expr)
    return text if strength >= weakest else rf"\left({text}\right)"


class Equation(Protocol):
    """What a formula shows of a definition (see `ranvier.equations.single_equation.SingleEquation`)."""

    @property
    def type(self) -> EquationType:
        """A differential equation, a subexpression or a parameter."""
        ...

    @property
    def varname(self) -> str:
        """The variable."""
        ...

    @property
    def expr(self) -> Expression | None:
        """The right-hand side; None for parameters."""
        ...

    @property
    def unit(self) -> Unit:
        """The unit of the variable."""
        ...

    @property
    def flags(self) -> list[str]:
        """The flags."""
        ...


def _left_side(equation: Equation) -> str:
    symbol = name_latex(equation.varname)
    return rf"\frac{{\mathrm{{d}}{symbol}}}{{\mathrm{{d}}t}}" if equation.type == DIFFERENTIAL_EQUATION else symbol


def equation_latex(equation: Equation) -> str:
    """Returns one equation as a formula."""
    if equation.expr is None:
        return name_latex(equation.varname)
    return f"{_left_side(equation)} = {expression_latex(equation.expr.tree)}"


def equations_latex(equations: Sequence[Equation]) -> str:
    """Returns all equations, aligned, with units and flags."""
    lines: list[str] = []
    for equation in equations:
        unit = equation.unit.latexname or "1"
        flags = f", flags: {', '.join(equation.flags)}" if equation.flags else ""
        name = name_latex(equation.varname)
        if equation.expr is None:
            lines.append(rf"{name} &&& \text{{(unit: ${unit}${flags})}}")
        else:
            right = expression_latex(equation.expr.tree)
            lines.append(rf"{_left_side(equation)} &= {right} && \text{{(unit of ${name}$: ${unit}${flags})}}")
    return "\\begin{align*}" + "\\\\\n".join(lines) + "\\end{align*}"
