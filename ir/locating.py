"""A parser after which each op knows where it stands in its file."""

from __future__ import annotations

import bisect
import re

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr, UnknownLoc
from xdsl.ir import Operation

from ranvier.ir.diagnostics import PlacingParser


class LocatingParser(PlacingParser):
    """A parser that gives each op without a location the place where it stands in the file."""

    def __init__(self, context: Context, text: str, name: str) -> None:
        super().__init__(context, text, name)
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        """Where each line begins."""

    def parse_operation(self) -> Operation:
        start = self.pos
        op = super().parse_operation()
        if isinstance(op.location, UnknownLoc):
            line = bisect.bisect_right(self._lines, start)
            column = start - self._lines[line - 1] + 1
            op.location = FileLineColLoc(StringAttr(self.lexer.input.name), IntAttr(line), IntAttr(column))
        return op
