"""What is measured after each run of a sweep: texts such as "mean(cells.v)" and "rate(spikes)", and functions.

A text is an expression about the network when a run has ended. Its names are variables of groups ("cells.v", or "v" if
only one group has it), monitors ("spikes"), the names that the equations may use, and the functions of `FUNCTIONS`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from ranvier.analysis.names import default_symbol
from ranvier.analysis.table_texts import expression, value_of
from ranvier.equations.source import one_of, one_of_variables
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.memory.arrays import Array
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.monitors.spikemonitor import EventMonitor
from ranvier.objects.networks.sweeps.sweepable import Sweepable
from ranvier.objects.networks.sweeps.targets import Names
from ranvier.session.given import is_text
from ranvier.units import Quantity, get_dimensions, second
from ranvier.units import functions as unit_functions


@dataclass(frozen=True)
class Facts:
    """What a measure may ask for besides the network.

    Attributes:
        values: The values of the set.
        names: All names that the texts of the network may use, those of the set among them.
        start: Time at the beginning of the run, seconds.
        seconds: Duration of the run.
        counted: Name of a spike monitor → what it had counted before the run.
    """

    values: Mapping[str, object]
    names: Mapping[str, object]
    start: float
    seconds: float
    counted: Mapping[str, Array]

    def counts(self, monitor: EventMonitor) -> Array:
        """Returns how many spikes of each cell a monitor has counted in the run."""
        return np.asarray(monitor.count[:]) - self.counted[monitor.name]


REDUCED: Mapping[str, Callable[..., object]] = {
    "mean": np.mean, "std": np.std, "var": np.var, "min": np.min, "max": np.max, "sum": np.sum, "median": np.median,
}  # fmt: skip
"""Functions that make one value of the values of all elements, or of all that a monitor has recorded."""

ELEMENTWISE = ("exp", "log", "log10", "sqrt", "abs", "clip", "sin", "cos", "tan", "tanh")

_OF_SPIKES = ("count", "counts", "rate", "rates", "cv", "first")

FUNCTIONS = (*REDUCED, *ELEMENTWISE, *_OF_SPIKES)
"""The functions that a text may call."""


class Place(dict[str, object]):
    """The names of a measure: a variable is read when it is met."""

    def __init__(self, lookup: Callable[[str], object], known: Mapping[str, object] | None = None) -> None:
        super().__init__(known or {})
        self._lookup = lookup

    def __missing__(self, name: str) -> object:
        return self._lookup(name)


class _ObjectInText:
    """An object of the network in a measure: "cells.v" is the array of values.

    Args:
        obj: The object.
        names: The names that texts may use.

    Attributes:
        its_object: The object.
    """

    def __init__(self, obj: BrianObject, names: Mapping[str, object]) -> None:
        self._obj = self.its_object = obj
        self._names = names

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if isinstance(self._obj, VariableOwner) and not isinstance(self._obj, Monitor) and name in self._obj.variables:
            return self._obj.state(name).get_item(slice(None), namespace=self._names)
        return cast(object, getattr(self._obj, name))


@dataclass(frozen=True)
class TextMeasure:
    """A measure that a text describes.

    Attributes:
        name: Its name.
        text: The text.
        names: What names stand for.
        script: The names that the script sees.
    """

    name: str
    text: str
    names: Names
    script: Mapping[str, object]

    def check(self) -> set[str]:
        """Checks the names; returns those that are constants.

        Raises:
            SyntaxError: If the text is no expression.
            KeyError: If a name means nothing, or several things.
            TypeError: If a function is called with more or fewer arguments than it has.
        """
        try:
            tree = expression(self.text)
        except SyntaxError as error:
            raise SyntaxError(
                f"The measure '{self.name}' is no expression: {self.text!r} ({error.msg}). For what expressions cannot "
                "say, give a function: lambda: ..."
            ) from None
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        called = {id(node.func) for node in calls}
        constants: set[str] = set()
        for node in calls:
            constants |= self._check_call(node)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                self._check_attribute(node.value.id, node.attr)
            if isinstance(node, ast.Name) and id(node) not in called:
                self._check_name(node.id)
                if self.names.object_of(node.id) is None and not self.names.owners_of(node.id):
                    constants.add(node.id)
        return constants

    @property
    def asks_monitors(self) -> bool:
        """Whether it is about what monitors have recorded, which is nothing before the run."""
        names = {node.id for node in ast.walk(expression(self.text)) if isinstance(node, ast.Name)}
        return any(isinstance(self.names.object_of(name), Monitor) for name in names)

    @property
    def _shown(self) -> str:
        """What it is called in messages."""
        return f"the measure '{self.name}'" + ("" if self.name == self.text else f": {self.text!r}")

    def _check_call(self, call: ast.Call) -> set[str]:
        """Checks a call; returns the name of the function if it is one of the script."""
        name = cast(ast.Name, call.func).id
        if name not in FUNCTIONS and callable(self.script.get(name)):
            return {name}
        if name not in FUNCTIONS:
            hint = one_of(FUNCTIONS, name) or f" There are {', '.join(FUNCTIONS)}."
            raise KeyError(f"There is no function '{name}' for {self._shown}.{hint} Or give a function of Python.")
        wanted = 3 if name == "clip" else 1
        if len(call.args) != wanted:
            example = f"{name}(spikes)" if name in _OF_SPIKES else f"{name}(cells.v{', 0, 1' if wanted > 1 else ''})"
            raise TypeError(f"'{name}' takes {wanted} argument{'s'[: wanted - 1]}, as '{example}', in {self._shown}.")
        return set()

    def _check_attribute(self, owner: str, name: str) -> None:
        obj = self.names.object_of(owner)
        if isinstance(obj, VariableOwner) and name not in obj.variables and not hasattr(obj, name):
            raise KeyError(
                f"'{owner}' has no variable '{name}', for {self._shown}.{one_of_variables(obj.variables, name)}"
            )

    def _check_name(self, name: str) -> None:
        if self.names.object_of(name) is not None:
            return
        owners = self.names.owners_of(name)
        if len(owners) > 1:
            which = " or ".join(f"'{owner.name}.{name}'" for owner in owners)
            raise KeyError(f"'{name}' may be that of several objects: write {which} in {self._shown}.")
        symbol = None if owners or name in self.script else default_symbol(name)
        if owners or name in self.script or (symbol is not None and symbol.kind != "function"):
            return
        if name in FUNCTIONS:
            example = f"{name}(spikes)" if name in _OF_SPIKES else f"{name}(cells.v)"
            raise KeyError(f"'{name}' is a function, '{example}', in {self._shown}.")
        known = [*self.names.objects, *self.names.variable_names(), *FUNCTIONS]
        raise KeyError(f"'{name}' means nothing in {self._shown}.{one_of(known, name)}")

    def __call__(self, network: Sweepable, facts: Facts) -> object:
        """Returns the value after a run."""

        def lookup(name: str) -> object:
            return self._value(name, facts)

        return value_of(_tree(self.text), Place(lookup), Place(lookup, _functions_for(facts)))

    def _value(self, name: str, facts: Facts) -> object:
        obj = self.names.object_of(name)
        if obj is not None:
            return obj if isinstance(obj, Monitor) else _ObjectInText(obj, facts.names)
        owners = self.names.owners_of(name)
        if owners:
            return owners[0].state(name).get_item(slice(None), namespace=facts.names)
        if name in facts.names:
            return facts.names[name]
        symbol = default_symbol(name)
        if symbol is None:
            raise KeyError(f"'{name}' means nothing in {self._shown}.")
        return Quantity(cast(float, symbol.value), dim=symbol.dim)


_tree = cache(expression)
"""A text is parsed once, not for each set."""


def _functions_for(facts: Facts) -> dict[str, object]:
    """Returns the functions of `FUNCTIONS`, for a run."""
    length = Quantity(facts.seconds, dim=second.dim)

    def counts(monitor: object, name: str = "counts") -> Array:
        if not isinstance(monitor, EventMonitor):
            raise TypeError(f"'{name}' takes a spike monitor, as in '{name}(spikes)', not {_kind_of(monitor)}.")
        return facts.counts(monitor)

    def trains(monitor: object, name: str) -> list[Array]:
        counts(monitor, name)
        times = (np.asarray(each) for each in cast(EventMonitor, monitor).event_trains().values())
        return [each[each >= facts.start] for each in times]

    def first(monitor: object) -> Quantity:
        earliest = [each[0] for each in trains(monitor, "first") if len(each)]
        return Quantity(min(earliest, default=float("nan")), dim=second.dim)

    def cv(monitor: object) -> float:
        return variation(trains(monitor, "cv"))

    def count(monitor: object) -> int:
        return int(counts(monitor, "count").sum())

    def rate(monitor: object) -> object:
        return over_time(counts(monitor, "rate").mean(), length)

    def rates(monitor: object) -> object:
        return over_time(counts(monitor, "rates"), length)

    reduced: dict[str, object] = {name: _reduction(name) for name in REDUCED}
    for name in ELEMENTWISE:
        reduced[name] = getattr(unit_functions, name, None) or getattr(np, name)
    of_spikes = {"count": count, "counts": counts, "rate": rate, "rates": rates, "cv": cv, "first": first}
    return {**reduced, **of_spikes}


def over_time(counts: Array, length: Quantity) -> object:
    """Returns rates; NaN if they were counted for no time."""
    with np.errstate(invalid="ignore"):
        return counts / length


def variation(trains: Iterable[Array]) -> float:
    """Returns the mean coefficient of variation of the intervals of spike trains, NaN if there are too few spikes."""
    several = [each for each in trains if len(each) > 2]
    if not several:
        return float("nan")
    lengths = np.array([len(each) for each in several])
    within = np.ones(int(lengths.sum()) - 1, bool)
    within[np.cumsum(lengths)[:-1] - 1] = False
    intervals: Array = np.diff(np.concatenate(several))[within]
    lengths -= 1
    starts = np.cumsum(lengths) - lengths
    means = np.add.reduceat(intervals, starts) / lengths
    squares = np.square(intervals - np.repeat(means, lengths))
    return float(np.mean(np.sqrt(np.add.reduceat(squares, starts) / lengths) / means))


def _reduction(name: str) -> Callable[[object], object]:
    reduce = REDUCED[name]

    def reduced(values: object) -> object:
        if isinstance(values, BrianObject | _ObjectInText):
            raise TypeError(f"'{name}' in a measure takes values, as in '{name}(cells.v)', not {_kind_of(values)}.")
        return reduce_any(reduce, values)

    return reduced


def reduce_any(reduce: Callable[..., object], values: object, **kwds: object) -> object:
    """Returns what a function of `REDUCED` makes of values, NaN of no values: numpy warns, or raises an error.

    Args:
        reduce: The function.
        values: The values.
        kwds: Further arguments of the function.
    """
    array = cast(Array, values)
    if np.size(array) or reduce is np.sum:
        return reduce(array, **kwds)
    one = np.full([max(length, 1) for length in np.shape(array)], np.nan)
    dim = get_dimensions(array)
    return reduce(one if dim.is_dimensionless else Quantity(one, dim=dim), **kwds)


def _kind_of(value: object) -> str:
    """Returns what a value is, for messages."""
    if isinstance(value, _ObjectInText):
        value = value.its_object
    if isinstance(value, BrianObject):
        return f"'{value.name}', which is a {type(value).__name__}"
    return "a number" if np.ndim(cast(Array, value)) == 0 else "an array"


@dataclass(frozen=True)
class FunctionMeasure:
    """A measure that a function computes: without arguments, of the network, or of the network and the set's values.

    Attributes:
        function: The function.
        arguments: How many arguments it takes.
    """

    function: Callable[..., object]
    arguments: int

    def __call__(self, network: Sweepable, facts: Facts) -> object:
        """Returns the value after a run."""
        if not self.arguments:
            return self.function()
        return self.function(*(network, dict(facts.values))[: self.arguments])


def positional(function: Callable[..., object]) -> int:
    """Returns how many of two arguments a function takes.

    Raises:
        TypeError: If it needs more.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 0
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return 2
    taken = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = sum(1 for each in taken if each.default is each.empty)
    if needed > MOST_ARGUMENTS:
        raise TypeError(
            f"A function that measures takes nothing, the network, or the network and the values of the set; "
            f"{getattr(function, '__name__', 'it')}() needs {needed} arguments."
        )
    return needed


