"""A model: named definitions in the order of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from ranvier.equations import identifiers
from ranvier.equations.code_strings import Expression
from ranvier.equations.definitions import EquationError, parse_definitions
from ranvier.equations.expressions import Expr, depth, functions, names, substitute
from ranvier.equations.identifiers import registered_checks
from ranvier.equations.noise import split_noise
from ranvier.equations.parser import make_room_for
from ranvier.equations.single_equation import (
    BOOLEAN,
    DIFFERENTIAL_EQUATION,
    FLOAT,
    INTEGER,
    PARAMETER,
    SUBEXPRESSION,
    SingleEquation,
    from_definition,
)
from ranvier.equations.single_equation import dimensions_and_type_from_string as dimensions_and_type_from_string
from ranvier.equations.source import one_of
from ranvier.equations.sympy_form import str_to_sympy
from ranvier.public import public, public_in
from ranvier.units.dimensions import Dimension

_KIND_ORDER = (SUBEXPRESSION, DIFFERENTIAL_EQUATION, PARAMETER)


class Printer(Protocol):
    """IPython's printer."""

    def text(self, text: str) -> object:
        """Writes text."""
        ...


class Dependency(NamedTuple):
    """An equation that another one uses, with the names of the subexpressions in between."""

    equation: SingleEquation
    via: tuple[str, ...] = ()


class ChecksEquations(Protocol):
    """A group that can say what is wrong with equations that use its names."""

    def check_equations(self, equations: Any, run_namespace: Mapping[str, Any]) -> None:
        """Raises what is wrong."""
        ...


