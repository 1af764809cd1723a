"""What the interpreter makes of `snn.integrate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ranvier.ir.adaptive import Values, advance
from ranvier.ir.integration import IntegrateOp
from ranvier.ir.interpret_run import Handler, Handlers, Run


def _integrate(run: Run, op: IntegrateOp) -> list[Any]:
    block = op.body.block
    operands = [np.asarray(run.get(value), dtype=float) for value in op.operands]
    shape = np.broadcast_shapes(*(value.shape for value in operands))
    start, dt, begin, *rest = [np.array(np.broadcast_to(value, shape)) for value in operands]
    values, errors = rest[: len(op.inputs)], rest[len(op.inputs) :]

    def slopes(time: Values, present: Sequence[Values]) -> Sequence[Any]:
        run.values.update(zip(block.args, [time, *present], strict=True))
        return [run.get(value) for value in run.block(block)]

    most, method = op.most.value.data, op.method.data
    found = advance(slopes, start, dt, values, begin, errors, method=method, most=most, adaptive=op.is_adaptive)
    if found.stuck.any() and op.going_on is None:
        run.inputs.stop = True
    return [*found.values, found.step, found.taken, found.repeated, found.stuck]


INTEGRATION_HANDLERS: Handlers = {IntegrateOp: Handler(_integrate)}
"""The op that integrates."""
