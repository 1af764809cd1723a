"""Sweeps over parameters: `Network.sweep`, and `sweep` of a function."""

import concurrent.futures
import multiprocessing
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ranvier import (
    DimensionMismatchError,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    metre,
    ms,
    mV,
    prefs,
    second,
    seed,
    siemens,
    stages,
    sweep,
    volt,
)
from ranvier.objects.networks.sweeps.columns import unit_of
from ranvier.objects.networks.sweeps.measures import variation
from ranvier.objects.networks.sweeps.progress import Reporter
from ranvier.session.logger import catch_logs

FORK = multiprocessing.get_context("fork")


class Model:
    """A small network with noise, random input and synapses."""

    def __init__(self, n=8):
        self.input = PoissonGroup(n, 200 * Hz, name="input")
        self.cells = NeuronGroup(
            n,
            "dv/dt = (mu - v)/tau + sigma*xi*tau**-0.5 : volt\nw : 1",
            threshold="v > 20*mV",
            reset="v = 0*mV",
            refractory=1 * ms,
            method="euler",
            name="cells",
        )
        self.synapses = Synapses(self.input, self.cells, on_pre="v += w_post*J", delay=0.5 * ms, name="synapses")
        self.synapses.connect(j="i")
        self.cells.w = 1
        self.spikes = SpikeMonitor(self.cells, name="spikes")
        self.states = StateMonitor(self.cells, "v", record=[0, 3], dt=1 * ms, name="states")
        self.network = Network(self.input, self.cells, self.synapses, self.spikes, self.states)
        self.names = {"mu": 15 * mV, "tau": 10 * ms, "sigma": 2 * mV, "J": 3 * mV}

    def sweep(self, over, duration=20 * ms, **kwds):
        return self.network.sweep(duration, over, namespace=self.names, **kwds)

    def alone(self, values, duration=20 * ms, start=None):
        """What the network alone gives, from the state `begin`; then it is as it was before."""
        self.network.store("here")
        seed(values["seed"])
        names = {**self.names, **{name: value for name, value in values.items() if "." not in name}}
        for name, value in values.items():
            if "." in name:
                setattr(self.cells, name.partition(".")[2], value)
        for name, value in (start or {}).items():
            getattr(self.cells, name).set_item(slice(None), value, namespace=names)
        self.network.run(values.get("duration", duration), namespace=names)
        found = np.array(self.spikes.i), np.array(self.spikes.t), np.array(self.states.v), np.array(self.cells.v)
        self.network.restore("here")
        return found


@pytest.fixture
def model():
    return Model()


def same(found, result):
    i, t, v, end = found
    assert np.array_equal(result.spikes.i, i) and np.array_equal(result.spikes.t, t)
    assert np.array_equal(np.asarray(result.states.v).reshape(-1, 2), v.T)
    assert np.array_equal(result.v_end, end)


