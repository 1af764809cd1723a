"""What all methods of integration have in common, and where they are registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeGuard

from ranvier.equations.assignments import Line
from ranvier.equations.equations import Equations
from ranvier.equations.source import one_of
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.system import OdeSystem
from ranvier.public import public

MethodOptions: TypeAlias = Mapping[str, Any]

registered: dict[str, StateUpdateMethod] = {}
"""Methods that scripts registered, by name."""


class _AllMethods:
    """All methods by name."""

    def __get__(self, instance: object, owner: object) -> dict[str, StateUpdateMethod]:
        """Returns them: built-in ones, and those of scripts."""
        from ranvier.integrators.choice import METHODS  # it knows all methods, which are subclasses

        return {**METHODS, **registered}


@public
class StateUpdateMethod:
    """A method of integration. Scripts may make their own: a class whose `__call__` writes the statements of a step.

    Args:
        name: How users call it.
        warning: What to tell users who choose it, if anything.

    Attributes:
        name: How users call it.
        warning: What to tell users who choose it, if anything.
        options: The names of the options it takes, with their defaults.
        stateupdaters: All methods by name: `"rk4" in StateUpdateMethod.stateupdaters`.
    """

    options: Mapping[str, Any] = {}
    stateupdaters = _AllMethods()
    """All methods by name."""

    name: str = "custom"
    warning: str | None = None

    def __init__(self, name: str = "custom", warning: str | None = None) -> None:
        self.name = name
        self.warning = warning

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Line, ...]:
        """Makes the assignments that advance a system by one step.

        Args:
            options: The user's method options, already checked.
            strict: Refuse whatever Brian refuses, since an automatic choice asks.

        Raises:
            UnsupportedEquationsException: The method cannot be used for these equations.
        """
        raise NotImplementedError(f"The method '{self.name}' has no implementation.")

    def check_options(self, options: MethodOptions | None) -> None:
        """Checks the names of the user's options.

        Raises:
            KeyError: The method has no such option.
        """
        for name in options or {}:
            if name not in self.options:
                known = ", ".join(f"'{option}'" for option in self.options)
                remedy = f"Its options are: {known}." if known else "It takes no options."
                raise KeyError(f"The method '{self.name}' has no option '{name}'.{one_of(self.options, name)} {remedy}")

    def __call__(
        self,
        eqs: Equations,
        variables: Mapping[str, Any] | None = None,
        method_options: MethodOptions | None = None,
    ) -> str:
        """Returns the assignments of one step as text, for reading."""
        self.check_options(method_options)
        system = system_of(eqs, variables or {})
        return "\n".join(str(line) for line in self.integrate(system, method_options))

    @staticmethod
    def register(name: str, stateupdater: StateUpdateMethod) -> None:
        """Makes a method known by a name.

        Raises:
            ValueError: The name is taken, or what is given is no method.
        """
        if not isinstance(stateupdater, StateUpdateMethod):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(
                f"A method of integration is an object of a subclass of StateUpdateMethod, not {stateupdater!r}: give "
                "functions to groups as 'method', they need no name."
            )
        from ranvier.integrators.choice import METHODS  # it knows all methods, which are subclasses

        if name.lower() in METHODS or name.lower() in registered:
            raise ValueError(f"A method of integration with the name '{name}' exists already.")
        registered[name.lower()] = stateupdater

    @staticmethod
    def apply_stateupdater(
        equations: Equations,
        variables: Mapping[str, Any] | None,
        method: Any,
        method_options: MethodOptions | None = None,
        group_name: str | None = None,
    ) -> str:
        """Returns the assignments of one step as text, after choosing the method like a group does."""
        method = named(method)
        if is_writer(method):
            return code_of(method, equations, variables or {}, method_options)
        from ranvier.integrators.choice import choose  # it knows all methods, which are subclasses

        chosen = choose(system_of(equations, variables or {}), method, method_options, group_name or "the group")
        return "\n".join(str(line) for line in chosen.lines)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def named(method: object) -> object:
    """Returns the method that a script registered by this name, or what was given."""
    return registered.get(method.lower(), method) if isinstance(method, str) else method


def is_writer(method: object) -> TypeGuard[Callable[..., object]]:
    """Tells whether a function or method of the script writes the statements of a step itself, as text."""
    if isinstance(method, StateUpdateMethod):
        return type(method).integrate is StateUpdateMethod.integrate
    return callable(method)


def code_of(
    function: Callable[..., object],
    equations: Equations,
    variables: Mapping[str, Any],
    options: MethodOptions | None,
) -> str:
    """Returns the statements that a function or method of the script writes.

    Raises:
        TypeError: What it returns is no text.
    """
    code = function(equations, variables, options)
    if not isinstance(code, str):
        raise TypeError(
            f"A function given as method has to return statements as text, but it returned {type(code).__name__}."
        )
    return code
