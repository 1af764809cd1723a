"""The variables of a group: what they are, where their values lie, and how one group reaches those of another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.equations.expressions import Call, Expr
from ranvier.equations.parser import parse_expression
from ranvier.equations.source import Origin
from ranvier.objects.memory.arrays import Array, DType, resized
from ranvier.objects.memory.new_storage import index_storage
from ranvier.public import public_in
from ranvier.units import Quantity, get_unit
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

if TYPE_CHECKING:
    import numpy.typing as npt

    from ranvier.analysis.symbols import DType as Kind
    from ranvier.session.clocks import BaseClock

KINDS: dict[str, Kind] = {"f": "float", "i": "integer", "u": "integer", "b": "boolean"}
"""Kind of number by the kind of dtype."""


Names = Callable[[], Mapping[str, object]]
"""Gives the names of the script."""


class Owner(Protocol):
    """What texts are read for: it says what their names stand for."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def clock(self) -> BaseClock:
        """The clock whose steps its code follows."""
        ...

    @property
    def namespace(self) -> Mapping[str, object]:
        """Names of its texts, before those of the script."""
        ...

    @property
    def variables(self) -> MutableMapping[str, Variable]:
        """Its variables by name."""
        ...

    @property
    def outer_names(self) -> Sequence[str]:
        """Names of variables of other groups that its texts may use."""
        ...

    @property
    def quiet_names(self) -> Collection[str]:
        """Names whose meaning in its texts needs no warning, whatever they are in the script."""
        ...

    def reference(self, name: str) -> Reference | None:
        """Returns what a name stands for, None if it means nothing here."""
        ...


class ElementOwner(Owner, Protocol):
    """An owner of variables with elements, which indices and conditions choose from."""

    @property
    def element_population(self) -> Population:
        """The population that its elements are."""
        ...

    @property
    def element_count(self) -> int:
        """Number of elements."""
        ...

    @property
    def has_fixed_size(self) -> bool:
        """Whether the number of elements never changes."""
        ...

    def elements(self, item: Any, names: Names = ...) -> Array:
        """Returns the numbers of the elements that an index means."""
        ...


@public_in("ranvier.core.variables")
@dataclass(eq=False, kw_only=True)
class Variable:
    """A name that texts of a group may use.

    Attributes:
        name: The name.
        dim: Physical dimension of the values.
        dtype: Type of the values.
        scalar: Whether there is one value for the whole group.
        constant: Whether nothing may change it during a run.
        read_only: Whether scripts may not set it.
        owner: The group, None when it is gone.
    """

    name: str
    dim: Dimension = DIMENSIONLESS
    dtype: DType = field(default_factory=lambda: np.dtype(np.float64))
    scalar: bool = False
    constant: bool = False
    read_only: bool = False
    owner_ref: Callable[[], Owner | None] | None = None

    @property
    def kind(self) -> Kind:
        """ "boolean", "integer" or "float"."""
        return KINDS[self.dtype.kind]

    @property
    def owner(self) -> Owner | None:
        """The group whose variable it is."""
        return None if self.owner_ref is None else self.owner_ref()

    @property
    def is_boolean(self) -> bool:
        """Whether the values are true or false."""
        return self.dtype.kind == "b"

    @property
    def is_integer(self) -> bool:
        """Whether the values are whole numbers."""
        return self.kind == "integer"

    @property
    def unit(self) -> Quantity:
        """The unscaled unit."""
        return get_unit(self.dim)

    @property
    def dimensions(self) -> Dimension:
        """The physical dimension."""
        return self.dim

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__}(dimensions={self.dim!r},  dtype={self.dtype.name}, scalar={self.scalar}, "
            f"constant={self.constant}, read_only={self.read_only})>"
        )


@public_in("ranvier.core.variables")
@dataclass(eq=False, kw_only=True, repr=False)
class ArrayVariable(Variable):
    """A variable whose values lie in memory that native code works on.

    Attributes:
        storage: The memory.
        protected: Whether refractory neurons keep their value ("unless refractory").
    """

    storage: Storage
    protected: bool = False

    @property
    def size(self) -> int:
        """Number of values."""
        return self.storage.size

    def get_value(self) -> Array:
        """Returns the values themselves, not a copy."""
        return self.storage.array

    def set_value(self, value: Any) -> None:
        """Sets the values, without checks."""
        self.storage.set_values(value)

    def set_conditional_write(self, var: Variable) -> None:
        """Lets refractory neurons keep their value, for classes that add variables "unless refractory" by themselves.

        Args:
            var: The group's `not_refractory`.

        Raises:
            TypeError: It is another variable: nothing else keeps values.
        """
        if var.name != "not_refractory":
            raise TypeError(f"'{self.name}' can be kept where 'not_refractory' is false, not by '{var.name}'.")
        self.protected = True


@public_in("ranvier.core.variables")
@dataclass(eq=False, kw_only=True, repr=False)
class DynamicArrayVariable(ArrayVariable):
    """A variable whose number of values can change, such as one of synapses."""

    def resize(self, size: int) -> None:
        """Changes the number of values; new ones are zero."""
        self.storage.array = resized(self.storage.label, self.storage.array, size)


@public_in("ranvier.core.variables")
@dataclass(eq=False, kw_only=True, repr=False)
class AuxiliaryVariable(Variable):
    """A name that statements assign to, without memory of its own."""


