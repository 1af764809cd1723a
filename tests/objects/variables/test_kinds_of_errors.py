"""Errors that scripts may catch under several names, and messages that say the way to a fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    DimensionMismatchError,
    Hz,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    TimedArray,
    amp,
    ms,
    mV,
    volt,
)
from ranvier.equations import EquationError
from ranvier.session.logger import catch_logs


@pytest.mark.parametrize("text", ["ta(t, i)*amp", "ta()*amp", "clip(1, 2)*amp", "rand(3)*amp", "ta*amp", "exp*amp"])
def test_wrong_numbers_of_arguments(text: str) -> None:
    namespace = {"ta": TimedArray([1, 2], dt=1 * ms), "amp": amp}
    group = NeuronGroup(2, "I : amp")
    kinds = (ValueError, TypeError if text in ("ta*amp", "exp*amp") else SyntaxError)
    for kind in kinds:
        with pytest.raises(kind):
            group.I.set_item(slice(None), text, namespace=namespace)


@pytest.mark.parametrize("power", [lambda g: 2**g.u, lambda g: g.w**g.u])
def test_units_in_exponents(power: Callable[[Any], object]) -> None:
    group = NeuronGroup(2, "u : volt\nw : 1")
    group.u = 1 * mV
    for kind in (TypeError, DimensionMismatchError):
        with pytest.raises(kind, match="exponent"):
            power(group)
    with pytest.raises(DimensionMismatchError, match="exponent") as raised:  # quantities alone
        2 ** (3 * mV)
    assert not isinstance(raised.value, TypeError)


@pytest.mark.parametrize("refractory", ["3*Hz", "w", "u", "3"])
def test_texts_that_are_no_refractory_period(refractory: str) -> None:
    group = NeuronGroup(2, "u : volt\nw : Hz", threshold="True", reset="", refractory=refractory)
    with pytest.raises(BrianObjectException) as caught:
        Network(group).run(0.1 * ms, namespace={"Hz": Hz})
    assert isinstance(caught.value.__cause__, TypeError)


@pytest.mark.parametrize("index", [object(), 1.5, np.float64(1), {1, 2}, 1j, 3 * mV, (0, 0, 0, 0)])
def test_what_chooses_no_synapses(index: object) -> None:
    group = NeuronGroup(3, "x : 1")
    synapses = Synapses(group, group, "w : 1")
    synapses.connect(j="i")
    with pytest.raises(IndexError):
        synapses.w[index]
    assert synapses.w[...].shape == (3,) and synapses.w[[]].shape == (0,)


def test_dependencies_say_the_way() -> None:
    group = NeuronGroup(2, "m : volt", threshold="m > 1*mV", reset="")
    model = "dp/dt = -p/ms : 1 (clock-driven)\nr = p : 1\nr2 = r : 1\ndq/dt = (r2 - q)/ms : 1 (event-driven)"
    with pytest.raises(EquationError, match=r"'q' should not depend on .* 'p' \(via 'r2', 'r'\)\.$"):
        Synapses(group, group, model, on_pre="p += 1")
    model = "dp/dt = -p/ms : volt (event-driven)\nr = p : volt\nm_post = r : 1 (summed)"
    with pytest.raises(EquationError, match=r"'m_post' should not depend on .* 'p' \(via 'r'\)\.$"):
        Synapses(group, group, model, on_pre="p += 1*mV")


@pytest.mark.parametrize("in_code", [True, False])
def test_where_lastupdate_comes_from(in_code: bool) -> None:
    group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="")
    model, code = ("w : 1", "w = t/ms - lastupdate/ms") if in_code else ("w = (t - lastupdate)/ms : 1", "v += w")
    synapses = Synapses(group, group, model, on_pre=code)
    synapses.connect()
    with pytest.raises(BrianObjectException) as caught:
        Network(group, synapses).run(0.1 * ms)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "lastupdate : second" in str(caught.value) and "lastupdate = t" in str(caught.value)


def ambiguous(act: Callable[[], object]) -> list[str]:
    with catch_logs() as caught:
        act()
    assert all(name.endswith("ambiguous_string_expression") for _, name, _ in caught)
    return [text.split("'")[1] for _, _, text in caught]


def test_texts_for_elements_that_a_group_gives() -> None:
    group = NeuronGroup(6, "v : 1")
    part = group[2:5]
    assert ambiguous(lambda: group.v.__setitem__(part, "i + N + v")) == ["N", "i"]
    assert group.v[:].tolist() == [0, 0, 8, 9, 10, 0]
    assert ambiguous(lambda: group.v.__setitem__(part, 7)) == []
    for index in (slice(2, 5), [2, 3], "i > 2"):
        assert ambiguous(lambda index=index: group.v.__setitem__(index, "i + N")) == []
    assert ambiguous(lambda: setattr(part, "v", "i")) == []
    synapses = Synapses(group, group, "w : 1\nk : integer")
    synapses.connect()
    text = "i + j + N + N_pre + N_post + w + v_pre + v_post + v + k"
    assert ambiguous(lambda: synapses.w.__setitem__((part, part), text)) == ["N", "N_post", "N_pre", "i"]


def test_units_with_powers_of_powers() -> None:
    assert NeuronGroup(1, "v : volt**2**3").v.dim is (volt**8).dim


def test_suggestions_for_slips() -> None:
    group = NeuronGroup(1, "v : volt\nE_L : volt")
    with pytest.raises(AttributeError, match='Did you mean "v"'):
        group.vm = 5 * mV
    with pytest.raises(AttributeError, match='Did you mean "v"'):
        group.V  # noqa: B018
    for text, meant in (("El", "E_L"), ("VOLT*1", "volt"), ("Exp(1)*volt", "exp"), ("v_post", None)):
        with pytest.raises(KeyError) as caught:
            group.v.set_item(slice(None), text, namespace={"volt": volt})
        assert meant is None or f'Did you mean "{meant}"' in str(caught.value)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("max(x, 0)", "clip"),
        ("where(x > 0, 1, 0)", "int(condition)"),
        ("uniform()", "rand()"),
        ("np.exp(x)", "'exp' without"),
    ],
)
def test_functions_that_people_know_from_elsewhere(text: str, advice: str) -> None:
    group = NeuronGroup(1, "x : 1")
    with pytest.raises((KeyError, SyntaxError), match=r"could not be resolved|dot") as caught:
        group.x.set_item(slice(None), text, namespace={"max": np.max, "where": np.where})
    assert advice in str(caught.value)


def test_functions_of_the_script_need_their_units() -> None:
    def relu(x: float) -> float:
        return max(x, 0)

    group = NeuronGroup(1, "x : 1")
    with pytest.raises(KeyError, match="put @check_units"):
        group.x.set_item(slice(None), "relu(1)", namespace={"relu": relu})


def test_a_call_of_noise_says_that_it_is_noise() -> None:
    group = NeuronGroup(1, "dv/dt = xi_in(t)/ms : 1", method="euler")
    with pytest.raises(BrianObjectException, match="begin with 'xi_' are noise"):
        Network(group).run(0.1 * ms, namespace={"xi_in": TimedArray([1.0], dt=1 * ms)})


def test_numbers_that_are_no_integers_of_64_bit() -> None:
    group = NeuronGroup(2, "k : integer\nx : 1")
    with pytest.raises(TypeError, match="float"):
        group.x.set_item(slice(None), "a + x", namespace={"a": 2**70})
    for text, kind in (("k = 3e10", OverflowError), ("k = 2*big", OverflowError), ("k = inf - inf", ValueError)):
        broken = NeuronGroup(2, "k : integer", threshold="True", reset=text)
        with pytest.raises(BrianObjectException, match="'k' of") as caught:
            Network(broken).run(0.1 * ms, namespace={"big": 2**31})
        assert isinstance(caught.value.__cause__, kind)


def test_remainders_of_large_quotients_are_those_of_numpy() -> None:
    a = np.array([1e20, -1e20, -5.0, 5.0, -1e-20, 1e18, 0.5, -0.0, 7.5, 1e25])
    b = np.array([3.0, 3.0, 1e20, 1e20, 3.0, -7.0, 0.001, 2.0, -2.0, 0.3])
    group = NeuronGroup(a.size, "a : 1\nb : 1\nc : 1\nd : 1")
    group.a, group.b = a, b
    group.run_regularly("c = a % b; d = 1e20 % 3")
    Network(group).run(0.1 * ms)
    assert group.c[:].tolist() == np.remainder(a, b).tolist()
    assert group.d[0] == 1e20 % 3


def test_the_period_of_a_source_can_be_read() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms, period=5 * ms)
    target = NeuronGroup(1, "y : second")
    synapses = Synapses(source, target, "", on_pre="y = period_pre")
    synapses.connect()
    assert synapses.period_pre == 5 * ms
    Network(source, target, synapses).run(2 * ms)
    assert target.y[0] == 5 * ms