@pytest.mark.parametrize("workers", [None, 2, "executor"])
def test_a_set_gives_what_the_network_alone_gives(model, workers):
    over = {"mu": [15, 25] * mV, "cells.w": [0.5, 2.0], "seed": [1, 7]}
    executor = concurrent.futures.ProcessPoolExecutor(2, mp_context=FORK) if workers == "executor" else None
    result = model.sweep(
        over,
        start={model.cells.v: "rand()*mu"},
        keep=["spikes", model.states],
        measure={"v_end": "cells.v"},
        workers=executor or workers,
    )
    if executor is not None:
        executor.shutdown()
    assert len(result) == 8 and not result.failures
    for k in (0, 3, 6):
        values = result[k].parameters
        assert values["mu"] == [15, 25][k // 4] * mV and values["cells.w"] == [0.5, 2.0][k // 2 % 2]
        assert values["seed"] == [1, 7][k % 2]
        same(model.alone(values, start={"v": "rand()*mu"}), result[k])


def test_it_begins_from_the_present_state_and_leaves_it(model):
    seed(3)
    model.network.run(5 * ms, namespace=model.names)
    before = model.network.get_states(units=False)
    result = model.sweep({"mu": [10, 25] * mV}, keep=[model.spikes, model.states], measure={"v_end": "cells.v"})
    after = model.network.get_states(units=False)
    assert model.network.t == 5 * ms
    for name, states in before.items():
        assert all(np.array_equal(states[each], after[name][each]) for each in states), name
    assert result[1].spikes.t.min() >= 5 * ms and len(result[1].states.t) == 2 * 20
    _, t, _, end = model.alone(result[1].parameters)
    assert np.array_equal(result[1].v_end, end) and np.array_equal(result[1].spikes.t, t[t >= 0.005])


def test_the_script_goes_on_as_if_there_had_been_no_sweep():
    drawn = []
    for swept in (False, True):
        seed(5)
        model = Model()
        if swept:
            model.sweep({"mu": [10, 25] * mV, "seed": [1]})
        model.network.run(10 * ms, namespace=model.names)
        drawn.append((np.array(model.cells.v), np.random.rand()))
    assert np.array_equal(drawn[0][0], drawn[1][0]) and drawn[0][1] == drawn[1][1]


def test_each_set_has_a_seed_of_its_own_that_follows_from_that_of_the_script():
    def values():
        seed(4)
        result = Model().sweep({"mu": [20, 20] * mV}, measure={"v": "mean(v)"})
        return [(each.parameters["seed"], each.v) for each in result]

    first, again = values(), values()
    assert first == again and first[0] != first[1]


def test_nothing_is_compiled_twice(model, monkeypatch):
    plans = set()
    compile_plan = stages.compile_plan

    def noted(plan, *args):
        plans.add(plan.key)
        return compile_plan(plan, *args)

    monkeypatch.setattr("ranvier.objects.networks.network.compile_plan", noted)
    over = {"mu": [15, 0, 15, -3] * mV, "tau": [10, 11, 12, 13] * ms, "cells.w": [1, 2.5, 0, 3], "J": [0, 1, 2, 3] * mV}
    over |= {"dt": [0.1, 0.2, 0.05, 0.1] * ms, "duration": [4, 5, 6, 7] * ms}
    model.sweep(over, zip=True, setup=lambda network, values: None)
    assert len(plans) == 1


def test_dt_and_duration(model):
    dt = defaultclock.dt
    over = {"dt": [0.1, 0.05] * ms, "duration": [4, 8] * ms}
    result = model.sweep(over, measure={"end": lambda network: network.t, "step": "mean(cells.dt)"})
    assert [each.end for each in result] == [4 * ms, 8 * ms, 4 * ms, 8 * ms]
    assert [each.step for each in result] == [0.1 * ms, 0.1 * ms, 0.05 * ms, 0.05 * ms]
    assert defaultclock.dt == dt and not result.failures


def test_names_that_a_group_has_itself():
    cells = NeuronGroup(2, "dv/dt = a/ms : 1", method="euler", namespace={"a": 1}, name="cells")
    result = Network(cells).sweep(1 * ms, {"a": [1, 2.0]}, measure={"v": "cells.v"})
    assert [round(float(each.v[0]), 6) for each in result] == [1, 2] and cells.namespace["a"] == 1


def test_tables_of_parameters():
    cells = NeuronGroup(2, "dv/dt = a/tau : 1", method="euler", name="cells")
    network = Network(cells)
    tables = [
        pd.DataFrame({"a": [1, 2], "tau [ms]": [1.0, 2.0]}),
        pl.DataFrame({"a": [1, 2], "tau [ms]": [1.0, 2.0]}),
        pa.table(
            {"a": [1, 2], "tau": [0.001, 0.002]},
            schema=pa.schema([("a", pa.int64()), pa.field("tau", pa.float64(), metadata={"unit": "s"})]),
        ),
    ]
    for table in tables:
        result = network.sweep(1 * ms, table, measure={"v": "mean(v)"})
        assert [each.parameters["tau"] for each in result] == [1 * ms, 2 * ms]
        assert [round(float(each.v), 6) for each in result] == [1, 1]


def test_variables_named_by_themselves(model):
    part, names = model.cells[2:4], {"end": "cells.w"}
    result = model.sweep({part.w: [3, [4, 5]], model.synapses.delay: [0, 1] * ms}, zip=True, measure=names)
    assert result[0].end.tolist() == [1, 1, 3, 3, 1, 1, 1, 1] and result[1].end.tolist()[2:4] == [4, 5]
    other = NeuronGroup(1, "w : 1", name="elsewhere")
    with pytest.raises(ValueError, match="'elsewhere' is not part of the network"):
        model.sweep({other.w: [1]})


def test_names_of_tables():
    cells = NeuronGroup(2, "dv/dt = a/ms : 1", threshold="v > 1", reset="v = 0", method="euler", name="cells")
    seen, other = SpikeMonitor(cells), SpikeMonitor(cells, name="named")
    result = Network(cells, seen, other).sweep(2 * ms, {"a": [3]}, keep=[seen, other])
    assert result.table("seen").num_rows == result.table("other").num_rows > 0
    assert result.table(seen.name) == result.table("seen") and "tables: seen, named" in repr(result)
    with pytest.raises(KeyError, match=r"No table .*sen"):
        result.table("sen")


def test_measures(model):
    model.names["spikes_here"] = model.spikes
    texts = {
        "count": "count(spikes_here)",
        "counts": "counts(spikes)",
        "rate": "rate(spikes)",
        "rates": "rates(spikes)",
        "first": "first(spikes)",
        "cv": "cv(spikes)",
        "mean": "mean(cells.v)",
        "scaled": "max(v)/mV + mu/mV",
        "recorded": "std(states.v)",
        "delay": "mean(synapses.delay)",
    }
    functions = {
        "f0": lambda: model.spikes.num_spikes,
        "f1": lambda network: network["spikes"].num_spikes,
        "f2": lambda network, values: values["mu"],
    }
    result = model.sweep({"mu": [25, 30] * mV}, 30 * ms, keep=[model.spikes], measure={**texts, **functions})
    assert not result.failures
    found = result[1]
    assert found.count == found.f0 == found.f1 == found.counts.sum() == len(found.spikes) > 20
    assert abs(found.rate - found.count / 8 / (30 * ms)) < 1e-9 * Hz and found.rates.shape == (8,)
    assert found.first == found.spikes.t.min() and found.f2 == 30 * mV and 0 < found.cv < 1
    assert found.recorded.dim is found.mean.dim is (1 * mV).dim and found.delay == 0.5 * ms
    table = result.to_arrow()
    assert table.schema.field("rate").metadata[b"unit"] == b"Hz" and table.num_rows == 2
    assert len(table["rates"][0]) == 8
    assert list(result.to_pandas()["count"]) == [each.count for each in result]
    assert result.to_polars()["mu"].to_list() == [0.025, 0.03]
    assert "25. mV" in result._repr_html_() and "2 sets" in repr(result)
    several = model.sweep({"mu": [25] * mV}, measure=lambda: {"a": 1, "b": 2 * mV})
    assert (several[0].a, several[0].b) == (1, 2 * mV)


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"over": {"taus": [1, 2] * ms}}, KeyError, "'taus' in over .* Did you mean .*tau"),
        ({"over": {"v": [1, 2] * mV}}, KeyError, "cells.v"),
        ({"over": {"cell.v": [1, 2] * mV}}, KeyError, "no object 'cell'.*\"cells\""),
        ({"over": {"cells.u": [1]}}, KeyError, "no variable 'u'"),
        ({"over": {"cells.i": [1]}}, TypeError, "read-only"),
        ({"over": {"cells.v": [1 * mV, 2 * ms]}}, DimensionMismatchError, "'cells.v' of set 1"),
        ({"over": {"seed": [1, 2], "mu": [1 * mV, 2 * ms]}}, DimensionMismatchError, "'mu' of set 1"),
        ({"over": {"cells.w": [1, [1, 2]]}}, ValueError, "'cells.w' of set 1 takes one value, or 8, but 2"),
        ({"over": {"cells.w": ["1", None]}}, TypeError, "'cells.w' of set 1"),
        ({"over": {"mu": [1 * mV, None]}}, TypeError, "'mu' of set 1 has to be a number, not None"),
        ({"over": {"mu": ["a"]}}, TypeError, "'mu' of set 0 has to be a number, not 'a'"),
        ({"form": 3}, TypeError, "form is one of 'lanes'.*not 3"),
        ({"form": "lane"}, ValueError, "not 'lane'.*Did you mean"),
        ({"over": {"seed": [1, -2]}}, ValueError, "'seed' of set 1"),
        ({"over": {"duration": [1 * ms, 2 * mV]}}, DimensionMismatchError, "'duration' of set 1"),
        ({"over": {"mu": [1, 2] * mV, "tau": [1, 2, 3] * ms}, "zip": True}, ValueError, "mu: 2, tau: 3"),
        ({"over": {}}, ValueError, "empty"),
        ({"over": 3}, TypeError, "dictionary"),
        ({"over": {"mu": "abc"}}, TypeError, "list"),
        ({"over": {"mu": [1 * second]}}, Exception, "unit"),
        ({"start": {"cells.x": 1}}, KeyError, "no variable 'x'"),
        ({"start": {"cells.v": 1}}, DimensionMismatchError, "start"),
        ({"keep": ["spike"]}, ValueError, "spikes"),
        ({"measure": {"a": "rate(spike)"}}, KeyError, "'spike' means nothing in the measure 'a'.*\"spikes\""),
        ({"measure": {"a": "mean(cells.u)"}}, KeyError, "'cells' has no variable 'u'"),
        ({"measure": {"a": "mean("}}, SyntaxError, "measure 'a'"),
        ({"measure": {"mu": "mean(v)"}}, ValueError, "mu"),
        ({"measure": {"a": "mean(i)"}}, KeyError, "several objects"),
        ({"workers": 0}, ValueError, "1 or more"),
        ({"workers": "many"}, TypeError, "workers"),
        ({"workers": concurrent.futures.ThreadPoolExecutor(1)}, TypeError, "Threads"),
        ({"report": "loud"}, ValueError, "report"),
    ],
)
def test_mistakes(model, arguments, kind, text):
    ran = []
    arguments = {"over": {"mu": [1, 2] * mV}, "setup": None, **arguments}
    if isinstance(arguments["over"], dict) and not {"taus", "v"} & arguments["over"].keys():
        arguments["setup"] = lambda *_: ran.append(1)
    with pytest.raises(kind) as error:
        model.sweep(**arguments)
    chain = f"{error.value.args[0]}{error.value.__cause__}"
    assert re.search(text, chain, re.DOTALL), chain
    assert len(ran) <= 1  # the first set is looked at


