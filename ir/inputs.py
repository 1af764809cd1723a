"""The run-time inputs of a program as plain data, which goes with the program through all its stages (no xDSL).

The `snn` dialect says them by ops. Lowered functions say them by an attribute of `@run`, LLVM IR by metadata: all that
whoever starts a program has to know besides the code. `ranvier.ir.slots` says how they become the arguments of `@run`.

A **size** is a sum of products, such as 2*N - 3: each product has an integer factor and the numbers of the params that
are multiplied, counted over all inputs. As text: "2*%0-3".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Any, TypeAlias, cast

from ranvier.ir.slots import SETTLES, Recipe, Slot, SlotKind

TABLE = "ranvier.table"
"""The name of the attribute, and of the metadata."""

OWN = "own"
"""The attribute of inputs of which each instance has its own, in programs of several instances."""

THREADS = "threads"
"""The attribute, the label and the kind of the input that is the number of threads, in programs for several."""

CARRIED = "carried"
"""The attribute of states that all instances have in common, and that a run changes."""

HISTORY = "history"
"""The attribute of lists of past spikes of all instances, and of their numbers: the position of the other input. Lists
of given spikes of all, and their steps, have it, too, but are not `own`."""

CONTRACTED = "contracted"
"""The attribute of programs that say which products are contracted."""

KINDS = ("param", "state", "events", "clock", "table", THREADS)


@dataclass(frozen=True, slots=True)
class Size:
    """A number of elements, of which only params are known before a run.

    Attributes:
        products: A factor, and the numbers of the params it is multiplied with; all are added.
    """

    products: tuple[tuple[int, tuple[int, ...]], ...] = ()

    def value(self, params: Callable[[int], int]) -> int:
        """Returns the number, for the values of params by their numbers."""
        return sum(factor * prod(params(number) for number in numbers) for factor, numbers in self.products)

    def __add__(self, other: Size) -> Size:
        """Returns the sum."""
        found: dict[tuple[int, ...], int] = {}
        for factor, numbers in (*self.products, *other.products):
            found[numbers] = found.get(numbers, 0) + factor
        return Size(tuple((factor, numbers) for numbers, factor in sorted(found.items()) if factor))

    def __mul__(self, other: Size) -> Size:
        """Returns the product."""
        total = Size()
        for factor, numbers in self.products:
            total += Size(tuple((factor * f, tuple(sorted((*numbers, *more)))) for f, more in other.products))
        return total

    @property
    def known(self) -> int | None:
        """The number, if it depends on no param."""
        return sum(factor for factor, _ in self.products) if not any(numbers for _, numbers in self.products) else None

    def __str__(self) -> str:
        terms = [_term_text(factor, numbers) for factor, numbers in self.products]
        return "+".join(terms).replace("+-", "-") or "0"


def _term_text(factor: int, numbers: Sequence[int]) -> str:
    names = "*".join(f"%{number}" for number in numbers)
    if not names:
        return str(factor)
    return {1: "", -1: "-"}.get(factor, f"{factor}*") + names


def constant_size(number: int) -> Size:
    """Returns a size that is known."""
    return Size(((number, ()),) if number else ())


def param_size(number: int) -> Size:
    """Returns the size that a param says."""
    return Size(((1, (number,)),))


def size_of_text(text: str) -> Size:
    """Returns the size that `str` gave.

    Raises:
        ValueError: The text says none.
    """
    if not re.fullmatch(r"-?(\d+|%\d+)(\*%\d+)*([+-](\d+|%\d+)(\*%\d+)*)*", text):
        raise ValueError(f"{text!r} is no size, such as 2*%0-3")
    return sum((_term(term) for term in text.replace("-", "+-").removeprefix("+").split("+")), Size())


def _term(text: str) -> Size:
    parts = text.removeprefix("-").split("*")
    sign = -1 if text.startswith("-") else 1
    numbers = tuple(int(part[1:]) for part in parts if part.startswith("%"))
    return Size(((sign * prod(int(part) for part in parts if not part.startswith("%")), numbers),))


@dataclass(frozen=True, slots=True)
class Rows:
    """What is recorded to a table in an instant: `size` rows, or fewer, at least none.

    Attributes:
        size: How many rows; None: it is computed in another way than by sums and products.
        width: How many values each column but the first has in a row; None: one.
        names: The names of the columns but the first.
    """

    size: Size | None
    width: Size | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """A run-time input of a program.

    Attributes:
        kind: One of `KINDS`.
        label: Its label.
        type: "f64", "index", ...: of a param, or of the elements of a state.
        dim: The physical dimension, "" if it has none.
        size: How many elements a state has, or events there may be.
        times: The number of the state that lists the times at which a clock ticks; -1: it has a step.
        columns: The types of the columns of a table.
        rows: What is recorded to a table, by each op that does.
        own: Whether each of several instances has its own.
        carried: Whether it is a state that all of several instances have in common, and that a run changes.
        history: For the past spikes of several instances, and for their numbers: the number of the other input.
    """

    kind: str
    label: str
    type: str = ""
    dim: str = ""
    size: Size | None = None
    times: int = -1
    columns: tuple[str, ...] = ()
    rows: tuple[Rows, ...] = ()
    own: bool = False
    carried: bool = False
    history: int = -1


@dataclass(frozen=True, slots=True)
class Need:
    """An array or a list of events has to have so many elements.

    Attributes:
        what: What messages call it.
        has: How many it has.
        size: How many it has to have.
        by: What uses them.
    """

    what: str
    has: Size
    size: Size
    by: str

    def message(self, has: int | str, size: int | str) -> str:
        """Returns what is said where it does not hold."""
        return f"{self.by} needs {self.what} to have {size} elements or more, it has {has}"


@dataclass(frozen=True, slots=True)
class InputTable:
    """All inputs of a program.

    Attributes:
        inputs: The inputs, in order.
        derived: The recipes of the arrays that the host makes, and the types of their elements.
        needs: What has to hold of sizes.
        contracted: Whether the program says which products are contracted: then the code generator contracts none.
        settles: Whether much is done at the end of each call, so that calls should be long.
    """

    inputs: tuple[Input, ...]
    derived: tuple[tuple[Recipe, str], ...] = ()
    needs: tuple[Need, ...] = ()
    contracted: bool = False
    settles: bool = False

    def slots(self) -> tuple[Slot, ...]:
        """Returns what the host puts in each slot of the table of a call."""
        found = [slot for number, one in enumerate(self.inputs) for slot in _slots_of(one, number)]
        found += [Slot(SlotKind.DERIVED, -1, type, recipe[0], recipe=recipe) for recipe, type in self.derived]
        return (*found, Slot(SlotKind.CONTROL, -1, "i64", SETTLES if self.settles else ""))


def labels_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Returns labels that differ: one that occurs again is numbered ("tau#2")."""
    found: list[str] = []
    taken = set(labels)
    seen: dict[str, int] = {}
    for one in labels:
        number = seen[one] = seen.get(one, 0) + 1
        label = one
        while number > 1 and label in taken:
            label = f"{one}#{number}"
            number += 1
        taken.add(label)
        found.append(label)
    return tuple(found)


