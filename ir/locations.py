"""Source locations of ops: read, joined, and kept by passes that do not know of them.

An op that computes part of an equation has the location `"dv/dt"("neurons_stateupdater":2:9)`: what is defined there,
and the file, line and column, both from 1. Files are texts that a user gave to an object, named after it (see
`ranvier.graph.places`), scripts, or programs as text. Column 0: only the object is known. What stands for parts
of several equations has a fused location.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xdsl.dialects.builtin import FileLineColLoc, FusedLoc, LocationAttr, NameLoc, NoneAttr, StringAttr, UnknownLoc
from xdsl.ir import Attribute, Block, Operation


class Site(NamedTuple):
    """A place in a source.

    Attributes:
        file: The name of the file.
        line: The line, from 1.
        column: The column, from 1; 0 if only the file is known.
        name: What is defined there, "dv/dt" or "x"; "" if that is not known.
    """

    file: str
    line: int
    column: int
    name: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def sites(location: LocationAttr | Attribute) -> tuple[Site, ...]:
    """Returns the places that a location names, of a fused one all; none if it is unknown."""
    if isinstance(location, FileLineColLoc):
        return (Site(location.filename.data, location.line.data, location.column.data),)
    if isinstance(location, NameLoc):
        return tuple(site._replace(name=location.desc.data) for site in sites(location.location))
    return tuple(site for part in _parts(location) for site in sites(part)) if isinstance(location, FusedLoc) else ()


def written_at(location: LocationAttr | Attribute) -> tuple[tuple[Site, str], ...]:
    """Returns the places that a location names, each with the text that stands there, as far as it says that."""
    if not isinstance(location, FusedLoc):
        return tuple((site, "") for site in sites(location))
    if isinstance(location.metadata, StringAttr):
        return tuple((site, location.metadata.data) for site in sites(location))
    return tuple(pair for part in _parts(location) for pair in written_at(part))


def fused(locations: Iterable[LocationAttr]) -> LocationAttr:
    """Returns the location of an op that stands for several: the places of all, each once."""
    parts: dict[LocationAttr, None] = {}
    for location in locations:
        if isinstance(location, FusedLoc):
            parts.update(dict.fromkeys(_parts(location)))
        elif not isinstance(location, UnknownLoc):
            parts[location] = None
    if not parts:
        return UnknownLoc()
    return next(iter(parts)) if len(parts) == 1 else FusedLoc(tuple(parts), NoneAttr())


def join(kept: Operation, other: Operation) -> None:
    """Says of an op that it stands for another one, too."""
    if kept.location is not other.location:
        kept.location = fused((kept.location, other.location))


def unplaced(root: Operation) -> set[Operation]:
    """Returns the ops within an op whose source is not known."""
    return {op for op in root.walk() if isinstance(op.location, UnknownLoc)}


def place_new_ops(root: Operation, before: set[Operation]) -> None:
    """Gives the ops that a pass has made without a location that of their neighbours.

    An op has the places of what uses it, within its block, since it is computed for that; if these have none, those
    of what it uses. So passes that know nothing of locations keep the equation, if not the column.

    Args:
        root: What the pass has changed.
        before: The ops without location before the pass.
    """
    for block in _blocks(root):
        new = [op for op in block.ops if isinstance(op.location, UnknownLoc) and op not in before and op.results]
        for op in reversed(new):
            op.location = fused(user.location for user in _users(op))
        for op in new:
            if isinstance(op.location, UnknownLoc):
                op.location = fused(maker.location for maker in _makers(op))


def place_accesses(function: Operation) -> None:
    """Gives loads and stores that are no part of a text the places of what they are made for.

    What is loaded has those of what uses it, what is stored those of what makes it.
    """
    for op in function.walk():
        if op.name == "memref.store":
            near = (op.operands[0].owner,)
        elif op.name == "memref.load":
            near = tuple(use.operation for use in op.results[0].uses)
        else:
            continue
        if not is_precise(op.location):
            found = [one.location for one in near if isinstance(one, Operation) and is_precise(one.location)]
            if found:
                op.location = fused(found)


def is_precise(location: LocationAttr) -> bool:
    """Tells whether a location says more than the object."""
    return isinstance(location, NameLoc | FusedLoc) or (
        isinstance(location, FileLineColLoc) and location.column.data > 0
    )


def _users(op: Operation) -> Iterator[Operation]:
    for result in op.results:
        for use in result.uses:
            if use.operation.parent is op.parent:
                yield use.operation


def _makers(op: Operation) -> Iterator[Operation]:
    for operand in op.operands:
        if isinstance(operand.owner, Operation) and operand.owner.parent is op.parent:
            yield operand.owner


def _blocks(root: Operation) -> Iterator[Block]:
    for op in root.walk():
        for region in op.regions:
            yield from region.blocks


def _parts(location: FusedLoc) -> tuple[LocationAttr, ...]:
    return tuple(getattr(location.locations, "data", ()))


__all__ = ["Site", "fused", "is_precise", "join", "place_accesses", "place_new_ops", "sites", "unplaced", "written_at"]
