"""Values of many synapses that a text gives: computed in blocks, and again instead of being kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ranvier.actions import actions as act
from ranvier.objects.memory.arrays import BLOCK, Array, DType

if TYPE_CHECKING:
    from ranvier.equations.expressions import Expr
    from ranvier.objects.variables.scope import Scope


FEW = 1 << 15
"""At most so many values are computed in one go, with the random numbers of `numpy.random`. More are computed in
blocks, with a faster generator that is seeded from `numpy.random`.
"""


class TextValues:
    """The values that a text gives for all synapses.

    Args:
        scope: The scope that lowered it.
        expr: What it means.
        size: Number of synapses.
        dtype: Type of the values.

    Attributes:
        is_repeatable: Whether the values depend on nothing that may change, so that they can be computed again.
    """

    def __init__(self, scope: Scope, expr: Expr, size: int, dtype: DType) -> None:
        from ranvier.equations.expressions import functions, names
        from ranvier.equations.functions import DRAWN
        from ranvier.session.randomness import new_seed

        self._scope, self._expr, self._size, self._dtype = scope, expr, size, dtype
        used = names(expr) | functions(expr)
        self._seed = new_seed() if used & DRAWN else None  # else numpy's numbers are left alone
        self.is_repeatable = all(_is_fixed(scope.bindings[name]) for name in used if name in scope.bindings)

    def blocks(self) -> Iterator[Array]:
        """Yields the values, block by block, the same ones each time; a block may take the memory of the one before."""
        from ranvier.objects.variables.values import MANY, evaluated
        from ranvier.session.randomness import generator_of

        done = 0
        for block in self._natively() if self._size >= MANY else ():
            yield block
            done += block.size
        rng = None if self._seed is None else generator_of(self._seed)
        for start in range(done, self._size, BLOCK):
            elements = np.arange(start, min(start + BLOCK, self._size))
            values = np.asarray(evaluated(self._scope, self._expr, elements, rng))
            yield np.broadcast_to(values.astype(self._dtype, copy=False), elements.shape)

    def _natively(self) -> Iterator[Array]:
        """Yields the values that native code computes, as far as it can."""
        from ranvier.objects.variables import native_values as native  # few scripts have so many synapses

        if self._seed is None and not native.pays(self._scope, self._expr):
            return
        with contextlib.suppress(native.NotNative):
            yield from native.NativeValues(self._scope, self._expr, self._dtype, self._seed).blocks(range(self._size))


def _is_fixed(binding: act.Binding) -> bool:
    match binding:
        case act.Constant():
            return True
        case act.Element(storage):
            return storage.frozen
        case _:
            return False
