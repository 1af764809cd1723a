"""Large grids of pairs are looked at by native code, which finds the pairs that numpy finds."""

import numpy as np
import pytest

from ranvier import NeuronGroup, Synapses, check_units, linked_var, ms, prefs, seed, start_scope
from ranvier.objects.connecting import grid_program, pairs
from ranvier.stages import small_programs

CONDITIONS = (
    "i != j",
    "i == j or x_pre > 0.9",
    "abs(i - j) < 7 and not b_post",
    "(x_pre - x_post)**2 + (y_pre - y_post)**2 < 0.05",
    "sqrt((x_pre - x_post)**2 + 0.1) <= y_post",
    "k_pre == k_post",
    "k_post % 3 == 0",
    "i // 4 == j // 4",
    "i % 5 == j % 7",
    "b_pre and j > 3",
    "s_post < x_pre",
    "shared_pre*x_post < factor",
    "N_pre - i > j",
    "v_pre < 3*mV and v_post > 1*mV",
    "rate*ms < x_pre",
    "near",
    "f_pre < f_post",
    "x_linked_pre > x_linked_post",
    "clip(x_pre, 0.2, 0.4) < exp(-x_post)*sin(y_pre)",
    "int(10*x_pre) == int(10*x_post)",
    "i // (j % 3) == 2",
    "i % (j - 5) == 1",
    "i < 0",
    "j >= 0",
)


@pytest.fixture(autouse=True)
def scope():
    start_scope()
    seed(5)


def cells(size: int = 61, name: str = "cells") -> NeuronGroup:
    group = NeuronGroup(
        size,
        """x : 1
        y : 1
        v : volt
        f : 1
        k : integer
        b : boolean
        shared : 1 (shared)
        s = x*y : 1
        x_linked : 1 (linked)""",
        dtype={"f": np.float32},
        name=name,
    )
    group.x, group.y, group.f = "rand()", "rand()", "rand()"
    group.v = "i*0.1*mV"
    group.k, group.b = "i % 6", "i % 4 == 1"
    group.shared = 0.6
    group.x_linked = linked_var(group, "x", index=np.arange(size)[::-1])
    return group


