"""How the kernels of a step are launched: each by the host, or those of many steps together, as a graph of the driver.

The model: a step that the host launches takes at least `LAUNCH` for each of its L kernels; one of a graph of n steps
`NODE` for each, and its share of `GRAPH`. Both are lower bounds of what a step takes beside the work of the kernels.
The constants are assumed, not measured: they decide which form is taken, and change no result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import func, gpu
from xdsl.dialects.builtin import DenseArrayBase, DictionaryAttr, IntegerAttr, IntegerType, StringAttr, i64

from ranvier.ir.device_words import LAUNCHING, LEAST_STEPS

LAUNCH = 2.5e-6
"""Assumed seconds that the host needs to launch a kernel."""
NODE = 1e-6
"""Assumed seconds from one kernel of a graph to the next."""
GRAPH = 10e-6
"""Assumed seconds that launching a graph takes."""
SHARE = 0.02
"""A graph has so many steps that launching it is at most this part of what its kernels take to begin."""
MOST_NODES = 8192
"""A graph has at most so many kernels: each takes memory of driver and device."""
FORMS = ("auto", "graph", "single")
"""What the option `launching` may be."""


@dataclass(frozen=True)
class Launching:
    """How the kernels of a step are launched.

    Attributes:
        steps: The most steps of a graph; 0: the host launches each kernel.
        kernels: The kernels of a step.
        why: Why, in words.
        calls: The positions, among the inputs, of clocks in whose steps Python is called: a graph ends before these.
    """

    steps: int
    kernels: int
    why: str
    calls: Sequence[int] = ()

    @property
    def attribute(self) -> DictionaryAttr:
        """What `@run` says of it."""
        return DictionaryAttr(
            {
                "steps": IntegerAttr(self.steps, i64),
                "kernels": IntegerAttr(self.kernels, i64),
                "why": StringAttr(self.why),
                "calls": DenseArrayBase.from_list(i64, list(self.calls)),
            }
        )


def launching_of(run: func.FuncOp) -> Launching:
    """Returns how the kernels of a program are launched, as its function says it."""
    found = run.attributes.get(LAUNCHING)
    if not isinstance(found, DictionaryAttr):
        return Launching(0, 0, "nothing is said")
    steps, kernels, why, calls = (found.data[name] for name in ("steps", "kernels", "why", "calls"))
    assert isinstance(why, StringAttr) and isinstance(calls, DenseArrayBase)
    numbers = [cast("IntegerAttr[IntegerType]", value).value.data for value in (steps, kernels)]
    return Launching(numbers[0], numbers[1], why.data, [int(k) for k in calls.get_values()])


def kernels_of_step(run: func.FuncOp) -> int:
    """Returns how many kernels a step of a program has."""
    return sum(isinstance(op, gpu.LaunchFuncOp) and op.parent_block() is not run.body.block for op in run.walk())


def choose(kernels: int, form: str, steps: int, calls: Sequence[int], reason: str) -> Launching:
    """Returns how the kernels of a step are launched.

    Args:
        kernels: How many there are.
        form: "auto", "graph" or "single".
        steps: The most steps of a graph, 0 for as many as the model says.
        calls: See `Launching`.
        reason: Why there can be no graph; "" if there can be.
    """
    if form == "single":
        return Launching(0, kernels, "it was asked for", calls)
    if reason:
        return Launching(0, kernels, reason, calls)
    number = steps or steps_at_once(kernels)
    if not number:
        return Launching(0, kernels, "a graph of a few steps would have too many kernels", calls)
    single, together = LAUNCH * kernels, NODE * kernels + GRAPH / number
    said = f"assumed at least {single * 1e6:.1f} us a step by single launches, {together * 1e6:.1f} us by graphs"
    if form == "graph":
        return Launching(number, kernels, "it was asked for", calls)
    return Launching(number if together < single and number >= LEAST_STEPS else 0, kernels, said, calls)


def steps_at_once(kernels: int) -> int:
    """Returns how many steps a graph has by the model: a power of two."""
    number = LEAST_STEPS
    while GRAPH / number > SHARE * NODE * kernels and 2 * number * kernels <= MOST_NODES:
        number *= 2
    return number if number * kernels <= MOST_NODES else 0
