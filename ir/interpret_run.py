"""What the interpreter carries along: the inputs of a run, the values computed so far, which clocks are current."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import scf
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, Operation, Region, SSAValue

from ranvier.ir import slots
from ranvier.ir.interpret_arith import Evaluator, evaluator, numpy_type
from ranvier.ir.neurons import region_of
from ranvier.ir.structure import DtOp, ProgramOp, TimeOp, YieldOp

Array: TypeAlias = NDArray[Any]
Callback: TypeAlias = Callable[[list[Array]], None]
"""Gets the present states and events (indices) and writes into the arrays, or replaces elements of the list."""


class InterpretError(Exception):
    """A program does what it must not: reads outside an array, uses a value that was not computed, lacks an input."""


@dataclass
class ClockInput:
    """A clock of a run.

    Attributes:
        n: The next step; advanced by the run.
        n_end: The step that it ends before.
        dt: Step length in seconds; of no meaning for a clock that ticks at given times.
        times: These times, which the program says: to be left out.
    """

    n: int
    n_end: int
    dt: float = 0.0
    times: Array | None = None

    @property
    def t(self) -> float:
        """Time in seconds."""
        return self.n * self.dt if self.times is None else float(self.times[self.n])


@dataclass
class ProgramInputs:
    """The run-time inputs of a program, each by label or by order among the inputs of its kind.

    Attributes:
        params: Numbers.
        states: Arrays of the states' element types, exactly as long as the states; updated in place at the end.
        events: Int32 arrays of different indices; replaced at the end.
        clocks: The clocks; advanced.
        sinks: Lists that rows are appended to: tuples with one entry for each column; for `snn.record` an array of
            `size` values for each column but the first.
        callbacks: What `snn.call` calls, by its number.
        max_instants: The greatest number of instants to compute; None: no limit.
        stop: Set by a callback to stop after the instant.
        functions: What `snn.native` calls, by name: functions of arrays or numbers.
    """

    params: Mapping[str, Any] | Sequence[Any] = ()
    states: Mapping[str, Array] | Sequence[Array] = ()
    events: MutableMapping[str, Array] | MutableSequence[Array] = field(default_factory=dict[str, Array])
    clocks: Mapping[str, ClockInput] | Sequence[ClockInput] = ()
    sinks: Mapping[str, list[Any]] | Sequence[list[Any]] = ()
    callbacks: Sequence[Callback] = ()
    max_instants: int | None = None
    stop: bool = False
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict[str, Callable[..., Any]])


class Undefined:
    """The value of a new array of an op whose clock is not current: using it is an error."""


UNDEFINED = Undefined()

YIELDS = (YieldOp, scf.YieldOp)
"""The ops that end a block of a region."""


class Run:
    """One run: the values computed so far (`values`), which clocks are current, the inputs by op."""

    def __init__(self, program: ProgramOp, inputs: ProgramInputs, handlers: Handlers) -> None:
        self.handlers = handlers
        self.program = program
        self.inputs = inputs
        self.values: dict[SSAValue, Any] = {}
        self.current: set[SSAValue] | None = None  # None: outside the loop, where every op is executed
        self.clocks: dict[SSAValue, ClockInput] = {}
        self.given_clocks: list[ClockInput] = []  # the caller's, which are advanced at the end
        self.counts: dict[type[Operation], int] = {}
        self.results: list[Callable[[], None]] = []
        self.status = slots.FINISHED
        self.evaluators: dict[Operation, tuple[tuple[SSAValue, ...], Evaluator]] = {}

    def execute(self, op: Operation) -> None:
        """Executes one op; one whose clock is not current passes its old values on."""
        handler = self.handlers.get(type(op))
        if handler is None:
            self.define(op, self.branch(op) if isinstance(op, scf.IfOp) else self.computed(op))
            return
        clock = getattr(op, "clock", None)
        if clock is None and any(self.values.get(value) is UNDEFINED for value in op.operands):
            self.define(op, [UNDEFINED] * len(op.results))
            return
        active = self.current is None or clock is None or clock in self.current or isinstance(op, TimeOp | DtOp)
        self.define(op, handler.execute(self, op) if active else handler.pass_on(self, op))

    def computed(self, op: Operation) -> Sequence[Any]:
        """Returns the results of an op of `arith` or `math`; how they are computed is looked up once."""
        known = self.evaluators.get(op)
        if known is None:
            known = self.evaluators[op] = tuple(op.operands), _evaluator(op)
        operands, function = known
        try:
            args = [self.values[value] for value in operands]
        except KeyError:
            args = [self.get(value) for value in operands]  # which says what is missing
        if any(each is UNDEFINED for each in args):
            return [UNDEFINED] * len(op.results)
        return function(args)

    def define(self, op: Operation, results: Sequence[Any]) -> None:
        """Sets the results of an op."""
        self.values.update(zip(op.results, results, strict=True))

    def get(self, value: SSAValue) -> Any:
        """Returns a value: an array, a number, a clock, the rows of a sink."""
        if value not in self.values:
            raise InterpretError(f"a value of type {value.type} is used before it is computed: {value}")
        result = self.values[value]
        if result is UNDEFINED:
            raise InterpretError(f"a new array is used at a step at which its clock does not run: {value}")
        return result

    def old(self, value: SSAValue) -> Any:
        """Returns a value that is only passed on: it may be undefined."""
        return self.values[value]

    def input_of(self, op: Operation, kind: str, label: str) -> Any:
        """Returns the key of an input op in the inputs of its kind (label or position), and what the caller gave."""
        given = getattr(self.inputs, kind)
        position = self.counts.get(type(op), 0)
        self.counts[type(op)] = position + 1
        key = label if isinstance(given, Mapping) else position
        try:
            return key, given[key]
        except (KeyError, IndexError):
            raise InterpretError(f"{kind} lack {label!r} (number {position})") from None

    # ---- regions

    def region(self, op: Operation, elements: Array, inputs: Sequence[Array]) -> list[Array]:
        """Evaluates the region of `op` for the given indices and elements; one array for each yielded value."""
        block = region_of(op)
        self.values.update(zip(block.args, [elements, *inputs], strict=True))
        return [self.spread(value, len(elements)) for value in self.block(block)]

    def block(self, block: Block) -> Sequence[SSAValue]:
        """Executes the ops of a block and returns the values it yields."""
        for op in block.ops:
            if type(op) in YIELDS:
                return cast("YieldOp | scf.YieldOp", op).arguments
            self.execute(op)
        return ()

    def branch(self, op: scf.IfOp) -> list[Array]:
        """Evaluates each branch of an `scf.if` for the elements that take it only: the others may be out of bounds."""
        taken = np.asarray(self.get(op.cond))
        if taken.ndim == 0:
            return [self.get(value) for value in self.block((op.true_region if taken else op.false_region).block)]
        outer = self.values
        results = [np.zeros(len(taken), dtype=numpy_type(result.type)) for result in op.results]
        for region, chosen in ((op.true_region, taken), (op.false_region, ~taken)):
            for result, values in zip(results, self.branch_values(region, chosen, outer), strict=False):
                result[chosen] = values
        return results

    def branch_values(self, region: Region, chosen: Array, outer: dict[SSAValue, Any]) -> list[Array]:
        """Evaluates one branch for the chosen elements."""
        if not region.blocks:
            return []
        self.values = {value: x[chosen] if _one_for_each(value, x, chosen) else x for value, x in outer.items()}
        try:
            return [self.spread(value, int(chosen.sum())) for value in self.block(region.block)]
        finally:
            self.values = outer

    def spread(self, value: SSAValue, size: int) -> Array:
        """Returns a new array with a value for each of `size` elements."""
        return np.array(np.broadcast_to(np.asarray(self.get(value), dtype=numpy_type(value.type)), (size,)))

    def slice_of(self, value: SSAValue, start: int, stop: int) -> Array:
        """Returns a copy of a part of an array."""
        array = self.get(value)
        if stop > len(array):
            raise InterpretError(f"elements {start} to {stop} of an array of {len(array)}: {value}")
        return array[start:stop].copy()


def _evaluator(op: Operation) -> Evaluator:
    try:
        return evaluator(op)
    except NotImplementedError as error:
        raise InterpretError(str(error)) from None


def _one_for_each(value: SSAValue, x: Any, elements: Array) -> bool:
    """Tells whether a value of a region has one entry for each element (whole arrays are tensors)."""
    return not isinstance(value.type, TensorType) and getattr(x, "shape", None) == elements.shape


@dataclass(frozen=True)
class Handler:
    """What an op of the dialect does: at steps of its clock (`execute`), and at others (`pass_on`: its old values)."""

    execute: Callable[[Run, Any], Sequence[Any]]
    pass_on: Callable[[Run, Any], Sequence[Any]] = lambda run, op: ()


Handlers: TypeAlias = Mapping[type[Operation], Handler]