@public
class Equations(Mapping[str, SingleEquation]):
    """The definitions of a model, an immutable mapping from variable to definition.

    Args:
        eqns: Text, or single equations (which may also define variables of the refractory mechanism).
        replacements: `old='new'` renames a variable everywhere; `old=value` puts the value in its place.

    Raises:
        EquationError: Syntax, a variable defined twice, a wrong unit, noise in a wrong place.
        SyntaxError: A name that may not be used.
        ValueError: Subexpressions that depend on each other in a circle.
    """

    def __init__(self, eqns: str | Iterable[SingleEquation] = "", **replacements: Any) -> None:
        if isinstance(eqns, str):
            found = [from_definition(definition) for definition in parse_definitions(eqns)]
        else:
            found = list(eqns)
        for equation in found:
            if not isinstance(equation, SingleEquation):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"Equations are made of text or of single equations, not of {type(equation).__name__}.")
        self._equations = _by_name(_replaced(found, replacements) if replacements else found)
        self._check(internal=not isinstance(eqns, str))

    def _check(self, internal: bool) -> None:
        for name in self._equations:
            identifiers.check_identifier(name, internal=internal)
        uses: dict[str, str] = {}
        for name, equation in self._equations.items():
            noises = equation.stochastic_variables
            stored = {"constant over dt", "shared", "summed"} & {*equation.flags}
            if noises and equation.type != DIFFERENTIAL_EQUATION and (stored or equation.type != SUBEXPRESSION):
                raise EquationError(
                    f"The definition of '{name}' contains the noise '{min(noises)}', "
                    "which is allowed only in differential equations ('dx/dt = ...') and in subexpressions for them."
                )
            if "xi" in noises and equation.type != DIFFERENTIAL_EQUATION:
                raise EquationError(
                    f"The definition of '{name}' contains the noise 'xi', which is allowed only in differential "
                    "equations ('dx/dt = ...'). Noise of a subexpression needs a name of its own, e.g. 'xi_1'."
                )
            if "xi" in noises and "xi" in uses:
                raise EquationError(
                    f"The noise 'xi' is used in the equations of both '{uses['xi']}' and '{name}'. Give it names: "
                    "the same name, e.g. 'xi_1', in both for the same random numbers, different names for "
                    "independent ones."
                )
            uses.update(dict.fromkeys(noises, name))
        _ = self.ordered  # finds circles
        if len(self._equations) > FEW:
            make_room_for(self._nesting())

    # -- the mapping -------------------------------------------------------------------------------------------------
    def __getitem__(self, name: str) -> SingleEquation:
        try:
            return self._equations[name]
        except KeyError:
            raise KeyError(f'The equations define no variable "{name}".{one_of(self._equations, name)}') from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._equations)

    def __len__(self) -> int:
        return len(self._equations)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equations) and self._equations == other._equations

    def __hash__(self) -> int:
        return hash(frozenset(self._equations.items()))

    def __add__(self, other: Equations | str) -> Equations:
        if isinstance(other, str):
            other = Equations(other)
        elif not isinstance(other, Equations):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return Equations([*self.values(), *other.values()])

    def __radd__(self, other: str) -> Equations:
        return Equations(other) + self if isinstance(other, str) else NotImplemented  # pyright: ignore

    def __str__(self) -> str:
        return "\n".join(str(equation) for equation in self.ordered)

    def __repr__(self) -> str:
        return f"<Equations object consisting of {len(self)} equations>"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        """Writes the equations, for IPython."""
        printer.text(str(self))

    def _repr_latex_(self) -> str:
        from ranvier.equations.latex import equations_latex  # formulas are for notebooks only

        return equations_latex(tuple(self.values()))

    def _latex(self, *args: object, **kwds: object) -> str:
        return self._repr_latex_()

    # -- what is in it -----------------------------------------------------------------------------------------------
    def _of_type(self, *kinds: str) -> Iterator[SingleEquation]:
        return (equation for equation in self._equations.values() if equation.type in kinds)

    @property
    def names(self) -> set[str]:
        """All variables."""
        return set(self._equations)

    @property
    def eq_names(self) -> set[str]:
        """Variables with an expression: differential equations and subexpressions."""
        return {equation.varname for equation in self._of_type(DIFFERENTIAL_EQUATION, SUBEXPRESSION)}

    @property
    def diff_eq_names(self) -> set[str]:
        """Variables of differential equations."""
        return {equation.varname for equation in self._of_type(DIFFERENTIAL_EQUATION)}

    @property
    def subexpr_names(self) -> set[str]:
        """Subexpressions."""
        return {equation.varname for equation in self._of_type(SUBEXPRESSION)}

    @property
    def parameter_names(self) -> set[str]:
        """Parameters."""
        return {equation.varname for equation in self._of_type(PARAMETER)}

    @property
    def diff_eq_expressions(self) -> list[tuple[str, Expression]]:
        """Variable and right-hand side of the differential equations, in the order of the text."""
        return [(eq.varname, eq.expr) for eq in self._of_type(DIFFERENTIAL_EQUATION) if eq.expr is not None]

    @property
    def eq_expressions(self) -> list[tuple[str, Expression]]:
        """Variable and expression of differential equations and subexpressions, in the order of the text."""
        kinds = (DIFFERENTIAL_EQUATION, SUBEXPRESSION)
        return [(eq.varname, eq.expr) for eq in self._of_type(*kinds) if eq.expr is not None]

    @property
    def identifiers(self) -> set[str]:
        """All names in the expressions that the equations do not define themselves."""
        used: set[str] = set()
        for equation in self._equations.values():
            used |= equation.identifiers
        return used - self.names

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """The dimension of each variable."""
        return {name: equation.dim for name, equation in self._equations.items()}

    # -- noise -------------------------------------------------------------------------------------------------------
    @property
    def stochastic_variables(self) -> set[str]:
        """All noise names: `xi`, `xi_a`..."""
        return {name for equation in self._equations.values() for name in equation.stochastic_variables}

    @property
    def is_stochastic(self) -> bool:
        """Whether there is noise."""
        return bool(self.stochastic_variables)

    @property
    def stochastic_type(self) -> str | None:
        """`None`, `'additive'` (no factor depends on a differential variable or on t) or `'multiplicative'`."""
        if not self.is_stochastic:
            return None
        changing = self.diff_eq_names | {"t"}
        for name, expr in self._substituted(frozenset()):
            if self[name].type == DIFFERENTIAL_EQUATION:
                _, factors = split_noise(expr, name)
                if any(names(factor) & changing for factor in factors.values()):
                    return "multiplicative"
        return "additive"

    # -- order and substitution --------------------------------------------------------------------------------------
    @cached_property
    def ordered(self) -> list[SingleEquation]:
        """Subexpressions so that each stands after those it uses, then differential equations, then parameters."""
        order = {name: place for place, name in enumerate(_dependency_order(self))}
        return sorted(
            self._equations.values(),
            key=lambda eq: (_KIND_ORDER.index(eq.type), order.get(eq.varname, 0), eq.varname),
        )

    @property
    def dependencies(self) -> dict[str, list[Dependency]]:
        """For each variable with an expression, the equations it uses, directly and through subexpressions."""
        return {name: _dependencies(self, name, ()) for name in self._equations if name in self.eq_names}

    def _nesting(self) -> int:
        """Returns the deepest nesting of an expression with subexpressions put in place."""
        deepest, put_in_place = 0, dict[str, int]()
        for equation in self.ordered:
            if equation.expr is not None:
                whole = depth(equation.expr.tree, put_in_place)
                deepest = max(deepest, whole)
                if "constant over dt" not in equation.flags:
                    put_in_place[equation.varname] = whole
        return deepest

    def _substituted(self, kept: frozenset[str]) -> Iterator[tuple[str, Expr]]:
        """Yields name and expression of all equations with expressions, subexpressions (except `kept`) put in place."""
        done: dict[str, Expr] = {}
        for equation in self.ordered:
            if equation.expr is None:
                continue
            tree = substitute(equation.expr.tree, done)
            if equation.type == SUBEXPRESSION and equation.varname not in kept:
                done[equation.varname] = tree
            yield equation.varname, tree

    def get_substituted_expressions(
        self, variables: Mapping[str, Any] | None = None, include_subexpressions: bool = False
    ) -> list[tuple[str, Expression]]:
        """Returns right-hand sides in which subexpressions are replaced by what they stand for.

        Args:
            variables: Not needed; accepted for compatibility.
            include_subexpressions: Also list the subexpressions themselves.
        """
        kinds = {DIFFERENTIAL_EQUATION, SUBEXPRESSION} if include_subexpressions else {DIFFERENTIAL_EQUATION}
        found = self._substituted(frozenset())
        return [(name, Expression.of_tree(tree)) for name, tree in found if self[name].type in kinds]

    def substitute(self, **replacements: Any) -> Equations:
        """Returns new equations with variables renamed (`old='new'`) or replaced by values (`old=value`)."""
        return Equations(_replaced(self._equations.values(), replacements))

    # -- checks ------------------------------------------------------------------------------------------------------
    @staticmethod
    def check_identifier(identifier: str) -> None:
        """Checks that a variable may have this name; `SyntaxError` otherwise."""
        identifiers.check_identifier(identifier)

    identifier_checks = registered_checks
    """The checks that all names of variables have to pass, besides those of the language."""

    def check_identifiers(self) -> None:
        """Checks the names of all variables; `SyntaxError` where one may not be used."""
        for name in self:
            identifiers.check_identifier(name, internal=True)

    @staticmethod
    def register_identifier_check(func: Callable[[str], None]) -> None:
        """Adds a check (raising `SyntaxError`) that all names of variables have to pass."""
        if func not in identifiers.registered_checks:
            identifiers.registered_checks.append(func)

    def check_units(self, group: ChecksEquations, run_namespace: Mapping[str, Any] | None = None) -> None:
        """Checks units, types, names and calls in all expressions, as names are understood in a group.

        Args:
            group: The group, whose variables and namespace the expressions use.
            run_namespace: Names of the script; none if absent.

        Raises:
            DimensionMismatchError, TypeError, KeyError, SyntaxError, NotImplementedError: What is wrong.
        """
        group.check_equations(self, run_namespace or {})

    def check_flags(
        self, allowed_flags: Mapping[str, Iterable[str]], incompatible_flags: Iterable[Iterable[str]] | None = None
    ) -> None:
        """Checks the flags of all definitions.

        Args:
            allowed_flags: Flags by type of equation.
            incompatible_flags: Sets of flags that must not stand together.

        Raises:
            ValueError: Naming the variable, the flag and those allowed.
        """
        for equation in self._equations.values():
            allowed = list(allowed_flags.get(equation.type, ()))
            for flag in equation.flags:
                if flag not in allowed:
                    known = f"allowed are: {', '.join(allowed)}" if allowed else "none is allowed"
                    raise ValueError(
                        f"The flag '{flag}' of '{equation.varname}' is not possible for a {equation.type} here "
                        f"({known}).{one_of(allowed, flag)}"
                    )
            for group in incompatible_flags or ():
                together = [flag for flag in equation.flags if flag in set(group)]
                if len(together) > 1:
                    raise ValueError(f"The flags {' and '.join(together)} of '{equation.varname}' exclude each other.")


