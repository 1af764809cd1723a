"""A compiled program as bytes: what the cache keeps and what can be sent elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from ranvier.codegen.errors import ArtifactError
from ranvier.ir.slots import Recipe, Slot, SlotKind

MAGIC = b"RANVIER\x07"
"""The first bytes of the format; the last of them is its version."""

_LENGTHS = struct.Struct("<IQ")
_DIGEST_SIZE = 32


Term: TypeAlias = "int | tuple[str, int] | tuple[str, Term, Term]"
"""A number of elements, which follows from what slots hold."""

Notes: TypeAlias = tuple[tuple[int, str], ...]
"""Numbers of parts of a program (its pathways), and a text on each."""


@dataclass(frozen=True, slots=True)
class DevicePart:
    """What a device gets of a program whose object code is that of the host.

    Attributes:
        kind: What the image is: "ptx", or "cpu" for machine code that a stand-in of the driver runs.
        image: The kernels.
        kernels: Their names in the order in which the host numbers them, and the threads of a block of each.
        where: For each slot who knows its memory: "device"; "changed", if kernels write to it; "host"; "both"; "".
        shared: Bytes of shared memory that the kernels declare, together.
        rooms: Memory for intermediate values: whose it is, the bytes of an element, and the number of elements: a whole
            number, ("slot", k) for what slot k holds, or an operation on two: "+", "-", "*", "/", ">>", "<<", "max",
            "min".
        steps: The most steps whose kernels are launched together; 0: each is launched by the host.
        calls: The numbers of clocks in whose steps Python is called.
        form: How kernels are launched: `SINGLE`, `GRAPH` or `COOPERATIVE` of `ranvier.ir.device_words`.
        arguments: For each kernel a letter for each thing that it is given: "v", a value; "r", memory that it reads;
            "w", memory to which it may write.
    """

    kind: str
    image: bytes
    kernels: tuple[tuple[str, int], ...]
    where: tuple[str, ...]
    shared: int = 0
    rooms: tuple[tuple[str, int, Term], ...] = ()
    steps: int = 0
    calls: tuple[int, ...] = ()
    form: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Artifact:
    """A program for one kind of machine, not yet loaded.

    As bytes: the magic, the lengths of header (u32) and object code (u64), the header as JSON, the object code, and
    the SHA-256 of all that.

    Attributes:
        object_code: The relocatable object file.
        slots: What each slot of the table that the entry takes holds.
        triple: LLVM's triple of the machine.
        cpu: LLVM's name of the processor.
        key: The cache key it was stored under; "" outside the cache.
        notes: What its users have to know of parts of it, by their numbers.
        device: What a device gets, if it is a program for one.
    """

    object_code: bytes
    slots: tuple[Slot, ...]
    triple: str
    cpu: str = ""
    key: str = ""
    notes: Notes = ()
    device: DevicePart | None = None

    def to_bytes(self) -> bytes:
        """Returns the whole artifact as bytes."""
        slots = [
            [
                slot.kind.value,
                slot.input,
                slot.type,
                slot.label,
                slot.column,
                slot.recipe,
                slot.own,
                slot.carried,
                slot.history,
            ]
            for slot in self.slots
        ]
        header = {
            "triple": self.triple,
            "cpu": self.cpu,
            "key": self.key,
            "slots": slots,
            "notes": self.notes,
            "device": None if self.device is None else _of_device(self.device),
        }
        text = json.dumps(header, separators=(",", ":")).encode()
        body = b"".join([MAGIC, _LENGTHS.pack(len(text), len(self.object_code)), text, self.object_code])
        return body + hashlib.sha256(body).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Artifact:
        """Returns the artifact in `data`.

        Raises:
            ArtifactError: The bytes are damaged, cut short, or no artifact of this version.
        """
        start = len(MAGIC) + _LENGTHS.size
        if len(data) < start + _DIGEST_SIZE or data[: len(MAGIC)] != MAGIC:
            raise ArtifactError("this is no compiled program of this version")
        header_size, code_size = _LENGTHS.unpack_from(data, len(MAGIC))
        if len(data) != start + header_size + code_size + _DIGEST_SIZE:
            raise ArtifactError("the compiled program is cut short")
        if hashlib.sha256(memoryview(data)[:-_DIGEST_SIZE]).digest() != data[-_DIGEST_SIZE:]:
            raise ArtifactError("the compiled program is damaged: its checksum does not fit")
        return cls._from_parts(data[start : start + header_size], data[start + header_size : -_DIGEST_SIZE])

    @classmethod
    def _from_parts(cls, header: bytes, object_code: bytes) -> Artifact:
        try:
            fields: dict[str, Any] = json.loads(header)
            slots = tuple(
                Slot(
                    SlotKind(kind),
                    int(number),
                    str(type_),
                    str(label),
                    int(column),
                    _recipe(recipe),
                    bool(own),
                    bool(carried),
                    int(history),
                )
                for kind, number, type_, label, column, recipe, own, carried, history in fields["slots"]
            )
            notes = tuple((int(number), str(text)) for number, text in fields["notes"])
            triple, cpu, key = (str(fields[name]) for name in ("triple", "cpu", "key"))
            return cls(object_code, slots, triple, cpu, key, notes, _device(fields["device"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"the header of the compiled program cannot be read: {error}") from error


def _of_device(part: DevicePart) -> list[Any]:
    image = base64.b64encode(part.image).decode()
    launching = part.steps, part.calls, part.form, part.arguments
    return [part.kind, image, part.kernels, part.where, part.shared, part.rooms, *launching]


def _device(value: Any) -> DevicePart | None:
    if value is None:
        return None
    kind, image, kernels, where, shared, rooms, steps, calls, form, arguments = value
    names = tuple((str(name), int(threads)) for name, threads in kernels)
    code, numbers = base64.b64decode(image), tuple(map(int, calls))
    known, given = tuple(map(str, where)), tuple(map(str, arguments))
    return DevicePart(str(kind), code, names, known, int(shared), _rooms(rooms), int(steps), numbers, str(form), given)


def _rooms(value: Any) -> tuple[tuple[str, int, Term], ...]:
    return tuple((str(label), int(width), _term(term)) for label, width, term in value)


def _term(value: Any) -> Term:
    if isinstance(value, int):
        return value
    kind, *rest = value
    return (str(kind), int(rest[0])) if len(rest) == 1 else (str(kind), _term(rest[0]), _term(rest[1]))


def _recipe(value: Any) -> Recipe | None:
    if value is None:
        return None
    kind, parts = value
    return str(kind), tuple(part if isinstance(part, int) else cast("Recipe", _recipe(part)) for part in parts)
