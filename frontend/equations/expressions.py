"""Expressions of the model language: the tree and the ways to look at it.

The tree is what everything after the parser works on: unit checking, integration, code. Nodes are
immutable and compare by meaning; the place in the user's text travels along in `span`.

    parse_expression("(ge - v)/tau")
    Binary('/', Binary('-', Name('ge'), Name('v')), Name('tau'))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ranvier.equations.source import Span

NOWHERE: Span = (0, 0)

UnaryOp: TypeAlias = Literal["-", "+", "not"]
BinaryOp: TypeAlias = Literal["+", "-", "*", "/", "//", "%", "**"]
CompareOp: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
LogicalOp: TypeAlias = Literal["and", "or"]


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A literal: `1` (integer), `1.5` (float), `True` (boolean) are three different things."""

    value: bool | int | float
    span: Span = field(default=NOWHERE, repr=False)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Number)
            and type(self.value) is type(other.value)
            and repr(self.value) == repr(other.value)
        )

    def __hash__(self) -> int:
        return hash((type(self.value), repr(self.value)))


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, constant or unit."""

    id: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x`, `+x`, `not x`."""

    op: UnaryOp
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic; `/` always divides as floats, `//` and `%` round down, `**` is right-associative."""

    op: BinaryOp
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; the result is a boolean."""

    op: CompareOp
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Logical:
    """`a and b and c`, `a or b`."""

    op: LogicalOp
    operands: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of positional arguments."""

    function: str
    args: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expr: TypeAlias = Number | Name | Unary | Binary | Compare | Logical | Call


def children(expr: Expr) -> tuple[Expr, ...]:
    """Returns the direct operands, from left to right."""
    match expr:
        case Binary(_, left, right) | Compare(_, left, right):
            return (left, right)
        case Unary(_, operand):
            return (operand,)
        case Call(_, args):
            return args
        case Logical(_, operands):
            return operands
        case Number() | Name():
            return ()


def map_children(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Returns the same node with `change` applied to its operands; the node itself if nothing changed."""
    match expr:
        case Binary(op, left, right, span):
            new_left, new_right = change(left), change(right)
            if new_left is left and new_right is right:
                return expr
            return Binary(op, new_left, new_right, span)
        case Compare(op, left, right, span):
            new_left, new_right = change(left), change(right)
            if new_left is left and new_right is right:
                return expr
            return Compare(op, new_left, new_right, span)
        case Unary(op, operand, span):
            new = change(operand)
            return expr if new is operand else Unary(op, new, span)
        case Call(function, args, span):
            changed = tuple(change(arg) for arg in args)
            return expr if _same(args, changed) else Call(function, changed, span)
        case Logical(op, operands, span):
            changed = tuple(change(operand) for operand in operands)
            return expr if _same(operands, changed) else Logical(op, changed, span)
        case Number() | Name():
            return expr


def _same(old: tuple[Expr, ...], new: tuple[Expr, ...]) -> bool:
    return all(one is other for one, other in zip(old, new, strict=True))


def walk(expr: Expr) -> Iterator[Expr]:
    """Yields all nodes, the outer before the inner, left before right."""
    todo = [expr]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(children(node)))


def names(expr: Expr) -> frozenset[str]:
    """Names of the variables, constants and units (not of the functions) in the expression."""
    return frozenset(node.id for node in walk(expr) if isinstance(node, Name))


def calls(expr: Expr) -> tuple[Call, ...]:
    """Returns all function calls, from left to right."""
    return tuple(node for node in walk(expr) if isinstance(node, Call))


def functions(expr: Expr) -> frozenset[str]:
    """Returns names of the functions that are called."""
    return frozenset(node.function for node in walk(expr) if isinstance(node, Call))


def substitute(expr: Expr, replacements: Mapping[str, Expr]) -> Expr:
    """Replaces names by expressions, all at once (replacements are not searched again)."""
    if isinstance(expr, Name):
        return replacements.get(expr.id, expr)
    if isinstance(expr, Number):
        return expr
    return map_children(expr, lambda child: substitute(child, replacements))


def rename_functions(expr: Expr, change: Callable[[Call], Expr]) -> Expr:
    """Rebuilds the expression with every call (inner ones first) replaced by `change(call)`."""
    inner = map_children(expr, lambda child: rename_functions(child, change))
    return change(inner) if isinstance(inner, Call) else inner


_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(9)
"""Binding strength, weakest first, as in Python."""

_STRENGTH = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "**": _POWER}
_SPACED = frozenset({"+", "-", "%", "//"})


def render(expr: Expr) -> str:
    """Returns the expression as text in the model language; `parse_expression` gives it back."""
    return _render(expr)[0]


def _render(expr: Expr) -> tuple[str, int]:
    match expr:
        case Number(value):
            return _number(value)
        case Name(name):
            return name, _ATOM
        case Call(function, args):
            return f"{function}({', '.join(render(arg) for arg in args)})", _ATOM
        case Unary("not", operand):
            return f"not {_within(operand, _NOT)}", _NOT
        case Unary(op, operand):
            return f"{op}{_within(operand, _SIGN)}", _SIGN
        case Binary("**", left, right):
            return f"{_within(left, _ATOM)}**{_within(right, _SIGN)}", _POWER
        case Binary(op, left, right):
            strength = _STRENGTH[op]
            sign = f" {op} " if op in _SPACED else op
            return f"{_within(left, strength)}{sign}{_within(right, strength + 1)}", strength
        case Compare(op, left, right):
            return f"{_within(left, _SUM)} {op} {_within(right, _SUM)}", _COMPARE
        case Logical(op, operands):
            strength = _AND if op == "and" else _OR
            return f" {op} ".join(_within(operand, strength + 1) for operand in operands), strength


def _number(value: bool | int | float) -> tuple[str, int]:
    text = repr(value)
    if isinstance(value, float) and text in ("inf", "-inf"):
        text = "1e999" if value > 0 else "-1e999"
    return text, _SIGN if text.startswith("-") else _ATOM


def _within(expr: Expr, weakest: int) -> str:
    """Renders an operand, in parentheses if it binds more weakly than its place demands."""
    text, strength = _render(expr)
    return text if strength >= weakest else f"({text})"
