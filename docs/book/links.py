"""Links within a built site: do they lead to a page, and to a place on it?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Reader(HTMLParser):
    """Collects the links of a page and the names of its places."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = {"", "top"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes in what leads somewhere (`href`, `src`) and what can be led to (`id`)."""
        for name, value in attrs:
            if value and name in ("href", "src"):
                self.links.append(value)
            elif value and name in ("id", "name"):
                self.places.add(value)


@cache
def _read(path: Path) -> _Reader:
    reader = _Reader()
    if path.suffix == ".html":
        reader.feed(path.read_text(encoding="utf-8"))
    return reader


def broken_links(site: Path) -> list[str]:
    """Returns the links of a site's pages that lead to nothing in it; links to other sites are not followed.

    Args:
        site: The folder with the pages.
    """
    return [f"{page.relative_to(site)}: {link}" for page in sorted(site.rglob("*.html")) for link in _broken(page)]


def _broken(page: Path) -> Iterator[str]:
    for link in dict.fromkeys(_read(page).links):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page.resolve()
        fragment = unquote(parts.fragment)
        if not target.exists() or (target.suffix == ".html" and fragment not in _read(target).places):
            yield link
