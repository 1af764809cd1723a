"""Texts of a sweep, measures and units of columns, computed without Python's `eval`: they may come from files."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import numpy as np

_operator: Any = operator
"""Python's operators, for operands whose types are not known here."""

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _operator.add, ast.Sub: _operator.sub, ast.Mult: _operator.mul, ast.Div: _operator.truediv,
    ast.FloorDiv: _operator.floordiv, ast.Mod: _operator.mod,
}  # fmt: skip
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: _operator.neg, ast.UAdd: _operator.pos, ast.Not: np.logical_not,
}  # fmt: skip
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: _operator.lt, ast.LtE: _operator.le, ast.Gt: _operator.gt, ast.GtE: _operator.ge, ast.Eq: _operator.eq,
    ast.NotEq: _operator.ne,
}  # fmt: skip


@lru_cache(maxsize=256)
def expression(text: str) -> ast.expr:
    """Returns the tree of a text, in which nothing but arithmetic, names, functions by name and indices is.

    Raises:
        SyntaxError: If there is something else, or the text is no expression.
    """
    tree = ast.parse(text.strip(), mode="eval").body
    nodes = list(ast.walk(tree))
    places = [node.slice for node in nodes if isinstance(node, ast.Subscript)]  # "v[0, 10:]": a tuple is one there
    for node in nodes:
        if not _is_allowed(node) and not (isinstance(node, ast.Tuple) and node in places):
            raise SyntaxError(f"'{ast.unparse(node)}' is not possible here" if isinstance(node, ast.expr) else text)
    return tree


def _is_allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            return value is None or isinstance(value, bool | int | float)
        case ast.Attribute(value=owner, attr=name):
            return isinstance(owner, ast.Name) and not name.startswith("_")
        case ast.Call(func=func, keywords=keywords):
            return isinstance(func, ast.Name) and not keywords
        case ast.BinOp(op=op):
            return type(op) in _BINARY or isinstance(op, ast.Pow)
        case ast.UnaryOp(op=op):
            return type(op) in _UNARY
        case ast.Compare(ops=ops):
            return len(ops) == 1 and type(ops[0]) in _COMPARED
        case ast.Name(id=name):
            return not name.startswith("__")
        case ast.Subscript() | ast.Slice():
            return True
        case _:
            return isinstance(node, ast.expr_context | ast.operator | ast.unaryop | ast.cmpop)


def value_of(tree: ast.expr, names: Mapping[str, Any], functions: Mapping[str, Any] | None = None) -> Any:
    """Returns the value of a tree of `expression`.

    Args:
        tree: The tree.
        names: What names stand for.
        functions: What is called by them; None if functions are among the names.

    Raises:
        KeyError: If a name means nothing.
    """
    called = names if functions is None else functions

    def value(node: ast.expr | None) -> Any:
        match node:
            case ast.Constant(value=found):
                return found
            case ast.Name(id=name):
                return names[name]
            case ast.Attribute(value=owner, attr=name):
                return getattr(value(owner), name)
            case ast.Call(func=ast.Name(id=name), args=args):
                return called[name](*map(value, args))
            case ast.UnaryOp(op=op, operand=operand):
                return _UNARY[type(op)](value(operand))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return _COMPARED[type(ops[0])](value(left), value(others[0]))
            case ast.BinOp(left=left, op=op, right=right):
                return (
                    _power(value(left), value(right))
                    if isinstance(op, ast.Pow)
                    else _BINARY[type(op)](value(left), value(right))
                )
            case ast.Subscript(value=owner, slice=index):
                return value(owner)[value(index)]
            case ast.Tuple(elts=parts):
                return tuple(map(value, parts))
            case ast.Slice(lower=lower, upper=upper, step=step):
                return slice(value(lower), value(upper), value(step))
            case _:
                return None

    return value(tree)


def _power(base: Any, exponent: Any) -> Any:
    """Returns a power; that of two plain numbers is a float, so that it is never as long as memory."""
    return cast(Any, float(base) if isinstance(base, int) else base) ** exponent
