"""Pointing at a place in the text that the user wrote."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

Span = tuple[int, int]

WIDTH = 100


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


def one_of(words: Iterable[str], name: str) -> str:
    """Returns a sentence proposing the nearest spelling of `name` among `words`, or nothing."""
    near = close_words(words, name)
    if not near:
        return ""
    if len(near) == 1:
        return f' Did you mean "{near[0]}"?'
    quoted = [f'"{word}"' for word in near]
    return f" Did you mean {', '.join(quoted[:-1])} or {quoted[-1]}?"


def close_words(words: Iterable[str], name: str) -> list[str]:
    """Returns at most three words that are spelt like `name`, the nearest first."""
    return difflib.get_close_matches(name, list(words), n=3, cutoff=0.7)
