"""Measures that are in one unit in some sets and in another one in others, or numbers here and arrays there."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from ranvier import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    StateMonitor,
    ms,
    mV,
    nS,
    siemens,
    sweep,
    volt,
)
from ranvier.objects.networks.sweeps import directory_store
from ranvier.objects.networks.sweeps.kinds import Fitting
from ranvier.objects.networks.sweeps.work import Outcome

UNITS = r"DimensionMismatchError: The measure 'x' has another unit in set 2 than in set [01] \(units are s and V\)\."


def network() -> Network:
    cells = NeuronGroup(2, "dv/dt = -v/tau : 1", method="exact", name="cells")
    return Network(cells)


def measured(first: object, second: object, **arguments: Any) -> Any:
    """Returns the result of a sweep of four sets: two have the first measure, two the second."""
    chosen = lambda net, values: first if values["tau"] < 1.5 * ms else second
    over = {"tau": [1, 1, 2, 2] * ms}
    return network().sweep(1 * ms, over, zip=True, measure={"x": chosen}, namespace={}, **arguments)


def build(kind: int) -> dict[str, object]:
    return {"x": 1 * mV if kind < 2 else 1 * ms}


FORMS: dict[str, dict[str, Any]] = {
    "lanes": {"form": "lanes"}, "turns": {"form": "turns", "workers": 2},
    "processes": {"form": "processes", "workers": 2}, "alone": {"form": "one after another"},
}  # fmt: skip


@pytest.mark.parametrize("is_array", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_sets_of_another_unit_are_failures_that_name_both_in_all_forms(form: str, is_array: bool) -> None:
    one, other = ([1, 2] * mV, [1, 2] * ms) if is_array else (1 * mV, 1 * ms)
    found = measured(one, other, **FORMS[form])
    assert [each.index for each in found.failures] == [2, 3] and re.fullmatch(UNITS, found.failures[0].error)
    assert found["x"].dim is volt.dim and np.isnan(found["x"] / mV).reshape(4, -1).any(axis=1).tolist() == [0, 0, 1, 1]


def test_it_is_so_with_executors() -> None:
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        found = measured(1 * mV, 1 * ms, workers=executor)
        functions = sweep(build, over={"kind": range(4)}, workers=executor)
    for each in (found, functions):
        assert [one.index for one in each.failures] == [2, 3]
        assert re.fullmatch(UNITS, each.failures[0].error)


@pytest.mark.parametrize("workers", [None, 2])
def test_it_is_so_with_functions_that_build_networks(workers: int | None, tmp_path: Path) -> None:
    for out in (None, tmp_path / str(workers)):
        found = sweep(build, over={"kind": range(4)}, workers=workers, out=out)
        assert re.fullmatch(UNITS, found.failures[0].error) and found["x"].dim is volt.dim


def test_tables_of_other_units_are_failures_too() -> None:
    def recorded(unit: Any) -> StateMonitor:
        unit = siemens if unit else volt
        group = NeuronGroup(1, "x : 1" if unit is None else f"x : {unit!r}", name="group")
        monitor = StateMonitor(group, "x", record=True, name="states")
        Network(group, monitor).run(0.2 * ms)
        return monitor

    found = sweep(lambda kind: {"states": recorded(kind), "y": 1}, over={"kind": [0, 1]})
    assert "'x' in the table 'states' has another unit in set 1 than in set 0 (units are S and V)" in str(
        found.failures
    )
    assert found.table("states").num_rows == 2 and set(found.table("states")["instance"].to_pylist()) == {0}


@pytest.mark.parametrize("parts", [1, 100])
@pytest.mark.parametrize(
    ("first", "second", "column"),
    [
        (float("nan"), 1 * mV, [None, None, 0.001, 0.001]),  # what has no unit goes with each where it is no number
        (0, 1 * mV, [0, 0, 0.001, 0.001]), (None, 1 * mV, [None, None, 0.001, 0.001]),
        (1 * mV, float("inf"), [0.001, 0.001, float("inf"), float("inf")]),
        (True, 2, [1, 1, 2, 2]), (True, 2.5, [1, 1, 2.5, 2.5]), (1, 2.5, [1, 1, 2.5, 2.5]),
        ([1 * mV, 2 * mV], [3] * mV, [[0.001, 0.002], [0.001, 0.002], [0.003], [0.003]]),
        ([[1] * mV, [1, 2] * mV], [[], [3] * mV], [[[0.001], [0.001, 0.002]]] * 2 + [[[], [0.003]]] * 2),
        (np.array([True]), np.array([1.5]), [[1], [1], [1.5], [1.5]]),
    ],
)  # fmt: skip
def test_what_goes_together(
    first: object, second: object, column: list[object], parts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_store, "MOST_IN_PART", parts)
    for out in (None, tmp_path):
        found = measured(first, second, out=out)
        table = found.to_arrow()
        assert not found.failures
        values = [None if value != value else value for value in table["x"].to_pylist()]
        assert values == column if isinstance(values[0], list) else values == pytest.approx(column)
        has_unit = any("mvolt" in repr(each) for each in (first, second))
        assert (table.schema.field("x").metadata or {}).get(b"unit", b"") == (b"V" if has_unit else b"")
        several = found["x"]
        is_one = several.dtype != object  # else an array of arrays, each with its unit
        for each in [several] if is_one else several:
            assert isinstance(each, list) or getattr(each, "dim", None) is (volt.dim if has_unit else None)


@pytest.mark.parametrize("parts", [1, 100])
@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (1 * mV, 5, "(units are 1 and V)"), (1.0, 5 * mV, "(units are V and 1)"), (1 * mV, 5 * nS, "units are S and V"),
        (1.0, np.ones(2), "is an array in set 2, but a number in set 0"), (1.0, "a", "is a text in set 2"),
        (np.ones(2), np.ones((2, 2)), "an array of 2 dimensions in set 2, but an array in set 0"),
        (1.0, 2j, "complex numbers cannot"), (1.0, [1 * mV, 2 * ms], "different dimensions"),
        (1, 2**70, "too large"), ([1], [1, [2]], "cannot mix list and non-list"),
    ],
)  # fmt: skip
def test_what_does_not_costs_those_sets_and_nothing_else(
    first: object, second: object, text: str, parts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_store, "MOST_IN_PART", parts)
    for out in (None, tmp_path):
        found = measured(first, second, out=out)
        assert [each.index for each in found.failures] == [2, 3] and text in found.failures[0].error
        assert found.to_arrow().num_rows == 4 and found["x"] is not None


def test_the_lowest_set_decides_whichever_is_done_first() -> None:
    """As if they had been done in order: whatever that is, the same sets are failures."""
    values: list[object] = [float("nan"), 1 * mV, 2 * ms, 3 * mV, 4, 5 * mV]
    rng = np.random.default_rng(1)
    for _ in range(50):
        fitting, held = Fitting(), dict[int, Outcome]()
        for k in rng.permutation(len(values)).tolist():
            outcome = Outcome([k], {"x": [values[k]]})
            _, is_due = fitting.take_in(outcome, held)
            held[k] = outcome
            if is_due:
                fitting.again([each for each in held.values() if not each.error])
        assert sorted(k for k, each in held.items() if each.error) == [2, 4]
        assert all(each.measures or each.error for each in held.values())


def test_shares_of_other_units_are_read_as_if_one_process_had_done_all(tmp_path: Path) -> None:
    """Two processes know nothing of each other's units."""
    over = {"kind": [2, 0, 0, 3, 0]}
    built = lambda kind: {"x": 1 * mV if kind < 2 else 1 * ms, "y": kind}
    sweep(built, over=over, out=tmp_path, part=(1, 2))
    before = sorted(tmp_path.rglob("*.parquet"))
    aside = [path.rename(path.with_name(f"_{path.name}.kept")) for path in before]  # as if it were not there yet
    sweep(built, over=over, out=tmp_path, part=(0, 2))
    for path, kept in zip(before, aside, strict=True):
        kept.rename(path)
    whole = sweep(built, over=over, out=tmp_path)
    assert [each.index for each in whole.failures] == [1, 2, 4] and len(whole.done) == 5
    assert "set 1 than in set 0 (units are V and s)" in whole.failures[0].error
    assert whole["x"][0] == 1 * ms and whole.to_arrow()["kind"].to_pylist() == over["kind"]
    assert whole[1].parameters["kind"] == 0 and whole[1].measures == {"x": None, "y": None}


