"""What each pass made of a module: its text, and from which lines of the text before each line comes.

Before a pass runs, each op is given the number of its line as its location. Passes and lowering carry locations, to ops
that take the place of others and to ops that are made of several, so that afterwards an op's location says where it
comes from. An op without one serves those that use its results, and comes from where they come from.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.dialects.builtin import FileLineColLoc, FusedLoc, IntAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from ranvier.passes.pipeline import print_pass
from ranvier.passes.remarks import Remark
from ranvier.report.printing import Names, Printed, print_module
from ranvier.report.records import Text

MOST = 12
"""An op that was made of more lines than this is linked to so many of them."""

_TAG = StringAttr("line")


@dataclass
class Snapshots:
    """An observer of pipelines that keeps what each pass made.

    Attributes:
        names: The names of the values.
        texts: A text for each pass that ran.
        printed: The last text, with its ops.
        new: What the pass that runs says meanwhile (`ranvier.passes.remarks`).
        remarks: What passes have said, each with the name of the pass.
    """

    names: Names
    printed: Printed
    texts: list[Text] = field(default_factory=list[Text])
    new: list[Remark] = field(default_factory=list[Remark])
    remarks: list[tuple[str, Remark]] = field(default_factory=list["tuple[str, Remark]"])
    _start: float = 0.0

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Takes in what a pass has made, and marks the ops for the next."""
        seconds = time.perf_counter() - self._start
        if before is not None:
            self.printed = print_module(module, self.names)
            self.texts.append(pass_text(before, self.printed, seconds))
            self.remarks += [(before.name, one) for one in self.new]
        self.new.clear()
        self.mark_again()
        self._start = time.perf_counter()

    def mark_again(self) -> None:
        """Marks the ops of the last text."""
        mark(self.printed)


def pass_text(one: ModulePass, printed: Printed, seconds: float) -> Text:
    """Returns what a pass has made, as a text of a report."""
    name, _, options = print_pass(one).partition("{")
    about = (type(one).__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
    return Text(
        name=name,
        kind="pass",
        about=" ".join(about.split()),
        lines=printed.lines,
        parents=parents_of(printed),
        seconds=seconds,
        ops=counted(printed),
        options=options.removesuffix("}"),
    )


def mark(printed: Printed) -> None:
    """Gives each op of a module the number of its line as its location."""
    for line, op in printed.ops:
        op.location = FileLineColLoc(_TAG, IntAttr(line), IntAttr(0))


def counted(printed: Printed) -> dict[str, int]:
    """Returns how many ops there are of each name."""
    return dict(Counter(op.name for _, op in printed.ops))


def parents_of(printed: Printed) -> list[Sequence[int]]:
    """Returns for each line the lines that its op was made of, by the marks on the ops."""
    found: dict[Operation, tuple[int, ...]] = {}
    for _, op in reversed(printed.ops):  # users come before what they use
        marked = tuple(dict.fromkeys(_marks(op.location)))[:MOST]
        found[op] = marked or (() if isinstance(op, arith.ConstantOp) else _served(op, found))
    parents: list[Sequence[int]] = [()] * len(printed.lines)
    for line, op in printed.ops:
        parents[line] = found[op]
    return parents


def _marks(location: Attribute) -> list[int]:
    if isinstance(location, FileLineColLoc):
        return [location.line.data] if location.filename == _TAG else []
    parts = getattr(location.locations, "data", ()) if isinstance(location, FusedLoc) else ()
    return [line for part in parts for line in _marks(part)]


def _served(op: Operation, found: dict[Operation, tuple[int, ...]]) -> tuple[int, ...]:
    """Returns where the ops come from that use the results of an op, if they are few."""
    users = dict.fromkeys(use.operation for result in op.results for use in result.uses)
    lines = dict.fromkeys(line for user in users for line in found.get(user, ()))
    return tuple(lines) if len(lines) <= MOST else ()