def test_monitors_that_write_to_files(model, tmp_path):
    model.spikes.stream_to(tmp_path / "spikes.arrows")
    with pytest.raises(ValueError, match=r"'spikes' writes to a file.*spikes\.close\(\)"):
        model.sweep({"mu": [1] * mV})


def fails_at(k, how):
    def setup(network, values):
        if values["mu"] == k * mV:
            how()

    return setup


def fail():
    raise ValueError("no such thing")


@pytest.mark.parametrize("workers", [None, 2])
def test_a_set_that_fails_is_a_failure_and_nothing_else_is_lost(model, workers):
    result = model.sweep(
        {"mu": range(5) * mV}, setup=fails_at(2, fail), measure=["mean(v)"], keep=[model.states], workers=workers
    )
    assert [(each.index, each.error) for each in result.failures] == [(2, "ValueError: no such thing")]
    assert result.to_arrow()["mean(v)"].is_valid().to_pylist() == [True, True, False, True, True]
    assert set(result.table("states")["instance"].to_pylist()) == {0, 1, 3, 4}
    assert "2. mV" in str(result.failures[0]) and "1 failed" in repr(result)
    with pytest.raises(AttributeError, match="no such thing"):
        result[2].states  # noqa: B018


def test_values_that_are_no_numbers():
    cells = NeuronGroup(2, "dv/dt = a*v/ms : 1", method="euler", name="cells")
    result = Network(cells).sweep(
        5 * ms, {"a": [1.0, float("inf")]}, start={cells.v: 1}, measure={"v": "cells.v"}, check_values=True
    )
    assert [each.index for each in result.failures] == [1] and "FloatingPointError" in result.failures[0].error