def _slots_of(one: Input, number: int) -> list[Slot]:
    def slot(kind: SlotKind, type: str, column: int = 0) -> Slot:
        return Slot(kind, number, type, one.label, column, own=one.own, carried=one.carried, history=one.history)

    match one.kind:
        case "param":
            return [slot(SlotKind.PARAM, one.type)]
        case "threads":
            return [slot(SlotKind.THREADS, one.type)]
        case "state":
            return [slot(SlotKind.STATE, one.type)]
        case "events":
            return [slot(SlotKind.EVENT_LIST, "i32"), slot(SlotKind.EVENT_COUNT, "i64")]
        case "clock":
            return [slot(SlotKind.CLOCK_STEPS, "i64"), slot(SlotKind.CLOCK_DT, "f64")]
        case _:
            columns = [slot(SlotKind.SINK_COLUMN, type, k) for k, type in enumerate(one.columns)]
            return [slot(SlotKind.SINK_ROWS, "i64"), *columns]


# ---- as lists, texts and numbers: what JSON and attributes can say

Plain: TypeAlias = "str | int | list[Plain] | dict[str, Plain]"


def to_plain(table: InputTable) -> dict[str, Plain]:
    """Returns a table as dictionaries, lists, texts and whole numbers; what is usual is left out."""
    found: dict[str, Plain] = {"inputs": [_plain(one) for one in table.inputs]}
    if table.derived:
        found["derived"] = [[_plain(recipe), type] for recipe, type in table.derived]
    if table.needs:
        found["needs"] = [_plain(need) for need in table.needs]
    if table.contracted:
        found["contracted"] = 1
    if table.settles:
        found[SETTLES] = 1
    return found


def _plain(value: Any) -> Plain:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, Size):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[Any, ...]", value)]
    pairs = ((one, getattr(value, one.name)) for one in fields(value))
    return {one.name: _plain(item) for one, item in pairs if item is not None and item != one.default}


def from_plain(plain: Any) -> InputTable:
    """Returns the table that `to_plain` wrote.

    Raises:
        ValueError: It is none.
    """
    try:
        return InputTable(
            tuple(_input(**one) for one in plain["inputs"]),
            tuple((_recipe(recipe), str(type)) for recipe, type in plain.get("derived", ())),
            tuple(_need(**one) for one in plain.get("needs", ())),
            bool(plain.get("contracted", 0)),
            bool(plain.get(SETTLES, 0)),
        )
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"the table of inputs cannot be read: {_wrong(error)}") from error


def _wrong(error: Exception) -> str:
    """Returns what an entry of a table lacks, or has too much."""
    said = str(error)
    lacks = re.search(r"missing \d+ required .*?argument.*?: (.*)", said)
    if lacks or isinstance(error, KeyError):
        return f"an entry has no {lacks[1] if lacks else said}"
    more = re.search(r"unexpected keyword argument ('.*?')", said)
    return f"an entry has {more[1]}, which means nothing" if more else "it has not the form that ranvier-opt writes"


def _input(kind: str, label: str, size: str | None = None, **rest: Any) -> Input:
    if kind not in KINDS:
        raise ValueError(f"inputs are {', '.join(KINDS)}, not {kind!r}")
    rest["columns"] = tuple(rest.get("columns", ()))
    rest["rows"] = tuple(_rows(**one) for one in rest.get("rows", ()))
    rest["own"], rest["carried"] = bool(rest.get("own", 0)), bool(rest.get("carried", 0))
    return Input(kind, label, size=None if size is None else size_of_text(size), **rest)


def _rows(size: str | None = None, width: str | None = None, names: Sequence[str] = ()) -> Rows:
    first, second = (None if text is None else size_of_text(text) for text in (size, width))
    return Rows(first, second, tuple(names))


def _need(what: str, has: str, size: str, by: str) -> Need:
    return Need(what, size_of_text(has), size_of_text(size), by)


def _recipe(plain: Any) -> Recipe:
    kind, parts = plain
    return str(kind), tuple(part if isinstance(part, int) else _recipe(part) for part in parts)
