"""What objects ask of a step: plain descriptions, from which the plan of a program is made.

An object of a network (a state updater, a threshold, a monitor, ...) describes itself as actions; the network puts
them in schedule order. Expressions are resolved: every name in them has a binding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ranvier.actions.protocols import ActionClock, RecordTable
    from ranvier.equations.assignments import Line
    from ranvier.equations.expressions import Expr
    from ranvier.ir.native import NativeFunction


@dataclass(frozen=True, eq=False, slots=True)
class Population:
    """Elements that have variables in common: neurons of a group, synapses, nodes of a tree. Identity counts.

    Compiled code takes the number of elements of each population once, whatever arrays there are; two populations of
    equal size are two. The number itself is that of each array, since synapses become more.

    Attributes:
        name: Name for people: "neurongroup".
    """

    name: str


@dataclass(eq=False, slots=True, weakref_slot=True)
class Storage:
    """The memory of one variable, event list or constant array; identity counts.

    Attributes:
        label: Name for people: "neurongroup.v".
        array: The elements (allocated by `ranvier.runtime.state.allocate`: aligned and padded).
        dim: The physical dimension as text, "" if there is none.
        frozen: Whether nobody changes the elements of `array` (a new array may take its place).
        population: Whose elements have a value each; None: the array has a size of its own.
    """

    label: str
    array: npt.NDArray[Any]
    dim: str = ""
    frozen: bool = False
    population: Population | None = None

    @property
    def size(self) -> int:
        """Number of elements; asking for it makes no memory for elements that have none yet."""
        return int(self.array.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self.array.dtype

    @property
    def uniform(self) -> bool | int | float | None:
        """The value of all elements where it is known to be the same and has no memory; None otherwise.

        Scripts may give the elements values of their own between runs, and in callbacks of a run.
        """
        return None

    @property
    def representatives(self) -> npt.NDArray[Any]:
        """Values among which are those of all elements: fewer, where many elements are known to have the same."""
        found: npt.NDArray[Any] = self.readable[:]
        return found

    @property
    def readable(self) -> Any:
        """Something to read elements from: the array, or what has `size`, `dtype` and gives slices by `[...]`."""
        return self.array

    @property
    def basis(self) -> Any:
        """The object to compare by identity: a frozen storage gives a new one whenever its elements change."""
        return self.array

    @property
    def is_untouched(self) -> bool:
        """Whether compiled code alone has changed elements since the last run, as far as can be told."""
        return False

    def when_here(self, look: Callable[[], None]) -> None:
        """Calls a function that looks at the elements: at once, or when they come from a device."""
        look()

    def take(self, places: Any) -> npt.NDArray[Any]:
        """Returns copies of the elements at some places: an array of numbers, or a slice."""
        found = self.array[places]
        return found.copy() if isinstance(places, slice) else found

    def lent(self) -> npt.NDArray[Any]:
        """Returns all elements for a script, which may write to them: the memory itself where it can."""
        return self.array

    def fill(self, value: bool | int | float) -> None:
        """Sets all elements to one value."""
        self.array[:] = value

    def set_values(self, values: npt.NDArray[Any]) -> None:
        """Sets all elements."""
        self.array[:] = values


class OneForAll(Storage):
    """The index of a link to a group of one element: zeros. Code that runs for all elements writes there once."""


@dataclass(eq=False, slots=True, weakref_slot=True)
class EventSpace:
    """The events of one population: the indices found in the last step of its clock.

    Attributes:
        label: Name for people: "neurongroup.spike".
        indices: int32 array of the population's size; the first `count[0]` are valid.
        count: int64 array with one element.
        population: The population.
    """

    label: str
    indices: npt.NDArray[np.int32]
    count: npt.NDArray[np.int64]
    population: Population


@dataclass(frozen=True, slots=True)
class Element:
    """A variable with one value per element: the code's own element (plus the offset of the action)."""

    storage: Storage


@dataclass(frozen=True, slots=True)
class Indexed:
    """A variable of another index space: element `index[own element]` of it (linked variables).

    `offset` is added to the index: a linked variable of a subgroup, or of equal size but shifted (index None: the own
    element's number itself).
    """

    storage: Storage
    index: Storage | None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Shared:
    """A variable with one value for the whole population (array of one element)."""

    storage: Storage


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of the script: a run-time argument of the compiled code.

    Attributes:
        value: float, int or bool, in SI units.
        label: Its name in the script.
        dim: The physical dimension as text.
    """

    value: float | int | bool
    label: str
    dim: str = ""


@dataclass(frozen=True, slots=True)
class Time:
    """`t`, `dt` or `t_in_timesteps` of a clock."""

    what: str
    clock: ActionClock


@dataclass(frozen=True, slots=True)
class OwnIndex:
    """`i`: the number of the element (relative to the offset of the action)."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A timed array: `f(t)` or `f(t, i)` with the rule of `ranvier.objects.inputs.timedarray`.

    value = values[clip(int(round(t/epsilon)/per_bin), 0, bins-1)*columns + column]. `epsilon` and `per_bin` are
    arguments of the compiled code.
    """

    values: Storage
    bins: int
    columns: int | None
    epsilon: float
    per_bin: int
    label: str


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function that exists only in Python: code that calls it is executed by the host.

    `call(*arrays)` takes and gives plain SI arrays; functions that want the number of values themselves have
    `vectorise`, and get `numpy.arange(number of elements)` as further argument. Functions that are not `stateless` may
    give something else at each call.
    """

    call: Callable[..., Any]
    label: str
    vectorise: bool = False
    stateless: bool = True