@public_in("ranvier.equations.equations")
def parse_string_equations(eqns: str) -> dict[str, SingleEquation]:
    """Returns the definitions of a model's text by variable, without the checks of `Equations`.

    Raises:
        EquationError: Syntax, a wrong unit, a variable defined twice.
    """
    return _by_name([from_definition(definition) for definition in parse_definitions(eqns)])


def _by_name(equations: Iterable[SingleEquation]) -> dict[str, SingleEquation]:
    found: dict[str, SingleEquation] = {}
    for equation in equations:
        if equation.varname in found:
            raise EquationError(
                f"The variable '{equation.varname}' is defined twice. Give one of them another name, or leave it out."
            )
        found[equation.varname] = equation
    return found


def _replaced(equations: Iterable[SingleEquation], replacements: Mapping[str, Any]) -> list[SingleEquation]:
    """Returns the equations with names replaced by other names, or by values in parentheses."""
    found = list(equations)
    defined = {equation.varname for equation in found}
    texts: dict[str, str] = {}
    for name, value in replacements.items():
        if isinstance(value, str):
            if name in defined:
                identifiers.check_identifier(value)
            texts[name] = value
        elif name in defined:
            raise ValueError(
                f"The variable '{name}' of the model cannot be replaced by a value; give a new name, or assign the "
                "value to the variable of the group."
            )
        else:
            texts[name] = f"({value!r})"
    replaced = [equation.renamed(texts) for equation in found]
    for equation in replaced:
        if equation.expr is not None:
            _ = equation.expr.tree
    return replaced


