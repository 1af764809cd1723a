"""From text to expression trees, through Python's own parser."""

from __future__ import annotations

import ast
import math
import operator
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NoReturn

from ranvier.equations.expressions import (
    Binary,
    BinaryOp,
    Call,
    Compare,
    CompareOp,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    UnaryOp,
)
from ranvier.equations.source import Origin, Place, TextError, caret

_BINARY: dict[type[ast.operator], BinaryOp] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_UNARY: dict[type[ast.unaryop], UnaryOp] = {ast.USub: "-", ast.UAdd: "+", ast.Not: "not"}
_COMPARE: dict[type[ast.cmpop], CompareOp] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}

_MODULES = frozenset("np numpy math scipy b2 br2 brian2 brian ranvier plt pylab".split())
"""What people call the modules whose functions they mean."""

_REMEDIES: dict[type[ast.AST], str] = {
    ast.IfExp: "'a if condition else b' is not available: write int(condition)*a + int(not condition)*b",
    ast.Subscript: "indexing with [ ] is not available: values belong to one element at a time",
    ast.Attribute: "names with a dot are not available: give the value a plain name in your script",
    ast.Lambda: "'lambda' is not available: write the formula itself, or define a function with units",
    ast.BitAnd: "'&' is not available: write 'and'",
    ast.BitOr: "'|' is not available: write 'or'",
    ast.BitXor: "'^' is not available: powers are written with '**'",
    ast.Invert: "'~' is not available: write 'not'",
    ast.LShift: "'<<' is not available: multiply by a power of two",
    ast.RShift: "'>>' is not available: divide with '//' by a power of two",
    ast.MatMult: "'@' is not available: expressions hold for one element at a time",
    ast.Is: "'is' is not available: write '=='",
    ast.IsNot: "'is not' is not available: write '!='",
    ast.In: "'in' is not available: write comparisons joined with 'or'",
    ast.NotIn: "'not in' is not available: write comparisons joined with 'and'",
    ast.NamedExpr: "':=' is not available inside expressions",
    ast.Tuple: "a list of values is not available: an expression has one value",
    ast.List: "a list of values is not available: an expression has one value",
}
"""What people try, and what to write instead."""

LONG = 100
"""Operators in a text from which on Python's usual limit of recursion may not do: trees are walked recursively."""

DEEPEST = 3000
"""Deepest nesting of an expression (a sum of n terms is n-1 deep): beyond, walking it might exhaust the stack."""

DEEPEST_IN_PLACE = 9000
"""Deepest nesting of an expression with its subexpressions put in place."""

FRAMES = 60_000
"""The limit of recursion for long texts: enough for the deepest one, with subexpressions put in place."""

_OPERATOR = re.compile(r"[-+*/%]+|\bnot\b")


@lru_cache(maxsize=4096)
def parse_expression(text: str, origin: Origin | None = None) -> Expr:
    """Parses one expression of the model language.

    Args:
        text: Python's expression syntax restricted to names, numbers, `True`/`False`, arithmetic, single
            comparisons, `and`/`or`/`not`, parentheses and calls. Line breaks count as blanks.
        origin: What the text is part of; by default it stands for itself.

    Returns:
        The tree; spans count characters of `text`, and know `origin`.

    Raises:
        SyntaxError: With the text, a caret under the place and what to write instead.
    """
    flat = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    body = flat.lstrip()
    if not body:
        raise TextError("An expression is missing (the text is empty).")
    _make_room(body)
    shift = len(flat) - len(body)
    try:
        tree = ast.parse(body.rstrip(), mode="eval")
    except SyntaxError as error:
        _python_refuses(text, shift, error)
    except (RecursionError, MemoryError):
        raise TextError(f"The expression {_shortened(text)} is nested too deeply: {_SPLIT}.") from None
    _check_depth(text, tree.body)
    return _Converter(text, body, shift, origin or Origin(text)).convert(tree.body)


_SPLIT = "split it into several subexpressions ('part = ... : 1') or statements"


def _make_room(text: str) -> None:
    """Raises Python's limit of recursion if a text is long; it stays so, since the tree lives on."""
    if len(text) > LONG and sys.getrecursionlimit() < FRAMES and len(_OPERATOR.findall(text)) > LONG:
        sys.setrecursionlimit(FRAMES)


def make_room_for(nesting: int) -> None:
    """Raises Python's limit of recursion if an expression of this nesting needs it.

    Raises:
        SyntaxError: It is nested too deeply.
    """
    if nesting > DEEPEST_IN_PLACE:
        raise TextError(
            f"The subexpressions use each other in a chain whose expressions are nested {nesting} deep, of which "
            f"at most {DEEPEST_IN_PLACE} are possible. Give one in the middle of the chain the flag (constant over "
            "dt): it is then stored once per step, and the chain begins anew."
        )
    if nesting > LONG and sys.getrecursionlimit() < FRAMES:
        sys.setrecursionlimit(FRAMES)


def _check_depth(text: str, tree: ast.expr) -> None:
    """Refuses what is nested too deeply, without recursion.

    Raises:
        SyntaxError: Saying so.
    """
    if len(text) <= DEEPEST:
        return
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    if depth > DEEPEST:
        raise TextError(
            f"The expression {_shortened(text)} has {depth - 1} operations in a row, of which at most {DEEPEST - 1} "
            f"are possible; {_SPLIT}, or put the values into a TimedArray or a parameter."
        )


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 60 else f"{flat[:30]} … {flat[-30:]}")


