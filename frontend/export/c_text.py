"""The tables of an exported network, written as C: a header with its arrays, a source with what the run time needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ranvier.export.arrow_messages import NO_COLUMN, BatchTemplate
from ranvier.export.image import Argument, ClockPlace, Image, Placed, TablePlace

C_TYPES = {"f8": "double", "f4": "float", "i8": "int64_t", "i4": "int32_t", "u2": "uint16_t", "i2": "int16_t",
           "b1": "uint8_t", "u1": "uint8_t"}  # fmt: skip
"""numpy's types of elements → C's."""

KINDS = {"number": "RANVIER_NUMBER", "array": "RANVIER_ARRAY", "column": "RANVIER_COLUMN"}
"""Kinds of arguments → their names in ranvier.h."""

WIDTH = 118
"""Columns of a line of bytes."""


def identifier(text: str) -> str:
    """Returns a text as a part of a name in C."""
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")


def header_text(name: str, image: Image, about: str) -> str:
    """Returns the header: functions that give the arrays and constants of the network.

    Args:
        name: The name of the network, an identifier of C.
        image: Its memory.
        about: What it is, a line.
    """
    guard = f"{name.upper()}_H"
    lines = [f"/* {about} */", "", f"#ifndef {guard}", f"#define {guard}", "", '#include "ranvier.h"', ""]
    lines += ["#ifdef __cplusplus", 'extern "C" {', "#endif", "", f"extern const ranvier_network {name};", ""]
    lines += ["/* Variables: what compiled code reads and writes. Those that are const must not be changed. */"]
    lines += [_array_function(name, one) for one in image.arrays if one.name]
    constants = [(number, one) for number, one in enumerate(image.arguments) if one.name]
    if constants:
        lines += ["", "/* Constants of the model, the same for the whole run. */"]
        lines += [_constant_function(name, number, one) for number, one in constants]
    lines += ["", "#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]
    return "\n".join(lines)


def _array_function(name: str, one: Placed) -> str:
    type = f"{'const ' * one.is_fixed}{C_TYPES[one.array.dtype.str[1:]]}"
    about = f"{one.array.size} value{'s' * (one.array.size != 1)}{f' in {one.unit}' if one.unit else ''}"
    return (
        f"static inline {type} *{name}_{identifier(one.name)}(ranvier_simulation *simulation) {{ /* {about} */\n"
        f"    return ({type} *)ranvier_at(simulation, UINT64_C({one.offset}));\n}}"
    )


def _constant_function(name: str, number: int, one: Argument) -> str:
    type = "double" if one.type == "f64" else "int64_t"
    about = f" /* in {one.unit} */" if one.unit else ""
    return (
        f"static inline {type} *{name}_constant_{identifier(one.name)}(ranvier_simulation *simulation) {{{about}\n"
        f"    return ({type} *)ranvier_constant(simulation, {number});\n}}"
    )


def source_text(name: str, image: Image, *, start: float, duration: float, about: str) -> str:
    """Returns the source with the tables of the network.

    Args:
        name: The name of the network, an identifier of C.
        image: Its memory.
        start: The simulated time at its beginning, in seconds.
        duration: How long it runs if it is not told otherwise, in seconds.
        about: What it is, a line.
    """
    named = [one for one in image.arrays if one.name]
    lines = [f"/* {about} */", "", f'#include "{name}.h"', "", f"int64_t {name}_entry(uint64_t *slots);", ""]
    lines += _list("ranvier_array", "arrays", map(_array_row, named))
    lines += _list("ranvier_slot", "slots", map(_slot_row, image.arguments))
    lines += _list("ranvier_clock", "clocks", map(_clock_row, image.clocks))
    for number, table in enumerate(image.tables):
        lines += _parts_of_table(number, table)
    lines += _list("ranvier_table", "tables", [_table_row(n, table) for n, table in enumerate(image.tables)])
    counted = {"arrays": named, "slots": image.arguments, "clocks": image.clocks, "tables": image.tables}
    sizes = [f"{part}, {len(rows)}" for part, rows in counted.items()]
    lines += [
        f"const ranvier_network {name} = {{",
        f'    "{name}", {name}_entry, {_number(start)}, {_number(duration)}, UINT64_C({image.size}), {image.control},',
        f"    {', '.join(sizes)}}};",
        "",
    ]
    return "\n".join(lines)


def _clock_row(one: ClockPlace) -> str:
    places = (0, 0) if one.times is None else (one.times.offset, one.times.array.size)
    return _row(one.control, _number(one.dt), *places)


def _array_row(one: Placed) -> str:
    return _row(_text(one.name), _text(one.unit), f"UINT64_C({one.offset})", one.array.size, one.array.itemsize)


def _slot_row(one: Argument) -> str:
    value = one.value if isinstance(one.value, int) else one.value[0] * 256 + one.value[1]
    return _row(KINDS[one.kind], f"UINT64_C({value})")


def _parts_of_table(number: int, table: TablePlace) -> Iterator[str]:
    columns = (
        _row(column.dtype.itemsize, 1 if column.width is None else column.width, int(column.dtype == np.bool_))
        for column in table.columns
    )
    yield from _list("ranvier_column", f"columns_{number}", columns)
    messages = table.messages
    if messages is not None:
        yield from _bytes(f"schema_{number}", messages.schema)
        yield from _bytes(f"batch_{number}", messages.header)
        yield from _list("ranvier_field", f"nodes_{number}", _nodes(messages))
        yield from _list("ranvier_field", f"buffers_{number}", (_row(*each) for each in messages.buffers))


def _nodes(messages: BatchTemplate) -> list[str]:
    return [_row(place, column if column != NO_COLUMN else -1) for place, column in messages.nodes]


def _table_row(number: int, table: TablePlace) -> str:
    rest: Sequence[object] = ("0, 0, 0, 0, 0, 0, 0, 0, 0, 0",)
    messages = table.messages
    if messages is not None:
        rest = (
            f"schema_{number}, batch_{number}, {len(messages.schema)}, {len(messages.header)}",
            f"{messages.rows_at}, {messages.body_at}, nodes_{number}, buffers_{number}",
            f"{len(messages.nodes)}, {len(messages.buffers)}",
        )
    columns = f"columns_{number}, {len(table.columns)}"
    return _row(_text(table.name), table.control, table.most_rows, columns, *rest)


def _list(type: str, name: str, rows: Iterable[str]) -> list[str]:
    """Returns the lines of a constant list; one without entries has an empty one, as C demands."""
    return [f"static const {type} {name}[] = {{", *(f"    {row}," for row in list(rows) or ["{0}"]), "};", ""]


def _bytes(name: str, data: bytes) -> Iterator[str]:
    yield f"static const uint8_t {name}[] = {{"
    line = "   "
    for byte in data:
        if len(line) > WIDTH:
            yield line
            line = "   "
        line += f" {byte},"
    yield line
    yield from ("};", "")


def _row(*values: object) -> str:
    return f"{{{', '.join(map(str, values))}}}"


def _number(value: float) -> str:
    return float(value).hex()


def _text(text: str) -> str:
    """Returns a text as C writes it: what is not a plain character as its bytes."""
    written = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(written)}"'
