"""The structure of a plan as text: what its key is made of.

It is read off the fields of inputs and steps: each that takes part in comparisons is in it, no other is. How names are
spelled is not: they stand for what they are bound to, so that programs which differ in names share their code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import cast

from ranvier.equations.assignments import Adaptive, Assign, Line
from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, Name, Number, Unary
from ranvier.equations.functions import DEFAULT_FUNCTIONS
from ranvier.plan.step_kinds import FREE, ElementCode

FIXED = frozenset({FREE, *DEFAULT_FUNCTIONS})
"""Names that mean something by their spelling."""


PLAIN = frozenset({bool, int, str, type(None)})
"""Types of fields that are written as they are."""


SHORT = 40
"""Length of the texts of shared nodes that are written again."""


@cache
def compared_fields(kind: type) -> tuple[str, ...]:
    """Returns the names of the fields of a dataclass that take part in comparisons."""
    return tuple(field.name for field in fields(kind) if field.compare)


@cache
def _reader(kind: type) -> Callable[[object], tuple[object, ...]]:
    """Returns what gives the compared fields of objects of a class."""
    names = compared_fields(kind)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def structure(value: object) -> str:
    """Returns the structure of something that plans are made of: equal texts for equal structure, and no others."""
    kind = type(value)
    if kind in PLAIN:
        return repr(value)
    if isinstance(value, ElementCode):
        return _CodeStructure(value).text()
    if isinstance(value, tuple):
        return f"({' '.join([structure(entry) for entry in cast(tuple[object, ...], value)])})"
    return f"{kind.__name__} {' '.join([structure(entry) for entry in _reader(kind)(value)])}"


class _CodeStructure:
    """Code in which each name is replaced by the number of its first occurrence."""

    def __init__(self, code: ElementCode) -> None:
        self._code = code
        self._bound = frozenset(name for name, _ in code.bindings)
        self._numbers: dict[str, str] = {}
        self._written: dict[int, str] = {}

    def text(self) -> str:
        """Returns the structure of the code."""
        code = self._code
        lines = [self._line(line) for line in code.lines]
        lines += [f"-> {self._expr(expr)}" for expr in code.results]
        lines += [f"{self._name(name)}: {structure(bound)}" for name, bound in code.bindings]
        lines.append(f"protected {' '.join([self._name(name) for name in code.protected])} float32 {code.float32}")
        return "\n  ".join(["", *lines])

    def _name(self, name: str) -> str:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = name if name in FIXED else f"${len(self._numbers)}"
        return number

    def _line(self, line: Line) -> str:
        if isinstance(line, Assign):
            return f"{self._expr(line.expr)} = {self._name(line.target)}"
        if isinstance(line, Adaptive):
            parts = [self._expr(part) for part in line.expressions]
            names = [self._name(name) for name in (*line.variables, *line.targets)]
            return f"{line.method} {line.most} {line.is_adaptive} {parts} = {names}"
        rows = [[self._expr(entry) for entry in row] for row in line.matrix]
        targets = [[None if name is None else self._name(name) for name in row] for row in line.targets]
        return f"exp({rows} * {self._expr(line.step)}) = {targets}"

    def _expr(self, expr: Expr) -> str:
        """Returns a node as text; what is shared and long is written once, further on by its number."""
        if isinstance(expr, Name):
            return self._name(expr.id)
        known = self._written.get(id(expr))
        if known is not None:
            return known
        number = len(self._written)
        self._written[id(expr)] = ""
        text = self._text(expr)
        self._written[id(expr)] = text if len(text) <= SHORT else f"#{number}"
        return text

    def _text(self, expr: Number | Unary | Binary | Compare | Logical | Call) -> str:
        match expr:
            case Binary() | Compare():
                return f"({self._expr(expr.left)}{expr.op}{self._expr(expr.right)})"
            case Number():
                return repr(expr.value)
            case Call():
                called = self._name(expr.function) if expr.function in self._bound else expr.function
                return f"{called}({','.join([self._expr(arg) for arg in expr.args])})"
            case Unary():
                return f"({expr.op} {self._expr(expr.operand)})"
            case Logical():
                return f"({f' {expr.op} '.join([self._expr(operand) for operand in expr.operands])})"
