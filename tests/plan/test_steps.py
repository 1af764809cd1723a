"""Steps of plans: each kind is read and built; what is for people, and how things are called, is not in the key."""

from dataclasses import fields, is_dataclass, replace
from typing import get_args

import pytest

from ranvier import (
    Cylinder,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    cm,
    linked_var,
    ms,
    network_operation,
    ohm,
    start_scope,
    ufarad,
    um,
)
from ranvier.equations.assignments import Assign
from ranvier.equations.parser import parse_expression
from ranvier.graph.build import build_module
from ranvier.plan.bounds import ElementOf, LookupIn, ParamOf
from ranvier.plan.plan import Input, Plan
from ranvier.plan.signature import structure
from ranvier.plan.step_kinds import ElementCode, Step
from ranvier.stages import Options, make_plan


@pytest.fixture(autouse=True)
def fresh():
    start_scope()


def everything():
    """A network whose plan has steps of all kinds."""
    cells = NeuronGroup(
        4, "dv/dt = (2 + s - v)/(10*ms) : 1 (unless refractory)\ns : 1", threshold="v > 1", reset="v = 0",
        refractory=2 * ms, method="euler",
    )  # fmt: skip
    driven = SpikeGeneratorGroup(2, [0, 1], [1, 2] * ms)
    synapses = Synapses(driven, cells, "w : 1\ns_post = w : 1 (summed)", on_pre="v_post += w")
    synapses.connect()
    synapses.w = "i + j"
    fibre = SpatialNeuron(
        Cylinder(length=50 * um, diameter=2 * um, n=3), "Im = -1e-4*siemens/cm**2*v : amp/meter**2",
        Cm=1 * ufarad / cm**2, Ri=100 * ohm * cm,
    )  # fmt: skip
    fibres = SpatialNeuron(
        Cylinder(length=50 * um, diameter=2 * um, n=3), "Im = -1e-4*siemens/cm**2*v : amp/meter**2",
        Cm=1 * ufarad / cm**2, Ri=100 * ohm * cm, N=2,
    )  # fmt: skip
    monitors = [StateMonitor(cells, "v", record=True), SpikeMonitor(cells), PopulationRateMonitor(cells)]

    @network_operation
    def nothing():
        pass

    return Network(cells, driven, synapses, fibre, fibres, *monitors, nothing)


def plan_of(network, notes=()) -> Plan:
    actions = [replace(action, notes=notes) for action in network.before_run({})]
    return make_plan(actions, network.clocks, options=Options(pipeline=""))[0]


def test_every_kind_of_step_is_made_built_and_shown():
    plan = plan_of(everything())
    assert {type(step) for step in plan.steps} == set(get_args(Step))
    build_module(plan).verify()
    assert all(f"\n{kind.__name__} clock=" in plan.as_text() for kind in get_args(Step))


def changed(value):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return (*value, ("more", 1))
    return 1000 if value is None else value + 1000


def parts_of(plan: Plan):
    """The inputs and steps of a plan, and what they are made of, each kind once."""
    found = {type(entry): entry for entry in (*plan.inputs, *plan.steps)}
    for step in plan.steps:
        for value in (getattr(step, field.name) for field in fields(step)):
            if is_dataclass(value):
                found.setdefault(type(value), value)
                found.update((type(bound), bound) for _, bound in getattr(value, "bindings", ()))
    return found.values()


def test_fields_for_people_are_no_part_of_the_key_and_all_others_are():
    seen = set()
    for part in parts_of(plan_of(everything())):
        for field in fields(part):
            if is_dataclass(getattr(part, field.name)) or field.name in ("lines", "results", "bindings", "protected"):
                continue
            other = replace(part, **{field.name: changed(getattr(part, field.name))})
            assert (structure(other) != structure(part)) == field.compare, (type(part).__name__, field.name)
            seen.add(type(part))
    assert {Input, *get_args(Step)} <= seen


def test_code_is_part_of_the_key_without_the_names_in_it():
    own = (("b", ElementOf(1)),)

    def text(lines="a = b*f(b)", result="a", bindings=own, protected=("a",), float32=False):
        target, _, expr = lines.partition(" = ")
        code = ElementCode(
            lines=(Assign(target, parse_expression(expr)),), results=(parse_expression(result),), bindings=bindings,
            protected=protected, float32=float32,
        )  # fmt: skip
        return structure(code)

    assert len(fields(ElementCode)) == 5
    others = [
        text(lines="a = b+f(b)"), text(lines="b = b*f(b)"), text(lines="a = b*g(b)"), text(result="b"),
        text(result="1"),
        text(bindings=()), text(bindings=(("a", ElementOf(1)),)), text(bindings=(("b", ElementOf(2)),)),
        text(bindings=(("b", ParamOf(1)),)), text(protected=()), text(protected=("b",)), text(float32=True),
    ]  # fmt: skip
    assert len({text(), *others}) == 1 + len(others)
    assert text() == text("x = y*f(y)", "x", (("y", ElementOf(1)),), ("x",))
    table = LookupIn(1, 2, 3, 4, None)
    assert text(bindings=(("f", table),)) == text("a = b*h(b)", bindings=(("h", table),))


