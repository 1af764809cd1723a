"""The pass `choose-width`: whether several instances of a network run side by side or one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from ranvier.passes.errors import PassError
from ranvier.passes.facts.widths import WIDTHS, best_width
from ranvier.passes.optimise.rewriting import programs_in
from ranvier.passes.statistics import count
from ranvier.passes.widen.batch import Batch


@dataclass(frozen=True)
class ChooseWidth(ModulePass):
    """Chooses the form of several instances of a network, from the sizes of what each has for itself.

    Before (`choose-width{own-bytes=24 instances=1000 numbers=3}`):
        snn.program @lif { ... }
    After:
        snn.program @lif { ... } {width = "lanes", reasons = ...}

    `lanes`: the pass `batch` has made one program of all instances. `turns`: the program is that of one instance,
    which is run for each, several at a time on threads; so it is where `batch` refuses something, with its reason.
    """

    name = "choose-width"
    statistics: ClassVar = {
        "lanes": "programs of instances side by side",
        "turns": "programs that run for one instance after another",
        "own-inputs": "inputs of which each instance has its own",
    }
    changes_inputs: ClassVar[bool] = True

    own_bytes: int = 0
    """Bytes of the arrays that each instance has for itself."""
    instances: int = 2
    """How many instances there are."""
    width: str = "auto"
    """The form that is asked for: "lanes", "turns", or "auto" for what the sizes say."""
    own: tuple[str, ...] = ()
    """See `batch`: the labels of the params and states of which each instance has its own."""
    numbers: tuple[int, ...] = ()
    """See `batch`: the same by position among all inputs."""

    def __post_init__(self) -> None:
        if self.width not in WIDTHS:
            raise ValueError(f"width is one of {', '.join(WIDTHS)}, not {self.width!r}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Chooses, and batches the programs where that is the choice.

        Raises:
            PassError: Lanes were asked for, and cannot be had.
        """
        width, reason = best_width(self.own_bytes, self.instances)
        if self.width != "auto":
            width, reason = self.width, "it was asked for"
        if width == "lanes":
            try:
                Batch(own=self.own, numbers=self.numbers).apply(ctx, op)
            except PassError as error:
                if self.width == "lanes":
                    raise
                width, reason = "turns", str(error)
        for program in programs_in(op):
            program.attributes["width"] = StringAttr(width)
            count(width)
            program.attributes["reasons"] = StringAttr(reason)
