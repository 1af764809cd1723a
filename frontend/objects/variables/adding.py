"""A group's variables by name, and Brian's methods to add more: what derived classes of a script use."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable
from typing import Protocol, TypedDict, Unpack

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.objects.memory.arrays import DType, DTypeLike
from ranvier.objects.memory.lazy import UniformStorage
from ranvier.objects.memory.new_storage import dimension_text, new_storage
from ranvier.objects.variables.from_equations import add_clock_variables
from ranvier.objects.variables.links import way_of_variable
from ranvier.objects.variables.own_size import OwnElements
from ranvier.objects.variables.tables import OwnSizeVariable
from ranvier.objects.variables.variables import (
    HERE,
    ArrayVariable,
    AuxiliaryVariable,
    Constant,
    DynamicArrayVariable,
    ElementOwner,
    LinkedVariable,
    Subexpression,
    Variable,
)
from ranvier.public import public_in
from ranvier.session.clocks import Clock
from ranvier.units.checks import get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

INDEX_NAMES = {"_presynaptic_idx": "i", "_postsynaptic_idx": "j"}
"""Brian's names of indices → variables that hold them here."""


class ArrayOptions(TypedDict, total=False):
    """The options of `Variables.add_array`, explained there."""

    dimensions: Dimension
    values: object
    dtype: DTypeLike | None
    constant: bool
    read_only: bool
    scalar: bool
    unique: bool
    index: str | None


class _Common(TypedDict):
    name: str
    dim: Dimension
    dtype: DType
    owner_ref: Callable[[], ElementOwner | None]
    scalar: bool
    constant: bool
    read_only: bool


class Extensible(ElementOwner, Protocol):
    """A group whose variables can become more."""

    def see_variable(self, name: str) -> None:
        """Takes notice of a variable that was added."""
        ...


