"""What synapses ask of a step; the counterpart of `ranvier.actions.actions` for connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ranvier.actions.actions import Action, Binding, EventSpace, Storage

if TYPE_CHECKING:
    from ranvier.actions.traces import TraceHolder
    from ranvier.equations.assignments import Line
    from ranvier.equations.expressions import Expr


@dataclass(frozen=True, slots=True)
class OfSynapse:
    """A variable with one value per synapse: that of the synapse itself."""

    storage: Storage


@dataclass(frozen=True, slots=True)
class OfPre:
    """A variable of the presynaptic population: element `i + offset` (the offset of a subgroup)."""

    storage: Storage
    offset: int = 0


@dataclass(frozen=True, slots=True)
class OfPost:
    """A variable of the postsynaptic population: element `j + offset` (the offset of a subgroup)."""

    storage: Storage
    offset: int = 0


@dataclass(frozen=True, slots=True)
class OfRow:
    """A value of each element that spikes: read before the synapses that it reaches, written once after them.

    What code assigns to it must be the same for all synapses of the element. It has no offset.
    """

    storage: Storage


@dataclass(frozen=True, slots=True)
class PreIndex:
    """`i`: the number of the presynaptic element, relative to its (sub)group."""


@dataclass(frozen=True, slots=True)
class PostIndex:
    """`j`: the number of the postsynaptic element, relative to its (sub)group."""


SynapticBinding = Binding | OfSynapse | OfPre | OfPost | OfRow | PreIndex | PostIndex


@dataclass(eq=False, slots=True)
class Connections:
    """The ends of all synapses, in the order of their creation.

    Attributes:
        sources: int32, the presynaptic element of each synapse (relative to the source (sub)group).
        targets: int32, the postsynaptic element of each synapse (relative to the target (sub)group).
    """

    sources: Storage
    targets: Storage


@dataclass(eq=False, slots=True)
class Rows:
    """Which synapses a spike reaches, sorted by spiking element, then delay, then creation.

    The synapses that a spike of element e reaches after `delays[s]` steps are
    `order[pointers[e*len(delays) + s] : pointers[e*len(delays) + s + 1]]`.

    Attributes:
        pointers: int64, (number of elements)*(number of delays) + 1.
        delays: int64, the distinct delays in steps, longest first.
        order: int32, synapse numbers; None where the synapses stand in this order already (the usual case).
        facts: What the compiler may know of the sizes, by name (see `ranvier.objects.connections.row_facts`).
    """

    pointers: Storage
    delays: Storage
    order: Storage | None
    facts: tuple[tuple[str, int], ...] = ()


@dataclass(eq=False, slots=True)
class SpikeHistory:
    """The spikes of the last steps that a pathway still has to deliver; it lives across runs.

    A pathway counts the steps in which it is active: `position`. The spikes of its step p stand in
    `indices[(p % length)*size : ... + counts[p % length]]`, relative to the source (sub)group.

    Attributes:
        indices: int32, length*size.
        counts: int64, `length` of them: more than the longest delay.
        position: int64, one element: p.
        pending_due: int64: spikes on the way when delays or dt were changed: the position at which each arrives,
            ascending.
        pending_synapses: int32: the synapse at which it arrives.
        pending_position: int64, one element: the number of those that have arrived.
    """

    indices: Storage
    counts: Storage
    position: Storage
    pending_due: Storage
    pending_synapses: Storage
    pending_position: Storage


@dataclass(frozen=True, eq=False, slots=True)
class EventDriven:
    """The event-driven variables that the code of a pathway advances to the present, and what else it does.

    Attributes:
        owner: The object that holds the variables (`ranvier.objects.traces.shared_traces.SharedTraces`).
        equations: Name and right-hand side of each; names as in the pathway's code.
        body: The statements of the user.
        advanced: Gives, for some of the variables and the name of the time of their last update, the assignments that
            advance them to t.
    """

    owner: TraceHolder
    equations: tuple[tuple[str, Expr], ...]
    body: tuple[Line, ...]
    advanced: Callable[[Sequence[str], str], tuple[Line, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Propagate(Action):
    """A pathway: takes in the events of [start, stop) of this step, then runs `code` for each synapse reached now.

    Synapses are processed one after another: pending ones first, then by delay (longest first), then in the order of
    the spiking elements, then in the order of `Rows`; each sees what the earlier ones wrote. Then position advances.

    Attributes:
        events: The events of the spiking population.
        start: First element of the spiking (sub)group.
        stop: One beyond its last.
        from_target: Whether the target's events trigger it (`on_post`): rows are by target then.
        connections: The ends of the synapses.
        rows: See `Rows`.
        history: See `SpikeHistory`.
        code: The assignments, for each synapse; names bound to variables are written.
        bindings: What names stand for: `SynapticBinding`.
        protected: Names of pre- or postsynaptic variables that keep their value where the element is refractory, and
            the name (in `bindings`) of the `not_refractory` variable that tells.
        event_driven: The event-driven variables, None if there are none.
    """

    events: EventSpace
    start: int
    stop: int
    connections: Connections
    rows: Rows
    history: SpikeHistory
    code: tuple[Line, ...]
    bindings: Mapping[str, SynapticBinding]
    protected: Mapping[str, str]
    from_target: bool = False
    float32: bool = False
    event_driven: EventDriven | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Accumulate(Action):
    """A summed variable: sets each of `size` elements (from `offset`) of `target` to the sum of an expression over
    the synapses that end there (0 if there are none).

    Attributes:
        target: The variable that is set, of the post- (or pre-) synaptic population.
        offset: First element of the (sub)group.
        size: Number of elements of the (sub)group.
        to_source: Whether the sum goes to the presynaptic side.
        connections: The ends of the synapses.
        expression: What each synapse adds.
        bindings: What names stand for: `SynapticBinding`.
    """

    target: Storage
    offset: int
    size: int
    connections: Connections
    expression: Expr
    bindings: Mapping[str, SynapticBinding]
    to_source: bool = False
    float32: bool = False