@pytest.mark.parametrize("workers", [None, 2])
def test_values_that_are_no_numbers_are_told_and_the_row_is_kept(tmp_path, workers):
    cells = NeuronGroup(2, "dv/dt = a*v/ms : 1", threshold="v > 1e9", reset="", method="euler", name="cells")
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    arguments = {"measure": ["count(spikes)", "cv(spikes)", "max(v)"], "start": {cells.v: 1}, "out": tmp_path / "sweep"}
    over = {"a": [1.0, 1e300, 2.0]}
    with catch_logs() as logs:
        result = network.sweep(9 * ms, over, keep=["spikes"], workers=workers, **arguments)
    assert not result.failures and [each.index for each in result.warnings] == [0, 1, 2]
    assert "'v' of 'cells' became" in result.warnings[1].error and "'max(v)' is NaN" in result.warnings[1].error
    assert result.warnings[0].error == "'cv(spikes)' is NaN or infinite."  # no intervals: nobody need be told
    told = [text for _, name, text in logs if name.endswith("sweep_values")]
    assert len(told) == 1 and "in 1 of 3 sets" in told[0] and "set 1 (a=1e+300" in told[0]
    frame = result.to_pandas()
    assert len(frame) == 3 and frame["warning"].str.contains("became").tolist() == [False, True, False]
    assert "3 with warnings" in repr(result) and result[1].warning == result.warnings[1].error
    again = network.sweep(9 * ms, over, keep=["spikes"], **arguments)
    assert [str(each) for each in again.warnings] == [str(each) for each in result.warnings]
    with pytest.raises(ValueError, match="cannot be called 'warning'"):
        network.sweep(1 * ms, over, measure={"warning": "mean(v)"})
    unsure = sweep(lambda a: {"x": float("nan"), "y": [[1], [2, 3]]}, over={"a": [1]})
    assert unsure.warnings[0].error == "'x' is NaN or infinite."


