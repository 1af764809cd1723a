"""Expressions of the model language: the tree and the ways to look at it.

The tree is what everything after the parser works on: unit checking, integration, code. Nodes are
immutable and compare by meaning; the place in the user's text travels along in `span`.

A node may stand in several places: a subexpression that is used twice is one object with two users. Whatever goes
through an expression therefore looks at each object once (`walk`, `once_each`), and takes time for what there is, not
for what the text with all subexpressions put in place would be long. Calls that draw random numbers are an object for
each draw.

    parse_expression("(ge - v)/tau")
    Binary('/', Binary('-', Name('ge'), Name('v')), Name('tau'))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from ranvier.equations.source import Span

NOWHERE: Span = (0, 0)

UnaryOp: TypeAlias = Literal["-", "+", "not"]
BinaryOp: TypeAlias = Literal["+", "-", "*", "/", "//", "%", "**"]
CompareOp: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
LogicalOp: TypeAlias = Literal["and", "or"]

T = TypeVar("T")


class _Compound:
    """What nodes with operands share: equality by meaning and a hash, without recursion, and what was found out."""

    __slots__ = ("_functions", "_hash", "_names")
    _functions: frozenset[str]
    _hash: int
    _names: frozenset[str]

    def __eq__(self, other: object) -> bool:
        return self is other or _alike(self, other)

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            return _hashed(self)


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


@dataclass(frozen=True, slots=True, eq=False)
class Unary(_Compound):
    """`-x`, `+x`, `not x`."""

    op: UnaryOp
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Binary(_Compound):
    """Arithmetic; `/` always divides as floats, `//` and `%` round down, `**` is right-associative."""

    op: BinaryOp
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Compare(_Compound):
    """One comparison; the result is a boolean."""

    op: CompareOp
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Logical(_Compound):
    """`a and b and c`, `a or b`."""

    op: LogicalOp
    operands: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Call(_Compound):
    """A function of positional arguments."""

    function: str
    args: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expr: TypeAlias = Number | Name | Unary | Binary | Compare | Logical | Call


def children(expr: Expr | _Compound) -> tuple[Expr, ...]:
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
        case _:
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
            changed = tuple([change(arg) for arg in args])
            return expr if _same(args, changed) else Call(function, changed, span)
        case Logical(op, operands, span):
            changed = tuple([change(operand) for operand in operands])
            return expr if _same(operands, changed) else Logical(op, changed, span)
        case Number() | Name():
            return expr


def once_each(compute: Callable[[Expr], T]) -> Callable[[Expr], T]:
    """Returns a function that computes something of each node once: for one walk through shared nodes."""
    found: dict[int, tuple[Expr, T]] = {}

    def remembered(expr: Expr) -> T:
        known = found.get(id(expr))
        if known is None:
            known = found[id(expr)] = (expr, compute(expr))  # holds the node, so that its number stays its own
        return known[1]

    return remembered


def shared_parts(expr: Expr) -> set[int]:
    """Returns the identities of the nodes with operands that stand in several places of an expression."""
    seen: set[int] = set()
    shared: set[int] = set()
    todo = [expr]
    while todo:
        node = todo.pop()
        operands = children(node)
        if not operands:
            continue
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        todo += operands
    return shared


def depth(expr: Expr, known: Mapping[str, int]) -> int:
    """Returns how deeply an expression is nested.

    Args:
        expr: The expression.
        known: The depth of what stands for some of the names.
    """
    deepest, todo = 0, [(expr, 1)]
    while todo:
        node, level = todo.pop()
        deepest = max(deepest, level + known.get(node.id, 0) if isinstance(node, Name) else level)
        todo.extend([(child, level + 1) for child in children(node)])
    return deepest


def _alike(left: object, right: object) -> bool:
    """Tells whether two nodes mean the same; pairs of shared nodes are compared once."""
    todo, seen = [(left, right)], set[tuple[int, int]]()
    while todo:
        pair = todo.pop()
        one, other = pair
        if one is other:
            continue
        if not isinstance(one, _Compound) or not isinstance(other, _Compound):
            if isinstance(one, _Compound) or isinstance(other, _Compound) or one != other:
                return False
            continue
        if _head(one) != _head(other):
            return False
        key = (id(one), id(other))
        if key not in seen:
            seen.add(key)
            todo.extend(zip(children(one), children(other), strict=True))
    return True


def _head(node: _Compound) -> tuple[object, ...]:
    """Returns what a node is without its operands."""
    match node:
        case Unary(op) | Binary(op) | Compare(op):
            return (type(node), op)
        case Logical(op, operands):
            return (Logical, op, len(operands))
        case Call(function, args):
            return (Call, function, len(args))
        case _:
            raise TypeError(f"{node!r} is no expression.")


def _hashed(root: _Compound) -> int:
    """Computes the hash of a node, and before it those of the nodes inside."""
    todo = [root]
    while todo:
        node = todo[-1]
        inner = children(node)
        missing = [child for child in inner if isinstance(child, _Compound) and not hasattr(child, "_hash")]
        if missing:
            todo.extend(missing)
            continue
        todo.pop()
        object.__setattr__(node, "_hash", hash((_head(node), inner)))
    return hash(root)


def _same(old: tuple[Expr, ...], new: tuple[Expr, ...]) -> bool:
    return all(one is other for one, other in zip(old, new, strict=True))


def walk(expr: Expr) -> Iterator[Expr]:
    """Yields all nodes, each once, in the order in which they first occur: the outer before the inner, left before
    right.
    """
    todo, seen = [expr], set[int]()
    while todo:
        node = todo.pop()
        inner = children(node)
        if inner:
            if id(node) in seen:
                continue
            seen.add(id(node))
            todo.extend(reversed(inner))
        yield node


def names(expr: Expr) -> frozenset[str]:
    """Names of the variables, constants and units (not of the functions) in the expression."""
    if not isinstance(expr, _Compound):
        return frozenset((expr.id,)) if isinstance(expr, Name) else frozenset()
    return _remembered(expr, "_names")


def calls(expr: Expr) -> tuple[Call, ...]:
    """Returns all function calls, from left to right."""
    return tuple(node for node in walk(expr) if isinstance(node, Call))


def functions(expr: Expr) -> frozenset[str]:
    """Returns names of the functions that are called."""
    if not isinstance(expr, _Compound):
        return frozenset()
    return _remembered(expr, "_functions")


def _remembered(expr: _Compound, what: Literal["_names", "_functions"]) -> frozenset[str]:
    found: frozenset[str] | None = getattr(expr, what, None)
    if found is None:
        found = _gathered(expr, what)
        object.__setattr__(expr, what, found)
    return found


def _gathered(expr: _Compound, what: Literal["_names", "_functions"]) -> frozenset[str]:
    """Collects names or functions; parts whose own are known already are not looked into."""
    found, seen = set[str](), set[int]()
    todo: list[object] = [expr]
    while todo:
        node = todo.pop()
        if isinstance(node, _Compound):
            known: frozenset[str] | None = getattr(node, what, None)
            if known is not None:
                found |= known
            elif id(node) not in seen:
                seen.add(id(node))
                todo.extend(children(node))
                if what == "_functions" and isinstance(node, Call):
                    found.add(node.function)
        elif what == "_names" and isinstance(node, Name):
            found.add(node.id)
    return frozenset(found)


def substitute(expr: Expr, replacements: Mapping[str, Expr]) -> Expr:
    """Replaces names by expressions, all at once (replacements are not searched again)."""
    if isinstance(expr, Name):
        return replacements.get(expr.id, expr)
    if isinstance(expr, Number) or not replacements:
        return expr

    def changed(node: Expr) -> Expr:
        return replacements.get(node.id, node) if isinstance(node, Name) else map_children(node, change)

    change = once_each(changed)
    return change(expr)


def rename_functions(expr: Expr, change: Callable[[Call], Expr]) -> Expr:
    """Rebuilds the expression with every call (inner ones first) replaced by `change(call)`."""

    def renamed(node: Expr) -> Expr:
        inner = map_children(node, rename)
        return change(inner) if isinstance(inner, Call) else inner

    rename = once_each(renamed)
    return rename(expr)


_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(9)
"""Binding strength, weakest first, as in Python."""

_STRENGTH = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "**": _POWER}
_SPACED = frozenset({"+", "-", "%", "//"})


LONGEST = 100_000
"""Most names, numbers and operations in a text: shared nodes may make it longer than memory."""

SHOWN = 2_000
"""Most of them in a text for people."""


def render(expr: Expr) -> str:
    """Returns the expression as text in the model language; `parse_expression` gives it back.

    Raises:
        OverflowError: With its subexpressions put in place, the expression is too long for a text.
    """
    if _is_longer(expr, LONGEST):
        raise OverflowError(
            f"With its subexpressions put in place, an expression has more than {LONGEST} operations: {shown(expr)}"
        )
    return _render(expr)[0]


def shown(expr: Expr) -> str:
    """Returns the expression as text for people: in long ones `...` stands for what is there already."""
    return _shortened(expr) if _is_longer(expr, SHOWN) else _render(expr)[0]


def _is_longer(expr: Expr, limit: int) -> bool:
    """Tells whether the text has more nodes than that."""
    todo = [expr]
    for _ in range(limit):
        if not todo:
            return False
        todo.extend(children(todo.pop()))
    return bool(todo)


def _shortened(expr: Expr) -> str:
    """Returns the text in which what occurs again is left out."""
    seen: set[int] = set()

    def without_repetition(node: Expr) -> Expr:
        if children(node) and id(node) in seen:
            return Name("...")
        seen.add(id(node))
        return map_children(node, without_repetition)

    return _render(without_repetition(expr))[0]


def _render(expr: Expr) -> tuple[str, int]:
    match expr:
        case Number(value):
            return _number(value)
        case Name(name):
            return name, _ATOM
        case Call(function, args):
            return f"{function}({', '.join([_render(arg)[0] for arg in args])})", _ATOM
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
            return f" {op} ".join([_within(operand, strength + 1) for operand in operands]), strength


def _number(value: bool | int | float) -> tuple[str, int]:
    text = repr(value)
    if isinstance(value, float) and text in ("inf", "-inf"):
        text = "1e999" if value > 0 else "-1e999"
    return text, _SIGN if text.startswith("-") else _ATOM


def _within(expr: Expr, weakest: int) -> str:
    """Renders an operand, in parentheses if it binds more weakly than its place demands."""
    text, strength = _render(expr)
    return text if strength >= weakest else f"({text})"
