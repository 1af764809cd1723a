"""Modules as text, also those that are not valid."""

from __future__ import annotations

from io import StringIO

from xdsl.ir import Operation
from xdsl.printer import Printer


def text_of(op: Operation) -> str:
    """Returns an op as text: in the generic form where it is not valid, so that its own form cannot say what it is."""
    try:
        return f"{op!s}"
    except Exception:  # whatever printers of ops raise that rely on operands which are not there
        return generic_text_of(op)


def generic_text_of(op: Operation) -> str:
    """Returns an op as text in the generic form, as far as it can be written."""
    text = StringIO()
    try:
        Printer(text, print_generic_format=True).print_op(op)
    except Exception as error:  # whatever is wrong with it
        return f"{text.getvalue()}\n// the rest cannot be written: {error}"
    return text.getvalue()


__all__ = ["generic_text_of", "text_of"]
