"""A program as a graph of `networkx`, to be drawn and searched. networkx is imported when it is needed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from xdsl.dialects.builtin import LocationAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue

from ranvier.ir.locations import sites
from ranvier.ir.structure import ClockOp, LoopOp, ProgramOp


def to_networkx(module: ModuleOp | ProgramOp) -> Any:
    """Returns a program as a `networkx.DiGraph` without cycles.

    The nodes are numbered in program order: the ops of the program and of its loop (their regions are not looked into;
    what a region uses, its op uses). Attributes of a node: `name` ("snn.map"), `label`, `kind`, `clock` (label) and
    `location` ("script.py:12:1", where its object was created), each None if the op has none, `locations` (all of them,
    where several ops have become one), and `loop` (whether it is inside the loop). An edge
    goes from the op that makes values to an op that uses them, with `values` (names) and `types`. Inside the loop a
    state comes from its `snn.state`, and its next version goes to the loop's `snn.yield`.

    Args:
        module: A program, or a module; the ops of all its programs are in one graph.
    """
    graph: Any = importlib.import_module("networkx").DiGraph()
    programs = [module] if isinstance(module, ProgramOp) else [op for op in module.ops if isinstance(op, ProgramOp)]
    numbers: dict[Operation, int] = {}
    for op in (op for program in programs for op in _shown_ops(program)):
        numbers[op] = len(numbers)
        graph.add_node(numbers[op], **_describe(op))
        for value in _used_values(op):
            maker = _maker(value)
            if maker is not None and maker in numbers:
                _add_value(graph, numbers[maker], numbers[op], value)
    return graph


def _shown_ops(program: ProgramOp) -> Iterator[Operation]:
    for op in program.body.block.ops:
        yield op
        if isinstance(op, LoopOp):
            yield from op.body.block.ops


def _used_values(op: Operation) -> list[SSAValue]:
    """Returns what an op and its regions use from outside, each once; of a loop only what it carries."""
    values = list(op.operands)
    if not isinstance(op, LoopOp):
        inner = [inner for inner in op.walk() if inner is not op]
        own = {id(result) for inner_op in inner for result in inner_op.results}
        own |= {id(arg) for inner_op in (op, *inner) for r in inner_op.regions for b in r.blocks for arg in b.args}
        values += [value for inner_op in inner for value in inner_op.operands if id(value) not in own]
    return list(dict.fromkeys(values))


def _maker(value: SSAValue) -> Operation | None:
    """Returns the op that makes a value; for what a loop carries, the op that made it before the loop."""
    if isinstance(value, BlockArgument):
        loop = value.block.parent_op()
        return _maker(loop.carried[value.index]) if isinstance(loop, LoopOp) else None
    return value.owner if isinstance(value.owner, Operation) else None


def _add_value(graph: Any, maker: int, user: int, value: SSAValue) -> None:
    if not graph.has_edge(maker, user):
        graph.add_edge(maker, user, values=(), types=())
    edge = graph.edges[maker, user]
    edge["values"] += (value.name_hint or "",)
    edge["types"] += (str(value.type),)


def _describe(op: Operation) -> dict[str, Any]:
    clock = getattr(op, "clock", None)
    return {
        "name": op.name,
        "label": _text(op.properties.get("label")),
        "kind": _text(op.properties.get("kind")),
        "clock": clock.owner.label.data if clock is not None and isinstance(clock.owner, ClockOp) else None,
        "location": location_text(op.location),
        "locations": location_texts(op.location),
        "loop": isinstance(op.parent_op(), LoopOp),
    }


def _text(attribute: Attribute | None) -> str | None:
    return attribute.data if isinstance(attribute, StringAttr) else None


def location_text(location: LocationAttr | Attribute) -> str | None:
    """Returns a source location as "file:line:column"; of a fused one the first; None if it is unknown."""
    return next(iter(location_texts(location)), None)


def location_texts(location: LocationAttr | Attribute) -> tuple[str, ...]:
    """Returns a source location as "file:line:column", of a fused one all."""
    return tuple(map(str, sites(location)))