@public_in("ranvier.core.variables")
@dataclass(eq=False, kw_only=True, repr=False)
class Constant(Variable):
    """A single value that never changes, such as the number of neurons.

    Attributes:
        value: The value in SI units.
    """

    value: bool | int | float = 0

    def get_value(self) -> bool | int | float:
        """Returns the value."""
        return self.value


@dataclass(eq=False, kw_only=True, repr=False)
class ClockVariable(Variable):
    """`t`, `dt` or `t_in_timesteps` of the group's clock.

    Attributes:
        what: Which of them.
        clock: The clock.
    """

    what: str
    clock: BaseClock

    def get_value(self) -> Array:
        """Returns the present value, an array of one element."""
        clock = self.clock
        value = clock.t_ if self.what == "t" else clock.dt_ if self.what == "dt" else clock.timestep
        return np.array([value], dtype=self.dtype)


@dataclass(eq=False, kw_only=True, repr=False)
class IndexVariable(Variable):
    """`i`: the number of the element.

    Attributes:
        size: Number of elements.
    """

    size: int

    def get_value(self) -> npt.NDArray[np.int32]:
        """Returns 0, 1, ..., size - 1."""
        return np.arange(self.size, dtype=np.int32)


@public_in("ranvier.core.variables")
@dataclass(eq=False, kw_only=True)
class Subexpression(Variable):
    """A name for an expression, `expr`, which takes its place wherever it is used; `origin` has the whole text."""

    expr: str
    origin: Origin | None = None

    @cached_property
    def tree(self) -> Expr:
        """The expression; that of an integer is cut to whole numbers."""
        tree = parse_expression(self.expr, self.origin)
        whole = not self.is_integer or (isinstance(tree, Call) and tree.function == "int")
        return tree if whole else Call("int", (tree,), tree.span)

    def __repr__(self) -> str:
        owner = self.owner
        return (
            f"<Subexpression(name={self.name!r}, dimensions={self.dim!r}, dtype={self.dtype.name}, "
            f"expr={self.expr!r}, owner=<{owner.name if owner is not None else '?'}>)>"
        )


@dataclass(eq=False, kw_only=True, repr=False)
class UnlinkedVariable(Variable):
    """A variable with the flag (linked), as long as it is not linked."""


@public_in("ranvier.core.variables")
@dataclass(eq=False, kw_only=True, repr=False)
class LinkedVariable(Variable):
    """A variable with the flag (linked) that stands for a variable of another group.

    If that group has one element, the variable has one value for the whole group: it is scalar.

    Attributes:
        group: The other group.
        target: Name of its variable.
        way: From own elements to those of the other group.
        settable: Whether scripts may set the other group's variable through this one.
    """

    group: Owner
    target: str
    way: Way
    settable: bool = False
    _shared: tuple[Variable, Variable] | None = None

    def followed(self) -> Reference:
        """Returns what the variable stands for."""
        found = self.group.reference(self.target)
        assert found is not None
        if not self.scalar or found.variable.scalar:
            return Reference(found.variable, found.owner, self.way.then(found.way))
        if self._shared is None or self._shared[0] is not found.variable:
            self._shared = found.variable, replace(found.variable, scalar=True)
        one = isinstance(found.variable, ArrayVariable) and found.variable.storage.size == 1
        return Reference(self._shared[1], found.owner, HERE if one else self.way.then(found.way))


@dataclass(frozen=True, slots=True)
class Way:
    """How an element of one group finds its element of another: `index[element + before] + after`.

    Attributes:
        before: Added to the number of the element.
        index: An integer for each element; None if the number itself is meant.
        after: Added to the index.
    """

    before: int = 0
    index: Storage | None = None
    after: int = 0

    @property
    def is_identity(self) -> bool:
        """Whether each element finds the one of its own number."""
        return self.index is None and self.before == 0

    def then(self, following: Way) -> Way:
        """Returns the way that goes on with `following`."""
        if self.index is None:
            return Way(self.before + following.before, following.index, following.after)
        if following.index is None:
            return Way(self.before, self.index, self.after + following.before)
        both = following.index.array[self.index.array + (self.after + following.before)]
        label = f"{self.index.label} of {following.index.label}"
        return Way(self.before, index_storage(both, label), following.after)

    def without_before(self) -> Way:
        """Returns the same way with an index array that is shifted, instead of the numbers of the elements."""
        if self.index is None or self.before == 0:
            return self
        array = self.index.array
        shifted = array[self.before :] if self.before > 0 else np.concatenate([np.zeros(-self.before, int), array])
        return Way(0, index_storage(shifted, f"{self.index.label} shifted"), self.after)

    def find(self, elements: Array) -> Array:
        """Returns the elements of the other group."""
        if self.index is None:
            return elements + self.before if self.before else elements
        found = self.index.take(elements + self.before) + self.after
        if self.index.population is not None and not self.index.frozen and found.size and found.min() < 0:
            raise IndexError(f"The index '{self.index.label}' of a linked variable is {found.min()}; it starts at 0.")
        return found


HERE = Way()
"""The way of a group to its own variables."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a name of a group stands for.

    Attributes:
        variable: The variable (never a linked one).
        owner: The group in which its expression, if it has one, is read.
        way: From the elements of the asking group to those of `owner`.
    """

    variable: Variable
    owner: Owner
    way: Way = HERE
