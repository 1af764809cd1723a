"""What messages say to do, where the mistake is not one that ends a script."""

from __future__ import annotations

import pickle

import pytest

from ranvier import (
    BrianObjectException,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    volt,
)
from ranvier.equations import EquationError
from ranvier.utils.logger import catch_logs

DEBUG, INFO, WARNING = 10, 20, 30


def cells(**kwds: object) -> NeuronGroup:
    return NeuronGroup(3, "v : 1\nw = 2*v : 1", threshold="v > 1", reset="v = 0", **kwds)


def said(topic: str, caught: list[tuple[str, str, str]]) -> list[str]:
    return [text for _, name, text in caught if name.endswith(topic)]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("N", "make it anew"),
        ("dt", "defaultclock.dt = "),
        ("t", "run(...)"),
        ("w", "computed as '2*v'"),
        ("i", "only."),
    ],
)
def test_what_cannot_be_set_says_what_can(name: str, advice: str) -> None:
    group = cells()
    with pytest.raises(TypeError) as error:
        setattr(group, name, 20)
    assert advice in str(error.value)
    with pytest.raises(TypeError) as again:
        group.set_states({name: 20}, units=False)
    assert str(again.value) == str(error.value)


def test_a_threshold_alone_says_how_to_say_that_it_is_meant() -> None:
    with catch_logs() as caught:
        NeuronGroup(1, "v : 1", threshold="v > 1")
    assert "reset=''" in said("only_threshold", caught)[0]


def test_another_step_of_the_source_rounds_delays() -> None:
    source, target = cells(dt=0.2 * ms), NeuronGroup(1, "x : 1")
    synapses = Synapses(source, target, on_pre="x_post += 1", dt=0.1 * ms)
    synapses.connect()
    with catch_logs() as caught:
        Network(source, target, synapses).run(0.2 * ms)
    assert "Delays are rounded to whole steps of 200. us" in said("dt_mismatch", caught)[0]


def test_percents_are_no_probability() -> None:
    group = cells()
    synapses = Synapses(group, group)
    with catch_logs() as caught:
        synapses.connect(p=10)
        synapses.connect(p=1.0)
    assert said("connect_probability", caught) == [
        f"connect(p=10) of '{synapses.name}' connects all pairs: p is a probability, from 0 to 1. For 10 percent write "
        "p=0.1."
    ]


@pytest.mark.parametrize("text", ["2(v)/ms", "(v + 1)(v)/ms", "v*sin(v)(2)/ms"])
def test_a_missing_times_sign(text: str) -> None:
    with pytest.raises(EquationError, match=r"'\*' is missing"):
        NeuronGroup(1, f"dv/dt = {text} : 1")


@pytest.mark.parametrize(
    ("right", "advice"),
    [
        ("sigma*xi", "divide"),
        ("(-v + sigma*xi)/tau", "multiply"),
        ("-v/tau + sigma*xi", "divide"),
        ("sigma/tau/ms", ""),
    ],
)
def test_noise_says_which_square_root_is_missing(right: str, advice: str) -> None:
    group = NeuronGroup(1, f"dv/dt = {right} : volt", namespace={"sigma": 1 * volt, "tau": 1 * ms}, method="euler")
    with pytest.raises(BrianObjectException) as error:
        Network(group).run(defaultclock.dt)
    assert isinstance(error.value.__cause__, DimensionMismatchError)
    hint = "by the square root of a time" in str(error.value)
    assert hint == bool(advice) and (not advice or f"{advice} the term" in str(error.value))
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


def test_values_that_are_no_numbers_name_the_parameter_that_is_zero() -> None:
    group = NeuronGroup(2, "dv/dt = -v/tau + 1/ms : 1\ntau : second", method="euler")
    with catch_logs() as caught:
        Network(group).run(0.3 * ms)
    text = said("invalid_values", caught)[0]
    assert "'v' is divided by 'tau', which is 0" in text and "check_values=True" in text


def test_monitors_that_nothing_was_recorded_by_say_so_once() -> None:
    group = cells()
    states, spikes, rate = StateMonitor(group, "v", record=True), SpikeMonitor(group), PopulationRateMonitor(group)
    with catch_logs(INFO) as caught:
        assert states.v.size == len(states.t) == len(spikes.t) == len(rate.rate) == 0
        assert list(spikes.count) == [0, 0, 0]
    assert [text.partition(" ")[0] for text in said("not_run", caught)] == [
        f"'{monitor.name}'" for monitor in (states, spikes, rate)
    ]
    Network(group, states, spikes, rate).run(0.1 * ms)
    with catch_logs(INFO) as caught:
        assert len(spikes.t) == 0 and states.v.size == 3
    assert not said("not_run", caught)


def test_synapses_without_effect_say_so() -> None:
    group = cells()
    idle, busy = Synapses(group, group), Synapses(group, group, "u : 1")
    for synapses in (idle, busy):
        synapses.connect()
    busy.run_regularly("u = 1")
    with catch_logs(INFO) as caught:
        Network(group, idle, busy).run(0.1 * ms)
    assert [text.partition(" ")[0] for text in said("no_effect", caught)] == [f"'{idle.name}'"]
