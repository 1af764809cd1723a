"""What a name in the code of a plan stands for, in terms of the plan's inputs (their numbers)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ranvier.ir.native import NativeFunction


@dataclass(frozen=True, slots=True)
class ElementOf:
    """The own element of an array."""

    input: int


@dataclass(frozen=True, slots=True)
class IndexedBy:
    """An element of another population: `input[index[own element] + offset]` (linked variables).

    Attributes:
        input: The array; if it is shared, its only element is meant.
        index: The array of indices; None: the own element's number itself.
        offset: The number that is added to the index; None: nothing.
    """

    input: int
    index: int | None
    offset: int | None


@dataclass(frozen=True, slots=True)
class SharedBy:
    """The one value that a whole population shares."""

    input: int


@dataclass(frozen=True, slots=True)
class ParamOf:
    """A constant of the script."""

    input: int


@dataclass(frozen=True, slots=True)
class TimeOf:
    """Something of a clock.

    Attributes:
        what: "t", "dt" or "t_in_timesteps".
        clock: The clock.
    """

    what: str
    clock: int


@dataclass(frozen=True, slots=True)
class OwnIndex:
    """`i`: the number of the own element; in code of synapses the number of the synapse."""


@dataclass(frozen=True, slots=True)
class LookupIn:
    """A timed array, a function of t and perhaps a column: see `ranvier.actions.actions.Lookup`.

    Attributes:
        values: The array of values, bin by bin.
        epsilon: The grid to which times are rounded.
        per_bin: The number of its steps in a bin.
        bins: The number of bins.
        columns: The number of columns; None: it is a function of t only.
    """

    values: int
    epsilon: int
    per_bin: int
    bins: int
    columns: int | None


@dataclass(frozen=True, slots=True)
class SynapseOf:
    """The value of the synapse itself."""

    input: int
    role: ClassVar[str] = "synapse"


@dataclass(frozen=True, slots=True)
class PreOf:
    """The value of the presynaptic element.

    Attributes:
        input: The array.
        offset: The number that is added to `i` (that of the first element of a subgroup); None: nothing.
    """

    input: int
    offset: int | None
    role: ClassVar[str] = "pre"


@dataclass(frozen=True, slots=True)
class PostOf:
    """The value of the postsynaptic element.

    Attributes:
        input: The array.
        offset: The number that is added to `j` (that of the first element of a subgroup); None: nothing.
    """

    input: int
    offset: int | None
    role: ClassVar[str] = "post"


@dataclass(frozen=True, slots=True)
class RowOf:
    """The value of the element that spikes: read before the synapses that it reaches, written once after them."""

    input: int
    role: ClassVar[str] = "row"


@dataclass(frozen=True, slots=True)
class PreIndex:
    """`i`: the number of the presynaptic element."""


@dataclass(frozen=True, slots=True)
class PostIndex:
    """`j`: the number of the postsynaptic element."""


End = PreOf | PostOf
"""A value of an element at one end of a synapse."""

Place = SynapseOf | PreOf | PostOf | RowOf
"""What the code of one synapse may assign to; `role` is what `ranvier.ir.synapses` calls it."""

Variable = ElementOf | IndexedBy | SharedBy | Place
"""What lies in an array: assigned values take the type of its elements."""


@dataclass(frozen=True, slots=True)
class CodeOf:
    """A function of the script that is code of its own."""

    function: NativeFunction


Bound = CodeOf | Variable | ParamOf | TimeOf | OwnIndex | LookupIn | PreIndex | PostIndex
"""What a name stands for."""
