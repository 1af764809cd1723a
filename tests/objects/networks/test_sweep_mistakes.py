"""What batches get wrong: each mistake is one sentence, which names the set or the object and what to do."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ranvier import (
    BrianObjectException,
    Cylinder,
    DimensionMismatchError,
    Hz,
    Network,
    NeuronGroup,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    TimedArray,
    cm,
    linspace,
    meter,
    ms,
    mV,
    nA,
    ohm,
    seed,
    siemens,
    uF,
    um,
)
from ranvier.objects.networks.sweeps.forms import InTurn
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.runtime.directories import PartsDirectory

TWICE = pa.table([[0.02, 0.03], [0.02, 0.03]], names=["mu", "mu"])
NULLS = {"mu [mV]": [20.0, None, 30.0]}


@pytest.fixture
def network() -> Network:
    cells = NeuronGroup(3, "dv/dt = (mu - v)/(10*ms) : volt", threshold="v > 15*mV", reset="v = 0*mV", method="exact",
                        name="cells")  # fmt: skip
    return Network(cells, SpikeMonitor(cells, name="spikes"))


def swept(network: Network, over: Any, **arguments: Any) -> Any:
    arguments.setdefault("measure", "rate(spikes)")
    return network.sweep(10 * ms, over, namespace={"mu": 20 * mV, **arguments.pop("names", {})}, **arguments)


@pytest.mark.parametrize(
    ("over", "kind", "text"),
    [
        (TWICE.to_pandas, ValueError, "The table has two columns 'mu'"),
        (lambda: TWICE, ValueError, "The table has two columns 'mu'"),
        (lambda: pd.DataFrame({"mu": [1.0], "mu [mV]": [1.0]}), ValueError, "Two columns of over stand for 'mu'"),
        (lambda: pl.DataFrame(NULLS), ValueError, r"'mu \[mV\]' of set 1 has no value.*row 1"),
        (lambda: pa.table(NULLS), ValueError, r"'mu \[mV\]' of set 1 has no value.*row 1"),
        (lambda: pd.DataFrame({"seed": pd.array([1, None], "Int64")}), ValueError, "'seed' of set 1 has no value"),
        (lambda: pl.DataFrame({"mu [mV]": []}), ValueError, "no rows"),
        (lambda: pl.DataFrame({"mu [mVV]": [1]}), ValueError, r"unit \[mVV\] is not known"),
        (
            lambda: pd.DataFrame({"mu [mV]": [20, "a"]}),
            TypeError,
            "'mu' of set 1 has to be a number.*its column is 'mu.*'a'",
        ),
        (lambda: {"mu [mV]": [20]}, KeyError, r"units stand in the names of columns.*over=\{'mu': \[...\]\*mV\}"),
        (lambda: {"cells.v": ["rand()*mV", "i*nA"]}, DimensionMismatchError, "'cells.v' of set 1.* unit V"),
    ],
)
def test_tables_and_texts(network: Network, over: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        swept(network, over())


def test_a_network_that_cannot_be_run_says_with_which_values(network: Network) -> None:
    with pytest.raises(BrianObjectException, match="different units") as caught:
        swept(network, {"mu": [1, 2] * nA})
    assert caught.value.__notes__ == ["It is so with the values of set 0 of the sweep: mu=1. nA"]


def test_a_variable_is_named_once(network: Network) -> None:
    cells = network["cells"]
    with pytest.raises(ValueError, match=r"Two keys of over stand for 'cells.v'"):
        swept(network, {cells.v: [1] * mV, "cells.v": [2] * mV})
    with pytest.raises(ValueError, match=r"Two keys of over stand for 'cells.v'"):
        swept(network, {"here.v": [1] * mV, "cells.v": [2] * mV}, names={"here": cells})


@pytest.mark.parametrize(
    ("measure", "kind", "text"),
    [("mean(v + 1)", DimensionMismatchError, "measure 'a'.*V and 1"), ("rate(cells)", TypeError, "measure 'a'.*spike")],
)
def test_measures_are_tried_before_the_first_run(network: Network, measure: str, kind: type, text: str) -> None:
    with pytest.raises(kind, match=text):
        swept(network, {"mu": [20, 30] * mV}, measure={"a": measure})


def test_whole_numbers_of_numpy(network: Network) -> None:
    result = swept(network, {"mu": [20, 30] * mV, "seed": np.arange(2, dtype=np.uint64)}, workers=np.int64(2))
    assert result[np.uint8(3)].index == result[np.int64(-1)].index == 3
    for wrong in (1.0, slice(0, 1), [0, 1]):
        with pytest.raises(TypeError, match="named by its number"):
            result[wrong]


@pytest.mark.parametrize("form", [None, "one after another", "processes"])
def test_a_first_set_that_cannot_be_run_is_a_failure_like_others(network: Network, form: str | None) -> None:
    over = {"mu": [5, 30] * mV}
    result = swept(network, over, setup=lambda _, values: 1 / (values["mu"] / mV - 5), form=form, workers=2)
    assert [(each.index, each.error) for each in result.failures] == [(0, "ZeroDivisionError: float division by zero")]
    assert result[1].measures["rate(spikes)"] > 0 * Hz
    with pytest.raises(ZeroDivisionError):
        swept(network, over, setup=lambda *_: 1 / 0)


def connected() -> Network:
    cells = NeuronGroup(2, "dv/dt = (2 - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    synapses = Synapses(cells, cells, on_pre="v_post += 0.1", name="S")
    synapses.connect()
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"))


def forest() -> Network:
    tree = Cylinder(length=100 * um, diameter=1 * um, n=3)
    cells = SpatialNeuron(tree, "Im = gl*(0*mV - v) : amp/meter**2", Cm=1 * uF / cm**2, Ri=100 * ohm * cm, N=4,
                          name="cells")  # fmt: skip
    return Network(cells)


def drawn() -> Network:
    cells = NeuronGroup(2, "x : 1", name="cells")
    cells.run_regularly("x = poisson(rate)", dt=0.1 * ms)
    return Network(cells)


@pytest.mark.parametrize(
    ("build", "over", "why", "form"),
    [
        (forest, {"gl": [1, 2] * siemens / meter**2}, "'cells_spatialstateupdater' has no form side by side", "turns"),
        (drawn, {"rate": [0.5, 0.6]}, "what is made before a run", "turns"),
        (connected, {"S.delay": [1, 2] * ms}, "'S.delay' differs between sets", "one after another"),
        (connected, {"S.delay": [-1, 2] * ms}, r"S.delay=-1. ms.*not negative", "one after another"),
    ],
)
def test_lanes_are_refused_by_a_sentence_and_another_form_is_taken(
    build: Any, over: Any, why: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    network, names = build(), {"mean": np.mean}
    with pytest.raises(ValueError, match=f"form='lanes' is not possible: .*{why}.*(form='turns' is possible|Leave)"):
        network.sweep(1 * ms, over, form="lanes", namespace=names)
    plan = network.sweep(1 * ms, over, plan=True, namespace=names)
    assert plan.form == form and "snn." not in plan.reason
    result = network.sweep(1 * ms, over, namespace=names)
    assert len(result.failures) == (1 if "not negative" in why else 0)


def test_constants_that_are_no_numbers_are_said_to_be_none() -> None:
    cells = NeuronGroup(1, "dv/dt = (gain*drive(t) - v)/ms : 1", method="euler", name="cells")
    drives = [TimedArray(np.arange(2.0 + k), dt=1 * ms) for k in range(2)]
    network, names = Network(cells), {"gain": 1, "drive": drives[0]}
    with pytest.raises(ValueError, match="the values of 'gain' are no finite numbers"):
        network.sweep(1 * ms, {"gain": [float("nan")]}, form="turns", namespace=names)
    with pytest.raises(ValueError, match="the timed arrays of 'drive' differ in their size"):
        network.sweep(1 * ms, {"drive": drives}, form="turns", namespace=names)


def test_own_spike_times_have_a_key_and_own_periods_need_a_function() -> None:
    given = SpikeGeneratorGroup(2, [0], [1] * ms, name="given")
    network = Network(given, SpikeMonitor(given, name="spikes"))
    with pytest.raises(TypeError, match=r"read-only.*setup=.*over=\{'given\.spikes': "):
        network.sweep(5 * ms, {"given.spike_time": [[1, 2] * ms]})
    with pytest.raises(TypeError, match=r"read-only.*setup=.*network\['given'\].set_spikes"):
        network.sweep(5 * ms, {"given.period": [5, 7] * ms})

    def spikes(network: Any, values: Any) -> None:
        network["given"].set_spikes([0] * values["n"], np.arange(values["n"]) * ms)

    result = network.sweep(5 * ms, {"n": [1, 3]}, setup=spikes, measure="count(spikes)", workers=2)
    assert result["count(spikes)"].tolist() == [1, 3]


def test_a_manifest_that_another_process_writes_at_this_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, looked = PartsDirectory(tmp_path, "sets"), []
    directory.begin({"format": 1})
    is_file = Path.is_file

    def not_yet(path: Path) -> bool:
        looked.append(path)
        return len(looked) > 1 and is_file(path)

    monkeypatch.setattr(Path, "is_file", not_yet)
    assert directory.manifest() == {"format": 1}


def test_a_script_without_a_seed_goes_on_too(network: Network, tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        seed()  # as at the beginning of a process: nobody has chosen one
        found.append(swept(network, {"mu": [20, 30] * mV}, out=tmp_path / "out"))
    assert found[0].to_arrow().equals(found[1].to_arrow())
    seed()
    network["cells"].v = "rand()*mV"
    with pytest.raises(ValueError, match=r"differs in: state.*needs seed"):
        swept(network, {"mu": [20, 30] * mV}, out=tmp_path / "out")


@pytest.mark.parametrize("form", [None, "turns", "one after another", "processes"])
def test_memory_that_runs_out_costs_a_set_that_a_later_call_does(
    network: Network, form: str | None, tmp_path: Path
) -> None:
    is_short = [True]

    def measure(_: Network, values: Any) -> float:
        if is_short[0] and values["mu"] > 25 * mV:
            raise MemoryError("Unable to allocate 1 GiB.")
        return 1.0

    def call() -> Any:
        return swept(network, {"mu": [20, 30, 22] * mV}, measure={"a": measure}, form=form, workers=2, out=tmp_path)

    found = call()
    assert [each.index for each in found.failures] == [1] and found["a"][2] == 1.0
    assert "1 GiB. The network takes" in found.failures[0].error and "Fewer workers" in found.failures[0].error
    is_short[0] = False
    assert not call().failures


def test_memory_that_runs_out_elsewhere(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: Any) -> None:
        raise MemoryError("There is no memory.")

    def short_later(*_: Any) -> Any:
        yield from (short() for _ in range(1))

    monkeypatch.setattr(InTurn, "outcomes", short_later)
    found = swept(network, {"mu": [20, 30] * mV}, form="one after another")
    assert [each.index for each in found.failures] == [0, 1] and "are left. Fewer" in found.failures[0].error
    monkeypatch.setattr(NetworkWork, "prepare", short)
    with pytest.raises(MemoryError, match=r"no memory. The network takes .* Fewer workers"):
        swept(network, {"mu": [20, 30] * mV})


def test_a_thread_that_cannot_be_started_is_done_without(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = swept(network, {"mu": linspace(10, 30, 40) * mV, "seed": [1]})

    def none(*_: Any, **__: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", none)
    found = swept(network, {"mu": linspace(10, 30, 40) * mV, "seed": [1]}, workers=2)
    assert found.to_arrow().equals(expected.to_arrow())


def test_a_name_of_a_code_of_its_own_lets_no_other_name_pass_for_used(tmp_path: Path) -> None:
    cells = NeuronGroup(3, "dv/dt = (mu - v)/(10*ms) : volt", threshold="v > 15*mV", reset="half = v/2; v = half",
                        method="exact", name="cells")  # fmt: skip
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    with pytest.raises(KeyError, match=r"mus.* in over is no name.*Did you mean"):
        swept(network, {"mus": [1, 2]}, names={"mus": 3})
    for unused in (3, 4):  # what no text uses makes no other sweep
        found = swept(network, {"mu": [20, 30] * mV}, names={"unused": unused}, out=tmp_path / "out")
    assert len(found) == 2
