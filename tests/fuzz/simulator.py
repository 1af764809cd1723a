"""A simulator of Brian's rules in a hundred lines of Python: one element after another, one synapse after another."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SLOTS = ("start", "groups", "thresholds", "synapses", "resets", "end")
FUNCTIONS: dict[str, Any] = {
    "exp": math.exp, "tanh": math.tanh, "abs": abs, "int": int, "ms": 1e-3,
    "clip": lambda x, low, high: min(max(x, low), high),
}  # fmt: skip


def place(slot: str) -> int:
    """Returns where a slot is in a step."""
    kind, _, rest = slot.partition("_")
    name = rest if kind in ("before", "after") else slot
    return 3 * SLOTS.index(name) + {"before": -1, "after": 1}.get(kind, 0)


def steps(seconds: float, dt: float) -> int:
    """Returns the number of steps of a time, as refractory periods are counted."""
    return int((seconds + 1e-3 * dt) / dt)


@dataclass
class Group:
    """Neurons: values by name, a list each."""

    name: str
    size: int
    values: dict[str, list[Any]]
    equations: dict[str, str]
    protected: frozenset[str] = frozenset()
    threshold: str = "False"
    reset: str = ""
    refractory: str | None = None
    links: dict[str, tuple["Group", str, list[int]]] = field(default_factory=dict)
    spikes: list[int] = field(default_factory=list)
    active: bool = True

    def __post_init__(self) -> None:
        self.values["lastspike"] = [-1e4] * self.size
        self.values["free"] = [True] * self.size

    def names(self, k: int, s: "Simulator") -> dict[str, Any]:
        found = {name: values[k] for name, values in self.values.items()}
        found |= {name: g.values[variable][where[k]] for name, (g, variable, where) in self.links.items()}
        return found | {"i": k, "N": self.size, "t": s.t, "dt": s.dt}

    def update(self, s: "Simulator") -> None:
        for k in range(self.size):
            names = self.names(k, s)
            if self.refractory is not None:
                limit = eval(self.refractory, FUNCTIONS, names)
                if isinstance(limit, bool):
                    free = self.values["free"][k] or not limit
                else:
                    free = steps(s.t - names["lastspike"], s.dt) >= steps(limit, s.dt)
                self.values["free"][k] = names["free"] = free
            slopes = {name: eval(text, FUNCTIONS, names) for name, text in self.equations.items()}
            for name, slope in slopes.items():
                if name not in self.protected or self.values["free"][k]:
                    self.values[name][k] += s.dt * slope

    def find(self, s: "Simulator") -> None:
        names = (self.names(k, s) for k in range(self.size))
        found = [bool(eval(self.threshold, FUNCTIONS, one)) for one in names]
        self.spikes = [k for k in range(self.size) if found[k] and (self.refractory is None or self.values["free"][k])]
        for k in self.spikes:
            self.values["lastspike"][k] = s.t
            if self.refractory is not None:
                self.values["free"][k] = False
            s.record[self.name].append((k, s.n))

    def execute(self, text: str, s: "Simulator", which: Any, protect: bool) -> None:
        for k in which:
            names = self.names(k, s)
            exec(text, FUNCTIONS, names)
            for name in self.values:
                if name not in ("lastspike", "free"):
                    self.store(name, k, names[name], protect)

    def store(self, name: str, k: int, value: Any, protect: bool = True) -> None:
        if not (protect and name in self.protected and not self.values["free"][k]):
            old = self.values[name][k]
            self.values[name][k] = value if isinstance(old, float) else int(value)


@dataclass
class Pathway:
    """What happens when a spike of one side arrives, and the spikes on their way."""

    name: str
    code: str
    delays: list[int]
    order: int
    forward: bool
    active: bool = True
    waiting: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Synapses:
    """Synapses, in the order of their creation."""

    name: str
    pre: Group
    post: Group
    offsets: tuple[int, int]
    sizes: tuple[int, int]
    pairs: list[tuple[int, int]]
    values: dict[str, list[float]]
    pathways: list[Pathway]
    traces: dict[str, float] = field(default_factory=dict)
    clocked: dict[str, str] = field(default_factory=dict)
    summed: dict[str, str] = field(default_factory=dict)
    order: int = 0

    def __post_init__(self) -> None:
        self.last = [0.0] * len(self.pairs)

    def ends(self, n: int) -> tuple[int, int]:
        return self.pairs[n][0] + self.offsets[0], self.pairs[n][1] + self.offsets[1]

    def names(self, n: int, s: "Simulator") -> dict[str, Any]:
        i, j = self.ends(n)
        found = {f"{name}_pre": values[i] for name, values in self.pre.values.items()}
        found |= {f"{name}_post": values[j] for name, values in self.post.values.items()}
        found |= {"i": self.pairs[n][0], "j": self.pairs[n][1], "t": s.t}
        return found | {name: values[n] for name, values in self.values.items()}

    def deliver(self, path: Pathway, s: "Simulator") -> None:
        side = 0 if path.forward else 1
        source = (self.pre, self.post)[side]
        for k in source.spikes:
            local = k - self.offsets[side]
            if 0 <= local < self.sizes[side]:
                path.waiting += [(s.n + path.delays[n], n) for n, ends in enumerate(self.pairs) if ends[side] == local]
        due = [n for when, n in path.waiting if when == s.n]
        path.waiting = [item for item in path.waiting if item[0] > s.n]
        for n in due:
            self.arrive(path, n, s)

    def arrive(self, path: Pathway, n: int, s: "Simulator") -> None:
        for name, tau in self.traces.items():
            self.values[name][n] *= math.exp(-(s.t - self.last[n]) / tau)
        self.last[n] = s.t
        for line in path.code.split(";"):
            names = self.names(n, s)
            before = dict(names)
            exec(line.strip(), FUNCTIONS, names)
            i, j = self.ends(n)
            for name, value in names.items():
                if name in before and value == before[name]:
                    continue
                if name in self.values:
                    self.values[name][n] = value
                elif name.endswith("_post"):
                    self.post.store(name[:-5], j, value)
                elif name.endswith("_pre"):
                    self.pre.store(name[:-4], i, value)

    def integrate(self, s: "Simulator") -> None:
        for n in range(len(self.pairs)):
            names = self.names(n, s)
            slopes = {name: eval(text, FUNCTIONS, names) for name, text in self.clocked.items()}
            for name, slope in slopes.items():
                self.values[name][n] += s.dt * slope

    def sum_up(self, variable: str, text: str, s: "Simulator") -> None:
        sums = [0.0] * self.sizes[1]
        for n, (_, j) in enumerate(self.pairs):
            sums[j] += eval(text, FUNCTIONS, self.names(n, s))
        self.post.values[variable][self.offsets[1] : self.offsets[1] + self.sizes[1]] = sums


class Simulator:
    """What happens in a step, in the order of slot, order and name."""

    def __init__(self, dt: float) -> None:
        self.dt, self.n = dt, 0
        self.record: dict[str, list[tuple[int, int]]] = {}
        self.actions: list[tuple[int, int, str, Callable[[], None]]] = []

    @property
    def t(self) -> float:
        return self.n * self.dt

    def do(self, slot: str, order: int, name: str, action: Callable[[], None]) -> None:
        self.actions.append((place(slot), order, name, action))

    def group(self, g: Group) -> None:
        self.record[g.name] = []
        self.do("groups", 0, f"{g.name}_stateupdater", lambda: g.update(self))
        self.do("thresholds", 0, f"{g.name}_spike_thresholder", lambda: g.find(self))
        self.do("resets", 0, f"{g.name}_spike_resetter", lambda: g.execute(g.reset, self, g.spikes, False))

    def connect(self, syn: Synapses) -> None:
        for path in syn.pathways:
            self.do("synapses", path.order, f"{syn.name}_{path.name}",
                    lambda path=path: syn.deliver(path, self) if path.active else None)  # fmt: skip
        if syn.clocked:
            self.do("groups", 0, f"{syn.name}_stateupdater", lambda: syn.integrate(self))
        for variable, text in syn.summed.items():
            self.do("groups", syn.order - 1, f"{syn.name}_summed_variable_{variable}_post",
                    lambda variable=variable, text=text: syn.sum_up(variable, text, self))  # fmt: skip

    def run(self, count: int) -> None:
        for _ in range(count):
            for *_, action in sorted(self.actions, key=lambda one: one[:3]):
                action()
            self.n += 1
