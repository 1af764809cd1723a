"""The synapses of random programs: their ends, their rows, and what is known of their sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranvier.objects.connections.row_facts import size_facts

SETS = ("sorted", "mixed")
"""Synapses that stand in the order of their rows, each pair at most once; and others, which need an order."""

HISTORY = {"spiked": "tensor<?xi32>", "counts": "tensor<?xi64>", "position": "tensor<1xi64>"}
"""The arrays of the spikes under way."""

ARRIVED = {"arrived": "tensor<1xi64>"}
"""How many of the pending spikes have arrived."""

PENDING = 5
"""Spikes under way to single synapses, at most."""

DELAYS = (3, 0)
"""Steps that spikes take, longest first."""


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
    for name, (sources, targets) in ends.items():
        late = rng.integers(0, len(DELAYS), synapses)
        if name == "sorted":
            by_row = np.lexsort((targets, late, sources))
            sources, targets, late = sources[by_row], targets[by_row], late[by_row]
        found[f"{name}.i"], found[f"{name}.j"] = sources.astype(np.int32), targets.astype(np.int32)
        found[f"{name}.w"] = np.round(rng.normal(0, 1, synapses) * 16) / 16
        found[f"{name}.x"] = np.round(rng.normal(0, 1, synapses) * 16) / 16
        found[f"{name}.rows"], found[f"{name}.number"] = len(DELAYS) * size + 1, len(DELAYS)
        found[f"{name}.delays"] = np.array(DELAYS, np.int64)
        for way, ends_ in (("pre", sources), ("post", targets)):
            pointers, order = _rows(ends_ * len(DELAYS) + late, len(DELAYS) * size)
            found[f"{name}.{way}.pointers"], found[f"{name}.{way}.order"] = pointers, order
    return found | _pending(rng, synapses)


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
    rows = int(inputs[f"{name}.rows"]) - 1
    elements = rows // len(DELAYS)
    incoming = np.bincount(far, minlength=elements)
    facts = size_facts(rows, len(far), elements, int(incoming.max(initial=0)))
    facts["distinct"] = int(name == "sorted")
    order = inputs[f"{name}.{way}.order"]
    falls = np.flatnonzero(np.diff(far[order]) < 0) + 1
    facts["ascending"] = int(bool(np.isin(falls, inputs[f"{name}.{way}.pointers"]).all()))
    return f"{{facts = {{{', '.join(f'{key} = {value} : i64' for key, value in facts.items())}}}}}"
