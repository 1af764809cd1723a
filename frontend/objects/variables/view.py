"""Views: what `group.variable` gives, for reading and writing its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ranvier.analysis.failures import unlinked
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.lazy import UniformStorage
from ranvier.objects.variables.ambiguity import warn_of_ambiguity
from ranvier.objects.variables.array_view import EVERYTHING, ArrayView
from ranvier.objects.variables.formats import quantity_of
from ranvier.objects.variables.indexing import adds_dimensions, refuse_units
from ranvier.objects.variables.read_only import read_only
from ranvier.objects.variables.stored import stored
from ranvier.objects.variables.text_values import FEW, TextValues
from ranvier.objects.variables.variables import (
    ArrayVariable,
    Constant,
    ElementOwner,
    LinkedVariable,
    Names,
    Reference,
    Subexpression,
    UnlinkedVariable,
    Variable,
)
from ranvier.public import public_in
from ranvier.session.given import text_of
from ranvier.session.namespaces import names_given, script_namespace
from ranvier.session.overrides import Overrides, set_by_device
from ranvier.session.standalone import Standalone
from ranvier.units.checks import describe, fail_for_dimension_mismatch, get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError
from ranvier.units.quantity import Quantity
from ranvier.units.unit import get_unit, get_unit_for_display

if TYPE_CHECKING:
    from ranvier.equations.expressions import Expr
    from ranvier.objects.variables.scope import Scope


@public_in("ranvier.core.variables")
class VariableView(ArrayView):
    """The values of a variable of a group: writing goes to the group, `[:]` gives the memory, other reading copies.

    Args:
        name: Name of the variable.
        reference: What it is.
        group: The group through which it is seen.
        dim: Dimension of the values; None for values without units.

    Attributes:
        name: Name of the variable.
        variable: The variable.
        group: The group through which it is seen.
        has_units: Whether values are given and taken with units.
    """

    advice_on_tables = ""
    """What a message says to do with values in rows and columns."""

    shown_owner = ""
    """Whose variable it is shown to be, if it is not the group's (a pathway's delays)."""

    __array_priority__ = 10
    __hash__ = object.__hash__

    def __init__(self, name: str, reference: Reference, group: ElementOwner, dim: Dimension | None) -> None:
        self.name = name
        self.variable: Variable = reference.variable
        self.group = group
        self._dim = dim
        self.has_units = dim is not None
        self._reference = reference

    @property
    def dim(self) -> Dimension:
        """Dimension of the values, none for a view without units."""
        return DIMENSIONLESS if self._dim is None else self._dim

    @property
    def unit(self) -> Quantity:
        """The unscaled unit of the values."""
        return get_unit(self.dim)

    @property
    def dtype(self) -> type[np.generic]:
        """Type of the values."""
        return self.variable.dtype.type

    @property
    def shape(self) -> tuple[int, ...]:
        """(number of elements,), (1,) for a shared variable."""
        return (1,) if self.variable.scalar else (self.group.element_count,)

    ndim = 1
    """One axis."""

    def __len__(self) -> int:
        if self.variable.scalar:
            raise TypeError("len() of unsized object")
        return self.group.element_count

    def __getitem__(self, item: object) -> Any:
        memory = self._memory(item)
        if memory is None:
            return self.get_item(item, level=0)
        return memory if self._dim is None else quantity_of(memory, self._dim)

    def _memory(self, item: object) -> Array | None:
        """Returns the memory of a variable for `[:]`, None for anything else and where scripts may not write.

        As in Brian, `group.w[:][condition] = 0` sets values, and what `[:]` gave changes with the variable.
        """
        variable, way = self.variable, self._reference.way
        if not (isinstance(item, slice) and item == EVERYTHING and isinstance(variable, ArrayVariable)):
            return None
        if variable.scalar or variable.read_only or way.index is not None or variable.owner is not self.group:
            return None
        if Standalone.program is not None:
            Standalone.program.check_readable(self.group, self.name, variable)
        return variable.storage.lent()

    def get_item(self, item: object, level: int = 0, namespace: Mapping[str, object] | None = None) -> Any:
        """Returns values: of elements given by numbers, slices, arrays, conditions.

        Args:
            item: The elements.
            level: Frames to skip on the way to the script, whose names a condition or subexpression may use.
            namespace: Those names, instead.
        """
        plain = self._plain(item, lambda: names_given(namespace, level))
        return plain if self._dim is None else quantity_of(plain, self._dim)

    def _plain(self, item: Any, namespace: Names) -> Any:
        variable = self.variable
        if Standalone.program is not None:
            Standalone.program.check_readable(self.group, self.name, variable)
        if variable.scalar:
            if isinstance(self.group.variables.get(self.name), LinkedVariable) and not isinstance(item, slice):
                return self._read(np.zeros(self.group.element_count, int), namespace)[
                    self.group.elements(item, namespace)
                ]
            self._check_scalar_index(cast(object, item))
            return self._read(np.zeros(1, dtype=np.int64), namespace)[0]
        if adds_dimensions(item):
            return self._plain(EVERYTHING, script_namespace)[item]  # what plotting functions do: x[:, None]
        if isinstance(item, slice) and isinstance(variable, ArrayVariable) and self._reference.way.index is None:
            refuse_units(cast(object, item))
            start = self._reference.way.before
            own: Array = variable.storage.take(slice(start, start + self.group.element_count))
            return own[item] if item == EVERYTHING else own[item].copy()
        elements: Array = self.group.elements(item, namespace)
        values = self._read(np.atleast_1d(elements), namespace)
        return values if elements.ndim else values[0]

    def _check_scalar_index(self, item: object) -> None:
        if not (isinstance(item, slice) and item == EVERYTHING):
            raise IndexError(f"'{self.name}' has one value for the whole group: no index but [:] is possible.")

    def _read(self, elements: Array, namespace: Names) -> Array:
        variable, way = self.variable, self._reference.way
        if isinstance(variable, ArrayVariable):
            return variable.storage.take(elements if variable.scalar else way.find(elements))
        if isinstance(variable, Subexpression):
            return self._evaluated(variable, elements, namespace()).astype(variable.dtype)
        if isinstance(variable, UnlinkedVariable):
            raise unlinked(self.name, self.group.name)
        values: Array = np.asarray(cast(Any, variable).get_value())
        if variable.scalar:
            return np.broadcast_to(values, elements.shape).astype(variable.dtype)
        return values[way.find(elements)] if way.index is not None else way.find(elements).astype(variable.dtype)

    def _evaluated(self, variable: Subexpression, elements: Array, namespace: Mapping[str, object]) -> Array:
        from ranvier.objects.variables.values import expression_values

        owner, way = self._reference.owner, self._reference.way
        return expression_values(owner, variable.tree, way.find(elements), namespace, source=variable.expr)

    # ------------------------------------------------------------------ writing

    def __setitem__(self, item: object, value: object) -> None:
        self.set_item(item, value, level=0)

    def set_item(
        self, item: object, value: object, level: int = 0, namespace: Mapping[str, object] | None = None
    ) -> None:
        """Sets values of elements given by numbers, slices, arrays, conditions; a text is computed for each element.

        Raises:
            DimensionMismatchError: If the unit is wrong.
            TypeError: If the variable is read-only.
        """
        item, value = text_of(item), text_of(value)
        if isinstance(item, str) and item == "True":
            item = EVERYTHING  # which takes a value for each element, too, as in Brian
        variable = self.variable
        if isinstance(variable, Subexpression) or variable.read_only:
            raise read_only(self.name, variable)
        if not isinstance(variable, ArrayVariable):
            raise TypeError(f"Variable {self.name} cannot be set.")

        def names() -> Mapping[str, object]:
            return names_given(namespace, level)

        if not isinstance(value, str):
            self._check_unit(value)
        if Overrides.device is not None and set_by_device(self, item, value, names, self._dim is not None):
            return
        if Standalone.program is not None:
            Standalone.program.expect_assignment(self)
        if variable.scalar:
            self._set_scalar(variable, item, value, names)
        elif isinstance(value, str):
            self._set_text(variable, item, value, names)
        else:
            self._set_values(variable, item, value, names)
        if Standalone.program is not None:
            Standalone.program.note_assignment(self, item, value, names)

    def _check_unit(self, value: object) -> None:
        if self._dim is None:
            return
        if isinstance(value, (list, tuple)):
            value = Quantity(value)
        if get_dimensions(value) is self._dim:
            return
        try:
            fail_for_dimension_mismatch(value, Quantity(1.0, dim=self._dim))
        except DimensionMismatchError as error:
            raise DimensionMismatchError(
                f"{self.name} should be set with a value with units {get_unit_for_display(self.dim)}, but got "
                f"{describe(value)}",
                error.dims[0],
            ) from None

    def _set_scalar(self, variable: ArrayVariable, item: object, value: object, names: Names) -> None:
        if isinstance(item, str):
            raise IndexError(f"Cannot conditionally set the scalar variable '{self.name}'.")
        self._check_scalar_index(item)
        if isinstance(value, str):
            computed = self._computed(value, np.zeros(1, dtype=np.int64), names())
            variable.storage.array[0] = stored(computed, variable, self.group.name)[0]
            return
        plain = stored(value, variable, self.group.name)
        if plain.size != 1:
            raise ValueError(
                f"The shared variable '{self.name}' has one value for the whole group, but {plain.size} were given."
            )
        variable.storage.array[0] = plain.reshape(-1)[0]

    def _set_text(self, variable: ArrayVariable, item: Any, text: str, names: Names) -> None:
        warn_of_ambiguity(self.group, item, text)
        storage = variable.storage
        active = self._active()
        is_whole = isinstance(item, slice) and item == EVERYTHING and active is None
        if is_whole and isinstance(storage, UniformStorage) and storage.size > FEW and storage.dtype.kind != "i":
            storage.set_computed(TextValues(*self._expression(text, names()), storage.size, storage.dtype))
            return
        elements = self._chosen(cast(object, item), names)
        elements = elements if active is None else elements[active[elements]]
        values = self._computed(text, elements, names())
        plain = stored(values, variable, self.group.name)
        if is_whole and self._reference.way.is_identity and elements.size == storage.size:
            storage.array[:] = plain
        else:
            storage.array[self._reference.way.find(elements)] = plain

    def _chosen(self, item: object, names: Names) -> Array:
        """Returns the numbers of the elements that are set."""
        from ranvier.objects.variables.values import Where

        if not isinstance(item, str):
            return np.atleast_1d(self.group.elements(item, names))
        elements, active = self.group.elements(Where(item, names), names), self._active()
        return elements if active is None else elements[active[elements]]

    def _active(self) -> Array | None:
        """Returns which elements texts can set or choose: refractory ones keep what is "unless refractory"; None: all.

        Brian runs texts as code of the group, which has this rule; from synapses nothing is kept.
        """
        found = self.group.reference("not_refractory") if cast(ArrayVariable, self.variable).protected else None
        if found is None or found.owner is not self._reference.owner or found.way.index is not None:
            return None
        active = cast(ArrayVariable, found.variable).storage.take(found.way.find(np.arange(self.group.element_count)))
        return None if active.all() else active

    def _computed(self, text: str, elements: Array, namespace: Mapping[str, object]) -> Array:
        """Returns the values of a text for some elements, its unit checked."""
        from ranvier.objects.variables.values import evaluated

        return np.broadcast_to(evaluated(*self._expression(text, namespace), elements), elements.shape)

    def _expression(self, text: str, namespace: Mapping[str, object]) -> tuple[Scope, Expr]:
        """Returns the scope and the meaning of a text, its unit checked."""
        from ranvier.analysis.check import is_scalar
        from ranvier.equations.expressions import names
        from ranvier.equations.parser import parse_expression
        from ranvier.objects.variables.scope import Scope

        tree = parse_expression(text)
        scope = Scope(self.group, namespace)
        expr, dim, _ = scope.expression(text, several_draws=False)
        if self._dim is not None and dim is not self._dim:
            raise DimensionMismatchError(
                f'The right-hand-side of code statement "{self.name} = {text.strip()}" does not have the expected '
                f"unit {get_unit_for_display(self.dim)}",
                dim,
            )
        symbols = scope.symbols(())
        if self.variable.scalar and not is_scalar(tree, symbols):
            vectors = sorted(name for name in names(tree) if name in symbols and not symbols[name].scalar)
            raise SyntaxError(
                f"Cannot write to scalar variable '{self.name}' with an expression referring to vector variable "
                f"'{vectors[0]}'"
            )
        return scope, expr

    def check_text(self, text: str, namespace: Mapping[str, object]) -> None:
        """Checks that a text can be given to the variable, without computing it.

        Raises:
            DimensionMismatchError: If the unit is wrong.
            KeyError: If a name means nothing.
            SyntaxError: If it is no expression, or one of values of elements for a variable that all share.
        """
        self._expression(text, namespace)

    def _set_values(self, variable: ArrayVariable, item: Any, value: object, names: Names) -> None:
        plain = stored(value, variable, self.group.name)
        if isinstance(item, str) and plain.ndim > 0 and plain.size > 1:
            raise TypeError(
                "When setting a variable based on a string index, the value has to be a string or a scalar."
            )
        if isinstance(item, slice) and self._reference.way.index is None:
            self._set_slice(variable, cast("slice[object, object, object]", item), plain)
            return
        elements = self._chosen(cast(object, item), names)
        self._check_number(plain, elements.size)
        places = self._reference.way.find(elements)
        variable.storage.array[places] = plain if plain.ndim == 0 else plain.reshape(-1)

    def _set_slice(self, variable: ArrayVariable, item: slice[object, object, object], plain: Array) -> None:
        storage, start = variable.storage, self._reference.way.before
        refuse_units(item)
        chosen = range(*item.indices(self.group.element_count))
        self._check_number(plain, len(chosen))
        values = plain.reshape(-1)
        if chosen == range(storage.size):
            storage.fill(values[0]) if values.size == 1 else storage.set_values(values)
        else:
            storage.array[start : start + self.group.element_count][item] = values[0] if values.size == 1 else values

    def _check_number(self, plain: Array, count: int) -> None:
        if plain.ndim > 1 and plain.size != plain.shape[-1]:
            raise ValueError(
                f"could not broadcast input array from shape {plain.shape} into shape ({count},): '{self.name}' of "
                f"'{self.group.name}' takes one value, or a row of one for each of {count} elements."
                f"{self.advice_on_tables}"
            )
        if plain.ndim > 0 and plain.size not in (1, count):
            raise ValueError(
                f"Provided values do not match the size of the indices, {plain.size} != {count}: "
                f"'{self.name}' of '{self.group.name}' takes one value, or one for each of {count} elements."
            )

    # ------------------------------------------------------------------ as an array

    def all_values(self) -> Quantity | Array:
        """Returns all values, with their unit; names in a subexpression are those of the script, whoever asks."""
        plain = self._plain(EVERYTHING, script_namespace)
        return plain if self._dim is None else quantity_of(plain, self._dim)

    def __repr__(self) -> str:
        plain = "_" if self._dim is None else ""
        name = f"{self.shown_owner or self.group.name}.{self.name}{plain}"
        if isinstance(self.variable, Subexpression) and self._needs_script():
            return f"<{name}: [Subexpression refers to external parameters. Use 'group.{self.name}[:]']>"
        values = self.get_item(EVERYTHING)
        return f"<{name}: {values.item() if isinstance(values, np.generic) else values!r}>"

    def _needs_script(self) -> bool:
        from ranvier.objects.variables.values import expression_values

        assert isinstance(self.variable, Subexpression)
        try:
            expression_values(self._reference.owner, self.variable.tree, np.zeros(0, dtype=np.int64), {})
        except KeyError:
            return True
        return False


__all__ = ["Constant", "VariableView", "quantity_of"]
