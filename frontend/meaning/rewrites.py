"""Counts the rewrites of a pass, of whoever wrote it, and lets it do some of them only.

While a pass runs, what changes a module in xDSL is watched: ops that are put in or taken out, values that are replaced,
operands and attributes that are set. Changes that follow one another make a rewrite: new ops, then what uses them, then
the ops that go. A pass that is to do fewer is stopped before the next one, as by fuel that is used up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, OpOperands, Region, SSAValue
from xdsl.passes import ModulePass

from ranvier.meaning.origin import op_text

PUT, CHANGE, TAKE = range(3)
"""What a change does, in the order in which they follow one another in a rewrite."""


@dataclass(frozen=True)
class Change:
    """A change of a module.

    Attributes:
        kind: `PUT`, `CHANGE` or `TAKE`.
        node: The op that it is about.
        about: What is done, for people.
        op: The op as text, with its place.
    """

    kind: int
    node: Operation | None
    about: str
    op: str


class OutOfFuel(BaseException):
    """Ends a pass that has done all that it may; no pass catches it."""


class Watcher:
    """Notes the changes of one module in one thread.

    Attributes:
        module: The module.
        limit: How many changes are allowed; None: all.
        changes: Those that were made.
    """

    def __init__(self, module: ModuleOp, limit: int | None = None) -> None:
        """Takes the module, whose ops get attributes that are watched, and the number of changes."""
        self.module, self.limit = module, limit
        self.changes: list[Change] = []
        self._inside = 0
        self._ended = False
        self._thread = threading.get_ident()
        for op in module.walk():
            op.attributes = _Watched(op.attributes, op, self)
            op.properties = _Watched(op.properties, op, self)

    def note(self, kind: int, node: object, about: str, place: Block | None = None) -> None:
        """Notes a change that is about to be made; ends the pass if it is one too many.

        Args:
            kind: See `Change`.
            node: What changes.
            about: What is done to it.
            place: Where it is to stand, if it does not stand anywhere yet.
        """
        here = node if place is None else place
        if self._inside or self._ended or self._thread != threading.get_ident() or not self._is_ours(here):
            return
        if self.limit is not None and len(self.changes) == self.limit:
            self._ended = True  # what is put in order on the way out is not counted
            raise OutOfFuel
        op = _op_of(node)
        self.changes.append(Change(kind, op, about, "" if op is None else op_text(op)))

    def _is_ours(self, node: object) -> bool:
        if isinstance(node, SSAValue):
            node = node.owner
        return cast("Any", node).get_toplevel_object() is self.module

    @contextmanager
    def within(self) -> Generator[None]:
        """Lets the changes that a change consists of not be counted."""
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1


def _op_of(node: object) -> Operation | None:
    if isinstance(node, SSAValue):
        node = node.owner
    if isinstance(node, Block | Region):
        return node.parent_op()
    return node if isinstance(node, Operation) else None


class _Watched(dict[str, Attribute]):
    """Attributes or properties of an op whose changes are noted."""

    def __init__(self, values: dict[str, Attribute], op: Operation, watcher: Watcher) -> None:
        super().__init__(values)
        self._op, self._watcher = op, watcher

    def __setitem__(self, key: str, value: Attribute) -> None:
        if self.get(key) != value:
            self._watcher.note(CHANGE, self._op, f"sets {key} of")
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._watcher.note(CHANGE, self._op, f"drops {key} of")
        super().__delitem__(key)

    def pop(self, key: str, *default: Any) -> Any:
        if key in self:
            self._watcher.note(CHANGE, self._op, f"drops {key} of")
        return super().pop(key, *default)

    def update(self, *args: Any, **kwds: Any) -> None:
        for key, value in dict(*args, **kwds).items():
            self[key] = value


def _counted(watcher: Watcher, original: Callable[..., Any], look: Callable[..., None]) -> Callable[..., Any]:
    def change(*args: Any, **kwds: Any) -> Any:
        look(*args, **kwds)
        with watcher.within():
            return original(*args, **kwds)

    return change


@contextmanager
def watched(watcher: Watcher) -> Generator[None]:
    """Lets a watcher know of all changes that are made meanwhile."""

    def put(block: Block, op: Operation, *_: Any) -> None:
        watcher.note(PUT, op, "puts in", block)

    def take(block: Block, op: Operation, *_: Any) -> None:
        used = any(result.first_use is not None for result in op.results)
        watcher.note(PUT if used else TAKE, op, "moves" if used else "removes")

    def replaces(value: SSAValue, other: SSAValue, *_: Any) -> None:
        if value.first_use is not None and value is not other:
            watcher.note(CHANGE, value, "replaces")

    def sets(op: Operation, *_: Any) -> None:
        watcher.note(CHANGE, op, "sets the operands of")

    def sets_one(operands: OpOperands, *_: Any) -> None:
        watcher.note(CHANGE, vars(operands)["_op"], "sets an operand of")

    def shapes(node: Any, *_: Any, **__: Any) -> None:
        watcher.note(CHANGE, node, "changes the regions of")

    methods: list[tuple[type, str, Callable[..., None]]] = [
        (Block, "insert_op_after", put),
        (Block, "insert_op_before", put),
        (Block, "add_op", put),
        (Block, "detach_op", take),
        (SSAValue, "replace_all_uses_with", replaces),
        (SSAValue, "replace_uses_with_if", replaces),
        (OpOperands, "__setitem__", sets_one),
        *((Block, name, shapes) for name in ("insert_arg", "erase_arg")),
        *((Region, name, shapes) for name in ("add_block", "insert_block_before", "detach_block", "move_blocks")),
        *((Operation, name, shapes) for name in ("add_region", "detach_region")),
    ]
    originals = [(cls, name, getattr(cls, name)) for cls, name, _ in methods]
    operands = Operation.operands
    assert isinstance(operands, property) and operands.fset is not None
    try:
        for cls, name, look in methods:
            setattr(cls, name, _counted(watcher, getattr(cls, name), look))
        setter = property(operands.fget, _counted(watcher, operands.fset, sets))
        Operation.operands = setter  # pyright: ignore[reportAttributeAccessIssue]
        yield
    finally:
        for cls, name, original in originals:
            setattr(cls, name, original)
        Operation.operands = operands  # pyright: ignore[reportAttributeAccessIssue]


def rewrites_of(changes: Sequence[Change]) -> list[range]:
    """Returns the changes that make each rewrite.

    A rewrite begins where new ops follow on ops that went, or another op is changed, or another op moves; an op that
    is taken out and put in again has moved in one rewrite.
    """
    if not changes:
        return []
    inside: set[int] = set()
    taken: dict[int, int] = {}
    for k, change in enumerate(changes):
        if change.about in ("moves", "removes"):
            taken[id(change.node)] = k
        elif change.kind == PUT and (start := taken.pop(id(change.node), None)) is not None:
            inside |= set(range(start + 1, k + 1))
    starts = [0, *(k for k in range(1, len(changes)) if k not in inside and _begins(changes[k - 1], changes[k]))]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], len(changes)], strict=True)]


def _begins(last: Change, change: Change) -> bool:
    if change.about == "moves" or change.kind < last.kind:
        return True
    return change.kind == last.kind == CHANGE and change.node is not last.node


def run_watched(one: ModulePass, module: ModuleOp, context: Context, limit: int | None = None) -> list[Change]:
    """Runs a pass, or its first changes, on a module in place; returns the changes.

    Args:
        one: The pass.
        module: The module.
        context: The dialects.
        limit: The greatest number of changes.
    """
    watcher = Watcher(module, limit)
    with watched(watcher):
        try:
            one.apply(context, module)
        except OutOfFuel:
            pass
    return watcher.changes
