"""The actions of objects: expressions and bindings, before anything is compiled."""

import gc
from pathlib import Path

import numpy
import pytest

from ranvier import (
    BinomialFunction,
    BrianLogger,
    BrianObjectException,
    DimensionMismatchError,
    Function,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    linked_var,
    ms,
    mV,
)
from ranvier.actions import actions as act
from ranvier.actions.present_values import bound_value
from ranvier.equations import EquationError
from ranvier.equations.expressions import render
from ranvier.session.namespaces import caller_namespace


def codes(action):
    return [f"{line.target} = {render(line.expr)}" for line in action.code]


def only(obj, **names):
    (action,) = obj.prepare(names)
    return action


def test_names_outside_are_run_time_arguments_and_units_numbers():
    group = NeuronGroup(2, "v : volt", threshold="v > 2*limit + 1*mV", reset="v = 0*mV")
    found = only(group.thresholder["spike"], limit=3 * mV)
    assert render(found.condition) == "v > 2*limit + 1*0.001"
    assert found.bindings["limit"] == act.Constant(0.003, "limit", "V")
    assert isinstance(found.bindings["v"], act.Element)
    assert found.bindings["v"].storage.array.size == 2
    assert found.events is group.event_spaces["spike"]


def test_namespace_of_the_group_comes_first_and_defaults_before():
    group = NeuronGroup(1, "v : 1", namespace={"a": 2, "pi": 7})
    runner = group.run_regularly("v = a*pi*exp(b)")
    found = only(runner, a=5, b=1, exp=3)
    assert found.bindings["a"].value == 2 and found.bindings["b"].value == 1
    assert codes(found) == [f"v = a*{numpy.pi!r}*exp(b)"]


def test_names_that_the_caller_sees_win_over_global_ones():
    hidden = 3
    names = caller_namespace()
    assert names["hidden"] == hidden and names["numpy"] is numpy

    def wrapper():
        return caller_namespace(level=1)

    assert wrapper()["hidden"] == 3


def test_subexpressions_take_the_place_of_their_names():
    group = NeuronGroup(2, "v : 1\nx = 2*y : 1\ny = v + w : 1\nw : 1")
    found = only(group.run_regularly("v = x; w = y"))
    assert codes(found) == ["v = 2*(v + w)", "w = v + w"]
    assert set(found.bindings) == {"v", "w"}


def test_temporaries_do_not_leak_into_subexpressions():
    group = NeuronGroup(2, "v : 1\nx = 2*a : 1")
    found = only(group.run_regularly("a = v; v = a + x"), a=3)
    name = next(k for k, b in found.bindings.items() if isinstance(b, act.Constant))
    assert codes(found) == ["a = v", f"v = a + 2*{name}"] and name != "a"


def test_subgroups_shift_what_is_not_their_own():
    group = NeuronGroup(5, "v : 1\nx = 10*i : 1")
    found = only(group[2:4].run_regularly("v = x + i + N"))
    assert (found.offset, found.size) == (2, 2)
    assert isinstance(found.bindings["v"], act.Element) and found.bindings["N"].value == 2
    relative = [k for k, b in found.bindings.items() if isinstance(b, act.OwnIndex)]
    assert "i" in relative
    elements = numpy.array([0, 1])
    values = {k: bound_value(b, elements) for k, b in found.bindings.items()}
    from ranvier.analysis.evaluate import evaluate

    assert evaluate(found.code[0].expr, values).tolist() == [10 * 2 + 0 + 2, 10 * 3 + 1 + 2]


def test_recording_a_subgroup_counts_from_its_start():
    group = NeuronGroup(5, "v : 1", threshold="v > 1", reset="")
    found = only(StateMonitor(group[2:4], ["v", "i"], record=[1]))
    assert found.indices.array.tolist() == [3]
    assert isinstance(found.bindings["v"], act.Element)
    assert [c.name for c in found.table.columns] == ["t", "v", "i"] and found.table.columns[1].width == 1
    events = only(SpikeMonitor(group[2:4], variables="v"))
    assert (events.start, events.stop) == (2, 4) and events.counts.array.size == 2


def test_one_array_has_one_name_within_a_code():
    """Otherwise a subexpression would read what the variable was before the code assigned it."""
    group = NeuronGroup(4, "v : 1\nx = 2*v : 1\nw : 1")
    found = only(group[1:].run_regularly("v = 3; w = x"))
    assert codes(found) == ["v = 3", "w = 2*v"]


def test_linked_names():
    inner = NeuronGroup(3, "x : 1\nq = x + a : 1", namespace={"a": 1}, name="inner")
    outer = NeuronGroup(3, "l : 1 (linked)\nm : 1 (linked)\nv : 1")
    outer.l, outer.m = linked_var(inner, "x"), linked_var(inner[0:2], "q", index=[1, 1, 0])
    found = only(outer.run_regularly("v = l + m"), a=5)
    assert isinstance(found.bindings["l"], act.Element) and found.bindings["l"].storage.label == "inner.x"
    (linked,) = [b for b in found.bindings.values() if isinstance(b, act.Indexed)]
    assert linked.index.array.tolist() == [1, 1, 0]
    assert [b.value for b in found.bindings.values() if isinstance(b, act.Constant)] == [1]


