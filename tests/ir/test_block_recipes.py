"""Derived arrays that are made block by block are what one makes of whole arrays, alone or with others."""

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.ir import block_recipes, part_recipes
from ranvier.ir.part_recipes import firsts_of
from ranvier.ir.recipes import make_all
from ranvier.ir.slots import Recipe
from ranvier.ir.team import WHOLE, Parts

TARGETS, ORDER, WEIGHTS, POINTERS, THREADS, SIZE, OFFSET, SHORT, DELAYS = range(9)

IN_ROWS: Recipe = ("gather", (TARGETS, ORDER))
NARROW_IN_ROWS: Recipe = ("narrow", (IN_ROWS,))
BY_PARTS: Recipe = ("part_order", (POINTERS, NARROW_IN_ROWS, THREADS, SIZE, OFFSET))
OTHER_ROWS: Recipe = ("part_order", (DELAYS, IN_ROWS, THREADS, SIZE, OFFSET))
RECIPES: tuple[Recipe, ...] = (
    IN_ROWS,
    NARROW_IN_ROWS,
    ("narrow", (SHORT,)),
    ("gather", (SHORT, ORDER)),
    ("gather", (IN_ROWS, ORDER)),
    ("gather", (TARGETS, ("gather", (ORDER, ORDER)))),
    BY_PARTS,
    ("parts", (POINTERS, NARROW_IN_ROWS, THREADS, SIZE, OFFSET)),
    ("gather", (ORDER, BY_PARTS)),
    ("narrow", (("gather", (IN_ROWS, BY_PARTS)),)),
    ("gather", (WEIGHTS, ("gather", (ORDER, BY_PARTS)))),
    ("records", (("gather", (IN_ROWS, BY_PARTS)), ("gather", (("gather", (WEIGHTS, ORDER)), BY_PARTS)))),
    ("records", (IN_ROWS, ("gather", (WEIGHTS, ORDER)), ("gather", (SHORT, ORDER)))),
    ("parts", (DELAYS, IN_ROWS, THREADS, SIZE, OFFSET)),
    ("gather", (IN_ROWS, OTHER_ROWS)),
    ("parts", (POINTERS, ("gather", (IN_ROWS, OTHER_ROWS)), THREADS, SIZE, OFFSET)),
)


def whole(recipe: object, inputs: list[object]) -> np.ndarray:
    """Returns what a recipe says, of whole arrays, one element after another where that is plain to see."""
    if not isinstance(recipe, tuple):
        return inputs[recipe]  # type: ignore[call-overload]
    kind, parts = recipe
    given_ = [whole(part, inputs) for part in parts]
    if kind == "gather":
        found = given_[0][given_[1]]
        return found
    if kind == "narrow":
        return given_[0].astype(np.uint16)
    if kind == "records":
        columns = [part.astype(np.int32) if part.dtype == np.uint16 else part for part in given_]
        rows = [b"".join(column[k].tobytes() for column in columns) for k in range(columns[0].size)]
        return np.frombuffer(b"".join(rows), np.int32)
    pointers, numbers, threads, size, offset = given_
    own = np.searchsorted(firsts_of(size, threads)[1:-1] - offset, numbers.astype(int), side="right")
    rows = np.repeat(np.arange(pointers.size - 1), np.diff(pointers))
    if kind == "part_order":
        return np.lexsort((own, rows)).astype(np.int32)
    counts = np.bincount(rows * int(threads) + own, minlength=(pointers.size - 1) * int(threads))
    return np.concatenate([[0], np.cumsum(counts)])


@st.composite
def pathways(draw: st.DrawFn) -> list[object]:
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    lengths = random.integers(0, draw(st.integers(1, 40)), size=draw(st.integers(1, 60)))
    pointers = np.concatenate([[0], np.cumsum(lengths)])
    number, offset = int(pointers[-1]), draw(st.sampled_from([0, 300]))
    size = int(random.integers(1, 4000)) + offset
    inner = sorted(random.integers(0, WHOLE, size=draw(st.integers(0, 5))).tolist())
    delays = np.sort(random.integers(0, number + 1, size=5))
    return [
        random.integers(0, size - offset, size=number).astype(np.int32),
        random.permutation(number).astype(np.int32),
        random.random(number),
        pointers,
        Parts(len(inner) + 1, (0, *inner, WHOLE)),
        size,
        offset,
        random.integers(0, 60_000, size=number).astype(np.uint16),
        np.concatenate([[0], delays, [number]]),
    ]


