"""Functions of a script that code calls during a run: how they are called, and what is said when they fail."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from ranvier import (
    DEFAULT_FUNCTIONS,
    BrianObjectException,
    DimensionMismatchError,
    Function,
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    check_units,
    implementation,
    ms,
    second,
    seed,
    volt,
)
from ranvier.actions import actions as act
from ranvier.actions.executors import EXECUTORS
from ranvier.utils.logger import catch_logs


@check_units(x=1, result=1)
def too_many(x: Any) -> Any:
    return np.zeros(7)


@check_units(x=1, result=1)
def nothing(x: Any) -> Any:
    pass


@check_units(x=1, result=1)
def failing(x: Any) -> Any:
    raise ValueError("out of paper")


@check_units(x=1, result=1)
def with_unit(x: Any) -> Any:
    return x * volt


def group(function: Callable[..., Any], **kwds: Any) -> NeuronGroup:
    model = "dv/dt = (f(v) - v)/(10*ms) : 1"
    return NeuronGroup(3, model, method="euler", namespace={"f": function}, name="cells", **kwds)


@pytest.mark.parametrize(
    ("function", "cause", "text"),
    [
        (too_many, ValueError, "The function 'f' returned values of shape (7,)"),
        (nothing, TypeError, "The function 'nothing' returned None"),
        (failing, ValueError, "out of paper"),
        (with_unit, DimensionMismatchError, "expected to have unit 1"),
    ],
)
def test_the_error_of_a_function_names_it_and_the_object(
    function: Callable[..., Any], cause: type[Exception], text: str
) -> None:
    cells = group(function)
    with pytest.raises(BrianObjectException, match="object named 'cells_stateupdater'") as caught:
        Network(cells).run(1 * ms)
    assert type(caught.value.__cause__) is cause
    assert text in str(caught.value)
    assert "'f'" in str(caught.value)


def test_a_function_that_raises_in_code_of_synapses_names_the_pathway() -> None:
    source = NeuronGroup(2, "v : 1", threshold="True", name="source")
    synapses = Synapses(source, source, on_pre="v_post += f(v_pre)", namespace={"f": failing}, name="links")
    synapses.connect()
    with pytest.raises(BrianObjectException, match="object named 'links_pre'"):
        Network(source, synapses).run(1 * ms)


def test_a_function_is_called_once_a_step_with_the_values_of_all_neurons() -> None:
    shapes: list[tuple[int, ...]] = []

    @check_units(x=1, result=1)
    def seen(x: Any) -> Any:
        shapes.append(np.shape(x))
        return x

    Network(group(seen)).run(0.3 * ms)
    assert shapes == [(3,)] * 3


def test_a_condition_may_be_a_function_that_tells_true_or_false() -> None:
    @check_units(x=1, result=bool)
    def high(x: Any) -> Any:
        return x > 0.5

    @check_units(t=second, result=bool)
    def late(t: Any) -> Any:
        return t > 0.15 * ms

    cells = NeuronGroup(3, "v : 1", threshold="high(v) and late(t)", namespace={"high": high, "late": late})
    cells.v = [0, 1, 2]
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(0.3 * ms)
    assert list(spikes.i) == [1, 2]
    with pytest.raises(TypeError, match="expected to be a boolean"):
        check_units(x=1, result=bool)(lambda x: x)(1.0)


def test_built_in_functions_under_other_names_are_the_built_in_ones(monkeypatch: pytest.MonkeyPatch):
    """Compiled, not called: they draw the same numbers, and a step costs no call of Python."""

    def refused(action: act.MapCode) -> None:
        raise AssertionError(f"Python computes {action.label}.")

    monkeypatch.setitem(cast("dict[Any, Any]", EXECUTORS), act.MapCode, refused)
    names = {"H": DEFAULT_FUNCTIONS["int"], "R": DEFAULT_FUNCTIONS["rand"], "C": DEFAULT_FUNCTIONS["clip"]}
    texts = ("x = H(v > 1)*C(v, 0, 1.5) + R()", "x = int(v > 1)*clip(v, 0, 1.5) + rand()")
    results: list[Any] = []
    for text in texts:
        seed(3)
        cells = NeuronGroup(4, "dv/dt = -v*H(v > 1)/(10*ms) : 1\nx : 1", method="euler", namespace=names, name="cells")
        cells.v = [0.5, 1, 1.5, 2]
        cells.run_regularly(text, name="often")
        Network(cells, name="all").run(0.3 * ms)
        results.append(np.concatenate([cells.v[:], cells.x[:]]))
    np.testing.assert_array_equal(*results)
    np.testing.assert_allclose(results[0][:4], [0.5, 1, 1.5 * 0.99**3, 2 * 0.99**3])


def test_classes_of_functions_show_what_each_of_them_begins_with() -> None:
    from ranvier import BinomialFunction, TimedArray

    assert len(TimedArray.implementations) == len(BinomialFunction.implementations) == 0
    assert isinstance(TimedArray.name, property) and isinstance(BinomialFunction.id, property)
    first, second = BinomialFunction(3, 0.5), BinomialFunction(3, 0.5)
    assert first.name != second.name and first.name.startswith("_binomial") and first.id != second.id
    assert BinomialFunction(3, 0.5, name="chance").name == "chance"
    assert list(first.implementations) == ["numpy"]


@implementation("cython", "cdef double f(double x, double y):\n    return y if x > 0 else -1")
@check_units(x=volt, y=1, result=second)
def with_if(x: Any, y: Any) -> Any:
    if x > 0 * volt:
        return y * second
    return -1 * second


@implementation("cython", "cdef double f(double x, double y):\n    return y if x > 0 else -1")
@check_units(x=volt, y=1, result=second)
def with_math(x: Any, y: Any) -> Any:
    return math.copysign(y if x > 0 * volt else 1.0, float(x)) * second


@pytest.mark.parametrize("function", [with_if, with_math])
def test_a_function_for_single_values_is_called_for_each_element(function: Function) -> None:
    """Brian calls the Cython code; there is none here, and no C++."""
    cells = NeuronGroup(4, "v : volt\nz : second\nw = f(v, i) : second", namespace={"f": function})
    cells.run_regularly("z = f(v, 2*i)")
    cells.v = "(i - 1.5)*volt"
    with catch_logs() as logs:
        Network(cells).run(0.1 * ms)
    np.testing.assert_array_equal(cells.z_[:], [-1, -1, 4, 6])
    np.testing.assert_array_equal(cells.w_[:], [-1, -1, 2, 3])
    assert cells.w[1] == -1 * second and list(cells.w_[1:3]) == [-1, 2]
    (text,) = [text for _, _, text in logs]
    assert f"The Python function '{function.label}' takes one value at a time" in text


def test_a_function_for_single_values_without_other_code_gets_advice() -> None:
    @check_units(x=1, result=1)
    def step(x: Any) -> Any:
        return 1 if x > 0 else 0

    with pytest.raises(BrianObjectException, match="use clip\\(\\), int\\(condition\\)\\*value or numpy's where"):
        Network(group(step)).run(0.1 * ms)