def test_a_worker_that_dies(model, tmp_path):
    def die():
        if not (tmp_path / "mended").exists():
            os.kill(os.getpid(), signal.SIGKILL)

    over, out = {"mu": range(6) * mV}, tmp_path / "sweep"
    arguments = {"measure": {"v": "mean(v)"}, "workers": 2, "out": out}
    result = model.sweep(over, setup=fails_at(3, die), **arguments)
    assert [each.index for each in result.failures] == [3] and "SIGKILL" in result.failures[0].error
    assert len(result.done) == 6
    (tmp_path / "mended").touch()
    result = model.sweep(over, setup=fails_at(3, die), **arguments)
    assert not result.failures and len(result.done) == 6


def test_a_second_call_does_what_is_missing(model, tmp_path):
    done = []

    def count():
        done.append(1)
        if len(done) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return len(done)

    over, out = {"mu": range(6) * mV}, tmp_path / "sweep"
    arguments = {"measure": {"v": "mean(v)", "n": count}, "keep": [model.spikes, model.states], "out": out}
    first = model.sweep(over, **arguments)
    assert first.was_stopped and first.done == [0, 1, 2] and "3 left" in repr(first)
    assert prefs["core.stop_on_keyboard_interrupt"]
    with pytest.raises(LookupError, match="not done"):
        first[4]
    seeds = [each.parameters["seed"] for each in first][:2]
    model.network.random.renew()  # as in another process
    second = model.sweep(over, **arguments)
    assert second.done == list(range(6)) and len(done) == 3 + 3
    assert [each.parameters["seed"] for each in second][:2] == seeds
    third = model.sweep(over, **arguments)
    assert len(done) == 6 and third[5].n == 6 and third[1].v == first[1].v and third[1].v.dim is mV.dim
    assert pq.read_table(out / "sets").num_rows == 6
    assert pq.read_table(out / "states").num_rows == third.table("states").num_rows == 6 * 2 * 20
    assert not list(out.rglob("*.tmp"))
    for change in ({"over": {"mu": range(7) * mV}}, {"keep": []}, {"duration": 5 * ms}, {"start": {"cells.w": 2}}):
        with pytest.raises(ValueError, match="another sweep, which differs in"):
            model.sweep(**{"over": over, **arguments, **change})
    model.names["tau"] = 11 * ms
    with pytest.raises(ValueError, match="names"):
        model.sweep(over, **arguments)


