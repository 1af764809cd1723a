"""What single variables and functions mean: to the checks (symbols) and to actions (bindings)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from ranvier.actions import actions as act
from ranvier.analysis.failures import unlinked
from ranvier.analysis.function_forms import native_of, values_of
from ranvier.analysis.symbols import Symbol
from ranvier.equations.expressions import Binary, Call, Expr, Number
from ranvier.equations.function_objects import Function
from ranvier.equations.functions import BinomialFunction
from ranvier.objects.variables.tables import OwnSizeVariable
from ranvier.objects.variables.variables import (
    Constant,
    IndexVariable,
    Owner,
    Reference,
    Subexpression,
    UnlinkedVariable,
    Way,
)
from ranvier.units.dimensions import DIMENSIONLESS


@runtime_checkable
class BoundFunction(Protocol):
    """A function of scripts for which actions have a binding of its own."""

    def binding(self, group_dt: float) -> act.Binding:
        """Returns what code that runs every `group_dt` seconds needs."""
        ...


def temporary(name: str) -> Symbol:
    """Returns the symbol of a name that code assigns and that is no variable."""
    return Symbol(name, "float", DIMENSIONLESS, False, "temporary")


def variable_symbol(name: str, reference: Reference, owner: Owner) -> Symbol:
    """Returns what a variable of a group means to the checks."""
    variable = reference.variable
    kind = variable.kind
    if isinstance(variable, OwnSizeVariable):
        return Symbol(name, kind, variable.dim, True, "variable")
    if isinstance(variable, UnlinkedVariable):
        raise unlinked(name, reference.owner.name)
    if isinstance(variable, Constant):
        return Symbol(name, kind, variable.dim, True, "constant", variable.value)
    if isinstance(variable, Subexpression):
        tree = variable.tree if reference.owner is owner else None
        return Symbol(name, kind, variable.dim, variable.scalar, "subexpression", expr=tree)
    if isinstance(variable, IndexVariable) and reference.way.index is not None:
        # numbers of other elements (`i_pre`): statements cannot write them, and may use the name for a temporary
        return Symbol(name, kind, variable.dim, variable.scalar, "constant")
    return Symbol(name, kind, variable.dim, variable.scalar, "variable")


def array_binding(storage: act.Storage, scalar: bool, way: Way) -> act.Binding:
    """Returns the binding of an array whose elements are found by `way`."""
    if scalar:
        return act.Shared(storage)
    if way.is_identity:
        return act.Element(storage)
    if way.index is None:
        return act.Indexed(storage, None, way.before)
    way = way.without_before()
    return act.Indexed(storage, way.index, way.after)


def host_function(function: Function, name: str) -> act.HostFunction:
    """Returns the binding of a function that only Python can call."""
    stateless = function.stateless
    if function.auto_vectorise:
        return act.HostFunction(lambda *args: function.on_arrays(args[:-1], len(args[-1])), name, True, stateless)
    return act.HostFunction(lambda *args: function.on_arrays(args, 1), name, stateless=stateless)


def function_binding(function: Function, name: str, group_dt: float) -> act.Binding:
    """Returns the binding of a function of the script: its own, its code if it has any, else what calls it in Python.

    Args:
        function: The function.
        name: What it is called in the code.
        group_dt: The time step of the code, in seconds.
    """
    if isinstance(function, BoundFunction):
        return function.binding(group_dt)
    code = native_of(function)
    return host_function(function, name) if code is None else act.CodeFunction(code, values_of(code), name)


def binomial_expression(function: BinomialFunction) -> Expr:
    """Returns what a call of the function stands for: a draw, or its normal approximation."""
    if not function.is_normal:
        return Call("_binomial", (Number(function.n), Number(function.p)))
    mean = function.n * function.p
    spread = (mean * (1 - function.p)) ** 0.5
    return Binary("+", Number(mean), Binary("*", Number(spread), Call("randn", ())))


_ABOUT_LASTUPDATE = (
    "Synapses have the time of their last event only if they have event-driven equations. Otherwise add "
    "'lastupdate : second' to their equations, and 'lastupdate = t' at the end of on_pre and on_post."
)


def with_suggestion(error: KeyError, owner: Owner, name: str) -> KeyError:
    """Returns an error of a name that means nothing, with the names of the owner that look like it."""
    from ranvier.equations.source import one_of, slips, variables_at_end

    message = str(error.args[0])
    if name == "lastupdate" and owner.outer_names:
        return KeyError(f"{message} {_ABOUT_LASTUPDATE}")
    known = known_names(owner)
    if slips(known, name) and " In texts, " not in message and "was found" not in message:
        return KeyError(message.partition(" Did you mean")[0] + one_of(known, name))
    if "Did you mean" not in message and message.endswith("resolved."):
        return KeyError(message + (one_of(known, name) or variables_at_end(owner.outer_names, name)))
    if "Did you mean" not in message and " It has no value" in message:
        near = one_of(_of_same_stem(known, name), name, NEAR)
        there = "" if near else variables_at_end(owner.outer_names, name)
        return KeyError(message.partition(" It has no value")[0] + there if there else message + near)
    return error


NEAR = 0.8
"""How much a variable has to look like a name that no script defines, from 0 to 1."""


def _of_same_stem(known: Iterable[str], name: str) -> list[str]:
    """Returns the names of which not only the ends `_pre` or `_post` look like that of `name`."""
    end = next((end for end in ("_pre", "_post") if name.endswith(end)), "")
    from ranvier.equations.source import one_of

    same = [each for each in known if end and each.endswith(end)]
    if not same:
        return list(known)
    return [each for each in same if one_of([each.removesuffix(end)], name.removesuffix(end))]


def known_names(owner: Owner) -> list[str]:
    """Returns the names of the variables that texts of an object may use, for suggestions."""
    return [*owner.variables, *owner.outer_names]