def test_a_guard_is_told_from_other_names():
    def text(*names):
        bindings = tuple((name, ElementOf(number)) for number, name in enumerate(names))
        return structure(ElementCode(results=(parse_expression("*".join(names)),), bindings=bindings))

    assert text("a", "not_refractory") != text("a", "b") != text("not_refractory", "b")
    assert text("a", "b") == text("c", "a")


def test_notes_are_shown_and_stand_in_the_graph_but_not_in_the_key():
    from xdsl.parser import Parser

    from ranvier.ir.dialect import new_context

    network = everything()
    plain, noted = plan_of(network), plan_of(network, (("why", 'it is "so"'), ("when", "now")))
    assert plain.key == noted.key
    assert '\n#   why: it is "so"\n#   when: now\n' in noted.as_text()
    assert "notes" not in str(build_module(plain))
    module = build_module(noted)
    labelled = [op for op in module.walk() if "notes" in op.attributes]
    assert len(labelled) >= len(plain.steps)
    assert {op.attributes["notes"].data["when"].data for op in labelled} == {"now"}
    again = Parser(new_context(), str(module)).parse_module()
    again.verify()
    assert str(again) == str(module)


def named(
    group="cells", far="far", synapses="links", v="v", w="w", weight="weight", trace="trace", tau="tau", drive="drive",
    size=5, far_size=7,
):  # fmt: skip
    """A network of two groups with a link, synapses and monitors."""
    cells = NeuronGroup(
        size, f"d{v}/dt = ({drive}(t) + {w}*xi - {v})/{tau} : 1 (unless refractory)\n{w} : second**0.5",
        threshold=f"{v} > 1", reset=f"{v} = 0; {w} = {w}/2", refractory=2 * ms, method="euler", name=group,
        namespace={tau: 10 * ms, drive: TimedArray([1, 2, 3], dt=1 * ms, name=f"{drive}_array")},
    )  # fmt: skip
    other = NeuronGroup(far_size, f"d{w}/dt = -{w}/{tau} : 1\n{v} : 1 (linked)", method="exact", name=far,
                        namespace={tau: 5 * ms})  # fmt: skip
    setattr(other, v, linked_var(cells, v, index=[0] * far_size))
    other.run_regularly(f"{w} += 0.1*{v}", dt=1 * ms)
    between = Synapses(
        cells, other, f"{weight} : 1\nd{trace}/dt = -{trace}/{tau} : 1 (event-driven)", name=synapses,
        on_pre=f"{trace} += 1; {w}_post += {weight}*{trace}", namespace={tau: 20 * ms},
    )  # fmt: skip
    between.connect(j="i", skip_if_invalid=True)
    setattr(between, weight, "0.1*i")
    spikes = SpikeMonitor(cells, name=f"{group}_spikes")
    states = StateMonitor(other, [w, v], record=True, name=f"{far}_states")
    return Network(cells, other, between, spikes, states).lower(namespace={}).plan


def test_the_key_does_not_hang_on_names():
    plan = named()
    for names in (
        {"group": "aa", "far": "bb", "synapses": "cc"},
        {"v": "zeta", "w": "alpha"},
        {"v": "a", "w": "x1", "tau": "b", "drive": "c"},
        {"weight": "trace", "trace": "weight"},
        {"group": "c_1", "v": "w", "w": "v", "tau": "zz"},
    ):
        assert named(**names).signature() == plan.signature(), names


def test_populations_of_equal_size_have_a_size_each():
    def plan(size, other_size):
        cells = NeuronGroup(size, "dv/dt = -v/(5*ms) : 1", method="exact", name="cells")
        far = NeuronGroup(other_size, "dw/dt = -w/(5*ms) : 1", method="exact", name="far")
        return Network(cells, far).lower(namespace={}).plan

    equal, different = plan(6, 6), plan(6, 9)
    assert equal.key == different.key
    sizes = [equal.inputs[entry.size].label for entry in equal.inputs if entry.label in ("cells.v", "far.w")]
    assert sorted(sizes) == ["cells.N", "far.N"]


def test_as_many_synapses_as_neurons_are_nothing_special():
    def key(targets):
        cells = NeuronGroup(3, "v : 1")
        synapses = Synapses(cells, cells, "w : 1")
        synapses.connect(i=[0, 0, 1][: len(targets)], j=targets)
        synapses.w = "i + 2*j"
        synapses.run_regularly("w = w/N_incoming")
        return Network(cells, synapses).lower(namespace={}).plan.key

    assert key([0, 1, 2]) == key([0, 1])


def test_a_label_is_free_text():
    plan = named(group="cells", v="v")
    relabelled = Plan(tuple(replace(entry, label="any. text") for entry in plan.inputs), plan.steps)
    assert relabelled.key == plan.key
    build_module(relabelled).verify()