def connected(
    monkeypatch: pytest.MonkeyPatch, groups, many: int, again: int = 7, **how: object
) -> tuple[np.ndarray, ...]:
    """Returns the ends of synapses that are made by native code, or of so few pairs that they are not."""
    monkeypatch.setattr(pairs, "MANY", many)
    seed(again)
    known = {"factor": 0.3, "rate": 0.4 / ms}
    synapses = Synapses(*groups, "near = x_pre < y_post : boolean", name=f"synapses_{many}*", namespace=known)
    synapses.connect(**how)
    return np.array(synapses.i), np.array(synapses.j)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What native code was asked for."""
    asked: list[object] = []
    native = grid_program.chosen_pairs

    def note(*given: object):
        asked.append(given)
        return native(*given)

    monkeypatch.setattr(grid_program, "chosen_pairs", note)
    return asked


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("part", ("whole", "parts"))
def test_native_code_finds_the_pairs_that_numpy_finds(monkeypatch, looked_at, condition: str, part: str) -> None:
    one, other = cells(), cells(43, "others")
    groups = (one, one) if part == "whole" else (one[5:40], other[11:])
    expected = connected(monkeypatch, groups, 1 << 60, condition=condition)
    assert not looked_at
    found = connected(monkeypatch, groups, 1, condition=condition)
    assert looked_at or "x_linked" in condition or "f_pre" in condition
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    assert (condition == "i < 0") == (not found[0].size)


@pytest.mark.parametrize("threads", (1, 2, 3))
@pytest.mark.parametrize("at_once", (1, 200_000, 1 << 22))
def test_pairs_do_not_depend_on_threads_and_pieces(monkeypatch, threads: int, at_once: int) -> None:
    monkeypatch.setattr(grid_program, "AT_ONCE", at_once)
    prefs.codegen.threads = threads
    group = cells(1100)
    how = {"condition": "i != j and y_post > 0.05", "p": "0.3*exp(-abs(x_pre - x_post)/0.2)"}
    i, j = connected(monkeypatch, (group, group), 1, **how)
    assert (
        np.all(np.diff(i.astype(np.int64) * 1100 + j) > 0) and np.all(i != j) and np.all(np.asarray(group.y)[j] > 0.05)
    )
    prefs.codegen.threads = 1
    monkeypatch.setattr(grid_program, "AT_ONCE", 1 << 21)
    alone = connected(monkeypatch, (group, group), 1, **how)
    assert np.array_equal(alone[0], i) and np.array_equal(alone[1], j) and len(i) > 100_000


def test_chances_are_those_of_the_text(monkeypatch) -> None:
    group = cells(1500)
    i, j = connected(monkeypatch, (group, group), 1, p="0.2*x_pre + 0.1*(j > i)")
    x = np.asarray(group.x)
    chance = 0.2 * x[:, None] + 0.1 * (np.arange(1500)[None, :] > np.arange(1500)[:, None])
    made = np.zeros((1500, 1500))
    made[i, j] += 1
    assert made.max() == 1
    for rows in (slice(0, 700), slice(700, 1500)):
        for columns in (slice(0, 800), slice(800, 1500)):
            mean, spread = chance[rows, columns].sum(), np.sqrt((chance * (1 - chance))[rows, columns].sum())
            assert abs(made[rows, columns].sum() - mean) < 5 * spread
    rows = np.abs(made.sum(1) - chance.sum(1)) / np.sqrt((chance * (1 - chance)).sum(1))
    assert rows.max() < 6


def test_a_seed_gives_the_same_pairs_and_another_one_others(monkeypatch) -> None:
    group = cells(300)
    first, second, other = (connected(monkeypatch, (group, group), 1, again, p="x_post") for again in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert len(first[0]) != len(other[0]) or not np.array_equal(first[1], other[1])


def test_a_condition_takes_no_random_numbers(monkeypatch) -> None:
    group = cells()
    monkeypatch.setattr(pairs, "MANY", 1)
    np.random.seed(3)
    Synapses(group, group).connect("x_pre < y_post")
    assert np.random.random() == np.random.RandomState(3).random_sample()


def test_a_great_probability_with_a_condition_looks_at_all_pairs_once(monkeypatch, looked_at) -> None:
    group = cells(400)
    i, j = connected(monkeypatch, (group, group), 1, condition="abs(i - j) < 50", p=0.5)
    assert len(looked_at) == 1 and np.all(np.abs(i - j) < 50)
    pairs_within = 400 * 99 - 49 * 50
    assert abs(len(i) - pairs_within / 2) < 5 * np.sqrt(pairs_within / 4)
    connected(monkeypatch, (group, group), 1, condition="abs(i - j) < 50", p=0.01)
    assert len(looked_at) == 1


def test_several_synapses_for_each_pair(monkeypatch) -> None:
    group = cells(70)
    for n in (2, "1 + (x_pre > 0.5)"):
        found, expected = (
            connected(monkeypatch, (group, group), many, condition="i < j", n=n) for many in (1, 1 << 60)
        )
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_functions_of_python_and_random_numbers_are_left_to_numpy(monkeypatch, looked_at) -> None:
    @check_units(a=1, b=1, result=1)
    def distance(a, b):
        return abs(a - b)

    group = cells()
    monkeypatch.setattr(pairs, "MANY", 1)
    for condition in ("rand() < 0.5", "poisson(x_pre) == 1", "distance(x_pre, x_post) < 0.5"):
        Synapses(group, group).connect(condition)
    assert not looked_at


def test_other_targets_have_no_native_code(monkeypatch, looked_at) -> None:
    group = cells()
    prefs.codegen.target = "emulated"
    assert not small_programs.has_native_code()
    connected(monkeypatch, (group, group), 1, condition="x_pre < y_post")
    assert not looked_at


def test_small_grids_are_looked_at_by_numpy(looked_at) -> None:
    group = cells()
    Synapses(group, group).connect("x_pre < y_post")
    assert pairs.MANY > 1 << 22 and not looked_at