def test_functions_of_the_script():
    @check_units(x=1, result=1)
    def plain(x):
        return 2 * x

    stream = TimedArray([1.0, 2.0], dt=1 * ms)
    group = NeuronGroup(2, "v : 1")
    found = only(group.run_regularly("v = plain(v) + stream(t)"), plain=plain, stream=stream)
    assert found.bindings["plain"].call(numpy.array([1.0, 2.0])).tolist() == [2, 4]
    assert found.bindings["stream"].bins == 2 and found.bindings["t"] == act.Time("t", group.clock)

    drawn = Function(
        lambda n, _vectorisation_idx: numpy.full(len(_vectorisation_idx), n),
        arg_units=[1],
        return_unit=1,
        stateless=False,
        auto_vectorise=True,
    )
    found = only(group.run_regularly("v = drawn(3.0)"), drawn=drawn)
    assert found.bindings["drawn"].vectorise
    assert found.bindings["drawn"].call(3.0, numpy.arange(2)).tolist() == [3, 3]


def test_binomial_functions():
    group = NeuronGroup(2, "v : 1")
    found = only(group.run_regularly("v = b()"), b=BinomialFunction(3, 0.5))
    assert codes(found) == ["v = _binomial(3, 0.5)"]
    found = only(group.run_regularly("v = b()"), b=BinomialFunction(100, 0.5))
    assert codes(found) == ["v = 50.0 + 5.0*randn()"]


# ---------------------------------------------------------------- refractoriness


def refractory_code(refractory, **names):
    group = NeuronGroup(
        2, "dv/dt = -v/ms : 1 (unless refractory)\nref : second", "euler", threshold="v > 1", refractory=refractory
    )
    found = only(group.state_updater, **names)
    return group, found


def test_time_valued_refractoriness():
    _, found = refractory_code(2 * ms)
    assert codes(found)[0] == "not_refractory = lastspike <= t - timestep(_refractory, dt)*dt + 0.001*dt"
    assert found.bindings["_refractory"] == act.Constant(0.002, "refractory", "s")
    _, found = refractory_code("ref + base", base=1 * ms)
    assert codes(found)[0] == "not_refractory = lastspike <= t - timestep(ref + base, dt)*dt + 0.001*dt"


def test_boolean_refractoriness():
    _, found = refractory_code("v > 0.5")
    assert codes(found)[0] == "not_refractory = not_refractory or not v > 0.5"


def test_spiking_makes_refractory():
    group, _ = refractory_code(2 * ms)
    search, become = group.thresholder["spike"].prepare({})
    assert render(search.condition) == "v > 1 and not_refractory"
    assert codes(become) == ["lastspike = t", "not_refractory = False"] and become.kind == "refractory"


def test_protected_variables():
    group, _ = refractory_code(2 * ms)
    found = only(group.run_regularly("v += 1"))
    assert found.protected == {"v"} and "not_refractory" in found.bindings
    assert only(group.run_regularly("ref = 1*ms")).protected == frozenset()


@pytest.mark.parametrize(
    ("refractory", "error"),
    [
        (3, TypeError),
        ("3", TypeError),
        (3 * mV, DimensionMismatchError),
        (True, TypeError),
        ("v*mV", DimensionMismatchError),
        ([1, 2] * ms, TypeError),
    ],
)
def test_refractoriness_is_a_time_or_a_condition(refractory, error):
    group = NeuronGroup(2, "dv/dt = -v/ms : 1", "euler", threshold="v > 1", reset="", refractory=refractory)
    with pytest.raises(BrianObjectException) as info:
        group.state_updater.prepare({})
    assert isinstance(info.value.__cause__, error)
    assert group.state_updater.name in str(info.value) and Path(__file__).name in str(info.value)


def test_methods_written_by_the_user():
    def halve(equations, variables, options):
        return "_new = v/2 + a*dt/second\nv = _new"

    group = NeuronGroup(1, "dv/dt = -v/ms : 1", method=halve)
    found = only(group.state_updater, a=3)
    assert codes(found) == ["_new = v/2 + a*dt/1.0", "v = _new"] and found.method == "halve"