FEW = 20
"""So many equations are never nested too deeply for Python's usual limit of recursion, unless one is long itself."""


def _dependency_order(equations: Equations) -> list[str]:
    """Returns names of the subexpressions, alphabetically, but each after those it uses."""
    waiting = {
        name: names(equations[name].expr.tree) & equations.subexpr_names  # type: ignore[union-attr]
        for name in sorted(equations.subexpr_names)
    }
    users: dict[str, list[str]] = {name: [] for name in waiting}
    for name, needs in waiting.items():
        for needed in needs:
            users[needed].append(name)
    missing = {name: len(needs) for name, needs in waiting.items()}
    order: list[str] = []
    ready = [name for name, count in missing.items() if not count]
    while ready:
        order.extend(ready)
        for name in ready:
            del waiting[name]
        left = [user for name in ready for user in users[name]]
        for user in left:
            missing[user] -= 1
        ready = sorted({user for user in left if not missing[user]})
    if waiting:
        raise ValueError(
            f"The subexpressions {', '.join(repr(name) for name in waiting)} depend on each other in a circle: "
            f"{_circle(waiting)}. Make one of them a parameter or a differential equation."
        )
    return order


def _circle(needs: Mapping[str, frozenset[str] | set[str]]) -> str:
    """Returns names along a circle: each of `needs` needs another of them."""
    path = [next(iter(needs))]
    while path[-1] not in path[:-1]:
        path.append(min(needs[path[-1]] & needs.keys()))
    circle = path[path.index(path[-1]) :]
    return ", ".join(f"'{name}' uses '{other}'" for name, other in pairwise(circle))


def _dependencies(equations: Equations, name: str, via: tuple[str, ...]) -> list[Dependency]:
    expr = equations[name].expr
    assert expr is not None
    used = sorted((names(expr.tree) | functions(expr.tree)) & equations.names)
    found = [Dependency(equations[other], via) for other in used]
    for other in used:
        if equations[other].type == SUBEXPRESSION:
            found.extend(_dependencies(equations, other, (*via, other)))
    return found


__all__ = [
    "BOOLEAN",
    "DIFFERENTIAL_EQUATION",
    "FLOAT",
    "INTEGER",
    "PARAMETER",
    "SUBEXPRESSION",
    "Dependency",
    "EquationError",
    "Equations",
    "SingleEquation",
    "parse_string_equations",
    "str_to_sympy",
]
