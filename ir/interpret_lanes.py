"""What the interpreter makes of the ops of several instances side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.ir.interpret_run import Handler, Handlers, Run
from ranvier.ir.lanes import InstanceOp, TabulateOp


def _instance(run: Run, op: InstanceOp) -> list[Any]:
    number, instances = np.asarray(run.get(op.number)), int(run.get(op.instances))
    return [number // instances, number % instances]


def _tabulate(run: Run, op: TabulateOp) -> list[Any]:
    return list(run.region(op, np.arange(int(run.get(op.size)), dtype=np.int64), []))


LANE_HANDLERS: Handlers = {InstanceOp: Handler(_instance), TabulateOp: Handler(_tabulate)}
"""The ops of several instances side by side."""
