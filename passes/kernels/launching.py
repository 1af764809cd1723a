"""How the kernels of a step are launched: each by the host, those of many steps as a graph, or all by one kernel.

The model: a step that the host launches takes at least `LAUNCH` for each of its L kernels; one of a graph of n steps
`NODE` for each, and its share of `TOGETHER`. A cooperative kernel goes through the steps itself; kernels that share no
memory run side by side in it, and all blocks wait for each other `WAIT` long between the others. These are lower bounds
of what a step takes beside the work of the kernels. The constants are assumed, not measured: they decide which form is
taken, and change no result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import func, gpu
from xdsl.dialects.builtin import DenseArrayBase, DictionaryAttr, IntegerAttr, IntegerType, MemRefType, StringAttr, i64
from xdsl.ir import SSAValue

from ranvier.ir.device_words import COOPERATIVE, GRAPH, LAUNCHING, LEAST_STEPS, SINGLE
from ranvier.ir.kernel_effects import kernel_of, written_arguments
from ranvier.ir.launch_order import levels

LAUNCH = 2.5e-6
"""Assumed seconds that the host needs to launch a kernel."""
NODE = 1e-6
"""Assumed seconds from one kernel of a graph to the next."""
TOGETHER = 10e-6
"""Assumed seconds that launching a graph takes, or a kernel that does many steps."""
WAIT = 1.5e-6
"""Assumed seconds that all blocks of a kernel need to wait for each other."""
MARGIN = 2.0
"""A cooperative kernel is chosen where the others take so many times as long: what it assumes is the least certain."""
SHARE = 0.02
"""A graph has so many steps that launching it is at most this part of what its kernels take to begin."""
MOST_NODES = 8192
"""A graph has at most so many kernels: each takes memory of driver and device."""
FORMS = ("auto", COOPERATIVE, GRAPH, SINGLE)
"""What the option `launching` may be."""


@dataclass(frozen=True)
class Launching:
    """How the kernels of a step are launched.

    Attributes:
        form: `SINGLE`, `GRAPH` or `COOPERATIVE`.
        steps: The most steps that are recorded at once; 0: the host launches each kernel.
        kernels: The kernels of a step.
        waits: How often blocks wait for each other in a step of a cooperative kernel.
        why: Why, in words.
        calls: The positions, among the inputs, of clocks in whose steps Python is called: a graph ends before these.
    """

    form: str
    steps: int
    kernels: int
    waits: int
    why: str
    calls: Sequence[int] = ()

    @property
    def attribute(self) -> DictionaryAttr:
        """What `@run` says of it."""
        return DictionaryAttr(
            {
                "form": StringAttr(self.form),
                "steps": IntegerAttr(self.steps, i64),
                "kernels": IntegerAttr(self.kernels, i64),
                "waits": IntegerAttr(self.waits, i64),
                "why": StringAttr(self.why),
                "calls": DenseArrayBase.from_list(i64, list(self.calls)),
            }
        )

    def __str__(self) -> str:
        """Returns it in words."""
        match self.form:
            case "graph":
                how = f"graphs of up to {self.steps} steps"
            case "cooperative":
                how = f"one kernel for many steps, in which all blocks wait for each other ({self.waits} a step)"
            case _:
                how = "single launches"
        return f"{self.kernels} kernels a step, {how}: {self.why}"


def launching_of(run: func.FuncOp) -> Launching:
    """Returns how the kernels of a program are launched, as its function says it."""
    found = run.attributes.get(LAUNCHING)
    if not isinstance(found, DictionaryAttr):
        return Launching(SINGLE, 0, 0, 0, "nothing is said")
    form, why, calls = (found.data[name] for name in ("form", "why", "calls"))
    assert isinstance(form, StringAttr) and isinstance(why, StringAttr) and isinstance(calls, DenseArrayBase)
    steps, kernels, waits = (
        cast("IntegerAttr[IntegerType]", found.data[name]).value.data for name in ("steps", "kernels", "waits")
    )
    return Launching(form.data, steps, kernels, waits, why.data, [int(k) for k in calls.get_values()])


def launches_of_step(run: func.FuncOp) -> list[gpu.LaunchFuncOp]:
    """Returns the launches of a step of a program."""
    return [op for op in run.walk() if isinstance(op, gpu.LaunchFuncOp) and op.parent_block() is not run.body.block]


def waits_of_step(launches: Sequence[gpu.LaunchFuncOp], kernels: gpu.ModuleOp) -> int:
    """Returns how often a step has to wait until what was launched before has ended."""
    written = written_arguments(kernels)
    uses: list[tuple[list[SSAValue], list[SSAValue]]] = []
    for op in launches:
        name = kernel_of(op)
        given = [(k, value) for k, value in enumerate(op.kernelOperands) if isinstance(value.type, MemRefType)]
        uses.append(([value for _, value in given], [value for k, value in given if (name, k) in written]))
    return max(levels(uses), default=-1) + 1


def choose(kernels: int, form: str, steps: int, calls: Sequence[int], reason: str, waits: int = 0) -> Launching:
    """Returns how the kernels of a step are launched.

    Args:
        kernels: How many there are.
        form: One of `FORMS`.
        steps: The most steps that are recorded at once, 0 for as many as the model says.
        calls: See `Launching`.
        reason: Why steps cannot be launched together; "" if they can be.
        waits: See `Launching`.
    """
    if form == SINGLE or reason:
        return Launching(SINGLE, 0, kernels, waits, "it was asked for" if form == SINGLE else reason, calls)
    number = steps or steps_at_once(kernels)
    once = number or LEAST_STEPS
    if form == COOPERATIVE or (form == GRAPH and number):
        return Launching(form, once, kernels, waits, "it was asked for", calls)
    single, together, alone = LAUNCH * kernels, NODE * kernels + TOGETHER / once, WAIT * waits + TOGETHER / once
    said = f"assumed at least {single * 1e6:.1f} us a step by single launches"
    said += f", {together * 1e6:.1f} us by graphs" if number else "; a graph of a few steps would have too many kernels"
    said += f", {alone * 1e6:.1f} us by one kernel"
    best = min(single, together if number else single)
    if form != GRAPH and waits and once >= LEAST_STEPS and MARGIN * alone < best:
        return Launching(COOPERATIVE, once, kernels, waits, said, calls)
    if number >= LEAST_STEPS and together < single:
        return Launching(GRAPH, number, kernels, waits, said, calls)
    return Launching(SINGLE, 0, kernels, waits, said, calls)


def steps_at_once(kernels: int) -> int:
    """Returns how many steps a graph has by the model: a power of two."""
    number = LEAST_STEPS
    while TOGETHER / number > SHARE * NODE * kernels and 2 * number * kernels <= MOST_NODES:
        number *= 2
    return number if number * kernels <= MOST_NODES else 0