@public_in("ranvier.core.variables")
class Variables(dict[str, Variable]):
    """The variables of a group, by name.

    Args:
        owner: The group.
        default_index: Accepted for compatibility.
    """

    def __init__(self, owner: Extensible, default_index: str = "_idx") -> None:
        super().__init__()
        self._owner = weakref.ref(owner)
        self.default_index = default_index

    __hash__ = None

    @property
    def owner(self) -> ElementOwner:
        """The group.

        Raises:
            ReferenceError: It is gone: nothing holds it any more.
        """
        owner = self._owner()
        if owner is None:
            raise ReferenceError("The group of these variables is gone: keep it in a variable of the script.")
        return owner

    def __setitem__(self, name: str, variable: Variable) -> None:
        super().__setitem__(name, variable)
        owner = self._owner()
        if owner is not None:
            owner.see_variable(name)

    def add_array(
        self,
        name: str,
        size: int | tuple[int, ...],
        dimensions: Dimension = DIMENSIONLESS,
        values: object = None,
        dtype: DTypeLike | None = None,
        constant: bool = False,
        read_only: bool = False,
        scalar: bool = False,
        unique: bool = False,
        index: str | None = None,
    ) -> None:
        """Adds a variable with memory of its own.

        If it has as many values as the group has elements, texts may use it as they use a parameter. With another size,
        or as a table, texts can only give it to a Python function, which gets all values and may change them; scripts
        use it through `group.name[...]`.

        Args:
            name: The name.
            size: Number of values, or (rows, columns) of a table.
            dimensions: Their physical dimension.
            values: The values to begin with, in SI units; None for zeros.
            dtype: Their type; None for that of the preferences.
            constant: Whether nothing changes them during a run.
            read_only: Whether scripts may not set them.
            scalar: Whether it is a single value for the whole group.
            unique: Accepted for compatibility.
            index: Accepted for compatibility.

        Raises:
            ValueError: The group has a variable of this name, or there is another number of values.
        """
        self._add_array(ArrayVariable, name, size, dimensions, values, dtype, constant, read_only, scalar)

    def add_arrays(self, names: Iterable[str], size: int, **options: Unpack[ArrayOptions]) -> None:
        """Adds several variables with the same options; see `add_array`."""
        for name in names:
            self.add_array(name, size, **options)

    def add_dynamic_array(
        self,
        name: str,
        size: int,
        dimensions: Dimension = DIMENSIONLESS,
        values: object = None,
        dtype: DTypeLike | None = None,
        constant: bool = False,
        needs_reference_update: bool = False,
        resize_along_first: bool = False,
        read_only: bool = False,
        unique: bool = False,
        scalar: bool = False,
        index: str | None = None,
    ) -> None:
        """Adds a variable whose number of values can change: by its `resize`, or with the number of synapses.

        Args:
            needs_reference_update: Accepted for compatibility.
            resize_along_first: Accepted for compatibility.
            **others: As for `add_array`.
        """
        self._add_array(DynamicArrayVariable, name, size, dimensions, values, dtype, constant, read_only, scalar)

    def add_arange(
        self,
        name: str,
        size: int,
        start: int = 0,
        dtype: DTypeLike = np.int32,
        constant: bool = True,
        read_only: bool = True,
        unique: bool = True,
        index: str | None = None,
    ) -> None:
        """Adds a variable with the values start, start + 1, ...; the arguments are those of `add_array`."""
        values = np.arange(start, start + size)
        self.add_array(name, size, values=values, dtype=dtype, constant=constant, read_only=read_only)

    def add_constant(self, name: str, value: object, dimensions: Dimension | None = None) -> None:
        """Adds a single value that never changes.

        Args:
            name: The name.
            value: A number, a truth value or a quantity.
            dimensions: Its physical dimension; None for that of the value.
        """
        plain: bool | int | float = np.asarray(value).item()
        dim = get_dimensions(value) if dimensions is None else dimensions
        common = self._common(name, dim, np.dtype(type(plain)), constant=True, read_only=True, scalar=True)
        self[name] = Constant(**common, value=plain)

    def add_subexpression(
        self,
        name: str,
        expr: str,
        dimensions: Dimension = DIMENSIONLESS,
        dtype: DTypeLike | None = None,
        scalar: bool = False,
        index: str | None = None,
    ) -> None:
        """Adds a name for an expression; the other arguments are those of `add_array`."""
        self[name] = Subexpression(**self._common(name, dimensions, dtype, read_only=True, scalar=scalar), expr=expr)

    def add_auxiliary_variable(
        self, name: str, dimensions: Dimension = DIMENSIONLESS, dtype: DTypeLike | None = None, scalar: bool = False
    ) -> None:
        """Adds a name without memory; the arguments are those of `add_array`."""
        self[name] = AuxiliaryVariable(**self._common(name, dimensions, dtype, scalar=scalar))

    def add_reference(
        self, name: str, group: ElementOwner, varname: str | None = None, index: str | None = None
    ) -> None:
        """Adds a name for a variable of another group; what is set through it is set there.

        Args:
            name: The name.
            group: The other group.
            varname: The name there; None for the same name.
            index: The integer variable of this group that says which element of the other group is meant; None if
                each means the one of its own number. For synapses "i" is the source's, "j" the target's element.

        Raises:
            KeyError: The other group has no such variable.
            ValueError: There is no such index, or the sizes differ and there is no index.
        """
        target = group.reference(varname or name)
        if target is None:
            raise KeyError(f"'{group.name}' has no variable '{varname or name}'.")
        variable, way = target.variable, HERE
        if isinstance(variable, OwnSizeVariable):
            pass  # its values belong to no elements
        elif not (variable.scalar or index in (None, "0", self.default_index)):
            assert index is not None
            way = way_of_variable(self.owner, INDEX_NAMES.get(index, index), group.element_count)
        elif not variable.scalar and group.element_count != self.owner.element_count:
            raise ValueError(
                f"'{name}' of '{self.owner.name}' cannot stand for '{varname or name}' of '{group.name}': there are "
                f"{self.owner.element_count} and {group.element_count} elements. Give the index that "
                "chooses among them."
            )
        common = self._common(name, variable.dim, variable.dtype, scalar=variable.scalar, read_only=variable.read_only)
        self[name] = LinkedVariable(**common, group=group, target=varname or name, way=way, settable=True)

    def add_references(self, group: ElementOwner, varnames: Iterable[str], index: str | None = None) -> None:
        """Adds names for several variables of another group; see `add_reference`."""
        for name in varnames:
            self.add_reference(name, group, index=index)

    def create_clock_variables(self, clock: Clock, prefix: str = "") -> None:
        """Adds `t`, `dt` and `t_in_timesteps` of a clock.

        Raises:
            ValueError: A prefix is asked for, which the variables of a clock do not have here.
        """
        if prefix:
            raise ValueError(f"The variables of a clock are called t, dt and t_in_timesteps, without '{prefix}'.")
        add_clock_variables(self.owner, clock)

    def _common(
        self,
        name: str,
        dim: Dimension,
        dtype: DTypeLike | None,
        *,
        scalar: bool = False,
        constant: bool = False,
        read_only: bool = False,
    ) -> _Common:
        if dict[str, Variable].__contains__(self, name):
            raise ValueError(f"'{self.owner.name}' has a variable '{name}' already.")
        return {
            "name": name,
            "dim": dim,
            "dtype": _type(dtype),
            "owner_ref": self._owner,
            "scalar": scalar,
            "constant": constant,
            "read_only": read_only,
        }

    def _add_array(
        self,
        kind: type[ArrayVariable],
        name: str,
        size: int | tuple[int, ...],
        dim: Dimension,
        values: object,
        dtype: DTypeLike | None,
        constant: bool,
        read_only: bool,
        scalar: bool,
    ) -> None:
        owner = self.owner
        common = self._common(name, dim, dtype, constant=constant, read_only=read_only, scalar=scalar)
        shape = size if isinstance(size, tuple) else None
        count = math.prod(size) if isinstance(size, tuple) else size
        for_elements = not scalar and "N" in self and shape is None and count == owner.element_count
        population = owner.element_population if for_elements else None
        label = f"{owner.name}.{name}"
        storage: Storage
        if for_elements and kind is DynamicArrayVariable:
            storage = UniformStorage(label, count, common["dtype"], dimension_text(dim), population)
        else:
            storage = new_storage(label, 1 if scalar else count, common["dtype"], dim, population)
        if values is not None:
            storage.set_values(np.broadcast_to(np.asarray(values), shape or (storage.size,)).ravel())
        if for_elements or scalar:
            self[name] = kind(**common, storage=storage)
        else:
            elements = OwnElements(owner, ArrayVariable(**common, storage=storage))
            self[name] = OwnSizeVariable(**common, storage=storage, elements=elements, shape=shape)


def _type(dtype: DTypeLike | None) -> DType:
    from ranvier.session.preferences import prefs

    given: DTypeLike = prefs["core.default_float_dtype"] if dtype is None else dtype
    return np.dtype(given)