def test_a_directory_of_something_else(model, tmp_path):
    (tmp_path / "results.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="no directory of a sweep"):
        model.sweep({"mu": [1] * mV}, out=tmp_path)
    assert os.listdir(tmp_path) == ["results.txt"]


def test_values_of_several_kinds_are_one_column(model, tmp_path, monkeypatch):
    # each set has a part of its own
    monkeypatch.setattr("ranvier.objects.networks.sweeps.directory_store.MOST_IN_PART", 1)
    over = {"cells.v": ["rand()*mV", 1 * mV, [2] * 8 * mV], "cells.w": [1, [2] * 8, 3]}
    for out in (None, tmp_path / "sweep"):
        frame = model.sweep(over, zip=True, out=out, measure="mean(w)").to_pandas()
        assert frame["cells.v"].tolist()[:2] == ["rand()*mV", "0.001"] and frame["mean(w)"].tolist() == [1, 2, 3]
        assert [len(each) for each in frame["cells.w"]] == [1, 8, 1]


def test_parts_that_were_cut_short_are_removed(model, tmp_path):
    out = tmp_path / "sweep"
    model.sweep({"mu": [1, 2] * mV, "seed": [1]}, keep=[model.states], out=out)
    (part,) = (out / "sets").glob("*.parquet")
    part.unlink()
    again = model.sweep({"mu": [1, 2] * mV, "seed": [1]}, keep=[model.states], out=out, workers=2)
    assert again.table("states").num_rows == 2 * 2 * 20


def test_reports(model, capsys):
    told = []
    model.sweep({"mu": range(3) * mV}, report=told.append)
    assert told[-1].done == told[-1].total == 3 and told[-1].failed == 0
    model.sweep({"mu": range(3) * mV}, setup=fails_at(1, fail), report="text")
    assert re.search(r"3 of 3 sets \(100%\) in .*sets/s, 1 failed\n", capsys.readouterr().out)
    model.sweep({"mu": range(3) * mV}, report="bar")
    assert "[##############################] 3 of 3" in capsys.readouterr().err


def test_the_plan(model, capsys):
    plan = model.sweep({"mu": range(100) * mV}, plan=True, workers=3)
    assert (plan.sets, plan.workers) == (100, 3) and plan.form in ("turns", "lanes") and plan.seconds > 0
    capsys.readouterr()
    plan = model.sweep({"mu": range(100) * mV}, plan=True, workers=3, form="processes")
    shown = capsys.readouterr().out
    assert (plan.sets, plan.workers, plan.form) == (100, 3, "processes") and plan.seconds > 0
    assert "100" in shown and "forked" in shown and "from a trial" in shown and "memory" in shown
    assert plan.table.instances == 100 and "all 100 side by side" in shown and plan.table.total == plan.memory
    assert model.network.t == 0 * ms and model.spikes.num_spikes == 0
    assert model.sweep({"mu": range(2) * mV}, plan=True, setup=lambda *_: None).form == "one after another"


def test_the_time_left_follows_from_what_was_done_lately(monkeypatch):
    now, told = [0.0], []
    monkeypatch.setattr("ranvier.objects.networks.sweeps.progress.time.monotonic", lambda: now[0])
    reporter = Reporter(told.append, 1000, 100)
    for _ in range(100):  # ten a second, then one a second
        now[0] += 0.1
        reporter.note(100 + round(10 * now[0]), 0)
    assert abs(told[-1].per_second - 10) < 0.5
    for _ in range(100):
        now[0] += 1
        reporter.note(200 + round(now[0] - 10), 0)
    assert abs(told[-1].per_second - 1) < 0.05 and abs(told[-1].left - 700) < 40 and told[-1].elapsed == now[0]


def test_sets_that_were_computed_together_are_told_of_together(monkeypatch):
    now, told = [0.0], []
    monkeypatch.setattr("ranvier.objects.networks.sweeps.progress.time.monotonic", lambda: now[0])
    reporter = Reporter(told.append, 100, 0)
    now[0] = 10.0
    for done in range(1, 51):
        now[0] += 0.001
        reporter.note(done, 0, has_more=done < 50)
    assert [each.done for each in told] == [50] and told[0].left == pytest.approx(10, rel=0.1)
    for done in range(51, 101):  # measures take long
        now[0] += 1
        reporter.note(done, 0, has_more=done < 100)
    assert len(told) >= 40 and told[-1].done == 100


def test_the_variation_of_intervals_is_that_of_each_train():
    numbers = np.random.default_rng(1)
    trains = [np.sort(numbers.random(size)) for size in (0, 1, 2, 3, 9, 300)]
    intervals = [np.diff(train) for train in trains[3:]]
    assert variation(trains) == pytest.approx(np.mean([np.std(each) / np.mean(each) for each in intervals]), rel=1e-14)
    assert np.isnan(variation([])) and np.isnan(variation(trains[:3]))


def test_a_measure_of_a_sweep_whose_sets_have_all_failed(model):
    def fails():
        raise RuntimeError("no good")

    result = model.sweep({"mu": [1, 2] * mV}, measure={"x": fails})
    with pytest.raises(LookupError, match=r"all 2 have failed; set 0 .*no good"):
        result["x"]


def test_the_bar_stays_in_its_line(monkeypatch, capsys):
    bar = Reporter("bar", 1000, 0)
    for columns in (120, 80, 60):
        monkeypatch.setenv("COLUMNS", str(columns))
        bar.end(500, 3)
        line = capsys.readouterr().err.rstrip("\n").rpartition("\r")[2]
        assert len(line.rstrip()) < columns and "500 of 1000 sets (50%)" in line


def test_arrays_of_measures(model):
    over = {"mu": [1, 2, 3] * mV, "seed": [5, 6]}
    measure = {
        "v": "mean(v)",
        "end": "cells.v",
        "n": "count(spikes)",
        "some": lambda network, values: np.zeros(values["seed"] - 4),
        "text": lambda: "a",
    }
    result = model.sweep(over, measure=measure)
    assert result["v"].shape == (3, 2) and result["v"].dim is mV.dim and result["v"][2, 1] == result[5].v
    assert np.array_equal(result["end"][1, 0], result[2].end) and result["n"].dtype.kind == "i"
    assert [each.size for each in result["some"][0]] == [1, 2] and result["text"][2, 0] == "a"
    assert result["seed"].tolist() == [[5, 6]] * 3 and result.measures == list(measure)
    with pytest.raises(KeyError, match=r"no measure .*ends.*Did you mean .end."):
        result["ends"]
    failed = model.sweep(over, setup=fails_at(2, fail), measure=measure)
    assert np.isnan(failed["n"]).tolist() == [[False, False], [True, True], [False, False]]
    assert np.isnan(failed["end"][1]).all() and failed["some"][1, 1] is None
    beside = model.sweep({"mu": [1, 2] * mV, "tau": [1, 2] * ms}, zip=True, measure="mean(v)")
    assert beside["mean(v)"].shape == (2,) and beside["tau"][1] == 2 * ms


def test_sets_by_their_values(model):
    result = model.sweep({"mu": np.arange(1, 4) * mV, "cells.w": [1, 2], "seed": [5, 6]}, measure="mean(v)")
    assert [each.index for each in result.sel(mu=3 * mV)] == [8, 9, 10, 11]
    assert [each.index for each in result.sel({"cells.w": 2}, mu=0.002 * volt, seed=6)] == [7]
    assert len(result.sel()) == 12
    with pytest.raises(KeyError, match=r"'mu' is nowhere 4\. mV; its values are: 1\. mV, 2\. mV"):
        result.sel(mu=4 * mV)
    with pytest.raises(KeyError, match="over has no 'nu'"):
        result.sel(nu=4 * mV)
    with pytest.raises(DimensionMismatchError, match="'mu' is given in another unit"):
        result.sel(mu=4)
    texts = model.sweep({"cells.v": ["rand()*mV", [0] * 8 * mV]}, keep=["spikes"])
    assert [each.index for each in texts.sel({"cells.v": "rand()*mV"})] == [0]
    assert [each.index for each in texts.sel({"cells.v": [0] * 8 * mV})] == [1]
    assert list(texts.tables) == ["spikes"] and texts.tables["spikes"].column_names == ["instance", "t", "i"]


def test_xarray(model):
    xarray = pytest.importorskip("xarray")
    measure = {"v": "mean(v)", "end": "cells.v", "n": "count(spikes)"}
    result = model.sweep({"mu": [1, 2, 3] * mV, "seed": [5, 6]}, measure=measure)
    found = result.to_xarray()
    assert isinstance(found, xarray.Dataset) and found["v"].dims == ("mu", "seed")
    assert found["v"].attrs == found["mu"].attrs == {"units": "V"} and found["n"].dtype.kind == "i"
    assert found["end"].dims == ("mu", "seed", "end_0") and found["end"].shape == (3, 2, 8)
    assert found["v"].sel(mu=0.003, seed=6) == float(result[5].v)
    assert found["end"].mean("seed").shape == (3, 8)
    arrays = model.sweep({"cells.v": [[1.0] * 8 * mV, "rand()*mV"], "mu": [1, 2] * mV}, measure=measure).to_xarray()
    assert arrays["cells.v"].values.tolist() == [0, 1] and arrays["seed"].shape == (2, 2)
    beside = model.sweep({"mu": [1, 2] * mV, "tau": [1, 2] * ms}, zip=True, measure=measure).to_xarray()
    assert beside["end"].dims == ("instance", "end_0") and beside["tau"].values.tolist() == [0.001, 0.002]
    assert beside["tau"].dims == beside["seed"].dims == ("instance",) and beside["tau"].attrs == {"units": "s"}
    with catch_logs():
        failed = model.sweep({"mu": [1, 2] * mV}, setup=fails_at(2, fail), measure=measure).to_xarray()
    assert np.isnan(failed["v"].values).tolist() == [False, True] and np.isnan(failed["end"].values[1]).all()


def test_without_xarray(model, monkeypatch):
    result = model.sweep({"mu": [1] * mV}, measure="mean(v)")
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match="pip install xarray"):
        result.to_xarray()


