"""Python functions that compute nothing, since the values are computed by code in another language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_DECIDES = ("JUMP", "FOR_ITER", "STORE", "SEND", "IMPORT", "YIELD")
"""Parts of the names of instructions that functions have which do more than raise an error."""


def is_empty(function: Callable[..., Any]) -> bool:
    """Tells whether a Python function has no body (returns None), or only raises NotImplementedError."""
    import dis  # late: only functions that are code in another language, too, need it

    code = getattr(getattr(function, "_orig_func", function), "__code__", None)
    if code is None:
        return False
    found = list(dis.get_instructions(code))
    loaded = [each.argval for each in found if each.opname.startswith("LOAD_") and each.opname != "LOAD_CONST"]
    if any(part in each.opname for each in found for part in _DECIDES):
        return False
    if any(each.opname == "RAISE_VARARGS" for each in found):
        return loaded[:1] == ["NotImplementedError"]
    given = {each.argval for each in found if "CONST" in each.opname}
    return not loaded and given == {None}
