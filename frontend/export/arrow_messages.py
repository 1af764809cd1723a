"""Messages of Arrow's IPC format as templates: a C program writes them without knowing the format.

The schema of a table never changes. The header of a batch is a flatbuffer in which only numbers differ between batches:
of rows, of bytes, and where each buffer begins. pyarrow makes one for a batch of one row; here it is read where these
numbers stand.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranvier.runtime import arrow
from ranvier.runtime.columns import Column, Recorded

_PREFIX = 8
"""Bytes before the flatbuffer of a message: a mark, and its length."""

_HEADER, _BODY_BYTES = 2, 3
"""Fields of a message."""

_ROWS, _NODES, _BUFFERS = 0, 1, 2
"""Fields of a batch."""

NO_COLUMN = -1
"""Stands for a buffer that is always empty: which values are missing."""


@dataclass(frozen=True)
class BatchTemplate:
    """The messages of a table.

    Attributes:
        schema: The message with the schema.
        header: The header of a batch, whose numbers are those of another batch.
        rows_at: Where the number of rows stands.
        body_at: Where the number of bytes stands that follow the header.
        nodes: Where the lengths of arrays stand: the place, and the column whose width they are multiplied with;
            `NO_COLUMN` for none.
        buffers: Where beginning and length of a buffer stand, and the column that is in it.
    """

    schema: bytes
    header: bytes
    rows_at: int
    body_at: int
    nodes: tuple[tuple[int, int], ...]
    buffers: tuple[tuple[int, int], ...]


def template_of(table: Recorded) -> BatchTemplate:
    """Returns the messages of a table."""
    one = arrow.record_batch([_one_row(column) for column in table.columns], table)
    message = one.serialize().to_pybytes()
    header = message[: _PREFIX + struct.unpack_from("<i", message, 4)[0]]
    root = _Flat(header, _PREFIX).root()
    batch = root.table(_HEADER)
    nodes, buffers = _nodes_and_buffers(table)
    first_node, first_buffer = batch.vector(_NODES, len(nodes)), batch.vector(_BUFFERS, len(buffers))
    return BatchTemplate(
        arrow.schema(table).serialize().to_pybytes(),
        header,
        batch.place(_ROWS),
        root.place(_BODY_BYTES),
        tuple((first_node + 16 * k, column) for k, column in enumerate(nodes)),
        tuple((first_buffer + 16 * k, column) for k, column in enumerate(buffers)),
    )


def _one_row(column: Column) -> Any:
    return np.zeros((1,) if column.width is None else (1, column.width), column.dtype)


def _nodes_and_buffers(table: Recorded) -> tuple[list[int], list[int]]:
    """Returns the columns of the arrays of a batch and of their buffers, in the order of the format."""
    nodes: list[int] = []
    buffers: list[int] = []
    for number, column in enumerate(table.columns):
        if column.width is None:
            nodes += [NO_COLUMN]
            buffers += [NO_COLUMN, number]
        elif column.width:
            nodes += [NO_COLUMN, number]
            buffers += [NO_COLUMN, NO_COLUMN, number]
    return nodes, buffers


@dataclass(frozen=True)
class _Flat:
    """A table in a flatbuffer, or the place of its root."""

    data: bytes
    start: int

    def root(self) -> _Flat:
        return self._follow(self.start)

    def table(self, field: int) -> _Flat:
        return self._follow(self.place(field))

    def vector(self, field: int, count: int) -> int:
        """Returns where the entries of a vector begin."""
        start = self._follow(self.place(field)).start
        assert struct.unpack_from("<I", self.data, start)[0] == count
        return start + 4

    def place(self, field: int) -> int:
        """Returns where a field stands, which is there."""
        fields = self.start - struct.unpack_from("<i", self.data, self.start)[0]
        offset: int = struct.unpack_from("<H", self.data, fields + 4 + 2 * field)[0]
        assert offset
        return self.start + offset

    def _follow(self, place: int) -> _Flat:
        return _Flat(self.data, place + struct.unpack_from("<I", self.data, place)[0])
