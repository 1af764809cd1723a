"""Measures of sweeps that are texts: what their names mean, what they give of nothing; mistakes in all arguments."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ranvier import (
    Hz,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    ms,
    mV,
)

FORMS = ("lanes", "turns", "one after another")


def built(threshold="v > 10*mV"):
    cells = NeuronGroup(3, "dv/dt = (drive - v)/(5*ms) : volt", threshold=threshold, reset="v = 0*mV", method="exact",
                        name="cells")  # fmt: skip
    spikes, rate = SpikeMonitor(cells, name="spikes"), PopulationRateMonitor(cells, name="rate")
    return Network(cells, spikes, rate, StateMonitor(cells, "v", record=True, name="mean"))


@pytest.mark.parametrize("form", FORMS)
def test_monitors_that_are_called_as_functions_are(form):
    texts = ["mean(rate.rate)", "rate(spikes)", "max(mean.v)", "mean.v[0, -1]", "mean(mean.v[1])"]
    found = built().sweep(20 * ms, {"drive": [5, 20] * mV}, measure=texts, form=form, namespace={})
    assert not found.failures and found["mean(rate.rate)"][0] == 0 * Hz
    assert np.allclose(found["mean(rate.rate)"] / Hz, found["rate(spikes)"] / Hz)
    assert found["mean.v[0, -1]"][0] > 4 * mV


@pytest.mark.parametrize("form", FORMS)
def test_of_nothing(form):
    """Reductions of no values are NaN with a unit, and sums zero: no warnings of numpy, no failures."""
    texts = ["mean(spikes.t)", "min(spikes.t)", "median(spikes.t)", "sum(spikes.t)", "std(spikes.i)", "first(spikes)"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = built("v > 1*volt").sweep(5 * ms, {"drive": [5, 20] * mV}, measure=texts, form=form, namespace={})
        none = built().sweep(0 * ms, {"drive": [5, 20] * mV}, measure=["mean(mean.v)", "max(rate.rate)"], namespace={})
    assert not found.failures and (found["sum(spikes.t)"] == 0 * ms).all()
    for text in ("mean(spikes.t)", "min(spikes.t)", "median(spikes.t)", "first(spikes)"):
        assert np.isnan(found[text] / ms).all()
    assert np.isnan(none["mean(mean.v)"] / mV).all() and np.isnan(none["max(rate.rate)"] / Hz).all()


def test_functions_of_the_script():
    wave = TimedArray([1, 2] * mV, dt=1 * ms)
    names = {"wave": wave, "twice": lambda values: 2 * values}
    over = {"drive": [5, 8] * mV}
    found = built().sweep(
        1 * ms, over, measure=["wave(1.5*ms)", "twice(max(cells.v))", "max(cells.v)"], namespace=names
    )
    assert (found["wave(1.5*ms)"] == 2 * mV).all()
    assert (found["twice(max(cells.v))"] == 2 * found["max(cells.v)"]).all()


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("mean()", TypeError, r"^'mean' takes 1 argument, as 'mean\(cells.v\)', in the measure 'mean\(\)'\.$"),
        ("mean(v, 1)", TypeError, "'mean' takes 1 argument"),
        ("clip(v)", TypeError, "'clip' takes 3 arguments, as 'clip"),
        ("first()", TypeError, r"as 'first\(spikes\)'"),
        ("last(spikes)", KeyError, "There is no function 'last'.*There are mean, std"),
        ("meen(v)", KeyError, "Did you mean 'mean'|Did you mean \"mean\""),
        ("n", KeyError, "'n' means nothing in the measure 'n'"),
        ("median", KeyError, r"'median' is a function, 'median\(cells.v\)'"),
        ("cells.v[7]", IndexError, "The measure 'cells.v.7.': index 7 is out of bounds"),
        ("count(cells)", TypeError, "not 'cells', which is a NeuronGroup"),
        ("count(spikes.t)", TypeError, "not an array"),
        ("rate(rate)", TypeError, "not 'rate', which is a PopulationRateMonitor"),
        ("rate.rates", KeyError, "has no variable .*rates"),
    ],
)
def test_mistakes(text, kind, message):
    with pytest.raises(kind, match=message) as caught:
        built().sweep(5 * ms, {"drive": [5, 20] * mV}, measure=text, namespace={})
    assert "_" not in str(caught.value), "no inner names"


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"over": {"mu": [1, 2]}}, KeyError, "'mu' in over is no name.*They use drive"),
        ({"over": {"N": [1, 2]}}, KeyError, r"sweep\(function, over=\{'N'"),
        ({"over": {"cells.N": [1, 2]}}, TypeError, r"read-only.*sweep\(function, over=\{'N'"),
        ({"over": {"xi": [1, 2]}}, KeyError, "'xi' in over is noise"),
        ({"over": {"cells[:2].v": [1, 2]}}, KeyError, r"give the variable itself, as in \{cells\[:10\].v"),
        ({"over": {"drive": np.ones((2, 2)) * mV}}, TypeError, "'drive' of set 0 has to be a number, not "),
        ({"over": {"drive": [1, 2j]}}, TypeError, "'drive' of set 1 has to be a number, not 2j"),
        ({"over": {"duration": [1, -1] * ms}}, ValueError, "'duration' of set 1 has to be zero or more"),
        ({"start": [1]}, TypeError, "start takes initial values by variable"),
        ({"keep": True}, TypeError, r"keep takes monitors of the network, \[spikes, states\], not True"),
        ({"measure": {"rate": lambda network, values, more: 1}}, TypeError, "needs 3 arguments"),
        ({"over": {"drive": [1] * mV}, "out": ""}, ValueError, "out='' names no directory"),
        ({"measure": "cells.v", "over": {"cells.v": [1, 2] * mV}}, ValueError, "another name: measure={'v_end': ...}"),
    ],
)
def test_mistakes_in_other_arguments(arguments, kind, message):
    with pytest.raises(kind, match=message):
        built().sweep(5 * ms, **{"over": {"drive": [5, 20] * mV}, "namespace": {"drive": 1 * mV}, **arguments})


def test_objects_are_no_values():
    network = built()
    found = network.sweep(5 * ms, {"drive": [5] * mV}, measure={"a": lambda: network["spikes"]}, namespace={})
    assert "A measure is a value; 'spikes' is a SpikeMonitor. Its table is kept by keep=[spikes]" in str(found.failures)


def test_arrays_and_lazy_tables_of_other_libraries():
    arrays = pa.chunked_array([[5.0, 20.0], [8.0]]), pl.Series([5.0, 20.0, 8.0]), pd.Series([5.0, 20.0, 8.0])
    cells = NeuronGroup(1, "dv/dt = (drive - v)/(5*ms) : 1", threshold="v > 10", reset="v = 0", method="exact")
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    tables = [{"drive": each} for each in arrays] + [pl.LazyFrame({"drive": [5.0, 20.0, 8.0]})]
    found = [network.sweep(9 * ms, each, measure="count(spikes)", namespace={})["count(spikes)"] for each in tables]
    assert all(each.tolist() == found[0].tolist() == [0, 2, 0] for each in found)
