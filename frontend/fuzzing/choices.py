"""Random choices that stay the same when something else is left out: what makes random programs smaller needs that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b


class Choices:
    """Choices of one place of a program; each is known by its name.

    What is chosen among options is the one whose name and that of the choice give the highest hash. So a choice changes
    only if the chosen option disappears, not if others do.

    Args:
        path: What tells this place from others: a seed, the number of an op, ...
    """

    def __init__(self, *path: int | str) -> None:
        self._path = path

    def at(self, *more: int | str) -> Choices:
        """Returns the choices of a place below this one."""
        return Choices(*self._path, *more)

    def number(self, name: str) -> int:
        """Returns a number of 64 bits."""
        text = "\0".join(map(str, (*self._path, name)))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")

    def below(self, end: int, name: str) -> int:
        """Returns a number from 0 to `end` - 1."""
        return self.number(name) % end

    def chance(self, probability: float, name: str) -> bool:
        """Returns True with a probability."""
        return self.number(name) < probability * 2**64

    def pick(self, options: Iterable[str], name: str) -> str:
        """Returns one of the options."""
        return max(options, key=lambda option: self.number(f"{name}:{option}"))

    def some(self, options: Iterable[str], count: int, name: str) -> Sequence[str]:
        """Returns several of the options, in the order of their hashes."""
        return sorted(options, key=lambda option: self.number(f"{name}:{option}"), reverse=True)[:count]
