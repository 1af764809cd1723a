"""The types of the `snn` dialect.

Arrays over an index space are builtin tensors (`tensor<?xf64>`); a variable with one value for a whole population
(Brian's `shared`) is a `tensor<1xf64>`. Booleans are `i1`, integers `i32`, floats `f64` or `f32`.
"""

from __future__ import annotations

from typing import TypeAlias, cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, ArrayAttr, IndexType, IntegerType, TensorType
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition, param_def

Array: TypeAlias = TensorType[Attribute]


def array_of(element: Attribute) -> Array:
    """Returns `tensor<?xelement>`: one value per element of an index space."""
    return TensorType(element, [DYNAMIC_INDEX])


def shared_of(element: Attribute) -> Array:
    """Returns `tensor<1xelement>`: one value for a whole population."""
    return TensorType(element, [1])


def element_type(array: Attribute) -> Attribute:
    """Returns the type of one element of `array`."""
    return cast("TensorType[Attribute]", array).get_element_type()


def is_shared(array: Attribute) -> bool:
    """Tells whether `array` holds one value for a whole population."""
    return isinstance(array, TensorType) and array.get_shape() == (1,)


def integer_bits(type: Attribute) -> int | None:
    """Returns the width of an integer or index type, None for other types."""
    if isinstance(type, IndexType):
        return 64
    return cast("IntegerType", type).width.data if isinstance(type, IntegerType) else None


@irdl_attr_definition
class ClockType(ParametrizedAttribute, TypeAttribute):
    """A clock: an integer step counter n, and its time: t = n*dt, or the n-th of given times. Syntax: `!snn.clock`."""

    name = "snn.clock"


@irdl_attr_definition
class EventsType(ParametrizedAttribute, TypeAttribute):
    """The indices of the elements that have an event in one step, each once. Syntax: `!snn.events`.

    Where a condition was looked at they ascend; where a list says which elements have events, they stand in its order.
    """

    name = "snn.events"


@irdl_attr_definition
class SinkType(ParametrizedAttribute, TypeAttribute):
    """A table that is appended to, with the element types of its columns. Syntax: `!snn.sink<[f64, i32]>`."""

    name = "snn.sink"

    columns: ArrayAttr[Attribute] = param_def()
