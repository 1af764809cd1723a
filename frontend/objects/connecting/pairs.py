"""Making synapses: index arrays from conditions, probabilities, generators.

Everything works on blocks of pairs, so that memory stays bounded whatever the sizes of the groups.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranvier.objects.connecting.candidates import Candidates
from ranvier.objects.connecting.collecting import Pairs
from ranvier.objects.connecting.generator_syntax import Generator
from ranvier.objects.connecting.random_choice import block_limits, chosen_positions, positions_among, subsets
from ranvier.objects.memory.arrays import Array
from ranvier.session.randomness import Draws

BLOCK = 1 << 19
"""Pairs that are looked at together."""

MANY = 1 << 24
"""Pairs for which a program is compiled, which takes a tenth of a second: numpy takes a few tenths for so many."""

DENSE = 1 / 8
"""A probability from which on native code looks at all pairs: numpy takes ten times as long for each that it draws."""

GRID = 1 << 17
"""Pairs of a grid that are looked at together: with intermediate results they fit into the cache."""


def all_pairs(candidates: Candidates, condition: str | None, p: float | str, rng: Draws) -> Iterator[Pairs]:
    """Yields pairs, sources outside, for which a condition holds, each kept with probability `p`."""
    pre, post = candidates.synapses.source.element_count, candidates.synapses.target.element_count
    if isinstance(p, str):
        same = candidates.uniform(p)
        p = p if same is None else same
    if is_off_diagonal(condition) and not isinstance(p, str) and p < 1 and pre == post:
        yield from _off_diagonal(pre, p, rng)
        return
    text, chance = (p, 1.0) if isinstance(p, str) else (None, p)
    is_special = condition is not None or text is not None
    if pre * post >= MANY and chance >= DENSE and is_special and candidates.is_grid(condition, text):
        native = candidates.natively(condition, text)
        if native is not None:
            for i, j in native:
                kept = slice(None) if chance >= 1 else rng.random(i.size) < chance
                yield i[kept], j[kept]
            return
    if chance >= 1 and candidates.is_grid(condition, text):
        yield from _grid_pairs(candidates, condition, text, rng)
        return
    blocks = _every_pair(pre, post) if isinstance(p, str) else _sampled_pairs(pre, post, p, rng)
    for i, j in blocks:
        if condition is not None:
            candidates.at(i=i, j=j)
            held = candidates.condition(condition)
            i, j = i[held], j[held]
        if isinstance(p, str) and i.size:
            candidates.at(i=i, j=j)
            kept = rng.random(i.size) < candidates.values(p)
            i, j = i[kept], j[kept]
        if i.size:
            yield i, j


def is_off_diagonal(condition: str | None) -> bool:
    """Tells whether a condition is `i != j`."""
    return condition is not None and condition.replace(" ", "") in ("i!=j", "j!=i")


def _off_diagonal(size: int, p: float, rng: Draws) -> Iterator[Pairs]:
    """Pairs of different elements of one size, each kept with probability `p`."""
    for i, j in _sampled_pairs(size, size - 1, p, rng):
        j += j >= i
        yield i, j


def _grid_pairs(candidates: Candidates, condition: str | None, p: str | None, rng: Draws) -> Iterator[Pairs]:
    """Pairs for which a condition holds, kept with a probability that is a text: blocks of some rows, part by part."""
    pre, post = candidates.synapses.source.element_count, candidates.synapses.target.element_count
    inner, rows = np.arange(post, dtype=np.int32), max(GRID // max(post, 1), 1)
    for start in range(0, pre if post else 0, rows):
        outer = np.arange(start, min(start + rows, pre), dtype=np.int32)
        found: list[Array] = []
        for first in range(0, post, GRID):  # more than one part only where a block is a single row
            part = inner[first : first + GRID]
            candidates.at_grid(outer, part)
            chosen = _chosen(candidates, condition, p, (outer.size, part.size), rng)
            found.append(np.flatnonzero(chosen) + first)
        places = found[0] if len(found) == 1 else np.concatenate(found)
        if places.size:
            row, column = np.divmod(places, post)
            yield (row + start).astype(np.int32), column.astype(np.int32)


def _chosen(candidates: Candidates, condition: str | None, p: str | None, shape: tuple[int, int], rng: Draws) -> Array:
    held = np.True_ if condition is None else candidates.on_grid(condition, is_condition=True)
    if p is None:
        return np.broadcast_to(held, shape)
    kept = rng.random(shape) < candidates.on_grid(p, is_condition=False)
    return kept if condition is None else np.logical_and(kept, held, out=kept)


def _every_pair(pre: int, post: int) -> Iterator[Pairs]:
    inner = np.arange(post, dtype=np.int32)
    rows = max(BLOCK // post, 1)
    for start in range(0, pre, rows):
        outer = np.arange(start, min(start + rows, pre), dtype=np.int32)
        yield np.repeat(outer, post), np.tile(inner, outer.size)


def _sampled_pairs(pre: int, post: int, p: float, rng: Draws) -> Iterator[Pairs]:
    if p >= 1:
        yield from _every_pair(pre, post)
        return
    for positions in chosen_positions(pre * post, p, rng):
        first, last = int(positions[0] // post), int(positions[-1] // post)
        starts = np.arange(first, last + 2, dtype=np.int64) * post
        counts = np.diff(np.searchsorted(positions, starts))
        rows = np.arange(first, last + 1, dtype=np.int32)
        sources = np.repeat(rows, counts)
        targets = positions - np.repeat(starts[:-1], counts)
        yield sources, targets.astype(np.int32)


class GeneratorConnector:
    """Makes pairs from a generator, for the neurons of one side ("outer") one after the other.

    Args:
        candidates: What names mean.
        generator: The generator.
        inner: "j" if the generator gives targets, "i" if it gives sources.
        skip_if_invalid: Whether indices outside of the group are left out.
        rng: Where random numbers come from.
    """

    def __init__(
        self, candidates: Candidates, generator: Generator, inner: str, skip_if_invalid: bool, rng: Draws
    ) -> None:
        self.candidates = candidates
        self.generator = generator
        self.inner = inner
        self.outer = "i" if inner == "j" else "j"
        self.skip = skip_if_invalid
        self.rng = rng
        synapses = candidates.synapses
        groups = {"i": synapses.source, "j": synapses.target}
        self.outer_size = groups[self.outer].element_count
        self.inner_size = groups[inner].element_count

    def pairs(self) -> Iterator[Pairs]:
        """Yields pairs, the outer side outside.

        Raises:
            IndexError: If a neuron does not exist.
            TypeError: If the arguments of a range are no integers.
        """
        for outer, values in self._iterations():
            found = self._block(outer, values)
            if found[0].size:
                yield found if self.inner == "j" else (found[1], found[0])

    # ------------------------------------------------------------------ the range

    def _iterations(self) -> Iterator[tuple[Array, Array | None]]:
        """Yields outer neurons, and values of the iterator."""
        generator = self.generator
        outer = np.arange(self.outer_size, dtype=np.int64)
        if not generator.kind:
            for start in range(0, self.outer_size, BLOCK):
                yield outer[start : start + BLOCK], None
            return
        self.candidates.at(**{self.outer: outer})
        low = self.candidates.integers(generator.low, f"'low' argument of the {generator.kind} function")
        high = self.candidates.integers(generator.high, f"'high' argument of the {generator.kind} function")
        step = self.candidates.integers(generator.step, f"'step' argument of the {generator.kind} function")
        if not step.all():
            raise ZeroDivisionError(f"The step of the {generator.kind} function must not be zero.")
        lengths = np.maximum(-((low - high) // step), 0)
        for numbers, positions in self._positions(lengths):
            yield numbers, low[numbers] + positions * step[numbers]

    def _positions(self, lengths: Array) -> Iterator[tuple[Array, Array]]:
        """Yields outer neurons, and which values of their ranges are taken."""
        generator = self.generator
        if generator.kind == "range":
            yield from _complete(lengths)
        elif generator.p:
            same = self.candidates.uniform(generator.p)
            if same is not None:
                yield from positions_among(lengths, same, self.rng)
                return
            chances = np.clip(self.candidates.values(generator.p).astype(float), 0, 1)
            yield from subsets(lengths, self.rng.binomial(lengths, chances), self.rng)
        else:
            sizes = self.candidates.integers(generator.size, "'size' argument of the sample function")
            yield from subsets(lengths, self._checked_sizes(lengths, sizes), self.rng)

    def _checked_sizes(self, lengths: Array, sizes: Array) -> Array:
        if self.skip:
            return np.clip(sizes, 0, lengths)
        if sizes.size and sizes.min() < 0:
            raise IndexError(
                f"The size of sample() is {sizes.min()}, but has to be 0 or more; skip_if_invalid=True takes 0 then."
            )
        too_large = np.flatnonzero(sizes > lengths)
        if too_large.size:
            size, length = sizes[too_large[0]], lengths[too_large[0]]
            raise IndexError(f"sample() cannot choose {size} of {length}. skip_if_invalid=True takes all of them then.")
        return sizes

    # ------------------------------------------------------------------ the index

    def _block(self, outer: Array, values: Array | None) -> Pairs:
        generator, candidates = self.generator, self.candidates
        index = {self.outer: outer} if values is None else {self.outer: outer, generator.variable: values}
        candidates.at(**index)
        found = self._whole(candidates.values(generator.expr))
        if generator.condition:
            outer, found = self._conditioned(outer, found, values)
        else:
            outer, found = self._valid(outer, found, "")
        return outer.astype(np.int32), found.astype(np.int32)

    def _whole(self, values: Array) -> Array:
        """Returns values as integers; what no integer is, or by far no neuron, as -1."""
        if values.dtype.kind != "f":
            return values.astype(np.int64)
        possible = np.abs(values) < 2.0**62
        if not possible.all() and not self.skip:
            self._fail(values[~possible][0], "")
        return np.trunc(np.where(possible, values, -1)).astype(np.int64)

    def _conditioned(self, outer: Array, found: Array, values: Array | None) -> Pairs:
        generator, candidates = self.generator, self.candidates
        if candidates.uses_inner(generator.condition, self.inner):
            side = "post" if self.inner == "j" else "pre"
            inside = self._inside(found)
            if not inside.all():
                if not self.skip:
                    self._fail(found[~inside][0], f", and the condition refers to a {side}-synaptic variable")
                outer, found = outer[inside], found[inside]
                values = None if values is None else values[inside]
        index = {self.outer: outer, self.inner: found}
        if values is not None:
            index[generator.variable] = values
        candidates.at(**index)
        held = candidates.condition(generator.condition)
        return self._valid(outer[held], found[held], "")

    def _inside(self, found: Array) -> Array:
        return (found >= 0) & (found < self.inner_size)

    def _valid(self, outer: Array, found: Array, reason: str) -> Pairs:
        inside = self._inside(found)
        if inside.all():
            return outer, found
        if not self.skip:
            self._fail(found[~inside][0], reason)
        return outer[inside], found[inside]

    def _fail(self, value: float, reason: str) -> None:
        raise IndexError(
            f"index {self.inner}={value} outside allowed range from 0 to {self.inner_size - 1}{reason}. Use "
            "skip_if_invalid=True to leave out such synapses."
        )


def _complete(lengths: Array) -> Iterator[tuple[Array, Array]]:
    """Returns all positions of ranges, in blocks of outer neurons."""
    for start, stop in block_limits(lengths, BLOCK):
        counts = lengths[start:stop]
        ends = np.cumsum(counts)
        outer = np.repeat(np.arange(start, stop, dtype=np.int64), counts)
        yield outer, np.arange(outer.size, dtype=np.int64) - np.repeat(ends - counts, counts)
