"""Dialects that are not Ranvier's: which there are, and what their ops compute.

Their ops may stand where scalars are computed: in the regions of sweeps, and in the body of the loop. Lowering to loops
leaves them as they are, for a pass behind it to lower.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from xdsl.context import Context
from xdsl.ir import Dialect, Operation
from xdsl.traits import is_side_effect_free

from ranvier.ir.offers import BUILT_IN, DIALECTS, OfferError, load_offer, offers

Meaning: TypeAlias = Callable[..., Any]
"""Gets an op and, for each operand, a number or an array with one for each element; returns the result in the same
form, a sequence of them for several results, () for none."""


@dataclass(frozen=True, slots=True)
class OwnDialect:
    """A dialect that is not Ranvier's.

    Attributes:
        dialect: Its ops and types.
        meaning: What its ops compute, by their names.
    """

    dialect: Dialect
    meaning: Mapping[str, Meaning]


_registered: dict[str, OwnDialect] = {}


def register_dialect(
    dialect: Dialect, meaning: Mapping[type[Operation], Meaning] | None = None, *, replace: bool = False
) -> Dialect:
    """Lets programs have the ops of a dialect of your own, as text as well, and says what they compute.

    register_dialect(Dialect("lab", [SquareOp]), {SquareOp: lambda op, x: x * x})

    Ops that are `Pure` in the sense of xDSL are moved, merged and left out like those of `arith`.

    Args:
        dialect: The dialect.
        meaning: For each op a function for the interpreter, with which passes are compared: of the op and its operands,
            numbers or arrays of numpy with one for each element; it gives the result, or a sequence of them.
        replace: Whether it may take the place of a dialect of the name. The same module may always register again.

    Raises:
        ValueError: The name is taken, or `meaning` has an op that is not of the dialect.
    """
    if dialect.name in BUILT_IN:
        raise ValueError(f"{dialect.name!r} is the name of a built-in dialect: give yours another")
    there = _registered.get(dialect.name)
    if there is not None and not replace and _modules(there.dialect) != _modules(dialect):
        raise ValueError(
            f"there is a dialect {dialect.name!r} already, of {', '.join(_modules(there.dialect))}: give yours another "
            "name, or register it with replace=True"
        )
    ops = {op: op.name for op in dialect.operations}
    foreign = [op.__qualname__ for op in meaning or {} if op not in ops]
    if foreign:
        raise ValueError(f"{', '.join(foreign)}: not among the ops of the dialect {dialect.name!r}")
    _registered[dialect.name] = OwnDialect(dialect, {ops[op]: what for op, what in (meaning or {}).items()})
    return dialect


def unregister_dialect(name: str) -> None:
    """Forgets a dialect that was registered.

    Raises:
        KeyError: No such dialect was registered.
    """
    del _registered[name]


def _modules(dialect: Dialect) -> list[str]:
    return sorted({op.__module__ for op in dialect.operations})


def find_dialect(name: str) -> OwnDialect | None:
    """Returns a dialect that was registered, or that an installed package offers; None if there is none.

    Raises:
        OfferError: A package offers it, but it cannot be loaded, or is none.
    """
    if name not in _registered and name not in BUILT_IN and name in offers(DIALECTS):
        found, where = load_offer(DIALECTS, name)  # its module may register it, with what its ops compute
        if not isinstance(found, Dialect) or found.name != name:
            raise OfferError(f"{where} is no xdsl.ir.Dialect of this name, but {found!r}")
        _registered.setdefault(name, OwnDialect(found, {}))
    return _registered.get(name)


def evaluator_of(op: Operation) -> Callable[[list[Any]], list[Any]] | None:
    """Returns what computes an op of an own dialect; None if nobody has said it."""
    own = _registered.get(op.dialect_name()) if _registered else None
    meaning = None if own is None else own.meaning.get(op.name)
    if meaning is None:
        return None
    number = len(op.results)

    def evaluate(args: list[Any]) -> list[Any]:
        results: Any = meaning(op, *args)
        if number == 1 and not isinstance(results, Sequence):
            return [results]
        return list(cast("Sequence[Any]", results))

    return evaluate


def is_pure(op: Operation) -> bool:
    """Tells whether an op is of a registered dialect, and does nothing but compute its results."""
    return bool(_registered) and op.dialect_name() in _registered and is_side_effect_free(op)


_NAMES = re.compile(
    r'(?:^\s*|[={}(]\s*)(?:([A-Za-z_]\w*)\.[A-Za-z_]|"([A-Za-z_]\w*)\.[\w.]+"\()|[!#]([A-Za-z_]\w*)\.', re.M
)
"""Where a text has the name of an op, a type or an attribute: the dialect."""


def load_dialects_of(text: str, context: Context) -> None:
    """Loads the dialects of others that a text has.

    Raises:
        OfferError: See `find_dialect`.
    """
    there = {dialect.name for dialect in context.loaded_dialects}
    for name in sorted({name for found in _NAMES.findall(text) for name in found if name} - there):
        own = find_dialect(name)
        if own is not None:
            context.load_dialect(own.dialect)
