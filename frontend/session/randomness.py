"""Seeds: what random numbers of a script depend on.

Compiled code draws counter-based numbers: a value depends on (key, step, stream, element). The key of a network joins
the seed and a number that counts the networks since `seed()` was called and their restorations, so that two networks
of one script (or two runs after `restore()`) differ, and a seed reproduces them all. What Python draws (string
assignments such as `G.v = 'rand()'`) comes from numpy's global generator, which `seed()` sets as well.
"""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import Any

import numpy as np

from ranvier.public import public
from ranvier.session.standalone import Standalone

_MASK = 0xFFFFFFFF


class NetworkRandom:
    """The key of one network."""

    def __init__(self, source: RandomState) -> None:
        self._source = source
        self._generation = -1
        self._seed = 0
        self._number = 0

    def key(self) -> int:
        """Returns the 64-bit key, a new one if `seed()` was called since the last run."""
        if self._generation != self._source.generation:
            self.renew()
        return (self._number & _MASK) << 32 | (self._seed & _MASK)

    def renew(self) -> None:
        """Takes a new number: the following run differs from the last."""
        self._generation = self._source.generation
        self._seed = self._source.seed
        self._number = self._source.next_number()

    def renew_at_random(self) -> None:
        """Takes a number that no other process takes: processes that were forked have the same seed."""
        self.key()
        self.set_state((secrets.randbits(32), secrets.randbits(31)))

    def state(self) -> tuple[int, int]:
        """Returns what `set_state` takes."""
        self.key()
        return self._seed, self._number

    def set_state(self, state: tuple[int, int]) -> None:
        """Sets the key back."""
        self._generation = self._source.generation
        self._seed, self._number = state


class RandomState:
    """The seed of the script.

    Attributes:
        generation: Counts the seeds that were set.
        seed: The seed.
        is_chosen: Whether the script has chosen it.
    """

    def __init__(self) -> None:
        self.generation = self._latest = 0
        self.seed = secrets.randbits(32)
        self.is_chosen = False
        self._count = 0

    def set_seed(self, seed: int | None) -> None:
        """Sets the seed, a random one if None; numpy's global generator is seeded, too."""
        self._latest += 1  # a generation that was put back is not used again
        self.generation = self._latest
        self.is_chosen = seed is not None
        self._count = 0
        if seed is None:
            self.seed = secrets.randbits(32)
            np.random.seed(secrets.randbits(32))
        else:
            np.random.seed(seed)
            self.seed = (int(seed) ^ (int(seed) >> 32)) & _MASK

    def next_number(self) -> int:
        """Counts keys since the seed was set."""
        self._count += 1
        return self._count

    def kept(self) -> tuple[int, int, bool, int]:
        """Returns what `put_back` takes."""
        return self.generation, self.seed, self.is_chosen, self._count

    def put_back(self, kept: tuple[int, int, bool, int]) -> None:
        """Makes the seed what it was, as if none had been set since; numpy's numbers are left alone."""
        self.generation, self.seed, self.is_chosen, self._count = kept

    def new_network(self) -> NetworkRandom:
        """Returns the key holder of a new network."""
        return NetworkRandom(self)


random_state = RandomState()
"""The one seed of the process."""


@public
def seed(seed: int | None = None) -> None:
    """Makes random numbers reproducible from here on.

    Args:
        seed: An integer from 0 to 2**32-1; None for a random one.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is out of range.
    """
    if seed is not None and not isinstance(seed, (int, np.integer)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"seed takes an integer or None, not {seed!r}.")
    random_state.set_seed(None if seed is None else int(seed))
    if Standalone.program is not None:
        Standalone.program.note_seed(None if seed is None else int(seed))


def numpy_state() -> Any:
    """Returns the state of numpy's global generator."""
    return np.random.get_state()


def new_generator() -> np.random.Generator:
    """Returns a fast generator that depends on numpy's global one, and so on `seed()`."""
    return generator_of(new_seed())


class Draws:
    """A fast generator that is made when a number is drawn: before, numpy's global one is left alone."""

    @cached_property
    def _generator(self) -> np.random.Generator:
        return new_generator()

    def random(self, size: int | tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Returns numbers that are uniform in [0, 1)."""
        return self._generator.random(size)

    def binomial(self, n: Any, p: Any) -> Any:
        """Returns how many of `n` trials succeed, each with probability `p`."""
        generator: Any = self._generator
        return generator.binomial(n, p)


def new_seed() -> np.ndarray[Any, Any]:
    """Returns a seed that depends on numpy's global generator."""
    return np.random.randint(0, 2**31, size=4)


def generator_of(seed: np.ndarray[Any, Any]) -> np.random.Generator:
    """Returns the generator with a seed of `new_seed`."""
    return np.random.Generator(np.random.SFC64(seed))
