"""Methods described by their formula.

    rk2 = ExplicitStateUpdater('''
        k = dt*f(x, t)
        x_new = x + dt*f(x + k/2, t + dt/2)
        ''')

The equation is dx = f(x, t) dt + g(x, t) dW. Each line of the description becomes one assignment per variable of
the system; `f` and `g` stand for the right-hand sides with all variables (and the time) put in as the arguments say.
With several noises, `g(x, t)*dW` is the sum over them, so what depends on `g` is kept per noise until it is summed;
an argument of `g` holds the part without noise and the noise that this `g` belongs to, one of `f` holds all noises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ranvier.equations.assignments import Assign, Line
from ranvier.equations.build import ZERO, add, call, divide, is_number, multiply, negate, subtract
from ranvier.equations.expressions import (
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Unary,
    calls,
    map_children,
    names,
    once_each,
    render,
    substitute,
)
from ranvier.equations.linear import linear_parts, polynomial
from ranvier.equations.provenance import without_places
from ranvier.equations.source import Place
from ranvier.equations.statements import parse_statements
from ranvier.integrators.described import Described
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.removable import with_limits
from ranvier.integrators.system import OdeSystem, Temporaries, UnsupportedEquationsException
from ranvier.public import public

_DT, _TIME, _X = Name("dt"), Name("t"), Name("x")


@dataclass(frozen=True)
class DescriptionLine:
    """One line of a description: `name = plain + sum(factor*stage)`.

    Attributes:
        plain: The part without noise, in which earlier names stand for their part without noise; calls of `f` are
            named in `drifts`.
        drifts: Stand-in name of each call of f -> its arguments.
        noisy: Factor of each noisy quantity: a stand-in for a call of g (named in `diffusions`), or a name of an
            earlier line.
    """

    name: str
    plain: Expr
    drifts: Mapping[str, tuple[Expr, Expr]]
    diffusions: Mapping[str, tuple[Expr, Expr]]
    noisy: Mapping[str, Expr]


@public
class ExplicitStateUpdater(Described, StateUpdateMethod):
    """A method that is described by a formula.

    Args:
        description: Lines `name = expression` in terms of `x`, `t`, `dt`, `dW`, `f(x, t)`, `g(x, t)` and earlier
            names; the last one defines `x_new`.
        stochastic: The noise the method can deal with: `None` or `'none'`, `'additive'`, `'multiplicative'` (any).
        custom_check: Called with the equations and the variables; false refuses the equations.

    Raises:
        SyntaxError: The description is malformed.
        ValueError: Noise does not enter linearly, or `stochastic` is unknown.
    """

    def __init__(
        self,
        description: str,
        stochastic: str | None = None,
        custom_check: Callable[[object, Mapping[str, object]], bool] | None = None,
        name: str = "custom",
    ) -> None:
        stochastic = None if stochastic == "none" else stochastic
        if stochastic not in (None, "additive", "multiplicative"):
            raise ValueError(f"'stochastic' is None, 'additive' or 'multiplicative', not {stochastic!r}.")
        super().__init__(name)
        self.description = description
        self.stochastic = stochastic
        self.custom_check = custom_check
        self.lines = _parse_description(description)
        arguments = [args for line in self.lines for args in (*line.drifts.values(), *line.diffusions.values())]
        self.single_stage = all(arg == _X for arg, _ in arguments)

    def check(self, system: OdeSystem) -> None:
        """Refuses equations with noise that the method cannot deal with."""
        kind = system.stochastic_type
        if kind is not None and self.stochastic is None:
            raise UnsupportedEquationsException("It is for equations without noise.")
        if kind == "multiplicative" and self.stochastic != "multiplicative":
            raise UnsupportedEquationsException(
                "It is for additive noise: the factor of the noise must not depend on variables of the equations."
            )
        if self.custom_check is not None and not self.custom_check(system.source, system.symbols):
            raise UnsupportedEquationsException("It refuses these equations (custom_check).")

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Line, ...]:
        """Advances all variables by one step of the formula."""
        self.check(system)
        whole = ((name, with_limits(expr, system.symbols)) for name, expr in system.equations)
        return _Expansion(self, system.with_equations(whole)).run()


def _parse_description(description: str) -> tuple[DescriptionLine, ...]:
    statements = parse_statements(description)
    if not statements or statements[-1].target != "x_new" or any(s.op != "=" for s in statements):
        raise SyntaxError("The description of a method has lines 'name = expression', the last one 'x_new = ...'.")
    lines: list[DescriptionLine] = []
    noisy: dict[str, bool] = {}  # whether there is a part without noise as well
    known = {"x", "t", "dt", "dW"}
    for statement in statements:
        unknown = sorted(names(statement.expr) - known)
        if unknown:
            raise SyntaxError(
                f"In the description line '{statement.text}' the name '{unknown[0]}' is unknown: use x, t, dt, dW, "
                "f(x, t), g(x, t) and the names of earlier lines."
            )
        line = _parse_line(statement.target, without_places(statement.expr), noisy)
        if line.noisy:
            noisy[line.name] = not is_number(line.plain, 0)
        known.add(line.name)
        lines.append(line)
    return tuple(lines)


def _parse_line(name: str, expr: Expr, earlier: Mapping[str, bool]) -> DescriptionLine:
    drifts: dict[str, tuple[Expr, Expr]] = {}
    diffusions: dict[str, tuple[Expr, Expr]] = {}

    def stand_in(node: Expr) -> Expr:
        if not isinstance(node, Call) or node.function not in ("f", "g"):
            return map_children(node, stand_in)
        if len(node.args) != 2:
            raise SyntaxError(f"'{render(node)}' in the description of a method: f and g take two arguments, x and t.")
        inner = [call.function for arg in node.args for call in calls(arg)]
        if {"f", "g"} & set(inner) or any("dW" in names(arg) for arg in node.args):
            raise SyntaxError(f"'{render(node)}' in the description of a method: give the argument a line of its own.")
        table = drifts if node.function == "f" else diffusions
        for key, args in table.items():
            if args == node.args:
                return Name(key)
        key = f"{node.function}{len(table)}()"
        table[key] = (node.args[0], node.args[1])
        return Name(key)

    flat = stand_in(expr)
    unknowns = {*diffusions, *(names(flat) & earlier.keys())}
    parts = linear_parts(polynomial(flat, {*unknowns, *drifts}), {*unknowns, *drifts})
    if parts is None:
        raise ValueError(f"The description '{name} = {render(expr)}' has to be linear in f and g.")
    noisy = {key: factor for key, factor in parts.items() if key in unknowns}
    plain = _fold(substitute(flat, {key: ZERO for key in unknowns if not earlier.get(key)}))
    if "dW" in names(plain):
        raise ValueError(f"In the description '{name} = {render(expr)}', dW has to be multiplied by g.")
    return DescriptionLine(name, plain, drifts, diffusions, noisy)


def _fold(expr: Expr) -> Expr:
    """Removes what zeros and ones make superfluous."""

    def folded(node: Expr) -> Expr:
        whole = map_children(node, fold)
        short = _without_neutral(whole)
        has_place = isinstance(short.span, Place) or not isinstance(whole.span, Place)
        return short if has_place else replace(short, span=whole.span)

    fold = once_each(folded)
    return fold(expr)


def _without_neutral(expr: Expr) -> Expr:
    """Removes a zero or a one that is an operand."""
    match expr:
        case Binary("+", left, right):
            return add(left, right)
        case Binary("-", left, right):
            return subtract(left, right)
        case Binary("*", left, right):
            return multiply(left, right)
        case Binary("/", left, right):
            return divide(left, right)
        case Unary("-", operand):
            return negate(operand)
        case _:
            return expr


class _Expansion:
    """Applies a description to one system."""

    def __init__(self, updater: ExplicitStateUpdater, system: OdeSystem) -> None:
        self.updater = updater
        self.system = system
        self.names = Temporaries(system.symbols)
        self.lines: list[Line] = []
        self.plain: dict[tuple[str, str], Expr] = {}  # (line, variable)
        self.noise: dict[tuple[str, str, str], Expr] = {}  # (line, variable, noise)
        self.increments: dict[str, Expr] = {}
        self.stages: dict[tuple[Expr, str, str | None], Expr] = {}
        self.held_inside = self._held_inside()

    def _held_inside(self) -> frozenset[str]:
        """Returns refractory variables whose stages other equations see: their derivative has to be zero, not only
        their result.
        """
        if self.updater.single_stage:
            return frozenset()
        seen = {
            name
            for variable, expr in self.system.equations
            for name in names(expr) & self.system.refractory
            if name != variable
        }
        return frozenset(seen)

    def assign(self, expr: Expr, *parts: str) -> Name:
        name = self.names.new(*parts)
        self.lines.append(Assign(name, expr))
        return Name(name)

    def run(self) -> tuple[Line, ...]:
        for noise in self.system.noises:
            value = multiply(call("sqrt", "dt"), call("_normal", noise))
            self.increments[noise] = self.assign(value, "dW", noise)
        for line in self.updater.lines:
            for variable in self.system.variables:
                self.line(line, variable)
        results = {variable: self.total("x_new", variable) for variable in self.system.variables}
        return (*self.lines, *finish(self.system, results, self.names, self.held_inside))

    def line(self, line: DescriptionLine, variable: str) -> None:
        values: dict[str, Expr] = {"x": Name(variable)}
        values.update({key: self.drift(args, variable) for key, args in line.drifts.items()})
        earlier = names(line.plain) - {"x", "t", "dt", *line.drifts}
        values.update({name: self.plain[name, variable] for name in earlier})
        plain = _fold(substitute(line.plain, values))
        if line.name != "x_new" and not isinstance(plain, Name | Number):
            plain = self.assign(plain, line.name, variable)
        self.plain[line.name, variable] = plain
        for noise in self.system.noises:
            self.noisy(line, variable, noise, values)

    def noisy(self, line: DescriptionLine, variable: str, noise: str, values: Mapping[str, Expr]) -> None:
        """Adds the part of a line that belongs to one noise."""
        total: Expr = ZERO
        for key, factor in line.noisy.items():
            if key in line.diffusions:
                stage = self.diffusion(line.diffusions[key], variable, noise)
            else:
                stage = self.noise.get((key, variable, noise), ZERO)
            if is_number(stage, 0):
                continue
            for name in names(factor) - values.keys() - {"t", "dt", "dW"}:
                values = {**values, name: self.total(name, variable, noise)}
            known = substitute(factor, {**values, "dW": self.increments[noise]})
            total = add(total, multiply(stage, known))
        if not is_number(total, 0):
            if line.name != "x_new":
                total = self.assign(total, line.name, variable, noise)
            self.noise[line.name, variable, noise] = total

    def total(self, line: str, variable: str, noise: str | None = None) -> Expr:
        """Returns a quantity of the description with one of its noises, or with all."""
        value = self.plain[line, variable]
        for name in self.system.noises if noise is None else (noise,):
            value = add(value, self.noise.get((line, variable, name), ZERO))
        return value

    def drift(self, args: tuple[Expr, Expr], variable: str) -> Expr:
        return self.at_stage(self.system.drift[variable], args, variable)

    def diffusion(self, args: tuple[Expr, Expr], variable: str, noise: str) -> Expr:
        factor = self.system.diffusion[variable].get(noise)
        return ZERO if factor is None else self.at_stage(factor, args, variable, noise)

    def at_stage(self, expr: Expr, args: tuple[Expr, Expr], variable: str, noise: str | None = None) -> Expr:
        """Returns a right-hand side with the variables and the time of a stage put in."""
        state, time = args
        values: dict[str, Expr] = {} if time == _TIME else {"t": time}
        if state != _X:
            used = names(expr) & set(self.system.variables)
            values.update({name: self.stage(state, name, noise) for name in sorted(used)})
        moved = substitute(expr, values) if values else expr
        if variable in self.held_inside:
            return call("_select", "not_refractory", moved, Number(0.0))
        return moved

    def stage(self, state: Expr, variable: str, noise: str | None = None) -> Expr:
        """Returns the value of a variable at a stage, computed once for each noise that moves the stage differently."""
        lines = names(state) - {"x", "t", "dt"}
        if not any((line, variable, name) in self.noise for line in lines for name in self.system.noises):
            noise = None
        found = self.stages.get((state, variable, noise))
        if found is None:
            values: dict[str, Expr] = {"x": Name(variable)}
            values.update({line: self.total(line, variable, noise) for line in sorted(lines)})
            value = _fold(substitute(state, values))
            found = value if isinstance(value, Name) else self.assign(value, "x", variable, *([noise] if noise else []))
            self.stages[state, variable, noise] = found
        return found


def finish(
    system: OdeSystem, results: Mapping[str, Expr], temporaries: Temporaries, already_held: Iterable[str] = ()
) -> tuple[Line, ...]:
    """Stores all new values after the last of them is computed; refractory variables keep their old one."""
    computed: list[Line] = []
    stored: list[Line] = []
    for variable, value in results.items():
        name = temporaries.new("new", variable)
        if variable in system.refractory and variable not in already_held:
            value = call("_select", "not_refractory", value, variable)
        computed.append(Assign(name, value))
        stored.append(Assign(variable, Name(name)))
    return (*computed, *stored)
