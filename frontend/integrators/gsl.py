"""The methods with inner steps that follow the error; Brian has them from the GNU Scientific Library.

What an inner step does and how long it is, is written in `ranvier.ir.adaptive`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

from ranvier.equations.assignments import Adaptive, Assign, Line
from ranvier.equations.build import call
from ranvier.equations.expressions import Call, Compare, Expr, Name, Number, functions, map_children, once_each
from ranvier.equations.expressions import names as names_in
from ranvier.equations.functions import DRAWN
from ranvier.equations.source import one_of
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.system import OdeSystem, Temporaries, UnsupportedEquationsException
from ranvier.public import public_in
from ranvier.units import second
from ranvier.units.checks import get_dimensions
from ranvier.units.dimensions import Dimension
from ranvier.units.mismatch import DimensionMismatchError

LAST_TIMESTEP = "_last_timestep"
"""Variable: the inner step, in seconds, with which the next step begins; 0 before the first."""
FAILED_STEPS = "_failed_steps"
"""Variable: how many inner steps of the last step were repeated, as their error was too large."""
STEP_COUNT = "_step_count"
"""Variable: how many inner steps the last step took."""
STUCK = "_integration_stuck"
"""Variable: whether the last step was given up."""


@public_in("ranvier.stateupdaters.GSL")
class IntegrationError(Exception):
    """A method that chooses its steps could not reach the end of a step."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of a method, checked.

    Attributes:
        adaptable_timestep: Whether inner steps follow the error; else all are as long as the first.
        absolute_error: The error that is allowed for a variable in an inner step, SI units (with a unit: that of all).
        absolute_error_per_variable: The same for single variables, in their units.
        max_steps: The greatest number of inner steps in a step.
        use_last_timestep: Whether a step begins with the inner step with which the last one ended.
        save_failed_steps: Whether `_failed_steps` is kept for each element.
        save_step_count: Whether `_step_count` is kept for each element.
        dt_start: The first inner step; None: the whole step.

    Raises:
        TypeError: An option is of another kind.
        ValueError: A number is too small.
        DimensionMismatchError: `dt_start` is no time.
    """

    adaptable_timestep: bool = True
    absolute_error: Any = 1e-6
    absolute_error_per_variable: object = None
    max_steps: int = 100
    use_last_timestep: bool = True
    save_failed_steps: bool = False
    save_step_count: bool = False
    dt_start: Any = None

    def __post_init__(self) -> None:
        """Checks the options."""
        for name in ("adaptable_timestep", "use_last_timestep", "save_failed_steps", "save_step_count"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"The option '{name}' has to be True or False, not {getattr(self, name)!r}.")
        if isinstance(self.max_steps, bool) or int(self.max_steps) != self.max_steps or self.max_steps < 1:
            raise ValueError(f"The option 'max_steps' has to be a whole number above 0, not {self.max_steps!r}.")
        _positive("absolute_error", self.absolute_error)
        if self.dt_start is not None:
            if hasattr(self.dt_start, "dim") and get_dimensions(self.dt_start) is not second.dim:
                raise DimensionMismatchError(
                    "The option 'dt_start' has to be a time", get_dimensions(self.dt_start), second.dim
                )
            _positive("dt_start", self.dt_start)

    @property
    def keeps_step(self) -> bool:
        """Whether the inner step is kept for the next step."""
        return self.adaptable_timestep and self.use_last_timestep

    def errors(self, system: OdeSystem) -> tuple[Expr, ...]:
        """Returns the error that is allowed for each variable.

        Raises:
            KeyError: An error is given for what is no variable of the equations.
            TypeError: The errors are not given by the names of variables.
            DimensionMismatchError: An error has not the unit of its variable.
            ValueError: An error is not above 0.
        """
        errors = self.absolute_error_per_variable
        if errors is None:
            errors = dict[str, object]()
        if not isinstance(errors, Mapping):
            raise TypeError(
                "The option 'absolute_error_per_variable' has to be a dictionary of names of variables and errors, "
                f"not {errors!r}."
            )
        given = cast("Mapping[str, Any]", errors)
        for name, error in given.items():
            if name not in system.variables:
                raise KeyError(
                    f"The option 'absolute_error_per_variable' names '{name}', which is no variable of a differential "
                    f"equation here.{one_of(system.variables, str(name))} These are: {', '.join(system.variables)}."
                )
            if get_dimensions(error) is not _dimension(system, name):
                raise DimensionMismatchError(
                    f"The option 'absolute_error_per_variable' gives an error for '{name}' that has another unit",
                    get_dimensions(error),
                    _dimension(system, name),
                )
            _positive(f"absolute_error_per_variable['{name}']", error)
        for name in system.variables if hasattr(self.absolute_error, "dim") else ():
            if name not in given and get_dimensions(self.absolute_error) is not _dimension(system, name):
                raise DimensionMismatchError(
                    f"The option 'absolute_error' has another unit than '{name}'; give a plain number in SI units, or "
                    "'absolute_error_per_variable'",
                    get_dimensions(self.absolute_error),
                    _dimension(system, name),
                )
        return tuple(Number(float(given.get(name, self.absolute_error))) for name in system.variables)


def _dimension(system: OdeSystem, variable: str) -> Dimension:
    if system.source is not None and variable in system.source:
        return system.source[variable].dim  # symbols of groups are plain numbers
    return system.symbols[variable].dim


def _positive(name: str, value: Any) -> None:
    if not (isfinite(float(value)) and float(value) > 0):
        raise ValueError(f"The option '{name}' has to be above 0, but it is {value!r}.")


class GSL(StateUpdateMethod):
    """Each element advances by inner steps of its own within a step; their length follows the error.

    Args:
        name: How users call it.
        tableau: The method, a name in `ranvier.ir.adaptive.TABLEAUS`.
    """

    options = {  # noqa: RUF012
        "adaptable_timestep": True,
        "absolute_error": 1e-6,
        "absolute_error_per_variable": None,
        "max_steps": 100,
        "use_last_timestep": True,
        "save_failed_steps": False,
        "save_step_count": False,
        "dt_start": None,
    }

    def __init__(self, name: str, tableau: str) -> None:
        super().__init__(name)
        self.tableau = tableau

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Line, ...]:
        """Advances the variables together, and stores what the options ask for.

        Raises:
            UnsupportedEquationsException: For stochastic equations, also where random numbers are drawn.
            TypeError, ValueError, KeyError, DimensionMismatchError: What is wrong with the options.
        """
        if system.noises:
            raise UnsupportedEquationsException("It is for equations without noise.")
        drawn = sorted({name for _, expr in system.equations for name in functions(expr) & DRAWN})
        if drawn:
            raise UnsupportedEquationsException(
                f"It is for equations that draw no random numbers; these call {drawn[0]}()."
            )
        settings = Settings(**(options or {}))
        names = Temporaries(system.symbols)
        held, system = _without_held_calls(system, names)
        line = self._line(system, settings, names)
        stored = [Assign(variable, Name(new)) for variable, new in zip(system.variables, line.results, strict=True)]
        if settings.keeps_step:
            stored.append(Assign(LAST_TIMESTEP, Name(line.next_step)))
        if settings.save_failed_steps:
            stored.append(Assign(FAILED_STEPS, Name(line.repeated)))
        if settings.save_step_count:
            stored.append(Assign(STEP_COUNT, Name(line.taken)))
        return (*held, line, *stored, Assign(STUCK, Name(line.stuck)))

    def _line(self, system: OdeSystem, settings: Settings, names: Temporaries) -> Adaptive:
        start: Expr = Name("dt") if settings.dt_start is None else Number(float(settings.dt_start))
        if settings.keeps_step:
            last = Name(LAST_TIMESTEP)
            start = call("_select", Compare(">", last, Number(0.0)), last, start)
        return Adaptive(
            method=self.tableau,
            variables=system.variables,
            slopes=tuple(_held(system, variable, expr) for variable, expr in system.equations),
            errors=settings.errors(system),
            start=Name("t"),
            step=Name("dt"),
            begin=start,
            most=int(settings.max_steps),
            is_adaptive=settings.adaptable_timestep,
            results=tuple(names.new("new", variable) for variable in system.variables),
            next_step=names.new("next_step"),
            taken=names.new("taken"),
            repeated=names.new("repeated"),
            stuck=names.new("stuck"),
        )


def _without_held_calls(system: OdeSystem, names: Temporaries) -> tuple[list[Assign], OdeSystem]:
    """Takes calls that keep their value during a step out of the equations.

    A timed array jumps at the end of a step; inner steps that see the next value there become as short as they can.
    """
    found: dict[Expr, Name] = {}

    def replaced(node: Expr) -> Expr:
        if isinstance(node, Call) and node.function in system.held_functions and node.args[0] == Name("t"):
            if not any(names_in(other) & {*system.variables, "t"} for other in node.args[1:]):
                return found.setdefault(node, Name(names.new("held", node.function)))
        return map_children(node, part)

    part = once_each(replaced)
    equations = [(variable, part(expr)) for variable, expr in system.equations]
    return [Assign(name.id, call) for call, name in found.items()], system.with_equations(equations)


def _held(system: OdeSystem, variable: str, expr: Expr) -> Expr:
    """Returns a right-hand side that is zero where a refractory variable stands still."""
    return call("_select", "not_refractory", expr, Number(0.0)) if variable in system.refractory else expr


gsl_rkf45 = GSL("gsl_rkf45", "rkf45")
gsl_rk2 = GSL("gsl_rk2", "rk2")
gsl_rk4 = GSL("gsl_rk4", "rk4")
gsl_rkck = GSL("gsl_rkck", "rkck")
gsl_rk8pd = GSL("gsl_rk8pd", "rk8pd")
