"""The rewrite `tabulate-draws`: Poisson and binomial numbers of small means by a table, in a fraction of the time.

`poisson(rate*dt)` with constants for arguments becomes `_tabulated_poisson(mean)` of a name for the number, and
`_binomial(n, p)` likewise: the table is made from these arguments of the program before a run, so that another rate
compiles nothing. `ranvier.ir.alias_tables` states what is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranvier.actions import actions as act
from ranvier.actions.code import is_fixed
from ranvier.actions.effects import calls_python
from ranvier.actions.rewrites.names import TABULATE_DRAWS
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Binary, Call, Expr, Name, Number, functions, map_children, once_each
from ranvier.ir.alias_tables import LARGEST_MEAN

TABULATED = {"poisson": "_tabulated_poisson", "_binomial": "_tabulated_binomial"}
"""Functions that draw, and those that draw the same by a table."""


def tabulate_draws(actions: Sequence[act.Action]) -> list[act.Action]:
    """Returns actions in which draws of constant small means are by tables."""
    return [_tabulated(action) if isinstance(action, act.MapCode) else action for action in actions]


def _tabulated(action: act.MapCode) -> act.MapCode:
    tabulation = _Tabulation(action)
    code = tuple(
        Assign(line.target, tabulation.rewritten(line.expr)) if isinstance(line, Assign) else line
        for line in action.code
    )
    if not tabulation.said:
        return action
    notes = (*action.notes, (TABULATE_DRAWS, "; ".join(tabulation.said)))
    if not tabulation.count or calls_python(action):  # numpy draws as it does
        return replace(action, notes=notes)
    return replace(action, code=code, bindings=tabulation.bindings, notes=notes)


class _Tabulation:
    """The bindings of an action, to which those of tables are added."""

    def __init__(self, action: act.MapCode) -> None:
        self.label = action.label
        self.bindings = dict(action.bindings)
        self.count = 0
        self.said: list[str] = []
        self._rewrite = once_each(self._rewritten)

    def rewritten(self, expr: Expr) -> Expr:
        """Returns an expression with draws by tables."""
        if not functions(expr) & TABULATED.keys():
            return expr
        self._rewrite = once_each(self._rewritten)
        return self._rewrite(expr)

    def _rewritten(self, expr: Expr) -> Expr:
        if isinstance(expr, Call) and expr.function in TABULATED and expr.function not in self.bindings:
            drawn, text = self._draw(expr)
            self.said.append(f"{expr.function.removeprefix('_')}: {text}")
            if drawn is not None:
                self.count += 1
                return drawn
        return map_children(expr, self._rewrite)

    def _draw(self, call: Call) -> tuple[Expr | None, str]:
        """Returns a draw by a table and what it is, or None and why not."""
        values = [constant_value(arg, self.bindings) for arg in call.args]
        known = [value for value in values if value is not None]
        if len(known) != len(values):
            return None, "its arguments are not constant"
        drawn = self._poisson(call, *known) if call.function == "poisson" else self._binomial(call, *known)
        return drawn, f"the mean is not between 0 and {LARGEST_MEAN:g}" if drawn is None else "by a table"

    def _poisson(self, call: Call, mean: float) -> Expr | None:
        if not 0 <= mean <= LARGEST_MEAN:
            return None
        return Call(TABULATED[call.function], (self._name(call.args[0], "mean", mean),), call.span)

    def _binomial(self, call: Call, n: float, p: float) -> Expr | None:
        if not 0 <= p <= 1 or not 0 <= n * min(p, 1 - p) <= LARGEST_MEAN or n < 0 or n != int(n):
            return None
        trials = self._name(call.args[0], "n", n)
        drawn = Call(TABULATED[call.function], (trials, self._name(call.args[1], "p", p)), call.span)
        return drawn if p <= 0.5 else Binary("-", trials, drawn, call.span)

    def _name(self, expr: Expr, what: str, value: float) -> Name:
        """Returns the name of an argument of the program that has the value."""
        if isinstance(expr, Name) and isinstance(self.bindings[expr.id], act.Constant) and not is_fixed(expr.id):
            return expr
        name = f"_drawn_{what}_{self.count}"
        self.bindings[name] = act.Constant(value, f"{self.label} {name}")
        return Name(name)


def constant_value(expr: Expr, bindings: Mapping[str, act.Binding]) -> float | None:
    """Returns the value of arithmetic of constants and dt, None if there is more to it."""

    def computed(node: Expr) -> float | None:
        match node:
            case Number(value):
                return value
            case Name(id):
                binding = bindings.get(id)
                if isinstance(binding, act.Constant):
                    return binding.value
                return float(binding.clock.dt_) if isinstance(binding, act.Time) and binding.what == "dt" else None
            case Binary(op, left, right) if op in ("+", "-", "*", "/"):
                a, b = value_of(left), value_of(right)
                if a is None or b is None or (op == "/" and b == 0):
                    return None
                return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0}[op]
            case _:
                return None

    value_of = once_each(computed)
    return value_of(expr)
