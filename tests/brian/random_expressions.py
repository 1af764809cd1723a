"""Random expressions and statements of Brian's language whose units fit, for `random_scripts.py`.

What Brian stumbles over is left out: `//` of values with units, in-place operators whose right side has several terms,
`v = u` before `u` changes (numpy then changes both); and `%` of large numbers, for which the last bits decide.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

UNITS = {
    "volt": ("mV", "mvolt"),
    "amp": ("nA", "namp"),
    "siemens": ("usiemens",),
    "second": ("ms", "msecond"),
    "volt/second": ("mV/ms", "volt/second"),
    "1": ("",),
}
"""The spellings of each unit of a number."""

T = TypeVar("T")


class Chance:
    """Random choices that are the same for every version of Python.

    Args:
        seed: What they depend on.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def often(self, share: float) -> bool:
        """Tells whether something that happens so often happens now."""
        return self._random.random() < share

    def below(self, count: int) -> int:
        """Returns a whole number from 0 on."""
        return int(self._random.random() * count)

    def between(self, low: float, high: float) -> float:
        """Returns a number."""
        return low + self._random.random() * (high - low)

    def one_of(self, things: Sequence[T]) -> T:
        """Returns one of some things."""
        return things[self.below(len(things))]

    def some_of(self, things: Sequence[T], count: int) -> list[T]:
        """Returns up to so many of some things, in their order."""
        left = list(range(len(things)))
        while len(left) > count:
            del left[self.below(len(left))]
        return [things[number] for number in left]


@dataclass(frozen=True)
class Variable:
    """A name that expressions may use.

    Attributes:
        name: Its name.
        unit: A unit, "integer" or "boolean".
        settable: Whether statements may assign to it.
        shared: Whether it is one value.
    """

    name: str
    unit: str
    settable: bool = True
    shared: bool = False