def test_a_later_call_knows_the_units_of_an_earlier_one(tmp_path: Path) -> None:
    over = {"kind": [0, 0, 2, 2]}
    sweep(build, over=over, out=tmp_path, part=(0, 4))
    found = sweep(build, over=over, out=tmp_path, part=(2, 4))
    assert re.fullmatch(UNITS, found.failures[0].error)
    assert pq.read_table(tmp_path / "sets")["x"].to_pylist() == [0.001, None]


# ---------------------------------------------------------------- batched


def test_a_function_of_arrays_names_both_sets_and_both_units() -> None:
    at = lambda net, values: [1 * mV, 2 * ms, float("nan"), 0, 3, 5 * mV][int(values["k"])]
    cells = NeuronGroup(2, "dv/dt = -v*k/ms : 1", method="exact", name="cells")
    net = Network(cells)
    simulate = net.batched(1 * ms, over=["k"], measure=at, namespace={})
    assert simulate([2, 3]).shape == (2,)
    found = simulate([2, 0, 3, 5])
    assert found.dim is volt.dim and np.isnan(found[0] / mV) and found[1] == 1 * mV and found[2] == 0 * mV
    with pytest.raises(
        DimensionMismatchError, match=r"of set 1 has another unit than in earlier calls .units are s and V"
    ):
        simulate([0, 1])
    with pytest.raises(
        DimensionMismatchError, match=r"of set 0 has another unit than in earlier calls .units are 1 and V"
    ):
        simulate([4, 4])
    other = net.batched(1 * ms, over=["k"], measure=at, namespace={})
    with pytest.raises(DimensionMismatchError, match="of set 2 has another unit than that of set 1"):
        other([2, 0, 1])


def loudly(rule: str, times: int) -> dict[str, object]:
    return {"length": times * len(rule), "loud": rule.upper()}


@pytest.mark.parametrize("workers", [1, 2])
def test_values_for_functions_may_be_texts(tmp_path: Path, workers: int) -> None:
    over = {"rule": ["pairs", "none"], "times": [1, 3]}
    for _ in range(2):  # the second time they are read
        found = sweep(loudly, over=over, out=tmp_path / "out", workers=workers)
        assert np.asarray(found["length"]).tolist() == [[5, 15], [4, 12]]
        assert [each.loud for each in found.sel(rule="none")] == ["NONE", "NONE"]
    assert found.to_arrow().column("rule").to_pylist() == ["pairs", "pairs", "none", "none"]
    with pytest.raises(ValueError, match="differs in: sets"):
        sweep(loudly, over={**over, "rule": ["pairs", "triplets"]}, out=tmp_path / "out")


@pytest.mark.parametrize("values", [["pairs", 1], [None, "pairs"]])
def test_texts_do_not_stand_beside_others(values: list[object]) -> None:
    with pytest.raises(TypeError, match="'rule' of set 0 has to be a number, not"):
        sweep(loudly, over={"rule": values, "times": [1]})
