"""Random expressions of the model language, of a wanted type."""

import ast
from random import Random

FLOATS = ("x", "y", "s", "p", "z")
INTEGERS = ("k", "m", "n", "q", "i", "N")
BOOLEANS = ("b", "c")
LITERALS = ("0", "1", "2", "3", "7", "-1", "-2", "0x10", "1_000", "100", "255", "65536")
NUMBERS = ("0.5", "1.0", "2.", "-1.25", "1e-3", "3.75", "1e3", "0.1", "-0.0", ".5", "2.5e2")
SMOOTH = ("exp", "sin", "cos", "tanh", "arctan", "expm1", "exprel", "sqrt", "log", "log10", "tan", "sinh", "cosh",
          "arcsin", "arccos", "log1p")  # fmt: skip


class Texts:
    """Makes expressions.

    Args:
        random: Decides.
        floats: Names of floating point variables; likewise integers and booleans.
    """

    def __init__(
        self,
        random: Random,
        floats: tuple[str, ...] = FLOATS,
        integers: tuple[str, ...] = INTEGERS,
        booleans: tuple[str, ...] = BOOLEANS,
    ) -> None:
        self.random = random
        self.leaves = {"float": floats, "integer": integers, "boolean": booleans}

    def text(self, kind: str, depth: int = 3) -> str:
        """Returns an expression; half of them without needless parentheses."""
        made = self.make(kind, depth)
        return ast.unparse(ast.parse(made, mode="eval")) if self.random.random() < 0.5 else made

    def make(self, kind: str, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.12:
            return self.leaf(kind)
        return getattr(self, f"_{kind}")(depth - 1)

    def leaf(self, kind: str) -> str:
        names = self.leaves[kind]
        if kind == "boolean":
            return self.random.choice([*names, "True", "False"])
        if not names or self.random.random() < 0.3:
            return self.random.choice(LITERALS if kind == "integer" else NUMBERS)
        return self.random.choice(names)

    def number(self, depth: int) -> str:
        return self.make(self.random.choice(("float", "float", "integer", "integer", "boolean")), depth)

    def _float(self, d: int) -> str:
        r = self.random
        a, b = self.number(d), self.number(d)
        match r.randrange(12):
            case 0 | 1:
                return f"({self.make('float', d)} {r.choice('+-')} {a})"
            case 2:
                return f"({a}*{self.make('float', d)})"
            case 3:
                return f"({a}/{b})"
            case 4:
                return f"({self.make('float', d)} {r.choice(('//', '%'))} {b})"
            case 5:
                return f"({a})**{r.choice(('2', '3', '0', '0.5', '-1', '2.0', '-2', '1'))}"
            case 6:
                return f"abs({a})**({b})"
            case 7:
                return f"{r.choice(SMOOTH)}({a})"
            case 8:
                return f"{r.choice(('floor', 'ceil', 'abs', 'sign'))}({self.make('float', d)})"
            case 9:
                return f"clip({self.make('float', d)}, {self.leaf('float')}, {self.leaf('float')})"
            case 10:
                return f"(-{self.make('float', d)})"
            case _:
                return f"int({self.make('boolean', d)})*{self.make('float', d)}"

    def _integer(self, d: int) -> str:
        r = self.random
        a, b = self.make("integer", d), self.make("integer", d)
        match r.randrange(9):
            case 0 | 1:
                return f"({a} {r.choice('+-*')} {b})"
            case 2 | 3:
                return f"({a} {r.choice(('//', '%'))} {b})"
            case 4:
                return f"({a})**{r.choice(('2', '3', '0', '1'))}"
            case 5:
                return f"int({self.number(d)})"
            case 6:
                return f"{r.choice(('abs', 'sign', '-', '+'))}({a})"
            case 7:
                return f"clip({a}, {self.leaf('integer')}, {self.leaf('integer')})"
            case _:
                return f"({self.make('boolean', d)} + {b})"

    def _boolean(self, d: int) -> str:
        r = self.random
        match r.randrange(6):
            case 0 | 1 | 2:
                return f"({self.number(d)} {r.choice(('<', '<=', '>', '>=', '==', '!='))} {self.number(d)})"
            case 3:
                return f"(not {self.make('boolean', d)})"
            case _:
                return f"({self.make('boolean', d)} {r.choice(('and', 'or'))} {self.make('boolean', d)})"