class Expressions:
    """Makes expressions.

    Args:
        chance: Where choices come from.
        variables: The names they may use.
        calls: Calls without unit they may use as well, such as "stimulus(t)".
    """

    def __init__(self, chance: Chance, variables: Sequence[Variable], calls: Sequence[str] = ()) -> None:
        self._chance = chance
        self.variables = list(variables)
        self._calls = list(calls)

    def of(self, unit: str, depth: int = 2) -> str:
        """Returns an expression with a unit, or an integer or boolean one."""
        kinds: dict[str, Callable[[int], str]] = {"boolean": self.condition, "integer": self.whole}
        return kinds[unit](depth) if unit in kinds else self._value(unit, depth)

    def number(self) -> str:
        """Returns a positive number, in one of the forms that numbers have."""
        value = self._chance.between(0.05, 9)
        forms = (
            f"{value + 0.5:.0f}.",
            f"{value:.2f}",
            f"{value:.3f}",
            f"{10 * value + 0.5:.0f}e-1",
            f"{value + 0.1:.1f}",
        )
        return self._chance.one_of(forms)

    def constant(self, unit: str) -> str:
        """Returns a number with a unit."""
        spelling = self._chance.one_of(UNITS[unit])
        return f"{self.number()}*{spelling}" if spelling else self.number()

    def _known(self, unit: str) -> list[str]:
        return [variable.name for variable in self.variables if variable.unit == unit]

    def _value(self, unit: str, depth: int) -> str:
        chance, names, d = self._chance, self._known(unit), depth - 1
        if depth <= 0 or chance.often(0.15):
            return chance.one_of(names) if names and chance.often(0.75) else self.constant(unit)
        if chance.often(0.25):
            return self._of_units(unit, d)
        forms: tuple[Callable[[], str], ...] = (
            lambda: f"({self._value(unit, d)} {chance.one_of('+-')} {self._value(unit, d)})",
            lambda: f"({self._value('1', d)})*({self._value(unit, d)})",
            lambda: f"({self._value(unit, d)})/({self.number()} + abs({self._value('1', d)}))",
            lambda: self._clipped(unit, d),
            lambda: f"abs({self._value(unit, d)})",
            lambda: f"-({self._value(unit, d)})",
            lambda: f"int({self.condition(d)})*({self._value(unit, d)})",
            lambda: f"{self._clipped(unit, d)} % ({self.constant(unit)})",
            lambda: f"{self.whole(d)}*({self._value(unit, d)})",
        )
        return chance.one_of(forms)()

    def _clipped(self, unit: str, d: int) -> str:
        return f"clip({self._value(unit, d)}, -{self.constant(unit)}, {self.constant(unit)})"

    def _of_units(self, unit: str, d: int) -> str:
        """Returns an expression made of ones with other units."""
        chance = self._chance
        forms: dict[str, tuple[Callable[[], str], ...]] = {
            "volt": (
                lambda: f"({self._value('amp', d)})/({self.constant('siemens')})",
                lambda: f"({self._value('volt/second', d)})*({self._value('second', d)})",
                lambda: f"sqrt(abs({self._value('volt', d)}*({self._value('volt', d)})))",
                lambda: f"({self._value('volt', d)})**2/({self.constant('volt')})",
            ),
            "amp": (lambda: f"({self._value('siemens', d)})*({self._value('volt', d)})",),
            "siemens": (lambda: f"({self._value('amp', d)})/({self.constant('volt')})",),
            "second": (lambda: f"({self._value('1', d)})*ms",),
            "volt/second": (lambda: f"({self._value('volt', d)})/({self.constant('second')})",),
            "1": (
                lambda: self._ratio(d),
                lambda: self._function(d),
                lambda: self._function(d),
                lambda: self.whole(d),
                lambda: chance.one_of([*self._calls, "1"]),
            ),
        }
        return chance.one_of(forms[unit])()

    def _ratio(self, d: int) -> str:
        unit = self._chance.one_of(("volt", "amp", "second"))
        return f"({self._value(unit, d)})/({self.constant(unit)})"

    def _function(self, d: int) -> str:
        argument = self._value("1", d)
        bounded = f"clip({argument}, -3, 2)"
        forms = (
            *(f"{name}({bounded})" for name in ("exp", "expm1", "sinh", "cosh", "exprel")),
            *(f"{name}({argument})" for name in ("sin", "cos", "tanh", "arctan", "ceil", "floor", "sign")),
            *(f"{name}(1 + abs({argument}))" for name in ("log", "log10", "sqrt", "log1p")),
            f"({argument})**2",
            f"(1 + abs({argument}))**(-{self.number()})",
            f"({argument}) // ({self.number()})",
        )
        return self._chance.one_of(forms)

    def whole(self, depth: int = 1) -> str:
        """Returns an expression of integers."""
        chance, names, d = self._chance, self._known("integer"), depth - 1
        if depth <= 0 or chance.often(0.25):
            return chance.one_of(names) if names and chance.often(0.8) else str(chance.below(6))
        forms: tuple[Callable[[], str], ...] = (
            lambda: f"({self.whole(d)} {chance.one_of('+-*')} {self.whole(d)})",
            lambda: f"({self.whole(d)} {chance.one_of(('%', '//'))} {2 + chance.below(3)})",
            lambda: f"int({self.condition(d)})",
            lambda: f"int(clip({self._value('1', d)}, -9, 9))",
            lambda: f"abs({self.whole(d)})",
            lambda: f"sign({self.whole(d)})",
        )
        return chance.one_of(forms)()

    def condition(self, depth: int = 1) -> str:
        """Returns a condition."""
        chance, names, d = self._chance, self._known("boolean"), depth - 1
        if names and chance.often(0.25):
            return chance.one_of(names)
        if depth > 0 and chance.often(0.35):
            form = chance.one_of(("({} and {})", "({} or {})", "(not {})", "({} and not {})"))
            return form.format(*(self.condition(d) for _ in range(form.count("{}"))))
        unit = chance.one_of([v.unit for v in self.variables if v.unit != "boolean"] or ["1"])
        relation = chance.one_of(("<", ">", "<=", ">=", "!=", "==") if unit == "integer" else ("<", ">", "<=", ">="))
        return f"({self.of(unit, d)} {relation} {self.of(unit, d)})"

    def statement(self, variable: Variable, depth: int = 2) -> str:
        """Returns a statement that assigns to a variable."""
        chance, name = self._chance, variable.name
        if variable.unit == "boolean":
            return f"{name} = {self.condition(depth)}"
        if variable.unit == "integer":
            return f"{name} {chance.one_of(('=', '+=', '-='))} {self.whole(depth)}"
        operator = chance.one_of(("=", "+=", "-=", "*=", "/="))
        if operator == "*=":
            return f"{name} *= ({self._value('1', depth)})"
        if operator == "/=":
            return f"{name} /= ({self.number()} + abs({self._value('1', depth)}))"
        return f"{name} {operator} {self.number()}*({self._value(variable.unit, depth)})"

    def code(self, targets: Sequence[Variable], count: int) -> str:
        """Returns statements that assign to some variables, in one of the ways to write several."""
        statements = [self.statement(self._chance.one_of(targets)) for _ in range(count)] if targets else ["unused = 1"]
        if self._chance.often(0.2):
            statements.insert(0, f"local = {self._value('1', 1)}")
        if self._chance.often(0.1):
            return "\n".join(f"{statement}  # a comment" for statement in statements)
        return self._chance.one_of(("; ", "\n", "\n    ", ";", "\n\n")).join(statements)
