"""Passes over the `snn` graph, the pipeline that orders them, and `ranvier-opt`.

`register_pass` lets pipelines use passes of your own, and `count` keeps what they have done for `--pass-statistics`;
docs/passes.md shows one.
"""

from __future__ import annotations

from ranvier.passes.own import load_passes, register_pass, unregister_pass
from ranvier.passes.statistics import count

__all__ = ["count", "load_passes", "register_pass", "unregister_pass"]