def test_what_notebooks_show(model):
    result = model.sweep({"cells.v": [np.arange(8.0) * mV] * 12}, measure={"a<b": lambda: model.cells.v[:]})
    page = result._repr_html_()
    assert page.count("<tr>") == 11 and "and 2 more" in page and "a&lt;b" in page and "<th>error" not in page
    assert len(repr(result)) < 120 and "\n" not in repr(result[0]) and len(repr(result[0])) < 200
    failed = model.sweep({"mu": [1, 2] * mV}, setup=fails_at(2, fail))._repr_html_()
    assert "<th>error</th>" in failed and "no such thing" in failed


# ---------------------------------------------------------------- sweeps of functions


def build(n, mu, sigma=1 * mV):
    model = Model(n)
    model.names |= {"mu": mu, "sigma": sigma}
    model.network.run(10 * ms, namespace=model.names)
    return {"v": np.mean(model.cells.v[:]), "spikes": model.spikes}


@pytest.mark.parametrize("workers", [None, 2])
def test_a_function_that_builds_a_network(workers):
    seed(2)
    result = sweep(build, over={"n": [4, 5], "mu": [10, 30] * mV}, workers=workers)
    assert not result.failures and len(result) == 4
    values = result[3].parameters
    seed(values.pop("seed"))
    alone = build(**values)
    assert result[3].v == alone["v"] and np.array_equal(result[3].spikes.t, alone["spikes"].t)
    assert set(result.table("spikes").column_names) == {"instance", "t", "i"}


