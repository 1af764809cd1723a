"""The plan of a program: all that its compiled code depends on, and nothing else.

A plan is plain data: it is made at every run, its `key` (a hash of the structure, without labels) finds the compiled
program in the cache, and only if there is none is the `snn` graph built from it. Sizes, constants, dt and the arrays
themselves are arguments, in the order of the plan's inputs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ranvier.actions import actions as act
from ranvier.equations.assignments import Assign, Propagator
from ranvier.equations.expressions import Expr, render

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FORMAT = 1
"""Part of every key: to be changed when the meaning of plans changes."""


@dataclass(frozen=True, slots=True)
class Input:
    """A run-time input of the program.

    Attributes:
        kind: "param", "state", "events", "clock" or "sink".
        type: Element type ("f64", "f32", "i64", "i32", "i1", "index"); "" for events and clocks.
        size: For states and events: the number of the input that holds their size.
        shared: For states: whether it is one value for a whole population.
        constant: For states: whether nothing may change it during a run.
        columns: For sinks: the types of the columns.
        label: For people.
        dim: For people: the physical dimension.
    """

    kind: str
    type: str = ""
    size: int = -1
    shared: bool = False
    constant: bool = False
    columns: tuple[str, ...] = ()
    label: str = field(default="", compare=False)
    dim: str = field(default="", compare=False)


Bound = tuple[Any, ...]
"""What a name in code stands for: ("element", input), ("indexed", input, index input or -1, offset input or -1),
("shared", input), ("param", input), ("t" | "dt" | "t_in_timesteps", clock input), ("i",),
("lookup", values input, epsilon, per_bin, bins, columns or -1); in code of synapses also ("synapse", input),
("row", input), ("pre" | "post", input, offset input or -1), ("pre_index",), ("post_index",); ("i",) is then the
synapse's number."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens at one place of the schedule: one action with all names replaced by inputs.

    Attributes:
        kind: "map", "threshold", "emit", "event", "solve_tree", "record", "record_events", "record_rate", "propagate",
            "accumulate" or "call".
        role: "integrate", "reset", ...: what the op is called in the graph.
        clock: Input number.
        code: Assignments.
        expressions: Condition of a threshold; recorded expressions.
        bindings: For each name in the code, what it stands for.
        operands: Further inputs by role ("size", "offset", "events", "sink", "indices", "counts", "start", "stop",
            "steps", "position", "period", ...).
        protected: Variables that keep their values where `not_refractory` is false.
        float32: Whether elements are computed in single precision.
        callback: For calls: the number of the callback.
        facts: What is known of sizes, by name.
        label: For people: the name of the object.
    """

    kind: str
    role: str
    clock: int
    code: tuple[Assign | Propagator, ...] = ()
    expressions: tuple[Expr, ...] = ()
    bindings: tuple[tuple[str, Bound], ...] = ()
    operands: tuple[tuple[str, int], ...] = ()
    protected: tuple[str, ...] = ()
    float32: bool = False
    callback: int = -1
    facts: tuple[tuple[str, int], ...] = ()
    label: str = field(default="", compare=False)
    method: str = field(default="", compare=False)

    def operand(self, role: str) -> int:
        """Returns the input number of an operand, -1 if there is none."""
        return dict(self.operands).get(role, -1)


@dataclass(frozen=True)
class Plan:
    """Inputs and steps of a program; the first input is the random key."""

    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]

    def signature(self) -> str:
        """Returns the structure as text, without labels: equal for programs that share their compiled code."""
        lines = [f"plan {FORMAT}"]
        lines += [f"{k.kind} {k.type} {k.size} {k.shared:d}{k.constant:d} {k.columns}" for k in self.inputs]
        lines += [line for step in self.steps for line in _step_lines(step)]
        return "\n".join(lines)

    @property
    def key(self) -> str:
        """A hash of the signature."""
        return hashlib.sha256(self.signature().encode()).hexdigest()

    def as_text(self) -> str:
        """Returns the plan for people, with labels."""
        lines = [
            f"%{n} = {k.kind} {k.type}{' shared' * k.shared}{' constant' * k.constant}"
            f"{f' [%{k.size}]' if k.size >= 0 else ''} {k.label!r} {k.dim}".rstrip()
            for n, k in enumerate(self.inputs)
        ]
        for step in self.steps:
            lines.append(f"# {step.label}{f' ({step.method})' if step.method else ''}")
            lines += _step_lines(step)
        return "\n".join(lines) + "\n"


def _step_lines(step: Step) -> list[str]:
    lines = [
        f"{step.kind} {step.role} clock {step.clock} {dict(step.operands)}"
        f"{' float32' * step.float32} {list(step.protected)} {step.callback}"
        f"{f' facts {dict(step.facts)}' if step.facts else ''}"
    ]
    lines += [f"  {name}: {bound}" for name, bound in step.bindings]
    lines += [f"  {assignment_text(line)}" for line in step.code]
    lines += [f"  -> {render(expression)}" for expression in step.expressions]
    return lines


def assignment_text(line: Assign | Propagator) -> str:
    """Returns an assignment as text."""
    if isinstance(line, Assign):
        return f"{line.target} = {render(line.expr)}"
    rows = "; ".join(", ".join(render(entry) for entry in row) for row in line.matrix)
    targets = "; ".join(", ".join(name or "_" for name in row) for row in line.targets)
    return f"[{targets}] = exp([{rows}] * {render(line.step)})"


@dataclass
class Arguments:
    """What the inputs of a plan stand for in this run, in their order; and the callbacks."""

    values: list[Any]
    callbacks: list[Any]


class NoTable:
    """Stands for the table of a monitor that only counts: no columns, never full."""

    def __init__(self) -> None:
        import numpy as np

        self.control = np.array([0, 2**62], dtype=np.int64)
        self.buffers: tuple[npt.NDArray[Any], ...] = ()


class Planner:
    """Collects inputs and steps; equal objects become one input.

    Args:
        written: The identities of the variables that change during a run; None: any may.
    """

    def __init__(self, written: set[int] | None = None) -> None:
        self._written = written
        self.inputs: list[Input] = []
        self.steps: list[Step] = []
        self.arguments = Arguments([], [])
        self._numbers: dict[Any, int] = {}
        self._nothing: dict[str, NoTable] = {}
        self._add(("key",), Input("param", "i64", label="random key"), 0)

    def plan(self) -> Plan:
        """Returns what was collected."""
        return Plan(tuple(self.inputs), tuple(self.steps))

    def _add(self, identity: Any, entry: Input, value: Any) -> int:
        number = self._numbers.get(identity)
        if number is None:
            number = self._numbers[identity] = len(self.inputs)
            self.inputs.append(entry)
            self.arguments.values.append(value)
        return number

    def size(self, owner: str, size: int) -> int:
        """Returns the input of a size: one for each population, so that equal sizes of two do not matter."""
        owner = owner.partition(".")[0]
        return self._add(("size", owner, size), Input("param", "index", label=f"{owner}.N"), size)

    def index(self, label: str, value: int) -> int:
        """Returns the input of an index."""
        return self._add(("index", label, value), Input("param", "index", label=label), value)

    def clock(self, clock: Any) -> int:
        """Returns the input of a clock."""
        return self._add(("clock", id(clock)), Input("clock", label=clock.name), clock)

    def state(self, storage: act.Storage, *, shared: bool = False, constant: bool = False) -> int:
        """Returns the input of an array."""
        size = self.index("one", 1) if shared else self.size(storage.label, storage.size)
        entry = Input("state", element_type(storage), size, shared, constant, label=storage.label, dim=storage.dim)
        return self._add(("state", id(storage)), entry, storage)

    def uniform(self, storage: act.Storage) -> Bound | None:
        """Returns what a variable stands for that has one value for all elements during the run, None for others."""
        value = getattr(storage, "uniform", None)
        if value is None or self._written is None or id(storage) in self._written:
            return None
        return ("param", self.param(value, storage.label, storage.dim))

    def table(self, storage: act.Storage, *, constant: bool = False) -> int:
        """Returns the input of an array whose size is that of no population."""
        name = f"{storage.label}.N"
        size = self._add(("table", id(storage)), Input("param", "index", label=name), storage.size)
        entry = Input("state", element_type(storage), size, constant=constant, label=storage.label)
        return self._add(("state", id(storage)), entry, storage)

    def events(self, space: act.EventSpace) -> int:
        """Returns the input of an event space."""
        entry = Input("events", size=self.size(space.label, space.indices.size), label=space.label)
        return self._add(("events", id(space)), entry, space)

    def sink(self, table: Any, label: str) -> int:
        """Returns the input of a table; None stands for one that keeps nothing."""
        if table is None:
            table = self._nothing.setdefault(label, NoTable())
        columns = tuple(element_type(buffer) for buffer in table.buffers)
        return self._add(("sink", id(table)), Input("sink", columns=columns, label=label), table)

    def param(self, value: float | int | bool, label: str, dim: str = "") -> int:
        """Returns the input of a constant."""
        kind = "i1" if isinstance(value, bool) else "i64" if isinstance(value, int) else "f64"
        return self._add(("param", label, kind, repr(value)), Input("param", kind, label=label, dim=dim), value)

    def bound(self, binding: act.Binding) -> Bound:
        """Returns what a name stands for, in terms of inputs."""
        match binding:
            case act.Element(storage):
                return ("element", self.state(storage))
            case act.Shared(storage):
                return ("shared", self.state(storage, shared=True))
            case act.Indexed(storage, index, offset):
                position = -1 if index is None else self.state(index, constant=True)
                shift = -1 if offset == 0 else self.index(f"{storage.label} offset", offset)
                return ("indexed", self.state(storage, shared=storage.size == 1), position, shift)
            case act.Constant(value, label, dim):
                return ("param", self.param(value, label, dim))
            case act.Time(what, clock):
                return (what, self.clock(clock))
            case act.OwnIndex():
                return ("i",)
            case act.Lookup():
                return self._lookup(binding)
            case act.HostFunction():
                raise TypeError(f"{binding.label} exists only in Python; code that calls it is executed by the host")

    def _lookup(self, array: act.Lookup) -> Bound:
        return (
            "lookup",
            self.state(array.values, constant=True),
            self.param(array.epsilon, f"{array.label} epsilon", "s"),
            self.param(array.per_bin, f"{array.label} steps per bin"),
            self.param(array.bins, f"{array.label} bins"),
            -1 if array.columns is None else self.param(array.columns, f"{array.label} columns"),
        )

    def bind(self, bindings: Mapping[str, act.Binding], used: Sequence[str]) -> tuple[tuple[str, Bound], ...]:
        """Returns the bindings of the names in `used`, in order."""
        return tuple((name, self.bound(bindings[name])) for name in sorted(used) if name in bindings)


ELEMENT_TYPES = {"f8": "f64", "f4": "f32", "i8": "i64", "i4": "i32", "b1": "i1", "u1": "i1"}


def element_type(array: "npt.NDArray[np.generic] | act.Storage") -> str:
    """Returns the IR's name of the element type of an array or a storage."""
    return ELEMENT_TYPES[array.dtype.str[1:]]
