"""Sweeps in which each set gives a `SpikeGeneratorGroup` spikes of its own."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    ms,
    mV,
    second,
    seed,
)

NAMES = {"gain": 1.0}
MEASURES = {"n": "counts(spikes)", "v": "cells.v", "given": "counts(seen)", "first": "first(spikes)"}
FORMS = ["lanes", "turns", "one after another"]


def made(period: Quantity = 0 * ms, **arguments: Any) -> Network:
    given = SpikeGeneratorGroup(4, [1], [2] * ms, period=period, name="given", **arguments)
    cells = NeuronGroup(
        3, "dv/dt = -v/(10*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=1 * ms,
        method="exact", name="cells",
    )  # fmt: skip
    link = Synapses(given, cells, "w : 1", on_pre="v_post += w*gain", delay=0.5 * ms, name="link")
    link.connect()
    link.w = "0.3 + 0.1*i + 0.05*j"
    seen = SpikeMonitor(given, name="seen")
    return Network(given, cells, link, SpikeMonitor(cells, name="spikes"), seen)


def trains(count: int, steps: int = 190) -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(count)
    found: list[tuple[Any, Any]] = []
    for size in [0, 1, *rng.integers(2, 60, count - 2)]:
        places = rng.choice(steps * 4, size, replace=False)
        found.append((places % 4, (places // 4) * 0.1 * ms))
    return found


def alone(network: Network, given: Any, duration: Quantity = 20 * ms, gain: float = 1.0) -> dict[str, Any]:
    network.store("alone")
    network["given"].set_spikes(*given, period=Quantity(network["given"].period_, dim=second.dim))
    network.run(duration, namespace={"gain": gain})
    found = {"n": network["spikes"].count, "v": network["cells"].v, "given": network["seen"].count}
    kept = {name: np.array(value) for name, value in found.items()}
    network.restore("alone")
    return kept


@pytest.mark.parametrize("form", FORMS)
def test_each_set_has_its_spikes(form: str | None) -> None:
    network, given = made(), trains(30)
    result = network.sweep(
        20 * ms,
        {"given.spikes": given, "gain": [1.0, 1.5]},
        measure=MEASURES,
        keep=["seen"],
        namespace=NAMES,
        form=form,
    )
    assert not result.failures and len(result) == 60 and np.asarray(result["n"]).sum() > 100
    for k in (0, 1, 2, 7, 29):
        for g, gain in enumerate((1.0, 1.5)):
            one = alone(network, given[k], gain=gain)
            assert all(np.array_equal(one[name], np.asarray(result[name])[k, g]) for name in one)
    order = np.lexsort(given[7])
    assert np.array_equal(result[14].seen.i, given[7][0][order]) and len(network["given"].spike_time[:]) == 1


def test_all_forms_and_processes_give_the_same() -> None:
    network, given = made(), trains(12)
    call = {"over": {"given.spikes": given, "seed": [3]}, "measure": MEASURES, "namespace": NAMES, "keep": ["seen"]}
    first = network.sweep(20 * ms, **call)
    others = [network.sweep(20 * ms, form=form, workers=2, **call) for form in ("turns", "processes")]
    with ProcessPoolExecutor(2) as executor:
        others.append(network.sweep(20 * ms, workers=executor, **call))
    others.append(network.sweep(20 * ms, setup=lambda net, _: net["given"].period, **call))
    for other in others:
        assert repr(other.to_arrow().to_pylist()) == repr(first.to_arrow().to_pylist())
        assert other.table("seen").equals(first.table("seen"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("before", [0, 13])
def test_spikes_that_repeat_and_runs_that_begin_later(form: str | None, before: int) -> None:
    network = made(period=10 * ms)
    network.run(before * ms, namespace=NAMES)
    form = None if before and form == "lanes" else form  # where a list is begun differs then
    given = trains(8, 95)
    result = network.sweep(25 * ms, {"given.spikes": given}, measure=MEASURES, namespace=NAMES, form=form)
    assert not result.failures
    for k in (0, 1, 4, 7):
        one = alone(network, given[k], 25 * ms)
        assert np.array_equal(one["v"], result["v"][k])


def test_other_steps_and_durations() -> None:
    network, given = made(), trains(6, 90)
    over = {"given.spikes": given, "dt": [0.05, 0.1] * ms, "duration": [5, 10] * ms}
    first, other = (
        network.sweep(20 * ms, over, measure=MEASURES, namespace=NAMES, form=form) for form in (None, FORMS[-1])
    )
    assert not first.failures and np.array_equal(first["v"], other["v"]) and np.array_equal(first["n"], other["n"])


def test_a_set_whose_element_spikes_twice_in_a_step_fails_alone() -> None:
    given = [([0], [1] * ms), ([1, 1], [1, 1.01] * ms), ([2], [1] * ms)]
    result = made().sweep(5 * ms, {"given.spikes": given}, measure=MEASURES, namespace=NAMES)
    assert [each.index for each in result.failures] == [1] and "more than once" in result.failures[0].error
    assert [int(result[k].given.sum()) for k in (0, 2)] == [1, 1]


def test_a_directory_goes_on_with_the_same_spikes_only(tmp_path: Path) -> None:
    seed(1)
    network, given = made(), trains(5)
    first = network.sweep(9 * ms, {"given.spikes": given}, measure="counts(seen)", namespace=NAMES, out=tmp_path)
    again = network.sweep(
        9 * ms, {"given.spikes": [[list(i), list(t)] for i, t in given]}, measure="counts(seen)", namespace=NAMES,
        out=tmp_path,
    )  # fmt: skip
    assert again.to_arrow().equals(first.to_arrow())
    texts = first.to_arrow().column("given.spikes").to_pylist()
    assert texts[0].startswith("<0 spikes") and len(set(texts)) == 5
    with pytest.raises(ValueError, match="differs in: sets"):
        network.sweep(9 * ms, {"given.spikes": given[::-1]}, measure="counts(seen)", namespace=NAMES, out=tmp_path)


def test_spikes_that_all_sets_have() -> None:
    network = made()
    result = network.sweep(
        9 * ms, {"gain": [0.5, 1.5]}, start={"given.spikes": ([0, 3], [1, 2] * ms)}, measure=MEASURES, namespace=NAMES
    )
    assert result["given"].tolist() == [[1, 0, 0, 1]] * 2


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ([([0], [1] * ms), ([4], [1] * ms)], ValueError, "between 0 and 3"),
        ([([0], [1] * ms), ([0, 1], [1] * ms)], ValueError, "must match, but 2 != 1"),
        ([([0], [1] * ms), ([0], [1])], DimensionMismatchError, r"'given\.spikes' of set 1 have to be times"),
        ([([0], [1] * ms), 3], TypeError, r"'given\.spikes' of set 1 has to be a pair of indices and times"),
        ([([0], [-1] * ms)], ValueError, "cannot be negative"),
        ([([0], "1*ms")], TypeError, "pair of indices and times"),
    ],
)
def test_spikes_that_cannot_be(given: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        made().sweep(5 * ms, {"given.spikes": given}, measure=MEASURES, namespace=NAMES)


def test_what_says_how_to_give_spikes() -> None:
    network = made()
    with pytest.raises(TypeError, match=r"For spikes: over=\{'given\.spikes': \[\(indices, times\), \.\.\.\]\}"):
        network.sweep(5 * ms, {"given.spike_time": [1, 2] * ms}, measure=MEASURES, namespace=NAMES)
    with pytest.raises(TypeError, match=r"are lists of spikes.*use Network\.sweep"):
        network.batched(5 * ms, ["given.spikes"], "counts(seen)", namespace=NAMES)
    with pytest.raises(DimensionMismatchError):
        network.sweep(5 * ms, {"given.spikes": [([0], [1] * mV)]}, measure=MEASURES, namespace=NAMES)


def test_the_plan_counts_a_list_of_its_own_for_each_set() -> None:
    network = made()
    sets = [([0] * 500, np.arange(500) * 0.1 * ms), ([1], [1] * ms), ([2], [1] * ms)]
    plan = network.sweep(60 * ms, {"given.spikes": sets}, plan=True, namespace=NAMES)
    (row,) = (row for row in plan.table.rows if row.what == "spikes by step")
    assert row.number == 500 and row.own == row.bytes == 501 * 12  # all have room for those of the one with most
    other = network.sweep(60 * ms, {"gain": [1, 2, 3]}, plan=True, namespace=NAMES)
    assert plan.table.own - other.table.own == 501 * 12
