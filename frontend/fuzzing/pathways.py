"""The synapses of random programs: their ends, their rows, and what is known of their sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranvier.objects.connections.row_facts import size_facts

SETS = ("sorted", "mixed", "part")
"""Synapses that stand in the order of their rows, each pair at most once; and others, which need an order, of all
neurons and of a part of them."""

WHOLE = "N"
"""The input that says how many neurons there are."""

HISTORY = {"spiked": "tensor<?xi32>", "counts": "tensor<?xi64>", "position": "tensor<1xi64>"}
"""The arrays of the spikes under way."""

ARRIVED = {"arrived": "tensor<1xi64>"}
"""How many of the pending spikes have arrived."""

PENDING = 5
"""Spikes under way to single synapses, at most."""

DELAYS = (3, 0)
"""Steps that spikes take, longest first."""


@dataclass(frozen=True)
class End:
    """The neurons at one end of synapses, which are numbered from the first of them on.

    Attributes:
        count: The input that says how many they are.
        first: The input that says which is the first one; "zero" if all are meant.
        rows: What the input that says how many rows they have is called, behind the name of the synapses.
    """

    count: str = WHOLE
    first: str = "zero"
    rows: str = "rows"

    def number(self, size: int) -> int:
        """Returns how many they are, of so many neurons."""
        return int(part_inputs(size).get(self.count, size))


PARTS = {"pre": End("rest", "low"), "post": End("far", "mid", "back")}
"""The ends of the synapses of a part."""


def end_of(name: str, way: str) -> End:
    """Returns the neurons at an end, "pre" or "post", of a set of synapses."""
    return PARTS[way] if name == "part" else End()


def part_inputs(size: int) -> Mapping[str, int]:
    """Returns the inputs that say which neurons are parts, of so many."""
    low, mid = size // 3, size // 2
    return {"low": low, "mid": mid, "rest": size - low, "far": size - mid}


def synapse_inputs(rng: np.random.Generator, size: int, synapses: int) -> Mapping[str, Any]:
    """Returns the inputs that say which synapses there are.

    Of each set: the ends, the variables of the synapses, and for both directions pointers and the order of the rows.

    Args:
        rng: Makes them.
        size: Neurons.
        synapses: Synapses of each set.
    """
    found: dict[str, Any] = {"S": synapses}
    synapses = min(synapses, size * size)
    found["S"] = synapses
    pairs = np.sort(rng.choice(size * size, synapses, replace=False))
    ends = {"sorted": (pairs // size, pairs % size), "mixed": rng.integers(0, size, (2, synapses))}
    first, second = (end_of("part", way).number(size) for way in ("pre", "post"))
    ends["part"] = rng.integers(0, first, synapses), rng.integers(0, second, synapses)
    for set_, (name, (sources, targets)) in enumerate(ends.items()):
        late = rng.integers(0, len(DELAYS), synapses)
        if name == "sorted":
            by_row = np.lexsort((targets, late, sources))
            sources, targets, late = sources[by_row], targets[by_row], late[by_row]
        found[f"{name}.i"], found[f"{name}.j"] = sources.astype(np.int32), targets.astype(np.int32)
        found[f"{name}.w"] = np.round(rng.normal(0, 1, synapses) * 16) / 16
        found[f"{name}.x"] = np.round(rng.normal(0, 1, synapses) * 16) / 16
        found[f"{name}.number"] = len(DELAYS)
        least = (size + synapses + set_) % 2  # in every other set no spike arrives in its own step
        found[f"{name}.delays"] = np.maximum(np.array(DELAYS, np.int64), least)
        for way, ends_ in (("pre", sources), ("post", targets)):
            end = end_of(name, way)
            pointers, order = _rows(ends_ * len(DELAYS) + late, len(DELAYS) * end.number(size))
            found[f"{name}.{end.rows}"] = len(pointers)
            found[f"{name}.{way}.pointers"], found[f"{name}.{way}.order"] = pointers, order
    return {**found, **part_inputs(size), **_pending(rng, synapses)}


def _pending(rng: np.random.Generator, synapses: int) -> Mapping[str, Any]:
    count = PENDING if synapses else 0
    due = np.sort(rng.integers(0, 6, count))
    return {"pending": count, "due": due, "due at": rng.integers(0, synapses, count).astype(np.int32)}


def _rows(row: NDArray[Any], rows: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Returns where each row begins in the order of the rows, and this order."""
    counts = np.bincount(row, minlength=rows)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.argsort(row, kind="stable").astype(np.int32)


def facts_text(inputs: Mapping[str, Any], name: str, way: str) -> str:
    """Returns the attribute with what is known of the sizes of a pathway."""
    far = inputs[f"{name}.{'j' if way == 'pre' else 'i'}"]
    near, other = end_of(name, way), end_of(name, "post" if way == "pre" else "pre")
    rows = int(inputs[f"{name}.{near.rows}"]) - 1
    elements = int(inputs[f"{name}.{other.rows}"]) // len(DELAYS)
    incoming = np.bincount(far, minlength=elements)
    facts = size_facts(rows, len(far), elements, int(incoming.max(initial=0)))
    facts["distinct"] = int(name == "sorted")
    facts["delayed"] = int(min(inputs[f"{name}.delays"]) > 0)
    order = inputs[f"{name}.{way}.order"]
    falls = np.flatnonzero(np.diff(far[order]) < 0) + 1
    facts["ascending"] = int(bool(np.isin(falls, inputs[f"{name}.{way}.pointers"]).all()))
    return f"{{facts = {{{', '.join(f'{key} = {value} : i64' for key, value in facts.items())}}}}}"
