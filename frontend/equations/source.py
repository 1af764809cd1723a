"""Pointing at a place in the text that the user wrote."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from ranvier.public import public_in

Span = tuple[int, int]

WIDTH = 100


@public_in("ranvier.parsing")
class TextError(SyntaxError, ValueError):
    """A text of the model language cannot be read; Brian has one of the two classes, depending on the text."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What an expression is part of: a text of the user.

    Attributes:
        text: All of it: a model, a block of statements, a condition.
        name: What the expression defines, as users write it: "dv/dt", "x", or "".
        pieces: Where pieces of the expression's own text begin, each with its place in `text`; in order.
        exact: Whether the expression stands so in `text`: names in it may have been replaced.
    """

    text: str
    name: str = ""
    pieces: tuple[tuple[int, int], ...] = ((0, 0),)
    exact: bool = True

    def line_and_column(self, position: int) -> tuple[int, int]:
        """Returns where a character of the expression stands in `text`: line and column, both from 1."""
        place = self.offset(position)
        return self.text.count("\n", 0, place) + 1, place - self.text.rfind("\n", 0, place)

    def offset(self, position: int) -> int:
        """Returns the number of a character of the expression in `text`; that of its beginning if it is not exact."""
        place = self.pieces[0][1]
        for begin, at in self.pieces if self.exact else ():
            if begin <= position:
                place = at + position - begin
        return place


class Place(tuple[int, int]):
    """A span that knows which text it is a part of.

    Attributes:
        origin: The text.
        also: Further places that it stands for: what several equations share.
    """

    origin: Origin
    also: tuple[Place, ...] = ()

    @classmethod
    def of(cls, start: int, stop: int, origin: Origin) -> Place:
        """Returns the place of the characters from `start` to before `stop` of an expression."""
        made = cls((start, stop))
        made.origin = origin
        return made

    def joined(self, others: Iterable[Place]) -> Place:
        """Returns this place and others as one."""
        made = Place.of(*self, self.origin)
        made.also = tuple(others)
        return made

    @property
    def parts(self) -> tuple[Place, ...]:
        """The single places that it stands for."""
        return (self, *self.also)

    @property
    def line_and_column(self) -> tuple[int, int]:
        """Where it begins in the text, both from 1."""
        return self.origin.line_and_column(self[0])

    @property
    def written(self) -> str:
        """What stands there in the text; "" if it does not stand there so."""
        origin = self.origin
        if not origin.exact or self[1] <= self[0]:
            return ""
        return origin.text[origin.offset(self[0]) : origin.offset(self[1] - 1) + 1]


SHORT = 0.6
"""How much a name of few letters has to look like another one, see `one_of`."""


def caret(text: str, span: Span) -> str:
    """Shows the line of `text` that holds `span`, with carets under the span.

    Args:
        text: What the user wrote; may have several lines.
        span: First and one-past-last character.

    Returns:
        Two indented lines: the (possibly shortened) line of text, and the carets below it.
    """
    start = max(0, min(span[0], len(text)))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    stop = max(start + 1, min(span[1], line_end))
    line = text[line_start:line_end].expandtabs(1)
    low, high = start - line_start, stop - line_start
    if len(line) > WIDTH:
        cut = max(0, min(low - WIDTH // 3, len(line) - WIDTH))
        line = ("…" if cut else "") + line[cut : cut + WIDTH]
        shift = cut - (1 if cut else 0)
        low, high = low - shift, min(high - shift, len(line))
    return f"    {line}\n    {' ' * low}{'^' * max(1, high - low)}"


def _close(words: Iterable[str], name: str, cutoff: float) -> list[str]:
    """Returns the words that look like `name`; a suffix that both have, as `_post`, does not count."""
    for suffix in ("_pre", "_post"):
        if name.endswith(suffix):
            stems = [word.removesuffix(suffix) for word in words if word.endswith(suffix)]
            found = difflib.get_close_matches(name.removesuffix(suffix), stems, n=3, cutoff=cutoff)
            return [stem + suffix for stem in found]
    return difflib.get_close_matches(name, list(words), n=3, cutoff=cutoff)


def slips(words: Iterable[str], name: str) -> list[str]:
    """Returns the words that differ from `name` only in case, in underscores, or in two letters that are exchanged."""
    plain = name.lower().replace("_", "")
    swapped = {name[:k] + name[k + 1] + name[k] + name[k + 2 :] for k in range(len(name) - 1)}
    same = [word for word in words if word != name and (word in swapped or word.lower().replace("_", "") == plain)]
    return sorted(same, key=lambda word: (word not in swapped, word.lower() != name.lower()))[:3]


def slip_of(words: Iterable[str], name: str) -> str:
    """Returns a sentence proposing the word for which `name` is a slip of the pen, or nothing."""
    near = [] if name.startswith("_") else slips(words, name)
    return f'. Did you mean "{near[0]}"?' if near else ""


def one_of(words: Iterable[str], name: str, cutoff: float = 0.7) -> str:
    """Returns a sentence proposing the nearest spelling of `name` among `words`, or nothing.

    Args:
        words: The words there are.
        name: The one that was written.
        cutoff: How much a word has to look like it, from 0 to 1.
    """
    known, name = list(dict.fromkeys(words)), str(name)  # a script may give a number as a name
    near = slips(known, name) or _close(known, name, cutoff)
    if not near:
        return ""
    if len(near) == 1:
        return f' Did you mean "{near[0]}"?'
    quoted = [f'"{word}"' for word in near]
    return f" Did you mean {', '.join(quoted[:-1])} or {quoted[-1]}?"


_OF_ALL_GROUPS = ("N", "dt", "i", "j", "t", "t_in_timesteps")
"""Variables that are no part of a model."""


def variables_at_end(words: Iterable[str], name: str) -> str:
    """Returns a sentence on the variables of the neurons that `name`, with `_pre` or `_post`, refers to, or nothing.

    Args:
        words: The names that code of synapses may use.
        name: The one that was written.
    """
    end = next((end for end in ("_pre", "_post") if name.endswith(end)), "")
    stems = list(dict.fromkeys(each.removesuffix(end) for each in words if end and each.endswith(end)))
    if not stems:
        return ""
    there = sorted(stem for stem in stems if stem not in _OF_ALL_GROUPS and not stem.startswith("_"))
    which = "presynaptic" if end == "_pre" else "postsynaptic"
    rest = f"they have {', '.join(there)}" if there else "their model has none"
    return f" The {which} neurons have no variable '{name.removesuffix(end)}': {rest}."


def one_of_variables(words: Iterable[str], name: str) -> str:
    """Returns a sentence on the variables of a group: the nearest spelling of `name`, or else all that a model has.

    Args:
        words: The names of all variables, those that every group has among them.
        name: The one that was written.
    """
    known = list(words)
    own = [word for word in known if word not in _OF_EVERY_GROUP and not word.startswith("_") and "__" not in word]
    listed = f" Its variables are {', '.join(own[:MOST_LISTED])}{', ...' if len(own) > MOST_LISTED else '.'}"
    return one_of(known, name) or (listed if own else " It has none.")


MOST_LISTED = 12
"""Names that a message lists."""

_OF_EVERY_GROUP = frozenset(("i", "j", "N", "t", "dt", "t_in_timesteps"))


def close_words(words: Iterable[str], name: str) -> list[str]:
    """Returns at most three words that are spelt like `name`, the nearest first."""
    return difflib.get_close_matches(name, list(words), n=3, cutoff=0.7)