def test_a_method_is_chosen_once():
    group = NeuronGroup(1, "dv/dt = -v/tau : 1")
    first = only(group.state_updater, tau=3 * ms)
    again = only(group.state_updater, tau=3 * ms)
    assert first.method == "exact"
    assert all(a is b for a, b in zip(again.code, first.code, strict=True))


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("part", "model", "error"),
    [
        ("threshold", {"threshold": "v"}, TypeError),
        ("threshold", {"threshold": "v > unknown"}, KeyError),
        ("threshold", {"threshold": "v > array"}, KeyError),
        ("threshold", {"threshold": "v > 1*mV"}, DimensionMismatchError),
        ("reset", {"threshold": "v > 1", "reset": "v = 1*mV"}, DimensionMismatchError),
        ("reset", {"threshold": "v > 1", "reset": "x = v; v = y"}, KeyError),
        ("reset", {"threshold": "v > 1", "reset": "w = 1"}, SyntaxError),
        ("reset", {"threshold": "v > 1", "reset": "s = 1"}, SyntaxError),
    ],
)
def test_mistakes_name_the_object(part, model, error):
    group = NeuronGroup(2, "v : 1\nw = 2*v : 1\ns : 1 (shared)", **model)
    finder = group.thresholder["spike"] if part == "threshold" else group.resetter["spike"]
    with pytest.raises(BrianObjectException) as info:
        finder.prepare({"array": numpy.zeros(3)})
    assert isinstance(info.value.__cause__, error) and finder.name in str(info.value)


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("v : 1\nw = rand() : 1", SyntaxError),
        ("v : 1\nw = zz : 1", KeyError),
        ("v : 1\nw = v*mV : 1", DimensionMismatchError),
        ("dv/dt = -v : 1", DimensionMismatchError),
        ("dv/dt = xi/ms : 1", DimensionMismatchError),
        ("l : 1 (linked)", TypeError),
    ],
)
def test_all_equations_are_checked(model, error):
    with pytest.raises(BrianObjectException) as info:
        NeuronGroup(2, model).prepare({})
    assert isinstance(info.value.__cause__, error)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: NeuronGroup(0, "v : 1"), ValueError),
        (lambda: NeuronGroup("v : 1", 2), TypeError),
        (lambda: NeuronGroup(2, 3), TypeError),
        (lambda: NeuronGroup(2, "v : 1", threshold=1 * mV), TypeError),
        (lambda: NeuronGroup(2, "v : 1", reset="v = 0"), ValueError),
        (lambda: NeuronGroup(2, "v : 1", threshold="v > 1", reset=3), TypeError),
        (lambda: NeuronGroup(2, "v : 1 (foo)"), ValueError),
        (lambda: NeuronGroup(2, "v_pre : 1"), ValueError),
        (lambda: NeuronGroup(2, "v : bool"), TypeError),
        (lambda: NeuronGroup(2, "v : 1", events={"a b": "v > 1"}), TypeError),
        (lambda: NeuronGroup(2, "v : 1", threshold="v > 1", events={"spike": "v > 1"}), ValueError),
        (lambda: NeuronGroup(2, "v : 1", namespace={"_a": 1}), ValueError),
        (lambda: NeuronGroup(2, "v : 1", dt=1), DimensionMismatchError),
        (lambda: NeuronGroup(2, "v : 1\nw = v : 1 (shared)"), SyntaxError),
        (lambda: NeuronGroup(2, "v : 1").run_on_event("e", "v = 0"), ValueError),
        (lambda: NeuronGroup(2, "v : 1").set_event_schedule("e"), ValueError),
        (lambda: NeuronGroup(2, "v : 1").run_regularly(3), TypeError),
    ],
)
def test_mistakes_in_the_arguments_of_groups(make, error):
    with pytest.raises(error):
        make()


def test_messages_point_at_the_place():
    with pytest.raises(BrianObjectException) as info:
        NeuronGroup(2, "dv/dt = (1 - v)/ta : 1").prepare({"tau": 3 * ms})
    assert 'The identifier "ta" could not be resolved. Did you mean "tau"' in str(info.value)
    assert "    (1 - v)/ta\n            ^^" in str(info.value)
    group = NeuronGroup(2, "v : volt", threshold="v > 20", reset="")
    with pytest.raises(BrianObjectException) as info:
        group.thresholder["spike"].prepare({})
    assert "    v > 20\n    ^^^^^^" in str(info.value)


def test_what_could_not_be_made_is_not_said_to_be_unused(monkeypatch):
    remarks = []
    gc.collect()
    monkeypatch.setattr(BrianLogger, "remark_in_passing", lambda self, message, name_suffix: remarks.append(message))
    group = NeuronGroup(1, "v : 1")
    for broken in (
        lambda: StateMonitor(group, "V", record=True),
        lambda: NeuronGroup(1, "v : foo"),
        lambda: NeuronGroup(1, "v : 1", threshold=3),
        lambda: Synapses(group, group, "v_pre : 1"),
    ):
        with pytest.raises((KeyError, TypeError, ValueError, EquationError)):
            broken()
    gc.collect()
    assert remarks == []
    NeuronGroup(1, "v : 1")
    gc.collect()
    assert len(remarks) == 1
