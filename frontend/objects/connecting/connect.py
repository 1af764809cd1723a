"""`Synapses.connect`: which of its forms is meant, and the synapses that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranvier.objects.connecting.candidates import Candidates
from ranvier.objects.connecting.collecting import Ends, Pairs, check_number, collected
from ranvier.objects.connecting.generator_syntax import is_generator, parse_generator
from ranvier.objects.connecting.pairs import BLOCK, GeneratorConnector, all_pairs, is_off_diagonal
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.index import element_numbers
from ranvier.objects.groups.population import Acting
from ranvier.objects.memory.arrays import Array
from ranvier.session.logger import get_logger
from ranvier.session.randomness import Draws

logger = get_logger("ranvier.synapses.synapses")


@dataclass(frozen=True)
class Request:
    """The arguments of `connect`."""

    condition: object
    i: Any
    j: Any
    p: Any
    n: Any
    skip_if_invalid: bool


def make_ends(synapses: Connected, request: Request, namespace: Mapping[str, object]) -> Ends:
    """Returns the ends of the synapses that a call of `connect` makes.

    Raises:
        TypeError, ValueError, SyntaxError, KeyError, IndexError, DimensionMismatchError: What is wrong.
    """
    _check(request)
    rng = Draws()
    condition, i, j = request.condition, request.i, request.j
    most = synapses.source.element_count * synapses.target.element_count
    if isinstance(i, str) or isinstance(j, str):
        inner = "j" if isinstance(j, str) else "i"
        generator = parse_generator(j if inner == "j" else i)
        candidates = Candidates(synapses, namespace, generator.variable)
        blocks = GeneratorConnector(candidates, generator, inner, request.skip_if_invalid, rng).pairs()
    elif i is not None:
        candidates = Candidates(synapses, namespace)
        pairs = _index_arrays(synapses, i, j)
        most = pairs[0].size
        blocks = _listed_pairs(candidates, pairs, request.p, rng)
    else:
        candidates = Candidates(synapses, namespace)
        blocks = iter(()) if condition is False else _full_or_some(synapses, candidates, request, rng)
    count, present = synapses.source.element_count, synapses.element_count
    expected = _expected(most, request)
    width = synapses.connections.targets.width
    return collected(_copies(candidates, blocks, request.n), synapses.name, count, width, expected, present)


def _check(request: Request) -> None:
    condition, i, j, p, n = request.condition, request.i, request.j, request.p, request.n
    if condition is not None and not isinstance(condition, (bool, np.bool_, str)):
        raise TypeError(
            "condition argument must be bool or string. If you want to connect based on indices, use "
            f"connect(i=..., j=...).{_hint(condition)}"
        )
    if condition is not None and (i is not None or j is not None):
        raise ValueError("connect() takes either a condition, or i and j, not both.")
    if isinstance(condition, str) and is_generator(condition):
        raise ValueError("Generator syntax cannot be used in the condition argument: use connect(j='...').")
    if isinstance(i, str) and isinstance(j, str):
        raise TypeError("Generator syntax can be used for only one of i and j.")
    for name, one, other in (("i", i, j), ("j", j, i)):
        if isinstance(one, str) and other is not None:
            raise TypeError(f"Generator syntax for {name} cannot be combined with an argument for the other index.")
        if one is not None and other is None and not isinstance(one, str):
            raise ValueError(f"With {name} given as numbers the other index has to be given, too.")
    if isinstance(n, bool) or not isinstance(n, (int, np.integer, str)):
        raise TypeError(f"The number of synapses n has to be a whole number or a text, not {n!r}.")
    if not (isinstance(p, str) or (np.ndim(p) == 0 and isinstance(p, (int, float, np.number)))):
        raise TypeError(f"The probability p has to be a number or a text, not {p!r}.")
    if not isinstance(p, str) and p != p:
        raise ValueError("p is a probability, but it is not a number (nan).")
    if (isinstance(i, str) or isinstance(j, str)) and p != 1:
        raise ValueError(
            "Generator syntax cannot be combined with p argument: use e.g. j='k for k in sample(N_post, p=0.1)'."
        )
    if request.skip_if_invalid and not isinstance(i, str) and not isinstance(j, str) and i is not None:
        raise ValueError("skip_if_invalid is for i or j that is computed by a text, such as j='i + 1'; leave it out.")


def _hint(given: object) -> str:
    if len(getattr(given, "shape", ())) == 2:
        return " For a matrix use connect_sparse(matrix, 'w')."
    return " For a graph use connect_graph(graph)." if hasattr(given, "is_directed") else ""


def _full_or_some(synapses: Connected, candidates: Candidates, request: Request, rng: Draws) -> Iterator[Pairs]:
    pre, post = synapses.source.element_count, synapses.target.element_count
    text = request.condition if isinstance(request.condition, str) else None
    if text is not None and text.strip() in ("True", "False"):
        if text.strip() == "False":
            return iter(())
        text = None
    pairs = pre * post if text is None else pre * post - min(pre, post) if is_off_diagonal(text) else 0
    _check_expected(synapses, pairs, request)
    p = request.p if isinstance(request.p, str) else float(request.p)
    return all_pairs(candidates, text, p, rng)


def _check_expected(synapses: Connected, pairs: int, request: Request) -> None:
    """Checks, before any is made, that the probability is one and that synapses are not certain to be too many."""
    if not isinstance(request.p, str) and not float(request.p) >= 0:
        raise ValueError(f"The probability p of connect() has to be a number from 0 to 1, not {request.p}.")
    if not isinstance(request.p, str) and float(request.p) > 1:
        _warn_of_percents(synapses, float(request.p))
    if isinstance(request.p, str) or isinstance(request.n, str):
        return
    mean = pairs * min(max(float(request.p), 0.0), 1.0)
    least = mean - 10 * mean**0.5 if request.p < 1 else mean
    check_number(synapses.element_count + int(least * request.n), synapses.name)


def _warn_of_percents(synapses: Connected, p: float) -> None:
    meant = f" For {p:g} percent write p={p / 100:g}." if 1 < p <= 100 else ""
    logger.warn(
        f"connect(p={p:g}) of '{synapses.name}' connects all pairs: p is a probability, from 0 to 1.{meant}",
        "connect_probability",
    )


def _index_arrays(synapses: Connected, i: object, j: object) -> Pairs:
    sources = _indices(i, synapses.source, "Presynaptic")
    targets = _indices(j, synapses.target, "Postsynaptic")
    try:
        sources, targets = np.broadcast_arrays(sources, targets)
    except ValueError:
        raise ValueError(
            f"The arrays of presynaptic and postsynaptic indices have different lengths: {sources.size} and "
            f"{targets.size}. Synapse k leads from i[k] to j[k]: give as many of both, or one number for all."
        ) from None
    return np.atleast_1d(sources), np.atleast_1d(targets)


def _indices(given: object, group: Acting, which: str) -> Array:
    numbers = np.asarray(element_numbers(given, group))
    if numbers.size == 0 and numbers.ndim == 1:
        return np.zeros(0, dtype=np.int32)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"{which} indices have to be given as integers, are type {numbers.dtype.name} instead.")
    if numbers.ndim > 1:
        raise ValueError(
            f"{which} indices have to be a number, a list or an array with one axis, not one of shape {numbers.shape}."
        )
    low, high = int(numbers.min()), int(numbers.max())
    if low < 0 or high >= group.element_count:
        bad = low if low < 0 else high
        raise IndexError(
            f"{which} index {bad} is outside of the range from 0 to {group.element_count - 1} of '{group.name}'."
        )
    return numbers


def _listed_pairs(candidates: Candidates, pairs: Pairs, p: object, rng: Draws) -> Iterator[Pairs]:
    for start in range(0, pairs[0].size, BLOCK):
        i, j = (numbers[start : start + BLOCK].astype(np.int32, copy=False) for numbers in pairs)
        yield _kept(candidates, (i, j), p, rng)


def _kept(candidates: Candidates, pairs: Pairs, p: Any, rng: Draws) -> Pairs:
    i, j = pairs
    if not isinstance(p, str) and p >= 1:
        return pairs
    chance: Any = p
    if isinstance(p, str):
        candidates.at(i=i, j=j)
        chance = candidates.values(p)
    kept = rng.random(i.size) < chance
    return i[kept], j[kept]


def _copies(candidates: Candidates, blocks: Iterable[Pairs], n: int | str) -> Iterator[Pairs]:
    if not isinstance(n, str) and n < 0:
        raise ValueError(f"The number of synapses for each pair must not be negative, but n={n}.")
    for i, j in blocks:
        if isinstance(n, str):
            candidates.at(i=i, j=j)
            counts = candidates.integers(n, "number of synapses n", booleans=True)
            if counts.size and counts.min() < 0:
                raise ValueError(
                    f"The number of synapses for each pair must not be negative, but n='{n}' gives {counts.min()}."
                )
            yield np.repeat(i, counts), np.repeat(j, counts)
        else:
            yield (i, j) if n == 1 else (np.repeat(i, n), np.repeat(j, n))


MOST_EXPECTED = 1 << 28
"""Synapses for which memory is set aside on the ground of a guess."""


def _expected(most: int, request: Request) -> int:
    """Returns about how many synapses will be made of so many pairs, or at most; memory that is not used costs
    nothing.
    """
    if request.condition is False or not (isinstance(request.p, str) or request.p > 0):
        return 0
    mean = most * (1.0 if isinstance(request.p, str) else min(float(request.p), 1.0))
    mean *= 1 if isinstance(request.n, str) else max(int(request.n), 0)
    return min(int(mean + 5 * mean**0.5) + 1, MOST_EXPECTED)
