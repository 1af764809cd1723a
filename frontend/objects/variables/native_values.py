"""Values of expressions for many elements, by native code: numpy makes an array for each operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.actions import Storage
from ranvier.actions.present_values import bound_value
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Expr, Name, functions, names
from ranvier.equations.functions import DRAWN
from ranvier.objects.memory.arrays import Array, DType, Places
from ranvier.objects.variables.scope import Scope
from ranvier.runtime.state import allocate
from ranvier.stages.small_programs import has_native_code, new_steps, program_of, run_to

BLOCK = 1 << 16
"""Elements that are computed together: their values stay in the cache."""

RESULT = "_value"
"""The name of the value in the program."""


class NotNative(Exception):
    """Values have to be computed by numpy, which also says what is wrong with them."""


@dataclass(eq=False)
class _Block:
    """The arrays of a block of elements, and what fills them.

    Attributes:
        fills: Each puts what belongs to some elements into an array.
        indices: Arrays of places, by where they come from.
    """

    fills: list[Callable[[Places], None]] = field(default_factory=list[Callable[[Places], None]])
    indices: dict[tuple[int, int, int], Storage] = field(default_factory=dict[tuple[int, int, int], Storage])

    def of(self, label: str, dtype: DType, values: Callable[[Places], Array]) -> Storage:
        """Returns an array that holds values of the elements."""
        array = allocate(BLOCK, np.float64 if dtype.kind == "f" else dtype)  # all numbers are computed in 64 bits

        def fill(elements: Places) -> None:
            found = values(elements)
            array[: found.size] = found

        self.fills.append(fill)
        return Storage(label, array)

    def binding(self, name: str, binding: act.Binding) -> act.Binding:
        """Returns what a name stands for in the program of a block.

        Raises:
            NotNative: It cannot stand there.
        """
        match binding:
            case act.Element(storage):
                return act.Element(self.of(name, storage.dtype, storage.take))
            case act.Indexed(storage, None, offset) if storage.size > 1:
                return act.Element(self.of(name, storage.dtype, lambda places: _behind(storage, offset, places)))
            case act.Indexed(storage, index, offset) if index is not None and storage.size > 1:
                places = self._index(index, offset, storage.size)
                if _is_wide(storage):
                    return act.Indexed(storage, places)
                return act.Element(
                    self.of(name, storage.dtype, lambda elements: storage.take(index.take(elements) + offset))
                )
            case act.OwnIndex():
                return act.Element(self.of(name, np.dtype(np.int32), _numbers))
            case act.Shared(storage) if _is_wide(storage):
                return binding
            case act.Constant():
                return binding
            case act.Time():
                return act.Constant(bound_value(binding, np.zeros(1, np.int64)), name)
            case _:
                raise NotNative

    def _index(self, index: Storage, offset: int, size: int) -> Storage:
        """Returns an array of the places that elements have in another one, all of which have to be there."""

        def places(elements: Places) -> Array:
            found = index.take(elements)
            if found.size and not 0 <= found.min() + offset <= found.max() + offset < size:
                raise NotNative
            return found + found.dtype.type(offset) if offset else found

        key = id(index), offset, size
        if key not in self.indices:
            self.indices[key] = self.of(f"{index.label}+{offset}", np.dtype(np.int32), places)
        return self.indices[key]


def _is_wide(storage: Storage) -> bool:
    """Tells whether native code computes with the values of an array in 64 bits."""
    return storage.dtype != np.float32


def _behind(storage: Storage, offset: int, places: Places) -> Array:
    """Returns the values so many places behind."""
    if not isinstance(places, slice):
        return storage.take(places + offset)
    if not 0 <= places.start + offset <= places.stop + offset <= storage.size:
        raise NotNative
    return storage.take(slice(places.start + offset, places.stop + offset))


def _numbers(places: Places) -> Array:
    return np.arange(int(places.start), int(places.stop)) if isinstance(places, slice) else places


class NativeValues:
    """Computes an expression of a scope for blocks of elements.

    Args:
        scope: The scope that lowered it.
        expr: The expression.
        dtype: The type of the values.
        seed: What random numbers depend on, if there are any; they are a function of it, the block, and the element.

    Raises:
        NotNative: If it has to be computed otherwise.
    """

    def __init__(self, scope: Scope, expr: Expr, dtype: DType, seed: Array | None = None) -> None:
        if not has_native_code():
            raise NotNative
        self._block, self._clock = _Block(), new_steps()
        used = sorted((names(expr) | functions(expr)) & scope.bindings.keys())
        bindings = {name: self._block.binding(name, scope.bindings[name]) for name in used}
        self._out = allocate(BLOCK, dtype)
        action = act.MapCode(
            label="values", clock=self._clock, kind="run_regularly", size=BLOCK, code=(Assign(RESULT, expr),),
            bindings={**bindings, RESULT: act.Element(Storage(RESULT, self._out))},
        )  # fmt: skip
        self._program = program_of((action,), self._clock, np.zeros(2) if seed is None else seed, alone=True)

    def blocks(self, elements: Array | range) -> Iterator[Array]:
        """Yields the values for some elements, block by block, each in the same memory.

        Raises:
            NotNative: If they have to be computed otherwise.
        """
        for number, start in enumerate(range(0, len(elements), BLOCK)):
            these = elements[start : start + BLOCK]
            places = _places(these)
            for fill in self._block.fills:
                fill(places)
            self._clock.control[0] = number
            run_to(self._program, self._clock, number + 1)
            yield self._out[: len(these)]


def _places(elements: Array | range) -> Places:
    """Returns elements as a slice, if they follow each other."""
    first, last = int(elements[0]), int(elements[-1])
    if isinstance(elements, range):
        return slice(first, last + 1)
    follow = last - first == elements.size - 1 and bool((elements[1:] > elements[:-1]).all())
    return slice(first, last + 1) if follow else elements


def pays(scope: Scope, expr: Expr) -> bool:
    """Tells whether an expression has values of its own for many elements that have to be computed."""
    used = names(expr) | functions(expr)
    differ = (act.Element, act.Indexed, act.OwnIndex)
    if used & DRAWN or not any(isinstance(scope.bindings[name], differ) for name in used if name in scope.bindings):
        return False
    return not isinstance(expr, Name)


def native_values(scope: Scope, expr: Expr, elements: Array, dtype: DType) -> Array | None:
    """Returns the values of an expression for many elements, None where numpy has to compute them.

    Args:
        scope: The scope that lowered it.
        expr: The expression, without random numbers.
        elements: Numbers of the elements.
        dtype: The type of the values.
    """
    found, start = np.empty(elements.size, dtype), 0
    try:
        for block in NativeValues(scope, expr, dtype).blocks(elements):
            found[start : start + block.size] = block
            start += block.size
    except NotNative:
        return None
    return found
