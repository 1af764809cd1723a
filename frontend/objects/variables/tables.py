"""Variables whose values are not those of the elements: lists of another length, and tables.

Texts cannot use them, but can give them to Python functions, which get all values. Such a call is written without these
arguments (`put(v, table)` is `put_of_table(v)`), and the function that it stands for puts them in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranvier.actions import actions as act
from ranvier.equations.expressions import Expr, Name
from ranvier.equations.function_objects import Function
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.variables import DynamicArrayVariable, ElementOwner, Reference


@dataclass(eq=False, kw_only=True, repr=False)
class OwnSizeVariable(DynamicArrayVariable):
    """A variable with another number of values than the group has elements, or a table of values.

    It is for scripts, and for functions that texts call: they get all of its values.

    Attributes:
        elements: Its values as elements of their own, which views index.
        shape: The shape of a table; None for a list of values.
    """

    elements: ElementOwner
    shape: tuple[int, ...] | None = None

    def get_value(self) -> Array:
        """Returns the values themselves, not a copy."""
        values = super().get_value()
        return values if self.shape is None else values.reshape(self.shape)

    def set_value(self, value: object) -> None:
        """Sets the values, without checks."""
        super().set_value(value if self.shape is None else np.broadcast_to(np.asarray(value), self.shape).ravel())


def only_for_functions(name: str, reference: Reference) -> TypeError:
    """Returns the error of a text that uses a variable whose values are not those of the elements."""
    variable = reference.variable
    assert isinstance(variable, OwnSizeVariable)
    has = (
        f"{variable.size} values, not one for each element" if variable.shape is None else f"the shape {variable.shape}"
    )
    return TypeError(
        f"'{name}' of '{reference.owner.name}' has {has}: texts cannot use it, except as an argument of a Python "
        f"function; scripts can ({reference.owner.name}.{name}[...])."
    )


def function_of_tables(function: Function, name: str, tables: Mapping[int, OwnSizeVariable]) -> act.HostFunction:
    """Returns the binding of a Python function some of whose arguments are all values of a variable.

    Args:
        function: The function.
        name: What it is called in the code.
        tables: The number of an argument → the variable; calls in the code leave these arguments out.
    """

    def call(*args: Array) -> object:
        given: list[Array] = list(args[:-1] if function.auto_vectorise else args)
        for number in sorted(tables):
            given.insert(number, tables[number].get_value())
        return function.on_arrays(given, len(args[-1]) if function.auto_vectorise else 1)

    return act.HostFunction(call, name, vectorise=function.auto_vectorise)


def tables_among(
    args: Sequence[Expr], temporaries: Collection[str], reference: Callable[[str], Reference | None]
) -> dict[int, OwnSizeVariable]:
    """Returns the variables that a call is given as a whole, by the number of the argument.

    Args:
        args: Its arguments.
        temporaries: Names that mean something else.
        reference: Returns what a name stands for.
    """
    found: dict[int, OwnSizeVariable] = {}
    for number, arg in enumerate(args):
        if isinstance(arg, Name) and arg.id not in temporaries:
            known = reference(arg.id)
            if known is not None and isinstance(known.variable, OwnSizeVariable):
                found[number] = known.variable
    return found
