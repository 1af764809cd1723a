"""Expressions and dimensions in the notation of LEMS."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, Name, Number, Unary
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

COMPARE = {"<": ".lt.", ">": ".gt.", "<=": ".leq.", ">=": ".geq.", "==": ".eq.", "!=": ".neq."}

FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "abs", "ceil")
"""The functions that both languages have under one name."""

KNOWN: Mapping[tuple[float, ...], tuple[str, str]] = {
    (0, 0, 1, 0): ("time", "s"),
    (0, 0, -1, 0): ("per_time", "Hz"),
    (2, 1, -3, -1): ("voltage", "V"),
    (0, 0, 0, 1): ("current", "A"),
    (-2, -1, 3, 2): ("conductance", "S"),
    (2, 1, -3, -2): ("resistance", "ohm"),
    (-2, -1, 4, 2): ("capacitance", "F"),
}
"""Powers of length, mass, time and current → name of the dimension, and symbol of its unit."""

NAMES = "l", "m", "t", "i", "k", "n", "j"
"""LEMS's names of the powers, in the order of ours."""


class Dimensions:
    """The dimensions that a document uses, and one unit of each."""

    def __init__(self) -> None:
        self._found: dict[Dimension, tuple[str, str]] = {}

    def _entry(self, dim: Dimension) -> tuple[str, str]:
        if dim not in self._found:
            powers = _powers(dim)
            known = KNOWN.get(powers[:4]) if not any(powers[4:]) else None
            label = "_".join(
                f"{k}{f'{p:g}'.replace('-', 'm').replace('.', 'p')}" for k, p in zip(NAMES, powers, strict=True) if p
            )
            self._found[dim] = known or (f"dim_{label}", f"unit_{label}")
        return self._found[dim]

    def name(self, dim: Dimension) -> str:
        """Returns the name of a dimension."""
        return "none" if dim is DIMENSIONLESS else self._entry(dim)[0]

    def symbol(self, dim: Dimension) -> str:
        """Returns the symbol of the unit without scale."""
        return "" if dim is DIMENSIONLESS else self._entry(dim)[1]

    def elements(self) -> list[Element]:
        """Returns the definitions.

        Raises:
            NotImplementedError: If powers are no whole numbers.
        """
        found: list[Element] = []
        for dim, (name, symbol) in self._found.items():
            powers = {k: p for k, p in zip(NAMES, _powers(dim), strict=True) if p}
            if any(p != int(p) for p in powers.values()):
                raise NotImplementedError(f"LEMS has no dimension such as {dim}: its powers are no whole numbers.")
            found.append(Element("Dimension", {"name": name, **{k: str(int(p)) for k, p in powers.items()}}))
            found.append(Element("Unit", symbol=symbol, dimension=name, power="0"))
        return found


def _powers(dim: Dimension) -> tuple[float, ...]:
    return tuple(float(dim.get_dimension(k)) for k in ("m", "kg", "s", "A", "K", "mol", "cd"))


def lems_text(expr: Expr) -> str:
    """Returns an expression as LEMS writes it, with all its parentheses.

    Raises:
        ValueError: If LEMS has no such operator or function.
    """
    match expr:
        case Number(value):
            return repr(float(value))
        case Name(name):
            return name
        case Unary("-", operand):
            return f"(0 - {lems_text(operand)})"
        case Unary("+", operand):
            return lems_text(operand)
        case Binary("**", left, right):
            return f"({lems_text(left)} ^ {lems_text(right)})"
        case Binary("+" | "-" | "*" | "/" as op, left, right):
            return f"({lems_text(left)} {op} {lems_text(right)})"
        case Compare(op, left, right):
            return f"({lems_text(left)} {COMPARE[op]} {lems_text(right)})"
        case Logical(op, operands):
            return "(" + f" .{op}. ".join(map(lems_text, operands)) + ")"
        case Call(function, (argument,)) if function in FUNCTIONS:
            return f"{function}({lems_text(argument)})"
        case Call(function, _):
            raise ValueError(f"LEMS has no function '{function}'")
        case _:
            raise ValueError(f"LEMS has no operator '{getattr(expr, 'op', '?')}'")