def test_arguments_of_functions(tmp_path):
    assert [each.result for each in sweep(lambda a, b=2: a + b, over={"a": [1, 2]})] == [3, 4]
    assert sweep(lambda seed: seed, over={"seed": [4]})[0].result == 4
    assert sweep(lambda a, **rest: len(rest), over={"a": [1], "b": [1], "c": [1]})[0].result == 2
    assert sweep(lambda a: {"x": a}, over={"a": [1]}, out=tmp_path / "s")[0].x == 1
    with pytest.raises(ValueError, match="function"):
        sweep(lambda a: {"y": a}, over={"a": [1]}, out=tmp_path / "s")
    with pytest.raises(TypeError, match="no argument 'c'"):
        sweep(lambda a: a, over={"c": [1]})
    with pytest.raises(TypeError, match="needs a value for 'b'"):
        sweep(lambda a, b: a, over={"a": [1]})
    with pytest.raises(DimensionMismatchError, match="'a' of set 1"):
        sweep(lambda a: a, over={"a": [1 * mV, 1]})
    failed = sweep(lambda a: 1 / a, over={"a": [0, 1]}).failures
    assert failed[0].error.startswith("ZeroDivisionError")


def test_nothing_is_loaded_for_scripts_without_sweeps():
    code = (
        "import sys\nfrom ranvier import *\nG = NeuronGroup(1, 'v : 1')\n"
        "print([name for name in sys.modules if '.sweeps' in name])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "text",
    ["().__class__", "cells.v.__class__", "__import__('os')", "[k for k in (1, 2)]", "(lambda: 1)()",
     "mean.__globals__", "cells.v.max()", "f'{cells}'", "'text'"],
)  # fmt: skip
def test_texts_are_no_python(text: str) -> None:
    """Tables come from files: neither their headers nor measures are executed."""
    cells = NeuronGroup(2, "v : 1", name="cells")
    with pytest.raises(SyntaxError, match="is no expression"):
        Network(cells).sweep(1 * ms, {"seed": [1]}, measure={"m": text})
    with pytest.raises(ValueError, match=r"The unit \[.*\] is not known"):
        unit_of(text)


def test_powers_in_texts_are_never_as_long_as_memory() -> None:
    with pytest.raises(ValueError, match="is not known"):
        unit_of("9**9**9*mV")
    assert unit_of("m s^-1") == metre / second and unit_of("nS/s").dim is (siemens / second).dim
