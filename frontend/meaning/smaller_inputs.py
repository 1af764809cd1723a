"""Smaller inputs: a case with fewer elements, fewer synapses, or simpler values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ranvier.meaning.given import Array, Given, entries_of, table_of
from ranvier.meaning.reproducer import Reproducer


def sharing(given: Given) -> Given:
    """Returns the same values, of which others can be put in; arrays are shared, and stay as they are."""
    clocks = {label: replace(clock) for label, clock in given.clocks.items()}
    return Given(dict(given.params), dict(given.states), dict(given.events), clocks)


def resized(case: Reproducer, label: str, size: int) -> Reproducer | None:
    """Returns a case with another size, and arrays that are cut to what fits."""
    assert case.given is not None
    given = sharing(case.given)
    given.params[label] = size
    try:
        entries = entries_of(table_of(case.module))
        labels = [entry.label for _, entry in entries]
        for declared, entry in entries:
            if declared.size is None or entry.kind not in ("state", "events"):
                continue
            wanted = declared.size.value(lambda number: int(given.params[labels[number]]))
            if entry.kind == "events":
                events = given.events[entry.label]
                given.events[entry.label] = events[events < wanted]
            elif given.states[entry.label].size >= wanted:
                given.states[entry.label] = given.states[entry.label][:wanted]
            else:
                return None
    except (ValueError, KeyError, TypeError):
        return None
    return replace(case, given=given)


def _rounded_to_one(value: Array) -> Array:
    return np.round(value, 1)


def _rounded_to_three(value: Array) -> Array:
    return np.round(value, 3)


def _all_as_the_first(value: Array) -> Array:
    return np.full_like(value, value.flat[0])


SIMPLER: tuple[Callable[[Any], Any], ...] = (
    np.zeros_like,
    np.ones_like,
    _rounded_to_one,
    _rounded_to_three,
    _all_as_the_first,
)
"""Simpler values, the simplest first."""


def with_value(case: Reproducer, kind: str, label: str, simple: Callable[[Any], Any]) -> Reproducer | None:
    """Returns a case with simpler values of a param or a state; None if there are none.

    Args:
        case: The case.
        kind: "params" or "states".
        label: Which.
        simple: One of `SIMPLER`.
    """
    assert case.given is not None
    given = sharing(case.given)
    values = getattr(given, kind)
    old = np.asarray(values[label])
    if old.dtype.kind == "b" or not old.size or (kind == "params" and old.dtype.kind != "f"):
        return None
    new = simple(old)
    values[label] = new.item() if kind == "params" else new.astype(old.dtype)
    return replace(case, given=given)