def _python_refuses(text: str, shift: int, error: SyntaxError) -> NoReturn:
    start = shift + max(0, (error.offset or 1) - 1)
    stop = shift + max(0, (error.end_offset or 0) - 1)
    reason = (error.msg or "invalid syntax").removesuffix(". Perhaps you forgot a comma?")
    remedy = ""
    if "=" in text.replace("==", "").replace("<=", "").replace(">=", "").replace("!=", ""):
        remedy = " An expression holds no assignment; equality is written '=='."
    elif any(sign in text for sign in ("&&", "||", "!")):
        remedy = " Write 'and', 'or', 'not' for '&&', '||', '!'."
    shown = _shortened(text) if len(text) > 400 else repr(text.strip())
    raise TextError(
        f"The expression {shown} cannot be read ({reason}).{remedy}\n{caret(text, (start, stop))}"
    ) from None


def within_64_bit(value: bool | int | float) -> bool | int | float:
    """Returns a number as it is computed with: integers that 64 bit cannot hold as floats."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value


_GROWING: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {"+": operator.add, "-": operator.sub, "*": operator.mul, "**": lambda one, other: one**other}
)
"""The operators whose result may be too large for 64 bit although both numbers are not."""


def _folded(node: ast.expr) -> int | float | None:
    """Returns the value of whole numbers joined by operators, a float if beyond 64 bit, None for other things."""
    match node:
        case ast.Constant(value=int(value)):
            return within_64_bit(value)
        case ast.BinOp(left=left, op=op, right=right):
            join = _GROWING.get(_BINARY.get(type(op), ""))
            one = None if join is None else _folded(left)
            other = None if one is None else _folded(right)
            if join is None or one is None or other is None:
                return None
            if isinstance(op, ast.Pow) and not (isinstance(other, int) and 0 <= other < 1024):
                return None
            try:
                return within_64_bit(join(one, other))
            except OverflowError:
                return math.inf
        case _:
            return None


class _Converter:
    """Turns Python's tree into ours, refusing what the model language does not have."""

    def __init__(self, text: str, body: str, shift: int, origin: Origin) -> None:
        self.text = text
        self.body = body
        self.shift = shift
        self.origin = origin

    def span(self, node: ast.expr) -> Place:
        start, stop = node.col_offset, node.end_col_offset or node.col_offset
        if not self.body.isascii():  # Python counts bytes
            raw = self.body.encode()
            start, stop = len(raw[:start].decode()), len(raw[:stop].decode())
        return Place.of(self.shift + start, self.shift + stop, self.origin)

    def refuse(self, node: ast.expr, what: ast.AST, otherwise: str) -> NoReturn:
        reason = _REMEDIES.get(type(what), otherwise)
        if isinstance(what, ast.Attribute) and isinstance(what.value, ast.Name) and what.value.id in _MODULES:
            reason = f"names with a dot are not available: write '{what.attr}' without '{what.value.id}.'"
        raise TextError(f"In the expression {self.text.strip()!r}: {reason}.\n{caret(self.text, self.span(node))}")

    def convert(self, node: ast.expr) -> Expr:
        match node:
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.Constant(value=value):
                return self.number(node, value)
            case ast.BinOp(op=op):
                sign = _BINARY.get(type(op))
                if sign is None:
                    self.refuse(node, op, "this operator is not available")
                return self.binary(node, sign)
            case ast.UnaryOp(op=op, operand=operand):
                prefix = _UNARY.get(type(op))
                if prefix is None:
                    self.refuse(node, op, "this operator is not available")
                return Unary(prefix, self.convert(operand), self.span(node))
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                return Logical(word, tuple(self.convert(value) for value in values), self.span(node))
            case ast.Compare():
                return self.compare(node)
            case ast.Call():
                return self.call(node)
            case _:
                self.refuse(node, node, "this is not part of the model language")

    def name(self, node: ast.expr, name: str) -> Name:
        if not name.isascii():
            self.refuse(node, node, f"the name {name!r} has letters outside a-z; use plain ASCII names")
        return Name(name, self.span(node))

    def number(self, node: ast.expr, value: object) -> Number:
        if not isinstance(value, bool | int | float):
            what = "complex numbers are" if isinstance(value, complex) else f"{value!r} is"
            self.refuse(node, node, f"{what} not available: only names, numbers, True and False")
        return Number(within_64_bit(value), self.span(node))

    def binary(self, node: ast.BinOp, sign: BinaryOp) -> Binary:
        left, right = self.convert(node.left), self.convert(node.right)
        if sign in _GROWING and isinstance(_folded(node), float):
            left = Number(float(_folded(node.left) or 0), left.span)  # computed as a float, since integers would wrap
        return Binary(sign, left, right, self.span(node))

    def compare(self, node: ast.Compare) -> Compare:
        if len(node.ops) > 1:
            for part in node.comparators[:-1]:  # 'x > 1 & y < 2' compares x with '1 & y', as Python reads it
                if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitAnd | ast.BitOr):
                    self.refuse(node, part.op, _REMEDIES[type(part.op)])
            self.refuse(node, node, "chained comparisons are not available: join single ones with 'and'")
        op = _COMPARE.get(type(node.ops[0]))
        if op is None:
            self.refuse(node, node.ops[0], "this comparison is not available")
        return Compare(op, self.convert(node.left), self.convert(node.comparators[0]), self.span(node))

    def call(self, node: ast.Call) -> Call:
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func, node.func, _not_called(node.func))
        if node.keywords:
            self.refuse(node, node, "arguments with names are not available: give them in order")
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            self.refuse(node, node, "arguments with '*' are not available: write them out")
        return Call(node.func.id, tuple(self.convert(arg) for arg in node.args), self.span(node))


def _not_called(func: ast.expr) -> str:
    """Returns what is wrong with a call of something that has no name."""
    if isinstance(func, (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Call)):
        return "a '*' is missing before '(': values are multiplied with a sign, e.g. 2*(v + w)"
    return "only functions with plain names can be called"
