"""What passes say of single ops: what they did, and why they did not do something else.

    remark(op, "joined the sweep of 'cells_stateupdater'")
    remark(op, "stays a loop over events: it writes 'w', which the sweep does not", missed=True)

`--remarks` prints them, and reports have them beside what passes write to ops (`ranvier.report`). They decide nothing
and are in no program. Where nobody asks, a remark costs a look at a variable.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.ir import Operation


@dataclass(frozen=True, slots=True)
class Remark:
    """What a pass said of an op.

    Attributes:
        op: The op, which may be gone by now.
        about: What it was called then: its label; or its name, behind the label of the sweep that it is in.
        place: Where it comes from, "FILE:LINE:COLUMN", as far as it said so then; "" if not.
        text: What the pass said.
        missed: Whether it is about something that was not done.
    """

    op: Operation
    about: str
    place: str
    text: str
    missed: bool

    def line(self, of_pass: str) -> str:
        """Returns it as a line, in the form of LLVM's remarks."""
        place = f"{self.place}: " if self.place else ""
        return f"{place}{'missed' if self.missed else 'remark'}: {self.about}: {self.text} [{of_pass}]"


_remarks: ContextVar[list[Remark] | None] = ContextVar("ranvier remarks of passes", default=None)


def remark(op: Operation, text: str, *, missed: bool = False) -> None:
    """Says something of an op, for those who want to know what the pass which runs does.

    Args:
        op: The op, as it is now.
        text: What was done to it, or why something was not, without the name of the op.
        missed: Whether it is about something that was not done.
    """
    remarks = _remarks.get()
    if remarks is None:
        return
    from ranvier.ir.locations import sites  # needs xDSL, which this module is imported without

    place = next((str(site) for site in sites(op.location) if site.column), "")  # 0: only the object is known
    remarks.append(Remark(op, _title_of(op), place, text, missed))


@contextmanager
def remarking() -> Generator[list[Remark]]:
    """Gives a list into which all remarks go meanwhile; its user empties it between passes."""
    remarks: list[Remark] = []
    token = _remarks.set(remarks)
    try:
        yield remarks
    finally:
        _remarks.reset(token)


def label_of(op: Operation) -> str:
    """Returns the label of an op, its name if it has none."""
    for key in ("label", "sym_name"):
        found = getattr(op.get_attr_or_prop(key), "data", "")
        if isinstance(found, str) and found:
            return found
    return op.name


def _title_of(op: Operation) -> str:
    """Returns the label of an op; if it has none, its name, behind the label of the sweep that it is in."""
    around: Operation | None = op
    while around is not None and around.name != "snn.program":
        label = label_of(around)
        if label != around.name:
            return label if around is op else f"{label}: {op.name}"
        around = around.parent_op()
    return op.name


__all__ = ["Remark", "label_of", "remark", "remarking"]
