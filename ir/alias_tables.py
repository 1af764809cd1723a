"""Tables from which small whole numbers are drawn (`snn.random "tabulated"`), with one 32-bit random word each.

A table has an entry for each of 32 columns, which are equally likely. An entry is `32*t + other`: of the 2**27 words
that choose a column, the first t give the column's number, the rest the other number (Walker's aliases, made by Vose's
method; M. D. Vose, A linear algorithm for generating random numbers with a given distribution, 1991). A column that
always gives its own number has t = 0 and itself as the other.

All counts are whole numbers that add up to 2**32: numbers are drawn with exactly the probabilities that follow from
the distribution function rounded to multiples of 2**-32. So each probability P(X <= k) is off by at most 2**-33, and
numbers never come that are exceeded or reached with less probability than that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import accumulate, islice, pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Allocate: TypeAlias = Callable[[int, npt.DTypeLike], npt.NDArray[Any]]

COLUMNS = 32
"""Entries of a table: the numbers that can be drawn are those below it."""
SHARE = 2**27
"""Words for each column."""

LARGEST_MEAN = 7.0
"""Distributions of up to this mean have tables: beyond 31, a Poisson number of mean 7 comes with less than 2**-37."""


def binomial_terms(n: float, p: float) -> Iterator[float]:
    """Yields P(X = 0), P(X = 1), ... of the number of successes in n trials of probability p, without an end."""
    probability = math.exp(n * math.log1p(-p))
    odds = p / (1 - p)
    k = 0
    while True:
        yield probability
        k += 1
        probability *= max(n - k + 1, 0.0) / k * odds


def poisson_terms(mean: float) -> Iterator[float]:
    """Yields P(X = 0), P(X = 1), ... of a Poisson number, without an end."""
    probability = math.exp(-mean)
    k = 0
    while True:
        yield probability
        k += 1
        probability *= mean / k


def counts(terms: Iterator[float]) -> list[int]:
    """Returns of how many of the 2**32 words each of the numbers 0 to 31 is made."""
    reached = [min(round(sum_ * 2**32), 2**32) for sum_ in accumulate(islice(terms, COLUMNS - 1))]
    bounds = [0, *reached, 2**32]
    return [upper - lower for lower, upper in pairwise(bounds)]


def aliases(words: list[int]) -> list[int]:
    """Returns the entries of a table for the counts of words of its numbers, which add up to 2**32."""
    left = list(words)
    entries = list(range(COLUMNS))
    poor = [k for k in range(COLUMNS) if left[k] < SHARE]
    rich = [k for k in range(COLUMNS) if left[k] > SHARE]
    while poor:
        column, giver = poor.pop(), rich[-1]
        entries[column] = left[column] * COLUMNS + giver
        left[giver] -= SHARE - left[column]
        if left[giver] <= SHARE:
            rich.pop()
            if left[giver] < SHARE:
                poor.append(giver)
    return entries


def _table(allocate: Allocate, terms: Iterator[float]) -> npt.NDArray[Any]:
    found = allocate(COLUMNS, np.int32)
    found[:] = np.array(aliases(counts(terms)), dtype=np.uint32).view(np.int32)
    return found


def binomial_table(allocate: Allocate, n: float, p: float) -> npt.NDArray[Any]:
    """Returns the table of a binomial number of mean n*p or n*(1-p) up to `LARGEST_MEAN`.

    Of successes if p is at most 1/2, of failures if it is greater.
    """
    return _table(allocate, binomial_terms(n, min(p, 1 - p)))


def poisson_table(allocate: Allocate, mean: float) -> npt.NDArray[Any]:
    """Returns the table of a Poisson number of a mean from 0 to `LARGEST_MEAN`."""
    return _table(allocate, poisson_terms(mean))
