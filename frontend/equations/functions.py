"""The functions and constants that every model knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ranvier.equations import function_values as values
from ranvier.equations.function_objects import Function, FunctionImplementations
from ranvier.public import public
from ranvier.session.names import Nameable
from ranvier.units.dimensions import Dimension, get_or_create_dimension

_TIME = get_or_create_dimension(time=1)


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A row of the table: Brian's rules for units and types, and how numpy computes it.

    `units`, `result` and `types` are those of `Function`; one entry of `units` per argument.
    """

    compute: Callable[..., Any]
    units: Sequence[Any] = (1,)
    result: Any = 1
    types: Sequence[str] | None = None
    gives: str = "float"
    names: Sequence[str] | None = None
    stateless: bool = True
    vectorised: bool = False


def _same(first: Dimension, *others: Dimension) -> Dimension:
    return first


def _root(dim: Dimension) -> Dimension:
    return dim**0.5


BUILT_IN: Mapping[str, BuiltIn] = MappingProxyType(
    {
        "sin": BuiltIn(np.sin),
        "cos": BuiltIn(np.cos),
        "tan": BuiltIn(np.tan),
        "sinh": BuiltIn(np.sinh),
        "cosh": BuiltIn(np.cosh),
        "tanh": BuiltIn(np.tanh),
        "arcsin": BuiltIn(np.arcsin),
        "arccos": BuiltIn(np.arccos),
        "arctan": BuiltIn(np.arctan),
        "exp": BuiltIn(np.exp),
        "log": BuiltIn(np.log),
        "log10": BuiltIn(np.log10),
        "expm1": BuiltIn(np.expm1),
        "log1p": BuiltIn(np.log1p),
        "exprel": BuiltIn(values.exprel),
        "sqrt": BuiltIn(np.sqrt, (None,), _root),
        "ceil": BuiltIn(values.ceil, (None,), _same),
        "floor": BuiltIn(values.floor, (None,), _same),
        "abs": BuiltIn(np.abs, (None,), _same, gives="highest"),
        "sign": BuiltIn(np.sign, (None,), 1, gives="highest"),
        "clip": BuiltIn(np.clip, (None, "a", "a"), _same, gives="highest", names=("a", "low", "high")),
        "int": BuiltIn(values.truncate, (1,), 1, gives="integer"),
        "timestep": BuiltIn(values.timestep, (_TIME, _TIME), 1, gives="integer"),
        "rand": BuiltIn(values.rand, (), stateless=False, vectorised=True),
        "randn": BuiltIn(values.randn, (), stateless=False, vectorised=True),
        "poisson": BuiltIn(values.poisson, (1,), gives="integer", stateless=False, vectorised=True),
    }
)


def _function(name: str, row: BuiltIn) -> Function:
    function = Function(
        row.compute,
        arg_units=row.units,
        arg_names=row.names,
        return_unit=row.result,
        arg_types=row.types,
        return_type=row.gives,
        stateless=row.stateless,
        auto_vectorise=row.vectorised,
    )
    function.label = name
    function.implementations.add_numpy_implementation(row.compute, discard_units=True)
    return function


class TimestepFunction(Function):
    """`timestep(t, dt)`: the number of the time step, safe against rounding; takes quantities in Python."""

    def __call__(self, *args: Any) -> Any:
        return self.on_arrays([np.asarray(arg) for arg in args], 1)


timestep = TimestepFunction(
    values.timestep, arg_units=[_TIME, _TIME], return_unit=1, arg_types=["any", "any"], return_type="integer"
)
timestep.implementations.add_numpy_implementation(values.timestep, discard_units=True)

DEFAULT_FUNCTIONS: dict[str, Function] = {name: _function(name, row) for name, row in BUILT_IN.items()}
DEFAULT_FUNCTIONS["timestep"] = timestep
BUILT_IN_NAMES: Mapping[Function, str] = MappingProxyType({each: name for name, each in DEFAULT_FUNCTIONS.items()})
"""The built-in functions → their names: scripts may call them by other ones, `H = DEFAULT_FUNCTIONS["int"]`."""

DRAWN = frozenset({"_binomial", *(name for name, row in BUILT_IN.items() if not row.stateless)})
"""The functions that draw random numbers."""

DEFAULT_CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "e": math.e, "inf": math.inf})


@public
class BinomialFunction(Nameable, Function):
    """A function without arguments that draws from a binomial distribution.

    Args:
        n: Number of trials.
        p: Probability of success.
        approximate: Draw from a normal distribution of the same mean and variance where `n*p` and `n*(1 - p)`
            both exceed 5.
    """

    implementations = FunctionImplementations(None)
    """What the implementations of each of them begin with."""

    def __init__(self, n: int, p: float, approximate: bool = True, name: str = "_binomial*") -> None:
        self.n, self.p, self.approximate = int(n), float(p), approximate
        if not 0 <= self.p <= 1:
            raise ValueError(f"The probability p has to lie between 0 and 1, but it is {p}.")
        self.is_normal = approximate and self.n * self.p > 5 and self.n * (1 - self.p) > 5
        Function.__init__(self, self._draw, arg_units=[], return_unit=1, stateless=False, auto_vectorise=True)
        Nameable.__init__(self, name)
        self.label = self.name
        self.implementations.add_numpy_implementation(self._draw, discard_units=True)

    def _draw(self, _vectorisation_idx: Any) -> Any:
        count = np.size(_vectorisation_idx)
        if self.is_normal:
            return np.random.normal(self.n * self.p, math.sqrt(self.n * self.p * (1 - self.p)), count)
        return np.random.binomial(self.n, self.p, count).astype(float)

    def __call__(self, *args: Any) -> Any:
        return self._draw([0])[0]
