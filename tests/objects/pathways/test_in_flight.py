"""Spikes on their way, read from the history of a pathway."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.actions.synaptic_actions import Rows, SpikeHistory
from ranvier.objects.connections.rows import RowOrder, new_rows
from ranvier.objects.pathways.in_flight import NOTHING, in_flight, new_history


def _history(rng: np.random.Generator, size: int, longest: int, position: int) -> tuple[SpikeHistory, list]:
    """Returns a history with spikes of the last steps, and the spikes as a list of steps and elements."""
    history, spikes = new_history("pre", size, longest, NOTHING), []
    history.position.array[0] = position
    for step in range(max(position - longest, 0), position):
        elements = np.flatnonzero(rng.random(size) < 0.4)
        slot = step % (longest + 1)
        history.counts.array[slot] = elements.size
        history.indices.array[slot * size : slot * size + elements.size] = elements
        spikes.append((step, elements))
    return history, spikes


def _one_by_one(rows: Rows, order: np.ndarray, spikes: list, position: int) -> list[tuple[int, int]]:
    """Returns times and synapses: of each spike, synapse after synapse."""
    count, found = rows.delays.array.size, []
    for step, elements in spikes:
        for number, delay in enumerate(rows.delays.array.tolist()):
            if step + delay < position:
                continue
            for element in elements.tolist():
                first, stop = rows.pointers.array[element * count + number :][:2].tolist()
                found += [(step + delay, int(order[place])) for place in range(first, stop)]
    return sorted(found, key=lambda each: each[0])  # stable: at one time, in the order in which they are found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["sorted", "any order", "made"])
def test_they_are_those_of_each_spike_after_each_delay(seed: int, kind: str) -> None:
    """Also where elements have no synapses, and where the order of all synapses is not in memory."""
    rng = np.random.default_rng(seed)
    size, longest = int(rng.integers(1, 9)), int(rng.integers(1, 6))
    elements = rng.integers(0, size, int(rng.integers(0, 40)))
    steps = rng.integers(0, longest + 1, elements.size) if seed % 4 else np.array([longest])
    rows = new_rows("pre", elements if kind == "any order" else np.sort(elements), size, steps)
    if kind == "made" and rows.order is not None:
        assert rows.order.array.size == elements.size
    elif kind == "sorted" and rows.order is not None:
        assert isinstance(rows.order, RowOrder) and not rows.order.is_made
    longest, position = int(rows.delays.array[0]), 3 + int(rng.integers(0, 9))
    history, spikes = _history(rng, size, longest, position)
    found = in_flight(rows, history)
    if kind == "sorted" and rows.order is not None:
        assert not rows.order.is_made
    order = np.arange(elements.size) if rows.order is None else rows.order.array
    pairs = list(zip(found.due.tolist(), found.synapses.tolist(), strict=True))
    assert pairs == _one_by_one(rows, order, spikes, position)


def test_synapses_of_elements_are_those_of_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elements in any choice, in blocks as well."""
    monkeypatch.setattr("ranvier.objects.connections.rows.BLOCK", 50)
    rng = np.random.default_rng(1)
    elements = np.sort(rng.integers(0, 50, 2000))
    order = new_rows("pre", elements, 50, rng.integers(0, 30, 2000)).order
    assert isinstance(order, RowOrder)
    starts = np.searchsorted(elements, np.arange(51))
    chosen = np.array([3, 4, 20, 49])
    parts = [order.take(slice(int(starts[k]), int(starts[k + 1]))) for k in chosen]
    assert order.of_elements(chosen).tolist() == np.concatenate(parts).tolist()
    assert order.of_elements(chosen[:0]).size == 0
