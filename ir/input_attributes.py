"""The inputs of a lowered program (`ranvier.ir.inputs`) as an attribute of the function `@run`."""

from __future__ import annotations

import functools
from typing import Any, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.ir import Attribute

from ranvier.ir.inputs import TABLE, InputTable, Plain, from_plain, to_plain

ENTRY = "run"
"""The name of the lowered function."""


def entry_of(module: ModuleOp) -> func.FuncOp | None:
    """Returns the function `@run` of a lowered module, None if it has none."""
    functions = (op for op in module.body.block.ops if isinstance(op, func.FuncOp))
    return next((one for one in functions if one.sym_name.data == ENTRY and one.body.blocks), None)


def write_table(entry: func.FuncOp, table: InputTable) -> None:
    """Writes a table to the function `@run`."""
    entry.attributes[TABLE] = _attribute(cast("Plain", to_plain(table)))


def read_table(entry: func.FuncOp) -> InputTable | None:
    """Returns the table of the function `@run`, None if it has none.

    Raises:
        ValueError: It has something else, or a table that does not fit its arguments.
    """
    attribute = entry.attributes.get(TABLE)
    if attribute is None:
        return None
    table = from_plain(_plain(attribute))
    wanted = [_argument_type(slot.kind, slot.type) for slot in table.slots()]
    given = [str(type) for type in entry.function_type.inputs]
    if wanted != given:
        number = next(
            (k for k, (a, b) in enumerate(zip(wanted, given, strict=False)) if a != b), min(len(wanted), len(given))
        )
        kinds = [types[number] if number < len(types) else "none" for types in (wanted, given)]
        raise ValueError(f"{TABLE} does not fit @run: argument {number} should be {kinds[0]}, but is {kinds[1]}")
    return table


def _argument_type(kind: str, type: str) -> str:
    return type if kind in ("param", "clock_dt") else f"memref<?x{type}>"


@functools.lru_cache(maxsize=1024)
def _leaf(plain: str | int) -> Attribute:
    return StringAttr(plain) if isinstance(plain, str) else IntegerAttr(plain, i64)


def _attribute(plain: Plain) -> Attribute:
    if isinstance(plain, str | int):
        return _leaf(plain)
    if isinstance(plain, list):
        return ArrayAttr([_attribute(item) for item in plain])
    return DictionaryAttr({key: _attribute(item) for key, item in plain.items()})


def _plain(attribute: Attribute) -> Any:
    match attribute:
        case StringAttr():
            return attribute.data
        case IntegerAttr():
            return attribute.value.data
        case ArrayAttr():
            return [_plain(item) for item in attribute]
        case DictionaryAttr():
            return {key: _plain(item) for key, item in attribute.data.items()}
        case _:
            raise ValueError(f"{TABLE} has lists, dictionaries, texts and whole numbers, not {attribute}")
