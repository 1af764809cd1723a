"""What profilers are told of an object file: its functions, and the lines that their instructions compute.

Only as much of ELF and of DWARF's tables of lines (version 4) as LLVM writes for programs on 64-bit machines.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"\x7fELF\x02\x01"
"""How files begin that can be read: 64 bit, the low bytes first."""

_FUNCTION, _ADDRESSES_64 = 2, (1, 257)
"""The type of symbols of functions; the relocations of whole addresses on x86-64 and AArch64."""


class Function(NamedTuple):
    """A function of an object file.

    Attributes:
        name: Its symbol.
        place: Where its code begins in the section of code.
        code: Its instructions; addresses outside are not filled in.
        is_global: Whether other programs see it.
    """

    name: str
    place: int
    code: bytes
    is_global: bool


class Line(NamedTuple):
    """From which place in the section of code on instructions compute a line.

    Attributes:
        place: The place.
        file: The path of the file.
        line: The line; 0 if none is known.
        column: The column.
        is_end: Whether nothing follows.
    """

    place: int
    file: str
    line: int
    column: int
    is_end: bool = False


class _Section(NamedTuple):
    name: str
    kind: int
    data: bytes
    link: int


class _Symbol(NamedTuple):
    name: str
    kind: int
    section: int
    place: int
    size: int
    is_global: bool


class ObjectFile:
    """An object file.

    Args:
        data: Its bytes.

    Raises:
        ValueError: It is none that can be read.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise ValueError("this is no 64-bit ELF file")
        (table,) = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        headers = [struct.unpack_from("<IIQQQQII", data, table + k * size) for k in range(count)]
        contents = [data[h[4] : h[4] + h[5]] if h[1] != 8 else b"" for h in headers]
        self._sections = [
            _Section(_string(contents[names], h[0]), h[1], content, h[6])
            for h, content in zip(headers, contents, strict=True)
        ]
        self._code = next((k for k, one in enumerate(self._sections) if one.name == ".text"), -1)

    def functions(self) -> list[Function]:
        """Returns the functions, in the order of their places."""
        code = self._sections[self._code].data
        found = [
            Function(one.name, one.place, code[one.place : one.place + one.size], one.is_global)
            for one in self._symbols()
            if one.kind == _FUNCTION and one.section == self._code
        ]
        return sorted(found, key=lambda function: function.place)

    def missing(self) -> list[str]:
        """Returns the symbols that others have to define."""
        return [one.name for one in self._symbols() if one.name and not one.section and one.is_global]

    def lines(self) -> list[Line]:
        """Returns the lines that instructions compute, in the order of their places."""
        data = bytearray(self._content(".debug_line"))
        symbols = list(self._symbols())
        relocations = self._content(".rela.debug_line")
        for k in range(0, len(relocations), 24):
            place, what, addend = struct.unpack_from("<QQq", relocations, k)
            if what & 0xFFFFFFFF in _ADDRESSES_64:
                struct.pack_into("<q", data, place, symbols[what >> 32].place + addend)
        found = [line for table in _tables(bytes(data)) for line in table]
        return sorted(found, key=lambda line: (line.place, not line.is_end))

    def _content(self, name: str) -> bytes:
        return next((one.data for one in self._sections if one.name == name), b"")

    def _symbols(self) -> Iterator[_Symbol]:
        """Yields the symbols, in the order of their numbers."""
        for one in self._sections:
            if one.kind == 2:
                strings = self._sections[one.link].data
                for k in range(0, len(one.data), 24):
                    name, info, _, section, place, size = struct.unpack_from("<IBBHQQ", one.data, k)
                    yield _Symbol(_string(strings, name), info & 15, section, place, size, bool(info >> 4))


def _string(data: bytes, place: int) -> str:
    return data[place : data.index(b"\0", place)].decode(errors="replace")


class _Reader:
    """Reads numbers and texts one after another."""

    def __init__(self, data: bytes, place: int = 0) -> None:
        self.data, self.place = data, place

    def number(self, kind: str) -> int:
        """Returns a number of one of the formats of `struct`."""
        (value,) = struct.unpack_from(f"<{kind}", self.data, self.place)
        self.place += struct.calcsize(kind)
        return int(value)

    def leb(self, signed: bool = False) -> int:
        """Returns a number of variable length."""
        value, shift = 0, 0
        while True:
            byte = self.data[self.place]
            self.place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value - (1 << shift) if signed and byte & 64 else value

    def text(self) -> str:
        """Returns a text that ends with a zero."""
        found = _string(self.data, self.place)
        self.place = self.data.index(b"\0", self.place) + 1
        return found


def _tables(data: bytes) -> Iterator[list[Line]]:
    """Yields the tables of lines in a section."""
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        yield list(_Table(data[place + 4 : place + 4 + length]).run())
        place += 4 + length


class _Table:
    """A table of lines: a program for a machine that counts places and lines."""

    def __init__(self, data: bytes) -> None:
        read = self._read = _Reader(data)
        self._version = read.number("H")
        header = read.number("I")
        self._begin = read.place + header
        self._shortest = read.number("B")
        read.place += 2  # instructions of one word have one operation each; what begins a statement
        self._base, self._range, opcodes = read.number("b"), read.number("B"), read.number("B")
        self._first_special = opcodes
        self._lengths = [read.number("B") for _ in range(opcodes - 1)]
        directories = [""]
        while text := read.text():
            directories.append(text)
        self._files = [""]
        while name := read.text():
            directory = directories[read.leb()]
            read.leb(), read.leb()  # pyright: ignore[reportUnusedExpression]
            self._files.append(f"{directory}/{name}" if directory else name)

    def run(self) -> Iterator[Line]:
        """Yields what the program says."""
        if self._version > 4:
            return
        read = self._read
        read.place = self._begin
        place, file, line, column = 0, 1, 1, 0
        while read.place < len(read.data):
            code = read.number("B")
            if code >= self._first_special:
                code -= self._first_special
                place += code // self._range * self._shortest
                line += self._base + code % self._range
                yield Line(place, self._files[file], line, column)
            elif code == 0:
                size = read.leb()
                after = read.place + size
                kind = read.number("B")
                if kind == 1:
                    yield Line(place, self._files[file], line, column, True)
                    place, file, line, column = 0, 1, 1, 0
                elif kind == 2:
                    place = read.number("Q")
                read.place = after
            elif code == 1:
                yield Line(place, self._files[file], line, column)
            elif code == 2:
                place += read.leb() * self._shortest
            elif code == 3:
                line += read.leb(signed=True)
            elif code == 4:
                file = read.leb()
            elif code == 5:
                column = read.leb()
            elif code == 8:
                place += (255 - self._first_special) // self._range * self._shortest
            elif code == 9:
                place += read.number("H")
            else:
                for _ in range(self._lengths[code - 1]):
                    read.leb()


__all__ = ["Function", "Line", "ObjectFile"]
