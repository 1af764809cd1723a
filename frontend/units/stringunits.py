"""Units in the text of equations: in expressions, and in the declarations after the colon."""

from __future__ import annotations

import ast
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from ranvier.units.allunits import ABBREVIATIONS, SCALED_UNITS, UNITS, size_and_exponents, split_name, unit
from ranvier.units.dimensions import DIMENSIONLESS, Dimension, get_or_create_dimension
from ranvier.units.registry import unscaled_unit
from ranvier.units.unit import power_of_ten

_LITRE_PREFIXES: Final = frozenset({"c", "d", "h", "da"})
"""Prefixes that only litres have in expressions."""

DECLARABLE: Final[dict[str, tuple[str, ...]]] = {
    "amp": ("ampere",), "candle": ("lumen",), "coulomb": (), "farad": (), "gray": ("sievert",), "henry": (),
    "hertz": ("Hz", "becquerel"), "joule": (), "katal": (), "kelvin": (),
    "kilogram": ("kilogramme", "kgram", "kgramme"), "klitre": ("kliter",), "lux": (), "metre": ("meter",),
    "mmolar": ("mM",), "mole": ("mol",), "newton": (), "ohm": (), "pascal": (), "radian": ("steradian",),
    "second": (), "siemens": (), "tesla": (), "volt": (), "watt": (), "weber": (),
}  # fmt: skip
"""Unit names that the declaration of a variable may use; the second names in parentheses for messages."""

_DECLARABLE_NAMES: Final = frozenset(DECLARABLE) | {n for names in DECLARABLE.values() for n in names}


@cache
def unit_in_string(name: str) -> tuple[float, Dimension] | None:
    """Returns size (in SI units) and dimension of a unit name in an expression; None if it is no unit."""
    parts = split_name(ABBREVIATIONS.get(name, name))
    if parts is None:
        return None
    prefix, base, power = parts
    if prefix in _LITRE_PREFIXES and base not in ("litre", "liter") and name not in ABBREVIATIONS:
        return None
    scale, exponents = size_and_exponents(prefix, base, power)
    return power_of_ten(scale), get_or_create_dimension(exponents)


def string_unit_names() -> frozenset[str]:
    """Returns all names that `unit_in_string` knows: they cannot be names of variables in equations."""
    prefixes = ("", *"YZEPTGMkmunpfazy")
    names = {p + b + s for b in (*UNITS, *SCALED_UNITS) for p in prefixes for s in ("", "2", "3")}
    names |= {p + b for b in ("litre", "liter") for p in _LITRE_PREFIXES}
    return frozenset(n for n in (*names, *ABBREVIATIONS) if unit_in_string(n) is not None)


def unit_in_declaration(text: str) -> Dimension:
    """Returns the dimension that a declaration such as `siemens/metre**2` means.

    `1`, `boolean` and `integer` have no dimension.

    Raises:
        ValueError: If it is not a product, quotient or power of unscaled units; the message says what
            to write instead.
    """
    text = text.strip()
    if text in ("1", "boolean", "integer"):
        return DIMENSIONLESS
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"Could not interpret '{text}' as a unit: {error.msg}") from None
    dim = _declared(tree, text)
    if dim is None:
        raise ValueError(f"'{text}' is a number, not a unit. For a variable without unit, write 1.")
    if isinstance(tree, ast.BinOp):
        _combined(tree)
    return dim


def _combined(node: ast.expr) -> Any:
    """Returns the unit that a part of a declaration means; it is known from now on, and values are shown in it."""
    if isinstance(node, ast.Name):
        return unit(ABBREVIATIONS.get(node.id, node.id))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return _combined(node.left) ** _exponent(node.right, "")
    if isinstance(node, ast.BinOp):
        left, right = _combined(node.left), _combined(node.right)
        return left * right if isinstance(node.op, ast.Mult) else left / right
    return 1


def _declared(node: ast.expr, text: str) -> Dimension | None:
    """Returns the dimension of a part of a declaration; None for the number 1."""
    if isinstance(node, ast.Name):
        return _declared_name(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and node.value == 1:
        return None
    if isinstance(node, ast.BinOp):
        left = _declared(node.left, text)
        if isinstance(node.op, ast.Pow) and left is not None:
            return left ** _exponent(node.right, text)
        right = _declared(node.right, text)
        if isinstance(node.op, ast.Mult) and left is not None and right is not None:
            return left * right
        if isinstance(node.op, ast.Div) and right is not None:
            return (left or DIMENSIONLESS) / right
    raise ValueError(
        f"'{text}' is not a unit. Only products, quotients and powers of units are possible here, "
        "e.g. 'siemens/metre**2' and not '1*siemens/metre**2'."
    )


def _exponent(node: ast.expr, text: str) -> float:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign, node = (-1 if isinstance(node.op, ast.USub) else 1), node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):  # volt**2**3 is volt**8
        base, power = _exponent(node.left, text), _exponent(node.right, text)
        if abs(power) < 100 and base > 0:
            return sign * base**power
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return sign * node.value
    raise ValueError(f"Could not interpret '{text}' as a unit: the exponent has to be a number.")


def _declared_name(name: str) -> Dimension:
    known = unit_in_string(name)
    if known is not None and name in _DECLARABLE_NAMES:
        return known[1]
    if known is None:
        near = get_close_matches(name, sorted(_DECLARABLE_NAMES), 1)
        raise ValueError(
            f"Unit specification refers to '{name}', but this is not a base unit. "
            f"{f'Did you mean {near[0]}? ' if near else ''}The following base units are allowed: {_allowed()}."
        )
    raise ValueError(
        f"Unit specification refers to '{name}', but this is not a base unit. "
        f"Use '{_unscaled_name(name, known[1])}' instead."
    )


def _unscaled_name(name: str, dim: Dimension) -> str:
    _, base, power = split_name(ABBREVIATIONS.get(name, name)) or ("", name, 1)
    if base == "molar":
        base = "mmolar"
    elif base in ("litre", "liter"):
        base = "metre ** 3"
    elif base in ("gram", "gramme"):
        base = "kilogram"
    if base not in _DECLARABLE_NAMES and power == 1:
        return base if " " in base else repr(unscaled_unit(dim) or dim)
    return base if power == 1 else f"{base} ** {power}"


def _allowed() -> str:
    return ", ".join(f"{n} ({', '.join(second)})" if second else n for n, second in DECLARABLE.items())