@dataclass(frozen=True, slots=True)
class CodeFunction:
    """A function of the script that is code of its own, which compiled code contains or calls.

    Attributes:
        code: The code.
        call: The same for Python: takes and gives plain SI arrays.
        label: Its name.
    """

    code: NativeFunction
    call: Callable[..., Any] = field(compare=False)
    label: str


Binding = Element | Indexed | Shared | Constant | Time | OwnIndex | Lookup | HostFunction | CodeFunction
Code = "tuple[Line, ...]"


@dataclass(frozen=True, kw_only=True, eq=False)
class Action:
    """Something that happens at each step of a clock.

    Attributes:
        label: The name of the object.
        clock: The clock (`ranvier.session.clocks.Clock`).
        notes: What people may want to know of it, as pairs of a key and a text: shown with the plan and the graph.
    """

    label: str
    clock: ActionClock
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class MapCode(Action):
    """Code for each of `size` elements from `offset`. Assigned names that are bound to variables are written.

    Attributes:
        kind: "integrate", "run_regularly", "subexpression", ...
        code: The assignments, in order.
        bindings: What each name (variables, constants, functions) stands for; other assigned names are temporaries.
        protected: Names of variables that keep their values where `not_refractory` is false.
        method: The integration method, for dumps.
    """

    kind: str
    size: int
    code: tuple[Line, ...]
    bindings: Mapping[str, Binding]
    offset: int = 0
    protected: frozenset[str] = frozenset()
    method: str = ""
    float32: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Threshold(Action):
    """Finds the elements for which `condition` holds; a refractory group includes `not_refractory` in it."""

    size: int
    condition: Expr
    bindings: Mapping[str, Binding]
    events: EventSpace
    float32: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Emit(Action):
    """Makes the events that a list names for each step; see `ranvier.ir.emission` for its order and its end mark.

    Attributes:
        steps: int64; ascending, the last one never comes.
        indices: int32, as many.
        position: int64, one element: where the list was left.
        period: The list is looked up at the step modulo this; 0: at the step itself.
        events: Where the events go.
    """

    steps: Storage
    indices: Storage
    position: Storage
    period: int
    events: EventSpace


@dataclass(frozen=True, kw_only=True, eq=False)
class EventCode(Action):
    """Code for the elements of an event set. `kind`: "reset", "refractory" or "event"."""

    kind: str
    events: EventSpace
    code: tuple[Line, ...]
    bindings: Mapping[str, Binding]
    float32: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class SolveTree(Action):
    """Solves a linear system on a tree: `potential` from the other arrays; see `ranvier.ir.trees.SolveTreeOp`.

    `leak`, `source`, `node` and `potential` have a value for each element, `parents` and `axial` for each node.
    """

    leak: Storage
    source: Storage
    node: Storage
    parents: Storage
    axial: Storage
    potential: Storage


@dataclass(frozen=True, kw_only=True, eq=False)
class SolveForest(Action):
    """Solves a linear system on each of many trees, several equal ones at a time; see `ranvier.ir.trees.SolveForestOp`.

    `leak`, `source` and `potential` have a value for each element; `node`, `parents` and `axial` hold the different
    trees one behind the other.

    Attributes:
        blocks: The trees that are solved together, `ranvier.ir.trees.COLUMNS` numbers for each block.
        largest: The number of nodes of the largest tree.
    """

    leak: Storage
    source: Storage
    node: Storage
    parents: Storage
    axial: Storage
    blocks: Storage
    potential: Storage
    largest: int


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordStates(Action):
    """Appends t and `expressions` of the elements listed in `indices` to a table (its columns: t, then these)."""

    table: RecordTable
    indices: Storage
    expressions: tuple[Expr, ...]
    bindings: Mapping[str, Binding]
    float32: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordEvents(Action):
    """Appends t, index - start and `expressions` for each event in [start, stop), and counts; without table: counts."""

    table: RecordTable | None
    events: EventSpace
    start: int
    stop: int
    counts: Storage
    expressions: tuple[Expr, ...] = ()
    bindings: Mapping[str, Binding] = field(default_factory=dict[str, Binding])
    float32: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordRate(Action):
    """Appends t and the rate (events in [start, stop) per element and dt) to a table."""

    table: RecordTable
    events: EventSpace
    start: int
    stop: int


@dataclass(frozen=True, kw_only=True, eq=False)
class HostCall(Action):
    """Calls Python at each step of the clock: network operations."""

    function: Callable[[], None]
