"""Integrating the equations of a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import numpy as np

from ranvier.actions import actions as act
from ranvier.analysis.names import default_symbol
from ranvier.analysis.symbols import Symbol
from ranvier.equations.assignments import Adaptive, Assign, Line, Propagator
from ranvier.equations.expressions import Expr, Name, Number, functions, names, substitute
from ranvier.equations.provenance import attributed
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Integrated, Resting, common_facts
from ranvier.objects.neurons.refractory import UNLESS_REFRACTORY, update_of_not_refractory
from ranvier.objects.variables.inner_steps import check_inner_steps, inner_step_names
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.lowered_names import symbol_of
from ranvier.objects.variables.scope import Scope
from ranvier.public import public_in
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs
from ranvier.units import get_dimensions

if TYPE_CHECKING:
    from ranvier.equations.equations import Equations
    from ranvier.integrators.system import OdeSystem

logger = get_logger("ranvier.stateupdaters.base")
of_methods = get_logger("ranvier.stateupdaters.exact")

Method = Any
"""Name of a method, names to choose from, or a method itself."""


G = TypeVar("G", bound=Integrated)
"""The kind of group whose equations are integrated."""


class Integration(Part[G]):
    """Advances the differential equations of a group by one step.

    Args:
        group: The group.
        method: Name of a method, names to choose the first possible one from, or a method.

    Attributes:
        method_choice: The `method` argument.
        method: Name of the method of the last run, None before it.
    """

    ELEMENT: ClassVar[str] = "neuron"
    """What an element of the group is, for messages."""

    def __init__(self, group: G, method: Method) -> None:
        super().__init__(group, when="groups", order=group.order, name=f"{group.name}_stateupdater*")
        self.method_choice = method
        self.method: str | None = None
        self._last: tuple[object, tuple[Line, ...]] | None = None
        self._kept: Kept[Sequence[act.Action]] = Kept()

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[act.Action]:
        """Returns the integration as code for all elements."""
        group = self.group
        made_of = (*common_facts(self, group), *self._facts(group))
        return self._kept.result(made_of, run_namespace, lambda: group.scope(run_namespace), self._integration)

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()

    def _facts(self, group: G) -> tuple[object, ...]:
        """Returns what the code depends on besides names."""
        from ranvier.integrators.method import is_writer  # loads sampling and algebra: at the run only

        choices = self._choices()
        # writers may do something else each time: the code is never the same
        choice = object() if any(map(is_writer, choices)) else choices
        return group.user_equations, choice, dict(group.method_options)

    def _choices(self) -> tuple[object, ...]:
        """Returns what was given as method, or the methods in the list that was given."""
        from ranvier.integrators.method import named  # loads sampling and algebra: at the run only

        choice: object = self.method_choice
        several = cast("Sequence[object]", choice) if isinstance(choice, (list, tuple)) else (choice,)
        return tuple(map(named, several))

    def _equations_to_write(self, group: G) -> Equations:
        """Returns the equations for methods of the script, which write the statements of a step themselves."""
        return group.user_equations

    def _integration(self, new_scope: Callable[[], Scope]) -> Sequence[act.MapCode]:
        group, scope = self.group, new_scope()
        code = self._first_lines(scope)
        if group.user_equations.diff_eq_names:
            code += self._integrated(group, scope)
        if not code:
            return ()
        return (
            act.MapCode(
                label=self.name,
                clock=self.clock,
                kind="integrate",
                size=group.element_count,
                code=tuple(code),
                bindings=scope.bindings,
                method=self.method or "",
                float32=group.single_precision,
            ),
        )

    def check_integrated(self) -> None:
        """Checks that the last step was integrated: methods that choose their steps may give up.

        Raises:
            IntegrationError: Naming the neuron or synapse, and the time.
        """
        most = self.group.method_options.get("max_steps", 100)
        check_inner_steps(self.group, self.ELEMENT, str(self.clock.t), most)

    @property
    def is_refractory(self) -> bool:
        """Whether elements of the group may be refractory."""
        return False

    def _first_lines(self, scope: Scope) -> list[Line]:
        """Returns what is computed before the equations are integrated."""
        return []

    def _integrated(self, group: G, scope: Scope) -> tuple[Line, ...]:
        from ranvier.integrators.method import is_writer  # loads sampling and algebra: at the run only

        choices = self._choices()
        if any(map(is_writer, choices)):
            return self._first_that_can(group, scope, choices)
        system = self._system(group, scope)
        # what the code depends on: the dimensions, types, and fixed values of symbols; other values are arguments of it
        meanings = {name: _without_value(symbol) for name, symbol in system.symbols.items()}
        identity = (system.equations, system.refractory, system.held_functions, meanings)
        if self._last is None or not _equal(self._last[0], identity):
            self._last = (identity, self._chosen(group, system, self.method_choice))
        return self._last[1]

    def _first_that_can(self, group: G, scope: Scope, choices: Sequence[object]) -> tuple[Line, ...]:
        """Returns the code of the first of some methods that can integrate the equations; some write it themselves."""
        from ranvier.integrators.method import code_of, is_writer
        from ranvier.integrators.system import UnsupportedEquationsException

        refused: UnsupportedEquationsException | None = None
        for method in choices:
            try:
                if not is_writer(method):
                    return self._chosen(group, self._system(group, scope), method)
                text = code_of(method, self._equations_to_write(group), group.variables, group.method_options)
            except UnsupportedEquationsException as error:
                refused = error
                continue
            self.method = getattr(method, "__name__", getattr(method, "name", "custom"))
            return scope.unchecked_code(text)
        assert refused is not None
        raise refused

    def _chosen(self, group: Integrated, system: OdeSystem, method: Method) -> tuple[Line, ...]:
        from ranvier.integrators.choice import applicable, choose
        from ranvier.integrators.system import UnsupportedEquationsException

        try:
            chosen = choose(system, method, group.method_options, group.name)
        except UnsupportedEquationsException as error:
            name = getattr(method, "name", method)
            raise UnsupportedEquationsException(
                f"The method '{name}' cannot integrate the equations of '{group.name}': {error} "
                f"Methods that can: {', '.join(applicable(system)) or 'none'}."
            ) from error
        if chosen.message is not None and chosen.name != self.method:
            logger.info(chosen.message, "method_choice")
        if chosen.warning is not None and chosen.name != self.method:
            of_methods.warn(chosen.warning, f"deprecated_{chosen.name}", once=True)
        self.method = chosen.name
        numbers = {name: Number(_number(symbol)) for name, symbol in system.symbols.items() if _is_number(symbol)}
        return attributed([_substituted(line, numbers) for line in chosen.lines], _right_sides(group))

    def _system(self, group: Integrated, scope: Scope) -> OdeSystem:
        from ranvier.integrators.system import OdeSystem

        equations: list[tuple[str, Expr]] = []
        units = scope.units = {}
        scope.noise_in = ""
        for name, expr in group.user_equations.diff_eq_expressions:
            scope.lower(Name(name))
            equations.append((name, scope.lower(expr.tree)))
        needed = ("t", "dt", "not_refractory") if self.is_refractory else ("t", "dt")
        for name in (*needed, *inner_step_names(group)):
            scope.lower(Name(name))
        flags = group.user_equations
        refractory = {name for name, _ in equations if UNLESS_REFRACTORY in flags[name].flags and self.is_refractory}
        used = {name for _, expr in equations for name in names(expr) | functions(expr)}
        scope.units, scope.noise_in = None, "other code"
        symbols = {
            name: units[name] if name in units else symbol_of(name, scope)
            for name in used.union(needed, (name for name, _ in equations))
        }
        return OdeSystem(
            tuple(equations),
            symbols,
            frozenset(refractory),
            frozenset(name for name, f in scope.functions.items() if f.is_locally_constant(group.clock.dt_)),
            source=group.user_equations,
        )


@public_in("ranvier.groups.neurongroup")
class StateUpdater(Integration[Resting]):
    """Advances the differential equations of neurons by one step; before that it recomputes `not_refractory`."""

    @property
    def is_refractory(self) -> bool:
        """Whether neurons may be refractory."""
        return self.group.is_refractory

    def _equations_to_write(self, group: Resting) -> Equations:
        """Returns the equations with the factor `int(not_refractory)` where neurons may rest, as Brian gives them."""
        return group.equations if self.is_refractory else group.user_equations

    def _facts(self, group: Resting) -> tuple[object, ...]:
        value = group.refractory
        known: object = value
        if not isinstance(value, (bool, str)):
            known = (float(value), get_dimensions(value)) if np.ndim(value) == 0 else object()
        return (*super()._facts(group), known, bool(prefs["legacy.refractory_timing"]))

    def _first_lines(self, scope: Scope) -> list[Line]:
        if not self.is_refractory:
            return []
        legacy = bool(prefs["legacy.refractory_timing"])
        return [update_of_not_refractory(self.group.refractory, scope, legacy=legacy)]


def _right_sides(group: Integrated) -> list[tuple[str, Expr]]:
    """Returns the equations as the user wrote them."""
    return [(name, expr.tree) for name, expr in group.user_equations.diff_eq_expressions]


def _number(symbol: Symbol) -> bool | int | float:
    assert isinstance(symbol.value, (bool, int, float))
    return symbol.value


def _is_number(symbol: Symbol) -> bool:
    return symbol.kind == "unit" or (default_symbol(symbol.name) == symbol and symbol.kind == "constant")


def _without_value(symbol: Symbol) -> Symbol:
    """Returns what a symbol means to a method: a number of the script is one of its type, whatever it is."""
    is_plain = symbol.kind == "constant" and isinstance(symbol.value, (bool, int, float)) and not _is_number(symbol)
    return replace(symbol, value=type(symbol.value)) if is_plain else symbol


def _substituted(line: Line, numbers: Mapping[str, Expr]) -> Line:
    """Returns a line of an integrator's code with the numbers of units in place of their names."""
    if isinstance(line, Assign):
        return Assign(line.target, substitute(line.expr, numbers))
    if isinstance(line, Adaptive):
        return line.with_parts(lambda expr: substitute(expr, numbers))
    matrix = tuple(tuple(substitute(entry, numbers) for entry in row) for row in line.matrix)
    return Propagator(line.targets, matrix, substitute(line.step, numbers))


def _equal(left: object, right: object) -> bool:
    try:
        return bool(left == right)
    except ValueError:  # values of constants that are arrays
        return False
