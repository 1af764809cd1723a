"""Sets that are computed together are taken in together: whatever becomes of single ones of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor, linspace, ms, mV, volt
from ranvier.objects.networks.sweeps import directory_store
from ranvier.objects.networks.sweeps.kinds import Fitting
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.runs import SortedRows
from ranvier.objects.networks.sweeps.sets import Axis, Sets
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.objects.networks.sweeps.store import Store, rows_of
from ranvier.objects.networks.sweeps.work import Outcome, Seeds
from ranvier.runtime import parts
from ranvier.units.dimensions import DIMENSIONLESS

MEASURES = {
    "n": "count(spikes)", "first": "first(spikes)", "v": "mean(v)", "each": "cells.v", "above": "cells.v > 0.5*mV",
    "trace": "states.v", "peak": "max(states.v)",
}  # fmt: skip
"""Numbers, arrays and truth values, with units and without; without spikes there is no first one."""


def network() -> Network:
    """Cells that spike in some sets only, and whose potential becomes infinite in some."""
    cells = NeuronGroup(
        3, "dv/dt = (drive + burst*v**2/mV - v)/(5*ms) : volt", threshold="v > 1*mV", reset="v = 0*mV",
        method="euler", name="cells",
    )  # fmt: skip
    return Network(cells, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=[0, 2], name="states"))


OVER = {"drive": linspace(0.5, 1.5, 12) * mV, "burst": [0.0, -1e9]}


def swept(form: str, **arguments: Any) -> Any:
    return network().sweep(
        10 * ms, over=OVER, measure=MEASURES, keep=["spikes", "states"], namespace={"drive": 1 * mV, "burst": 0},
        form=form, **arguments,
    )  # fmt: skip


def rows(result: Any) -> list[tuple[str, str]]:
    """The tables of a sweep but for the seeds, as what is equal if NaN stand at the same places.

    Files of Parquet have another name for what is in a list.
    """
    tables = [result.to_arrow().drop_columns("seed"), *result.tables.values()]
    return [(str(table.schema).replace("element", "item"), str(table.to_pydict())) for table in tables]


@pytest.mark.parametrize("most", [1, 5, 1000])
def test_single_sets_that_are_not_finite_are_named_among_others(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_store, "MOST_IN_PART", most)
    alone = swept("one after another")
    assert 0 < len(alone.warnings) < len(alone) and not alone.failures
    texts = " ".join(each.error for each in alone.warnings)
    assert "'first' is NaN or infinite" in texts and "'v', 'each', 'trace', 'peak' are NaN" in texts
    for form in ("lanes", "turns"):
        for out in (None, tmp_path / form):
            found = swept(form, out=out)
            assert rows(found) == rows(alone)
            assert found.done == alone.done
            assert [each.index for each in found.warnings] == [each.index for each in alone.warnings]
        assert len(list((tmp_path / form / "sets").iterdir())) >= len(alone) / most


def test_a_set_by_itself_has_what_the_network_gives() -> None:
    alone, found = swept("one after another"), swept("lanes")
    for one, other in zip(alone, found, strict=True):
        assert one.index == other.index and one.warning == other.warning and list(one.measures) == list(other.measures)
        for name, value in one.measures.items():
            same = other.measures[name]
            assert type(value) is type(same) and np.asarray(value).dtype == np.asarray(same).dtype
            assert getattr(value, "dim", None) is getattr(same, "dim", None)
            assert np.asarray(value).tobytes() == np.asarray(same).tobytes()
        assert one.spikes.to_arrow().equals(other.spikes.to_arrow())


def test_a_set_costs_no_step_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    add = Store.add
    monkeypatch.setattr(Store, "add", lambda store, outcome: taken.append(len(outcome)) or add(store, outcome))
    cells = NeuronGroup(1, "dv/dt = (drive - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    net = Network(cells, SpikeMonitor(cells, name="spikes"))
    for out in (None, tmp_path):
        taken.clear()
        found = net.sweep(
            10 * ms, over={"drive": np.linspace(0, 2, 2000)}, measure=["count(spikes)", "first(spikes)"], out=out,
            namespace={"drive": 1}, keep="spikes",
        )  # fmt: skip
        assert sum(taken) == len(found) == 2000 and len(taken) < 10
        assert len(found.warnings) > 900 and found["count(spikes)"].sum() == found.tables["spikes"].num_rows


# ---------------------------------------------------------------- what does not fit


def volts(*values: float) -> StackedValues:
    return StackedValues(np.array(values), volt.dim, lambda each: Quantity(float(each), dim=volt.dim))


def numbers(*values: float) -> StackedValues:
    return StackedValues(np.array(values), DIMENSIONLESS, float)


def test_single_sets_of_several_do_not_fit() -> None:
    """0 and NaN go with each unit."""
    fitting = Fitting()
    kept, is_due = fitting.take_in(Outcome([0], {"x": [1 * mV]}), [])
    assert len(kept) == 1 and not is_due
    kept, is_due = fitting.take_in(Outcome([1, 2, 3, 4], {"x": numbers(0, 5, np.nan, 3)}, warnings={3: "odd"}), [0])
    assert [each.index for each in kept if each.error] == [2, 4] and not is_due
    assert list(kept[0].measures["x"]) == [0.0]
    assert [each.warnings for each in kept] == [{}, {}, {3: "odd"}, {}]
    kept, is_due = fitting.take_in(Outcome([5, 6], {"x": volts(1, 2)}), [0])
    assert [each.indices for each in kept] == [[5, 6]] and not is_due


def test_several_that_come_late_decide() -> None:
    store = Store(Sets([Axis("k", Numbers(np.arange(6)), 1)], 6, is_product=True), Seeds(1, 2))
    store.add(Outcome([4, 5], {"x": numbers(0, 1)}))
    assert not store.failures
    store.add(Outcome([0, 1, 2], {"x": volts(0, 1, 2)}))
    assert list(store.failures) == [5] and "set 5 than in set 0" in store.failures[5]
    assert store.sets()["x"].to_pylist() == [0, 1, 2, 0, None]
    assert store.outcome(1).measures["x"][0] == 1 * volt and store.outcome(5).error
    store.add(Outcome([3], {"x": [3 * volt]}))
    assert store.sets()["instance"].to_pylist() == [0, 1, 2, 3, 4, 5] and store.left(range(8)) == [6, 7]


def test_outcomes_are_divided() -> None:
    table = parts.table_of({"instance": np.array([7, 7, 9]), "t": np.arange(3.0)}, {})
    outcome = Outcome([7, 8, 9], {"x": numbers(1, 2, 3)}, {"spikes": table}, {9: "odd"})
    first, second = outcome.parts(2)
    assert first.indices == [7, 8] and first.tables["spikes"].num_rows == 2 and not first.warnings
    assert second.indices == [9] and second.tables["spikes"].num_rows == 1 and second.warnings == {9: "odd"}
    assert list(outcome.only(8).measures["x"]) == [2.0] and outcome.only(8).tables["spikes"].num_rows == 0
    assert list(outcome.parts(3)) == [outcome]


def test_columns_of_all_forms_are_joined() -> None:
    """What was measured at once stands beside what was measured alone, and sets that failed have nothing."""
    sets = Sets([Axis("k", Numbers(np.arange(5)), 1)], 5, is_product=True)
    several = [
        Outcome([3, 4], {"x": volts(3, 4), "rows": StackedValues(np.ones((2, 2, 3)), DIMENSIONLESS, np.array)}),
        Outcome([0], error="wrong"),
        Outcome([2, 1], {"x": volts(2, 1), "rows": StackedValues(np.zeros((2, 2, 3)), DIMENSIONLESS, np.array)}),
    ]
    whole, rest = rows_of(several, sets, Seeds(1, 2)), rows_of(several[::2], sets, Seeds(1, 2))
    assert whole["x"].to_pylist() == [None, 1, 2, 3, 4] and rest["x"].to_pylist() == [1, 2, 3, 4]
    assert whole["rows"].type == rest["rows"].type and whole["rows"].to_pylist()[1:] == rest["rows"].to_pylist()
    assert rest["rows"].to_pylist()[0] == [[0.0] * 3] * 2 and whole["error"].to_pylist() == ["wrong", "", "", "", ""]
    assert whole.schema.field("x").metadata[b"unit"] == b"V"


def test_rows_of_one_instance_are_picked_as_they_are_sorted() -> None:
    class Run:
        def rows(self, number: int) -> dict[str, np.ndarray]:
            if number:
                return {"t": np.arange(4.0), "v": np.arange(24).reshape(4, 2, 3)}
            return {"t": np.array([1.0, 1, 2, 3]), "i": np.array([5, 6, 7, 8]), "instance": np.array([1, 0, 1, 2])}

    for number in (0, 1):
        for instance in range(3):
            rows = SortedRows(Run(), 3)  # type: ignore[arg-type]
            picked, later = rows.of(number, instance), rows.of(number, instance)
            assert all(np.array_equal(picked[name], later[name]) for name in later) and list(picked) == list(later)
