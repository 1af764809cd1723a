"""Pointing at a place in the text that the user wrote."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

Span = tuple[int, int]

WIDTH = 100
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
    known = list(dict.fromkeys(words))
    near = slips(known, name) or _close(known, name, cutoff)
    if not near:
        return ""
    if len(near) == 1:
        return f' Did you mean "{near[0]}"?'
    quoted = [f'"{word}"' for word in near]
    return f" Did you mean {', '.join(quoted[:-1])} or {quoted[-1]}?"


def close_words(words: Iterable[str], name: str) -> list[str]:
    """Returns at most three words that are spelt like `name`, the nearest first."""
    return difflib.get_close_matches(name, list(words), n=3, cutoff=0.7)
