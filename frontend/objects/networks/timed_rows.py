"""The memory of the timed arrays that the texts of a network use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import cast

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.inputs.timedarray import TimedArray
from ranvier.objects.memory.plan import MemoryRow

_NAMES = re.compile(r"[^\W\d]\w*")

_TEXTS = ("code", "events", "event_codes", "refractory", "rates", "weight", "equations", "user_equations")
"""Attributes of objects that are texts of the model, or made of such."""


def timed_rows(
    objects: Sequence[BrianObject], names: Mapping[str, object], given: Collection[str] = ()
) -> Iterator[MemoryRow]:
    """Yields a row for each timed array that texts of the objects name.

    An array without a name of its own is called what the texts call it.

    Args:
        objects: The objects, parts included.
        names: The names of the script.
        given: Names of which each instance has an array of its own.
    """
    owners = {id(part): obj for obj in objects for part in obj.contained_objects}
    seen: set[int] = set()
    for obj in objects:
        held = _namespace(obj) or _namespace(owners.get(id(obj)))
        for name in _used(obj):
            value = held[name] if name in held and name not in given else names.get(name)
            if isinstance(value, TimedArray) and id(value) not in seen:
                seen.add(id(value))
                size = value.storage.array
                label = name if value.name.startswith("_") else value.name
                own = size.nbytes if name in given else 0
                yield MemoryRow(label, "timed array", size.size, size.nbytes, size.nbytes, own=own)


def _namespace(obj: BrianObject | None) -> Mapping[str, object]:
    found = vars(obj).get("namespace") if obj is not None else None
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}


def _used(obj: BrianObject) -> Iterator[str]:
    """Yields the names in the texts of an object, each once."""
    texts = [text for name in _TEXTS for text in _pieces(vars(obj).get(name, vars(obj).get(f"_{name}")))]
    yield from dict.fromkeys(name for text in texts for name in _NAMES.findall(text))


def _pieces(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):  # events; equations by the variable that they define
        return [str(text) for text in cast("Mapping[object, object]", value).values()]
    return []
