"""Actions read and write what they say: generated ones of every kind, executed by numpy."""

from dataclasses import dataclass, fields, replace
from typing import get_args

import numpy as np
import pytest
from actions.memory import changed, check_effects, copied, name_of, outcome, put
from graph.connected import Connected, TestClock, emission, event_space, storage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ranvier  # noqa: F401 (all kinds of actions are there)
from ranvier.actions import actions as act
from ranvier.actions import effects
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.effects import ANYTHING, calls_python, has_no_native_form, reads, writes
from ranvier.actions.executors import EXECUTORS
from ranvier.actions.states import IntegrateSynapses
from ranvier.equations.assignments import REACHED, Assign, Propagator
from ranvier.equations.expressions import Call, Name
from ranvier.equations.parser import parse_expression
from ranvier.ir.tree_blocks import LANES
from ranvier.runtime.recorder import Column, Table

SIZE, OTHERS, SYNAPSES, STEP = 5, 4, 9, 7
QUESTIONS = (reads, writes, calls_python, has_no_native_form)


def subclasses(kind: type) -> set[type]:
    return {kind for own in kind.__subclasses__() for kind in (own, *subclasses(own))}


def test_all_kinds_are_told():
    kinds = {kind for kind in subclasses(act.Action) if kind.__module__.startswith("ranvier.")}
    assert kinds == set(get_args(effects.KnownAction)) == set(EXECUTORS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_unknown_kind_is_refused(question):
    class Unheard(act.Action):
        pass

    with pytest.raises(TypeError, match="nothing is known of what a Unheard reads and writes"):
        question(Unheard(label="x", clock=TestClock()))


# ---------------------------------------------------------------- generated actions


@dataclass(eq=False)
class World:
    """A population, another one, synapses from the one to the other, and a clock at step 7."""

    seed: int

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.clock = TestClock(end=20)
        self.clock.control[0] = STEP
        number = lambda name, size: storage(name, rng.normal(1, 0.3, size))
        self.a, self.b, self.unused = number("a", SIZE), number("b", SIZE), number("unused", SIZE)
        self.n = storage("n", rng.integers(0, 9, SIZE), "i4")
        self.flag = storage("flag", rng.integers(0, 2, SIZE), "?")
        self.free = storage("free", rng.integers(0, 2, SIZE), "?")
        self.s = number("s", 1)
        self.x, self.y = number("x", OTHERS), number("y", OTHERS)
        self.link = storage("link", rng.permutation(SIZE) % OTHERS, "i4")
        self.values = number("values", 6)
        self.spikes, self.new = event_space("spikes", SIZE), event_space("new", SIZE)
        had = np.flatnonzero(rng.random(SIZE) < 0.7)
        self.spikes.indices[: had.size], self.spikes.count[0] = had, had.size
        self.counts = storage("counts", rng.integers(0, 5, 3), "i4")
        self.which = storage("which", rng.permutation(SIZE)[:3], "i4")
        self.emit = emission(self.new, self.clock, [[0]] * STEP + [[1, 3], [2]])
        self.connected = Connected(
            np.sort(rng.integers(0, 4, SYNAPSES)), rng.integers(0, OTHERS, SYNAPSES), (4, OTHERS)
        )
        self.rows = self.connected.rows([0] * 5 + [1] * 4)
        self.history = self.connected.history(1, 4, pending=[(STEP, 3), (STEP + 1, 0)])
        self.history.position.array[0] = STEP
        self.history.counts.array[0], self.history.indices.array[:2] = 2, (1, 3)  # those of the step before
        self.w, self.far = number("w", SYNAPSES), storage("far", rng.integers(0, SIZE, SYNAPSES), "i4")
        self.trace = number("trace", 4)
        self.tree = (number("leak", 3), number("source", 3), number("axial", 4), number("potential", 3))
        self.node, self.parents = storage("node", [0, 2, 3], "i4"), storage("parents", [0, 0, 1, 1], "i4")
        self.blocks = storage("blocks", [0, 4, 0, 3, 1, *[0] * LANES], "i4")
        self.states = Table([Column("t", np.dtype("f8")), Column("v", np.dtype("f8"), 3)], name="states")
        self.events = Table([Column(k, np.dtype(d)) for k, d in (("t", "f8"), ("i", "i4"), ("v", "f8"))], name="events")
        self.rates = Table([Column(k, np.dtype("f8")) for k in ("t", "rate")], name="rates")

    @property
    def memory(self) -> list[effects.Memory]:
        h, e, r, c = self.history, self.emit, self.rows, self.connected.connections
        return [
            *(v for v in vars(self).values() if isinstance(v, act.Storage | act.EventSpace | Table)),
            *self.tree, h.indices, h.counts, h.position, h.pending_due, h.pending_synapses, h.pending_position,
            e.steps, e.indices, e.position, r.pointers, r.delays, *([] if r.order is None else [r.order]),
            c.sources, c.targets,
        ]  # fmt: skip

    def common(self) -> dict[str, act.Binding]:
        return {
            "k": act.Constant(0.7, "k"), "t": act.Time("t", self.clock), "dt": act.Time("dt", self.clock),
            "m": act.Time("t_in_timesteps", self.clock), "i": act.OwnIndex(), "s": act.Shared(self.s),
            "f": act.Lookup(self.values, 6, None, 1e-3, 2, "f"), "g": act.Lookup(self.values, 2, 3, 1e-3, 2, "g"),
            "x": act.Indexed(self.x, self.link),
        }  # fmt: skip

    def bindings(self) -> dict[str, act.Binding]:
        names = {"a": self.a, "b": self.b, "n": self.n, "flag": self.flag, "not_refractory": self.free}
        return self.common() | {name: act.Element(memory) for name, memory in names.items()}

    def synaptic(self) -> dict[str, syn.SynapticBinding]:
        return self.common() | {
            "x": act.Indexed(self.x, storage_of_synapses(self)), "w": syn.OfSynapse(self.w),
            "a": syn.OfPre(self.a, 1), "b": syn.OfPre(self.b), "y": syn.OfPost(self.y), "a2": syn.OfPost(self.a, 1),
            "trace": syn.OfRow(self.trace), "pre": syn.PreIndex(), "post": syn.PostIndex(),
            "not_refractory": syn.OfPre(self.free),
        }  # fmt: skip


def storage_of_synapses(world: World) -> act.Storage:
    world.far.array[:] %= OTHERS
    return world.far


EXPRESSIONS = (
    "a",
    "b + 1",
    "a*s",
    "x - k",
    "i",
    "t + dt",
    "m % 3",
    "rand()",
    "f(t)",
    "g(t, i % 3)",
    "int(b > 1)*a",
    "k*k",
)
OF_GROUPS = (*EXPRESSIONS, "n + 1", "int(flag)", "_normal(xi)", "temporary*2", "_binomial(3, 0.5)")
OF_SYNAPSES = (*EXPRESSIONS, "w", "y", "a2 + w", "trace", "pre*2", "post", "temporary + w")


def line(target: str, text: str) -> Assign:
    return Assign(target, parse_expression(text))


def codes(targets, texts):
    """Code, in which the temporary is assigned before it is used."""
    lines = st.builds(line, st.sampled_from(targets), st.sampled_from(texts))
    first = (line("temporary", "b*2"),)
    second = Propagator((("p",),), ((parse_expression("-b"),),), parse_expression("dt"))
    advanced = (second, line("b", "p*b"))
    return st.builds(
        lambda body, more: (*first, *advanced * more, *body), st.lists(lines, min_size=1, max_size=3), st.booleans()
    )


worlds = st.builds(World, st.integers(0, 2**16))


@st.composite
def map_code(draw):
    world = draw(worlds)
    code = draw(codes(("a", "b", "n", "x", "s", "flag"), OF_GROUPS))
    bindings = world.bindings()
    if draw(st.booleans()):
        bindings["until"] = act.Element(world.n)
        code = (Assign("flag", Call(REACHED, (Name("m"), Name("until")))), *code)
    offset = draw(st.integers(0, 2))
    protected = draw(st.frozensets(st.sampled_from(("a", "b", "k"))))
    return world, act.MapCode(label="map", clock=world.clock, kind="integrate", size=SIZE - offset, offset=offset,
                              code=code, bindings=bindings, protected=protected)  # fmt: skip


@st.composite
def integrate_synapses(draw):
    world, action = draw(map_code())
    given = {field.name: getattr(action, field.name) for field in fields(action)}
    return world, IntegrateSynapses(**given, states=None)  # who has the variables does not matter to what is touched


@st.composite
def event_code(draw):
    world = draw(worlds)
    code = draw(codes(("a", "b", "n", "x", "s"), OF_GROUPS))
    return world, act.EventCode(label="reset", clock=world.clock, kind="reset", events=world.spikes, code=code,
                                bindings=world.bindings())  # fmt: skip


@st.composite
def threshold(draw):
    world = draw(worlds)
    condition = parse_expression(f"{draw(st.sampled_from(EXPRESSIONS))} > {draw(st.sampled_from(EXPRESSIONS))}")
    return world, act.Threshold(label="threshold", clock=world.clock, size=SIZE, condition=condition,
                                bindings=world.bindings(), events=world.new)  # fmt: skip


@st.composite
def emit(draw):
    world = draw(worlds)
    return world, replace(world.emit, period=draw(st.sampled_from((0, 6, 8))))


@st.composite
def solve_tree(draw):
    world = draw(worlds)
    leak, source, axial, potential = world.tree
    return world, act.SolveTree(label="tree", clock=world.clock, leak=leak, source=source, node=world.node,
                                parents=world.parents, axial=axial, potential=potential)  # fmt: skip


@st.composite
def solve_forest(draw):
    world = draw(worlds)
    leak, source, axial, potential = world.tree
    return world, act.SolveForest(label="forest", clock=world.clock, leak=leak, source=source, node=world.node,
                                  parents=world.parents, axial=axial, blocks=world.blocks, potential=potential,
                                  largest=4)  # fmt: skip


@st.composite
def record_states(draw):
    world = draw(worlds)
    expressions = (parse_expression(draw(st.sampled_from(EXPRESSIONS))),)
    return world, act.RecordStates(label="states", clock=world.clock, table=world.states, indices=world.which,
                                   expressions=expressions, bindings=world.bindings())  # fmt: skip


@st.composite
def record_events(draw):
    world, kept = draw(worlds), draw(st.booleans())
    expressions = (parse_expression(draw(st.sampled_from(EXPRESSIONS))),) if kept else ()
    return world, act.RecordEvents(label="events", clock=world.clock, table=world.events if kept else None,
                                   events=world.spikes, start=1, stop=4, counts=world.counts, expressions=expressions,
                                   bindings=world.bindings())  # fmt: skip


@st.composite
def record_rate(draw):
    world = draw(worlds)
    return world, act.RecordRate(
        label="rate", clock=world.clock, table=world.rates, events=world.spikes, start=1, stop=5
    )


@st.composite
def propagate(draw):
    world = draw(worlds)
    code = draw(codes(("w", "a", "y", "a2", "trace", "x", "s"), OF_SYNAPSES))
    protected = {name: "not_refractory" for name in draw(st.frozensets(st.sampled_from(("a", "y"))))}
    return world, syn.Propagate(label="pathway", clock=world.clock, events=world.spikes, start=1, stop=5, code=code,
                                connections=world.connected.connections, rows=world.rows, history=world.history,
                                bindings=world.synaptic(), protected=protected)  # fmt: skip


@st.composite
def accumulate(draw):
    world, to_source = draw(worlds), draw(st.booleans())
    expression = parse_expression(draw(st.sampled_from([text for text in OF_SYNAPSES if "temporary" not in text])))
    return world, syn.Accumulate(label="sum", clock=world.clock, target=world.a if to_source else world.y,
                                 offset=1 if to_source else 0, size=4, connections=world.connected.connections,
                                 expression=expression, bindings=world.synaptic(), to_source=to_source)  # fmt: skip


GENERATED = {
    act.MapCode: map_code, IntegrateSynapses: integrate_synapses, act.Threshold: threshold,
    act.Emit: emit, act.EventCode: event_code,
    act.SolveTree: solve_tree, act.SolveForest: solve_forest, act.RecordStates: record_states,
    act.RecordEvents: record_events, act.RecordRate: record_rate, syn.Propagate: propagate, syn.Accumulate: accumulate,
}  # fmt: skip
ANY = st.one_of(*(made() for made in GENERATED.values()))
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


def test_all_compiled_kinds_are_generated():
    assert set(GENERATED) == set(get_args(effects.CompiledAction))


@pytest.mark.parametrize("kind", GENERATED)
def test_actions_change_and_depend_on_what_they_say(kind):
    @settings(max_examples=40, **RELAXED)
    @given(GENERATED[kind]())
    def check(made):
        world, action = made
        assert type(action) is kind and not calls_python(action)
        check_effects(action, world.memory, lambda _: True)

    check()


# ---------------------------------------------------------------- no more than that


def one_of_each() -> dict[str, tuple[World, act.Action]]:
    """For each kind an action of which all that it writes changes, and all that it reads matters."""
    world = World(3)
    world.spikes.indices[:4], world.spikes.count[0] = [0, 1, 2, 4], 4
    everything = parse_expression("a + n + int(flag) + s + x + f(t)")
    code, b = (line("b", "a + n + int(flag) + s + x + f(t)"), line("n", "n + 1"), line("x", "b")), world.bindings()
    of_synapses = parse_expression("w*y + a + x + s + f(t) + trace")
    leak, source, axial, potential = world.tree
    common = {"label": "action", "clock": world.clock}
    found = {
        "map": act.MapCode(kind="", size=SIZE, code=code, bindings=b, protected=frozenset(["b"]), **common),
        "event code": act.EventCode(kind="", events=world.spikes, code=code, bindings=b, **common),
        "solve": act.SolveTree(leak=leak, source=source, node=world.node, parents=world.parents, axial=axial,
                               potential=potential, **common),
        "solve many": act.SolveForest(leak=leak, source=source, node=world.node, parents=world.parents, axial=axial,
                                      blocks=world.blocks, potential=potential, largest=4, **common),
        "states": act.RecordStates(table=world.states, indices=world.which, expressions=(everything,), bindings=b,
                                   **common),
        "events": act.RecordEvents(table=world.events, events=world.spikes, start=1, stop=4, counts=world.counts,
                                   expressions=(everything,), bindings=b, **common),
        "rate": act.RecordRate(table=world.rates, events=world.spikes, start=1, stop=5, **common),
        "sum": syn.Accumulate(target=world.a, offset=0, size=4, connections=world.connected.connections,
                              expression=of_synapses, bindings=world.synaptic(), **common),
        "pathway": syn.Propagate(events=world.spikes, start=1, stop=5, connections=world.connected.connections,
                                 rows=world.rows, history=world.history, protected={"y": "not_refractory"},
                                 code=(line("w", "w + k"), line("trace", "trace + t"), Assign("y", of_synapses)),
                                 bindings=world.synaptic(), **common),
        "threshold": act.Threshold(size=SIZE, condition=parse_expression("a + x > b"), bindings=b, events=world.new,
                                   **common),
        "emit": world.emit,
    }  # fmt: skip
    return {name: (world, action) for name, action in found.items()}


@pytest.mark.parametrize("name", one_of_each())
def test_all_that_is_written_changes(name):
    world, action = one_of_each()[name]
    before, after = outcome(action, world.memory)
    assert {name_of(m) for m in changed(before, after)} == {name_of(m) for m in writes(action)}


@pytest.mark.parametrize("name", [name for name in one_of_each() if name not in ("threshold", "emit")])
def test_all_that_is_read_matters(name):
    """All but lists of events to come, of which other values would make no sense."""
    world, action = one_of_each()[name]
    start = copied(world.memory)
    expected = written_by(action, world)
    for memory in reads(action):
        if not name_of(memory).startswith(("synapses_pre.", "parents", "node")):
            put(start)
            differ(memory)
            assert written_by(action, world) != expected, f"{name_of(memory)} makes no difference"


def written_by(action: act.Action, world: World) -> list[bytes]:
    """Executes an action; returns what it makes of what it writes, and the last row of tables."""
    _, after = outcome(action, world.memory)
    written = sorted(writes(action), key=name_of)
    return [part[-1:].tobytes() if isinstance(m, Table) else part.tobytes() for m in written for part in after[m]]


def differ(memory: effects.Memory) -> None:
    """Gives elements other values that make sense."""
    if isinstance(memory, act.EventSpace):
        memory.indices[0], memory.count[0] = 1, 1
    elif memory.array.dtype == bool:
        np.logical_not(memory.array, out=memory.array)
    elif memory.array.dtype.kind == "i":
        memory.array[:] = np.roll(memory.array, 1)
    else:
        memory.array[:] = memory.array * 1.25 + 0.125


# ---------------------------------------------------------------- Python


def calling(world: World) -> list[act.Action]:
    """Actions that call a function of the script."""
    function = act.HostFunction(np.sin, "own")
    own = parse_expression("own(a)")
    b, s = world.bindings() | {"own": function}, world.synaptic() | {"own": function}
    common = {"label": "action", "clock": world.clock}
    ends = {"connections": world.connected.connections, "bindings": s}
    return [
        act.HostCall(function=lambda: None, **common),
        act.MapCode(kind="", size=SIZE, code=(Assign("b", own),), bindings=b, **common),
        act.EventCode(kind="", events=world.spikes, code=(Assign("b", own),), bindings=b, **common),
        act.Threshold(size=SIZE, condition=own, bindings=b, events=world.new, **common),
        act.RecordStates(table=world.states, indices=world.which, expressions=(own,), bindings=b, **common),
        act.RecordEvents(table=world.events, events=world.spikes, start=0, stop=5, counts=world.counts,
                         expressions=(own,), bindings=b, **common),
        syn.Accumulate(target=world.a, offset=0, size=4, expression=own, **ends, **common),
        syn.Propagate(events=world.spikes, start=1, stop=5, rows=world.rows, history=world.history, protected={},
                      code=(Assign("w", own),), **ends, **common),
    ]  # fmt: skip


def test_functions_of_the_script_may_touch_anything():
    world = World(0)
    for action in calling(world):
        assert calls_python(action) and has_no_native_form(action)
        assert reads(action) is ANYTHING and writes(action) is ANYTHING
        assert effects.may_be_in(writes(action), world.unused)
        assert effects.written_by_any([world.emit, action]) is ANYTHING


def test_a_function_that_is_not_called_does_not_matter():
    world = World(0)
    bindings = world.bindings() | {"own": act.HostFunction(np.sin, "own")}
    action = act.MapCode(label="map", clock=world.clock, kind="", size=SIZE, code=(line("a", "b"),), bindings=bindings)
    assert not calls_python(action) and writes(action) == {world.a} and reads(action) == {world.b}


def test_rare_forms_are_executed_by_numpy_but_do_what_they_say():
    world = World(0)
    code = act.EventCode(label="reset", clock=world.clock, kind="reset", events=world.spikes, code=(line("x", "a"),),
                         bindings=world.bindings())  # fmt: skip
    assert has_no_native_form(code) and not calls_python(code)
    assert writes(code) == {world.x} and reads(code) == {world.spikes, world.a, world.link}


def test_asking_changes_nothing():
    """The rows per instant and the buffers of a table stay."""
    for action in calling(World(0)):
        if isinstance(action, act.RecordEvents | act.RecordStates):
            wide = replace(action, stop=5000) if isinstance(action, act.RecordEvents) else action
            kept = wide.table.buffers, wide.table.control.tolist(), wide.table.full
            for question in QUESTIONS:
                question(wide)
            assert wide.table.buffers is kept[0]
            assert (wide.table.control.tolist(), wide.table.full) == kept[1:]
