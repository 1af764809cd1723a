"""Derived arrays: made once, and again when what they are made from has changed."""

import gc
import weakref

import numpy as np
import pytest

from ranvier.actions.actions import Storage
from ranvier.ir.recipes import KINDS, inputs_of
from ranvier.objects.memory.lazy import UniformStorage
from ranvier.runtime import derived, state
from ranvier.runtime.derived import WATCHED, derived_array
from ranvier.runtime.state import address, allocate

SORTED = ("narrow", (("gather", (2, 1)),))


def storage(values, dtype, **kwds):
    array = allocate(len(values), dtype)
    array[:] = values
    return Storage("x", array, **kwds)


@pytest.fixture
def inputs():
    return [0.5, storage([2, 0, 1, 1], np.int32, frozen=True), storage([7, 65535, 9], np.int32)]


def test_what_is_made(inputs):
    found = derived_array(SORTED, inputs)
    assert found.dtype == np.uint16
    assert found.tolist() == [9, 7, 65535, 65535]
    assert address(found) % 64 == 0
    assert inputs_of(SORTED) == (2, 1)


def test_it_is_kept(inputs):
    assert derived_array(SORTED, inputs) is derived_array(SORTED, inputs)
    other = [inputs[2], inputs[1]]
    assert derived_array(("narrow", (("gather", (0, 1)),)), other) is derived_array(SORTED, inputs)


def test_changed_elements(inputs):
    first = derived_array(SORTED, inputs)
    inputs[2].array[0] = 8
    assert derived_array(SORTED, inputs).tolist() == [9, 8, 65535, 65535]
    assert first.tolist() == [9, 7, 65535, 65535]


def test_another_array_of_a_frozen_storage(inputs):
    derived_array(SORTED, inputs)
    inputs[1].array = storage([1, 1, 1, 0], np.int32).array
    assert derived_array(SORTED, inputs).tolist() == [65535, 65535, 65535, 7]


def test_another_storage(inputs):
    derived_array(SORTED, inputs)
    inputs[1] = storage([0], np.int32, frozen=True)
    gc.collect()
    assert derived_array(SORTED, inputs).tolist() == [7]


def test_long_arrays_are_made_in_pieces():
    rng = np.random.default_rng(1)
    values, order = rng.random(3_000_000), rng.permutation(3_000_000).astype(np.int32)
    found = derived_array(("gather", (0, 1)), [storage(values, float), storage(order, np.int32)])
    assert np.array_equal(found, values[order])


class Sliced:
    """Elements that have no memory before they are read: the ends of synapses that are sorted."""

    def __init__(self, elements):
        self._elements = np.array(elements, np.int32)
        self.size, self.dtype = self._elements.size, self._elements.dtype

    def __getitem__(self, places):
        return self._elements[places]


@pytest.mark.parametrize(
    ("kind", "rest"),
    [("gather", [1]), ("narrow", []), ("order", []), ("starts", [2]), ("gather_each", [1]), ("sort_rows", [])],
)
def test_elements_without_memory_are_read_by_slices(kind, rest):
    elements, others = [0, 0, 1, 2, 2, 2], [3, np.array([2, 1, 0]), 5]
    found = []
    for form in (Sliced, lambda given: np.array(given, np.int32)):
        given = [form(elements), *(others[k] for k in rest)]
        given = {"gather_each": [2, *given], "sort_rows": [np.array([0, 4, 6]), *given]}.get(kind, given)
        found.append(KINDS[kind](np.zeros, *given).tolist())
    assert found[0] == found[1] and len(found[0]) >= 3


def test_tables_of_numbers():
    recipe = ("binomial_table", (2, 1))
    found = derived_array(recipe, [0, 0.25, 10])
    assert found.dtype == np.int32 and found.size == 32 and address(found) % 64 == 0
    assert derived_array(recipe, [1, 0.25, 10]) is found
    assert derived_array(("binomial_table", (0, 1)), [10, 0.25]) is found
    assert derived_array(recipe, [0, 0.26, 10]).tolist() != found.tolist()
    assert derived_array(("poisson_table", (1,)), [0, 0.25]).tolist() != found.tolist()


def test_the_same_values_in_two_orders_are_kept_both(inputs):
    other = [*inputs, storage([1, 1, 0, 2], np.int32, frozen=True)]
    first, second = derived_array(("gather", (2, 1)), other), derived_array(("gather", (2, 3)), other)
    assert first.tolist() == [9, 7, 65535, 65535] and second.tolist() == [65535, 65535, 7, 9]
    assert derived_array(("gather", (2, 1)), other) is first and derived_array(("gather", (2, 3)), other) is second


def test_what_nobody_can_ask_for_again_is_dropped(inputs):
    made = weakref.ref(derived_array(("gather", (2, 1)), inputs))
    assert made() is not None
    inputs[1] = storage([0], np.int32, frozen=True)
    gc.collect()
    derived_array(("gather", (2, 1)), inputs)
    gc.collect()
    assert made() is None


LARGE = WATCHED // 8


def large_storage() -> UniformStorage:
    storage = UniformStorage("s.w", LARGE, np.float64)
    storage.set_values(np.arange(LARGE, dtype=float))
    return storage


@pytest.fixture
def looks(monkeypatch) -> list[int]:
    """Says of which arrays all elements have been looked at."""
    seen: list[int] = []

    def fingerprint(array):
        seen.append(array.size)
        return state.fingerprint(array)

    monkeypatch.setattr(derived, "fingerprint", fingerprint)
    return seen


def test_large_arrays_are_not_looked_at_while_nobody_asks_for_them(looks) -> None:
    storage = large_storage()
    order = Storage("s.order", np.arange(LARGE, dtype=np.int32)[::-1].copy(), frozen=True)
    recipe, values = ("gather", (0, 1)), [storage, order]
    first = derived_array(recipe, values)
    assert len(looks) == 1
    assert storage.take(3) == 3 and storage.readable[5] == 5 and storage.size == LARGE
    assert derived_array(recipe, values) is first and len(looks) == 1


CHANGES = {
    "element": lambda storage: storage.array.__setitem__(3, -1),
    "fill": lambda storage: storage.fill(2.0),
    "set_values": lambda storage: storage.set_values(np.zeros(LARGE) - np.arange(LARGE)),
    "replaced": lambda storage: setattr(storage, "array", np.ones(LARGE)),
    "resize and back": lambda storage: (storage.resize(LARGE + 1), storage.resize(LARGE), storage.fill(1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changes_of_large_arrays_are_seen(change, looks) -> None:
    storage = large_storage()
    order = Storage("s.order", np.arange(LARGE, dtype=np.int32)[::-1].copy(), frozen=True)
    recipe, values = ("gather", (0, 1)), [storage, order]
    for _ in range(2):
        derived_array(recipe, values)
    change(storage)
    found = derived_array(recipe, values)
    assert (found == storage.take(slice(None))[::-1]).all()
    count = len(looks)
    assert derived_array(recipe, values) is found and len(looks) == count


def test_changes_by_who_holds_the_array_are_seen(looks) -> None:
    storage = large_storage()
    order = Storage("s.order", np.arange(LARGE, dtype=np.int32)[::-1].copy(), frozen=True)
    recipe, values = ("gather", (0, 1)), [storage, order]
    held = storage.array[10:20]
    first = derived_array(recipe, values)
    assert derived_array(recipe, values) is first and len(looks) == 2
    held[:] = 0
    del held
    second = derived_array(recipe, values)
    assert (second == storage.take(slice(None))[::-1]).all() and second is not first
    count = len(looks)
    assert derived_array(recipe, values) is second and len(looks) == count