@settings(max_examples=60, deadline=None)
@given(pathways(), st.lists(st.sampled_from(RECIPES), min_size=1, max_size=8), st.integers(1, 3), st.integers(1, 300))
def test_arrays_are_what_whole_ones_would_be(
    inputs: list[object], recipes: list[Recipe], workers: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_recipes, "BLOCK", block)
        patch.setattr(block_recipes, "WORTH", 0)
        patch.setattr(block_recipes, "KEYS", 40)
        patch.setattr(part_recipes, "PIECE", block)
        found = make_all(recipes, inputs.__getitem__, np.zeros, workers=workers)
    for recipe, array in zip(recipes, found, strict=True):
        expected = whole(recipe, inputs)
        assert np.array_equal(array.view(np.int32) if recipe[0] == "records" else array, expected), recipe
        if recipe[0] == "gather" and recipe[1][0] == SHORT:
            assert array.dtype == np.int32


def test_what_has_more_elements_than_the_rows_is_made_whole() -> None:
    """It is read elsewhere, too, for what looks at rows."""
    inner: Recipe = ("gather", (0, 1))
    by_parts: Recipe = ("part_order", (2, 3, 4, 5))
    inputs = [np.arange(9), np.arange(9)[::-1].copy(), np.array([0, 2, 5]), np.array([600, 3, 9, 700, 2]), 2, 1024]
    whole_one, sorted_one = make_all([inner, ("gather", (inner, by_parts))], inputs.__getitem__, np.zeros)
    assert whole_one.tolist() == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert sorted_one.tolist() == [7, 8, 6, 4, 5]


class Counted:
    """Elements without memory that are counted as they are read."""

    def __init__(self, values: np.ndarray) -> None:
        self._values, self.read = values, 0
        self.size, self.dtype = values.size, values.dtype

    def __getitem__(self, places: slice) -> np.ndarray:
        found = self._values[places]
        self.read += found.size
        return found


def test_what_several_arrays_need_is_found_once() -> None:
    number = 30_000
    order = Counted(np.arange(number, dtype=np.int32)[::-1].copy())
    inputs = [np.arange(number, dtype=np.int32), order, np.ones(number), np.arange(0, number + 1, 100), 2, number, 0]
    make_all([RECIPES[7], RECIPES[9], RECIPES[10], NARROW_IN_ROWS], inputs.__getitem__, np.zeros)
    assert order.read == number


def test_a_row_of_all_synapses_takes_no_memory_but_for_its_places() -> None:
    """Sums are divided among threads like that: sorting the whole row took 26 bytes a synapse."""
    number = 2_000_000
    random = np.random.default_rng(1)
    inputs: list[object] = [
        random.integers(0, 5000, number).astype(np.int32), random.random(number), np.array([0, number]), 2, 5000, 0
    ]  # fmt: skip
    recipes: list[Recipe] = [("gather", (1, ("part_order", (2, 0, 3, 4, 5)))), ("part_order", (2, 0, 3, 4, 5))]
    tracemalloc.start()
    try:
        found = make_all(recipes, inputs.__getitem__, np.zeros)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - kept < 7 * number
    order = np.argsort(np.asarray(inputs[0]) >= firsts_of(5000, 2)[1], kind="stable")
    assert np.array_equal(found[1], order) and np.array_equal(found[0], np.asarray(inputs[1])[order])


def test_several_threads_make_large_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_recipes, "WORTH", 1000)
    monkeypatch.setattr(block_recipes, "BLOCK", 10)
    names: set[str] = set()

    class Watched(Counted):
        def __getitem__(self, places: slice) -> np.ndarray:
            names.add(threading.current_thread().name)
            return super().__getitem__(places)

    order = Watched(np.arange(1000, dtype=np.int32))
    (found,) = make_all([("gather", (0, 1))], [np.arange(1000.0), order].__getitem__, np.zeros, workers=2)
    assert names <= {"ranvier-arrays_0", "ranvier-arrays_1"} and names and found.tolist() == list(range(1000))
    names.clear()
    make_all([("gather", (0, 1))], [np.arange(1000.0), order].__getitem__, np.zeros)
    assert names == {threading.current_thread().name}


@pytest.mark.parametrize("error", (MemoryError, KeyboardInterrupt))
def test_what_a_thread_raises_ends_all(error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_recipes, "WORTH", 1000)
    monkeypatch.setattr(block_recipes, "BLOCK", 1)
    begun: list[int] = []

    class Failing(Counted):
        def __getitem__(self, places: slice) -> np.ndarray:
            begun.append(places.start)
            if places.start == 5:
                raise error
            return super().__getitem__(places)

    with pytest.raises(error):
        make_all(
            [("gather", (0, 1))],
            [np.arange(100_000.0), Failing(np.arange(100_000, dtype=np.int32))].__getitem__,
            np.zeros,
            workers=2,
        )
    assert len(begun) < 100_000
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ranvier-arrays")]