MOST_ARGUMENTS = 2
"""So many arguments a function that measures has at most: the network, and the values of the set."""


def _by_function(function: Callable[..., object]) -> FunctionMeasure:
    return FunctionMeasure(function, positional(function))


def measures_of(given: object, names: Names, script: Mapping[str, object]) -> dict[str, TextMeasure | FunctionMeasure]:
    """Returns the measures that the argument `measure` asks for.

    Args:
        given: {name: text or function}, texts, or a function that returns a dictionary.
        names: What names stand for.
        script: The names that the script sees, and those that sets give values.

    Raises:
        TypeError: If it is neither.
    """
    if given is None:
        return {}
    if is_text(given):
        given = {given: given}
    elif callable(given):
        return {"": _by_function(given)}
    elif isinstance(given, list | tuple):
        given = {str(text): text for text in cast("list[object]", given)}
    if not isinstance(given, Mapping):
        raise TypeError(
            "measure takes {'rate': 'rate(spikes)', 'v_end': 'mean(cells.v)'}, with texts or functions, not "
            f"{type(given).__name__}."
        )
    found: dict[str, TextMeasure | FunctionMeasure] = {}
    for name, each in cast("Mapping[str, object]", given).items():
        if is_text(each):
            found[name] = TextMeasure(name, each, names, script)
        elif callable(each):
            found[name] = _by_function(each)
        else:
            raise TypeError(f"The measure '{name}' is a text or a function, not {type(each).__name__}.")
    return found
