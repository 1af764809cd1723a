"""The steps of a plan: one class for each kind of thing that happens at a place of the schedule.

All names are replaced by inputs of the plan: fields of type int are their numbers. A field that is not compared is for
people, and no part of the plan's key.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ranvier.equations.assignments import Line
from ranvier.equations.expressions import Expr
from ranvier.plan.bounds import Bound

FREE = "not_refractory"
"""The name of the variable that tells whether protected variables may change; it is spelled so in every plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementCode:
    """What is computed for each element.

    Attributes:
        lines: The assignments, in order.
        results: The expressions whose values are wanted: a condition, recorded values, terms of a sum.
        bindings: For each name, in the order in which they occur, what it stands for; others are temporaries.
        protected: Variables that keep their values where `not_refractory` is false.
        float32: Whether elements are computed in single precision.
    """

    lines: tuple[Line, ...] = ()
    results: tuple[Expr, ...] = ()
    bindings: tuple[tuple[str, Bound], ...] = ()
    protected: tuple[str, ...] = ()
    float32: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """What all steps have.

    Attributes:
        clock: When it happens.
        label: For people: the name of the object.
        notes: For people: what they may want to know of it, as pairs of a key and a text.
    """

    clock: int
    label: str = field(default="", compare=False)
    notes: tuple[tuple[str, str], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapStep(Scheduled):
    """Runs code for each element.

    Attributes:
        kind: "integrate", "run_regularly", ...: what the op is called in the graph.
        size: Number of elements.
        offset: The first of them; None: the first of the population.
        code: The code.
        method: For people: the integration method.
    """

    kind: str
    size: int
    offset: int | None
    code: ElementCode
    method: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdStep(Scheduled):
    """Finds the elements for which a condition holds.

    Attributes:
        size: Number of elements.
        events: Where they are listed.
        code: Its only result is the condition.
    """

    size: int
    events: int
    code: ElementCode


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitStep(Scheduled):
    """Makes the events that a list names for each step; see `ranvier.actions.actions.Emit`.

    Attributes:
        events: Where the events go.
        steps: When they happen.
        indices: To which elements.
        position: Where the list was left.
        period: The number of steps after which it begins again.
    """

    events: int
    steps: int
    indices: int
    position: int
    period: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStep(Scheduled):
    """Runs code for the elements of an event set.

    Attributes:
        kind: "reset", "refractory" or "event".
        events: The events.
        code: The code.
    """

    kind: str
    events: int
    code: ElementCode


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveTreeStep(Scheduled):
    """Solves a linear system on a tree; see `ranvier.ir.trees.SolveTreeOp`."""

    size: int
    nodes: int
    leak: int
    source: int
    node: int
    parents: int
    axial: int
    potential: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveForestStep(Scheduled):
    """Solves a linear system on each of many trees; see `ranvier.ir.trees.SolveForestOp`."""

    count: int
    largest: int
    leak: int
    source: int
    node: int
    parents: int
    axial: int
    blocks: int
    potential: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStep(Scheduled):
    """Appends t and values of some elements to a table.

    Attributes:
        sink: The table.
        indices: The elements.
        size: Number of them.
        code: Its results are the columns after t.
    """

    sink: int
    indices: int
    size: int
    code: ElementCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEventsStep(Scheduled):
    """Appends t, the number of the element and values for each event of a range to a table, and counts them.

    Attributes:
        sink: The table.
        events: The events.
        start: First element of the range.
        stop: One beyond its last.
        counts: The number of events of each element so far.
        code: Its results are the columns after t and the number.
    """

    sink: int
    events: int
    start: int
    stop: int
    counts: int
    code: ElementCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRateStep(Scheduled):
    """Appends t and the rate of the events of a range to a table.

    Attributes:
        sink: The table.
        events: The events.
        start: First element of the range.
        stop: One beyond its last.
    """

    sink: int
    events: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Pending:
    """Spikes on the way when delays or dt were changed; see `ranvier.actions.synaptic_actions.SpikeHistory`."""

    due: int
    synapses: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PropagateStep(Scheduled):
    """Takes in the spikes of this step, then runs code for each synapse that is reached now.

    Attributes:
        spiking: "pre" or "post": at which end of the synapses the elements spike.
        events: The events.
        start: First element of the spiking (sub)group.
        stop: One beyond its last.
        sources: The presynaptic element of each synapse.
        targets: The postsynaptic element of each synapse.
        pointers: Where the rows of synapses begin, and the end of the last.
        delays: The distinct delays in steps.
        order: The synapses in the order of the rows; None: they stand so.
        indices: The spikes of the last steps.
        counts: The number of them in each step.
        position: The number of steps that the pathway has seen.
        pending: Further spikes on the way, None if there are none.
        facts: What is known of sizes, by name.
        code: The code.
    """

    spiking: str
    events: int
    start: int
    stop: int
    sources: int
    targets: int
    pointers: int
    delays: int
    order: int | None
    indices: int
    counts: int
    position: int
    pending: Pending | None
    facts: tuple[tuple[str, int], ...]
    code: ElementCode


@dataclass(frozen=True, slots=True, kw_only=True)
class AccumulateStep(Scheduled):
    """Sets a variable of neurons to sums over their synapses.

    Attributes:
        to_source: Whether the sums are over the synapses that begin at a neuron, not those that end there.
        size: Number of synapses.
        sources: The presynaptic element of each synapse.
        targets: The postsynaptic element of each synapse.
        array: The variable.
        count: Number of neurons.
        offset: The first of them.
        code: Its only result is the term of a synapse.
    """

    to_source: bool
    size: int
    sources: int
    targets: int
    array: int
    count: int
    offset: int
    code: ElementCode


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep(Scheduled):
    """Calls Python.

    Attributes:
        callback: The number of the function among those of the plan.
    """

    callback: int


CodeStep = MapStep | ThresholdStep | EventStep | RecordStep | RecordEventsStep | PropagateStep | AccumulateStep
"""A step that computes something for each element."""

Step = CodeStep | EmitStep | SolveTreeStep | SolveForestStep | RecordRateStep | CallStep
"""What happens at one place of the schedule."""
