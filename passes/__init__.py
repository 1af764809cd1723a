"""Passes over the `snn` graph, the pipeline that orders them, and `ranvier-opt`.

`register_pass` lets pipelines use passes of your own, `count` keeps what they have done for `--pass-statistics`, and
`remark` says what they did to an op, or why not, for `--remarks` and reports; docs/passes.md shows one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier.passes.own import load_passes, register_pass, unregister_pass
from ranvier.passes.remarks import remark
from ranvier.passes.statistics import count

if TYPE_CHECKING:
    from ranvier.ir.own_dialects import register_dialect, unregister_dialect

__all__ = [
    "count",
    "load_passes",
    "register_dialect",
    "register_pass",
    "remark",
    "unregister_dialect",
    "unregister_pass",
]


def __getattr__(name: str) -> Any:
    """Returns what needs xDSL, which a run from the cache does without."""
    if name not in ("register_dialect", "unregister_dialect"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ranvier.ir import own_dialects  # see above

    return getattr(own_dialects, name)
